//! Vectors that cannot grow in place: whenever one has grown, small objects that live long are made,
//! and they come to lie where the vector would go on. A program that reads a file into a buffer and
//! keeps notes of it does this.
#![forbid(unsafe_code)]

use crate::object::Object;
use crate::random::{Fold, Random};
use crate::shelf::Shelf;
use std::mem;

/// Vectors that grow side by side.
const VECTORS: usize = 300;
/// Elements of 8 bytes that are pushed in all.
const PUSHES: u32 = 6_000_000;
/// Elements at which a vector is dropped and another begun: up to 128 KiB.
const LONGEST: usize = 16 * 1024;
/// Blockers that live at a time; then a random one makes room.
const BLOCKERS: usize = 8_000;
/// Where the lone vector ends, in elements of 8 bytes: 64 MiB.
const ALONE: u64 = 64 * 1024 * 1024 / 8;
/// Blockers after each growth of the lone vector, which grows twenty times only.
const EACH: u32 = 64;

/// Many vectors; random ones grow by a few elements at a time, and a blocker follows each growth.
pub(super) fn many(random: &mut Random) -> u64 {
    let (mut blockers, mut fold) = (Shelf::new(), Fold::new());
    let mut vectors = [const { Vec::<u64>::new() }; VECTORS];
    let mut pushed = 0;
    while pushed < PUSHES {
        let vector = &mut vectors[random.below(VECTORS)];
        for _ in 0..16 {
            let before = vector.capacity();
            vector.push(u64::from(pushed));
            pushed += 1;
            if vector.capacity() != before {
                block(&mut blockers, random, pushed, &mut fold);
            }
        }
        if vector.len() > 64 && random.once_in(60) || vector.len() > LONGEST {
            let done = mem::take(vector);
            fold.add(done.len() as u64);
            fold.add(done[0] ^ done[done.len() - 1]);
        }
    }
    fold.add(vectors.iter().map(|vector| vector.len() as u64).sum());
    blockers.clear(&mut fold);
    fold.end()
}

/// Makes a blocker; one of too many dies.
fn block(blockers: &mut Shelf, random: &mut Random, serial: u32, fold: &mut Fold) {
    if blockers.len() == BLOCKERS
        && let Some(old) = blockers.take(random)
    {
        old.free(fold);
    }
    blockers.push(Object::new(random.within(16, 256), serial));
}

/// One vector, element by element; blockers of up to 2 KiB follow each growth.
pub(super) fn one(random: &mut Random) -> u64 {
    let (mut blockers, mut fold) = (Shelf::new(), Fold::new());
    let mut vector = Vec::new();
    for i in 0..ALONE {
        let before = vector.capacity();
        vector.push(i);
        if vector.capacity() != before {
            for serial in 0..EACH {
                blockers.push(Object::new(random.within(16, 2_048), serial));
            }
        }
    }
    for value in vector.iter().step_by(4096) {
        fold.add(*value);
    }
    blockers.clear(&mut fold);
    fold.end()
}
