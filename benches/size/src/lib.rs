//! The least module that allocates, frees and resizes through the global allocator.
//!
//! `cargo xtask size` builds it once for each allocator and once with one that never serves; the
//! difference is what an allocator adds to a module. Only wasm modules are weighed; on other targets
//! this is an empty library, so that every feature compiles everywhere.
#![cfg_attr(target_family = "wasm", no_std)]
#![cfg(target_family = "wasm")]

extern crate alloc;

mod allocator;
#[cfg(feature = "every_call")]
mod every_call;
#[cfg(not(feature = "rusty_alloc"))]
mod panic;
#[cfg(not(feature = "every_call"))]
mod vector;
