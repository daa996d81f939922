//! Objects that can move are moved together: what of a cache lies free in slabs goes back, and contents stay.
#![cfg(feature = "inspector")]

mod support;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ptr::NonNull;
use std::rc::Rc;

use flagstone::objects::{Answer, Cache, CacheStats, Options};
use support::objects::{Actor, Script, Stage, TestCache, assert_counts, copy, give, paint, shows};
use support::{Rng, assert_sound, layout};

type Movable = Actor<false, true>;

/// Objects by handle, and the handle at each place.
#[derive(Default)]
struct Table {
    places: RefCell<Vec<Option<NonNull<u8>>>>,
    handles: RefCell<HashMap<NonNull<u8>, usize>>,
}

impl Table {
    fn put(&self, handle: usize, at: Option<NonNull<u8>>) {
        if let Some(old) = self.places.borrow_mut()[handle].take() {
            self.handles.borrow_mut().remove(&old);
        }
        if let Some(new) = at {
            self.handles.borrow_mut().insert(new, handle);
        }
        self.places.borrow_mut()[handle] = at;
    }

    /// What an owner does who knows where its objects are.
    fn relocate(&self, from: NonNull<u8>, to: NonNull<u8>, len: u32) -> Answer {
        let handle = self.handles.borrow().get(&from).copied();
        let Some(handle) = handle else { return Answer::DontKnow };
        copy(from, to, len);
        self.put(handle, Some(to));
        Answer::Yes
    }
}

/// A cache of `count` objects of 64 bytes, of which 90 % were given back at random.
fn decimated(stage: &Stage, count: usize, magazines: bool) -> (TestCache<Movable>, Rc<Table>) {
    let (script, table) = (Script::new(), Rc::new(Table::default()));
    let own = Rc::clone(&table);
    script.relocate_by(move |from, to| own.relocate(from, to, 64));
    let options = Options { magazines, ..Options::new("documents") };
    let cache: TestCache<Movable> = Cache::new(stage.heap(), layout(64, 8), options, script.actor()).unwrap();
    table.places.borrow_mut().resize(count, None);
    for handle in 0..count {
        let object = cache.alloc().unwrap();
        paint(object, 64, handle as u64);
        table.put(handle, Some(object));
    }
    let mut order: Vec<_> = (0..count).collect();
    let mut rng = Rng::new(90);
    for index in (1..count).rev() {
        order.swap(index, rng.below(index as u32 + 1) as usize);
    }
    for &handle in &order[count / 10..] {
        let object = table.places.borrow()[handle].expect("a live one");
        table.put(handle, None);
        give(&cache, object);
    }
    (cache, table)
}

fn assert_contents(table: &Table) {
    for (handle, place) in table.places.borrow().iter().enumerate() {
        assert!(place.is_none_or(|at| shows(at, 64, handle as u64)), "object {handle} changed");
    }
}

#[test]
fn of_100_000_objects_with_90_percent_freed_at_random_85_percent_of_the_ideal_comes_back() {
    for magazines in [true, false] {
        let stage = Stage::new(160);
        let (cache, table) = decimated(&stage, 100_000, magazines);
        let before = cache.stats();
        let ideal = before.slabs - before.live.div_ceil(before.objects_per_slab);
        cache.consolidate().unwrap();
        let after = cache.stats();
        let freed = before.slabs - after.slabs;
        println!(
            "magazines {magazines}: {} objects in {} slabs, ideal {} fewer; {freed} went back ({:.1} %), {} moves, {} asked, {} bytes",
            before.live,
            before.slabs,
            ideal,
            100.0 * f64::from(freed) / f64::from(ideal),
            after.move_yes,
            after.move_callbacks,
            freed * after.slab_bytes,
        );
        assert!(freed * 100 >= ideal * 85, "{freed} of {ideal}");
        assert_contents(&table);
        assert_counts(&after, false);
        assert_eq!(after.live, before.live);
        // What only magazines held goes back without a move.
        assert!(after.move_slabs_freed <= freed && after.move_slabs_freed + 2 >= freed, "{after:?}");
        assert!(after.move_reclaimable <= 1 + after.cached.div_ceil(64), "{after:?}");
        assert_sound(&stage);
    }
}

