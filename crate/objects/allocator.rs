//! Collections that live in a cache or are paid for by a budget: `allocator_api2::alloc::Allocator` for both (feature
//! `allocator-api2`).
//!
//! An allocator's owner may drop it only after what it allocated, so whatever a `Vec` or `Box` holds here is valid until then; if it
//! is forgotten instead, the cache or budget stays in its heap as an orphan, and so does the memory.

use core::alloc::Layout;
use core::ptr::{self, NonNull};

use allocator_api2::alloc::{AllocError, Allocator};

use super::accounted::Accounted;
use super::budget::Budget;
use super::cache::Cache;
use super::home::Home;
use super::life::Life;

/// Memory, and how many bytes of it may be used.
pub(crate) type Run = (NonNull<u8>, usize);

/// What an allocator needs, without its empty layouts and the changes of alignment.
///
/// # Safety
/// - what `take` and `resize` return is memory of the layout that nobody else uses until it is given back, wherever the taker
///   moves to.
pub(crate) unsafe trait Taker {
    /// Memory for a layout that is not empty; all usable bytes zero where that is wanted.
    fn take(&self, layout: Layout, zeroed: bool) -> Option<Run>;

    /// Takes memory back.
    ///
    /// # Safety
    /// - it came from here for a layout that `layout` fits, and is given back once.
    unsafe fn give(&self, at: NonNull<u8>, layout: Layout);

    /// Changes the size, which is not zero; where that is not possible, it is as it was.
    ///
    /// # Safety
    /// - as for `give`.
    unsafe fn resize(&self, at: NonNull<u8>, layout: Layout, size: usize) -> Option<Run>;
}

/// Memory for any layout.
pub(crate) fn allocate<T: Taker>(taker: &T, layout: Layout, zeroed: bool) -> Result<NonNull<[u8]>, AllocError> {
    if layout.size() == 0 {
        return Ok(slice((dangling(layout), 0)));
    }
    taker.take(layout, zeroed).map(slice).ok_or(AllocError)
}

/// Takes back what is no empty layout's.
///
/// # Safety
/// - as for [`Allocator::deallocate`].
pub(crate) unsafe fn deallocate<T: Taker>(taker: &T, at: NonNull<u8>, layout: Layout) {
    if layout.size() != 0 {
        // SAFETY: as the caller promises.
        unsafe { taker.give(at, layout) };
    }
}

/// Makes an allocation of layout `old` one of layout `new`; where `zeroed`, the bytes behind the old ones are zero.
///
/// # Safety
/// - as for [`Allocator::grow`] or [`Allocator::shrink`].
pub(crate) unsafe fn change<T: Taker>(
    taker: &T,
    at: NonNull<u8>,
    (old, new): (Layout, Layout),
    zeroed: bool,
) -> Result<NonNull<[u8]>, AllocError> {
    let kept = old.size().min(new.size());
    let same_kind = old.size() != 0 && new.size() != 0 && old.align() == new.align();
    let (now, len) = if same_kind {
        // SAFETY: as the caller promises.
        unsafe { taker.resize(at, old, new.size()) }.ok_or(AllocError)?
    } else {
        let now = allocate(taker, new, false)?;
        let to = now.cast::<u8>();
        // SAFETY: both are live and at least so long, and one of them is new.
        unsafe { ptr::copy_nonoverlapping(at.as_ptr(), to.as_ptr(), kept) };
        // SAFETY: as the caller promises; the copy was the last use.
        unsafe { deallocate(taker, at, old) };
        (to, now.len())
    };
    if zeroed {
        // SAFETY: the allocation is `len` long.
        let tail = unsafe { now.add(kept) };
        // SAFETY: as above.
        unsafe { tail.write_bytes(0, len - kept) };
    }
    Ok(slice((now, len)))
}

fn slice((at, len): Run) -> NonNull<[u8]> {
    NonNull::slice_from_raw_parts(at, len)
}

/// A pointer of the right alignment to no bytes.
fn dangling(layout: Layout) -> NonNull<u8> {
    NonNull::new(ptr::without_provenance_mut(layout.align())).unwrap_or(NonNull::dangling())
}

/// Implements `Allocator` by a [`Taker`].
macro_rules! allocator {
    ($(#[$doc:meta])* impl [$($generics:tt)*] for $type:ty) => {
        $(#[$doc])*
        // SAFETY: what a taker returns is the layout's alone until it is given back, wherever the taker moves to.
        unsafe impl<$($generics)*> Allocator for $type {
            fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
                $crate::objects::allocator::allocate(self, layout, false)
            }

            fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
                $crate::objects::allocator::allocate(self, layout, true)
            }

            unsafe fn deallocate(&self, at: NonNull<u8>, layout: Layout) {
                // SAFETY: as the caller promises.
                unsafe { $crate::objects::allocator::deallocate(self, at, layout) };
            }

            unsafe fn grow(&self, at: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
                // SAFETY: as the caller promises.
                unsafe { $crate::objects::allocator::change(self, at, (old, new), false) }
            }

            unsafe fn grow_zeroed(&self, at: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
                // SAFETY: as the caller promises.
                unsafe { $crate::objects::allocator::change(self, at, (old, new), true) }
            }

            unsafe fn shrink(&self, at: NonNull<u8>, old: Layout, new: Layout) -> Result<NonNull<[u8]>, AllocError> {
                // SAFETY: as the caller promises.
                unsafe { $crate::objects::allocator::change(self, at, (old, new), false) }
            }
        }
    };
}

