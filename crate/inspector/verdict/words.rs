//! The sentences of a verdict: what is the case, what can be done, and the figures that say so.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::fmt;

use super::{Cause, Earlier, Evidence, Finding, Parts};
use crate::image::audit::{AuditInfo, SiteInfo};
use crate::image::region::{Owner, Region};
use crate::image::survey::Survey;
use crate::inspector::pins::Pins;
use crate::inspector::words::Size;

/// What large segments are called among the caches.
pub(in crate::inspector) const LARGE: &str = "large segments";

/// Holders that are named.
const NAMED: usize = 3;

/// All that sentences are made of.
pub(super) struct Scene<'s> {
    pub(super) survey: &'s Survey,
    pub(super) regions: &'s [Region],
    pub(super) parts: &'s Parts,
    /// Name, bytes and objects of what holds memory, the most first.
    pub(super) holders: Vec<(String, u64, u64)>,
    pub(super) pins: &'s Pins,
    pub(super) audit: Option<&'s AuditInfo>,
    pub(super) earlier: Option<&'s Earlier>,
}

impl Scene<'_> {
    /// The answer: the main finding, and the second one where it is named.
    pub(super) fn sentence(&self, findings: &[Finding], second: Option<Cause>) -> String {
        let memory = Size(self.parts.memory);
        let Some(first) = findings.first() else { return "The memory is empty.".to_string() };
        let begun = if self.survey.begun { "" } else { "The program has not asked for any memory yet. " };
        let mut sentence =
            format!("{begun}{} of {memory} ({}) {}", Size(first.bytes), Percent(first.share), self.phrase(first.cause));
        if let Some(other) = findings.iter().find(|finding| Some(finding.cause) == second) {
            sentence += &format!("; {} ({}) {}", Size(other.bytes), Percent(other.share), self.phrase(other.cause));
        }
        sentence + "."
    }

    pub(super) fn finding(&self, cause: Cause, bytes: u64) -> Finding {
        let share = bytes as f64 / self.parts.memory.max(1) as f64;
        let sentence =
            format!("{} of {} ({}) {}.", Size(bytes), Size(self.parts.memory), Percent(share), self.phrase(cause));
        Finding { cause, bytes, share, sentence, advice: self.advice(cause), evidence: self.evidence(cause) }
    }

    /// What is said of so many bytes.
    fn phrase(&self, cause: Cause) -> String {
        let parts = self.parts;
        match cause {
            Cause::Live => match self.holders.first() {
                Some(&(ref name, bytes, count)) => {
                    format!("is held by the program, most of it in {}", holder(name, bytes, count))
                }
                None => "is held by the program".to_string(),
            },
            Cause::Growth => self.growth(),
            Cause::Peak => {
                let when = match self.earlier.and_then(|earlier| earlier.peak) {
                    Some((bytes, ago)) if bytes > parts.live => {
                        format!(" of {} held, {} ago,", Size(bytes), Seconds(ago))
                    }
                    _ => String::new(),
                };
                format!(
                    "is free in {}: it was needed at a peak{when} and WebAssembly memory cannot shrink",
                    runs(parts.runs)
                )
            }
            Cause::Fragmentation if self.pins.pages == 0 => format!(
                "is free but scattered: it lies in {} between what is held, and in {}",
                pieces(parts.short, "short run"),
                pieces(parts.partly_slabs, "slab that is partly used"),
            ),
            Cause::Fragmentation => format!(
                "is free but scattered: {} ({}) in {} that {} otherwise nearly free, and the longest free run has {}",
                pieces(self.pins.objects, "object"),
                Size(self.pins.object_bytes),
                pieces(u64::from(self.pins.pages), "page"),
                if self.pins.pages == 1 { "is" } else { "are" },
                Size(parts.longest.len),
            ),
            Cause::Hoarding => {
                let all = [
                    (parts.magazines, "in magazines"),
                    (parts.empty_slabs, "in empty slabs"),
                    (parts.quarantine, "in the quarantine of diagnosis"),
                ];
                let some = all.iter().filter(|part| part.0 != 0).map(|part| format!("{} {}", Size(part.0), part.1));
                format!("is free and kept ready by the heap: {}", some.collect::<Vec<_>>().join(", "))
            }
            Cause::Foreign => "is not this heap's: somebody else has it".to_string(),
            Cause::StaticData => "is static data of the module".to_string(),
            Cause::Stack => "is the module's stack".to_string(),
            Cause::Records => "is what the heap itself costs: its records, and ends of slabs".to_string(),
        }
    }

    /// What grew since the earlier look.
    fn growth(&self) -> String {
        let Some(earlier) = self.earlier else { return "is held by the program".to_string() };
        let delta = self.parts.live.saturating_sub(earlier.live_bytes);
        let mut phrase =
            format!("is held by the program, {} more than {} before", Size(delta), Seconds(earlier.seconds));
        if let Some((name, more)) = self.grown().first() {
            phrase += &format!(", {} of that in {}", Size(*more), of(name));
        }
        phrase
    }

    /// What holds more than at the earlier look, and how much more, the most first; nothing where that look knew no caches.
    fn grown(&self) -> Vec<(String, u64)> {
        let Some(earlier) = self.earlier.filter(|earlier| !earlier.caches.is_empty()) else { return Vec::new() };
        let before = |name: &str| earlier.caches.get(name).copied().unwrap_or(0);
        let more = |(name, bytes, _): &(String, u64, u64)| (name.clone(), bytes.saturating_sub(before(name)));
        let mut grown: Vec<_> = self.holders.iter().map(more).filter(|grown| grown.1 != 0).collect();
        grown.sort_by_key(|grown| Reverse(grown.1));
        grown
    }

    fn advice(&self, cause: Cause) -> String {
        let audited = self.survey.layout.audited;
        let text = match cause {
            Cause::Live if audited => {
                "Look at the call sites that hold most, and let the search for leaks tell what nothing leads to any more."
            }
            Cause::Live => {
                "Look at the caches that hold most, and let the search for leaks tell what nothing leads to any more. Built with the feature `sites`, the module also says who asked for it."
            }
            Cause::Growth if audited => {
                "Look at the call sites that only grow, and search for leaks. If it goes on, something is kept for ever: a list or a map without a limit, or objects that JavaScript never frees."
            }
            Cause::Growth => {
                "Compare two snapshots, and search for leaks. If it goes on, something is kept for ever: a list or a map without a limit, or objects that JavaScript never frees."
            }
            Cause::Peak => {
                "Nothing leaks: the heap uses this before memory grows again. To have less, lower the peak (work in smaller parts, give back earlier), or do such work in an instance of its own and drop it: only that gives memory back."
            }
            Cause::Fragmentation if self.pins.pages == 0 => {
                "Objects of the same sizes use it again. Where sizes change from phase to phase, give what lives long an object cache or an arena of its own."
            }
            Cause::Fragmentation => {
                "Look at the objects that pin pages: what lives long should not be made between what lives short. Make it before, or give it an object cache or an arena of its own; objects that can move are moved together by `reap`."
            }
            Cause::Hoarding if self.parts.quarantine * 2 > self.parts.magazines + self.parts.empty_slabs => {
                "Diagnosis keeps what was freed, to see who writes there: make its quarantine smaller, or end the mode."
            }
            Cause::Hoarding => {
                "It is used for the next requests of the same sizes. `flagstone::reclaim()` gives it back to the arena, for all sizes; with the feature `reclaim` the heap does that by itself before memory grows."
            }
            Cause::Foreign => {
                "The heap cannot use it. It belongs to whoever else calls `memory.grow`: stacks of threads, an allocator of C code or of another crate, or JavaScript."
            }
            Cause::StaticData => {
                "It is there from the start: tables, statics and what `include_bytes!` puts into the module. Load what is large when it is needed instead."
            }
            Cause::Stack => {
                "It is there from the start: the linker reserves it (1 MiB unless told otherwise). If that is too much, link with `-zstack-size`."
            }
            Cause::Records if audited => {
                "Most of it are the records of diagnosis: sample less often, or make its logs shorter. A build without the feature `audit` has none."
            }
            Cause::Records => "There is nothing to do about it: it grows with the number of slabs and segments.",
        };
        text.to_string()
    }

    fn evidence(&self, cause: Cause) -> Vec<Evidence> {
        let parts = self.parts;
        match cause {
            Cause::Live => {
                let mut all: Vec<_> = self
                    .holders
                    .iter()
                    .take(NAMED)
                    .map(|&(ref name, bytes, count)| self.holder_evidence(name, capital(&holder(name, bytes, count))))
                    .collect();
                all.extend(self.sites());
                all.push(seen("What nothing leads to any more", "leaks"));
                all
            }
            Cause::Growth => {
                let grown = self.grown().into_iter().take(NAMED);
                let mut all: Vec<_> = grown
                    .map(|(name, more)| self.holder_evidence(&name, format!("{} more in {}", Size(more), of(&name))))
                    .collect();
                all.extend(self.sites());
                all.push(seen("What nothing leads to any more", "leaks"));
                all
            }
            Cause::Peak => {
                let longest = format!("The longest free run has {}", Size(parts.longest.len));
                let counters = &self.survey.counters;
                vec![
                    Evidence { address: Some(parts.longest.start as u32), ..seen(&longest, "map") },
                    seen(
                        &format!("Memory grew {} times, by {} pages", counters.growths, counters.grown_pages),
                        "overview",
                    ),
                ]
            }
            Cause::Fragmentation => self.scattered(),
            Cause::Hoarding => {
                let all = [
                    (parts.magazines, format!("{} in magazines", Size(parts.magazines)), "caches"),
                    (
                        parts.empty_slabs,
                        format!("{} in {}", Size(parts.empty_slabs), pieces(parts.empty, "empty slab")),
                        "caches",
                    ),
                    (parts.quarantine, format!("{} in the quarantine of diagnosis", Size(parts.quarantine)), "faults"),
                ];
                all.into_iter().filter(|part| part.0 != 0).map(|(_, sentence, view)| seen(&sentence, view)).collect()
            }
            Cause::Foreign => vec![Evidence {
                address: self.first(Owner::Foreign),
                ..seen(&format!("Spans of the heap: {}", self.survey.spans.len()), "map")
            }],
            Cause::StaticData => {
                vec![Evidence { address: self.first(Owner::StaticData), ..seen("Where it lies", "map") }]
            }
            Cause::Stack => vec![Evidence { address: self.first(Owner::Stack), ..seen("Where it lies", "map") }],
            Cause::Records => vec![
                seen(&format!("{} of records", Size(parts.records)), "arenas"),
                seen(&format!("{} of slabs that are no object", Size(parts.overhead)), "caches"),
            ],
        }
    }

    /// What fragmentation consists of.
    fn scattered(&self) -> Vec<Evidence> {
        let (parts, pins) = (self.parts, self.pins);
        let mut all = Vec::new();
        if let Some(object) = pins.list.first().and_then(|page| page.objects.first()) {
            let sentence = format!(
                "{} would be free in {} without {}",
                Size(pins.free_bytes + pins.object_bytes),
                pieces(u64::from(pins.pages), "page"),
                pieces(pins.objects, "object")
            );
            let site = Some(object.site).filter(|&site| site != 0);
            all.push(Evidence { address: Some(object.address), site, ..seen(&sentence, "map") });
        }
        all.extend(pins.groups.iter().take(NAMED).map(|group| {
            let sentence = format!("{} of {} pin pages", pieces(u64::from(group.objects), "object"), of(&group.cache));
            self.holder_evidence(&group.cache, sentence)
        }));
        all.push(seen(
            &format!(
                "{} of {} free in {}",
                Size(parts.short_runs),
                Size(parts.short_runs + parts.long_runs),
                pieces(parts.short, "short run")
            ),
            "arenas",
        ));
        all.push(seen(
            &format!("{} free in {}", Size(parts.partly), pieces(parts.partly_slabs, "slab that is partly used")),
            "caches",
        ));
        all
    }

    /// The sites that hold most.
    fn sites(&self) -> Vec<Evidence> {
        let mut sites: Vec<&SiteInfo> = self.audit.map_or(&[][..], |audit| &audit.sites[..]).iter().collect();
        sites.retain(|site| site.live_bytes != 0);
        sites.sort_by_key(|site| Reverse(site.live_bytes));
        let row = |site: &&SiteInfo| Evidence {
            site: Some(site.number),
            ..seen(&format!("About {} from site {}", Size(site.live_bytes), site.number), "sites")
        };
        sites.iter().take(NAMED).map(row).collect()
    }

    /// What shows a cache, an object cache, or large segments.
    fn holder_evidence(&self, name: &str, sentence: String) -> Evidence {
        if name == LARGE {
            return seen(&sentence, "arenas");
        }
        let made = self.survey.object_caches.iter().any(|cache| cache.name == name);
        Evidence { cache: Some(name.to_string()), ..seen(&sentence, if made { "objects" } else { "caches" }) }
    }

    /// The first address of the longest region of an owner.
    fn first(&self, owner: Owner) -> Option<u32> {
        let longest = self.regions.iter().filter(|region| region.owner == owner).max_by_key(|region| region.bytes());
        longest.and_then(|region| u32::try_from(region.start).ok())
    }
}

