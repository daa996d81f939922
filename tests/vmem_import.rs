//! Claim: an arena asks its source at most once for a request, and once more for the exact length; what came goes back exactly once,
//! exactly as it came, when all of it is free; what should not have come goes back at once.
#![forbid(unsafe_code)]

use flagstone::Heap;
use flagstone::source::{Fixed, Page};
use flagstone::units::Addr;
use flagstone::vmem::{Arena, Constraints, Error, Fit, Import, Kind, Measure, Options, Request, Slot, Span, Storage};

#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "support/rng.rs"]
mod rng;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "support/vmem.rs"]
mod vmem;

use rng::Rng;
use vmem::{Answer, Bank, Model};

fn over<'a>(slots: &'a mut [Slot], source: &'a dyn Import, quantum: u32, factor: u32) -> Arena<'a, Storage<'a>> {
    let options = Options { quantum, import: Some(source), import_factor: factor, ..Options::new("importing") };
    Arena::new(Storage::new(slots), options).unwrap()
}

/// That nothing is lent, nothing came back that was not lent, and the arena has only what is its own.
fn settled(arena: &Arena<'_, Storage<'_>>, bank: &Bank, own: u64) {
    assert_eq!((bank.out.borrow().as_slice(), bank.fault.get()), (&[] as &[Span], None));
    assert_eq!((arena.check(), arena.size(Measure::Total)), (Ok(()), own));
    assert_eq!(arena.usage().imports, arena.usage().releases);
}

#[test]
fn a_span_goes_back_exactly_once_whatever_the_order_in_which_its_pieces_do() {
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1], [0, 3, 1, 2]] {
        let bank = Bank::answering(&[Answer::At(0x4000, 48), Answer::At(0x8000, 0)]);
        let mut slots = [Slot::EMPTY; 64];
        let arena = over(&mut slots, &bank, 16, 1);
        let pieces =
            [arena.alloc(16).unwrap(), arena.alloc(16).unwrap(), arena.alloc(16).unwrap(), arena.alloc(16).unwrap()];
        assert_eq!(bank.lengths(), [16], "the rest of what came serves the others");
        let other = arena.alloc(32).unwrap();
        for (step, index) in order.into_iter().enumerate() {
            assert_eq!(bank.returned(), [], "{step} of 4");
            assert_eq!(arena.free(pieces[index], 16), Ok(()));
        }
        assert_eq!(*bank.back.borrow(), [(Span { start: 0x4000, len: 64 }, 16)]);
        assert_eq!(
            (bank.returned(), arena.free(other, 32), bank.returned()),
            (vec![(0x4000, 64)], Ok(()), vec![(0x8000, 32)])
        );
        settled(&arena, &bank, 0);
    }
}

#[test]
fn a_request_says_what_is_needed_and_where_it_is_of_use() {
    let mut slots = [Slot::EMPTY; 64];
    let needs = [
        // Length, alignment, phase, boundary, and how much is enough wherever it begins.
        (1_u32, 0, 0, 0, 16),
        (33, 0, 0, 0, 48),
        (48, 256, 0, 0, 48 + 240),
        (48, 256, 240, 0, 48 + 240),
        (48, 16, 0, 64, 48 + 64),
        (48, 64, 0, 64, 48 + 48),
        (48, 64, 16, 256, 48 + 48 + 256),
    ];
    for (len, align, phase, nocross, enough) in needs {
        for (min, max) in [(0, u32::MAX), (5, 0x8000_0000)] {
            let bank = Bank::default();
            let arena = over(&mut slots, &bank, 16, 3);
            let wish = Constraints { align, phase, nocross, min, max, fit: None };
            let rounded = len.next_multiple_of(16);
            assert_eq!(arena.alloc_constrained(len, &wish), Err(Error::Exhausted { len: rounded }));
            let asked = bank.asked.take();
            let request = |len| Request { len, align: 16, min, max };
            assert_eq!(asked[0].len, 3 * asked[1].len);
            assert_eq!(asked, [request(3 * asked[1].len), request(asked[1].len)]);
            // At least as much as is needed, and no more than twice the slack of the worst start.
            assert!(asked[1].len >= rounded && asked[1].len <= enough, "{wish:?}: {} of {enough}", asked[1].len);
            let mut model = Model::new(16, 0);
            model.quantum = 16;
            for start in (0x1_0000..0x1_0400_u64).step_by(16) {
                let run = (start, start + u64::from(asked[1].len));
                let anywhere = Constraints { min: 0, max: u32::MAX, ..wish };
                assert!(model.place(run, u64::from(rounded), &anywhere).is_some(), "{wish:?} from {start:#x}");
            }
        }
    }
}

