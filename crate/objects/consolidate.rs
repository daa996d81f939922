//! The consolidator: it empties slabs by moving what is left in them, after illumos kmem.c (2009).
//!
//! A slab leaves the free memory of a cache in two ways: it fills up, or it empties. Requests fill the fullest first; this empties
//! the emptiest, object by object, into the fullest, until the two ends meet. The owner of an object moves it, or says why not
//! ([`Answer`]). While a move goes on no slab of the cache is given back, so no callback looks at memory that is something else by
//! now; and there is one move at a time in a cache.
#![forbid(unsafe_code)]

use super::body::Callbacks;
use super::layers::Layers;
use super::life::{Answer, Life};
use super::record::ObjectCacheRecord;
use super::slabs::{EMPTY, FULL, MOVABLE_BINS, bin, culprit, is_dead, is_stuck, is_tried, later, set_tried};
use crate::bins;
use crate::magazine::slot;
use crate::record::{Id, get};
use crate::source::Source;
use crate::units::Addr;
use crate::vmem::Tag;

/// Slabs below which nothing is moved unless memory is short. (illumos has 101; a wasm heap is small.)
const SLABS_MIN: u32 = 8;

/// Free objects in slabs that are too many: an eighth, as much as a slab may waste.
pub(crate) const FRACTION: u32 = 8;

/// Slabs that a scan looks at, and scans after which the threshold is considered.
const RANGE: usize = 12;

/// Slabs that are looked up together where all are to be emptied.
const BATCH: usize = 64;

/// The largest threshold.
const THRESHOLD_MAX: u32 = FRACTION - 1;

type Of<'a, 'c, S, L> = Layers<'a, S, Callbacks<'c, S, L>>;

/// Slabs that are neither full nor empty.
fn partial(record: &ObjectCacheRecord) -> u64 {
    record.bins.nonempty.get() & !(1 << FULL | 1 << EMPTY)
}

/// Whether so much lies free in slabs that objects should move together.
pub(crate) fn is_fragmented(record: &ObjectCacheRecord) -> bool {
    let total = u64::from(record.slabs.get()) * u64::from(record.objects.get());
    let free = total - u64::from(record.taken.get());
    record.slabs.get() >= SLABS_MIN && free * u64::from(FRACTION) > total
}

/// Empties a slab, if it is worth it: what a cache does each tick.
pub(crate) fn scan<S: Source, L: Life>(layers: &Of<'_, '_, S, L>) {
    let record = layers.record();
    if record.moving.get() != 0 {
        return;
    }
    record.move_scans.set(record.move_scans.get().wrapping_add(1));
    if !is_fragmented(record) {
        record.threshold.set(1);
        record.found.set(0);
        record.scans.set(0);
        return;
    }
    let Some(found) = during(layers, || empty_one(layers)) else { return };
    record.found.set(record.found.get() + u32::from(found));
    record.scans.set(record.scans.get() + 1);
    if record.scans.get() >= RANGE as u32 {
        let (found, sought) = (record.found.replace(0), record.scans.replace(0));
        let threshold = record.threshold.get().max(1);
        if found == sought {
            record.threshold.set((threshold - 1).max(1));
        } else if 2 * found < sought {
            record.threshold.set((threshold + 1).min(THRESHOLD_MAX));
        }
    }
}

/// Moves everything together that can move, whatever it is worth: what a cache does when memory is short.
pub(crate) fn defrag<S: Source, L: Life>(layers: &Of<'_, '_, S, L>) {
    let record = layers.record();
    if record.moving.get() != 0 {
        return;
    }
    record.defrags.set(record.defrags.get().wrapping_add(1));
    // What lies in magazines would hold slabs that could be emptied.
    layers.purge();
    during(layers, || {
        // Callbacks may make slabs meanwhile; those have their turn another time.
        let mut left = record.slabs.get();
        while left != 0 {
            let mut batch = [None; BATCH];
            let room = BATCH.min(left as usize);
            gather(layers, &mut batch[..room], |_| true);
            for &slab in batch.iter().flatten() {
                // The first slab is where all others go.
                if layers.slabs.fullest() != Some(slab) {
                    empty(layers, slab, true);
                }
            }
            left = if batch[0].is_none() { 0 } else { left - room as u32 };
        }
        for list in 0..=FULL {
            let mut next = bins::first(layers.source(), layers.slabs.cache.bins(), list);
            while let Some(link) = next {
                set_tried(get(layers.source(), Id::<Tag>::of_link(link)), false);
                next = get(layers.source(), link).next.first.get();
            }
        }
    });
}

/// Tries once more to move an object whose owner refused and now would not (illumos: `kmem_cache_move_notify`).
pub(crate) fn notify<S: Source, L: Life>(layers: &Of<'_, '_, S, L>, at: Addr) {
    let slab = layers.slabs.slab_of(at);
    let tag = layers.slabs.slab(slab);
    if !is_stuck(tag) && later(tag) == 0 {
        return;
    }
    layers.slabs.forgive(slab);
    if layers.record().moving.get() == 0 {
        during(layers, || relocate(layers, slab, layers.slabs.index_of(slab, at)));
    }
}

/// Does something while no slab of the cache is given back.
fn during<S: Source, L: Life, R>(layers: &Of<'_, '_, S, L>, f: impl FnOnce() -> R) -> R {
    let record = layers.record();
    record.moving.set(1);
    let result = f();
    record.moving.set(0);
    record.move_slabs.set(record.move_slabs.get().wrapping_add(record.dead_slabs.get()));
    layers.slabs.release_dead();
    layers.slabs.release_empty();
    result
}

