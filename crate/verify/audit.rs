//! The invariants of diagnosis, D1 to D7 of `audit`, and the patterns around guarded objects: what the heap itself would find when
//! they are freed is found from outside, too.
#![forbid(unsafe_code)]

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;

use super::Walker;
use crate::audit::Mode;
use crate::audit::patterns::{BEFORE, BEHIND, FREE, byte_at};
use crate::audit::weight::weight;
use crate::image::audit::{AuditInfo, Status, WatchInfo};
use crate::image::survey::{Guarded, Kind};
use crate::image::{Image, record};
use crate::vmem::Tag;

impl<I: Image + ?Sized> Walker<'_, I> {
    /// D1 to D7.
    pub(super) fn check_audit(&mut self) {
        let Ok(Some(audit)) = AuditInfo::read(self.image, self.survey) else { return };
        for (at, sentence) in &audit.damage {
            self.report("D1", *at, sentence.clone());
        }
        self.check_watches(&audit);
        self.check_guarded(&audit);
        self.check_quarantine(&audit);
        self.check_sites(&audit);
        for log in &audit.logs {
            for at in log.read(self.image).1 {
                self.report("D6", at, String::from("an entry of a log is damaged, or not the one that follows"));
            }
        }
        self.check_modes(&audit);
    }

    /// D1 and D2: the records of objects, and the filter of their addresses.
    fn check_watches(&mut self, audit: &AuditInfo) {
        if audit.watches.len() != audit.watches_used as usize {
            let text =
                format!("the table of objects says it has {}, and has {}", audit.watches_used, audit.watches.len());
            self.report("D2", audit.at, text);
        }
        for pair in audit.watches.windows(2).filter(|pair| pair[0].object == pair[1].object) {
            self.report("D2", pair[1].id, format!("the object at {:#x} has two records", pair[0].object));
        }
        let mut counts = alloc::vec![0_u32; audit.filter.len()];
        for watch in &audit.watches {
            counts[(watch.object >> 3) as usize % audit.filter.len()] += 1;
            let sampled = watch.segment == 0 || watch.rate == 0;
            if watch.status.is_none() || !watch.whole || !watch.align.is_power_of_two() || !sampled {
                let text = format!("the record of the object at {:#x} says what cannot be", watch.object);
                self.report("D1", watch.id, text);
            }
        }
        for (slot, (count, filter)) in counts.iter().zip(&audit.filter).enumerate() {
            if *filter != u8::MAX && u32::from(*filter) != *count {
                let text = format!("the filter counts {filter} objects at place {slot}, and there are {count}");
                self.report("D2", audit.at, text);
            }
        }
    }

    /// D3: guarded segments and their records name each other, and the patterns are whole.
    fn check_guarded(&mut self, audit: &AuditInfo) {
        let by_id: BTreeMap<u32, &WatchInfo> = audit.watches.iter().map(|watch| (watch.id, watch)).collect();
        let mut guarded = 0;
        for segment in &self.survey.segments {
            let Kind::Guarded(state) = segment.kind else { continue };
            guarded += 1;
            let tag = record::<Tag>(self.image, segment.tag).ok();
            let watch = tag.as_ref().and_then(|tag| by_id.get(&tag.owner.get()));
            let status = match state {
                Guarded::Held => Status::Held,
                Guarded::Quarantined => Status::Freed,
                Guarded::Abandoned => Status::Abandoned,
            };
            let end = segment.start + segment.len;
            let fits = |watch: &WatchInfo| {
                watch.segment == segment.tag
                    && watch.status == Some(status)
                    && watch.used == segment.len
                    && watch.object > segment.start
                    && u64::from(watch.object) + u64::from(watch.size) < u64::from(end)
                    && tag
                        .as_ref()
                        .is_some_and(|tag| tag.bits.get() == u64::from(watch.object) | u64::from(watch.size) << 32)
            };
            match watch.copied().filter(|watch| fits(watch)) {
                Some(watch) if status != Status::Abandoned => {
                    let inside = watch.object + watch.size;
                    self.check_pattern(watch, "before", (segment.start, watch.object), BEFORE);
                    self.check_pattern(watch, "behind", (inside, end), BEHIND);
                    if status == Status::Freed && watch.mode.poisons() {
                        self.check_pattern(watch, "of", (watch.object, inside), FREE);
                    }
                }
                Some(_) => {}
                // What is abandoned may be so because its record is damaged; but the record says that it is.
                None if status == Status::Abandoned && watch.is_some_and(|watch| watch.status == Some(status)) => {}
                None => {
                    let text =
                        format!("the guarded object in the segment at {:#x} has no record that fits it", segment.start);
                    self.report("D3", segment.tag, text);
                }
            }
        }
        let named = audit.watches.iter().filter(|watch| watch.segment != 0).count();
        if named != guarded {
            let text = format!("{named} records are of guarded objects, and there are {guarded}");
            self.report("D3", audit.at, text);
        }
    }

    /// That `[from, to)` has a pattern all over.
    fn check_pattern(&mut self, watch: &WatchInfo, place: &str, (from, to): (u32, u32), pattern: u32) {
        let mut line = [0; 4096];
        let mut at = from;
        while at < to {
            let bytes = &mut line[..(to - at).min(4096) as usize];
            if self.image.read(at, bytes).is_err() {
                return;
            }
            if let Some(index) = bytes.iter().zip(at..).position(|(byte, at)| *byte != byte_at(pattern, at)) {
                let offset = (at + index as u32).wrapping_sub(watch.object) as i32;
                let text = format!(
                    "the bytes {place} the object of {} bytes at {:#x} were written, at its byte {offset}",
                    watch.size, watch.object
                );
                return self.report("D3", at + index as u32, text);
            }
            at += bytes.len() as u32;
        }
    }

    /// D4.
    fn check_quarantine(&mut self, audit: &AuditInfo) {
        let by_id: BTreeMap<u32, &WatchInfo> = audit.watches.iter().map(|watch| (watch.id, watch)).collect();
        let (mut at, mut last, mut count, mut bytes) = (audit.quarantine[0], 0, 0_u32, 0_u64);
        while at != 0 && count <= audit.watches_used {
            let Some(watch) = by_id.get(&at).filter(|watch| watch.status == Some(Status::Freed)) else {
                return self.report("D4", at, format!("{at:#x} is in the quarantine, and no record of a freed object"));
            };
            count += 1;
            bytes += u64::from(watch.used);
            (last, at) = (at, watch.next);
        }
        let freed = audit.watches.iter().filter(|watch| watch.status == Some(Status::Freed)).count();
        let sums = (count, bytes) == (audit.quarantined, audit.quarantined_bytes);
        if !sums || last != audit.quarantine[1] || count as usize != freed {
            let text = format!(
                "the quarantine counts {} objects of {} bytes; it holds {count} of {bytes}, and {freed} wait",
                audit.quarantined, audit.quarantined_bytes
            );
            self.report("D4", audit.at, text);
        }
    }

    /// D5.
    fn check_sites(&mut self, audit: &AuditInfo) {
        let mut sums: BTreeMap<u32, (u64, u64, u32)> = BTreeMap::new();
        for watch in audit.watches.iter().filter(|watch| watch.status == Some(Status::Held)) {
            let count = weight(watch.used, watch.rate);
            let (bytes, counts, samples) = sums.entry(watch.site_at).or_default();
            *bytes = bytes.wrapping_add((u64::from(watch.size).wrapping_mul(count)) >> 8);
            *counts = counts.wrapping_add(count);
            *samples += 1;
        }
        for (number, site) in (1..).zip(&audit.sites) {
            if site.number != number {
                self.report("D5", site.id, format!("a site has the number {}, and should have {number}", site.number));
            }
            let (bytes, count, samples) = sums.remove(&site.id).unwrap_or_default();
            let holds = (site.live_bytes, site.live_count, site.live_samples) == (bytes, count, samples);
            if !holds || site.bytes < bytes || site.count < count || site.samples < samples {
                let text = format!(
                    "site {} counts {} bytes in {} samples that are held, and its objects are {bytes} in {samples}",
                    site.number, site.live_bytes, site.live_samples
                );
                self.report("D5", site.id, text);
            }
        }
        for watch in audit.watches.iter().filter(|watch| watch.site_at != 0 && watch.alloc_site == 0) {
            let text =
                format!("the object at {:#x} names a site at {:#x}, and there is none", watch.object, watch.site_at);
            self.report("D5", watch.id, text);
        }
    }

    /// D7.
    fn check_modes(&mut self, audit: &AuditInfo) {
        if audit.mode.settled() != audit.mode || (audit.mode != Mode::OFF && !audit.slow) {
            self.report("D7", audit.at, format!("the front end has the mode {}, which cannot be", audit.mode));
        }
        let equipped = self.survey.caches.iter().any(|cache| cache.capacity != 0);
        if audit.slow && equipped {
            self.report("D7", audit.at, String::from("the front end has a mode, and magazines"));
        }
        for cache in &self.survey.object_caches {
            // What was abandoned while it was held is still counted: nobody destructed it.
            let held = |watch: &&WatchInfo| {
                let was_held = watch.status != Some(Status::Freed) && watch.free_operation == 0;
                watch.cache == cache.number && watch.segment != 0 && was_held
            };
            let guarded = audit.watches.iter().filter(held).count();
            if (cache.mode != 0 && cache.rounds != 0 && !cache.zone) || guarded != cache.guarded as usize {
                let text = format!(
                    "the object cache {} has mode {:#x}, magazines of {} rounds, and {} guarded objects where {guarded} are held",
                    cache.called(),
                    cache.mode,
                    cache.rounds,
                    cache.guarded
                );
                self.report("D7", cache.id, text);
            }
        }
    }
}
