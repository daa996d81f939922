//! placeholder
#![no_std]
#[cfg(not(target_family = "wasm"))]
extern crate std;
#[cfg(feature = "inspector")]
extern crate alloc;

pub mod units;
mod record;
pub mod source;
mod list;
mod bins;
mod vmem;
mod page_map;
pub mod size_class;
mod slab;
mod magazine;
mod cache;
mod heap;
mod root;
mod global;
pub mod stats;

#[cfg(feature = "inspector")]
pub mod image;
#[cfg(feature = "inspector")]
pub mod verify;
#[cfg(feature = "inspector")]
pub mod inspector;

pub use global::{Flagstone, Heap, stats};
#[cfg(all(feature = "inspector", target_family = "wasm"))]
pub use global::{own_image, own_root};
pub use stats::Stats;

/// The engine's own allocator.
#[cfg(all(feature = "engine", target_family = "wasm"))]
#[global_allocator]
static ALLOCATOR: Flagstone = Flagstone::new();