fn seen(sentence: &str, view: &'static str) -> Evidence {
    Evidence { sentence: sentence.to_string(), view, cache: None, address: None, site: None }
}

/// A holder with its figures.
fn holder(name: &str, bytes: u64, count: u64) -> String {
    if name == LARGE {
        return format!("{} ({})", pieces(count, "large segment"), Size(bytes));
    }
    format!("{} of {} ({})", pieces(count, "object"), of(name), Size(bytes))
}

/// A cache as it is named in a sentence: size classes are called by their size already.
fn of(name: &str) -> String {
    let is_size = name.ends_with(" B") || name.ends_with("iB");
    if is_size || name == LARGE { name.to_string() } else { format!("`{name}`") }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn runs(count: u64) -> String {
    if count == 1 { "one long run".to_string() } else { format!("{count} long runs") }
}

/// So many of something: with its plural, whose `s` belongs to the first noun.
fn pieces(count: u64, noun: &str) -> String {
    if count == 1 {
        return format!("1 {noun}");
    }
    let noun = match noun.split_once(" that is ") {
        Some((noun, rest)) => format!("{noun}s that are {rest}"),
        None => format!("{noun}s"),
    };
    format!("{} {noun}", Thousands(count))
}

/// A share in whole percent; never 0 % of something.
struct Percent(f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = (self.0 * 100.0 + 0.5) as u32;
        if whole == 0 { f.write_str("under 1 %") } else { write!(f, "{whole} %") }
    }
}

/// A time as people say it.
struct Seconds(f64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = (self.0.max(0.0) + 0.5) as u64;
        match seconds {
            0..120 => write!(f, "{seconds} s"),
            120..7200 => write!(f, "{} min", seconds / 60),
            _ => write!(f, "{} h", seconds / 3600),
        }
    }
}

/// A count with its digits in groups of three.
struct Thousands(u64);

impl fmt::Display for Thousands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.chars().enumerate() {
            if index != 0 && (digits.len() - index).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}
