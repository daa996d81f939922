//! The verdict: why the memory is high, in one sentence, with the figures it rests on and where to look at them.
//!
//! Every byte of the memory is put down to one cause, so the causes add up to the memory; the largest is the verdict, and another that is
//! nearly as large is named with it. What changed since is not in an image: whoever looked before says what it was like ([`Earlier`]).
#![forbid(unsafe_code)]

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;

use serde::Serialize;

use super::pins::{Pins, class_name};
use crate::image::audit::AuditInfo;
use crate::image::region::{Owner, Region, regions};
use crate::image::survey::{Guarded, Kind, SlabInfo, Survey};
use crate::size_class::CLASSES;
use crate::units::PAGE_BYTES;

mod words;

pub(super) use words::LARGE;

/// What a byte of memory is put down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// The program holds it.
    Live,
    /// The program holds it, and ever more.
    Growth,
    /// Free in long runs: it was needed once, and memory cannot shrink.
    Peak,
    /// Free in short runs between what is held, and in slabs that are partly used.
    Fragmentation,
    /// Free in magazines, in empty slabs, or in the quarantine of diagnosis.
    Hoarding,
    /// Somebody else's.
    Foreign,
    /// Static data of the module.
    StaticData,
    /// The module's stack.
    Stack,
    /// The heap's own records, and bytes of slabs that are no object.
    Records,
}

/// What somebody saw who looked before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Earlier {
    /// Seconds from then to now.
    pub seconds: f64,
    /// Bytes that were held then.
    pub live_bytes: u64,
    /// The most that were held at any look so far, and how many seconds ago.
    pub peak: Option<(u64, f64)>,
    /// Bytes that objects of each cache held, by its name.
    pub caches: BTreeMap<String, u64>,
}

/// A figure that a finding rests on, and where to look at it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// What it is, with its figures.
    pub sentence: String,
    /// The view that shows it.
    pub view: &'static str,
    /// The name of the cache it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<String>,
    /// The address it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<u32>,
    /// The number of the site it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<u32>,
}

/// A cause of high memory.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Which.
    pub cause: Cause,
    /// The bytes that are put down to it.
    pub bytes: u64,
    /// Their share of the memory, 0 to 1.
    pub share: f64,
    /// What is the case.
    pub sentence: String,
    /// What can be done.
    pub advice: String,
    /// What that rests on.
    pub evidence: Vec<Evidence>,
}

/// Why the memory is high.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The main cause.
    pub cause: Cause,
    /// The cause that is nearly as large, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second: Option<Cause>,
    /// The answer, in one sentence.
    pub sentence: String,
    /// What to do about it.
    pub advice: String,
    /// Length of the memory.
    pub memory_bytes: u64,
    /// Every cause that has bytes, the largest first; they add up to `memory_bytes`.
    pub findings: Vec<Finding>,
    /// What keeps pages from being free.
    pub pins: Pins,
    /// Records of the heap that are damaged: with any, figures may be wrong.
    pub damaged: u32,
}

/// A second cause is named where it has at least this part of the main one's bytes: a half.
const SECOND: u64 = 2;

/// Held bytes grew iff there are more than at the earlier look by at least an eighth of them.
const GREW: u64 = 8;

/// A free run counts as left by a peak iff it is at least this part of all that is free in the arena: a 32nd. Shorter ones lie between
/// what is held.
const LONG_RUN: u64 = 32;

/// What the bytes of a memory are put down to, and the figures that sentences need.
#[derive(Debug, Default)]
struct Parts {
    memory: u64,
    live: u64,
    /// Live bytes and objects of slabs, each at its class; and of large segments.
    holders: Vec<(u64, u64)>,
    large: (u64, u64),
    /// In free runs that are long.
    long_runs: u64,
    runs: u64,
    longest: Run,
    /// In shorter ones.
    short_runs: u64,
    short: u64,
    /// In slabs that are partly used, and how many such slabs.
    partly: u64,
    partly_slabs: u64,
    magazines: u64,
    empty_slabs: u64,
    empty: u64,
    quarantine: u64,
    foreign: u64,
    static_data: u64,
    stack: u64,
    records: u64,
    overhead: u64,
}

/// A run of bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    start: u64,
    len: u64,
}

