//! Logs: rings of four parts in a segment of metadata. An entry that does not fit what is left of a part begins the next one, which
//! is the oldest; what was in it is gone (illumos kmem.c, with a length and a number for each entry, so that a reader needs no
//! luck).
#![forbid(unsafe_code)]

use super::bytes::{byte, fill, word};
use super::event::{Event, TRANSACTIONS};
use super::host;
use super::record::{ENTRY_LEN, LogRecord, PARTS, entry_at};
use crate::heap::{Engine, META};
use crate::record::get;
use crate::source::Source;

/// Bytes of a part of each log, where nothing is said.
const PART_LEN: [u32; 4] = [1 << 14, 1 << 14, 1 << 10, 1 << 10];

/// Bytes of an object that are logged when it is freed.
pub(crate) const CONTENTS_MAX: u32 = 256;

/// What an entry is about.
#[derive(Clone, Copy, Default)]
pub(crate) struct Entry {
    pub(crate) address: u32,
    pub(crate) size: u32,
    pub(crate) align: u32,
    pub(crate) cache: u32,
    pub(crate) site: u32,
    pub(crate) before: u32,
}

impl<S: Source> Engine<S> {
    /// Counts an operation; its number.
    pub(super) fn operation(&self) -> u64 {
        let operations = &self.audit().operations;
        operations.set(operations.get() + 1);
        self.audit().time.set(host::now());
        operations.get()
    }

    /// Adds an entry to a log, with the first `contents` bytes at its address; its sequence number, zero where nothing is logged.
    pub(super) fn log(&self, log: usize, event: Event, entry: &Entry, contents: u32) -> u32 {
        let audit = self.audit();
        let Some(ring) = audit.logs.get(log) else { return 0 };
        if audit.logging.get() == 0 || !self.open(ring, PART_LEN[log & 3]) {
            return 0;
        }
        let len = (ENTRY_LEN + contents.next_multiple_of(4)).min(ring.part_len.get());
        if contents > len - ENTRY_LEN {
            ring.cut.set(ring.cut.get().wrapping_add(1));
        }
        let contents = contents.min(len - ENTRY_LEN);
        let at = self.space(ring, len);
        let sequence = ring.sequence.get().wrapping_add(1);
        ring.sequence.set(sequence);
        let record = get(self.source(), entry_at(at));
        record.len.set(len);
        record.sequence.set(sequence);
        record.event.set(event as u32);
        record.operation.set(audit.operations.get() as u32);
        record.time.set(audit.time.get());
        record.address.set(entry.address);
        record.size.set(entry.size);
        record.align.set(entry.align);
        record.cache.set(entry.cache);
        record.site.set(self.site_number(entry.site));
        record.before.set(entry.before);
        for offset in 0..contents {
            let from = byte(self.source(), entry.address + offset).get();
            byte(self.source(), at + ENTRY_LEN + offset).set(from);
        }
        sequence
    }

    /// Gives a log its memory, where it has none yet; whether it has now.
    fn open(&self, ring: &LogRecord, part_len: u32) -> bool {
        if ring.at.get() == 0 {
            let part_len = if ring.part_len.get() == 0 { part_len } else { ring.part_len.get() };
            let Some(segment) = self.segment(PARTS * part_len, PARTS * part_len, META) else { return false };
            ring.at.set(get(self.source(), segment).start.get());
            ring.part_len.set(part_len);
            // As if the last part were full: the first entry begins the first one.
            ring.part.set(PARTS - 1);
            ring.filled.set(part_len);
            fill(self.source(), ring.at.get(), ring.at.get() + PARTS * part_len, 0);
        }
        true
    }

    /// Where an entry of `len` bytes goes.
    fn space(&self, ring: &LogRecord, len: u32) -> u32 {
        let part_len = ring.part_len.get();
        if part_len - ring.filled.get() < len {
            ring.part.set((ring.part.get() + 1) % PARTS);
            ring.filled.set(0);
            let start = ring.at.get() + ring.part.get() * part_len;
            fill(self.source(), start, start + part_len, 0);
        }
        let at = ring.at.get() + ring.part.get() * part_len + ring.filled.get();
        ring.filled.set(ring.filled.get() + len);
        at
    }

