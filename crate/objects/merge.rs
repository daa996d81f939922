//! Merging: caches of objects of the same shape are one (Linux slab_common.c, `find_mergeable`).
//!
//! Slabs that several subsystems fill together stay emptier by less. Only caches whose owners asked for it merge, of bare objects,
//! without limits, and with one who pays for them. A cache that joins another has its own name in an alias; what is counted is
//! counted of all together, so nobody is blamed alone. A name more or less is all that joining and leaving change: while another
//! user is left, the cache stays, whatever objects are held.

use core::any::TypeId;

use super::error::Error;
use super::home::Home;
use super::life::Bare;
use super::options::Options;
use super::record::{AliasRecord, ObjectCacheRecord, SHARED, write_name};
use crate::heap::Engine;
use crate::list;
use crate::record::{Id, get, make};
use crate::source::Source;
use crate::units::Addr;
use crate::vmem::Place;

/// Bytes that an object may be longer than its user asked for (Linux: less than a word).
const WASTE: u32 = 8;

/// Bytes of an alias.
const ALIAS_LEN: u32 = size_of::<AliasRecord>() as u32;

/// Lets caches of a heap merge from now on, or not: those that are one stay so. At first they do where
/// [`Options::merge`] says so; while looking for who holds memory, turn it off before the caches are made.
///
/// ```
/// use core::alloc::Layout;
/// use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
/// use flagstone::objects::{Bare, Cache, Error, Options, list, set_merging};
/// let mut memory = vec![Page::ZERO; 4];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let make = |name| Cache::new(&heap, Layout::new::<[u64; 3]>(), Options { merge: true, ..Options::new(name) }, Bare);
/// let (points, colours) = (make("points")?, make("colours")?);
/// set_merging(&heap, false);
/// let edges = make("edges")?;
/// let mut names = Vec::new();
/// list(&heap, |cache| {
///     names.push(cache.name().to_owned());
///     cache.aliases(|alias| names.push(format!("also {alias}")));
/// });
/// assert_eq!(names, ["edges", "points", "also colours"]);
/// # drop((points, colours, edges));
/// # Ok::<(), Error>(())
/// ```
pub fn set_merging<H: Home>(home: H, merging: bool) {
    home.engine().state().unmerged.set(u32::from(!merging));
}

/// Whether a cache of objects with the callbacks `L` may be shared.
pub(super) fn is_mergeable<S: Source, L: 'static>(engine: &Engine<S>, options: &Options<'_>) -> bool {
    let Options { limit: 0, keep: 0, reserve: 0, zone: false, merge: true, .. } = *options else { return false };
    TypeId::of::<L>() == TypeId::of::<Bare>() && engine.state().unmerged.get() == 0
}

/// Where the budget is that pays, zero for none.
pub(super) fn budget_at<S: Source>(engine: &Engine<S>, options: &Options<'_>) -> Result<u32, Error> {
    let place = Place::new(engine.source(), Addr(engine.id().addr()));
    options.budget.map_or(Ok(0), |payer| payer.place_beside(place).map(|at| at.0))
}

/// A cache that was joined, and the alias.
pub(super) type Joined = (Id<ObjectCacheRecord>, Id<AliasRecord>);

/// Joins a cache that serves objects of `size` bytes at multiples of `align` too, where there is one and the options allow it.
///
/// # Errors
/// Where the options make no sense, or there is no memory for the alias.
pub(super) fn join<S: Source, L: 'static>(
    engine: &Engine<S>,
    (size, align): (u32, u32),
    options: &Options<'_>,
) -> Result<Option<Joined>, Error> {
    options.check(size, align)?;
    let budget = budget_at(engine, options)?;
    let find = || engine.find_mergeable((size, align), options, budget);
    if !is_mergeable::<S, L>(engine, options) || find().is_none() {
        return Ok(None);
    }
    let at = engine.alloc(ALIAS_LEN, 8);
    if at.0 == 0 {
        return Err(Error::NoMemory { bytes: ALIAS_LEN });
    }
    // SAFETY: just allocated for it.
    let alias = unsafe { make::<S, AliasRecord>(engine.source(), at) };
    // Whoever was asked for the memory may have ended the cache.
    let Some(cache) = find() else {
        engine.free_record(at, ALIAS_LEN);
        return Ok(None);
    };
    let (record, name) = (get(engine.source(), cache), get(engine.source(), alias));
    write_name(&name.name, options.name);
    name.cache.set(cache.addr());
    let made = &get(engine.source(), engine.id().object_caches()).made;
    made.set(made.get().wrapping_add(1));
    name.number.set(made.get());
    list::insert(engine.source(), engine.id().aliases(), alias.link());
    record.users.set(record.users.get() + 1);
    // Zeroing clears what any of them may use.
    record.size.set(record.size.get().max(size));
    Ok(Some((cache, alias)))
}

/// Leaves a cache; whether another user is left. `alias` is where this user's name is, zero for the one that made the cache, whose
/// name stays.
pub(super) fn leave<S: Source>(engine: &Engine<S>, cache: Id<ObjectCacheRecord>, alias: u32) -> bool {
    if alias != 0 {
        // SAFETY: O10: a user that joined a cache has its alias until it leaves.
        let alias = unsafe { Id::<AliasRecord>::at(alias) };
        list::remove(engine.source(), alias.link());
        engine.free_record(Addr(alias.addr()), ALIAS_LEN);
    }
    let users = &get(engine.source(), cache).users;
    users.set(users.get() - 1);
    users.get() != 0
}

impl<S: Source> Engine<S> {
    /// The oldest cache that may be shared and serves such objects with less than [`WASTE`] bytes more than they need.
    fn find_mergeable(
        &self,
        (size, align): (u32, u32),
        options: &Options<'_>,
        budget: u32,
    ) -> Option<Id<ObjectCacheRecord>> {
        let fits = |record: &ObjectCacheRecord| {
            let stride = record.stride.get();
            record.flags.get() == SHARED
                && (record.limit.get(), record.budget.get()) == (0, budget)
                && record.rounds_max.get() == options.rounds
                && (record.rounds.get() != 0) == options.magazines
                && record.align.get() >= align
                && stride.is_multiple_of(align)
                && stride.checked_sub(size.next_multiple_of(align)).is_some_and(|more| more < WASTE)
        };
        let mut found = None;
        let mut next = get(self.source(), self.id().object_caches()).list.first.get();
        while let Some(link) = next {
            let cache = Id::<ObjectCacheRecord>::of_link(link);
            if fits(get(self.source(), cache)) {
                found = Some(cache);
            }
            next = get(self.source(), link).next.first.get();
        }
        found
    }
}
