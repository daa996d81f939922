//! The heap map: the memory in cells of one size, each with its main owner and how much of it the application holds.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::rows::segment_class;
use crate::image::region::{OWNERS, Owner, Region, regions};
use crate::image::survey::{SlabInfo, Survey};
use crate::units::QUANTUM;

/// A map of a memory. Cell `i` covers `[i * granule, (i + 1) * granule)`; the last may be cut short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeapMap {
    /// Bytes of a cell.
    pub granule: u32,
    /// The owner of most of the cell's bytes, as an [`Owner`]'s number.
    pub owner: Vec<u8>,
    /// Class plus one where the owner is a slab, or a segment that is as long as a class, else 0. Object caches come behind the size
    /// classes, the last ones that a byte cannot tell apart as 255.
    pub cache: Vec<u8>,
    /// The share of the cell that the application holds, of 255; static data and the stack count as held.
    pub live: Vec<u8>,
}

/// The largest granule, in bytes.
const GRANULE_MAX: u32 = 1 << 30;

impl HeapMap {
    /// The map of a survey with cells of `granule` bytes. Takes time linear in segments, objects and cells.
    ///
    /// # Errors
    /// A sentence, where `granule` is no power of two from a quantum to 1 GiB.
    pub fn of(survey: &Survey, granule: u32) -> Result<Self, String> {
        Self::with(survey, &regions(survey), granule)
    }

    /// The same, where the survey's regions are known already.
    pub(super) fn with(survey: &Survey, regions: &[Region], granule: u32) -> Result<Self, String> {
        Self::check(granule)?;
        let cells = survey.memory_len.div_ceil(u64::from(granule)) as usize;
        let map = Self { granule, owner: vec![0; cells], cache: vec![0; cells], live: vec![0; cells] };
        let mut painter =
            Painter { map, granule: u64::from(granule), cell: 0, live: 0, shares: [Share::default(); OWNERS] };
        for region in regions {
            painter.paint(survey, region);
        }
        painter.finish_cell();
        Ok(painter.map)
    }

    /// Says what is wrong with the bytes of a cell.
    pub(super) fn check(granule: u32) -> Result<(), String> {
        if !granule.is_power_of_two() || !(QUANTUM..=GRANULE_MAX).contains(&granule) {
            return Err(format!(
                "the bytes of a cell must be a power of two from {QUANTUM} to {GRANULE_MAX}, not {granule}"
            ));
        }
        Ok(())
    }
}

/// What one owner has of a cell.
#[derive(Clone, Copy, Default)]
struct Share {
    bytes: u64,
    /// Bytes of its largest piece, and that one's size class plus one.
    largest: u64,
    class: u8,
}

/// Paints regions in address order; sums up the cell it is in.
struct Painter {
    map: HeapMap,
    granule: u64,
    cell: u64,
    live: u64,
    shares: [Share; OWNERS],
}

impl Painter {
    fn paint(&mut self, survey: &Survey, region: &Region) {
        let len = region.end - region.start;
        let slab = region.slab.and_then(|index| survey.slabs.get(index)).filter(|slab| u64::from(slab.len) == len);
        let held = matches!(region.owner, Owner::Large | Owner::StaticData | Owner::Stack);
        let class = match region.owner {
            Owner::Slab => slab.map(|slab| slab.class),
            Owner::Large | Owner::Parked => segment_class(len),
            _ => None,
        };
        let mut at = region.start;
        while at < region.end {
            self.enter(at / self.granule);
            let end = region.end.min((at / self.granule + 1) * self.granule);
            self.live += slab.map_or(if held { end - at } else { 0 }, |slab| live_bytes(slab, at, end));
            let share = &mut self.shares[region.owner as usize];
            share.bytes += end - at;
            if end - at > share.largest {
                (share.largest, share.class) =
                    (end - at, class.map_or(0, |class| u8::try_from(class + 1).unwrap_or(u8::MAX)));
            }
            at = end;
        }
    }

    /// Goes on to `cell`, the same or the next.
    fn enter(&mut self, cell: u64) {
        if cell != self.cell {
            self.finish_cell();
            self.cell = cell;
        }
    }

    /// Writes down the cell and begins an empty one.
    fn finish_cell(&mut self) {
        let index = self.cell as usize;
        if index >= self.map.owner.len() {
            return;
        }
        let sum: u64 = self.shares.iter().map(|share| share.bytes).sum();
        let owner = (0..OWNERS).max_by_key(|&owner| self.shares[owner].bytes).unwrap_or(0);
        self.map.owner[index] = owner as u8;
        self.map.cache[index] = self.shares[owner].class;
        self.map.live[index] = (self.live * 255).div_ceil(sum.max(1)).min(255) as u8;
        (self.live, self.shares) = (0, [Share::default(); OWNERS]);
    }
}

/// Bytes of live objects of a slab in `[from, to)`.
fn live_bytes(slab: &SlabInfo, from: u64, to: u64) -> u64 {
    let (start, size) = (u64::from(slab.start), u64::from(slab.size));
    if from == start && to == start + u64::from(slab.len) {
        return u64::from(slab.live()) * size;
    }
    let first = (from - start) / size;
    let last = (to - start).div_ceil(size).min(u64::from(slab.objects));
    (first..last)
        .filter(|object| (slab.free | slab.parked) >> object & 1 == 0)
        .map(|object| {
            let object_start = start + object * size;
            (object_start + size).min(to) - object_start.max(from)
        })
        .sum()
}
