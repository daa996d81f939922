//! Claim: an arena imports once for a request, just what it needs; what goes back is what came; a source that misbehaves is refused;
//! where records or memory run out, nothing breaks and all can be given back.

use std::cell::{Cell, RefCell};

use flagstone::source::{Fixed, Page};
use flagstone::units::Addr;
use flagstone::vmem::{Arena, Constraints, Error, Import, Measure, Options, Request, Slot, Span, Storage};
use flagstone::{Heap, verify};

#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "support/rng.rs"]
mod rng;
use rng::Rng;

/// Gives what it was told to give, in order, and writes down all it hears.
#[derive(Default)]
struct Scripted {
    answers: RefCell<Vec<Option<Span>>>,
    asked: RefCell<Vec<Request>>,
    released: RefCell<Vec<(Span, u32)>>,
}

impl Scripted {
    fn giving(answers: &[Option<(u32, u32)>]) -> Self {
        let spans = answers.iter().rev().map(|answer| answer.map(|(start, len)| Span { start, len }));
        Self { answers: RefCell::new(spans.collect()), ..Self::default() }
    }

    fn asked_for(&self) -> Vec<u32> {
        self.asked.borrow().iter().map(|request| request.len).collect()
    }

    fn released(&self) -> Vec<(u32, u32)> {
        self.released.borrow().iter().map(|(span, _)| (span.start, span.len)).collect()
    }
}

impl Import for Scripted {
    fn import(&self, request: &Request) -> Option<Span> {
        self.asked.borrow_mut().push(*request);
        self.answers.borrow_mut().pop().flatten()
    }

    fn release(&self, span: Span, align: u32) {
        self.released.borrow_mut().push((span, align));
    }
}

fn over<'a>(slots: &'a mut [Slot], source: &'a Scripted, quantum: u32, factor: u32) -> Arena<'a, Storage<'a>> {
    let options = Options { quantum, import: Some(source), import_factor: factor, ..Options::new("importing") };
    Arena::new(Storage::new(slots), options).unwrap()
}

#[test]
fn an_import_is_as_long_as_the_request_and_goes_back_when_it_is_all_free() {
    let source = Scripted::giving(&[Some((0x1000, 0x30)), Some((0x2000, 0x100))]);
    let mut slots = [Slot::EMPTY; 64];
    let arena = over(&mut slots, &source, 16, 1);
    assert_eq!(arena.alloc(33), Ok(0x1000));
    assert_eq!(source.asked.borrow()[0], Request { len: 48, align: 16, min: 0, max: u32::MAX });
    // More came than was asked for: the rest serves the next one.
    assert_eq!(arena.alloc(0x80), Ok(0x2000));
    assert_eq!(arena.alloc(0x80), Ok(0x2080));
    assert_eq!(source.asked_for(), [48, 0x80]);
    assert_eq!(arena.free(0x2000, 0x80), Ok(()));
    assert_eq!(source.released(), []);
    assert_eq!(arena.free(0x2080, 0x80), Ok(()));
    assert_eq!(source.released(), [(0x2000, 0x100)]);
    assert_eq!(arena.free(0x1000, 33), Ok(()));
    assert_eq!(
        *source.released.borrow(),
        [(Span { start: 0x2000, len: 0x100 }, 16), (Span { start: 0x1000, len: 0x30 }, 16)]
    );
    assert_eq!((arena.size(Measure::Total), arena.check()), (0, Ok(())));
}

#[test]
fn a_large_import_falls_back_to_what_is_needed() {
    let source = Scripted::giving(&[None, Some((64, 10)), Some((1024, 160)), None, None]);
    let mut slots = [Slot::EMPTY; 64];
    let arena = over(&mut slots, &source, 1, 16);
    assert_eq!(arena.alloc(10), Ok(64));
    assert_eq!(arena.alloc(10), Ok(1024));
    assert_eq!(arena.alloc(200), Err(Error::Exhausted { len: 200 }));
    assert_eq!(source.asked_for(), [160, 10, 160, 3200, 200]);
    // A product that is no length is not asked for.
    assert_eq!(arena.alloc(1 << 30), Err(Error::Exhausted { len: 1 << 30 }));
    assert_eq!(source.asked_for()[5..], [1 << 30]);
    assert_eq!(arena.check(), Ok(()));
}

