//! Reads the trace in a file.
#![forbid(unsafe_code)]

use std::io::{self, Read};

use super::codec::{Decoder, Event};
use super::error::{Error, Problem};
use super::header::{HEADER_LEN, Header};

/// Bytes read at a time.
const PIECE: usize = 1 << 20;

/// The events of a trace, one after another. Its memory is a piece of the file and a word for each object that the header
/// says live at once, which are fewer than the file has bytes.
#[derive(Debug)]
pub struct Reader<R> {
    header: Header,
    file: R,
    decoder: Decoder<Vec<u32>>,
    /// What was read and not yet decoded: `piece[from..to]`.
    piece: Vec<u8>,
    from: usize,
    to: usize,
    /// Bytes of events that were not yet read.
    unread: u64,
    /// Events that were decoded.
    decoded: u64,
    /// The first error, which is that of every later call.
    failed: Option<Error>,
}

impl<R: Read> Reader<R> {
    /// Reads the header of `file`, which has `len` bytes.
    ///
    /// # Errors
    /// Where it is not the header of a trace that this version reads, or does not fit the length.
    pub fn new(mut file: R, len: u64) -> Result<Self, Error> {
        let mut bytes = Vec::with_capacity(HEADER_LEN);
        let read = (&mut file).take(HEADER_LEN as u64).read_to_end(&mut bytes);
        read.map_err(|error| Error { at: 0, problem: Problem::Unreadable(error.kind()) })?;
        let header = Header::parse(&bytes, len)?;
        Ok(Self {
            decoder: Decoder::new(vec![0; header.objects as usize]),
            unread: header.bytes,
            header,
            file,
            piece: vec![0; PIECE],
            from: 0,
            to: 0,
            decoded: 0,
            failed: None,
        })
    }

    /// What the header says.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Where in the file the next event is.
    const fn offset(&self) -> u64 {
        self.header.bytes - self.unread - (self.to - self.from) as u64
    }

    /// The next event; nothing after the last one.
    fn decode(&mut self) -> Result<Option<Event>, Problem> {
        loop {
            match self.decoder.decode(self.piece.get(self.from..self.to).unwrap_or_default())? {
                Some((event, len)) => {
                    self.from += len;
                    self.decoded += 1;
                    return Ok(Some(event));
                }
                None if self.unread != 0 => self.refill().map_err(|error| Problem::Unreadable(error.kind()))?,
                None if self.from != self.to => return Err(Problem::HalfAnEvent),
                None if self.decoded != self.header.events => {
                    let (says, found) = (self.header.events, self.decoded);
                    return Err(Problem::Says { what: "events", says, found });
                }
                None => return Ok(None),
            }
        }
    }

    /// Reads the next piece behind what is left of the last one.
    fn refill(&mut self) -> io::Result<()> {
        self.piece.copy_within(self.from..self.to, 0);
        (self.from, self.to) = (0, self.to - self.from);
        let len = (PIECE - self.to).min(usize::try_from(self.unread).unwrap_or(PIECE));
        self.file.read_exact(self.piece.get_mut(self.to..self.to + len).unwrap_or_default())?;
        self.to += len;
        self.unread -= len as u64;
        Ok(())
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Event, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = &self.failed {
            return Some(Err(error.clone()));
        }
        self.decode()
            .map_err(|problem| problem.in_events(self.offset()))
            .inspect_err(|error| self.failed = Some(error.clone()))
            .transpose()
    }
}

/// Reads a whole trace from `file`, which has `len` bytes, and returns its header, all of which is true.
///
/// # Errors
/// At the first thing that is wrong with it.
pub fn check(file: impl Read, len: u64) -> Result<Header, Error> {
    let mut reader = Reader::new(file, len)?;
    let header = reader.header().clone();
    let mut sizes = vec![0_u64; header.objects as usize];
    let (mut live, mut peak) = (0_u64, 0);
    for event in &mut reader {
        let (object, size) = match event? {
            Event::Free { object } => (object, 0),
            Event::Alloc { object, size, .. } | Event::Realloc { object, size } => (object, size),
        };
        if let Some(old) = sizes.get_mut(object as usize) {
            // At most 2^32 objects of less than 2^48 bytes: that may be more than 64 bits count.
            live = live.saturating_sub(*old).saturating_add(size);
            *old = size;
        }
        peak = peak.max(live);
    }
    let most = reader.decoder.most();
    if most != header.objects {
        let problem = Problem::Says { what: "objects", says: header.objects.into(), found: most.into() };
        return Err(Error { at: 32, problem });
    }
    if peak != header.peak {
        return Err(Error { at: 40, problem: Problem::Says { what: "bytes at most", says: header.peak, found: peak } });
    }
    Ok(header)
}
