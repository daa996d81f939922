//! Claim: a request with constraints gets the lowest number of a free segment that meets them, and is refused only where none does,
//! down to 0 and up to 2^32, as trying every number shows; nothing wraps.
#![forbid(unsafe_code)]

use flagstone::vmem::{Arena, Constraints, Error, Fit, Options, Slot, Storage};

#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "support/rng.rs"]
mod rng;
use rng::Rng;

/// The numbers from which a request is as it wishes, by the words of its documentation, one number after the other.
fn allowed(run: (u64, u64), len: u64, quantum: u64, wish: &Constraints) -> impl Iterator<Item = u64> {
    let (align, phase, nocross) = (u64::from(wish.align).max(quantum), u64::from(wish.phase), u64::from(wish.nocross));
    let (min, max) = (u64::from(wish.min), u64::from(wish.max));
    (run.0..run.1).filter(move |at| {
        let last = at + len - 1;
        let apart = nocross != 0 && at / nocross != last / nocross;
        at % align == phase && !apart && *at >= min && last <= max && last < run.1
    })
}

/// An arena with a span for each run, all free.
fn arena<'s>(slots: &'s mut [Slot], runs: &[(u64, u64)], quantum: u32, fit: Fit) -> Arena<'s, Storage<'s>> {
    let arena = Arena::new(Storage::new(slots), Options { quantum, fit, ..Options::new("fit") }).unwrap();
    for (start, end) in runs {
        assert_eq!(arena.add(*start as u32, (end - start) as u32), Ok(()));
    }
    arena
}

/// That the one free segment of this arena serves the request at its lowest place, or any where next fit goes on from some number
/// of it, or that the request is refused where it has none.
fn agrees(arena: &Arena<'_, Storage<'_>>, run: (u64, u64), len: u32, wish: &Constraints, fit: Fit) {
    let quantum = arena.quantum();
    let rounded = u64::from(len.next_multiple_of(quantum));
    let expected = allowed(run, rounded, u64::from(quantum), wish).next();
    let taken = arena.alloc_constrained(len, wish);
    let right = expected.map_or(Err(Error::Exhausted { len: rounded as u32 }), |at| Ok(at as u32));
    let one_of_them = |at: u32| allowed(run, rounded, u64::from(quantum), wish).any(|place| place == u64::from(at));
    if taken != right && !(fit == Fit::Next && taken.is_ok_and(one_of_them)) {
        panic!("{taken:x?}, not {right:x?}, for {len} of {run:x?}, quantum {quantum}: {wish:x?}");
    }
    if let Ok(at) = taken {
        assert_eq!(arena.free(at, len), Ok(()));
    }
}

/// All alignments with a phase and a boundary that are legal for a length, below 2^`powers` quanta.
fn wishes(len: u32, quantum: u32, powers: u32) -> Vec<Constraints> {
    let mut wishes = Vec::new();
    for align in (0..powers).map(|power| quantum << power) {
        for phase in (0..align / quantum).map(|quanta| quanta * quantum) {
            let powers = (0..powers).map(|power| quantum << power);
            for nocross in powers.filter(|nocross| phase % nocross + len <= *nocross).chain([0]) {
                wishes.push(Constraints { align, phase, nocross, ..Constraints::NONE });
            }
        }
    }
    wishes
}

/// Every segment, length, alignment, phase and boundary in a universe of so many numbers that begins at `base`.
fn exhaust(base: u64, size: u64, powers: u32, lengths: u32) {
    let mut slots = [Slot::EMPTY; 64];
    for start in 0..size {
        for end in start + 1..=size {
            let run = (base + start, base + end);
            let arena = arena(&mut slots, &[run], 1, Fit::Best);
            for len in 1..=lengths {
                for wish in wishes(len, 1, powers) {
                    agrees(&arena, run, len, &wish, Fit::Best);
                }
            }
            assert_eq!(arena.check(), Ok(()));
        }
    }
}

#[test]
fn every_constraint_in_a_small_universe_is_met_at_the_lowest_number() {
    exhaust(0, if cfg!(miri) { 3 } else { 20 }, if cfg!(miri) { 2 } else { 5 }, 8);
}

#[test]
fn every_constraint_below_the_greatest_number_is_met_without_wrapping() {
    let size = if cfg!(miri) { 3 } else { 20 };
    exhaust((1 << 32) - size, size, if cfg!(miri) { 2 } else { 5 }, 8);
}

