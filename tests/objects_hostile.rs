//! Object caches hold under attack: callbacks that use the cache they are called by, memory that is refused in the middle of
//! everything, and requests that make no sense.
#![cfg(feature = "inspector")]

mod support;

use std::cell::{Cell, RefCell};
use std::ptr::NonNull;
use std::rc::Rc;

use flagstone::objects::{Answer, Bare, Budget, Cache, Error, Flags, Options};
use support::objects::{
    Actor, Later, Script, Stage, TestCache, TestHeap, assert_counts, copy, end, fill_up, give, let_go, paint, shows,
};
use support::{Deny, Rng, assert_sound, layout};

type Made = Actor<true, false>;
type Plain = Actor<false, false>;

#[test]
fn a_request_that_must_not_fail_takes_what_the_owner_gave_into_a_magazine() {
    let stage = Stage::new(8);
    let script = Script::new();
    let options = Options { limit: 8, rounds: 3, ..Options::new("limited") };
    let cache: TestCache<Made> = Cache::new(stage.heap(), layout(64, 8), options, script.actor()).unwrap();
    let cache = Rc::new(cache);
    for given in 1..8 {
        let held = Rc::new(RefCell::new((0..8).map(|_| cache.alloc().unwrap()).collect::<Vec<_>>()));
        let (to, from) = (Rc::downgrade(&cache), Rc::clone(&held));
        script.reclaim_by(move |_| {
            let Some(to) = to.upgrade() else { return };
            for _ in 0..given {
                let object = from.borrow_mut().pop();
                give(&to, object.expect("an object to spare"));
            }
        });
        assert_eq!(cache.alloc(), Err(Error::Limit { objects: 8 }));
        let object = cache.alloc_with(Flags::NO_FAIL).unwrap();
        script.forget();
        held.borrow_mut().push(object);
        assert_counts(&cache.stats(), true);
        // Every object is handed out once, whatever magazines there are now.
        let mut all: Vec<_> = (held.borrow().len()..8).map(|_| cache.alloc().unwrap()).collect();
        all.append(&mut held.borrow_mut());
        all.sort_unstable();
        all.dedup();
        assert_eq!((all.len(), cache.stats().live), (8, 8));
        for object in all {
            give(&cache, object);
        }
        assert_counts(&cache.stats(), true);
    }
    drop(cache);
    assert_sound(&stage);
}

#[test]
fn owners_are_asked_once_for_a_request_that_gets_nothing() {
    let stage = Stage::new(4);
    let script = Script::new();
    let plain: TestCache<Plain> =
        Cache::new(stage.heap(), layout(4096, 8), Options::new("plain"), script.actor()).unwrap();
    let made: TestCache<Made> =
        Cache::new(stage.heap(), layout(4096, 8), Options::new("made"), script.actor()).unwrap();
    // There is memory for magazines, but none for slabs.
    give(&plain, plain.alloc().unwrap());
    give(&made, made.alloc().unwrap());
    assert!(plain.shrink().unwrap() && made.shrink().unwrap());
    let held = fill_up(&stage, 2048);
    let asked = script.reclaims.get();
    for (round, refused) in [plain.alloc(), made.alloc(), plain.alloc(), made.alloc()].into_iter().enumerate() {
        assert_eq!(refused, Err(Error::NoMemory { bytes: 4096 }), "request {round}");
    }
    // Each request asks both.
    assert_eq!(script.reclaims.get() - asked, 2 * 4);
    assert_eq!((plain.stats().failures, made.stats().failures), (2, 2));
    let_go(&stage, held);
    assert!(plain.alloc().map(|object| give(&plain, object)).is_ok());
}

#[test]
fn an_object_that_an_owner_gives_back_when_asked_serves_the_request() {
    let stage = Stage::new(4);
    let (script, place) = (Script::new(), Later::<TestCache<Made>>::new());
    let cache = place.put(Cache::new(stage.heap(), layout(4096, 8), Options::new("given"), script.actor()).unwrap());
    give(&cache, cache.alloc().unwrap());
    let spare = Rc::new(RefCell::new(vec![cache.alloc().unwrap(), cache.alloc().unwrap()]));
    let held = fill_up(&stage, 2048);
    let (own, from) = (Rc::clone(&place), Rc::clone(&spare));
    script.reclaim_by(move |_| {
        let object = from.borrow_mut().pop();
        if let (Some(cache), Some(object)) = (own.get(), object) {
            give(&cache, object);
        }
    });
    let served = [cache.alloc().unwrap(), cache.alloc().unwrap()];
    assert_eq!((cache.stats().failures, cache.stats().live), (0, 2));
    assert_eq!(cache.alloc(), Err(Error::NoMemory { bytes: 4096 }));
    assert_eq!(cache.stats().failures, 1);
    script.forget();
    place.take();
    served.into_iter().for_each(|object| give(&cache, object));
    assert_counts(&cache.stats(), true);
    let_go(&stage, held);
}

