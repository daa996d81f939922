//! What the consolidator of illumos does and this one does as well, a claim at a time. See `docs/coverage.md`.
#![cfg(feature = "inspector")]

mod support;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ptr::NonNull;
use std::rc::Rc;

use flagstone::objects::{Answer, Cache, Options};
use support::objects::{Actor, Later, Script, Stage, TestCache, assert_counts, copy, give, paint, shows};
use support::{Rng, layout};

type Movable = TestCache<Actor<true, true>>;

/// A cache of objects of 64 bytes, 64 to a slab, that can move, without magazines; its slabs have objects where `keep` says so.
struct Sparse {
    cache: Rc<Movable>,
    script: Rc<Script>,
    place: Rc<Later<Movable>>,
    /// The slab of each object that was made at first.
    slab_of: HashMap<NonNull<u8>, usize>,
    /// What is held, by slabs.
    held: Vec<Vec<NonNull<u8>>>,
}

impl Sparse {
    fn new(stage: &Stage, slabs: usize, keep: impl Fn(usize, usize) -> bool) -> Self {
        let (script, place) = (Script::new(), Later::new());
        let options = Options { magazines: false, ..Options::new("sparse") };
        let cache = place.put(Cache::new(stage.heap(), layout(64, 8), options, script.actor()).unwrap());
        let objects: Vec<_> = (0..64 * slabs).map(|_| cache.alloc().unwrap()).collect();
        let slab_of = objects.iter().enumerate().map(|(number, &object)| (object, number / 64)).collect();
        let mut held = vec![Vec::new(); slabs];
        for (number, object) in objects.into_iter().enumerate() {
            if keep(number / 64, number % 64) {
                paint(object, 64, number as u64);
                held[number / 64].push(object);
            } else {
                give(&cache, object);
            }
        }
        assert_eq!(cache.stats().slabs as usize, slabs);
        Self { cache, script, place, slab_of, held }
    }

    /// From now on the owner answers so, and what it was asked is noted.
    fn answers(&self, answer: impl Fn(NonNull<u8>, NonNull<u8>) -> Answer + 'static) -> Rc<RefCell<Vec<NonNull<u8>>>> {
        let asked = Rc::new(RefCell::new(Vec::new()));
        let note = Rc::clone(&asked);
        self.script.relocate_by(move |from, to| {
            note.borrow_mut().push(from);
            answer(from, to)
        });
        asked
    }
}

impl Drop for Sparse {
    fn drop(&mut self) {
        self.script.forget();
        self.place.take();
    }
}

#[test]
fn each_answer_does_what_it_says() {
    // Ten slabs of eight objects: two are enough.
    for (answer, slabs, live) in [
        (Answer::Yes, 2, 80),
        (Answer::No, 10, 80),
        (Answer::Later, 10, 80),
        (Answer::DontNeed, 1, 8),
        (Answer::DontKnow, 10, 80),
    ] {
        let stage = Stage::new(8);
        let sparse = Sparse::new(&stage, 10, |_, index| index % 8 == 3);
        let asked = sparse.answers(move |from, to| {
            if answer == Answer::Yes {
                copy(from, to, 64);
            }
            answer
        });
        sparse.cache.consolidate().unwrap();
        let stats = sparse.cache.stats();
        assert_eq!((stats.slabs, stats.live), (slabs, live), "{answer:?}");
        let counts = [stats.move_yes, stats.move_no, stats.move_later, stats.move_dont_need, stats.move_dont_know];
        let index = answer as usize;
        assert_eq!((counts[index] as usize, counts.iter().sum::<u32>()), (asked.borrow().len(), stats.move_callbacks));
        assert_eq!(counts[index], stats.move_callbacks, "{answer:?}");
        assert_eq!((stats.move_hunt_found, stats.defrags), (0, 1));
        assert_eq!(stats.move_slabs_freed, 10 - slabs, "{answer:?}");
        assert_counts(&stats, true);
    }
}

