//! Claim: tags are there before a call begins, so nothing fails halfway and giving back never fails; over a heap they go back to it,
//! over an array none is lost; what fills the reserve never comes back to the arena.

use flagstone::Heap;
use flagstone::vmem::{Arena, Constraints, Error, Fit, Measure, Options, Records, Slot, Storage};

mod support;
use support::{Deny, Fake, LOW, Rng, assert_sound, heap, memory};

#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "support/vmem.rs"]
mod vmem;
use vmem::{Answer, Bank, Model};

/// Fills an arena with segments that cannot join until a call is refused, and takes a few back and again in between.
fn fill<R: Records>(arena: &Arena<'_, R>, model: &mut Model, seed: u64) -> (Vec<(u32, u32)>, Error) {
    let mut rng = Rng::new(seed);
    let mut live = Vec::new();
    loop {
        let len = 1 + rng.below(9);
        let wish = Constraints { align: 16, ..Constraints::NONE };
        let taken = if rng.below(2) == 0 { arena.alloc(len) } else { arena.alloc_constrained(len, &wish) };
        match taken {
            Ok(at) => {
                live.push((at, len));
                model.held.insert(u64::from(at), u64::from(at) + u64::from(len));
            }
            Err(error) => return (live, error),
        }
        if rng.below(4) == 0 {
            let (at, len) = live.swap_remove(rng.below(live.len() as u32) as usize);
            assert_eq!(arena.free(at, len), Ok(()));
            model.held.remove(&u64::from(at));
        }
    }
}

/// Gives all of it back.
fn empty<R: Records>(arena: &Arena<'_, R>, model: &mut Model, live: Vec<(u32, u32)>) {
    for (at, len) in live {
        assert_eq!(arena.free(at, len), Ok(()), "giving back needs no tag");
        model.held.remove(&u64::from(at));
    }
    assert_eq!(model.compare(arena), Ok(()));
}

#[test]
fn an_array_of_any_length_carries_an_arena_as_far_as_it_goes() {
    let mut made = Vec::new();
    for count in 0..=80 {
        for caches in [0, 1, 8] {
            let mut slots = vec![Slot::EMPTY; count];
            let options = Options { quantum_caches: caches, ..Options::new("any length") };
            let arena = match Arena::new(Storage::new(&mut slots), options) {
                Ok(arena) => arena,
                Err(error) => {
                    assert_eq!(error, Error::NoRecords);
                    // What is not enough was not enough before.
                    assert!(!made.contains(&caches), "{count} slots");
                    continue;
                }
            };
            made.push(caches);
            let mut model = Model::new(1, caches);
            while arena.add(1000 * model.spans.len() as u32, 900).is_ok() {
                model.spans.push((1000 * model.spans.len() as u64, 1000 * model.spans.len() as u64 + 900));
                assert_eq!(model.compare(&arena), Ok(()));
                if model.spans.len() > 3 {
                    break;
                }
            }
            for round in 0..4 {
                let (live, refusal) = fill(&arena, &mut model, round);
                assert!(matches!(refusal, Error::NoRecords | Error::Exhausted { .. }), "{refusal}");
                assert_eq!(model.compare(&arena), Ok(()));
                let before = arena.dump().to_string();
                if refusal == Error::NoRecords {
                    let one = Constraints { fit: Some(Fit::Best), ..Constraints::NONE };
                    assert_eq!((arena.alloc_constrained(1, &one), arena.add(77_000, 1)), (Err(refusal), Err(refusal)));
                    for (at, len) in live.iter().filter(|(_, len)| *len > 1 && caches == 0) {
                        assert_eq!((arena.shrink(*at, *len, 1), arena.extend(*at, *len, *len)), (Err(refusal), Ok(())));
                    }
                    assert_eq!(arena.dump().to_string(), before);
                }
                empty(&arena, &mut model, live);
            }
            assert!(arena.destroy().is_ok());
        }
    }
    // The record is eighteen slots, the reserve five; quantum caches have theirs besides.
    assert!(made.len() > 3 * 20, "{}", made.len());
}

#[test]
fn so_many_slots_as_an_arena_is_said_to_need_are_enough() {
    for segments in (3..40).chain([63, 64, 65, 100, 191, 192, 193, 500, 1000]) {
        let mut slots = vec![Slot::EMPTY; Storage::slots_for(segments)];
        let arena = Arena::new(Storage::new(&mut slots), Options::new("enough")).unwrap();
        // A span's tag, and segments: all held, or every other one free.
        assert_eq!(arena.add(0, 1_000_000), Ok(()));
        let mut taken: Vec<u32> = (0..segments - 2).map(|_| arena.alloc(1).unwrap()).collect();
        assert_eq!(arena.check(), Ok(()));
        for at in taken.iter().step_by(2) {
            assert_eq!(arena.free(*at, 1), Ok(()));
        }
        taken.sort_unstable();
        for at in taken.iter().step_by(2) {
            assert_eq!(arena.alloc_constrained(1, &Constraints { min: *at, max: *at, ..Constraints::NONE }), Ok(*at));
        }
        assert_eq!(arena.check(), Ok(()));
    }
}

