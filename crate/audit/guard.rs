//! Guarded objects: an object that is a segment of its own, with patterned bytes before it, right up to its end behind it, and a
//! watch that knows its exact size.
//!
//! The object lies as far to the right as its alignment allows, so a write past its end meets the pattern at the next byte. All the
//! slack is guard (X15), not a word of it. When it is given back, it is patterned and waits in the quarantine; it is looked at when it
//! leaves. Damage is left as it was found.
#![forbid(unsafe_code)]

use super::bytes::{damage, fill};
use super::event::{CONTENTS, Event, TRANSACTIONS};
use super::fault::FaultKind;
use super::log::{CONTENTS_MAX, Entry};
use super::mode::Mode;
use super::patterns::{BEFORE, BEHIND, FREE, FRESH, byte_at, decode, encode};
use super::record::{ABANDONED, FREED, HELD, LEFT, QUARANTINED, WatchRecord, tag_at, watch_at};
use super::tell::Finding;
use crate::heap::{AUDITED, Engine};
use crate::record::{Id, get};
use crate::source::Source;
use crate::units::{Addr, LIMIT, QUANTUM, quanta_up};
use crate::vmem::tag::KIND;
use crate::vmem::{Tag, Tiling};

/// The least guarded bytes before and behind an object.
const GUARD: u32 = 16;

/// A request: bytes, alignment, and the number of the object cache, zero for the front end.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) size: u32,
    pub(crate) align: u32,
    pub(crate) cache: u32,
}

/// What the tag of a guarded segment says of the object: where it begins, and its bytes.
const fn extent_of(object: u32, size: u32) -> u64 {
    object as u64 | (size as u64) << 32
}

impl<S: Source> Engine<S> {
    /// A guarded object; nowhere where there is no memory for it.
    pub(super) fn alloc_guarded(&self, wanted: Wanted, mode: Mode) -> Addr {
        let behind = if mode.has(Mode::GUARD) { QUANTUM } else { GUARD };
        let bytes = u64::from(wanted.size) + u64::from(GUARD + behind) + u64::from(wanted.align - 1);
        if bytes > u64::from(LIMIT - QUANTUM) {
            return Addr(0);
        }
        let len = quanta_up(bytes as u32);
        let Some(id) = self.new_watch() else { return Addr(0) };
        let Some(segment) = self.segment(len, len, AUDITED).filter(|&segment| self.entered(segment)) else {
            self.spare_watch(id);
            return Addr(0);
        };
        let tag = get(self.source(), segment);
        let (start, end) = (tag.start.get(), tag.end());
        let object = (end - behind - wanted.size) & !(wanted.align - 1);
        fill(self.source(), start, object, BEFORE);
        fill(self.source(), object, object + wanted.size, FRESH);
        fill(self.source(), object + wanted.size, end, BEHIND);
        tag.owner.set(id.addr());
        tag.bits.set(extent_of(object, wanted.size));
        let watch = get(self.source(), id);
        watch.segment.set(segment.addr());
        watch.used.set(len);
        watch.mode.set(mode.bits());
        self.watch(id, object, wanted, mode);
        let large = &self.state().large_allocations;
        large.set(large.get() + 1);
        Addr(object)
    }

    /// Enters a segment in the index, or gives it back; whether it is there.
    fn entered(&self, segment: Id<Tag>) -> bool {
        let entered = self.enter(segment);
        if !entered {
            self.vmem().make_free(segment);
        }
        entered
    }

    /// A watch of nothing yet, with room for it in the table.
    pub(super) fn new_watch(&self) -> Option<Id<WatchRecord>> {
        let audit = self.audit();
        if !self.make_room(self.audit_id().watches()) {
            return None;
        }
        let spare = audit.spare_watches.get();
        if spare == 0 {
            return Some(watch_at(self.metadata(size_of::<WatchRecord>() as u32)?.addr()));
        }
        let watch = get(self.source(), watch_at(spare));
        audit.spare_watches.set(watch.next.get());
        fill(self.source(), spare, spare + size_of::<WatchRecord>() as u32, 0);
        Some(watch_at(spare))
    }

    /// Puts a watch aside that watches nothing any more.
    fn spare_watch(&self, id: Id<WatchRecord>) {
        let spare = &self.audit().spare_watches;
        get(self.source(), id).next.set(spare.replace(id.addr()));
    }

