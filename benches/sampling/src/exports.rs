//! What the runner calls.

#![allow(unreachable_pub, reason = "wasm-bindgen wants public functions")]

use wasm_bindgen::prelude::wasm_bindgen;

use crate::churn;
use crate::random::Random;

/// Bytes between two samples on the average, zero for none, and the most stacks in a second, zero for any number. Without diagnosis nothing
/// can be sampled.
#[wasm_bindgen]
pub fn sample(bytes: u32, stacks: u32) {
    #[cfg(feature = "sites")]
    {
        flagstone::audit::install();
        flagstone::audit::Auditor::new(flagstone::vmem::ModuleHeap).set_sampling_within(bytes, stacks);
    }
    #[cfg(not(feature = "sites"))]
    assert_eq!((bytes, stacks), (0, 0), "nothing can be sampled");
}

/// Replaces 1.5 million objects of 1,000, 10,000 or 100,000, by `kind` from 0 on; the fold of what they held.
#[wasm_bindgen]
pub fn run(kind: u32, seed: u64) -> u64 {
    let random = &mut Random::new(seed);
    match kind {
        0 => churn::of::<1_000>(random),
        1 => churn::of::<10_000>(random),
        _ => churn::of::<100_000>(random),
    }
}

/// Bytes that were asked for ever, as the samples tell; zero without diagnosis.
#[wasm_bindgen]
pub fn sampled() -> f64 {
    #[cfg(feature = "sites")]
    return flagstone::audit::Auditor::new(flagstone::vmem::ModuleHeap).estimate_ever().0 as f64;
    #[cfg(not(feature = "sites"))]
    0.0
}
