//! The heap: from a request to a cache or the arena; try, reclaim, grow, try again.
//!
//! Small requests take a round from the magazines of their class. What is behind that happens in one order: the previous
//! magazine, the slabs, a new slab from the arena, reclaiming what lies idle in other caches, growth. Large requests are
//! segments of the arena, found again through the page map. Growth is the last resort because a wasm memory never shrinks.

use core::ptr;

use crate::cache::{Cache, Caching};
use crate::magazine::{Magazines, slot};
use crate::page_map::{self, TAG};
use crate::record::{Id, get};
use crate::size_class::{CLASSES, SLAB_CLASSES, class_of, objects_in_slab, rounds, size_of_class, slab_len};
use crate::source::Source;
use crate::units::{Addr, QUANTUM, quanta_up};
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
        unsafe { Id::at(self.state.0) }
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
    pub(crate) fn alloc(&self, size: u32, align: u32) -> Addr {
        let class = class_of(size, align);
        if class < CLASSES as u32 {
            let cache = get(&self.source, self.id().cache(class));
            if cache.magazines.rounds.get() != 0 || self.load(class) {
                cache.allocations.set(cache.allocations.get() + 1);
                return Addr(cache.magazines.take(&self.source));
            }
            if class < SLAB_CLASSES as u32 {
                cache.failures.set(cache.failures.get() + 1);
                return Addr(0);
            }
        }
        self.alloc_large(size, align)
    }

    /// Gives memory back that `alloc` gave for the same size and alignment.
    ///
    /// # Safety
    /// - `addr` came from `alloc` (or `realloc`) of this heap for `size` and `align`, and is given back once.
    pub(crate) unsafe fn free(&self, addr: Addr, size: u32, align: u32) {
        let class = class_of(size, align);
        if class >= CLASSES as u32 {
            return self.release_at(addr);
        }
        let magazines = self.magazines(class);
        if !magazines.give(&self.source, addr.0) {
            self.flush_previous(class, self.id().cache(class));
            magazines.exchange();
            if !magazines.give(&self.source, addr.0) {
                // There was no memory for magazines. Only a segment comes here: an object of a slab came out of one.
                self.release_at(addr);
            }
            self.trim(self.id().cache(class));
        }
    }

    /// Puts rounds into the loaded magazine of a class, which is empty; whether there are any now. Magazines of segments
    /// are filled by frees alone.
    #[cold]
    fn load(&self, class: u32) -> bool {
        let magazines = self.magazines(class);
        if magazines.previous_rounds.get() != 0 {
            magazines.exchange();
            return true;
        }
        let (size, cache) = (size_of_class(class), self.cache(class));
        self.equip(class, magazines)
            && class < SLAB_CLASSES as u32
            && (cache.refill(size) || self.new_slab(class, size) && cache.refill(size))
    }

    /// Gives a cache magazines, where it has none yet; whether it has now.
    fn equip(&self, class: u32, magazines: &Magazines) -> bool {
        if magazines.capacity.get() == 0 {
            let rounds = rounds(class);
            let Some(at) = self.metadata(8 * rounds) else { return false };
            magazines.loaded.set(at.addr());
            magazines.previous.set(at.addr() + 4 * rounds);
            magazines.capacity.set(rounds);
        }
        true
    }

    /// Gives the cache of `class`, of objects of `size`, a slab.
    fn new_slab(&self, class: u32, size: u32) -> bool {
        let Some(slab) = self.segment(slab_len(size), SLAB + class) else { return false };
        let tag = get(&self.source, slab);
        let (start, last) = (tag.start.get(), tag.end() - QUANTUM);
        if !self.map_ready(start, true) || !self.map_ready(last, true) {
            self.vmem().free(slab);
            return false;
        }
        page_map::note(&self.source, self.id().map(), start, last, slab.addr() | TAG);
        self.cache(class).adopt(slab, objects_in_slab(size));
        true
    }

    /// Returns the empty slabs of a cache to the arena. None is kept: the magazines are hysteresis enough.
    fn trim(&self, cache: Id<Cache>) {
        while let Some(slab) = (Caching { source: &self.source, cache }).part() {
            self.release(slab);
        }
    }

    /// Returns a slab or a large segment to the arena.
    fn release(&self, segment: Id<Tag>) {
        let tag = get(&self.source, segment);
        let start = tag.start.get();
        let last = if tag.kind.get() == LARGE { start } else { tag.end() - QUANTUM };
        page_map::note(&self.source, self.id().map(), start, last, 0);
        self.vmem().free(segment);
    }

    /// Gives the rounds of the previous magazine, if any, back to their slabs or to the arena.
    fn flush_previous(&self, class: u32, cache: Id<Cache>) {
        let magazines = &get(&self.source, cache).magazines;
        let (base, rounds) = (magazines.previous.get(), magazines.previous_rounds.replace(0));
        if class < SLAB_CLASSES as u32 {
            let cache = Caching { source: &self.source, cache };
            return cache.flush(self.id().map(), size_of_class(class), base, rounds);
        }
        for index in 0..rounds {
            self.release_at(Addr(slot(&self.source, base, index).get()));
        }
    }

    /// A segment of the arena, with the reserve of tags full before.
    fn segment(&self, len: u32, kind: u32) -> Option<Id<Tag>> {
        if self.reserve() { self.obtain(len, kind) } else { None }
    }

    /// A segment of the arena: from what is free, then from what can be reclaimed, then from growth.
    ///
    /// Reclaiming waits until the memory has grown by an eighth since the last time: a heap that grows would otherwise empty
    /// its magazines at every step. But where growth is refused, what lies idle is all there is.
    fn obtain(&self, len: u32, kind: u32) -> Option<Id<Tag>> {
        let (vmem, reclaim_at) = (self.vmem(), &self.state().reclaim_at);
        let segment = vmem.alloc(len, kind);
        if segment.is_some() {
            return segment;
        }
        let pages = self.source.end().0;
        if pages >= reclaim_at.get() || !self.grow(len) {
            self.flush_all();
            reclaim_at.set(pages + pages / 8);
            let segment = vmem.alloc(len, kind);
            if segment.is_some() || !self.grow(len) {
                return segment;
            }
        }
        vmem.alloc(len, kind)
    }

    /// Empties all magazines and returns all empty slabs.
    pub(crate) fn flush_all(&self) {
        for class in 0..CLASSES as u32 {
            let magazines = self.magazines(class);
            self.flush_previous(class, self.id().cache(class));
            magazines.exchange();
            self.flush_previous(class, self.id().cache(class));
            self.trim(self.id().cache(class));
        }
    }

    /// A segment for a request that no magazine serves. For an alignment above the quantum a longer one is taken, and what
    /// is before and behind the aligned part is given back.
    #[cold]
    fn alloc_large(&self, size: u32, align: u32) -> Addr {
        let state = self.state();
        let len = quanta_up(size);
        let align = align.max(QUANTUM);
        if let Some(mut segment) = self.segment(len + (align - QUANTUM), LARGE) {
            let vmem = self.vmem();
            let skipped = get(&self.source, segment).start.get().wrapping_neg() & (align - 1);
            if skipped != 0 {
                let before = segment;
                segment = vmem.split(before, skipped);
                let (tag, old) = (get(&self.source, segment), get(&self.source, before));
                tag.kind.set(LARGE);
                tag.owner.set(old.owner.get());
                vmem.free(before);
            }
            vmem.cut(segment, len);
            let start = get(&self.source, segment).start.get();
            if self.map_ready(start, false) {
                page_map::note(&self.source, self.id().map(), start, start, segment.addr() | TAG);
                state.large_allocations.set(state.large_allocations.get() + 1);
                return Addr(start);
            }
            vmem.free(segment);
        }
        state.large_failures.set(state.large_failures.get() + 1);
        Addr(0)
    }

    /// The segment of a large request.
    fn segment_at(&self, addr: Addr) -> Id<Tag> {
        page_map::look(&self.source, self.id().map(), addr.0)
    }

    /// Returns the segment of a large request to the arena.
    fn release_at(&self, addr: Addr) {
        self.release(self.segment_at(addr));
    }

    /// Memory of `size` zero bytes, as `alloc`; bytes that are zero since growth are not cleared again. So a segment is a
    /// new one, from no magazine.
    pub(crate) fn alloc_zeroed(&self, size: u32, align: u32) -> Addr {
        let small = class_of(size, align) < SLAB_CLASSES as u32;
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
        let (class, new_class) = (class_of(size, align), class_of(new_size, align));
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
    /// memory. Where not even a tag for the rest can be had, a segment stays longer than it need be.
    fn resize(&self, segment: Id<Tag>, len: u32) -> bool {
        let vmem = self.vmem();
        let tag = get(&self.source, segment);
        let grown = || tag.end() == self.tail() && self.grow(len - tag.len.get()) && vmem.resize(segment, len);
        self.reserve() && (vmem.resize(segment, len) || grown()) || len <= tag.len.get()
    }
}
