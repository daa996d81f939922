//! Where the synthetic workloads keep their objects: one static array, so that their bookkeeping never
//! reaches the allocator under test. It is part of the module's initial memory, alike for all.
#![forbid(unsafe_code)]

use crate::object::Object;
use crate::random::{Fold, Random};
use std::sync::{Mutex, MutexGuard};

/// The most objects that a workload can keep; sweeps have builds of their own with room for a million. An
/// allocator may grow by a share of the whole memory, so the array is not larger than it must be.
pub(crate) const CAPACITY: usize = if cfg!(feature = "sweep") { 1024 * 1024 } else { 256 * 1024 };

/// The array behind the shelf; one workload uses it at a time.
static PLACES: Mutex<[Option<Object>; CAPACITY]> = Mutex::new([const { None }; CAPACITY]);

/// A growable row of objects without order.
pub(crate) struct Shelf {
    places: MutexGuard<'static, [Option<Object>; CAPACITY]>,
    len: usize,
}

impl Shelf {
    /// An empty shelf.
    pub(crate) fn new() -> Shelf {
        Shelf { places: PLACES.lock().expect("a panic ends the run"), len: 0 }
    }

    /// How many objects stand on it.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds an object at the end.
    pub(crate) fn push(&mut self, object: Object) {
        self.places[self.len] = Some(object);
        self.len += 1;
    }

    /// Takes the last object.
    pub(crate) fn pop(&mut self) -> Option<Object> {
        self.len = self.len.checked_sub(1)?;
        self.places[self.len].take()
    }

    /// Takes any object; the last one moves to its place.
    pub(crate) fn take(&mut self, random: &mut Random) -> Option<Object> {
        let last = self.pop()?;
        let at = random.below(self.len + 1);
        if at == self.len { Some(last) } else { self.places[at].replace(last) }
    }

    /// Any object, where it stands.
    pub(crate) fn any(&mut self, random: &mut Random) -> Option<&mut Object> {
        let at = random.below(self.len.max(1));
        self.places[at].as_mut()
    }

    /// Puts `object` at `index`, which is taken, and returns what stood there.
    pub(crate) fn replace(&mut self, index: usize, object: Object) -> Option<Object> {
        self.places[index].replace(object)
    }

    /// Takes the object at `index` and leaves a gap that only `fill` may close.
    pub(crate) fn lift(&mut self, index: usize) -> Option<Object> {
        self.places[index].take()
    }

    /// Closes a gap.
    pub(crate) fn fill(&mut self, index: usize, object: Object) {
        self.places[index] = Some(object);
    }

    /// Frees everything, last first.
    pub(crate) fn clear(&mut self, fold: &mut Fold) {
        while let Some(object) = self.pop() {
            object.free(fold);
        }
    }
}