#[test]
fn every_window_in_a_small_universe_is_kept() {
    let mut slots = [Slot::EMPTY; 64];
    let size = if cfg!(miri) { 3 } else { 11 };
    for base in [0, 32, (1 << 32) - size] {
        for (start, end) in (0..size).flat_map(|start| (start + 1..=size).map(move |end| (start, end))) {
            let run = (base + start, base + end);
            let arena = arena(&mut slots, &[run], 1, Fit::Instant);
            for (min, max) in (0..size).flat_map(|min| (min..size).map(move |max| (min, max))) {
                for (len, wish) in
                    [1, 2, 3, 5].into_iter().flat_map(|len| wishes(len, 1, 4).into_iter().map(move |w| (len, w)))
                {
                    // A few of the wishes for each window; each comes up with many of them.
                    if (min * 7 + max * 3 + u64::from(wish.align + wish.nocross)) % 3 == 0 {
                        let wish = Constraints { min: (base + min) as u32, max: (base + max) as u32, ..wish };
                        agrees(&arena, run, len, &wish, Fit::Best);
                    }
                }
            }
        }
    }
}

#[test]
fn random_constraints_at_the_bottom_and_the_top_agree_with_trying() {
    let mut rng = Rng::new(0xf17);
    let mut slots = [Slot::EMPTY; 64];
    for round in 0..if cfg!(miri) { 10 } else { 3000_u64 } {
        let quantum = 1 << rng.below(5);
        let size = u64::from(1 + rng.below(60)) * u64::from(quantum);
        let places = [0, u64::from(rng.below(1 << 20)) * u64::from(quantum), (1 << 32) - size, (1 << 31) - size / 2];
        let start = places[rng.below(4) as usize] & !u64::from(quantum - 1);
        let run = (start, (start + size).min(1 << 32));
        let fit = [Fit::Instant, Fit::Best, Fit::Next][round as usize % 3];
        let arena = arena(&mut slots, &[run], quantum, fit);
        for _ in 0..20 {
            let len = 1 + rng.below(24 * quantum);
            let align = quantum << rng.below(6);
            let phase = rng.below(align / quantum) * quantum;
            let nocross = if rng.below(2) == 0 { 0 } else { quantum << rng.below(7) };
            let edge = |rng: &mut Rng| {
                (run.0 + u64::from(rng.below(size as u32)))
                    .wrapping_sub(u64::from(rng.below(3)) * u64::from(quantum))
                    .min(u64::from(u32::MAX)) as u32
            };
            let (mut min, mut max) = (0, u32::MAX);
            if rng.below(2) == 0 {
                (min, max) = (edge(&mut rng), edge(&mut rng));
                (min, max) = (min.min(max), min.max(max));
            }
            let wish = Constraints { align, phase, nocross, min, max, fit: None };
            let rounded = len.next_multiple_of(quantum);
            if nocross != 0 && phase % nocross + rounded > nocross {
                assert_eq!(arena.alloc_constrained(len, &wish), Err(Error::BadNoCross(nocross)));
            } else {
                agrees(&arena, run, len, &wish, fit);
            }
        }
    }
}

#[test]
fn large_alignments_near_the_top_find_the_one_place_there_is_or_none() {
    let mut slots = [Slot::EMPTY; 64];
    // The whole range, and what begins and ends at its edges.
    let runs =
        [(0_u64, 1 << 31), (1 << 31, (1 << 32) - 1), (0xffff_0000, 1 << 32), (0xffff_ff00, 1 << 32), (1, 1 << 31)];
    for run in runs {
        let arena = arena(&mut slots, &[(run.0, run.1.min(run.0 + 0xffff_ffff))], 1, Fit::Best);
        for power in 0..32 {
            for (phase, nocross) in (0..=power.min(31))
                .flat_map(|shift| [(1_u32 << shift) - 1, 1 << shift])
                .flat_map(|phase| [(phase, 0), (phase, 1 << 31), (phase, 1 << 16)])
            {
                for len in [1_u32, 2, 0x10, 0x100, 0xffff, 0x1_0000, 1 << 31] {
                    let align = 1_u32 << power;
                    let wish = Constraints { align, phase, nocross, ..Constraints::NONE };
                    let taken = arena.alloc_constrained(len, &wish);
                    let crosses = nocross != 0 && u64::from(phase % nocross) + u64::from(len) > u64::from(nocross);
                    if phase >= align {
                        assert_eq!(taken, Err(Error::BadPhase(phase)));
                    } else if crosses {
                        assert_eq!(taken, Err(Error::BadNoCross(nocross)));
                    } else {
                        let first = run.0 / u64::from(align) * u64::from(align) + u64::from(phase);
                        let step = u64::from(align);
                        let fits = |at: &u64| {
                            let last = at + u64::from(len) - 1;
                            *at >= run.0
                                && last < run.1
                                && (nocross == 0 || at / u64::from(nocross) == last / u64::from(nocross))
                        };
                        // No boundary is further than 2^31, so a place comes within so many steps, or never.
                        let steps = (u64::from(nocross.max(1)) / step).min(1 << 17) + 3;
                        let place = (0..steps).map(|index| first + index * step).find(fits);
                        let near = (0..steps).map(|index| first + index * step).take_while(|at| *at < run.1).count()
                            as u64
                            == steps;
                        if place.is_some() || !near {
                            let right = place.map_or(Err(Error::Exhausted { len }), |at| Ok(at as u32));
                            assert_eq!(taken, right, "{len} of {run:x?}: {wish:x?}");
                        }
                    }
                    if let Ok(at) = taken {
                        assert_eq!(arena.free(at, len), Ok(()));
                    }
                }
            }
        }
        assert_eq!(arena.check(), Ok(()));
    }
}

