//! The small core: a heap for modules in which every byte of code counts. The feature `small` puts it under
//! [`Flagstone`](crate::Flagstone) on wasm, in place of caches and arena; it adds less than half as many bytes, and has
//! neither magazines nor anything an inspector could show.
//!
//! Memory is blocks with boundary tags in place (Knuth 1973, 2.5; Lea's malloc). A block begins with its head: one word, its
//! length in bytes and two bits. A free block also has a link and, in its last word, its length again, so a block that is
//! freed finds a free one before it; it becomes one with both neighbours at once. Free blocks are in lists by length, four to
//! a power of two. What was given is known by its head alone: four bytes a block, and at most seven of rounding.
//!
//! A span is memory that was given at once, or that adjoins what was. Its first word names the span before; its last word is a
//! head without length that is never free, so nothing asks whether it is at an end.
//!
//! Invariants, between calls (`small/tests.rs` checks them):
//!
//! - **S1** The blocks of a span tile it from its second word to its last; their lengths are multiples of 8, at least 16, and
//!   blocks lie 4 bytes before a multiple of 8.
//! - **S2** A head says that its block is free iff the block is in the list for its length; a list's bit is set iff the list is
//!   not empty.
//! - **S3** No two free blocks adjoin.
//! - **S4** A head says that the block before is free iff it is, and then the word before the head is that block's length.

use core::ptr;

use crate::bins::{self, Bins};
use crate::list::Link;
use crate::record::{Id, Record, Word, get};
use crate::source::Source;
use crate::stats::Stats;
use crate::units::{Addr, LIMIT, Pages};

#[cfg(test)]
mod tests;

/// Set in the head of a block that nobody holds.
const FREE: u32 = 1;
/// Set in the head of a block that comes behind a free one.
const BEHIND_FREE: u32 = 2;
/// The bits of a head that are its block's length.
const LEN: u32 = !7;
/// The least bytes of a block: head, link, length.
const LEAST: u32 = 16;
/// How many free blocks of its own list a request looks at.
const PROBES: u32 = 8;

/// Bytes of the state.
#[cfg(target_family = "wasm")]
pub(crate) const STATE_LEN: usize = size_of::<State>();

/// The state of a small heap. All zero is one that was never used.
#[repr(C)]
pub(crate) struct State {
    free: Bins<64>,
    /// Where the last span begins, and ends.
    start: Word,
    end: Word,
}

// SAFETY: `repr(C)`, a record of 66 words with a double word first, and two words.
unsafe impl Record for State {}

/// A small heap over a source: the operations on the record [`State`].
pub(crate) struct Small<S> {
    source: S,
    state: Addr,
}

impl<S: Source> Small<S> {
    /// The heap whose state is the record at `state`.
    ///
    /// # Safety
    /// - a [`State`] lives there, all zero or left by a small heap over the same memory, and nobody else changes it.
    #[inline(always)]
    pub(crate) const unsafe fn over(source: S, state: Addr) -> Self {
        Self { source, state }
    }

    #[inline(always)]
    fn id(&self) -> Id<State> {
        // SAFETY: a state lives there (`over`).
        unsafe { Id::at(self.state.0) }
    }

    #[inline(always)]
    fn state(&self) -> &State {
        get(&self.source, self.id())
    }

    #[inline(always)]
    fn lists(&self) -> Id<Bins<64>> {
        // SAFETY: the lists are the first field.
        unsafe { self.id().field(0) }
    }

    /// A head, a length or the first word of a span.
    #[inline(always)]
    fn word(&self, at: u32) -> &Word {
        // SAFETY: S1: where blocks begin and end follows from heads, and those words are the heap's.
        get(&self.source, unsafe { Id::at(at) })
    }

    /// The link of a free block.
    #[inline(always)]
    const fn link(block: u32) -> Id<Link> {
        // SAFETY: S1 and S2: a free block has a link behind its head.
        unsafe { Id::at(block + 4) }
    }

