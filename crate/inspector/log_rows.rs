//! Entries of the logs as a page shows them, those that a filter takes.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use super::audit_rows::{LogRow, cache_name};
use super::whatis::as_bytes;
use crate::audit::Event;
use crate::audit::event::TRANSACTIONS;
use crate::audit::record::PARTS;
use crate::image::Image;
use crate::image::audit::{AuditInfo, EntryInfo, LOGS};
use crate::image::survey::Survey;

/// What the logs are called.
const NAMES: [&str; LOGS] = ["transactions", "contents", "failures", "slabs"];

/// Entries that a list has where nothing is said, and at most.
const LIMIT: usize = 500;
const LIMIT_MAX: usize = 10_000;

/// An entry of a log.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogEntry {
    /// Its number in its log, from 1 on.
    pub sequence: u32,
    /// What happened.
    pub event: &'static str,
    /// The operation, its low word.
    pub operation: u32,
    /// Milliseconds of the host's clock.
    pub time: u32,
    /// Address.
    pub address: u32,
    /// Bytes.
    pub size: u32,
    /// The alignment.
    pub align: u32,
    /// What the object cache is called; empty for the front end.
    pub cache: String,
    /// Number of the site; zero for none.
    pub site: u32,
    /// The first bytes as they were.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_bytes")]
    pub contents: Vec<u8>,
}

/// Which entries to list; each narrows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogFilter {
    /// The logs, by name.
    pub logs: Option<Vec<String>>,
    /// The events, by name.
    pub events: Option<Vec<String>>,
    /// Entries whose object has this address in it.
    pub address: Option<f64>,
    /// Number of the site.
    pub site: Option<f64>,
    /// Name of the object cache.
    pub cache: Option<String>,
    /// From this operation on.
    pub from: Option<f64>,
    /// Before this operation.
    pub to: Option<f64>,
    /// The most entries.
    pub limit: Option<f64>,
}

/// Entries of the logs, the newest first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogList {
    /// The entries.
    pub entries: Vec<LogEntry>,
    /// Entries that the filter takes.
    pub matching: usize,
    /// Entries that were overwritten, ever.
    pub lost: u64,
}

/// The entries of all logs that are kept.
pub(super) struct Logs {
    logs: [Vec<EntryInfo>; LOGS],
    names: Vec<(u32, String)>,
}

impl Logs {
    /// Reads them.
    pub(super) fn read(image: &(impl Image + ?Sized), survey: &Survey, audit: &AuditInfo) -> Self {
        let names = survey.object_caches.iter().map(|cache| (cache.number, cache.called())).collect();
        Self { logs: core::array::from_fn(|log| audit.logs[log].read(image).0), names }
    }

    /// What each log has.
    pub(super) fn rows(&self, audit: &AuditInfo) -> Vec<LogRow> {
        let row = |(log, name): (usize, &'static str)| {
            let info = &audit.logs[log];
            let bytes = if info.at == 0 { 0 } else { u64::from(PARTS) * u64::from(info.part_len) };
            LogRow { name, entries: info.entries, kept: self.logs[log].len(), bytes }
        };
        (0..).zip(NAMES).map(row).collect()
    }

    /// The entry of a number in the log of calls, if it is kept.
    pub(super) fn call(&self, sequence: u32) -> Option<LogEntry> {
        let calls = &self.logs[TRANSACTIONS];
        let first = calls.first()?.sequence;
        let entry = calls.get(sequence.wrapping_sub(first) as usize)?;
        (entry.sequence == sequence).then(|| self.row(entry))
    }

    fn row(&self, entry: &EntryInfo) -> LogEntry {
        let known = self.names.iter().find(|(number, _)| *number == entry.cache);
        LogEntry {
            sequence: entry.sequence,
            event: event(entry.event),
            operation: entry.operation,
            time: entry.time,
            address: entry.address,
            size: entry.size,
            align: entry.align,
            cache: match known {
                Some((_, name)) => name.clone(),
                None if entry.cache == 0 => String::new(),
                None => format!("object cache {}, which is gone", entry.cache),
            },
            site: entry.site,
            contents: entry.contents.clone(),
        }
    }
}