    /// Watches an object that was just handed out.
    pub(super) fn watch(&self, id: Id<WatchRecord>, object: u32, wanted: Wanted, mode: Mode) {
        let watch = get(self.source(), id);
        watch.object.set(object);
        watch.size.set(wanted.size);
        watch.encoded.set(encode(wanted.size));
        watch.align.set(wanted.align);
        watch.cache.set(wanted.cache);
        watch.status.set(HELD ^ id.addr());
        watch.alloc_operation.set(self.operation());
        watch.alloc_time.set(self.audit().time.get());
        // What was sampled is worth its stack, and what is to have one.
        watch.alloc_site.set(self.site(watch.rate.get() != 0 || mode.has(Mode::SITES)));
        self.insert(self.audit_id().watches(), object, id.addr());
        self.count(object, 1);
        self.credit(watch);
        if mode.has(Mode::AUDIT) {
            watch.last_entry.set(self.log(TRANSACTIONS, Event::Alloc, &self.entry(watch), 0));
        }
    }

    /// What the log says of a watched object.
    pub(super) fn entry(&self, watch: &WatchRecord) -> Entry {
        let site = if watch.free_site.get() == 0 { watch.alloc_site.get() } else { watch.free_site.get() };
        Entry {
            address: watch.object.get(),
            size: watch.size.get(),
            align: watch.align.get(),
            cache: watch.cache.get(),
            site,
            before: watch.last_entry.get(),
        }
    }

    /// Counts an address in the filter up or down; what reached the greatest number stays.
    fn count(&self, address: u32, by: i8) {
        let count = &self.audit().filter[super::front::filter_of(address)];
        if count.get() != u8::MAX {
            count.set(count.get().wrapping_add_signed(by));
        }
    }

    /// Forgets a watch, whose object is nobody's any more.
    pub(super) fn unwatch(&self, id: Id<WatchRecord>) {
        let object = get(self.source(), id).object.get();
        self.remove(self.audit_id().watches(), object, id.addr());
        self.count(object, -1);
        self.spare_watch(id);
    }

    /// The watch of the object that begins at an address.
    pub(super) fn watch_of(&self, object: u32) -> Option<Id<WatchRecord>> {
        let at = self.look_up(self.audit_id().watches(), object, |_| true);
        (at != 0).then(|| watch_at(at))
    }

    /// The status of a watch, as the constants say it.
    pub(super) fn status(&self, id: Id<WatchRecord>) -> u32 {
        get(self.source(), id).status.get() ^ id.addr()
    }

    /// What a fault says of a watched object.
    pub(super) fn finding(&self, id: Id<WatchRecord>, kind: FaultKind, event: Event) -> Finding {
        let watch = get(self.source(), id);
        let mut finding = Finding {
            kind: kind as u32,
            event: event as u32,
            address: watch.object.get(),
            object: watch.object.get(),
            size: watch.size.get(),
            align: watch.align.get(),
            cache: watch.cache.get(),
            given_cache: watch.cache.get(),
            tag: watch.segment.get(),
            watch: Some(id),
            ..Finding::default()
        };
        if kind != FaultKind::BadRecord && watch.segment.get() != 0 {
            let tag = get(self.source(), tag_at(watch.segment.get()));
            finding.segment = tag.start.get();
            finding.segment_len = tag.len.get();
            finding.place = tag.kind.get();
        }
        finding
    }

    /// Whether the record of an object holds together: of what it says, what can be checked.
    pub(super) fn is_sound(&self, id: Id<WatchRecord>) -> Result<(), FaultKind> {
        let watch = get(self.source(), id);
        if ![HELD, FREED, ABANDONED].contains(&self.status(id)) {
            return Err(FaultKind::BadTag);
        }
        let (size, encoded) = (watch.size.get(), watch.encoded.get());
        let is_size = if size < 1 << 24 { decode(encoded) == Some(size) } else { encoded == encode(size) };
        let segment = watch.segment.get();
        let is_segment = if segment == 0 {
            !Mode(watch.mode.get()).is_guarded()
        } else {
            let tag = self.find(Addr(watch.object.get())).filter(|tag| tag.addr() == segment);
            tag.map(|tag| get(self.source(), tag)).is_some_and(|tag| {
                tag.owner.get() == id.addr() && tag.bits.get() == extent_of(watch.object.get(), size)
            })
        };
        if is_size && is_segment { Ok(()) } else { Err(FaultKind::BadRecord) }
    }

