//! How DWARF is read: from shared bytes, and with a limit to how much is read in all.
//!
//! DWARF is full of references, so a few bytes of a bad file can ask for reading the same table over and over. Every reader of a file draws
//! on one allowance; when it is used up, reading fails as it does at the end of a section. So any answer comes in time that the file's
//! length bounds.

use gimli::{Error, LittleEndian, Reader, ReaderOffsetId, Result};
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

/// Bytes that may be read for each byte of the file. Sound files take three to six.
const ALLOWANCE: u64 = 64;
/// Bytes that each look-up may read in addition, so that the allowance lasts for any number of them: frames have names of some hundred bytes.
const LOOK_UP: u64 = 64 * 1024;

/// A file and what may still be read of it.
struct Data {
    bytes: Rc<[u8]>,
    allowance: Cell<u64>,
}

/// A range of bytes of a file, read from its front.
#[derive(Clone)]
pub(crate) struct Metered {
    data: Rc<Data>,
    start: usize,
    end: usize,
}

impl Metered {
    /// A reader of nothing, from which [`Metered::of`] makes readers of parts of the file.
    pub(crate) fn new(bytes: Rc<[u8]>) -> Metered {
        let allowance = Cell::new(ALLOWANCE.saturating_mul(bytes.len() as u64));
        Metered { data: Rc::new(Data { bytes, allowance }), start: 0, end: 0 }
    }

    /// A reader of a part of the same file, as much of it as there is.
    pub(crate) fn of(&self, part: Range<usize>) -> Metered {
        let end = part.end.min(self.data.bytes.len());
        Metered { data: Rc::clone(&self.data), start: part.start.min(end), end }
    }

    /// Allows for one more look-up.
    pub(crate) fn allow_look_up(&self) {
        self.data.allowance.set(self.data.allowance.get().saturating_add(LOOK_UP));
    }

    /// The bytes that are left.
    fn rest(&self) -> &[u8] {
        &self.data.bytes[self.start..self.end]
    }

    /// Pays for `len` bytes, which must be there.
    fn pay(&self, len: usize) -> Result<()> {
        let left = self.data.allowance.get().checked_sub(len as u64 + 1);
        match left {
            Some(left) if len <= self.end - self.start => {
                self.data.allowance.set(left);
                Ok(())
            }
            _ => Err(Error::UnexpectedEof(self.offset_id())),
        }
    }
}

impl fmt::Debug for Metered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metered({:#x}..{:#x})", self.start, self.end)
    }
}

impl Reader for Metered {
    type Endian = LittleEndian;
    type Offset = usize;

    fn endian(&self) -> LittleEndian {
        LittleEndian
    }

    fn len(&self) -> usize {
        self.end - self.start
    }

    fn empty(&mut self) {
        self.start = self.end;
    }

    fn truncate(&mut self, len: usize) -> Result<()> {
        self.pay(0)?;
        if len > Reader::len(self) {
            return Err(Error::UnexpectedEof(self.offset_id()));
        }
        self.end = self.start + len;
        Ok(())
    }

    fn offset_from(&self, base: &Metered) -> usize {
        self.start.saturating_sub(base.start)
    }

    fn offset_id(&self) -> ReaderOffsetId {
        ReaderOffsetId(self.start as u64)
    }

    fn lookup_offset_id(&self, id: ReaderOffsetId) -> Option<usize> {
        let at = usize::try_from(id.0).ok()?;
        (self.start..=self.end).contains(&at).then(|| at - self.start)
    }

    fn find(&self, byte: u8) -> Result<usize> {
        let found = self.rest().iter().position(|other| *other == byte);
        self.pay(found.unwrap_or(self.end - self.start))?;
        found.ok_or(Error::UnexpectedEof(self.offset_id()))
    }

    fn skip(&mut self, len: usize) -> Result<()> {
        self.split(len).map(drop)
    }

    fn split(&mut self, len: usize) -> Result<Metered> {
        self.pay(0)?;
        if len > Reader::len(self) {
            return Err(Error::UnexpectedEof(self.offset_id()));
        }
        let front = Metered { end: self.start + len, ..self.clone() };
        self.start += len;
        Ok(front)
    }

    fn to_slice(&self) -> Result<Cow<'_, [u8]>> {
        self.pay(Reader::len(self))?;
        Ok(self.rest().into())
    }

    fn to_string(&self) -> Result<Cow<'_, str>> {
        self.pay(Reader::len(self))?;
        std::str::from_utf8(self.rest()).map(Cow::Borrowed).map_err(|_| Error::BadUtf8)
    }

    fn to_string_lossy(&self) -> Result<Cow<'_, str>> {
        self.pay(Reader::len(self))?;
        Ok(String::from_utf8_lossy(self.rest()))
    }

    fn read_slice(&mut self, into: &mut [u8]) -> Result<()> {
        self.pay(into.len())?;
        into.copy_from_slice(&self.rest()[..into.len()]);
        self.start += into.len();
        Ok(())
    }
}
