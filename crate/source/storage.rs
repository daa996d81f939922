//! A caller's array as the place of an arena's records.

use core::cell::Cell;
use core::marker::PhantomData;

use super::Source;
use crate::units::{Addr, Pages};
use crate::vmem::arena::record::ArenaRecord;
use crate::vmem::arena::supply::RESERVE;
use crate::vmem::tag::TAG_LEN;

/// Room for one record of an arena: 40 bytes.
///
/// ```
/// use flagstone::vmem::Slot;
/// static SLOTS: [Slot; 64] = [Slot::EMPTY; 64];
/// assert_eq!(size_of_val(&SLOTS), 64 * 40);
/// ```
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub struct Slot([u8; TAG_LEN as usize]);

impl Slot {
    /// A slot without a record.
    pub const EMPTY: Self = Self([0; TAG_LEN as usize]);
}

impl core::fmt::Debug for Slot {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Slot")
    }
}

/// Where the first slot is, as an address. Not zero, which is no address of a record.
const ORIGIN: u32 = 8;

/// An array of slots as the place of one arena's records: fixed in size, needing no allocator.
///
/// ```
/// use flagstone::vmem::{Arena, Options, Slot, Storage};
/// let mut slots = [Slot::EMPTY; 64];
/// let arena = Arena::new(Storage::new(&mut slots), Options::new("numbers"))?;
/// arena.add(100, 50)?;
/// assert_eq!(arena.alloc(50)?, 100);
/// # Ok::<(), flagstone::vmem::Error>(())
/// ```
#[derive(Debug)]
pub struct Storage<'s> {
    base: *mut u8,
    len: u32,
    used: Cell<u32>,
    slots: PhantomData<&'s mut [Slot]>,
}

impl<'s> Storage<'s> {
    /// The storage in `slots`, whatever they hold. Of more than 100 million, only the first are used.
    #[must_use]
    pub fn new(slots: &'s mut [Slot]) -> Self {
        let len = slots.len().min(100_000_000) as u32 * TAG_LEN;
        Self { base: slots.as_mut_ptr().cast(), len, used: Cell::new(0), slots: PhantomData }
    }

    /// How many slots an arena needs that has up to so many segments at a time, free ones and one for each span included, and
    /// no quantum caches.
    ///
    /// ```
    /// use flagstone::vmem::{Arena, Options, Slot, Storage};
    /// // 500 held segments, and a free one behind the last; every other one given back makes no more.
    /// let mut slots = [Slot::EMPTY; Storage::slots_for(502)];
    /// let arena = Arena::new(Storage::new(&mut slots), Options::new("numbers"))?;
    /// arena.add(0, 1000)?;
    /// for _ in 0..500 {
    ///     arena.alloc(1)?;
    /// }
    /// # Ok::<(), flagstone::vmem::Error>(())
    /// ```
    #[must_use]
    pub const fn slots_for(segments: usize) -> usize {
        // The record and the reserve, a tag each, and the table of held segments with those before it.
        let bytes = size_of::<ArenaRecord>() + (segments + RESERVE as usize) * TAG_LEN as usize + 16 * segments + 64;
        bytes.div_ceil(TAG_LEN as usize)
    }

    /// `len` zeroed bytes that were never given out; `None` where there are not so many left.
    pub(crate) fn cut(&self, len: u32) -> Option<Addr> {
        let start = self.used.get();
        let len = len.checked_next_multiple_of(8)?;
        if len > self.len - start {
            return None;
        }
        self.used.set(start + len);
        let at = Addr(ORIGIN + start);
        let bytes = self.at(at);
        // SAFETY: the bytes lie in the slots, which are exclusively borrowed, and were given to nobody.
        unsafe { bytes.write_bytes(0, len as usize) };
        Some(at)
    }
}

// SAFETY: never grows; `at` and `addr` shift by the same distance, into slots that are exclusively borrowed.
unsafe impl Source for Storage<'_> {
    fn grow(&self, _pages: Pages) -> Option<Addr> {
        None
    }

    fn end(&self) -> Pages {
        Pages::holding(ORIGIN + self.len)
    }

    fn initial(&self) -> Option<(Addr, Addr)> {
        Some((Addr(ORIGIN), Addr(ORIGIN + self.len)))
    }

    fn at(&self, addr: Addr) -> *mut u8 {
        self.base.wrapping_add((addr.0 - ORIGIN) as usize)
    }

    fn addr(&self, ptr: *mut u8) -> Addr {
        Addr(ORIGIN + (ptr.addr() - self.base.addr()) as u32)
    }
}
