//! Longer and shorter without moving.
#![forbid(unsafe_code)]

use super::Arena;
use super::error::Error;
use super::supply::Records;
use crate::vmem::segments::Tiling;
use crate::vmem::tag::FREE;

impl<R: Records> Arena<'_, R> {
    /// Makes held numbers `new_len` instead of `len` without moving them, where what is behind is free. Constant time.
    ///
    /// # Errors
    /// As [`free`](Self::free); [`Error::NoRoom`] where what is behind is not free or too short, or where it is an object of a
    /// quantum cache, which has one length.
    ///
    /// ```
    /// use flagstone::vmem::{Arena, Error, Options, Slot, Storage};
    /// let mut slots = [Slot::EMPTY; 64];
    /// let arena = Arena::new(Storage::new(&mut slots), Options::new("numbers"))?;
    /// arena.add(0, 100)?;
    /// assert_eq!(arena.alloc(10)?, 0);
    /// arena.extend(0, 10, 60)?;
    /// assert_eq!(arena.extend(0, 60, 101), Err(Error::NoRoom { start: 0, len: 101 }));
    /// arena.shrink(0, 60, 5)?;
    /// assert_eq!(arena.alloc(95)?, 5);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn extend(&self, start: u32, len: u32, new_len: u32) -> Result<(), Error> {
        self.at_rest()?;
        let (old, new) = (self.rounded(len)?, self.rounded(new_len)?);
        let no_room = Error::NoRoom { start, len: new_len };
        if let Some(slab) = self.slab_of(start) {
            self.check_object(slab, start, old)?;
            return if new >= old && self.check_object(slab, start, new).is_ok() { Ok(()) } else { Err(no_room) };
        }
        let id = self.held_segment(start, old)?;
        let next = self.tag(id).next();
        let behind = if self.tag(next).kind.get() == FREE { self.tag(next).len.get() } else { 0 };
        if new < old || new - old > behind {
            return Err(no_room);
        }
        if new != old {
            self.withdraw(next);
            if new - old == behind {
                self.absorb(id, next);
            } else {
                // The free segment begins later; nothing else changes.
                self.tag(next).start.set(start + new);
                self.tag(next).len.set(behind - (new - old));
                self.tag(id).len.set(new);
                self.file(next);
            }
            let record = self.record();
            record.in_use.set(record.in_use.get() + u64::from(new - old));
        }
        Ok(())
    }

    /// Keeps the first `new_len` of held numbers and gives the rest back. Constant time.
    ///
    /// # Errors
    /// As [`free`](Self::free); [`Error::NoRoom`] where `new_len` is longer, or where it is an object of a quantum cache, which has
    /// one length; [`Error::NoRecords`].
    pub fn shrink(&self, start: u32, len: u32, new_len: u32) -> Result<(), Error> {
        self.at_rest()?;
        let (old, new) = (self.rounded(len)?, self.rounded(new_len)?);
        let longer = Error::NoRoom { start, len: new_len };
        if let Some(slab) = self.slab_of(start) {
            self.check_object(slab, start, old)?;
            return if new > old { Err(longer) } else { self.check_object(slab, start, new).map_err(|_| longer) };
        }
        let id = self.held_segment(start, old)?;
        if new > old {
            return Err(longer);
        }
        if new != old {
            self.reserve()?;
            let rest = self.split(id, new);
            let record = self.record();
            record.in_use.set(record.in_use.get() - u64::from(old - new));
            self.tag(rest).kind.set(FREE);
            self.make_free(rest);
            self.trim();
        }
        Ok(())
    }
}
