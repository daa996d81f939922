//! Measurements of a heap: its watches, sites and tags.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Leak;
use super::leaks::sort;
use super::measure::Sums;
use super::measure::sealed::Measured;
use crate::audit::measure::Before;
use crate::heap::Engine;
use crate::objects::Home;
use crate::source::Source;

impl<H: Home> Measured for H {
    type Before = Before;

    fn begin(self) -> Before {
        self.engine().begin_measure()
    }

    fn end(self, before: &Before) {
        self.engine().end_measure(before);
    }

    fn sums(self) -> Sums {
        let engine = self.engine();
        let (audit, measure) = (engine.audit(), &engine.audit().measure);
        Sums {
            count: measure.count.get(),
            bytes: measure.bytes.get(),
            peak: measure.peak.get(),
            missed: measure.missed.get().into(),
            last: audit.operations.get(),
        }
    }

    fn held(self, since: u64) -> (u64, u64) {
        let (mut count, mut bytes) = (0, 0);
        self.engine().each_measured(since, |watch| {
            count += 1;
            bytes += u64::from(watch.size.get());
        });
        (count, bytes)
    }

    fn rows(self, since: u64) -> Vec<Leak> {
        rows(&self.engine(), since)
    }

    fn look_closer(self, _: u64) -> bool {
        false
    }

    fn fail_one(self, nth: u32) {
        self.engine().fail_one(nth);
    }

    fn failed(self) -> bool {
        self.engine().audit().injection.failed.get() != 0
    }

    fn pages(self) -> Option<u32> {
        Some(self.engine().source().end().0)
    }
}

/// What is the same for the objects of a row.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    site: u32,
    cache: u32,
    size: u32,
    align: u32,
}

/// What is held, by site, cache and size. The heap may be the one that this allocates from, so everything is copied first, into
/// memory that was asked for before.
fn rows<S: Source>(engine: &Engine<S>, since: u64) -> Vec<Leak> {
    let until = engine.audit().operations.get();
    let mut count = 0;
    engine.each_measured(since, |_| count += 1);
    let mut objects = Vec::with_capacity(count);
    engine.each_measured(since, |watch| {
        if watch.alloc_operation.get() <= until && objects.len() < objects.capacity() {
            let (site, cache) = (watch.alloc_site.get(), watch.cache.get());
            let kind = Kind { site, cache, size: watch.size.get(), align: watch.align.get() };
            objects.push((kind, watch.alloc_operation.get() - since));
        }
    });
    objects.sort_unstable();
    let mut rows: Vec<Leak> = objects
        .chunk_by(|one, next| one.0 == next.0)
        .map(|same| {
            let (kind, first) = &same[0];
            let (mut tag, mut frames): (Option<String>, _) = (None, Vec::new());
            engine.each_tag(kind.site, |name| {
                tag = Some(tag.take().map_or_else(|| String::from(name), |within| format!("{name}/{within}")));
            });
            engine.each_frame(kind.site, |frame| frames.push(format!("+{frame:#x}")));
            Leak {
                size: kind.size.into(),
                align: kind.align.into(),
                count: same.len() as u64,
                first: *first,
                cache: engine.with_cache_name(kind.cache, |name| String::from(name)),
                tag,
                frames,
            }
        })
        .collect();
    sort(&mut rows);
    rows
}
