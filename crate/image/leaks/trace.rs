//! Following pointers: from the roots to every object that is in reach.
#![forbid(unsafe_code)]

use alloc::vec::Vec;

use super::places::{Ordinals, Places};
use super::reader::{PIECE, Piece, words};
use super::roots::Roots;
use crate::image::Image;

/// Objects that were met, and what of them is still to be read.
#[derive(Debug)]
pub(super) struct Trace {
    met: Ordinals,
    /// Bytes to read: where they begin, and how many.
    stack: Vec<(u32, u32)>,
    /// Words that need not be read any more.
    read: u64,
}

impl Trace {
    /// A trace that begins at the roots.
    pub(super) fn new(places: &Places, roots: Roots) -> Self {
        let mut trace = Self { met: Ordinals::none(places.count()), stack: Vec::new(), read: 0 };
        for object in roots.unread.iter().filter_map(|at| places.find(*at)) {
            if trace.met.insert(object.ordinal) {
                trace.read += words(object.start, object.len);
            }
        }
        for address in roots.held {
            trace.meet(places, address);
        }
        trace.stack.extend(roots.read.iter().rev().map(|range| (range.start, range.len)));
        trace
    }

    /// Whether an object was met.
    #[inline]
    pub(super) fn has(&self, ordinal: u32) -> bool {
        self.met.has(ordinal)
    }

    /// Words that need not be read any more.
    pub(super) const fn read(&self) -> u64 {
        self.read
    }

    /// Takes up the object that a word points into, if there is one that was not met.
    #[inline]
    fn meet(&mut self, places: &Places, word: u32) {
        if let Some(object) = places.find(word)
            && self.met.insert(object.ordinal)
        {
            self.stack.push((object.start, object.len));
        }
    }

    /// Goes on until `left` is used up; whether everything was read.
    pub(super) fn step(&mut self, image: &(impl Image + ?Sized), places: &Places, left: &mut i64) -> bool {
        let mut piece = Piece::<PIECE>::new();
        while *left > 0 {
            let Some(bytes) = self.stack.pop() else { return true };
            let (found, rest) = piece.read(image, bytes);
            let count = words(bytes.0, bytes.1) - words(rest.0, rest.1);
            self.read += count;
            *left -= count as i64 + 4;
            if rest.1 != 0 {
                self.stack.push(rest);
            }
            for word in found {
                self.meet(places, word);
            }
        }
        false
    }
}
