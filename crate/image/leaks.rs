//! Leaks: live objects that nothing in the memory leads to, as illumos' `::findleaks` and LeakSanitizer look for them.
//!
//! A scan reads what the program reaches without going through the heap (its static data, addresses that are given, the stack where
//! that is wanted), and then every object that a word it read points into, until there is nothing more to read. What is live in the
//! heap and was not met is out of reach. Free memory is never read, nor are magazines; the allocator's own records among the
//! objects are never leaks (`roots` says what of them is read).
//!
//! # What is known, and what is not
//!
//! - **A word is a pointer iff it points anywhere into a live object**, first byte to last, of its size class. So a number that
//!   happens to be such an address keeps a leak from being found, and so do old pointers: in a part of an object that was not
//!   written since, in the spare room of a vector, in static data. One address past the end of an object is that of its neighbour
//!   and counts as that; an empty slice or the end of an iterator holds nothing.
//! - **Words lie at multiples of 4.** A pointer that a packed structure has elsewhere, or that is kept as something else (a
//!   difference, two halves, bits exclusive-or), is not seen, and what it alone holds is called out of reach wrongly.
//! - **At a quiet moment**, between two turns of the event loop, nothing is on the stack, nor in the locals and globals of wasm. In
//!   the midst of a call, or after a trap, have the stack read ([`Options::stack`]): all of it, since where it ends is known to the
//!   module alone. Locals of wasm that were never written to it are nowhere.
//! - **What JavaScript holds it holds as plain numbers**: wrappers of exported structs (`__wbg_ptr`), closures that were handed over,
//!   and the tasks that wait for a promise, whose waker is such a closure. No memory shows them. Where the addresses are given
//!   ([`Options::held_by_js`]), all they lead to is in reach, and what is not is a [leak](Certainty::Leak). Where they are not, an
//!   object out of reach may be one that JavaScript holds, and the report [says so](Certainty::HeldByJsPerhaps).
//! - **Threads**: the thread-local memory of a thread other than the first lies in the heap and is known to JavaScript alone.
//! - **Damage**: what the survey could not take up is not looked at. A slab whose record is damaged is read as if all of it was held.
//!
//! # Steps
//!
//! A scan goes on by [`step`](LeakScan::step), as far as it is told, so that it may share a thread with somebody who waits. The image
//! must be the same all the time: a copy, or a memory that nobody writes to. It takes time linear in the bytes that are live, and of
//! memory a bit for each object and a few words for each that is out of reach.
#![forbid(unsafe_code)]

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::Image;
use super::survey::Survey;

mod components;
mod holders;
mod places;
mod reader;
mod report;
mod roots;
mod sites;
mod trace;

pub use report::{Certainty, EXAMPLES, Example, Leak, LeakGroup, LeakReport};
pub use sites::recorded_sites;

use components::Components;
use holders::Holders;
use places::Places;
use roots::Roots;
use trace::Trace;

/// Who allocated the object at an address: the number of the call site, where that is known.
pub type SiteOf = Box<dyn Fn(u32) -> Option<u32>>;

/// What a scan takes for held, and what it is told besides.
#[derive(Default)]
pub struct Options {
    /// Whether what the stack points to is held: all of the stack, as deep as it ever was.
    pub stack: bool,
    /// Addresses of objects that are held by something outside of the memory.
    pub roots: Vec<u32>,
    /// The addresses that JavaScript holds, all of them; none where it is not known which those are.
    pub held_by_js: Option<Vec<u32>>,
    /// Who allocated what, as [`recorded_sites`] knows it: leaks are told apart by it.
    pub site_of: Option<SiteOf>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("stack", &self.stack)
            .field("roots", &self.roots)
            .field("held_by_js", &self.held_by_js)
            .finish_non_exhaustive()
    }
}

/// How far a scan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is done.
    pub done: u64,
    /// What there is to do. It does not change.
    pub total: u64,
    /// Whether the scan is at its end.
    pub ended: bool,
}