#[test]
fn spans_that_were_not_asked_for_are_given_back() {
    let bad = [
        (0x1001, 0x20),
        (0x1000, 0x18),
        (0x1000, 0),
        (0x1000, 0x10),
        (0xffff_fff0, 0x20),
        (0x8000, 0x20),
        (0x7ff0, 0x20),
    ];
    for span in bad {
        let source = Scripted::giving(&[Some(span)]);
        let mut slots = [Slot::EMPTY; 64];
        let arena = over(&mut slots, &source, 16, 1);
        arena.add(0x8000, 0x10).unwrap();
        let before = arena.dump().to_string();
        assert_eq!(arena.alloc(0x20), Err(Error::BadImport { start: span.0, len: span.1 }));
        assert_eq!((source.asked_for(), source.released()), (vec![0x20], vec![span]));
        assert_eq!((arena.check(), arena.dump().to_string()), (Ok(()), before));
    }
}

#[test]
fn a_constraint_is_imported_for_once_and_wherever_the_span_lies() {
    let wishes = [
        Constraints { align: 256, ..Constraints::NONE },
        Constraints { align: 64, phase: 48, ..Constraints::NONE },
        Constraints { nocross: 128, ..Constraints::NONE },
        Constraints { align: 32, phase: 16, nocross: 256, ..Constraints::NONE },
    ];
    for (wish, start) in wishes.into_iter().flat_map(|wish| (0..64).map(move |step| (wish, 0x1_0000 + 16 * step))) {
        // The source gives just what it is asked for.
        let asked = Scripted::default();
        let mut slots = [Slot::EMPTY; 64];
        let arena = over(&mut slots, &asked, 16, 1);
        assert_eq!(arena.alloc_constrained(48, &wish), Err(Error::Exhausted { len: 48 }));
        let len = asked.asked_for()[0];
        drop(arena);
        let source = Scripted::giving(&[Some((start, len))]);
        let arena = over(&mut slots, &source, 16, 1);
        assert!(arena.alloc_constrained(48, &wish).is_ok(), "{wish:?} in {len} from {start:#x}");
        assert_eq!(source.asked_for().len(), 1);
    }
}

#[test]
fn a_window_that_the_source_does_not_reach_is_refused_after_one_import() {
    let source = Scripted::giving(&[Some((0x1000, 0x20)), Some((0x1000, 0x20))]);
    let mut slots = [Slot::EMPTY; 64];
    let arena = over(&mut slots, &source, 16, 1);
    let low = Constraints { max: 0xfff, ..Constraints::NONE };
    assert_eq!(arena.alloc_constrained(0x20, &low), Err(Error::Exhausted { len: 0x20 }));
    assert_eq!(
        (source.asked.borrow()[0].max, source.asked_for().len(), source.released()),
        (0xfff, 1, vec![(0x1000, 0x20)])
    );
    assert_eq!((arena.size(Measure::Total), arena.check()), (0, Ok(())));
}

/// Takes from the same arena while it imports.
struct Meddler<'a> {
    arena: Cell<Option<&'a Arena<'a, Storage<'a>>>>,
    next: Cell<u32>,
    seen: RefCell<Vec<Result<u32, Error>>>,
}

impl Import for Meddler<'_> {
    fn import(&self, request: &Request) -> Option<Span> {
        let start = self.next.get();
        self.next.set(start + 0x1000);
        if let Some(arena) = self.arena.take() {
            assert_eq!(arena.check(), Ok(()));
            self.seen.borrow_mut().push(arena.alloc(request.len / 2));
            assert_eq!(arena.check(), Ok(()));
        }
        Some(Span { start, len: request.len })
    }

    fn release(&self, _: Span, _: u32) {}
}

