//! The checks of O1 to O10, the invariants of object caches and budgets, that reading them does not make.
#![forbid(unsafe_code)]

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::mem::offset_of;

use super::Walker;
use crate::image::objects::{BudgetInfo, ObjectCacheInfo};
use crate::image::survey::SlabInfo;
use crate::image::{Image, record_or};
use crate::list::{Head, Link};
use crate::objects::magazine_type;
use crate::objects::record::{BudgetRecord, MagazineList, ORPHAN, ObjectCacheRecord, SHARED};
use crate::objects::slabs::{BINS, culprit, is_stuck, is_tried, later};
use crate::record::{Record, Word, named};
use crate::vmem::Tag;

/// The bits of a slab's kind that mean nothing.
const UNUSED: u32 = 1 << 11 | 1 << 14 | 1 << 15;

impl<I: Image + ?Sized> Walker<'_, I> {
    /// Checks all object caches and budgets.
    pub(super) fn check_objects(&mut self) {
        let survey = self.survey;
        let mut slabs: Vec<Vec<&SlabInfo>> = vec![Vec::new(); survey.object_caches.len()];
        for slab in &survey.slabs {
            if let Some(slabs) = slab.object_cache.and_then(|index| slabs.get_mut(index)) {
                slabs.push(slab);
            }
        }
        let mut charges: BTreeMap<u32, Charge> =
            survey.budgets.iter().map(|budget| (budget.id, Charge::default())).collect();
        for (info, slabs) in survey.object_caches.iter().zip(&slabs) {
            let Some(record) = record_or::<ObjectCacheRecord>(self.image, info.id, "O2", &mut self.problems) else {
                continue;
            };
            self.check_record::<ObjectCacheRecord>("O2", info.id, &record.hook, &record.flags, 2 * SHARED - 1);
            self.check_taken(info, &record);
            self.check_slabs(info, &record, slabs);
            self.check_depot(info, &record);
            self.check_objects_counted(info, &record);
            let Some(at) = info.budget else { continue };
            if let Some(charge) = charges.get_mut(&at) {
                charge.users += 1;
                // A guarded object is charged what it would take of a slab.
                charge.bytes += info.found.bytes + u64::from(record.guarded.get()) * u64::from(record.stride.get());
            } else {
                let text = format!("the object cache {} names {at:#x} as its budget, which is none", info.called());
                self.report("O8", info.id, text);
            }
        }
        for budget in &survey.budgets {
            self.check_budget(budget, charges.get(&budget.id).copied().unwrap_or_default());
        }
    }

    /// O2 or O8: the record is an allocation, with its hook behind it, which is there unless its owner is gone. Of its flags only
    /// `known` ones mean something.
    fn check_record<T: Record>(&mut self, invariant: &'static str, id: u32, hook: &Word, flags: &Word, known: u32) {
        let len = size_of::<T>() as u32;
        let Some(held) = self.survey.held_at(id).filter(|held| *held >= len) else {
            return self.report(invariant, id, format!("the record at {id:#x} is no allocation of the heap"));
        };
        let (hook, flags) = (hook.get(), flags.get());
        let behind = hook.wrapping_sub(id);
        let inside = hook == 0 || (hook.is_multiple_of(4) && (len..held).contains(&behind));
        if !inside || flags & !known != 0 || (hook == 0) != (flags & ORPHAN != 0) {
            let text = format!("the record at {id:#x} has the hook {hook:#x} and the flags {flags:#x}");
            self.report(invariant, id, text);
        }
    }

    /// O3: as many objects are out of their slabs as the record says, all of them constructed or none.
    fn check_taken(&mut self, info: &ObjectCacheInfo, record: &ObjectCacheRecord) {
        let (taken, most) = (record.taken.get(), record.taken_max.get());
        let walked = info.found.live + info.cached();
        let constructed = record.constructs.get().wrapping_sub(record.destructs.get());
        let expected = if info.constructed { u64::from(taken) + u64::from(record.guarded.get()) } else { 0 };
        if taken != walked || most < taken || constructed != expected {
            let text = format!(
                "the object cache {} counts {taken} objects out of slabs, at most {most}, {constructed} constructed, and there are {walked}",
                info.called()
            );
            self.report("O3", info.id, text);
        }
    }

    /// O5: slabs are in the list they belong into, and what is known of moving their objects holds together.
    fn check_slabs(&mut self, info: &ObjectCacheInfo, record: &ObjectCacheRecord, slabs: &[&SlabInfo]) {
        let link = |slab: &SlabInfo| slab.tag + offset_of!(Tag, link) as u32;
        let (dead, alive): (Vec<&SlabInfo>, Vec<&SlabInfo>) = slabs.iter().partition(|slab| slab.dead);
        let bins_at = info.id + offset_of!(ObjectCacheRecord, bins) as u32;
        let expected = alive.iter().map(|slab| (link(slab), bin(slab))).collect();
        self.check_bins::<BINS>(["O5", "I14"], &record.bins, bins_at, expected, "slab of this bin");
        self.check_dead(info, &record.dead, dead.iter().map(|slab| (link(slab), 0)).collect());
        let moving = record.moving.get() != 0;
        for slab in slabs {
            let Some(tag) = record_or::<Tag>(self.image, slab.tag, "O5", &mut self.problems) else { continue };
            let refused = is_stuck(&tag) || later(&tag) != 0;
            let known = culprit(&tag).is_none_or(|object| object < slab.objects && slab.free >> object & 1 == 0);
            let whole = !slab.dead || slab.free.count_ones() == slab.objects;
            let idle = moving || !(is_tried(&tag) || slab.dead);
            if tag.kind.get() & UNUSED != 0 || refused != culprit(&tag).is_some() || !known || !whole || !idle {
                let text = format!(
                    "the slab at {:#x} of the object cache {} has the marks {:#x}, which its objects contradict",
                    slab.start,
                    info.called(),
                    tag.kind.get()
                );
                self.report("O5", slab.tag, text);
            }
        }
    }

    /// Of O5 that the list of dead slabs has those and no others. It is a stack: its links name none before them.
    fn check_dead(&mut self, info: &ObjectCacheInfo, head: &Head, mut expected: BTreeMap<u32, u32>) {
        let mut at = named(&head.first);
        while at != 0 {
            if expected.remove(&at).is_none() {
                let text = format!(
                    "the list of dead slabs of the object cache {} holds what is none, or twice",
                    info.called()
                );
                return self.report("O5", at, text);
            }
            let Some(link) = record_or::<Link>(self.image, at, "O5", &mut self.problems) else { return };
            at = named(&link.next.first);
        }
        self.check_missing("O5", expected, "dead slab");
    }

    /// O7: magazines have as many rounds as their place says, and there are as many as are counted.
    fn check_depot(&mut self, info: &ObjectCacheInfo, record: &ObjectCacheRecord) {
        let magazines = &record.magazines;
        let (rounds, capacity, previous) =
            (record.rounds.get(), magazines.capacity.get(), magazines.previous_rounds.get());
        let expected = if magazines.loaded.get() == 0 { 0 } else { rounds };
        let alone = magazines.loaded.get() == 0 && magazines.previous.get() != 0;
        if capacity != expected || (previous != 0 && previous != rounds) || alone {
            let text = format!(
                "the object cache {} has room for {capacity} of {rounds} rounds in its loaded magazine, and {previous} in the previous one",
                info.called()
            );
            self.report("O7", info.id, text);
        }
        let longest = record.rounds_max.get();
        let known = rounds == 0 || magazine_type::exists(rounds) && (longest == 0 || rounds <= longest);
        let typed = if info.zone { rounds == info.shape.limit } else { known };
        if !typed && !info.orphan {
            self.report(
                "O7",
                info.id,
                format!("no magazine of the object cache {} has {rounds} rounds", info.called()),
            );
        }
        let wrong = |list: &MagazineList, found: u32| list.total.get() != found || list.least.get() > found;
        let (full, empty) = (info.found.full_magazines, info.found.empty_magazines);
        let now = info.magazines.len();
        if wrong(&record.full, full) || wrong(&record.empty, empty) || record.magazines_now.get() as usize != now {
            let text = format!(
                "the object cache {} counts {} magazines, {} full and {} empty ones in its depot, and there are {now}, {full} and {empty}",
                info.called(),
                record.magazines_now.get(),
                record.full.total.get(),
                record.empty.total.get()
            );
            self.report("O7", info.id, text);
        }
    }

    /// O9: what the record counts is what a walk finds, or what follows from its other counts.
    fn check_objects_counted(&mut self, info: &ObjectCacheInfo, record: &ObjectCacheRecord) {
        let (found, counters) = (&info.found, &info.counters);
        let counted = [record.slabs.get(), record.empties.get(), record.dead_slabs.get()];
        let walked = [found.slabs, found.empty, found.dead];
        let taken = counters.slab_takes.wrapping_sub(counters.slab_gives);
        let made = counters.slab_creates.wrapping_sub(counters.slab_destroys);
        let right = counted == walked
            && record.slabs_max.get() >= found.slabs
            && taken == u64::from(record.taken.get())
            && made == u64::from(found.slabs) + u64::from(found.dead)
            && counters.allocations >= u64::from(found.live);
        if !right {
            let text = format!(
                "the object cache {} counts {counted:?} slabs, empty ones, and dead ones, {made} made and not destroyed, {taken} objects taken and not given back, and there are {walked:?}",
                info.called()
            );
            self.report("O9", info.id, text);
        }
        let (limit, keep) = (info.shape.limit, info.shape.keep);
        let few = info.total() < u64::from(keep);
        let many = info.zone && record.taken.get() > limit;
        let idle = info.found.empty > 1 && info.total() - u64::from(info.shape.objects) >= u64::from(keep);
        if few
            || many
            || idle
            || (limit != 0 && keep > limit)
            || (record.reserve.get() != 0 && record.reserve.get() >= limit)
        {
            let text = format!(
                "the object cache {} with a limit of {limit} keeps slabs for {keep} objects, and has them for {}, of which {} slabs are empty",
                info.called(),
                info.total(),
                info.found.empty
            );
            self.report("O9", info.id, text);
        }
    }

    /// O8: a budget is charged what its caches hold, and perhaps more for single objects.
    fn check_budget(&mut self, info: &BudgetInfo, charge: Charge) {
        let Some(record) = record_or::<BudgetRecord>(self.image, info.id, "O8", &mut self.problems) else { return };
        self.check_record::<BudgetRecord>("O8", info.id, &record.hook, &record.flags, ORPHAN);
        let used = u64::from(info.used);
        let right = used >= charge.bytes
            && (info.objects != 0 || used == charge.bytes)
            && info.used <= info.peak
            && u64::from(info.peak) <= info.charged
            && info.users >= charge.users;
        if !right {
            let text = format!(
                "the budget {} of {} caches is charged {used} bytes, at most {}, and {} caches have {} bytes",
                info.name, info.users, info.peak, charge.users, charge.bytes
            );
            self.report("O8", info.id, text);
        }
    }
}

/// What the caches of a budget hold.
#[derive(Clone, Copy, Default)]
struct Charge {
    users: u32,
    bytes: u64,
}

/// The bin of a slab, computed from the other side than [`slabs::bin`](crate::objects::slabs::bin): by comparing with each bound.
fn bin(slab: &SlabInfo) -> u32 {
    let free = slab.free.count_ones();
    match free {
        0 => 15,
        free if free == slab.objects => 14,
        free => (0..7).find(|&bin| free < 2 << bin).unwrap_or(7) + if slab.stuck { 0 } else { 7 },
    }
}
