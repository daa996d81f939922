//! Claim: for each of the invariants O1 to O10 of object caches and budgets, `verify` sees the damage of exactly that, and says its
//! number; and whatever their records hold, reading them neither panics nor runs on.
//!
//! Not under Miri: it is slow, and what is under test has no unsafe code.
#![cfg(all(feature = "inspector", not(miri)))]

#[path = "image_objects/specimen.rs"]
mod specimen;
mod support;

use std::time::{Duration, Instant};

use flagstone::image::objects::ObjectCacheInfo;
use flagstone::image::region::{Composition, regions};
use flagstone::image::survey::SlabInfo;
use flagstone::inspector::sample::Sample;
use flagstone::inspector::whatis::Whatis;
use flagstone::objects::{Bare, Cache, Options};
use flagstone::verify::verify;
use specimen::sound;
use support::snapshot::{Snapshot, assert_sees, assert_sees_only, tag};
use support::{Fake, LOW, Rng, heap, layout, memory};

/// With the word at an address changed.
fn changed(right: &Snapshot, at: u32, word: u32) -> Snapshot {
    let mut damaged = right.clone();
    assert_ne!(right.word(at), word);
    damaged.set(at, word);
    damaged
}

/// The cache of that name.
fn named(right: &Snapshot, name: &str) -> ObjectCacheInfo {
    right.survey().object_caches.into_iter().find(|cache| cache.name == name).expect("such a cache")
}

/// A slab of the cache of that name.
fn slab_of(right: &Snapshot, name: &str, is: impl Fn(&SlabInfo) -> bool) -> SlabInfo {
    let survey = right.survey();
    let of = |slab: &SlabInfo| survey.object_cache_of(slab).is_some_and(|cache| cache.name == name);
    survey.slabs.iter().find(|slab| of(slab) && is(slab)).expect("such a slab").clone()
}

/// The addresses of the words of a record.
fn record(right: &Snapshot, id: u32) -> impl Iterator<Item = u32> + use<> {
    let len = right.survey().held_at(id).expect("it is an allocation of the heap");
    (id..id + len).step_by(4)
}

/// Fails unless there is one word of a record that has `value`, of which `word` in its place breaks that invariant and no other.
fn assert_one(right: &Snapshot, id: u32, value: u32, word: u32, invariant: &str) -> u32 {
    let broken = |at: u32| changed(right, at, word).broken();
    let words: Vec<_> = record(right, id).filter(|at| right.word(*at) == value).map(|at| (at, broken(at))).collect();
    let found: Vec<u32> = words.iter().filter(|(_, it)| it.iter().eq([&invariant])).map(|(at, _)| *at).collect();
    assert_eq!(found.len(), 1, "{invariant}: of words of {value}, {word} in their place breaks {words:?}");
    found[0]
}

#[test]
fn o1_the_tag_of_a_slab_names_its_cache_and_is_as_that_says() {
    let right = sound();
    let (tiles, nodes) = (named(&right, "tiles"), named(&right, "nodes"));
    let slab = slab_of(&right, "tiles", |_| true);
    for owner in [0, 8, tiles.id + 8, nodes.id, u32::MAX - 7] {
        assert_sees("O1", &changed(&right, slab.tag + tag::OWNER, owner));
    }
    let high = slab.tag + tag::BITS + 4;
    assert_sees("O1", &changed(&right, high, right.word(high) | 1 << 7));
    // What the record says: bytes from one object to the next, those of a slab, and the objects.
    let shape = tiles.shape;
    for value in [shape.stride, shape.slab_len, shape.objects] {
        for word in [0, 65, 8_192, 1 << 31, u32::MAX] {
            let seen = record(&right, tiles.id).filter(|at| right.word(*at) == value);
            let seen = seen.filter(|at| changed(&right, *at, word).broken().contains("O1"));
            assert!(seen.count() == 1 || (value, word) == (shape.objects, 8_192), "{value} {word}");
        }
    }
}

