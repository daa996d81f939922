//! [`ByteArena`]: an arena of a heap's bytes, for collections (feature `allocator-api2`).
//!
//! The calls of an [`Arena`] are safe because nothing behind its numbers is touched: whoever has one may give any of them back. A
//! collection's bytes must stay its own, so here the arena is owned and nobody else reaches it.

use core::alloc::Layout;
use core::ptr::{self, NonNull};

use allocator_api2::alloc::{AllocError, Allocator};

use super::arena::record::MEMORY;
use super::arena::{Arena, Constraints, Error, Options, Records, Usage};
use super::segments::Tiling;
use crate::Heap;
use crate::objects::allocator::{Run, Taker, allocator};
use crate::source::Source;
use crate::units::Addr;

/// An arena whose numbers are bytes of the memory that its records are in, as an allocator: collections in it are a subsystem of
/// their own, which the inspector shows by the arena's name.
///
/// ```
/// use allocator_api2::{boxed::Box, vec::Vec};
/// use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
/// use flagstone::vmem::{ByteArena, Options};
/// let mut memory = vec![Page::ZERO; 4];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let undo = ByteArena::of(&heap, Options { quantum: 64, import_factor: 16, ..Options::new("undo") })?;
/// let mut steps = Vec::new_in(&undo);
/// steps.extend(0..100_u32);
/// let last = Box::new_in(*steps.last().unwrap(), &undo);
/// assert_eq!(undo.usage().in_use, 448 + 64);
/// drop((steps, last));
/// assert_eq!(undo.usage().in_use, 0);
/// # Ok::<(), flagstone::vmem::Error>(())
/// ```
#[derive(Debug)]
pub struct ByteArena<'a, R: Records> {
    arena: Arena<'a, R>,
}

impl<'h, S: Source> ByteArena<'h, &'h Heap<S>> {
    /// An arena in the memory of `heap`, which its spans come from, whatever `options` say of that.
    ///
    /// # Errors
    /// As [`Arena::new`].
    pub fn of(heap: &'h Heap<S>, options: Options<'h>) -> Result<Self, Error> {
        Arena::new(heap, Options { import: Some(heap), memory: true, ..options }).map(|arena| Self { arena })
    }
}

#[cfg(target_family = "wasm")]
impl ByteArena<'static, crate::global::ModuleHeap> {
    /// An arena in this module's heap, which its spans come from, whatever `options` say of that. Only on wasm.
    ///
    /// # Errors
    /// As [`Arena::new`].
    pub fn of_module(options: Options<'static>) -> Result<Self, Error> {
        let heap = crate::global::ModuleHeap;
        let options = Options { import: Some(&crate::global::ModuleHeap), memory: true, ..options };
        Arena::new(heap, options).map(|arena| Self { arena })
    }
}

impl<'a, R: Records> ByteArena<'a, R> {
    /// An arena of which nothing is held, as an allocator; the arena itself where its numbers are no addresses
    /// ([`Options::memory`]).
    ///
    /// # Errors
    /// The arena.
    ///
    /// # Safety
    /// - its numbers, those it has and all that it will import, are addresses of bytes in the memory that its records are in, which
    ///   nobody else uses while the arena lives.
    pub unsafe fn over(arena: Arena<'a, R>) -> Result<Self, Arena<'a, R>> {
        if arena.is_memory() { Ok(Self { arena }) } else { Err(arena) }
    }

    /// What it has, in bytes. Linear in the segments.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.arena.usage()
    }

    /// Bytes of a layout, rounded up to quanta, as far as there are so many.
    fn len(&self, size: usize) -> Option<u32> {
        u32::try_from(size).ok()?.checked_next_multiple_of(self.arena.quantum())
    }
}

impl<R: Records> Arena<'_, R> {
    /// Whether its numbers are addresses of the memory that its records are in.
    pub(super) fn is_memory(&self) -> bool {
        self.record().flags.get() & MEMORY != 0
    }
}

// SAFETY: the numbers are bytes that nobody else uses (`of`, `over`), and an arena gives none out twice; only this reaches the
// arena, whose records stay where they are when it moves.
unsafe impl<R: Records> Taker for ByteArena<'_, R> {
    fn take(&self, layout: Layout, zeroed: bool) -> Option<Run> {
        let len = self.len(layout.size())?;
        let start = if layout.align() <= self.arena.quantum() as usize {
            self.arena.alloc(len).ok()?
        } else {
            let align = u32::try_from(layout.align()).ok()?;
            self.arena.alloc_constrained(len, &Constraints { align, ..Constraints::NONE }).ok()?
        };
        let at = NonNull::new(self.arena.memory().at(Addr(start)))?;
        if zeroed {
            // SAFETY: the bytes were just taken, and are nobody else's.
            unsafe { at.write_bytes(0, len as usize) };
        }
        Some((at, len as usize))
    }

    unsafe fn give(&self, at: NonNull<u8>, layout: Layout) {
        let start = self.arena.memory().addr(at.as_ptr()).0;
        let freed = self.arena.free(start, layout.size() as u32);
        debug_assert_eq!(freed, Ok(()), "bytes are given back as they were taken");
    }

    unsafe fn resize(&self, at: NonNull<u8>, layout: Layout, size: usize) -> Option<Run> {
        let start = self.arena.memory().addr(at.as_ptr()).0;
        let (old, new) = (self.len(layout.size())?, self.len(size)?);
        let stays = if new < old { self.arena.shrink(start, old, new) } else { self.arena.extend(start, old, new) };
        if stays.is_ok() {
            return Some((at, new as usize));
        }
        let (now, len) = self.take(Layout::from_size_align(size, layout.align()).ok()?, false)?;
        // SAFETY: both are held and at least so long, and one of them is new.
        unsafe { ptr::copy_nonoverlapping(at.as_ptr(), now.as_ptr(), layout.size().min(size)) };
        // SAFETY: as the caller promises; the copy was the last use.
        unsafe { self.give(at, layout) };
        Some((now, len))
    }
}

allocator! {
    /// An allocation is whole quanta, whose bytes may all be used; any alignment.
    impl [R: Records] for ByteArena<'_, R>
}
