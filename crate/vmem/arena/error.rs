//! Why a call on an arena is refused. Every error names the value that is at fault, and leaves the arena as it was.
#![forbid(unsafe_code)]

use core::fmt;

/// Why an arena refuses a call; it is unchanged then, but for an import that was made and given back, and for what lay idle in
/// quantum caches. Lengths that an arena looked for or compared are in whole quanta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A quantum is no power of two, or above 2^31.
    BadQuantum(u32),
    /// The longest segments that quantum caches shall serve are no quanta, more than 16 of them, or a slab of them does not fit
    /// the numbers.
    BadQuantumCaches(u32),
    /// An import factor is zero.
    BadImportFactor(u32),
    /// A length is zero.
    ZeroLength,
    /// A length, rounded up to quanta, is more than the numbers there are.
    TooLong(u32),
    /// An alignment is no power of two.
    BadAlign(u32),
    /// A phase is not below the alignment, or no multiple of the quantum.
    BadPhase(u32),
    /// A boundary not to cross is no power of two, below the quantum or below the length, or the phase alone crosses it.
    BadNoCross(u32),
    /// The least number is above the greatest.
    BadWindow {
        /// The least number.
        min: u32,
        /// The greatest.
        max: u32,
    },
    /// A span is not whole quanta, or ends above the greatest number.
    BadSpan {
        /// Its first number.
        start: u32,
        /// Its length.
        len: u32,
    },
    /// A span overlaps one that the arena has.
    Overlap {
        /// The first number of the span that is there.
        start: u32,
        /// Its length.
        len: u32,
    },
    /// No free segment will do, and no more can be imported.
    Exhausted {
        /// The length asked for, in whole quanta.
        len: u32,
    },
    /// There is no room for the records that the call needs.
    NoRecords,
    /// What was imported is not what was asked for; it was given back.
    BadImport {
        /// Its first number.
        start: u32,
        /// Its length.
        len: u32,
    },
    /// No segment that is held begins there.
    NotHeld(u32),
    /// A segment that is held has another length.
    WrongLength {
        /// Where it begins.
        start: u32,
        /// The length given, in whole quanta.
        len: u32,
        /// The length it has.
        held: u32,
    },
    /// A segment cannot have that length where it is: what is behind is held, or too short to extend into.
    NoRoom {
        /// Where the segment begins.
        start: u32,
        /// The length wanted.
        len: u32,
    },
    /// Segments are still held.
    Busy {
        /// How many.
        segments: u32,
    },
    /// The call was made from within a walk over the same arena.
    Walking,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::BadQuantum(quantum) => write!(f, "the quantum {quantum} is no power of two up to 2^31"),
            Self::BadQuantumCaches(max) => {
                write!(f, "quantum caches up to {max} are not 1 to 16 quanta, or their slabs are too long")
            }
            Self::BadImportFactor(factor) => write!(f, "the import factor {factor} is not at least 1"),
            Self::ZeroLength => f.write_str("the length is zero"),
            Self::TooLong(len) => write!(f, "the length {len}, in whole quanta, is more than there are numbers"),
            Self::BadAlign(align) => write!(f, "the alignment {align} is no power of two"),
            Self::BadPhase(phase) => write!(f, "the phase {phase} is not whole quanta below the alignment"),
            Self::BadNoCross(nocross) => write!(
                f,
                "the boundary {nocross} is no power of two of at least a quantum, or every segment of this length and phase crosses it"
            ),
            Self::BadWindow { min, max } => write!(f, "the least number {min:#x} is above the greatest {max:#x}"),
            Self::BadSpan { start, len } => {
                write!(
                    f,
                    "the span of {len} at {start:#x} is empty, not whole quanta, or ends above the greatest number"
                )
            }
            Self::Overlap { start, len } => write!(f, "the span overlaps the one of {len} at {start:#x}"),
            Self::Exhausted { len } => write!(f, "no free segment serves the request for {len}"),
            Self::NoRecords => f.write_str("there is no room for another record"),
            Self::BadImport { start, len } => {
                write!(f, "what was imported, {len} at {start:#x}, is not what was asked for")
            }
            Self::NotHeld(start) => write!(f, "no segment that begins at {start:#x} is held"),
            Self::WrongLength { start, len, held } => {
                write!(f, "the segment at {start:#x} is {held} long, not {len}")
            }
            Self::NoRoom { start, len } => {
                write!(f, "the segment at {start:#x} cannot be {len} long where it is")
            }
            Self::Busy { segments } => write!(f, "{segments} segments are still held"),
            Self::Walking => f.write_str("the arena cannot be changed from within a walk over it"),
        }
    }
}

impl core::error::Error for Error {}
