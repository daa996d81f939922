//! Makes the requests of a trace.
#![forbid(unsafe_code)]

use std::alloc::GlobalAlloc;

use flagstone_recorder::trace::Event;

use crate::objects::{Fault, Object, Objects};

/// How many events are decoded together, outside of the time that is measured: few enough that they stay near the
/// processor, many enough that taking the time does not count.
pub const BATCH: usize = 4096;

/// Makes the requests of some events. How many were made, and the fault where that is not all.
pub fn play<A: GlobalAlloc, T: AsMut<[Object]>>(
    objects: &mut Objects<A, T>,
    events: &[Event],
) -> (usize, Result<(), Fault>) {
    for (done, event) in events.iter().enumerate() {
        let made = match *event {
            Event::Free { object } => objects.free(object),
            Event::Alloc { object, size, align_log2, zeroed } => objects.alloc(object, size, align_log2, zeroed),
            Event::Realloc { object, size } => objects.resize(object, size),
        };
        if made.is_err() {
            return (done, made);
        }
    }
    (events.len(), Ok(()))
}
