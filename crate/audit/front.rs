//! The front end under diagnosis: what a request goes through that leaves the fast path.
//!
//! It leaves it because a sample is due, because the address has a watch, or because its class has no magazines: while the front end
//! has a mode, no class has any. So the fast path has two tests, for what is sampled (`pace`), and none for
//! modes.
#![forbid(unsafe_code)]

use super::bytes::{damage, fill};
use super::event::{Event, FAILURES, SLABS};
use super::fault::FaultKind;
use super::guard::Wanted;
use super::log::Entry;
use super::mode::Mode;
use super::patterns::{FREE, encode};
use super::record::{FILTER, WatchRecord};
use super::tell::Finding;
use crate::cache::Cache;
use crate::heap::Engine;
use crate::objects::ASKING;
use crate::record::{Id, Word, get};
use crate::size_class::{CLASSES, SLAB_CLASSES, class_of, rounds, segment_len, size_of_class};
use crate::source::Source;
use crate::units::{Addr, QUANTUM};
use crate::vmem::Tag;

/// Bytes of a free object that are patterned in the mode `LITE`.
const LITE_LEN: u32 = 8;

/// Where an address counts in the filter.
#[inline(always)]
pub(super) const fn filter_of(address: u32) -> usize {
    (address >> 3) as usize % FILTER
}

impl<S: Source> Engine<S> {
    /// Whether an object at an address may have a watch.
    #[inline(always)]
    pub(crate) fn is_watched(&self, at: Addr) -> bool {
        self.audit().filter[filter_of(at.0)].get() != 0
    }

    /// Whether every call takes the slow path.
    #[inline(always)]
    pub(crate) fn is_slow(&self) -> bool {
        self.audit().slow.get() != 0
    }

    /// Whether the allocation of a class that was to be sampled was served: this one, unless somebody who was asked for memory
    /// meanwhile had it, and then there is a later one.
    fn is_past(&self, class: u32) -> bool {
        self.class_record(class).allocations.get() as u32 as i32 > 0
    }

    /// Memory of a class, or of none, as `alloc`.
    #[cold]
    #[inline(never)]
    pub(crate) fn alloc_audited(&self, class: u32, size: u32, align: u32) -> Addr {
        self.obey();
        let wanted = Wanted { size, align, cache: 0 };
        let failures = self.failures(class);
        if self.is_slow() && self.injects(wanted) {
            failures.set(failures.get() + 1);
            return Addr(0);
        }
        // A request fails once, however often it is tried.
        let again = || {
            failures.set(failures.get().saturating_sub(1));
            self.alloc_once(class, wanted)
        };
        let mut at = self.alloc_once(class, wanted);
        if at.0 == 0 && self.drain() {
            at = again();
        }
        if at.0 == 0 {
            at = self.exhausted(wanted, again);
        }
        at
    }

    /// Where it is counted that a request of a class, or of none, got nothing.
    fn failures(&self, class: u32) -> &Word {
        let has_slabs = class < SLAB_CLASSES as u32 && !self.mode().is_guarded();
        if has_slabs { &self.class_record(class).failures } else { &self.state().large_failures }
    }

    /// The same, once.
    fn alloc_once(&self, class: u32, wanted: Wanted) -> Addr {
        let mode = self.mode();
        if mode.is_guarded() {
            let mut at = self.alloc_guarded(wanted, mode);
            if at.0 == 0 {
                at = self.eased(wanted.size, || self.alloc_guarded(wanted, mode)).unwrap_or(Addr(0));
            }
            let failures = &self.state().large_failures;
            failures.set(failures.get() + u32::from(at.0 == 0));
            return at;
        }
        let Wanted { size, align, .. } = wanted;
        let counted = self.is_counted(class);
        let at =
            if self.is_slow() { self.alloc_bare(class, wanted, mode) } else { self.alloc_plain(class, size, align) };
        let sampled = at.0 != 0 && counted && self.samples() && self.is_past(class);
        if mode.records() {
            self.record(at, wanted, 0, mode);
        } else if sampled {
            self.record(at, wanted, self.audit().rate.get(), mode);
        } else if !counted {
            self.sample_segment(at, wanted);
        }
        if sampled {
            self.arm(class);
        }
        at
    }

