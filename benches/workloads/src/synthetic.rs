//! Workloads that are nothing but requests, each one way in which programs use a heap.
#![forbid(unsafe_code)]

mod actions;
mod blockers;
mod bursts;
mod churn;
mod handover;
mod large;
mod phases;
mod queues;
mod ratchet;
mod vectors;

use crate::{Kind::Synthetic, Workload};

/// In the order of the table.
pub(crate) const WORKLOADS: &[Workload] = &[
    Workload::new("churn-1k", Synthetic, churn::of::<1_000>),
    Workload::new("churn-10k", Synthetic, churn::of::<10_000>),
    Workload::new("churn-100k", Synthetic, churn::of::<100_000>),
    Workload::new("actions", Synthetic, actions::with_realloc),
    Workload::new("actions-no-realloc", Synthetic, actions::without_realloc),
    Workload::new("lifo-64", Synthetic, queues::lifo),
    Workload::new("fifo-64", Synthetic, queues::fifo),
    Workload::new("producer-consumer", Synthetic, handover::run),
    Workload::new("vectors", Synthetic, vectors::many),
    Workload::new("vector-64m", Synthetic, vectors::one),
    Workload::new("vectors-blockers", Synthetic, blockers::many),
    Workload::new("vector-64m-blockers", Synthetic, blockers::one),
    Workload::new("ratchet", Synthetic, ratchet::run),
    Workload::new("phases", Synthetic, phases::run),
    Workload::new("large", Synthetic, large::run),
    Workload::new("bursts", Synthetic, bursts::run),
];
