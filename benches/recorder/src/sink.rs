//! Where the bytes of a trace go: natively into a file, in wasm to an imported function.

#[cfg_attr(target_family = "wasm", path = "sink/wasm.rs")]
#[cfg_attr(not(target_family = "wasm"), path = "sink/file.rs")]
mod place;

pub(crate) use place::{name, open, write};
