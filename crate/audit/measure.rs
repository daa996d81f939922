//! Measurements of tests: while one runs, each object of the heap has a watch, and what was handed out since it began is summed up.
//!
//! A measurement may run within another one. It leaves everything that it changed as it was: modes, faults on purpose, and the sums of
//! the other one, with its own added.
#![forbid(unsafe_code)]

use core::array;

use super::bytes::word;
use super::inject::Injection;
use super::mode::Mode;
use super::record::{HELD, InjectionRecord, SITE_LEN, WatchRecord, name_at, site_at, watch_at};
use crate::heap::Engine;
use crate::objects::record::{NAME_LEN, read_name};
use crate::record::{Word, get};
use crate::source::Source;

/// What a measurement found when it began.
#[derive(Debug)]
#[allow(unreachable_pub, reason = "a sealed trait of `testing` names it")]
pub struct Before {
    mode: u32,
    injection: [u32; 12],
    sums: [u64; 4],
    missed: u32,
}

/// The words that say which requests are made to fail.
fn words(record: &InjectionRecord) -> [&Word; 12] {
    let InjectionRecord { on, one_in, nth, times, space, min, max, cache, tag, looked, failed, random } = record;
    [on, one_in, nth, times, space, min, max, cache, tag, looked, failed, random]
}

impl<S: Source> Engine<S> {
    /// Begins a measurement.
    pub(crate) fn begin_measure(&self) -> Before {
        let (audit, measure) = (self.audit(), &self.audit().measure);
        let words = words(&audit.injection);
        let before = Before {
            mode: audit.mode.get(),
            injection: array::from_fn(|word| words[word].get()),
            sums: [measure.since.get(), measure.bytes.get(), measure.count.get(), measure.peak.get()],
            missed: measure.missed.replace(0),
        };
        measure.depth.set(measure.depth.get() + 1);
        measure.since.set(audit.operations.get());
        for sum in [&measure.bytes, &measure.count, &measure.peak] {
            sum.set(0);
        }
        audit.mode.set(Mode(before.mode).measured().settled().bits());
        self.changed();
        before
    }

    /// Ends a measurement.
    pub(crate) fn end_measure(&self, before: &Before) {
        let (audit, measure) = (self.audit(), &self.audit().measure);
        for (word, value) in words(&audit.injection).into_iter().zip(before.injection) {
            word.set(value);
        }
        audit.mode.set(before.mode);
        measure.depth.set(measure.depth.get().saturating_sub(1));
        let [since, bytes, _, peak] = before.sums;
        let within = bytes + measure.peak.get();
        measure.since.set(since);
        if measure.depth.get() != 0 {
            // What the outer one held may have gone, so its sums are made anew.
            let (mut count, mut bytes) = (0, 0);
            self.each_measured(since, |watch| {
                count += 1;
                bytes += u64::from(watch.size.get());
            });
            measure.count.set(count);
            measure.bytes.set(bytes);
            measure.peak.set(peak.max(within));
            measure.missed.set(measure.missed.get() + before.missed);
        }
        self.changed();
    }

    /// Lets every cache see what has changed.
    fn changed(&self) {
        self.set_slow(self.wants_slow());
        self.begin_era();
    }

    /// Makes one request fail, counted from now on, from 1; zero for none.
    pub(crate) fn fail_one(&self, nth: u32) {
        self.set_injection(Injection { nth, ..Injection::default() });
    }

    /// The mode of an object cache whose own is `mode`.
    pub(super) fn measured(&self, mode: Mode) -> Mode {
        if self.audit().measure.depth.get() == 0 { mode } else { mode.measured() }
    }

    /// Adds an object to the sums, or takes it off.
    pub(super) fn measure(&self, watch: &WatchRecord, adds: bool) {
        let measure = &self.audit().measure;
        if measure.depth.get() == 0 || watch.alloc_operation.get() <= measure.since.get() {
            return;
        }
        let (bytes, size) = (measure.bytes.get(), u64::from(watch.size.get()));
        if adds {
            measure.count.set(measure.count.get() + 1);
            measure.bytes.set(bytes + size);
            measure.peak.set(measure.peak.get().max(bytes + size));
        } else {
            measure.count.set(measure.count.get().saturating_sub(1));
            measure.bytes.set(bytes.saturating_sub(size));
        }
    }

    /// Notes that an object has no watch.
    pub(super) fn miss(&self) {
        let missed = &self.audit().measure.missed;
        missed.set(missed.get().saturating_add(1));
    }

    /// The watches of held objects that were handed out after an operation. No object may come or go meanwhile.
    pub(crate) fn each_measured(&self, since: u64, mut f: impl FnMut(&WatchRecord)) {
        self.each(self.audit_id().watches(), |at| {
            let id = watch_at(at);
            let watch = get(self.source(), id);
            if self.status(id) == HELD && watch.alloc_operation.get() > since {
                f(watch);
            }
        });
    }

    /// The names of the tag of a site and of those that it is within, the innermost first.
    pub(crate) fn each_tag(&self, site: u32, mut f: impl FnMut(&str)) {
        let mut at = if site == 0 { 0 } else { get(self.source(), site_at(site)).tag.get() };
        while at != 0 {
            let tag = get(self.source(), name_at(at));
            f(read_name(&tag.name, &mut [0; NAME_LEN]));
            at = tag.parent.get();
        }
    }

    /// The frames of a site, the innermost first.
    pub(crate) fn each_frame(&self, site: u32, f: impl FnMut(u32)) {
        let depth = if site == 0 { 0 } else { get(self.source(), site_at(site)).depth.get() };
        (0..depth).map(|frame| word(self.source(), site + SITE_LEN + 4 * frame).get()).for_each(f);
    }

    /// The name of the object cache of a number, where there is one.
    pub(crate) fn with_cache_name<R>(&self, number: u32, f: impl FnOnce(&str) -> R) -> Option<R> {
        let cache = self.object_cache(|cache| cache.number.get() == number)?;
        Some(f(read_name(&get(self.source(), cache).name, &mut [0; NAME_LEN])))
    }
}