#[test]
fn many_times_the_length_comes_first_and_the_length_itself_where_that_is_refused() {
    let mut slots = [Slot::EMPTY; 64];
    for (factor, len, asked) in [
        (1, 100, vec![100]),
        (2, 100, vec![200, 100]),
        (16, 100, vec![1600, 100]),
        (u32::MAX, 1, vec![u32::MAX, 1]),
        // More numbers than there are: only the length itself.
        (u32::MAX, 2, vec![2]),
        (3, 0x8000_0000, vec![0x8000_0000]),
        (2, u32::MAX, vec![u32::MAX]),
    ] {
        let bank = Bank::default();
        let arena = over(&mut slots, &bank, 1, factor);
        assert_eq!((arena.alloc(len), bank.lengths()), (Err(Error::Exhausted { len }), asked.clone()));
        *bank.answers.borrow_mut() = vec![Answer::Nothing; 3];
        let last = asked.len() - 1;
        bank.answers.borrow_mut()[2 - last] = Answer::At(0, 0);
        assert_eq!((arena.alloc(len), bank.lengths()), (Ok(0), asked.clone()));
        assert_eq!((arena.free(0, len), bank.returned()), (Ok(()), vec![(0, len)]));
        *bank.answers.borrow_mut() = vec![Answer::At(0, 0)];
        assert_eq!((arena.alloc(len), bank.lengths()), (Ok(0), vec![asked[0]]));
        assert_eq!((arena.free(0, len), bank.returned()), (Ok(()), vec![(0, asked[0])]));
        settled(&arena, &bank, 0);
    }
    // Nothing so long can be imported, and nothing is asked for.
    let bank = Bank::default();
    let arena = over(&mut slots, &bank, 1, 1);
    let wide = Constraints { align: 1 << 31, ..Constraints::NONE };
    assert_eq!(arena.alloc_constrained(0x8000_0001, &wide), Err(Error::Exhausted { len: 0x8000_0001 }));
    assert_eq!(bank.lengths(), []);
}

#[test]
fn spans_that_should_not_have_come_go_back_and_the_error_names_them() {
    let wrong = [
        (0x2_0001, 0x100, "not at a quantum"),
        (0x2_0000, 0x108, "not whole quanta"),
        (0x2_0000, 0x40, "less than was asked for"),
        (0x2_0000, 0, "nothing"),
        (0xffff_ff80, 0x100, "beyond the greatest number"),
        (u32::MAX, u32::MAX, "all of it wrong"),
        (0x1_0000, 0x100, "one of its own"),
        (0x1_00f0, 0x100, "over the end of one"),
        (0xff10, 0x100, "over the start of one"),
        (0x8000, 0x1_0000, "around one"),
        (0x3_0010, 0x50, "in what was imported"),
    ];
    for (factor, (start, len, why)) in [1, 4].into_iter().flat_map(|factor| wrong.map(|wrong| (factor, wrong))) {
        let bank = Bank::answering(&[
            Answer::At(0x3_0000, 0x100),
            Answer::Wrong(Span { start, len }),
            Answer::At(0x4_0000, 0),
        ]);
        let mut slots = [Slot::EMPTY; 64];
        let arena = over(&mut slots, &bank, 16, factor);
        arena.add(0x1_0000, 0x100).unwrap();
        let kept = arena.alloc(0x200).unwrap();
        let before = arena.dump().to_string();
        bank.asked.take();
        let short = arena.alloc_constrained(0x50, &Constraints { min: 0x5_0000, ..Constraints::NONE });
        assert_eq!(short, Err(Error::BadImport { start, len }), "{why}");
        // The first answer is bad; that is no refusal, and nothing else is tried.
        assert_eq!((bank.lengths(), bank.returned()), (vec![0x50 * factor], vec![(start, len)]), "{why}");
        assert_eq!((arena.dump().to_string(), arena.check()), (before, Ok(())), "{why}");
        assert_eq!(arena.alloc(0x800), Ok(0x4_0000), "the next one is good");
        assert_eq!((arena.free(0x4_0000, 0x800), arena.free(kept, 0x200)), (Ok(()), Ok(())));
        settled(&arena, &bank, 0x100);
    }
}

