//! Claim: over random programs two snapshots say of every object what a model of what is held says: by address, cache and length, and
//! where diagnosis has all on record, by whether it is the very same object.
//!
//! Not under Miri: it is slow, and what is under test has no unsafe code.
#![cfg(all(feature = "inspector", not(miri)))]

mod support;
#[path = "snapshots/world.rs"]
mod world;

use std::collections::BTreeSet;

use flagstone::Heap;
use flagstone::image::survey::Survey;
use flagstone::inspector::snapshot::Snapshot;
use flagstone::inspector::snapshot::changes::ChangeMap;
use flagstone::inspector::snapshot::list::{ObjectFilter, ObjectRow, ObjectWords};
use flagstone::objects::{Bare, Cache, Options};
use support::{Fake, LOW, Rng, heap, layout, memory};
use world::{Program, Shadow, diff, list, said, snapshot};

/// What tells things apart: the address, whether they are nodes, their length in the heap, and a serial number where that is known.
type Keys = BTreeSet<(u32, bool, u32, u32)>;

/// The keys of what a program holds now.
fn keys(heap: &Heap<Fake<'_>>, held: &Shadow, by_serial: bool) -> Keys {
    let survey = Survey::take(&heap.image(), heap.root()).unwrap();
    let len = |at: u32| survey.held_at(at).expect("it is held");
    held.iter().map(|(&at, thing)| (at, thing.node, len(at), if by_serial { thing.serial } else { 0 })).collect()
}

/// Fails unless a list has these of what the program ever held; what the heap keeps for itself is left out.
fn assert_lists(earlier: &Snapshot, later: &Snapshot, change: &str, expected: &Keys, known: &BTreeSet<u32>) {
    let words = ObjectWords { change: Some(change.into()), limit: Some(10_000.0), ..ObjectWords::default() };
    let found = list(earlier, later, words);
    assert_eq!(found.matching as usize, found.rows.len());
    assert_eq!(found.bytes, found.rows.iter().map(|row| u64::from(row.length)).sum::<u64>());
    let rows = found.rows.iter().filter(|row| known.contains(&row.address));
    // A guarded node is a guarded object.
    let nodes: BTreeSet<u32> = expected.iter().filter(|key| key.1).map(|key| key.0).collect();
    let is_node =
        |row: &ObjectRow| row.cache.starts_with("cache:") || row.cache == "guarded" && nodes.contains(&row.address);
    let said: BTreeSet<(u32, bool)> = rows.map(|row| (row.address, is_node(row))).collect();
    let expected: BTreeSet<(u32, bool)> = expected.iter().map(|key| (key.0, key.1)).collect();
    assert_eq!(said, expected, "{change}");
}

/// A random program with two snapshots in it, and a third; `prepare` may set up diagnosis.
fn campaign(seed: u64, by_serial: bool, prepare: impl FnOnce(&Heap<Fake<'_>>)) {
    let mut rng = Rng::new(seed);
    let mut memory = memory(600);
    let heap = heap(Fake::new(&mut memory, LOW));
    prepare(&heap);
    let nodes = Cache::new(&heap, layout(48, 8), Options::new("nodes"), Bare).unwrap();
    let mut program = Program::new(&heap, &nodes);
    let (steps, taken) = (rng.below(600), 100 + rng.below(100));
    program.run(&mut rng, steps, taken);
    let before = snapshot(&heap);
    let a = keys(&heap, &program.held, by_serial);
    let (steps, taken) = (rng.below(600), 60 + rng.below(140));
    let serials = program.made;
    program.run(&mut rng, steps, taken);
    let after = snapshot(&heap);
    let b = keys(&heap, &program.held, by_serial);
    let truly_new = program.held.values().filter(|thing| thing.serial > serials).count();

    let known = a.union(&b).map(|key| key.0).collect();
    let (new, freed, kept) = (&b - &a, &a - &b, &a & &b);
    assert_lists(&before, &after, "new", &new, &known);
    assert_lists(&before, &after, "freed", &freed, &known);
    assert_lists(&before, &after, "surviving", &kept, &known);
    assert!(new.len() <= truly_new, "what is new is at least what is said");
    if by_serial {
        assert_eq!(new.len(), truly_new);
    }
    let found = diff(&before, &after);
    assert!(found.doubts.is_empty(), "{:?}", found.doubts);
    let [new_said, freed_said, kept_said] = said(&found.objects);
    let (live_before, live_after) = (before.figures().live, after.figures().live);
    assert_eq!((freed_said.0 + kept_said.0, freed_said.1 + kept_said.1), (live_before.count as u64, live_before.bytes));
    assert_eq!((new_said.0 + kept_said.0, new_said.1 + kept_said.1), (live_after.count as u64, live_after.bytes));
    assert_eq!((found.objects.before, found.objects.after), (live_before, live_after));
    for row in &found.caches {
        assert!(
            row.objects.new.count <= row.allocations as f64 || row.key == "guarded" || row.key.starts_with("seg"),
            "{row:?}"
        );
    }

    let (steps, taken) = (rng.below(300), 60 + rng.below(140));
    program.run(&mut rng, steps, taken);
    let last = snapshot(&heap);
    let c = keys(&heap, &program.held, by_serial);
    let filter = ObjectFilter::of(&ObjectWords { limit: Some(10_000.0), ..ObjectWords::default() }).unwrap();
    let still = before.list(&after, Some(&last), &filter).unwrap();
    let still: BTreeSet<u32> = still.rows.iter().map(|row| row.address).filter(|at| known.contains(at)).collect();
    assert_eq!(still, (&new & &c).iter().map(|key| key.0).collect());

    // The map says no less of a cell than an object in it.
    let map = ChangeMap::of(&before, &after, 1_024).unwrap();
    for key in &new {
        assert_ne!(map.new[key.0 as usize / 1_024], 0, "{key:?}");
    }
    assert_eq!(map.new.iter().all(|share| *share == 0), new_said.0 == 0);
    for taken in [before, after, last] {
        assert_eq!(Snapshot::from_bytes(&taken.to_bytes()), Ok(taken));
    }
    program.end();
}

#[test]
fn snapshots_say_what_a_model_says() {
    for seed in 0..60 {
        campaign(seed, false, |_| ());
    }
}

#[cfg(feature = "audit")]
#[test]
fn with_all_on_record_each_object_is_told_from_all_others() {
    use flagstone::audit::{Auditor, Mode};
    for seed in 100..130 {
        campaign(seed, true, |heap| {
            let mode = [Mode::SITES, Mode::REDZONE | Mode::SITES][seed as usize % 2];
            Auditor::new(heap).set_mode(mode);
            Auditor::new(heap).set_cache_mode("nodes", mode).unwrap();
        });
    }
}
