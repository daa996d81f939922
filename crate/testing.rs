//! What tests say about memory (feature `audit`): no leak across a closure, at most so many bytes, the same after each run, and
//! an answer to each failed request.
//!
//! ```
//! use flagstone::testing::{assert_max_live_bytes, assert_no_leak, assert_steady, fail_each};
//!
//! #[global_allocator]
//! static ALLOCATOR: flagstone::Flagstone = flagstone::Flagstone::new();
//!
//! # fn main() {
//! assert_no_leak(|| "one two three".split(' ').map(String::from).collect::<Vec<_>>());
//! assert_max_live_bytes(4096, || vec![0_u64; 512]);
//! assert_steady(10, || format!("{:?}", [1, 2, 3]));
//!
//! let requests = fail_each(|| {
//!     let mut words: Vec<u32> = Vec::new();
//!     words.try_reserve_exact(100)?;
//!     let mut bytes: Vec<u8> = Vec::new();
//!     bytes.try_reserve_exact(100)
//! });
//! assert_eq!(requests, 2);
//! # }
//! ```
//!
//! # What is measured
//!
//! - **On wasm** the module's heap, with everything in it: what the front end handed out, object caches, what JavaScript asked for.
//!   While a measurement runs each object is on record ([`Mode::SITES`](crate::audit::Mode::SITES) everywhere), so no call is fast, no
//!   magazine is in use, and object caches construct each object anew. A zone allows no modes: its objects are not measured.
//! - **Elsewhere** what the measuring thread asks [`Flagstone`](crate::Flagstone) for, so tests that run beside each other do not
//!   disturb each other. What other threads ask for is not measured, even those that the closure starts. What they give back
//!   is: an object that another thread drops is no leak.
//! - **A heap over bytes**, on any target: [`of(&heap)`](of) has the same assertions for it.
//!
//! Sizes are those that were asked for. A reallocation counts as a free and an allocation; one of an older object that gets shorter
//! counts as nothing, where it stays in place. What was there before and goes meanwhile does not count: there are no negative leaks.
//! What a closure returns is dropped before anything is counted. The program must have `Flagstone` as its global allocator; a
//! measurement that no request reaches says so and panics.
//!
//! # What is no leak
//!
//! A static that is made at its first use, a thread's local, a buffer of a logger: what the first run leaves is found there by the next. So
//! [`assert_no_leak`], [`assert_steady`] and [`fail_each`] run the closure once before, and a [`Check`] as often as it is told. What libtest
//! captures of `println!` is a buffer that grows: do not print in a closure.
//!
//! # What a failure says
//!
//! The objects that are held, by site, the largest sum first: sizes, counts, tag and object cache where they have one, and which
//! allocation of the closure the first one was. On wasm the frames of the site are offsets in the module, `+0x8f8`, where there is a
//! [capture](crate::audit::set_capture); the inspector has their names. Elsewhere [`assert_no_leak`] runs the closure
//! once more when it fails, to see who asks, and names functions and lines.
//!
//! An assertion that fails, and natively a closure that panics, leaves nothing switched on. On wasm a panic ends the closure at once and
//! nothing is undone: measurements and faults on purpose stay on, until the module ends.
#![forbid(unsafe_code)]

mod check;
mod leaks;
mod measure;
mod of_heap;
#[cfg(not(target_family = "wasm"))]
mod of_threads;
#[cfg(not(target_family = "wasm"))]
mod stacks;
#[cfg(not(target_family = "wasm"))]
pub(crate) mod threads;

pub use check::Check;
pub use leaks::{Leak, Leaks};
pub use measure::Subject;
#[cfg(not(target_family = "wasm"))]
pub use of_threads::Program;
/// The program's memory: on wasm the module's heap.
#[cfg(target_family = "wasm")]
pub type Program = crate::vmem::ModuleHeap;

use crate::objects::Home;

/// The same assertions about one heap: `&Heap<S>`, or on wasm `vmem::ModuleHeap`.
///
/// ```
/// use flagstone::objects::{Bare, Cache, Options};
/// use flagstone::{Heap, source::{Fixed, Page}, testing, units::Addr};
/// let mut memory = vec![Page::ZERO; 64];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let nodes = Cache::new(&heap, std::alloc::Layout::new::<[u64; 6]>(), Options::new("nodes"), Bare)?;
/// let leaks = testing::of(&heap).leaks(|| nodes.alloc().unwrap());
/// assert_eq!((leaks.count, leaks.bytes), (1, 48));
/// assert_eq!(leaks.rows[0].cache.as_deref(), Some("nodes"));
/// # Ok::<(), flagstone::objects::Error>(())
/// ```
pub const fn of<H: Home>(home: H) -> Check<H> {
    Check::over(home, false)
}

