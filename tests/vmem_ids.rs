//! Claim: an id arena hands out each id once until it comes back, the lowest free one or the one that rested longest, at any edge.
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use flagstone::vmem::{Error, IdArena, Import, Request, Reuse, Slot, Span, Storage};

#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "support/rng.rs"]
mod rng;
use rng::Rng;

/// The free ids of `ids`, by the policy, computed from a set of those held.
fn expected(ids: (u32, u32), held: &BTreeSet<u32>, last_taken: Option<u32>, reuse: Reuse) -> Option<u32> {
    let lowest_from = |from: u32| (from..=ids.1).find(|id| !held.contains(id));
    match (reuse, last_taken) {
        (Reuse::Late, Some(last)) if last < ids.1 => lowest_from(last + 1).or_else(|| lowest_from(ids.0)),
        _ => lowest_from(ids.0),
    }
}

#[test]
fn random_programs_agree_with_a_set() {
    let steps = if cfg!(miri) { 300 } else { 20_000 };
    for (seed, ids) in [(1, (0, 300)), (2, (5, 5)), (3, (63, 64)), (4, (100, 1000)), (5, (u32::MAX - 200, u32::MAX))] {
        for reuse in [Reuse::Lowest, Reuse::Late] {
            let mut slots = [Slot::EMPTY; 200];
            let arena = IdArena::new(Storage::new(&mut slots), "ids", ids.0..=ids.1, reuse).unwrap();
            let (mut rng, mut held, mut last) = (Rng::new(seed), BTreeSet::new(), None);
            for step in 0..steps {
                // Fuller and emptier in turn.
                let fill = step / 500 % 2 == 0;
                if (rng.below(100) < 60) == fill {
                    let right = expected(ids, &held, last, reuse);
                    assert_eq!(arena.alloc().ok(), right, "seed {seed}, {reuse:?}, step {step}");
                    held.extend(right);
                    last = right.or(last);
                } else if !held.is_empty() {
                    let id = *held.iter().nth(rng.below(held.len() as u32) as usize).unwrap();
                    assert_eq!(arena.free(id), Ok(()));
                    held.remove(&id);
                    assert_eq!(arena.free(id), Err(Error::NotHeld(id)));
                }
                assert_eq!(arena.len(), held.len() as u64);
            }
            for id in ids.0.saturating_sub(70)..=ids.1.saturating_add(70) {
                assert_eq!(arena.is_held(id), held.contains(&id), "{id}");
            }
            for id in held {
                assert_eq!(arena.free(id), Ok(()));
            }
            assert!(arena.is_empty());
            assert_eq!((arena.usage().in_use, arena.usage().held), (0, 0), "no run is left");
        }
    }
}

#[test]
fn all_the_numbers_there_are_can_be_ids() {
    let mut slots = [Slot::EMPTY; 40];
    let arena = IdArena::new(Storage::new(&mut slots), "all", 0..=u32::MAX, Reuse::Late).unwrap();
    assert_eq!(arena.usage().total, 1 << 32);
    assert_eq!((arena.alloc(), arena.alloc()), (Ok(0), Ok(1)));
    assert_eq!(
        IdArena::new(Storage::new(&mut [Slot::EMPTY; 40]), "none", RangeOf(2, 1).into(), Reuse::Late).err(),
        Some(Error::BadWindow { min: 2, max: 1 })
    );
}

/// An empty range, which the compiler refuses to see written out.
struct RangeOf(u32, u32);
impl From<RangeOf> for std::ops::RangeInclusive<u32> {
    fn from(range: RangeOf) -> Self {
        range.0..=range.1
    }
}

#[test]
fn without_room_for_records_ids_are_refused_and_come_back_all_the_same() {
    for count in 0..60 {
        let mut slots = vec![Slot::EMPTY; count];
        let Ok(arena) = IdArena::new(Storage::new(&mut slots), "few", 0..=100_000, Reuse::Lowest) else { continue };
        let mut taken = Vec::new();
        let refusal = loop {
            match arena.alloc() {
                Ok(id) => taken.push(id),
                Err(error) => break error,
            }
        };
        assert_eq!(refusal, Error::NoRecords);
        assert!(taken.iter().copied().eq(0..taken.len() as u32));
        for id in taken {
            assert_eq!(arena.free(id), Ok(()));
        }
        assert!(arena.is_empty());
    }
}

/// Grows by 64 slots at a time, as far as `limit`.
struct Table {
    len: Cell<u32>,
    limit: u32,
    released: RefCell<Vec<Span>>,
}

impl Import for Table {
    fn import(&self, request: &Request) -> Option<Span> {
        let (start, len) = (self.len.get(), request.len);
        (start + len <= self.limit).then(|| {
            self.len.set(start + len);
            Span { start, len }
        })
    }

    fn release(&self, span: Span, _: u32) {
        self.released.borrow_mut().push(span);
    }
}

#[test]
fn a_table_grows_only_when_no_id_is_free_and_gets_back_what_is_all_free() {
    let table = Table { len: Cell::new(0), limit: 128, released: RefCell::default() };
    let mut slots = [Slot::EMPTY; 64];
    let arena = IdArena::importing(Storage::new(&mut slots), "slots", &table, Reuse::Lowest).unwrap();
    assert!((0..128).all(|id| arena.alloc() == Ok(id) && table.len.get() == id / 64 * 64 + 64));
    assert_eq!(arena.alloc(), Err(Error::Exhausted { len: 64 }));
    assert_eq!(arena.free(17), Ok(()));
    assert_eq!(arena.alloc(), Ok(17));
    for id in 0..64 {
        assert_eq!(arena.free(id), Ok(()));
    }
    assert_eq!(*table.released.borrow(), [Span { start: 0, len: 64 }]);
}