    /// Where the log of calls tells last that an object was handed out at an address, and that it was given back; zero for nowhere.
    pub(super) fn history(&self, address: u32) -> [u32; 2] {
        let ring = &self.audit().logs[TRANSACTIONS];
        let (mut last, mut sequences) = ([0; 2], [0; 2]);
        for part in 0..if ring.at.get() == 0 { 0 } else { PARTS } {
            self.each_entry(ring.at.get() + part * ring.part_len.get(), ring.part_len.get(), |at| {
                let entry = get(self.source(), entry_at(at));
                let event = entry.event.get();
                let is_free = [Event::Free as u32, Event::Realloc as u32].contains(&event);
                if entry.address.get() != address || !(is_free || event == Event::Alloc as u32) {
                    return;
                }
                let which = usize::from(is_free);
                if entry.sequence.get() > sequences[which] {
                    (last[which], sequences[which]) = (at, entry.sequence.get());
                }
            });
        }
        last
    }

    /// Visits the entries of a part, the oldest first.
    fn each_entry(&self, start: u32, part_len: u32, mut f: impl FnMut(u32)) {
        let mut offset = 0;
        while offset + ENTRY_LEN <= part_len && word(self.source(), start + offset).get() >= ENTRY_LEN {
            f(start + offset);
            offset += word(self.source(), start + offset).get();
        }
    }

    /// Writes the sequence numbers of the last entries of the log of calls for an address into `last`, the newest first.
    pub(super) fn last_entries(&self, address: u32, last: &[crate::record::Word]) {
        let ring = &self.audit().logs[TRANSACTIONS];
        let (at, part_len) = (ring.at.get(), ring.part_len.get());
        if at == 0 {
            return;
        }
        let mut found = 0;
        for back in 0..PARTS {
            let part = (ring.part.get() + PARTS - back) % PARTS;
            let start = at + part * part_len;
            // Oldest first in a part: the last ones of it are kept.
            let mut entries = [0; super::record::LAST];
            let mut count = 0;
            self.each_entry(start, part_len, |at| {
                let entry = get(self.source(), entry_at(at));
                if entry.address.get() == address {
                    entries[count % super::record::LAST] = entry.sequence.get();
                    count += 1;
                }
            });
            for newest in 0..count.min(entries.len()) {
                let Some(word) = last.get(found) else { return };
                word.set(entries[(count - 1 - newest) % entries.len()]);
                found += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use core::alloc::Layout;

    use super::super::event::CONTENTS;
    use super::*;
    use crate::Heap;
    use crate::source::{Fixed, Page};
    use crate::units::Addr;

    /// I-39: an entry is cut to a part, and takes all of it; the parts follow each other.
    #[test]
    fn an_entry_that_is_longer_than_a_part_is_cut_to_it() {
        let mut memory = std::vec![Page::ZERO; 4];
        let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).expect("a heap");
        let at = heap.source().addr(heap.alloc(Layout::new::<[u64; 64]>()));
        let engine = heap.engine();
        engine.audit().logging.set(1);
        let ring = &engine.audit().logs[CONTENTS];
        ring.part_len.set(128);
        let entry = Entry { address: at.0, size: 512, ..Entry::default() };
        for (number, part) in (1..=9).zip((0..4).cycle()) {
            assert_eq!(engine.log(CONTENTS, Event::Contents, &entry, 256), number);
            let record = get(engine.source(), entry_at(ring.at.get() + part * 128));
            assert_eq!((record.len.get(), record.sequence.get()), (128, number));
            assert_eq!((ring.cut.get(), ring.part.get(), ring.filled.get()), (number, part, 128));
        }
        // What fits, fits with another one.
        let short = [10, 11].map(|number| (engine.log(CONTENTS, Event::Contents, &entry, 0), number));
        assert!(short.iter().all(|(sequence, number)| sequence == number));
        assert_eq!((ring.part.get(), ring.filled.get(), ring.cut.get()), (1, 2 * ENTRY_LEN, 9));
    }
}