#[test]
fn whoever_is_asked_for_memory_cannot_push_a_cache_over_its_limit() {
    let stage = Stage::new(8);
    let (script, place) = (Script::new(), Later::<TestCache<Made>>::new());
    let taken = Rc::new(RefCell::new(Vec::new()));
    let (from, into) = (Rc::clone(&place), Rc::clone(&taken));
    let budget = Budget::new(stage.heap(), "none yet", 1, |_| ()).unwrap();
    let budget = Rc::new(budget);
    let raise = Rc::downgrade(&budget);
    script.reclaim_by(move |_| {
        raise.upgrade().expect("the budget").set_limit(0);
        into.borrow_mut().extend(from.get().expect("the cache").alloc());
    });
    let options = Options { limit: 1, budget: Some(&*budget), ..Options::new("one") };
    let cache = place.put(Cache::new(stage.heap(), layout(4096, 8), options, script.actor()).unwrap());
    assert_eq!(cache.alloc(), Err(Error::Limit { objects: 1 }));
    assert_eq!((cache.stats().live, cache.stats().limit_failures, taken.borrow().len()), (1, 1, 1));
    assert_counts(&cache.stats(), true);
    give(&cache, taken.borrow()[0]);
    script.forget();
    place.take();
}

#[test]
fn a_deferred_cache_whose_constructor_uses_it_begins_once_and_leaks_nothing() {
    let stage = Stage::new(8);
    let before = stage.stats().live_bytes();
    let (script, place) = (Script::new(), Later::<TestCache<Made>>::new());
    let from = Rc::clone(&place);
    script.construct_by(move |_| {
        // Not before it has begun.
        assert!(from.get().expect("the cache").alloc().is_err());
        true
    });
    let cache = place.put(Cache::deferred(stage.heap(), layout(64, 8), Options::zone("early", 4), script.actor()));
    let object = cache.alloc().unwrap();
    script.forget();
    place.take();
    give(&cache, object);
    assert_eq!((cache.stats().live, cache.stats().cached), (0, 4));
    end(&stage, Rc::into_inner(cache).expect("the only one"), before);
}

#[test]
fn a_destructor_that_takes_and_gives_an_object_of_its_cache_ends() {
    for rounds in [1, 3, 15] {
        let stage = Stage::new(16);
        let (script, place) = (Script::new(), Later::<TestCache<Made>>::new());
        let from = Rc::clone(&place);
        script.destruct_by(move |_| {
            let Some(cache) = from.get() else { return };
            // Not in its own destructor, which may lie below this one.
            if cache.stats().cached > 0 || cache.stats().live > 0 {
                let object = cache.alloc();
                object.map(|object| give(&cache, object)).expect("an object");
            }
        });
        let options = Options { rounds, ..Options::new("restless") };
        let cache = place.put(Cache::new(stage.heap(), layout(128, 8), options, script.actor()).unwrap());
        for _ in 0..3 {
            let held: Vec<_> = (0..100).map(|_| cache.alloc().unwrap()).collect();
            held.into_iter().for_each(|object| give(&cache, object));
            let _ = cache.shrink().unwrap();
            assert_counts(&cache.stats(), true);
            let _ = cache.set_rounds(rounds);
            assert_counts(&cache.stats(), true);
            cache.update().unwrap();
            cache.reap().unwrap();
            stage.reclaim();
            assert_counts(&cache.stats(), true);
        }
        script.forget();
        place.take();
        assert!(cache.shrink().unwrap());
        assert_sound(&stage);
    }
}

