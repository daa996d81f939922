//! Claim: whatever a caller passes, an arena answers with an error that names it and stays as it was; what comes back from within
//! its own callbacks and walks does no harm either.
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use flagstone::vmem::{Arena, Constraints, Error, Fit, Import, Measure, Options, Request, Slot, Span, Storage};

#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "support/rng.rs"]
mod rng;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "support/vmem.rs"]
mod vmem;

use rng::Rng;
use vmem::{Answer, Bank};

type Plain<'a> = Arena<'a, Storage<'a>>;

/// Numbers at the edges of what there is.
const EDGES: [u32; 16] = [
    0,
    1,
    2,
    3,
    15,
    16,
    17,
    255,
    256,
    4096,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0001,
    0xffff_fff0,
    u32::MAX - 1,
    u32::MAX,
];

/// A number at an edge, next to one, or of any bits.
fn hostile(rng: &mut Rng) -> u32 {
    match rng.below(4) {
        0 => rng.bits() as u32,
        1 => 1 << rng.below(32),
        2 => rng.below(600),
        _ => EDGES[rng.below(16) as usize],
    }
}

/// The arena in words, and that it is whole.
fn whole(arena: &Plain<'_>) -> String {
    assert_eq!(arena.check(), Ok(()));
    arena.dump().to_string()
}

#[test]
fn options_of_any_bits_make_an_arena_or_an_error_that_names_the_option() {
    let mut rng = Rng::new(1);
    let mut slots = vec![Slot::EMPTY; 300];
    for _ in 0..if cfg!(miri) { 200 } else { 20_000 } {
        let (quantum, quantum_caches, import_factor) = (hostile(&mut rng), hostile(&mut rng), hostile(&mut rng));
        let options = Options { quantum, quantum_caches, import_factor, ..Options::new("any") };
        match Arena::new(Storage::new(&mut slots), options) {
            Err(Error::BadQuantum(bad)) => assert!(bad == quantum && !quantum.is_power_of_two()),
            Err(Error::BadImportFactor(bad)) => assert_eq!((bad, import_factor), (0, 0)),
            Err(Error::BadQuantumCaches(bad)) => {
                let quanta = quantum_caches / quantum;
                let slab = u64::from((3 * quanta.min(16) + 1).next_power_of_two()) * u64::from(quantum);
                assert!(bad == quantum_caches && (bad % quantum != 0 || quanta > 16 || slab >= 1 << 32));
            }
            other => {
                let arena = other.unwrap();
                assert_eq!((arena.quantum(), arena.check()), (quantum, Ok(())));
                assert_eq!(arena.alloc(1), Err(Error::Exhausted { len: quantum }));
                assert!(arena.add(0, quantum).is_ok() && arena.alloc(1) == Ok(0) && arena.free(0, 1).is_ok());
                assert_eq!(arena.check(), Ok(()));
            }
        }
    }
    for quantum in [1 << 26, 1 << 27, 1 << 30, 1 << 31] {
        let options = Options { quantum, quantum_caches: quantum, ..Options::new("long slabs") };
        let made = Arena::new(Storage::new(&mut slots), options).err();
        let long = (1 << 30 <= quantum).then_some(Error::BadQuantumCaches(quantum));
        assert_eq!(made, long, "four quanta to a slab");
    }
}

