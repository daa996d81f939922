//! Random numbers that are the same everywhere: a 64-bit linear congruential generator of which only the high half is
//! used.
#![forbid(unsafe_code)]

/// A generator; equal seeds give equal loads. One of zero is not yet seeded.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Begins anew for `seed`.
    pub(crate) fn seed(&mut self, seed: u64) {
        self.0 = seed ^ 0x2545_f491_4f6c_dd1d;
        // The first steps from neighbouring seeds resemble each other.
        self.below(1);
        self.below(1);
    }

    /// A number in `[0, limit)`.
    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 32) * u64::from(limit)) >> 32) as u32
    }

    /// True once in `n` times.
    pub(crate) fn once_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }

    /// A number in `[2^low, 2^high)`, each doubling as likely as any other.
    pub(crate) fn of_bits(&mut self, low: u32, high: u32) -> u32 {
        let base = 1 << (low + self.below(high - low));
        base + self.below(base)
    }
}
