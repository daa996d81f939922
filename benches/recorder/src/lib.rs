//! Records what a program asks of its allocator, and reads such records.
//!
//! ```
//! use flagstone_recorder::Recorder;
//! use std::alloc::System;
//!
//! #[global_allocator]
//! static ALLOCATOR: Recorder<System> = Recorder::new(System);
//! # fn main() {}
//! ```
//!
//! A native program that has this line writes the trace of its run to the file that the environment variable
//! `FLAGSTONE_TRACE` names, and is as before without that variable. A wasm module hands its trace to the imported function
//! `write` of the module `recorder`. Both are told in `docs/traces.md`, with the format, which [`trace`] reads and writes.
//!
//! The recorder allocates nothing from the allocator that it wraps: its tables lie in static memory. So the program's heap
//! is what it would be without it.

mod log;
mod recorder;
mod sink;
pub mod trace;

pub use log::flush;
pub use recorder::Recorder;

/// How many objects a recorder can follow at once. A program that has more is recorded up to there, and the trace says so.
pub const OBJECTS: usize = log::OBJECTS;
