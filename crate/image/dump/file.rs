//! The bytes of a file, read by offset, and a cursor over them for the numbers and names of the WebAssembly binary format.
//!
//! Nothing here believes a length: a number is at most as long as the format lets it be, and whatever is read lies in the file.
#![forbid(unsafe_code)]

use alloc::string::String;
use alloc::vec;

use super::error::DumpError;

/// The longest name that is kept, in bytes; the rest of a longer one is passed over.
const NAME_MAX: usize = 1024;

/// Bytes that are read together: more than what comes before the bytes of a data segment.
const WINDOW: usize = 64;

/// Bytes by offset. A file may be longer than 4 GiB.
pub trait File {
    /// Their number.
    fn len(&self) -> u64;

    /// Copies `into.len()` bytes from the offset `at`; `false` where the file ends before that, and `into` is then unspecified.
    fn read(&self, at: u64, into: &mut [u8]) -> bool;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl File for &[u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read(&self, at: u64, into: &mut [u8]) -> bool {
        let from = usize::try_from(at).ok();
        match from.and_then(|from| self.get(from..from.checked_add(into.len())?)) {
            Some(bytes) => {
                into.copy_from_slice(bytes);
                true
            }
            None => false,
        }
    }
}

/// A place in a file, up to an end in it.
pub(super) struct Cursor<'f, F> {
    file: &'f F,
    /// The offset of the next byte.
    pub(super) at: u64,
    /// Where it ends.
    pub(super) end: u64,
    window: [u8; WINDOW],
    /// Where the window begins, and how much of it is filled.
    from: u64,
    filled: u64,
}

impl<'f, F: File> Cursor<'f, F> {
    /// A cursor over a whole file.
    pub(super) fn new(file: &'f F) -> Self {
        Self { file, at: 0, end: file.len(), window: [0; WINDOW], from: 0, filled: 0 }
    }

    /// A cursor over the next `len` bytes, which this one passes over.
    pub(super) fn part(&mut self, len: u64) -> Result<Self, DumpError> {
        let at = self.at;
        self.skip(len)?;
        Ok(Self { file: self.file, at, end: self.at, window: [0; WINDOW], from: 0, filled: 0 })
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> u64 {
        self.end - self.at
    }

    /// Passes over bytes.
    pub(super) fn skip(&mut self, len: u64) -> Result<(), DumpError> {
        if len > self.left() {
            return Err(DumpError::Cut { at: self.at, wanted: len, end: self.end });
        }
        self.at += len;
        Ok(())
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> Result<u8, DumpError> {
        let at = self.at;
        self.skip(1)?;
        if !(self.from..self.from + self.filled).contains(&at) {
            self.from = at;
            self.filled = (self.end - at).min(WINDOW as u64);
            if !self.file.read(at, &mut self.window[..self.filled as usize]) {
                self.filled = 0;
                return Err(DumpError::Cut { at, wanted: 1, end: self.end });
            }
        }
        Ok(self.window[(at - self.from) as usize])
    }

    /// A number of at most `bits` bits.
    fn unsigned(&mut self, bits: u32) -> Result<u64, DumpError> {
        let begin = self.at;
        let mut number = 0;
        for shift in (0..bits).step_by(7) {
            let byte = self.byte()?;
            let digit = u64::from(byte & 0x7f);
            if bits - shift < 7 && digit >> (bits - shift) != 0 {
                break;
            }
            number |= digit << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(DumpError::LongNumber { at: begin, bits })
    }

    /// A number of at most 32 bits.
    pub(super) fn u32(&mut self) -> Result<u32, DumpError> {
        self.unsigned(32).map(|number| number as u32)
    }

    /// A number of at most 64 bits.
    pub(super) fn u64(&mut self) -> Result<u64, DumpError> {
        self.unsigned(64)
    }

    /// A number with a sign, of at most 32 or 64 bits.
    pub(super) fn signed(&mut self, bits: u32) -> Result<i64, DumpError> {
        let begin = self.at;
        let mut number = 0_i128;
        for shift in (0..bits).step_by(7) {
            let byte = self.byte()?;
            number |= i128::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                // The highest bit of the last digit is the sign.
                let number = if byte & 0x40 == 0 { number } else { number - (1 << (shift + 7)) };
                let fits = (-(1 << (bits - 1))..1 << (bits - 1)).contains(&number);
                return if fits { Ok(number as i64) } else { Err(DumpError::LongNumber { at: begin, bits }) };
            }
        }
        Err(DumpError::LongNumber { at: begin, bits })
    }

    /// A name. What is no text in it is replaced.
    pub(super) fn name(&mut self) -> Result<String, DumpError> {
        let len = u64::from(self.u32()?);
        let at = self.at;
        self.skip(len)?;
        let mut bytes = vec![0; len.min(NAME_MAX as u64) as usize];
        if !self.file.read(at, &mut bytes) {
            return Err(DumpError::Cut { at, wanted: len, end: self.end });
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
