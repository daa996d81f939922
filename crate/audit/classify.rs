//! What an address is, and what a program does wrong with it: the suspicion comes from the caller, the verdict from what is there
//! (illumos kmem.c classifies a second time, too).
#![forbid(unsafe_code)]

use super::event::Event;
use super::fault::FaultKind;
use super::guard::Wanted;
use super::mode::Mode;
use super::patterns::{FREE, byte_at};
use super::record::{FREED, HELD, WatchRecord, entry_at, watch_at};
use super::tell::Finding;
use crate::heap::{AUDITED, Engine, LARGE, META, OBJECTS, SLAB};
use crate::objects::record::ObjectCacheRecord;
use crate::record::{Id, get};
use crate::size_class::{SLAB_CLASSES, class_of, quotient, segment_len, size_of_class};
use crate::source::Source;
use crate::units::Addr;
use crate::vmem::tag::KIND;
use crate::vmem::{FREE as FREE_SEGMENT, Tag, index};

/// An object that an address is in.
struct Object {
    /// Where it begins.
    start: u32,
    /// Bytes of it that the heap uses.
    len: u32,
    /// Number of its object cache; zero for the front end.
    cache: u32,
    /// Whether it is out of its slab.
    taken: bool,
}

impl<S: Source> Engine<S> {
    /// The segment that an address is in, whatever the address is.
    pub(super) fn find(&self, at: Addr) -> Option<Id<Tag>> {
        index::find(self.source(), self.id().arena(), at.0)
    }

    /// Checks an object that is given back, or that is to get another size, and says what is wrong: to the record, to the host, and
    /// if the policy says so, with a trap. The front end is told a size and an alignment; `mode` is that of whoever is called.
    ///
    /// The watch of a guarded object that is all right; `Ok(None)` for a plain one.
    pub(super) fn admit(
        &self,
        at: Addr,
        given: Wanted,
        mode: Mode,
        event: Event,
    ) -> Result<Option<Id<WatchRecord>>, Option<Id<WatchRecord>>> {
        let mut finding = match self.suspect(at, given, mode, event) {
            Ok(watch) => return Ok(watch),
            Err(finding) => finding,
        };
        finding.address = at.0;
        finding.event = event as u32;
        finding.given_cache = given.cache;
        (finding.given_size, finding.given_align) = if given.cache == 0 { (given.size, given.align) } else { (0, 0) };
        // What is right but for the call stays with its owner, who may still give it back as it should be.
        let lost = [FaultKind::Redzone, FaultKind::WrongSize, FaultKind::BadTag, FaultKind::BadRecord];
        if let Some(id) = finding.watch
            && lost.iter().any(|&kind| kind as u32 == finding.kind)
        {
            self.abandon(id);
        }
        let watch = finding.watch;
        self.fault(&finding);
        Err(watch)
    }

    /// What is wrong with giving `at` back.
    fn suspect(&self, at: Addr, given: Wanted, mode: Mode, event: Event) -> Result<Option<Id<WatchRecord>>, Finding> {
        let Some(id) = self.watch_of(at.0) else { return self.suspect_unwatched(at, given, mode, event) };
        self.is_sound(id).map_err(|kind| self.finding(id, kind, event))?;
        let watch = get(self.source(), id);
        if self.status(id) != HELD {
            return Err(self.finding(id, FaultKind::DoubleFree, event));
        }
        if watch.cache.get() != given.cache {
            return Err(self.finding(id, FaultKind::WrongCache, event));
        }
        if given.cache == 0 && (watch.size.get(), watch.align.get()) != (given.size, given.align) {
            return Err(self.finding(id, FaultKind::WrongSize, event));
        }
        self.inspect(id, event)?;
        Ok(Some(id))
    }