#[test]
fn a_callback_may_use_the_arena_that_calls_it() {
    let meddler = Meddler { arena: Cell::new(None), next: Cell::new(0x1000), seen: RefCell::default() };
    // Leaked, so that the source can know the arena that knows it.
    let meddler: &'static Meddler<'static> = Box::leak(Box::new(meddler));
    let slots = vec![Slot::EMPTY; 64].leak();
    let options = Options { import: Some(meddler), ..Options::new("meddled") };
    let arena: &'static _ = Box::leak(Box::new(Arena::new(Storage::new(slots), options).unwrap()));
    meddler.arena.set(Some(arena));
    assert_eq!(arena.alloc(100), Ok(0x1000));
    assert_eq!(*meddler.seen.borrow(), [Ok(0x2000)]);
    assert_eq!(arena.check(), Ok(()));
    arena.walk(|_| {
        assert_eq!(arena.alloc(1), Err(Error::Walking));
        assert_eq!(arena.free(0x1000, 100), Err(Error::Walking));
        assert_eq!(arena.free_all(), Err(Error::Walking));
        assert_eq!(arena.add(0, 1), Err(Error::Walking));
    });
    assert_eq!(arena.free_all(), Ok(()));
    assert_eq!(arena.size(Measure::Total), 0);
}

#[test]
fn storage_of_any_size_is_used_as_far_as_it_goes() {
    for count in 0..150 {
        for caches in [0, 4] {
            let mut slots = vec![Slot::EMPTY; count];
            let options = Options { quantum_caches: caches, ..Options::new("small") };
            let Ok(arena) = Arena::new(Storage::new(&mut slots), options) else { continue };
            let mut taken = Vec::new();
            if arena.add(0, 100_000).is_err() {
                continue;
            }
            let refusal = loop {
                // Of every second one a neighbour stays free, so that nothing joins.
                match arena.alloc_constrained(3, &Constraints { align: 8, ..Constraints::NONE }) {
                    Ok(at) => taken.push((at, 3)),
                    Err(error) => break error,
                }
                match arena.alloc(1 + taken.len() as u32 % 6) {
                    Ok(at) => taken.push((at, 1 + (taken.len() as u32) % 6)),
                    Err(error) => break error,
                }
            };
            assert_eq!((refusal, arena.check()), (Error::NoRecords, Ok(())));
            for (at, len) in &mut taken {
                // What is left over needs a tag, unless what is behind is free.
                match arena.shrink(*at, *len, 1) {
                    Ok(()) => *len = 1,
                    Err(error) => assert!(matches!(error, Error::NoRecords | Error::NoRoom { .. }), "{error}"),
                }
            }
            assert_eq!(arena.check(), Ok(()));
            for (at, len) in taken {
                assert_eq!(arena.free(at, len), Ok(()), "{count} slots");
            }
            assert_eq!(arena.check(), Ok(()));
            assert!(arena.destroy().is_ok());
        }
    }
}

