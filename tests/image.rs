//! Claim: whatever bytes an image holds, reading it neither panics nor runs on, what is wrong is said, and the composition
//! adds up to the length of the memory.
//!
//! Not under Miri: it is slow, and what is under test has no unsafe code; `model.rs` runs `verify` there.
#![cfg(all(feature = "inspector", not(miri)))]

mod support;

use std::time::{Duration, Instant};

use flagstone::image::audit::AuditInfo;
use flagstone::image::region::{Composition, Owner, Region, regions};
use flagstone::image::survey::{Kind, Survey};
use flagstone::image::{Bytes, Error, Image, find_root};
use flagstone::inspector::audit_rows::AuditReport;
use flagstone::inspector::trace::trace;
use flagstone::inspector::verdict::Verdict;
use flagstone::units::Addr;
use flagstone::verify::verify;
use support::snapshot::{Snapshot, tag};
use support::{Fake, LOW, PAGE, Rng, heap, layout, memory};

/// Time that reading one image may take, on a slow machine and unoptimised.
const PATIENCE: Duration = Duration::from_secs(10);

/// A busy heap in a memory of a few pages, some of which are somebody else's, as bytes from address 0 on.
fn busy() -> (Vec<u8>, Addr) {
    let mut memory = memory(6);
    let heap = heap(Fake::new(&mut memory, LOW));
    let mut rng = Rng::new(2);
    let mut held = Vec::new();
    for step in 0..600 {
        let most = [64, 300, 1_500, 9_000][rng.below(4) as usize];
        let layout = layout(1 + rng.below(most) as usize, 1 << rng.below(4));
        let at = heap.alloc(layout);
        if !at.is_null() {
            held.push((at, layout));
        }
        if rng.below(2) == 0 && !held.is_empty() {
            let (at, layout) = held.swap_remove(rng.below(held.len() as u32) as usize);
            // SAFETY: a live block of this heap with its layout.
            unsafe { heap.dealloc(at, layout) };
        }
        if step == 200 {
            heap.source().grow_for_others(1);
        }
    }
    let snapshot = Snapshot::of(&heap);
    let bytes = [vec![0; snapshot.origin as usize], snapshot.bytes].concat();
    (bytes, snapshot.root)
}

/// Reads an image in every way. What it says may be wrong, not how much it is.
fn read(image: &impl Image, root: Addr) -> Result<usize, Error> {
    let begun = Instant::now();
    let outcome = Survey::take(image, root).and_then(|survey| {
        let all = regions(&survey);
        assert_tiles(&all, image.len());
        let composition = Composition::of(&survey, &all);
        assert_eq!(composition.total(), image.len(), "{composition:?}");
        for pair in survey.segments.windows(2) {
            assert!(pair[0].start + pair[0].len <= pair[1].start, "segments overlap");
        }
        for slab in &survey.slabs {
            assert!(slab.live() <= slab.objects && slab.start + slab.len <= image.len() as u32);
        }
        for address in [0, root.0, survey.layout.heap_base, image.len() as u32 / 2, u32::MAX] {
            let at = survey.segment_at(address);
            assert!(at.is_none_or(|segment| (segment.start..segment.start + segment.len).contains(&address)));
        }
        let problems = verify(image, root)?;
        assert!(problems.len() >= survey.problems.len(), "verify reports what the survey does");
        let of_heap = (1..=14).map(|number| format!("I{number}"));
        let of_caches = (1..=10).map(|number| format!("O{number}"));
        let of_others = (1..=8).map(|number| format!("A{number}")).chain((1..=7).map(|number| format!("D{number}")));
        let numbers: Vec<String> = of_heap.chain(of_others).chain(of_caches).collect();
        let audit = AuditInfo::read(image, &survey)?;
        let verdict = Verdict::of(&survey, audit.as_ref(), None);
        assert_eq!(verdict.findings.iter().map(|finding| finding.bytes).sum::<u64>(), image.len());
        if let Some(audit) = audit {
            let report = AuditReport::of(image, &survey, &audit);
            assert!(report.faults.len() <= 16 && report.logs.len() == 4);
            let _ = trace(image, &audit);
        }
        assert!(
            problems
                .iter()
                .all(|problem| numbers.iter().any(|it| it == problem.invariant) && !problem.sentence.is_empty())
        );
        Ok(problems.len())
    });
    let _ = find_root(image);
    let took = begun.elapsed();
    assert!(took < PATIENCE, "reading took {took:?}");
    outcome
}