#[test]
fn best_fit_takes_the_shortest_segment_with_a_place_and_the_lowest_of_those() {
    let mut rng = Rng::new(0xbe57);
    let mut slots = vec![Slot::EMPTY; 400];
    for _ in 0..if cfg!(miri) { 4 } else { 1500 } {
        // Runs of random lengths, with gaps between.
        let mut runs: Vec<(u64, u64)> = Vec::new();
        let mut cursor = u64::from(rng.below(50));
        for _ in 0..1 + rng.below(12) {
            let len = u64::from(1 + rng.below(30));
            runs.push((cursor, cursor + len));
            cursor += len + 1 + u64::from(rng.below(9));
        }
        for swap in 0..runs.len() {
            runs.swap(swap, rng.below(swap as u32 + 1) as usize);
        }
        let arena = arena(&mut slots, &runs, 1, Fit::Next);
        for _ in 0..10 {
            let len = 1 + rng.below(20);
            let mut choices = wishes(len, 1, 5);
            let mut wish = choices.swap_remove(rng.below(choices.len() as u32) as usize);
            wish.fit = Some(Fit::Best);
            wish.min = if rng.below(3) == 0 { rng.below(100) } else { 0 };
            let best =
                runs.iter().filter_map(|run| Some((run.1 - run.0, allowed(*run, u64::from(len), 1, &wish).next()?)));
            let right = best.min().map_or(Err(Error::Exhausted { len }), |(_, at)| Ok(at as u32));
            let taken = arena.alloc_constrained(len, &wish);
            assert_eq!(taken, right, "{len} of {runs:?}: {wish:?}");
            for fit in [Fit::Instant, Fit::Next] {
                if let Ok(at) = taken {
                    assert_eq!(arena.free(at, len), Ok(()));
                }
                let other = arena.alloc_constrained(len, &Constraints { fit: Some(fit), ..wish });
                assert_eq!(other.is_ok(), taken.is_ok(), "{fit:?}");
                if let Ok(at) = other {
                    let run = runs.iter().find(|run| run.0 <= u64::from(at) && u64::from(at) < run.1).unwrap();
                    // What next fit took last may be in the same run.
                    if fit == Fit::Instant {
                        assert_eq!(allowed(*run, u64::from(len), 1, &wish).next(), Some(u64::from(at)));
                    }
                    assert_eq!(arena.free(at, len), Ok(()));
                    if taken.is_ok() {
                        assert_eq!(arena.alloc_constrained(len, &wish), taken);
                    }
                }
            }
            if let Ok(at) = taken {
                assert_eq!(arena.free(at, len), Ok(()));
            }
        }
    }
}

#[test]
fn the_whole_range_of_numbers_is_one_span_and_one_quantum_short_of_it_is_a_segment() {
    let mut slots = [Slot::EMPTY; 64];
    // No length is 2^32: two spans make up the whole range.
    for quantum in [1_u32, 4096, 1 << 31] {
        let half = 1 << 31;
        let arena = arena(&mut slots, &[(half, 1 << 32), (0, half)], quantum, Fit::Instant);
        assert_eq!(arena.size(flagstone::vmem::Measure::Total), 1 << 32);
        let low = arena.alloc(1 << 31).unwrap();
        let high = arena.alloc(1 << 31).unwrap();
        assert_eq!((low ^ high, arena.alloc(1)), (1 << 31, Err(Error::Exhausted { len: quantum })));
        assert_eq!(arena.check(), Ok(()));
        assert_eq!((arena.free(low, 1 << 31), arena.free(high, 1 << 31), arena.check()), (Ok(()), Ok(()), Ok(())));
    }
    let arena = Arena::new(Storage::new(&mut slots), Options::new("all but one")).unwrap();
    assert_eq!((arena.add(1, u32::MAX), arena.alloc(u32::MAX)), (Ok(()), Ok(1)));
    assert_eq!((arena.free(1, u32::MAX), arena.check()), (Ok(()), Ok(())));
}
