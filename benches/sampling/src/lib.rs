//! What `cargo xtask sampling` measures: the small churn of the bench (`benches/workloads`), compiled without diagnosis and with it.
//!
//! Both go through wasm-bindgen, so that they differ in the feature `sites` alone.

#[cfg(target_family = "wasm")]
#[path = "../../workloads/src/synthetic/churn.rs"]
mod churn;
#[cfg(target_family = "wasm")]
#[allow(dead_code, reason = "other workloads need the rest")]
#[path = "../../workloads/src/object.rs"]
mod object;
#[cfg(target_family = "wasm")]
#[allow(dead_code, reason = "other workloads need the rest")]
#[path = "../../workloads/src/random.rs"]
mod random;
#[cfg(target_family = "wasm")]
#[allow(dead_code, reason = "other workloads need the rest")]
#[path = "../../workloads/src/shelf.rs"]
mod shelf;

#[cfg(target_family = "wasm")]
mod exports;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: flagstone::Flagstone = flagstone::Flagstone::new();