#[test]
fn a_place_is_on_another_slab_and_nobody_elses() {
    let stage = Stage::new(16);
    let sparse = Sparse::new(&stage, 20, |slab, index| (index * 7 + slab) % 5 == 0);
    let slab_of = sparse.slab_of.clone();
    let held = RefCell::new(sparse.held.concat());
    sparse.answers(move |from, to| {
        assert_ne!(slab_of[&from], slab_of[&to]);
        let mut held = held.borrow_mut();
        assert!(!held.contains(&to));
        let index = held.iter().position(|at| *at == from).expect("an object that is held");
        copy(from, to, 64);
        held[index] = to;
        Answer::Yes
    });
    sparse.cache.consolidate().unwrap();
    assert_eq!(sparse.cache.stats().slabs, sparse.cache.stats().live.div_ceil(64));
}

#[test]
fn three_refusals_for_now_are_one_for_good() {
    let stage = Stage::new(8);
    let sparse = Sparse::new(&stage, 10, |_, index| index == 5);
    let asked = sparse.answers(|_, _| Answer::Later);
    for _ in 0..40 {
        stage.tick();
    }
    let asked = asked.borrow();
    assert_eq!(asked.len(), 30, "each of ten objects three times");
    assert!(asked.chunks(3).all(|three| three[0] == three[1] && three[1] == three[2]));
    assert_eq!((sparse.cache.stats().move_later, sparse.cache.stats().slabs), (30, 10));
}

#[test]
fn a_refusal_stops_moves_until_its_object_is_freed_or_its_owner_says_so() {
    let stage = Stage::new(8);
    let mut sparse = Sparse::new(&stage, 10, |_, index| index == 5 || index == 9);
    let asked = sparse.answers(|_, _| Answer::No);
    let ticks = |count| (0..count).for_each(|_| stage.tick());
    ticks(20);
    assert_eq!(asked.borrow().len(), 10, "one refusal is enough for a slab");
    assert!(asked.borrow().iter().all(|object| sparse.held.iter().any(|slab| slab[0] == *object)));
    // Another object of the slab changes nothing.
    give(&sparse.cache, sparse.held[3].remove(1));
    ticks(5);
    assert_eq!(asked.borrow().len(), 10);
    // The one that refused does.
    give(&sparse.cache, sparse.held[4].remove(0));
    ticks(5);
    assert_eq!(asked.borrow()[10..], sparse.held[4]);
    // And so does its owner.
    let again = sparse.answers(|from, to| {
        copy(from, to, 64);
        Answer::Yes
    });
    let said = sparse.held[6][0];
    // SAFETY: it is held.
    unsafe { sparse.cache.notify(said) };
    assert_eq!(*again.borrow(), [said]);
    ticks(1);
    assert_eq!(*again.borrow(), [said, sparse.held[6][1]], "its slab is looked at again");
    assert_eq!(sparse.cache.stats().slabs, 9);
    // What never refused is not asked.
    // SAFETY: it is held: nothing of that slab moved.
    unsafe { sparse.cache.notify(sparse.held[7][1]) };
    assert_counts(&sparse.cache.stats(), true);
}

#[test]
fn a_slab_that_was_full_knows_of_no_refusal() {
    let stage = Stage::new(8);
    let sparse = Sparse::new(&stage, 10, |_, index| index == 5);
    let asked = sparse.answers(|_, _| Answer::No);
    (0..15).for_each(|_| stage.tick());
    assert_eq!(asked.borrow().len(), 10);
    let filled: Vec<_> = (0..630).map(|_| sparse.cache.alloc().unwrap()).collect();
    assert_eq!(sparse.cache.stats().available, 0);
    filled.into_iter().for_each(|object| give(&sparse.cache, object));
    (0..15).for_each(|_| stage.tick());
    assert_eq!(asked.borrow().len(), 20, "all are asked again");
}

