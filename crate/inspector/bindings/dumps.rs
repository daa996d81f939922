//! Dumps for JavaScript: opened where their bytes are, and written as parts that a `Blob` is made of.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;

use js_sys::{Array, Date, Object, Uint8Array};
use wasm_bindgen::prelude::{JsCast, JsError, JsValue, wasm_bindgen};

use super::{Inspector, Place, Words, js, property, set};
use crate::image::Image;
use crate::image::dump::{Contents, Dump, Part, Request, write};
use crate::inspector::dump_rows::{OriginRow, written_sentence};
use crate::inspector::js_lines::JsLines;
use crate::inspector::js_memory::JsMemory;
use crate::units::Addr;

/// Bytes of an opened file that are copied at a time.
const PIECE: u32 = 1 << 20;

#[wasm_bindgen(typescript_custom_section)]
const DUMP_TYPES: &str = include_str!("../dump.d.ts");

#[wasm_bindgen]
extern "C" {
    /// What to write, and why.
    #[wasm_bindgen(typescript_type = "DumpOptions")]
    pub type DumpOptions;
}

/// Opens a file: a core dump that flagstone or a runtime wrote, or the bytes of a whole linear memory from address 0 on. The bytes stay
/// where they are, and must not change while the inspector is used.
///
/// # Errors
/// Where the file is damaged or of another version, or no flagstone root of a known version is in it.
#[wasm_bindgen]
pub fn open(bytes: &Uint8Array, root: Option<u32>) -> Result<Inspector, JsError> {
    let dump = open_dump(bytes, root)?;
    Ok(Inspector { root: dump.root(), place: Place::Dump(dump), held: None })
}

/// The file that an array holds.
pub(super) fn open_dump(bytes: &Uint8Array, root: Option<u32>) -> Result<Dump<JsLines>, JsError> {
    if bytes.dyn_ref::<Uint8Array>().is_none() {
        return Err(JsError::new("what is opened must be a Uint8Array with the bytes of a dump or of a memory"));
    }
    Dump::open(JsLines::new(bytes), root.map(Addr)).map_err(|error| JsError::new(&error.to_string()))
}

/// What is said where something needs what the program keeps in its memory.
pub(super) fn needs_all(image: &dyn Image) -> Result<(), JsError> {
    if image.left_out().is_empty() {
        return Ok(());
    }
    Err(JsError::new(
        "what the program keeps in its memory was left out of this dump, so nothing can be said of what leads to what: save all of the memory",
    ))
}

#[wasm_bindgen]
impl Inspector {
    /// The heap as a file, a WebAssembly core dump, in parts: bytes, and ranges of the memory that are put in between by whoever makes
    /// the file, before the memory changes.
    ///
    /// # Errors
    /// As `summary`, where an option makes no sense, and where so much of the memory is not zero that no file can hold it.
    #[wasm_bindgen(unchecked_return_type = "DumpParts")]
    pub fn dump(&self, options: Option<DumpOptions>) -> Result<JsValue, JsError> {
        let options = options.map_or(JsValue::UNDEFINED, JsValue::from);
        let given = Words(&options);
        let contents = match given.word("contents").as_deref() {
            None | Some("all") => Contents::All,
            Some("records") => Contents::Records,
            Some(other) => return Err(JsError::new(&format!("contents must be all or records, not {other}"))),
        };
        let time = given.number("time").unwrap_or_else(Date::now);
        let (program, reason, error) = (given.word("program"), given.word("reason"), given.word("error"));
        let request = Request {
            contents,
            program: program.as_deref().unwrap_or_default(),
            reason: reason.as_deref().unwrap_or("saved"),
            error: error.as_deref().unwrap_or_default(),
            // A negative time, or none, is 0; so late a time that it does not fit is the last one.
            time: time as u64,
        };
        match &self.place {
            Place::Memory(memory) => {
                let image = JsLines::new(&Uint8Array::new(&property(memory, "buffer")));
                parts(&image, self.root, &request, |_, range| Ok(range))
            }
            Place::Dump(dump) => parts(dump, self.root, &request, |part, _| copied(dump, part).map(Object::from)),
        }
    }

    /// What the file says of itself; `null` of the heap of a module.
    ///
    /// # Errors
    /// Never: it is plain text and numbers.
    #[wasm_bindgen(getter, unchecked_return_type = "DumpOrigin | null")]
    pub fn origin(&self) -> Result<JsValue, JsError> {
        match &self.place {
            Place::Memory(_) => Ok(JsValue::NULL),
            Place::Dump(dump) => js(&OriginRow::of(dump.origin())),
        }
    }

    /// A copy of bytes of the memory.
    ///
    /// # Errors
    /// Where the memory ends before, or they were left out of a dump.
    pub fn bytes(&self, address: u32, length: u32) -> Result<Uint8Array, JsError> {
        let part = (address, length);
        match &self.place {
            Place::Memory(memory) => {
                let image = JsMemory::new(memory).ok_or_else(|| JsError::new("the memory is gone"))?;
                copied(&image, part)
            }
            Place::Dump(dump) => copied(dump, part),
        }
    }
}

/// Writes a dump. What stands for a range of the memory is what `range` makes of it.
fn parts(
    image: &dyn Image,
    root: Addr,
    request: &Request<'_>,
    range: impl Fn((u32, u32), Object) -> Result<Object, JsError>,
) -> Result<JsValue, JsError> {
    let written = write(image, root, request).map_err(|error| JsError::new(&error.to_string()))?;
    let parts = Array::new();
    for part in &written.parts {
        match part {
            Part::Bytes(bytes) => parts.push(&Uint8Array::from(&bytes[..])),
            Part::Memory { at, len } => {
                let object = Object::new();
                set(&object, "at", &(*at).into());
                set(&object, "length", &(*len).into());
                parts.push(&range((*at, *len), object)?.into())
            }
        };
    }
    let object = Object::new();
    let sentence: String = written_sentence(&written, request.contents, image.len());
    set(&object, "parts", &parts);
    set(&object, "bytes", &(written.bytes as f64).into());
    set(&object, "leftOut", &(written.left_out_bytes() as f64).into());
    set(&object, "sentence", &sentence.into());
    Ok(object.into())
}

/// A copy of bytes of an image.
fn copied(image: &dyn Image, (at, len): (u32, u32)) -> Result<Uint8Array, JsError> {
    // What is not there is found out before there is room for it.
    if u64::from(at) + u64::from(len) > image.len() {
        let error = crate::image::Error::Truncated { at, wanted: len, len: image.len() };
        return Err(JsError::new(&error.to_string()));
    }
    let copy = Uint8Array::new_with_length(len);
    let mut piece = vec![0; len.min(PIECE) as usize];
    for from in (0..len).step_by(PIECE as usize) {
        let bytes = &mut piece[..(len - from).min(PIECE) as usize];
        image.read(at + from, bytes).map_err(|error| JsError::new(&error.to_string()))?;
        copy.subarray(from, from + bytes.len() as u32).copy_from(bytes);
    }
    Ok(copy)
}
