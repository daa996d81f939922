//! A load that goes on for as long as it is told to: what a program does to its heap that runs for days.
//!
//! An object starts among the young. When there are too many of those, one of them leaves: it dies, or once in four it
//! joins the middle-aged, and from there the old. So most objects die young, and one that lives long is likely to live
//! longer. One operation in ten resizes some object; now and then a request comes, which makes some hundred objects and a
//! buffer that grows, and leaves few of them behind. The sizes that are asked for change with time, from small ones to
//! ones of some 10 KiB, and come round again. Live bytes stay below a limit: where an object has no room, others die, the
//! old first, as in a cache.
//!
//! A heap that is fit for this needs no more memory after some rounds, however long it goes on.
#![forbid(unsafe_code)]

use std::alloc::GlobalAlloc;

use flagstone_recorder::trace::Slots;

use crate::objects::{Fault, Object, Objects};
use crate::random::Random;

/// The most live bytes.
pub const LIVE_MAX: u64 = 24 << 20;
/// The most live objects.
pub const OBJECTS: usize = YOUNG + MIDDLE + OLD + REQUEST;

const YOUNG: usize = 1 << 10;
const MIDDLE: usize = 1 << 14;
const OLD: usize = 1 << 17;
/// The most objects of a request, its buffer among them.
const REQUEST: usize = 257;
/// The most bytes of a request: objects of less than 1 KiB, and a buffer of less than 64 KiB that was moved.
const REQUEST_BYTES: u64 = (REQUEST as u64) * 1024 + 2 * 65_536;

/// Sizes in turn: from the first to below the second power of two.
const SIZES: [(u32, u32); 6] = [(3, 7), (3, 16), (4, 11), (10, 14), (3, 9), (12, 16)];

/// Objects of one age, without order.
#[derive(Clone, Debug)]
struct Crowd<const N: usize> {
    members: [u32; N],
    len: usize,
}

impl<const N: usize> Crowd<N> {
    const EMPTY: Self = Self { members: [0; N], len: 0 };

    /// Adds one; when that is one too many, any one leaves.
    fn join(&mut self, object: u32, random: &mut Random) -> Option<u32> {
        let leaves = if self.len == N { self.leave(random) } else { None };
        if let Some(place) = self.members.get_mut(self.len) {
            *place = object;
            self.len += 1;
        }
        leaves
    }

    /// Any one leaves.
    fn leave(&mut self, random: &mut Random) -> Option<u32> {
        let at = random.below(self.len as u32) as usize;
        let object = *self.members.get(at).filter(|_| at < self.len)?;
        self.len -= 1;
        if let Some(&last) = self.members.get(self.len) {
            self.members[at] = last;
        }
        Some(object)
    }

    /// Any one.
    fn any(&self, random: &mut Random) -> Option<u32> {
        let at = random.below(self.len as u32) as usize;
        self.members.get(at).filter(|_| at < self.len).copied()
    }
}

/// The load: who lives, and what comes next.
#[derive(Debug)]
pub struct Soak<A, T> {
    objects: Objects<A, T>,
    numbers: Slots<[u32; OBJECTS]>,
    random: Random,
    young: Crowd<YOUNG>,
    middle: Crowd<MIDDLE>,
    old: Crowd<OLD>,
    /// Allocations, reallocations and frees so far.
    operations: u64,
    /// Operations until the sizes come round again.
    round: u64,
}

impl<A: GlobalAlloc, T: AsMut<[Object]>> Soak<A, T> {
    /// A load on `allocator` that is not begun; `table` has [`OBJECTS`] places.
    pub const fn new(allocator: A, table: T) -> Self {
        Self {
            objects: Objects::new(allocator, table),
            numbers: Slots::new([0; OBJECTS]),
            random: Random(0),
            young: Crowd::EMPTY,
            middle: Crowd::EMPTY,
            old: Crowd::EMPTY,
            operations: 0,
            round: 0,
        }
    }

    /// Begins: sizes come round after `round` operations.
    pub fn begin(&mut self, seed: u64, round: u64) {
        self.random.seed(seed);
        self.round = round.max(SIZES.len() as u64);
    }

    /// Allocations, reallocations and frees so far.
    pub const fn operations(&self) -> u64 {
        self.operations
    }

    /// Bytes that were asked for and not yet freed.
    pub const fn live(&self) -> u64 {
        self.objects.live()
    }

    /// Goes on until there were so many operations.
    ///
    /// # Errors
    /// Where the allocator fails.
    pub fn run(&mut self, until: u64) -> Result<(), Fault> {
        while self.operations < until {
            match self.random.below(1024) {
                0 => self.request()?,
                1..=102 => self.resize()?,
                _ => {
                    let (size, shift) = (self.size(), self.align_log2());
                    self.make_room(size.into())?;
                    let object = self.make(size, shift)?;
                    self.settle(object)?;
                }
            }
        }
        Ok(())
    }