    /// Whether the next request of a class will be among those that the class counts. A segment that is not from a magazine is not.
    fn is_counted(&self, class: u32) -> bool {
        if class < SLAB_CLASSES as u32 {
            return true;
        }
        class < CLASSES as u32 && {
            let magazines = &self.class_record(class).magazines;
            magazines.rounds.get() | magazines.previous_rounds.get() != 0
        }
    }

    /// Watches a segment that no class counts, if it is its turn to be sampled. Chance has no memory, so these may have a turn of their
    /// own beside those of the classes.
    pub(crate) fn sample_segment(&self, at: Addr, wanted: Wanted) {
        if at.0 != 0 && self.is_large_due(segment_len(wanted.size, wanted.align)) {
            self.record(at, wanted, self.audit().rate.get(), Mode::OFF);
        }
    }

    /// Notes that an object has another size now, in its place.
    ///
    /// One that is on record for its own sake stays so, and counts as a new one where it grew. Samples are as if it were given back and
    /// asked for again; what stays in its class has the same chance as before, so it stays sampled if it was.
    #[cold]
    #[inline(never)]
    pub(crate) fn resized(&self, at: Addr, (class, size): (u32, u32), wanted: Wanted) {
        let watch = if self.is_watched(at) { self.watch_of(at.0) } else { None };
        let mode = self.mode();
        match watch.map(|id| (id, get(self.source(), id).rate.get())) {
            Some((id, 0)) => self.rewatch(id, wanted),
            Some((id, rate)) => {
                self.note_free(id, Event::Realloc);
                self.unwatch(id);
                if class < SLAB_CLASSES as u32 {
                    return self.record(at, wanted, rate, mode);
                }
                self.sample_segment(at, wanted);
            }
            None if mode.records() && wanted.size > size => self.record(at, wanted, 0, mode),
            None if class >= SLAB_CLASSES as u32 => self.sample_segment(at, wanted),
            None => {}
        }
    }

    /// Notes the new size of an object that is on record for its own sake.
    fn rewatch(&self, id: Id<WatchRecord>, wanted: Wanted) {
        let watch = get(self.source(), id);
        let grew = wanted.size > watch.size.get();
        self.debit(watch);
        watch.size.set(wanted.size);
        watch.encoded.set(encode(wanted.size));
        if grew {
            watch.alloc_operation.set(self.operation());
            watch.alloc_time.set(self.audit().time.get());
            watch.alloc_site.set(self.site(Mode(watch.mode.get()).has(Mode::SITES)));
        }
        self.credit(watch);
    }

    /// As the fast path, where it may go on.
    pub(crate) fn alloc_plain(&self, class: u32, size: u32, align: u32) -> Addr {
        if class < CLASSES as u32 && self.class_record(class).magazines.rounds.get() != 0 {
            self.take(self.class_record(class))
        } else {
            self.alloc_behind(class, size, align)
        }
    }

    fn class_record(&self, class: u32) -> &Cache {
        get(self.source(), self.id().cache(class))
    }

    /// Watches an object that was handed out, without a guard. Where there is no memory for that, it stays unknown.
    pub(super) fn record(&self, at: Addr, wanted: Wanted, rate: u32, mode: Mode) {
        if at.0 == 0 {
            return;
        }
        let watch = self.new_watch().or_else(|| self.eased(QUANTUM, || self.new_watch()).flatten());
        let Some(id) = watch else { return self.miss() };
        let watch: &WatchRecord = get(self.source(), id);
        let class = class_of(wanted.size, wanted.align);
        let used = if class < CLASSES as u32 { size_of_class(class) } else { segment_len(wanted.size, wanted.align) };
        watch.used.set(if wanted.cache == 0 { used } else { wanted.size });
        watch.rate.set(rate);
        watch.mode.set(mode.bits());
        self.watch(id, at.0, wanted, mode);
        if rate != 0 {
            self.ration();
        }
    }

