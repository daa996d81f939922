//! Claim: quantum caches serve lengths of a few quanta from slabs as the literature sizes and shares them, last in first out; what lies
//! idle in them goes back before a refusal, and nothing is given back twice.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;

use flagstone::vmem::{Arena, Constraints, Error, Fit, Kind, Measure, Options, Slot, Storage};

#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "support/rng.rs"]
mod rng;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "support/vmem.rs"]
mod vmem;

use rng::Rng;
use vmem::{Answer, Bank, Model};

/// Rounds of a magazine.
const ROUNDS: usize = 16;

type Plain<'a> = Arena<'a, Storage<'a>>;

/// An arena with quantum caches up to `caches` quanta, and a span from 0 on of so many quanta.
fn cached(slots: &mut [Slot], quantum: u32, caches: u32, quanta: u32) -> Plain<'_> {
    let options = Options { quantum, quantum_caches: caches * quantum, ..Options::new("cached") };
    let arena = Arena::new(Storage::new(slots), options).unwrap();
    arena.add(0, quanta * quantum).unwrap();
    arena
}

/// The slabs: first number, length, quanta of an object.
fn slabs(arena: &Plain<'_>) -> Vec<(u32, u32, u32)> {
    let mut slabs = Vec::new();
    arena.walk(|segment| {
        if let Kind::Slab { quanta, .. } = segment.kind {
            slabs.push((segment.start, segment.len, quanta));
        }
    });
    slabs
}

#[test]
fn slabs_are_a_power_of_two_above_three_of_the_longest_objects_and_begin_at_a_multiple_of_that() {
    let mut slots = vec![Slot::EMPTY; 600];
    for quantum in [1, 16, 4096] {
        for caches in 1..=16 {
            let options = Options { quantum, quantum_caches: caches * quantum, ..Options::new("sizes") };
            let arena = Arena::new(Storage::new(&mut slots), options).unwrap();
            // Not at a multiple of anything.
            arena.add(7 * quantum, 20_000 * quantum).unwrap();
            let expected =
                [4, 8, 16, 16, 16, 32, 32, 32, 32, 32, 64, 64, 64, 64, 64, 64][caches as usize - 1] * quantum;
            for quanta in 1..=caches {
                let at = arena.alloc(quanta * quantum).unwrap();
                let (start, len, objects) = slabs(&arena).into_iter().find(|slab| at - slab.0 < slab.1).unwrap();
                assert_eq!((len, start % len, (at - start) % (objects * quantum)), (expected, 0, 0));
                assert!(len > 3 * caches * quantum && objects >= quanta);
                assert_eq!(arena.check(), Ok(()));
            }
            // A longer one is no object.
            let at = arena.alloc(caches * quantum + 1).unwrap();
            assert_eq!(
                arena.whatis(at).map(|segment| (segment.start, segment.len, segment.kind)),
                Some((at, (caches + 1) * quantum, Kind::Held))
            );
        }
    }
}

#[test]
fn lengths_of_which_equally_many_fit_share_a_cache() {
    // V-65: with 8, 7 and 8 share; with 16, 13 to 16 and 11 and 12 do; the others by the same rule.
    let vectors: [(u32, &[u32]); 4] = [
        (8, &[1, 2, 3, 4, 5, 6, 8, 8]),
        (16, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 12, 16, 16, 16, 16]),
        (5, &[1, 2, 3, 4, 5]),
        (1, &[1]),
    ];
    let mut slots = vec![Slot::EMPTY; 400];
    for (caches, served) in vectors {
        let arena = cached(&mut slots, 16, caches, 4096);
        let model = Model::new(16, caches);
        for quanta in 1..=caches {
            let at = arena.alloc(quanta * 16).unwrap();
            let slab = arena.whatis(at).unwrap();
            let Kind::Slab { quanta: objects, .. } = slab.kind else { panic!("{quanta} of {caches} is no object") };
            assert_eq!(
                (objects, u64::from(objects)),
                (served[quanta as usize - 1], model.object_quanta(u64::from(quanta)))
            );
            // Any length of the same cache gives it back, no other does.
            for other in 1..=caches + 1 {
                let same = served.get(other as usize - 1) == Some(&objects);
                let freed = arena.free(at, other * 16);
                let wrong = Error::WrongLength { start: at, len: other * 16, held: objects * 16 };
                assert_eq!(freed, if same { Ok(()) } else { Err(wrong) }, "{quanta} as {other} of {caches}");
                if same {
                    assert_eq!(arena.free(at, other * 16), Err(Error::NotHeld(at)));
                    // The last one that went back is the next to come.
                    assert_eq!(arena.alloc(other * 16), Ok(at));
                }
            }
        }
        // As many slabs as there are caches.
        let kinds: BTreeSet<u32> = served.iter().copied().collect();
        assert_eq!((slabs(&arena).len(), arena.check()), (kinds.len(), Ok(())));
    }
}

