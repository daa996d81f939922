//! The search for leaks for JavaScript: at once, or by steps over a copy of the memory.
#![forbid(unsafe_code)]

use alloc::string::ToString;
use alloc::vec::Vec;

use js_sys::{Array, Date, Function, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::{JsCast, JsError, JsValue, wasm_bindgen};

use super::dumps::{needs_all, open_dump};
use super::{Inspector, Place, js, number_of, property, set, survey};
use crate::image::Image;
use crate::image::dump::Dump;
use crate::image::leaks::{self, Options};
use crate::image::survey::Survey;
use crate::inspector::js_lines::JsLines;
use crate::inspector::leak_rows::{LeakReportRow, Names};
use crate::units::Addr;

/// Words that are read between two looks at the clock: a fraction of a millisecond.
const BETWEEN_LOOKS: u64 = 32_768;

#[wasm_bindgen]
extern "C" {
    /// What is held besides.
    #[wasm_bindgen(typescript_type = "LeakOptions")]
    pub type LeakOptions;
}

/// A search for leaks in a copy of a memory, by steps: for a worker, or for a page that must go on meanwhile. `free()` it when done.
#[wasm_bindgen]
pub struct LeakScan {
    image: Dump<JsLines>,
    names: Names,
    /// None when the report was given.
    scan: Option<leaks::LeakScan>,
}

#[wasm_bindgen]
impl LeakScan {
    /// A search in a dump, or in the bytes of a whole linear memory from address 0 on, which must not change. They stay where they are.
    ///
    /// # Errors
    /// Where no flagstone root of a known version is in it, what the program keeps was left out, or an option makes no sense.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: &Uint8Array, root: Option<u32>, options: Option<LeakOptions>) -> Result<Self, JsError> {
        let image = open_dump(bytes, root)?;
        needs_all(&image)?;
        let survey = survey(&image, image.root())?;
        let options =
            Options { site_of: leaks::recorded_sites(&image, &survey), ..options_of(options.as_ref(), None)? };
        let scan = leaks::LeakScan::new(&survey, options);
        Ok(Self { names: Names::of(&survey), scan: Some(scan), image })
    }

    /// Goes on for about so many milliseconds.
    ///
    /// # Errors
    /// After `report`.
    #[wasm_bindgen(unchecked_return_type = "LeakProgress")]
    pub fn step(&mut self, milliseconds: f64) -> Result<JsValue, JsError> {
        let scan = self.scan.as_mut().ok_or_else(over)?;
        let until = Date::now() + milliseconds;
        let mut progress = scan.step(&self.image, BETWEEN_LOOKS);
        while !progress.ended && Date::now() < until {
            progress = scan.step(&self.image, BETWEEN_LOOKS);
        }
        let object = Object::new();
        set(&object, "done", &(progress.done as f64).into());
        set(&object, "total", &(progress.total as f64).into());
        set(&object, "ended", &progress.ended.into());
        Ok(object.into())
    }

    /// Whether something leads to the live object that has an address, as far as is known yet; undefined where there is no such object.
    ///
    /// # Errors
    /// After `report`.
    pub fn reaches(&self, address: u32) -> Result<Option<bool>, JsError> {
        Ok(self.scan.as_ref().ok_or_else(over)?.reaches(address))
    }

    /// What was found. A search that is not at its end goes on to there first.
    ///
    /// # Errors
    /// Where it was given already.
    #[wasm_bindgen(unchecked_return_type = "LeakReport")]
    pub fn report(&mut self) -> Result<JsValue, JsError> {
        let scan = self.scan.take().ok_or_else(over)?;
        js(&LeakReportRow::of(scan.finish(&self.image), &self.names))
    }
}

fn over() -> JsError {
    JsError::new("the search for leaks is over: its report was given")
}

#[wasm_bindgen]
impl Inspector {
    /// Objects that nothing in the memory leads to, found at once: the page stands still meanwhile. A `LeakScan` over a copy finds the
    /// same by steps.
    ///
    /// # Errors
    /// As `summary`, and where an option makes no sense.
    #[wasm_bindgen(unchecked_return_type = "LeakReport")]
    pub fn leaks(&self, options: Option<LeakOptions>) -> Result<JsValue, JsError> {
        let options = options_of(options.as_ref(), self.held.as_ref())?;
        match &self.place {
            Place::Memory(memory) => {
                let buffer = property(memory, "buffer");
                report(&JsLines::new(&Uint8Array::new(&buffer)), self.root, options)
            }
            Place::Dump(dump) => {
                needs_all(dump)?;
                report(dump, self.root, options)
            }
        }
    }

    /// Where the heap's root is.
    #[wasm_bindgen(getter)]
    pub fn root(&self) -> u32 {
        self.root.0
    }
}

fn report(image: &dyn Image, root: Addr, options: Options) -> Result<JsValue, JsError> {
    let survey: Survey = survey(image, root)?;
    let options = Options { site_of: leaks::recorded_sites(image, &survey), ..options };
    let report = leaks::LeakScan::new(&survey, options).finish(image);
    js(&LeakReportRow::of(report, &Names::of(&survey)))
}

/// Options of JavaScript. What it holds is what they say, or `held` when it is called.
fn options_of(options: Option<&LeakOptions>, held: Option<&Function>) -> Result<Options, JsError> {
    let given = |name| options.map_or(JsValue::UNDEFINED, |options| property(options, name));
    let mut roots = given("roots");
    if let (true, Some(held)) = (roots.is_undefined(), held) {
        let answer = held.call0(&JsValue::UNDEFINED);
        roots = answer.map_err(|error| JsError::new(&sentence_of(&error)))?;
    }
    let held_by_js = if roots.is_undefined() || roots.is_null() { None } else { Some(addresses(&roots)?) };
    Ok(Options { stack: given("stack").is_truthy(), held_by_js, ..Options::default() })
}

/// What an error of JavaScript says.
fn sentence_of(error: &JsValue) -> alloc::string::String {
    let message = Reflect::get(error, &JsValue::from_str("message")).ok().and_then(|message| message.as_string());
    message.unwrap_or_else(|| "what JavaScript holds could not be asked for".to_string())
}

/// Addresses of an array, or of anything else that `Array.from` takes.
fn addresses(list: &JsValue) -> Result<Vec<u32>, JsError> {
    let wrong = || JsError::new("roots must be a list of addresses");
    if !list.is_object() {
        return Err(wrong());
    }
    Array::from(list.unchecked_ref()).iter().map(|value| number_of(&value).map(|at| at.0).ok_or_else(wrong)).collect()
}
