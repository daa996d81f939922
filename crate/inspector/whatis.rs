//! What is at an address.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Serialize, Serializer};

use super::arena_rows::{HEAP, SpanRow};
use super::rows::segment_class;
use super::segment_rows::SegmentRow;
use super::words::{Hex, Size};
use crate::image::arenas::{ArenaInfo, ArenaKind, ArenaSegment};
use crate::image::audit::{AuditInfo, Status, WatchInfo};
use crate::image::objects::ObjectCacheInfo;
use crate::image::region::{Owner, Region, regions};
use crate::image::survey::{Kind, SlabInfo, Survey};

/// A slab around an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SlabAt {
    /// First address.
    pub start: u32,
    /// Bytes.
    pub length: u32,
    /// Bytes of an object.
    pub object_size: u32,
    /// Number of objects.
    pub objects: u32,
    /// Objects that the application holds.
    pub used: u32,
    /// For each object 0 free, 1 live, 2 in a magazine.
    #[serde(serialize_with = "as_bytes")]
    pub states: Vec<u8>,
}

pub(super) fn as_bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

/// A segment around an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SegmentAt {
    /// First address.
    pub start: u32,
    /// Bytes.
    pub length: u32,
    /// What it is: `free`, `large`, `parked`, `slab`, `objects`, `guarded` or `metadata`.
    pub kind: &'static str,
}

/// What diagnosis has on record of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WatchRow {
    /// Where it begins.
    pub object: u32,
    /// Bytes asked for.
    pub size: u32,
    /// The alignment asked for.
    pub align: u32,
    /// `held`, `in quarantine`, `abandoned`, `damaged`.
    pub state: &'static str,
    /// The mode it was made with, in words; `off` for a sampled object.
    pub mode: String,
    /// Number of the site that asked for it; zero for none.
    pub site: u32,
    /// Number of the site that gave it back.
    pub free_site: u32,
    /// The operation that made it.
    pub operation: u64,
    /// The operation that gave it back; zero for none.
    pub free_operation: u64,
    /// Milliseconds of the host's clock when it was made.
    pub time: u32,
}

impl WatchRow {
    fn of(watch: &WatchInfo) -> Self {
        Self {
            object: watch.object,
            size: watch.size,
            align: watch.align,
            state: match watch.status {
                Some(Status::Held) => "held",
                Some(Status::Freed) => "in quarantine",
                Some(Status::Abandoned) => "abandoned",
                None => "damaged",
            },
            mode: watch.mode.to_string(),
            site: watch.alloc_site,
            free_site: watch.free_site,
            operation: watch.alloc_operation,
            free_operation: watch.free_operation,
            time: watch.alloc_time,
        }
    }
}

/// An arena that has an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChainRow {
    /// Where its record is.
    pub arena: u32,
    /// What it is called.
    pub name: String,
    /// Its segment there.
    pub segment: SegmentRow,
}

/// What is at an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Whatis {
    /// The address asked for.
    pub address: u32,
    /// `static data`, `stack`, `object`, `slab overhead`, `large`, `parked`, `arena free`, `metadata`, `foreign` or `outside`.
    pub kind: &'static str,
    /// For an object `live`, `magazine` or `free`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'static str>,
    /// First address of it.
    pub start: u64,
    /// Bytes of it.
    pub length: u64,
    /// How far into it the address is, in bytes.
    pub offset: u64,
    /// The class of the slab, or of a segment that is as long as a class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<u32>,
    /// Of a slab of an object cache: the name of the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_cache: Option<String>,
    /// Bytes of an object of the slab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_size: Option<u32>,
    /// The slab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slab: Option<SlabAt>,
    /// The segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<SegmentAt>,
    /// The span.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<SpanRow>,
    /// The arenas that have the address, from the heap's inwards.
    pub chain: Vec<ChainRow>,
    /// What diagnosis has on record of the object there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watch: Option<WatchRow>,
    /// All of it in a sentence.
    pub sentence: String,
}

impl Whatis {
    /// What a survey knows of `address`. Takes time linear in the number of segments, of the heap and of the arenas in it.
    #[must_use]
    pub fn of(survey: &Survey, address: u32) -> Self {
        let at = u64::from(address);
        let regions = regions(survey);
        let region = regions.partition_point(|region| region.start <= at).checked_sub(1).map(|index| regions[index]);
        let mut answer = match region.filter(|region| at < region.end) {
            Some(region) => in_region(survey, address, &region),
            None => {
                let text = format!("{} is outside the memory, which ends at {}.", Hex(at), Hex(survey.memory_len));
                plain(address, "outside", survey.memory_len, 0, text)
            }
        };
        if let Some(segment) = survey.segment_at(address) {
            let kind = match segment.kind {
                Kind::Free => "free",
                Kind::Large => "large",
                Kind::Parked => "parked",
                Kind::Guarded(_) => "guarded",
                Kind::Slab(_) => "slab",
                Kind::Objects(_) => "objects",
                Kind::Metadata => "metadata",
            };
            answer.segment = Some(SegmentAt { start: segment.start, length: segment.len, kind });
            let span = survey.spans.iter().find(|span| span.start <= address && address - span.start < span.len);
            answer.span = span.map(SpanRow::from);
            let segment = SegmentRow::of_heap(survey, segment);
            answer.chain.push(ChainRow { arena: survey.arena_at(), name: String::from(HEAP), segment });
        }
        if answer.kind != "outside" {
            answer.add_object_caches(survey);
            answer.add_arenas(survey, address);
        }
        answer
    }
}