#[test]
fn two_slabs_with_one_object_each_become_one() {
    let stage = Stage::new(8);
    let (cache, table) = decimated(&stage, 0, false);
    table.places.borrow_mut().resize(128, None);
    for handle in 0..128 {
        let object = cache.alloc().unwrap();
        paint(object, 64, handle as u64);
        table.put(handle, Some(object));
    }
    for handle in (0..128).filter(|handle| handle % 64 != 7) {
        let object = table.places.borrow()[handle].expect("a live one");
        table.put(handle, None);
        give(&cache, object);
    }
    assert_eq!((cache.stats().slabs, cache.stats().move_reclaimable), (2, 1));
    cache.consolidate().unwrap();
    assert_eq!((cache.stats().slabs, cache.stats().move_yes, cache.stats().move_slabs_freed), (1, 1, 1));
    assert_contents(&table);
    assert_counts(&cache.stats(), false);
}

/// So many slabs of 64 objects of 64 bytes, without magazines, of which only the objects at `kept` stay; the slabs' starts, what
/// stays, and callbacks.
type Slabs = (TestCache<Actor<true, true>>, Vec<usize>, Vec<NonNull<u8>>, Rc<Script>);

fn slabs(stage: &Stage, count: usize, kept: impl Fn(usize, usize) -> bool) -> Slabs {
    let script = Script::new();
    let options = Options { magazines: false, ..Options::new("slabs") };
    let cache = Cache::new(stage.heap(), layout(64, 8), options, script.actor()).unwrap();
    let all: Vec<NonNull<u8>> = (0..64 * count).map(|_| cache.alloc().unwrap()).collect();
    let starts: Vec<_> = all.iter().step_by(64).map(|at| at.addr().get()).collect();
    let mut live = Vec::new();
    for (index, at) in all.into_iter().enumerate() {
        if kept(index / 64, index % 64) { live.push(at) } else { give(&cache, at) }
    }
    (cache, starts, live, script)
}

/// The number of the slab that an object is in.
fn slab_of(starts: &[usize], at: NonNull<u8>) -> usize {
    starts.iter().position(|&start| (start..start + 4096).contains(&at.addr().get())).expect("its slab")
}

#[test]
fn every_answer_changes_its_counters_and_frees_its_objects_and_no_others() {
    for answer in [Answer::Yes, Answer::No, Answer::Later, Answer::DontNeed, Answer::DontKnow] {
        let stage = Stage::new(16);
        let (cache, starts, live, script) = slabs(&stage, 10, |slab, index| index < if slab < 9 { 50 } else { 1 });
        let before = cache.stats();
        script.relocate_by(move |from, to| {
            assert_eq!(slab_of(&starts, from), 9, "the emptiest is emptied");
            assert_ne!(slab_of(&starts, to), 9, "and not into itself");
            answer
        });
        stage.tick();
        let after = cache.stats();
        let count = |is| u32::from(answer == is);
        let answers = [after.move_yes, after.move_no, after.move_later, after.move_dont_need, after.move_dont_know];
        let one = [Answer::Yes, Answer::No, Answer::Later, Answer::DontNeed, Answer::DontKnow].map(count);
        assert_eq!(answers, one, "{answer:?}");
        let gone = count(Answer::Yes) + count(Answer::DontNeed);
        assert_eq!((after.slabs, after.move_slabs_freed), (10 - gone, gone), "{answer:?}");
        assert_eq!(after.live, before.live - count(Answer::DontNeed));
        assert_eq!((after.constructs, script.constructs.get()), (before.constructs + 1, before.constructs + 1));
        let destructs = 1 + u64::from(count(Answer::DontNeed));
        assert_eq!((after.destructs - before.destructs, script.destructs.get()), (destructs, after.destructs));
        assert_eq!((after.allocations, after.move_hunt_found), (before.allocations, 0));
        assert_counts(&after, true);
        drop(live);
    }
}

