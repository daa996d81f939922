//! The table of leaks: what a scan found, by what the leaks begin with.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::rows::segment_class;
use super::words::Size;
use crate::image::leaks::{Certainty, Example, LeakGroup, LeakReport};
use crate::image::survey::Survey;
use crate::size_class::CLASSES;

/// The most groups that are listed.
const GROUPS: usize = 1_000;

/// One of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExampleRow {
    /// First address.
    pub address: u32,
    /// Bytes of what it alone holds.
    pub held_bytes: u64,
    /// Its first words, at most four.
    pub words: Vec<u32>,
}

impl From<Example> for ExampleRow {
    fn from(Example { address, held_bytes, words }: Example) -> Self {
        Self { address, held_bytes, words }
    }
}

/// Leaks that begin with objects of the same kind, length and call site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeakGroupRow {
    /// What they begin with, in words.
    pub what: String,
    /// The class of their slabs as rows of caches call it, or that of segments of their length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<u32>,
    /// The name of their object cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_cache: Option<String>,
    /// Bytes of an object.
    pub size: u32,
    /// Number of the site that asked for them, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<u32>,
    /// Whether each is in a cycle that nothing else points to; else nothing points to them at all.
    pub cycle: bool,
    /// How many there are.
    pub count: u32,
    /// Their bytes.
    pub bytes: u64,
    /// Objects that they alone hold.
    pub held: u32,
    /// Bytes of those.
    pub held_bytes: u64,
    /// Some of them.
    pub examples: Vec<ExampleRow>,
    /// `leak`, or `js` where JavaScript may hold them.
    pub certainty: &'static str,
}

/// What a scan for leaks found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeakReportRow {
    /// `leak` where it was said what JavaScript holds, else `js`.
    pub certainty: &'static str,
    /// Whether the heap did not hold together, so that what is said may be wrong.
    pub damaged: bool,
    /// Objects that are allocated.
    pub live_objects: u32,
    /// Their bytes.
    pub live_bytes: u64,
    /// Of those, how many nothing leads to.
    pub lost_objects: u32,
    /// Their bytes.
    pub lost_bytes: u64,
    /// How many leaks they make up.
    pub leaks: u32,
    /// By what they begin with, the most bytes first; at most 1,000.
    pub groups: Vec<LeakGroupRow>,
    /// Groups that are not listed.
    pub groups_left: u32,
    /// All of it in a sentence.
    pub sentence: String,
}

/// The names of object caches, which outlive the survey they are from.
#[derive(Clone, Debug, Default)]
pub struct Names(Vec<String>);

impl Names {
    /// Those of a survey.
    #[must_use]
    pub fn of(survey: &Survey) -> Self {
        Self(survey.object_caches.iter().map(|cache| cache.called()).collect())
    }

    /// The name of the object cache whose slabs have a class.
    fn get(&self, class: Option<u32>) -> Option<&String> {
        self.0.get((class? as usize).checked_sub(CLASSES)?)
    }
}

impl LeakReportRow {
    /// The table of a report.
    #[must_use]
    pub fn of(report: LeakReport, names: &Names) -> Self {
        let certainty = match report.certainty {
            Certainty::Leak => "leak",
            Certainty::HeldByJsPerhaps => "js",
        };
        let (leaks, groups_left) = (report.leaks.len() as u32, report.groups.len().saturating_sub(GROUPS) as u32);
        let sentence = sentence(&report);
        Self {
            certainty,
            damaged: report.damaged,
            live_objects: report.live_objects,
            live_bytes: report.live_bytes,
            lost_objects: report.lost_objects,
            lost_bytes: report.lost_bytes,
            leaks,
            groups: report.groups.into_iter().take(GROUPS).map(|group| row(group, names, certainty)).collect(),
            groups_left,
            sentence,
        }
    }
}

fn row(group: LeakGroup, names: &Names, certainty: &'static str) -> LeakGroupRow {
    let size = Size(u64::from(group.size));
    let object_cache = names.get(group.class).cloned();
    let what = match (&object_cache, group.class) {
        (Some(name), _) => format!("{name}, objects of {size}"),
        (None, Some(_)) => format!("objects of {size}"),
        (None, None) => format!("segments of {size}"),
    };
    LeakGroupRow {
        what,
        class: group.class.or_else(|| segment_class(u64::from(group.size))),
        object_cache,
        size: group.size,
        site: group.site,
        cycle: group.cycle,
        count: group.count,
        bytes: group.bytes,
        held: group.held,
        held_bytes: group.held_bytes,
        examples: group.examples.into_iter().map(ExampleRow::from).collect(),
        certainty,
    }
}