#[test]
fn calls_with_any_bits_leave_the_arena_whole_and_refusals_leave_it_as_it_was() {
    for (seed, quantum, caches) in [(2, 1, 0), (3, 16, 0), (4, 1, 8), (5, 4096, 16), (6, 1 << 28, 0), (7, 1 << 25, 16)]
    {
        let mut rng = Rng::new(seed);
        let mut slots = vec![Slot::EMPTY; 2000];
        let options = Options { quantum, quantum_caches: caches * quantum, ..Options::new("hostile") };
        let arena = Arena::new(Storage::new(&mut slots), options).unwrap();
        let mut live: BTreeMap<u32, u32> = BTreeMap::new();
        let mut before = whole(&arena);
        for step in 0..if cfg!(miri) { 100 } else { 6000 } {
            // A start that is held now and then, so that the other parameter is what is at fault.
            let start = |rng: &mut Rng| {
                let held = live.keys().nth(rng.below(1 + live.len() as u32) as usize).copied();
                held.filter(|_| rng.below(2) == 0).unwrap_or_else(|| hostile(rng))
            };
            let (at, len, new) = (start(&mut rng), hostile(&mut rng), hostile(&mut rng));
            let len = live.get(&at).copied().filter(|_| rng.below(3) == 0).unwrap_or(len);
            let wish = Constraints {
                align: if rng.below(2) == 0 { 0 } else { hostile(&mut rng) },
                phase: if rng.below(2) == 0 { 0 } else { hostile(&mut rng) },
                nocross: if rng.below(2) == 0 { 0 } else { hostile(&mut rng) },
                min: if rng.below(2) == 0 { 0 } else { hostile(&mut rng) },
                max: if rng.below(2) == 0 { u32::MAX } else { hostile(&mut rng) },
                fit: [None, Some(Fit::Instant), Some(Fit::Best), Some(Fit::Next)][rng.below(4) as usize],
            };
            let fewer = arena.usage().spans < 40;
            let refused = match rng.below(9) {
                0 if fewer => arena.add(at, len).err(),
                1 => arena.alloc(len).map(|at| live.insert(at, len)).err(),
                2 | 3 => arena.alloc_constrained(len, &wish).map(|at| live.insert(at, len)).err(),
                4 | 5 => arena.free(at, len).map(|()| live.remove(&at)).err(),
                6 => arena.extend(at, len, new).map(|()| live.insert(at, new)).err(),
                7 => arena.shrink(at, len, new).map(|()| live.insert(at, new)).err(),
                _ => arena.whatis(at).map(|segment| assert!(at - segment.start < segment.len)).and(None),
            };
            let after = whole(&arena);
            if let Some(error) = refused {
                assert!(!error.to_string().is_empty());
                // What lay idle in quantum caches goes back before a refusal.
                let drained = caches != 0 && matches!(error, Error::Exhausted { .. });
                assert!(drained || after == before, "seed {seed}, step {step}: {error}\n{before}\n{after}");
            }
            before = after;
        }
        for (at, len) in live {
            assert_eq!(arena.free(at, len), Ok(()));
        }
        assert!(arena.destroy().is_ok());
    }
}

#[test]
fn what_is_not_held_is_not_given_back_at_any_stage_of_its_life() {
    for caches in [0, 4] {
        let mut slots = [Slot::EMPTY; 200];
        let options = Options { quantum_caches: caches, ..Options::new("stages") };
        let arena = Arena::new(Storage::new(&mut slots), options).unwrap();
        arena.add(0, 64).unwrap();
        // Nobody held it yet; held, given back; held by a neighbour.
        assert_eq!(arena.free(0, 4), Err(Error::NotHeld(0)));
        let at = arena.alloc(4).unwrap();
        let before = whole(&arena);
        for inside in at + 1..at + 4 {
            assert_eq!(arena.free(inside, 4), Err(Error::NotHeld(inside)));
            assert_eq!(arena.free(inside, 1), Err(Error::NotHeld(inside)));
        }
        for len in [1, 2, 3, 5, 16, u32::MAX] {
            assert_eq!(arena.free(at, len), Err(Error::WrongLength { start: at, len, held: 4 }));
        }
        assert_eq!(arena.free(at, 0), Err(Error::ZeroLength));
        assert_eq!(arena.free(u32::MAX, 4), Err(Error::NotHeld(u32::MAX)));
        assert_eq!(whole(&arena), before);
        assert_eq!(arena.free(at, 4), Ok(()));
        assert_eq!(arena.free(at, 4), Err(Error::NotHeld(at)), "it may wait in a magazine");
        let others: Vec<u32> = std::iter::from_fn(|| arena.alloc(4).ok()).collect();
        assert_eq!(others.len(), 16);
        for at in &others {
            assert_eq!(arena.free(*at, 4), Ok(()));
            assert_eq!(arena.free(*at, 4), Err(Error::NotHeld(*at)));
        }
        // Magazines are empty and all slabs are gone.
        assert_eq!(arena.alloc(65), Err(Error::Exhausted { len: 65 }));
        for at in others {
            assert_eq!(arena.free(at, 4), Err(Error::NotHeld(at)));
            assert_eq!(arena.extend(at, 4, 5), Err(Error::NotHeld(at)));
            assert_eq!(arena.shrink(at, 4, 3), Err(Error::NotHeld(at)));
        }
        assert_eq!(arena.check(), Ok(()));
    }
}

