//! The body of a cache: its record, and behind it what is no record, the owner's callbacks and how to reach them.
//!
//! A heap asks all its caches for memory without knowing their types. So a body holds a function that does, as an arena of Rust's
//! `dyn`: whoever has the address of the record has the address of the body. An inspector reads the record and no more.

use core::cell::Cell;
use core::mem::offset_of;
use core::ptr::{self, NonNull};

use super::chain::ASKING;
use super::consolidate;
use super::error::Error;
use super::layers::{Layers, Lives};
use super::life::{Answer, Life};
use super::magazine_type::first_rounds;
use super::merge;
use super::options::Options;
use super::record::{CONSTRUCTED, MOVABLE, ORPHAN, ObjectCacheRecord, SHARED, ZONE, write_name};
use super::slabs::shape;
use crate::heap::Engine;
use crate::list;
use crate::record::{Id, get};
use crate::source::{Source, Still};
use crate::units::Addr;

/// What a heap asks its caches for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ask {
    /// Everything in the depot, and empty slabs.
    Depots,
    /// What its owner can spare, so many bytes.
    Owner(u32),
    /// To move objects together, until nothing more can be emptied.
    Moves,
    /// To look at what it needed since the last time, and give back what it did not.
    Tick,
}

/// How to ask a cache of unknown type: with the engine of its heap, the address of its record, and what is asked.
pub(crate) type Hook = unsafe fn(engine: *const (), cache: u32, ask: Ask);

/// A cache in the memory of its heap.
#[repr(C)]
pub(crate) struct Body<L> {
    record: ObjectCacheRecord,
    hook: Hook,
    /// Callbacks that run.
    calls: Cell<u32>,
    life: L,
}

/// The callbacks of a cache in addresses.
pub(crate) struct Callbacks<'a, S, L> {
    source: &'a S,
    life: &'a L,
    size: u32,
}

impl<S: Source, L: Life> Callbacks<'_, S, L> {
    fn pointer(&self, at: Addr) -> NonNull<u8> {
        // SAFETY: an object lies in the memory, and address 0 is nobody's.
        unsafe { NonNull::new_unchecked(self.source.at(at)) }
    }

    /// Asks the owner for what it can spare.
    pub(crate) fn reclaim(&self, wanted: u32) {
        self.life.reclaim(wanted);
    }

    /// Asks the owner to move an object.
    pub(crate) fn relocate(&self, from: Addr, to: Addr) -> Answer {
        let (from, to) = (self.pointer(from), self.pointer(to));
        // SAFETY: O3: both are objects out of their slabs, constructed; `to` was just made, and nobody has it.
        unsafe { self.life.relocate(from, to) }
    }
}

impl<S: Source, L: Life> Lives for Callbacks<'_, S, L> {
    const BARE: bool = !L::CONSTRUCTS;

    fn construct(&self, at: Addr) -> bool {
        // SAFETY: O3: memory just taken out of its slab, as long and aligned as an object.
        unsafe { self.life.construct(self.pointer(at), self.size) }.is_ok()
    }

    fn destruct(&self, at: Addr) {
        // SAFETY: O3: an object out of a magazine or just given back: constructed, and nobody has it.
        unsafe { self.life.destruct(self.pointer(at)) };
    }
}

