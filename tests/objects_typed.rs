//! Typed objects: boxes that go back to their cache, and objects that move behind handles.
#![cfg(feature = "inspector")]

mod support;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use flagstone::Heap;
use flagstone::objects::{Budget, CacheBox, Construct, Error, MovableCache, ObjectCache, Options, Refused};
use flagstone::source::Fixed;
use support::{LOW, Rng, memory};

/// Counts those that live.
struct Counted(Rc<Cell<i32>>, u32);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

#[test]
fn a_dropped_box_leaves_its_object_as_it_is_for_the_next_one() {
    let mut memory = memory(8);
    let heap = Heap::new(Fixed::new(&mut memory, LOW)).unwrap();
    let live = Rc::new(Cell::new(0));
    let made = live.clone();
    let cache = ObjectCache::new(&heap, Options::new("counted"), move || {
        made.set(made.get() + 1);
        Counted(made.clone(), 0)
    })
    .unwrap();
    for n in 0..1000 {
        let mut object = cache.alloc().unwrap();
        assert_eq!(object.1, n);
        object.1 += 1;
    }
    assert_eq!((live.get(), cache.stats().constructs), (1, 1));
    assert_eq!(cache.untyped().shrink(), Ok(true));
    assert_eq!((live.get(), cache.stats().destructs), (0, 1));
    let many: Vec<_> = (0..500).map(|_| cache.alloc().unwrap()).collect();
    assert_eq!(live.get(), 500);
    drop(many);
    assert_eq!(live.get(), 500, "all of them wait in magazines");
    drop(cache);
    assert_eq!(live.get(), 0);
}

#[test]
fn a_leaked_box_keeps_its_cache_from_ending() {
    let mut memory = memory(8);
    let heap = Heap::new(Fixed::new(&mut memory, LOW)).unwrap();
    let cache = ObjectCache::new(&heap, Options::new("leaked"), || 7_u64).unwrap();
    let object = flagstone::objects::CacheBox::leak(cache.alloc().unwrap());
    *object += 1;
    assert_eq!(cache.destroy().map_err(|(_, error)| error), Err(Error::Busy { objects: 1 }));
}

/// Makes an object, but not always.
struct Sometimes(Cell<u32>);

impl Construct<[u32; 5]> for Sometimes {
    fn construct(&self) -> Result<[u32; 5], Refused> {
        self.0.set(self.0.get() + 1);
        if self.0.get().is_multiple_of(3) { Err(Refused) } else { Ok([self.0.get(); 5]) }
    }
}

#[test]
fn a_constructor_that_refuses_costs_the_request_and_nothing_else() {
    let mut memory = memory(8);
    let heap = Heap::new(Fixed::new(&mut memory, LOW)).unwrap();
    let cache = ObjectCache::new(&heap, Options::new("sometimes"), Sometimes(Cell::new(0))).unwrap();
    let made: Vec<_> = (0..300).map(|_| cache.alloc()).collect();
    assert_eq!(made.iter().filter(|it| it.is_err()).count(), 100);
    assert!(made.iter().filter_map(|it| it.as_ref().err()).all(|error| *error == Error::Refused));
    let stats = cache.stats();
    assert_eq!((stats.live, stats.constructor_failures, stats.failures, stats.allocations), (200, 100, 100, 200));
}

#[test]
fn a_zone_never_grows_and_gives_exactly_its_limit() {
    let mut memory = memory(8);
    let heap = Heap::new(Fixed::new(&mut memory, LOW)).unwrap();
    let zone = ObjectCache::new(&heap, Options::zone("voices", 100), || [0_f32; 128]).unwrap();
    let grown = heap.stats().arena.grown_pages;
    for _ in 0..10 {
        let mut voices: Vec<_> = (0..100).map(|_| zone.alloc().unwrap()).collect();
        assert_eq!(zone.alloc().err(), Some(Error::Limit { objects: 100 }));
        voices.truncate(50);
        heap.reclaim();
        heap.tick();
    }
    let stats = zone.stats();
    assert_eq!((stats.constructs, stats.destructs, stats.live, stats.cached), (100, 0, 0, 100));
    assert_eq!(heap.stats().arena.grown_pages, grown);
}

