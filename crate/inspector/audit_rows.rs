//! What diagnosis has on record, as a page shows it.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::fault_rows::FaultRow;
use super::log_rows::Logs;
use crate::audit::Policy;
use crate::audit::record::OBJECT_CACHE;
use crate::image::Image;
use crate::image::audit::{AuditInfo, Holder, SiteInfo, Status};
use crate::image::survey::Survey;
use crate::size_class::{CLASSES, size_of_class};

/// Bytes that the quarantine may keep where nothing is said.
const QUARANTINE_BYTES: u32 = 1 << 20;

/// What diagnosis knows of a heap.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditReport {
    /// Mode of the front end, in the words of `Auditor::configure`.
    pub mode: String,
    /// Modes of object caches that have one.
    pub cache_modes: Vec<CacheMode>,
    /// What is done about a fault: `trap` or `continue`.
    pub policy: &'static str,
    /// Bytes between two samples on the average; zero where nothing is sampled.
    pub sampling_bytes: u32,
    /// Operations on record, ever.
    pub operations: u64,
    /// Milliseconds of the host's clock at the last one.
    pub time: u32,
    /// Objects that are never handed out again.
    pub abandoned: u32,
    /// Objects in quarantine.
    pub quarantined_objects: u32,
    /// Their bytes.
    pub quarantined_bytes: u64,
    /// Bytes that the quarantine may keep.
    pub quarantine_limit_bytes: u32,
    /// Operations after which an object leaves it; zero for any number.
    pub quarantine_age: u32,
    /// Objects that are watched.
    pub watched: usize,
    /// Faults, ever.
    pub faults_ever: u32,
    /// The last ones, the newest first.
    pub faults: Vec<FaultRow>,
    /// Places in the program that asked for memory.
    pub sites: Vec<SiteRow>,
    /// Tags of the program.
    pub tags: Vec<TagRow>,
    /// The logs.
    pub logs: Vec<LogRow>,
    /// Requests that are made to fail.
    pub injection: Option<InjectionRow>,
    /// The last request that there was no memory for.
    pub exhaustion: Option<ExhaustionRow>,
    /// Bytes that are given up when there is no memory.
    pub reserve_bytes: u32,
    /// What became of the last text: `none`, `waiting`, `done`, `refused`.
    pub command: &'static str,
}

/// The mode of an object cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CacheMode {
    /// Its number; zero where no cache of the name was made yet.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// Its mode in words.
    pub mode: String,
}

/// A place in the program that asked for memory. Bytes and counts are estimates from samples, exact where all is watched.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SiteRow {
    /// Its number, from 1 on.
    pub id: u32,
    /// Number of its tag; zero for none.
    pub tag: u32,
    /// Names of its tags, the outermost first.
    pub tags: Vec<String>,
    /// Byte offsets in the module, the innermost first.
    pub frames: Vec<u32>,
    /// Bytes that are held.
    pub live_bytes: u64,
    /// Objects that are held.
    pub live_count: f64,
    /// Bytes, ever.
    pub bytes: u64,
    /// Objects, ever.
    pub count: f64,
    /// Samples, ever.
    pub samples: u32,
    /// Samples that are held.
    pub live_samples: u32,
    /// Operations since the oldest that is held.
    pub oldest: u64,
    /// Operations since the newest that is held.
    pub newest: u64,
}

/// A tag of the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TagRow {
    /// Its number, from 1 on.
    pub id: u32,
    /// Number of the tag that it is within; zero for none.
    pub parent: u32,
    /// Its name.
    pub name: String,
    /// Times it was entered.
    pub entries: u32,
}

/// A log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogRow {
    /// What it is of.
    pub name: &'static str,
    /// Entries, ever.
    pub entries: u32,
    /// Entries that can still be read.
    pub kept: usize,
    /// Bytes of it.
    pub bytes: u64,
}

/// Requests that are made to fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InjectionRow {
    /// One of so many, by chance.
    pub one_in: u32,
    /// The one of that number.
    pub nth: u32,
    /// Failures that are left; zero for any number.
    pub times: u32,
    /// Requests that were looked at.
    pub looked: u32,
    /// Of those, made to fail.
    pub failed: u32,
}

/// Who held memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SiteHolder {
    /// Number of the site.
    pub site: u32,
    /// Bytes.
    pub bytes: u32,
    /// Objects.
    pub count: u32,
}

/// Who held memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CacheHolder {
    /// What the cache is called.
    pub name: String,
    /// Bytes.
    pub bytes: u32,
    /// Objects.
    pub count: u32,
}

/// A request that there was no memory for, and who held it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExhaustionRow {
    /// How many there were.
    pub count: u32,
    /// The operation, its low word.
    pub operation: u32,
    /// Milliseconds of the host's clock.
    pub time: u32,
    /// Bytes asked for.
    pub size: u32,
    /// Their alignment.
    pub align: u32,
    /// What the cache that asked is called; empty for the front end.
    pub cache: String,
    /// Number of the site that asked.
    pub site: u32,
    /// Bytes of the memory.
    pub memory_bytes: u64,
    /// Free bytes, all too short.
    pub free_bytes: u32,
    /// Whether the reserve was given up.
    pub reserve_used: bool,
    /// Sites that held most.
    pub sites: Vec<SiteHolder>,
    /// Caches that held most.
    pub caches: Vec<CacheHolder>,
}