#[test]
fn the_last_that_went_back_comes_first() {
    let mut slots = vec![Slot::EMPTY; 400];
    let arena = cached(&mut slots, 1, 4, 4096);
    // Ten slabs of five, so that no magazine has any left.
    let taken: Vec<u32> = (0..50).map(|_| arena.alloc(3).unwrap()).collect();
    assert_eq!((&taken[..6], arena.usage().cached), (&[0, 3, 6, 9, 12, 16][..], 0));
    for most in [1, 2, ROUNDS - 1, ROUNDS, ROUNDS + 1, 2 * ROUNDS - 1, 2 * ROUNDS] {
        for at in &taken[..most] {
            assert_eq!(arena.free(*at, 3), Ok(()));
        }
        assert_eq!(arena.check(), Ok(()));
        let again: Vec<u32> = (0..most).map(|_| arena.alloc(3).unwrap()).collect();
        assert!(again.iter().eq(taken[..most].iter().rev()), "{most}: {again:?}");
    }
    // Beyond two magazines the older ones go back to their slabs, and the newest still comes first.
    for at in &taken[..=2 * ROUNDS] {
        assert_eq!(arena.free(*at, 3), Ok(()));
    }
    let again: Vec<u32> = (0..=ROUNDS).map(|_| arena.alloc(3).unwrap()).collect();
    assert!(again.iter().eq(taken[ROUNDS..=2 * ROUNDS].iter().rev()), "{again:?}");
    assert_eq!(arena.check(), Ok(()));
}

#[test]
fn a_cache_at_the_edge_of_a_magazine_neither_takes_nor_gives_slabs() {
    let mut slots = vec![Slot::EMPTY; 400];
    let arena = cached(&mut slots, 1, 4, 4096);
    let mut taken: Vec<u32> = (0..64).map(|_| arena.alloc(1).unwrap()).collect();
    for _ in 0..3 * ROUNDS {
        // Back and forth at each place: what the first pair of calls needs is enough for all.
        let mut before = None;
        for _ in 0..5 {
            let at = arena.alloc(1).unwrap();
            assert_eq!(arena.free(at, 1), Ok(()));
            assert_eq!(*before.get_or_insert_with(|| slabs(&arena)), slabs(&arena));
        }
        assert_eq!((arena.free(taken.pop().unwrap(), 1), arena.check()), (Ok(()), Ok(())));
    }
}

