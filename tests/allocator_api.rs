//! Memory that a budget pays for directly, and collections that live in a cache, a budget or an arena: what is charged is what is
//! held, and all of it comes back.

mod support;

use std::cell::RefCell;
use std::ptr::NonNull;
use std::rc::Rc;

use flagstone::objects::{Bare, Budget, Cache, Error, Options};
use support::{Deny, Fake, LOW, Rng, assert_sound, bytes, heap, layout, memory};

#[test]
fn a_budget_is_charged_usable_bytes_and_objects() {
    let mut memory = memory(4);
    let heap = heap(Fake::new(&mut memory, LOW));
    let budget = Budget::new(&heap, "direct", 10_000, |_| ()).unwrap();
    let memory = budget.accounted();
    let used = || (budget.usage().used, budget.usage().objects);
    let small = memory.alloc(bytes(33)).unwrap();
    assert_eq!(used(), (40, 1));
    let large = memory.alloc(layout(5000, 256)).unwrap();
    assert_eq!((used(), large.addr().get() % 256), ((40 + 5120, 2), 0));
    assert_eq!(memory.alloc(bytes(5000)), Err(Error::Budget { bytes: 5120, limit: 10_000 }));
    assert_eq!((used(), budget.usage().denials, budget.usage().asks), ((5160, 2), 2, 1));
    assert_eq!(memory.alloc(bytes(0)), Err(Error::BadSize(0)));
    // SAFETY: live, of that layout; what returns has the new size.
    let small = unsafe { memory.realloc(small, bytes(33), 40) }.unwrap();
    assert_eq!(used(), (5160, 2));
    // SAFETY: as above.
    let small = unsafe { memory.realloc(small, bytes(40), 1000) }.unwrap();
    assert_eq!(used(), (5120 + 1024, 2));
    // SAFETY: as above; where it is refused nothing changes.
    let refused = unsafe { memory.realloc(small, bytes(1000), 5000) };
    assert_eq!(refused, Err(Error::Budget { bytes: 4096, limit: 10_000 }));
    assert_eq!(used(), (6144, 2));
    // SAFETY: as above.
    let small = unsafe { memory.realloc(small, bytes(1000), 8) }.unwrap();
    assert_eq!(used(), (5128, 2));
    // SAFETY: live, and the last use.
    unsafe { memory.free(small, bytes(8)) };
    // SAFETY: as above.
    unsafe { memory.free(large, layout(5000, 256)) };
    assert_eq!((used(), budget.usage().peak), ((0, 0), 6144));
    drop(budget);
    assert_eq!(heap.stats().live_objects(), 0);
    assert_sound(&heap);
}

#[test]
fn nothing_is_charged_where_there_is_no_memory() {
    let mut memory = memory(1);
    let heap = heap(Fake::new(&mut memory, LOW));
    let budget = Budget::new(&heap, "direct", 0, |_| ()).unwrap();
    let memory = budget.accounted();
    let at = memory.alloc(bytes(100)).unwrap();
    assert_eq!(memory.alloc(bytes(100_000)), Err(Error::NoMemory { bytes: 100_096 }));
    // SAFETY: live; where it is refused nothing changes.
    let refused = unsafe { memory.realloc(at, bytes(100), 100_000) };
    assert_eq!(refused, Err(Error::NoMemory { bytes: 100_096 }));
    assert_eq!((budget.usage().used, budget.usage().objects), (104, 1));
    // SAFETY: live, and the last use.
    unsafe { memory.free(at, bytes(100)) };
}

