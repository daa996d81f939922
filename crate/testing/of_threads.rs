//! Measurements of what this thread asks the platform's allocator for.
#![forbid(unsafe_code)]

use alloc::vec::Vec;

use super::Leak;
use super::leaks::sort;
use super::measure::Sums;
use super::measure::sealed::Measured;
use super::stacks::frames;
use super::threads::{self, Object, Outer};

/// The program's memory: here what this thread asks [`Flagstone`](crate::Flagstone) for.
#[derive(Clone, Copy, Debug)]
pub struct Program(());

impl Program {
    pub(super) const fn new() -> Self {
        Self(())
    }
}

impl Measured for Program {
    type Before = Outer;

    fn begin(self) -> Outer {
        threads::begin()
    }

    fn end(self, before: &Outer) {
        threads::end(before);
    }

    fn sums(self) -> Sums {
        threads::sums()
    }

    fn held(self, since: u64) -> (u64, u64) {
        threads::held(since)
    }

    fn rows(self, since: u64) -> Vec<Leak> {
        threads::unmeasured(|| {
            let mut rows: Vec<Leak> = Vec::new();
            threads::each(since, |object| add(&mut rows, object, since));
            sort(&mut rows);
            rows
        })
    }

    fn look_closer(self, since: u64) -> bool {
        threads::look_closer(since);
        true
    }

    fn fail_one(self, nth: u32) {
        threads::fail_one(nth);
    }

    fn failed(self) -> bool {
        threads::failed()
    }

    fn pages(self) -> Option<u32> {
        None
    }
}

/// Adds an object to the row of its kind.
fn add(rows: &mut Vec<Leak>, object: &Object, since: u64) {
    let (size, align, first) = (object.size as u64, object.align as u64, object.number - since);
    let frames = object.stack.as_ref().map(frames).unwrap_or_default();
    let same = |row: &&mut Leak| (row.size, row.align) == (size, align) && row.frames == frames;
    match rows.iter_mut().find(same) {
        Some(row) => {
            row.count += 1;
            row.first = row.first.min(first);
        }
        None => rows.push(Leak { size, align, count: 1, first, frames, ..Leak::default() }),
    }
}
