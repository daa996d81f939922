//! flagstone: a memory allocator for WebAssembly, and a heap inspector that reads it from outside.
//!
//! ```
//! #[global_allocator]
//! static ALLOCATOR: flagstone::Flagstone = flagstone::Flagstone::new();
//! # fn main() { assert_eq!(vec![1; 3], [1, 1, 1]); }
//! ```
//!
//! # Theory
//!
//! **1. What a wasm heap is.** One linear memory that grows by pages of 64 KiB and never shrinks. Nobody takes a page back,
//! so memory that lies idle in one corner must become usable in every other before the memory grows: growth is the last
//! resort, and what is free must find together again. This is the page-out daemon's problem turned around, and the kernel
//! allocators' answers fit: slab caches (Bonwick 1994), magazines and vmem (Bonwick and Adams 2001), as in illumos kmem.c
//! and vmem.c and NetBSD subr_vmem.c.
//!
//! **2. The tower.** Each layer talks only to the one below.
//!
//! ```text
//!     global          the allocator's calls; Heap for any source
//!     objects         caches of a program's own: depots, constructors, budgets, moves
//!     heap            request -> cache or arena; try, reclaim, grow, try
//!     cache           objects of one size: magazines over slabs
//!     magazine  slab  arrays of free objects; a segment cut into objects
//!     vmem            arenas: spans tiled by segments; the heap's with an index of them
//!     source          pages, from memory.grow or a byte array
//!     bins list record units
//! ```
//!
//! `stats` reads beside the tower. With the feature `inspector`, `image` and `verify` read the same records by address from
//! any copy of the memory, and `inspector` makes tables of it.
//!
//! **3. Words.** A *source* gives *pages*, always of 64 KiB. An *arena* hands out integers, here addresses, in *quanta* of
//! 128 bytes. What it was given are *spans*, each tiled by *segments*, free or busy; a *tag* (boundary tag) outside the
//! memory describes one. A *cache* serves one *size class*; its *slabs* are segments cut into *objects*. A *magazine* is an
//! array of *rounds*, addresses of free objects; a cache has two, *loaded* and *previous*. To *reclaim* is to empty magazines
//! into slabs and slabs into the arena. The *root* names everything; an *image* is a memory that is read from outside.
//!
//! **4. The life of a request.** Its size and alignment give a class (`size_class`), and the class a cache; the loaded magazine's
//! last round is the answer. That is the fast path: no object, slab or tag is touched. When the loaded magazine is empty, the
//! previous one takes its place; when that is empty too, rounds come from the fullest slabs, then from a new slab. A slab is
//! a segment of the arena, which takes the lowest that fits. Slabs are elastic: a cache begins with short ones and gets
//! longer ones as it needs more, and before the memory grows a hole for a single object will do. Only when there is none,
//! idle memory is reclaimed, if enough was freed to be worth it; only when that did not serve, the memory grows, by what is
//! missing behind the free tail. Freeing goes the same way back, a magazine at a time. Requests above 1 KiB are segments
//! themselves; up to 16 KiB they have classes too, and free ones wait in magazines (quantum caches).
//!
//! **5. Records.** All state is plain records in the memory it describes (`record`), so it can be read by address in a running
//! module, after a trap, or in a file. There is one kind of growing record, the tag; a slab's bitmap lives in its tag. No
//! record lies in memory that an application holds or held, so free memory stays as it was: what is zero since growth stays
//! known to be zero, and an overrun of an object does not reach the heap's own words first.
//!
//! **6. Nothing here fails halfway.** Everything a request may need is taken before anything is changed, or given back. A
//! refusal is null and leaves the heap as it was, but for idle memory that was reclaimed and metadata that was set aside.
//! There is no panic, no formatting and no allocation inside the allocator.
//!
//! **7. Other arenas.** The heap's arena is one of many that a program may have: [`vmem`] gives them to programs, for memory,
//! ids, and whatever else comes as runs of numbers. They share its segments and its tags, and have their own theory and
//! invariants there. A program that uses none has none of their code.
//!
//! **8. Object caches.** [`objects`] gives programs caches of their own, for objects that stay constructed while they are free, with
//! limits, budgets, and memory that can be asked back; they have their theory and invariants there. Their slabs are segments of the
//! heap. A program that has none has none of their code.
//!
//! **9. The other core.** The feature `small` replaces all of this, on wasm, by boundary tags in place: a third of the bytes,
//! slower, and with nothing to inspect. Its theory and invariants are in `small`.
//!
//! # Invariants
//!
//! They hold between calls. [`verify`] (feature `inspector`) checks each, and each has a test that breaks it.
//!
//! - **R1** An id names a live record of its type.
//! - **I1** The segments between two marks tile a span: each begins where the one before ends, in address order; spans do not
//!   overlap.
//! - **I2** No two free segments of a span adjoin.
//! - **I3** A segment is on the free list for its length iff it is free; a list's bit is set iff the list is not empty.
//! - **I4** A segment is whole quanta, inside the memory, and never in the last page of the address space.
//! - **I5** Bytes of the last span at or above `fresh` are zero, and nobody holds them.
//! - **I6** A word of the index names the tag of a segment that begins in its frame, and no slab or large segment begins there
//!   before it.
//! - **I7** A slab is at most 4 KiB long; its tag says as many objects as fit, at most 64, and frees none beyond them.
//! - **I8** A slab is in the bin for its number of free objects; a bin's bit is set iff the bin is not empty.
//! - **I9** No slab is empty.
//! - **I10** A round is an object of its class that is taken from its slab (or a segment of its class), and is in one magazine
//!   once.
//! - **I11** A magazine holds at most its capacity, and the previous one none or all of it.
//! - **I12** Tags lie in metadata, and a spare one is spare once; before a request there is metadata for eight tags.
//! - **I13** Never fewer allocations were served than objects live, nor fewer slabs made than there are.
//! - **I14** A link names the word that names it.
//!
//! # Unsafe code
//!
//! lives in `record` (addresses become references), `list`, `bins`, `magazine`, `vmem::tag`, `vmem::segments::record`,
//! `vmem::memory::record`, `vmem::arena::record`, `vmem::arena::supply`, `vmem::arena::import`, `vmem::metadata`, `vmem::bytes`,
//! `cache::record`, `root`, `heap` with `heap::metadata` and `heap::state`, of `objects` in `record`, `body`, `budget`, `life`, `cache`,
//! `merge`, `accounted`, `allocator`, `typed`, `movable` and `handle_table`, `frontend`, `small`, `global` and `source`: each block is one
//! operation with its reason. All other files forbid it.
#![no_std]

