//! [`MovableCache`]: objects that are reached through handles, so that they can be moved together.
//!
//! A slab with a single object left cannot go back to the heap, and a heap of such slabs does not shrink whatever is freed. Pointers
//! are what forbids to move that object; a handle is none. This is the consolidator's client of illumos kmem.c (2009), with a table
//! of handles in place of a recognition protocol: an object begins with the number of its entry, or with none while nobody has it.

use core::alloc::Layout;
use core::fmt;
use core::marker::PhantomData;
use core::mem::offset_of;
use core::ops::{Deref, DerefMut};
use core::ptr::{self, NonNull};

use super::cache::Cache;
use super::error::Error;
use super::handle_table::{EXCLUSIVE, Entry, HandleTable};
use super::home::Home;
use super::life::{Answer, Life, Refused};
use super::options::Options;
use super::stats::CacheStats;

/// What lies in a slab.
#[repr(C)]
struct Object<T> {
    /// The index of its entry, plus one; zero while nobody has it.
    entry: u32,
    value: T,
}

/// Where the value of an object is; its entry is at its beginning.
const fn value_of<T>(object: NonNull<Object<T>>) -> *mut T {
    object.as_ptr().cast::<u8>().wrapping_add(offset_of!(Object<T>, value)).cast()
}

/// The life of objects that move.
#[derive(Debug)]
pub struct Moves<T> {
    table: HandleTable,
    of: PhantomData<fn() -> T>,
}

impl<T> Life for Moves<T> {
    const CONSTRUCTS: bool = true;
    const MOVES: bool = true;

    unsafe fn construct(&self, at: NonNull<u8>, _: u32) -> Result<(), Refused> {
        // SAFETY: bare memory with the layout of an object, which begins with its entry (caller).
        unsafe { at.cast::<u32>().write(0) };
        Ok(())
    }

    unsafe fn relocate(&self, from: NonNull<u8>, to: NonNull<u8>) -> Answer {
        // SAFETY: an object of the cache is constructed, so it begins with its entry (caller).
        let index = unsafe { from.cast::<u32>().read() };
        let Some(entry) = index.checked_sub(1).and_then(|index| self.table.get(index)) else { return Answer::DontKnow };
        if entry.object.get() != from.as_ptr() {
            return Answer::DontKnow;
        }
        if entry.pins.get() != 0 {
            entry.refused.set(true);
            return Answer::Later;
        }
        // SAFETY: both are objects as long; nobody uses `from`, which no one has pinned, nor `to` (caller).
        unsafe { ptr::copy_nonoverlapping(from.cast::<Object<T>>().as_ptr(), to.cast().as_ptr(), 1) };
        entry.object.set(to.as_ptr());
        // SAFETY: as above; what is left there is nobody's.
        unsafe { from.cast::<u32>().write(0) };
        Answer::Yes
    }
}

/// A name of an object of a [`MovableCache`], good until the object is removed. An old one finds nothing.
pub struct Handle<T> {
    index: u32,
    generation: u32,
    cache: u32,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Handle<T> {}

impl<T> PartialEq for Handle<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.index, self.generation, self.cache) == (other.index, other.generation, other.cache)
    }
}

impl<T> Eq for Handle<T> {}

impl<T> core::hash::Hash for Handle<T> {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        (self.index, self.generation, self.cache).hash(state);
    }
}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({}v{})", self.index, self.generation)
    }
}

/// A cache of objects that can be moved, so that what is free in its slabs can be given back.
///
/// An object is in use while it is looked at ([`get`](Self::get)) or changed ([`edit`](Self::edit)); all others move when that empties
/// a slab: a little at each [`tick`](crate::Heap::tick), as far as possible when memory is reclaimed. Dropping the cache drops its
/// objects.
///
/// ```
/// use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
/// use flagstone::objects::{Error, MovableCache, Options};
/// let mut memory = vec![Page::ZERO; 16];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let documents = MovableCache::new(&heap, Options::new("documents"))?;
/// let handles: Vec<_> = (0..6400_u32).map(|n| documents.insert([n; 12]).unwrap()).collect();
/// for (n, handle) in handles.iter().enumerate().filter(|(n, _)| n % 10 != 0) {
///     assert_eq!(documents.remove(*handle)?[0], n as u32);
/// }
/// let before = documents.stats().slabs;
/// documents.consolidate()?;
/// assert!(documents.stats().slabs < before / 8);
/// assert_eq!(documents.get(handles[6390])?[11], 6390);
/// assert_eq!(documents.get(handles[1]).err(), Some(Error::Stale));
/// # Ok::<(), Error>(())
/// ```
pub struct MovableCache<T: 'static, H: Home> {
    cache: Cache<H, Moves<T>>,
}

