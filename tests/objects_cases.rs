//! Object caches, case by case.
#![cfg(feature = "inspector")]

mod support;

use std::cell::{Cell, RefCell};
use std::ptr::NonNull;
use std::rc::Rc;

use flagstone::Heap;
use flagstone::objects::{Answer, Bare, Cache, Error, Life, Options, Refused};
use flagstone::source::Fixed;
use support::{LOW, layout, memory};

#[test]
fn objects_come_and_go_and_a_cache_ends_without_a_trace() {
    let mut memory = memory(16);
    let heap = Heap::new(Fixed::new(&mut memory, LOW)).unwrap();
    let before = heap.stats().live_bytes();
    let cache = Cache::new(&heap, layout(48, 8), Options::new("nodes"), Bare).unwrap();
    let objects: Vec<_> = (0..10_000).map(|_| cache.alloc().unwrap()).collect();
    let mut sorted: Vec<_> = objects.iter().map(|at| at.as_ptr() as usize).collect();
    sorted.sort_unstable();
    assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] >= 48));
    assert_eq!(cache.stats().live, 10_000);
    let (cache, error) = cache.destroy().unwrap_err();
    assert_eq!(error, Error::Busy { objects: 10_000 });
    for at in objects {
        // SAFETY: each came from the cache.
        unsafe { cache.free(at) };
    }
    assert_eq!(cache.stats().live, 0);
    assert!(cache.destroy().is_ok());
    assert_eq!(heap.stats().live_bytes(), before);
    heap.reclaim();
    assert_eq!(heap.stats().arena.slab_bytes, 0);
}
