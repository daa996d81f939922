//! Live objects by their numbers, in a table of fixed size outside of the heap.
//!
//! The first and the last byte of an object are marked, and looked at when it is resized or dies: an allocator that gives
//! the same memory twice, or loses what it moves, is noticed. Nothing else is touched, so what is measured is the
//! allocator's time and as little of ours as that.

use core::fmt;
use std::alloc::{GlobalAlloc, Layout};
use std::ptr;

/// An object; none where `at` is null.
#[derive(Clone, Copy, Debug)]
pub struct Object {
    at: *mut u8,
    size: u32,
    align_log2: u8,
    mark: u8,
}

impl Object {
    /// No object.
    pub const NONE: Self = Self { at: ptr::null_mut(), size: 0, align_log2: 0, mark: 0 };
}

// SAFETY: an object owns its memory, and nothing about that memory is tied to a thread.
unsafe impl Send for Object {}

/// Why a request could not be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The allocator has no memory for it, or no memory has that much.
    Refused,
    /// The object's contents are not what was written.
    Lost,
    /// Memory that should be zero is not.
    NotZero,
    /// Memory is not at a multiple of its alignment.
    Misaligned,
    /// There is no such object, or there is one already.
    Number,
}

impl Fault {
    /// A sentence.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Refused => "the allocator has no memory for the request",
            Self::Lost => "an object's contents were lost",
            Self::NotZero => "memory that was to be zero is not",
            Self::Misaligned => "memory is not aligned as it was to be",
            Self::Number => "there is no such object, or no place for it",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for Fault {}

/// Objects of the allocator `A`, in the table `T`.
#[derive(Debug)]
pub struct Objects<A, T> {
    allocator: A,
    table: T,
    /// Objects made so far: what the next one is marked with.
    serial: u8,
    live: u64,
    peak: u64,
}

impl<A: GlobalAlloc, T: AsMut<[Object]>> Objects<A, T> {
    /// No objects; `table` is all [`Object::NONE`] and its length the limit of numbers.
    pub const fn new(allocator: A, table: T) -> Self {
        Self { allocator, table, serial: 0, live: 0, peak: 0 }
    }

    /// The allocator.
    pub const fn allocator(&self) -> &A {
        &self.allocator
    }

    /// Bytes that were asked for and not yet freed.
    pub const fn live(&self) -> u64 {
        self.live
    }

    /// The most that was live at once.
    pub const fn peak(&self) -> u64 {
        self.peak
    }

    /// Makes object `number` of `size` bytes.
    ///
    /// # Errors
    /// Where that is not possible; then nothing changed.
    #[inline]
    pub fn alloc(&mut self, number: u32, size: u64, align_log2: u8, zeroed: bool) -> Result<(), Fault> {
        let layout = layout(size, align_log2).ok_or(Fault::Refused)?;
        let place = self.table.as_mut().get_mut(number as usize).ok_or(Fault::Number)?;
        if !place.at.is_null() {
            return Err(Fault::Number);
        }
        let at = if zeroed {
            // SAFETY: the layout is not empty.
            unsafe { self.allocator.alloc_zeroed(layout) }
        } else {
            // SAFETY: the layout is not empty.
            unsafe { self.allocator.alloc(layout) }
        };
        if at.is_null() {
            return Err(Fault::Refused);
        }
        self.serial = self.serial.wrapping_add(1);
        let object = Object { at, size: size as u32, align_log2, mark: self.serial };
        *place = object;
        self.live += size;
        self.peak = self.peak.max(self.live);
        // A native memory is no more than aligned to a page.
        if at.addr() & (layout.align().min(1 << 16) - 1) != 0 {
            return Err(Fault::Misaligned);
        }
        if zeroed && (object.first() | object.last_byte()) != 0 {
            return Err(Fault::NotZero);
        }
        object.write();
        Ok(())
    }

