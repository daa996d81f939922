//! What the runner calls in a wasm module. It puts pieces of a trace into static memory, has the events in them decoded,
//! and takes the time in which they are played.

use std::sync::{Mutex, MutexGuard};

use flagstone_recorder::trace::{Decoder, Event, Header};

use crate::allocator::{Program, arena};
use crate::objects::{Fault, Object, Objects};
use crate::player::{BATCH, play};
use crate::sample::Arena;
use crate::soak::{self, Soak};

/// The longest piece of a trace.
const PIECE: usize = 1 << 20;
/// The most objects of a trace that live at once. It is static memory: no address of it depends on the trace.
const OBJECTS: usize = 1 << 21;

/// A piece of the trace.
static PIECE_BYTES: Mutex<[u8; PIECE]> = Mutex::new([0; PIECE]);
static REPLAY: Mutex<Replay> = Mutex::new(Replay {
    len: 0,
    at: 0,
    decoder: Decoder::new([0; OBJECTS]),
    objects: Objects::new(Program, [Object::NONE; OBJECTS]),
});
static EVENTS: Mutex<Batch> = Mutex::new(Batch { events: [Event::Free { object: 0 }; BATCH], len: 0 });
static SOAK: Mutex<Soak<Program, [Object; soak::OBJECTS]>> =
    Mutex::new(Soak::new(Program, [Object::NONE; soak::OBJECTS]));
/// Why the last call did not do what was asked.
static FAULT: Mutex<Text> = Mutex::new(Text { bytes: [0; 200], len: 0 });
/// The figures of the last sample.
static SAMPLE: Mutex<[f64; Arena::FIGURES]> = Mutex::new([0.0; Arena::FIGURES]);

/// A replay: where in its piece it is, and what lives.
struct Replay {
    len: usize,
    at: usize,
    decoder: Decoder<[u32; OBJECTS]>,
    objects: Objects<Program, [Object; OBJECTS]>,
}

/// Events that are decoded and not yet played.
struct Batch {
    events: [Event; BATCH],
    len: usize,
}

/// A sentence, kept without a heap.
struct Text {
    bytes: [u8; 200],
    len: usize,
}

impl std::fmt::Write for Text {
    fn write_str(&mut self, part: &str) -> std::fmt::Result {
        let end = self.len + part.len();
        self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?.copy_from_slice(part.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// A value that one call at a time uses.
fn hold<T>(place: &'static Mutex<T>) -> MutexGuard<'static, T> {
    place.lock().expect("a panic ends the run")
}

/// Remembers what went wrong. A sentence that is too long is cut.
fn fail(what: &dyn std::fmt::Display) {
    let mut text = hold(&FAULT);
    text.len = 0;
    let _ = std::fmt::Write::write_fmt(&mut *text, format_args!("{what}"));
}

/// Remembers the fault, if any; whether there was none.
fn well(result: Result<(), Fault>) -> bool {
    result.inspect_err(|fault| fail(fault)).is_ok()
}

/// Where the sentence about the last fault is.
#[unsafe(no_mangle)]
extern "C" fn fault_text() -> *const u8 {
    hold(&FAULT).bytes.as_ptr()
}

/// Bytes of that sentence.
#[unsafe(no_mangle)]
extern "C" fn fault_len() -> usize {
    hold(&FAULT).len
}

/// Where a piece of the trace is to be put.
#[unsafe(no_mangle)]
extern "C" fn piece() -> *mut u8 {
    hold(&PIECE_BYTES).as_mut_ptr()
}

/// The most bytes of a piece.
#[unsafe(no_mangle)]
extern "C" fn piece_len() -> usize {
    PIECE
}

/// Takes note of a piece of `len` bytes, which begins with an event.
#[unsafe(no_mangle)]
extern "C" fn replay_feed(len: usize) {
    let mut replay = hold(&REPLAY);
    (replay.len, replay.at) = (len, 0);
}

/// Bytes of the piece whose events were decoded.
#[unsafe(no_mangle)]
extern "C" fn replay_consumed() -> usize {
    hold(&REPLAY).at
}

/// Reads the header, which is the first `len` bytes of the piece, of a file of `file_len` bytes; how many events follow,
/// or -1.
#[unsafe(no_mangle)]
extern "C" fn replay_begin(len: usize, file_len: f64) -> f64 {
    let piece = hold(&PIECE_BYTES);
    match Header::parse(piece.get(..len).unwrap_or_default(), file_len as u64) {
        Ok(header) if header.objects as usize <= OBJECTS => header.events as f64,
        Ok(header) => {
            let live = header.objects;
            fail(&format_args!("{live} objects of the trace live at once, and a wasm module follows {OBJECTS}"));
            -1.0
        }
        Err(error) => {
            fail(&error);
            -1.0
        }
    }
}

/// Decodes at most `most` events of the piece; how many, or -1. None are where the piece ends within one.
#[unsafe(no_mangle)]
extern "C" fn replay_decode(most: usize) -> i32 {
    let (piece, mut replay, mut batch) = (hold(&PIECE_BYTES), hold(&REPLAY), hold(&EVENTS));
    let (replay, batch) = (&mut *replay, &mut *batch);
    batch.len = 0;
    for place in batch.events.iter_mut().take(most) {
        match replay.decoder.decode(piece.get(replay.at..replay.len).unwrap_or_default()) {
            Ok(Some((event, len))) => {
                *place = event;
                replay.at += len;
                batch.len += 1;
            }
            Ok(None) => break,
            Err(problem) => {
                fail(&problem);
                return -1;
            }
        }
    }
    batch.len as i32
}

/// Plays the events that were decoded; how many were played before a fault, if there was one.
#[unsafe(no_mangle)]
extern "C" fn replay_play() -> i32 {
    let (mut replay, batch) = (hold(&REPLAY), hold(&EVENTS));
    let (played, result) = play(&mut replay.objects, batch.events.get(..batch.len).unwrap_or_default());
    well(result);
    played as i32
}

/// Bytes that the trace asked for and did not yet free.
#[unsafe(no_mangle)]
extern "C" fn replay_live() -> f64 {
    hold(&REPLAY).objects.live() as f64
}

/// The most of those at once.
#[unsafe(no_mangle)]
extern "C" fn replay_peak() -> f64 {
    hold(&REPLAY).objects.peak() as f64
}

/// Takes a sample of what the allocator counts; how many figures that are, none if it is not flagstone.
#[unsafe(no_mangle)]
extern "C" fn sample_take() -> usize {
    let Some(arena) = arena() else { return 0 };
    *hold(&SAMPLE) = arena.figures().map(|figure| figure as f64);
    Arena::FIGURES
}

/// Where the figures of the last sample are.
#[unsafe(no_mangle)]
extern "C" fn sample_figures() -> *const f64 {
    hold(&SAMPLE).as_ptr()
}

/// Begins a soak whose sizes come round after `round` operations.
#[unsafe(no_mangle)]
extern "C" fn soak_begin(seed: u64, round: f64) {
    hold(&SOAK).begin(seed, round as u64);
}

/// Goes on until there were `until` operations; whether it got there.
#[unsafe(no_mangle)]
extern "C" fn soak_run(until: f64) -> bool {
    well(hold(&SOAK).run(until as u64))
}

/// Allocations, reallocations and frees so far.
#[unsafe(no_mangle)]
extern "C" fn soak_operations() -> f64 {
    hold(&SOAK).operations() as f64
}

/// Bytes that the soak asked for and did not yet free.
#[unsafe(no_mangle)]
extern "C" fn soak_live() -> f64 {
    hold(&SOAK).live() as f64
}