impl<T: 'static, H: Home> fmt::Debug for MovableCache<T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MovableCache").field("objects", &self.stats().live).finish_non_exhaustive()
    }
}

impl<T: 'static, H: Home> MovableCache<T, H> {
    /// A cache in a heap. A type aligned to more than 128 bytes does not compile.
    ///
    /// # Errors
    /// As [`Cache::new`].
    pub fn new(home: H, options: Options<'_>) -> Result<Self, Error> {
        Cache::new(home, Self::LAYOUT, options, Moves { table: HandleTable::new(), of: PhantomData })
            .map(|cache| Self { cache })
    }

    /// As [`new`](Self::new), begun by the first call that needs it: for statics.
    #[must_use]
    pub const fn deferred(home: H, options: Options<'static>) -> Self {
        let life = Moves { table: HandleTable::new(), of: PhantomData };
        Self { cache: Cache::deferred(home, Self::LAYOUT, options, life) }
    }

    const LAYOUT: Layout = {
        assert!(align_of::<T>() <= 128, "a cache has no objects of this layout");
        Layout::new::<Object<T>>()
    };

    /// Does something with the table.
    fn table<R>(&self, f: impl FnOnce(&HandleTable) -> R) -> Result<R, Error> {
        self.cache.life(|life| f(&life.table))
    }

    /// Puts a value into the cache. Constant time, but for the table, which doubles.
    ///
    /// # Errors
    /// As [`Cache::alloc`], with the value.
    pub fn insert(&self, value: T) -> Result<Handle<T>, (T, Error)> {
        let object = match self.room() {
            Ok(object) => object,
            Err(error) => return Err((value, error)),
        };
        // SAFETY: an object of this cache, just taken; its first word says that nobody has it.
        unsafe { value_of(object).write(value) };
        let taken = self.table(|table| {
            let (index, generation) = table.take(object.cast());
            // SAFETY: as above. From now on the object may move.
            unsafe { object.cast::<u32>().write(index + 1) };
            Handle { index, generation, cache: self.cache.number(), of: PhantomData }
        });
        // A cache that gave an object has been begun, so its table is there.
        taken.map_err(|error| {
            // SAFETY: the value was just written there.
            (unsafe { value_of(object).read() }, error)
        })
    }

    /// A free entry, and an object for it.
    fn room(&self) -> Result<NonNull<Object<T>>, Error> {
        let object = self.cache.alloc()?;
        // After the object: what gives the memory for one may insert values, too.
        let reserved = self.table(|table| table.reserve(&*self.cache.home().engine()));
        if let Ok(Ok(())) = reserved {
            return Ok(object.cast());
        }
        // SAFETY: just taken, and nobody's.
        unsafe { self.cache.free(object) };
        reserved.and_then(|reserved| reserved.map(|()| object.cast()))
    }

    /// Does something with the entry of a handle and its object.
    fn entry<R>(&self, handle: Handle<T>, f: impl FnOnce(&Entry, NonNull<Object<T>>) -> R) -> Result<R, Error> {
        if handle.cache != self.cache.number() {
            return Err(Error::Stale);
        }
        self.table(|table| {
            let entry = table.get(handle.index).filter(|entry| entry.generation.get() == handle.generation);
            let entry = entry.ok_or(Error::Stale)?;
            let object = NonNull::new(entry.object.get().cast()).ok_or(Error::Stale)?;
            Ok(f(entry, object))
        })?
    }

    /// Looks at an object, which stays where it is meanwhile. Constant time.
    ///
    /// # Errors
    /// [`Error::Stale`] where the handle names none, [`Error::Pinned`] where it is being changed.
    pub fn get(&self, handle: Handle<T>) -> Result<Pinned<'_, T, H>, Error> {
        let object = self.entry(handle, |entry, object| {
            let pins = entry.pins.get();
            if pins >= EXCLUSIVE - 1 {
                return Err(Error::Pinned);
            }
            entry.pins.set(pins + 1);
            Ok(object)
        })??;
        Ok(Pinned { cache: self, handle, object })
    }

    /// Changes an object, which stays where it is meanwhile. Constant time.
    ///
    /// # Errors
    /// [`Error::Stale`] where the handle names none, [`Error::Pinned`] where somebody else uses it.
    pub fn edit(&self, handle: Handle<T>) -> Result<Edited<'_, T, H>, Error> {
        let object = self.entry(handle, |entry, object| {
            if entry.pins.get() != 0 {
                return Err(Error::Pinned);
            }
            entry.pins.set(EXCLUSIVE);
            Ok(object)
        })??;
        Ok(Edited { cache: self, handle, object })
    }

    /// Ends a use of an object; where it refused to move because of that, it is tried again.
    fn unpin(&self, handle: Handle<T>, object: NonNull<Object<T>>) {
        let again = self.entry(handle, |entry, _| {
            let pins = entry.pins.get();
            entry.pins.set(if pins == EXCLUSIVE { 0 } else { pins - 1 });
            entry.pins.get() == 0 && entry.refused.replace(false)
        });
        if again == Ok(true) {
            // SAFETY: a live object of this cache: its handle finds it.
            unsafe { self.cache.notify(object.cast()) };
        }
    }

    /// Takes an object out. Constant time.
    ///
    /// # Errors
    /// [`Error::Stale`] where the handle names none, [`Error::Pinned`] where it is in use.
    pub fn remove(&self, handle: Handle<T>) -> Result<T, Error> {
        let object =
            self.entry(handle, |entry, object| if entry.pins.get() == 0 { Ok(object) } else { Err(Error::Pinned) })??;
        Ok(self.take_out(handle.index, object))
    }

    /// Takes the object of an entry out.
    fn take_out(&self, index: u32, object: NonNull<Object<T>>) -> T {
        let _ = self.table(|table| table.give(index));
        // SAFETY: a live object, which nobody uses, and no handle finds any more.
        let value = unsafe { value_of(object).read() };
        // SAFETY: as above; from now on it is nobody's.
        unsafe { object.cast::<u32>().write(0) };
        // SAFETY: it came from this cache, and was its handle's alone.
        unsafe { self.cache.free(object.cast()) };
        value
    }

    /// Moves objects together, whatever it is worth, until no slab can be emptied. Linear in the slabs and in the objects that move.
    ///
    /// # Errors
    /// Of a deferred cache, what [`new`](Self::new) refuses.
    pub fn consolidate(&self) -> Result<(), Error> {
        self.cache.consolidate()
    }

    /// The number of objects.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.stats().live
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the cache counts.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        self.cache.stats()
    }

    /// The cache without its type: what else can be done with a cache.
    #[must_use]
    pub const fn untyped(&self) -> &Cache<H, Moves<T>> {
        &self.cache
    }
}