#[test]
fn no_slab_goes_back_while_objects_move() {
    let stage = Stage::new(8);
    let sparse = Sparse::new(&stage, 10, |_, index| index == 5);
    let (cache, victims) = (Rc::clone(&sparse.cache), RefCell::new(sparse.held[2..5].concat()));
    let (first, dead) = (Cell::new(true), Rc::new(Cell::new(0)));
    let seen = Rc::clone(&dead);
    sparse.answers(move |from, to| {
        if first.replace(false) {
            victims.borrow_mut().retain(|object| *object != from);
            let before = cache.stats();
            let given = victims.borrow().len() as u32;
            victims.borrow_mut().drain(..).for_each(|object| give(&cache, object));
            let stats = cache.stats();
            assert_eq!((stats.slab_destroys, stats.dead_slabs), (before.slab_destroys, before.dead_slabs + given));
            seen.set(given);
            return Answer::Later;
        }
        copy(from, to, 64);
        Answer::Yes
    });
    stage.tick();
    let stats = sparse.cache.stats();
    assert!(dead.get() >= 2);
    assert_eq!((stats.dead_slabs, stats.slab_destroys, stats.slabs), (0, u64::from(dead.get()), 10 - dead.get()));
    assert_counts(&stats, true);
}

#[test]
fn no_move_begins_within_a_move() {
    let stage = Stage::new(8);
    let sparse = Sparse::new(&stage, 10, |_, index| index == 5);
    let (cache, within, heap) = (Rc::clone(&sparse.cache), Rc::new(Cell::new(false)), stage.heap());
    let other = Rc::clone(&within);
    let asked = sparse.answers(move |from, to| {
        assert!(!other.replace(true), "one callback at a time");
        cache.consolidate().unwrap();
        heap.tick();
        // SAFETY: it is held.
        unsafe { cache.notify(from) };
        copy(from, to, 64);
        other.set(false);
        Answer::Yes
    });
    sparse.cache.consolidate().unwrap();
    assert_eq!((asked.borrow().len(), sparse.cache.stats().slabs), (9, 1));
}

#[test]
fn few_slabs_move_nothing_unless_memory_is_short() {
    let stage = Stage::new(8);
    for (slabs, expected) in [(7, 0), (8, 1)] {
        let sparse = Sparse::new(&stage, slabs, |_, index| index == 5);
        let asked = sparse.answers(|_, _| Answer::No);
        stage.tick();
        assert_eq!((asked.borrow().len(), sparse.cache.stats().move_scans), (expected, 1));
        stage.reclaim();
        assert!(asked.borrow().len() - expected >= slabs - 1, "all but the one that others would go to");
    }
}

#[test]
fn the_threshold_follows_what_scans_find() {
    let stage = Stage::new(16);
    let sparse = Sparse::new(&stage, 40, |_, index| index < 40);
    let asked = sparse.answers(|from, to| {
        copy(from, to, 64);
        Answer::Yes
    });
    let twelve = || {
        (0..12).for_each(|_| stage.tick());
        let stats = sparse.cache.stats();
        (stats.move_threshold, stats.move_slabs_freed, asked.borrow().len())
    };
    // 40 of 64 objects are not below five eighths.
    assert_eq!([(); 5].map(|()| twelve()), [(2, 0, 0), (3, 0, 0), (4, 0, 0), (5, 0, 0), (6, 0, 0)]);
    assert_eq!(twelve(), (5, 12, 480), "a slab a tick");
    stage.tick();
    assert_eq!(sparse.cache.stats().move_threshold, 1, "not fragmented any more");
}

#[test]
fn the_threshold_is_at_most_seven_eighths() {
    let stage = Stage::new(8);
    let sparse = Sparse::new(&stage, 10, |_, index| index == 5);
    sparse.answers(|_, _| Answer::No);
    // When all have refused, no scan finds a slab.
    (0..240).for_each(|_| stage.tick());
    assert_eq!((sparse.cache.stats().move_threshold, sparse.cache.stats().move_no), (7, 10));
}

