//! Sites: places in the program that ask for memory, each once, with what they hold.
#![forbid(unsafe_code)]

use super::auditor::name_words;
use super::bytes::word;
use super::host;
use super::record::{AuditState, FRAMES, SITE_LEN, SiteRecord, TagRecord, WatchRecord, name_at, site_at};
use super::table::hash_of;
use super::weight::weight;
use crate::heap::Engine;
use crate::objects::record::write_name;
use crate::record::{Id, get};
use crate::source::Source;

/// Frames of a stack where nothing is said.
const DEPTH: u32 = 24;

/// The most sites there may be: what makes a new one each time must not take all memory.
const SITES_MAX: u32 = 1 << 16;

impl<S: Source> Engine<S> {
    /// The state of diagnosis.
    #[inline(always)]
    pub(crate) fn audit(&self) -> &AuditState {
        get(self.source(), self.audit_id())
    }

    /// The site that the program is at: a stack, if the host gives one and `stack` says so, and the tag in force. Zero where there
    /// is no memory to record it.
    pub(super) fn site(&self, stack: bool) -> u32 {
        let audit = self.audit();
        let mut frames = [0; FRAMES];
        let depth = if audit.depth.get() == 0 { DEPTH } else { audit.depth.get() };
        let depth = if stack { host::stack(&mut frames[..(depth as usize).min(FRAMES)]) } else { 0 };
        let (frames, tag) = (&frames[..depth], audit.tag.get());
        let hash = hash_of(frames.iter().copied().chain([tag]));
        let sites = self.audit_id().sites();
        let known = self.look_up(sites, hash, |at| self.is_site(at, tag, frames));
        if known != 0 {
            return known;
        }
        if get(self.source(), sites).used.get() >= SITES_MAX || !self.make_room(sites) {
            return 0;
        }
        let len = (SITE_LEN + 4 * depth as u32).next_multiple_of(8);
        let Some(at) = self.metadata(len) else { return 0 };
        let site = get(self.source(), site_at(at.addr()));
        site.hash.set(hash);
        site.tag.set(tag);
        site.depth.set(depth as u32);
        site.number.set(get(self.source(), sites).used.get() + 1);
        for (frame, at) in frames.iter().zip((at.addr() + SITE_LEN..).step_by(4)) {
            word(self.source(), at).set(*frame);
        }
        self.insert(sites, hash, at.addr());
        at.addr()
    }

    /// Whether the site at `at` is this one.
    fn is_site(&self, at: u32, tag: u32, frames: &[u32]) -> bool {
        let site = get(self.source(), site_at(at));
        site.tag.get() == tag
            && site.depth.get() as usize == frames.len()
            && (at + SITE_LEN..).step_by(4).zip(frames).all(|(at, frame)| word(self.source(), at).get() == *frame)
    }

    /// Adds what a watch stands for to its site.
    pub(super) fn credit(&self, watch: &WatchRecord) {
        self.measure(watch, true);
        if let Some((site, count, bytes)) = self.share(watch) {
            site.count.set(site.count.get() + count);
            site.bytes.set(site.bytes.get() + bytes);
            site.samples.set(site.samples.get().wrapping_add(1));
            site.live_count.set(site.live_count.get() + count);
            site.live_bytes.set(site.live_bytes.get() + bytes);
            site.live_samples.set(site.live_samples.get() + 1);
        }
    }

    /// Takes what a watch stands for off what its site holds.
    pub(super) fn debit(&self, watch: &WatchRecord) {
        self.measure(watch, false);
        if let Some((site, count, bytes)) = self.share(watch) {
            site.live_count.set(site.live_count.get().saturating_sub(count));
            site.live_bytes.set(site.live_bytes.get().saturating_sub(bytes));
            site.live_samples.set(site.live_samples.get().saturating_sub(1));
        }
    }

    /// The site of a watch, and what it stands for: objects in 256ths, and bytes.
    fn share(&self, watch: &WatchRecord) -> Option<(&SiteRecord, u64, u64)> {
        let at = watch.alloc_site.get();
        let count = weight(watch.used.get(), watch.rate.get());
        let bytes = (u64::from(watch.size.get()) * count) >> 8;
        (at != 0).then(|| (get(self.source(), site_at(at)), count, bytes))
    }

    /// The number of a site; zero for none.
    pub(super) fn site_number(&self, at: u32) -> u32 {
        if at == 0 { 0 } else { get(self.source(), site_at(at)).number.get() }
    }

    /// Enters a tag within the one in force; the one before. Nothing where there is no memory to record a new one.
    pub(crate) fn enter_tag(&self, name: &str) -> u32 {
        let audit = self.audit();
        let before = audit.tag.get();
        let tag = self.tag_named(before, name);
        if let Some(tag) = tag {
            let record = get(self.source(), tag);
            record.entries.set(record.entries.get().wrapping_add(1));
            audit.tag.set(tag.addr());
        }
        before
    }

    /// The tag of a name within another one.
    fn tag_named(&self, parent: u32, name: &str) -> Option<Id<TagRecord>> {
        let audit = self.audit();
        let words = name_words(name);
        let mut at = audit.tags.get();
        while at != 0 {
            let id = name_at(at);
            let tag = get(self.source(), id);
            if tag.parent.get() == parent && tag.name == words {
                return Some(id);
            }
            at = tag.next.get();
        }
        let id = name_at(self.metadata(size_of::<TagRecord>() as u32)?.addr());
        let tag = get(self.source(), id);
        write_name(&tag.name, name);
        tag.parent.set(parent);
        tag.next.set(audit.tags.replace(id.addr()));
        audit.tags_made.set(audit.tags_made.get() + 1);
        tag.number.set(audit.tags_made.get());
        Some(id)
    }

    /// Leaves a tag for the one that was in force before.
    pub(crate) fn leave_tag(&self, before: u32) {
        self.audit().tag.set(before);
    }
}
