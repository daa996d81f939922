//! The inspector: what a page, a report or a test wants to know of a heap in an image, as plain records.
//!
//! Everything is computed from one [`Survey`](crate::image::survey::Survey), so figures that are shown together agree. On
//! wasm `bindings` gives the same to JavaScript.
#![deny(unsafe_code)]

pub mod arena_rows;
pub mod audit_rows;
#[cfg(target_family = "wasm")]
pub mod bindings;
pub mod dump_rows;
pub mod fault_rows;
pub mod heap_map;
#[cfg(target_family = "wasm")]
mod js_lines;
#[cfg(target_family = "wasm")]
mod js_memory;
pub mod leak_rows;
pub mod log_rows;
pub mod map_layer;
pub mod object_rows;
pub mod pins;
pub mod rows;
pub mod sample;
pub mod segment_rows;
pub mod snapshot;
#[cfg(test)]
mod tests;
pub mod trace;
pub mod verdict;
pub mod whatis;
pub mod words;