#[test]
fn o2_a_record_is_an_allocation_with_its_hook_behind_it() {
    let right = sound();
    let survey = right.survey();
    for cache in &survey.object_caches {
        let len = survey.held_at(cache.id).expect("an allocation");
        let hook = record(&right, cache.id).find(|at| (cache.id + 256..cache.id + len).contains(&right.word(*at)));
        let hook = hook.expect("a hook");
        for word in [0, 8, cache.id, cache.id + len, right.word(hook) + 2, u32::MAX] {
            assert_sees_only("O2", &changed(&right, hook, word));
        }
        // The number, which lies before the name.
        let start = u32::from_le_bytes(cache.name.as_bytes()[..4].try_into().expect("four letters"));
        let name = record(&right, cache.id).find(|at| right.word(*at) == start).expect("a name");
        for word in [0, 5, u32::MAX] {
            assert_sees("O2", &changed(&right, name - 4, word));
        }
        // The flags, which lie behind it.
        for bit in [3, 5, 31] {
            assert_sees("O2", &changed(&right, name + 32, right.word(name + 32) ^ 1 << bit));
        }
    }
    // The record is in a slab of the heap, which says that it is free, or in a segment.
    let tiles = named(&right, "tiles");
    let segment = survey.segment_at(tiles.id).expect("a segment");
    let slab = survey.slabs.iter().find(|slab| slab.tag == segment.tag).expect("a slab");
    let bits = slab.tag + tag::BITS;
    let bit = 1 << ((tiles.id - slab.start) / slab.size);
    assert_sees("O2", &changed(&right, bits, right.word(bits) | bit));
}

#[test]
fn o3_what_is_out_of_slabs_is_counted_and_constructed() {
    let right = sound();
    let nodes = named(&right, "nodes");
    let taken = nodes.found.live + nodes.cached();
    for at in record(&right, nodes.id).filter(|at| right.word(*at) == taken) {
        assert_sees("O3", &changed(&right, at, taken + 1));
    }
    let constructs = nodes.counters.constructs as u32;
    let seen = record(&right, nodes.id).filter(|at| right.word(*at) == constructs);
    let seen: Vec<_> = seen.filter(|at| changed(&right, *at, constructs + 1).broken().iter().eq([&"O3"])).collect();
    assert_eq!(seen.len(), 1);
    assert_one(&right, nodes.id, nodes.counters.destructs as u32, 1, "O3");
    // An object of its slab that nobody took: as if it were out of it.
    let slab = slab_of(&right, "tiles", |slab| slab.free as u32 != 0);
    let bits = slab.tag + tag::BITS;
    assert_sees("O3", &changed(&right, bits, right.word(bits) & (right.word(bits) - 1)));
}

#[test]
fn o4_a_magazine_is_an_allocation_in_one_place() {
    let right = sound();
    let tiles = named(&right, "tiles");
    // The loaded and the previous one come first; their links mean nothing.
    let in_depot: Vec<u32> =
        tiles.magazines.iter().copied().skip(2).filter(|at| tiles.magazines.contains(&right.word(*at))).collect();
    assert!(!in_depot.is_empty());
    for at in in_depot {
        for word in [at, tiles.magazines[0], tiles.id, 8, u32::MAX - 7] {
            assert_sees("O4", &changed(&right, at, word));
        }
    }
    // The loaded one is named by its first round.
    let loaded = tiles.magazines[0] + 8;
    let at = right.only(record(&right, tiles.id), |it, at| it.word(at) == loaded);
    for word in [loaded + 8, loaded - 8, tiles.magazines[2] + 8, tiles.id] {
        assert_sees("O4", &changed(&right, at, word));
    }
}

#[test]
fn o5_slabs_are_in_their_bins_and_marks_hold_together() {
    let right = sound();
    let (tiles, nodes) = (named(&right, "tiles"), named(&right, "nodes"));
    let kind = |slab: &SlabInfo| slab.tag + tag::KIND;
    let partial = slab_of(&right, "tiles", |slab| slab.free != 0);
    // It cannot be emptied, was tried, waits for the end of a move; bits that mean nothing; refusals of no object.
    for bit in [8, 9, 10, 11, 12, 13, 14, 15, 16, 21, 31] {
        assert_sees("O5", &changed(&right, kind(&partial), right.word(kind(&partial)) ^ 1 << bit));
    }
    for bit in [9, 11, 14, 15] {
        assert_sees_only("O5", &changed(&right, kind(&partial), right.word(kind(&partial)) ^ 1 << bit));
    }
    let stuck = slab_of(&right, "nodes", |slab| slab.stuck);
    let culprit = right.word(kind(&stuck)) & !(u32::MAX << 16);
    let free = stuck.free.trailing_zeros() + 1;
    for marks in [culprit, culprit | free << 16, culprit | 65 << 16, right.word(kind(&stuck)) & !(1 << 8)] {
        assert_sees_only("O5", &changed(&right, kind(&stuck), marks));
    }
    for (cache, slab) in [(&tiles, &partial), (&nodes, &stuck)] {
        let link = slab.tag + tag::LINK_NEXT;
        assert_sees("O5", &changed(&right, link, link));
        assert_sees_only("I14", &changed(&right, link + 4, link));
        let head = record(&right, cache.id).find(|at| *at == head_of(&right, cache.id, link)).expect("a head");
        assert_sees_only("O5", &changed(&right, head, 0));
        // In another list, and a list that says it is empty.
        let mut damaged = right.clone();
        damaged.set(head, 0);
        damaged.set(head + 4, link);
        damaged.set(link + 4, head + 4);
        assert_sees("O5", &damaged);
        let bits = (1..=18).map(|words| head - 4 * words);
        let bits = bits.filter(|at| {
            (0..16).any(|bit| changed(&right, *at, right.word(*at) ^ 1 << bit).broken().iter().eq([&"O5"]))
        });
        assert!(bits.count() >= 1);
    }
}

