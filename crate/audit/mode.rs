//! Modes: what diagnosis does for the objects of the front end or of one object cache.
#![forbid(unsafe_code)]

use core::fmt;
use core::ops::BitOr;

/// What diagnosis does for objects, in bits: `Mode::REDZONE | Mode::SITES`.
///
/// | mode | what it does | what it finds |
/// |---|---|---|
/// | `LITE` | No bytes more for an object: each free is checked against the slab, and the first 8 bytes of free objects are patterned. | freed twice, foreign, interior, wrong cache, wrong size class, written at the beginning after it was freed |
/// | `REDZONE` | An object is a segment of its own: patterned bytes before it and in all slack behind it, right up to its last byte. | overruns and underruns, by the byte; wrong size and alignment, by the byte |
/// | `POISON` | Fresh memory has one pattern and freed memory another. What is freed waits in the quarantine, and is checked when it leaves. | written after it was freed; what is read there is recognised |
/// | `GUARD` | As both, with a whole patterned quantum behind the object. | longer overruns, too |
/// | `AUDIT` | Each call is a transaction in the log. | who did what before |
/// | `CONTENTS` | The first 256 bytes are logged when an object is freed. | what was in it |
/// | `SITES` | Each call has its site recorded, not a sample of them. | who did it |
/// | `ALL` | `AUDIT`, `POISON`, `REDZONE`, `CONTENTS` and `SITES` | |
///
/// The bits are those of illumos kmem.c where it has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mode(pub(crate) u32);

/// The words for single modes.
const WORDS: [(&str, Mode); 9] = [
    ("off", Mode::OFF),
    ("all", Mode::ALL),
    ("lite", Mode::LITE),
    ("audit", Mode::AUDIT),
    ("poison", Mode::POISON),
    ("redzone", Mode::REDZONE),
    ("contents", Mode::CONTENTS),
    ("guard", Mode::GUARD),
    ("sites", Mode::SITES),
];

impl Mode {
    /// Nothing.
    pub const OFF: Self = Self(0);
    /// Calls are transactions in the log.
    pub const AUDIT: Self = Self(1);
    /// Fresh and freed memory is patterned.
    pub const POISON: Self = Self(2);
    /// Patterned bytes around objects.
    pub const REDZONE: Self = Self(4);
    /// The first bytes of what is freed are logged.
    pub const CONTENTS: Self = Self(8);
    /// A patterned quantum behind objects.
    pub const GUARD: Self = Self(0x40);
    /// Checks that take no memory.
    pub const LITE: Self = Self(0x100);
    /// Every call has its site recorded.
    pub const SITES: Self = Self(0x800);
    /// All but [`GUARD`](Self::GUARD), which replaces two of them.
    pub const ALL: Self = Self(0x80f);

    /// Nothing but that each call is slow, so that it can be made to fail.
    const FAILS: u32 = 0x1000;
    /// Every mode there is.
    const KNOWN: u32 = Self::ALL.0 | Self::GUARD.0 | Self::LITE.0;

    /// Whether all of `mode` are set.
    #[must_use]
    pub const fn has(self, mode: Self) -> bool {
        self.0 & mode.0 == mode.0
    }

    /// The bits, as they are on record.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The mode that comes of what is wanted of a cache and what it allows (the settlement of illumos kmem.c, where it has a
    /// meaning here). What is effective is reported, never dropped in silence: see [`Auditor`](super::Auditor).
    ///
    /// ```
    /// use flagstone::audit::Mode;
    /// assert_eq!(Mode::POISON.settled(), Mode::POISON | Mode::REDZONE);
    /// assert_eq!(Mode::CONTENTS.settled(), Mode::OFF);
    /// assert_eq!((Mode::LITE | Mode::ALL).settled(), Mode::LITE);
    /// ```
    #[must_use]
    pub const fn settled(self) -> Self {
        let mut mode = self.0 & Self::KNOWN;
        if mode & Self::LITE.0 != 0 {
            // The cheap mode keeps no record of an object.
            mode = Self::LITE.0;
        }
        if mode & Self::POISON.0 != 0 {
            mode |= Self::REDZONE.0;
        }
        if mode & Self::AUDIT.0 != 0 {
            mode |= Self::REDZONE.0;
        }
        if mode & Self::AUDIT.0 == 0 {
            mode &= !Self::CONTENTS.0;
        }
        if mode & Self::GUARD.0 != 0 {
            mode &= !(Self::POISON.0 | Self::REDZONE.0);
        }
        Self(mode)
    }

