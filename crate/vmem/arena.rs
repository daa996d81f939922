//! The record of an arena, and its reserve of spare records.

use super::tag::{RECORD_LEN, Tag};
use crate::bins::Bins;
use crate::list::{self, Head};
use crate::record::{Id, Record, Word, get, make};
use crate::source::Source;
use crate::units::Addr;

/// Free lists; see [`order`](super::order).
pub(crate) const ORDERS: usize = 64;

/// The state of an arena. All zero is one that was not begun.
#[repr(C)]
pub(crate) struct Arena {
    /// The mark that begins the list of segments.
    pub(crate) first: Tag,
    /// The mark that ends it. Its `start` is where the last span ends.
    pub(crate) last: Tag,
    /// Free segments by order.
    pub(crate) free: Bins<ORDERS>,
    /// Records in reserve; the links are the `free`s of what were tags.
    pub(crate) spare: Head,
    /// Number of records in reserve.
    pub(crate) spare_count: Word,
    /// Every byte of the last span at or above this address is still as its source gave it: zero.
    pub(crate) fresh: Word,
}

// SAFETY: `repr(C)`, words and ids, no padding.
unsafe impl Record for Arena {}

impl Id<Arena> {
    /// The mark that begins the list of segments.
    pub(crate) const fn first(self) -> Id<Tag> {
        // SAFETY: `first` is the first field.
        unsafe { self.field(0) }
    }

    /// The mark that ends the list of segments.
    pub(crate) const fn last(self) -> Id<Tag> {
        // SAFETY: `last` is a tag at that offset.
        unsafe { self.field(core::mem::offset_of!(Arena, last) as u32) }
    }

    /// The free lists.
    pub(crate) const fn free(self) -> Id<Bins<ORDERS>> {
        // SAFETY: `free` is at that offset.
        unsafe { self.field(core::mem::offset_of!(Arena, free) as u32) }
    }

    /// The head of the list of spare records.
    const fn spare(self) -> Id<Head> {
        // SAFETY: `spare` is a head at that offset.
        unsafe { self.field(core::mem::offset_of!(Arena, spare) as u32) }
    }
}

/// A zeroed record out of the reserve, which its owner keeps filled (invariant I12).
#[inline(never)]
pub(crate) fn take_record<S: Source>(source: &S, arena: Id<Arena>) -> Id<Tag> {
    let state = get(source, arena);
    let link = state.spare.first.get();
    list::remove(source, link);
    state.spare_count.set(state.spare_count.get() - 1);
    // SAFETY: a spare record is nobody's, and lies at a multiple of 32.
    unsafe { make(source, Id::<Tag>::of_free(link).addr()) }
}

/// Gives a record that is in no list back to the reserve.
#[inline(never)]
pub(crate) fn give_record<S: Source>(source: &S, arena: Id<Arena>, record: Id<Tag>) {
    let state = get(source, arena);
    list::insert(source, arena.spare(), record.free());
    state.spare_count.set(state.spare_count.get() + 1);
}

/// Makes `[start, start + len)` spare records.
///
/// # Safety
/// - the bytes are nobody's, inside the memory, and stay the arena's for ever; `start` is a multiple of 8.
pub(crate) unsafe fn stock<S: Source>(source: &S, arena: Id<Arena>, start: u32, len: u32) {
    let mut at = start;
    while at < start + len {
        // SAFETY: nobody's bytes (caller).
        give_record(source, arena, unsafe { Id::at(Addr(at)) });
        at += RECORD_LEN;
    }
}
