//! Programs that say a wrong size or alignment when they give an object back, or change its size: Rust's most common unsafe bug.

use flagstone::audit::FaultKind::WrongSize;

use super::{Ground, Program, Run, program};

/// Frees what was asked for with one layout as if it had another one.
fn freed_as<G: Ground>(name: &str, asked: (usize, usize), given: (usize, usize)) -> Program<G> {
    program(name, WrongSize, move |it: &Run<G>| {
        let at = it.alloc(1, asked.0, asked.1);
        it.write(at, 0, asked.0);
        let (size, align) = it.bug(given, asked);
        it.free(2, at, size, align);
    })
    .of(asked.0 as u32, asked.1 as u32)
    .given(given.0 as u32, given.1 as u32)
    .sites(1, 0, 2)
}

/// Says a wrong layout where it changes a size.
fn resized_as<G: Ground>(name: &str, asked: (usize, usize), given: (usize, usize), new: usize) -> Program<G> {
    program(name, WrongSize, move |it: &Run<G>| {
        let at = it.alloc(1, asked.0, asked.1);
        it.write(at, 0, asked.0);
        let (size, align) = it.bug(given, asked);
        let at = it.realloc(2, at, size, align, new);
        // SAFETY: as many bytes were kept.
        let kept = unsafe { core::slice::from_raw_parts(at, new.min(asked.0).min(size)) };
        assert!(kept.iter().all(|&byte| byte == 0x41));
        it.free(3, at, new, align);
    })
    .of(asked.0 as u32, asked.1 as u32)
    .given(given.0 as u32, given.1 as u32)
    .sites(1, 0, 2)
}

pub(super) fn programs<G: Ground>() -> Vec<Program<G>> {
    vec![
        freed_as("Vec::from_raw_parts with twice the capacity", (64, 8), (128, 8)).lite(WrongSize),
        freed_as("Vec::from_raw_parts with the length for the capacity", (80, 1), (71, 1)).lite(WrongSize),
        freed_as("Box<[T]> with one element less", (48, 8), (40, 8)).lite(WrongSize),
        freed_as("a text that was cut, freed as it is now", (11, 1), (5, 1)).lite(WrongSize),
        freed_as("the layout of another type", (24, 8), (32, 8)).lite(WrongSize),
        freed_as("an array freed as one element", (160, 8), (16, 8)).lite(WrongSize),
        freed_as("a large buffer freed as a small one", (20_000, 8), (2000, 8)).lite(WrongSize),
        freed_as("a small buffer freed as a large one", (200, 8), (20_000, 8)).lite(WrongSize),
        freed_as("another size of the same size class", (33, 8), (40, 8)),
        freed_as("Vec<u64> freed as bytes", (64, 8), (64, 1)),
        freed_as("bytes freed as Vec<u64>", (64, 1), (64, 8)),
        freed_as("a larger alignment than was asked for", (64, 8), (64, 64)),
        freed_as("a smaller alignment than was asked for", (512, 512), (512, 8)),
        resized_as("a wrong old size, too small, in realloc", (40, 8), (32, 8), 100).lite(WrongSize),
        resized_as("a wrong old size, too large, in realloc", (40, 8), (48, 8), 100).lite(WrongSize),
        resized_as("a wrong old alignment in realloc", (40, 8), (40, 1), 100),
        resized_as("a wrong old size of a large buffer in realloc", (30_000, 8), (3000, 8), 60_000).lite(WrongSize),
    ]
}
