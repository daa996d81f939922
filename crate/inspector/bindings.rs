//! The inspector for JavaScript: converts values and errors, decides nothing.
//!
//! Each call reads the memory afresh, by address, without calling into the inspected module; so it works on a module that
//! runs, on one that trapped, and on bytes. Errors are thrown as `Error`s with a sentence.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use js_sys::{Function, Object, Reflect, Uint8Array};
use serde::Serialize;
use wasm_bindgen::prelude::{JsCast, JsError, JsValue, wasm_bindgen};

use super::arena_rows::arena_rows;
use super::audit_rows::AuditReport;
use super::heap_map::HeapMap;
use super::js_lines::JsLines;
use super::js_memory::JsMemory;
use super::log_rows::{LogFilter, LogList};
use super::rows::{CheckReport, Summary, cache_rows};
use super::sample::Sample;
use super::segment_rows::{FilterWords, SegmentFilter, SegmentList};
use super::trace::trace;
use super::whatis::Whatis;
use crate::image::audit::AuditInfo;
use crate::image::dump::Dump;
use crate::image::survey::Survey;
use crate::image::{Image, find_root};
use crate::units::Addr;
use crate::verify::verify;

mod dumps;
mod leaks;
mod snapshots;
mod verdict;

pub use dumps::{DumpOptions, open};
pub use leaks::{LeakOptions, LeakScan};
pub use snapshots::{DiffWords, ObjectFilterWords, Snapshot, SnapshotNote};
pub use verdict::EarlierLook;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("bindings.d.ts");

#[wasm_bindgen(typescript_custom_section)]
const AUDIT_TYPES: &str = include_str!("audit.d.ts");

#[wasm_bindgen(typescript_custom_section)]
const LEAK_TYPES: &str = include_str!("leaks.d.ts");

#[wasm_bindgen(typescript_custom_section)]
const VERDICT_TYPES: &str = include_str!("verdict.d.ts");

#[wasm_bindgen]
extern "C" {
    /// `{ memory, root?, roots? }`.
    #[wasm_bindgen(typescript_type = "Target")]
    pub type Target;

    /// Which segments to list.
    #[wasm_bindgen(typescript_type = "SegmentFilter")]
    pub type Filter;

    /// Which entries of the logs to list.
    #[wasm_bindgen(typescript_type = "LogFilter")]
    pub type LogWords;
}

/// Attaches to the heap of a running (or trapped) module.
///
/// # Errors
/// Where `memory` is no `WebAssembly.Memory`, or no flagstone root of a known version is in it.
#[wasm_bindgen]
pub fn attach(target: &Target) -> Result<Inspector, JsError> {
    let memory = property(target, "memory");
    let image =
        JsMemory::new(&memory).ok_or_else(|| JsError::new("attach needs { memory } with a WebAssembly.Memory"))?;
    let root = root_of(&image, &property(target, "root"))?;
    let held = property(target, "roots").dyn_into::<Function>().ok();
    Ok(Inspector { place: Place::Memory(memory), root, held })
}

enum Place {
    Memory(JsValue),
    Dump(Dump<JsLines>),
}

/// A heap that is inspected. `free()` it when done.
#[wasm_bindgen]
pub struct Inspector {
    place: Place,
    root: Addr,
    /// Says which addresses JavaScript holds.
    held: Option<Function>,
}

#[wasm_bindgen]
impl Inspector {
    /// Summary, caches, arenas and, where a granule is given, the map: of one moment, from one walk over the heap.
    ///
    /// # Errors
    /// As `summary` and `map`.
    #[wasm_bindgen(unchecked_return_type = "Sample")]
    pub fn sample(&self, granule: Option<u32>) -> Result<JsValue, JsError> {
        self.with(|_, survey| {
            let sample = Sample::of(survey, granule).map_err(|sentence| JsError::new(&sentence))?;
            let object = js(&sample)?;
            if let Some(map) = &sample.map {
                set(object.unchecked_ref(), "map", &js_map(map));
            }
            Ok(object)
        })
    }

