//! Snapshots for JavaScript: taken, saved, read back, and compared.
#![forbid(unsafe_code)]

use alloc::string::ToString;
use alloc::vec::Vec;

use js_sys::{Object, Uint8Array};
use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

use super::{Inspector, Words, js, property, set};
use crate::inspector::snapshot::changes::ChangeMap;
use crate::inspector::snapshot::diff::DiffOptions;
use crate::inspector::snapshot::list::{ObjectFilter, ObjectWords};
use crate::inspector::snapshot::{self, Note};

#[wasm_bindgen(typescript_custom_section)]
const SNAPSHOT_TYPES: &str = include_str!("../snapshots.d.ts");

#[wasm_bindgen]
extern "C" {
    /// What a person calls a snapshot, and when it was taken.
    #[wasm_bindgen(typescript_type = "SnapshotNote")]
    pub type SnapshotNote;

    /// What a comparison lists.
    #[wasm_bindgen(typescript_type = "DiffOptions")]
    pub type DiffWords;

    /// Which objects to list.
    #[wasm_bindgen(typescript_type = "ObjectFilter")]
    pub type ObjectFilterWords;
}

/// The greatest time: what JavaScript's numbers have exactly.
const TIME_MAX: f64 = 9_007_199_254_740_991.0;

/// What the application held at one moment. `free()` it when done.
#[wasm_bindgen]
pub struct Snapshot(snapshot::Snapshot);

#[wasm_bindgen]
impl Snapshot {
    /// Reads a snapshot that `bytes` wrote.
    ///
    /// # Errors
    /// Where they are no snapshot, of another version, end too soon, or where something in them cannot be right.
    pub fn from(bytes: &[u8]) -> Result<Self, JsError> {
        snapshot::Snapshot::from_bytes(bytes).map(Self).map_err(|error| JsError::new(&error.to_string()))
    }

    /// The snapshot as bytes, to be saved.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.0.to_bytes()
    }

    /// The snapshot in figures.
    ///
    /// # Errors
    /// Never.
    #[wasm_bindgen(unchecked_return_type = "SnapshotFigures")]
    pub fn figures(&self) -> Result<JsValue, JsError> {
        js(&self.0.figures())
    }

    /// What changed from this snapshot to a later one.
    ///
    /// # Errors
    /// Never.
    #[wasm_bindgen(unchecked_return_type = "SnapshotDiff")]
    pub fn diff(&self, later: &Self, options: Option<DiffWords>) -> Result<JsValue, JsError> {
        let changed_only = options.is_some_and(|options| property(&options, "changedOnly").is_truthy());
        js(&self.0.diff(&later.0, DiffOptions { changed_only }))
    }

    /// The objects of this snapshot and a later one that a filter takes: those that are new, unless it says otherwise.
    ///
    /// # Errors
    /// Where something in the filter makes no sense.
    #[wasm_bindgen(unchecked_return_type = "ObjectList")]
    pub fn objects(&self, later: &Self, filter: Option<ObjectFilterWords>) -> Result<JsValue, JsError> {
        self.list(later, None, filter.as_ref())
    }

    /// The same, and of those the ones that a third snapshot has, too: allocated between two moments, and held at the last one.
    ///
    /// # Errors
    /// As `objects`.
    #[wasm_bindgen(js_name = objectsHeld, unchecked_return_type = "ObjectList")]
    pub fn objects_held(
        &self,
        later: &Self,
        last: &Self,
        filter: Option<ObjectFilterWords>,
    ) -> Result<JsValue, JsError> {
        self.list(later, Some(last), filter.as_ref())
    }
}

impl Snapshot {
    fn list(&self, later: &Self, last: Option<&Self>, filter: Option<&ObjectFilterWords>) -> Result<JsValue, JsError> {
        let words = filter.map(|filter| object_words(filter)).unwrap_or_default();
        let filter = ObjectFilter::of(&words).map_err(|sentence| JsError::new(&sentence))?;
        let list = self.0.list(&later.0, last.map(|last| &last.0), &filter);
        js(&list.map_err(|sentence| JsError::new(&sentence))?)
    }
}

#[wasm_bindgen]
impl Inspector {
    /// What the application holds now. Reading it changes nothing there.
    ///
    /// # Errors
    /// As `summary`.
    pub fn snapshot(&self, note: Option<SnapshotNote>) -> Result<Snapshot, JsError> {
        let note = note.map(|note| note_of(&note)).unwrap_or_default();
        let mut taken = None;
        self.with_audit(|_, survey, audit| {
            taken = Some(Snapshot(snapshot::Snapshot::take(survey, audit, note)));
            Ok(JsValue::UNDEFINED)
        })?;
        taken.ok_or_else(|| JsError::new("the heap could not be read"))
    }

    /// The memory in cells of `granule` bytes: what is new since a snapshot, what was freed, and what survives.
    ///
    /// # Errors
    /// As `map`.
    #[wasm_bindgen(unchecked_return_type = "ChangeMap")]
    pub fn changes(&self, granule: u32, snapshot: &Snapshot) -> Result<JsValue, JsError> {
        let now = self.snapshot(None)?;
        let map = ChangeMap::of(&snapshot.0, &now.0, granule).map_err(|sentence| JsError::new(&sentence))?;
        let object = Object::new();
        set(&object, "granule", &map.granule.into());
        set(&object, "cells", &(map.new.len() as u32).into());
        for (name, bytes) in [("new", &map.new), ("freed", &map.freed), ("surviving", &map.surviving)] {
            set(&object, name, &Uint8Array::from(&bytes[..]));
        }
        Ok(object.into())
    }
}

/// What a note of JavaScript says.
fn note_of(note: &JsValue) -> Note {
    let words = Words(note);
    let time = words.number("time").filter(|time| (0.0..=TIME_MAX).contains(time)).unwrap_or_default();
    Note { name: words.word("name").unwrap_or_default(), time: time as u64 }
}

/// Which objects a filter takes.
fn object_words(filter: &JsValue) -> ObjectWords {
    let given = Words(filter);
    ObjectWords {
        change: given.word("change"),
        caches: given.words("caches"),
        site: given.number("site"),
        from: given.number("from"),
        to: given.number("to"),
        min_length: given.number("minLength"),
        max_length: given.number("maxLength"),
        order: given.word("order"),
        offset: given.number("offset"),
        limit: given.number("limit"),
    }
}
