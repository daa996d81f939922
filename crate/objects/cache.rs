//! [`Cache`]: objects of one size, untyped.

use core::alloc::Layout;
use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ptr::{self, NonNull};

use super::body::{self, Callbacks};
use super::consolidate;
use super::error::Error;
use super::flags::Flags;
use super::home::Home;
use super::layers::{Layers, take_round};
use super::life::{Bare, Life};
use super::merge;
use super::options::Options;
use super::record::{ObjectCacheRecord, ZONE};
use super::stats::CacheStats;
use crate::record::{Id, get};
use crate::source::Source;
use crate::units::Addr;

/// A cache of objects of one size and alignment: see the [module](crate::objects).
///
/// Dropping a cache gives its memory back, unless objects are held: those stay valid, and the cache stays in the inspector as an
/// orphan.
pub struct Cache<H: Home, L: Life + 'static = Bare> {
    home: H,
    /// Its record; [`UNBEGUN`] until the cache is begun.
    record: Cell<*const ObjectCacheRecord>,
    /// Where its name is, if it shares a cache that another one made; else zero.
    alias: Cell<u32>,
    layout: Layout,
    options: Options<'static>,
    life: Cell<Option<L>>,
    of: PhantomData<L>,
}

/// The record of a cache that was not begun: it has no object to give and no room for one, so that the fast paths need not ask.
struct Unbegun(ObjectCacheRecord);

// SAFETY: it is only read.
unsafe impl Sync for Unbegun {}

// SAFETY: zero bytes are the empty state of any record.
static UNBEGUN: Unbegun = Unbegun(unsafe { MaybeUninit::zeroed().assume_init() });

// SAFETY: a build without atomics, the only one there is for wasm, has one thread.
#[cfg(all(target_family = "wasm", not(feature = "small")))]
unsafe impl<L: Life + 'static> Sync for Cache<crate::vmem::ModuleHeap, L> {}

impl<H: Home, L: Life + 'static> fmt::Debug for Cache<H, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("layout", &self.layout).finish_non_exhaustive()
    }
}