    /// The same for an address at which no watched object begins.
    fn suspect_unwatched(
        &self,
        at: Addr,
        given: Wanted,
        mode: Mode,
        event: Event,
    ) -> Result<Option<Id<WatchRecord>>, Finding> {
        let nothing = |kind: FaultKind| Finding { kind: kind as u32, ..Finding::default() };
        let Some(segment) = self.find(at) else { return Err(nothing(FaultKind::BadAddress)) };
        let tag = get(self.source(), segment);
        let (kind, start) = (tag.kind.get() & KIND, tag.start.get());
        let found = |kind: FaultKind| Finding {
            kind: kind as u32,
            segment: start,
            segment_len: tag.len.get(),
            tag: segment.addr(),
            place: tag.kind.get(),
            ..Finding::default()
        };
        if kind == AUDITED {
            let id = watch_at(tag.owner.get());
            if self.is_sound(id).is_err() {
                return Err(found(FaultKind::BadRecord));
            }
            let kind = if self.status(id) == FREED { FaultKind::DoubleFree } else { FaultKind::Interior };
            return Err(Finding { reported: FaultKind::BadAddress as u32, ..self.finding(id, kind, event) });
        }
        if kind == META || kind == FREE_SEGMENT {
            // What was freed and left the quarantine still has its pattern, or the log tells of it.
            let mut bytes = at.0..tag.end().min(at.0.saturating_add(4));
            let pattern = bytes.all(|at| super::bytes::byte(self.source(), at).get() == byte_at(FREE, at));
            // Who does not write the log does not know whether it tells of the last owner.
            let history = if mode.has(Mode::AUDIT) { self.history(at.0) } else { [0; 2] };
            let freed = kind == FREE_SEGMENT && (pattern || history[1] != 0);
            if !freed {
                return Err(found(FaultKind::BadAddress));
            }
            let double = Finding { history, ..found(FaultKind::DoubleFree) };
            if history[1] == 0 {
                return Err(double);
            }
            let entry = get(self.source(), entry_at(history[1]));
            return Err(Finding {
                object: at.0,
                size: entry.size.get(),
                align: entry.align.get(),
                cache: entry.cache.get(),
                ..double
            });
        }
        let Some(object) = self.object_at(tag, at.0) else { return Err(found(FaultKind::BadAddress)) };
        let found =
            |kind: FaultKind| Finding { object: object.start, size: object.len, cache: object.cache, ..found(kind) };
        if !object.taken {
            return Err(found(FaultKind::DoubleFree));
        }
        if object.start != at.0 {
            return Err(found(FaultKind::Interior));
        }
        if object.cache != given.cache {
            return Err(found(FaultKind::WrongCache));
        }
        let is_class = given.cache != 0 || segment_len_of(given) == object.len;
        if is_class { Ok(None) } else { Err(found(FaultKind::WrongSize)) }
    }

    /// The object that an address is in, of a slab or a large segment.
    fn object_at(&self, tag: &Tag, at: u32) -> Option<Object> {
        let (kind, start) = (tag.kind.get() & KIND, tag.start.get());
        let (stride, objects, cache) = match kind {
            LARGE => return Some(Object { start, len: tag.len.get(), cache: 0, taken: true }),
            OBJECTS => {
                let cache = get(self.source(), Id::<ObjectCacheRecord>::owner(tag));
                (cache.stride.get(), cache.objects.get(), cache.number.get())
            }
            kind if kind >= SLAB && kind - SLAB < SLAB_CLASSES as u32 => {
                (size_of_class(kind - SLAB), tag.owner.get(), 0)
            }
            _ => return None,
        };
        let index = quotient(at - start, stride);
        let taken = tag.bits.get() >> (index & 63) & 1 == 0;
        (index < objects).then(|| Object { start: start + index * stride, len: stride, cache, taken })
    }
}

/// Bytes that the heap uses for a request.
fn segment_len_of(given: Wanted) -> u32 {
    let class = class_of(given.size, given.align);
    if class < SLAB_CLASSES as u32 { size_of_class(class) } else { segment_len(given.size, given.align) }
}
