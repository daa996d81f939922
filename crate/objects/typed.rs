//! [`ObjectCache`]: objects of a Rust type that stay constructed while they are free, and [`CacheBox`], which holds one.

use core::alloc::Layout;
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use super::cache::Cache;
use super::error::Error;
use super::flags::Flags;
use super::home::Home;
use super::life::{Life, Refused};
use super::options::Options;
use super::stats::CacheStats;

/// How the objects of an [`ObjectCache`] are made, and what their owner can spare. A function or closure that returns an object is
/// one that never refuses and has nothing to spare.
///
/// ```
/// use std::rc::Rc;
/// use std::cell::RefCell;
/// use flagstone::objects::{Construct, Refused};
///
/// struct Tile([u8; 4096]);
///
/// /// Keeps tiles that may be drawn again.
/// struct Tiles(Rc<RefCell<Vec<u32>>>);
///
/// impl Construct<Tile> for Tiles {
///     fn construct(&self) -> Result<Tile, Refused> {
///         Ok(Tile([0; 4096]))
///     }
///
///     fn reclaim(&self, _wanted: u32) {
///         self.0.borrow_mut().clear();
///     }
/// }
/// ```
pub trait Construct<T>: 'static {
    /// Makes an object. Called when one leaves its slab, never ahead of a request, but for zones.
    ///
    /// # Errors
    /// Where it cannot: the request fails.
    fn construct(&self) -> Result<T, Refused>;

    /// Is asked to give up what can be spared, `wanted` bytes if it can; often by dropping objects of this cache.
    fn reclaim(&self, wanted: u32) {
        let _ = wanted;
    }
}

impl<T, F: Fn() -> T + 'static> Construct<T> for F {
    fn construct(&self) -> Result<T, Refused> {
        Ok(self())
    }
}

/// The life of typed objects.
#[derive(Debug)]
pub struct Typed<T, C> {
    with: C,
    of: PhantomData<fn() -> T>,
}

impl<T, C: Construct<T>> Life for Typed<T, C> {
    const CONSTRUCTS: bool = true;

    unsafe fn construct(&self, at: NonNull<u8>, _: u32) -> Result<(), Refused> {
        let object = self.with.construct()?;
        // SAFETY: bare memory with the layout of a `T` that nobody else uses (caller).
        unsafe { at.cast::<T>().write(object) };
        Ok(())
    }

    unsafe fn destruct(&self, at: NonNull<u8>) {
        // SAFETY: a `T` is there that nobody uses (caller).
        unsafe { at.cast::<T>().drop_in_place() };
    }

    fn reclaim(&self, wanted: u32) {
        self.with.reclaim(wanted);
    }
}

/// A cache of objects of type `T`, constructed by `C`.
///
/// What costs time to make, a buffer, a table, a parser with its stacks, is made once and used many times: an object that is
/// dropped goes into the cache as it is, and the next [`alloc`](Self::alloc) gets it so. The next owner resets what it must; only
/// when memory is wanted for something else the object itself is dropped. (Bonwick 1994, section 2.)
///
/// ```
/// use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
/// use flagstone::objects::{Error, ObjectCache, Options};
/// let mut memory = vec![Page::ZERO; 4];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
///
/// let lines = ObjectCache::new(&heap, Options::new("lines"), || Vec::<u8>::with_capacity(4096))?;
/// let mut line = lines.alloc()?;
/// line.extend_from_slice(b"some words");
/// drop(line);
/// let line = lines.alloc()?;
/// assert_eq!(*line, b"some words"); // as it was given back, with its 4 KiB
/// assert_eq!(lines.stats().constructs, 1);
/// # Ok::<(), Error>(())
/// ```
///
/// On wasm a cache may be a static, with no step to register it:
/// `static NODES: ObjectCache<Node, ModuleHeap> = ObjectCache::deferred(ModuleHeap, Options::new("nodes"), Node::new);`
#[derive(Debug)]
pub struct ObjectCache<T: 'static, H: Home, C: Construct<T> = fn() -> T> {
    cache: Cache<H, Typed<T, C>>,
}

