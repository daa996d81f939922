//! Claim: the cases of the classic's own test (T-1 to T-14 of NetBSD's subr_vmem.c, described in our words) hold, for both fits.
#![forbid(unsafe_code)]

use flagstone::vmem::{Arena, Constraints, Error, Fit, Options, Slot, Storage};

/// The spans of the test in quanta, not in the order of their numbers. The last but one is shorter where there are not so many
/// quanta; the last ends at the greatest number there is.
fn spans(quantum: u32) -> [(u32, u32); 7] {
    let quanta = (1_u64 << 32) / u64::from(quantum);
    let long = if quanta > 200_000 { 65_536 } else { 20_000 };
    let top = (quanta - 0x100) as u32;
    [(0, 50), (100, 200), (2000, 1), (40_000, long), (10_000, 10_000), (500, 1000), (top, 0x100)]
}

#[test]
fn the_cases_of_the_classic() {
    for quantum in [1, 16, 4096, 65_536] {
        for fit in [Fit::Instant, Fit::Best, Fit::Next] {
            let mut slots = [Slot::EMPTY; 100];
            let arena = Arena::new(Storage::new(&mut slots), Options { quantum, fit, ..Options::new("test") }).unwrap();
            let nothing = format!("arena test, quantum {quantum}: 0 of 0 in use");
            assert!(arena.dump().to_string().starts_with(&nothing));
            for (start, len) in spans(quantum) {
                assert_eq!(arena.add(start * quantum, len * quantum), Ok(()));
                assert_eq!(arena.check(), Ok(()));
            }
            // First and last quantum of a window, to the very last number.
            let within = |len: u32, first: u32, last: u32| {
                let (min, max) = (first * quantum, last * quantum + (quantum - 1));
                let taken = arena.alloc_constrained(len * quantum, &Constraints { min, max, ..Constraints::NONE });
                assert_eq!(arena.check(), Ok(()));
                taken
            };
            let top = spans(quantum)[6].0;
            assert_eq!(within(0x101, top, top + 0xff), Err(Error::Exhausted { len: 0x101 * quantum }));
            assert_eq!(within(50, 0, 49), Ok(0));
            assert_eq!(arena.free(0, 50 * quantum), Ok(()));
            assert_eq!(within(25, 0, 24), Ok(0));
            assert_eq!(within(0x100, top + 1, top + 0xff), Err(Error::Exhausted { len: 0x100 * quantum }));
            assert_eq!(within(0x100, top, top + 0xfe), Err(Error::Exhausted { len: 0x100 * quantum }));
            assert_eq!(within(0x100, top, top + 0xff), Ok(top * quantum));
        }
    }
}

#[test]
fn a_segment_at_the_top_is_not_left_by_rounding_up() {
    let mut slots = [Slot::EMPTY; 100];
    let arena = Arena::new(Storage::new(&mut slots), Options::new("top")).unwrap();
    arena.add(0xffff_ff00, 0x100).unwrap();
    for (align, max) in [(0x1000, u32::MAX), (0x200, u32::MAX), (1 << 31, u32::MAX)] {
        let constraints = Constraints { align, max, ..Constraints::NONE };
        assert_eq!(arena.alloc_constrained(0x10, &constraints), Err(Error::Exhausted { len: 0x10 }));
    }
    let constraints = Constraints { align: 0x10, max: 0xffff_fff8, min: 0xffff_fff0, ..Constraints::NONE };
    assert_eq!(arena.alloc_constrained(0x10, &constraints), Err(Error::Exhausted { len: 0x10 }));
    assert_eq!(arena.alloc_constrained(0x10, &Constraints { max: u32::MAX, ..constraints }), Ok(0xffff_fff0));
}

#[test]
fn instant_fit_takes_a_segment_of_just_the_length_before_a_longer_one() {
    for len in [1, 2, 3, 4, 6, 8, 12, 64, 96, 1024] {
        let mut slots = [Slot::EMPTY; 100];
        let arena = Arena::new(Storage::new(&mut slots), Options::new("exact")).unwrap();
        arena.add(0, len).unwrap();
        arena.add(100_000, 4 * len + 1).unwrap();
        assert_eq!(arena.alloc(len), Ok(0));
    }
}

#[test]
fn next_fit_uses_numbers_again_only_when_it_has_come_round() {
    let mut slots = [Slot::EMPTY; 100];
    let arena = Arena::new(Storage::new(&mut slots), Options { fit: Fit::Next, ..Options::new("round") }).unwrap();
    arena.add(100, 100).unwrap();
    arena.add(1000, 50).unwrap();
    let kept = arena.alloc(10).unwrap();
    assert_eq!(kept, 100);
    for start in (110..200).step_by(10).chain((1000..1050).step_by(10)).chain((110..200).step_by(10)).chain([1000]) {
        assert_eq!(arena.alloc(10), Ok(start));
        assert_eq!(arena.free(start, 10), Ok(()));
    }
}
