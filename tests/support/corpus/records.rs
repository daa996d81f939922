//! Programs that write into the records of diagnosis through a wild pointer.

use flagstone::audit::FaultKind::{BadRecord, BadTag};

use super::{Ground, Program, Run, program};

/// What the status of a watch of a held object is, exclusive-or its address.
const HELD: u32 = 0xa110_c8ed;

/// Offsets of words in a watch.
const OBJECT: u32 = 16;
const SIZE: u32 = 20;
const ENCODED: u32 = 24;
const STATUS: u32 = 32;
const SEGMENT: u32 = 44;

/// Offsets of words in the tag of a segment.
const OWNER: u32 = 28;
const BITS: u32 = 32;

fn word<G: Ground>(it: &Run<G>, at: u32) -> u32 {
    // SAFETY: programs read words of the memory, as a wild pointer would.
    unsafe { it.ground.at(at).cast::<u32>().read_volatile() }
}

fn set<G: Ground>(it: &Run<G>, at: u32, value: u32) {
    // SAFETY: programs write into the heap's records, which are cells.
    unsafe { it.ground.at(at).cast::<u32>().write_volatile(value) };
}

/// Where the watch of a held object is: its address, its size, and its size encoded stand there one behind the other.
///
/// Nowhere where nothing watches it.
pub(super) fn watch_of<G: Ground>(it: &Run<G>, object: *mut u8) -> Option<u32> {
    let object = it.ground.address(object);
    let (start, end) = it.ground.extent();
    let is_watch = |at: &u32| {
        word(it, at + OBJECT) == object
            && word(it, at + ENCODED) == word(it, at + SIZE).wrapping_mul(251).wrapping_add(1)
            && word(it, at + STATUS) == HELD ^ at
    };
    (start..end - 128).step_by(8).find(is_watch)
}

/// Writes over a word of the watch of an object that is held.
fn damaged<G: Ground>(name: &str, kind: flagstone::audit::FaultKind, of: u32, bits: u32) -> Program<G> {
    program(name, kind, move |it: &Run<G>| {
        let at = it.alloc(1, 40, 8);
        let place = watch_of(it, at).unwrap_or(0) + of;
        if it.is_wrong() {
            set(it, place, word(it, place) ^ bits);
        }
        it.free(2, at, 40, 8);
    })
    .sites(1, 0, 2)
}

/// The same of a freed object.
fn damaged_later<G: Ground>(name: &str, kind: flagstone::audit::FaultKind, of: u32, bits: u32) -> Program<G> {
    program(name, kind, move |it: &Run<G>| {
        let at = it.alloc(1, 40, 8);
        let place = watch_of(it, at).unwrap_or(0) + of;
        it.free(2, at, 40, 8);
        if it.is_wrong() {
            set(it, place, word(it, place) ^ bits);
        }
    })
    .sites(1, 2, 90)
    .only_poisoned()
}

/// Writes over a word of the tag of an object's segment.
fn damaged_tag<G: Ground>(name: &str, of: u32, bits: u32) -> Program<G> {
    program(name, BadRecord, move |it: &Run<G>| {
        let at = it.alloc(1, 40, 8);
        let place = watch_of(it, at).map_or(0, |watch| word(it, watch + SEGMENT)) + of;
        if it.is_wrong() {
            set(it, place, word(it, place) ^ bits);
        }
        it.free(2, at, 40, 8);
    })
    .sites(1, 0, 2)
}

pub(super) fn programs<G: Ground>() -> Vec<Program<G>> {
    vec![
        damaged("the mark of a held object is written over", BadTag, STATUS, 0x10),
        damaged("the encoded size is written over", BadRecord, ENCODED, 1),
        damaged("the size is written over", BadRecord, SIZE, 8),
        damaged("the address of the object is written over", BadRecord, OBJECT, 8),
        damaged("the address of the segment's tag is written over", BadRecord, SEGMENT, 0x40),
        program("the address of the segment's tag is cleared", BadRecord, |it: &Run<G>| {
            let at = it.alloc(1, 40, 8);
            let place = watch_of(it, at).unwrap_or(0) + SEGMENT;
            if it.is_wrong() {
                set(it, place, 0);
            }
            it.free(2, at, 40, 8);
        })
        .sites(1, 0, 2),
        damaged_tag("the owner of the segment is written over", OWNER, 0x100),
        damaged_tag("what the segment's tag knows of the object is written over", BITS, 8),
        damaged_later("the mark of a freed object is written over", BadTag, STATUS, 0x1000_0000),
        damaged_later("the encoded size of a freed object is written over", BadRecord, ENCODED, 0x8000),
    ]
}
