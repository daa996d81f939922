//! Faults as a page shows them: what happened, what that usually means, and the evidence.
#![forbid(unsafe_code)]

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::audit_rows::{cache_name, policy};
use super::log_rows::{LogEntry, Logs};
use super::whatis::as_bytes;
use crate::audit::{Event, FaultKind};
use crate::heap::{AUDITED, LARGE, META, OBJECTS};
use crate::image::audit::FaultInfo;
use crate::image::survey::Survey;
use crate::vmem::FREE;
use crate::vmem::tag::KIND;

/// What went wrong, once.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FaultRow {
    /// Its number, from 1 on.
    pub id: u32,
    /// `modified`, `redzone`, `double free`, `bad address`, `bad tag`, `bad record`, `wrong cache`, `wrong size`, `interior`.
    pub kind: &'static str,
    /// What it was taken for at first.
    pub reported: &'static str,
    /// What the program was doing: `alloc`, `free`, `realloc`, `check`.
    pub doing: &'static str,
    /// All of it in a sentence or two.
    pub sentence: String,
    /// What to do about it.
    pub advice: &'static str,
    /// The address that the program named.
    pub address: u32,
    /// Where the object begins; zero where there is none.
    pub object: u32,
    /// Bytes of the object.
    pub size: u32,
    /// Its alignment.
    pub align: u32,
    /// Bytes that the program said it has.
    pub given_size: u32,
    /// The alignment that it said.
    pub given_align: u32,
    /// What the object cache is called that it belongs to; empty for the front end.
    pub cache: String,
    /// What the one is called that the program named.
    pub given_cache: String,
    /// First address of its slab or segment.
    pub segment: u32,
    /// Bytes of that.
    pub segment_bytes: u32,
    /// What that is.
    pub place: &'static str,
    /// First damaged byte from the beginning of the object on, negative before it.
    pub offset: Option<i32>,
    /// Bytes up to the last damaged one.
    pub damaged_bytes: u32,
    /// The word that should be there.
    pub expected: u32,
    /// The word that is.
    pub found: u32,
    /// Number of the site that asked for the object.
    pub alloc_site: u32,
    /// Number of the site that gave it back.
    pub free_site: u32,
    /// Number of the site of the call that found the fault.
    pub site: u32,
    /// The operation that made the object, its low word; and so on.
    pub alloc_operation: u32,
    /// The operation that gave it back.
    pub free_operation: u32,
    /// The operation that found the fault.
    pub operation: u32,
    /// Milliseconds of the host's clock when it was made.
    pub alloc_time: u32,
    /// When it was given back.
    pub free_time: u32,
    /// When the fault was found.
    pub time: u32,
    /// What was done: `trap`, `continue`.
    pub outcome: &'static str,
    /// First address of the memory around it.
    pub around_at: u32,
    /// The memory around it.
    #[serde(serialize_with = "as_bytes")]
    pub around: Vec<u8>,
    /// Its last entries in the log of calls, the newest first.
    pub history: Vec<LogEntry>,
}

impl FaultRow {
    /// A fault as a row.
    pub(super) fn of(survey: &Survey, logs: &Logs, info: &FaultInfo) -> Self {
        let fault = &info.fault;
        Self {
            id: fault.number,
            kind: kind(fault.kind),
            reported: kind(info.reported),
            doing: match info.doing {
                Some(Event::Free) => "free",
                Some(Event::Realloc) => "realloc",
                Some(Event::Check | Event::Released) => "check",
                _ => "alloc",
            },
            sentence: fault.to_string(),
            advice: advice(fault.kind, fault.offset),
            address: fault.address,
            object: fault.object,
            size: fault.size,
            align: fault.align,
            given_size: fault.given_size,
            given_align: fault.given_align,
            cache: cache_name(survey, fault.cache),
            given_cache: cache_name(survey, fault.given_cache),
            segment: info.segment,
            segment_bytes: info.segment_len,
            place: place(info),
            offset: fault.offset,
            damaged_bytes: fault.damaged,
            expected: info.expected,
            found: info.found,
            alloc_site: fault.alloc_site,
            free_site: fault.free_site,
            site: fault.site,
            alloc_operation: info.operations[0],
            free_operation: info.operations[1],
            operation: info.operations[2],
            alloc_time: info.times[0],
            free_time: info.times[1],
            time: info.times[2],
            outcome: policy(info.outcome),
            around_at: info.around_at,
            around: info.around.clone(),
            history: info.last.iter().filter_map(|sequence| logs.call(*sequence)).collect(),
        }
    }
}

const fn kind(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Modified => "modified",
        FaultKind::Redzone => "redzone",
        FaultKind::DoubleFree => "double free",
        FaultKind::BadAddress => "bad address",
        FaultKind::BadTag => "bad tag",
        FaultKind::BadRecord => "bad record",
        FaultKind::WrongCache => "wrong cache",
        FaultKind::WrongSize => "wrong size",
        FaultKind::Interior => "interior",
    }
}

const fn advice(kind: FaultKind, offset: Option<i32>) -> &'static str {
    match kind {
        FaultKind::Modified => {
            "Somebody kept a pointer to the object when it was freed. Look where it was freed, and who else had it: a raw pointer, a slice made from one, a handle in JavaScript."
        }
        FaultKind::Redzone if matches!(offset, Some(..0)) => {
            "Somebody wrote before the beginning: an index below zero, a pointer that was moved back too far. Look at unsafe code that writes to what the allocating site made."
        }
        FaultKind::Redzone => {
            "Somebody wrote past the end: a length that counts elements for bytes, a loop that runs one time too often, a terminating zero without room for it. Look at unsafe code that writes to what the allocating site made."
        }
        FaultKind::DoubleFree => {
            "Two owners freed it: a Box or Vec made twice from one raw pointer, a value dropped after ptr::read, free() called twice on an object of JavaScript. Compare the site of the first free with this one."
        }
        FaultKind::BadAddress => {
            "The pointer never came from this heap: it points to static data, the stack, another memory, or was computed wrongly. Look where the caller got it."
        }
        FaultKind::BadTag | FaultKind::BadRecord => {
            "The allocator's own record was written over, which no object is near to. Look for a pointer that is wild: used uninitialised, or computed from a wrong index."
        }
        FaultKind::WrongCache => {
            "The object was given to a cache that it does not come from. Look which cache the allocating site used, and give it back there."
        }
        FaultKind::WrongSize => {
            "The layout of a free must be that of the request. Vec::from_raw_parts with the length for the capacity, or Box::from_raw with another type, do this."
        }
        FaultKind::Interior => {
            "The pointer was moved since it was handed out: an iterator's end, a field's address, an aligned pointer in place of the one that was returned."
        }
    }
}

/// What there is at the place of a fault.
const fn place(info: &FaultInfo) -> &'static str {
    if info.segment_len == 0 {
        return "no memory of the heap";
    }
    match info.place & KIND {
        FREE => "free memory",
        META => "the allocator's own records",
        LARGE => "a large allocation",
        OBJECTS => "a slab of an object cache",
        AUDITED => "a guarded object",
        _ => "a slab",
    }
}
