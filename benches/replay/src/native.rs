//! Replays a trace on a heap over a byte array: no wasm, no growth by an operating system, equal on each run but for the
//! time.

use std::alloc::{GlobalAlloc, Layout};
use std::fmt;
use std::io::Read;
use std::time::{Duration, Instant};

use flagstone::Heap;
use flagstone::source::{Fixed, Page, Source};
use flagstone::units::{Addr, PAGE_BYTES};
use flagstone_recorder::trace::{Error, Event, Reader};

use crate::objects::{Fault, Object, Objects};
use crate::player::{BATCH, play};
use crate::sample::Arena;

/// Where the memory begins.
const ORIGIN: Addr = Addr(PAGE_BYTES);
/// The most pages of a memory that begins there.
const PAGES_MAX: u64 = 65_535;

/// A heap as an allocator.
struct Over<'m>(Heap<Fixed<'m>>);

// SAFETY: what the heap gives is memory of the layout that nobody else holds, and it does not unwind.
unsafe impl GlobalAlloc for Over<'_> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.0.alloc(layout)
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.0.alloc_zeroed(layout)
    }

    #[inline]
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promises are the same as ours.
        unsafe { self.0.realloc(at, layout, size) }
    }

    #[inline]
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are the same as ours.
        unsafe { self.0.dealloc(at, layout) }
    }
}

/// A heap at one moment of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Operations so far.
    pub operations: u64,
    /// Bytes that were asked for and not yet freed.
    pub live: u64,
    /// Bytes of the heap's memory.
    pub heap: u64,
    /// More about it, where that was asked for.
    pub arena: Option<Arena>,
}

/// What came of a replay.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The time of all operations together.
    pub time: Duration,
    /// Pages of the heap's memory in the end, which is when it has most.
    pub pages: u32,
    /// The most bytes that were live.
    pub peak: u64,
    /// Samples at equal distances, the last one at the end.
    pub samples: Vec<Sample>,
}

/// Why a replay came to no end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The trace is damaged.
    Trace(Error),
    /// A request could not be carried out: after so many, and why.
    Request(u64, Fault),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trace(error) => write!(f, "{error}"),
            Self::Request(done, fault) => write!(f, "operation {done}: {fault}"),
        }
    }
}

impl core::error::Error for Failure {}

/// Replays a trace and takes `samples` samples, `closely` with all that the heap counts.
///
/// # Errors
/// Where the trace is damaged, or the heap fails it.
pub fn replay<R: Read>(mut trace: Reader<R>, samples: u64, closely: bool) -> Result<Outcome, Failure> {
    let header = trace.header().clone();
    let mut memory = vec![Page::ZERO; capacity(header.peak)];
    let heap = Heap::new(Fixed::new(&mut memory, ORIGIN)).ok_or(Failure::Request(0, Fault::Refused))?;
    let mut objects = Objects::new(Over(heap), vec![Object::NONE; header.objects as usize]);
    let mut batch = Vec::with_capacity(BATCH);
    let mut outcome = Outcome { time: Duration::ZERO, pages: 0, peak: 0, samples: Vec::new() };
    let (mut done, mut ended) = (0, false);
    for index in 1..=samples {
        let until = (u128::from(header.events) * u128::from(index) / u128::from(samples)) as u64;
        while done < until && !ended {
            fill(&mut batch, &mut trace, (until - done).min(BATCH as u64) as usize).map_err(Failure::Trace)?;
            ended = batch.is_empty();
            let start = Instant::now();
            let (played, result) = play(&mut objects, &batch);
            outcome.time += start.elapsed();
            done += played as u64;
            result.map_err(|fault| Failure::Request(done, fault))?;
        }
        outcome.samples.push(sample(&objects, done, closely));
    }
    // The last event may be behind the ones that the header counts.
    if let Some(Err(error)) = trace.next() {
        return Err(Failure::Trace(error));
    }
    (outcome.pages, outcome.peak) = (pages(&objects.allocator().0), objects.peak());
    Ok(outcome)
}

/// Pages of a memory for a heap of `peak` live bytes: as many as it may need if most of it is wasted.
fn capacity(peak: u64) -> usize {
    (peak.saturating_mul(4) / u64::from(PAGE_BYTES) + 1024).min(PAGES_MAX) as usize
}

/// Puts the next events into the batch, at most so many.
fn fill<R: Read>(batch: &mut Vec<Event>, trace: &mut Reader<R>, most: usize) -> Result<(), Error> {
    batch.clear();
    for event in trace.take(most) {
        batch.push(event?);
    }
    Ok(())
}

/// The heap now.
fn sample(objects: &Objects<Over<'_>, Vec<Object>>, operations: u64, closely: bool) -> Sample {
    let heap = &objects.allocator().0;
    Sample {
        operations,
        live: objects.live(),
        heap: u64::from(pages(heap)) * u64::from(PAGE_BYTES),
        arena: closely.then(|| Arena::of(&heap.stats())),
    }
}

/// Pages of a heap.
fn pages(heap: &Heap<Fixed<'_>>) -> u32 {
    heap.source().end().0 - ORIGIN.0 / PAGE_BYTES
}