/// Fails unless regions go from 0 to `len` without gap or overlap.
fn assert_tiles(regions: &[Region], len: u64) {
    let mut end = 0;
    for region in regions {
        assert!(region.start == end && region.end > end, "{region:?} does not begin at {end:#x}");
        end = region.end;
    }
    assert_eq!(end, len);
}

/// Damages so many images out of one, each in some ways, and reads them. How many were seen to be damaged.
fn mutate(count: u32, seed: u64, damage: impl Fn(&mut Rng, &mut [u8], &Survey)) -> u32 {
    let (right, root) = busy();
    let survey = Survey::take(&Bytes(&right), root).unwrap();
    let mut rng = Rng::new(seed);
    let mut seen = 0;
    let mut bytes = right.clone();
    for _ in 0..count {
        damage(&mut rng, &mut bytes, &survey);
        seen += u32::from(read(&Bytes(&bytes), root) != Ok(0));
        bytes.copy_from_slice(&right);
    }
    seen
}

fn put(bytes: &mut [u8], at: u32, word: u32) {
    if let Some(place) = bytes.get_mut(at as usize..at as usize + 4) {
        place.copy_from_slice(&word.to_le_bytes());
    }
}

/// A word that is likely to be taken for something: small, a place in the memory, nearly one, or anything.
fn plausible(rng: &mut Rng, survey: &Survey) -> u32 {
    let segment = &survey.segments[rng.below(survey.segments.len() as u32) as usize];
    match rng.below(8) {
        0 => rng.below(70),
        1 => segment.start,
        2 => segment.tag + 8 * rng.below(4),
        3 => segment.len,
        4 => rng.below(survey.memory_len as u32) & !7,
        5 => u32::MAX - rng.below(100_000),
        6 => 1 << rng.below(32),
        _ => rng.bits() as u32,
    }
}

#[test]
fn a_whole_image_is_sound() {
    let (bytes, root) = busy();
    assert_eq!(read(&Bytes(&bytes), root), Ok(0));
    assert_eq!(find_root(&Bytes(&bytes)), Ok(root));
}

#[test]
fn a_snapshot_changes_nothing_and_its_numbers_are_the_heaps_own() {
    let mut memory = memory(6);
    let heap = heap(Fake::new(&mut memory, LOW));
    let sizes = [8, 8, 30, 64, 1_000, 1_024, 5_000, 20_000, 100_000];
    let held = sizes.map(|size| heap.alloc(layout(size, 1)));
    heap.source().grow_for_others(1);
    // SAFETY: a live block of this heap with its layout.
    unsafe { heap.dealloc(held[3], layout(64, 1)) };
    let (before, stats) = (heap.source().bytes(), heap.stats());
    let survey = Survey::take(&heap.image(), heap.root()).unwrap();
    let composition = Composition::of(&survey, &regions(&survey));
    let _ = verify(&heap.image(), heap.root());
    assert!(heap.source().bytes() == before && heap.stats() == stats);
    // By hand: classes of 8, 8, 32, 1,024, 1,024 and 5,120 bytes, and segments of 157 and 782 quanta of 128.
    let live = 8 + 8 + 32 + 1_024 + 1_024 + 5_120 + (157 + 782) * 128;
    assert_eq!(composition.live, live);
    assert_eq!(stats.live_bytes(), live);
    assert_eq!(composition.arena_free, u64::from(stats.arena.free));
    // A page of others, what is below the memory, and less than a quantum behind the heap's state.
    let others = u64::from(PAGE) + u64::from(LOW.0);
    assert!((others..others + 128).contains(&composition.foreign), "{composition:?}");
    assert!(composition.stack == 0 && composition.static_data < 8, "no more than what aligns the state");
    let in_slabs = composition.magazines + composition.slab_free + composition.slab_overhead + 2_096;
    assert_eq!(in_slabs, u64::from(stats.arena.slab_bytes + stats.arena.parked_bytes));
    let large = survey.segments.iter().filter(|segment| segment.kind == Kind::Large).count();
    assert_eq!(large, 3);
    assert_eq!((survey.counters.growths, survey.counters.large_allocations > 0), (stats.arena.growths, true));
    let held_by_class: u32 = survey.slabs.iter().map(|slab| slab.live()).sum();
    assert_eq!(held_by_class, 5);
    assert!(regions(&survey).iter().any(|region| region.owner == Owner::Large));
}