#[test]
fn a_destructor_that_gives_the_next_of_a_chain_ends_the_whole_chain() {
    let stage = Stage::new(64);
    let before = stage.stats().live_bytes();
    let (script, place) = (Script::new(), Later::<TestCache<Made>>::new());
    let next: Rc<RefCell<std::collections::HashMap<NonNull<u8>, NonNull<u8>>>> = Rc::default();
    let (from, links) = (Rc::clone(&place), Rc::clone(&next));
    script.destruct_by(move |at| {
        let next = links.borrow_mut().remove(&at);
        if let (Some(next), Some(cache)) = (next, from.get()) {
            give(&cache, next);
        }
    });
    let cache = place.put(Cache::new(stage.heap(), layout(64, 8), Options::new("chain"), script.actor()).unwrap());
    let chain: Vec<_> = (0..5000).map(|_| cache.alloc().unwrap()).collect();
    next.borrow_mut().extend(chain.windows(2).map(|pair| (pair[0], pair[1])));
    give(&cache, chain[0]);
    assert_eq!(cache.stats().live, 4999);
    assert!(cache.shrink().unwrap(), "the destructors gave all of it back");
    assert_eq!((cache.stats().live, cache.stats().slabs, script.destructs.get()), (0, 0, 5000));
    place.take();
    end(&stage, Rc::into_inner(cache).expect("the only one"), before);
}

#[test]
fn magazines_do_not_change_their_type_under_a_destructor() {
    let stage = Stage::new(16);
    let (script, place) = (Script::new(), Later::<TestCache<Made>>::new());
    let from = Rc::clone(&place);
    let refused = Rc::new(Cell::new(0));
    let count = Rc::clone(&refused);
    script.destruct_by(move |_| {
        if from.get().expect("the cache").set_rounds(31).is_err() {
            count.set(count.get() + 1);
        }
    });
    let cache = place.put(Cache::new(stage.heap(), layout(64, 8), Options::new("changing"), script.actor()).unwrap());
    let held: Vec<_> = (0..100).map(|_| cache.alloc().unwrap()).collect();
    held.into_iter().for_each(|object| give(&cache, object));
    assert!(cache.set_rounds(7).is_err() || cache.stats().magazine_rounds == 7);
    assert!(refused.get() > 0);
    script.forget();
    assert_counts(&cache.stats(), true);
    assert_eq!(cache.set_rounds(7), Ok(()));
    assert_eq!((cache.stats().magazine_rounds, cache.stats().cached), (7, 0));
    place.take();
}

#[test]
fn slabs_that_are_kept_stay_when_objects_move_together() {
    let stage = Stage::new(32);
    let script = Script::new();
    script.relocate_by(|from, to| {
        copy(from, to, 64);
        Answer::DontNeed
    });
    let options = Options { keep: 640, magazines: false, ..Options::new("kept") };
    let cache: TestCache<Actor<true, true>> = Cache::new(stage.heap(), layout(64, 8), options, script.actor()).unwrap();
    let held: Vec<_> = (0..640).map(|_| cache.alloc().unwrap()).collect();
    for (index, object) in held.into_iter().enumerate() {
        if index % 64 != 0 {
            give(&cache, object);
        }
    }
    cache.consolidate().unwrap();
    assert!(cache.stats().total >= 640, "{:?}", cache.stats());
    cache.reap().unwrap();
    stage.reclaim();
    assert_eq!(cache.stats().total, 640);
    assert_counts(&cache.stats(), true);
    stage.source().deny(Deny::Always);
    let room = 640 - cache.stats().live;
    let again: Vec<_> = (0..room).map(|_| cache.alloc().expect("a kept one")).collect();
    again.into_iter().for_each(|object| give(&cache, object));
}

#[test]
fn an_object_that_its_owner_gave_up_meanwhile_is_not_moved() {
    let stage = Stage::new(32);
    let (script, place) = (Script::new(), Later::<TestCache<Actor<true, true>>>::new());
    let live: Rc<RefCell<Vec<NonNull<u8>>>> = Rc::default();
    let (from, objects) = (Rc::clone(&place), Rc::clone(&live));
    let armed = Rc::new(Cell::new(false));
    let trigger = Rc::clone(&armed);
    script.construct_by(move |_| {
        if trigger.replace(false) {
            let cache = from.get().expect("the cache");
            objects.borrow_mut().drain(..).for_each(|object| give(&cache, object));
        }
        true
    });
    let known = Rc::clone(&live);
    script.relocate_by(move |from, _| {
        assert!(known.borrow().contains(&from), "asked to move what is bare memory");
        Answer::No
    });
    let options = Options { magazines: false, ..Options::new("fleeting") };
    let cache = place.put(Cache::new(stage.heap(), layout(64, 8), options, script.actor()).unwrap());
    let held: Vec<_> = (0..128).map(|_| cache.alloc().unwrap()).collect();
    for (index, object) in held.into_iter().enumerate() {
        if index % 64 == 0 { live.borrow_mut().push(object) } else { give(&cache, object) }
    }
    armed.set(true);
    cache.consolidate().unwrap();
    assert!(!armed.get() && live.borrow().is_empty(), "a place was made, and everything given back");
    assert_eq!(cache.stats().live, 0);
    assert_counts(&cache.stats(), true);
    script.forget();
    place.take();
}

