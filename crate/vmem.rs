//! Arenas: allocators of numbers, after Bonwick and Adams 2001 ("Magazines and Vmem"), illumos vmem.c and NetBSD subr_vmem.c.
//!
//! The heap's memory is one arena. Others manage whatever comes as runs of numbers: pieces of a GPU buffer, offsets in a file,
//! ports, slots of a table of `externref`s ([`IdArena`]), memory for a subsystem of its own. Nothing behind the numbers is ever
//! touched. An arena works without an allocator, over an array of [`Slot`]s; over a heap its size is free, and the inspector
//! shows it.
//!
//! ```
//! use flagstone::vmem::{Arena, Constraints, Options, Slot, Storage};
//!
//! // Uniforms in a GPU buffer of 1 MiB, whose offsets are multiples of 256.
//! let mut slots = [Slot::EMPTY; Storage::slots_for(100)];
//! let buffer = Arena::new(Storage::new(&mut slots), Options { quantum: 256, ..Options::new("uniforms") })?;
//! buffer.add(0, 1 << 20)?;
//! let offset = buffer.alloc(1000)?;
//! let low = buffer.alloc_constrained(64, &Constraints { max: 0xffff, ..Constraints::NONE })?;
//! buffer.free(offset, 1000)?;
//! buffer.free(low, 64)?;
//! assert!(buffer.destroy().is_ok());
//! # Ok::<(), flagstone::vmem::Error>(())
//! ```
//!
//! # Theory
//!
//! **Spans and segments.** What an arena was given are spans; each is tiled by segments, free or held. A *tag* outside the
//! numbers describes one, in the order of their places; that is all an arena consists of. A freed segment joins its free
//! neighbours at once, but never across the edge of a span, so a span is always whole again when all of it is free.
//!
//! **Finding a free segment.** Free segments are in lists by length, two to a power of two (four in the heap's own arena), and
//! one word says which lists have any. *Instant fit* takes the first of a list in which every segment is long enough, which
//! is one instruction away; only when none of those will do it looks through the list below, as *best fit* does. *Next fit* goes on
//! behind what was taken last, so that numbers rest as long as possible before they are used again.
//!
//! **Importing.** An arena may have a source ([`Import`]): another arena, a heap, a callback. What no free segment serves is
//! imported as a span, many times as long if [`Options::import_factor`] says so, and goes back when it is all free. One
//! request imports at most once: enough to meet its constraints wherever the span lies, or it is refused. (A length that a quantum
//! cache serves may ask twice: for a slab, and where there is none for itself.)
//!
//! **Quantum caches.** Lengths of a few quanta come from slabs with magazines on top, without searching, cutting or joining.
//!
//! **Tags.** A request finds five spare tags before it begins ([`Records`]), and giving back needs none, so numbers can always
//! be given back, and nothing fails halfway.
//!
//! | call | takes time |
//! |---|---|
//! | [`alloc`](Arena::alloc) from a quantum cache, [`free`](Arena::free) to one | constant |
//! | [`alloc`](Arena::alloc), instant fit | constant; where only the list below has what is long enough, linear in that list |
//! | best fit, and constraints that the first segments do not meet | linear in the free segments of the lists looked through |
//! | next fit | linear in the segments between |
//! | [`free`](Arena::free), [`extend`](Arena::extend), [`shrink`](Arena::shrink) | constant on the average: held segments are hashed by their start |
//! | [`add`](Arena::add), an import | linear in the spans |
//! | [`size`](Arena::size) | constant |
//! | [`walk`](Arena::walk), [`whatis`](Arena::whatis), [`usage`](Arena::usage), [`free_all`](Arena::free_all), [`dump`](Arena::dump) | linear in the segments |
//! | [`check`](Arena::check) | linear in the segments, quadratic in the spans |
//!
//! An arena is used by one thread. Its invariants A1 to A8 are in `vmem/arena.rs`, those of the heap's arena in `lib.rs`.
#![deny(unsafe_code)]

pub(crate) mod arena;
#[cfg(feature = "allocator-api2")]
#[allow(unsafe_code, reason = "an unsafe trait")]
mod bytes;
mod ids;
pub(crate) mod memory;
#[allow(unsafe_code, reason = "records are cleared")]
mod metadata;
pub(crate) mod segments;
#[allow(unsafe_code, reason = "ids of a tag's fields")]
pub(crate) mod tag;

#[cfg(target_family = "wasm")]
pub use crate::global::ModuleHeap;
pub use crate::source::{Slot, Storage};
pub use arena::{
    Arena, Constraints, Dump, Error, Fault, Fit, Import, Kind, Measure, Options, Place, Records, Request, Segment,
    Span, Usage,
};
#[cfg(feature = "allocator-api2")]
pub use bytes::ByteArena;
pub use ids::{IdArena, Reuse};
pub(crate) use memory::{MemoryArena, Vmem, index};
pub use metadata::Metadata;
pub(crate) use segments::Tiling;
pub(crate) use tag::{FREE, SPAN, Tag};
