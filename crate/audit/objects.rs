//! Object caches under diagnosis. A cache with a mode has no magazines; its guarded objects are segments of the heap, constructed
//! when they are handed out and destructed when they are given back.
#![forbid(unsafe_code)]

use super::event::Event;
use super::front::filter_of;
use super::guard::Wanted;
use super::mode::Mode;
use super::record::RuleRecord;
use crate::heap::Engine;
use crate::objects::Error;
use crate::objects::layers::{Layers, Lives, take_round};
use crate::objects::record::{ObjectCacheRecord, ZONE};
use crate::record::{Id, get};
use crate::source::Source;
use crate::units::Addr;
use crate::vmem::Tag;

impl<S: Source, L: Lives> Layers<'_, S, L> {
    fn engine(&self) -> &Engine<S> {
        self.slabs.engine
    }

    fn wanted(&self) -> Wanted {
        let record = self.record();
        Wanted { size: record.size.get(), align: record.align.get(), cache: record.number.get() }
    }

    /// As [`alloc_slowly`](Layers::alloc_slowly), which does what it does without diagnosis.
    pub(crate) fn alloc_audited(&self, spare: u32) -> Result<Addr, Error> {
        let (engine, record) = (self.engine(), self.record());
        engine.obey();
        self.settle();
        let (mode, wanted) = (Mode(record.mode.get()), self.wanted());
        if engine.injects(wanted) {
            return self.refused(Error::NoMemory { bytes: wanted.size });
        }
        if mode.is_guarded() {
            return self.alloc_guarded(spare, wanted, mode);
        }
        let mut object = self.alloc_plain(spare);
        if object == Err(Error::NoMemory { bytes: record.slab_len.get() }) {
            // A request fails once, however often it is tried.
            let again = || {
                record.failures.set(record.failures.get().saturating_sub(1));
                self.alloc_plain(spare)
            };
            if engine.drain() {
                object = again();
            }
            if object.is_err() {
                let last = engine.exhausted(wanted, || again().unwrap_or(Addr(0)));
                object = if last.0 == 0 { object } else { Ok(last) };
            }
        }
        // Somebody who was asked for memory meanwhile may have had the object that was to be sampled.
        let past = (record.allocations.get() as u32).wrapping_sub(record.sample_at.get()) as i32 > 0;
        let sampled = object.is_ok() && engine.samples() && past;
        if sampled {
            self.arm();
        }
        if let Ok(at) = object
            && (sampled || mode.records())
        {
            engine.record(at, wanted, if mode.records() { 0 } else { engine.audit().rate.get() }, mode);
        }
        object
    }

    /// As the fast path, where it may go on.
    fn alloc_plain(&self, spare: u32) -> Result<Addr, Error> {
        let record = self.record();
        if record.magazines.rounds.get() > spare {
            return Ok(take_round(self.source(), record));
        }
        self.alloc_behind(spare)
    }

    /// A guarded object, constructed, for which whoever can spare memory is asked once.
    ///
    /// Its budget is charged what it takes of a slab: what guards it is diagnosis' own, and a mode should not make a program fail
    /// that has what it needs.
    fn alloc_guarded(&self, spare: u32, wanted: Wanted, mode: Mode) -> Result<Addr, Error> {
        let (engine, record) = (self.engine(), self.record());
        let mut at = self.guarded(spare, wanted, mode);
        if let Err(Error::NoMemory { bytes }) = at
            && let Some(again) = engine.eased(bytes, || self.guarded(spare, wanted, mode))
        {
            at = again;
        }
        if let Err(Error::NoMemory { .. }) = at
            && engine.drain()
        {
            at = self.guarded(spare, wanted, mode);
        }
        if let Err(error) = at
            && self.slabs.relieve(error)
        {
            at = self.guarded(spare, wanted, mode);
        }
        if let Err(Error::NoMemory { .. }) = at {
            let last = engine.exhausted(wanted, || self.guarded(spare, wanted, mode).unwrap_or(Addr(0)));
            at = if last.0 == 0 { at } else { Ok(last) };
        }
        let at = match at {
            Ok(at) => at,
            Err(error) => return self.refused(error),
        };
        if !self.construct(at) {
            self.uncount();
            if let Some(id) = engine.watch_of(at.0) {
                engine.note_free(id, Event::Free);
                engine.release(id);
            }
            return self.refused(Error::Refused);
        }
        record.allocations.set(record.allocations.get() + 1);
        Ok(at)
    }

    /// Bare memory of a guarded object, counted and charged.
    fn guarded(&self, spare: u32, wanted: Wanted, mode: Mode) -> Result<Addr, Error> {
        let record = self.record();
        self.within_limit(spare)?;
        self.slabs.charge(record.stride.get())?;
        record.guarded.set(record.guarded.get() + 1);
        let at = self.engine().alloc_guarded(wanted, mode);
        if at.0 == 0 {
            self.uncount();
            return Err(Error::NoMemory { bytes: wanted.size });
        }
        record.guarded_max.set(record.guarded_max.get().max(record.guarded.get()));
        Ok(at)
    }

    /// Counts a guarded object less, and takes its charge back.
    fn uncount(&self) {
        let record = self.record();
        record.guarded.set(record.guarded.get() - 1);
        self.slabs.discharge(record.stride.get());
    }

    fn refused(&self, error: Error) -> Result<Addr, Error> {
        self.note(error);
        Err(error)
    }

    /// Takes an object back that has a watch, or whose cache has a mode; `false` where there is nothing special about it.
    pub(crate) fn free_audited(&self, at: Addr) -> bool {
        let (engine, record) = (self.engine(), self.record());
        // A cache may be given an object before it was asked for any.
        self.settle();
        let mode = Mode(record.mode.get());
        if mode == Mode::OFF && !engine.is_watched(at) {
            return false;
        }
        let Some(watch) = engine.admitted(at, self.wanted(), mode, Event::Free) else { return true };
        let Some(id) = watch else { return false };
        if get(self.source(), id).segment.get() == 0 {
            engine.note_free(id, Event::Free);
            engine.unwatch(id);
            return false;
        }
        self.destruct(at);
        self.uncount();
        engine.retire(id, Event::Free);
        true
    }

    /// Gives the cache the mode that the rules say, where they changed; what lies in magazines goes back then.
    pub(crate) fn settle(&self) {
        let (engine, record) = (self.engine(), self.record());
        let era = engine.audit().era.get();
        if record.era.replace(era) == era {
            return;
        }
        // All objects of a zone lie in its one magazine, and none is ever asked for.
        let mode = if record.flags.get() & ZONE != 0 {
            Mode::OFF
        } else {
            engine.measured(engine.rule_of(record)).settled().with_failures(engine.audit().injection.on.get() != 0)
        };
        if mode.bits() != record.mode.get() {
            self.set_mode(mode);
        }
        if engine.samples() {
            self.arm();
        }
    }

    /// Changes the mode. While it has one the cache has no magazines, so that each call is slow.
    fn set_mode(&self, mode: Mode) {
        let record = self.record();
        if record.mode.get() == 0 {
            record.rounds_before.set(record.rounds.get());
        }
        let rounds = if mode == Mode::OFF { record.rounds_before.get() } else { 0 };
        record.mode.set(mode.bits());
        if record.rounds.get() != rounds && !self.set_rounds(rounds) {
            // A destructor filled a magazine meanwhile: the next call tries again.
            record.era.set(record.era.get().wrapping_sub(1));
        }
        if mode.has(Mode::LITE) {
            self.slabs.each(|slab| self.engine().pattern_free(slab, record));
        }
    }

    /// Decides when the cache takes its next sample.
    fn arm(&self) {
        let record = self.record();
        let after = self.engine().wait() / record.size.get();
        // Not so far that it would look like what is past.
        record.sample_at.set((record.allocations.get() as u32).wrapping_add(after.min(i32::MAX as u32)));
    }
}

