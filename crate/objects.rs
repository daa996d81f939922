//! Object caches: memory for objects of one kind, which stay constructed while they are free; after Bonwick 1994 ("The Slab
//! Allocator"), Bonwick and Adams 2001 ("Magazines and Vmem"), illumos kmem.c, and what Linux' slab, X15 and DragonFly's zones add.
//!
//! ```
//! use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
//! use flagstone::objects::{Error, ObjectCache, Options};
//! # let mut memory = vec![Page::ZERO; 4];
//! # let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
//! // In a module: `static LINES: ObjectCache<Vec<u8>, ModuleHeap> = ObjectCache::deferred(...)`.
//! let lines = ObjectCache::new(&heap, Options::new("lines"), || Vec::<u8>::with_capacity(4096))?;
//! let mut line = lines.alloc()?;
//! line.clear();
//! line.extend_from_slice(b"what was made once is used again");
//! # Ok::<(), Error>(())
//! ```
//!
//! # Theory
//!
//! **What a cache is for.** An object that takes time to make is made once: dropped, it waits as it is for its next owner. A
//! subsystem that has caches of its own is seen: how many objects, how much memory, whose budget. Memory that lies idle there can
//! be asked back. And objects behind handles can be moved together, the only cure for a heap whose slabs are all nearly empty.
//!
//! **The layers.** A free object waits in the *loaded* magazine, then the *previous*, then in a full magazine of the *depot*;
//! only when all are empty it comes out of a slab, and is constructed. Giving back goes the same way. Only frees fill magazines,
//! unless there is nothing to construct. A slab is a segment of the heap, whose tag names the cache and says which objects are
//! free; at most one of a cache stays empty. Slabs that are nearly full are used first, so that the others drain.
//!
//! **Working sets.** There is no clock in a module. [`Heap::tick`](crate::Heap::tick), called when the program is idle, notes how many
//! magazines of each depot were not needed since the last time; what two ticks did not need goes back. A cache whose magazines are
//! exchanged often gets longer ones, up to what a table allows for the size, and shorter ones again when it is quiet. (In a kernel
//! contention for the depot says so; with one thread the rate of exchanges does.) Linux' slab has a limit of objects at hand and
//! moves a batch of them at a time, DragonFly's zones a burst; here two magazines are at hand and one moves:
//! [`set_rounds`](Cache::set_rounds) changes both.
//!
//! **The reclaim chain.** [`Heap::reclaim`](crate::Heap::reclaim), a spent [`Budget`], and with the feature `reclaim` the heap itself
//! before it grows, ask for memory in the order of what it costs: depots and empty slabs; the heap's own magazines; the owners
//! ([`Life::reclaim`]); moving objects together. Owners are called where nothing is half done, and may use every cache; the chain
//! never runs within itself.
//!
//! **Moving.** The consolidator empties the emptiest slab into the fullest. An owner is asked to move each object and has five
//! answers ([`Answer`]); a slab with an object that refuses is left alone until that object is gone, or its owner says that it can
//! move now ([`Cache::notify`]). Refusing for now three times counts as for good. Each tick empties one slab of a cache of which more than an
//! eighth lies free in slabs; when memory is short, all that can be emptied are. [`MovableCache`] does this for any Rust type.
//!
//! **Merging.** Caches of bare objects of one shape can be one ([`Options::merge`]), with several names: slabs that several
//! subsystems fill stay emptier by less. [`list`] shows the names.
//!
//! | call | takes time |
//! |---|---|
//! | [`alloc`](Cache::alloc), [`free`](Cache::free) | constant out of and into a magazine; every so many calls one moves between cache and depot, or a slab is looked up |
//! | [`reap`](Cache::reap), [`shrink`](Cache::shrink), a tick | linear in what goes back |
//! | [`consolidate`](Cache::consolidate) | linear in the slabs and in the objects that move |
//! | [`stats`](Cache::stats) | constant |
//!
//! A program that has no cache has none of this code.
//!
//! # Invariants
//!
//! They hold between calls, and whenever a callback runs, but for what that callback is in the middle of: objects and magazines that
//! are just being made, moved, or given up. [`verify`](crate::verify) (feature `inspector`) checks each, and each has a test that
//! breaks it. Links are as I14 of the crate says.
//!
//! - **O1** The tag of a slab names the record of its cache. The slab is as long as that says, has room for its 1 to 64 objects, and
//!   frees none beyond them.
//! - **O2** A record is an allocation of the heap, with its hook and the callbacks behind it, and stays until the cache ends; it has a
//!   hook unless its owner is gone. Numbers fall along the list of caches.
//! - **O3** An object that is held, in a magazine, or handed to a callback is out of its slab, constructed if the cache constructs,
//!   and counted as taken.
//! - **O4** A magazine is named by its first round, with its link before it. It is an allocation of the heap with room for the rounds
//!   of the cache's type, and is in one place.
//! - **O5** A slab is in the bin for its number of free objects and for whether it is stuck; a bin's bit is set iff the bin is not
//!   empty. Only while objects move a slab counts as tried, or as dead: empty, and in the list of those. What refused to move is out
//!   of its slab.
//! - **O6** A round is an object of its cache that is out of its slab, and is in one magazine once.
//! - **O7** The loaded magazine holds at most its rounds, the previous one and those of the depot none or all, of a number that is in
//!   the table or a zone's limit. The depot counts its magazines, and the cache all of them.
//! - **O8** A budget lives as long as a cache that it pays for, and is an allocation as in O2. What it is charged is at least the
//!   bytes of its caches' slabs, and exactly those where no object is charged alone; and never more than its peak.
//! - **O9** Slabs, empty ones and dead ones are as many as the cache counts, and as were made and not given back; objects that are
//!   taken are as many as left slabs and did not return; never fewer were handed out than are held. A zone takes no more than its
//!   limit. Slabs stay for what is to be kept, and beyond those at most one that is empty.
//! - **O10** A name that a cache has besides its own is a record of its own, as in O2, and names the cache until its user leaves;
//!   no more users have names than share the cache.
#![deny(unsafe_code)]