/// Empties the emptiest slab of a few that is worth it; whether one was, unless the scan broke off.
fn empty_one<S: Source, L: Life>(layers: &Of<'_, '_, S, L>) -> Option<bool> {
    let record = layers.record();
    let worth = |tag: &Tag| {
        let taken = record.objects.get() - tag.bits.get().count_ones();
        taken == 1 || taken * FRACTION < record.objects.get() * record.threshold.get()
    };
    let mut batch = [None; RANGE];
    gather(layers, &mut batch, |tag| !is_stuck(tag));
    let mut found = Some(false);
    for &slab in batch.iter().flatten() {
        if worth(layers.slabs.slab(slab)) {
            let whole = empty(layers, slab, false);
            found = whole.then_some(true);
            break;
        }
    }
    for &slab in batch.iter().flatten() {
        set_tried(layers.slabs.slab(slab), false);
    }
    found
}

/// Looks up the emptiest slabs that were not tried, as many as there is room for.
fn gather<S: Source, L: Life>(layers: &Of<'_, '_, S, L>, batch: &mut [Option<Id<Tag>>], wanted: impl Fn(&Tag) -> bool) {
    let mut room = batch.iter_mut();
    let mut lists = partial(layers.record());
    while lists != 0 {
        let list = 63 - lists.leading_zeros();
        lists &= !(1 << list);
        let mut next = bins::first(layers.source(), layers.slabs.cache.bins(), list);
        while let Some(link) = next {
            let slab = Id::<Tag>::of_link(link);
            let tag = layers.slabs.slab(slab);
            if !is_tried(tag) && wanted(tag) {
                let Some(place) = room.next() else { return };
                set_tried(tag, true);
                *place = Some(slab);
            }
            next = get(layers.source(), link).next.first.get();
        }
    }
}

/// Moves the objects of a slab, as far as there is a place for them; `false` where that was not for all.
fn empty<S: Source, L: Life>(layers: &Of<'_, '_, S, L>, slab: Id<Tag>, desperate: bool) -> bool {
    let (tag, objects) = (layers.slabs.slab(slab), layers.record().objects.get());
    for index in 0..objects {
        // A callback may have emptied or filled it.
        if is_dead(tag) || bin(tag, objects) >= EMPTY || (is_stuck(tag) && !desperate) {
            return true;
        }
        if tag.bits.get() >> index & 1 == 0 && !relocate(layers, slab, index) {
            return false;
        }
    }
    true
}

/// Asks the owner of an object to move it to the fullest other slab, and does what the answer says; `false` where there is no place
/// for it.
fn relocate<S: Source, L: Life>(layers: &Of<'_, '_, S, L>, slab: Id<Tag>, index: u32) -> bool {
    let (slabs, record, tag) = (&layers.slabs, layers.record(), layers.slabs.slab(slab));
    let from = Addr(tag.start.get() + index * record.stride.get());
    // A place on the slab itself, or on an empty one, would be no gain.
    let Some(to) = slabs.fullest_beside(slab).map(|goal| slabs.take_from(goal)) else { return false };
    if !layers.construct(to) {
        slabs.give(to);
        return false;
    }
    // A constructor may give objects back, this one too.
    let is_taken = || tag.bits.get() >> index & 1 == 0;
    if !is_taken() {
        layers.unmake(to);
        return true;
    }
    let answer = layers.life.relocate(from, to);
    let count = &record.answers[answer as usize];
    count.set(count.get().wrapping_add(1));
    match answer {
        Answer::Yes => moved(layers, slab, from),
        Answer::DontNeed => {
            layers.unmake(to);
            moved(layers, slab, from);
        }
        Answer::No | Answer::Later => {
            layers.unmake(to);
            // What was known of a slab that is full or empty by now is forgotten, or of an object that is no more.
            if is_taken() && bin(tag, record.objects.get()) < EMPTY {
                if answer == Answer::No { slabs.blame(slab, index) } else { slabs.postpone(slab, index) }
            }
        }
        Answer::DontKnow => {
            if hunt(layers, from, to) {
                record.hunts.set(record.hunts.get().wrapping_add(1));
                moved(layers, slab, from);
            } else {
                layers.unmake(to);
            }
        }
    }
    true
}

/// Gives up the place that an object moved from. A success clears what refusals for now a slab has, but not one for good of
/// another object.
fn moved<S: Source, L: Life>(layers: &Of<'_, '_, S, L>, slab: Id<Tag>, from: Addr) {
    layers.unmake(from);
    let tag = layers.slabs.slab(slab);
    if !is_stuck(tag) && culprit(tag).is_some() && !is_dead(tag) {
        layers.slabs.forgive(slab);
    }
}

/// Puts `to` in the place of `from` in the magazine that has it; whether one had.
fn hunt<S: Source, L: Life>(layers: &Of<'_, '_, S, L>, from: Addr, to: Addr) -> bool {
    let record = layers.record();
    let swap = |magazine: u32, rounds: u32| {
        let place = (0..rounds).map(|index| slot(layers.source(), magazine, index)).find(|round| round.get() == from.0);
        place.map(|round| round.set(to.0)).is_some()
    };
    let magazines = &record.magazines;
    if swap(magazines.loaded.get(), magazines.rounds.get())
        || swap(magazines.previous.get(), magazines.previous_rounds.get())
    {
        return true;
    }
    let mut next = record.full.head.first.get();
    while let Some(link) = next {
        if swap(super::record::magazine_of(link), record.rounds.get()) {
            return true;
        }
        next = get(layers.source(), link).next.first.get();
    }
    false
}

/// Slabs that moving all objects together would empty.
pub(crate) fn reclaimable(record: &ObjectCacheRecord) -> u32 {
    let needed = record.taken.get().div_ceil(record.objects.get().max(1));
    record.slabs.get().saturating_sub(needed)
}

const _: () = assert!(MOVABLE_BINS < EMPTY);
