//! Events as bytes and back.
#![forbid(unsafe_code)]

use super::error::Problem;
use super::slots::Slots;

/// The largest size of an object: sizes and alignment codes together stay exact where numbers are floating.
pub const SIZE_MAX: u64 = (1 << 48) - 1;

/// The two lowest bits of an event's first number.
const FREE: u64 = 0;
const ALLOC: u64 = 1;
const ALLOC_ZEROED: u64 = 2;
const REALLOC: u64 = 3;

/// The code of alignments that have a byte of their own.
const ALIGN_FOLLOWS: u64 = 7;
/// The highest power of two.
const ALIGN_MAX: u8 = 31;

/// The most bytes of a number: 63 bits, seven to a byte.
const NUMBER_LEN: usize = 9;
/// The most bytes of an event.
const EVENT_LEN: usize = 2 * NUMBER_LEN;

/// What a program asked of its allocator, and got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// An object was freed.
    Free {
        /// Which one.
        object: u32,
    },
    /// An object was made.
    Alloc {
        /// The number that it has from now on.
        object: u32,
        /// Its bytes, at least 1.
        size: u64,
        /// Its alignment is this power of two.
        align_log2: u8,
        /// Whether its bytes had to be zero.
        zeroed: bool,
    },
    /// An object got another size.
    Realloc {
        /// Which one.
        object: u32,
        /// Its bytes from now on, at least 1.
        size: u64,
    },
}

/// An event as bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Encoded {
    bytes: [u8; EVENT_LEN],
    len: usize,
}

impl Encoded {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn byte(mut self, byte: u8) -> Self {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
        self
    }

    /// Adds a number, seven bits to a byte, lowest first; all bytes but the last have the highest bit set.
    fn number(mut self, mut number: u64) -> Self {
        while number > 127 {
            self = self.byte(number as u8 | 128);
            number >>= 7;
        }
        self.byte(number as u8)
    }
}

/// Turns events into bytes. One of zeros is one at the start of a trace.
#[derive(Clone, Debug)]
pub struct Encoder<T> {
    slots: Slots<T>,
    /// The object of the last event.
    previous: u32,
}

impl<T: AsRef<[u32]> + AsMut<[u32]>> Encoder<T> {
    /// An encoder at the start of a trace; as many objects can live as `table` has words.
    pub const fn new(table: T) -> Self {
        Self { slots: Slots::new(table), previous: 0 }
    }

    /// A new object of `size` bytes, and its number; none where there are too many objects.
    pub fn alloc(&mut self, size: u64, align_log2: u8, zeroed: bool) -> Option<(u32, Encoded)> {
        self.previous = self.slots.take()?;
        let kind = if zeroed { ALLOC_ZEROED } else { ALLOC };
        let code = u64::from(align_log2).min(ALIGN_FOLLOWS);
        let encoded = Encoded::default().number(size << 5 | code << 2 | kind);
        Some((self.previous, if code == ALIGN_FOLLOWS { encoded.byte(align_log2) } else { encoded }))
    }

    /// An object, which lives, is freed.
    pub fn free(&mut self, object: u32) -> Encoded {
        let named = self.name(object);
        self.slots.give(object);
        Encoded::default().number(named << 2 | FREE)
    }

    /// An object, which lives, gets another size.
    pub fn realloc(&mut self, object: u32, size: u64) -> Encoded {
        Encoded::default().number(self.name(object) << 2 | REALLOC).number(size)
    }

    /// The most objects that lived at once.
    pub const fn most(&self) -> u32 {
        self.slots.most()
    }

    /// The distance from the last event's object: 0, -1, 1, -2, ... as 0, 1, 2, 3, ...
    fn name(&mut self, object: u32) -> u64 {
        let distance = i64::from(object) - i64::from(self.previous);
        self.previous = object;
        (distance << 1 ^ distance >> 63) as u64
    }
}

/// Turns bytes into events, checking that they can be. One of zeros is one at the start of a trace.
#[derive(Clone, Debug)]
pub struct Decoder<T> {
    slots: Slots<T>,
    /// The object of the last event.
    previous: u32,
}

impl<T: AsRef<[u32]> + AsMut<[u32]>> Decoder<T> {
    /// A decoder at the start of a trace; as many objects can live as `table` has words.
    pub const fn new(table: T) -> Self {
        Self { slots: Slots::new(table), previous: 0 }
    }

    /// The event at the start of `bytes`, and how many of them it takes; nothing where they end before it does.
    ///
    /// # Errors
    /// Where no event begins so.
    #[inline]
    pub fn decode(&mut self, bytes: &[u8]) -> Result<Option<(Event, usize)>, Problem> {
        let mut rest = bytes;
        let Some(word) = number(&mut rest)? else { return Ok(None) };
        let event = match word & 3 {
            FREE => Event::Free { object: self.named(word >> 2)? },
            REALLOC => {
                let object = self.named(word >> 2)?;
                let Some(size) = number(&mut rest)? else { return Ok(None) };
                Event::Realloc { object, size: legal(size)? }
            }
            kind => {
                let mut align_log2 = (word >> 2 & 7) as u8;
                if u64::from(align_log2) == ALIGN_FOLLOWS {
                    let Some((&byte, behind)) = rest.split_first() else { return Ok(None) };
                    (align_log2, rest) = (byte, behind);
                    if align_log2 > ALIGN_MAX {
                        return Err(Problem::Align(align_log2));
                    }
                }
                let size = legal(word >> 5)?;
                let object = self.slots.take().ok_or(Problem::TooManyObjects(self.slots.most()))?;
                Event::Alloc { object, size, align_log2, zeroed: kind == ALLOC_ZEROED }
            }
        };
        if let Event::Free { object } = event {
            self.slots.give(object);
        }
        self.previous = match event {
            Event::Free { object } | Event::Alloc { object, .. } | Event::Realloc { object, .. } => object,
        };
        Ok(Some((event, bytes.len() - rest.len())))
    }

    /// The most objects that lived at once.
    pub const fn most(&self) -> u32 {
        self.slots.most()
    }

    /// The object at a distance from the last event's.
    #[inline]
    fn named(&self, distance: u64) -> Result<u32, Problem> {
        let distance = (distance >> 1) as i64 ^ -((distance & 1) as i64);
        // Both are far from the ends of 64 bits: a number has at most 63, two of which are not the distance's.
        let object = i64::from(self.previous) + distance;
        u32::try_from(object).ok().filter(|&object| self.slots.is_live(object)).ok_or(Problem::NotLive(object))
    }
}

/// The number at the start of `rest`, which is shortened by it; nothing where `rest` ends before it does.
#[inline]
fn number(rest: &mut &[u8]) -> Result<Option<u64>, Problem> {
    let mut number = 0;
    for (index, &byte) in rest.iter().enumerate().take(NUMBER_LEN) {
        number |= u64::from(byte & 127) << (7 * index);
        if byte < 128 {
            *rest = rest.get(index + 1..).unwrap_or_default();
            return Ok(Some(number));
        }
    }
    if rest.len() < NUMBER_LEN { Ok(None) } else { Err(Problem::NumberTooLong) }
}

/// A size that an object can have.
#[inline]
const fn legal(size: u64) -> Result<u64, Problem> {
    if size == 0 || size > SIZE_MAX { Err(Problem::Size(size)) } else { Ok(size) }
}
