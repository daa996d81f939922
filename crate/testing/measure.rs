//! What can be measured, and a measurement that ends when it is dropped.
#![forbid(unsafe_code)]

use alloc::vec::Vec;

use super::Leak;

/// What can be measured: the program's memory, or a heap's. Sealed.
pub trait Subject: sealed::Measured {}

impl<M: sealed::Measured> Subject for M {}

/// Sums of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(unreachable_pub, reason = "a sealed trait names it")]
pub struct Sums {
    /// Objects that were handed out since it began and are held.
    pub(super) count: u64,
    /// Their bytes.
    pub(super) bytes: u64,
    /// The most those were.
    pub(super) peak: u64,
    /// Objects that could not be put on record.
    pub(super) missed: u64,
    /// The number of the last allocation.
    pub(super) last: u64,
}

pub(super) mod sealed {
    use super::{Leak, Sums, Vec};

    /// What a [`Subject`](super::Subject) can do.
    pub trait Measured: Copy {
        /// What it was like before a measurement.
        type Before;

        /// Begins a measurement.
        fn begin(self) -> Self::Before;

        /// Ends it.
        fn end(self, before: &Self::Before);

        /// Its sums.
        fn sums(self) -> Sums;

        /// Objects that are held of those that were handed out after allocation `since`, and their bytes.
        fn held(self, since: u64) -> (u64, u64);

        /// The same, by site, the largest sum first.
        fn rows(self, since: u64) -> Vec<Leak>;

        /// Has stacks kept in the run that follows, for what is held of those after `since`; `false` where that is no use.
        fn look_closer(self, since: u64) -> bool;

        /// Makes one request fail, counted from now on, from 1; zero for none.
        fn fail_one(self, nth: u32);

        /// Whether it failed.
        fn failed(self) -> bool;

        /// Pages of the memory, where there are any.
        fn pages(self) -> Option<u32>;
    }
}

/// A measurement that runs.
pub(super) struct Running<M: sealed::Measured> {
    subject: M,
    before: M::Before,
}

impl<M: sealed::Measured> Running<M> {
    pub(super) fn begin(subject: M) -> Self {
        Self { subject, before: subject.begin() }
    }
}

impl<M: sealed::Measured> Drop for Running<M> {
    fn drop(&mut self) {
        self.subject.end(&self.before);
    }
}
