//! What JavaScript sees: values are copied in and out, errors are thrown as `Error` with a sentence.

use crate::Frame;
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;

/// The project's own tools run on the project's own allocator.
#[global_allocator]
static ALLOCATOR: flagstone::Flagstone = flagstone::Flagstone::new();

#[wasm_bindgen(typescript_custom_section)]
const FRAME: &str = r#"
/** One function on the way to a place in the code. */
export interface Frame {
    /** Its name as people write it; `wasm-function[7]` or `module+0x8f8` when it has none that is known. */
    function: string;
    /** The source file, as the compiler was told it. */
    file: string | undefined;
    /** The line in the file, from 1. */
    line: number | undefined;
    /** The column in the line, from 1. */
    column: number | undefined;
    /** Whether its code is part of the next frame's function. */
    inlined: boolean;
}
"#;

/// The symbols of one module.
#[wasm_bindgen]
pub struct Symbols {
    inner: crate::Symbols,
}

#[wasm_bindgen]
impl Symbols {
    /// Reads the module that runs, or ran. Throws when the bytes are no module or a damaged one.
    pub fn open(bytes: &[u8]) -> Result<Symbols, JsError> {
        Ok(Symbols { inner: crate::Symbols::of(bytes)? })
    }

    /// Takes names and lines from another file of the same build. Throws when it does not fit or has nothing to add; all stays as it was then.
    #[wasm_bindgen(js_name = addDebug)]
    pub fn add_debug(&mut self, bytes: &[u8]) -> Result<(), JsError> {
        Ok(self.inner.with_debug(bytes)?)
    }

    /// The frames at byte offsets into the module's file, innermost first: one list for each offset, none of them empty.
    #[wasm_bindgen(unchecked_return_type = "Frame[][]")]
    pub fn resolve(&self, offsets: &[u32]) -> Array {
        offsets.iter().map(|offset| self.inner.resolve(*offset).iter().map(object).collect::<Array>()).collect()
    }

    /// Whether source lines are known.
    #[wasm_bindgen(getter, js_name = hasLines)]
    pub fn has_lines(&self) -> bool {
        self.inner.has_lines()
    }

    /// Whether any function has a name of its own.
    #[wasm_bindgen(getter, js_name = hasNames)]
    pub fn has_names(&self) -> bool {
        self.inner.has_names()
    }

    /// What was damaged and left out, as sentences.
    #[wasm_bindgen(getter)]
    pub fn damage(&self) -> Vec<String> {
        self.inner.damage().iter().map(ToString::to_string).collect()
    }
}

fn object(frame: &Frame) -> Object {
    let object = Object::new();
    let number = |value: Option<u32>| value.map_or(JsValue::UNDEFINED, JsValue::from);
    for (key, value) in [
        ("function", frame.function.as_str().into()),
        ("file", frame.file.as_deref().map_or(JsValue::UNDEFINED, JsValue::from)),
        ("line", number(frame.line)),
        ("column", number(frame.column)),
        ("inlined", frame.inlined.into()),
    ] {
        Reflect::set(&object, &key.into(), &value).expect("a new object takes any property");
    }
    object
}