/// The word of a record that begins the list of the link at `at`.
fn head_of(right: &Snapshot, id: u32, at: u32) -> u32 {
    let words: Vec<u32> = record(right, id).collect();
    let mut word = right.word(at + 4);
    while !words.contains(&word) {
        word = right.word(word + 4);
    }
    word
}

#[test]
fn o6_a_round_is_an_object_out_of_its_slab_once() {
    let right = sound();
    let (tiles, nodes) = (named(&right, "tiles"), named(&right, "nodes"));
    let free = slab_of(&right, "tiles", |slab| slab.free != 0);
    let free = free.start + free.free.trailing_zeros() * free.size;
    let is_object = |word: u32| right.survey().segment_at(word).is_some();
    for magazine in tiles.magazines.iter().filter(|at| is_object(right.word(**at + 8))) {
        let round = magazine + 8;
        if right.survey().slabs.iter().all(|slab| right.word(round).wrapping_sub(slab.start) >= slab.len) {
            continue;
        }
        for word in [0, right.word(round) + 8, free, nodes.id, u32::MAX] {
            let broken = changed(&right, round, word).broken();
            assert!(broken.is_empty() || broken.iter().eq([&"O6"]), "{broken:?}");
        }
    }
    // A full magazine of the depot: its last round is the first one again.
    let depot = tiles.magazines[2];
    assert_sees_only("O6", &changed(&right, depot + 12, right.word(depot + 8)));
    assert_sees_only("O6", &changed(&right, depot + 8, free));
    let other = slab_of(&right, "nodes", |slab| slab.live() != 0);
    let other = other.start + (!(other.free | other.parked)).trailing_zeros() * other.size;
    assert_sees_only("O6", &changed(&right, depot + 8, other));
}

#[test]
fn o7_magazines_are_as_many_and_as_full_as_is_said() {
    let right = sound();
    let tiles = named(&right, "tiles");
    let loaded = right.only(record(&right, tiles.id), |it, at| it.word(at) == tiles.magazines[0] + 8);
    // The rounds lie before the word that names it; behind it its room, and the rounds of the previous one.
    for (at, word) in [(loaded - 4, tiles.rounds + 1), (loaded - 4, u32::MAX), (loaded + 4, 0), (loaded + 4, 1)] {
        assert_sees("O7", &changed(&right, at, word));
    }
    for word in [1, tiles.rounds - 1, tiles.rounds + 1, u32::MAX] {
        assert_sees("O7", &changed(&right, loaded + 8, word));
    }
    assert_sees_only("O7", &changed(&right, loaded + 4, tiles.rounds + 1));
    let (full, empty) = (tiles.found.full_magazines, tiles.found.empty_magazines);
    assert!(full > 1 && empty > 1 && full != empty);
    let count = |value: u32| {
        let words = record(&right, tiles.id).filter(|at| right.word(*at) == value);
        words.filter(|at| changed(&right, *at, value + 1).broken().iter().eq([&"O7"])).count()
    };
    let all = tiles.magazines.len() as u32;
    assert!(count(full) >= 1 && count(empty) >= 1 && count(all) >= 1);
    // Rounds that no type has, and those of a zone.
    let type_at = record(&right, tiles.id).filter(|at| *at > loaded + 12 && right.word(*at) == tiles.rounds);
    assert_eq!(type_at.filter(|at| changed(&right, *at, tiles.rounds - 1).broken().contains("O7")).count(), 1);
    let voices = named(&right, "voices");
    let room = record(&right, voices.id).filter(|at| right.word(*at) == 20);
    assert!(room.filter(|at| changed(&right, *at, 15).broken().contains("O7")).count() >= 2);
}

