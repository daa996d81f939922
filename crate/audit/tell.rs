//! Telling of a fault: it is put on record, where it is read after a trap, and told to the host; then the policy decides.
#![forbid(unsafe_code)]

use super::fault::{Fault, Policy};
use super::record::{AROUND, FAULTS, FaultRecord, WatchRecord, entry_at};
use super::{bytes, host};
use crate::heap::Engine;
use crate::record::{Word, get};
use crate::source::Source;

/// What is known of a fault when it is found.
#[derive(Clone, Copy, Default)]
pub(crate) struct Finding {
    pub(crate) kind: u32,
    pub(crate) reported: u32,
    pub(crate) event: u32,
    pub(crate) address: u32,
    pub(crate) object: u32,
    pub(crate) size: u32,
    pub(crate) align: u32,
    pub(crate) given_size: u32,
    pub(crate) given_align: u32,
    pub(crate) given_cache: u32,
    pub(crate) cache: u32,
    pub(crate) segment: u32,
    pub(crate) segment_len: u32,
    pub(crate) tag: u32,
    pub(crate) place: u32,
    pub(crate) offset: i32,
    pub(crate) damaged: u32,
    pub(crate) expected: u32,
    pub(crate) found: u32,
    pub(crate) watch: Option<crate::record::Id<WatchRecord>>,
    /// Where the log tells that the object was handed out and given back, when it has no watch any more; zero for nowhere.
    pub(crate) history: [u32; 2],
}

impl<S: Source> Engine<S> {
    /// Puts a fault on record, tells of it, and traps if the policy says so. Where it returns, the program goes on.
    #[cold]
    #[inline(never)]
    pub(super) fn fault(&self, finding: &Finding) {
        let audit = self.audit();
        // What follows must not push the evidence out of the logs.
        let logging = audit.logging.replace(0);
        let number = audit.faults_made.get().wrapping_add(1);
        audit.faults_made.set(number);
        let site = self.site(true);
        let record = &audit.faults[number as usize % FAULTS];
        record.number.set(number);
        record.kind.set(finding.kind);
        record.reported.set(if finding.reported == 0 { finding.kind } else { finding.reported });
        record.event.set(finding.event);
        record.address.set(finding.address);
        record.object.set(finding.object);
        record.size.set(finding.size);
        record.align.set(finding.align);
        record.given_size.set(finding.given_size);
        record.given_align.set(finding.given_align);
        record.given_cache.set(finding.given_cache);
        record.cache.set(finding.cache);
        record.segment.set(finding.segment);
        record.segment_len.set(finding.segment_len);
        record.tag.set(finding.tag);
        record.place.set(finding.place);
        record.offset.set(finding.offset as u32);
        record.damaged.set(finding.damaged);
        record.expected.set(finding.expected);
        record.found.set(finding.found);
        record.site.set(self.site_number(site));
        record.operations[2].set(audit.operations.get() as u32);
        record.times[2].set(host::now());
        self.add_watch(record, finding);
        self.add_around(record, finding);
        for word in &record.last {
            word.set(0);
        }
        self.last_entries(if finding.object == 0 { finding.address } else { finding.object }, &record.last);
        record.outcome.set(audit.policy.get());
        if let Some(fault) = record.fault() {
            host::tell(&fault);
        }
        if audit.policy.get() == Policy::Trap as u32 {
            crate::objects::panic_or_trap();
        }
        audit.logging.set(logging);
    }

    /// Adds what the watch of the object knows, or the log.
    fn add_watch(&self, record: &FaultRecord, finding: &Finding) {
        let set = |words: [&Word; 6], values: [u32; 6]| {
            words.into_iter().zip(values).for_each(|(word, value)| word.set(value))
        };
        let words = [
            &record.alloc_site,
            &record.free_site,
            &record.operations[0],
            &record.operations[1],
            &record.times[0],
            &record.times[1],
        ];
        let Some(watch) = finding.watch.map(|watch| get(self.source(), watch)) else {
            let [alloc, free] = finding.history.map(|at| match at {
                0 => [0; 3],
                at => {
                    let entry = get(self.source(), entry_at(at));
                    [entry.site.get(), entry.operation.get(), entry.time.get()]
                }
            });
            return set(words, [alloc[0], free[0], alloc[1], free[1], alloc[2], free[2]]);
        };
        set(
            words,
            [
                self.site_number(watch.alloc_site.get()),
                self.site_number(watch.free_site.get()),
                watch.alloc_operation.get() as u32,
                watch.free_operation.get() as u32,
                watch.alloc_time.get(),
                watch.free_time.get(),
            ],
        );
    }

    /// Adds the words of the segment around what is damaged.
    fn add_around(&self, record: &FaultRecord, finding: &Finding) {
        record.around_len.set(0);
        if finding.segment_len < 4 {
            return;
        }
        let centre =
            if finding.damaged == 0 { finding.address } else { finding.object.wrapping_add_signed(finding.offset) };
        let end = finding.segment + finding.segment_len;
        let words = (finding.segment_len / 4).min(AROUND as u32);
        let latest = end - 4 * words;
        let start = (centre.saturating_sub(AROUND as u32) & !15).clamp(finding.segment, latest);
        record.around_at.set(start);
        record.around_len.set(words);
        for (index, word) in (0..words).zip(&record.around) {
            word.set(bytes::word(self.source(), start + 4 * index).get());
        }
    }

    /// The last fault, if there was any.
    pub(super) fn last_fault(&self) -> Option<Fault> {
        let audit = self.audit();
        let number = audit.faults_made.get();
        audit.faults[number as usize % FAULTS].fault().filter(|_| number != 0)
    }
}