#[test]
fn whoever_holds_memory_of_a_spent_budget_is_asked() {
    let mut memory = memory(4);
    let heap = heap(Fake::new(&mut memory, LOW));
    let told = Rc::new(RefCell::new(Vec::new()));
    let by = Rc::clone(&told);
    let budget = Budget::new(&heap, "shared", 8192, move |wanted| by.borrow_mut().push(wanted)).unwrap();
    let options = Options { budget: Some(&budget), magazines: false, ..Options::new("pages") };
    let cache = Cache::new(&heap, layout(4096, 8), options, Bare).unwrap();
    let pages = [cache.alloc().unwrap(), cache.alloc().unwrap()];
    let memory = budget.accounted();
    assert_eq!(memory.alloc(bytes(1000)), Err(Error::Budget { bytes: 1024, limit: 8192 }));
    assert_eq!(*told.borrow(), [1024]);
    // SAFETY: from the cache, given back once.
    unsafe { cache.free(pages[0]) };
    let at = memory.alloc(bytes(1000)).expect("the free page goes back");
    assert_eq!((budget.usage().used, budget.usage().objects), (4096 + 1024, 1));
    assert_eq!(told.borrow().len(), 1, "its owner is asked last");
    // SAFETY: from where it is given back to, once.
    unsafe { memory.free(at, bytes(1000)) };
    // SAFETY: as above.
    unsafe { cache.free(pages[1]) };
    drop(cache);
    drop(budget);
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn a_budget_that_something_is_charged_to_goes_on_counting() {
    let mut memory = memory(2);
    let heap = heap(Fake::new(&mut memory, LOW));
    let before = heap.stats().live_objects();
    let budget = Budget::new(&heap, "left", 0, |_| ()).unwrap();
    let at = budget.accounted().alloc(bytes(50)).unwrap();
    drop(budget);
    assert_eq!(heap.stats().live_objects(), before + 2, "its record and what was charged");
    // SAFETY: the heap gave it for that size.
    unsafe { heap.dealloc(at.as_ptr(), bytes(50)) };
}

#[test]
fn random_charges_agree_with_a_model() {
    let (seeds, steps) = if cfg!(miri) { (1, 60) } else { (10, 1000) };
    for seed in 0..seeds {
        let mut rng = Rng::new(seed);
        let mut pages = memory(6);
        let heap = heap(Fake::new(&mut pages, LOW));
        let limit = 60_000;
        let budget = Budget::new(&heap, "model", limit, |_| ()).unwrap();
        let memory = budget.accounted();
        let mut held: Vec<(NonNull<u8>, std::alloc::Layout)> = Vec::new();
        let mut refusals = 0;
        for step in 0..steps {
            heap.source().deny(if rng.below(2) == 0 { Deny::Always } else { Deny::Never });
            let most = if rng.below(4) == 0 { 40_000 } else { 900 };
            let size = 1 + rng.below(most) as usize;
            let outcome = match rng.below(8) {
                0..3 => {
                    let wanted = layout(size, 1 << rng.below(9));
                    memory.alloc(wanted).map(|at| held.push((at, wanted)))
                }
                3..5 if !held.is_empty() => {
                    let index = rng.below(held.len() as u32) as usize;
                    let (at, was) = held[index];
                    // SAFETY: live, of that layout; the list goes on with the result.
                    let resized = unsafe { memory.realloc(at, was, size) };
                    resized.map(|now| held[index] = (now, layout(size, was.align())))
                }
                _ if held.is_empty() => continue,
                _ => {
                    let (at, was) = held.swap_remove(rng.below(held.len() as u32) as usize);
                    // SAFETY: taken out of the list of those that are live.
                    unsafe { memory.free(at, was) };
                    Ok(())
                }
            };
            match outcome {
                Ok(()) => {}
                Err(Error::Budget { limit: it, .. }) if it == limit => refusals += 1,
                Err(Error::NoMemory { .. }) => refusals += 1,
                Err(error) => panic!("seed {seed} step {step}: {error}"),
            }
            let used: usize = held.iter().map(|(_, was)| memory.usable_size(*was)).sum();
            let usage = budget.usage();
            assert_eq!((usage.used as usize, usage.objects as usize), (used, held.len()), "seed {seed} step {step}");
            assert!(usage.used <= limit && usage.peak >= usage.used);
        }
        assert!(cfg!(miri) || refusals > 10, "seed {seed}: {refusals} refusals");
        for (at, was) in held {
            // SAFETY: live, and the last use.
            unsafe { memory.free(at, was) };
        }
        drop(budget);
        assert_eq!(heap.stats().live_objects(), 0);
        assert_sound(&heap);
    }
}

/// Collections.
#[cfg(feature = "allocator-api2")]
mod collections {
    use std::ptr::NonNull;

    use allocator_api2::alloc::Allocator;
    use allocator_api2::boxed::Box;
    use allocator_api2::vec::Vec;
    use flagstone::Heap;
    use flagstone::objects::{Bare, Budget, Cache, Options};
    use flagstone::vmem::{Arena, ByteArena, Options as ArenaOptions};

    use super::support::{Deny, Fake, LOW, Rng, address, assert_sound, heap, layout, memory};

    /// A type aligned to more than a quantum.
    #[repr(align(512))]
    struct Wide([u8; 512]);

    /// The bytes at `at`.
    fn seen<'b>(at: NonNull<[u8]>) -> &'b [u8] {
        // SAFETY: tests name what an allocator just returned.
        unsafe { std::slice::from_raw_parts(at.cast().as_ptr(), at.len()) }
    }

    /// Does with an allocator all that the trait has, for layouts of up to `most` bytes.
    fn exercise(allocator: &impl Allocator, most: usize) {
        let of = |size| layout(size, 8);
        let empty = allocator.allocate(layout(0, 64)).unwrap();
        assert_eq!((empty.len(), empty.cast::<u8>().addr().get() % 64), (0, 0));
        let grow = |at: NonNull<[u8]>, old, new| {
            // SAFETY: each call names the layout that the allocation has.
            unsafe { allocator.grow_zeroed(at.cast(), old, new) }.unwrap()
        };
        let shrink = |at: NonNull<[u8]>, old, new| {
            // SAFETY: as above.
            unsafe { allocator.shrink(at.cast(), old, new) }.unwrap()
        };
        let free = |at: NonNull<[u8]>, is| {
            // SAFETY: as above, and the last use.
            unsafe { allocator.deallocate(at.cast(), is) };
        };
        let some = grow(empty, layout(0, 64), of(most / 2));
        assert!(some.len() >= most / 2 && seen(some).iter().all(|&it| it == 0));
        // SAFETY: the allocation's bytes.
        unsafe { some.cast::<u8>().write_bytes(7, some.len()) };
        let grown = grow(some, of(most / 2), of(most));
        let (kept, tail) = seen(grown).split_at(most / 2);
        assert!(kept.iter().all(|&it| it == 7) && tail.iter().all(|&it| it == 0) && grown.len() >= most);
        let shrunk = shrink(grown, of(most), of(3));
        assert_eq!(seen(shrunk)[..3], [7; 3]);
        let other = grow(shrunk, of(3), layout(most, 2));
        assert_eq!(seen(other)[..4], [7, 7, 7, 0]);
        let none = shrink(other, layout(most, 2), layout(0, 2));
        assert_eq!(none.len(), 0);
        free(none, layout(0, 2));
        let zeroed = allocator.allocate_zeroed(of(most)).unwrap();
        assert!(seen(zeroed).iter().all(|&it| it == 0));
        // Whatever fits is as good a layout to give it back with.
        free(zeroed, of(zeroed.len()));
    }

    #[test]
    fn all_of_the_trait_works() {
        let mut pages = memory(4);
        let heap = heap(Fake::new(&mut pages, LOW));
        let budget = Budget::new(&heap, "budget", 0, |_| ()).unwrap();
        exercise(&budget, 1000);
        exercise(&budget.accounted(), 50_000);
        assert_eq!((budget.usage().used, budget.usage().objects), (0, 0));
        let cache = Cache::new(&heap, layout(600, 64), Options::new("cache"), Bare).unwrap();
        exercise(&cache, 600);
        assert_eq!(cache.stats().live, 0);
        for quantum_caches in [0, 1024] {
            let options = ArenaOptions { quantum: 64, quantum_caches, ..ArenaOptions::new("arena") };
            let arena = ByteArena::of(&heap, options).unwrap();
            exercise(&arena, 700);
            exercise(&arena, 70_000);
            assert_eq!(arena.usage().in_use, 0);
        }
        drop((cache, budget));
        heap.reclaim();
        assert_eq!(heap.stats().live_objects(), 0);
        assert_sound(&heap);
    }

    #[test]
    fn a_cache_refuses_what_does_not_fit_its_objects() {
        let mut pages = memory(2);
        let heap = heap(Fake::new(&mut pages, LOW));
        let cache = Cache::new(&heap, layout(64, 16), Options { limit: 2, ..Options::new("cache") }, Bare).unwrap();
        assert!(cache.allocate(layout(65, 1)).is_err());
        assert!(cache.allocate(layout(8, 32)).is_err());
        let held = [Box::new_in(1_u64, &cache), Box::new_in(2, &cache)];
        assert!(Box::try_new_in(3_u64, &cache).is_err(), "as many as the limit says");
        assert_eq!(held.iter().map(|it| **it).sum::<u64>(), 3);
        drop(held);
        let mut line: Vec<u8, _> = Vec::with_capacity_in(1, cache);
        line.extend([9; 64]);
        assert!(line.try_reserve(1).is_err());
        assert_eq!(line.allocator().stats().live, 1, "it grew where it was, and moved with its cache");
    }

    #[test]
    fn a_spent_budget_refuses_a_collection_and_leaves_it() {
        let mut pages = memory(4);
        let heap = heap(Fake::new(&mut pages, LOW));
        let budget = Budget::new(&heap, "texts", 4096, |_| ()).unwrap();
        let mut text = Vec::new_in(&budget);
        let mut len = 0;
        while text.try_reserve(1).is_ok() {
            text.push(len as u8);
            len += 1;
        }
        assert!(len >= 2048, "{len}");
        assert!(text.iter().enumerate().all(|(index, it)| *it == index as u8));
        drop(text);
        assert_eq!(budget.usage().used, 0);
        let wide = Box::new_in(Wide([3; 512]), &budget);
        assert_eq!(((&raw const *wide).addr() % 512, wide.0[511], budget.usage().used), (0, 3, 512));
    }

    #[test]
    fn an_arena_is_named_aligned_and_empty_in_the_end() {
        let mut pages = memory(8);
        let heap = heap(Fake::new(&mut pages, LOW));
        let options = ArenaOptions { quantum: 32, import_factor: 4, ..ArenaOptions::new("undo") };
        let arena = ByteArena::of(&heap, options).unwrap();
        let wide: std::vec::Vec<_> = (0..20).map(|byte| Box::new_in(Wide([byte; 512]), &arena)).collect();
        for (byte, it) in wide.iter().enumerate() {
            assert_eq!(((&raw const **it).addr() % 512, &it.0), (0, &[byte as u8; 512]));
        }
        assert_eq!(arena.usage().in_use, 20 * 512);
        drop(wide);
        assert_eq!((arena.usage().in_use, arena.usage().total), (0, 0), "spans go back");
        drop(arena);
        assert_eq!(heap.stats().live_objects(), 0);
    }

    #[test]
    fn only_an_arena_of_addresses_becomes_an_allocator() {
        let mut pages = memory(2);
        let heap = heap(Fake::new(&mut pages, LOW));
        let arena = Arena::new(&heap, ArenaOptions::new("numbers")).unwrap();
        // SAFETY: it has no numbers.
        assert!(unsafe { ByteArena::over(arena) }.is_err());
        let buffer = heap.alloc(layout(1024, 128));
        let start = address(&heap, buffer);
        let arena = Arena::new(&heap, ArenaOptions { memory: true, ..ArenaOptions::new("buffer") }).unwrap();
        arena.add(start, 1024).unwrap();
        // SAFETY: its numbers are the bytes just allocated, which are used for nothing else.
        let Ok(arena) = (unsafe { ByteArena::over(arena) }) else { panic!("its numbers are addresses") };
        let number = Box::new_in(77_u64, &arena);
        assert!((buffer.addr()..buffer.addr() + 1024).contains(&(&raw const *number).addr()));
        assert!(Vec::<u8, _>::new_in(&arena).try_reserve(1025).is_err());
        drop(number);
        drop(arena);
        // SAFETY: from this heap for that layout.
        unsafe { heap.dealloc(buffer, layout(1024, 128)) };
    }

    /// Vectors in an allocator change as those of the standard library do, while growth is refused now and then.
    fn differ<A: Allocator + Copy>(heap: &Heap<Fake<'_>>, allocator: A, seed: u64) {
        let mut rng = Rng::new(seed);
        let mut ours: std::vec::Vec<Vec<u16, A>> = (0..6).map(|_| Vec::new_in(allocator)).collect();
        let mut theirs = vec![std::vec::Vec::new(); 6];
        for step in 0..if cfg!(miri) { 60 } else { 1500 } {
            heap.source().deny(if rng.below(3) == 0 { Deny::Always } else { Deny::Never });
            let index = rng.below(6) as usize;
            let (our, their) = (&mut ours[index], &mut theirs[index]);
            let more = 1 + rng.below(600) as usize;
            match rng.below(10) {
                0..6 => {
                    if our.try_reserve(more).is_ok() {
                        our.extend((0..more).map(|it| (it * step) as u16));
                        their.extend((0..more).map(|it| (it * step) as u16));
                    }
                }
                6 => {
                    our.truncate(more);
                    their.truncate(more);
                }
                7 => {
                    heap.source().deny(Deny::Never);
                    our.shrink_to_fit();
                }
                8 => {
                    *our = Vec::new_in(allocator);
                    their.clear();
                }
                _ => {
                    our.reverse();
                    their.reverse();
                }
            }
            assert_eq!(our.as_slice(), their.as_slice(), "seed {seed} step {step}");
        }
    }

    #[test]
    fn random_vectors_agree_with_those_of_the_standard_library() {
        for seed in 0..if cfg!(miri) { 1 } else { 6 } {
            let mut pages = memory(10);
            let heap = heap(Fake::new(&mut pages, LOW));
            let budget = Budget::new(&heap, "budget", 100_000, |_| ()).unwrap();
            differ(&heap, &budget, seed);
            assert_eq!((budget.usage().used, budget.usage().objects), (0, 0));
            let options = ArenaOptions { quantum: 16, quantum_caches: 256, ..ArenaOptions::new("arena") };
            let arena = ByteArena::of(&heap, options).unwrap();
            differ(&heap, &arena, seed);
            let usage = arena.usage();
            assert_eq!(usage.allocations, usage.frees, "nothing is held");
            assert!(usage.frees > 20);
            drop((arena, budget));
            assert_eq!(heap.stats().live_objects(), 0);
            assert_sound(&heap);
        }
    }
}
