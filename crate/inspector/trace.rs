//! The log of calls as a trace that can be replayed: see `docs/traces.md`.
#![forbid(unsafe_code)]

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use crate::audit::Event;
use crate::audit::event::TRANSACTIONS;
use crate::image::Image;
use crate::image::audit::{AuditInfo, EntryInfo};

/// Bytes of a header.
const HEADER: usize = 128;

/// The calls that are kept in the log, as a trace of version 1. What was given back and is not in the log as a request is left out;
/// what is held at the end stays so.
#[must_use]
pub fn trace(image: &(impl Image + ?Sized), audit: &AuditInfo) -> Vec<u8> {
    let (entries, _) = audit.logs[TRANSACTIONS].read(image);
    let mut writer = Writer::default();
    for entry in &entries {
        match entry.event {
            Event::Alloc => writer.alloc(entry),
            Event::Free | Event::Realloc => writer.free(entry.address),
            _ => {}
        }
    }
    writer.finish(entries.first().is_some_and(|entry| entry.sequence > 1))
}

/// A trace that is written.
#[derive(Default)]
struct Writer {
    events: Vec<u8>,
    count: u64,
    /// Objects by address: their number and bytes.
    live: BTreeMap<u32, (u64, u64)>,
    /// Numbers that were given back, the last one last.
    spare: Vec<u64>,
    /// The first number that was never used.
    fresh: u64,
    /// The number that the last event was about.
    last: u64,
    bytes: u64,
    peak: u64,
}

impl Writer {
    fn alloc(&mut self, entry: &EntryInfo) {
        if entry.size == 0 || !entry.align.is_power_of_two() {
            return;
        }
        self.free(entry.address);
        let number = self.spare.pop().unwrap_or_else(|| {
            self.fresh += 1;
            self.fresh - 1
        });
        let shift = u64::from(entry.align.trailing_zeros());
        self.number(1 | shift.min(7) << 2 | u64::from(entry.size) << 5);
        if shift >= 7 {
            self.events.push(shift as u8);
        }
        self.live.insert(entry.address, (number, u64::from(entry.size)));
        self.last = number;
        self.count += 1;
        self.bytes += u64::from(entry.size);
        self.peak = self.peak.max(self.bytes);
    }

    fn free(&mut self, address: u32) {
        let Some((number, bytes)) = self.live.remove(&address) else { return };
        let distance = number.wrapping_sub(self.last) as i64;
        let written = if distance < 0 { distance.unsigned_abs() * 2 - 1 } else { distance as u64 * 2 };
        self.number(written << 2);
        self.spare.push(number);
        self.last = number;
        self.count += 1;
        self.bytes -= bytes;
    }

    /// A number, seven bits to a byte, lowest first.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.events.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.events.push(number as u8);
    }

    fn finish(self, incomplete: bool) -> Vec<u8> {
        let mut bytes = vec![0; HEADER];
        bytes[..8].copy_from_slice(b"flagtrac");
        bytes[8..12].copy_from_slice(&1_u32.to_le_bytes());
        bytes[12..16].copy_from_slice(&u32::from(incomplete).to_le_bytes());
        bytes[16..24].copy_from_slice(&self.count.to_le_bytes());
        bytes[24..32].copy_from_slice(&(self.events.len() as u64).to_le_bytes());
        bytes[32..36].copy_from_slice(&(self.fresh as u32).to_le_bytes());
        bytes[40..48].copy_from_slice(&self.peak.to_le_bytes());
        let name = b"the log of calls";
        bytes[64..64 + name.len()].copy_from_slice(name);
        bytes.extend_from_slice(&self.events);
        bytes
    }
}