#[test]
fn an_array_is_not_used_up_by_tables_that_grow_and_shrink() {
    for (few, many) in [(1, 3), (2, 13), (5, 26), (7, 100), (90, 100)] {
        let mut slots = vec![Slot::EMPTY; Storage::slots_for(502)];
        let arena = Arena::new(Storage::new(&mut slots), Options::new("tables")).unwrap();
        arena.add(0, 10_000).unwrap();
        let mut taken: Vec<u32> = Vec::new();
        for _ in 0..if cfg!(miri) { 3 } else { 400 } {
            taken.extend((taken.len()..many).map(|_| arena.alloc(1).unwrap()));
            for _ in 0..200 {
                while taken.len() > few {
                    assert_eq!(arena.free(taken.pop().unwrap(), 1), Ok(()));
                }
                taken.push(arena.alloc(1).unwrap());
            }
        }
        taken.extend((taken.len()..500).map_while(|_| arena.alloc(1).ok()));
        assert_eq!((taken.len(), arena.check()), (500, Ok(())), "{few} and {many} in turn before");
    }
}

#[test]
fn tables_that_grow_and_shrink_lose_no_segment_and_go_back_to_the_heap() {
    let mut pages = memory(8);
    let heap = heap(Fake::new(&mut pages, LOW));
    let before = heap.stats();
    let arena = Arena::new(&heap, Options { quantum: 16, ..Options::new("tables") }).unwrap();
    arena.add(0, 1 << 20).unwrap();
    for most in [10, 700, 3, 3000, 100, 1, 5000] {
        let most = if cfg!(miri) { most / 100 + 1 } else { most };
        for _ in 0..3 {
            let taken: Vec<u32> = (0..most).map(|_| arena.alloc(16).unwrap()).collect();
            assert_eq!(arena.check(), Ok(()));
            for at in taken.iter().rev().step_by(3).chain(taken.iter().rev().skip(1).step_by(3)) {
                assert_eq!(arena.free(*at, 16), Ok(()));
            }
            assert_eq!(arena.check(), Ok(()));
            for at in taken.iter().rev().skip(2).step_by(3) {
                assert_eq!(arena.free(*at, 16), Ok(()));
            }
            assert_eq!((arena.check(), arena.usage().held), (Ok(()), 0));
        }
        // A table that was large once is small again after so many more were given back.
        for _ in 0..if cfg!(miri) { 100 } else { 40_000 } {
            let at = arena.alloc(1).unwrap();
            assert_eq!(arena.free(at, 1), Ok(()));
        }
        // The record, at most 64 spare tags, three in use, and a short table.
        let bytes = heap.stats().live_bytes() - before.live_bytes();
        assert!(cfg!(miri) || bytes < 72 * 40 + 1500, "{bytes} bytes after {most} segments");
    }
    drop(arena);
    assert_eq!(heap.stats().live_bytes(), before.live_bytes());
    assert_eq!(heap.stats().live_objects(), before.live_objects());
    assert_sound(&heap);
}

/// Eats what a heap has, up to what is in its page, so that records need growth.
fn without_idle_memory(heap: &Heap<Fake<'_>>) -> Vec<(*mut u8, std::alloc::Layout)> {
    heap.source().deny(Deny::Always);
    let mut eaten = Vec::new();
    for size in [4096, 1024, 512, 64, 40, 8] {
        let layout = support::layout(size, 8);
        eaten.extend(std::iter::from_fn(|| Some(heap.alloc(layout)).filter(|at| !at.is_null())).map(|at| (at, layout)));
    }
    heap.source().deny(Deny::Never);
    eaten
}

#[test]
fn a_heap_whose_memory_does_not_grow_at_the_nth_time_leaves_the_arena_whole() {
    let mut pages = memory(40);
    let mut refusals = 0;
    for nth in 0..if cfg!(miri) { 2 } else { 7 } {
        for caches in [0, 8] {
            pages.fill_with(|| flagstone::source::Page::ZERO);
            let heap = heap(Fake::new(&mut pages, LOW));
            let before = (heap.stats().live_bytes(), heap.stats().live_objects());
            let eaten = without_idle_memory(&heap);
            heap.source().deny(Deny::Nth(nth));
            let options = Options { quantum_caches: caches, ..Options::new("nth") };
            let made = Arena::new(&heap, options).or_else(|error| {
                assert_eq!(error, Error::NoRecords);
                refusals += 1;
                Arena::new(&heap, options)
            });
            let arena = made.expect("only one growth is refused");
            let mut model = Model::new(1, caches);
            let mut add = |start: u32| {
                let added = arena.add(start, 20_000);
                refusals += u32::from(added == Err(Error::NoRecords));
                let added = added.or_else(|_| arena.add(start, 20_000));
                model.spans.push((u64::from(start), u64::from(start) + 20_000));
                (added, model.compare(&arena))
            };
            assert_eq!((add(0), add(1 << 31)), ((Ok(()), Ok(())), (Ok(()), Ok(()))));
            let mut live = Vec::new();
            for step in 0..if cfg!(miri) { 100 } else { 6000 } {
                let len = 1 + step % 9;
                let words = (step % 64 == 0).then(|| arena.dump().to_string());
                let wish = Constraints { align: 2, ..Constraints::NONE };
                match arena.alloc_constrained(1 + step % 9, &wish) {
                    Ok(at) => {
                        live.push((at, len));
                        model.held.insert(u64::from(at), u64::from(at) + u64::from(len));
                    }
                    Err(error) => {
                        refusals += u32::from(error == Error::NoRecords);
                        assert!(error == Error::NoRecords || error == Error::Exhausted { len });
                        assert!(words.is_none_or(|words| words == arena.dump().to_string()));
                        assert_eq!(model.compare(&arena), Ok(()));
                    }
                }
            }
            empty(&arena, &mut model, live);
            drop(arena);
            for (at, layout) in eaten {
                support::free(&heap, at, layout);
            }
            assert_eq!((heap.stats().live_bytes(), heap.stats().live_objects()), before, "all records are back");
            assert_sound(&heap);
        }
    }
    assert!(cfg!(miri) || refusals >= 6, "{refusals} refusals were met");
}

