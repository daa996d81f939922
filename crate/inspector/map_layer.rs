//! Layers of the heap map: something else than owners by which its cells are coloured.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::heap_map::HeapMap;
use super::pins::{Pinned, pinned};
use crate::image::audit::{AuditInfo, Status, WatchInfo};
use crate::image::region::regions;
use crate::image::survey::Survey;

/// Sites that have a colour of their own.
const COLOURED: usize = 9;

/// What cells are coloured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerKind {
    /// Pages that few objects keep from being free: 255 where such an object lies, 128 in the rest of those pages, else 0.
    Pins,
    /// The age of the oldest object on record: 255 for the oldest of all, 1 for one that was just made, 0 where none is on record. In
    /// between by the logarithm, since most objects die young.
    Age,
    /// The site that asked for most of what is on record: 1 to 9 for the sites that hold most, 10 for any other, 0 where none is on record.
    Site,
}

/// A layer. Cell `i` covers `[i * granule, (i + 1) * granule)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapLayer {
    /// Bytes of a cell.
    pub granule: u32,
    /// For each cell what its kind says.
    pub values: Vec<u8>,
    /// Numbers of the sites with a value of their own, that of value 1 first; none of other kinds.
    pub sites: Vec<u32>,
    /// Operations since the oldest object on record was made; 0 of other kinds.
    pub oldest: u64,
}

impl LayerKind {
    /// The kind of a name: `pins`, `age` or `site`.
    ///
    /// # Errors
    /// A sentence, where there is none of that name.
    pub fn of(name: &str) -> Result<Self, String> {
        match name {
            "pins" => Ok(Self::Pins),
            "age" => Ok(Self::Age),
            "site" => Ok(Self::Site),
            _ => Err(format!("there is no layer {name:?}: use pins, age or site")),
        }
    }
}

impl MapLayer {
    /// The layer of a survey with cells of `granule` bytes. Takes time linear in segments, objects and cells.
    ///
    /// # Errors
    /// As [`HeapMap::of`].
    pub fn of(survey: &Survey, audit: Option<&AuditInfo>, kind: LayerKind, granule: u32) -> Result<Self, String> {
        HeapMap::check(granule)?;
        let cells = survey.memory_len.div_ceil(u64::from(granule)) as usize;
        let mut layer = Self { granule, values: vec![0; cells], sites: Vec::new(), oldest: 0 };
        let held: Vec<&WatchInfo> = audit
            .map_or(&[][..], |audit| &audit.watches[..])
            .iter()
            .filter(|watch| watch.status == Some(Status::Held))
            .collect();
        let now = audit.map_or(0, |audit| audit.operations);
        match kind {
            LayerKind::Pins => layer.paint_pins(survey),
            LayerKind::Age => layer.paint_ages(&held, now),
            LayerKind::Site => layer.paint_sites(&held, audit),
        }
        Ok(layer)
    }

    fn paint_pins(&mut self, survey: &Survey) {
        pinned(survey, &regions(survey), |what, start, end| {
            let value = if what == Pinned::Page { 128 } else { 255 };
            self.paint(start, end, |old| old.max(value));
        });
    }

    fn paint_ages(&mut self, held: &[&WatchInfo], now: u64) {
        let age = |watch: &WatchInfo| now.saturating_sub(watch.alloc_operation);
        self.oldest = held.iter().map(|watch| age(watch)).max().unwrap_or(0);
        let most = steps(self.oldest).max(1);
        for watch in held {
            let value = 1 + (steps(age(watch)) * 254 / most).min(254) as u8;
            self.paint_object(watch, |old| old.max(value));
        }
    }

    fn paint_sites(&mut self, held: &[&WatchInfo], audit: Option<&AuditInfo>) {
        let mut sites: Vec<_> =
            audit.map_or(&[][..], |audit| &audit.sites[..]).iter().filter(|site| site.live_bytes != 0).collect();
        sites.sort_by_key(|site| Reverse(site.live_bytes));
        self.sites = sites.iter().take(COLOURED).map(|site| site.number).collect();
        // The shortest first, so that what has most of a cell is painted last.
        let mut held: Vec<&WatchInfo> = held.iter().copied().filter(|watch| watch.alloc_site != 0).collect();
        held.sort_by_key(|watch| watch.used);
        for watch in held {
            let place = self.sites.iter().position(|&site| site == watch.alloc_site).unwrap_or(COLOURED);
            self.paint_object(watch, |_| place as u8 + 1);
        }
    }

    fn paint_object(&mut self, watch: &WatchInfo, value: impl Fn(u8) -> u8) {
        let start = u64::from(watch.object);
        self.paint(start, start + u64::from(watch.used.max(watch.size).max(1)), value);
    }

    /// Changes the cells that have a byte of `[start, end)`.
    fn paint(&mut self, start: u64, end: u64, value: impl Fn(u8) -> u8) {
        let granule = u64::from(self.granule);
        let cells = self.values.len() as u64;
        let (first, last) = ((start / granule).min(cells), end.div_ceil(granule).min(cells));
        self.values[first as usize..last.max(first) as usize].iter_mut().for_each(|cell| *cell = value(*cell));
    }
}

/// A logarithm in 16ths: how often a number can be halved, and how much is left then.
const fn steps(number: u64) -> u64 {
    let number = number.saturating_add(1);
    let whole = number.ilog2();
    let rest = if whole >= 4 { number >> (whole - 4) } else { number << (4 - whole) };
    whole as u64 * 16 + (rest & 15)
}