#[test]
fn a_window_that_spans_do_not_reach_does_not_import_again_and_again() {
    for fit in [Fit::Instant, Fit::Best, Fit::Next] {
        let bank = Bank::answering(&[Answer::At(0x1000, 0); 40]);
        let mut slots = [Slot::EMPTY; 64];
        let arena = over(&mut slots, &bank, 1, 2);
        for (min, max) in [(0, 0xfff), (0x1100, u32::MAX), (0xffff_0000, u32::MAX), (0x1001, 0x1015), (0, 0)] {
            let wish = Constraints { min, max, fit: Some(fit), ..Constraints::NONE };
            assert_eq!(arena.alloc_constrained(0x20, &wish), Err(Error::Exhausted { len: 0x20 }));
            assert_eq!((bank.lengths(), bank.returned()), (vec![0x40], vec![(0x1000, 0x40)]));
        }
        *bank.answers.borrow_mut() = vec![Answer::At(0x1000, 0), Answer::Nothing];
        let wish = Constraints { max: 0x10, ..Constraints::NONE };
        assert_eq!(arena.alloc_constrained(0x20, &wish), Err(Error::Exhausted { len: 0x20 }));
        assert_eq!((bank.lengths(), bank.returned()), (vec![0x40, 0x20], vec![(0x1000, 0x20)]));
        settled(&arena, &bank, 0);
    }
}

#[test]
fn static_spans_stay_and_adjoining_imports_go_back_one_by_one() {
    let bank = Bank::answering(&[Answer::At(0x100, 0), Answer::At(0x200, 0), Answer::At(0xff00, 0)]);
    let mut slots = [Slot::EMPTY; 64];
    let arena = over(&mut slots, &bank, 1, 1);
    arena.add(0, 0x100).unwrap();
    let taken = [arena.alloc(0x100), arena.alloc(0x100), arena.alloc(0x100)];
    assert_eq!(taken, [Ok(0), Ok(0x100), Ok(0x200)]);
    assert_eq!((arena.free(0x100, 0x100), bank.returned()), (Ok(()), vec![(0x100, 0x100)]));
    assert_eq!((arena.free(0, 0x100), bank.returned()), (Ok(()), vec![]));
    assert_eq!((arena.free(0x200, 0x100), bank.returned()), (Ok(()), vec![(0x200, 0x100)]));
    settled(&arena, &bank, 0x100);
    // Where the static one serves nothing is asked.
    bank.asked.take();
    assert_eq!((arena.alloc(0x100), bank.lengths()), (Ok(0), vec![]));
    assert_eq!((arena.alloc(1), arena.free_all(), bank.returned()), (Ok(0xff00), Ok(()), vec![(0xff00, 1)]));
    settled(&arena, &bank, 0x100);
    let mut seen = Vec::new();
    arena.walk(|segment| seen.push((segment.start, segment.len, segment.kind, segment.imported)));
    assert_eq!(seen, [(0, 0x100, Kind::Free, false)]);
}

#[test]
fn shrinking_and_extending_neither_import_nor_release() {
    let bank = Bank::answering(&[Answer::At(0x1000, 0x60); 3]);
    let mut slots = [Slot::EMPTY; 64];
    let arena = over(&mut slots, &bank, 1, 1);
    assert_eq!((arena.alloc(0xa0), bank.lengths()), (Ok(0x1000), vec![0xa0]));
    assert_eq!(
        (arena.extend(0x1000, 0xa0, 0x100), arena.extend(0x1000, 0x100, 0x101)),
        (Ok(()), Err(Error::NoRoom { start: 0x1000, len: 0x101 }))
    );
    assert_eq!((arena.shrink(0x1000, 0x100, 1), arena.check()), (Ok(()), Ok(())));
    assert_eq!((bank.lengths(), bank.returned()), (vec![], vec![]));
    assert_eq!((arena.free(0x1000, 1), bank.returned()), (Ok(()), vec![(0x1000, 0x100)]));
    settled(&arena, &bank, 0);
}

#[test]
fn what_is_lent_goes_back_when_an_arena_ends_unless_it_is_held() {
    for (caches, destroy) in [(0, false), (0, true), (4, false), (4, true)] {
        let bank = Bank::answering(&[Answer::At(0x1000, 0), Answer::At(0x2000, 0), Answer::At(0x3000, 0)]);
        let mut slots = [Slot::EMPTY; 128];
        let options = Options { import: Some(&bank), quantum_caches: caches, ..Options::new("ends") };
        let arena = Arena::new(Storage::new(&mut slots), options).unwrap();
        let (small, large) = (arena.alloc(3).unwrap(), arena.alloc(100).unwrap());
        assert_eq!(arena.free(small, 3), Ok(()));
        // An idle object keeps its span until it is in the way.
        assert_eq!(bank.returned().len(), usize::from(caches == 0));
        let arena = if destroy {
            let (arena, error) = arena.destroy().unwrap_err();
            assert_eq!((error, bank.out.borrow().len()), (Error::Busy { segments: 1 }, 1));
            assert_eq!((arena.free(large, 100), bank.out.borrow().len()), (Ok(()), 0));
            assert!(arena.destroy().is_ok());
            continue;
        } else {
            arena
        };
        drop(arena);
        // What is held is somebody's still: it is not given to others.
        assert_eq!((bank.out.borrow().len(), bank.fault.get()), (1, None));
    }
}

