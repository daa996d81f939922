//! The index of an arena: from an address to the segment it is in, in two steps and a short walk.
//!
//! One word a frame of 8 KiB, in leaves that span 4 MiB each. A word names a tag that begins in its frame, and no slab or large
//! segment begins there before it (invariant I6): whatever is looked up is a few steps behind in the list of segments. So
//! the index costs half a thousandth of the memory, nothing for the inside of large segments and for memory of others, and
//! never has to move: nothing is in the way of a segment that grows at the end of the heap.
//!
//! Words are written when a slab or a large segment is made, and when a tag that one names is given up. Where nothing was
//! ever entered there is no leaf.

#![forbid(unsafe_code)]

use super::MemoryArena;
use crate::record::{Id, Name, get};
use crate::source::Source;
#[cfg(feature = "audit")]
use crate::vmem::tag::SPAN;
use crate::vmem::tag::Tag;

/// Bytes of a frame as a shift. A slab is no longer than a frame.
pub(crate) const FRAME_SHIFT: u32 = 13;

/// Words of a leaf.
pub(crate) const FANOUT: usize = 512;

/// The words of 4 MiB.
pub(crate) type Leaf = [Name<Tag>; FANOUT];

/// The leaves of 4 GiB.
pub(crate) type Index = [Name<Leaf>; (1 << (32 - FRAME_SHIFT)) / FANOUT];

/// The name of the leaf for `addr`.
pub(crate) fn leaf<S: Source>(source: &S, arena: Id<MemoryArena>, addr: u32) -> &Name<Leaf> {
    &get(source, arena).index[(addr >> FRAME_SHIFT) as usize / FANOUT]
}

/// The word for the frame of `addr`, if there is a leaf for it.
#[inline(never)]
fn word<S: Source>(source: &S, arena: Id<MemoryArena>, addr: u32) -> Option<&Name<Tag>> {
    Some(&get(source, leaf(source, arena, addr).get()?)[(addr >> FRAME_SHIFT) as usize % FANOUT])
}

/// Enters a slab or large segment, for whose start there is a leaf.
pub(crate) fn enter<S: Source>(source: &S, arena: Id<MemoryArena>, id: Id<Tag>) {
    let start = get(source, id).start.get();
    if let Some(word) = word(source, arena, start)
        && word.get().is_none_or(|named| get(source, named).start.get() > start)
    {
        word.set(Some(id));
    }
}

/// Strikes out a tag that is about to be given up; the one behind it takes its place, if it begins in the same frame.
pub(super) fn strike<S: Source>(source: &S, arena: Id<MemoryArena>, id: Id<Tag>) {
    let tag = get(source, id);
    if let Some(word) = word(source, arena, tag.start.get())
        && word.get() == Some(id)
    {
        let next = tag.next();
        let same = (get(source, next).start.get() ^ tag.start.get()) >> FRAME_SHIFT == 0;
        word.set(same.then_some(next));
    }
}

/// The slab that `addr` is in, or the large segment that begins there.
#[inline(never)]
pub(crate) fn look<S: Source>(source: &S, arena: Id<MemoryArena>, addr: u32) -> Id<Tag> {
    let mut from = addr;
    let mut id = loop {
        match word(source, arena, from).and_then(|word| word.get()) {
            Some(id) if get(source, id).start.get() <= addr => break id,
            // A slab may reach here from the frame before: it is no longer than a frame.
            _ => from = from.wrapping_sub(1 << FRAME_SHIFT),
        }
    };
    while get(source, id).end() <= addr {
        id = get(source, id).next();
    }
    id
}

/// The segment that any address is in, if it is in one.
#[cfg(feature = "audit")]
pub(crate) fn find<S: Source>(source: &S, arena: Id<MemoryArena>, addr: u32) -> Option<Id<Tag>> {
    let segments = arena.segments();
    let end = get(source, segments.last()).start.get();
    if addr >= end {
        return None;
    }
    let mut frame = addr >> FRAME_SHIFT;
    let mut id = loop {
        match word(source, arena, frame << FRAME_SHIFT).and_then(|word| word.get()) {
            Some(id) if get(source, id).start.get() <= addr => break id,
            _ if frame == 0 => break get(source, segments.first()).next(),
            _ => frame -= 1,
        }
    };
    loop {
        let tag = get(source, id);
        if id == segments.last() || tag.start.get() > addr {
            return None;
        }
        if tag.kind.get() != SPAN && addr - tag.start.get() < tag.len.get() {
            return Some(id);
        }
        id = tag.next();
    }
}
