//! The pin finder: pages that are nearly free, and the few objects that keep them from being all free.
//!
//! A page that is all free joins its free neighbours, and long requests fit there; one small object in it ends that. So these objects are
//! what fragmentation consists of: who made them, and when, is what a program can change.
#![forbid(unsafe_code)]

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;

use serde::Serialize;

use super::verdict::LARGE;
use super::words::Size;
use crate::image::audit::AuditInfo;
use crate::image::region::{Owner, Region};
use crate::image::survey::{SlabInfo, Survey};
use crate::size_class::{CLASSES, size_of_class};
use crate::units::PAGE_BYTES;

const PAGE: u64 = PAGE_BYTES as u64;

/// A page is pinned iff it has at least one live object and at most so many, and nothing in it but live objects, free memory and the
/// heap's own records.
const OBJECTS_MAX: u32 = 16;

/// And iff at least so much of it is free: three quarters.
const FREE_MIN: u32 = PAGE_BYTES / 4 * 3;

/// Pages that are listed with their objects.
const LISTED: usize = 100;

/// An object that pins a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PinRow {
    /// Its address.
    pub address: u32,
    /// Its bytes, up to the next one.
    pub size: u32,
    /// The name of its cache; none of a large segment.
    pub cache: Option<String>,
    /// Number of the site that asked for it, where that is on record; else 0.
    pub site: u32,
}

/// A page that is nearly free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PinnedPage {
    /// Its first address.
    pub start: u32,
    /// Bytes that are free in it.
    pub free_bytes: u32,
    /// The objects in it, in address order.
    pub objects: Vec<PinRow>,
}

/// Objects of one cache that pin pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PinGroup {
    /// The name of the cache, or `large segments`.
    pub cache: String,
    /// What answers about addresses call the cache; none of large segments.
    pub class: Option<u32>,
    /// Objects.
    pub objects: u32,
    /// Their bytes.
    pub bytes: u64,
}

/// Which pages are pinned, and by what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pins {
    /// Pinned pages.
    pub pages: u32,
    /// Bytes that are free in them: what would join its neighbours without those objects.
    pub free_bytes: u64,
    /// Objects in them.
    pub objects: u64,
    /// Bytes of those that lie in them.
    pub object_bytes: u64,
    /// The same by cache, the most objects first.
    pub groups: Vec<PinGroup>,
    /// At most a hundred of the pages, those with the fewest objects first.
    pub list: Vec<PinnedPage>,
}

/// What is in a page.
#[derive(Clone, Copy, Default)]
struct Page {
    free: u32,
    live: u32,
    objects: u32,
    /// Whether it has something that no program can free: static data, the stack, what is foreign.
    fixed: bool,
}

impl Page {
    const fn is_pinned(self) -> bool {
        !self.fixed && self.objects != 0 && self.objects <= OBJECTS_MAX && self.free >= FREE_MIN
    }
}

impl Pins {
    /// The pins of a survey whose regions are given. Takes time linear in regions, objects and pages.
    #[must_use]
    pub fn of(survey: &Survey, regions: &[Region], audit: Option<&AuditInfo>) -> Self {
        let pages = pages(survey, regions);
        let mut pins = Self::default();
        for page in pages.iter().filter(|page| page.is_pinned()) {
            pins.pages += 1;
            pins.free_bytes += u64::from(page.free);
            pins.objects += u64::from(page.objects);
            pins.object_bytes += u64::from(page.live);
        }
        pins.name(survey, regions, &pages, audit);
        pins
    }

    /// Names the objects of pinned pages.
    fn name(&mut self, survey: &Survey, regions: &[Region], pages: &[Page], audit: Option<&AuditInfo>) {
        let mut order: Vec<usize> = (0..pages.len()).filter(|&page| pages[page].is_pinned()).collect();
        order.sort_by_key(|&page| (pages[page].objects, Reverse(pages[page].free)));
        order.truncate(LISTED);
        let places: BTreeMap<usize, usize> = order.iter().copied().zip(0..).collect();
        self.list = order
            .iter()
            .map(|&page| PinnedPage {
                start: (page as u64 * PAGE) as u32,
                free_bytes: pages[page].free,
                objects: Vec::new(),
            })
            .collect();
        let mut groups: BTreeMap<Option<u32>, (u32, u64)> = BTreeMap::new();
        let of_page = |page: u64| pages.get(page as usize).is_some_and(|page| page.is_pinned());
        for region in regions.iter().filter(|region| may_pin(region, of_page)) {
            each_object(survey, region, |start, len, slab| {
                let (first, last) = (start / PAGE, (start + len - 1) / PAGE);
                // Pages between the two are full of it.
                if !of_page(first) && !of_page(last) {
                    return;
                }
                let group = groups.entry(slab.map(|slab| slab.class)).or_default();
                group.0 += 1;
                group.1 += len;
                for page in [Some(first), (last != first).then_some(last)].into_iter().flatten() {
                    if let Some(row) = places.get(&(page as usize)).and_then(|&place| self.list.get_mut(place)) {
                        let site = audit.map_or(0, |audit| site_in(audit, start, len));
                        let cache = slab.map(|slab| class_name(survey, slab.class));
                        row.objects.push(PinRow { address: start as u32, size: len as u32, cache, site });
                    }
                }
            });
        }
        let named = |class: Option<u32>| class.map_or_else(|| String::from(LARGE), |class| class_name(survey, class));
        let row = |(class, (objects, bytes))| PinGroup { cache: named(class), class, objects, bytes };
        self.groups = groups.into_iter().map(row).collect();
        self.groups.sort_by_key(|group| Reverse(group.objects));
    }
}