/// A search for leaks that is under way.
///
/// ```
/// use flagstone::{Heap, image::survey::Survey, source::{Fixed, Page}, units::Addr};
/// use flagstone::image::leaks::{LeakScan, Options};
/// let mut memory = vec![Page::ZERO; 4];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let layout = std::alloc::Layout::new::<[u32; 8]>();
/// let forgotten = heap.alloc(layout);
/// let survey = Survey::take(&heap.image(), heap.root()).unwrap();
/// let mut scan = LeakScan::new(&survey, Options::default());
/// while !scan.step(&heap.image(), 1_000).ended {}
/// let report = scan.finish(&heap.image());
/// assert_eq!((report.leaks.len(), report.groups[0].bytes), (1, 32));
/// # unsafe { heap.dealloc(forgotten, layout) };
/// ```
#[derive(Debug)]
pub struct LeakScan {
    places: Places,
    trace: Trace,
    phase: Phase,
    options: Options,
    /// Words of what is read, and of all live objects.
    total: u64,
    /// Objects that the program and the allocator hold, and their bytes.
    live: (u32, u64),
    damaged: bool,
}

/// What a scan is doing.
#[derive(Debug)]
enum Phase {
    /// Following pointers.
    Trace,
    /// Listing what was not met, and who of those points to whom.
    Components(Components),
    /// Adding up what each leak holds.
    Holders(Holders),
}

impl LeakScan {
    /// A scan of the heap of a survey. Takes time and memory linear in the number of segments and of records of arenas.
    #[must_use]
    pub fn new(survey: &Survey, options: Options) -> Self {
        let places = Places::of(survey);
        let mut roots = Roots::of(survey, &places, options.stack);
        roots.held.extend(&options.roots);
        roots.held.extend(options.held_by_js.iter().flatten());
        let mut live = (0, 0);
        let mut words = 0;
        for object in (0..places.len()).flat_map(|place| places.live(place)) {
            live = (live.0 + 1, live.1 + u64::from(object.len));
            words += reader::words(object.start, object.len);
        }
        let total = words + roots.read.iter().map(|range| reader::words(range.start, range.len)).sum::<u64>();
        let trace = Trace::new(&places, roots);
        let damaged = !survey.problems.is_empty();
        Self { places, trace, phase: Phase::Trace, options, total, live, damaged }
    }

    /// Goes on for about `budget` words of memory. The image is the one that was surveyed, and must not have changed.
    pub fn step(&mut self, image: &(impl Image + ?Sized), budget: u64) -> Progress {
        let mut left = i64::try_from(budget).unwrap_or(i64::MAX).max(1);
        while left > 0 {
            match &mut self.phase {
                Phase::Trace => {
                    if self.trace.step(image, &self.places, &mut left) {
                        self.phase = Phase::Components(Components::new());
                    }
                }
                Phase::Components(components) => {
                    if components.step(image, &self.places, &self.trace, &mut left) {
                        let components = core::mem::take(components);
                        self.phase = Phase::Holders(Holders::new(components));
                    }
                }
                Phase::Holders(holders) => {
                    if holders.step(image, &self.places, &mut left, self.options.site_of.as_deref()) {
                        break;
                    }
                }
            }
        }
        self.progress()
    }

    /// How far it is. What is in reach is read once, what is not twice.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let (again, ended) = match &self.phase {
            Phase::Trace => (0, false),
            Phase::Components(components) => (components.read(), false),
            Phase::Holders(holders) => (holders.read(), holders.is_done()),
        };
        let done = if ended { self.total } else { (self.trace.read() + again / 2).min(self.total) };
        Progress { done, total: self.total, ended }
    }

    /// Whether the live object that has `address` was met so far; none where there is no such object.
    #[must_use]
    pub fn reaches(&self, address: u32) -> Option<bool> {
        self.places.find(address).map(|object| self.trace.has(object.ordinal))
    }

    /// What was found, after the last step; a scan that is not at its end is brought there.
    #[must_use]
    pub fn finish(mut self, image: &(impl Image + ?Sized)) -> LeakReport {
        while !self.step(image, u64::MAX).ended {}
        let certainty = if self.options.held_by_js.is_some() { Certainty::Leak } else { Certainty::HeldByJsPerhaps };
        let Phase::Holders(holders) = self.phase else { return LeakReport::empty(certainty) };
        holders.report(image, certainty, self.live, self.damaged)
    }
}
