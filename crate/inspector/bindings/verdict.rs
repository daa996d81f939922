//! The verdict, and layers of the map, for JavaScript.
#![forbid(unsafe_code)]

use alloc::collections::BTreeMap;
use alloc::format;

use js_sys::{Object, Uint8Array};
use wasm_bindgen::prelude::{JsCast, JsError, JsValue, wasm_bindgen};

use super::{Inspector, js, property, set};
use crate::inspector::map_layer::{LayerKind, MapLayer};
use crate::inspector::verdict::{Earlier, Verdict};

#[wasm_bindgen]
extern "C" {
    /// What somebody saw who looked before.
    #[wasm_bindgen(typescript_type = "Earlier")]
    pub type EarlierLook;
}

#[wasm_bindgen]
impl Inspector {
    /// Why the memory is high: one sentence, what to do, and every cause with its bytes and what it rests on.
    ///
    /// # Errors
    /// As `summary`, and where something of `earlier` is no number of bytes or seconds.
    #[wasm_bindgen(unchecked_return_type = "Verdict")]
    pub fn verdict(&self, earlier: Option<EarlierLook>) -> Result<JsValue, JsError> {
        let earlier = earlier.map(|earlier| earlier_of(&earlier)).transpose()?;
        self.with_audit(|_, survey, audit| js(&Verdict::of(survey, audit, earlier.as_ref())))
    }

    /// The memory in cells of `granule` bytes, with something else than owners to colour them by: `pins`, `age` or `site`.
    ///
    /// # Errors
    /// As `map`, and where there is no such layer.
    #[wasm_bindgen(unchecked_return_type = "MapLayer")]
    pub fn layer(&self, kind: &str, granule: u32) -> Result<JsValue, JsError> {
        let of = LayerKind::of(kind).map_err(|sentence| JsError::new(&sentence))?;
        self.with_audit(|_, survey, audit| {
            let layer = MapLayer::of(survey, audit, of, granule).map_err(|sentence| JsError::new(&sentence))?;
            let object = Object::new();
            set(&object, "kind", &kind.into());
            set(&object, "granule", &layer.granule.into());
            set(&object, "values", &Uint8Array::from(&layer.values[..]));
            set(&object, "sites", &js(&layer.sites)?);
            set(&object, "oldest", &(layer.oldest as f64).into());
            Ok(object.into())
        })
    }
}

/// What was seen before, of JavaScript.
fn earlier_of(given: &JsValue) -> Result<Earlier, JsError> {
    let peak = property(given, "peak");
    let peak = if peak.is_object() {
        Some((number(&peak, "peak.liveBytes", "liveBytes")? as u64, number(&peak, "peak.seconds", "seconds")?))
    } else {
        None
    };
    let mut caches = BTreeMap::new();
    if let Some(given) = property(given, "caches").dyn_ref::<Object>() {
        for name in Object::keys(given).iter().filter_map(|name| name.as_string()) {
            let bytes = number(given, &format!("caches[{name:?}]"), &name)?;
            caches.insert(name, bytes as u64);
        }
    }
    let seconds = number(given, "seconds", "seconds")?;
    Ok(Earlier { seconds, live_bytes: number(given, "liveBytes", "liveBytes")? as u64, peak, caches })
}

/// A number that is not negative.
fn number(object: &JsValue, what: &str, name: &str) -> Result<f64, JsError> {
    let value = property(object, name);
    value
        .as_f64()
        .filter(|number| number.is_finite() && *number >= 0.0)
        .ok_or_else(|| JsError::new(&format!("{what} of an earlier look must be a number from 0 on, not {value:?}")))
}
