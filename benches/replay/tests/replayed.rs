//! A recorded program is replayed to its end, each time alike; what cannot be carried out is an error with its place.

use std::fs;

use flagstone_recorder::trace::{Encoder, Header, Reader};
use replay::native::{Failure, Outcome, replay};
use replay::objects::Fault;

/// What `cargo xtask record markdown` wrote.
fn recorded() -> Vec<u8> {
    fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../traces/markdown.trace")).expect("the trace")
}

fn played(trace: &[u8], samples: u64, closely: bool) -> Result<Outcome, Failure> {
    replay(Reader::new(trace, trace.len() as u64).expect("a header"), samples, closely)
}

/// A trace of objects that are made and not freed.
fn made(sizes: &[u64]) -> Vec<u8> {
    made_at(sizes, 3)
}

/// The same at multiples of a power of two.
fn made_at(sizes: &[u64], align_log2: u8) -> Vec<u8> {
    let mut encoder = Encoder::new(vec![0; sizes.len()]);
    let mut bytes = Vec::new();
    for &size in sizes {
        bytes.extend_from_slice(encoder.alloc(size, align_log2, false).expect("a number").1.as_bytes());
    }
    let (events, objects) = (sizes.len() as u64, sizes.len() as u32);
    let header = Header { events, objects, bytes: bytes.len() as u64, ..Header::default() };
    [header.to_bytes().as_slice(), &bytes].concat()
}

#[test]
fn a_recorded_program_is_replayed_alike_each_time() {
    let trace = recorded();
    let header = Reader::new(trace.as_slice(), trace.len() as u64).expect("a header").header().clone();
    assert_eq!(header.name, "markdown");
    let (first, second) = (played(&trace, 50, true), played(&trace, 50, true));
    let (first, second) = (first.expect("a replay"), second.expect("a replay"));
    assert_eq!((first.pages, &first.samples), (second.pages, &second.samples));
    assert_eq!(first.peak, header.peak);
    assert_eq!(first.samples.len(), 50);
    let last = first.samples.last().expect("a sample");
    assert_eq!((last.operations, last.heap), (header.events, u64::from(first.pages) << 16));
    assert!(last.heap >= header.peak);
}

#[test]
fn the_figures_of_a_sample_add_up() {
    let outcome = played(&recorded(), 20, true).expect("a replay");
    for sample in &outcome.samples {
        let arena = sample.arena.expect("figures");
        let known = sample.live + arena.free + arena.magazines + arena.slab_waste + arena.metadata;
        // The rest is what requests were rounded up by, and the root and state of the heap.
        assert!(known <= sample.heap, "{sample:?}");
        assert!(arena.largest_free <= arena.free, "{sample:?}");
    }
    let plain = played(&recorded(), 20, false).expect("a replay");
    assert!(plain.samples.iter().all(|sample| sample.arena.is_none()));
    assert_eq!(plain.pages, outcome.pages);
}

#[test]
fn more_samples_than_operations_are_taken_too() {
    let outcome = played(&made(&[10, 20]), 5, false).expect("a replay");
    let samples: Vec<(u64, u64)> = outcome.samples.iter().map(|sample| (sample.operations, sample.live)).collect();
    assert_eq!(samples, [(0, 0), (0, 0), (1, 10), (1, 10), (2, 30)]);
}

#[test]
fn what_no_memory_has_is_an_error_with_its_place() {
    for size in [1 << 31, 1 << 32, 1 << 47] {
        let failure = played(&made(&[10, size, 10]), 5, false).expect_err("a fault");
        assert_eq!(failure, Failure::Request(1, Fault::Refused), "{size} bytes");
        assert_eq!(failure.to_string(), "operation 1: the allocator has no memory for the request");
    }
}

#[test]
fn alignments_are_kept() {
    for align_log2 in 0..=22 {
        assert!(played(&made_at(&[1, 100, 5_000], align_log2), 5, false).is_ok(), "2 to the power of {align_log2}");
    }
    let failure = played(&made_at(&[1], 31), 5, false).expect_err("a fault");
    assert_eq!(failure, Failure::Request(0, Fault::Refused));
}

#[test]
fn a_damaged_trace_is_an_error_with_its_place() {
    let mut trace = made(&[10, 20]);
    let last = trace.len() - 1;
    trace[last] = 0x80;
    let failure = played(&trace, 5, false).expect_err("a fault");
    assert!(matches!(failure, Failure::Trace(_)), "{failure}");
    assert!(failure.to_string().starts_with(&format!("byte {} of the trace", last - 1)), "{failure}");
}
