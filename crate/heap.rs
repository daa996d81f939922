//! The heap: from a request to a cache or the arena; try, reclaim, grow, try again.
//!
//! Small requests take a round from the magazines of their class. What is behind that happens in one order: the previous
//! magazine, the slabs, a new slab from the arena, reclaiming what lies idle in other caches, growth. Large requests are
//! segments of the arena, found again through the arena's index. Growth is the last resort because a wasm memory never shrinks.

use core::ptr;

use crate::cache::{Cache, Caching};
use crate::magazine::Magazines;
use crate::record::{Id, get};
use crate::size_class::{
    CLASSES, SLAB_CLASSES, class_of, objects_in_slab, rounds, segment_len, size_of_class, slab_len,
};
use crate::source::Source;
use crate::units::{Addr, QUANTUM, quanta_up};
use crate::vmem::{Tag, Tiling, Vmem, index};

mod grow;
pub(crate) mod metadata;
#[cfg(feature = "reclaim")]
mod relief;
pub(crate) mod state;

#[cfg(any(feature = "audit", feature = "inspector"))]
pub(crate) use crate::vmem::tag::AUDITED;
pub(crate) use crate::vmem::tag::{LARGE, META, OBJECTS, SLAB};
pub(crate) use state::State;

/// A heap over a source: the state lives in the memory it manages, this only says where.
#[derive(Debug)]
#[allow(unreachable_pub, reason = "a sealed trait of object caches names it")]
pub struct Engine<S> {
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
    pub(crate) fn vmem(&self) -> Vmem<'_, S> {
        Vmem { source: &self.source, arena: self.id().arena() }
    }

    #[inline(always)]
    pub(crate) fn cache(&self, class: u32) -> Caching<'_, S> {
        Caching { source: &self.source, cache: self.id().cache(class) }
    }

    #[inline(always)]
    fn magazines(&self, class: u32) -> &Magazines {
        &get(&self.source, self.id().cache(class)).magazines
    }

    /// The state of diagnosis, behind that of the heap.
    #[cfg(feature = "audit")]
    #[inline(always)]
    pub(crate) const fn audit_id(&self) -> Id<crate::audit::record::AuditState> {
        // SAFETY: a build with the feature gives each state so many bytes more (`STATE_LEN`), zero at the start.
        unsafe { Id::at(self.state.0 + size_of::<State>() as u32) }
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
            if !self.is_due(cache) && cache.magazines.rounds.get() != 0 {
                return self.take(cache);
            }
        }
        self.alloc_slowly(class, size, align)
    }

    /// Nothing is sampled.
    #[cfg(not(feature = "audit"))]
    #[inline(always)]
    const fn is_due(&self, _: &Cache) -> bool {
        false
    }

    /// Allocations of a class, ever.
    #[cfg(not(feature = "audit"))]
    pub(crate) fn allocations_of(&self, class: u32) -> u64 {
        get(&self.source, self.id().cache(class)).allocations.get()
    }

    /// The last round of a loaded magazine, which has one.
    pub(crate) fn take(&self, cache: &Cache) -> Addr {
        cache.allocations.set(cache.allocations.get().wrapping_add(1));
        Addr(cache.magazines.take(&self.source))
    }

    /// As `alloc`, for requests of `class` whose loaded magazine is empty, or that have none, or that are to be sampled.
    #[cold]
    #[inline(never)]
    fn alloc_slowly(&self, class: u32, size: u32, align: u32) -> Addr {
        #[cfg(feature = "audit")]
        return self.alloc_audited(class, size, align);
        #[cfg(not(feature = "audit"))]
        self.alloc_behind(class, size, align)
    }

    /// The slow path itself.
    #[cfg_attr(not(feature = "audit"), inline(always))]
    pub(crate) fn alloc_behind(&self, class: u32, size: u32, align: u32) -> Addr {
        if class < CLASSES as u32 {
            let cache = get(&self.source, self.id().cache(class));
            if self.load(class) {
                return self.take(cache);
            }
            #[cfg(feature = "reclaim")]
            if let Some(addr) = self.alloc_relieved(size, align) {
                return addr;
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
        // One call behind the fast path, so that it is short enough to be compiled into the program's code.
        #[cfg(feature = "audit")]
        if self.is_watched(addr) || class >= CLASSES as u32 || !self.magazines(class).give(&self.source, addr.0) {
            self.free_behind(class, addr, size, align);
        }
        #[cfg(not(feature = "audit"))]
        if class >= CLASSES as u32 || !self.magazines(class).give(&self.source, addr.0) {
            self.free_slowly(class, addr);
        }
    }

    /// Takes memory back that may have a watch, or that no loaded magazine has room for.
    #[cfg(feature = "audit")]
    #[cold]
    #[inline(never)]
    fn free_behind(&self, class: u32, addr: Addr, size: u32, align: u32) {
        if !self.free_audited(addr, size, align)
            && (class >= CLASSES as u32 || !self.magazines(class).give(&self.source, addr.0))
        {
            self.free_slowly(class, addr);
        }
    }

    /// As `free`, for what belongs to `class` whose loaded magazine is full, or to none.
    #[cold]
    #[inline(never)]
    pub(crate) fn free_slowly(&self, class: u32, addr: Addr) {
        if class >= CLASSES as u32 {
            return self.release_at(addr);
        }
        self.flush_previous(class, self.id().cache(class));
        self.magazines(class).exchange();
        if !self.magazines(class).give(&self.source, addr.0) {
            // There was no memory for magazines. Only a segment comes here: an object of a slab came out of one.
            self.release_at(addr);
        }
    }

    /// Puts rounds into the loaded magazine of a class, which is empty; whether there are any now. Magazines of segments
    /// are filled by frees alone.
    fn load(&self, class: u32) -> bool {
        let magazines = self.magazines(class);
        if magazines.previous_rounds.get() != 0 {
            magazines.exchange();
            return true;
        }
        let (size, cache) = (size_of_class(class), self.cache(class));
        self.equip(size, magazines)
            && class < SLAB_CLASSES as u32
            && (cache.refill(size) || self.new_slab(class, size) && cache.refill(size))
    }

    /// Gives a cache magazines, where it has none yet; whether it has now.
    fn equip(&self, size: u32, magazines: &Magazines) -> bool {
        if magazines.capacity.get() == 0 {
            let rounds = rounds(size);
            let Some(at) = self.metadata(8 * rounds) else { return false };
            magazines.loaded.set(at.addr());
            magazines.previous.set(at.addr() + 4 * rounds);
            magazines.capacity.set(rounds);
        }
        true
    }

    /// Gives the cache of `class`, of objects of `size`, a slab: a long one, or what is free for at least one object.
    pub(crate) fn new_slab(&self, class: u32, size: u32) -> bool {
        let creates = &get(&self.source, self.id().cache(class)).creates;
        let len = slab_len(size, creates.get() as u32);
        let Some(slab) = self.segment(quanta_up(size), len, SLAB + class) else { return false };
        let tag = get(&self.source, slab);
        if !self.enter(slab) {
            self.vmem().make_free(slab);
            return false;
        }
        self.cache(class).adopt(slab, objects_in_slab(tag.len.get(), size));
        true
    }

    /// Gives the rounds of the previous magazine, if any, back to their slabs or to the arena.
    fn flush_previous(&self, class: u32, cache: Id<Cache>) {
        let magazines = &get(&self.source, cache).magazines;
        let (base, rounds) = (magazines.previous.get(), magazines.previous_rounds.replace(0));
        let flushes = &self.state().flushes;
        flushes.set(flushes.get().wrapping_add(1));
        Caching { source: &self.source, cache }.flush(&self.vmem(), size_of_class(class), base, rounds);
    }

    /// A segment of the arena of `len` bytes, or of at least `min`, with the reserve of tags full before.
    pub(crate) fn segment(&self, min: u32, len: u32, kind: u32) -> Option<Id<Tag>> {
        if self.reserve() { self.obtain(min, len, kind) } else { None }
    }

    /// A segment of the arena: from what is free, then from what can be reclaimed, then from growth.
    ///
    /// Reclaiming waits until a magazine was emptied for every fourth page that this heap grew by, which is when some 3 % of it
    /// was freed since the last time: a heap that grows would otherwise empty its magazines at every step. But where growth is
    /// refused, what lies idle is all there is.
    fn obtain(&self, min: u32, len: u32, kind: u32) -> Option<Id<Tag>> {
        let (vmem, flushes) = (self.vmem(), &self.state().flushes);
        let segment = vmem.alloc(min, len, kind);
        if segment.is_some() {
            return segment;
        }
        #[cfg(feature = "reclaim")]
        if self.wants_relief() {
            return None;
        }
        if flushes.get() >= self.state().grown_pages.get() / 4 || !self.grow(len) {
            self.flush_all();
            let segment = vmem.alloc(min, len, kind);
            if segment.is_some() || !self.grow(len) {
                #[cfg(feature = "reclaim")]
                self.wants_relief_now(segment.is_none());
                return segment;
            }
        }
        vmem.alloc(len, len, kind)
    }

    /// Empties all magazines and returns all empty slabs.
    pub(crate) fn flush_all(&self) {
        for class in 0..CLASSES as u32 {
            let magazines = self.magazines(class);
            self.flush_previous(class, self.id().cache(class));
            magazines.exchange();
            self.flush_previous(class, self.id().cache(class));
        }
        self.state().flushes.set(0);
    }

    /// A segment for a request that no magazine serves. For an alignment above the quantum a longer one is taken, and what
    /// is before and behind the aligned part is given back.
    #[cold]
    pub(crate) fn alloc_large(&self, size: u32, align: u32) -> Addr {
        let state = self.state();
        let len = segment_len(size, align);
        let align = align.max(QUANTUM);
        let longer = len + (align - QUANTUM);
        if let Some(mut segment) = self.segment(longer, longer, LARGE) {
            let vmem = self.vmem();
            let skipped = get(&self.source, segment).start.get().wrapping_neg() & (align - 1);
            if skipped != 0 {
                let before = segment;
                segment = vmem.split(before, skipped);
                vmem.make_free(before);
            }
            vmem.cut(segment, len);
            if self.enter(segment) {
                state.large_allocations.set(state.large_allocations.get() + 1);
                return Addr(get(&self.source, segment).start.get());
            }
            vmem.make_free(segment);
        }
        #[cfg(feature = "reclaim")]
        if let Some(addr) = self.alloc_relieved(size, align) {
            return addr;
        }
        state.large_failures.set(state.large_failures.get() + 1);
        Addr(0)
    }

    /// The segment of a large request.
    fn segment_at(&self, addr: Addr) -> Id<Tag> {
        index::look(&self.source, self.id().arena(), addr.0)
    }

    /// Returns the segment of a large request to the arena.
    pub(crate) fn release_at(&self, addr: Addr) {
        self.vmem().make_free(self.segment_at(addr));
    }

    /// Memory of `size` zero bytes, as `alloc`; bytes that are zero since growth are not cleared again. So a segment is a
    /// new one, from no magazine.
    pub(crate) fn alloc_zeroed(&self, size: u32, align: u32) -> Addr {
        let small = class_of(size, align) < SLAB_CLASSES as u32;
        #[cfg(feature = "audit")]
        if self.is_slow() {
            return self.cleared(self.alloc(size, align), size);
        }
        let addr = if small { self.alloc(size, align) } else { self.alloc_large(size, align) };
        #[cfg(feature = "audit")]
        if !small {
            if addr.0 == 0 {
                // Where there is none at all, the slow path puts that on record; then it is what failed, once.
                let failures = &self.state().large_failures;
                failures.set(failures.get() - 1);
                return self.cleared(self.alloc(size, align), size);
            }
            self.sample_segment(addr, crate::audit::Wanted { size, align, cache: 0 });
        }
        if addr.0 != 0 && (small || get(&self.source, self.segment_at(addr)).owner.get() == 0) {
            let at = self.source.at(addr);
            // SAFETY: the `size` bytes there were just allocated and are nobody else's.
            unsafe { at.write_bytes(0, size as usize) };
        }
        addr
    }

    /// Clears what was just allocated.
    #[cfg(feature = "audit")]
    fn cleared(&self, addr: Addr, size: u32) -> Addr {
        if addr.0 != 0 {
            let at = self.source.at(addr);
            // SAFETY: the `size` bytes there were just allocated and are nobody else's.
            unsafe { at.write_bytes(0, size as usize) };
        }
        addr
    }

    /// Changes the size of an allocation, in place where its class stays or it has none before and after; nowhere, with
    /// nothing changed, where there is no memory.
    ///
    /// From class to class it moves, through magazines: cutting and extending segments of a few KiB is slower, and leaves free
    /// segments that are too short for most. Only where there is no memory to move to, that is tried too.
    ///
    /// # Safety
    /// - as for `free`; and `new_size` is as a size for `alloc`.
    pub(crate) unsafe fn realloc(&self, addr: Addr, size: u32, align: u32, new_size: u32) -> Addr {
        #[cfg(feature = "audit")]
        if (self.is_slow() || self.is_watched(addr))
            && let Some(new) = self.realloc_audited(addr, size, align, new_size)
        {
            return new;
        }
        let (class, new_class) = (class_of(size, align), class_of(new_size, align));
        let large = class.min(new_class) >= CLASSES as u32;
        let stays =
            if large { self.resize(self.segment_at(addr), segment_len(new_size, align)) } else { class == new_class };
        if stays {
            #[cfg(feature = "audit")]
            self.resized(addr, (class, size), crate::audit::Wanted { size: new_size, align, cache: 0 });
            return addr;
        }
        let new = self.alloc(new_size, align);
        if new.0 == 0 {
            let segments = class.min(new_class) >= SLAB_CLASSES as u32;
            if !segments || !self.resize(self.segment_at(addr), segment_len(new_size, align)) {
                return new;
            }
            // The request was served after all: what `alloc` counted as a failure was none.
            let failures = &self.state().large_failures;
            failures.set(failures.get() - 1);
            #[cfg(feature = "audit")]
            self.resized(addr, (class, size), crate::audit::Wanted { size: new_size, align, cache: 0 });
            return addr;
        }
        let (from, to) = (self.source.at(addr), self.source.at(new));
        // SAFETY: both are live allocations of at least that many bytes, and two never overlap (I1, I10).
        unsafe { ptr::copy_nonoverlapping(from, to, size.min(new_size) as usize) };
        // SAFETY: as the caller promises; the copy was its last use.
        unsafe { self.free(addr, size, align) };
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