impl<T: 'static, H: Home, C: Construct<T>> ObjectCache<T, H, C> {
    /// A cache in a heap, whose objects `construct` makes.
    ///
    /// A type of no size, or aligned to more than 128 bytes, does not compile.
    ///
    /// # Errors
    /// As [`Cache::new`].
    pub fn new(home: H, options: Options<'_>, construct: C) -> Result<Self, Error> {
        const { Self::FITS }
        Cache::new(home, Layout::new::<T>(), options, Typed { with: construct, of: PhantomData })
            .map(|cache| Self { cache })
    }

    /// As [`new`](Self::new), begun by the first call that needs it: for statics.
    #[must_use]
    pub const fn deferred(home: H, options: Options<'static>, construct: C) -> Self {
        const { Self::FITS }
        let life = Typed { with: construct, of: PhantomData };
        Self { cache: Cache::deferred(home, Layout::new::<T>(), options, life) }
    }

    const FITS: () = assert!(size_of::<T>() != 0 && align_of::<T>() <= 128, "a cache has no objects of this layout");

    /// An object: one that was dropped, as it was then, or a new one. Constant time out of a magazine.
    ///
    /// # Errors
    /// As [`Cache::alloc`].
    #[inline]
    pub fn alloc(&self) -> Result<CacheBox<'_, T, H, C>, Error> {
        self.cache.alloc().map(|object| CacheBox { object: object.cast(), cache: self })
    }

    /// As [`alloc`](Self::alloc), with flags: see [`Cache::alloc_with`].
    ///
    /// # Errors
    /// As there.
    pub fn alloc_with(&self, flags: Flags) -> Result<CacheBox<'_, T, H, C>, Error> {
        self.cache.alloc_with(flags).map(|object| CacheBox { object: object.cast(), cache: self })
    }

    /// What the cache counts.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        self.cache.stats()
    }

    /// The cache without its type: what else can be done with a cache.
    #[must_use]
    pub const fn untyped(&self) -> &Cache<H, Typed<T, C>> {
        &self.cache
    }

    /// Ends the cache. Boxes borrow it, so only leaked ones can still be there.
    ///
    /// # Errors
    /// [`Error::Busy`], with the cache as it was, where objects were leaked.
    pub fn destroy(self) -> Result<(), (Self, Error)> {
        self.cache.destroy().map_err(|(cache, error)| (Self { cache }, error))
    }
}

/// An object of an [`ObjectCache`], which goes back there when the box is dropped, as it is.
pub struct CacheBox<'c, T: 'static, H: Home, C: Construct<T> = fn() -> T> {
    object: NonNull<T>,
    cache: &'c ObjectCache<T, H, C>,
}

impl<'c, T: 'static, H: Home, C: Construct<T>> CacheBox<'c, T, H, C> {
    /// Never gives the object back: the cache counts it as held for ever, and cannot end.
    #[must_use]
    pub fn leak(this: Self) -> &'c mut T {
        let mut this = ManuallyDrop::new(this);
        // SAFETY: the object stays, because it is never given back; nobody else has it.
        unsafe { this.object.as_mut() }
    }
}

impl<T: 'static, H: Home, C: Construct<T>> Deref for CacheBox<'_, T, H, C> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: O3: the object is constructed and this box's alone.
        unsafe { self.object.as_ref() }
    }
}

impl<T: 'static, H: Home, C: Construct<T>> DerefMut for CacheBox<'_, T, H, C> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: O3: the object is constructed and this box's alone.
        unsafe { self.object.as_mut() }
    }
}

impl<T: fmt::Debug + 'static, H: Home, C: Construct<T>> fmt::Debug for CacheBox<'_, T, H, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: 'static, H: Home, C: Construct<T>> Drop for CacheBox<'_, T, H, C> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: it came from this cache, and the box is its last user.
        unsafe { self.cache.cache.free(self.object.cast()) };
    }
}