#[test]
fn every_error_is_met_and_its_words_name_the_value_at_fault() {
    let mut slots = [Slot::EMPTY; 64];
    let mut seen = Vec::new();
    let unmade = [
        (Options { quantum: 48, ..Options::new("") }, vec!["48"]),
        (Options { quantum_caches: 17, ..Options::new("") }, vec!["17"]),
        (Options { import_factor: 0, ..Options::new("") }, vec!["0"]),
        (Options::new(""), vec!["record"]),
    ];
    for (options, words) in unmade {
        seen.push((Arena::new(Storage::new(&mut slots[..1]), options).unwrap_err(), words));
    }
    let bank = Bank::answering(&[Answer::Wrong(Span { start: 0x777_0001, len: 99 })]);
    let options = Options { quantum: 16, import: Some(&bank), ..Options::new("errors") };
    let arena = Arena::new(Storage::new(&mut slots), options).unwrap();
    arena.add(0x1000, 0x200).unwrap();
    let taken = arena.alloc(32).unwrap();
    assert_eq!((taken, arena.alloc(16)), (0x1000, Ok(0x1020)));
    let wish = |wish| arena.alloc_constrained(32, &wish).unwrap_err();
    seen.push((arena.alloc(0).unwrap_err(), vec!["zero"]));
    seen.push((arena.alloc(0xffff_fffb).unwrap_err(), vec!["4294967291"]));
    seen.push((wish(Constraints { align: 77, ..Constraints::NONE }), vec!["77"]));
    seen.push((wish(Constraints { align: 64, phase: 66, ..Constraints::NONE }), vec!["66"]));
    seen.push((wish(Constraints { nocross: 19, ..Constraints::NONE }), vec!["19"]));
    seen.push((wish(Constraints { min: 0x77, max: 0x66, ..Constraints::NONE }), vec!["0x77", "0x66"]));
    seen.push((arena.add(0x5005, 160).unwrap_err(), vec!["0x5005", "160"]));
    seen.push((arena.add(0x11f0, 0x200).unwrap_err(), vec!["0x1000", "512"]));
    seen.push((arena.alloc(0x400).unwrap_err(), vec!["0x7770001", "99"]));
    seen.push((arena.alloc(0x400).unwrap_err(), vec!["1024"]));
    seen.push((arena.free(0x1010, 16).unwrap_err(), vec!["0x1010"]));
    seen.push((arena.free(0x1000, 48).unwrap_err(), vec!["0x1000", "48", "32"]));
    seen.push((arena.extend(0x1000, 32, 64).unwrap_err(), vec!["0x1000", "64"]));
    let walking = Cell::new(None);
    arena.walk(|_| walking.set(arena.alloc(1).err()));
    seen.push((walking.get().unwrap(), vec!["walk"]));
    let (arena, busy) = arena.destroy().unwrap_err();
    seen.push((busy, vec!["2"]));
    assert_eq!(arena.check(), Ok(()));
    let mut kinds: Vec<String> =
        seen.iter().map(|(error, _)| format!("{error:?}").split([' ', '(']).next().unwrap().into()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), 19, "{kinds:?}");
    for (error, words) in seen {
        let text = error.to_string();
        assert!(words.iter().all(|word| text.contains(word)), "{error:?}: {text}");
        assert!(!text.ends_with('.') && std::error::Error::source(&error).is_none());
    }
}

type Static = Arena<'static, Storage<'static>>;

/// What a source does with the arena that calls it.
type Deed = fn(&Static, &Meddler);

/// A source that does something with the arena whenever it is called.
#[derive(Default)]
struct Meddler {
    arena: RefCell<Weak<Static>>,
    bank: Bank,
    next: Cell<u32>,
    depth: Cell<u32>,
    program: RefCell<Option<Rng>>,
    /// What was tried: always the same, or by the numbers of the program.
    always: Cell<Option<Deed>>,
    known: RefCell<Vec<(u32, u32)>>,
    calls: Cell<u32>,
}

impl Meddler {
    /// The arena's own source, which lives as long as the program.
    fn arena(options: Options<'static>) -> (Rc<Static>, &'static Self) {
        let meddler: &'static Self = Box::leak(Box::default());
        let slots = vec![Slot::EMPTY; 3000].leak();
        let options = Options { import: Some(meddler), ..options };
        let arena = Rc::new(Arena::new(Storage::new(slots), options).unwrap());
        *meddler.arena.borrow_mut() = Rc::downgrade(&arena);
        meddler.next.set(0x10_0000);
        (arena, meddler)
    }