#[allow(unsafe_code, reason = "hands out pointers")]
mod accounted;
#[cfg(feature = "allocator-api2")]
#[allow(unsafe_code, reason = "an unsafe trait")]
pub(crate) mod allocator;
#[allow(unsafe_code, reason = "callbacks are reached by their address")]
pub(crate) mod body;
#[allow(unsafe_code, reason = "callbacks are reached by their address")]
mod budget;
#[allow(unsafe_code, reason = "hands out pointers")]
mod cache;
mod chain;
mod consolidate;
mod depot;
mod error;
mod flags;
#[allow(unsafe_code, reason = "a table in the heap's memory")]
mod handle_table;
mod home;
pub(crate) mod layers;
#[allow(unsafe_code, reason = "callbacks that are unsafe to call")]
mod life;
mod listing;
pub(crate) mod magazine_type;
#[allow(unsafe_code, reason = "makes records")]
mod merge;
#[allow(unsafe_code, reason = "hands out references")]
mod movable;
mod options;
#[allow(unsafe_code, reason = "ids of the fields of a record")]
pub(crate) mod record;
pub(crate) mod slabs;
mod stats;
#[allow(unsafe_code, reason = "hands out references")]
mod typed;

pub use accounted::Accounted;
pub(crate) use body::Ask;
pub use budget::{Budget, Payer, Usage};
pub use cache::Cache;
pub(crate) use chain::ASKING;
pub use chain::Reclaimed;
#[cfg(feature = "reclaim")]
pub(crate) use chain::WANTED;
#[cfg(feature = "audit")]
pub(crate) use chain::panic_or_trap;
pub use error::Error;
pub use flags::Flags;
pub use home::Home;
#[cfg(all(target_family = "wasm", not(feature = "small")))]
pub(crate) use home::sealed;
pub use life::{Answer, Bare, Life, Refused};
pub use listing::{Listed, list};
pub use merge::set_merging;
pub use movable::{Edited, Handle, MovableCache, Moves, Pinned};
pub use options::Options;
pub use stats::CacheStats;
pub use typed::{CacheBox, Construct, ObjectCache, Typed};