    /// The heap in a few figures.
    ///
    /// # Errors
    /// Where the root or the state can no longer be read.
    #[wasm_bindgen(unchecked_return_type = "Summary")]
    pub fn summary(&self) -> Result<JsValue, JsError> {
        self.with(|_, survey| js(&Summary::of(survey)))
    }

    /// The caches, by size class.
    ///
    /// # Errors
    /// As `summary`.
    #[wasm_bindgen(unchecked_return_type = "CacheRow[]")]
    pub fn caches(&self) -> Result<JsValue, JsError> {
        self.with(|_, survey| js(&cache_rows(survey)))
    }

    /// The arenas: the heap's own, then those whose records lie in the heap.
    ///
    /// # Errors
    /// As `summary`.
    #[wasm_bindgen(unchecked_return_type = "ArenaRow[]")]
    pub fn arenas(&self) -> Result<JsValue, JsError> {
        self.with(|_, survey| js(&arena_rows(survey)))
    }

    /// The segments of the arena with the `id` that a row of `arenas` has, those that the filter takes.
    ///
    /// # Errors
    /// As `summary`, where there is no such arena, and where something in the filter makes no sense.
    #[wasm_bindgen(unchecked_return_type = "SegmentList")]
    pub fn segments(&self, arena: u32, filter: Option<Filter>) -> Result<JsValue, JsError> {
        let words = filter.map(|filter| segment_filter(&filter)).unwrap_or_default();
        let filter = SegmentFilter::of(&words).map_err(|sentence| JsError::new(&sentence))?;
        self.with(|_, survey| {
            let list = SegmentList::of(survey, arena, &filter).map_err(|sentence| JsError::new(&sentence))?;
            js(&list)
        })
    }

    /// The memory in cells of `granule` bytes.
    ///
    /// # Errors
    /// As `summary`, and where `granule` is no power of two from a quantum to 1 GiB.
    #[wasm_bindgen(unchecked_return_type = "HeapMap")]
    pub fn map(&self, granule: u32) -> Result<JsValue, JsError> {
        self.with(|_, survey| {
            let map = HeapMap::of(survey, granule).map_err(|sentence| JsError::new(&sentence))?;
            Ok(js_map(&map).into())
        })
    }

    /// What is at an address.
    ///
    /// # Errors
    /// As `summary`.
    #[wasm_bindgen(unchecked_return_type = "Whatis")]
    pub fn whatis(&self, address: u32) -> Result<JsValue, JsError> {
        self.with_audit(|_, survey, audit| {
            let mut whatis = Whatis::of(survey, address);
            if let Some(audit) = audit {
                whatis.add_audit(audit);
            }
            js(&whatis)
        })
    }

    /// What diagnosis has on record; `null` of a module that was built without the feature `audit`.
    ///
    /// # Errors
    /// As `summary`.
    #[wasm_bindgen(unchecked_return_type = "AuditReport | null")]
    pub fn audit(&self) -> Result<JsValue, JsError> {
        self.with_audit(|image, survey, audit| match audit {
            Some(audit) => js(&AuditReport::of(image, survey, audit)),
            None => Ok(JsValue::NULL),
        })
    }

    /// The entries of the logs that a filter takes, the newest first.
    ///
    /// # Errors
    /// As `summary`, and where something in the filter makes no sense.
    #[wasm_bindgen(unchecked_return_type = "LogList")]
    pub fn log(&self, filter: Option<LogWords>) -> Result<JsValue, JsError> {
        let filter = filter.map(|filter| log_filter(&filter)).unwrap_or_default();
        self.with_audit(|image, survey, audit| {
            let audit = audit.ok_or_else(no_audit)?;
            js(&LogList::of(image, survey, audit, &filter).map_err(|sentence| JsError::new(&sentence))?)
        })
    }

