//! What is at an address.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Serialize, Serializer};

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

fn as_bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

/// A segment around an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SegmentAt {
    /// First address.
    pub start: u32,
    /// Bytes.
    pub length: u32,
    /// What it is: `free`, `large`, `parked`, `slab` or `metadata`.
    pub kind: &'static str,
}

/// A span around an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SpanAt {
    /// First address.
    pub start: u32,
    /// Bytes.
    pub length: u32,
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
    /// The size class of the slab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<u32>,
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
    pub span: Option<SpanAt>,
    /// All of it in a sentence.
    pub sentence: String,
}

impl Whatis {
    /// What a survey knows of `address`. Takes time linear in the number of segments.
    #[must_use]
    pub fn of(survey: &Survey, address: u32) -> Self {
        let at = u64::from(address);
        let regions = regions(survey);
        let region = regions.partition_point(|region| region.start <= at).checked_sub(1).map(|index| regions[index]);
        let mut answer = match region.filter(|region| at < region.end) {
            Some(region) => in_region(survey, address, &region),
            None => {
                let text = format!("{address:#x} is outside the memory, which is {} bytes long.", survey.memory_len);
                plain(address, "outside", survey.memory_len, 0, text)
            }
        };
        if let Some(segment) = survey.segment_at(address) {
            let kind = match segment.kind {
                Kind::Free => "free",
                Kind::Large => "large",
                Kind::Parked => "parked",
                Kind::Slab(_) => "slab",
                Kind::Metadata => "metadata",
            };
            answer.segment = Some(SegmentAt { start: segment.start, length: segment.len, kind });
            let span = survey.spans.iter().find(|span| span.start <= address && address - span.start < span.len);
            answer.span = span.map(|span| SpanAt { start: span.start, length: span.len });
        }
        answer
    }
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
        object_size: None,
        slab: None,
        segment: None,
        span: None,
        sentence,
    }
}

fn in_region(survey: &Survey, address: u32, region: &Region) -> Whatis {
    let length = region.end - region.start;
    let (kind, what) = match region.owner {
        Owner::Slab => match region.slab.and_then(|index| survey.slabs.get(index)) {
            Some(slab) => return in_slab(address, slab),
            None => ("slab overhead", "in a slab whose descriptor is damaged"),
        },
        Owner::Foreign => ("foreign", "not known to this heap: memory that somebody else grew, or too little to be used"),
        Owner::StaticData => ("static data", "static data of the module"),
        Owner::Stack => ("stack", "the module's stack"),
        Owner::Large => ("large", "a segment that the application holds"),
        Owner::Parked => ("parked", "a free segment in a magazine"),
        Owner::Free => ("arena free", "a free segment of the arena"),
        Owner::Metadata => ("metadata", "the allocator's own records"),
    };
    let text = format!("{address:#x} is {} bytes into {length} bytes at {:#x}: {what}.", u64::from(address) - region.start, region.start);
    plain(address, kind, region.start, length, text)
}

fn in_slab(address: u32, slab: &SlabInfo) -> Whatis {
    let index = (address - slab.start) / slab.size;
    let around = SlabAt {
        start: slab.start,
        length: slab.len,
        object_size: slab.size,
        objects: slab.objects,
        used: slab.live(),
        states: (0..slab.objects).map(|object| state_of(slab, object)).collect(),
    };
    let place = format!("a slab at {:#x} of which {} of {} objects of {} bytes are live", slab.start, slab.live(), slab.objects, slab.size);
    let mut answer = if index >= slab.objects {
        let start = slab.start + slab.objects * slab.size;
        let text = format!("{address:#x} lies behind the last object of {place}.");
        plain(address, "slab overhead", u64::from(start), u64::from(slab.overhead()), text)
    } else {
        let start = slab.start + index * slab.size;
        let (state, words) = match state_of(slab, index) {
            0 => ("free", "free in its slab"),
            1 => ("live", "held by the application"),
            _ => ("magazine", "free, in a magazine"),
        };
        let text = format!("{address:#x} is {} bytes into the object at {start:#x}, {words}: object {index} of {place}.", address - start);
        let mut answer = plain(address, "object", u64::from(start), u64::from(slab.size), text);
        answer.state = Some(state);
        answer
    };
    answer.cache = Some(slab.class);
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
