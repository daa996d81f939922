//! A `WebAssembly.Memory` held by JavaScript as an image, shared or not.
//!
//! Bytes are copied over in lines, each once; one of these is made for every snapshot, so it never shows old bytes, and a
//! buffer that growth detaches is never kept.
#![forbid(unsafe_code)]

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;

use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::JsValue;

use super::js_lines::{LINE, by_lines};
use crate::image::{Error, Image};

/// Lines that have one place together in the table of lines: 4 MiB of the memory, so that a table of 4 GiB is not made for each survey.
const GROUP: usize = 1024;

/// A line, once it was read.
type Line = Option<Box<[u8]>>;

/// The bytes of a memory as they are now.
pub(super) struct JsMemory {
    buffer: JsValue,
    len: u64,
    /// By number, in groups. Each record of a heap is looked up here, so it is two steps and no search.
    lines: RefCell<Vec<Vec<Line>>>,
}

impl JsMemory {
    /// The bytes of `memory`, which has a `buffer`.
    pub(super) fn new(memory: &JsValue) -> Option<Self> {
        let buffer = Reflect::get(memory, &JsValue::from_str("buffer")).ok()?;
        let len = Reflect::get(&buffer, &JsValue::from_str("byteLength")).ok()?.as_f64()?;
        let groups = (len as u64).div_ceil(GROUP as u64 * u64::from(LINE)) as usize;
        Some(Self { buffer, len: len as u64, lines: RefCell::new(vec![Vec::new(); groups]) })
    }

    /// Writes bytes where they fit; what was read before may be old then.
    pub(super) fn write(&self, at: u32, bytes: &[u8]) {
        if u64::from(at) + bytes.len() as u64 <= self.len {
            Uint8Array::new_with_byte_offset_and_length(&self.buffer, at, bytes.len() as u32).copy_from(bytes);
        }
    }

    fn line(&self, number: u32) -> Box<[u8]> {
        let start = number * LINE;
        let len = (self.len - u64::from(start)).min(u64::from(LINE)) as u32;
        let mut bytes = vec![0; len as usize];
        Uint8Array::new_with_byte_offset_and_length(&self.buffer, start, len).copy_to(&mut bytes);
        bytes.into_boxed_slice()
    }
}

impl Image for JsMemory {
    fn len(&self) -> u64 {
        self.len
    }

    fn read(&self, at: u32, into: &mut [u8]) -> Result<(), Error> {
        if u64::from(at) + into.len() as u64 > self.len {
            return Err(Error::Truncated { at, wanted: into.len() as u32, len: self.len });
        }
        let mut lines = self.lines.borrow_mut();
        by_lines(u64::from(at), into, |number, from, piece| {
            let group = &mut lines[number as usize / GROUP];
            if group.is_empty() {
                group.resize(GROUP, None);
            }
            let line = group[number as usize % GROUP].get_or_insert_with(|| self.line(number));
            piece.copy_from_slice(&line[from..from + piece.len()]);
        });
        Ok(())
    }
}
