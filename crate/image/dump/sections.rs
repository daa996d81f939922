//! The sections of a core dump, or of any module, as far as a heap is concerned: memories, data segments, who was dumped.
#![forbid(unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;

use super::error::DumpError;
use super::file::{Cursor, File};
use super::own::{self, Own};
use super::{Frame, Piece};

/// The most data segments that are read: twice as many as there are quanta of 4 KiB in 4 GiB.
const SEGMENTS_MAX: u64 = 1 << 21;

/// The most memories of a file.
const MEMORIES_MAX: u64 = 100;

/// The most frames of a stack that are kept.
const FRAMES_MAX: usize = 64;

/// The most locals or operands of a frame that are passed over.
const VALUES_MAX: u32 = 100_000;

/// Bytes of a page where a memory does not say otherwise, as a power of two.
const PAGE_LOG2: u32 = 16;

/// Ids of sections.
const CUSTOM: u8 = 0;
const MEMORY: u8 = 5;
const DATA: u8 = 11;

/// What a file has.
#[derive(Debug, Default)]
pub(super) struct Sections {
    /// Bytes of each memory.
    pub(super) memories: Vec<u64>,
    /// Number of the memory and place of each data segment, those of a memory together, in address order.
    pub(super) pieces: Vec<(u32, Piece)>,
    /// Flagstone's own section.
    pub(super) own: Option<Own>,
    /// Whether it says that it is a core dump.
    pub(super) is_core: bool,
    /// The program.
    pub(super) program: String,
    /// Where the first thread was, the innermost first.
    pub(super) frames: Vec<Frame>,
}

impl Sections {
    /// Reads the sections of a file that begins like WebAssembly.
    ///
    /// # Errors
    /// Where it is not what it says.
    pub(super) fn read<F: File>(file: &F) -> Result<Self, DumpError> {
        let mut cursor = Cursor::new(file);
        cursor.skip(4)?;
        let mut version = [0; 4];
        for byte in &mut version {
            *byte = cursor.byte()?;
        }
        if version != [1, 0, 0, 0] {
            return Err(DumpError::NotAModule { version: u32::from_le_bytes(version) });
        }
        let mut sections = Self::default();
        while cursor.left() != 0 {
            let at = cursor.at;
            let id = cursor.byte()?;
            let bytes = u64::from(cursor.u32()?);
            if bytes > cursor.left() {
                return Err(DumpError::LongSection { id, at, bytes, len: file.len() });
            }
            let mut part = cursor.part(bytes)?;
            match id {
                CUSTOM => sections.read_custom(&mut part)?,
                MEMORY => sections.read_memories(&mut part)?,
                DATA => sections.read_data(&mut part)?,
                _ => {}
            }
        }
        sections.settle()?;
        Ok(sections)
    }

    fn read_custom<F: File>(&mut self, part: &mut Cursor<'_, F>) -> Result<(), DumpError> {
        match part.name()?.as_str() {
            own::NAME => self.own = Some(Own::read(part)?),
            "core" => {
                self.is_core = true;
                part.skip(1)?;
                self.program = part.name()?;
            }
            // What a stack says is shown and nothing else; a writer's own idea of it keeps no heap from being read.
            "corestack" if self.frames.is_empty() => {
                self.is_core = true;
                let _ = self.read_stack(part);
            }
            _ => {}
        }
        Ok(())
    }

    fn read_stack<F: File>(&mut self, part: &mut Cursor<'_, F>) -> Result<(), DumpError> {
        part.skip(1)?;
        part.name()?;
        let count = part.u32()?;
        for _ in 0..count.min(FRAMES_MAX as u32) {
            part.skip(1)?;
            let (instance, function, offset) = (part.u32()?, part.u32()?, part.u32()?);
            // Locals, then the operand stack.
            for _ in 0..2 {
                let values = part.u32()?;
                if values > VALUES_MAX {
                    return Ok(());
                }
                for _ in 0..values {
                    match part.byte()? {
                        0x01 => {}
                        0x7f => drop(part.signed(32)?),
                        0x7e => drop(part.signed(64)?),
                        0x7d => part.skip(4)?,
                        0x7c => part.skip(8)?,
                        _ => return Ok(()),
                    }
                }
            }
            self.frames.push(Frame { instance, function, offset });
        }
        Ok(())
    }