#[test]
fn an_object_given_back_twice_is_noticed_wherever_it_is() {
    let mut slots = vec![Slot::EMPTY; 600];
    let arena = cached(&mut slots, 16, 8, 8192);
    let mut rng = Rng::new(12);
    let mut live: Vec<(u32, u32)> = Vec::new();
    let mut gone: Vec<(u32, u32)> = Vec::new();
    for step in 0..if cfg!(miri) { 200 } else { 8000 } {
        if rng.below(100) < if step / 300 % 2 == 0 { 65 } else { 35 } && live.len() < 400 {
            let len = 1 + rng.below(128);
            let at = arena.alloc(len).unwrap();
            gone.retain(|other| other.0 != at);
            live.push((at, len));
        } else if !live.is_empty() {
            let (at, len) = live.swap_remove(rng.below(live.len() as u32) as usize);
            assert_eq!(arena.free(at, len), Ok(()));
            gone.push((at, len));
        }
        // In the loaded magazine, in the other one, in a slab, in no slab any more.
        let from = gone.len().saturating_sub(60);
        for &(at, len) in &gone[from..] {
            assert_eq!(arena.free(at, len), Err(Error::NotHeld(at)), "step {step}");
        }
        if let Some(&(at, len)) = live.get(rng.below(1 + live.len() as u32) as usize) {
            for inside in [1, 15, 16] {
                let begins = live.iter().any(|other| other.0 == at + inside);
                assert!(begins || arena.free(at + inside, len) == Err(Error::NotHeld(at + inside)), "step {step}");
            }
        }
        assert_eq!(arena.check(), Ok(()));
    }
}

#[test]
fn what_lies_idle_goes_back_before_a_request_is_refused() {
    let mut slots = vec![Slot::EMPTY; 600];
    for caches in [1, 4, 8, 16] {
        let arena = cached(&mut slots, 1, caches, 512);
        let mut live = Vec::new();
        while let Ok(at) = arena.alloc(1 + live.len() as u32 % caches) {
            live.push((at, 1 + live.len() as u32 % caches));
        }
        // All was handed out, but for what does not fit and other lengths' objects.
        assert_eq!(arena.check(), Ok(()));
        for (at, len) in live.drain(..) {
            assert_eq!(arena.free(at, len), Ok(()));
        }
        assert!(arena.usage().cached > 0 && arena.usage().largest_free < 512);
        assert_eq!((arena.alloc(512), arena.usage().cached, arena.check()), (Ok(0), 0, Ok(())));
        // With nothing left, short lengths are refused as well, and served again once something is.
        assert_eq!(
            (arena.alloc(1), arena.alloc(caches)),
            (Err(Error::Exhausted { len: 1 }), Err(Error::Exhausted { len: caches }))
        );
        assert_eq!(arena.free(0, 512), Ok(()));
        let at = arena.alloc(1).unwrap();
        assert_eq!((arena.check(), arena.free(at, 1), arena.destroy().is_ok()), (Ok(()), Ok(()), true));
    }
}

#[test]
fn short_lengths_are_served_where_no_slab_fits() {
    let mut slots = vec![Slot::EMPTY; 400];
    // Spans as long as a slab but not at a multiple of it, and shorter ones.
    let options = Options { quantum_caches: 4, ..Options::new("no slab") };
    let arena = Arena::new(Storage::new(&mut slots), options).unwrap();
    for start in [8, 40, 101, 200] {
        arena.add(start, 15).unwrap();
    }
    let mut live = Vec::new();
    while let Ok(at) = arena.alloc(3) {
        live.push(at);
    }
    assert_eq!((live.len(), slabs(&arena), arena.check()), (20, vec![], Ok(())));
    for at in live {
        assert_eq!(arena.free(at, 4), Err(Error::WrongLength { start: at, len: 4, held: 3 }));
        assert_eq!((arena.free(at, 3), arena.free(at, 3)), (Ok(()), Err(Error::NotHeld(at))));
    }
    assert_eq!((arena.size(Measure::InUse), arena.destroy().is_ok()), (0, true));
}

