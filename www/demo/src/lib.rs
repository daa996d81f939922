//! A document workbench: it opens Markdown, JSON, CSV and script files and keeps what it made of them until they are closed.
//!
//! This file holds the bindings only: it turns bytes from JavaScript into calls on [`workbench::Workbench`], and documents and errors into
//! plain JavaScript objects. The app is an ordinary one whose allocator is flagstone, by the one line below.
#![forbid(unsafe_code)]

mod column;
mod csv_table;
mod error;
mod home;
mod index;
mod json;
mod markdown;
mod phrase;
mod preview;
mod previews;
mod script;
mod script_value;
mod search;
mod text;
mod workbench;

use flagstone::objects::Reclaimed;
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;
use workbench::Document;

#[global_allocator]
static ALLOCATOR: flagstone::Flagstone = flagstone::Flagstone::new();

#[wasm_bindgen(typescript_custom_section)]
const DOCUMENT_INFO: &str = r#"
/** What is known of an open document. */
export interface DocumentInfo {
    id: number;
    name: string;
    kind: "markdown" | "json" | "csv" | "script";
    /** Length of the file. */
    bytes: number;
    /** One line. */
    summary: string;
    /** Facts as name and value, in the order to show. */
    details: [string, string][];
    /** Time that opening took. */
    milliseconds: number;
}

/** Bytes that became free in the heap at each step of giving memory back. */
export interface Reclaimed {
    /** Objects that lay ready in caches. */
    depots: number;
    /** Ready memory for small allocations of all kinds. */
    slabs: number;
    /** What can be made again: previews. */
    owners: number;
    /** Holes that closed when documents moved together. */
    moves: number;
}
"#;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
}

/// Lets the sites of requests be recorded from the beginning.
#[wasm_bindgen(start)]
fn start() {
    home::record_sites();
}

/// Makes a mistake with memory, by its name, after the mode that finds it was switched on: the module traps. Throws where no mistake has
/// that name.
#[wasm_bindgen]
pub fn provoke(mistake: &str) -> Result<(), JsError> {
    let _ = flagstone_bugs::commit(mistake);
    Err(JsError::new(&format!("{mistake} did not end the program.")))
}

/// A preview that JavaScript holds. What it holds in the module goes when it is told `free()`, and not before: nothing else may be relied on.
#[wasm_bindgen]
pub struct Preview {
    text: String,
}

#[wasm_bindgen]
impl Preview {
    /// The text.
    #[wasm_bindgen(getter)]
    pub fn text(&self) -> String {
        self.text.clone()
    }
}

/// Keeps documents open and parsed.
#[wasm_bindgen]
pub struct Workbench {
    inner: workbench::Workbench,
}

#[wasm_bindgen]
impl Workbench {
    /// A workbench without documents.
    #[wasm_bindgen(constructor)]
    #[expect(clippy::new_without_default, reason = "JavaScript has no defaults")]
    pub fn new() -> Self {
        Self { inner: workbench::Workbench::new(now) }
    }

    /// Opens a file; the name's ending tells the kind. Throws an `Error` of one sentence when the file cannot be used; nothing is kept then.
    #[wasm_bindgen(unchecked_return_type = "DocumentInfo")]
    pub fn open(&mut self, name: &str, bytes: &[u8]) -> Result<Object, JsError> {
        self.inner.open(name, bytes).map(|document| describe(&document)).map_err(|sentence| JsError::new(&sentence))
    }

    /// Closes a document and frees all that was kept of it; false when it was not open.
    pub fn close(&mut self, id: u32) -> bool {
        self.inner.close(id)
    }

    /// Closes every document.
    #[wasm_bindgen(js_name = closeAll)]
    pub fn close_all(&mut self) {
        self.inner.close_all();
    }

    /// The open documents, oldest first.
    #[wasm_bindgen(unchecked_return_type = "DocumentInfo[]")]
    pub fn list(&self) -> Array {
        self.inner.documents().map(|document| describe(&document)).collect()
    }

    /// At most `limit` characters of plain text that show what was made of the document. Throws when it is not open.
    pub fn render(&self, id: u32, limit: usize) -> Result<String, JsError> {
        self.inner.render(id, limit).ok_or_else(|| JsError::new(&format!("Document {id} is not open.")))
    }

    /// The same as an object that JavaScript has to free.
    pub fn preview(&self, id: u32, limit: usize) -> Result<Preview, JsError> {
        flagstone::tag!("preview");
        Ok(Preview { text: self.render(id, limit)? })
    }

    /// How many lines at the beginning of the open documents have a word in them; not all are counted.
    pub fn search(&mut self, word: &str) -> usize {
        self.inner.search(word)
    }

    /// Gives back what was not needed lately, and moves a few documents together: for moments in which nothing else happens.
    pub fn tick(&self) {
        home::tick();
    }

    /// Gives back all memory that can be spared; documents stay open.
    #[wasm_bindgen(unchecked_return_type = "Reclaimed")]
    pub fn reclaim(&self) -> Object {
        let Reclaimed { depots, slabs, owners, moves, .. } = home::reclaim();
        let steps = [("depots", depots), ("slabs", slabs), ("owners", owners), ("moves", moves)];
        object(steps.map(|(step, bytes)| (step, (bytes as f64).into())))
    }
}

fn describe(document: &Document) -> Object {
    let details: Array =
        document.details().into_iter().map(|(name, value)| Array::of2(&name.into(), &value.into())).collect();
    object([
        ("id", document.id.into()),
        ("name", document.name.as_str().into()),
        ("kind", document.kind().into()),
        ("bytes", (document.bytes as f64).into()),
        ("summary", document.summary().into()),
        ("details", details.into()),
        ("milliseconds", document.milliseconds.into()),
    ])
}

fn object<const PROPERTIES: usize>(properties: [(&str, JsValue); PROPERTIES]) -> Object {
    let object = Object::new();
    for (key, value) in properties {
        Reflect::set(&object, &key.into(), &value).expect("a new object takes any property");
    }
    object
}