    /// Checks the guards of an object, and of a freed one its pattern too; what is damaged.
    pub(super) fn inspect(&self, id: Id<WatchRecord>, event: Event) -> Result<(), Finding> {
        if let Err(kind) = self.is_sound(id) {
            return Err(self.finding(id, kind, event));
        }
        let watch = get(self.source(), id);
        if watch.segment.get() == 0 {
            return Ok(());
        }
        let tag = get(self.source(), tag_at(watch.segment.get()));
        let (object, end) = (watch.object.get(), watch.object.get() + watch.size.get());
        let freed = self.status(id) == FREED && Mode(watch.mode.get()).poisons();
        let parts = [
            (freed, object, end, FREE, FaultKind::Modified),
            (true, end, tag.end(), BEHIND, FaultKind::Redzone),
            (true, tag.start.get(), object, BEFORE, FaultKind::Redzone),
        ];
        for (checked, from, to, pattern, kind) in parts {
            let found = if checked { damage(self.source(), from, to, pattern) } else { None };
            if let Some((first, last)) = found {
                let mut finding = self.finding(id, kind, event);
                finding.offset = first.wrapping_sub(object) as i32;
                finding.damaged = last - first;
                let at = |byte: u32| super::bytes::byte(self.source(), byte).get();
                let word = |byte: &dyn Fn(u32) -> u8| {
                    u32::from_le_bytes([0, 1, 2, 3].map(|n| if first + n < tag.end() { byte(first + n) } else { 0 }))
                };
                finding.expected = word(&|byte| if byte < to { byte_at(pattern, byte) } else { 0 });
                finding.found = word(&|byte| if byte < to { at(byte) } else { 0 });
                return Err(finding);
            }
        }
        Ok(())
    }

    /// Takes a guarded object back that was found whole: patterns it, and lets it wait in the quarantine, if its mode has one.
    pub(super) fn retire(&self, id: Id<WatchRecord>, event: Event) {
        let watch = get(self.source(), id);
        let mode = Mode(watch.mode.get());
        self.note_free(id, event);
        if !mode.poisons() {
            return self.release(id);
        }
        fill(self.source(), watch.object.get(), watch.object.get() + watch.size.get(), FREE);
        let tag = get(self.source(), tag_at(watch.segment.get()));
        tag.kind.set(AUDITED | QUARANTINED);
        self.enqueue(id);
    }

    /// Notes that an object is given back: when, where, and in the logs.
    pub(super) fn note_free(&self, id: Id<WatchRecord>, event: Event) {
        let watch = get(self.source(), id);
        let mode = Mode(watch.mode.get());
        self.debit(watch);
        watch.status.set(FREED ^ id.addr());
        watch.free_operation.set(self.operation());
        watch.free_time.set(self.audit().time.get());
        watch.free_site.set(if mode.has(Mode::SITES) { self.site(true) } else { 0 });
        if mode.has(Mode::AUDIT) {
            watch.last_entry.set(self.log(TRANSACTIONS, event, &self.entry(watch), 0));
        }
        if mode.has(Mode::CONTENTS) {
            let len = watch.size.get().min(CONTENTS_MAX);
            self.log(CONTENTS, Event::Contents, &self.entry(watch), len);
        }
    }

    /// Gives the memory of an object back that nobody holds.
    pub(super) fn release(&self, id: Id<WatchRecord>) {
        let segment = tag_at(get(self.source(), id).segment.get());
        self.unwatch(id);
        self.vmem().make_free(segment);
    }

    /// Never gives an object out again. What it holds is no longer its site's.
    pub(super) fn abandon(&self, id: Id<WatchRecord>) {
        let (audit, watch) = (self.audit(), get(self.source(), id));
        if self.status(id) == HELD {
            self.debit(watch);
        }
        watch.status.set(ABANDONED ^ id.addr());
        audit.abandoned.set(audit.abandoned.get() + 1);
        // A record that is damaged may name anything.
        if let Some(tag) = self.find(Addr(watch.object.get()))
            && get(self.source(), tag).owner.get() == id.addr()
            && get(self.source(), tag).kind.get() & KIND == AUDITED
        {
            get(self.source(), tag).kind.set(AUDITED | LEFT);
        }
    }
}
