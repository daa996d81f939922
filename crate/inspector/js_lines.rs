//! Bytes held by JavaScript as an image that is read all over, however long it is: a few lines of it are kept here at a time.
#![forbid(unsafe_code)]

use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;

use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::JsValue;

use crate::image::{Error, Image};

/// Bytes copied together: records lie together in segments of a few quanta.
pub(super) const LINE: u32 = 4096;

/// Lines that are kept: 4 MiB, so that objects that were allocated one after the other are mostly there.
const LINES: u32 = 1024;

/// No line.
const NONE: u32 = u32::MAX;

/// Calls `copy` for the part of `into`, which begins at `at`, that lies in each line: with the line's number and the place in it.
pub(super) fn by_lines(at: u32, into: &mut [u8], mut copy: impl FnMut(u32, usize, &mut [u8])) {
    let head = into.len().min((LINE - at % LINE) as usize);
    let (head, rest) = into.split_at_mut(head);
    if !head.is_empty() {
        copy(at / LINE, (at % LINE) as usize, head);
    }
    (at / LINE + 1..).zip(rest.chunks_mut(LINE as usize)).for_each(|(number, piece)| copy(number, 0, piece));
}

/// Bytes from address 0 on, which do not change.
pub(super) struct JsLines {
    buffer: JsValue,
    /// Where they begin in it.
    offset: u32,
    len: u64,
    kept: RefCell<Kept>,
}

/// Each line has one place, by its number.
struct Kept {
    numbers: Vec<u32>,
    bytes: Vec<u8>,
}

impl JsLines {
    /// The bytes of an array.
    pub(super) fn new(bytes: &Uint8Array) -> Self {
        // The length of an array of all of a memory may be no `u32`.
        let len = Reflect::get(bytes, &JsValue::from_str("byteLength")).ok().and_then(|len| len.as_f64());
        let kept = Kept { numbers: vec![NONE; LINES as usize], bytes: vec![0; (LINES * LINE) as usize] };
        let (buffer, offset) = (bytes.buffer().into(), bytes.byte_offset());
        Self { buffer, offset, len: len.unwrap_or(0.0) as u64, kept: RefCell::new(kept) }
    }

    /// Copies bytes from `start` on, all of which are there.
    fn copy(&self, start: u32, into: &mut [u8]) {
        let at = self.offset + start;
        Uint8Array::new_with_byte_offset_and_length(&self.buffer, at, into.len() as u32).copy_to(into);
    }
}

impl Kept {
    /// The bytes of a line of an image.
    fn line(&mut self, number: u32, image: &JsLines) -> &[u8] {
        let place = number % LINES;
        let start = number * LINE;
        let count = (image.len - u64::from(start)).min(u64::from(LINE)) as u32;
        let from = (place * LINE) as usize;
        let bytes = &mut self.bytes[from..from + count as usize];
        if self.numbers[place as usize] != number {
            image.copy(start, bytes);
            self.numbers[place as usize] = number;
        }
        bytes
    }
}

impl Image for JsLines {
    fn len(&self) -> u64 {
        self.len
    }

    fn read(&self, at: u32, into: &mut [u8]) -> Result<(), Error> {
        if u64::from(at) + into.len() as u64 > self.len {
            return Err(Error::Truncated { at, wanted: into.len() as u32, len: self.len });
        }
        let mut kept = self.kept.borrow_mut();
        by_lines(at, into, |number, from, piece| {
            piece.copy_from_slice(&kept.line(number, self)[from..from + piece.len()]);
        });
        Ok(())
    }
}
