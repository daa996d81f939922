//! One allocation made straight through `std::alloc`, with contents that prove it.
//!
//! A new object gets a serial number in its first bytes and one byte of it in its last, and one in
//! each 4 KiB, so that large memory is really touched. Freeing reads them back into the fold. Between
//! that, nothing is written: what remains is the allocator's time and as little of ours as proves the
//! contents.

use crate::random::Fold;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error, realloc};
use std::ptr::NonNull;

/// A live allocation. It is not freed by dropping it: `free` wants the fold.
pub(crate) struct Object {
    at: NonNull<u8>,
    layout: Layout,
}

// SAFETY: an object owns its memory, and nothing about that memory is tied to a thread.
unsafe impl Send for Object {}

impl Object {
    /// An object of `size` bytes, aligned to 8, that carries `serial`.
    pub(crate) fn new(size: usize, serial: u32) -> Object {
        Object::aligned(size, 8, serial)
    }

    /// An object of `size` bytes, not zero, at a multiple of `align`, a power of two.
    pub(crate) fn aligned(size: usize, align: usize, serial: u32) -> Object {
        let layout = Layout::from_size_align(size, align).expect("workloads make legal requests");
        debug_assert!(size > 0);
        // SAFETY: the size is not zero.
        let at = unsafe { alloc(layout) };
        let Some(at) = NonNull::new(at) else { handle_alloc_error(layout) };
        let mut object = Object { at, layout };
        object.mark(0, serial);
        object
    }

    /// How many bytes were asked for.
    pub(crate) fn size(&self) -> usize {
        self.layout.size()
    }

    /// Asks for another size; what fits of the contents stays, and the new part is marked.
    pub(crate) fn resize(&mut self, size: usize, serial: u32) {
        // SAFETY: the memory is ours with this layout, and the new size is not zero.
        let at = unsafe { realloc(self.at.as_ptr(), self.layout, size) };
        let Some(at) = NonNull::new(at) else { handle_alloc_error(self.layout) };
        let kept = self.size().min(size);
        self.layout = Layout::from_size_align(size, self.layout.align()).expect("workloads make legal requests");
        self.at = at;
        self.mark(kept, serial);
    }

    /// Gives the memory back and folds its size and contents.
    #[inline]
    pub(crate) fn free(self, fold: &mut Fold) {
        fold.add((self.size() as u64) << 32 | u64::from(self.word()) ^ u64::from(self.byte(self.size() - 1)) << 24);
        // SAFETY: the memory is ours with this layout, and `self` ends here.
        unsafe { dealloc(self.at.as_ptr(), self.layout) };
    }

    /// Writes the marks from `start` on: a word at the start of the object, a byte in each 4 KiB, the
    /// last byte.
    fn mark(&mut self, start: usize, serial: u32) {
        if start < 4 {
            self.set_word(serial);
        }
        for at in (start.max(1).next_multiple_of(4096)..self.size()).step_by(4096) {
            self.set_byte(at, serial as u8);
        }
        self.set_byte(self.size() - 1, (serial >> 8) as u8);
    }

    /// The first four bytes, or the first one of an object that has fewer.
    fn word(&self) -> u32 {
        if self.size() < 4 {
            return u32::from(self.byte(0));
        }
        // SAFETY: four bytes are there, and `mark` has written them.
        unsafe { self.at.cast::<u32>().read_unaligned() }
    }

    /// Writes what `word` reads.
    fn set_word(&mut self, word: u32) {
        if self.size() < 4 {
            return self.set_byte(0, word as u8);
        }
        // SAFETY: four bytes are there.
        unsafe { self.at.cast::<u32>().write_unaligned(word) }
    }

    /// The byte at `offset`, which must have been written and be inside.
    fn byte(&self, offset: usize) -> u8 {
        debug_assert!(offset < self.size());
        // SAFETY: the offset is inside the object.
        let at = unsafe { self.at.add(offset) };
        // SAFETY: the byte is inside the object and was written.
        unsafe { at.read() }
    }

    /// Writes the byte at `offset`, which must be inside.
    fn set_byte(&mut self, offset: usize, byte: u8) {
        debug_assert!(offset < self.size());
        // SAFETY: the offset is inside the object.
        let at = unsafe { self.at.add(offset) };
        // SAFETY: the byte is inside the object.
        unsafe { at.write(byte) }
    }
}