    /// Gives object `number` another size.
    ///
    /// # Errors
    /// Where that is not possible; then it is as before.
    #[inline]
    pub fn resize(&mut self, number: u32, size: u64) -> Result<(), Fault> {
        let place = self.table.as_mut().get_mut(number as usize).filter(|it| !it.at.is_null()).ok_or(Fault::Number)?;
        let (new, old) = (layout(size, place.align_log2), layout(place.size.into(), place.align_log2));
        let (Some(new), Some(old)) = (new, old) else { return Err(Fault::Refused) };
        // SAFETY: the memory came from this allocator for that layout; the new size is not 0 and has a layout.
        let at = unsafe { self.allocator.realloc(place.at, old, new.size()) };
        if at.is_null() {
            return Err(Fault::Refused);
        }
        let kept = old.size().min(new.size()) as u32;
        let lost = !Object { at, size: kept, ..*place }.keeps(kept == place.size);
        *place = Object { at, size: size as u32, ..*place };
        self.live = self.live - old.size() as u64 + size;
        self.peak = self.peak.max(self.live);
        place.write();
        if lost { Err(Fault::Lost) } else { Ok(()) }
    }

    /// Frees object `number`.
    ///
    /// # Errors
    /// Where there is none, or it lost its contents.
    #[inline]
    pub fn free(&mut self, number: u32) -> Result<(), Fault> {
        let place = self.table.as_mut().get_mut(number as usize).filter(|it| !it.at.is_null()).ok_or(Fault::Number)?;
        let object = core::mem::replace(place, Object::NONE);
        let layout = layout(object.size.into(), object.align_log2).ok_or(Fault::Number)?;
        let kept = object.keeps(true);
        self.live -= layout.size() as u64;
        // SAFETY: the memory came from this allocator for this layout, and no object has it any more.
        unsafe { self.allocator.dealloc(object.at, layout) };
        if kept { Ok(()) } else { Err(Fault::Lost) }
    }

    /// Bytes of object `number`.
    pub fn size(&mut self, number: u32) -> Option<u32> {
        self.table.as_mut().get(number as usize).filter(|it| !it.at.is_null()).map(|it| it.size)
    }
}

/// The layout of a request; none where no 32-bit memory could serve it.
#[inline]
fn layout(size: u64, align_log2: u8) -> Option<Layout> {
    let size = u32::try_from(size).ok().filter(|&size| size != 0)?;
    Layout::from_size_align(size as usize, 1_usize.checked_shl(align_log2.into())?).ok()
}

impl Object {
    /// Marks the first byte, and the last one if that is another.
    #[inline]
    fn write(&self) {
        if self.size > 1 {
            // SAFETY: the byte is the object's last.
            unsafe { self.last().write(!self.mark) };
        }
        // SAFETY: an object has a byte.
        unsafe { self.at.write(self.mark) };
    }

    /// Whether the first byte is as it was marked; where `whole`, the last one too.
    #[inline]
    fn keeps(&self, whole: bool) -> bool {
        self.first() == self.mark && (!whole || self.size == 1 || self.last_byte() == !self.mark)
    }

    /// The first byte.
    #[inline]
    fn first(&self) -> u8 {
        // SAFETY: an object has a byte, and it was written: by `write`, or the allocator cleared it.
        unsafe { self.at.read() }
    }

    /// The last byte, which was written: by `write`, or the allocator cleared it.
    #[inline]
    fn last_byte(&self) -> u8 {
        // SAFETY: the byte is the object's last.
        unsafe { self.last().read() }
    }

    /// Where the last byte is.
    #[inline]
    const fn last(&self) -> *mut u8 {
        self.at.wrapping_add(self.size as usize - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Object, Objects};
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::cell::Cell;
    use std::ptr::null_mut;

    /// What an allocator does wrong.
    #[derive(Clone, Copy, PartialEq)]
    enum Wrong {
        Nothing,
        /// Gives the same memory to all.
        Shares,
        /// Clears nothing.
        Dirty,
        /// Moves without copying.
        Forgets,
        /// Gives memory that is one byte off.
        Crooked,
        /// Has none.
        Empty,
    }

    /// An allocator over one piece of memory.
    struct Bad {
        wrong: Cell<Wrong>,
        memory: *mut u8,
    }

    const MEMORY: Layout = Layout::new::<[u64; 64]>();

    // SAFETY: it is as bad as it is told to be, but all it returns lies in its memory.
    unsafe impl GlobalAlloc for Bad {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            match self.wrong.get() {
                Wrong::Shares => self.memory,
                Wrong::Crooked => self.memory.wrapping_add(1),
                Wrong::Empty => null_mut(),
                // SAFETY: the caller's promises are the same as ours.
                _ => unsafe { System.alloc(layout) },
            }
        }

        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            if self.wrong.get() != Wrong::Dirty {
                // SAFETY: the caller's promises are the same as ours.
                return unsafe { System.alloc_zeroed(layout) };
            }
            // SAFETY: the memory is longer than any object of the tests.
            unsafe { self.memory.write_bytes(0xaa, layout.size()) };
            self.memory
        }

        unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            match self.wrong.get() {
                Wrong::Forgets => {
                    // SAFETY: the memory is longer than any object of the tests.
                    unsafe { self.memory.write_bytes(0, size) };
                    self.memory
                }
                Wrong::Empty => null_mut(),
                // SAFETY: the caller's promises are the same as ours.
                _ => unsafe { System.realloc(at, layout, size) },
            }
        }

        unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
    }

    /// Objects of such an allocator. Its memory stays for the process: the objects point there.
    fn objects(wrong: Wrong) -> Objects<Bad, Vec<Object>> {
        // SAFETY: the layout is not empty.
        let memory = unsafe { System.alloc(MEMORY) };
        Objects::new(Bad { wrong: Cell::new(wrong), memory }, vec![Object::NONE; 4])
    }

    #[test]
    fn a_good_allocator_is_found_good() {
        let mut objects = objects(Wrong::Nothing);
        for (number, size) in [(0, 1), (1, 2), (2, 100)] {
            assert_eq!(objects.alloc(number, size, 3, number == 2), Ok(()));
        }
        assert_eq!([objects.resize(0, 50), objects.resize(2, 1), objects.resize(1, 2)], [Ok(()); 3]);
        assert_eq!((objects.live(), objects.peak(), objects.size(0)), (53, 152, Some(50)));
        assert_eq!([objects.free(0), objects.free(1), objects.free(2)], [Ok(()); 3]);
        assert_eq!((objects.live(), objects.size(0)), (0, None));
    }

    #[test]
    fn numbers_that_are_not_there_are_faults() {
        let mut objects = objects(Wrong::Nothing);
        assert_eq!(objects.alloc(4, 8, 0, false), Err(Fault::Number));
        assert_eq!(objects.alloc(0, 8, 0, false), Ok(()));
        assert_eq!(objects.alloc(0, 8, 0, false), Err(Fault::Number));
        assert_eq!([objects.free(1), objects.resize(1, 8), objects.free(9)], [Err(Fault::Number); 3]);
        assert_eq!(objects.live(), 8);
    }

    #[test]
    fn a_bad_allocator_is_found_out() {
        let mut shared = objects(Wrong::Shares);
        assert_eq!([shared.alloc(0, 8, 3, false), shared.alloc(1, 8, 3, false)], [Ok(()); 2]);
        assert_eq!(shared.free(0), Err(Fault::Lost));
        assert_eq!(objects(Wrong::Dirty).alloc(0, 8, 3, true), Err(Fault::NotZero));
        assert_eq!(objects(Wrong::Crooked).alloc(0, 8, 3, false), Err(Fault::Misaligned));
        assert_eq!(objects(Wrong::Empty).alloc(0, 8, 3, false), Err(Fault::Refused));
        let mut forgetful = objects(Wrong::Forgets);
        assert_eq!([forgetful.alloc(0, 8, 3, false), forgetful.resize(0, 9)], [Ok(()), Err(Fault::Lost)]);
        let mut full = objects(Wrong::Nothing);
        assert_eq!(full.alloc(0, 8, 3, false), Ok(()));
        full.allocator.wrong.set(Wrong::Empty);
        assert_eq!(
            [full.resize(0, 9), full.resize(0, 0), full.free(0)],
            [Err(Fault::Refused), Err(Fault::Refused), Ok(())]
        );
    }
}
