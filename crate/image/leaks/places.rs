//! Which object an address points into: all objects of a heap, by ordinal, and a table of frames that makes finding one fast.
//!
//! A *place* is a slab, or a large segment with its one object. Ordinals count the objects of all places in address order, free ones
//! too, so that a bitmap over them is all that a scan keeps of an object that it met.
#![forbid(unsafe_code)]

use alloc::vec;
use alloc::vec::Vec;

use crate::image::survey::{Kind, Segment, Survey};

/// Bits of an offset in a frame: a frame is 8 KiB, two slabs of the longest kind.
const FRAME: u32 = 13;

/// The class of a large segment that is as long as no class; what class it is otherwise, its length says.
const LARGE: u32 = u32::MAX;

/// A slab or a large segment.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// First address.
    start: u32,
    /// Bytes of its objects.
    len: u32,
    /// Bytes of one.
    size: u32,
    /// The ordinal of the first.
    first: u32,
    /// As [`SlabInfo::class`](crate::image::survey::SlabInfo), or [`LARGE`].
    class: u32,
    /// Bit `n` is set iff the program holds object `n`.
    live: u64,
}

/// A live object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Object {
    /// Its number among all objects.
    pub(super) ordinal: u32,
    /// First address.
    pub(super) start: u32,
    /// Bytes.
    pub(super) len: u32,
    /// The class of its slab; none of a large segment.
    pub(super) class: Option<u32>,
}

/// All objects of a heap.
#[derive(Debug)]
pub(super) struct Places {
    /// In address order; they do not overlap.
    places: Vec<Place>,
    /// For each frame from that of the first place on: how many places begin before it. One more than there are frames.
    frames: Vec<u32>,
    /// The number of the first frame.
    base: u32,
    /// Ordinals given out.
    count: u32,
}

impl Places {
    /// The objects of a survey.
    pub(super) fn of(survey: &Survey) -> Self {
        let mut places = Vec::with_capacity(survey.segments.len());
        let mut count = 0_u32;
        for segment in &survey.segments {
            let place = match segment.kind {
                kind if kind.is_large() => Place::large(segment, count),
                Kind::Slab(Some(index)) | Kind::Objects(Some(index)) => {
                    let Some(slab) = survey.slabs.get(index) else { continue };
                    let live = !(slab.free | slab.parked) & (u64::MAX >> (u64::BITS - slab.objects));
                    let len = slab.objects * slab.size;
                    Place { start: slab.start, len, size: slab.size, first: count, class: slab.class, live }
                }
                _ => continue,
            };
            count += place.len / place.size;
            places.push(place);
        }
        let base = places.first().map_or(0, |place| place.start >> FRAME);
        let top = places.last().map_or(0, |place| ((place.start + (place.len - 1)) >> FRAME) + 1);
        let mut frames = vec![0; (top.saturating_sub(base) + 1) as usize];
        for place in &places {
            frames[((place.start >> FRAME) - base + 1) as usize] += 1;
        }
        for frame in 1..frames.len() {
            frames[frame] += frames[frame - 1];
        }
        Self { places, frames, base, count }
    }

    /// How many objects there are, free ones too: one more than the greatest ordinal.
    pub(super) const fn count(&self) -> u32 {
        self.count
    }

    /// How many places there are.
    pub(super) const fn len(&self) -> usize {
        self.places.len()
    }

    /// The live object that has `address`.
    #[inline]
    pub(super) fn find(&self, address: u32) -> Option<Object> {
        let frame = (address >> FRAME).checked_sub(self.base)? as usize;
        let (from, to) = (*self.frames.get(frame)? as usize, *self.frames.get(frame + 1)? as usize);
        let index = from + self.places[from..to].partition_point(|place| place.start <= address);
        let place = self.places.get(index.checked_sub(1)?)?;
        let offset = address - place.start;
        if offset >= place.len {
            return None;
        }
        let object = if place.class == LARGE { 0 } else { offset / place.size };
        (place.live >> object & 1 == 1).then(|| place.object(object))
    }

    /// The live objects of a place.
    pub(super) fn live(&self, place: usize) -> impl Iterator<Item = Object> + use<> {
        let place = self.places[place];
        (0..u64::BITS).filter(move |object| place.live >> object & 1 == 1).map(move |object| place.object(object))
    }
}

impl Place {
    /// A large segment, whose object has the ordinal `first`: from where that begins, since before it there is but a guard.
    fn large(segment: &Segment, first: u32) -> Self {
        let before = segment.object.wrapping_sub(segment.start);
        let before = if before < segment.len { before } else { 0 };
        let len = segment.len - before;
        Self { start: segment.start + before, len, size: len, first, class: LARGE, live: 1 }
    }

    fn object(&self, object: u32) -> Object {
        Object {
            ordinal: self.first + object,
            start: self.start + object * self.size,
            len: self.size,
            class: Some(self.class).filter(|class| *class != LARGE),
        }
    }
}

/// A set of ordinals.
#[derive(Debug)]
pub(super) struct Ordinals(Vec<u64>);

impl Ordinals {
    /// None of those below `count`.
    pub(super) fn none(count: u32) -> Self {
        Self(vec![0; count.div_ceil(u64::BITS) as usize])
    }

    /// Takes one up; whether it was not in the set.
    #[inline]
    pub(super) fn insert(&mut self, ordinal: u32) -> bool {
        let word = &mut self.0[(ordinal / u64::BITS) as usize];
        let bit = 1 << (ordinal % u64::BITS);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    /// Whether one is in the set.
    #[inline]
    pub(super) fn has(&self, ordinal: u32) -> bool {
        self.0[(ordinal / u64::BITS) as usize] >> (ordinal % u64::BITS) & 1 == 1
    }
}
