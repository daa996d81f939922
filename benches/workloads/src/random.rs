//! Random numbers that are the same everywhere and cheap enough not to hide the allocator: a 64-bit
//! linear congruential generator of which only the high half is used.
#![forbid(unsafe_code)]

/// A generator; equal seeds give equal programs.
pub(crate) struct Random(u64);

impl Random {
    /// A generator for `seed`.
    pub(crate) fn new(seed: u64) -> Random {
        let mut random = Random(seed ^ 0x2545_f491_4f6c_dd1d);
        // The first steps from neighbouring seeds resemble each other.
        random.next();
        random.next();
        random
    }

    /// Any 32 bits.
    pub(crate) fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) as u32
    }

    /// A number in `[0, limit)`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        ((u64::from(self.next()) * limit as u64) >> 32) as usize
    }

    /// A number in `[low, high]`.
    pub(crate) fn within(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// True once in `n` times.
    pub(crate) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// The result of a workload: a fold that depends on every value and on their order.
pub(crate) struct Fold(u64);

impl Fold {
    /// Nothing folded yet.
    pub(crate) const fn new() -> Fold {
        Fold(0)
    }

    /// Folds one value in.
    pub(crate) fn add(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    /// Folds eight bytes at a time.
    pub(crate) fn add_bytes(&mut self, bytes: &[u8]) {
        self.add(bytes.len() as u64);
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.add(u64::from_le_bytes(word));
        }
    }

    /// The fold of all values so far.
    pub(crate) fn end(self) -> u64 {
        self.0
    }
}
