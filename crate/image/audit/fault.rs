//! Faults as they are on record.
#![forbid(unsafe_code)]

use alloc::vec::Vec;

use crate::audit::record::{AROUND, FaultRecord};
use crate::audit::{Event, Fault, FaultKind, Policy};

/// A fault with all that is kept of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultInfo {
    /// The fault.
    pub fault: Fault,
    /// What it was taken for at first.
    pub reported: FaultKind,
    /// What the program was doing.
    pub doing: Option<Event>,
    /// First address of its slab or segment; zero where there is none.
    pub segment: u32,
    /// Bytes of that.
    pub segment_len: u32,
    /// Bits of the kind of its tag.
    pub place: u32,
    /// The word that should be there.
    pub expected: u32,
    /// The word that is.
    pub found: u32,
    /// Low words of the operations that made the object, gave it back, and found the fault.
    pub operations: [u32; 3],
    /// Milliseconds of the host's clock at these three.
    pub times: [u32; 3],
    /// What was done.
    pub outcome: Policy,
    /// First address of the memory around it.
    pub around_at: u32,
    /// The memory around it.
    pub around: Vec<u8>,
    /// Sequence numbers of the last entries of the log of calls for it, the newest first.
    pub last: Vec<u32>,
}

impl FaultInfo {
    /// What the record of fault `number` says.
    pub(super) fn of(record: &FaultRecord, number: u32) -> Option<Self> {
        let fault = record.fault().filter(|fault| fault.number == number)?;
        let words = (record.around_len.get() as usize).min(AROUND);
        Some(Self {
            fault,
            reported: FaultKind::of(record.reported.get()).unwrap_or(fault.kind),
            doing: Event::of(record.event.get()),
            segment: record.segment.get(),
            segment_len: record.segment_len.get(),
            place: record.place.get(),
            expected: record.expected.get(),
            found: record.found.get(),
            operations: record.operations.each_ref().map(core::cell::Cell::get),
            times: record.times.each_ref().map(core::cell::Cell::get),
            outcome: if record.outcome.get() == Policy::Continue as u32 { Policy::Continue } else { Policy::Trap },
            around_at: record.around_at.get(),
            around: record.around[..words].iter().flat_map(|word| word.get().to_le_bytes()).collect(),
            last: record.last.iter().map(core::cell::Cell::get).filter(|sequence| *sequence != 0).collect(),
        })
    }
}