#[test]
fn o8_a_budget_is_charged_what_its_caches_hold() {
    let right = sound();
    let survey = right.survey();
    let (images, spare, tiles) = (&survey.budgets[0], &survey.budgets[1], named(&right, "tiles"));
    let at = right.only(record(&right, tiles.id), |it, at| it.word(at) == images.id);
    for word in [0, spare.id, tiles.id, images.id + 8, u32::MAX] {
        assert_sees_only("O8", &changed(&right, at, word));
    }
    // The limit comes behind the name; then what is charged, the peak, and objects that are charged alone.
    let limit = right.only(record(&right, images.id), |it, at| it.word(at) == 1 << 20);
    let (used, peak, objects) = (limit + 4, limit + 8, limit + 12);
    assert_eq!((right.word(used), right.word(peak)), (images.used, images.peak));
    for (at, word) in [
        (used, images.used - 1),
        (used, images.used + 1),
        (used, 0),
        (used, u32::MAX),
        (peak, images.used - 1),
        (peak, u32::MAX),
    ] {
        assert_sees_only("O8", &changed(&right, at, word));
    }
    // More than slabs is right where objects are charged alone; less is not.
    let mut single = changed(&right, objects, 1);
    assert!(single.broken().is_empty());
    single.set(peak, images.used + 100);
    single.set(used, images.used + 100);
    let charged = right
        .only(record(&right, images.id).filter(|at| *at > peak), |it, at| u64::from(it.word(at)) == images.charged);
    single.set(charged, right.word(charged) + 100);
    assert!(single.broken().is_empty());
    single.set(used, images.used - 100);
    assert_sees_only("O8", &single);
    let users = right.only(record(&right, images.id).filter(|at| *at > peak), |it, at| it.word(at) == images.users);
    assert_sees_only("O8", &changed(&right, users, 0));
    // The record: its number, which is the second word of it behind its link, its hook, and its flags.
    assert_sees("O8", &changed(&right, images.id + 8, 7));
    for word in [0, images.id, u32::MAX] {
        assert_sees_only("O8", &changed(&right, images.id + 12, word));
    }
    let flags = right.only(record(&right, spare.id), |it, at| {
        it.word(at) == 0 && changed(it, at, 1 << 3).broken().iter().eq([&"O8"]) && {
            let mut gone = changed(it, at, 1 << 3);
            gone.set(spare.id + 12, 0);
            gone.broken().is_empty()
        }
    });
    assert_sees_only("O8", &changed(&right, flags, 1 << 8));
}

#[test]
fn o9_counts_are_what_a_walk_finds() {
    let right = sound();
    let (nodes, tiles) = (named(&right, "nodes"), named(&right, "tiles"));
    let count = |cache: &ObjectCacheInfo, value: u64, word: u32| {
        let words = record(&right, cache.id).filter(|at| u64::from(right.word(*at)) == value && *at != 0);
        words.filter(|at| right.word(*at) != word && changed(&right, *at, word).broken().iter().eq([&"O9"])).count()
    };
    for (cache, value) in [
        (&nodes, u64::from(nodes.found.slabs)),
        (&nodes, u64::from(nodes.counters.slabs_max)),
        (&nodes, nodes.counters.slab_takes),
        (&nodes, nodes.counters.slab_gives),
        (&nodes, nodes.counters.slab_creates),
        (&nodes, nodes.counters.slab_destroys),
        (&nodes, nodes.counters.allocations),
        (&tiles, u64::from(tiles.found.slabs)),
        (&tiles, tiles.counters.allocations),
    ] {
        assert!(count(cache, value, 3) >= 1, "{value} of {}", cache.name);
    }
    // Empty slabs and dead ones, of which there are none.
    assert!(count(&tiles, 0, 1) >= 2);
    // Slabs for what is kept, and the limit of a zone.
    assert_one(&right, nodes.id, 70, 100_000, "O9");
    let voices = named(&right, "voices");
    let limit = record(&right, voices.id).filter(|at| right.word(*at) == 20);
    let seen: Vec<_> = limit.map(|at| changed(&right, at, 15).broken()).collect();
    assert!(seen.iter().any(|broken| broken.iter().eq([&"O7", &"O9"])), "{seen:?}");
}

#[test]
fn o9_at_most_one_slab_is_empty_beyond_those_that_stay() {
    let mut memory = memory(4);
    let heap = heap(Fake::new(&mut memory, LOW));
    let options = Options { keep: 200, ..Options::new("kept") };
    let kept = Cache::new(&heap, layout(48, 8), options, Bare).expect("memory");
    let right = Snapshot::of(&heap);
    assert!(right.broken().is_empty());
    assert_eq!(kept.stats().empty_slabs, 4);
    assert_one(&right, right.survey().object_caches[0].id, 200, 65, "O9");
}