#[test]
fn a_refusal_keeps_a_slab_until_its_object_goes_or_may_move_or_the_slab_is_full() {
    let stage = Stage::new(32);
    for (refusal, times) in [(Answer::No, 1), (Answer::Later, 3)] {
        for end in 0..3 {
            // Only slab 9, with two objects, is worth emptying.
            let (cache, starts, live, script) =
                slabs(
                    &stage,
                    10,
                    |slab, index| if slab < 8 { index < 50 } else { index < if slab == 8 { 40 } else { 2 } },
                );
            let stuck = *live.last().expect("the last of slab 9");
            let culprit = live[live.len() - 2];
            let (asked, refuse) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(true)));
            let (count, refuses) = (Rc::clone(&asked), Rc::clone(&refuse));
            script.relocate_by(move |from, to| {
                assert_eq!(slab_of(&starts, from), 9);
                assert_ne!(slab_of(&starts, to), 9);
                count.set(count.get() + 1);
                if refuses.get() { refusal } else { Answer::DontNeed }
            });
            // A tick asks for one object after the other, until a refusal is for good or the third one is not believed.
            for _ in 0..6 {
                stage.tick();
            }
            assert_eq!(asked.get(), times, "{refusal:?}");
            refuse.set(false);
            stage.tick();
            assert_eq!(asked.get(), times, "a slab that refused is asked no more");
            match end {
                // Its object goes.
                0 => {
                    give(&cache, culprit);
                    stage.tick();
                    assert_eq!(asked.get(), times + 1, "the other object moves now");
                    assert_eq!(cache.stats().slabs, 9);
                }
                // It may move.
                1 => {
                    // SAFETY: both are live.
                    unsafe { cache.notify(culprit) };
                    assert_eq!(asked.get(), times + 1);
                    stage.tick();
                    assert_eq!((asked.get(), cache.stats().slabs), (times + 2, 9));
                }
                // The slab fills up and drains again.
                _ => {
                    let fill: Vec<_> = (0..62).map(|_| cache.alloc().unwrap()).collect();
                    let near = |at: &NonNull<u8>| at.addr().get().abs_diff(stuck.addr().get()) < 4096;
                    assert!(fill.iter().all(near), "a slab that cannot be emptied is filled first");
                    fill.into_iter().for_each(|at| give(&cache, at));
                    stage.tick();
                    assert_eq!((asked.get(), cache.stats().slabs), (times + 2, 9));
                }
            }
            assert_counts(&cache.stats(), true);
            script.forget();
        }
    }
}

#[test]
fn an_object_whose_owner_notifies_moves_also_out_of_the_first_slab() {
    let stage = Stage::new(8);
    let (cache, _, live, script) = slabs(&stage, 2, |_, index| index == 7);
    script.relocate_by(|_, _| Answer::No);
    cache.consolidate().unwrap();
    let refused = cache.stats().move_no;
    assert!(refused >= 1);
    script.relocate_by(|from, to| {
        copy(from, to, 64);
        Answer::Yes
    });
    for &at in &live {
        // SAFETY: both are live until one moves, and then the other one is asked for nothing.
        unsafe { cache.notify(at) };
        if cache.stats().move_yes == 1 {
            break;
        }
    }
    assert_eq!((cache.stats().move_yes, cache.stats().move_slabs_freed, cache.stats().slabs), (1, 1, 1));
    assert_counts(&cache.stats(), true);
}

#[test]
fn desperate_moves_ask_for_what_refused_before() {
    let stage = Stage::new(16);
    let (cache, _, live, script) = slabs(&stage, 10, |slab, index| index < if slab < 9 { 50 } else { 1 });
    script.relocate_by(|_, _| Answer::No);
    stage.tick();
    stage.tick();
    assert_eq!(cache.stats().move_callbacks, 1);
    script.relocate_by(|from, to| {
        copy(from, to, 64);
        Answer::Yes
    });
    cache.consolidate().unwrap();
    let stats = cache.stats();
    assert_eq!((stats.live as usize, stats.slabs), (live.len(), (live.len() as u32).div_ceil(64)));
    assert_counts(&stats, true);
}

#[test]
fn ticks_bring_what_lies_free_under_an_eighth_and_end_there() {
    let stage = Stage::new(160);
    let (cache, table) = decimated(&stage, 20_000, false);
    let free = |stats: &CacheStats| stats.total - stats.live;
    assert!(free(&cache.stats()) * 8 > cache.stats().total);
    let mut ticks = 0;
    while free(&cache.stats()) * 8 > cache.stats().total {
        let before = cache.stats();
        stage.tick();
        let after = cache.stats();
        assert!(after.slabs + before.empty_slabs + 1 >= before.slabs, "a tick empties one slab at most");
        assert!((1..8).contains(&after.move_threshold));
        assert_counts(&after, false);
        ticks += 1;
        assert!(ticks < 4000, "{after:?}");
    }
    let settled = cache.stats();
    println!("{ticks} ticks, {} slabs of {}", settled.slabs, settled.slab_creates);
    (0..30).for_each(|_| stage.tick());
    assert_eq!((cache.stats().move_callbacks, cache.stats().move_threshold), (settled.move_callbacks, 1));
    assert_contents(&table);
    assert_sound(&stage);
}

