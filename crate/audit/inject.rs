//! Requests that are made to fail, so that a program's answer to that is tested: by chance, by number, by size, by cache, by tag.
#![forbid(unsafe_code)]

use super::auditor::name_hash;
use super::event::Event;
use super::guard::Wanted;
use super::record::name_at;
use crate::heap::Engine;
use crate::record::get;
use crate::source::Source;

/// Which requests are made to fail (Linux: failslab). Those that `min`, `max`, `cache` and `tag` do not exclude are looked at.
///
/// ```
/// use flagstone::audit::{Auditor, Injection};
/// use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
/// let mut memory = vec![Page::ZERO; 8];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let auditor = Auditor::new(&heap);
/// auditor.inject(Injection { nth: 2, ..Injection::default() });
/// let layout = std::alloc::Layout::new::<u64>();
/// let fails: Vec<bool> = (0..3).map(|_| heap.alloc(layout).is_null()).collect();
/// assert_eq!(fails, [false, true, false]);
/// assert_eq!(auditor.injected(), 1);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Injection<'a> {
    /// One of so many requests fails, by chance; zero for none, 1 for all.
    pub one_in: u32,
    /// The request that fails, counted from 1 on; zero for none.
    pub nth: u32,
    /// Failures, after which none fails any more; zero for any number.
    pub times: u32,
    /// Bytes that are served before the first failure.
    pub space: u32,
    /// The least bytes of a request that may fail.
    pub min: u32,
    /// The most; zero for any number.
    pub max: u32,
    /// The object cache whose requests may fail, by name; `Some("")` for the front end; `None` for all.
    pub cache: Option<&'a str>,
    /// The tag under which requests may fail, by name, whatever it is within; `None` for all.
    pub tag: Option<&'a str>,
    /// Where chance begins: the same seed gives the same failures.
    pub seed: u32,
}

impl<S: Source> Engine<S> {
    /// Whether a request is to fail; then it is on record.
    pub(super) fn injects(&self, wanted: Wanted) -> bool {
        let injection = &self.audit().injection;
        if injection.on.get() == 0 || self.is_trial() {
            return false;
        }
        let (max, cache, tag) = (injection.max.get(), injection.cache.get(), injection.tag.get());
        let eligible = wanted.size >= injection.min.get()
            && (max == 0 || wanted.size <= max)
            && (cache == 0 || cache - 1 == wanted.cache)
            && (tag == 0 || self.is_under(tag));
        if !eligible {
            return false;
        }
        let space = injection.space.get();
        if space != 0 {
            injection.space.set(space.saturating_sub(wanted.size));
            return false;
        }
        injection.looked.set(injection.looked.get().wrapping_add(1));
        let by_number = injection.looked.get() == injection.nth.get();
        let one_in = injection.one_in.get();
        let by_chance = one_in != 0 && self.chance().is_multiple_of(one_in);
        if !by_number && !by_chance {
            return false;
        }
        injection.failed.set(injection.failed.get().wrapping_add(1));
        let times = injection.times.get();
        if times != 0 {
            injection.times.set(times - 1);
            injection.on.set(u32::from(times > 1));
        }
        self.log_failure(Event::Injected, wanted);
        true
    }

    /// The next number of the injection's own generator (xorshift32).
    fn chance(&self) -> u32 {
        let random = &self.audit().injection.random;
        let mut x = random.get();
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        random.set(x);
        // The low bits alone repeat soon.
        x.wrapping_mul(0x9e37_79b1) >> 8
    }

    /// Whether the tag in force, or one that it is within, has a name with this hash.
    fn is_under(&self, hash: u32) -> bool {
        let mut at = self.audit().tag.get();
        while at != 0 {
            let tag = get(self.source(), name_at(at));
            if name_hash(&tag.name) == hash {
                return true;
            }
            at = tag.parent.get();
        }
        false
    }
}
