//! Writing a dump: as a list of parts, bytes and ranges of the memory, so that nobody has to hold the memory twice.
#![forbid(unsafe_code)]

use alloc::vec;
use alloc::vec::Vec;

use super::error::THIS;
use super::own::{NAME, Own, name, number, signed};
use super::{Contents, Hole, MAGIC, between, kept};
use crate::image::{Error, Image};
use crate::units::{Addr, PAGE_BYTES};

/// Bytes that are looked at together, of which all are written or none.
const GRANULE: u64 = 4096;

/// Runs of zero bytes are told apart so finely that there are at most so many: engines take files of 100,000 data segments.
const RUNS: u64 = 16_384;

/// What is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'r> {
    /// What of the memory.
    pub contents: Contents,
    /// The name of the program.
    pub program: &'r str,
    /// Why: `saved`, `trap`, `out of memory` or any other word.
    pub reason: &'r str,
    /// The text of the error that it is because of; empty where there was none.
    pub error: &'r str,
    /// Milliseconds since 1970.
    pub time: u64,
}

impl Default for Request<'_> {
    fn default() -> Self {
        Self { contents: Contents::All, program: "", reason: "saved", error: "", time: 0 }
    }
}

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Bytes.
    Bytes(Vec<u8>),
    /// A range of the memory.
    Memory {
        /// The first address.
        at: u32,
        /// How many bytes.
        len: u32,
    },
}

impl Part {
    fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Memory { len, .. } => u64::from(*len),
        }
    }
}

/// A dump that is written, but for the bytes of the memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The parts of the file, in order.
    pub parts: Vec<Part>,
    /// Bytes of the file.
    pub bytes: u64,
    /// What of the memory is not in it, in address order. Zero bytes are in it, though they take no room.
    pub left_out: Vec<Hole>,
}

impl Written {
    /// Bytes that are left out.
    #[must_use]
    pub fn left_out_bytes(&self) -> u64 {
        self.left_out.iter().map(|hole| hole.len).sum()
    }

    /// The file, all of it.
    ///
    /// # Errors
    /// Where the image is not the one that was looked at.
    pub fn to_bytes(&self, image: &(impl Image + ?Sized)) -> Result<Vec<u8>, Error> {
        let mut file = Vec::new();
        for part in &self.parts {
            match part {
                Part::Bytes(bytes) => file.extend_from_slice(bytes),
                Part::Memory { at, len } => {
                    let begin = file.len();
                    file.resize(begin + *len as usize, 0);
                    image.read(*at, &mut file[begin..])?;
                }
            }
        }
        Ok(file)
    }
}

/// Writes a dump of the heap whose root is at `root`. What the image has left out is left out of the dump, too. Takes time linear in
/// what the image holds.
///
/// # Errors
/// Where there is no root of this version, or the image ends within the state; [`Error::TooLong`] where so much of the memory is not
/// zero that it is no section of WebAssembly.
pub fn write(image: &(impl Image + ?Sized), root: Addr, request: &Request<'_>) -> Result<Written, Error> {
    let header = crate::image::root(image, root.0)?;
    let kept = match request.contents {
        Contents::All => between(image.left_out().iter().copied(), image.len()),
        Contents::Records => kept::records(image, root)?,
    };
    let left_out = between(kept.iter().copied(), image.len());
    let runs = runs(image, &kept)?;
    // A memory saved by hand may end within a page.
    let memory_pages = image.len().div_ceil(u64::from(PAGE_BYTES));
    let own = Own {
        writer: THIS.into(),
        layout: header.version.get(),
        memory: 0,
        root,
        time: request.time,
        reason: request.reason.into(),
        error: request.error.into(),
        contents: request.contents,
        holes: left_out.clone(),
    };
    let mut parts = vec![Part::Bytes(head(request.program, memory_pages, &own))];
    data(&mut parts, &runs)?;
    let bytes = parts.iter().map(Part::len).sum();
    Ok(Written { parts, bytes, left_out })
}

