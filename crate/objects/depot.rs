//! The depot of a cache: magazines that are full or empty, and the working set.
//!
//! Two stacks, one of full magazines and one of empty ones. Each remembers the fewest it had since the last look: so many were
//! never needed meanwhile, and may be reaped (Bonwick and Adams 2001, section 3.7; illumos kmem.c). There is no clock: a
//! look is what [`update`](Depot::update) does, whenever the host finds time for it.
#![forbid(unsafe_code)]

use super::record::{MagazineList, magazine_link, magazine_of};
use crate::list::push;
use crate::record::{Id, get};
use crate::source::Source;

/// One of the two stacks, in its memory.
pub(crate) struct Depot<'a, S> {
    pub(crate) memory: &'a S,
    pub(crate) list: Id<MagazineList>,
}

impl<S: Source> Depot<'_, S> {
    fn list(&self) -> &MagazineList {
        get(self.memory, self.list)
    }

    /// Puts a magazine, the address of its first round, on the stack.
    pub(crate) fn give(&self, magazine: u32) {
        push(self.memory, self.list.head(), magazine_link(magazine));
        self.list().total.set(self.list().total.get() + 1);
        self.list().gives.set(self.list().gives.get().wrapping_add(1));
    }

    /// Takes the magazine that was put there last; none where there is none. Counts.
    pub(crate) fn take(&self) -> Option<u32> {
        let magazine = self.remove()?;
        self.list().takes.set(self.list().takes.get().wrapping_add(1));
        Some(magazine)
    }

    /// As `take`, without counting.
    fn remove(&self) -> Option<u32> {
        let list = self.list();
        let link = list.head.first.get()?;
        list.head.first.set(get(self.memory, link).next.first.get());
        list.total.set(list.total.get() - 1);
        list.least.set(list.least.get().min(list.total.get()));
        Some(magazine_of(link))
    }

    /// Looks: what was never needed since the last look is idle now.
    pub(crate) fn update(&self) {
        let list = self.list();
        list.idle.set(list.least.get());
        list.least.set(list.total.get());
    }

    /// Makes everything idle.
    pub(crate) fn release_all(&self) {
        let list = self.list();
        list.idle.set(list.total.get());
        list.least.set(list.total.get());
    }

    /// What came since there were `before` counts as idle: it was given back to be reaped.
    pub(crate) fn credit(&self, before: u32) {
        let list = self.list();
        let came = list.total.get().saturating_sub(before);
        list.idle.set((list.idle.get() + came).min(list.total.get()));
        list.least.set((list.least.get() + came).min(list.total.get()));
    }

    /// Takes a magazine that is idle and was not needed since the look either.
    pub(crate) fn take_idle(&self) -> Option<u32> {
        let list = self.list();
        if list.idle.get().min(list.least.get()) == 0 {
            return None;
        }
        let (idle, least) = (list.idle.get(), list.least.get());
        let magazine = self.remove();
        list.idle.set(idle - 1);
        list.least.set(least - 1);
        magazine
    }
}