#[test]
fn movable_objects_are_what_a_map_says_through_every_move() {
    for seed in 0..40 {
        let mut rng = Rng::new(seed);
        let mut memory = memory(64);
        let heap = Heap::new(Fixed::new(&mut memory, LOW)).unwrap();
        let live = Rc::new(Cell::new(0));
        let cache = MovableCache::new(&heap, Options::new("documents")).unwrap();
        let mut model = Vec::new();
        let mut removed = Vec::new();
        for step in 0..3000_u32 {
            match rng.below(10) {
                0..=3 => {
                    live.set(live.get() + 1);
                    model.push((cache.insert(Counted(live.clone(), step)).map_err(|it| it.1).unwrap(), step));
                }
                4..=6 if !model.is_empty() => {
                    let (handle, value) = model.swap_remove(rng.below(model.len() as u32) as usize);
                    let looked = cache.get(handle).unwrap();
                    assert_eq!(cache.remove(handle).err(), Some(Error::Pinned));
                    if rng.below(8) == 0 {
                        cache.consolidate().unwrap();
                    }
                    assert_eq!(looked.1, value);
                    drop(looked);
                    assert_eq!(cache.remove(handle).unwrap().1, value);
                    removed.push(handle);
                }
                7 if !model.is_empty() => {
                    let at = rng.below(model.len() as u32) as usize;
                    let mut edited = cache.edit(model[at].0).unwrap();
                    assert_eq!(cache.get(model[at].0).err(), Some(Error::Pinned));
                    edited.1 ^= 0x5555;
                    model[at].1 ^= 0x5555;
                }
                8 => heap.tick(),
                9 if rng.below(20) == 0 => cache.consolidate().unwrap(),
                _ => {}
            }
            assert_eq!(cache.len() as usize, model.len());
            assert_eq!(live.get() as usize, model.len());
            if step % 64 == 0 {
                for (handle, value) in &model {
                    assert_eq!(cache.get(*handle).unwrap().1, *value, "seed {seed}, step {step}");
                }
                assert!(removed.iter().all(|handle| cache.get(*handle).err() == Some(Error::Stale)));
            }
        }
        drop(cache);
        assert_eq!(live.get(), 0, "a cache drops its objects");
    }
}

#[test]
fn a_handle_of_another_cache_is_stale() {
    let mut memory = memory(8);
    let heap = Heap::new(Fixed::new(&mut memory, LOW)).unwrap();
    let one = MovableCache::new(&heap, Options::new("one")).unwrap();
    let two = MovableCache::new(&heap, Options::new("two")).unwrap();
    let handle = one.insert(1_u32).unwrap();
    two.insert(2_u32).unwrap();
    assert_eq!(two.get(handle).err(), Some(Error::Stale));
    assert_eq!(two.remove(handle).err(), Some(Error::Stale));
    assert_eq!(*one.get(handle).unwrap(), 1);
}

#[test]
fn a_refused_value_comes_back() {
    let mut memory = memory(8);
    let heap = Heap::new(Fixed::new(&mut memory, LOW)).unwrap();
    let cache = MovableCache::new(&heap, Options { limit: 1, ..Options::new("one") }).unwrap();
    cache.insert(String::from("first")).unwrap();
    let (value, error) = cache.insert(String::from("second")).unwrap_err();
    assert_eq!((value.as_str(), error), ("second", Error::Limit { objects: 1 }));
}

#[test]
fn ticks_empty_slabs_also_where_all_are_about_equally_full() {
    let mut memory = memory(16);
    let heap = Heap::new(Fixed::new(&mut memory, LOW)).unwrap();
    let cache = MovableCache::new(&heap, Options { magazines: false, ..Options::new("records") }).unwrap();
    // 14 to a slab, of which one is left in each.
    let handles: Vec<_> = (0..280_u32).map(|n| cache.insert([n; 72]).unwrap()).collect();
    for (_, handle) in handles.iter().enumerate().filter(|(n, _)| n % 14 != 0) {
        cache.remove(*handle).unwrap();
    }
    assert_eq!((cache.stats().objects_per_slab, cache.stats().slabs), (14, 20));
    (0..20).for_each(|_| heap.tick());
    assert!(cache.stats().slabs < 9, "{} slabs are left", cache.stats().slabs);
    assert!(handles.iter().step_by(14).enumerate().all(|(n, handle)| cache.get(*handle).unwrap()[71] == n as u32 * 14));
}

/// Gives up the oldest of the lines that are kept, as many as are wanted.
struct Lines(Rc<RefCell<VecDeque<Line>>>);

type Line = CacheBox<'static, [u8; 4096], &'static Heap<Fixed<'static>>, Lines>;

impl Construct<[u8; 4096]> for Lines {
    fn construct(&self) -> Result<[u8; 4096], Refused> {
        Ok([0; 4096])
    }

    fn reclaim(&self, wanted: u32) {
        let lines = self.0.borrow().len().min(wanted.div_ceil(4096) as usize);
        self.0.borrow_mut().drain(..lines);
    }
}

#[test]
fn a_request_is_served_from_what_the_owner_gave_up_for_it() {
    let heap: &'static Heap<_> = Box::leak(Box::new(Heap::new(Fixed::new(memory(8).leak(), LOW)).unwrap()));
    let budget = Budget::new(heap, "lines", 8 * 4096, |_| ()).unwrap();
    let kept = Rc::new(RefCell::new(VecDeque::new()));
    let options = Options { budget: Some(&budget), ..Options::new("lines") };
    let cache = ObjectCache::new(heap, options, Lines(kept.clone())).unwrap();
    let cache: &'static ObjectCache<_, _, _> = Box::leak(Box::new(cache));
    for n in 0..100 {
        let line = cache.alloc().unwrap_or_else(|error| panic!("line {n}: {error}"));
        kept.borrow_mut().push_back(line);
    }
    assert_eq!((kept.borrow().len(), cache.stats().failures), (8, 0));
}
