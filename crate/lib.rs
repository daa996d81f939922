//! placeholder
#![no_std]
#[cfg(not(target_family = "wasm"))]
extern crate std;

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

pub use global::{Flagstone, Heap, stats};
pub use stats::Stats;
