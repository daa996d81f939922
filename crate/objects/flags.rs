//! What a request may ask for besides memory.
#![forbid(unsafe_code)]

use core::ops::BitOr;

/// What a request may ask for besides memory: `Flags::ZEROED | Flags::NO_GROWTH`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(u32);

impl Flags {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// The bytes are zero (Linux: `__GFP_ZERO`).
    pub const ZEROED: Self = Self(1);
    /// The memory must not grow: what is free or idle, or nothing.
    pub const NO_GROWTH: Self = Self(2);
    /// Nobody is asked for memory, and nothing idle is given back for it (Linux: `__GFP_NORETRY`).
    pub const NO_RECLAIM: Self = Self(4);
    /// The request must not fail: where it would, everything is reclaimed, and if that does not help, the program traps, with the
    /// request on record (Linux: `__GFP_NOFAIL`, illumos: `KM_PANIC`).
    pub const NO_FAIL: Self = Self(8);
    /// A refusal is not put on record (Linux: `__GFP_NOWARN`).
    pub const QUIET: Self = Self(16);
    /// What a cache holds in reserve may be taken (Linux: `__GFP_HIGH`).
    pub const RESERVE: Self = Self(32);

    /// Whether all of `flags` are set.
    #[must_use]
    pub const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// The bits, as they are on record.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