    /// Memory of `size` bytes, at least 1, at a multiple of `align`, a power of two; nowhere where there is none.
    pub(crate) fn alloc(&self, size: u32, align: u32) -> Addr {
        let len = block_len(size);
        // In front of what is aligned there may have to be a block.
        let longer = if align > 8 { len + align + LEAST } else { len };
        let found = self.find(longer);
        let found = if found == 0 && self.grow(longer) { self.find(longer) } else { found };
        if found == 0 {
            return Addr(0);
        }
        let whole = self.withdraw(found);
        let mut block = found;
        if align > 8 && (found + 4) & (align - 1) != 0 {
            block = ((found + 4 + LEAST + (align - 1)) & !(align - 1)) - 4;
        }
        let before = block - found;
        self.word(block).set(whole - before);
        let behind = self.word(found + whole);
        behind.set(behind.get() & !BEHIND_FREE);
        if before != 0 {
            self.release(found, before);
        }
        self.cut(block, len);
        Addr(block + 4)
    }

    /// Gives memory back.
    ///
    /// # Safety
    /// - `addr` came from `alloc` (or `realloc`) of this heap, and is given back once.
    pub(crate) unsafe fn free(&self, addr: Addr, _: u32, _: u32) {
        let block = addr.0 - 4;
        self.release(block, self.word(block).get());
    }

    /// Memory of `size` zero bytes, as `alloc`.
    pub(crate) fn alloc_zeroed(&self, size: u32, align: u32) -> Addr {
        let addr = self.alloc(size, align);
        if addr.0 != 0 {
            let at = self.source.at(addr);
            // SAFETY: the `size` bytes there were just allocated and are nobody else's.
            unsafe { at.write_bytes(0, size as usize) };
        }
        addr
    }

    /// Changes the size of an allocation, in place where what is behind allows; nowhere, with nothing changed, where there is
    /// no memory.
    ///
    /// # Safety
    /// - as for `free`; `size` and `align` are what it was allocated for, and `new_size` is as a size for `alloc`.
    pub(crate) unsafe fn realloc(&self, addr: Addr, size: u32, align: u32, new_size: u32) -> Addr {
        let (block, len) = (addr.0 - 4, block_len(new_size));
        if self.extend(block, len) {
            self.cut(block, len);
            return addr;
        }
        let new = self.alloc(new_size, align);
        if new.0 != 0 {
            let (from, to) = (self.source.at(addr), self.source.at(new));
            // SAFETY: both are live allocations of at least that many bytes, and two never overlap (S1).
            unsafe { ptr::copy_nonoverlapping(from, to, size.min(new_size) as usize) };
            // SAFETY: as the caller promises; the copy was its last use.
            unsafe { self.free(addr, size, align) };
        }
        new
    }

    /// Makes a held block at least `len` bytes long without moving it; whether it is now. The last one grows with the memory.
    fn extend(&self, block: u32, len: u32) -> bool {
        let head = self.word(block);
        loop {
            let has = head.get() & LEN;
            if has >= len {
                return true;
            }
            let next = self.word(block + has).get();
            let free = if next & FREE != 0 { next & LEN } else { 0 };
            if has + free >= len {
                self.withdraw(block + has);
                head.set(head.get() + free);
                let behind = self.word(block + has + free);
                behind.set(behind.get() & !BEHIND_FREE);
            } else if block + has + free + 4 != self.state().end.get() || !self.grow(len - has) {
                return false;
            }
        }
    }

    /// Keeps the first `len` bytes of a held block, and frees the rest where that can be a block.
    fn cut(&self, block: u32, len: u32) {
        let head = self.word(block);
        let rest = (head.get() & LEN) - len;
        if rest >= LEAST {
            head.set(head.get() - rest);
            self.release(block + len, rest);
        }
    }

    /// Makes the block free, as one with its free neighbours: its length and whether it is behind a free one are `head`'s.
    #[inline(never)]
    fn release(&self, block: u32, head: u32) {
        let (mut block, mut len) = (block, head & LEN);
        if self.word(block + len).get() & FREE != 0 {
            len += self.withdraw(block + len);
        }
        if head & BEHIND_FREE != 0 {
            block -= self.word(block - 4).get();
            len += self.withdraw(block);
        }
        self.word(block).set(len | FREE);
        self.word(block + len - 4).set(len);
        let behind = self.word(block + len);
        behind.set(behind.get() | BEHIND_FREE);
        bins::file(&self.source, self.lists(), order(len), Self::link(block));
    }

