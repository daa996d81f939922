//! Loads for `cargo xtask replay` and `cargo xtask soak`.
//!
//! A replay makes the requests of a trace ([`player`]), natively on a heap over a byte array ([`native`], the program
//! `replay`) or as a wasm module on its global allocator ([`exports`]). A soak makes requests of its own for as long as it
//! is told to ([`soak`]). What they keep about their objects lies outside of the heap ([`objects`]), and each object is
//! marked when it is made and looked at when it dies.
//!
//! `cargo xtask` compiles this crate against copies of the allocator in which constants are changed. So it uses nothing of
//! the allocator but what is public.

mod allocator;
mod exports;
pub mod native;
pub mod objects;
pub mod player;
mod random;
pub mod sample;
pub mod soak;
