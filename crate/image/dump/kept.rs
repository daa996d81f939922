//! Which bytes of a memory are the allocator's records: those that the engine reads when it looks at everything but the program's.
//!
//! So nothing here repeats where records are: a heap is surveyed, verified and its diagnosis read, and the words that were read on
//! the way are what is kept. Of those are left out again what lies in free or guarded segments (patterns, which the program may have
//! written over) and the contents of objects in the log of contents.
#![forbid(unsafe_code)]

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::Hole;
use crate::audit::record::ENTRY_LEN;
use crate::image::audit::AuditInfo;
use crate::image::survey::{Kind, Survey};
use crate::image::{Error, Image};
use crate::units::Addr;
use crate::verify::verify;

/// Bytes whose words are noted together.
const LINE: u64 = 4096;

/// Words of a line, a bit each.
type Words = [u64; 16];

/// An image that notes which of its words were read.
struct Noting<'i, I: ?Sized> {
    image: &'i I,
    lines: RefCell<BTreeMap<u32, Words>>,
}

impl<I: Image + ?Sized> Image for Noting<'_, I> {
    fn len(&self) -> u64 {
        self.image.len()
    }

    fn read(&self, at: u32, into: &mut [u8]) -> Result<(), Error> {
        self.image.read(at, into)?;
        note(&mut self.lines.borrow_mut(), u64::from(at), u64::from(at) + into.len() as u64, true);
        Ok(())
    }

    fn next_held(&self, at: u64) -> u64 {
        self.image.next_held(at)
    }

    fn left_out(&self) -> &[Hole] {
        self.image.left_out()
    }
}

/// Notes the words that have a byte in `[start, end)`, or forgets them.
fn note(lines: &mut BTreeMap<u32, Words>, start: u64, end: u64, read: bool) {
    let mut at = start / 4 * 4;
    while at < end {
        let line = at / LINE;
        let to = end.min((line + 1) * LINE);
        let (first, last) = (at % LINE / 4, (to - line * LINE).div_ceil(4));
        if read {
            mark(lines.entry(line as u32).or_default(), first, last, true);
        } else if (first, last) == (0, LINE / 4) {
            lines.remove(&(line as u32));
        } else if let Some(words) = lines.get_mut(&(line as u32)) {
            mark(words, first, last, false);
        }
        at = (line + 1) * LINE;
    }
}

/// Sets or clears the bits of the words from `first` to before `last`.
fn mark(words: &mut Words, first: u64, last: u64, set: bool) {
    for (low, bits) in (0..).step_by(64).zip(words) {
        let (from, to) = (first.clamp(low, low + 64) - low, last.clamp(low, low + 64) - low);
        if from < to {
            let mask = u64::MAX >> (64 - (to - from)) << from;
            *bits = if set { *bits | mask } else { *bits & !mask };
        }
    }
}

/// Where the records of the heap whose root is at `root` are, in address order.
///
/// # Errors
/// Where there is no root, or the image ends within the state.
pub(super) fn records(image: &(impl Image + ?Sized), root: Addr) -> Result<Vec<Hole>, Error> {
    let noting = Noting { image, lines: RefCell::default() };
    let survey = Survey::take(&noting, root)?;
    verify(&noting, root)?;
    let mut contents = Vec::new();
    if let Some(audit) = AuditInfo::read(&noting, &survey)? {
        for log in &audit.logs {
            let (entries, _) = log.read(&noting);
            contents.extend(entries.iter().map(|entry| (entry.at.wrapping_add(ENTRY_LEN), entry.contents.len())));
        }
    }
    let mut lines = noting.lines.into_inner();
    for segment in &survey.segments {
        if matches!(segment.kind, Kind::Free | Kind::Guarded(_)) {
            let start = u64::from(segment.start);
            note(&mut lines, start, start + u64::from(segment.len), false);
        }
    }
    for (at, len) in contents {
        note(&mut lines, u64::from(at), u64::from(at) + len as u64, false);
    }
    // A damaged heap may say that any of this is free.
    let layout = &survey.layout;
    for (at, len) in [(layout.root, layout.root_len), (layout.state, layout.state_len)] {
        note(&mut lines, u64::from(at), u64::from(at) + u64::from(len), true);
    }
    Ok(ranges(&lines, image.len()))
}

/// The words that are noted, as ranges.
fn ranges(lines: &BTreeMap<u32, Words>, end: u64) -> Vec<Hole> {
    let mut ranges: Vec<Hole> = Vec::new();
    for (line, words) in lines {
        for (low, bits) in (0..).step_by(64).zip(words) {
            let (mut rest, mut word) = (*bits, 0);
            while rest != 0 {
                word += rest.trailing_zeros();
                let run = (*bits >> word).trailing_ones();
                let start = u64::from(*line) * LINE + 4 * (low + u64::from(word));
                let len = end.saturating_sub(start).min(4 * u64::from(run));
                match ranges.last_mut() {
                    Some(last) if last.end() == start => last.len += len,
                    _ if len != 0 => ranges.push(Hole { start: start as u32, len }),
                    _ => {}
                }
                word += run;
                rest = bits.checked_shr(word).unwrap_or(0);
            }
        }
    }
    ranges
}