    /// The mode in a measurement: every object is on record, with its site. The cheap mode keeps no records, so it has to wait.
    pub(crate) const fn measured(self) -> Self {
        Self(self.0 & !Self::LITE.0 | Self::SITES.0)
    }

    /// The mode of a cache whose requests may be made to fail, besides what it has.
    pub(crate) const fn with_failures(self, fails: bool) -> Self {
        Self(self.0 | if fails { Self::FAILS } else { 0 })
    }

    /// Whether an object is a segment of its own.
    pub(crate) const fn is_guarded(self) -> bool {
        self.0 & (Self::POISON.0 | Self::REDZONE.0 | Self::GUARD.0) != 0
    }

    /// Whether freed objects are patterned, and wait in the quarantine.
    pub(crate) const fn poisons(self) -> bool {
        self.0 & (Self::POISON.0 | Self::GUARD.0) != 0
    }

    /// Whether each object is on record.
    pub(crate) const fn records(self) -> bool {
        self.is_guarded() || self.0 & (Self::AUDIT.0 | Self::SITES.0) != 0
    }

    /// The mode that a text says: words with `+` and `-` between them, such as `all-sites`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut mode = 0;
        let (mut rest, mut adds) = (text, true);
        loop {
            let end = rest.find(['+', '-']).unwrap_or(rest.len());
            let (_, word) = WORDS.iter().find(|(word, _)| *word == &rest[..end])?;
            mode = if adds { mode | word.0 } else { mode & !word.0 };
            let Some(sign) = rest[end..].chars().next() else { return Some(Self(mode)) };
            adds = sign == '+';
            rest = &rest[end + 1..];
        }
    }
}

impl BitOr for Mode {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The words that [`Auditor::configure`](super::Auditor::configure) takes: `off`, `lite`, `all`, `redzone+sites`.
impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        let mut first = true;
        for (word, mode) in WORDS {
            let whole = mode.0 != 0 && rest & mode.0 == mode.0;
            if whole || (mode.0 == 0 && self.0 == 0) {
                f.write_str(if first { "" } else { "+" })?;
                f.write_str(word)?;
                rest &= !mode.0;
                first = false;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    /// I-38: what is effective never contradicts itself, whatever is wanted of whatever cache.
    #[test]
    fn every_combination_settles_without_contradiction() {
        for bits in 0..0x1000 {
            let mode = Mode(bits).settled();
            let has = |flag| mode.has(flag);
            assert!(!has(Mode::CONTENTS) || has(Mode::AUDIT), "{bits:#x}: contents without a log of calls");
            assert!(!has(Mode::POISON) || has(Mode::REDZONE), "{bits:#x}: patterns without guards");
            let doubled = has(Mode::GUARD) && mode.0 & (Mode::POISON.0 | Mode::REDZONE.0) != 0;
            assert!(!doubled, "{bits:#x}: a guard beside what it replaces");
            assert!(!has(Mode::LITE) || mode == Mode::LITE, "{bits:#x}: the cheap mode with another one");
            assert_eq!(mode.settled(), mode, "{bits:#x} settles twice");
            assert!(mode.0 & !Mode::KNOWN == 0);
        }
    }

    #[test]
    fn what_is_wanted_alone_is_effective_with_what_it_needs() {
        assert_eq!(Mode::AUDIT.settled(), Mode::AUDIT | Mode::REDZONE);
        assert_eq!((Mode::ALL | Mode::GUARD).settled(), Mode::AUDIT | Mode::CONTENTS | Mode::SITES | Mode::GUARD);
        assert_eq!(Mode::SITES.settled(), Mode::SITES);
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for bits in (0..0x1000).filter(|bits| bits & !Mode::KNOWN == 0) {
            assert_eq!(Mode::parse(&Mode(bits).to_string()), Some(Mode(bits)), "{}", Mode(bits));
        }
        assert_eq!(Mode::parse("all-sites"), Some(Mode(0xf)));
        for text in ["", "al", "all+", "+all", "ALL", "all lite"] {
            assert_eq!(Mode::parse(text), None, "{text}");
        }
    }
}