#[test]
fn an_owner_may_end_its_cache_while_it_is_asked() {
    for held in [0, 3] {
        let stage = Stage::new(16);
        let (script, place) = (Script::new(), Later::<TestCache<Made>>::new());
        let cache = place.put(Cache::new(stage.heap(), layout(64, 8), Options::new("ending"), script.actor()).unwrap());
        let objects: Vec<_> = (0..40).map(|_| cache.alloc().unwrap()).collect();
        let (kept, given) = objects.split_at(held);
        given.iter().for_each(|&object| give(&cache, object));
        kept.iter().for_each(|&object| paint(object, 64, 77));
        drop(cache);
        let own = Rc::clone(&place);
        let (heap, others) = (stage.heap(), Rc::new(RefCell::new(Vec::new())));
        let new = Rc::clone(&others);
        script.reclaim_by(move |_| {
            drop(own.take());
            let cache = Cache::new(heap, layout(24, 8), Options::new("another"), Bare).unwrap();
            assert!(cache.alloc().map(|object| give(&cache, object)).is_ok());
            new.borrow_mut().push(cache);
        });
        stage.reclaim();
        assert_sound(&stage);
        stage.reclaim();
        stage.tick();
        assert_eq!(others.borrow().len(), 1, "nobody is asked twice, and not after the end");
        assert!(kept.iter().all(|&object| shows(object, 64, 77)), "what is held stays as it is");
        let all = script.destructs.get() == script.constructs.get();
        assert_eq!(all, held == 0, "nothing is destructed that is held, nor twice");
        script.forget();
        others.take();
        assert_sound(&stage);
    }
}

/// What a program of caches is left with when one growth of many is refused.
fn survive(stage: &Stage) -> Result<(), Error> {
    let script = Script::new();
    let options = Options { keep: 40, ..Options::new("kept") };
    let kept: TestCache<Made> = Cache::new(stage.heap(), layout(700, 4), options, script.actor())?;
    let zone = Cache::new(stage.heap(), layout(3000, 8), Options::zone("zone", 50), Bare)?;
    let moved: TestCache<Actor<true, true>> =
        Cache::new(stage.heap(), layout(256, 8), Options::new("moved"), script.actor())?;
    script.relocate_by(|from, to| {
        copy(from, to, 256);
        Answer::DontNeed
    });
    let mut refused = Ok(());
    let (mut a, mut b, mut c) = (Vec::new(), Vec::new(), Vec::new());
    for step in 0..600 {
        match kept.alloc() {
            Ok(object) => a.push(object),
            Err(error) => refused = Err(error),
        }
        match moved.alloc() {
            Ok(object) => b.push(object),
            Err(error) => refused = Err(error),
        }
        if step % 12 == 0 {
            c.push(zone.alloc().expect("a zone has what it has"));
        }
        if step % 3 == 0 {
            a.drain(..a.len() / 8).for_each(|object| give(&kept, object));
        }
        if step % 100 == 99 {
            stage.tick();
            assert_counts(&kept.stats(), true);
            assert_counts(&zone.stats(), false);
            assert_counts(&moved.stats(), true);
            assert_sound(stage);
        }
    }
    a.into_iter().for_each(|object| give(&kept, object));
    b.into_iter().for_each(|object| give(&moved, object));
    c.into_iter().for_each(|object| give(&zone, object));
    assert_eq!((kept.stats().live, moved.stats().live, zone.stats().live), (0, 0, 0));
    refused
}

#[test]
fn a_growth_refused_anywhere_is_survived() {
    let growths = {
        let stage = Stage::new(64);
        survive(&stage).unwrap();
        stage.source().given().0
    };
    assert!(growths > 4, "{growths}");
    for nth in 0..growths + 1 {
        let stage = Stage::new(64);
        let before = stage.stats().live_bytes();
        stage.source().deny(Deny::Nth(nth));
        let _ = survive(&stage);
        stage.source().deny(Deny::Never);
        assert_eq!(stage.stats().live_bytes(), before, "refused growth {nth}");
        stage.reclaim();
        assert_eq!(stage.stats().arena.slab_bytes, 0, "refused growth {nth}");
        assert_sound(&stage);
    }
}

