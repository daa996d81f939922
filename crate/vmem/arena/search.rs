//! Which free segment a request takes.
#![forbid(unsafe_code)]

use super::Arena;
use super::fit::{Fit, Wanted};
use super::supply::Records;
use crate::record::{Id, get};
use crate::vmem::segments::{LISTS, Tiling};
use crate::vmem::tag::{FREE, Tag};

/// A free segment, and where in it a request is placed.
pub(super) type Found = (Id<Tag>, u32);

/// The number of the free list of segments that are `units` quanta long, at least one: two lists to a power of two.
pub(crate) const fn order(units: u32) -> u32 {
    let exponent = 31 - units.leading_zeros();
    2 * exponent + if exponent == 0 { 0 } else { units >> (exponent - 1) & 1 }
}

/// The first list in which every segment is at least `units` quanta long; there may be none such.
const fn order_up(units: u32) -> u32 {
    if units == 1 { 0 } else { order(units - 1) + 1 }
}

impl<R: Records> Arena<'_, R> {
    /// A free segment with a place for the request. Finds one iff there is one, whatever the fit.
    pub(super) fn find(&self, wanted: &Wanted, fit: Fit) -> Option<Found> {
        match fit {
            Fit::Instant => self.find_instant(wanted).or_else(|| self.find_best(wanted)),
            Fit::Best => self.find_best(wanted),
            Fit::Next => self.find_next(wanted),
        }
    }

    /// The place for the request in a free segment.
    fn place(&self, id: Id<Tag>, wanted: &Wanted) -> Option<Found> {
        let tag = self.tag(id);
        wanted.place_in(tag.start.get(), tag.len.get()).map(|at| (id, at))
    }

    /// Which free lists from `first` on are not empty.
    fn lists_from(&self, first: u32) -> u64 {
        if first as usize >= LISTS {
            0
        } else {
            get(self.memory(), self.segments().free()).nonempty.get() & u64::MAX << first
        }
    }

    /// The first segment of a list in which every one is long enough.
    fn find_instant(&self, wanted: &Wanted) -> Option<Found> {
        let mut lists = self.lists_from(order_up(wanted.len >> self.record().shift.get()));
        while lists != 0 {
            let link = self.first_free(lists.trailing_zeros())?;
            let found = self.place(Id::<Tag>::of_link(link), wanted);
            if found.is_some() {
                return found;
            }
            lists &= lists - 1;
        }
        None
    }

    /// The shortest segment with a place, and of those the one with the lowest place.
    fn find_best(&self, wanted: &Wanted) -> Option<Found> {
        let mut lists = self.lists_from(self.order(wanted.len));
        while lists != 0 {
            let mut next = self.first_free(lists.trailing_zeros());
            let mut best = None;
            let mut least = (u32::MAX, u32::MAX);
            while let Some(link) = next {
                let id = Id::<Tag>::of_link(link);
                let tag = self.tag(id);
                if let Some((_, at)) = self.place(id, wanted)
                    && (best.is_none() || (tag.len.get(), at) < least)
                {
                    least = (tag.len.get(), at);
                    best = Some((id, at));
                }
                next = tag.link.next.first.get();
            }
            if best.is_some() {
                return best;
            }
            lists &= lists - 1;
        }
        None
    }

    /// The first segment with a place behind the number that was taken last, and then from the first span on.
    fn find_next(&self, wanted: &Wanted) -> Option<Found> {
        let record = self.record();
        let (first, last) = (self.segments().first(), self.segments().last());
        let rotor = record.rotor.get().unwrap_or(first);
        if self.tag(rotor).kind.get() == FREE
            && let Some(behind) = record.rotor_at.get().checked_add(1).filter(|behind| *behind <= wanted.max)
        {
            let found = self.place(rotor, &wanted.not_below(behind));
            if found.is_some() {
                return found;
            }
        }
        let mut id = rotor;
        loop {
            id = if id == last { first } else { self.tag(id).next() };
            if self.tag(id).kind.get() == FREE {
                let found = self.place(id, wanted);
                if found.is_some() {
                    return found;
                }
            }
            if id == rotor {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{order, order_up};

    #[test]
    fn lists_are_by_length_two_to_a_power_of_two() {
        let lists = [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 15, 16, 1 << 31, 3 << 30, u32::MAX].map(order);
        assert_eq!(lists, [0, 2, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 62, 63, 63]);
    }

    #[test]
    fn every_segment_of_the_list_above_is_long_enough() {
        for units in 1..5000 {
            let up = order_up(units);
            let shortest = (1..).find(|&length| order(length) >= up);
            assert!(shortest >= Some(units) && up <= order(units) + 1, "{units}: {up}");
        }
        assert_eq!(order_up(u32::MAX), 64);
    }
}