/// Reads an image in every way. What is said may be wrong, not how much it is.
fn read(image: &Snapshot) -> bool {
    let begun = Instant::now();
    let survey = image.survey();
    let parts = regions(&survey);
    let composition = Composition::of(&survey, &parts);
    assert_eq!(composition.total(), survey.memory_len);
    let sample = Sample::of(&survey, Some(4096)).expect("a good granule");
    for (row, cache) in sample.object_caches.iter().zip(&survey.object_caches) {
        assert_eq!(row.total, u64::from(row.live) + u64::from(row.cached) + u64::from(row.free_in_slabs));
        assert!(row.memory_bytes <= survey.memory_len && (0.0..=1.0).contains(&row.fragmentation));
        assert!(row.reclaimable_slabs <= row.slabs && cache.magazines.len() <= survey.memory_len as usize / 8);
        assert!(!Whatis::of(&survey, row.id).sentence.is_empty());
    }
    for slab in survey.slabs.iter().filter(|slab| slab.object_cache.is_some()).step_by(7) {
        assert!(slab.live() <= slab.objects && slab.objects <= 64 && slab.size != 0);
        assert_eq!(Whatis::of(&survey, slab.start).cache, Some(slab.class));
    }
    let problems = verify(image, image.root).expect("a heap");
    assert!(problems.len() >= survey.problems.len() && problems.iter().all(|problem| !problem.sentence.is_empty()));
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(10), "reading took {took:?}");
    !problems.is_empty()
}

#[test]
fn whatever_the_records_hold_reading_them_ends() {
    let right = sound();
    let survey = right.survey();
    let mut places: Vec<u32> = survey.object_caches.iter().flat_map(|cache| record(&right, cache.id)).collect();
    places.extend(survey.budgets.iter().flat_map(|budget| record(&right, budget.id)));
    places.extend(survey.object_caches.iter().flat_map(|cache| &cache.magazines).flat_map(|at| record(&right, *at)));
    let slabs = survey.slabs.iter().filter(|slab| slab.object_cache.is_some());
    places.extend(slabs.step_by(5).flat_map(|slab| (slab.tag..slab.tag + 40).step_by(4)));
    let (first, last) = (survey.object_caches[0].id, survey.segments[survey.segments.len() - 1].start);
    let words = [0, 1, 8, 65, first, first + 8, last, 1 << 28, 1 << 31, u32::MAX - 7, u32::MAX];
    let mut rng = Rng::new(1);
    let mut seen = 0;
    for at in &places {
        for _ in 0..2 {
            let mut damaged = right.clone();
            damaged.set(*at, words[rng.below(words.len() as u32) as usize]);
            seen += u32::from(read(&damaged));
        }
    }
    assert!(seen as usize > places.len(), "{seen} of {} damages seen", 2 * places.len());
    // Many at a time, and words of the records themselves in other places.
    for _ in 0..300 {
        let mut damaged = right.clone();
        for _ in 0..1 + rng.below(12) {
            let [to, from] = [0, 1].map(|_| places[rng.below(places.len() as u32) as usize]);
            let word = if rng.below(2) == 0 { right.word(from) } else { words[rng.below(words.len() as u32) as usize] };
            damaged.set(to, word);
        }
        read(&damaged);
    }
}

#[test]
fn o10_a_name_is_that_of_a_cache_and_no_more_have_one_than_share_it() {
    let mut pages = memory(4);
    let heap = heap(Fake::new(&mut pages, LOW));
    let shared = |name| {
        let options = Options { merge: true, ..Options::new(name) };
        Cache::new(&heap, layout(48, 8), options, Bare).unwrap()
    };
    let _caches = ["lines", "words", "marks"].map(shared);
    let right = Snapshot::of(&heap);
    let cache = right.survey().object_caches[0].clone();
    assert_eq!((cache.aliases.len(), cache.users), (2, 3));
    // A record of a name: its link, the cache, its number, the name.
    let names = right.survey().memory_len as u32;
    let word = |text: &str| u32::from_le_bytes(text.as_bytes()[..4].try_into().unwrap());
    let place = (LOW.0..names).step_by(4).find(|at| (right.word(*at), right.word(*at + 8)) == (cache.id, word("word")));
    let place = place.expect("the record of the name");
    assert_sees_only("O10", &changed(&right, place, cache.id + 8));
    let users = (cache.id..cache.id + 400)
        .step_by(4)
        .find(|at| right.word(*at) == 3 && changed(&right, *at, 1).broken().contains("O10"));
    assert!(users.is_some(), "fewer users than names are seen");
}
