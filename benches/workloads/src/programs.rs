//! Published libraries at work on generated documents. Here the allocator is a part of the time and
//! the pages are what a user would see.
#![forbid(unsafe_code)]

mod json;
mod markdown;

use crate::{Kind::Program, Workload};

/// In the order of the table.
pub(crate) const WORKLOADS: &[Workload] = &[
    Workload { name: "json", kind: Program, prepare: json::prepare, run: json::run },
    Workload { name: "markdown", kind: Program, prepare: markdown::prepare, run: markdown::run },
];