pub(crate) use allocator;

// SAFETY: memory of the heap, which nobody else has; all of a budget is in its heap.
unsafe impl<H: Home> Taker for Accounted<'_, H> {
    fn take(&self, layout: Layout, zeroed: bool) -> Option<Run> {
        let at = if zeroed { self.alloc_zeroed(layout) } else { self.alloc(layout) };
        at.ok().map(|at| (at, self.usable_size(layout)))
    }

    unsafe fn give(&self, at: NonNull<u8>, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { self.free(at, layout) };
    }

    unsafe fn resize(&self, at: NonNull<u8>, layout: Layout, size: usize) -> Option<Run> {
        // SAFETY: as the caller promises.
        let now = unsafe { self.realloc(at, layout, size) }.ok()?;
        let layout = Layout::from_size_align(size, layout.align()).ok()?;
        Some((now, self.usable_size(layout)))
    }
}

// SAFETY: as of the memory it accounts.
unsafe impl<H: Home, F: Fn(u32) + 'static> Taker for Budget<H, F> {
    fn take(&self, layout: Layout, zeroed: bool) -> Option<Run> {
        self.accounted().take(layout, zeroed)
    }

    unsafe fn give(&self, at: NonNull<u8>, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { self.accounted().give(at, layout) };
    }

    unsafe fn resize(&self, at: NonNull<u8>, layout: Layout, size: usize) -> Option<Run> {
        // SAFETY: as the caller promises.
        unsafe { self.accounted().resize(at, layout, size) }
    }
}

// SAFETY: an object is its holder's alone until it is given back; all of a cache is in its heap; objects that could be moved, or
// that a constructor made, are no allocator's (asserted).
unsafe impl<H: Home, L: Life + 'static> Taker for Cache<H, L> {
    fn take(&self, layout: Layout, zeroed: bool) -> Option<Run> {
        const { assert!(!L::CONSTRUCTS && !L::MOVES, "a collection's memory is bare and stays where it is") };
        let object = self.layout();
        if layout.size() > object.size() || layout.align() > object.align() {
            return None;
        }
        let at = self.alloc().ok()?;
        if zeroed {
            // SAFETY: the object is as long, and nobody else has it.
            unsafe { at.write_bytes(0, object.size()) };
        }
        Some((at, object.size()))
    }

    unsafe fn give(&self, at: NonNull<u8>, _: Layout) {
        // SAFETY: as the caller promises.
        unsafe { self.free(at) };
    }

    unsafe fn resize(&self, at: NonNull<u8>, _: Layout, size: usize) -> Option<Run> {
        let len = self.layout().size();
        (size <= len).then_some((at, len))
    }
}

allocator! {
    /// Every allocation is charged its usable bytes, and one object.
    ///
    /// ```
    /// use allocator_api2::vec::Vec;
    /// use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
    /// use flagstone::objects::{Budget, Error};
    /// let mut memory = vec![Page::ZERO; 4];
    /// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    /// let budget = Budget::new(&heap, "texts", 4096, |_| ())?;
    /// let mut text = Vec::new_in(&budget);
    /// text.extend_from_slice(&[7_u8; 1000]);
    /// assert_eq!(budget.usage().used, 1024);
    /// assert!(text.try_reserve(5000).is_err());
    /// drop(text);
    /// assert_eq!(budget.usage().used, 0);
    /// # Ok::<(), Error>(())
    /// ```
    impl [H: Home, F: Fn(u32) + 'static] for Budget<H, F>
}

allocator! {
    /// As for the [`Budget`] that pays.
    impl [H: Home] for Accounted<'_, H>
}

allocator! {
    /// Whatever fits an object, which is handed out whole; only for caches of bare memory that stays where it is.
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use allocator_api2::{boxed::Box, vec::Vec};
    /// use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
    /// use flagstone::objects::{Bare, Cache, Error, Options};
    /// let mut memory = vec![Page::ZERO; 4];
    /// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    /// let lines = Cache::new(&heap, Layout::new::<[u64; 32]>(), Options::new("lines"), Bare)?;
    /// let mut line = Vec::with_capacity_in(10, &lines);
    /// line.extend(0..32_u64);
    /// let number = Box::new_in(5_u32, &lines);
    /// assert_eq!((line.capacity(), *number, lines.stats().live), (32, 5, 2));
    /// assert!(line.try_reserve(1).is_err());
    /// drop((line, number));
    /// assert_eq!(lines.stats().live, 0);
    /// # Ok::<(), Error>(())
    /// ```
    impl [H: Home, L: Life + 'static] for Cache<H, L>
}