impl<H: Home, L: Life + 'static> Cache<H, L> {
    /// A cache of objects of `layout` in a heap.
    ///
    /// # Errors
    /// Where the layout or an option makes no sense, there is no memory for the cache or what it keeps, or its budget or its
    /// constructor refuses that.
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
    /// use flagstone::objects::{Bare, Cache, Error, Options};
    /// let mut memory = vec![Page::ZERO; 4];
    /// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    /// let packets = Cache::new(&heap, Layout::new::<[u8; 1500]>(), Options::new("packets"), Bare)?;
    /// let at = packets.alloc()?;
    /// assert_eq!(packets.stats().live, 1);
    /// // SAFETY: it came from this cache and is given back once.
    /// unsafe { packets.free(at) };
    /// assert!(packets.destroy().is_ok());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn new(home: H, layout: Layout, options: Options<'_>, life: L) -> Result<Self, Error> {
        let cache = Self::deferred(home, layout, Options::new("deferred"), life);
        cache.begin(&options)?;
        Ok(cache)
    }

    /// As [`new`](Self::new), begun by the first call that needs it: for statics. What `new` would refuse, that call does.
    #[must_use]
    pub const fn deferred(home: H, layout: Layout, options: Options<'static>, life: L) -> Self {
        Self {
            home,
            record: Cell::new(&raw const UNBEGUN.0),
            alias: Cell::new(0),
            layout,
            options,
            life: Cell::new(Some(life)),
            of: PhantomData,
        }
    }

    /// Begins the cache.
    fn begin(&self, options: &Options<'_>) -> Result<Id<ObjectCacheRecord>, Error> {
        let too_long = |what: usize| u32::try_from(what).unwrap_or(u32::MAX);
        let shape = (too_long(self.layout.size()), too_long(self.layout.align()));
        let engine = self.home.engine();
        let joined = merge::join::<_, L>(&*engine, shape, options);
        // Whoever was asked for memory may have begun this very cache.
        if self.is_begun() {
            if let Ok(Some((id, alias))) = joined {
                merge::leave(&*engine, id, alias.addr());
            }
            return self.id();
        }
        let id = if let Some((id, alias)) = joined? {
            self.alias.set(alias.addr());
            id
        } else {
            let made = body::make(&*engine, shape, options, &self.life);
            if self.is_begun() {
                return self.id();
            }
            made?
        };
        self.record.set(get(engine.source(), id));
        Ok(id)
    }

    /// The record, or one that stands for none.
    #[inline(always)]
    fn record(&self) -> &ObjectCacheRecord {
        // SAFETY: O2: the record of a cache that was begun stays until the cache ends; the other one stays for ever.
        unsafe { &*self.record.get() }
    }

    /// The id of the record, begun if need be.
    fn id(&self) -> Result<Id<ObjectCacheRecord>, Error> {
        if !self.is_begun() {
            return self.begin(&self.options);
        }
        let at = self.home.engine().source().addr(self.record.get().cast_mut().cast());
        // SAFETY: O2: as above.
        Ok(unsafe { Id::at(at.0) })
    }

    /// Does something with the layers of the cache.
    pub(super) fn with<R>(
        &self,
        f: impl FnOnce(&Layers<'_, H::Source, Callbacks<'_, H::Source, L>>) -> R,
    ) -> Result<R, Error> {
        let id = self.id()?;
        Ok(body::with(&*self.home.engine(), id, f))
    }

    /// The heap.
    pub(super) fn home(&self) -> H {
        self.home
    }

    /// Does something with what the owner does to the objects.
    pub(super) fn life<R>(&self, f: impl FnOnce(&L) -> R) -> Result<R, Error> {
        let id = self.id()?;
        Ok(f(body::life(&*self.home.engine(), id)))
    }

    /// Whether the cache was begun.
    pub(super) fn is_begun(&self) -> bool {
        !ptr::eq(self.record.get(), &raw const UNBEGUN.0)
    }

    /// The number of the cache among those of its heap; zero before it is begun.
    pub(super) fn number(&self) -> u32 {
        self.record().number.get()
    }

    /// The layout of an object.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        self.layout
    }

    /// An object: one that was given back, as it was given back; or bare memory, constructed. Constant time out of a magazine.
    ///
    /// # Errors
    /// [`Error::Limit`], [`Error::Budget`], [`Error::NoMemory`], [`Error::Refused`] by the constructor; of a deferred cache, what
    /// [`new`](Self::new) refuses.
    #[inline]
    pub fn alloc(&self) -> Result<NonNull<u8>, Error> {
        let (engine, record) = (self.home.engine(), self.record());
        #[cfg(feature = "audit")]
        let is_due = engine.is_object_due(record);
        #[cfg(not(feature = "audit"))]
        let is_due = false;
        let at = if !is_due && record.magazines.rounds.get() > record.reserve.get() {
            take_round(engine.source(), record)
        } else {
            self.alloc_slowly()?
        };
        // SAFETY: an object lies in the memory, and address 0 is nobody's.
        Ok(unsafe { NonNull::new_unchecked(engine.source().at(at)) })
    }

    /// As `alloc`, where the loaded magazine has nothing for a request that leaves the reserve.
    #[cold]
    #[inline(never)]
    fn alloc_slowly(&self) -> Result<Addr, Error> {
        self.with(|layers| layers.alloc_slowly(layers.record().reserve.get()))?
    }

    /// As [`alloc`](Self::alloc), with [`Flags::RESERVE`], [`Flags::NO_GROWTH`], [`Flags::ZEROED`] (of objects without a
    /// constructor), [`Flags::NO_FAIL`]. Others mean nothing here.
    ///
    /// # Errors
    /// As `alloc`; with `NO_GROWTH` [`Error::NoMemory`] where the memory would have to grow.
    pub fn alloc_with(&self, flags: Flags) -> Result<NonNull<u8>, Error> {
        let id = self.id()?;
        let engine = self.home.engine();
        let record = get(engine.source(), id);
        let spare = if flags.has(Flags::RESERVE) { 0 } else { record.reserve.get() };
        #[cfg(feature = "audit")]
        let is_due = engine.is_object_due(record);
        #[cfg(not(feature = "audit"))]
        let is_due = false;
        let slowly = |spare| {
            if flags.has(Flags::NO_GROWTH) {
                body::without_growth::<_, L>(&*engine, id, spare)
            } else {
                self.with(|layers| layers.alloc_slowly(spare))?
            }
        };
        let mut at = if !is_due && record.magazines.rounds.get() > spare {
            Ok(take_round(engine.source(), record))
        } else {
            slowly(spare)
        };
        if flags.has(Flags::NO_FAIL) && at.is_err() {
            engine.reclaim();
            at = slowly(0);
            if at.is_err() {
                engine.give_up(record.size.get(), record.align.get(), flags);
            }
        }
        // SAFETY: an object lies in the memory, and address 0 is nobody's.
        let object = unsafe { NonNull::new_unchecked(engine.source().at(at?)) };
        if flags.has(Flags::ZEROED) && !L::CONSTRUCTS {
            // SAFETY: the object is as long, and nobody else has it.
            unsafe { object.write_bytes(0, record.size.get() as usize) };
        }
        Ok(object)
    }

    /// Gives an object back, constructed as a constructor left it or in whatever state the next owner may find it. Constant time
    /// into a magazine.
    ///
    /// # Safety
    /// - `object` came from this cache, is given back once, and nobody uses it any more.
    #[inline]
    pub unsafe fn free(&self, object: NonNull<u8>) {
        let engine = self.home.engine();
        let at = engine.source().addr(object.as_ptr());
        #[cfg(feature = "audit")]
        if engine.is_watched(at) {
            return self.free_slowly(at);
        }
        if !self.record().magazines.give(engine.source(), at.0) {
            self.free_slowly(at);
        }
    }

    /// As `free`, where the loaded magazine is full or there is none.
    #[cold]
    #[inline(never)]
    fn free_slowly(&self, at: Addr) {
        let _ = self.with(|layers| layers.free_slowly(at));
    }

    /// As many objects as `into` has places: all, or none. Linear in their number.
    ///
    /// # Errors
    /// As [`alloc`](Self::alloc); what was taken before went back.
    pub fn alloc_bulk(&self, into: &mut [Option<NonNull<u8>>]) -> Result<(), Error> {
        for index in 0..into.len() {
            match self.alloc() {
                Ok(object) => into[index] = Some(object),
                Err(error) => {
                    for object in into[..index].iter_mut().filter_map(Option::take) {
                        // SAFETY: just taken, and known to nobody.
                        unsafe { self.free(object) };
                    }
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Gives objects back, and leaves `None` in their places. Linear in their number.
    ///
    /// # Safety
    /// - as for [`free`](Self::free), of each of them.
    pub unsafe fn free_bulk(&self, objects: &mut [Option<NonNull<u8>>]) {
        for object in objects.iter_mut().filter_map(Option::take) {
            // SAFETY: as the caller promises.
            unsafe { self.free(object) };
        }
    }

    /// Gives back what the depot did not need between the last two ticks, and empty slabs.
    ///
    /// # Errors
    /// Of a deferred cache, what [`new`](Self::new) refuses.
    pub fn reap(&self) -> Result<(), Error> {
        self.with(|layers| layers.reap())
    }

    /// Gives everything back that lies free in magazines, and empty slabs (Linux: `kmem_cache_shrink`); whether the cache has no
    /// slab any more. Zones keep theirs.
    ///
    /// # Errors
    /// As [`reap`](Self::reap).
    pub fn shrink(&self) -> Result<bool, Error> {
        self.with(|layers| {
            layers.purge();
            layers.record().slabs.get() == 0
        })
    }

    /// A look at what the cache needed since the last one, as [`Heap::tick`](crate::Heap::tick) does for all of a heap, without
    /// giving anything back.
    ///
    /// # Errors
    /// As [`reap`](Self::reap).
    pub fn update(&self) -> Result<(), Error> {
        self.with(|layers| layers.update())
    }

    /// Changes how many rounds a magazine has: a value of the table, zero for no magazines. What lies in magazines goes back.
    ///
    /// # Errors
    /// [`Error::BadRounds`] of a value that is not in the table, of any for a zone or a cache with a reserve, or where destructors fill
    /// magazines again meanwhile.
    pub fn set_rounds(&self, rounds: u32) -> Result<(), Error> {
        self.with(|layers| {
            let record = layers.record();
            let fixed = record.flags.get() & ZONE != 0 || record.reserve.get() != 0;
            if fixed || (rounds != 0 && !super::magazine_type::exists(rounds)) || !layers.set_rounds(rounds) {
                return Err(Error::BadRounds(rounds));
            }
            record.rounds_max.set(rounds);
            Ok(())
        })?
    }

    /// Changes the limit. Below what there is, nothing more is made until objects went back.
    ///
    /// # Errors
    /// [`Error::BadLimit`] of a zone, or below what is kept; [`Error::BadReserve`] not above the reserve; [`Error::Shared`] where it
    /// would bind others.
    pub fn set_limit(&self, limit: u32) -> Result<(), Error> {
        self.with(|layers| {
            let record = layers.record();
            let (keep, reserve) = (record.keep.get(), record.reserve.get());
            if record.users.get() > 1 {
                return Err(Error::Shared { users: record.users.get() });
            }
            if record.flags.get() & ZONE != 0 || (limit != 0 && limit < keep) {
                return Err(Error::BadLimit { limit, keep });
            }
            if reserve >= limit && reserve != 0 {
                return Err(Error::BadReserve { reserve, limit });
            }
            record.limit.set(limit);
            Ok(())
        })?
    }

    /// Says that an object, whose owner refused to move it, can move now.
    ///
    /// # Safety
    /// - `object` is a live one of this cache.
    pub unsafe fn notify(&self, object: NonNull<u8>) {
        let at = self.home.engine().source().addr(object.as_ptr());
        let _ = self.with(|layers| consolidate::notify(layers, at));
    }

    /// Moves objects together, whatever it is worth, where they can move.
    ///
    /// # Errors
    /// As [`reap`](Self::reap).
    pub fn consolidate(&self) -> Result<(), Error> {
        self.with(|layers| {
            if L::MOVES {
                consolidate::defrag(layers);
            }
        })
    }

    /// What the cache counts; all zero before a deferred one is begun. Constant time.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        CacheStats::of(self.record())
    }

    /// How many share the cache ([`Options::merge`]).
    fn users(&self) -> u32 {
        self.record().users.get()
    }

    /// Ends the cache. Of one that others share only the name goes, whatever is held.
    ///
    /// # Errors
    /// [`Error::Busy`], with the cache as it was, where objects are held.
    pub fn destroy(self) -> Result<(), (Self, Error)> {
        if self.users() > 1 {
            return Ok(());
        }
        match self.stats().live {
            0 => Ok(()),
            objects => Err((self, Error::Busy { objects })),
        }
    }
}

impl<H: Home, L: Life + 'static> Drop for Cache<H, L> {
    fn drop(&mut self) {
        if !self.is_begun() {
            return;
        }
        let Ok(id) = self.id() else { return };
        let engine = self.home.engine();
        if merge::leave(&*engine, id, self.alias.get()) {
            return;
        }
        if self.stats().live == 0 {
            drop(body::end::<_, L>(&*engine, id));
        } else {
            body::abandon::<_, L>(&*engine, id);
        }
    }
}