    fn read_memories<F: File>(&mut self, part: &mut Cursor<'_, F>) -> Result<(), DumpError> {
        let at = part.at;
        let count = u64::from(part.u32()?) + self.memories.len() as u64;
        if count > MEMORIES_MAX {
            return Err(DumpError::TooMany { what: "memories", count, most: MEMORIES_MAX, at });
        }
        while (self.memories.len() as u64) < count {
            let at = part.at;
            let flags = part.u32()?;
            // A maximum, shared, addresses of 64 bits, pages of another length.
            if flags & !0xf != 0 {
                return Err(DumpError::Flags { what: "memory", flags, at });
            }
            let pages = part.u64()?;
            if flags & 1 != 0 {
                part.u64()?;
            }
            let page_log2 = if flags & 8 != 0 { part.u32()? } else { PAGE_LOG2 };
            if page_log2 != 0 && page_log2 != PAGE_LOG2 {
                return Err(DumpError::Flags { what: "page size of the memory", flags: page_log2, at });
            }
            self.memories.push(pages.saturating_mul(1 << page_log2));
            if pages > 1 << (32 - page_log2) {
                return Err(DumpError::LongMemory { bytes: pages.saturating_mul(1 << page_log2), at });
            }
        }
        Ok(())
    }

    fn read_data<F: File>(&mut self, part: &mut Cursor<'_, F>) -> Result<(), DumpError> {
        let at = part.at;
        let count = u64::from(part.u32()?);
        if count > SEGMENTS_MAX - self.pieces.len() as u64 {
            return Err(DumpError::TooMany { what: "data segments", count, most: SEGMENTS_MAX, at });
        }
        for _ in 0..count {
            let at = part.at;
            let flags = part.u32()?;
            if flags > 2 {
                return Err(DumpError::Flags { what: "data segment", flags, at });
            }
            let memory = if flags == 2 { part.u32()? } else { 0 };
            // A passive segment is in no memory.
            let address = if flags == 1 { None } else { Some(constant(part)?) };
            let bytes = u64::from(part.u32()?);
            let begin = part.at;
            part.skip(bytes)?;
            let Some(address) = address.filter(|_| bytes != 0) else { continue };
            match u32::try_from(address) {
                Ok(start) => self.pieces.push((memory, Piece { start, len: bytes as u32, at: begin })),
                Err(_) => return Err(self.beyond(address, bytes, memory, begin)),
            }
        }
        Ok(())
    }

    /// Puts the segments in order, and sees that each lies in its memory and none in another.
    fn settle(&mut self) -> Result<(), DumpError> {
        if self.memories.is_empty() {
            return Err(DumpError::NoMemory);
        }
        self.pieces.sort_unstable_by_key(|(memory, piece)| (*memory, piece.start, piece.at));
        for (memory, piece) in &self.pieces {
            if piece.end() > self.memories.get(*memory as usize).copied().unwrap_or(0) {
                return Err(self.beyond(i64::from(piece.start), u64::from(piece.len), *memory, piece.at));
            }
        }
        for pair in self.pieces.windows(2) {
            let [(memory, first), (other, second)] = pair else { continue };
            if memory == other && first.end() > u64::from(second.start) {
                return Err(DumpError::Overlap { address: second.start, at: first.at, other: second.at });
            }
        }
        Ok(())
    }

    fn beyond(&self, address: i64, bytes: u64, memory: u32, at: u64) -> DumpError {
        let memory_bytes = self.memories.get(memory as usize).copied().unwrap_or(0);
        DumpError::Beyond { address, bytes, memory, memory_bytes, at }
    }
}

/// An address that a constant expression gives.
fn constant<F: File>(part: &mut Cursor<'_, F>) -> Result<i64, DumpError> {
    let at = part.at;
    let opcode = part.byte()?;
    let address = match opcode {
        // An address above 2 GiB is a negative number.
        0x41 => i64::from(part.signed(32)? as i32 as u32),
        0x42 => part.signed(64)?,
        _ => return Err(DumpError::NotConstant { opcode, at }),
    };
    let at = part.at;
    match part.byte()? {
        0x0b => Ok(address),
        opcode => Err(DumpError::NotConstant { opcode, at }),
    }
}
