//! Constraints: what a segment must be like beyond its length, and the lowest place in a free one that is like that.
//!
//! This is arithmetic alone. Ends are inclusive and everything is computed in 64 bits, so a free segment may end at the
//! greatest number there is and nothing wraps: rounding up past the top finds no place instead of one near zero.
#![forbid(unsafe_code)]

use super::Error;

/// Which of the free segments that will do a request takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fit {
    /// One of a list in which every one is long enough: constant time. Where none of those will do, as best fit.
    #[default]
    Instant,
    /// The shortest, and of those the lowest; linear in the free segments up to the length it finds.
    Best,
    /// The first behind the segment that was taken last, so that numbers are used again as late as possible; linear in the
    /// segments that lie between.
    Next,
}

/// What a segment must be like, beyond its length. All fields at their defaults ask for nothing.
///
/// ```
/// use flagstone::vmem::Constraints;
/// let constraints = Constraints { align: 4096, max: 0x7fff_ffff, ..Constraints::NONE };
/// assert_eq!(constraints.min, 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constraints {
    /// The start is `phase` above a multiple of this power of two. Zero, and all below the quantum, means the quantum.
    pub align: u32,
    /// See `align`; whole quanta, below the alignment.
    pub phase: u32,
    /// First and last number lie between two multiples of this power of two; zero where any boundary may be crossed.
    pub nocross: u32,
    /// The start is not below this.
    pub min: u32,
    /// The last number is not above this.
    pub max: u32,
    /// Which one to take; none means the arena's own.
    pub fit: Option<Fit>,
}

impl Constraints {
    /// No constraint at all.
    pub const NONE: Self = Self { align: 0, phase: 0, nocross: 0, min: 0, max: u32::MAX, fit: None };
}

impl Default for Constraints {
    fn default() -> Self {
        Self::NONE
    }
}

/// A request that was checked: whole quanta, and constraints that some place can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Whole quanta, at least one.
    pub(crate) len: u32,
    align: u32,
    phase: u32,
    nocross: u32,
    pub(crate) min: u32,
    pub(crate) max: u32,
}

/// `len` in whole quanta of `1 << shift`, at least one.
pub(super) const fn whole_quanta(len: u32, shift: u32) -> Result<u32, Error> {
    let mask = (1 << shift) - 1;
    if len == 0 {
        return Err(Error::ZeroLength);
    }
    match len.checked_add(mask) {
        Some(up) => Ok(up & !mask),
        None => Err(Error::TooLong(len)),
    }
}

impl Wanted {
    /// The request for `len`, of an arena whose quantum is `1 << shift`.
    pub(crate) fn new(len: u32, shift: u32, constraints: &Constraints) -> Result<Self, Error> {
        let quantum = 1_u32 << shift;
        let Constraints { align, phase, nocross, min, max, .. } = *constraints;
        let rounded = whole_quanta(len, shift)?;
        if align != 0 && !align.is_power_of_two() {
            return Err(Error::BadAlign(align));
        }
        let align = align.max(quantum);
        if phase >= align || phase & (quantum - 1) != 0 {
            return Err(Error::BadPhase(phase));
        }
        if nocross != 0 {
            let crosses = |nocross| u64::from(phase & (nocross - 1)) + u64::from(rounded) > u64::from(nocross);
            if !nocross.is_power_of_two() || nocross < quantum || crosses(nocross) {
                return Err(Error::BadNoCross(nocross));
            }
        }
        if min > max {
            return Err(Error::BadWindow { min, max });
        }
        Ok(Self { len: rounded, align, phase, nocross, min, max })
    }

    /// How long a free segment must be so that it has a place wherever it begins, but for `min` and `max`; `None` where
    /// there are not that many numbers.
    pub(crate) fn import_len(&self, shift: u32) -> Option<u32> {
        // Behind any start, a multiple of `align` plus `phase` comes within `align`; where that crosses a boundary, the phase
        // behind the next one comes within `nocross` more.
        let slack =
            (self.align - (1 << shift)).checked_add(if self.nocross > self.align { self.nocross } else { 0 })?;
        self.len.checked_add(slack)
    }

    /// The same request, with nothing below `min`.
    pub(crate) fn not_below(&self, min: u32) -> Self {
        Self { min: self.min.max(min), ..*self }
    }

    /// The lowest start in the free segment `[start, start + len)`, `len` not zero.
    pub(crate) fn place_in(&self, start: u32, len: u32) -> Option<u32> {
        let (start, len) = (u64::from(start), u64::from(len));
        let wanted = u64::from(self.len);
        let end = (start + len).min(u64::from(self.max) + 1);
        let mut at = self.aligned(start.max(u64::from(self.min)));
        if self.nocross != 0 {
            let nocross = u64::from(self.nocross);
            let from_boundary = at & (nocross - 1);
            if from_boundary + wanted > nocross {
                at = self.aligned(at - from_boundary + nocross);
            }
        }
        (at + wanted <= end).then_some(at as u32)
    }

    /// The lowest number at or above `from` that is the phase above a multiple of the alignment.
    fn aligned(&self, from: u64) -> u64 {
        let (align, phase) = (u64::from(self.align), u64::from(self.phase));
        from + (phase.wrapping_sub(from) & (align - 1))
    }
}
