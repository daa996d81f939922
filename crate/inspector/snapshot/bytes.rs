//! The format in which snapshots are saved.
//!
//! ```text
//! "flagsnap", version (4 bytes, little-endian), then numbers: 7 bits a byte, the low ones first, the top bit set but in the last
//! text      its length in bytes, then those (UTF-8)
//! list      its length, then the elements
//!
//! note      name (text), milliseconds since 1970
//! whole     root, bytes of the memory, the 9 figures of the composition in the order of their fields, allocations, failures,
//!           growths, pages grown, problems, operations on record plus one or zero
//! caches    list of: kind, number, name (text), bytes of an object, allocations, bytes of slabs
//!             kinds: 0 size class, 1 segments of a class (number: bytes), 2 object cache (its number), 3 other segments, 4 guarded
//!             objects; the last two caches are 3 and 4
//! arenas    list of: record, number, name (text), class (0 heap, 1 memory, 2 numbers), total, in use, allocations, pieces
//!             pieces: list of: numbers from the end of the one before, length
//! sites     list of: step from the number before, tag, list of frames, live bytes, live objects, bytes, objects (in 256ths)
//! tags      list of: step from the number before, number of the tag around it, name (text)
//! slabs     list of: bytes from the last live object of the slab before, cache, bits of live objects
//! segments  as pieces, then for each 64 of them the bits of those that are guarded
//! marks     list of: step from the object before, bytes asked for, site, low word of the operation
//! samples   list of: step from the mark before, 256ths of an object that it stands for
//! ```
//!
//! What is live by cache is not saved: it is counted again.
#![forbid(unsafe_code)]

use alloc::vec::Vec;

use super::figures::{ArenaClass, CacheKey};
use super::{Held, Slab, Snapshot};
use crate::image::region::Composition;

/// How a snapshot begins.
pub(super) const MAGIC: [u8; 8] = *b"flagsnap";

/// The version of the format.
pub(super) const VERSION: u32 = 1;

/// Bytes that are written.
struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, number: u64) {
        let mut rest = number;
        while rest >= 0x80 {
            self.0.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.0.push(rest as u8);
    }

    fn numbers<const N: usize>(&mut self, numbers: [u64; N]) {
        numbers.into_iter().for_each(|number| self.number(number));
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn pieces(&mut self, pieces: &[Held]) {
        self.number(pieces.len() as u64);
        let mut end = 0;
        for piece in pieces {
            self.numbers([u64::from(piece.start) - end, u64::from(piece.len)]);
            end = u64::from(piece.start) + u64::from(piece.len);
        }
    }
}

/// The figures of a composition in the order of their fields.
const fn composition(of: &Composition) -> [u64; 9] {
    let Composition { static_data, stack, live, magazines, slab_free, slab_overhead, arena_free, metadata, foreign } =
        *of;
    [static_data, stack, live, magazines, slab_free, slab_overhead, arena_free, metadata, foreign]
}

impl Slab {
    /// One past the last address of its last live object, where its objects have `size` bytes.
    pub(super) const fn live_end(&self, size: u32) -> u64 {
        let objects = u64::BITS - self.live.leading_zeros();
        self.start as u64 + objects as u64 * size as u64
    }
}

impl Snapshot {
    /// The snapshot as bytes that [`from_bytes`](Self::from_bytes) reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer(MAGIC.to_vec());
        out.0.extend_from_slice(&VERSION.to_le_bytes());
        out.text(&self.note.name);
        out.number(self.note.time);
        self.write_figures(&mut out);
        self.write_objects(&mut out);
        out.0
    }

    fn write_figures(&self, out: &mut Writer) {
        let whole = &self.whole;
        out.numbers([u64::from(whole.root), whole.memory_len]);
        out.numbers(composition(&whole.composition));
        out.numbers([whole.allocations, whole.failures, whole.growths.into(), whole.grown_pages.into()]);
        out.numbers([whole.problems.into(), whole.operations]);
        out.number(self.caches.len() as u64);
        for cache in &self.caches {
            let (kind, number) = match cache.key {
                CacheKey::Class(size) => (0, size),
                CacheKey::Segments(size) => (1, size),
                CacheKey::Objects(number) => (2, number),
                CacheKey::Other => (3, 0),
                CacheKey::Guarded => (4, 0),
            };
            out.numbers([kind, u64::from(number)]);
            out.text(&cache.name);
            out.numbers([u64::from(cache.size), cache.allocations, cache.slab_bytes]);
        }
        out.number(self.arenas.len() as u64);
        for arena in &self.arenas {
            out.numbers([u64::from(arena.id), u64::from(arena.number)]);
            out.text(&arena.name);
            let class = match arena.class {
                ArenaClass::Heap => 0,
                ArenaClass::Memory => 1,
                ArenaClass::Numbers => 2,
            };
            out.numbers([class, arena.total, arena.in_use, arena.allocations]);
            out.pieces(&arena.held);
        }
        out.number(self.sites.len() as u64);
        let mut last = 0;
        for site in &self.sites {
            out.numbers([u64::from(site.number - last), u64::from(site.tag), site.frames.len() as u64]);
            site.frames.iter().for_each(|frame| out.number(u64::from(*frame)));
            out.numbers([site.live_bytes, site.live_count, site.bytes, site.count]);
            last = site.number;
        }
        out.number(self.tags.len() as u64);
        let mut last = 0;
        for tag in &self.tags {
            out.numbers([u64::from(tag.number - last), u64::from(tag.parent)]);
            out.text(&tag.name);
            last = tag.number;
        }
    }

    fn write_objects(&self, out: &mut Writer) {
        out.number(self.slabs.len() as u64);
        let mut end = 0;
        for slab in &self.slabs {
            out.numbers([u64::from(slab.start) - end, u64::from(slab.cache), slab.live]);
            end = slab.live_end(self.caches[slab.cache as usize].size);
        }
        out.pieces(&self.segments);
        self.guarded.iter().for_each(|bits| out.number(*bits));
        out.number(self.marks.len() as u64);
        let mut last = 0;
        for mark in &self.marks {
            out.numbers([mark.object - last, mark.size, mark.site, mark.operation].map(u64::from));
            last = mark.object;
        }
        out.number(self.samples.len() as u64);
        let mut last = 0;
        for (mark, count) in &self.samples {
            out.numbers([mark - last, *count].map(u64::from));
            last = *mark;
        }
    }
}