fn sentence(report: &LeakReport) -> String {
    let objects = |count: u32| if count == 1 { "1 object".to_string() } else { format!("{count} objects") };
    let (live, live_bytes) = (objects(report.live_objects), Size(report.live_bytes));
    let found = if report.lost_objects == 0 {
        format!("Everything that is allocated is in reach: {live}, {live_bytes}.")
    } else {
        let (lost, bytes) = (report.lost_objects, Size(report.lost_bytes));
        let known = match report.certainty {
            Certainty::Leak => "",
            Certainty::HeldByJsPerhaps => " JavaScript may hold some of them: what it holds is not known.",
        };
        format!("Nothing leads to {lost} of {live}: {bytes} of {live_bytes}.{known}")
    };
    if report.damaged {
        return format!(
            "{found} The heap is damaged, so what hangs on its damaged parts may be in reach all the same."
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(class: Option<u32>, size: u32) -> LeakGroup {
        let example = Example { address: 0x2_0000, held_bytes: 8, words: alloc::vec![1, 2] };
        let examples = alloc::vec![example];
        LeakGroup { class, size, site: None, cycle: false, count: 1, bytes: 9, held: 1, held_bytes: 8, examples }
    }

    fn report(certainty: Certainty, groups: Vec<LeakGroup>) -> LeakReport {
        LeakReport {
            certainty,
            damaged: false,
            live_objects: 10,
            live_bytes: 1_000,
            lost_objects: groups.len() as u32,
            lost_bytes: 100,
            groups,
            leaks: Vec::new(),
        }
    }

    #[test]
    fn groups_are_called_what_people_call_them() {
        let names = Names(alloc::vec!["tiles".to_string(), "nodes".to_string()]);
        let caches = CLASSES as u32;
        let groups =
            alloc::vec![group(Some(2), 24), group(Some(caches + 1), 104), group(None, 2_048), group(None, 100_096)];
        let rows = LeakReportRow::of(report(Certainty::Leak, groups), &names).groups;
        let called: Vec<_> =
            rows.iter().map(|row| (row.what.as_str(), row.class, row.object_cache.as_deref())).collect();
        let segments = segment_class(2_048);
        assert!(segments.is_some());
        assert_eq!(
            called,
            [
                ("objects of 24 B", Some(2), None),
                ("nodes, objects of 104 B", Some(caches + 1), Some("nodes")),
                ("segments of 2 KiB", segments, None),
                ("segments of 97.8 KiB", None, None),
            ]
        );
        assert_eq!(rows[0].examples[0].words, [1, 2]);
    }

    #[test]
    fn the_sentence_says_what_is_not_known() {
        let said = |report: LeakReport| LeakReportRow::of(report, &Names::default()).sentence;
        let known = report(Certainty::Leak, alloc::vec![group(None, 8)]);
        assert_eq!(said(known.clone()), "Nothing leads to 1 of 10 objects: 100 B of 1000 B.");
        let unknown = LeakReport { certainty: Certainty::HeldByJsPerhaps, damaged: true, ..known };
        assert_eq!(
            said(unknown),
            "Nothing leads to 1 of 10 objects: 100 B of 1000 B. JavaScript may hold some of them: what it holds is not known. \
             The heap is damaged, so what hangs on its damaged parts may be in reach all the same."
        );
        let none = report(Certainty::HeldByJsPerhaps, Vec::new());
        assert_eq!(said(none), "Everything that is allocated is in reach: 10 objects, 1000 B.");
    }

    #[test]
    fn many_groups_are_cut_and_counted() {
        let groups = (0..1_234).map(|size| group(None, 1_000_000 + size)).collect();
        let rows = LeakReportRow::of(report(Certainty::Leak, groups), &Names::default());
        assert_eq!((rows.groups.len(), rows.groups_left), (1_000, 234));
    }
}
