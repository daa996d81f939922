//! The header of a trace: whose it is, and how much there is of it.
#![forbid(unsafe_code)]

use super::error::{Error, Problem};

/// Bytes of the header; the events follow.
pub const HEADER_LEN: usize = 128;
/// The version of the format.
pub const VERSION: u32 = 1;
/// Where in the header the name is.
pub const NAME_START: usize = 64;
/// Bytes of the name.
pub const NAME_LEN: usize = HEADER_LEN - NAME_START;

/// How a trace begins.
const MAGIC: [u8; 8] = *b"flagtrac";
/// Set in the flags where the recorder gave up before the program ended.
const INCOMPLETE: u32 = 1;

/// What the header says. A default one is that of an empty trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Whether the recorder gave up before the program ended, because more objects lived than it can follow.
    pub incomplete: bool,
    /// How many events there are.
    pub events: u64,
    /// How many bytes they take.
    pub bytes: u64,
    /// The most objects that lived at once.
    pub objects: u32,
    /// The most bytes that were requested and not yet freed.
    pub peak: u64,
    /// The program.
    pub name: String,
}

impl Header {
    /// The header as bytes. A name that is too long is cut.
    pub fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(0, &MAGIC);
        put(8, &VERSION.to_le_bytes());
        put(12, &(if self.incomplete { INCOMPLETE } else { 0 }).to_le_bytes());
        put(16, &self.events.to_le_bytes());
        put(24, &self.bytes.to_le_bytes());
        put(32, &self.objects.to_le_bytes());
        put(40, &self.peak.to_le_bytes());
        put(NAME_START, &self.name.as_bytes()[..cut(&self.name, NAME_LEN)]);
        bytes
    }

    /// The header at the start of `bytes`, which are those of a file of `len` bytes.
    ///
    /// # Errors
    /// Where it is not the header of a trace that this version reads, or one that no trace of that length can have.
    pub fn parse(bytes: &[u8], len: u64) -> Result<Self, Error> {
        let fault = |at: usize, problem| Err(Error { at: at as u64, problem });
        if bytes.get(..8).is_some_and(|magic| magic != MAGIC) {
            return fault(0, Problem::NotATrace);
        }
        let Some(bytes) = bytes.first_chunk::<HEADER_LEN>() else {
            return fault(bytes.len(), Problem::Truncated { wanted: HEADER_LEN as u64, found: bytes.len() as u64 });
        };
        let (short, long) = (|at| u32::from_le_bytes(field(bytes, at)), |at| u64::from_le_bytes(field(bytes, at)));
        if short(8) != VERSION {
            return fault(8, Problem::Version(short(8)));
        }
        let name = bytes[NAME_START..].split(|&byte| byte == 0).next().unwrap_or_default();
        let header = Self {
            incomplete: short(12) & INCOMPLETE != 0,
            events: long(16),
            bytes: long(24),
            objects: short(32),
            peak: long(40),
            name: String::from_utf8_lossy(name).into_owned(),
        };
        // An event has at least one byte, and makes at most one object.
        if header.events > header.bytes {
            return fault(16, Problem::Says { what: "events", says: header.events, found: header.bytes });
        }
        if u64::from(header.objects) > header.events {
            return fault(32, Problem::Says { what: "objects", says: header.objects.into(), found: header.events });
        }
        let (wanted, found) = (header.bytes.saturating_add(HEADER_LEN as u64), len);
        if found < wanted {
            return fault(24, Problem::Truncated { wanted, found });
        }
        if found > wanted {
            return fault(24, Problem::Longer { wanted, found });
        }
        Ok(header)
    }
}

/// The bytes of the field at `at`, which is inside.
fn field<const N: usize>(bytes: &[u8; HEADER_LEN], at: usize) -> [u8; N] {
    core::array::from_fn(|i| bytes[at + i])
}

/// The last boundary of a character in `text` at or before `most` bytes.
fn cut(text: &str, most: usize) -> usize {
    (0..=most.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{HEADER_LEN, Header, Problem};

    fn example() -> Header {
        Header { incomplete: true, events: 3, bytes: 7, objects: 2, peak: 1 << 40, name: "phases".to_owned() }
    }

    #[test]
    fn a_header_comes_back_as_it_was() {
        let bytes = example().to_bytes();
        assert_eq!(Header::parse(&bytes, HEADER_LEN as u64 + 7), Ok(example()));
        let long = Header { name: "ä".repeat(40), ..example() }.to_bytes();
        let back = Header::parse(&long, HEADER_LEN as u64 + 7).expect("a header");
        assert_eq!(back.name, "ä".repeat(32));
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_place() {
        let fault = |at: usize, byte: u8, len: u64| {
            let mut bytes = example().to_bytes();
            bytes[at] = byte;
            let error = Header::parse(&bytes, len).expect_err("a fault");
            (error.at, error.problem)
        };
        let len = HEADER_LEN as u64 + 7;
        assert_eq!(fault(0, 0, len), (0, Problem::NotATrace));
        assert_eq!(fault(8, 9, len), (8, Problem::Version(9)));
        assert_eq!(fault(16, 8, len), (16, Problem::Says { what: "events", says: 8, found: 7 }));
        assert_eq!(fault(32, 4, len), (32, Problem::Says { what: "objects", says: 4, found: 3 }));
        assert_eq!(fault(127, 1, len - 1), (24, Problem::Truncated { wanted: len, found: len - 1 }));
        assert_eq!(fault(127, 1, len + 1), (24, Problem::Longer { wanted: len, found: len + 1 }));
    }
}
