//! Published libraries at work on generated documents. Here the allocator is a part of the time and
//! the pages are what a user would see.
#![forbid(unsafe_code)]

mod json;
mod markdown;
mod patterns;
mod rust;
mod script;

use crate::{Kind::Program, Workload};

/// In the order of the table.
pub(crate) const WORKLOADS: &[Workload] = &[
    Workload { name: "json", kind: Program, prepare: json::prepare, run: json::run },
    Workload { name: "markdown", kind: Program, prepare: markdown::prepare, run: markdown::run },
    Workload { name: "script", kind: Program, prepare: script::prepare, run: script::run },
    Workload { name: "regex", kind: Program, prepare: patterns::prepare, run: patterns::run },
    Workload { name: "syn", kind: Program, prepare: rust::prepare, run: rust::run },
];
