//! The table from handles to objects of a [`MovableCache`](super::MovableCache): the only place that knows where an object is.
//!
//! An entry has a generation, which changes when its object is given up, so an old handle finds nothing; and a count of those who
//! use the object where it is, so that it does not move under them.

use core::alloc::Layout;
use core::cell::Cell;
use core::ptr::{self, NonNull};

use super::error::Error;
use crate::heap::Engine;
use crate::source::Source;
use crate::units::Addr;

/// Entries of the first table; each later one has twice as many.
const FIRST: u32 = 16;

/// [`Entry::pins`]: the object is being changed.
pub(super) const EXCLUSIVE: u32 = u32::MAX;

/// What a handle stands for.
pub(super) struct Entry {
    /// The object; null while the entry is free.
    pub(super) object: Cell<*mut u8>,
    /// How often the entry was used before. Of a free one, with the next free one in `pins`.
    pub(super) generation: Cell<u32>,
    /// How many use the object where it is, or [`EXCLUSIVE`].
    pub(super) pins: Cell<u32>,
    /// Whether the object would have been moved but for that.
    pub(super) refused: Cell<bool>,
}

/// Entries by their index. The first free one is named by its index plus one.
#[derive(Debug)]
pub(super) struct HandleTable {
    entries: Cell<*mut Entry>,
    capacity: Cell<u32>,
    free: Cell<u32>,
}

impl HandleTable {
    /// A table without entries.
    pub(super) const fn new() -> Self {
        Self { entries: Cell::new(ptr::null_mut()), capacity: Cell::new(0), free: Cell::new(0) }
    }

    /// The number of entries, used or free.
    pub(super) const fn capacity(&self) -> u32 {
        self.capacity.get()
    }

    /// The entry of an index, if there is one.
    pub(super) fn get(&self, index: u32) -> Option<&Entry> {
        // SAFETY: the table is `capacity` entries, which stay until it grows; and it grows only in `reserve`, where no reference
        // to an entry is held: they are not handed out beyond this crate's calls.
        (index < self.capacity.get()).then(|| unsafe { &*self.entries.get().wrapping_add(index as usize) })
    }

    /// Makes sure that there is a free entry; in memory of `engine`.
    pub(super) fn reserve<S: Source>(&self, engine: &Engine<S>) -> Result<(), Error> {
        while self.free.get() == 0 {
            let old = self.capacity.get();
            let new = (2 * old).max(FIRST);
            let layout = layout(new);
            let at = engine.alloc_zeroed(layout.0, layout.1);
            if at.0 == 0 {
                return Err(Error::NoMemory { bytes: layout.0 });
            }
            if self.capacity.get() != old {
                // Whoever was asked for the memory made the table grow.
                free(engine, at, new);
                continue;
            }
            let entries = engine.source().at(at).cast::<Entry>();
            let before = self.entries.get();
            if old != 0 {
                // SAFETY: both tables are as long, and two allocations never overlap.
                unsafe { ptr::copy_nonoverlapping(before, entries, old as usize) };
                free(engine, engine.source().addr(before.cast()), old);
            }
            self.entries.set(entries);
            self.capacity.set(new);
            for index in (old..new).rev() {
                self.give(index);
            }
        }
        Ok(())
    }

    /// Takes a free entry, of which there is one, for an object; its index and generation.
    pub(super) fn take(&self, object: NonNull<u8>) -> (u32, u32) {
        let index = self.free.get() - 1;
        let Some(entry) = self.get(index) else { return (index, 0) };
        self.free.set(entry.pins.replace(0));
        entry.object.set(object.as_ptr());
        entry.refused.set(false);
        (index, entry.generation.get())
    }

    /// Gives an entry up: its handles find nothing from now on.
    pub(super) fn give(&self, index: u32) {
        if let Some(entry) = self.get(index) {
            entry.object.set(ptr::null_mut());
            entry.generation.set(entry.generation.get().wrapping_add(1));
            entry.pins.set(self.free.replace(index + 1));
        }
    }

    /// Gives the memory of the table back.
    pub(super) fn end<S: Source>(&self, engine: &Engine<S>) {
        let capacity = self.capacity.replace(0);
        if capacity != 0 {
            free(engine, engine.source().addr(self.entries.replace(ptr::null_mut()).cast()), capacity);
        }
        self.free.set(0);
    }
}

/// Size and alignment of a table.
fn layout(capacity: u32) -> (u32, u32) {
    let layout = Layout::new::<Entry>();
    (capacity * layout.size() as u32, layout.align() as u32)
}

/// Gives the memory of a table back.
fn free<S: Source>(engine: &Engine<S>, at: Addr, capacity: u32) {
    let (size, align) = layout(capacity);
    // SAFETY: a table is allocated so, and given back once, when another has taken its place or it ends.
    unsafe { engine.free(at, size, align) };
}
