//! What `cargo xtask objects` measures: pairs of calls on object caches and on the global allocator they live in; how much
//! consolidation gives back; and an app that stays within a budget.

#[cfg(target_family = "wasm")]
mod budget;
#[cfg(target_family = "wasm")]
mod moves;
#[cfg(target_family = "wasm")]
mod pairs;
#[cfg(target_family = "wasm")]
mod random;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: flagstone::Flagstone = flagstone::Flagstone::new();
