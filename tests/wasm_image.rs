//! Claim: a module's own memory is a sound image that adds up, its root is found without being told, and reading it
//! changes nothing.
//!
//! The inspector's engine allocates, which would change the heap while it is read. So here it allocates from an array.
#![cfg(all(target_family = "wasm", feature = "inspector"))]

use core::arch::wasm32::{memory_grow, memory_size};
use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use flagstone::Flagstone;
use flagstone::image::region::{Composition, regions};
use flagstone::image::survey::{Kind, Survey};
use flagstone::image::{Image, find_root};
use flagstone::inspector::arena_rows::arena_rows;
use flagstone::inspector::whatis::Whatis;
use flagstone::verify::verify;
use flagstone::vmem::{Arena, ModuleHeap, Options};
use wasm_bindgen_test::wasm_bindgen_test;

/// Bytes of the array.
const ASIDE: usize = 8 << 20;

/// Flagstone, or an array that is handed out once, from its start.
struct Switch {
    aside: UnsafeCell<[u8; ASIDE]>,
    next: AtomicUsize,
    reading: AtomicBool,
}

// SAFETY: a build without atomics has one thread.
unsafe impl Sync for Switch {}

#[global_allocator]
static ALLOCATOR: Switch =
    Switch { aside: UnsafeCell::new([0; ASIDE]), next: AtomicUsize::new(0), reading: AtomicBool::new(false) };

// SAFETY: bytes of the array are given out once; all other calls are flagstone's, with the caller's promises.
unsafe impl GlobalAlloc for Switch {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !self.reading.load(Ordering::Relaxed) {
            // SAFETY: as the caller promises.
            return unsafe { Flagstone.alloc(layout) };
        }
        let base = self.aside.get().cast::<u8>();
        let from = (base.addr() + self.next.load(Ordering::Relaxed)).next_multiple_of(layout.align()) - base.addr();
        self.next.store(from + layout.size(), Ordering::Relaxed);
        assert!(from + layout.size() <= ASIDE, "the array is used up");
        base.wrapping_add(from)
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        let base = self.aside.get().addr();
        if !(base..base + ASIDE).contains(&at.addr()) {
            // SAFETY: as the caller promises, and it came from there.
            unsafe { Flagstone.dealloc(at, layout) }
        }
    }
}

/// Runs something that reads the heap and must not change it.
fn reading<R>(read: impl FnOnce() -> R) -> R {
    let before = flagstone::stats();
    ALLOCATOR.reading.store(true, Ordering::Relaxed);
    let result = read();
    ALLOCATOR.reading.store(false, Ordering::Relaxed);
    assert_eq!(before, flagstone::stats(), "a snapshot changes no counter");
    result
}

#[wasm_bindgen_test]
fn the_modules_own_memory_is_sound_and_adds_up() {
    let mut held: Vec<Vec<u8>> = (1..400).map(|size| vec![size as u8; size * 9]).collect();
    held.retain(|block| block.len() % 2 == 0);
    assert_ne!(memory_grow::<0>(1), usize::MAX);
    held.push(vec![7; 200_000]);
    let last = held[held.len() - 1].as_ptr().addr() as u32;
    reading(|| {
        let (image, root) = (flagstone::own_image(), flagstone::own_root());
        let survey = Survey::take(&image, root).expect("the module's own root");
        let composition = Composition::of(&survey, &regions(&survey));
        assert_eq!(composition.total(), (memory_size::<0>() as u64) << 16);
        assert_eq!(composition.total(), image.len());
        assert!(composition.static_data > ASIDE as u64 && composition.stack > 0, "{composition:?}");
        assert!(composition.live > 200_000 && composition.foreign >= 65_536, "{composition:?}");
        assert_eq!(composition.live, flagstone::stats().live_bytes());
        let problems = verify(&image, root).expect("the module's own root");
        assert!(problems.is_empty(), "{problems:#?}");
        assert!(survey.segment_at(last).is_some_and(|segment| segment.kind == Kind::Large && segment.start == last));
    });
    let last = held.pop().unwrap();
    assert!(last.iter().all(|&byte| byte == 7));
    assert!(held.iter().all(|block| block.iter().all(|&byte| byte == (block.len() / 9) as u8)));
}

#[wasm_bindgen_test]
fn the_root_is_found_without_being_told() {
    drop(std::hint::black_box(Box::new(1)));
    assert_eq!(reading(|| find_root(&flagstone::own_image())), Ok(flagstone::own_root()));
}

#[wasm_bindgen_test]
fn arenas_in_the_modules_heap_are_seen() {
    let options = Options {
        quantum: 64,
        quantum_caches: 256,
        import: Some(&ModuleHeap),
        import_factor: 16,
        memory: true,
        ..Options::new("nodes")
    };
    let nodes = Arena::new(ModuleHeap, options).expect("room for its records");
    let held: Vec<u32> = (1..100).map(|len| nodes.alloc(len * 7).expect("memory")).collect();
    reading(|| {
        let survey = Survey::take(&flagstone::own_image(), flagstone::own_root()).expect("the module's own root");
        let rows = arena_rows(&survey);
        let row = rows.iter().find(|row| row.id == nodes.at().0).expect("its row");
        assert_eq!((row.name.as_str(), row.kind, row.parent), ("nodes", "memory", Some(rows[0].id)));
        assert_eq!((row.total, row.in_use, row.cached), {
            let usage = nodes.usage();
            (usage.total, usage.in_use, usage.cached)
        });
        let found = Whatis::of(&survey, held[50]);
        assert_eq!(found.chain.last().map(|link| link.arena), Some(row.id), "{}", found.sentence);
        let problems = verify(&flagstone::own_image(), flagstone::own_root()).expect("the module's own root");
        assert!(problems.is_empty(), "{problems:#?}");
    });
    nodes.free_all().expect("nobody walks it");
}