#[test]
fn an_object_has_one_length_and_may_be_called_by_those_that_share_its_cache() {
    let mut slots = vec![Slot::EMPTY; 400];
    let arena = cached(&mut slots, 1, 16, 4096);
    let at = arena.alloc(13).unwrap();
    let before = arena.dump().to_string();
    assert_eq!(
        (arena.extend(at, 13, 16), arena.shrink(at, 16, 14), arena.extend(at, 14, 14)),
        (Ok(()), Ok(()), Ok(()))
    );
    assert_eq!(arena.extend(at, 14, 17), Err(Error::NoRoom { start: at, len: 17 }));
    assert_eq!(arena.shrink(at, 14, 12), Err(Error::NoRoom { start: at, len: 12 }));
    assert_eq!(arena.extend(at, 14, 13), Err(Error::NoRoom { start: at, len: 13 }));
    assert_eq!(arena.shrink(at, 14, 15), Err(Error::NoRoom { start: at, len: 15 }));
    assert_eq!(arena.extend(at, 12, 16), Err(Error::WrongLength { start: at, len: 12, held: 16 }));
    assert_eq!(arena.shrink(at, 12, 1), Err(Error::WrongLength { start: at, len: 12, held: 16 }));
    assert_eq!(
        (arena.extend(at + 1, 13, 16), arena.shrink(at + 16, 16, 13)),
        (Err(Error::NotHeld(at + 1)), Err(Error::NotHeld(at + 16)))
    );
    assert_eq!((arena.extend(at, 14, 0), arena.shrink(at, 0, 13)), (Err(Error::ZeroLength), Err(Error::ZeroLength)));
    assert_eq!((arena.dump().to_string(), arena.free(at, 16), arena.check()), (before, Ok(()), Ok(())));
}

#[test]
fn constrained_requests_do_not_come_from_quantum_caches_and_do_not_disturb_them() {
    let mut slots = vec![Slot::EMPTY; 600];
    let arena = cached(&mut slots, 1, 8, 4096);
    let objects: Vec<u32> = (0..40).map(|_| arena.alloc(5).unwrap()).collect();
    let before = slabs(&arena);
    let mut segments = Vec::new();
    for (index, fit) in [Fit::Instant, Fit::Best, Fit::Next].into_iter().cycle().take(30).enumerate() {
        let wish = Constraints { align: 1 << (index % 5), fit: Some(fit), ..Constraints::NONE };
        let at = arena.alloc_constrained(5, &wish).unwrap();
        assert_eq!(
            arena.whatis(at).map(|segment| (segment.start, segment.len, segment.kind)),
            Some((at, 5, Kind::Held))
        );
        segments.push(at);
    }
    assert_eq!((slabs(&arena), arena.check()), (before, Ok(())));
    for at in segments {
        assert_eq!(
            (arena.free(at, 6), arena.free(at, 5)),
            (Err(Error::WrongLength { start: at, len: 6, held: 5 }), Ok(()))
        );
    }
    for at in objects {
        assert_eq!(arena.free(at, 5), Ok(()));
    }
    assert!(arena.destroy().is_ok());
}

#[test]
fn all_is_given_back_at_once_from_any_state() {
    let mut slots = vec![Slot::EMPTY; 900];
    let arena = cached(&mut slots, 16, 16, 16_384);
    let fresh = arena.dump().to_string();
    let mut rng = Rng::new(13);
    for _ in 0..if cfg!(miri) { 2 } else { 60 } {
        let mut live: Vec<(u32, u32)> = Vec::new();
        for _ in 0..rng.below(300) {
            if rng.below(3) == 0 && !live.is_empty() {
                let (at, len) = live.swap_remove(rng.below(live.len() as u32) as usize);
                assert_eq!(arena.free(at, len), Ok(()));
            } else {
                let len = 1 + rng.below(400);
                live.push((arena.alloc(len).unwrap(), len));
            }
        }
        assert_eq!((arena.free_all(), arena.check()), (Ok(()), Ok(())));
        let usage = arena.usage();
        assert_eq!((usage.in_use, usage.cached, usage.held, usage.allocations), (0, 0, 0, usage.frees));
        assert_eq!(arena.dump().to_string(), fresh);
        for (at, len) in live {
            assert_eq!(arena.free(at, len), Err(Error::NotHeld(at)));
        }
    }
}