#[test]
fn the_threshold_rises_while_little_is_found_and_falls_while_all_is() {
    let stage = Stage::new(64);
    // No slab has fewer than a quarter of its objects, so an eighth finds none.
    let (cache, _, live, script) = slabs(&stage, 60, |_, index| index < 20);
    script.relocate_by(|_, _| Answer::DontKnow);
    assert_eq!(cache.stats().move_threshold, 1);
    let mut thresholds = Vec::new();
    for tick in 1..=48 {
        stage.tick();
        if tick % 12 == 0 {
            thresholds.push(cache.stats().move_threshold);
        }
    }
    // Slabs with less than three eighths are found from 3 on.
    assert_eq!(thresholds, [2, 3, 2, 3], "{:?}", cache.stats());
    // Below eight slabs nothing is moved, and the threshold is as in the beginning.
    live[20 * 4..].iter().for_each(|&at| give(&cache, at));
    cache.reap().unwrap();
    let asked = cache.stats().move_callbacks;
    assert_eq!(cache.stats().slabs, 4);
    stage.tick();
    assert_eq!((cache.stats().move_threshold, cache.stats().move_callbacks), (1, asked));
    cache.consolidate().unwrap();
    assert!(cache.stats().move_callbacks > asked, "unless memory is short");
}

#[test]
fn an_object_that_waits_in_a_magazine_is_found_there_and_gives_up_its_slab() {
    // In the loaded magazine, the previous one, or one of the depot.
    for behind in [0, 15, 60] {
        let stage = Stage::new(32);
        let (cache, starts, live, script) = slabs(&stage, 10, |_, index| index < 40);
        let mut live = live;
        // Of the last slab only one object is left, and that one waits in a magazine.
        let mut rest = live.split_off(360);
        let last = rest.remove(0);
        rest.into_iter().for_each(|at| give(&cache, at));
        cache.set_rounds(15).unwrap();
        give(&cache, last);
        live.drain(..behind).for_each(|at| give(&cache, at));
        let before = cache.stats();
        assert_eq!(before.cached, behind as u32 + 1);
        let table = starts.clone();
        script.relocate_by(move |from, to| {
            assert_ne!(slab_of(&table, from), slab_of(&table, to));
            Answer::DontKnow
        });
        stage.tick();
        let after = cache.stats();
        assert_eq!((after.move_dont_know, after.move_hunt_found), (1, 1), "{behind} behind it: {after:?}");
        assert_eq!(
            (after.cached, after.full_magazines),
            (before.cached, before.full_magazines),
            "magazines stay as full"
        );
        assert_eq!((after.slabs, after.live), (before.slabs - 1, before.live));
        assert_counts(&after, true);
        // What is in magazines now is handed out once.
        let mut all: Vec<_> = (0..before.cached).map(|_| cache.alloc().unwrap()).chain(live).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(all.iter().all(|&at| slab_of(&starts, at) != 9));
    }
}

#[test]
fn no_slab_goes_back_while_an_object_moves_and_all_that_are_empty_do_then() {
    let stage = Stage::new(32);
    let (cache, _, live, script) = slabs(&stage, 12, |slab, index| index < if slab < 6 { 50 } else { 1 });
    let cache = Rc::new(cache);
    let (own, objects) = (Rc::downgrade(&cache), Rc::new(RefCell::new(live)));
    let (first, given) = (Rc::new(Cell::new(true)), Rc::clone(&objects));
    script.relocate_by(move |from, _| {
        let cache = own.upgrade().expect("the cache");
        let before = cache.stats();
        if first.replace(false) {
            // All others that are alone in their slabs go.
            let gone: Vec<_> = given.borrow_mut().split_off(300).into_iter().filter(|&at| at != from).collect();
            assert_eq!(gone.len(), 5);
            gone.into_iter().for_each(|at| give(&cache, at));
            assert_eq!((cache.stats().dead_slabs, cache.stats().slabs), (5, before.slabs - 5));
        }
        assert!(!cache.shrink().unwrap());
        cache.reap().unwrap();
        assert_eq!(cache.stats().slab_destroys, before.slab_destroys);
        Answer::DontNeed
    });
    let before = cache.stats();
    cache.consolidate().unwrap();
    let after = cache.stats();
    assert!(after.slabs <= 6 && after.move_slabs_freed >= 6, "{after:?}");
    assert_eq!(after.slab_destroys - before.slab_destroys, u64::from(before.slabs - after.slabs));
    assert_counts(&after, true);
    script.forget();
}
