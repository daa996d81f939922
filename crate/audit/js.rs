//! Stacks and time from JavaScript (feature `sites`), by a few lines of it that wasm-bindgen ships with the module: `capture.js`.
//!
//! Only numbers go over: an address in the module's memory, and how many words of it may be written. So nothing is allocated in the heap
//! that is looked at.
#![forbid(unsafe_code)]

/// Takes stacks and the time from JavaScript, for the heap of this module. Call it once, when the program starts; again does no harm.
/// Off wasm it does nothing.
///
/// Stacks are the offsets of calls in the module's bytes. V8 and Firefox tell them. Safari does not, and there a site is a tag alone.
/// wasm-bindgen's target `no-modules` cannot ship the JavaScript; all others can.
///
/// ```
/// flagstone::audit::install();
/// ```
pub fn install() {
    #[cfg(target_family = "wasm")]
    module::install();
}

#[cfg(target_family = "wasm")]
mod module {
    use wasm_bindgen::prelude::*;

    use crate::audit::host::{set_capture, set_clock};

    #[wasm_bindgen(module = "/crate/audit/capture.js")]
    extern "C" {
        #[wasm_bindgen(js_name = install)]
        fn begin(memory: JsValue);

        fn capture(at: u32, max: u32) -> u32;

        fn now() -> u32;
    }

    pub(super) fn install() {
        begin(wasm_bindgen::memory());
        set_capture(|frames| capture(frames.as_mut_ptr().addr() as u32, frames.len() as u32) as usize);
        set_clock(now);
    }
}
