//! The units of the crate: addresses, pages and quanta, and the only conversions between them.
//!
//! An address is a `u32` offset into one linear memory, on every target. On wasm it is the pointer itself; natively a
//! source maps it onto its array. So the records of a heap have one layout everywhere, and a test can place a heap just
//! below 4 GiB.
#![forbid(unsafe_code)]

/// Bytes of a wasm page, the unit of `memory.grow`: 64 KiB.
pub const PAGE_BYTES: u32 = 1 << 16;

/// Bytes of a quantum, the unit of the heap's arena. Segments start on a quantum and are quanta long.
///
/// It is fine because arena segments also serve requests of a few KiB, and because what survives in a corner of memory
/// keeps at least a quantum of it.
pub const QUANTUM: u32 = 128;

/// `QUANTUM` as a shift.
pub const QUANTUM_SHIFT: u32 = QUANTUM.trailing_zeros();

/// One past the last address the heap may own: the last page of the 4 GiB space is never used, so no end address wraps.
pub const LIMIT: u32 = u32::MAX - PAGE_BYTES + 1;

/// An address in a linear memory, in bytes. Zero means "nowhere".
///
/// ```
/// use flagstone::units::Addr;
/// assert_eq!(Addr(13).align_up(8), Some(Addr(16)));
/// assert_eq!(Addr(u32::MAX).align_up(8), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(transparent)]
pub struct Addr(pub u32);

impl Addr {
    /// The address `len` bytes further on, or `None` past the top of the address space.
    #[must_use]
    pub const fn offset(self, len: u32) -> Option<Self> {
        match self.0.checked_add(len) {
            Some(at) => Some(Self(at)),
            None => None,
        }
    }

    /// The first multiple of `align` (a power of two) at or above, or `None` past the top of the address space.
    #[must_use]
    pub const fn align_up(self, align: u32) -> Option<Self> {
        match self.0.checked_add(align - 1) {
            Some(at) => Some(Self(at & !(align - 1))),
            None => None,
        }
    }

    /// The last multiple of `align` (a power of two) at or below.
    #[must_use]
    pub const fn align_down(self, align: u32) -> Self {
        Self(self.0 & !(align - 1))
    }
}

/// A number of wasm pages of 64 KiB each.
///
/// ```
/// use flagstone::units::Pages;
/// assert_eq!(Pages::holding(1), Pages(1));
/// assert_eq!(Pages::holding(65_537), Pages(2));
/// assert_eq!(Pages(3).bytes(), 196_608);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(transparent)]
pub struct Pages(pub u32);

impl Pages {
    /// The fewest pages that hold `bytes`, at least 1.
    #[must_use]
    pub const fn holding(bytes: u32) -> Self {
        Self((bytes - 1) / PAGE_BYTES + 1)
    }

    /// Their length in bytes; 65,536 pages are 4 GiB, hence 64 bits.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        (self.0 as u64) << 16
    }
}

/// `len` rounded up to whole quanta. The caller knows that `len` is at most [`LIMIT`], so this cannot wrap.
pub(crate) const fn quanta_up(len: u32) -> u32 {
    (len + (QUANTUM - 1)) & !(QUANTUM - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_is_out_of_bounds() {
        assert_eq!(LIMIT, 0xffff_0000);
        assert_eq!(quanta_up(LIMIT), LIMIT);
    }

    #[test]
    fn rounding_meets_its_edges() {
        assert_eq!(quanta_up(1), 128);
        assert_eq!(quanta_up(128), 128);
        assert_eq!(Addr(0xffff_fe01).align_up(512), None);
        assert_eq!(Addr(0xffff_fe00).align_up(512), Some(Addr(0xffff_fe00)));
        assert_eq!(Addr(700).align_down(512), Addr(512));
        assert_eq!(Addr(u32::MAX).offset(1), None);
        assert_eq!(Pages::holding(65_536), Pages(1));
        assert_eq!(Pages::holding(u32::MAX), Pages(65_536));
        assert_eq!(Pages(65_536).bytes(), 1 << 32);
    }
}
