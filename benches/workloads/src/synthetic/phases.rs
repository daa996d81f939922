//! Phases of a long-lived program: allocate with one distribution of sizes until much is live, free
//! 90 % at random, and go on with another distribution. Survivors of every phase pin the memory that
//! the next one needs; what cannot be joined or reused shows as pages.
#![forbid(unsafe_code)]

use crate::object::Object;
use crate::random::{Fold, Random};
use crate::shelf::{CAPACITY, Shelf};

/// Phases in a run.
const PHASES: u32 = 20;
/// Live bytes at which a phase stops allocating.
const FULL: usize = 16 * 1024 * 1024;

/// Sizes of each phase in turn.
const SIZES: [(usize, usize); 7] =
    [(64, 192), (600, 2_000), (200, 600), (4_096, 16_384), (64, 320), (1_500, 6_000), (16_384, 65_536)];

/// Runs all phases.
pub(super) fn run(random: &mut Random) -> u64 {
    let (mut shelf, mut fold) = (Shelf::new(), Fold::new());
    let mut live = 0;
    for phase in 0..PHASES {
        let (least, most) = SIZES[phase as usize % SIZES.len()];
        while live < FULL && shelf.len() < CAPACITY {
            let size = random.within(least, most);
            live += size;
            shelf.push(Object::new(size, phase));
        }
        let survivors = shelf.len() / 10;
        while shelf.len() > survivors {
            if let Some(object) = shelf.take(random) {
                live -= object.size();
                object.free(&mut fold);
            }
        }
    }
    shelf.clear(&mut fold);
    fold.end()
}