/// The site that asked for the object in `len` bytes from `start` on, where that is on record.
fn site_in(audit: &AuditInfo, start: u64, len: u64) -> u32 {
    let index = audit.watches.partition_point(|watch| u64::from(watch.object) < start);
    audit.watches.get(index).filter(|watch| u64::from(watch.object) < start + len).map_or(0, |watch| watch.alloc_site)
}

/// What the cache of a class is called: a size class, or behind those an object cache.
pub(super) fn class_name(survey: &Survey, class: u32) -> String {
    let made = (class as usize).checked_sub(CLASSES).and_then(|index| survey.object_caches.get(index));
    made.map_or_else(
        || Size(u64::from(size_of_class(class.min(CLASSES as u32 - 1)))).to_string(),
        |cache| cache.name.clone(),
    )
}

/// Calls `f` with address, bytes, and slab if it lies in one, of each live object of a region.
fn each_object<'s>(survey: &'s Survey, region: &Region, mut f: impl FnMut(u64, u64, Option<&'s SlabInfo>)) {
    match (region.owner, region.slab.and_then(|index| survey.slabs.get(index))) {
        (Owner::Large, _) => f(region.start, region.end - region.start, None),
        (Owner::Slab, Some(slab)) => {
            let all = if slab.objects >= 64 { u64::MAX } else { (1 << slab.objects) - 1 };
            let mut live = all & !(slab.free | slab.parked);
            while live != 0 {
                let start = region.start + u64::from(live.trailing_zeros()) * u64::from(slab.size);
                live &= live - 1;
                if slab.size != 0 && start + u64::from(slab.size) <= region.end {
                    f(start, u64::from(slab.size), Some(slab));
                }
            }
        }
        _ => {}
    }
}

/// What lies in a page that is pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pinned {
    /// The page itself.
    Page,
    /// An object in it.
    Object,
}

/// Calls `f` with the range of each pinned page, and of what of each object lies in one.
pub(super) fn pinned(survey: &Survey, regions: &[Region], mut f: impl FnMut(Pinned, u64, u64)) {
    let pages = pages(survey, regions);
    let is_pinned = |page: u64| pages.get(page as usize).is_some_and(|page| page.is_pinned());
    (0..pages.len() as u64)
        .filter(|&page| is_pinned(page))
        .for_each(|page| f(Pinned::Page, page * PAGE, (page + 1) * PAGE));
    for region in regions.iter().filter(|region| may_pin(region, is_pinned)) {
        each_object(survey, region, |start, len, _| {
            let (first, last) = (start / PAGE, (start + len - 1) / PAGE);
            // Pages between the two are full of it.
            for page in
                [Some(first), (last != first).then_some(last)].into_iter().flatten().filter(|&page| is_pinned(page))
            {
                f(Pinned::Object, start.max(page * PAGE), (start + len).min((page + 1) * PAGE));
            }
        });
    }
}

/// Whether an object of a region may lie in a pinned page: that is one of the region's ends, or one between them of a slab, which has
/// few pages.
fn may_pin(region: &Region, is_pinned: impl Fn(u64) -> bool) -> bool {
    let (first, last) = (region.start / PAGE, (region.end - 1) / PAGE);
    match region.owner {
        Owner::Large => is_pinned(first) || is_pinned(last),
        Owner::Slab => (first..=last).any(is_pinned),
        _ => false,
    }
}

/// What is in each page of the memory.
fn pages(survey: &Survey, regions: &[Region]) -> Vec<Page> {
    let mut pages = vec![Page::default(); survey.memory_len.div_ceil(PAGE) as usize];
    for region in regions {
        let slab = region.slab.and_then(|index| survey.slabs.get(index));
        match region.owner {
            Owner::StaticData | Owner::Stack | Owner::Foreign => {
                each_page(&mut pages, region.start, region.end, |page, _| page.fixed = true);
            }
            Owner::Free | Owner::Parked => {
                each_page(&mut pages, region.start, region.end, |page, len| page.free += len)
            }
            // All of a slab counts as free, and then what of it is not.
            Owner::Slab if slab.is_some() => {
                each_page(&mut pages, region.start, region.end, |page, len| page.free += len);
            }
            Owner::Large | Owner::Slab | Owner::Metadata => {}
        }
        // Most slabs lie in one page, and their objects need no look at each.
        if let Some(slab) = slab.filter(|slab| lies_in_one_page(region, slab))
            && let Some(page) = pages.get_mut((region.start / PAGE) as usize)
        {
            let live = slab.live() * slab.size;
            page.objects += slab.live();
            page.live += live;
            page.free -= live;
            continue;
        }
        each_object(survey, region, |start, len, slab| {
            each_page(&mut pages, start, start + len, |page, len| {
                page.objects += 1;
                page.live += len;
                page.free -= if slab.is_some() { len } else { 0 };
            });
        });
    }
    pages
}

/// Whether a region is all of a slab, in one page.
fn lies_in_one_page(region: &Region, slab: &SlabInfo) -> bool {
    region.owner == Owner::Slab
        && region.bytes() == u64::from(slab.len)
        && region.start / PAGE == (region.end - 1) / PAGE
}

/// Calls `f` with each page and the bytes of `[start, end)` in it.
fn each_page(pages: &mut [Page], start: u64, end: u64, mut f: impl FnMut(&mut Page, u32)) {
    let mut at = start;
    while at < end {
        let next = end.min((at / PAGE + 1) * PAGE);
        if let Some(page) = pages.get_mut((at / PAGE) as usize) {
            f(page, (next - at) as u32);
        }
        at = next;
    }
}
