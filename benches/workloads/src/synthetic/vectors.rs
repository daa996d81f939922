//! Vectors that grow by doubling: many side by side, none of which can grow in place for long, and one
//! that grows alone to 64 MiB, where growing in place is all that matters.
#![forbid(unsafe_code)]

use crate::random::{Fold, Random};
use std::mem;

/// Vectors that grow side by side.
const VECTORS: usize = 400;
/// Rounds after which each of them has been replaced many times.
const PUSHES: u32 = 12_000_000;
/// Elements at which a vector is dropped and another begun: up to 64 KiB.
const LONGEST: usize = 8 * 1024;
/// Where the lone vector ends, in elements of 8 bytes.
const ALONE: u64 = 64 * 1024 * 1024 / 8;

/// Many vectors; random ones grow by a few elements at a time.
pub(super) fn many(random: &mut Random) -> u64 {
    let mut fold = Fold::new();
    let mut vectors = [const { Vec::<u64>::new() }; VECTORS];
    let mut pushed = 0;
    while pushed < PUSHES {
        let vector = &mut vectors[random.below(VECTORS)];
        for _ in 0..16 {
            vector.push(u64::from(pushed));
            pushed += 1;
        }
        if vector.len() > 64 && random.once_in(40) || vector.len() > LONGEST {
            let done = mem::take(vector);
            fold.add(done.len() as u64);
            fold.add(done[0] ^ done[done.len() - 1]);
        }
    }
    fold.add(vectors.iter().map(|vector| vector.len() as u64).sum());
    fold.end()
}

/// One vector, element by element.
pub(super) fn one(_: &mut Random) -> u64 {
    let mut vector = Vec::new();
    for i in 0..ALONE {
        vector.push(i);
    }
    let mut fold = Fold::new();
    for value in vector.iter().step_by(4096) {
        fold.add(*value);
    }
    fold.end()
}