#[test]
fn an_arena_keeps_at_most_64_spare_tags_and_gives_the_others_back() {
    let mut pages = memory(8);
    let heap = heap(Fake::new(&mut pages, LOW));
    let before = heap.stats().live_objects();
    let arena = Arena::new(&heap, Options::new("spare")).unwrap();
    // The record and the reserve of five.
    assert_eq!(heap.stats().live_objects() - before, 6);
    arena.add(0, 10_000).unwrap();
    // Five spare, the span's mark and its segment: a table comes later.
    assert!(heap.stats().live_objects() - before <= 8);
    let taken: Vec<u32> = (0..1000).map(|_| arena.alloc(1).unwrap()).collect();
    assert!(heap.stats().live_objects() - before >= 1000);
    for at in taken {
        assert_eq!(arena.free(at, 1), Ok(()));
    }
    // The record, a table, two tags and 64 spare ones.
    assert_eq!(heap.stats().live_objects() - before, 68);
    for _ in 0..10 {
        let at = arena.alloc(7).unwrap();
        assert_eq!((arena.free(at, 7), heap.stats().live_objects() - before), (Ok(()), 68));
    }
    drop(arena);
    assert_eq!(heap.stats().live_objects(), before);
}

#[test]
fn filling_the_reserve_does_not_come_back_to_the_arena() {
    // The arena's spans and its tags come from one heap: the longest way round there is.
    let mut pages = memory(20);
    let heap = heap(Fake::new(&mut pages, LOW));
    let before = heap.stats().live_bytes();
    let eaten = without_idle_memory(&heap);
    let growths = heap.source().asked.borrow().len();
    let options =
        Options { quantum: 64, import: Some(&heap), memory: true, quantum_caches: 256, ..Options::new("round") };
    let arena = Arena::new(&heap, options).unwrap();
    let mut live = Vec::new();
    while let Ok(at) = arena.alloc(1 + 40 * (live.len() as u32 % 50)) {
        live.push((at, 1 + 40 * (live.len() as u32 % 50)));
        assert!(live.len() % 64 != 0 || arena.check().is_ok());
    }
    assert!(heap.source().asked.borrow().len() > growths && live.len() > 100);
    // A span that came was for a request: no request that failed left one, and no tag made one.
    let usage = arena.usage();
    assert!(u64::from(usage.imports) <= usage.allocations + u64::from(usage.failures));
    assert_eq!(arena.check(), Ok(()));
    for (at, len) in live {
        assert_eq!(arena.free(at, len), Ok(()));
    }
    assert!(arena.destroy().is_ok());
    for (at, layout) in eaten {
        support::free(&heap, at, layout);
    }
    assert_eq!(heap.stats().live_bytes(), before);
    assert_sound(&heap);
}

#[test]
fn an_import_for_which_there_is_no_tag_is_given_back() {
    for count in 20..60 {
        let mut slots = vec![Slot::EMPTY; count];
        let bank = Bank::answering(&std::array::from_fn::<_, 60, _>(|index| Answer::At(index as u32 * 100, 0)));
        let options = Options { import: Some(&bank), ..Options::new("no tag") };
        let Ok(arena) = Arena::new(Storage::new(&mut slots), options) else { continue };
        let mut live = Vec::new();
        let refusal = loop {
            match arena.alloc(10) {
                Ok(at) => live.push(at),
                Err(error) => break error,
            }
        };
        assert_eq!((refusal, arena.check()), (Error::NoRecords, Ok(())));
        assert_eq!((bank.out.borrow().len(), arena.size(Measure::InUse)), (live.len(), 10 * live.len() as u64));
        for at in live {
            assert_eq!(arena.free(at, 10), Ok(()));
        }
        assert_eq!((bank.out.take(), bank.fault.get(), arena.size(Measure::Total)), (vec![], None, 0));
    }
}