impl AuditReport {
    /// What is on record in a heap. Linear in watches, sites and log entries.
    #[must_use]
    pub fn of(image: &(impl Image + ?Sized), survey: &Survey, audit: &AuditInfo) -> Self {
        let logs = Logs::read(image, survey, audit);
        Self {
            mode: audit.mode.to_string(),
            cache_modes: cache_modes(survey, audit),
            policy: policy(audit.policy),
            sampling_bytes: audit.rate,
            operations: audit.operations,
            time: audit.time,
            abandoned: audit.abandoned,
            quarantined_objects: audit.quarantined,
            quarantined_bytes: audit.quarantined_bytes,
            quarantine_limit_bytes: if audit.quarantine_limit == 0 { QUARANTINE_BYTES } else { audit.quarantine_limit },
            quarantine_age: audit.quarantine_age,
            watched: audit.watches.len(),
            faults_ever: audit.faults_made,
            faults: audit.faults.iter().map(|fault| FaultRow::of(survey, &logs, fault)).collect(),
            sites: site_rows(audit),
            tags: audit
                .tags
                .iter()
                .map(|tag| TagRow { id: tag.number, parent: tag.parent, name: tag.name.clone(), entries: tag.entries })
                .collect(),
            logs: logs.rows(audit),
            injection: audit.injection.map(|it| InjectionRow {
                one_in: it.one_in,
                nth: it.nth,
                times: it.times,
                looked: it.looked,
                failed: it.failed,
            }),
            exhaustion: exhaustion(survey, audit),
            reserve_bytes: audit.reserve,
            command: match (audit.command_len, audit.command_outcome) {
                (0, 0) => "none",
                (0, 1) => "done",
                (0, _) => "refused",
                _ => "waiting",
            },
        }
    }
}

/// What a policy is called.
pub(super) const fn policy(policy: Policy) -> &'static str {
    match policy {
        Policy::Trap => "trap",
        Policy::Continue => "continue",
    }
}

/// What the object cache of a number is called; empty for the front end.
pub(super) fn cache_name(survey: &Survey, number: u32) -> String {
    match survey.object_caches.iter().find(|cache| cache.number == number) {
        Some(cache) => cache.called(),
        None if number == 0 => String::new(),
        None => format!("object cache {number}, which is gone"),
    }
}

/// Modes that caches have, and those that caches to come will have.
fn cache_modes(survey: &Survey, audit: &AuditInfo) -> Vec<CacheMode> {
    let has = audit.cache_modes.iter().map(|&(number, mode)| CacheMode {
        number,
        name: cache_name(survey, number),
        mode: mode.to_string(),
    });
    let mut modes: Vec<CacheMode> = has.collect();
    for (name, mode) in &audit.rules {
        if !survey.object_caches.iter().any(|cache| cache.name == *name) {
            modes.push(CacheMode { number: 0, name: name.clone(), mode: mode.to_string() });
        }
    }
    modes
}

/// The sites, with the ages of what they hold.
fn site_rows(audit: &AuditInfo) -> Vec<SiteRow> {
    let numbers = audit.sites.iter().map(|site| site.number).max().unwrap_or(0).min(1 << 20);
    // Oldest and newest operation by site.
    let mut ages = alloc::vec![(u64::MAX, 0); numbers as usize + 1];
    for watch in audit.watches.iter().filter(|watch| watch.status == Some(Status::Held)) {
        if let Some((oldest, newest)) = ages.get_mut(watch.alloc_site as usize) {
            *oldest = watch.alloc_operation.min(*oldest);
            *newest = watch.alloc_operation.max(*newest);
        }
    }
    let row = |site: &SiteInfo| {
        let (oldest, newest) = ages.get(site.number as usize).copied().unwrap_or((u64::MAX, 0));
        let age = |operation: u64| if oldest == u64::MAX { 0 } else { audit.operations.saturating_sub(operation) };
        SiteRow {
            id: site.number,
            tag: site.tag,
            tags: audit.tag_path(site.tag),
            frames: site.frames.clone(),
            live_bytes: site.live_bytes,
            live_count: site.live_count as f64 / 256.0,
            bytes: site.bytes,
            count: site.count as f64 / 256.0,
            samples: site.samples,
            live_samples: site.live_samples,
            oldest: age(oldest),
            newest: age(newest),
        }
    };
    audit.sites.iter().map(row).collect()
}

fn exhaustion(survey: &Survey, audit: &AuditInfo) -> Option<ExhaustionRow> {
    let report = audit.exhaustion.as_ref()?;
    let cache_holder = |holder: &Holder| CacheHolder {
        name: match holder.who {
            who if who > OBJECT_CACHE => cache_name(survey, who - OBJECT_CACHE),
            who if who < CLASSES as u32 => format!("{} B", size_of_class(who)),
            _ => String::from("large and guarded objects"),
        },
        bytes: holder.bytes,
        count: holder.count,
    };
    let site_holder = |holder: &Holder| SiteHolder { site: holder.who, bytes: holder.bytes, count: holder.count };
    Some(ExhaustionRow {
        count: report.count,
        operation: report.operation,
        time: report.time,
        size: report.size,
        align: report.align,
        cache: cache_name(survey, report.cache),
        site: report.site,
        memory_bytes: u64::from(report.pages) << 16,
        free_bytes: report.free,
        reserve_used: report.reserve_used,
        sites: report.sites.iter().map(site_holder).collect(),
        caches: report.caches.iter().map(cache_holder).collect(),
    })
}