    /// What happened to the object at an address, the newest first; nothing of a module without the feature `audit`.
    ///
    /// # Errors
    /// As `summary`.
    #[wasm_bindgen(unchecked_return_type = "LogEntry[]")]
    pub fn history(&self, address: u32) -> Result<JsValue, JsError> {
        self.with_audit(|image, survey, audit| {
            js(&audit.map_or_else(Vec::new, |audit| LogList::history(image, survey, audit, address)))
        })
    }

    /// The log of calls as a trace that can be replayed.
    ///
    /// # Errors
    /// As `summary`, and of a module without the feature `audit`.
    pub fn trace(&self) -> Result<Vec<u8>, JsError> {
        let mut bytes = Vec::new();
        self.with_audit(|image, _, audit| {
            bytes = trace(image, audit.ok_or_else(no_audit)?);
            Ok(JsValue::UNDEFINED)
        })?;
        Ok(bytes)
    }

    /// Leaves a text in the memory that sets modes, sampling and the rest, in the words of `Auditor::configure`. The module carries it
    /// out at its next slow call, or its next `tick`; what became of it is in `audit().command`.
    ///
    /// # Errors
    /// As `summary`; of a module without the feature `audit` or whose settings are locked; of bytes, which nobody runs; and of a text
    /// that is empty or too long.
    pub fn configure(&self, text: &str) -> Result<(), JsError> {
        let Place::Memory(memory) = &self.place else {
            return Err(JsError::new("a saved memory cannot be configured: no module runs in it"));
        };
        let mut place = None;
        self.with_audit(|_, survey, audit| {
            if audit.ok_or_else(no_audit)?.locked {
                return Err(JsError::new("the module has locked its settings"));
            }
            place = AuditInfo::command_place(survey);
            Ok(JsValue::UNDEFINED)
        })?;
        let place = place.ok_or_else(no_audit)?;
        if text.is_empty() || text.len() > place.room as usize {
            return Err(JsError::new(&format!("a text has 1 to {} bytes, this one has {}", place.room, text.len())));
        }
        let image = JsMemory::new(memory).ok_or_else(|| JsError::new("the memory is gone"))?;
        image.write(place.text, text.as_bytes());
        image.write(place.outcome, &[0; 4]);
        image.write(place.length, &(text.len() as u32).to_le_bytes());
        Ok(())
    }

    /// Checks every invariant of the heap.
    ///
    /// # Errors
    /// As `summary`; damage is not an error but a problem in the report.
    #[wasm_bindgen(unchecked_return_type = "CheckReport")]
    pub fn check(&self) -> Result<JsValue, JsError> {
        self.with(|image, survey| {
            let problems = verify(image, self.root).map_err(|error| JsError::new(&error.to_string()))?;
            js(&CheckReport::new(survey, &problems))
        })
    }
}

impl Inspector {
    /// Reads what diagnosis has on record, too.
    fn with_audit(
        &self,
        read: impl FnOnce(&dyn Image, &Survey, Option<&AuditInfo>) -> Result<JsValue, JsError>,
    ) -> Result<JsValue, JsError> {
        self.with(|image, survey| {
            let audit = AuditInfo::read(image, survey).map_err(|error| JsError::new(&error.to_string()))?;
            read(image, survey, audit.as_ref())
        })
    }

    /// Reads the memory as it is now.
    fn with(&self, read: impl FnOnce(&dyn Image, &Survey) -> Result<JsValue, JsError>) -> Result<JsValue, JsError> {
        match &self.place {
            Place::Memory(memory) => {
                let image = JsMemory::new(memory).ok_or_else(|| JsError::new("the memory is gone"))?;
                read(&image, &survey(&image, self.root)?)
            }
            Place::Dump(dump) => read(dump, &survey(dump, self.root)?),
        }
    }
}

fn survey(image: &dyn Image, root: Addr) -> Result<Survey, JsError> {
    Survey::take(image, root).map_err(|error| JsError::new(&error.to_string()))
}

