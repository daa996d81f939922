//! Random numbers, and how long it is to the next sample.
#![forbid(unsafe_code)]

use core::cell::Cell;

/// The next number of a generator whose state is not zero (xorshift64, times a constant).
pub(crate) fn next(state: &Cell<u64>) -> u64 {
    let mut x = state.get();
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    state.set(x);
    x.wrapping_mul(0x2545_f491_4f6c_dd1d)
}

/// The binary logarithm of a number, which is not zero, in 65,536ths: its whole part, and a bit of the rest for each squaring.
fn log2(number: u64) -> u64 {
    let whole = u64::from(number.ilog2());
    let mut rest = (number << (63 - whole)) >> 32;
    let mut log = whole;
    for _ in 0..16 {
        rest = (rest * rest) >> 31;
        log <<= 1;
        if rest >> 32 != 0 {
            rest >>= 1;
            log |= 1;
        }
    }
    log
}

/// Natural logarithm of two, in 65,536ths.
const LN_2: u64 = 45_426;

/// A number of bytes to the next sample, where there is one in `mean` on the average: exponential, so without memory.
pub(crate) fn exponential(state: &Cell<u64>, mean: u32) -> u64 {
    let number = next(state) | 1;
    let halvings = (64 << 16) - log2(number);
    (((halvings * LN_2) >> 16) * u64::from(mean)) >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_right_to_a_part_in_65_536() {
        for number in [1, 2, 3, 5, 1000, 65_535, u64::from(u32::MAX), u64::MAX / 3, u64::MAX] {
            let (log, expected) = (log2(number) as f64 / 65_536.0, (number as f64).log2());
            assert!((log - expected).abs() < 1e-4, "{number}: {log}, not {expected}");
        }
    }

    #[test]
    fn waits_are_as_long_as_they_should_be_on_the_average_and_without_memory() {
        let state = Cell::new(1);
        let waits = || exponential(&state, 65_536);
        let (mut sum, mut long) = (0, 0);
        for _ in 0..100_000 {
            let wait = waits();
            sum += wait;
            long += u64::from(wait > 65_536);
        }
        assert!((sum as f64 / 6.5536e9 - 1.0).abs() < 0.02, "{sum}");
        assert!((long as f64 / 36_788.0 - 1.0).abs() < 0.02, "{long}");
    }
}