impl Whatis {
    /// Adds what diagnosis has on record of the object at the address, or around it.
    pub fn add_audit(&mut self, audit: &AuditInfo) {
        let of_segment = |segment: &SegmentAt| {
            let inside = |watch: &&WatchInfo| watch.object.wrapping_sub(segment.start) < segment.length;
            audit.watches.iter().filter(|watch| watch.segment != 0).find(inside)
        };
        let guarded = self.segment.as_ref().filter(|segment| segment.kind == "guarded").and_then(of_segment);
        let Some(watch) = guarded.or_else(|| audit.watch_at(self.address)) else { return };
        let row = WatchRow::of(watch);
        let (size, at) = (Size(u64::from(watch.size)), Hex(u64::from(watch.object)));
        if guarded.is_some() {
            let place = match self.address.wrapping_sub(watch.object) as i32 {
                offset @ ..0 => format!("{} before", Size(u64::from(offset.unsigned_abs()))),
                offset if (offset as u32) < watch.size => format!("{} into", Size(offset as u64)),
                offset => format!("{} behind the end of", Size(u64::from(offset as u32 - watch.size))),
            };
            self.sentence
                .push_str(&format!(" It is {place} a guarded object of {size} at {at}, which is {}.", row.state));
        }
        if watch.alloc_site != 0 {
            self.sentence.push_str(&format!(" Site {} asked for the object of {size} at {at}.", watch.alloc_site));
        }
        self.watch = Some(row);
    }

    /// Adds whose record or magazine is at the address: those of object caches and budgets are held as if by the application.
    fn add_object_caches(&mut self, survey: &Survey) {
        let Some(at) = self.held() else { return };
        let of_cache = |cache: &ObjectCacheInfo| {
            let what = if cache.id == at { "the record" } else { "a magazine" };
            (cache.id == at || cache.magazines.contains(&at)).then(|| (what, cache.called()))
        };
        if let Some((what, name)) = survey.object_caches.iter().find_map(of_cache) {
            self.sentence.push_str(&format!(" It is {what} of the object cache {name}."));
        } else if let Some(budget) = survey.budgets.iter().find(|budget| budget.id == at) {
            self.sentence.push_str(&format!(" It is the record of the budget {}.", budget.name));
        }
    }

    /// Where a record may begin: where what the application holds there does.
    fn held(&self) -> Option<u32> {
        u32::try_from(self.start).ok().filter(|_| self.state == Some("live") || self.kind == "large")
    }

    /// Adds what arenas have at the address, and whose records lie there.
    fn add_arenas(&mut self, survey: &Survey, address: u32) {
        if let Some(owner) = self.held().and_then(|at| survey.arenas.iter().find(|arena| arena.has_record_at(at))) {
            self.sentence.push_str(&format!(" It is part of the records of the arena {}.", called(owner)));
        }
        // An arena imports from an older one, so these go inwards too.
        for arena in survey.arenas.iter().filter(|arena| arena.memory) {
            let Some(segment) = arena.segment_at(address) else { continue };
            let (start, length, what) = in_arena(arena, segment, address);
            let (size, from) = (Size(u64::from(length)), Hex(u64::from(start)));
            let place = match u64::from(address - start) {
                0 => String::from("the start of"),
                offset => format!("{} into", Size(offset)),
            };
            let text = format!(" In the arena {} it is {place} {what}: {size} from {from}.", called(arena));
            self.sentence.push_str(&text);
            let segment = SegmentRow::of_arena(arena, segment);
            self.chain.push(ChainRow { arena: arena.id, name: arena.name.clone(), segment });
        }
    }
}

/// What a sentence calls an arena.
fn called(arena: &ArenaInfo) -> String {
    if arena.name.is_empty() { format!("without a name, number {}", arena.number) } else { arena.name.clone() }
}

