//! The programs that `cargo xtask bench` runs.
//!
//! The same source is compiled once for each allocator ([`allocator`]) into a module with plain wasm
//! exports ([`exports`]), so that the runner can read the memory's length before and after by itself. A run
//! is made in a fresh instance: `prepare` writes the input, which allocates nothing, then `run` is timed.
//!
//! What a workload asks for depends on its seed only, never on addresses. Everything that it keeps
//! about its objects lies in static memory ([`shelf`], [`input`]), so the heap holds nothing but what
//! the workload stands for. Its result folds the sizes and contents of all objects in the order in
//! which they die: it is equal for all allocators, or one of them lost bytes.
#![cfg_attr(feature = "sweep", allow(dead_code, reason = "the workloads stay behind"))]

mod allocator;
mod collections;
#[cfg(not(feature = "sweep"))]
mod exports;
mod input;
#[cfg(feature = "ledger")]
mod ledger;
mod object;
mod programs;
mod random;
mod shelf;
mod sweep;
mod synthetic;
#[cfg(feature = "trace")]
mod trace;

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