#[test]
fn a_heap_that_refuses_memory_at_any_moment_leaves_arenas_whole() {
    let mut memory = vec![Page::ZERO; 2];
    for quota in 0..80 {
        let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
        let before = heap.stats();
        // Eats the heap up but for so many objects of a tag's size.
        let tag = std::alloc::Layout::from_size_align(40, 8).unwrap();
        let mut eaten: Vec<*mut u8> = std::iter::from_fn(|| Some(heap.alloc(tag)).filter(|at| !at.is_null())).collect();
        for _ in 0..quota * 10 {
            // SAFETY: allocated above for this layout, once.
            unsafe { heap.dealloc(eaten.pop().unwrap(), tag) };
        }
        {
            let options = Options { quantum_caches: 8, ..Options::new("starved") };
            let made = Arena::new(&heap, options);
            if let Ok(arena) = &made {
                let mut rng = Rng::new(quota as u64);
                let mut taken = Vec::new();
                let added = arena.add(0, 1 << 20);
                for _ in 0..2000 {
                    let len = 1 + rng.below(30);
                    match arena.alloc(len) {
                        Ok(at) => taken.push((at, len)),
                        Err(error) => {
                            assert!(matches!(error, Error::NoRecords | Error::Exhausted { .. }), "{error}");
                            assert!(added.is_err() || error == Error::NoRecords);
                            break;
                        }
                    }
                }
                assert_eq!(arena.check(), Ok(()));
                for (at, len) in taken {
                    assert_eq!(arena.free(at, len), Ok(()));
                }
                assert_eq!(arena.check(), Ok(()));
            }
        }
        assert_eq!(verify::verify(&heap.image(), heap.root()), Ok(vec![]));
        for at in eaten {
            // SAFETY: as above.
            unsafe { heap.dealloc(at, tag) };
        }
        assert_eq!(heap.stats().live_bytes(), before.live_bytes(), "all records are back");
    }
}

#[test]
fn an_arena_over_an_arena_over_a_heap_gives_everything_back() {
    let mut memory = vec![Page::ZERO; 40];
    let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    let before = heap.stats().live_bytes();
    {
        let spans =
            Options { quantum: 4096, import: Some(&heap), import_factor: 4, memory: true, ..Options::new("spans") };
        let parent = Arena::new(&heap, spans).unwrap();
        let pieces =
            Options { quantum: 64, import: Some(&parent), memory: true, quantum_caches: 512, ..Options::new("pieces") };
        let child = Arena::new(&heap, pieces).unwrap();
        let mut rng = Rng::new(3);
        let mut taken = Vec::new();
        for _ in 0..3000 {
            if taken.len() > 200 || (rng.below(5) < 2 && !taken.is_empty()) {
                let (at, len) = taken.swap_remove(rng.below(taken.len() as u32) as usize);
                assert_eq!(child.free(at, len), Ok(()));
            } else {
                let len = 1 + rng.below(4000);
                taken.push((child.alloc(len).unwrap(), len));
            }
            assert_eq!((child.check(), parent.check()), (Ok(()), Ok(())));
            assert_eq!(child.size(Measure::Total), parent.size(Measure::InUse));
        }
        for (at, len) in taken {
            assert_eq!(child.free(at, len), Ok(()));
        }
        assert!(child.destroy().is_ok());
        assert_eq!(parent.size(Measure::InUse), 0);
        assert_eq!(parent.usage().imports, parent.usage().releases);
    }
    assert_eq!(heap.stats().live_bytes(), before);
}

#[test]
fn records_go_back_to_the_heap_while_an_arena_lives() {
    let mut memory = vec![Page::ZERO; 40];
    let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    let arena = Arena::new(&heap, Options::new("ebbing")).unwrap();
    arena.add(0, 1 << 20).unwrap();
    let begun = heap.stats().live_bytes();
    let taken: Vec<u32> = (0..5000).map(|_| arena.alloc(7).unwrap()).collect();
    let most = heap.stats().live_bytes();
    assert!(most > begun + 5000 * 43, "tags, and a table");
    for at in taken {
        assert_eq!(arena.free(at, 7), Ok(()));
    }
    assert!(heap.stats().live_bytes() < begun + 64 * 40 + 5000 * 8, "64 spare tags and the table are kept");
    for _ in 0..100_000 {
        let at = arena.alloc(7).unwrap();
        assert_eq!(arena.free(at, 7), Ok(()));
    }
    let least = heap.stats().live_bytes();
    assert!(least < begun + 64 * 40 + 1024, "{} bytes more than at first: the table decays", least - begun);
    assert_eq!(arena.check(), Ok(()));
}