/// The address of the root: what `given` says, a number or a `WebAssembly.Global`, or what is found in the memory.
fn root_of(image: &dyn Image, given: &JsValue) -> Result<Addr, JsError> {
    if given.is_undefined() || given.is_null() {
        return find_root(image).map_err(|error| JsError::new(&error.to_string()));
    }
    let Some(root) = number_of(given).or_else(|| number_of(&property(given, "value"))) else {
        return Err(JsError::new(&format!(
            "the root must be an address or the module's export __flagstone_root, not {given:?}"
        )));
    };
    survey(image, root).map(|_| root)
}

/// An address that JavaScript has as a number.
fn number_of(value: &JsValue) -> Option<Addr> {
    let number = value.as_f64()?;
    let is_address = number.fract() == 0.0 && (-2_147_483_648.0..4_294_967_296.0).contains(&number);
    // Numbers of wasm are signed in JavaScript; an address in the upper half comes as a negative number.
    is_address.then_some(Addr(if number < 0.0 { number as i32 as u32 } else { number as u32 }))
}

/// What a filter of JavaScript says. What is of another type than it should be becomes something that no filter has.
struct Words<'f>(&'f JsValue);

impl Words<'_> {
    fn given(&self, name: &str) -> Option<JsValue> {
        Some(property(self.0, name)).filter(|value| !value.is_undefined() && !value.is_null())
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.given(name).map(|value| value.as_f64().unwrap_or(f64::NAN))
    }

    fn word(&self, name: &str) -> Option<String> {
        self.given(name).map(word)
    }

    /// Words in an array, or one that is in none.
    fn words(&self, name: &str) -> Option<Vec<String>> {
        self.given(name).map(|value| {
            if js_sys::Array::is_array(&value) {
                js_sys::Array::from(&value).iter().map(word).collect()
            } else {
                alloc::vec![word(value)]
            }
        })
    }
}

fn word(value: JsValue) -> String {
    value.as_string().unwrap_or_else(|| format!("{value:?}"))
}

/// Which segments a filter takes.
fn segment_filter(filter: &JsValue) -> FilterWords {
    let given = Words(filter);
    FilterWords {
        kinds: given.words("kinds"),
        min_length: given.number("minLength"),
        max_length: given.number("maxLength"),
        from: given.number("from"),
        to: given.number("to"),
        order: given.word("order"),
        offset: given.number("offset"),
        limit: given.number("limit"),
    }
}

/// Which entries of the logs a filter takes.
fn log_filter(filter: &JsValue) -> LogFilter {
    let given = Words(filter);
    LogFilter {
        logs: given.words("logs"),
        events: given.words("events"),
        address: given.number("address"),
        site: given.number("site"),
        cache: given.word("cache"),
        from: given.number("from"),
        to: given.number("to"),
        limit: given.number("limit"),
    }
}

/// What is said of a module that has no records of diagnosis.
fn no_audit() -> JsError {
    JsError::new(
        "the module was built without flagstone's feature `audit`, so there are no logs and no modes: build it with that feature",
    )
}

/// A property of an object; undefined where it has none.
fn property(object: &JsValue, name: &str) -> JsValue {
    if object.is_object() {
        Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
    } else {
        JsValue::UNDEFINED
    }
}

/// Sets a property of an object that was just made, which cannot fail.
fn set(object: &Object, name: &str, value: &JsValue) {
    let _ = Reflect::set(object, &JsValue::from_str(name), value);
}

/// A map as an object with typed arrays.
fn js_map(map: &HeapMap) -> Object {
    let object = Object::new();
    set(&object, "granule", &map.granule.into());
    set(&object, "cells", &(map.owner.len() as u32).into());
    for (name, bytes) in [("owner", &map.owner), ("cache", &map.cache), ("live", &map.live)] {
        set(&object, name, &Uint8Array::from(&bytes[..]));
    }
    object
}

/// A record as a plain object.
fn js(record: &impl Serialize) -> Result<JsValue, JsError> {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_missing_as_null(true);
    record.serialize(&serializer).map_err(|error| JsError::new(&error.to_string()))
}