/// A new cache of objects of `size` bytes at multiples of `align`, and what its owner does to them, which stays where it is on
/// failure.
pub(crate) fn make<S: Source, L: Life + 'static>(
    engine: &Engine<S>,
    (size, align): (u32, u32),
    options: &Options<'_>,
    life: &Cell<Option<L>>,
) -> Result<Id<ObjectCacheRecord>, Error> {
    options.check(size, align)?;
    let budget = merge::budget_at(engine, options)?;
    let bytes = size_of::<Body<L>>() as u32;
    let at = engine.alloc_zeroed(bytes, align_of::<Body<L>>() as u32);
    if at.0 == 0 {
        return Err(Error::NoMemory { bytes });
    }
    let Some(owner) = life.take() else {
        // Whoever was asked for the memory made the same cache begin.
        // SAFETY: just allocated with this size and alignment.
        unsafe { engine.free(at, bytes, align_of::<Body<L>>() as u32) };
        return Err(Error::NoMemory { bytes });
    };
    let body = engine.source().at(at);
    // SAFETY: just allocated for a body, and zeroed, which its record and counts are from the start.
    unsafe { body.wrapping_add(offset_of!(Body<L>, hook)).cast::<Hook>().write(serve::<S, L>) };
    // SAFETY: as above.
    unsafe { body.wrapping_add(offset_of!(Body<L>, life)).cast::<L>().write(owner) };
    // SAFETY: the record is the first field of the body, zeroed.
    let cache = unsafe { Id::<ObjectCacheRecord>::at(at.0) };
    let record = get(engine.source(), cache);
    describe::<L>(record, (size, align), options);
    if merge::is_mergeable::<S, L>(engine, options) {
        record.flags.set(record.flags.get() | SHARED);
    }
    record.budget.set(budget);
    if budget != 0 {
        let users = &get(engine.source(), Id::<ObjectCacheRecord>::budget(budget)).users;
        users.set(users.get() + 1);
    }
    record.hook.set(at.0 + offset_of!(Body<L>, hook) as u32);
    let siblings = get(engine.source(), engine.id().object_caches());
    siblings.made.set(siblings.made.get().wrapping_add(1));
    record.number.set(siblings.made.get());
    list::insert(engine.source(), engine.id().object_caches().list(), cache.link());
    let made = with(engine, cache, |layers: &Layers<'_, S, Callbacks<'_, S, L>>| layers.begin());
    if let Err(error) = made {
        life.set(end(engine, cache));
        return Err(error);
    }
    Ok(cache)
}

/// Writes into a record what does not change.
fn describe<L: Life>(record: &ObjectCacheRecord, (size, align): (u32, u32), options: &Options<'_>) {
    let stride = size.next_multiple_of(align);
    let (objects, len) = shape(stride);
    write_name(&record.name, options.name);
    record.size.set(size);
    record.align.set(align);
    record.stride.set(stride);
    record.objects.set(objects);
    record.slab_len.set(len);
    record.limit.set(options.limit);
    record.keep.set(if options.zone { options.limit } else { options.keep });
    record.reserve.set(options.reserve);
    record.threshold.set(1);
    record.users.set(1);
    let flag = |is: bool, flag| if is { flag } else { 0 };
    record.flags.set(flag(options.zone, ZONE) | flag(L::CONSTRUCTS, CONSTRUCTED) | flag(L::MOVES, MOVABLE));
    record.rounds.set(match options {
        Options { zone: true, limit, .. } => *limit,
        // A round in a magazine is anybody's, so what is reserved must not get there.
        Options { magazines: false, .. } | Options { reserve: 1.., .. } => 0,
        Options { rounds: 0, .. } => first_rounds(stride),
        Options { rounds, .. } => *rounds,
    });
    record.rounds_max.set(options.rounds);
}

/// The body of a cache.
fn body<S: Source, L: Life>(engine: &Engine<S>, cache: Id<ObjectCacheRecord>) -> &Body<L> {
    let at = engine.source().at(Addr(cache.addr())).cast::<Body<L>>();
    // SAFETY: O2: a cache of this type was made there, and stays until it ends; its fields are cells, or never change.
    unsafe { &*at }
}

/// Does something with the layers of a cache.
pub(crate) fn with<S: Source, L: Life, R>(
    engine: &Engine<S>,
    cache: Id<ObjectCacheRecord>,
    f: impl FnOnce(&Layers<'_, S, Callbacks<'_, S, L>>) -> R,
) -> R {
    let body = body::<S, L>(engine, cache);
    let callbacks = Callbacks { source: engine.source(), life: &body.life, size: body.record.size.get() };
    f(&Layers::new(engine, cache, &callbacks))
}

/// What the owner of a cache does to its objects.
pub(crate) fn life<S: Source, L: Life>(engine: &Engine<S>, cache: Id<ObjectCacheRecord>) -> &L {
    &body::<S, L>(engine, cache).life
}

