//! What caches a heap has: the listing that slabinfo and `kmem_info` print.
#![forbid(unsafe_code)]

use core::fmt;

use super::home::Home;
use super::record::{AliasRecord, NAME_LEN, ORPHAN, read_name};
use super::stats::CacheStats;
use crate::heap::Engine;
use crate::record::{Id, get};
use crate::source::Source;

/// Calls a closure for each of some names.
type Names<'a> = dyn Fn(&mut dyn FnMut(&str)) + 'a;

/// A cache as [`list`] shows it.
pub struct Listed<'a> {
    name: &'a str,
    stats: CacheStats,
    users: u32,
    orphan: bool,
    aliases: &'a Names<'a>,
}

impl Listed<'_> {
    /// Its name, or the first 31 bytes of it: that of the user who made it.
    #[must_use]
    pub const fn name(&self) -> &str {
        self.name
    }

    /// What it counts.
    #[must_use]
    pub const fn stats(&self) -> &CacheStats {
        &self.stats
    }

    /// How many share it.
    #[must_use]
    pub const fn users(&self) -> u32 {
        self.users
    }

    /// Whether its owner is gone and left objects behind.
    #[must_use]
    pub const fn is_orphan(&self) -> bool {
        self.orphan
    }

    /// Calls a closure for each name of those who joined it, newest first. Quadratic in the number of aliases of the heap.
    pub fn aliases(&self, mut show: impl FnMut(&str)) {
        (self.aliases)(&mut show);
    }
}

impl fmt::Debug for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listed").field("name", &self.name).field("stats", &self.stats).finish_non_exhaustive()
    }
}

/// Calls a closure for each object cache of a heap, newest first. The closure may use caches, make new ones, which are not shown,
/// and end some. Quadratic in the number of caches.
///
/// ```
/// use core::alloc::Layout;
/// use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
/// use flagstone::objects::{Bare, Cache, Error, Options, list};
/// let mut memory = vec![Page::ZERO; 4];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let nodes = Cache::new(&heap, Layout::new::<[u64; 6]>(), Options::new("nodes"), Bare)?;
/// let node = nodes.alloc()?;
/// list(&heap, |cache| assert_eq!((cache.name(), cache.stats().live), ("nodes", 1)));
/// # unsafe { nodes.free(node) };
/// # Ok::<(), Error>(())
/// ```
pub fn list<H: Home>(home: H, mut show: impl FnMut(&Listed<'_>)) {
    let engine = home.engine();
    let mut below = u32::MAX;
    while let Some(cache) = engine.cache_below(below) {
        let record = get(engine.source(), cache);
        below = record.number.get();
        let mut bytes = [0; NAME_LEN];
        let listed = Listed {
            name: read_name(&record.name, &mut bytes),
            stats: CacheStats::of(record),
            users: record.users.get(),
            orphan: record.flags.get() & ORPHAN != 0,
            aliases: &|show| engine.each_alias(cache.addr(), show),
        };
        show(&listed);
    }
}

impl<S: Source> Engine<S> {
    /// Shows the aliases of the cache whose record is at `cache`, newest first; whatever the closure does to them, those that
    /// are left are found by their numbers.
    fn each_alias(&self, cache: u32, show: &mut dyn FnMut(&str)) {
        let mut below = u32::MAX;
        while let Some(alias) = self.alias_below(below) {
            let record = get(self.source(), alias);
            below = record.number.get();
            if record.cache.get() == cache {
                let mut bytes = [0; NAME_LEN];
                show(read_name(&record.name, &mut bytes));
            }
        }
    }

    /// The alias with the highest number below `number`.
    fn alias_below(&self, number: u32) -> Option<Id<AliasRecord>> {
        let mut next = get(self.source(), self.id().aliases()).first.get();
        while let Some(link) = next {
            let alias = Id::<AliasRecord>::of_link(link);
            if get(self.source(), alias).number.get() < number {
                return Some(alias);
            }
            next = get(self.source(), link).next.first.get();
        }
        None
    }
}