impl Parts {
    fn of(survey: &Survey, regions: &[Region]) -> Self {
        let holders = vec![(0, 0); CLASSES + survey.object_caches.len()];
        let mut parts = Self { memory: survey.memory_len, holders, ..Self::default() };
        let free: u64 = regions.iter().filter(|region| region.owner == Owner::Free).map(Region::bytes).sum();
        for region in regions {
            let len = region.bytes();
            match region.owner {
                Owner::Foreign => parts.foreign += len,
                Owner::StaticData => parts.static_data += len,
                Owner::Stack => parts.stack += len,
                Owner::Metadata => parts.records += len,
                Owner::Large => {
                    parts.live += len;
                    parts.large.0 += len;
                    parts.large.1 += 1;
                }
                Owner::Parked => parts.magazines += len,
                Owner::Free => parts.add_free(region, free),
                Owner::Slab => match region.slab.and_then(|index| survey.slabs.get(index)) {
                    Some(slab) if u64::from(slab.len) == len => parts.add_slab(slab),
                    _ => parts.overhead += len,
                },
            }
        }
        let waits = |kind| kind == Kind::Guarded(Guarded::Quarantined);
        let quarantined =
            survey.segments.iter().filter(|segment| waits(segment.kind)).map(|segment| u64::from(segment.len));
        parts.quarantine = quarantined.sum::<u64>().min(parts.magazines);
        parts.magazines -= parts.quarantine;
        parts
    }

    fn add_free(&mut self, region: &Region, free: u64) {
        let len = region.bytes();
        if len > self.longest.len {
            self.longest = Run { start: region.start, len };
        }
        if len >= u64::from(PAGE_BYTES) && len >= free / LONG_RUN {
            self.long_runs += len;
            self.runs += 1;
        } else {
            self.short_runs += len;
            self.short += 1;
        }
    }

    fn add_slab(&mut self, slab: &SlabInfo) {
        let size = u64::from(slab.size);
        let (live, parked) = (u64::from(slab.live()), u64::from(slab.parked.count_ones()));
        let free = u64::from(slab.free.count_ones());
        if live + parked == 0 {
            self.empty_slabs += u64::from(slab.len);
            self.empty += 1;
            return;
        }
        self.live += live * size;
        self.magazines += parked * size;
        self.partly += free * size;
        self.partly_slabs += u64::from(free != 0);
        self.overhead += u64::from(slab.overhead());
        if let Some(holder) = self.holders.get_mut(slab.class as usize) {
            holder.0 += live * size;
            holder.1 += live;
        }
    }

    /// The caches that hold most, by name, and how much and how many.
    fn top_holders(&self, survey: &Survey) -> Vec<(String, u64, u64)> {
        let mut named: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for (class, &(bytes, count)) in (0..).zip(&self.holders).filter(|(_, holder)| holder.1 != 0) {
            let holder = named.entry(class_name(survey, class)).or_default();
            *holder = (holder.0 + bytes, holder.1 + count);
        }
        let mut all: Vec<_> = named.into_iter().map(|(name, (bytes, count))| (name, bytes, count)).collect();
        if self.large.1 != 0 {
            all.push((String::from(words::LARGE), self.large.0, self.large.1));
        }
        all.sort_by_key(|holder| Reverse(holder.1));
        all
    }
}

impl Verdict {
    /// The verdict on a survey. Takes time linear in segments, objects and pages.
    #[must_use]
    pub fn of(survey: &Survey, audit: Option<&AuditInfo>, earlier: Option<&Earlier>) -> Self {
        let regions = regions(survey);
        let parts = Parts::of(survey, &regions);
        let pins = Pins::of(survey, &regions, audit);
        let grew = earlier.is_some_and(|earlier| {
            let peak = earlier.peak.map_or(0, |peak| peak.0);
            // What goes up and down again is no growth: it must be near the most there ever was.
            parts.live.saturating_sub(earlier.live_bytes) > parts.live / GREW && parts.live >= peak - peak / GREW
        });
        let holders = parts.top_holders(survey);
        let scene = words::Scene { survey, regions: &regions, parts: &parts, holders, pins: &pins, audit, earlier };
        let mut findings: Vec<Finding> = [
            (if grew { Cause::Growth } else { Cause::Live }, parts.live),
            (Cause::Peak, parts.long_runs),
            (Cause::Fragmentation, parts.short_runs + parts.partly),
            (Cause::Hoarding, parts.magazines + parts.empty_slabs + parts.quarantine),
            (Cause::Foreign, parts.foreign),
            (Cause::StaticData, parts.static_data),
            (Cause::Stack, parts.stack),
            (Cause::Records, parts.records + parts.overhead),
        ]
        .into_iter()
        .filter(|part| part.1 != 0)
        .map(|(cause, bytes)| scene.finding(cause, bytes))
        .collect();
        findings.sort_by_key(|finding| Reverse(finding.bytes));
        let first = findings.first().map_or((Cause::Live, 0), |first| (first.cause, first.bytes));
        let second = findings.get(1).filter(|second| second.bytes >= first.1 / SECOND).map(|second| second.cause);
        Self {
            cause: first.0,
            second,
            sentence: scene.sentence(&findings, second),
            advice: findings.first().map_or_else(String::new, |first| first.advice.clone()),
            memory_bytes: survey.memory_len,
            damaged: survey.problems.len() as u32,
            findings,
            pins,
        }
    }
}
