//! Claim: in a module, arenas over its own heap import addresses of its memory, keep their records there, and give all of it
//! back.
#![cfg(target_family = "wasm")]

use flagstone::Flagstone;
use flagstone::vmem::{Arena, Error, IdArena, Measure, ModuleHeap, Options, Reuse};
use wasm_bindgen_test::wasm_bindgen_test;

#[global_allocator]
static ALLOCATOR: Flagstone = Flagstone::new();

#[wasm_bindgen_test]
fn an_arena_of_memory_imports_from_the_heap_and_gives_all_back() {
    let before = flagstone::stats().live_bytes();
    {
        let options = Options {
            quantum: 4096,
            quantum_caches: 8 * 4096,
            import: Some(&ModuleHeap),
            import_factor: 16,
            memory: true,
            ..Options::new("frames")
        };
        let arena = Arena::new(ModuleHeap, options).unwrap();
        let mut frames = Vec::new();
        for index in 1..200 {
            let len = index * 97 % 40_000 + 1;
            let at = arena.alloc(len).unwrap();
            assert_eq!(at % 4096, 0);
            // SAFETY: the numbers of the arena are addresses of memory that the heap gave it, and this segment is ours.
            let bytes = unsafe { std::slice::from_raw_parts_mut(at as usize as *mut u8, len as usize) };
            bytes.fill(index as u8);
            frames.push((at, len, index as u8));
        }
        assert_eq!(arena.check(), Ok(()));
        assert!(flagstone::stats().live_bytes() - before >= arena.size(Measure::Total));
        for (at, len, fill) in frames {
            // SAFETY: as above.
            let bytes = unsafe { std::slice::from_raw_parts(at as usize as *const u8, len as usize) };
            assert!(bytes.iter().all(|byte| *byte == fill), "nobody else wrote there");
            assert_eq!(arena.free(at, len), Ok(()));
            assert_eq!(arena.free(at, len), Err(Error::NotHeld(at)));
        }
        assert_eq!(arena.check(), Ok(()));
        assert!(arena.destroy().is_ok());
    }
    assert_eq!(flagstone::stats().live_bytes(), before, "spans and records are back");
}

#[wasm_bindgen_test]
fn ids_over_the_heap_cost_little_and_are_given_back() {
    let before = flagstone::stats().live_bytes();
    {
        let ids = IdArena::new(ModuleHeap, "handles", 1..=1_000_000, Reuse::Lowest).unwrap();
        assert!((1..=10_000).all(|id| ids.alloc() == Ok(id)));
        let bytes = flagstone::stats().live_bytes() - before;
        assert!(bytes < 10_000, "10,000 ids take {bytes} bytes");
    }
    assert_eq!(flagstone::stats().live_bytes(), before);
}