    /// An object of a class that has no magazines, or a segment.
    fn alloc_bare(&self, class: u32, wanted: Wanted, mode: Mode) -> Addr {
        if class >= SLAB_CLASSES as u32 {
            return self.alloc_large(wanted.size, wanted.align);
        }
        let (cache, size) = (self.cache(class), size_of_class(class));
        let record = self.class_record(class);
        let take = || {
            cache.take_one(size).or_else(|| {
                if !self.new_slab(class, size) {
                    return None;
                }
                if mode.has(Mode::LITE) {
                    // No other slab has a free object.
                    self.pattern_slabs(class);
                }
                cache.take_one(size)
            })
        };
        let taken = take().or_else(|| self.eased(size, take).flatten());
        let Some(at) = taken else {
            record.failures.set(record.failures.get() + 1);
            return Addr(0);
        };
        record.allocations.set(record.allocations.get().wrapping_add(1));
        if mode.has(Mode::LITE) {
            self.check_lite(at, size, 0);
        }
        at
    }

    /// Checks the beginning of an object that was free; what is damaged is told, and the object is handed out.
    pub(super) fn check_lite(&self, at: Addr, size: u32, cache: u32) {
        let end = at.0 + size.min(LITE_LEN);
        if let Some((first, last)) = damage(self.source(), at.0, end, FREE) {
            let kind = FaultKind::Modified as u32;
            let mut finding = Finding {
                kind,
                event: Event::Alloc as u32,
                address: at.0,
                object: at.0,
                size,
                cache,
                given_cache: cache,
                offset: (first - at.0) as i32,
                damaged: last - first,
                expected: FREE,
                found: super::bytes::word(self.source(), at.0).get(),
                ..Finding::default()
            };
            if let Some(tag) = self.find(at) {
                let tag = get(self.source(), tag);
                (finding.segment, finding.segment_len, finding.place) =
                    (tag.start.get(), tag.len.get(), tag.kind.get());
            }
            self.fault(&finding);
        }
    }

    /// Patterns the beginning of an object that goes back to its slab.
    pub(super) fn pattern_lite(&self, at: Addr, size: u32) {
        fill(self.source(), at.0, at.0 + size.min(LITE_LEN), FREE);
    }

    /// Patterns the free objects of the slabs of a class.
    fn pattern_slabs(&self, class: u32) {
        let size = size_of_class(class);
        self.cache(class).each_slab(|slab: &Tag| {
            for index in 0..slab.owner.get() {
                if slab.bits.get() >> index & 1 == 1 {
                    self.pattern_lite(Addr(slab.start.get() + index * size), size);
                }
            }
        });
    }

    /// Something again that got nothing, where it was to fail first so that others are asked for `size` bytes; see the feature
    /// `reclaim`.
    #[cfg(feature = "reclaim")]
    pub(super) fn eased<R>(&self, size: u32, again: impl FnOnce() -> R) -> Option<R> {
        self.relieved(size, again)
    }

    /// Nothing fails so that others are asked.
    #[cfg(not(feature = "reclaim"))]
    #[allow(clippy::unused_self, reason = "with the feature it needs it")]
    pub(super) fn eased<R>(&self, _: u32, _: impl FnOnce() -> R) -> Option<R> {
        None
    }

    /// Takes memory back that has a watch, or whose class has no magazines; `false` where there is nothing special about it.
    #[inline(never)]
    pub(crate) fn free_audited(&self, at: Addr, size: u32, align: u32) -> bool {
        if !self.is_slow() && !self.is_watched(at) {
            // What was handed out past the magazines may come back where there are none yet.
            let is_bare = self.lacks_magazines(class_of(size, align));
            if is_bare {
                self.free_bare(at, size, align, Mode::OFF);
            }
            return is_bare;
        }
        let wanted = Wanted { size, align, cache: 0 };
        let mode = self.mode();
        let Some(watch) = self.admitted(at, wanted, mode, Event::Free) else { return true };
        if let Some(id) = watch {
            if get(self.source(), id).segment.get() != 0 {
                self.retire(id, Event::Free);
                return true;
            }
            self.note_free(id, Event::Free);
            self.unwatch(id);
        }
        self.free_bare(at, size, align, mode);
        true
    }

    /// What may be given back: a watched object, or a plain one; `None` where it was a fault.
    pub(super) fn admitted(
        &self,
        at: Addr,
        wanted: Wanted,
        mode: Mode,
        event: Event,
    ) -> Option<Option<Id<WatchRecord>>> {
        let watch = self.watch_of(at.0);
        let checked = mode != Mode::OFF || watch.is_some_and(|id| get(self.source(), id).segment.get() != 0);
        if checked { self.admit(at, wanted, mode, event).ok() } else { Some(watch) }
    }