    fn meddle(&self) {
        self.calls.set(self.calls.get() + 1);
        assert!(self.calls.get() < 100_000, "the source is called again and again");
        let Some(arena) = self.arena.borrow().upgrade() else { return };
        assert_eq!(arena.check(), Ok(()), "an arena is whole while it calls");
        if self.depth.get() == 3 {
            return;
        }
        self.depth.set(self.depth.get() + 1);
        if let Some(always) = self.always.get() {
            always(&arena, self);
        }
        let roll = self.program.borrow_mut().as_mut().map(Rng::bits);
        if let Some(roll) = roll {
            self.random(&arena, roll);
        }
        assert_eq!(arena.check(), Ok(()), "an arena is whole after what its callback did");
        self.depth.set(self.depth.get() - 1);
    }

    fn random(&self, arena: &Static, roll: u64) {
        let index = (roll >> 32) as usize;
        let known = self.known.borrow().get(index % (1 + self.known.borrow().len())).copied();
        let len = 1 + (roll >> 8) as u32 % 40;
        match (roll % 16, known) {
            (0..4, _) => {
                let taken = arena.alloc(len);
                self.known.borrow_mut().extend(taken.map(|at| (at, len)));
            }
            // Given back already, now and then.
            (4..9, Some(known)) if arena.free(known.0, known.1).is_ok() => {
                self.known.borrow_mut().retain(|other| *other != known);
            }
            (9, _) => {
                arena.free_all().unwrap();
                self.known.borrow_mut().clear();
            }
            (10, Some((at, len))) => drop(arena.extend(at, len, len + 1).or_else(|_| arena.shrink(at, len, len))),
            (11, _) => drop(
                arena
                    .alloc_constrained(len, &Constraints { align: 64, ..Constraints::NONE })
                    .map(|at| self.known.borrow_mut().push((at, len))),
            ),
            (12, _) => arena.walk(|_| assert_eq!(arena.free_all(), Err(Error::Walking))),
            _ => {}
        }
    }
}

impl Import for Meddler {
    fn import(&self, request: &Request) -> Option<Span> {
        self.meddle();
        let start = self.next.get();
        self.next.set((start + request.len + 0x100).next_multiple_of(0x100).max(0x10_0000) % 0xf000_0000);
        self.bank.answers.borrow_mut().push(Answer::At(start, 0));
        self.bank.import(request)
    }

    fn release(&self, span: Span, align: u32) {
        self.bank.release(span, align);
        self.meddle();
    }
}

#[test]
fn random_calls_from_within_callbacks_leave_the_arena_whole() {
    for caches in [0, 4, 16] {
        for seed in 0..if cfg!(miri) { 1 } else { 30 } {
            let (arena, meddler) = Meddler::arena(Options { quantum_caches: caches, ..Options::new("meddled") });
            *meddler.program.borrow_mut() = Some(Rng::new(seed));
            let mut rng = Rng::new(seed + 1000);
            for _ in 0..if cfg!(miri) { 60 } else { 1500 } {
                let kinds = if rng.below(60) == 0 { 13 } else { 9 };
                let roll = rng.bits() & !0xf | u64::from(rng.below(kinds));
                meddler.random(&arena, roll);
                assert_eq!(arena.check(), Ok(()));
                assert_eq!((meddler.bank.fault.get(), meddler.depth.get()), (None, 0));
                let lent: u64 = meddler.bank.out.borrow().iter().map(|span| u64::from(span.len)).sum();
                assert_eq!(arena.size(Measure::Total), lent);
            }
            let arena = Rc::into_inner(arena).unwrap();
            drop(arena);
        }
    }
}

/// An arena with quantum caches up to 4, of which a caller holds the objects returned, all of one quantum; what was given back fills
/// both magazines, and the next object makes a slab go back to the source.
fn about_to_release() -> (Rc<Static>, &'static Meddler, Vec<u32>) {
    let (arena, meddler) = Meddler::arena(Options { quantum_caches: 4, ..Options::new("full magazines") });
    let mut taken: Vec<u32> = (0..64).map(|_| arena.alloc(1).unwrap()).collect();
    taken.sort_unstable();
    for at in taken.drain(..32) {
        assert_eq!(arena.free(at, 1), Ok(()));
    }
    assert_eq!((arena.check(), meddler.bank.returned()), (Ok(()), Vec::new()));
    (arena, meddler, taken)
}