/// Ends a cache of which no object is held: gives everything back, and its owner's part. Where that is not possible, because a
/// callback of it runs or a destructor took an object, the cache stays as an orphan, and nothing is given.
pub(crate) fn end<S: Source, L: Life>(engine: &Engine<S>, cache: Id<ObjectCacheRecord>) -> Option<L> {
    let body = body::<S, L>(engine, cache);
    let record = &body.record;
    record.keep.set(0);
    record.flags.set(record.flags.get() & !ZONE);
    with(engine, cache, |layers: &Layers<'_, S, Callbacks<'_, S, L>>| layers.purge());
    record.hook.set(0);
    if record.taken.get() != 0 || record.guarded.get() != 0 || record.magazines_now.get() != 0 || body.calls.get() != 0
    {
        record.flags.set(record.flags.get() | ORPHAN);
        return None;
    }
    list::remove(engine.source(), cache.link());
    if record.budget.get() != 0 {
        let budget = Id::<ObjectCacheRecord>::budget(record.budget.get());
        let users = &get(engine.source(), budget).users;
        users.set(users.get() - 1);
        engine.end_orphan(budget);
    }
    // SAFETY: nobody reaches the body any more: it is in no list, no callback of it runs, and its cache ends.
    let life = unsafe { ptr::read(&raw const body.life) };
    let at = Addr(cache.addr());
    // SAFETY: it was allocated with this size and alignment.
    unsafe { engine.free(at, size_of::<Body<L>>() as u32, align_of::<Body<L>>() as u32) };
    Some(life)
}

/// An object without growing the memory, that leaves `spare` of the limit.
pub(crate) fn without_growth<S: Source, L: Life>(
    engine: &Engine<S>,
    cache: Id<ObjectCacheRecord>,
    spare: u32,
) -> Result<Addr, Error> {
    // Nobody is asked for memory meanwhile: hooks want an engine of the heap's own type.
    let pressure = &engine.state().pressure;
    let before = pressure.replace(ASKING);
    let still = engine.still();
    let object = with(&still, cache, |layers: &Layers<'_, Still<'_, S>, Callbacks<'_, Still<'_, S>, L>>| {
        layers.alloc_slowly(spare)
    });
    pressure.set(before);
    object
}

/// Leaves a cache to itself of which objects are held: nobody will be asked for it again.
pub(crate) fn abandon<S: Source, L: Life>(engine: &Engine<S>, cache: Id<ObjectCacheRecord>) {
    let body = body::<S, L>(engine, cache);
    body.record.hook.set(0);
    body.record.flags.set(body.record.flags.get() | ORPHAN);
}

/// Serves what a heap asks a cache for.
///
/// # Safety
/// - `engine` is an [`Engine<S>`], and at `cache` is the body of a cache of it with the callbacks `L`.
unsafe fn serve<S: Source, L: Life>(engine: *const (), cache: u32, ask: Ask) {
    // SAFETY: as the caller promises.
    let engine = unsafe { &*engine.cast::<Engine<S>>() };
    // SAFETY: as the caller promises.
    let cache = unsafe { Id::<ObjectCacheRecord>::at(cache) };
    let calls = &body::<S, L>(engine, cache).calls;
    calls.set(calls.get() + 1);
    with(engine, cache, |layers: &Layers<'_, S, Callbacks<'_, S, L>>| match ask {
        Ask::Depots => layers.reap_all(),
        Ask::Owner(wanted) => layers.ask_owner(|| layers.life.reclaim(wanted)),
        Ask::Moves if L::MOVES => consolidate::defrag(layers),
        Ask::Moves => {}
        Ask::Tick => {
            layers.update();
            layers.reap();
            if L::MOVES {
                consolidate::scan(layers);
            }
        }
    });
    calls.set(calls.get() - 1);
}

impl<S: Source> Engine<S> {
    /// The same heap for requests that must not make the memory grow.
    pub(crate) fn still(&self) -> Engine<Still<'_, S>> {
        // SAFETY: it is the same memory, in which this engine's state lies; both are used in turn, by one thread.
        unsafe { Engine::over(Still(self.source()), Addr(self.id().addr())) }
    }

    /// Asks a cache, if it still has somebody who answers.
    pub(crate) fn ask(&self, cache: Id<ObjectCacheRecord>, ask: Ask) {
        let hook = get(self.source(), cache).hook.get();
        if hook != 0 {
            let at = self.source().at(Addr(hook)).cast::<Hook>();
            // SAFETY: O2: where a record names a hook, there is one.
            let hook = unsafe { *at };
            // SAFETY: the hook is that of this cache, which was made by an engine of this type over this heap.
            unsafe { hook((&raw const *self).cast(), cache.addr(), ask) };
        }
    }

    /// Gives memory for a cache back that `alloc` gave for `len` bytes at a multiple of 8.
    pub(crate) fn free_record(&self, at: Addr, len: u32) {
        // SAFETY: magazines are allocated so, and given back once, when they are in no list and not loaded.
        unsafe { self.free(at, len, 8) };
    }
}
