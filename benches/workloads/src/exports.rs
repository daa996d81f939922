//! What the runner calls: the workloads by their place in the order of the table.

use crate::random::Random;
use crate::{workload, workloads};

/// How many workloads there are.
#[unsafe(no_mangle)]
extern "C" fn workload_count() -> u32 {
    workloads().count() as u32
}

/// Where the name of a workload lies in memory.
#[unsafe(no_mangle)]
extern "C" fn workload_name(index: u32) -> *const u8 {
    workload(index).name.as_ptr()
}

/// How many bytes the name of a workload has.
#[unsafe(no_mangle)]
extern "C" fn workload_name_len(index: u32) -> usize {
    workload(index).name.len()
}

/// 0 synthetic, 1 collections, 2 program.
#[unsafe(no_mangle)]
extern "C" fn workload_kind(index: u32) -> u32 {
    workload(index).kind as u32
}

/// Writes the input of a workload. Not timed.
#[unsafe(no_mangle)]
extern "C" fn prepare(index: u32, seed: u64) {
    (workload(index).prepare)(&mut Random::new(seed));
}

/// Runs a workload and returns the fold of what it saw.
#[unsafe(no_mangle)]
extern "C" fn run(index: u32, seed: u64) -> u64 {
    (workload(index).run)(&mut Random::new(seed))
}

/// Keeps one string of 64 bytes alive: what the least of programs asks for.
#[unsafe(no_mangle)]
extern "C" fn first_allocation() -> *const u8 {
    "flagstone".repeat(7).leak().as_ptr()
}
