//! Logs as they are on record.
#![forbid(unsafe_code)]

use alloc::vec;
use alloc::vec::Vec;

use crate::audit::Event;
use crate::audit::record::{ENTRY_LEN, EntryRecord, LogRecord, PARTS};
use crate::image::{Image, record};

/// Logs: of calls, contents, failures, slabs.
pub const LOGS: usize = 4;

/// The longest part of a log that is read: what is longer is no log.
const PART_MAX: u32 = 1 << 24;

/// A log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogInfo {
    /// Where its parts are; zero where it has none.
    pub at: u32,
    /// Bytes of a part.
    pub part_len: u32,
    /// The part that is written.
    pub part: u32,
    /// Entries, ever.
    pub entries: u32,
    /// Entries that were cut.
    pub cut: u32,
}

/// An entry of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryInfo {
    /// Where it is.
    pub at: u32,
    /// Its number in its log, from 1 on.
    pub sequence: u32,
    /// What happened.
    pub event: Event,
    /// Low word of the operation.
    pub operation: u32,
    /// Milliseconds of the host's clock.
    pub time: u32,
    /// Address.
    pub address: u32,
    /// Bytes.
    pub size: u32,
    /// The alignment.
    pub align: u32,
    /// Number of the object cache; zero for the front end.
    pub cache: u32,
    /// Number of the site; zero for none.
    pub site: u32,
    /// The entry before for the same object; zero for none.
    pub before: u32,
    /// The first bytes at the address as they were, where it is about contents.
    pub contents: Vec<u8>,
}

impl LogInfo {
    pub(super) fn of(log: &LogRecord) -> Self {
        Self {
            at: log.at.get(),
            part_len: log.part_len.get(),
            part: log.part.get(),
            entries: log.sequence.get(),
            cut: log.cut.get(),
        }
    }

    /// The entries that are kept, oldest first, and what is damaged among them: its address. Linear in the bytes of the log.
    #[must_use]
    pub fn read(&self, image: &(impl Image + ?Sized)) -> (Vec<EntryInfo>, Vec<u32>) {
        let (mut entries, mut damaged) = (Vec::new(), Vec::new());
        let end = u64::from(self.at) + u64::from(PARTS) * u64::from(self.part_len);
        if self.at == 0 || self.part >= PARTS || self.part_len > PART_MAX || end > image.len() {
            if self.at != 0 {
                damaged.push(self.at);
            }
            return (entries, damaged);
        }
        for part in (1..=PARTS).map(|step| (self.part + step) % PARTS) {
            let (start, mut offset) = (self.at + part * self.part_len, 0);
            while offset + ENTRY_LEN <= self.part_len {
                let at = start + offset;
                let Ok(entry) = record::<EntryRecord>(image, at) else { break };
                let len = entry.len.get();
                if len == 0 {
                    break;
                }
                let event = Event::of(entry.event.get());
                let (Some(event), true) =
                    (event, len >= ENTRY_LEN && len.is_multiple_of(4) && len <= self.part_len - offset)
                else {
                    damaged.push(at);
                    break;
                };
                entries.push(info(image, at, &entry, event));
                offset += len;
            }
        }
        let numbered = |pair: &[EntryInfo]| pair[1].sequence.wrapping_sub(pair[0].sequence) != 1;
        damaged.extend(entries.windows(2).filter(|pair| numbered(pair)).map(|pair| pair[1].at));
        (entries, damaged)
    }
}

fn info(image: &(impl Image + ?Sized), at: u32, entry: &EntryRecord, event: Event) -> EntryInfo {
    let mut contents = vec![0; (entry.len.get() - ENTRY_LEN) as usize];
    if image.read(at + ENTRY_LEN, &mut contents).is_err() {
        contents.clear();
    }
    // What was added to fill a word is no contents.
    contents.truncate(entry.size.get() as usize);
    EntryInfo {
        at,
        sequence: entry.sequence.get(),
        event,
        operation: entry.operation.get(),
        time: entry.time.get(),
        address: entry.address.get(),
        size: entry.size.get(),
        align: entry.align.get(),
        cache: entry.cache.get(),
        site: entry.site.get(),
        before: entry.before.get(),
        contents,
    }
}