#[test]
fn truncated_images() {
    let (bytes, root) = busy();
    let survey = Survey::take(&Bytes(&bytes), root).unwrap();
    let state_end = survey.layout.state + survey.layout.state_len;
    let ends = survey.segments.iter().flat_map(|segment| [segment.start, segment.tag, segment.start + segment.len]);
    let places = [0, 4, root.0, root.0 + 40, survey.layout.state, state_end].into_iter().chain(ends);
    let lengths: Vec<_> = places.flat_map(|at| [at.saturating_sub(1), at, at + 1, at + 4, at + 17]).collect();
    for len in lengths.into_iter().step_by(1).filter(|&len| (len as usize) < bytes.len()) {
        let outcome = read(&Bytes(&bytes[..len as usize]), root);
        match outcome {
            Err(Error::Truncated { .. }) => assert!(len < state_end, "{len} bytes hold the state"),
            Ok(problems) => assert!(len >= state_end && problems > 0, "{len} bytes of {}", bytes.len()),
            other => panic!("{other:?} of {len} bytes"),
        }
    }
    let mut rng = Rng::new(9);
    for _ in 0..1_000 {
        let len = rng.below(bytes.len() as u32) as usize;
        let outcome = read(&Bytes(&bytes[..len]), root);
        assert_eq!(outcome.is_err(), len < state_end as usize, "{len} bytes: {outcome:?}");
        assert_ne!(outcome, Ok(0), "{len} bytes look whole");
    }
}

#[test]
fn bytes_changed_anywhere() {
    let seen = mutate(2_000, 1, |rng, bytes, _| {
        for _ in 0..=rng.below(8) {
            let at = PAGE + rng.below(bytes.len() as u32 - PAGE);
            bytes[at as usize] = rng.bits() as u8;
        }
    });
    assert!(seen > 0);
}

#[test]
fn words_changed_in_the_root_and_the_state() {
    let seen = mutate(2_000, 2, |rng, bytes, survey| {
        for _ in 0..=rng.below(3) {
            let layout = &survey.layout;
            let at = layout.root + 4 * rng.below((layout.state + layout.state_len - layout.root) / 4);
            put(bytes, at, plausible(rng, survey));
        }
    });
    assert!(seen > 500, "{seen} seen");
}

#[test]
fn words_changed_in_metadata() {
    let seen = mutate(2_000, 3, |rng, bytes, survey| {
        let metadata: Vec<_> = survey.segments.iter().filter(|segment| segment.kind == Kind::Metadata).collect();
        for _ in 0..=rng.below(3) {
            let segment = metadata[rng.below(metadata.len() as u32) as usize];
            put(bytes, segment.start + 4 * rng.below(segment.len / 4), plausible(rng, survey));
        }
    });
    assert!(seen > 500, "{seen} seen");
}

#[test]
fn words_changed_in_tags_and_descriptors() {
    let seen = mutate(3_000, 4, |rng, bytes, survey| {
        for _ in 0..=rng.below(2) {
            let record = if rng.below(3) == 0 && !survey.slabs.is_empty() {
                survey.slabs[rng.below(survey.slabs.len() as u32) as usize].tag
            } else {
                survey.segments[rng.below(survey.segments.len() as u32) as usize].tag
            };
            put(bytes, record + 4 * rng.below(10), plausible(rng, survey));
        }
    });
    assert!(seen > 1_500, "{seen} seen");
}

#[test]
fn metadata_overwritten_as_by_an_overrun() {
    let seen = mutate(1_000, 5, |rng, bytes, survey| {
        let metadata: Vec<_> = survey.segments.iter().filter(|segment| segment.kind == Kind::Metadata).collect();
        let segment = metadata[rng.below(metadata.len() as u32) as usize];
        let from = (segment.start + rng.below(segment.len)) as usize;
        let to = (from + 1 + rng.below(400) as usize).min((segment.start + segment.len) as usize);
        let fill = [0, 0xff, 0x41, rng.bits() as u8][rng.below(4) as usize];
        bytes[from..to].fill(fill);
    });
    assert!(seen > 300, "{seen} seen");
}

