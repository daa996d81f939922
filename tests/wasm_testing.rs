//! Claim: the assertions of `testing` see everything that is asked of the module's heap, and leave it as it was, wherever the module runs.
#![cfg(all(feature = "audit", target_family = "wasm"))]

use std::collections::{BTreeMap, TryReserveError};
use std::hint::black_box;
use std::mem::forget;

use flagstone::audit::{Auditor, Mode, set_capture};
use flagstone::objects::{Bare, Cache, Options};
use flagstone::testing::{
    Check, assert_max_live_bytes, assert_max_pages, assert_no_leak, assert_steady, fail_each, leaks,
};
use flagstone::vmem::ModuleHeap;
use wasm_bindgen_test::wasm_bindgen_test;

#[global_allocator]
static ALLOCATOR: flagstone::Flagstone = flagstone::Flagstone::new();

/// Bytes that nobody gives back.
fn lose(size: usize) {
    forget(black_box(vec![7_u8; size]));
}

#[wasm_bindgen_test]
fn what_is_given_back_is_no_leak() {
    assert_no_leak(|| {
        let map: BTreeMap<u32, String> = (0..500).map(|number| (number, number.to_string())).collect();
        let mut text: Vec<String> = map.into_values().collect();
        text.sort();
        text.concat()
    });
    assert_eq!(Auditor::new(ModuleHeap).mode(), Mode::OFF);
}

#[wasm_bindgen_test]
fn what_is_held_is_listed_with_tag_cache_and_frames() {
    set_capture(|frames| {
        frames[0] = 0x8f8;
        1
    });
    let auditor = Auditor::new(ModuleHeap);
    let nodes = Cache::new(ModuleHeap, std::alloc::Layout::new::<[u64; 6]>(), Options::new("nodes"), Bare).unwrap();
    let found = leaks(|| {
        let _parser = auditor.tag("parser");
        lose(1000);
        lose(1000);
        nodes.alloc().unwrap();
        let mut bytes: Vec<u8> = Vec::with_capacity(50_000);
        bytes.reserve_exact(70_000);
        forget(bytes);
    });
    assert_eq!((found.count, found.bytes, found.unrecorded), (4, 72_048, 0));
    let text = found.to_string();
    assert!(
        text.ends_with(
            "\n  1 of 70000 bytes, tag \"parser\"; it was allocation 5\n      +0x8f8\
             \n  2 of 1000 bytes, tag \"parser\"; the first was allocation 1\n      +0x8f8\
             \n  1 of 48 bytes, of the object cache \"nodes\", tag \"parser\"; it was allocation 3\n      +0x8f8"
        ),
        "{text}"
    );
}

#[wasm_bindgen_test]
#[should_panic(expected = "the closure leaks: 1 allocation is still held, 123 bytes in all\n  1 of 123 bytes")]
fn a_leak_fails_the_test() {
    assert_no_leak(|| lose(123));
}

#[wasm_bindgen_test]
fn bytes_and_pages_are_bounded() {
    assert_max_live_bytes(2000, || {
        for _ in 0..10 {
            drop(black_box(vec![0_u8; 2000]));
        }
    });
    assert_eq!(leaks(|| drop(black_box([vec![0_u8; 600], vec![0; 600]]))).peak, 1200);
    // What 300 pages leave free serves again.
    assert_max_pages(305, || drop(black_box(vec![0_u8; 300 << 16])));
    assert_max_pages(0, || drop(black_box(vec![0_u8; 300 << 16])));
}

#[wasm_bindgen_test]
#[should_panic(expected = "and may grow by 9 pages")]
fn a_memory_that_grows_too_much_fails_the_test() {
    assert_max_pages(9, || lose(500 << 16));
}

#[wasm_bindgen_test]
fn runs_that_hold_the_same_are_steady() {
    let mut last = String::new();
    assert_steady(20, || last = format!("{:010}", last.len()));
}

#[wasm_bindgen_test]
#[should_panic(expected = "these are held:\n  5 of 33 bytes; the first was allocation 1")]
fn a_list_that_grows_is_not() {
    let mut list = Vec::with_capacity(100);
    assert_steady(5, || list.push(vec![0_u8; 33]));
}

/// Two vectors, or an error.
fn two(first: usize, second: usize) -> Result<(Vec<u8>, Vec<u8>), TryReserveError> {
    let (mut one, mut other) = (Vec::new(), Vec::new());
    one.try_reserve_exact(first)?;
    other.try_reserve_exact(second)?;
    Ok((one, other))
}

#[wasm_bindgen_test]
fn each_request_fails_once() {
    let mut outcomes = Vec::with_capacity(10);
    let requests = fail_each(|| outcomes.push(two(10, 20_000).is_ok()));
    assert_eq!((requests, outcomes), (2, vec![true, false, false, true]));
    assert!((0..10).all(|_| two(1, 1).is_ok()), "no request fails any more");
}

#[wasm_bindgen_test]
#[should_panic(expected = "the closure leaks with request 1 failing, counted from 0")]
fn what_a_failed_request_leaves_behind_fails_the_test() {
    fail_each(|| {
        let mut first: Vec<u8> = Vec::new();
        first.try_reserve_exact(70)?;
        let second = two(10, 20);
        if second.is_err() {
            forget(first);
        }
        second
    });
}

#[wasm_bindgen_test]
fn everything_is_as_fast_as_before_after_all_of_it() {
    lose(1);
    let _ = Check::new().leaks(|| lose(40));
    assert_eq!(Auditor::new(ModuleHeap).mode(), Mode::OFF);
    // What was given back lies in a magazine, and is handed out again.
    let first = Box::new([1_u64; 5]);
    let at = &raw const *first;
    drop(black_box(first));
    let rounds: u32 = flagstone::stats().caches.iter().map(|cache| cache.magazine_rounds).sum();
    assert!(rounds != 0);
    assert_eq!(&raw const *black_box(Box::new([2_u64; 5])), at);
}
