//! Bytes held by JavaScript as an image that is read all over, however long it is: a few lines of it are kept here at a time.
#![forbid(unsafe_code)]

use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;

use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::prelude::{JsCast, JsValue, wasm_bindgen};

use crate::image::dump::File;
use crate::image::{Error, Image};

#[wasm_bindgen]
extern "C" {
    /// An array over a part of a buffer, which may begin beyond 4 GiB.
    #[wasm_bindgen(js_name = Uint8Array)]
    type Part;

    #[wasm_bindgen(constructor, js_class = "Uint8Array")]
    fn new(buffer: &JsValue, at: f64, len: u32) -> Part;
}

/// Bytes copied together: records lie together in segments of a few quanta.
pub(super) const LINE: u32 = 4096;

/// Lines that are kept: 4 MiB, so that objects that were allocated one after the other are mostly there.
const LINES: u32 = 1024;

/// No line.
const NONE: u32 = u32::MAX;

/// Calls `copy` for the part of `into`, which begins at `at`, that lies in each line: with the line's number and the place in it.
pub(super) fn by_lines(at: u64, into: &mut [u8], mut copy: impl FnMut(u32, usize, &mut [u8])) {
    let (line, from) = ((at / u64::from(LINE)) as u32, (at % u64::from(LINE)) as usize);
    let head = into.len().min(LINE as usize - from);
    let (head, rest) = into.split_at_mut(head);
    if !head.is_empty() {
        copy(line, from, head);
    }
    (line + 1..).zip(rest.chunks_mut(LINE as usize)).for_each(|(number, piece)| copy(number, 0, piece));
}

/// Bytes that do not change: a file, or a memory from address 0 on.
pub(super) struct JsLines {
    buffer: JsValue,
    /// Where they begin in it.
    offset: f64,
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
        // The length of an array of all of a memory may be no `u32`, nor where one begins in a long buffer.
        let number =
            |name| Reflect::get(bytes, &JsValue::from_str(name)).ok().and_then(|it| it.as_f64()).unwrap_or(0.0);
        let kept = Kept { numbers: vec![NONE; LINES as usize], bytes: vec![0; (LINES * LINE) as usize] };
        // The last line of a file of 16 TiB has the last number.
        let len = (number("byteLength") as u64).min(u64::from(LINE) * u64::from(u32::MAX));
        Self { buffer: bytes.buffer().into(), offset: number("byteOffset"), len, kept: RefCell::new(kept) }
    }

    /// Copies bytes from `start` on, all of which are there.
    fn copy(&self, start: u64, into: &mut [u8]) {
        let part = Part::new(&self.buffer, self.offset + start as f64, into.len() as u32);
        part.unchecked_into::<Uint8Array>().copy_to(into);
    }
}

impl File for JsLines {
    fn len(&self) -> u64 {
        self.len
    }

    fn read(&self, at: u64, into: &mut [u8]) -> bool {
        let fits = at.checked_add(into.len() as u64).is_some_and(|end| end <= self.len);
        if fits {
            let mut kept = self.kept.borrow_mut();
            by_lines(at, into, |number, from, piece| {
                piece.copy_from_slice(&kept.line(number, self)[from..from + piece.len()]);
            });
        }
        fits
    }
}

impl Kept {
    /// The bytes of a line of an image.
    fn line(&mut self, number: u32, image: &JsLines) -> &[u8] {
        let place = number % LINES;
        let start = u64::from(number) * u64::from(LINE);
        let count = (image.len - start).min(u64::from(LINE)) as u32;
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
        let wanted = into.len() as u32;
        let is_there = File::read(self, u64::from(at), into);
        if is_there { Ok(()) } else { Err(Error::Truncated { at, wanted, len: self.len }) }
    }
}
