//! Claim: the cases of the classic's own test (T-1 to T-14 of NetBSD's subr_vmem.c, described in our words) hold, for both fits.
#![forbid(unsafe_code)]

use flagstone::vmem::{Arena, Constraints, Error, Fit, Options, Slot, Storage};

/// The spans of the test, not in the order of their numbers.
const SPANS: [(u32, u32); 7] =
    [(0, 50), (100, 200), (2000, 1), (40_000, 65_536), (10_000, 10_000), (500, 1000), (0xffff_ff00, 0x100)];

fn within(arena: &Arena<'_, Storage<'_>>, len: u32, min: u32, max: u32) -> Result<u32, Error> {
    let taken = arena.alloc_constrained(len, &Constraints { min, max, ..Constraints::NONE });
    assert_eq!(arena.check(), Ok(()));
    taken
}

#[test]
fn the_cases_of_the_classic() {
    for fit in [Fit::Instant, Fit::Best, Fit::Next] {
        let mut slots = [Slot::EMPTY; 100];
        let arena = Arena::new(Storage::new(&mut slots), Options { fit, ..Options::new("test") }).unwrap();
        assert!(arena.dump().to_string().starts_with("arena test, quantum 1: 0 of 0 in use"));
        for (start, len) in SPANS {
            assert_eq!(arena.add(start, len), Ok(()));
            assert_eq!(arena.check(), Ok(()));
        }
        let top = 0xffff_ff00;
        assert_eq!(within(&arena, 0x101, top, u32::MAX), Err(Error::Exhausted { len: 0x101 }));
        assert_eq!(within(&arena, 50, 0, 49), Ok(0));
        assert_eq!(arena.free(0, 50), Ok(()));
        assert_eq!(within(&arena, 25, 0, 24), Ok(0));
        assert_eq!(within(&arena, 0x100, top + 1, u32::MAX), Err(Error::Exhausted { len: 0x100 }));
        assert_eq!(within(&arena, 0x100, top, u32::MAX - 1), Err(Error::Exhausted { len: 0x100 }));
        assert_eq!(within(&arena, 0x100, top, u32::MAX), Ok(top));
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
