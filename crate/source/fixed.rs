//! A byte array as linear memory: for applications whose memory must never grow, for native tests, and for Miri.

use core::cell::Cell;
use core::marker::PhantomData;

use super::Source;
use crate::units::{Addr, LIMIT, PAGE_BYTES, Pages};

/// A page of memory, on a multiple of its length: what is aligned as an address is aligned as a pointer then.
///
/// ```
/// use flagstone::source::Page;
/// static MEMORY: [Page; 2] = [Page::ZERO; 2];
/// assert_eq!(size_of_val(&MEMORY), 131_072);
/// ```
#[repr(C, align(65536))]
#[derive(Clone)]
pub struct Page(pub [u8; PAGE_BYTES as usize]);

impl Page {
    /// A page of zeros.
    pub const ZERO: Self = Self([0; PAGE_BYTES as usize]);
}

impl core::fmt::Debug for Page {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Page")
    }
}

/// A source whose pages are an array's, handed out from its start and then refused.
///
/// The array is seen as the part of a linear memory that begins at `origin`, so a heap over it can be placed anywhere in
/// the 4 GiB, whatever the target's pointers are.
///
/// ```
/// use flagstone::source::{Fixed, Page, Source};
/// use flagstone::units::{Addr, Pages};
///
/// let mut memory = vec![Page::ZERO; 3];
/// let source = Fixed::new(&mut memory, Addr(0x1_0000));
/// assert_eq!(source.grow(Pages(2)), Some(Addr(0x1_0000)));
/// assert_eq!(source.grow(Pages(2)), None); // only one page is left, and none is taken
/// assert_eq!(source.grow(Pages(1)), Some(Addr(0x3_0000)));
/// ```
#[derive(Debug)]
pub struct Fixed<'m> {
    base: *mut u8,
    origin: u32,
    granted: Cell<Pages>,
    capacity: Pages,
    memory: PhantomData<&'m mut [Page]>,
}

impl<'m> Fixed<'m> {
    /// A source over `memory`, clearing it.
    ///
    /// Takes time linear in the length of `memory`.
    ///
    /// # Panics
    /// Where `origin` is zero or not on a page, or the array would reach past 4 GiB.
    #[must_use]
    pub fn new(memory: &'m mut [Page], origin: Addr) -> Self {
        let capacity = memory.len() as u64;
        assert!(origin.0 != 0 && origin.0.is_multiple_of(PAGE_BYTES), "a memory begins on a page other than the first");
        assert!(u64::from(origin.0) + (capacity << 16) <= 1 << 32, "a memory ends at or below 4 GiB");
        for page in &mut *memory {
            page.0.fill(0);
        }
        Self {
            base: memory.as_mut_ptr().cast(),
            origin: origin.0,
            granted: Cell::new(Pages(0)),
            capacity: Pages(capacity as u32),
            memory: PhantomData,
        }
    }
}

// SAFETY: pages are handed out once each, in order, from an array that is exclusively borrowed and was cleared, and that
// ends at or below 4 GiB (asserted in `new`); `at` and `addr` shift by the same distance.
unsafe impl Source for Fixed<'_> {
    fn grow(&self, pages: Pages) -> Option<Addr> {
        let granted = self.granted.get();
        if pages.0 > self.capacity.0 - granted.0 {
            return None;
        }
        // An array that is used up to 4 GiB ends at no address.
        let start = self.origin.checked_add(granted.0 << 16)?;
        self.granted.set(Pages(granted.0 + pages.0));
        Some(Addr(start))
    }

    fn end(&self) -> Pages {
        Pages((self.origin >> 16) + self.granted.get().0)
    }

    fn room(&self) -> Pages {
        let below_limit = (LIMIT >> 16).saturating_sub(self.end().0);
        Pages((self.capacity.0 - self.granted.get().0).min(below_limit))
    }

    fn at(&self, addr: Addr) -> *mut u8 {
        self.base.wrapping_offset((addr.0 as isize).wrapping_sub(self.origin as isize))
    }

    fn addr(&self, ptr: *mut u8) -> Addr {
        Addr(self.origin.wrapping_add(ptr.addr().wrapping_sub(self.base.addr()) as u32))
    }
}