#[test]
fn a_scan_that_breaks_off_does_not_count_and_gives_the_place_back() {
    let stage = Stage::new(8);
    let sparse = Sparse::new(&stage, 10, |_, index| index == 5);
    sparse.script.construct_by(|_| false);
    let before = sparse.cache.stats();
    (0..50).for_each(|_| stage.tick());
    let stats = sparse.cache.stats();
    assert_eq!((stats.move_scans, stats.move_callbacks, stats.move_threshold), (50, 0, 1));
    assert_eq!((stats.live, stats.slabs, stats.available), (before.live, before.slabs, before.available));
    assert_counts(&stats, true);
}

#[test]
fn ticks_bring_what_lies_free_under_an_eighth() {
    for seed in 0..20 {
        let stage = Stage::new(32);
        let rng = RefCell::new(Rng::new(seed));
        let sparse = Sparse::new(&stage, 100, |_, _| rng.borrow_mut().below(100) < 10 + 4 * seed as u32);
        sparse.answers(|from, to| {
            copy(from, to, 64);
            Answer::Yes
        });
        (0..1000).for_each(|_| stage.tick());
        let stats = sparse.cache.stats();
        assert!(stats.available * 8 <= stats.total || stats.slabs < 8, "seed {seed}: {stats:?}");
        assert_counts(&stats, true);
    }
}

#[test]
fn an_object_that_waits_in_a_magazine_is_moved_there() {
    let stage = Stage::new(8);
    let script = Script::new();
    let options = Options { rounds: 3, ..Options::new("waiting") };
    let cache: Movable = Cache::new(stage.heap(), layout(64, 8), options, script.actor()).unwrap();
    let mut objects: Vec<_> = (0..1280).map(|_| cache.alloc().unwrap()).collect();
    let mut kept: Vec<_> = (0..20).rev().map(|slab| objects.remove(64 * slab + 7)).collect();
    objects.into_iter().for_each(|object| give(&cache, object));
    let _ = cache.shrink().unwrap();
    let waiting: Vec<_> = kept.drain(..5).collect();
    waiting.iter().for_each(|&object| give(&cache, object));
    assert_eq!((cache.stats().slabs, cache.stats().cached), (20, 5));
    let unknown = waiting.clone();
    script.relocate_by(move |from, _| if unknown.contains(&from) { Answer::DontKnow } else { Answer::No });
    (0..40).for_each(|_| stage.tick());
    let stats = cache.stats();
    assert_eq!((stats.move_dont_know, stats.move_hunt_found, stats.cached, stats.live), (5, 5, 5, 15));
    assert_eq!((stats.slabs, stats.move_slabs_freed), (15, 5));
    assert_counts(&stats, true);
    let next: Vec<_> = (0..5).map(|_| cache.alloc().unwrap()).collect();
    assert!(next.iter().all(|object| !waiting.contains(object) && !kept.contains(object)));
    script.forget();
}

#[test]
fn contents_are_where_the_owner_was_told() {
    let stage = Stage::new(8);
    let sparse = Sparse::new(&stage, 10, |slab, index| (slab + index) % 9 == 0);
    let places = Rc::new(RefCell::new(HashMap::new()));
    let moved = Rc::clone(&places);
    sparse.answers(move |from, to| {
        copy(from, to, 64);
        let origin = moved.borrow_mut().remove(&from).unwrap_or(from);
        moved.borrow_mut().insert(to, origin);
        Answer::Yes
    });
    let stamps: HashMap<_, _> = sparse
        .held
        .iter()
        .enumerate()
        .flat_map(|(slab, objects)| {
            let numbers =
                (0..64).filter(move |index| (slab + index) % 9 == 0).map(move |index| (64 * slab + index) as u64);
            objects.iter().copied().zip(numbers)
        })
        .collect();
    sparse.cache.consolidate().unwrap();
    for (place, origin) in &*places.borrow() {
        assert!(shows(*place, 64, stamps[origin]));
    }
    assert!(!places.borrow().is_empty());
}
