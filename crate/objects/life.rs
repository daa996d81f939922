//! What a cache does to its objects: the callbacks of its owner.

use core::fmt;
use core::ptr::NonNull;

/// A constructor refuses to make an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the constructor refused to make an object")
    }
}

impl core::error::Error for Refused {}

/// What the owner of an object answers when it is asked to move it (illumos kmem.c, `kmem_cbrc_t`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It was moved: the new place holds it, the old one is free.
    Yes,
    /// It cannot move, now or later.
    No,
    /// It cannot move now. The third such answer for objects of one slab counts as [`No`](Self::No).
    Later,
    /// It is not needed any more: both places are free.
    DontNeed,
    /// The owner does not know it: it lies free in a magazine, or is just being made or given up.
    DontKnow,
}

/// What a cache does to its objects, and what its owner is asked.
///
/// Every callback may use the cache that calls it and all others. A cache calls them only where nothing of its own is half done; a
/// callback must not unwind.
///
/// ```
/// use core::ptr::NonNull;
/// use flagstone::objects::{Life, Refused};
///
/// /// Objects that begin as zeros.
/// struct Zeroed;
///
/// impl Life for Zeroed {
///     const CONSTRUCTS: bool = true;
///
///     unsafe fn construct(&self, at: NonNull<u8>, size: u32) -> Result<(), Refused> {
///         // SAFETY: `size` bytes there are nobody else's (caller).
///         unsafe { at.write_bytes(0, size as usize) };
///         Ok(())
///     }
/// }
/// ```
pub trait Life {
    /// Whether objects are constructed, and destructed. Where not, neither callback is called.
    const CONSTRUCTS: bool = false;

    /// Whether objects can be moved.
    const MOVES: bool = false;

    /// Makes an object of bare memory. Called when it leaves its slab, never ahead of a request, but for zones.
    ///
    /// # Errors
    /// Where it cannot; the memory counts as bare then, and the request fails.
    ///
    /// # Safety
    /// - `at` is bare memory of `size` bytes, of the cache's alignment, that nobody else uses.
    unsafe fn construct(&self, at: NonNull<u8>, size: u32) -> Result<(), Refused> {
        let _ = (at, size);
        Ok(())
    }

    /// Makes an object bare memory: it goes back to its slab. Must be possible right after it was constructed.
    ///
    /// # Safety
    /// - at `at` is an object that was constructed and that nobody uses.
    unsafe fn destruct(&self, at: NonNull<u8>) {
        let _ = at;
    }

    /// Is asked to give up what can be spared, often by giving objects back to this cache; `wanted` is how many bytes would help.
    fn reclaim(&self, wanted: u32) {
        let _ = wanted;
    }

    /// Is asked to move the object at `from` to `to`, which is constructed; neither may be given back meanwhile.
    ///
    /// # Safety
    /// - both are objects of the cache; nobody uses `to`.
    unsafe fn relocate(&self, from: NonNull<u8>, to: NonNull<u8>) -> Answer {
        let _ = (from, to);
        Answer::No
    }
}

/// Objects that are bare memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bare;

impl Life for Bare {}