/// What a closure asks for and does not give back. It runs once: what it leaves in statics counts.
///
/// ```
/// # #[global_allocator]
/// # static ALLOCATOR: flagstone::Flagstone = flagstone::Flagstone::new();
/// # fn main() {
/// let leaks = flagstone::testing::leaks(|| std::mem::forget(vec![0_u8; 100]));
/// assert_eq!((leaks.count, leaks.bytes), (1, 100));
/// # }
/// ```
#[track_caller]
pub fn leaks<R>(closure: impl FnOnce() -> R) -> Leaks {
    Check::new().leaks_once(closure)
}

/// Panics if a closure asks for memory and does not give it back, with a list of what it holds. It runs once before.
///
/// ```should_panic
/// # #[global_allocator]
/// # static ALLOCATOR: flagstone::Flagstone = flagstone::Flagstone::new();
/// # fn main() {
/// flagstone::testing::assert_no_leak(|| std::mem::forget(vec![0_u8; 100]));
/// # }
/// ```
///
/// # Panics
/// If it does.
#[track_caller]
pub fn assert_no_leak<R>(closure: impl FnMut() -> R) {
    Check::new().assert_no_leak(closure);
}

/// Panics if a closure ever holds more bytes at once that it asked for. It runs once: what it leaves in statics counts.
///
/// ```should_panic
/// # #[global_allocator]
/// # static ALLOCATOR: flagstone::Flagstone = flagstone::Flagstone::new();
/// # fn main() {
/// flagstone::testing::assert_max_live_bytes(1000, || [vec![0_u8; 600], vec![0; 600]]);
/// # }
/// ```
///
/// # Panics
/// If it does.
#[track_caller]
pub fn assert_max_live_bytes<R>(bytes: usize, closure: impl FnOnce() -> R) {
    Check::new().assert_max_live_bytes_once(bytes, closure);
}

/// Panics if the memory of the module grows by more pages of 64 KiB while a closure runs, whoever makes it grow. It runs once, with
/// nothing on record, as fast as ever. What lies free when it begins, it may use.
///
/// Only on wasm: elsewhere a program has no memory that grows by pages. [`of(&heap)`](of) has it everywhere:
///
/// ```
/// use flagstone::{Heap, source::{Fixed, Page}, testing, units::Addr};
/// let mut memory = vec![Page::ZERO; 64];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let layout = std::alloc::Layout::new::<[u8; 100_000]>();
/// testing::of(&heap).warm_up(0).assert_max_pages(2, || heap.alloc(layout));
/// ```
///
/// # Panics
/// If it does.
#[cfg(target_family = "wasm")]
#[track_caller]
pub fn assert_max_pages<R>(pages: u32, closure: impl FnOnce() -> R) {
    Check::new().assert_max_pages_once(pages, closure);
}

/// Panics if what a closure holds changes from run to run: after one run to begin with, live bytes, live objects and pages are the
/// same after each of `runs` more. Where there are no pages, they are not looked at.
///
/// ```should_panic
/// # #[global_allocator]
/// # static ALLOCATOR: flagstone::Flagstone = flagstone::Flagstone::new();
/// # fn main() {
/// let mut history = Vec::new();
/// flagstone::testing::assert_steady(5, || history.push(String::from("visited")));
/// # }
/// ```
///
/// # Panics
/// If it does, with a list of what was asked for since the first run and is held.
#[track_caller]
pub fn assert_steady<R>(runs: u32, closure: impl FnMut() -> R) {
    Check::new().assert_steady(runs, closure);
}

/// Runs a closure again and again: each run has one request fail, first the first, then the second, and so on, until a run has so
/// few that none fails. How many requests that are. It runs once before, and nothing may leak in any run.
///
/// The closure has to do with null, or an error: `try_reserve`, object caches, fallible collections. What `vec!` and `Box::new` do
/// about it ends the program. Growing an allocation is a request, too; one that grows in its place on wasm needs none.
///
/// # Panics
/// If a run leaks, with the number of the request that failed; or after 10,000 requests ([`Check::at_most`]).
#[track_caller]
pub fn fail_each<R>(closure: impl FnMut() -> R) -> u32 {
    Check::new().fail_each(closure)
}
