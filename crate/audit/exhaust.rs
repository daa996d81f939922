//! Exhaustion: there is no memory for a request. Before it gets null, the record says who held the memory; and a reserve, if the
//! program asked for one, is given up, so that it can still say goodbye.
#![forbid(unsafe_code)]

use super::event::Event;
use super::guard::Wanted;
use super::record::{HolderRecord, OBJECT_CACHE, site_at, tag_at};
use crate::heap::{Engine, META};
use crate::record::get;
use crate::size_class::CLASSES;
use crate::source::Source;
use crate::units::{Addr, QUANTUM, quanta_up};
use crate::vmem::Tiling;

impl<S: Source> Engine<S> {
    /// Gives the reserve up for a request that got nothing, and tries again; puts on record who holds the memory.
    pub(super) fn exhausted(&self, wanted: Wanted, again: impl FnOnce() -> Addr) -> Addr {
        if self.is_trial() {
            return Addr(0);
        }
        let reserve = self.audit().reserve.replace(0);
        let used = reserve != 0;
        self.log_failure(Event::Failure, wanted);
        self.report(wanted, used);
        if !used {
            return Addr(0);
        }
        self.vmem().make_free(tag_at(reserve));
        again()
    }

    /// Sets memory aside for the moment when there is none; whether there was any. Zero bytes give it back. Where there is none, what was
    /// set aside before stays so.
    pub(super) fn set_reserve(&self, bytes: u32) -> bool {
        let audit = self.audit();
        let len = if bytes == 0 { 0 } else { quanta_up(bytes.min(i32::MAX as u32)).max(QUANTUM) };
        let take = |len: u32| if len == 0 { None } else { self.segment(len, len, META) };
        let mut new = take(len);
        let (old, old_len) = (audit.reserve.replace(0), audit.reserve_bytes.replace(0));
        if old != 0 {
            self.vmem().make_free(tag_at(old));
        }
        new = new.or_else(|| take(len));
        let done = len == 0 || new.is_some();
        let len = if done { len } else { old_len };
        // What was just given back is there still.
        if let Some(segment) = new.or_else(|| if old == 0 { None } else { take(len) }) {
            audit.reserve.set(segment.addr());
            audit.reserve_bytes.set(len);
        }
        done
    }

    /// Puts on record who holds the memory.
    fn report(&self, wanted: Wanted, reserve_used: bool) {
        let audit = self.audit();
        let report = &audit.exhaustion;
        report.count.set(report.count.get().wrapping_add(1));
        report.operation.set(audit.operations.get() as u32);
        report.time.set(audit.time.get());
        report.size.set(wanted.size);
        report.align.set(wanted.align);
        report.cache.set(wanted.cache);
        let site = self.site(true);
        report.site.set(self.site_number(site));
        report.pages.set(self.source().end().0);
        report.reserve_used.set(u32::from(reserve_used));
        report.free.set(u32::try_from(self.free_bytes()).unwrap_or(u32::MAX));
        for holder in report.sites.iter().chain(&report.caches) {
            holder.bytes.set(0);
        }
        self.each(self.audit_id().sites(), |at| {
            let site = get(self.source(), site_at(at));
            let bytes = u32::try_from(site.live_bytes.get()).unwrap_or(u32::MAX);
            rank(&report.sites, site.number.get(), bytes, (site.live_count.get() >> 8) as u32);
        });
        let stats = self.stats();
        for (class, cache) in (0..CLASSES as u32).zip(&stats.caches) {
            rank(&report.caches, class, cache.live.wrapping_mul(cache.size), cache.live);
        }
        rank(&report.caches, CLASSES as u32, stats.large.live_bytes, stats.large.live);
        self.object_cache(|cache| {
            let bytes = cache.slabs.get().wrapping_mul(cache.slab_len.get());
            rank(&report.caches, OBJECT_CACHE + cache.number.get(), bytes, cache.taken.get());
            false
        });
    }
}

/// Puts a holder in its place among those that hold most.
fn rank(holders: &[HolderRecord], who: u32, bytes: u32, count: u32) {
    let mut new = (who, bytes, count);
    for holder in holders {
        if new.1 > holder.bytes.get() {
            let old = (holder.who.get(), holder.bytes.get(), holder.count.get());
            holder.who.set(new.0);
            holder.bytes.set(new.1);
            holder.count.set(new.2);
            new = old;
        }
    }
}