#[test]
fn an_arena_in_a_heap_imports_from_one_in_an_array() {
    let mut memory = vec![Page::ZERO; 4];
    let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    let mut slots = [Slot::EMPTY; 64];
    let numbers = Arena::new(Storage::new(&mut slots), Options::new("numbers")).unwrap();
    numbers.add(7, 93).unwrap();
    for options in [Options::new("lent"), Options { quantum: 2, ..Options::new("lent in pairs") }] {
        let lent = Arena::new(&heap, Options { import: Some(&numbers), ..options }).unwrap();
        let at = lent.alloc(10).unwrap();
        assert_eq!(numbers.size(Measure::InUse), 10);
        assert_eq!(lent.free(at, 10), Ok(()));
        assert_eq!(numbers.size(Measure::InUse), 0);
    }
}

#[test]
fn nobody_but_an_arena_gives_a_span_back_to_a_heap() {
    let mut memory = vec![Page::ZERO; 4];
    let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    let span = heap.import(&Request { len: 4096, align: 64, min: 0, max: u32::MAX }).unwrap();
    let live = heap.stats().live_bytes();
    heap.release(span, 64);
    heap.release(Span { start: span.start + 64, len: 8 }, 8);
    assert_eq!(heap.stats().live_bytes(), live, "a safe call takes memory from nobody");
}

#[test]
fn three_arenas_over_a_heap_agree_at_every_step_and_give_all_of_it_back() {
    let mut memory = vec![Page::ZERO; 24];
    let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    let before = (heap.stats().live_bytes(), heap.stats().live_objects());
    {
        let options = |name| Options { memory: true, ..Options::new(name) };
        let pages = Options { quantum: 4096, import: Some(&heap), import_factor: 8, ..options("pages") };
        let pages = Arena::new(&heap, pages).unwrap();
        let lines =
            Options { quantum: 64, import: Some(&pages), quantum_caches: 1024, fit: Fit::Best, ..options("lines") };
        let lines = Arena::new(&heap, lines).unwrap();
        let bytes = Options { quantum: 1, import: Some(&lines), import_factor: 64, fit: Fit::Next, ..options("bytes") };
        let bytes = Arena::new(&heap, bytes).unwrap();
        let mut rng = Rng::new(11);
        let (mut live, mut refused) = (Vec::new(), 0);
        for step in 0..if cfg!(miri) { 100 } else { 8000 } {
            let arena = if rng.below(2) == 0 { &lines } else { &bytes };
            if rng.below(100) < if step % 2000 < 1200 { 65 } else { 30 } {
                let len = if rng.below(5) == 0 { 1 + rng.below(60_000) } else { 1 + rng.below(600) };
                let wish = Constraints { align: 64 << rng.below(6), ..Constraints::NONE };
                let taken = if rng.below(3) == 0 { arena.alloc_constrained(len, &wish) } else { arena.alloc(len) };
                refused += u32::from(taken.is_err());
                assert!(taken.is_ok() || matches!(taken, Err(Error::Exhausted { .. } | Error::NoRecords)), "{taken:?}");
                live.extend(taken.map(|at| (at, len, arena)));
            } else if !live.is_empty() {
                let (at, len, arena) = live.swap_remove(rng.below(live.len() as u32) as usize);
                assert_eq!(arena.free(at, len), Ok(()));
            }
            assert_eq!((pages.check(), lines.check(), bytes.check()), (Ok(()), Ok(()), Ok(())));
            assert_eq!(lines.size(Measure::Total), pages.size(Measure::InUse));
            assert!(bytes.size(Measure::Total) <= lines.size(Measure::InUse));
            assert!(pages.size(Measure::Total) <= u64::from(heap.stats().live_bytes() as u32));
            let numbers = |live: &[(u32, u32, &Arena<'_, _>)]| live.iter().map(|live| u64::from(live.1)).sum::<u64>();
            assert!(step % 100 != 0 || numbers(&live) <= lines.size(Measure::InUse));
        }
        assert!(cfg!(miri) || refused > 0, "the heap was exhausted");
        for (at, len, arena) in live {
            assert_eq!(arena.free(at, len), Ok(()));
        }
        assert!(bytes.destroy().is_ok() && lines.destroy().is_ok());
        assert_eq!((pages.size(Measure::Total), pages.usage().imports), (0, pages.usage().releases));
    }
    assert_eq!((heap.stats().live_bytes(), heap.stats().live_objects()), before);
}