#[test]
fn slabs_are_imported_and_go_back_when_nothing_of_them_is_held() {
    let bank = Bank::answering(&[Answer::At(0x1007, 0), Answer::Nothing, Answer::At(0x2000, 0), Answer::Nothing]);
    let mut slots = vec![Slot::EMPTY; 300];
    let options = Options { import: Some(&bank), quantum_caches: 4, ..Options::new("imported slabs") };
    let arena = Arena::new(Storage::new(&mut slots), options).unwrap();
    // Wherever the span lies, a slab of 16 at a multiple of 16 is in it.
    assert_eq!((arena.alloc(4), bank.lengths()), (Ok(0x1010), vec![31]));
    let others = [arena.alloc(4).unwrap(), arena.alloc(4).unwrap()];
    assert_eq!((others, bank.lengths(), arena.check()), ([0x1014, 0x1018], vec![], Ok(())));
    // No slab of single ones can be had: what lies around the other slab serves.
    assert_eq!((arena.alloc(1), bank.lengths(), arena.check()), (Ok(0x1020), vec![31], Ok(())));
    assert_eq!((arena.alloc(1), bank.lengths(), arena.check()), (Ok(0x2000), vec![31], Ok(())));
    assert_eq!((arena.free(0x2000, 1), bank.returned()), (Ok(()), vec![]));
    // Refused: what is idle goes back, and the rest when it is no longer held.
    assert_eq!(arena.alloc(100), Err(Error::Exhausted { len: 100 }));
    assert_eq!((bank.lengths(), bank.returned()), (vec![100], vec![(0x2000, 31)]));
    for (at, len) in [(0x1010, 4), (0x1014, 4), (0x1018, 4), (0x1020, 1)] {
        assert_eq!((arena.free(at, len), bank.returned()), (Ok(()), vec![]));
    }
    assert!(arena.destroy().is_ok());
    assert_eq!((bank.returned(), bank.fault.get()), (vec![(0x1007, 31)], None));
}

#[test]
fn a_request_of_a_cached_length_asks_the_source_for_a_slab_and_then_for_itself() {
    for (factor, asked) in [(1, vec![31, 2]), (3, vec![93, 31, 6, 2])] {
        let bank = Bank::default();
        let mut slots = vec![Slot::EMPTY; 300];
        let options = Options { import: Some(&bank), import_factor: factor, quantum_caches: 4, ..Options::new("asks") };
        let arena = Arena::new(Storage::new(&mut slots), options).unwrap();
        assert_eq!((arena.alloc(2), bank.lengths()), (Err(Error::Exhausted { len: 2 }), asked.clone()));
        let mut answers = vec![Answer::Nothing; asked.len()];
        answers[0] = Answer::At(0x100, 0);
        *bank.answers.borrow_mut() = answers;
        assert_eq!((arena.alloc(2), bank.lengths(), arena.check()), (Ok(0x100), asked, Ok(())));
        assert_eq!((arena.free(0x100, 2), bank.returned()), (Ok(()), vec![(0x100, 2)]));
    }
}

#[test]
fn counts_tell_idle_objects_from_held_ones() {
    let mut slots = vec![Slot::EMPTY; 300];
    let arena = cached(&mut slots, 16, 4, 1024);
    let taken: Vec<u32> = (0..7).map(|_| arena.alloc(48).unwrap()).collect();
    // Five objects of three quanta to a slab of sixteen, and two such slabs.
    let usage = arena.usage();
    assert_eq!((usage.held, usage.in_use, usage.cached, usage.allocations), (2, 512, 3 * 48, 7));
    for (index, at) in taken.iter().enumerate() {
        assert_eq!((arena.free(*at, 48), arena.usage().cached), (Ok(()), (4 + index as u64) * 48));
    }
    assert_eq!((arena.usage().frees, arena.size(Measure::InUse), arena.check()), (7, 512, Ok(())));
    let arena = arena.destroy().map_or_else(|(arena, _)| Some(arena), |()| None);
    assert!(arena.is_none(), "idle objects keep no arena");
}
