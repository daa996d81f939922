//! The heap: from a request to a cache or the arena; try, reclaim, grow, try again.
//!
//! Small requests take a round from the magazines of their class. What is behind that happens in one order: the previous
//! magazine, the slabs, a new slab from the arena, reclaiming what lies idle in other caches, growth. Large requests are
//! segments of the arena, found again through the page map. Growth is the last resort because a wasm memory never shrinks.

use core::ptr;

use crate::cache::Caching;
use crate::magazine::{Magazines, slot};
use crate::page_map;
use crate::record::{Id, get};
use crate::size_class::{CLASSES, SLAB_CLASSES, class_of, objects_in_slab, rounds, size_of_class, slab_len};
use crate::source::Source;
use crate::units::{Addr, QUANTUM, quanta_up};
use crate::vmem::tag::RECORD_LEN;
use crate::vmem::{Tag, Vmem};

mod grow;
pub(crate) mod metadata;
pub(crate) mod state;

pub(crate) use state::{LARGE, META, SLAB, State};

/// A heap over a source: the state lives in the memory it manages, this only says where.
#[derive(Debug)]
pub(crate) struct Engine<S> {
    source: S,
    state: Addr,
}

impl<S: Source> Engine<S> {
    /// The heap whose state is the record at `state`.
    ///
    /// # Safety
    /// - a [`State`] lives there, all zero or left by an engine over the same memory, and nobody else changes it.
    #[inline(always)]
    pub(crate) const unsafe fn over(source: S, state: Addr) -> Self {
        Self { source, state }
    }

    #[inline(always)]
    pub(crate) fn id(&self) -> Id<State> {
        // SAFETY: a state lives there (`over`).
        unsafe { Id::at(self.state) }
    }

    #[inline(always)]
    pub(crate) fn state(&self) -> &State {
        get(&self.source, self.id())
    }