    /// Gives a plain object to a magazine, or where there is none to its slab or the arena.
    fn free_bare(&self, at: Addr, size: u32, align: u32, mode: Mode) {
        let class = class_of(size, align);
        if class < CLASSES as u32 && self.class_record(class).magazines.give(self.source(), at.0) {
            return;
        }
        if !self.lacks_magazines(class) {
            return if self.is_slow() { self.release_at(at) } else { self.free_slowly(class, at) };
        }
        if mode.has(Mode::LITE) {
            self.pattern_lite(at, size_of_class(class));
        }
        self.audit().round.set(at.0);
        self.cache(class).flush(&self.vmem(), size_of_class(class), self.audit_id().round(), 1);
    }

    /// Whether objects of a class go past magazines, to their slabs.
    fn lacks_magazines(&self, class: u32) -> bool {
        class < SLAB_CLASSES as u32 && self.class_record(class).magazines.capacity.get() == 0
    }

    /// Changes the size of an allocation that has a watch, or while the front end has a mode; `None` where that is to be done as without
    /// diagnosis. Where the call was a fault, and the program goes on, the old object stays as it is and its bytes are copied.
    pub(crate) fn realloc_audited(&self, at: Addr, size: u32, align: u32, new_size: u32) -> Option<Addr> {
        let wanted = Wanted { size, align, cache: 0 };
        let mode = self.mode();
        let admitted = self.admitted(at, wanted, mode, Event::Realloc);
        let id = match admitted {
            Some(None) if mode.is_guarded() => None,
            // A plain object of a class: as without diagnosis.
            Some(None) => return None,
            // It stays watched: if it moves it is given back, else `resized` is told.
            Some(Some(id)) if get(self.source(), id).segment.get() == 0 && !mode.is_guarded() => return None,
            Some(Some(id)) => Some(id),
            None => None,
        };
        let new = self.alloc(new_size, align);
        if new.0 == 0 {
            return Some(new);
        }
        let readable = match id {
            Some(id) => get(self.source(), id).size.get(),
            None => self.readable(at, size),
        };
        super::bytes::copy(self.source(), at, new, readable.min(size).min(new_size));
        if admitted.is_some() && !self.free_audited(at, size, align) {
            self.free_bare(at, size, align, mode);
        }
        Some(new)
    }

    /// Bytes from an address to the end of what is there, at most `size`.
    fn readable(&self, at: Addr, size: u32) -> u32 {
        let segment = self.find(at).map(|tag| get(self.source(), tag));
        segment.map_or(0, |tag| size.min(tag.end() - at.0))
    }

    /// Takes the magazines away from all classes, so that every call is slow, or gives them back.
    pub(super) fn set_slow(&self, slow: bool) {
        let audit = self.audit();
        if slow {
            self.flush_all();
        }
        for class in 0..CLASSES as u32 {
            let magazines = &self.class_record(class).magazines;
            let room = if slow || magazines.loaded.get() == 0 { 0 } else { rounds(size_of_class(class)) };
            magazines.capacity.set(room);
        }
        audit.slow.set(u32::from(slow));
        if self.mode().has(Mode::LITE) {
            (0..SLAB_CLASSES as u32).for_each(|class| self.pattern_slabs(class));
        }
    }

    /// Notes that a slab was made or went.
    pub(crate) fn log_slab(&self, event: Event, start: u32, len: u32, cache: u32) {
        self.log(SLABS, event, &Entry { address: start, size: len, cache, ..Entry::default() }, 0);
    }

    /// Notes that a request got nothing.
    pub(super) fn log_failure(&self, event: Event, wanted: Wanted) {
        self.operation();
        let site = self.site(self.mode().has(Mode::SITES));
        let entry = Entry { size: wanted.size, align: wanted.align, cache: wanted.cache, site, ..Entry::default() };
        self.log(FAILURES, event, &entry, 0);
    }

    /// Whether requests are only tried: somebody will be asked for memory if they fail.
    pub(super) fn is_trial(&self) -> bool {
        self.state().pressure.get() == ASKING
    }
}