impl<S: Source> Engine<S> {
    /// Whether the next object of a cache is to be sampled, or its mode may have changed.
    #[inline(always)]
    pub(crate) fn is_object_due(&self, record: &ObjectCacheRecord) -> bool {
        record.sample_at.get() == record.allocations.get() as u32 || record.era.get() != self.audit().era.get()
    }

    /// Looks at an object that was taken out of its slab.
    pub(crate) fn took(&self, at: Addr, record: &ObjectCacheRecord) {
        if Mode(record.mode.get()).has(Mode::LITE) {
            self.check_lite(at, record.size.get(), record.number.get());
        }
    }

    /// Looks at an object that goes back to its slab, whoever had it.
    pub(crate) fn gives(&self, at: Addr, record: &ObjectCacheRecord) {
        self.forget(at);
        if Mode(record.mode.get()).has(Mode::LITE) {
            self.pattern_lite(at, record.size.get());
        }
    }

    /// Looks at a new slab.
    pub(crate) fn made(&self, slab: &Tag, record: &ObjectCacheRecord) {
        self.log_slab(Event::SlabMade, slab.start.get(), slab.len.get(), record.number.get());
        if Mode(record.mode.get()).has(Mode::LITE) {
            self.pattern_free(slab, record);
        }
    }

    /// Looks at a slab that goes back.
    pub(crate) fn gone(&self, slab: &Tag, record: &ObjectCacheRecord) {
        self.log_slab(Event::SlabGone, slab.start.get(), slab.len.get(), record.number.get());
    }

    /// Patterns the free objects of a slab.
    fn pattern_free(&self, slab: &Tag, record: &ObjectCacheRecord) {
        for index in (0..record.objects.get()).filter(|index| slab.bits.get() >> index & 1 == 1) {
            self.pattern_lite(Addr(slab.start.get() + index * record.stride.get()), record.size.get());
        }
    }

    /// Forgets a sampled object that goes back to its slab.
    fn forget(&self, at: Addr) {
        if self.audit().filter[filter_of(at.0)].get() != 0
            && let Some(id) = self.watch_of(at.0)
            && get(self.source(), id).segment.get() == 0
        {
            self.note_free(id, Event::Free);
            self.unwatch(id);
        }
    }

    /// The mode that the rules say for a cache.
    fn rule_of(&self, record: &ObjectCacheRecord) -> Mode {
        let is_its = |rule: &&RuleRecord| rule.name[0].get() != 0 && rule.name == record.name;
        self.audit().rules.iter().find(is_its).map_or(Mode::OFF, |rule| Mode(rule.mode.get()))
    }

    /// The object cache of a name.
    pub(super) fn cache_named(&self, name: &str) -> Option<Id<ObjectCacheRecord>> {
        let words = super::auditor::name_words(name);
        self.object_cache(|cache| cache.name == words)
    }

    /// The first object cache that `is` takes.
    pub(super) fn object_cache(&self, mut is: impl FnMut(&ObjectCacheRecord) -> bool) -> Option<Id<ObjectCacheRecord>> {
        let mut next = get(self.source(), self.id().object_caches()).list.first.get();
        while let Some(link) = next {
            let cache = Id::<ObjectCacheRecord>::of_link(link);
            if is(get(self.source(), cache)) {
                return Some(cache);
            }
            next = get(self.source(), link).next.first.get();
        }
        None
    }
}
