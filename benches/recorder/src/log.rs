//! What a recorder remembers, and who may use it when.
//!
//! There is one log for the program, in static memory, and all of it is zero at the start, so it takes no room in the
//! program's file. A thread that is in the log and allocates, because it opens the file, is passed by.
#![forbid(unsafe_code)]

mod addresses;

use std::alloc::Layout;
use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard};

use crate::sink;
use crate::trace::{Encoded, Encoder, HEADER_LEN, Header, SIZE_MAX};
use addresses::Addresses;

/// Places for addresses; a power of two.
const PLACES: usize = 1 << 20;
/// The most objects that can be followed: looking for an address takes longer, the fewer places are free.
pub(crate) const OBJECTS: usize = PLACES / 8 * 7;
/// Bytes of events that are kept before they are written.
const BUFFER: usize = 1 << 16;

static LOG: Mutex<Log> = Mutex::new(Log {
    stage: Stage::Before,
    incomplete: false,
    events: 0,
    written: 0,
    live: 0,
    peak: 0,
    encoder: Encoder::new([0; OBJECTS]),
    addresses: Addresses::new(),
    buffer: [0; BUFFER],
    len: 0,
});

thread_local! {
    /// Whether this thread is in the log.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Whether events are recorded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nobody knows yet whether there is anywhere to write them.
    Before,
    /// They are.
    On,
    /// Not, or no more.
    Off,
}

/// The state of the recording.
pub(crate) struct Log {
    stage: Stage,
    incomplete: bool,
    events: u64,
    /// Bytes of events that were written.
    written: u64,
    /// Bytes that were requested and not yet freed.
    live: u64,
    /// The most that `live` has been.
    peak: u64,
    encoder: Encoder<[u32; OBJECTS]>,
    addresses: Addresses<PLACES>,
    /// Events that were not yet written: `buffer[..len]`.
    buffer: [u8; BUFFER],
    len: usize,
}

/// The log, as long as this is kept.
pub(crate) struct Session {
    log: MutexGuard<'static, Log>,
    // Behind the log, so that it is dropped after it.
    _inside: Inside,
}

/// Says that this thread is in the log, until it is dropped.
struct Inside;

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(false);
    }
}

impl Deref for Session {
    type Target = Log;

    fn deref(&self) -> &Log {
        &self.log
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Log {
        &mut self.log
    }
}

/// The log, where something is recorded and this thread is not in it already.
pub(crate) fn enter() -> Option<Session> {
    if INSIDE.replace(true) {
        return None;
    }
    let inside = Inside;
    let mut session = Session { log: LOG.lock().ok()?, _inside: inside };
    if session.stage == Stage::Before {
        session.stage = if sink::open() { Stage::On } else { Stage::Off };
    }
    (session.stage == Stage::On).then_some(session)
}

/// Writes what was recorded so far. When a native program ends that happens by itself; a wasm module never ends, so it
/// exports a function that calls this.
pub fn flush() {
    if let Some(mut log) = enter() {
        log.write();
    }
}

impl Log {
    /// An object was made; nothing was where `at` is 0.
    pub(crate) fn born(&mut self, at: usize, layout: Layout, zeroed: bool) {
        let size = layout.size() as u64;
        if at == 0 || size == 0 || size > SIZE_MAX {
            return;
        }
        let Some((object, encoded)) = self.encoder.alloc(size, layout.align().trailing_zeros() as u8, zeroed) else {
            self.incomplete = true;
            self.write();
            self.stage = Stage::Off;
            return;
        };
        self.addresses.insert(at, object);
        self.add(encoded, 0, size);
    }

    /// An object got another size, unless `to` is 0. One that is not known is new.
    pub(crate) fn resized(&mut self, from: usize, to: usize, layout: Layout, size: usize) {
        if to == 0 || size == 0 {
            return;
        }
        if let Some(object) = self.addresses.remove(from) {
            self.addresses.insert(to, object);
            let encoded = self.encoder.realloc(object, size as u64);
            self.add(encoded, layout.size() as u64, size as u64);
        } else if let Ok(layout) = Layout::from_size_align(size, layout.align()) {
            self.born(to, layout, false);
        }
    }

    /// An object is freed. One that is not known was made by the recorder's own doing, or before it began.
    pub(crate) fn died(&mut self, at: usize, layout: Layout) {
        if let Some(object) = self.addresses.remove(at) {
            let encoded = self.encoder.free(object);
            self.add(encoded, layout.size() as u64, 0);
        }
    }

    /// Adds an event that `lost` and `gained` bytes.
    fn add(&mut self, event: Encoded, lost: u64, gained: u64) {
        let bytes = event.as_bytes();
        if self.len + bytes.len() > BUFFER {
            self.write();
        }
        if let Some(place) = self.buffer.get_mut(self.len..self.len + bytes.len()) {
            place.copy_from_slice(bytes);
            self.len += bytes.len();
        }
        self.events += 1;
        self.live = self.live.saturating_sub(lost) + gained;
        self.peak = self.peak.max(self.live);
    }

    /// Writes the events, then the header that counts them: a file is a trace whenever the program ends.
    fn write(&mut self) {
        let events = self.buffer.get(..self.len).unwrap_or_default();
        let mut done = sink::write(HEADER_LEN as u64 + self.written, events);
        self.written += self.len as u64;
        self.len = 0;
        let header = Header {
            incomplete: self.incomplete,
            events: self.events,
            bytes: self.written,
            objects: self.encoder.most(),
            peak: self.peak,
            name: sink::name(),
        };
        done = done && sink::write(0, &header.to_bytes());
        if !done {
            self.stage = Stage::Off;
        }
    }
}
