//! What a sample stands for.
#![forbid(unsafe_code)]

/// How many objects a sample of `used` bytes stands for, in 256ths, where a byte in `rate` is sampled on the average: one over the
/// chance that it was, `1 - exp(-used / rate)`.
pub(crate) fn weight(used: u32, rate: u32) -> u64 {
    if rate == 0 {
        return 256;
    }
    let x = f64::from(used) / f64::from(rate);
    let count = if x < 0.5 { 1.0 / x + 0.5 + x / 12.0 - x * x * x / 720.0 } else { 1.0 / (1.0 - exp(-x)) };
    (count * 256.0 + 0.5) as u64
}

/// `e` to the power of a number that is not above zero: a series for a sixteenth of it, squared four times.
fn exp(x: f64) -> f64 {
    if x < -40.0 {
        return 0.0;
    }
    let y = x / 16.0;
    let (mut sum, mut term) = (1.0, 1.0);
    for n in 1..16_u8 {
        term *= y / f64::from(n);
        sum += term;
    }
    for _ in 0..4 {
        sum *= sum;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_one_over_the_chance() {
        for (used, rate) in [(8, 65_536), (1000, 65_536), (40_000, 65_536), (65_536, 65_536), (1 << 20, 65_536), (8, 1)]
        {
            let chance = 1.0 - (-f64::from(used) / f64::from(rate)).exp();
            let weight = weight(used, rate) as f64 / 256.0;
            assert!((weight * chance - 1.0).abs() < 0.01, "{used} of {rate}: {weight}");
        }
        assert_eq!(weight(24, 0), 256);
    }
}
