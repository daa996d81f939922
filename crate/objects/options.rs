//! What an object cache is like.
#![forbid(unsafe_code)]

use core::fmt;

use super::budget::Payer;
use super::error::Error;
use super::magazine_type;
use super::slabs::SIZE_MAX;
use crate::units::QUANTUM;

/// What a cache is like: `Options { limit: 1000, ..Options::new("nodes") }`.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// What people call it. The inspector shows the first 31 bytes.
    pub name: &'a str,
    /// The most objects, those that lie free in magazines included; zero for any number. Exact.
    pub limit: u32,
    /// Objects for which slabs are made at once and stay, whatever is reaped (Linux: a mempool).
    pub keep: u32,
    /// How many of the limit only requests get that may use the reserve ([`Flags::RESERVE`](super::Flags::RESERVE)).
    pub reserve: u32,
    /// Rounds of a magazine: 1, 3, 7, 15, 31, 47, 63, 95 or 143; zero for what the size and the traffic suggest.
    pub rounds: u32,
    /// Whether free objects wait in magazines. Without, they go back to their slabs at once.
    pub magazines: bool,
    /// Whether all objects, as many as the limit says, are made at once and stay: neither a request nor giving back ever asks for
    /// memory, then (DragonFly: a preallocated zone). For a callback that must not wait, as an audio worklet's.
    pub zone: bool,
    /// Whether this may be one cache with others that say so and whose objects are of the same shape: as long, but for less than 8
    /// bytes, and as aligned; without callbacks, limit, reserve, and what is kept, and with the same budget and magazines. Objects
    /// are counted of all together, so an object may be given back to any of them, and only the last one is refused to be
    /// [destroyed](super::Cache::destroy) while objects are held. See [`set_merging`](super::set_merging).
    pub merge: bool,
    /// The [`Budget`](super::Budget) that pays for its slabs, of the same heap.
    pub budget: Option<&'a dyn Payer>,
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("name", &self.name).field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl<'a> Options<'a> {
    /// The simplest: no limit, nothing kept, with magazines, merged with none.
    #[must_use]
    pub const fn new(name: &'a str) -> Self {
        Self {
            name,
            limit: 0,
            keep: 0,
            reserve: 0,
            rounds: 0,
            magazines: true,
            zone: false,
            merge: false,
            budget: None,
        }
    }

    /// A zone of `objects` objects.
    #[must_use]
    pub const fn zone(name: &'a str, objects: u32) -> Self {
        Self { limit: objects, zone: true, ..Self::new(name) }
    }

    /// Whether a cache of objects of `size` bytes at multiples of `align` can be like this.
    pub(crate) fn check(&self, size: u32, align: u32) -> Result<(), Error> {
        let Self { limit, keep, reserve, .. } = *self;
        if size == 0 || size > SIZE_MAX {
            return Err(Error::BadSize(size));
        }
        if !align.is_power_of_two() || align > QUANTUM {
            return Err(Error::BadAlign(align));
        }
        if self.name.is_empty() {
            return Err(Error::BadName);
        }
        if (limit == 0 && self.zone) || (limit != 0 && keep > limit) || keep > SIZE_MAX || limit > SIZE_MAX {
            return Err(Error::BadLimit { limit, keep });
        }
        if reserve != 0 && reserve >= limit {
            return Err(Error::BadReserve { reserve, limit });
        }
        if self.rounds != 0 && !magazine_type::exists(self.rounds) {
            return Err(Error::BadRounds(self.rounds));
        }
        Ok(())
    }
}
