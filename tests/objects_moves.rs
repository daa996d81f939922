//! Objects that can move are moved together: what of a cache lies free in slabs goes back, and contents stay.
#![cfg(feature = "inspector")]

mod support;

use std::cell::RefCell;
use std::collections::HashMap;
use std::ptr::NonNull;
use std::rc::Rc;

use flagstone::objects::{Answer, Cache, Options};
use support::objects::{Actor, Script, Stage, TestCache, assert_counts, assert_sound, copy, give, paint, shows};
use support::{Rng, layout};

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
