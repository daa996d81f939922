//! Held segments, found by where they begin: lists by a hash of the start, in a table that grows and shrinks by itself.
//!
//! The table doubles when lists get two long on average. It is considered again whenever as many segments were given back as
//! it has lists: it halves where the most there were lately is less than half of its lists, and that memory decays, to a half
//! less one but not below what there is (NetBSD subr_vmem.c, which does so every ten seconds; here there is no clock). No
//! table, or none for the length wanted, is no failure: the lists get longer. Changing it takes time linear in the held
//! segments, so a constant time for each call on the average. In an array, which takes no table back, it only grows.
#![forbid(unsafe_code)]

use super::Arena;
use super::supply::Records;
use crate::list::{self, Head};
use crate::record::{Id, get};
use crate::vmem::segments::Tiling;
use crate::vmem::tag::{FREE, Tag};

/// The longest table, as a shift: a million lists, 4 MiB.
const TABLE_MAX: u32 = 20;

/// The fewest segments given back before the table is considered again.
const PATIENCE: u32 = 64;

impl<R: Records> Arena<'_, R> {
    /// The list for held segments that begin at `start`.
    fn list_for(&self, start: u32) -> Id<Head> {
        let record = self.record();
        let Some(table) = record.table.get() else { return self.record.only() };
        // Fibonacci hashing: the upper bits of the product are well mixed.
        let hash = (start >> record.shift.get()).wrapping_mul(0x9e37_79b9);
        table.nth(hash >> (32 - record.table_shift.get()))
    }

    /// The held segment that begins at `start`. Constant time on the average.
    pub(crate) fn held(&self, start: u32) -> Option<Id<Tag>> {
        let mut next = get(self.memory(), self.list_for(start)).first.get();
        while let Some(link) = next {
            let id = Id::<Tag>::of_link(link);
            if self.tag(id).start.get() == start {
                return Some(id);
            }
            next = self.tag(id).link.next.first.get();
        }
        None
    }

    /// Notes that a segment is held now, as `kind`.
    pub(super) fn hold(&self, id: Id<Tag>, kind: u32) {
        let (record, tag) = (self.record(), self.tag(id));
        tag.kind.set(kind);
        tag.owner.set(0);
        list::insert(self.memory(), self.list_for(tag.start.get()), id.link());
        record.in_use.set(record.in_use.get() + u64::from(tag.len.get()));
        record.busy.set(record.busy.get() + 1);
        record.high_water.set(record.high_water.get().max(record.busy.get()));
        if record.busy.get() >> record.table_shift.get() > 2 && record.table_shift.get() < TABLE_MAX {
            self.rehash(record.busy.get().ilog2() + 1);
        }
    }

    /// Notes that a held segment is not any more; it is in no list but that of the places then.
    pub(super) fn unhold(&self, id: Id<Tag>) {
        let (record, tag) = (self.record(), self.tag(id));
        list::remove(self.memory(), id.link());
        tag.kind.set(FREE);
        record.in_use.set(record.in_use.get() - u64::from(tag.len.get()));
        record.busy.set(record.busy.get() - 1);
        record.given.set(record.given.get() + 1);
        if record.given.get() > PATIENCE.max(1 << record.table_shift.get()) {
            self.consider();
        }
    }

    /// Makes the table shorter where that is due, and lets the memory of the most there were decay.
    fn consider(&self) {
        let record = self.record();
        let most = record.high_water.get().clamp(1, 1 << TABLE_MAX);
        // A table in an array does not go back to it, and another one would use it up.
        if R::TAKES_BACK && 2 * most < 1 << record.table_shift.get() {
            self.rehash(most.ilog2() + 1);
        }
        let decayed = if most < 2 { 0 } else { most / 2 - 1 };
        record.high_water.set(decayed.max(record.busy.get()));
        record.given.set(0);
    }

    /// Moves all held segments into a table of `1 << shift` lists, if there is room for it.
    fn rehash(&self, shift: u32) {
        let record = self.record();
        let shift = shift.min(TABLE_MAX);
        let (old, old_shift) = (record.table.get(), record.table_shift.get());
        let Some(new) = self.take_table(shift) else { return };
        record.table.set(Some(new));
        record.table_shift.set(shift);
        for index in 0..1 << old_shift {
            let head = old.map_or(self.record.only(), |table| table.nth(index));
            while let Some(link) = get(self.memory(), head).first.get() {
                list::remove(self.memory(), link);
                let start = self.tag(Id::<Tag>::of_link(link)).start.get();
                list::insert(self.memory(), self.list_for(start), link);
            }
        }
        if let Some(table) = old {
            self.give_table(table, old_shift);
        }
    }

    /// Gives the table back; no segment is held any more.
    pub(super) fn drop_table(&self) {
        let record = self.record();
        if let Some(table) = record.table.take() {
            self.give_table(table, record.table_shift.replace(0));
        }
    }
}
