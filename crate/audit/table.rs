//! Tables from a key to the address of a record: open addressing, at most three quarters full, in a segment of metadata.
//!
//! What goes leaves no grave: those behind it move up, so a table that is used for ever stays as fast as it was.
#![forbid(unsafe_code)]

use super::bytes::{fill, word};
use super::record::{Table, tag_at};
use crate::heap::{Engine, META};
use crate::record::{Id, get};
use crate::source::Source;
use crate::vmem::Tiling;

/// Slots of a new table: 4 KiB of them.
const FIRST: u32 = 512;

/// Bytes of a slot.
const SLOT: u32 = 8;

/// A key spread over the slots.
const fn hash(key: u32) -> u32 {
    key.wrapping_mul(0x9e37_79b1).rotate_left(15)
}

/// A hash of words, to be a key: not zero.
pub(super) fn hash_of(words: impl Iterator<Item = u32>) -> u32 {
    words.fold(0x811c_9dc5_u32, |hash, word| (hash.rotate_left(5) ^ word).wrapping_mul(0x0100_0193)) | 1
}

impl<S: Source> Engine<S> {
    /// The record with a key that `takes` takes; zero where there is none.
    pub(super) fn look_up(&self, table: Id<Table>, key: u32, takes: impl Fn(u32) -> bool) -> u32 {
        let record = get(self.source(), table);
        let (at, mask) = (record.at.get(), record.slots.get().wrapping_sub(1));
        if at == 0 {
            return 0;
        }
        let mut slot = hash(key) & mask;
        loop {
            let found = word(self.source(), at + slot * SLOT).get();
            if found == 0 {
                return 0;
            }
            let value = word(self.source(), at + slot * SLOT + 4).get();
            if found == key && takes(value) {
                return value;
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Makes room for one more; whether there is.
    pub(super) fn make_room(&self, table: Id<Table>) -> bool {
        let record = get(self.source(), table);
        let slots = record.slots.get();
        if record.used.get() < slots - slots / 4 {
            return true;
        }
        let more = if slots == 0 { FIRST } else { slots * 2 };
        let Some(bytes) = more.checked_mul(SLOT) else { return false };
        let Some(segment) = self.segment(bytes, bytes, META) else { return false };
        let (old, old_segment) = (record.at.get(), record.segment.get());
        let at = get(self.source(), segment).start.get();
        fill(self.source(), at, at + bytes, 0);
        record.at.set(at);
        record.slots.set(more);
        record.segment.set(segment.addr());
        for slot in 0..slots {
            let key = word(self.source(), old + slot * SLOT).get();
            if key != 0 {
                self.place(record, key, word(self.source(), old + slot * SLOT + 4).get());
            }
        }
        if old != 0 {
            self.vmem().make_free(tag_at(old_segment));
        }
        true
    }

    /// Enters a record under a key, for which there is room.
    pub(super) fn insert(&self, table: Id<Table>, key: u32, value: u32) {
        let record = get(self.source(), table);
        record.used.set(record.used.get() + 1);
        self.place(record, key, value);
    }

    fn place(&self, table: &Table, key: u32, value: u32) {
        let (at, mask) = (table.at.get(), table.slots.get() - 1);
        let mut slot = hash(key) & mask;
        while word(self.source(), at + slot * SLOT).get() != 0 {
            slot = (slot + 1) & mask;
        }
        word(self.source(), at + slot * SLOT).set(key);
        word(self.source(), at + slot * SLOT + 4).set(value);
    }

    /// Takes the record `value` under a key out, which is there.
    pub(super) fn remove(&self, table: Id<Table>, key: u32, value: u32) {
        let record = get(self.source(), table);
        let (at, mask) = (record.at.get(), record.slots.get() - 1);
        let slot_at = |slot: u32| at + (slot & mask) * SLOT;
        let mut hole = hash(key) & mask;
        while word(self.source(), slot_at(hole) + 4).get() != value {
            if word(self.source(), slot_at(hole)).get() == 0 {
                return;
            }
            hole = (hole + 1) & mask;
        }
        record.used.set(record.used.get() - 1);
        let mut next = hole;
        loop {
            next = (next + 1) & mask;
            let key = word(self.source(), slot_at(next)).get();
            if key == 0 {
                break;
            }
            // What may not be before its own place stays.
            let distance = next.wrapping_sub(hash(key)) & mask;
            if distance >= next.wrapping_sub(hole) & mask {
                word(self.source(), slot_at(hole)).set(key);
                word(self.source(), slot_at(hole) + 4).set(word(self.source(), slot_at(next) + 4).get());
                hole = next;
            }
        }
        word(self.source(), slot_at(hole)).set(0);
        word(self.source(), slot_at(hole) + 4).set(0);
    }

    /// The records of a table, in no order. Nothing may be entered or taken out meanwhile.
    pub(super) fn each(&self, table: Id<Table>, mut f: impl FnMut(u32)) {
        let record = get(self.source(), table);
        for slot in 0..record.slots.get() {
            let at = record.at.get() + slot * SLOT;
            if word(self.source(), at).get() != 0 {
                f(word(self.source(), at + 4).get());
            }
        }
    }
}
