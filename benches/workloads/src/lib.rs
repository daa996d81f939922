//! The programs that `cargo xtask bench` runs.
//!
//! The same source is compiled once for each allocator ([`allocator`]) into a module with plain wasm
//! exports, so that the runner can read the memory's length before and after by itself. A run is made
//! in a fresh instance: [`prepare`] writes the input, which allocates nothing, then [`run`] is timed.
//!
//! What a workload asks for depends on its seed only, never on addresses. Everything that it keeps
//! about its objects lies in static memory ([`shelf`], [`input`]), so the heap holds nothing but what
//! the workload stands for. Its result folds the sizes and contents of all objects in the order in
//! which they die: it is equal for all allocators, or one of them lost bytes.

mod allocator;
mod collections;
mod input;
#[cfg(feature = "ledger")]
mod ledger;
mod object;
mod programs;
mod random;
mod shelf;
mod synthetic;

use random::Random;

/// What a workload stands for; means are taken for each kind apart.
#[derive(Clone, Copy)]
#[repr(u32)]
enum Kind {
    /// Nothing but requests.
    Synthetic = 0,
    /// Containers of std as programs use them.
    Collections = 1,
    /// A published library doing its work.
    Program = 2,
}

/// One program.
struct Workload {
    /// Unique, short, for tables and `--only`.
    name: &'static str,
    /// Which mean it belongs to.
    kind: Kind,
    /// Writes the input into static memory; allocates nothing.
    prepare: fn(&mut Random),
    /// Does the work and folds what it saw.
    run: fn(&mut Random) -> u64,
}

impl Workload {
    /// A workload without input.
    const fn new(name: &'static str, kind: Kind, run: fn(&mut Random) -> u64) -> Workload {
        Workload { name, kind, prepare: |_| {}, run }
    }
}

/// All workloads, in the order of the table.
fn workloads() -> impl Iterator<Item = &'static Workload> {
    [synthetic::WORKLOADS, collections::WORKLOADS, programs::WORKLOADS].into_iter().flatten()
}

/// The workload at `index` of that order.
fn workload(index: u32) -> &'static Workload {
    workloads().nth(index as usize).expect("the runner counts before it asks")
}

/// How many workloads there are.
#[unsafe(no_mangle)]
pub extern "C" fn workload_count() -> u32 {
    workloads().count() as u32
}

/// Where the name of a workload lies in memory.
#[unsafe(no_mangle)]
pub extern "C" fn workload_name(index: u32) -> *const u8 {
    workload(index).name.as_ptr()
}

/// How many bytes the name of a workload has.
#[unsafe(no_mangle)]
pub extern "C" fn workload_name_len(index: u32) -> usize {
    workload(index).name.len()
}

/// 0 synthetic, 1 collections, 2 program.
#[unsafe(no_mangle)]
pub extern "C" fn workload_kind(index: u32) -> u32 {
    workload(index).kind as u32
}

/// Writes the input of a workload. Not timed.
#[unsafe(no_mangle)]
pub extern "C" fn prepare(index: u32, seed: u64) {
    (workload(index).prepare)(&mut Random::new(seed));
}

/// Runs a workload and returns the fold of what it saw.
#[unsafe(no_mangle)]
pub extern "C" fn run(index: u32, seed: u64) -> u64 {
    (workload(index).run)(&mut Random::new(seed))
}

/// Keeps one string of 64 bytes alive: what the least of programs asks for.
#[unsafe(no_mangle)]
pub extern "C" fn first_allocation() -> *const u8 {
    "flagstone".repeat(7).leak().as_ptr()
}
