//! Sizes and addresses as sentences and tables write them.
#![forbid(unsafe_code)]

use core::fmt;

/// A number of bytes, in the unit that suits it, with at most three digits that matter: `64 B`, `1.5 KiB`, `977 KiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

const UNITS: [&str; 4] = ["B", "KiB", "MiB", "GiB"];

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1024 {
            return write!(f, "{} B", self.0);
        }
        // A thousand of a unit would be four digits, so it goes to the next one.
        let unit = (1..3).find(|&unit| scaled(self.0, unit, 1) < 1000).unwrap_or(3);
        let hundredths = scaled(self.0, unit, 100);
        let (whole, rest) = match hundredths {
            0..1000 => (hundredths / 100, hundredths % 100),
            1000..10_000 => (scaled(self.0, unit, 10) / 10, scaled(self.0, unit, 10) % 10 * 10),
            _ => (scaled(self.0, unit, 1), 0),
        };
        match rest {
            0 => write!(f, "{whole} {}", UNITS[unit]),
            rest if rest % 10 == 0 => write!(f, "{whole}.{} {}", rest / 10, UNITS[unit]),
            rest => write!(f, "{whole}.{rest:02} {}", UNITS[unit]),
        }
    }
}

/// `bytes` in units of 1024 to the `unit`, times `factor`, rounded.
const fn scaled(bytes: u64, unit: usize, factor: u64) -> u64 {
    let shift = 10 * unit as u32;
    // Damaged records may say any number of bytes.
    ((bytes as u128 * factor as u128 + (1 << shift) / 2) >> shift) as u64
}

/// An address with all its digits, so that addresses line up: `0x0001a000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hex(pub u64);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn sizes_have_a_unit_and_three_digits_that_matter() {
        let written = [
            (0, "0 B"),
            (64, "64 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (1290, "1.26 KiB"),
            (1075, "1.05 KiB"),
            (18_740, "18.3 KiB"),
            (20_480, "20 KiB"),
            (1_000_000, "977 KiB"),
            (1_023_999, "0.98 MiB"),
            (1 << 20, "1 MiB"),
            (3 << 30, "3 GiB"),
            (1 << 32, "4 GiB"),
            (u64::MAX, "17179869184 GiB"),
        ];
        for (bytes, text) in written {
            assert_eq!(Size(bytes).to_string(), text, "{bytes}");
        }
    }

    #[test]
    fn addresses_have_eight_digits_and_nine_at_the_end_of_4_gib() {
        assert_eq!(Hex(0x1a000).to_string(), "0x0001a000");
        assert_eq!(Hex(1 << 32).to_string(), "0x100000000");
    }
}