/// What of a segment of an arena is at an address in it: where it starts, its bytes, and what it is.
fn in_arena(arena: &ArenaInfo, segment: &ArenaSegment, address: u32) -> (u32, u32, &'static str) {
    let whole = |what| (segment.start, segment.len, what);
    let slab = match (segment.kind, arena.slab_of(segment)) {
        (ArenaKind::Free, _) => return whole("a free segment"),
        (ArenaKind::Held, _) => return whole("a held segment"),
        (ArenaKind::Slab(_), None) => return whole("a slab whose record is damaged"),
        (ArenaKind::Slab(_), Some(slab)) => slab,
    };
    let object = (address - slab.start) / slab.object_len;
    let start = slab.start + object.min(slab.objects) * slab.object_len;
    if object >= slab.objects {
        return (start, slab.len - slab.objects * slab.object_len, "the rest of a slab, too small for an object");
    }
    let what = if slab.free >> object & 1 == 1 {
        "a free object of a slab"
    } else if slab.parked >> object & 1 == 1 {
        "a free object of a slab that waits in a magazine"
    } else {
        "a held object of a slab"
    };
    (start, slab.object_len, what)
}

fn plain(address: u32, kind: &'static str, start: u64, length: u64, sentence: String) -> Whatis {
    Whatis {
        address,
        kind,
        state: None,
        start,
        length,
        offset: u64::from(address).saturating_sub(start),
        cache: None,
        object_cache: None,
        object_size: None,
        slab: None,
        segment: None,
        span: None,
        chain: Vec::new(),
        watch: None,
        sentence,
    }
}

fn in_region(survey: &Survey, address: u32, region: &Region) -> Whatis {
    let length = region.end - region.start;
    let (kind, what) = match region.owner {
        Owner::Slab => match region.slab.and_then(|index| survey.slabs.get(index)) {
            Some(slab) => return in_slab(survey, address, slab),
            None => ("slab overhead", "a slab whose record is damaged"),
        },
        Owner::Foreign => ("foreign", "memory that this heap does not own"),
        Owner::StaticData => ("static data", "the static data of the module"),
        Owner::Stack => ("stack", "the stack of the module"),
        Owner::Large => ("large", "a segment that the application holds"),
        Owner::Parked => ("parked", "a free segment that waits in a magazine"),
        Owner::Free => ("arena free", "a free segment of the arena"),
        Owner::Metadata => ("metadata", "the allocator's own records"),
    };
    let (start, size) = (Hex(region.start), Size(length));
    let text = format!("{} {what}: {size} from {start}.", place(address, region.start));
    let mut answer = plain(address, kind, region.start, length, text);
    if matches!(region.owner, Owner::Large | Owner::Parked) {
        answer.cache = segment_class(length);
    }
    answer
}

/// How a sentence about an address begins: where it is in what starts at `start`.
fn place(address: u32, start: u64) -> String {
    let at = Hex(u64::from(address));
    match u64::from(address) - start {
        0 => format!("{at} is the start of"),
        offset => format!("{at} is {} into", Size(offset)),
    }
}

fn in_slab(survey: &Survey, address: u32, slab: &SlabInfo) -> Whatis {
    let index = (address - slab.start) / slab.size;
    let around = SlabAt {
        start: slab.start,
        length: slab.len,
        object_size: slab.size,
        objects: slab.objects,
        used: slab.live(),
        states: (0..slab.objects).map(|object| state_of(slab, object)).collect(),
    };
    let (size, slab_start) = (Size(u64::from(slab.size)), Hex(u64::from(slab.start)));
    let (live, objects) = (slab.live(), slab.objects);
    let cache = survey.object_cache_of(slab);
    let of = cache.map_or_else(String::new, |cache| format!(" of the object cache {}", cache.called()));
    let mut answer = if index >= objects {
        let start = u64::from(slab.start + objects * slab.size);
        let text = format!(
            "{} the rest of a slab{of}, too small for an object: {objects} objects of {size} from {slab_start}, {live} of them live.",
            place(address, start)
        );
        plain(address, "slab overhead", start, u64::from(slab.overhead()), text)
    } else {
        let start = u64::from(slab.start + index * slab.size);
        let (state, what) = match state_of(slab, index) {
            0 => ("free", format!("a free object of {size}{of}")),
            1 => ("live", format!("a live object of {size}{of}")),
            _ => ("magazine", format!("a free object of {size}{of} that waits in a magazine")),
        };
        let number = index + 1;
        let text = format!(
            "{} {what}, number {number} of {objects} in the slab from {slab_start}, {live} of them live.",
            place(address, start)
        );
        let mut answer = plain(address, "object", start, u64::from(slab.size), text);
        answer.state = Some(state);
        answer
    };
    answer.cache = Some(slab.class);
    answer.object_cache = cache.map(|cache| cache.name.clone());
    answer.object_size = Some(slab.size);
    answer.slab = Some(around);
    answer
}

/// The state of an object as in [`SlabAt::states`].
const fn state_of(slab: &SlabInfo, object: u32) -> u8 {
    if slab.free >> object & 1 == 1 {
        0
    } else if slab.parked >> object & 1 == 1 {
        2
    } else {
        1
    }
}