    #[inline(always)]
    fn vmem(&self) -> Vmem<'_, S> {
        Vmem { source: &self.source, arena: self.id().arena() }
    }

    #[inline(always)]
    fn cache(&self, class: u32) -> Caching<'_, S> {
        Caching { source: &self.source, cache: self.id().cache(class) }
    }

    #[inline(always)]
    fn magazines(&self, class: u32) -> &Magazines {
        &get(&self.source, self.id().cache(class)).magazines
    }

    /// The source of its pages.
    pub(crate) const fn source(&self) -> &S {
        &self.source
    }

    /// Memory of `size` bytes, at least 1, at a multiple of `align`, a power of two; nowhere where there is none. `size`
    /// rounded up to `align` is at most `isize::MAX` of a 32-bit target.
    ///
    /// A round of a magazine, in constant time; otherwise what the slow path takes.
    #[inline(never)]
    pub(crate) fn alloc(&self, size: u32, align: u32) -> Addr {
        let class = class_of(rounded(size, align), align);
        if class >= CLASSES as u32 {
            return self.alloc_large(size, align);
        }
        let cache = get(&self.source, self.id().cache(class));
        match cache.magazines.take(&self.source) {
            Some(round) => {
                cache.allocations.set(cache.allocations.get() + 1);
                Addr(round)
            }
            None => self.alloc_slow(class),
        }
    }

    /// Gives memory back that `alloc` gave for the same size and alignment.
    ///
    /// # Safety
    /// - `addr` came from `alloc` (or `realloc`) of this heap for `size` and `align`, and is given back once.
    #[inline(never)]
    pub(crate) unsafe fn free(&self, addr: Addr, size: u32, align: u32) {
        let class = class_of(rounded(size, align), align);
        if class >= CLASSES as u32 {
            self.free_large(addr);
        } else if !self.magazines(class).give(&self.source, addr.0) {
            self.free_slow(class, addr);
        }
    }

    /// An object of `class` where the loaded magazine is empty. Magazines of segments are filled by frees alone.
    #[cold]
    #[inline(never)]
    fn alloc_slow(&self, class: u32) -> Addr {
        let cache = get(&self.source, self.id().cache(class));
        let magazines = &cache.magazines;
        if magazines.previous_rounds.get() != 0 {
            magazines.exchange();
        } else if class >= SLAB_CLASSES as u32 {
            return self.alloc_large(size_of_class(class), QUANTUM);
        } else if !self.refill(class) {
            cache.failures.set(cache.failures.get() + 1);
            return Addr(0);
        }
        cache.allocations.set(cache.allocations.get() + 1);
        Addr(magazines.take(&self.source).unwrap_or(0))
    }

    /// Puts rounds into the empty magazines of a class; whether that was possible.
    fn refill(&self, class: u32) -> bool {
        self.equip(class) && (self.cache(class).refill(size_of_class(class)) || (self.new_slab(class) && self.cache(class).refill(size_of_class(class))))
    }

    /// Gives a cache magazines, where it has none yet; whether it has now.
    fn equip(&self, class: u32) -> bool {
        let magazines = self.magazines(class);
        if magazines.capacity.get() == 0 {
            let rounds = rounds(size_of_class(class));
            let Some(at) = self.metadata((8 * rounds).next_multiple_of(RECORD_LEN)) else { return false };
            magazines.loaded.set(at.0);
            magazines.previous.set(at.0 + 4 * rounds);
            magazines.capacity.set(rounds);
        }
        true
    }

    /// Gives the cache of `class` a slab.
    fn new_slab(&self, class: u32) -> bool {
        let size = size_of_class(class);
        let Some(segment) = self.segment(slab_len(size), QUANTUM, SLAB) else { return false };
        let tag = get(&self.source, segment);
        let (start, end) = (tag.start.get(), tag.end());
        if !self.map_ready(start, true) || !self.map_ready(end - 1, true) || !self.reserve() {
            self.vmem().free(segment);
            return false;
        }
        let id = self.take_slab_record();
        let slab = get(&self.source, id);
        slab.start.set(start);
        slab.class.set(class);
        slab.segment.set(segment);
        tag.owner.set(id.addr().0);
        page_map::note_all(&self.source, self.id().map(), start, end, id.addr().0);
        self.cache(class).adopt(id, objects_in_slab(size));
        true
    }

    /// Returns empty slabs of a class beyond `keep` to the arena. One is kept, normally, so that an object at the edge of
    /// a slab does not make and unmake it.
    fn trim(&self, class: u32, keep: u32) {
        while let Some(id) = self.cache(class).part(keep) {
            let segment = get(&self.source, id).segment.get();
            let tag = get(&self.source, segment);
            page_map::note_all(&self.source, self.id().map(), tag.start.get(), tag.end(), 0);
            self.vmem().free(segment);
            self.give_slab_record(id);
        }
    }

    /// Takes an object back where the loaded magazine is full.
    #[cold]
    #[inline(never)]
    fn free_slow(&self, class: u32, addr: Addr) {
        if !self.equip(class) {
            // Only a segment comes here: an object of a slab has passed through a magazine.
            return self.free_large(addr);
        }
        self.flush_previous(class);
        let magazines = self.magazines(class);
        magazines.exchange();
        magazines.give(&self.source, addr.0);
        self.trim(class, 1);
    }

    /// Gives the rounds of the previous magazine, if any, back to their slabs or to the arena.
    fn flush_previous(&self, class: u32) {
        let magazines = self.magazines(class);
        let (base, rounds) = (magazines.previous.get(), magazines.previous_rounds.replace(0));
        if class < SLAB_CLASSES as u32 {
            return self.cache(class).flush(self.id().map(), size_of_class(class), base, rounds);
        }
        for index in 0..rounds {
            self.free_large(Addr(slot(&self.source, base, index).get()));
        }
    }

    /// A segment of the arena, with the reserve of records full before.
    fn segment(&self, len: u32, align: u32, kind: u32) -> Option<Id<Tag>> {
        if self.reserve() { self.obtain(len, align, kind) } else { None }
    }

    /// A segment of the arena: from what is free, then from what can be reclaimed, then from growth.
    ///
    /// Reclaiming waits until the memory has grown by a quarter since it last was in vain, and by a page since it served:
    /// a heap that grows would otherwise empty its magazines at every step.
    fn obtain(&self, len: u32, align: u32, kind: u32) -> Option<Id<Tag>> {
        let (vmem, state) = (self.vmem(), self.state());
        loop {
            let segment = vmem.alloc(len, align, kind);
            if segment.is_some() {
                return segment;
            }
            let pages = self.source.end().0;
            if pages >= state.reclaim_at.get() {
                self.flush_all();
                let segment = vmem.alloc(len, align, kind);
                let wait = if segment.is_some() { 1 } else { pages / 4 + 1 };
                state.reclaim_at.set(pages + wait);
                if segment.is_some() {
                    return segment;
                }
            }
            if !self.grow(len, align) {
                return None;
            }
        }
    }

    /// Empties all magazines and returns all empty slabs.
    #[inline(never)]
    pub(crate) fn flush_all(&self) {
        let state = self.state();
        state.reclaims.set(state.reclaims.get() + 1);
        for class in 0..CLASSES as u32 {
            for _ in 0..2 {
                self.flush_previous(class);
                self.magazines(class).exchange();
            }
            self.trim(class, 0);
        }
    }

    /// A segment for a large request.
    #[cold]
    #[inline(never)]
    fn alloc_large(&self, size: u32, align: u32) -> Addr {
        let state = self.state();
        if let Some(segment) = self.segment(quanta_up(size), align.max(QUANTUM), LARGE) {
            let start = get(&self.source, segment).start.get();
            if self.map_ready(start, false) {
                page_map::note(&self.source, self.id().map(), start, segment.addr().0);
                state.large_allocations.set(state.large_allocations.get() + 1);
                return Addr(start);
            }
            self.vmem().free(segment);
        }
        state.large_failures.set(state.large_failures.get() + 1);
        Addr(0)
    }

    /// The segment of a large request.
    fn segment_at(&self, addr: Addr) -> Id<Tag> {
        let word = page_map::look(&self.source, self.id().map(), addr.0);
        // SAFETY: I6: the word of the first quantum of a large segment names its tag.
        unsafe { Id::at(Addr(word)) }
    }

    #[cold]
    #[inline(never)]
    fn free_large(&self, addr: Addr) {
        let segment = self.segment_at(addr);
        page_map::note(&self.source, self.id().map(), addr.0, 0);
        self.vmem().free(segment);
    }

    /// Memory of `size` zero bytes, as `alloc`; bytes that are zero since growth are not cleared again. So a segment is a
    /// new one, from no magazine.
    pub(crate) fn alloc_zeroed(&self, size: u32, align: u32) -> Addr {
        let small = class_of(rounded(size, align), align) < SLAB_CLASSES as u32;
        let addr = if small { self.alloc(size, align) } else { self.alloc_large(size, align) };
        if addr.0 != 0 && (small || get(&self.source, self.segment_at(addr)).owner.get() == 0) {
            let at = self.source.at(addr);
            // SAFETY: the `size` bytes there were just allocated and are nobody else's.
            unsafe { at.write_bytes(0, size as usize) };
        }
        addr
    }

    /// Changes the size of an allocation, in place where its class stays or its segment can be cut or extended; nowhere,
    /// with nothing changed, where there is no memory.
    ///
    /// # Safety
    /// - as for `free`; and `new_size` is as a size for `alloc`.
    pub(crate) unsafe fn realloc(&self, addr: Addr, size: u32, align: u32, new_size: u32) -> Addr {
        let class = class_of(rounded(size, align), align);
        let new_class = class_of(rounded(new_size, align), align);
        let segments = class.min(new_class) >= SLAB_CLASSES as u32;
        if if segments { self.resize(self.segment_at(addr), quanta_up(new_size)) } else { class == new_class } {
            return addr;
        }
        let new = self.alloc(new_size, align);
        if new.0 != 0 {
            let (from, to) = (self.source.at(addr), self.source.at(new));
            // SAFETY: both are live allocations of at least that many bytes, and two never overlap (I1, I10).
            unsafe { ptr::copy_nonoverlapping(from, to, size.min(new_size) as usize) };
            // SAFETY: as the caller promises; the copy was its last use.
            unsafe { self.free(addr, size, align) };
        }
        new
    }

    /// Makes a large segment `len` bytes long without moving it; whether that was possible. The last one grows with the
    /// memory.
    fn resize(&self, segment: Id<Tag>, len: u32) -> bool {
        let vmem = self.vmem();
        let tag = get(&self.source, segment);
        self.reserve()
            && (vmem.resize(segment, len)
                || tag.end() == vmem.tail()
                    && u64::from(vmem.end()) == self.source.end().bytes()
                    && self.grow(len - tag.len.get(), QUANTUM)
                    && vmem.resize(segment, len))
    }
}

/// The size by which a request is classed: a multiple of its alignment.
#[inline(always)]
const fn rounded(size: u32, align: u32) -> u32 {
    (size + (align - 1)) & !(align - 1)
}
