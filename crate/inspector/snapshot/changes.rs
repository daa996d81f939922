//! Where what is new, freed or survives between two snapshots lies: the memory in the cells of a heap map.
#![forbid(unsafe_code)]

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::Snapshot;
use super::objects::{Fate, Object, SharedCaches, compare};
use crate::inspector::heap_map::HeapMap;

/// For each cell of a map of the later memory the share that is new, freed or survives, of 255. Cell `i` covers
/// `[i * granule, (i + 1) * granule)`; the last may be cut short. A share that is there is never zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeMap {
    /// Bytes of a cell.
    pub granule: u32,
    /// The share of bytes of objects that are in the later one alone.
    pub new: Vec<u8>,
    /// The share of bytes of objects that are in the earlier one alone, whoever has them now.
    pub freed: Vec<u8>,
    /// The share of bytes of objects that are in both.
    pub surviving: Vec<u8>,
}

impl ChangeMap {
    /// The map of what changed from a snapshot to a later one. Takes time linear in objects and cells.
    ///
    /// # Errors
    /// A sentence, where `granule` is no power of two from a quantum to 1 GiB.
    ///
    /// ```
    /// use flagstone::{Heap, image::survey::Survey, source::{Fixed, Page}, units::Addr};
    /// use flagstone::inspector::snapshot::{Note, Snapshot, changes::ChangeMap};
    /// let mut memory = vec![Page::ZERO; 4];
    /// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    /// let now = Snapshot::take(&Survey::take(&heap.image(), heap.root()).unwrap(), None, Note::default());
    /// assert!(ChangeMap::of(&now, &now, 4096).unwrap().new.iter().all(|share| *share == 0));
    /// assert!(ChangeMap::of(&now, &now, 3).is_err());
    /// ```
    pub fn of(earlier: &Snapshot, later: &Snapshot, granule: u32) -> Result<Self, String> {
        HeapMap::check(granule)?;
        let len = later.whole.memory_len;
        let cells = len.div_ceil(u64::from(granule)) as usize;
        let mut sums = [vec![0_u32; cells], vec![0_u32; cells], vec![0_u32; cells]];
        let caches = SharedCaches::of(&earlier.caches, &later.caches);
        compare(earlier, later, &caches, |fate| match fate {
            Fate::New(object) => paint(&mut sums[0], &object, granule),
            Fate::Freed(object) => paint(&mut sums[1], &object, granule),
            Fate::Kept(object) => paint(&mut sums[2], &object, granule),
        });
        let share = |sums: &Vec<u32>| {
            let of_cell = |(cell, sum): (usize, &u32)| {
                let whole = u64::from(granule).min(len - cell as u64 * u64::from(granule));
                (u64::from(*sum) * 255).div_ceil(whole).min(255) as u8
            };
            sums.iter().enumerate().map(of_cell).collect()
        };
        Ok(Self { granule, new: share(&sums[0]), freed: share(&sums[1]), surviving: share(&sums[2]) })
    }
}

/// Adds the bytes of an object to the cells that it is in.
fn paint(cells: &mut [u32], object: &Object, granule: u32) {
    let (start, end) = (u64::from(object.start), u64::from(object.start) + u64::from(object.len));
    let granule = u64::from(granule);
    for cell in start / granule..end.div_ceil(granule) {
        // What is freed may lie behind a memory of another run that is shorter.
        let Some(sum) = cells.get_mut(cell as usize) else { return };
        let bytes = end.min((cell + 1) * granule) - start.max(cell * granule);
        *sum = sum.saturating_add(bytes as u32);
    }
}
