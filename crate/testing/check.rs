//! [`Check`]: the assertions, with what they may be told.
#![forbid(unsafe_code)]

use core::fmt;
use core::hint::black_box;

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::leaks::{bytes, counted, list};
use super::measure::sealed::Measured;
use super::measure::{Running, Sums};
use super::{Leak, Leaks, Program, Subject};
use crate::objects::Home;

/// Requests that `fail_each` tries where nothing is said.
const AT_MOST: u32 = 10_000;

/// Assertions about the program's memory, or with [`of`](super::of) about a heap's, and how they are made.
///
/// ```
/// use flagstone::testing::Check;
///
/// #[global_allocator]
/// static ALLOCATOR: flagstone::Flagstone = flagstone::Flagstone::new();
///
/// # fn main() {
/// let mut seen = Vec::new();
/// // After five runs everything was seen.
/// Check::new().warm_up(5).assert_no_leak(|| if seen.len() < 5 { seen.push(0_u8) });
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "it only says how an assertion is made"]
pub struct Check<S = Program> {
    subject: S,
    /// Whether it is to be checked that requests arrive.
    probes: bool,
    warm_up: u32,
    at_most: u32,
}

impl Check {
    /// Assertions about the program's memory.
    #[allow(clippy::new_without_default, reason = "an assertion is no value that a type has by default")]
    pub const fn new() -> Self {
        #[cfg(target_family = "wasm")]
        let program = crate::vmem::ModuleHeap;
        #[cfg(not(target_family = "wasm"))]
        let program = Program::new();
        Self::over(program, true)
    }
}

impl<S> Check<S> {
    pub(super) const fn over(subject: S, probes: bool) -> Self {
        Self { subject, probes, warm_up: 1, at_most: AT_MOST }
    }

    /// Runs that come before those that are measured; one where nothing is said.
    pub const fn warm_up(mut self, runs: u32) -> Self {
        self.warm_up = runs;
        self
    }

    /// Requests that [`fail_each`](Self::fail_each) tries before it gives up; 10,000 where nothing is said.
    pub const fn at_most(mut self, requests: u32) -> Self {
        self.at_most = requests;
        self
    }
}

impl<S: Subject> Check<S> {
    /// What a run of a closure asks for and does not give back.
    #[track_caller]
    pub fn leaks<R>(self, mut closure: impl FnMut() -> R) -> Leaks {
        self.warm(&mut closure);
        self.leaks_once(closure)
    }

    #[track_caller]
    pub(super) fn leaks_once<R>(self, closure: impl FnOnce() -> R) -> Leaks {
        let running = self.begin();
        let since = self.subject.sums().last;
        drop(closure());
        let leaks = self.found(since);
        drop(running);
        leaks
    }

    /// As [`assert_no_leak`](super::assert_no_leak).
    ///
    /// # Panics
    /// If a run leaks.
    #[track_caller]
    pub fn assert_no_leak<R>(self, mut closure: impl FnMut() -> R) {
        self.warm(&mut closure);
        let running = self.begin();
        let since = self.subject.sums().last;
        drop(closure());
        let mut leaks = self.found(since);
        if leaks.count != 0 && self.subject.look_closer(since) {
            let since = self.subject.sums().last;
            drop(closure());
            let again = self.subject.rows(since);
            if !again.is_empty() {
                leaks.rows = again;
            }
        }
        drop(running);
        assert!(leaks.is_empty(), "the closure leaks: {leaks}");
    }

    /// As [`assert_max_live_bytes`](super::assert_max_live_bytes), after the runs that come before.
    ///
    /// # Panics
    /// If more bytes are held at once.
    #[track_caller]
    pub fn assert_max_live_bytes<R>(self, bytes: usize, mut closure: impl FnMut() -> R) {
        self.warm(&mut closure);
        self.assert_max_live_bytes_once(bytes, closure);
    }

    #[track_caller]
    pub(super) fn assert_max_live_bytes_once<R>(self, max: usize, closure: impl FnOnce() -> R) {
        let running = self.begin();
        drop(closure());
        let Sums { peak, missed, .. } = self.subject.sums();
        drop(running);
        let unrecorded = Unrecorded(missed);
        assert!(
            peak <= max as u64 && missed == 0,
            "the closure held {} at once, and may hold {}{unrecorded}",
            bytes(peak),
            bytes(max as u64)
        );
    }

