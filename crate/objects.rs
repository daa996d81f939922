//! Object caches: memory for objects of one kind, that stay constructed while they are free; after Bonwick 1994 ("The Slab
//! Allocator"), Bonwick and Adams 2001, and illumos kmem.c.
#![deny(unsafe_code)]

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
mod layers;
#[allow(unsafe_code, reason = "callbacks that are unsafe to call")]
mod life;
mod magazine_type;
#[allow(unsafe_code, reason = "hands out references")]
mod movable;
mod options;
#[allow(unsafe_code, reason = "ids of the fields of a record")]
pub(crate) mod record;
pub(crate) mod slabs;
mod stats;
#[allow(unsafe_code, reason = "hands out references")]
mod typed;

pub use budget::{Budget, Payer, Usage};
pub use cache::Cache;
pub use chain::Reclaimed;
#[cfg(feature = "reclaim")]
pub(crate) use chain::{ASKING, WANTED};
pub use error::Error;
pub use flags::Flags;
pub use home::Home;
#[cfg(all(target_family = "wasm", not(feature = "small")))]
pub(crate) use home::sealed;
pub use life::{Answer, Bare, Life, Refused};
pub use movable::{Edited, Handle, MovableCache, Moves, Pinned};
pub use options::Options;
pub use stats::CacheStats;
pub use typed::{CacheBox, Construct, ObjectCache, Typed};
