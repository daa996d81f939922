//! What the consolidator of illumos does and this one does as well, a claim at a time, where no other test has it: see
//! `docs/coverage.md`.
#![cfg(feature = "inspector")]

mod support;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ptr::NonNull;
use std::rc::Rc;

use flagstone::objects::{Answer, Cache, Options};
use support::layout;
use support::objects::{Actor, Later, Script, Stage, TestCache, assert_counts, copy, give, paint};

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
