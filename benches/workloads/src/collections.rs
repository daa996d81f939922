//! Containers of std, used the way programs use them. Hashers have fixed keys: std's own would take
//! them from addresses and change the program with the allocator.
#![forbid(unsafe_code)]

mod graph;
mod maps;
mod strings;
mod trees;

use crate::{Kind::Collections, Workload};

/// In the order of the table.
pub(crate) const WORKLOADS: &[Workload] = &[
    Workload::new("strings", Collections, strings::run),
    Workload::new("maps", Collections, maps::run),
    Workload::new("trees", Collections, trees::run),
    Workload::new("graph", Collections, graph::run),
];