#[cfg(any(feature = "audit", feature = "inspector"))]
extern crate alloc;
#[cfg(not(target_family = "wasm"))]
extern crate std;

pub mod units;

mod record;

mod bins;
mod list;

pub mod source;

pub mod vmem;

pub mod size_class;

mod cache;
mod magazine;
mod slab;

mod heap;

pub mod objects;

pub mod frontend;

#[cfg(any(feature = "audit", feature = "inspector"))]
pub mod audit;

#[cfg(feature = "audit")]
pub mod testing;

mod global;
mod root;

#[cfg(any(test, all(feature = "small", target_family = "wasm")))]
mod small;

pub mod stats;

#[cfg(feature = "inspector")]
pub mod image;
#[cfg(feature = "inspector")]
pub mod inspector;
#[cfg(feature = "inspector")]
pub mod verify;

pub use global::{Flagstone, Heap, stats};
#[cfg(all(feature = "inspector", target_family = "wasm"))]
pub use global::{own_image, own_root};
#[cfg(not(all(feature = "small", target_family = "wasm")))]
pub use global::{reclaim, tick};
pub use stats::Stats;

/// Names what the program does until the end of the scope this stands in: with the feature `audit`, on wasm, what is asked of the module's
/// heap meanwhile is recorded under the name, within the name that is in force ([`Auditor::tag`](audit::Auditor::tag)). It takes no stack.
/// Otherwise it is nothing at all, and the name is not even computed.
///
/// ```
/// fn parse(text: &str) -> Vec<String> {
///     flagstone::tag!("parser");
///     text.lines().map(|line| {
///         flagstone::tag!("line");
///         // what is asked for here is the line's, within the parser's
///         line.to_owned()
///     }).collect()
/// }
/// assert_eq!(parse("one\ntwo"), ["one", "two"]);
/// ```
#[macro_export]
macro_rules! tag {
    ($name:expr) => {
        $crate::__begin_tag!($name);
    };
}

/// A tag that is in force to the end of the scope.
#[cfg(all(feature = "audit", target_family = "wasm"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __begin_tag {
    ($name:expr) => {
        let _tag = $crate::audit::Auditor::new($crate::vmem::ModuleHeap).tag($name);
    };
}

/// No tag; the name is looked at by the compiler only.
#[cfg(not(all(feature = "audit", target_family = "wasm")))]
#[doc(hidden)]
#[macro_export]
macro_rules! __begin_tag {
    ($name:expr) => {
        if false {
            let _: &str = $name;
        }
    };
}

/// The engine's own allocator.
#[cfg(all(feature = "engine", target_family = "wasm"))]
#[global_allocator]
static ALLOCATOR: Flagstone = Flagstone::new();

/// The examples of the README compile and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