    /// Takes a free block off its list; its length.
    #[inline(never)]
    fn withdraw(&self, block: u32) -> u32 {
        let len = self.word(block).get() & LEN;
        bins::withdraw(&self.source, self.lists(), order(len), Self::link(block));
        len
    }

    /// A free block of at least `len` bytes, or zero: the first of a few of its own list that is long enough, or the first of
    /// the next list that has one.
    #[inline(never)]
    fn find(&self, len: u32) -> u32 {
        let mut lists = self.state().free.nonempty.get() & u64::MAX << order(len);
        while lists != 0 {
            let mut next = bins::first(&self.source, self.lists(), lists.trailing_zeros());
            for _ in 0..PROBES {
                let Some(link) = next else { break };
                let block = link.addr() - 4;
                if self.word(block).get() >= len {
                    return block;
                }
                next = get(&self.source, link).next.first.get();
            }
            lists &= lists - 1;
        }
        0
    }

    /// Grows the memory so that `len` bytes, which no free block holds, are free together at its end; whether it grew.
    #[inline(never)]
    fn grow(&self, len: u32) -> bool {
        let state = self.state();
        if state.end.get() == 0
            && let Some((start, end)) = self.source.initial()
        {
            self.add((start.0 + 7) & LEN, end.0 & LEN);
            if self.find(len) != 0 {
                return true;
            }
        }
        let pages = self.source.end().0;
        let end = pages << 16;
        let mut tail = 0;
        if end == state.end.get() && self.word(end - 4).get() & BEHIND_FREE != 0 {
            tail = self.word(end - 8).get();
        }
        // Eight bytes more, for the ends of a new span.
        let missing = Pages::holding((len + 8).saturating_sub(tail).max(1));
        // A full memory of 65,536 pages has more than this, and refuses by itself.
        if missing.0 > (LIMIT >> 16).wrapping_sub(pages) {
            return false;
        }
        let Some(start) = self.source.grow(missing) else { return false };
        self.add(start.0, start.0 + (missing.0 << 16));
        true
    }

    /// Gives the heap the memory `[start, end)`, multiples of 8, as part of the last span where it adjoins that.
    fn add(&self, start: u32, end: u32) {
        let state = self.state();
        let (mut block, mut bit) = (start + 4, 0);
        if start == state.end.get() {
            block = start - 4;
            bit = self.word(block).get() & BEHIND_FREE;
        } else {
            self.word(start).set(state.start.get());
            state.start.set(start);
        }
        state.end.set(end);
        self.word(end - 4).set(0);
        self.release(block, (end - 4 - block) | bit);
    }

    /// What there is. Counters of past events are zero: the small core keeps none. Takes time linear in the number of blocks.
    pub(crate) fn stats(&self) -> Stats {
        let mut stats = Stats::default();
        let mut span = self.state().start.get();
        while span != 0 {
            stats.arena.spans += 1;
            let mut block = span + 4;
            while self.word(block).get() & LEN != 0 {
                let head = self.word(block).get();
                let len = head & LEN;
                if head & FREE != 0 {
                    stats.arena.free += len;
                    stats.arena.free_segments += 1;
                    stats.arena.largest_free = stats.arena.largest_free.max(len);
                } else {
                    stats.large.live += 1;
                    stats.large.live_bytes += len;
                }
                block += len;
            }
            span = self.word(span).get();
        }
        stats.arena.in_use = stats.large.live_bytes;
        stats.arena.total = stats.arena.in_use + stats.arena.free;
        stats
    }
}

/// Bytes of a block for a request of `size` bytes, at most `isize::MAX` of a 32-bit target.
fn block_len(size: u32) -> u32 {
    ((size + 4 + 7) & LEN).max(LEAST)
}

/// The number of the free list of blocks of `len` bytes: exact to 64 bytes, then four lists to a power of two, and the last
/// for all that is longer. A block of a higher list is longer.
#[inline(never)]
fn order(len: u32) -> u32 {
    let last = (len >> 3) - 1;
    let exponent = 31 - (last | 4).leading_zeros();
    (((exponent - 2) << 2) + (last >> (exponent - 2))).min(63)
}
