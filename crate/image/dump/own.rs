//! Flagstone's own section of a dump: what the file says of itself. `docs/dump-format.md` has it byte by byte.
//!
//! The version and the writer come first and stay there in all versions, so that a reader can say who reads the rest.
#![forbid(unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;

use super::error::DumpError;
use super::file::{Cursor, File};
use super::{Contents, Hole};
use crate::root::{AUDITED, LAYOUT_VERSION};
use crate::units::Addr;

/// The name of the section.
pub(super) const NAME: &str = "flagstone";

/// The version of what is in it.
pub(super) const SECTION_VERSION: u32 = 1;

/// Ranges that may be left out of a dump.
const HOLES_MAX: u64 = 1 << 21;

/// What the section says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Own {
    /// The flagstone that wrote it.
    pub(super) writer: String,
    /// What the root says in place of a version: the layout of the records, and whether those of diagnosis are there.
    pub(super) layout: u32,
    /// Number of the memory the heap is in.
    pub(super) memory: u32,
    /// Where the root is.
    pub(super) root: Addr,
    /// Milliseconds since 1970.
    pub(super) time: u64,
    /// Why the dump was made.
    pub(super) reason: String,
    /// The text of the error that it was made because of.
    pub(super) error: String,
    /// What it holds.
    pub(super) contents: Contents,
    /// What was left out, in address order.
    pub(super) holes: Vec<Hole>,
}

impl Own {
    /// Reads the section.
    ///
    /// # Errors
    /// Where it is of another version, or says what cannot be.
    pub(super) fn read<F: File>(cursor: &mut Cursor<'_, F>) -> Result<Self, DumpError> {
        let version = cursor.u32()?;
        let writer = cursor.name()?;
        if version != SECTION_VERSION {
            return Err(DumpError::SectionVersion { found: version, writer });
        }
        let layout = cursor.u32()?;
        if layout & !AUDITED != LAYOUT_VERSION {
            return Err(DumpError::OtherLayout { found: layout & !AUDITED, writer });
        }
        let (memory, root, time) = (cursor.u32()?, Addr(cursor.u32()?), cursor.u64()?);
        let (reason, error) = (cursor.name()?, cursor.name()?);
        let at = cursor.at;
        let contents = match cursor.byte()? {
            0 => Contents::All,
            1 => Contents::Records,
            other => return Err(DumpError::Section { what: "the kind of contents", value: u64::from(other), at }),
        };
        let holes = holes(cursor)?;
        Ok(Self { writer, layout, memory, root, time, reason, error, contents, holes })
    }

    /// The bytes of the section's contents.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        number(&mut bytes, u64::from(SECTION_VERSION));
        name(&mut bytes, &self.writer);
        for value in [self.layout, self.memory, self.root.0] {
            number(&mut bytes, u64::from(value));
        }
        number(&mut bytes, self.time);
        name(&mut bytes, &self.reason);
        name(&mut bytes, &self.error);
        bytes.push(match self.contents {
            Contents::All => 0,
            Contents::Records => 1,
        });
        number(&mut bytes, self.holes.len() as u64);
        let mut cursor = 0;
        for hole in &self.holes {
            number(&mut bytes, u64::from(hole.start) - cursor);
            number(&mut bytes, hole.len);
            cursor = hole.end();
        }
        bytes
    }
}

/// The ranges that were left out: of each the distance from the end of the one before, and its length.
fn holes<F: File>(cursor: &mut Cursor<'_, F>) -> Result<Vec<Hole>, DumpError> {
    let at = cursor.at;
    let count = cursor.u64()?;
    if count > HOLES_MAX {
        return Err(DumpError::TooMany { what: "ranges left out", count, most: HOLES_MAX, at });
    }
    let mut holes = Vec::new();
    let mut end = 0_u64;
    for _ in 0..count {
        let at = cursor.at;
        let (gap, len) = (cursor.u64()?, cursor.u64()?);
        let start = end.saturating_add(gap);
        end = start.saturating_add(len);
        if end > 1 << 32 || len == 0 {
            return Err(DumpError::Section { what: "the end of a range that was left out", value: end, at });
        }
        // An end of 4 GiB at most, of a range that is not empty: where it begins is an address.
        holes.push(Hole { start: start as u32, len });
    }
    Ok(holes)
}

/// Writes a number of the binary format.
pub(super) fn number(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

/// Writes a constant with a sign.
pub(super) fn signed(into: &mut Vec<u8>, mut value: i32) {
    while !(-64..64).contains(&value) {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8 & 0x7f);
}

/// The longest name that is written, in bytes.
const NAME_MAX: usize = 1000;

/// Writes a name, or as much of it as is kept when it is read.
pub(super) fn name(into: &mut Vec<u8>, text: &str) {
    let mut len = text.len().min(NAME_MAX);
    while !text.is_char_boundary(len) {
        len -= 1;
    }
    number(into, len as u64);
    into.extend_from_slice(&text.as_bytes()[..len]);
}
