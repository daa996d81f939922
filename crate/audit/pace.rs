//! When samples are taken: how far apart they are, and how the fast path knows.
//!
//! A class counts its allocations anyway. While samples are taken its count runs ahead by as much as makes its low word zero when the next
//! sample is due, so the fast path tests a word that it has in its hands, and reads no other.
//!
//! A stack takes ten microseconds, in which a program that does nothing but ask for memory would get a hundred megabytes. So a program may
//! say how many it allows in a second: where more were due, samples become rarer, and each stands for more. Sums stay unbiased.
#![forbid(unsafe_code)]

use super::random;
use crate::cache::Cache;
use crate::heap::Engine;
use crate::record::get;
use crate::size_class::{CLASSES, size_of_class};
use crate::source::Source;

/// Stacks that may follow each other at any pace.
const BURST: u32 = 16;

/// How many times rarer than asked for samples become at most.
const RAREST: u32 = 64;

impl<S: Source> Engine<S> {
    /// Whether the next allocation of a class may have to be sampled.
    #[inline(always)]
    pub(crate) fn is_due(&self, cache: &Cache) -> bool {
        cache.allocations.get() as u32 == 0
    }

    /// Whether anything is sampled.
    pub(crate) fn samples(&self) -> bool {
        self.audit().rate.get() != 0
    }

    /// Allocations of a class, ever.
    pub(crate) fn allocations_of(&self, class: u32) -> u64 {
        let allocations = get(self.source(), self.id().cache(class)).allocations.get();
        allocations.wrapping_sub(self.audit().ahead[class as usize].get())
    }

    /// Takes a sample in so many bytes on the average from now on, zero for none; at most so many in a second, zero for any number.
    pub(super) fn set_sampling(&self, bytes: u32, most: u32) {
        let audit = self.audit();
        audit.asked_rate.set(bytes);
        audit.stacks_most.set(most);
        audit.stacks_left.set(BURST);
        audit.stacks_at.set(super::host::now());
        self.set_rate(bytes);
    }

    fn set_rate(&self, bytes: u32) {
        let audit = self.audit();
        audit.rate.set(bytes);
        if bytes != 0 {
            (0..CLASSES as u32).for_each(|class| self.arm(class));
            audit.large_left.set(self.wait());
        }
        self.begin_era();
    }

    /// Bytes to the next sample.
    pub(super) fn wait(&self) -> u32 {
        let audit = self.audit();
        u32::try_from(random::exponential(&audit.random, audit.rate.get())).unwrap_or(u32::MAX)
    }

    /// Decides when a class takes its next sample.
    pub(super) fn arm(&self, class: u32) {
        let after = self.wait() / size_of_class(class);
        let allocations = self.allocations_of(class);
        let ahead = u64::from(after).wrapping_neg().wrapping_sub(allocations);
        self.audit().ahead[class as usize].set(ahead);
        get(self.source(), self.id().cache(class)).allocations.set(allocations.wrapping_add(ahead));
    }

    /// Whether a request of so many bytes that has no class is to be sampled.
    pub(super) fn is_large_due(&self, used: u32) -> bool {
        let audit = self.audit();
        if !self.samples() {
            return false;
        }
        let left = audit.large_left.get();
        if used < left {
            audit.large_left.set(left - used);
            return false;
        }
        audit.large_left.set(self.wait());
        true
    }

    /// Makes samples rarer where more stacks were taken than the program allows, and less rare where it has some left. Without a clock it
    /// allows any number.
    pub(super) fn ration(&self) {
        let audit = self.audit();
        let (most, now, rate) = (audit.stacks_most.get(), audit.time.get(), audit.rate.get());
        if most == 0 || now == 0 {
            return;
        }
        let elapsed = now.wrapping_sub(audit.stacks_at.get());
        let earned = (u64::from(elapsed) * u64::from(most) / 1000).min(u64::from(u32::MAX)) as u32;
        if earned != 0 {
            audit.stacks_at.set(now);
        }
        let left = audit.stacks_left.get().saturating_add(earned);
        audit.stacks_left.set(left.min(BURST).saturating_sub(1));
        let asked = audit.asked_rate.get();
        if left == 0 && rate < asked.saturating_mul(RAREST) {
            self.set_rate(rate.saturating_mul(2));
        } else if left >= BURST && rate > asked {
            self.set_rate((rate >> (left / BURST).min(31)).max(asked));
        }
    }
}