impl LogList {
    /// The entries that a filter takes. Linear in the entries that are kept.
    ///
    /// # Errors
    /// A sentence, where something in the filter makes no sense.
    pub fn of(
        image: &(impl Image + ?Sized),
        survey: &Survey,
        audit: &AuditInfo,
        filter: &LogFilter,
    ) -> Result<Self, String> {
        let logs = Logs::read(image, survey, audit);
        known("log", filter.logs.as_ref(), &NAMES)?;
        known("event", filter.events.as_ref(), &EVENTS.map(event))?;
        let address = number("address", filter.address)?;
        let site = number("site", filter.site)?;
        let (from, to) = (number("from", filter.from)?, number("to", filter.to)?);
        let limit = number("limit", filter.limit)?.map_or(LIMIT, |limit| limit as usize);
        if limit > LIMIT_MAX {
            return Err(format!("the limit {limit} is more than {LIMIT_MAX}"));
        }
        let takes = |entry: &&EntryInfo| {
            filter.events.as_ref().is_none_or(|events| events.iter().any(|it| it == event(entry.event)))
                && address.is_none_or(|at| at >= entry.address && at - entry.address < entry.size.max(1))
                && site.is_none_or(|site| site == entry.site)
                && from.is_none_or(|from| entry.operation >= from)
                && to.is_none_or(|to| entry.operation < to)
                && filter.cache.as_ref().is_none_or(|cache| *cache == cache_name(survey, entry.cache))
        };
        let chosen = (0..)
            .zip(NAMES)
            .filter(|(_, name)| filter.logs.as_ref().is_none_or(|logs| logs.iter().any(|log| log == name)));
        let chosen: Vec<usize> = chosen.map(|(log, _)| log).collect();
        let mut entries: Vec<(usize, &EntryInfo)> =
            chosen.iter().flat_map(|&log| logs.logs[log].iter().filter(takes).map(move |entry| (log, entry))).collect();
        entries.sort_by_key(|(log, entry)| (core::cmp::Reverse((entry.operation, entry.sequence)), *log));
        let lost = chosen.iter().map(|&log| {
            u64::from(audit.logs[log].entries) - logs.logs[log].len().min(audit.logs[log].entries as usize) as u64
        });
        Ok(Self {
            matching: entries.len(),
            lost: lost.sum(),
            entries: entries.iter().take(limit).map(|(_, entry)| logs.row(entry)).collect(),
        })
    }

    /// What happened to an address, the newest first.
    #[must_use]
    pub fn history(image: &(impl Image + ?Sized), survey: &Survey, audit: &AuditInfo, address: u32) -> Vec<LogEntry> {
        let filter = LogFilter { address: Some(f64::from(address)), ..LogFilter::default() };
        Self::of(image, survey, audit, &filter).map_or_else(|_| Vec::new(), |list| list.entries)
    }
}

/// Whether all words of a filter are among those there are.
fn known(what: &str, given: Option<&Vec<String>>, words: &[&str]) -> Result<(), String> {
    match given.into_iter().flatten().find(|name| !words.contains(&name.as_str())) {
        Some(name) => Err(format!("there is no {what} \"{name}\": there are {}", words.join(", "))),
        None => Ok(()),
    }
}

/// A number of a filter, if there is one.
fn number(what: &str, given: Option<f64>) -> Result<Option<u32>, String> {
    let Some(number) = given else { return Ok(None) };
    let fits = number >= 0.0 && number <= f64::from(u32::MAX) && number == f64::from(number as u32);
    if fits {
        Ok(Some(number as u32))
    } else {
        Err(format!("{what} must be a whole number from 0 to 4294967295, not {number}"))
    }
}

const EVENTS: [Event; 10] = [
    Event::Alloc,
    Event::Free,
    Event::Realloc,
    Event::Contents,
    Event::Failure,
    Event::Injected,
    Event::SlabMade,
    Event::SlabGone,
    Event::Check,
    Event::Released,
];

/// What an event is called.
const fn event(event: Event) -> &'static str {
    match event {
        Event::Alloc => "alloc",
        Event::Free => "free",
        Event::Realloc => "realloc",
        Event::Contents => "contents",
        Event::Failure => "failure",
        Event::Injected => "injected",
        Event::SlabMade => "slab made",
        Event::SlabGone => "slab gone",
        Event::Check => "check",
        Event::Released => "released",
    }
}