    /// The sizes of this time.
    fn size(&mut self) -> u32 {
        let part = self.operations % self.round * SIZES.len() as u64 / self.round;
        let (low, high) = SIZES[part as usize % SIZES.len()];
        self.random.of_bits(low, high)
    }

    /// Mostly 8 bytes, for text 1, seldom more.
    fn align_log2(&mut self) -> u8 {
        match self.random.below(64) {
            0..16 => 0,
            16..60 => 3,
            60..63 => 4,
            _ => 6,
        }
    }

    /// A new object that is in no crowd.
    fn make(&mut self, size: u32, align_log2: u8) -> Result<u32, Fault> {
        let object = self.numbers.take().ok_or(Fault::Number)?;
        let zeroed = self.random.once_in(8);
        self.objects.alloc(object, size.into(), align_log2, zeroed)?;
        self.operations += 1;
        Ok(object)
    }

    /// The end of an object that is in no crowd.
    fn end(&mut self, object: u32) -> Result<(), Fault> {
        self.numbers.give(object);
        self.operations += 1;
        self.objects.free(object)
    }

    /// Gives an object another size.
    fn change(&mut self, object: u32, size: u32) -> Result<(), Fault> {
        self.operations += 1;
        self.objects.resize(object, size.into())
    }

    /// An object joins the young, and whoever leaves for it goes on or dies.
    fn settle(&mut self, object: u32) -> Result<(), Fault> {
        let random = &mut self.random;
        let mut leaves = self.young.join(object, random);
        if let Some(object) = leaves
            && random.once_in(4)
        {
            leaves = self.middle.join(object, random);
            if let Some(object) = leaves
                && random.once_in(4)
            {
                leaves = self.old.join(object, random);
            }
        }
        leaves.map_or(Ok(()), |object| self.end(object))
    }

    /// Lets objects die until `bytes` more may live.
    fn make_room(&mut self, bytes: u64) -> Result<(), Fault> {
        while self.live() + bytes > LIVE_MAX {
            let random = &mut self.random;
            let leaves = self.old.leave(random).or_else(|| self.middle.leave(random));
            match leaves.or_else(|| self.young.leave(random)) {
                Some(object) => self.end(object)?,
                None => return Ok(()),
            }
        }
        Ok(())
    }

    /// Resizes any object: a half more, as a vector that grows, or to what it needs.
    fn resize(&mut self) -> Result<(), Fault> {
        let random = &mut self.random;
        let any = match random.below(4) {
            0 => self.old.any(random),
            1 => self.middle.any(random),
            _ => self.young.any(random),
        };
        let Some((object, size)) = any.and_then(|object| Some((object, self.objects.size(object)?))) else {
            return Ok(());
        };
        let grown = self.random.below(4) != 0 && size < 40_000;
        let size = if grown { size + size / 2 + 1 } else { 1 + self.random.below(size) };
        self.make_room(size.into())?;
        // It may have had to make room itself.
        if self.objects.size(object).is_some() { self.change(object, size) } else { Ok(()) }
    }

    /// Serves a request: objects of its own and a buffer for the answer; when it is done, one object in 64 stays.
    fn request(&mut self) -> Result<(), Fault> {
        self.make_room(REQUEST_BYTES)?;
        let mut made = [0; REQUEST];
        let count = 32 + self.random.below(REQUEST as u32 - 32) as usize;
        let (mut buffer, most) = (64, self.random.of_bits(9, 16));
        for index in 0..count {
            let (size, shift) = (if index == 0 { buffer } else { self.random.of_bits(3, 10) }, self.align_log2());
            made[index] = self.make(size, shift)?;
            if index % 8 == 7 && buffer * 2 <= most {
                buffer *= 2;
                self.change(made[0], buffer)?;
            }
        }
        let backwards = self.random.once_in(2);
        for step in 0..count {
            let object = made[if backwards { count - 1 - step } else { step }];
            if self.random.once_in(64) { self.settle(object)? } else { self.end(object)? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{LIVE_MAX, OBJECTS, Soak};
    use crate::objects::Object;
    use std::alloc::System;

    #[test]
    fn it_stays_below_its_limit_and_depends_on_nothing_but_the_seed() {
        let run = |seed| {
            let mut soak = Box::new(Soak::new(System, vec![Object::NONE; OBJECTS]));
            soak.begin(seed, 100_000);
            let mut most = 0;
            for step in 1..=40 {
                soak.run(step * 10_000).expect("memory");
                most = most.max(soak.live());
                assert!(soak.live() <= LIVE_MAX);
            }
            assert!(most > LIVE_MAX / 10 * 9, "{most} bytes at most");
            (soak.operations(), soak.live())
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }
}