#[test]
fn everything_given_back_while_a_segment_goes_back_is_counted_once() {
    let (arena, meddler) = Meddler::arena(Options::new("counted"));
    let at = arena.alloc(10).unwrap();
    meddler.always.set(Some(|arena, _| assert_eq!(arena.free_all(), Ok(()))));
    assert_eq!(arena.free(at, 10), Ok(()));
    assert_eq!((arena.usage().allocations, arena.usage().frees, arena.check()), (1, 1, Ok(())));
}

#[test]
fn an_object_is_not_given_back_again_while_it_goes_back() {
    let (arena, meddler, taken) = about_to_release();
    let at = taken[0];
    meddler.known.borrow_mut().push((at, 1));
    meddler.always.set(Some(|arena, meddler| {
        let (at, len) = meddler.known.borrow()[0];
        assert_eq!(arena.free(at, len), Err(Error::NotHeld(at)));
    }));
    assert_eq!(arena.free(at, 1), Ok(()));
    assert!(meddler.calls.get() > 0 && !meddler.bank.returned().is_empty());
    assert_eq!(arena.check(), Ok(()));
}

#[test]
fn everything_may_be_given_back_while_an_object_goes_back() {
    let (arena, meddler, taken) = about_to_release();
    meddler.always.set(Some(|arena, _| assert_eq!(arena.free_all(), Ok(()))));
    assert_eq!(arena.free(taken[0], 1), Ok(()));
    assert!(!meddler.bank.returned().is_empty());
    assert_eq!((arena.check(), arena.size(Measure::InUse)), (Ok(()), 0));
    assert_eq!(arena.free(taken[1], 1), Err(Error::NotHeld(taken[1])));
    assert!(arena.alloc(1).is_ok());
    assert_eq!(arena.check(), Ok(()));
}

#[test]
fn a_slab_that_comes_when_a_callback_has_filled_the_magazine_goes_back() {
    let (arena, meddler) = Meddler::arena(Options { quantum_caches: 4, ..Options::new("too late") });
    meddler.always.set(Some(|arena, meddler| {
        if meddler.depth.get() == 1 && meddler.bank.returned().is_empty() {
            let at = arena.alloc(1).unwrap();
            assert_eq!(arena.free(at, 1), Ok(()));
        }
    }));
    let at = arena.alloc(1).unwrap();
    assert_eq!(arena.check(), Ok(()));
    assert_eq!((arena.usage().held, arena.usage().cached), (1, 15));
    assert_eq!(arena.free(at, 1), Ok(()));
    assert_eq!(arena.check(), Ok(()));
}

#[test]
fn a_source_that_uses_quantum_caches_whenever_it_hears_of_a_slab_is_not_called_for_ever() {
    let (arena, meddler, taken) = about_to_release();
    meddler.always.set(Some(|arena, meddler| {
        if meddler.depth.get() == 1 {
            let taken: Vec<u32> = (0..17).map_while(|_| arena.alloc(1).ok()).collect();
            for at in taken {
                assert_eq!(arena.free(at, 1), Ok(()));
            }
        }
    }));
    assert_eq!(
        arena.alloc_constrained(1, &Constraints { max: 0xff, ..Constraints::NONE }),
        Err(Error::Exhausted { len: 1 })
    );
    for at in taken {
        assert_eq!(arena.free(at, 1), Ok(()));
    }
    assert_eq!(arena.check(), Ok(()));
}

#[test]
fn what_goes_back_to_an_arena_during_a_walk_over_it_is_not_lost() {
    let (mut slots, mut more) = ([Slot::EMPTY; 64], [Slot::EMPTY; 64]);
    let parent = Arena::new(Storage::new(&mut slots), Options::new("parent")).unwrap();
    parent.add(0, 100).unwrap();
    let child =
        Arena::new(Storage::new(&mut more), Options { import: Some(&parent), ..Options::new("child") }).unwrap();
    let at = child.alloc(10).unwrap();
    assert_eq!(parent.size(Measure::InUse), 10);
    let mut freed = Vec::new();
    parent.walk(|_| freed.push(child.free(at, 10)));
    assert_eq!((parent.check(), child.check()), (Ok(()), Ok(())));
    assert_eq!(freed, [Ok(()), Err(Error::NotHeld(at))]);
    assert!(child.destroy().is_ok());
    assert_eq!(parent.size(Measure::InUse), 0);
}