#[test]
fn requests_that_must_not_grow_the_memory_never_do() {
    let stage = Stage::new(16);
    let (script, place) = (Script::new(), Later::<TestCache<Made>>::new());
    let from = Rc::clone(&place);
    let nested = Rc::new(RefCell::new(Vec::new()));
    let into = Rc::clone(&nested);
    let (heap, tries): (&'static TestHeap, _) = (stage.heap(), Cell::new(0));
    script.construct_by(move |_| {
        // Nobody is asked, whatever a constructor tries.
        assert_eq!(heap.reclaim().total(), 0);
        heap.tick();
        if tries.replace(tries.get() + 1) < 3 {
            let more = from.get().expect("the cache").alloc_with(Flags::NO_GROWTH);
            into.borrow_mut().extend(more);
        }
        true
    });
    let cache = place.put(Cache::new(stage.heap(), layout(1000, 8), Options::new("still"), script.actor()).unwrap());
    let plain = Cache::new(stage.heap(), layout(1000, 8), Options::new("bare"), Bare).unwrap();
    let asked = stage.source().asked.borrow().len();
    let (mut held, mut bare) = (Vec::new(), Vec::new());
    while let Ok(object) = cache.alloc_with(Flags::NO_GROWTH | Flags::ZEROED) {
        held.push(object);
        bare.extend(plain.alloc_with(Flags::NO_GROWTH));
    }
    while let Ok(object) = plain.alloc_with(Flags::NO_GROWTH) {
        bare.push(object);
    }
    assert_eq!(plain.alloc_with(Flags::NO_GROWTH), Err(Error::NoMemory { bytes: 4096 }));
    assert_eq!(stage.source().asked.borrow().len(), asked, "growth was asked for");
    assert!(held.len() > 5 && nested.borrow().len() == 3);
    assert_eq!((cache.stats().reclaims, script.reclaims.get()), (0, 0));
    script.forget();
    place.take();
    assert!(cache.alloc().map(|object| give(&cache, object)).is_ok(), "with growth there is more");
    assert!(stage.source().asked.borrow().len() > asked);
    held.into_iter().chain(nested.take()).for_each(|object| give(&cache, object));
    bare.into_iter().for_each(|object| give(&plain, object));
    assert_counts(&cache.stats(), true);
    assert_counts(&plain.stats(), false);
}

#[test]
fn a_move_callback_may_fill_and_empty_slabs_and_the_scan_ends() {
    let stage = Stage::new(64);
    let (script, place) = (Script::new(), Later::<TestCache<Actor<false, true>>>::new());
    let live: Rc<RefCell<Vec<NonNull<u8>>>> = Rc::default();
    let (own, objects, rng) = (Rc::clone(&place), Rc::clone(&live), RefCell::new(Rng::new(11)));
    script.relocate_by(move |from, _| {
        let cache = own.get().expect("the cache");
        assert!(cache.consolidate().is_ok(), "within itself it does nothing");
        assert!(!cache.shrink().unwrap());
        // Two objects go, two come.
        for _ in 0..2 {
            let index = rng.borrow_mut().below(objects.borrow().len() as u32) as usize;
            let object = objects.borrow()[index];
            if object != from {
                objects.borrow_mut().swap_remove(index);
                give(&cache, object);
                let new = cache.alloc().unwrap();
                objects.borrow_mut().push(new);
            }
        }
        if objects.borrow().contains(&from) { Answer::Later } else { Answer::DontKnow }
    });
    let options = Options { magazines: false, ..Options::new("busy") };
    let cache = place.put(Cache::new(stage.heap(), layout(64, 8), options, script.actor()).unwrap());
    let held: Vec<_> = (0..2000).map(|_| cache.alloc().unwrap()).collect();
    for (index, object) in held.into_iter().enumerate() {
        if index % 5 == 0 { live.borrow_mut().push(object) } else { give(&cache, object) }
    }
    for _ in 0..20 {
        cache.consolidate().unwrap();
        assert_counts(&cache.stats(), false);
        assert_eq!(cache.stats().live as usize, live.borrow().len());
    }
    script.forget();
    place.take();
    live.take().into_iter().for_each(|object| give(&cache, object));
    assert!(cache.shrink().unwrap());
}
