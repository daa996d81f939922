//! Sweeps: how the cost of a free and an allocation goes with the number of live objects, with their size,
//! and with the size of the heap. At each point of a sweep the same number of random objects is replaced
//! in a heap that has been filled and stirred before the clock starts.

use crate::object::Object;
use crate::random::{Fold, Random};
use crate::shelf::{CAPACITY, Shelf};
use std::cell::RefCell;

/// Objects replaced at each point; half of the operations.
const REPLACED: u32 = 100_000;
/// Bytes of each object where their number varies.
const SIZE: usize = 64;
/// Objects where their size varies; fewer when they would fill more than `ROOM`.
const LIVE: usize = 1_000;
const ROOM: usize = 64 * 1024 * 1024;
/// Sizes where the size of the heap varies: this, doubled up to nine times, and anything between.
const MIXED: usize = 8;

/// What a sweep varies.
#[derive(Clone, Copy)]
enum Kind {
    /// Live objects of 64 bytes.
    Live,
    /// Bytes of an object.
    Size,
    /// Live bytes, in objects of 8 bytes to 8 KiB.
    Heap,
}

/// A filled heap.
struct Point {
    kind: Kind,
    parameter: usize,
    random: Random,
    shelf: Shelf,
}

thread_local! {
    /// The point between filling and churning.
    static FILLED: RefCell<Option<Point>> = const { RefCell::new(None) };
}

impl Point {
    /// Fills the heap.
    fn new(kind: Kind, parameter: usize, random: Random) -> Point {
        let mut point = Point { kind, parameter, random, shelf: Shelf::new() };
        let mut live = 0;
        while !point.is_full(live) {
            let size = point.size();
            live += size;
            point.shelf.push(Object::new(size, live as u32));
        }
        point
    }

    /// Whether `live` bytes are what the point wants.
    fn is_full(&self, live: usize) -> bool {
        let count = self.shelf.len();
        let full = match self.kind {
            Kind::Live => count >= self.parameter,
            Kind::Size => count >= LIVE.min(ROOM / self.parameter),
            Kind::Heap => live >= self.parameter,
        };
        full || count == CAPACITY
    }

    /// Bytes of the next object.
    fn size(&mut self) -> usize {
        match self.kind {
            Kind::Live => SIZE,
            Kind::Size => self.parameter,
            Kind::Heap => {
                let least = MIXED << self.random.below(10);
                self.random.within(least, 2 * least)
            }
        }
    }

    /// Replaces random objects and folds what they held.
    fn churn(&mut self) -> u64 {
        let mut fold = Fold::new();
        for serial in 0..REPLACED {
            let at = self.random.below(self.shelf.len());
            if let Some(old) = self.shelf.lift(at) {
                old.free(&mut fold);
            }
            let size = self.size();
            self.shelf.fill(at, Object::new(size, serial));
        }
        fold.end()
    }
}

/// Allocations and frees in one call of `sweep`.
#[unsafe(no_mangle)]
extern "C" fn sweep_operations() -> u32 {
    2 * REPLACED
}

/// Fills the heap for a point of a sweep (0 live objects, 1 size, 2 heap) and stirs it. Not timed.
#[unsafe(no_mangle)]
extern "C" fn sweep_prepare(kind: u32, parameter: u32, seed: u64) {
    let kind = [Kind::Live, Kind::Size, Kind::Heap][kind as usize];
    let mut point = Point::new(kind, parameter as usize, Random::new(seed));
    point.churn();
    FILLED.set(Some(point));
}

/// Replaces objects at the point that was prepared, and returns the fold of what they held.
#[unsafe(no_mangle)]
extern "C" fn sweep() -> u64 {
    FILLED.with_borrow_mut(|point| point.as_mut().map_or(0, Point::churn))
}
