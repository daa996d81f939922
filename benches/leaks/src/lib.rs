//! What `cargo xtask leaks` measures: a program with a million live objects, of which a thousand leaks are known.
//!
//! Lists, trees, tables, strings, shared objects and long arrays, with some given up in between, so that memory is used again and
//! keeps old words. The addresses of what is leaked are kept where no scan takes them for addresses: as what they are not.

#[cfg(target_family = "wasm")]
mod program;
#[cfg(target_family = "wasm")]
mod random;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: flagstone::Flagstone = flagstone::Flagstone::new();