impl<T: 'static, H: Home> Drop for MovableCache<T, H> {
    fn drop(&mut self) {
        if !self.cache.is_begun() {
            return;
        }
        let capacity = self.table(HandleTable::capacity).unwrap_or(0);
        for index in 0..capacity {
            let object = self.table(|table| table.get(index).and_then(|entry| NonNull::new(entry.object.get())));
            if let Ok(Some(object)) = object {
                drop(self.take_out(index, object.cast()));
            }
        }
        let _ = self.table(|table| table.end(&*self.cache.home().engine()));
    }
}

/// An object that is looked at.
pub struct Pinned<'c, T: 'static, H: Home> {
    cache: &'c MovableCache<T, H>,
    handle: Handle<T>,
    object: NonNull<Object<T>>,
}

impl<T: 'static, H: Home> Deref for Pinned<'_, T, H> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: while it is pinned it neither moves nor is changed or given up.
        unsafe { &self.object.as_ref().value }
    }
}

impl<T: fmt::Debug + 'static, H: Home> fmt::Debug for Pinned<'_, T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: 'static, H: Home> Drop for Pinned<'_, T, H> {
    fn drop(&mut self) {
        self.cache.unpin(self.handle, self.object);
    }
}

/// An object that is changed.
pub struct Edited<'c, T: 'static, H: Home> {
    cache: &'c MovableCache<T, H>,
    handle: Handle<T>,
    object: NonNull<Object<T>>,
}

impl<T: 'static, H: Home> Deref for Edited<'_, T, H> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: nobody else uses it, and it does not move.
        unsafe { &self.object.as_ref().value }
    }
}

impl<T: 'static, H: Home> DerefMut for Edited<'_, T, H> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: nobody else uses it, and it does not move.
        unsafe { &mut self.object.as_mut().value }
    }
}

impl<T: fmt::Debug + 'static, H: Home> fmt::Debug for Edited<'_, T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: 'static, H: Home> Drop for Edited<'_, T, H> {
    fn drop(&mut self) {
        self.cache.unpin(self.handle, self.object);
    }
}