    /// As [`assert_steady`](super::assert_steady), after the runs that come before.
    ///
    /// # Panics
    /// If what is held changes.
    #[track_caller]
    pub fn assert_steady<R>(self, runs: u32, mut closure: impl FnMut() -> R) {
        let running = self.begin();
        for _ in 0..self.warm_up {
            drop(closure());
        }
        let (at_first, pages) = (self.subject.sums(), self.subject.pages());
        let mut changed = 0;
        for run in 1..=runs {
            drop(closure());
            let now = self.subject.sums();
            let same = (now.bytes, now.count, self.subject.pages()) == (at_first.bytes, at_first.count, pages);
            if !same && changed == 0 {
                changed = run;
            }
        }
        let (at_last, pages_now) = (self.subject.sums(), self.subject.pages());
        let steady = changed == 0 && at_last.missed == 0;
        let rows = if steady { Vec::new() } else { self.subject.rows(at_first.last) };
        drop(running);
        let (before, after) = (Held(at_first, pages), Held(at_last, pages_now));
        assert!(
            steady,
            "the closure is not steady: {before} after the runs before, {after} after {runs} more{}{}{}",
            Since(changed),
            Unrecorded(at_last.missed),
            Rows(&rows)
        );
    }

    /// As [`fail_each`](super::fail_each), after the runs that come before.
    ///
    /// # Panics
    /// If a run leaks, or there are more requests than [`at_most`](Self::at_most).
    #[track_caller]
    pub fn fail_each<R>(self, mut closure: impl FnMut() -> R) -> u32 {
        let running = self.begin();
        for _ in 0..self.warm_up {
            drop(closure());
        }
        for request in 0..self.at_most {
            let since = self.subject.sums().last;
            self.subject.fail_one(request + 1);
            drop(closure());
            let failed = self.subject.failed();
            self.subject.fail_one(0);
            let leaks = self.found(since);
            if !leaks.is_empty() {
                drop(running);
                let which = if failed { "with" } else { "without" };
                panic!("the closure leaks {which} request {request} failing, counted from 0: {leaks}");
            }
            if !failed {
                return request;
            }
        }
        drop(running);
        panic!("the closure makes more than {}: see `at_most`", counted(self.at_most.into(), "request", "requests"));
    }

    /// Runs the closure as often as it has to be run before.
    fn warm<R>(self, closure: &mut impl FnMut() -> R) {
        for _ in 0..self.warm_up {
            drop(closure());
        }
    }

    /// Begins a measurement.
    #[track_caller]
    fn begin(self) -> Running<S> {
        let running = Running::begin(self.subject);
        if self.probes {
            let before = self.subject.sums().last;
            drop(black_box(Box::new(black_box(0_u8))));
            let arrives = self.subject.sums().last != before;
            assert!(arrives, "no request reaches flagstone: it has to be the #[global_allocator] of this program");
        }
        running
    }

    /// What is held of what was handed out after allocation `since`.
    fn found(self, since: u64) -> Leaks {
        let Sums { peak, missed, .. } = self.subject.sums();
        let (count, bytes) = self.subject.held(since);
        let rows = if count == 0 { Vec::new() } else { self.subject.rows(since) };
        Leaks { count, bytes, peak, unrecorded: missed, rows }
    }
}

impl<H: Home> Check<H> {
    /// Panics if the memory of the heap grows by more pages of 64 KiB while a closure runs, after the runs that come before. Nothing is on
    /// record meanwhile, and everything is as fast as ever.
    ///
    /// # Panics
    /// If it does.
    #[track_caller]
    pub fn assert_max_pages<R>(self, pages: u32, mut closure: impl FnMut() -> R) {
        self.warm(&mut closure);
        self.assert_max_pages_once(pages, closure);
    }

    #[track_caller]
    pub(super) fn assert_max_pages_once<R>(self, max: u32, closure: impl FnOnce() -> R) {
        let pages = || self.subject.pages().unwrap_or_default();
        let before = pages();
        drop(closure());
        let grown = pages() - before;
        let (grew, may) = (counted(grown.into(), "page", "pages"), counted(max.into(), "page", "pages"));
        assert!(grown <= max, "the memory grew by {grew} of 64 KiB, and may grow by {may}");
    }
}

/// Rows of a failure.
struct Rows<'a>(&'a [Leak]);

impl fmt::Display for Rows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.is_empty() {
            f.write_str("; of what was asked for since then these are held:")?;
        }
        list(f, self.0)
    }
}

/// The first run after which something was other than before; zero for none.
struct Since(u32);

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            run => write!(f, ", other than before from run {run} on"),
        }
    }
}

/// What is held after a run.
struct Held(Sums, Option<u32>);

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", bytes(self.0.bytes), counted(self.0.count, "allocation", "allocations"))?;
        match self.1 {
            Some(pages) => write!(f, " and {}", counted(pages.into(), "page", "pages")),
            None => Ok(()),
        }
    }
}

/// What could not be put on record.
struct Unrecorded(u64);

impl fmt::Display for Unrecorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            count => {
                write!(f, "; there was no memory to put {} on record", counted(count, "allocation", "allocations"))
            }
        }
    }
}