#[test]
fn lists_that_go_round_in_circles() {
    let (right, root) = busy();
    let survey = Survey::take(&Bytes(&right), root).unwrap();
    let word = |at: u32| u32::from_le_bytes(right[at as usize..at as usize + 4].try_into().unwrap());
    let tags: Vec<_> = survey.segments.iter().map(|segment| segment.tag).collect();
    let free: Vec<_> =
        survey.segments.iter().filter(|segment| segment.kind == Kind::Free).map(|segment| segment.tag).collect();
    for &from in tags.iter().step_by(7) {
        for &to in tags.iter().step_by(11) {
            if word(from + tag::NEXT) != to {
                let mut bytes = right.clone();
                put(&mut bytes, from + tag::NEXT, to);
                assert_ne!(read(&Bytes(&bytes), root), Ok(0), "the tag at {from:#x} names that at {to:#x}");
            }
        }
    }
    for &at in &free {
        let mut bytes = right.clone();
        put(&mut bytes, at + tag::LINK_NEXT, at + tag::LINK_NEXT);
        assert_ne!(read(&Bytes(&bytes), root), Ok(0), "a free list that names itself at {at:#x}");
    }
    for slab in &survey.slabs {
        let mut bytes = right.clone();
        put(&mut bytes, slab.tag + tag::LINK_NEXT, slab.tag + tag::LINK_NEXT);
        assert_ne!(read(&Bytes(&bytes), root), Ok(0), "a bin that names itself at {:#x}", slab.tag);
    }
    assert!(!free.is_empty() && !survey.slabs.is_empty());
}

#[test]
fn counts_that_are_huge() {
    let (right, root) = busy();
    let survey = Survey::take(&Bytes(&right), root).unwrap();
    for at in (survey.layout.state..survey.layout.state + survey.layout.state_len).step_by(4) {
        for word in [u32::MAX, 1 << 31, 0x7fff_ffff, 0xffff_fff8] {
            let mut bytes = right.clone();
            put(&mut bytes, at, word);
            let _ = read(&Bytes(&bytes), root);
        }
    }
    let grown = [right, vec![0; 16]].concat();
    assert_eq!(read(&Bytes(&grown), root), Ok(0), "a memory that others grew by a part of a page");
}

#[test]
fn a_root_of_another_version_and_what_is_no_root() {
    let (right, root) = busy();
    let mut other = right.clone();
    put(&mut other, root.0 + 8, 77);
    assert_eq!(read(&Bytes(&other), root), Err(Error::WrongVersion { found: 77 }));
    assert_eq!(find_root(&Bytes(&other)), Err(Error::WrongVersion { found: 77 }));
    let mut none = right.clone();
    none[root.0 as usize] ^= 1;
    assert_eq!(read(&Bytes(&none), root), Err(Error::NotARoot { at: root.0 }));
    let searched = none.len() as u64;
    assert_eq!(find_root(&Bytes(&none)), Err(Error::NoRoot { searched }));
    assert_eq!(read(&Bytes(&right), Addr(root.0 + 4)), Err(Error::NotARoot { at: root.0 + 4 }));
    for at in [0, 8, right.len() as u32 - 44, 1 << 31, u32::MAX - 3, u32::MAX] {
        assert!(read(&Bytes(&right), Addr(at)).is_err(), "there is no root at {at:#x}");
    }
    assert_eq!(find_root(&Bytes(&[])), Err(Error::NoRoot { searched: 0 }));
    for error in [
        Error::NoRoot { searched: 5 },
        Error::NotARoot { at: 8 },
        Error::WrongVersion { found: 9 },
        Error::Truncated { at: 1, wanted: 2, len: 3 },
    ] {
        let sentence = error.to_string();
        assert!(sentence.len() > 30 && !sentence.contains("Error"), "{sentence}");
    }
}

#[test]
fn a_root_is_found_among_what_looks_like_one() {
    let (right, root) = busy();
    let mut bytes = right.clone();
    // Below the heap: the magic alone, the magic at an odd place, a root of another version, and at a window's edge.
    bytes[100..108].copy_from_slice(b"flagston");
    bytes[4_094..4_102].copy_from_slice(b"flagston");
    bytes[8_188..8_196].copy_from_slice(b"flagston");
    put(&mut bytes, 8_196, 2_000);
    assert_eq!(find_root(&Bytes(&bytes)), Ok(root));
    // A memory that ends within a magic.
    assert!(find_root(&Bytes(&bytes[..root.0 as usize + 4])).is_err());
    assert!(find_root(&Bytes(&bytes[..root.0 as usize + 7])).is_err());
}

#[test]
fn random_bytes_behind_a_right_root() {
    let (right, root) = busy();
    let state = Survey::take(&Bytes(&right), root).unwrap().layout.state as usize;
    let mut rng = Rng::new(6);
    for _ in 0..200 {
        let mut bytes = right[..2 * PAGE as usize].to_vec();
        for byte in &mut bytes[state..] {
            *byte = rng.bits() as u8;
        }
        let _ = read(&Bytes(&bytes), root);
    }
    let mut zeros = right.clone();
    zeros[state..].fill(0);
    assert_eq!(read(&Bytes(&zeros), root), Ok(0), "a heap that was never used");
}