/// What of the ranges is not zero, with as much of what is zero as is not worth an end and a beginning.
fn runs(image: &(impl Image + ?Sized), kept: &[Hole]) -> Result<Vec<Hole>, Error> {
    let least_gap = (image.len() / RUNS).next_multiple_of(GRANULE).max(GRANULE);
    let mut runs: Vec<Hole> = Vec::new();
    let mut line = [0; GRANULE as usize];
    for range in kept {
        let first = runs.len();
        let mut at = image.next_held(u64::from(range.start));
        while at < range.end() {
            let end = (at / GRANULE + 1).saturating_mul(GRANULE).min(range.end());
            let bytes = &mut line[..(end - at) as usize];
            image.read(at as u32, bytes)?;
            if bytes.iter().any(|byte| *byte != 0) {
                // A gap that is too short is no gap.
                let goes_on = |run: &Hole| at - run.end() < least_gap;
                if runs.len() == first || !runs.last().is_some_and(goes_on) {
                    runs.push(Hole { start: at as u32, len: 0 });
                }
                if let Some(last) = runs.last_mut() {
                    last.len = end - u64::from(last.start);
                }
            }
            at = image.next_held(end);
        }
    }
    Ok(runs)
}

/// A section with its id and length.
fn section(into: &mut Vec<u8>, id: u8, contents: &[u8]) {
    into.push(id);
    number(into, contents.len() as u64);
    into.extend_from_slice(contents);
}

/// A custom section.
fn custom(into: &mut Vec<u8>, called: &str, contents: &[u8]) {
    let mut bytes = Vec::new();
    name(&mut bytes, called);
    bytes.extend_from_slice(contents);
    section(into, 0, &bytes);
}

/// Everything before the data section.
fn head(program: &str, memory_pages: u64, own: &Own) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&[1, 0, 0, 0]);
    // One process of one module with one instance, which has memory 0 and no globals; one thread, of which no frames are known.
    let mut core = vec![0];
    name(&mut core, program);
    custom(&mut bytes, "core", &core);
    custom(&mut bytes, NAME, &own.write());
    let mut modules = vec![1, 0];
    name(&mut modules, program);
    custom(&mut bytes, "coremodules", &modules);
    custom(&mut bytes, "coreinstances", &[1, 0, 0, 1, 0, 0]);
    let mut stack = vec![0];
    name(&mut stack, "main");
    number(&mut stack, 0);
    custom(&mut bytes, "corestack", &stack);
    let mut memory = vec![1, 0];
    number(&mut memory, memory_pages);
    section(&mut bytes, 5, &memory);
    bytes
}

/// The data section: a segment for each run.
fn data(parts: &mut Vec<Part>, runs: &[Hole]) -> Result<(), Error> {
    let mut segments = Vec::new();
    for run in runs {
        // A segment of 4 GiB would have a length that is no `u32`.
        let mut at = u64::from(run.start);
        while at < run.end() {
            let len = (run.end() - at).min(1 << 31) as u32;
            let mut bytes = vec![0, 0x41];
            signed(&mut bytes, at as u32 as i32);
            bytes.push(0x0b);
            number(&mut bytes, u64::from(len));
            segments.push((bytes, Part::Memory { at: at as u32, len }));
            at += u64::from(len);
        }
    }
    let mut begin = Vec::new();
    number(&mut begin, segments.len() as u64);
    let bytes: u64 =
        segments.iter().map(|(head, part)| head.len() as u64 + part.len()).sum::<u64>() + begin.len() as u64;
    if bytes > u64::from(u32::MAX) {
        return Err(Error::TooLong { bytes });
    }
    let mut header = vec![11];
    number(&mut header, bytes);
    header.extend(begin);
    parts.push(Part::Bytes(header));
    for (head, part) in segments {
        parts.extend([Part::Bytes(head), part]);
    }
    Ok(())
}
