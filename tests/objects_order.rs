//! Which object a request gets, and what waits in magazines: the order of slabs, the pair of magazines, the depot and its working
//! set.
#![cfg(feature = "inspector")]

mod support;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::rc::Rc;

use flagstone::objects::{Bare, Cache, CacheStats, Error, Flags, Options};
use support::objects::{Actor, Later, Script, Stage, TestCache, assert_counts, fill_up, give, let_go, paint, shows};
use support::{Deny, Rng, assert_sound, layout};

type Made = Actor<true, false>;

/// A cache of constructed objects of 64 bytes, whose magazines have so many rounds.
fn cache(stage: &Stage, rounds: u32) -> (TestCache<Made>, Rc<Script>) {
    let script = Script::new();
    let options = Options { rounds, ..Options::new("made") };
    (Cache::new(stage.heap(), layout(64, 8), options, script.actor()).unwrap(), script)
}

/// So many objects.
fn take<L: flagstone::objects::Life>(cache: &TestCache<L>, count: u32) -> Vec<NonNull<u8>> {
    (0..count).map(|_| cache.alloc().unwrap()).collect()
}

/// Exchanges with the depot.
fn exchanges(stats: &CacheStats) -> u32 {
    stats.depot_allocations + stats.depot_frees
}

#[test]
fn a_request_takes_the_lowest_object_of_the_fullest_slab_and_makes_a_slab_only_where_none_has_any() {
    for (size, objects) in [(64, 64), (100, 40), (700, 5), (2048, 2), (5000, 1)] {
        let stage = Stage::new(64);
        let options = Options { magazines: false, ..Options::new("slabs") };
        let cache = Cache::new(stage.heap(), layout(size, 4), options, Bare).unwrap();
        let stride = size.next_multiple_of(4);
        assert_eq!(cache.stats().objects_per_slab, objects);
        // Slabs by their start, with a bit for each free object.
        let mut slabs: BTreeMap<usize, u64> = BTreeMap::new();
        let (mut held, mut rng): (Vec<NonNull<u8>>, _) = (Vec::new(), Rng::new(size as u64));
        for step in 0..6000 {
            let before = cache.stats();
            if held.is_empty() || rng.below(200) < if step / 1000 % 2 == 0 { 115 } else { 85 } {
                let at = cache.alloc().unwrap();
                let fewest = slabs
                    .values()
                    .filter(|&&free| free != 0 && free.count_ones() != objects)
                    .map(|free| free.ilog2_ones())
                    .min();
                let any = slabs.values().any(|&free| free != 0);
                assert_eq!(cache.stats().slab_creates - before.slab_creates, u64::from(!any), "step {step}");
                let base = if any {
                    *slabs.range(..=at.addr().get()).next_back().expect("a slab").0
                } else {
                    slabs.insert(at.addr().get(), u64::MAX >> (64 - objects));
                    at.addr().get()
                };
                let free = slabs.get_mut(&base).expect("its slab");
                let index = (at.addr().get() - base) / stride;
                assert_eq!(
                    (index * stride, index as u32),
                    (at.addr().get() - base, free.trailing_zeros()),
                    "step {step}"
                );
                assert!(fewest.is_none_or(|fewest| free.ilog2_ones() == fewest), "step {step}: not the fullest");
                *free &= !(1 << index);
                held.push(at);
            } else {
                let at = held.swap_remove(rng.below(held.len() as u32) as usize);
                let base = *slabs.range(..=at.addr().get()).next_back().expect("a slab").0;
                give(&cache, at);
                let free = slabs.get_mut(&base).expect("its slab");
                *free |= 1 << ((at.addr().get() - base) / stride);
                let empty = |free: &u64| free.count_ones() == objects;
                let is_empty = empty(free);
                // One empty slab stays, the one that was there.
                if is_empty && slabs.values().filter(|free| empty(free)).count() > 1 {
                    slabs.remove(&base);
                }
            }
            let stats = cache.stats();
            assert_counts(&stats, false);
            assert_eq!((stats.slabs as usize, stats.live as usize), (slabs.len(), held.len()), "step {step}");
            assert!(stats.empty_slabs <= 1);
        }
        held.into_iter().for_each(|at| give(&cache, at));
        assert!(cache.shrink().unwrap());
    }
}

/// The bin of a bitmap of free objects.
trait Bin {
    fn ilog2_ones(self) -> u32;
}

impl Bin for &u64 {
    fn ilog2_ones(self) -> u32 {
        self.count_ones().ilog2()
    }
}

#[test]
fn what_was_given_back_last_is_handed_out_first() {
    let stage = Stage::new(16);
    for rounds in [1, 3, 15] {
        let (cache, _script) = cache(&stage, rounds);
        let held = take(&cache, 100);
        held.iter().for_each(|&at| give(&cache, at));
        let again = take(&cache, 100);
        assert!(again.iter().eq(held.iter().rev()), "magazines of {rounds}");
        again.into_iter().for_each(|at| give(&cache, at));
    }
}

#[test]
fn only_giving_back_makes_magazines_of_constructed_objects() {
    let stage = Stage::new(16);
    let (cache, script) = cache(&stage, 7);
    let held = take(&cache, 300);
    let stats = cache.stats();
    assert_eq!((stats.cached, stats.full_magazines + stats.empty_magazines, script.constructs.get()), (0, 0, 300));
    for (given, at) in (1_u32..).zip(held) {
        give(&cache, at);
        let stats = cache.stats();
        assert_eq!((stats.live, stats.cached), (300 - given, given));
        assert!(stats.full_magazines + stats.empty_magazines <= given.div_ceil(7), "{stats:?}");
        assert_counts(&stats, true);
    }
    assert_eq!((script.destructs.get(), cache.stats().slab_frees), (0, 0));
}

#[test]
fn calls_that_alternate_at_the_edge_of_a_magazine_leave_the_depot_alone() {
    let stage = Stage::new(16);
    let (cache, _script) = cache(&stage, 7);
    let mut held = take(&cache, 100);
    let mut rng = Rng::new(3);
    for edge in 0..40 {
        give(&cache, held.pop().expect("one more"));
        let before = exchanges(&cache.stats());
        for _ in 0..100 {
            give(&cache, held.pop().expect("one more"));
            held.push(cache.alloc().unwrap());
        }
        assert!(exchanges(&cache.stats()) - before <= 2, "at {edge} objects");
    }
    // Of any traffic every seventh call at most needs an exchange, which is a give and a take.
    let before = exchanges(&cache.stats());
    let calls = 20_000;
    for _ in 0..calls {
        if rng.below(2) == 0 && !held.is_empty() {
            give(&cache, held.swap_remove(rng.below(held.len() as u32) as usize));
        } else {
            held.push(cache.alloc().unwrap());
        }
    }
    assert!(exchanges(&cache.stats()) - before <= calls / 7 + 2, "{:?}", cache.stats());
    assert_counts(&cache.stats(), true);
    held.into_iter().for_each(|at| give(&cache, at));
}

#[test]
fn two_looks_without_traffic_make_the_depot_idle_and_purging_empties_all() {
    let stage = Stage::new(16);
    let (cache, script) = cache(&stage, 7);
    take(&cache, 100).into_iter().for_each(|at| give(&cache, at));
    let full = cache.stats().full_magazines;
    assert!(full >= 12);
    cache.update().unwrap();
    cache.reap().unwrap();
    assert_eq!(cache.stats().full_magazines, full, "they came since the last look");
    cache.update().unwrap();
    assert_eq!(cache.stats().idle_magazines, full);
    let loaded = cache.stats().cached - 7 * full;
    cache.reap().unwrap();
    let stats = cache.stats();
    assert_eq!((stats.full_magazines, stats.empty_magazines, stats.cached), (0, 0, loaded), "what is loaded stays");
    assert_eq!((script.destructs.get(), stats.reaps), (u64::from(7 * full), 2));
    assert!(cache.shrink().unwrap());
    assert_eq!((cache.stats().cached, cache.stats().slabs, script.destructs.get()), (0, 0, 100));
    assert_eq!(cache.stats().magazine_rounds, 7, "the type stays");
    assert_counts(&cache.stats(), true);
}

#[test]
fn a_reap_takes_what_was_never_needed_between_two_looks_and_no_more() {
    for needed in 0..8 {
        let stage = Stage::new(16);
        let (cache, _script) = cache(&stage, 7);
        // Two full magazines are loaded, and ten in the depot.
        take(&cache, 84).into_iter().for_each(|at| give(&cache, at));
        assert_eq!(cache.stats().full_magazines, 10);
        cache.update().unwrap();
        let held = take(&cache, 14 + 7 * needed);
        assert_eq!(cache.stats().full_magazines, 10 - needed);
        held.into_iter().for_each(|at| give(&cache, at));
        assert_eq!(cache.stats().full_magazines, 10);
        cache.update().unwrap();
        assert_eq!(cache.stats().idle_magazines, 10 - needed);
        // What is needed after the look is not idle either.
        let extra = take(&cache, 14 + 7 * 3);
        extra.into_iter().for_each(|at| give(&cache, at));
        cache.reap().unwrap();
        assert_eq!(cache.stats().full_magazines, 10 - (10 - needed).min(7), "{needed} were needed");
        assert_counts(&cache.stats(), true);
    }
}

#[test]
fn magazines_begin_and_grow_by_the_table_never_twice_in_a_row() {
    for (size, types) in
        [(64, &[15, 31, 47, 63, 95, 143][..]), (600, &[3, 7, 15, 31, 47, 63, 95]), (5000, &[1, 3, 7, 15, 31])]
    {
        let stage = Stage::new(1200);
        let cache: TestCache<Made> =
            Cache::new(stage.heap(), layout(size, 8), Options::new("busy"), Script::new().actor()).unwrap();
        let traffic = |exchanges: u32| {
            let rounds = cache.stats().magazine_rounds;
            let held = take(&cache, rounds * (exchanges / 2 + 2));
            held.into_iter().for_each(|at| give(&cache, at));
        };
        for (index, &rounds) in types.iter().enumerate() {
            assert_eq!(cache.stats().magazine_rounds, rounds, "{size} bytes");
            traffic(4);
            cache.update().unwrap();
            cache.update().unwrap();
            assert_eq!(cache.stats().magazine_rounds, rounds, "a little traffic is no reason");
            traffic(80);
            cache.update().unwrap();
            let next = types.get(index + 1).copied().unwrap_or(rounds);
            assert_eq!(cache.stats().magazine_rounds, next, "{size} bytes");
            if next != rounds {
                assert_eq!(
                    (cache.stats().cached, cache.stats().full_magazines + cache.stats().empty_magazines),
                    (0, 0)
                );
                traffic(80);
                cache.update().unwrap();
                assert_eq!(cache.stats().magazine_rounds, next, "not twice in a row");
                cache.update().unwrap();
            }
            assert_counts(&cache.stats(), true);
        }
    }
}

#[test]
fn rounds_that_a_program_chose_stay_and_changing_them_keeps_what_is_held() {
    let stage = Stage::new(32);
    let (cache, script) = cache(&stage, 7);
    let held = take(&cache, 50);
    held.iter().zip(0..).for_each(|(&at, stamp)| paint(at, 64, stamp));
    for rounds in [31, 1, 0, 143, 7] {
        for _ in 0..5 {
            take(&cache, 400).into_iter().for_each(|at| give(&cache, at));
            cache.update().unwrap();
        }
        assert_eq!(cache.set_rounds(rounds), Ok(()));
        let stats = cache.stats();
        assert_eq!((stats.magazine_rounds, stats.cached, stats.live), (rounds, 0, 50));
        assert_counts(&stats, true);
        for wrong in [2, 144, u32::MAX] {
            assert_eq!(cache.set_rounds(wrong), Err(Error::BadRounds(wrong)));
        }
        assert_eq!(cache.stats(), stats, "a refusal changes nothing");
    }
    take(&cache, 400).into_iter().for_each(|at| give(&cache, at));
    cache.update().unwrap();
    assert_eq!(cache.stats().magazine_rounds, 7);
    assert!(held.iter().zip(0..).all(|(&at, stamp)| shows(at, 64, stamp)));
    held.into_iter().for_each(|at| give(&cache, at));
    assert!(cache.shrink().unwrap());
    assert_eq!(script.constructs.get(), script.destructs.get());
}

#[test]
fn without_memory_for_a_magazine_objects_go_back_to_their_slabs() {
    let stage = Stage::new(4);
    let (cache, script) = cache(&stage, 15);
    let held = take(&cache, 100);
    let all = fill_up(&stage, 8);
    held.into_iter().for_each(|at| give(&cache, at));
    let stats = cache.stats();
    assert_eq!((stats.live, stats.cached, stats.full_magazines + stats.empty_magazines), (0, 0, 0));
    assert_eq!((script.destructs.get(), stats.failures), (100, 0));
    assert_counts(&stats, true);
    let_go(&stage, all);
    assert_sound(&stage);
}

#[test]
fn a_constructor_that_refuses_leaves_its_object_in_the_slab() {
    let stage = Stage::new(8);
    for nth in 1..70 {
        let (cache, script) = cache(&stage, 15);
        let left = std::cell::Cell::new(nth);
        script.construct_by(move |_| {
            left.replace(left.get() - 1) != 1 || {
                left.set(u32::MAX);
                false
            }
        });
        let got: Vec<_> = (0..100).map(|_| cache.alloc()).collect();
        let refused: Vec<_> = got.iter().enumerate().filter(|(_, got)| got.is_err()).collect();
        assert_eq!(refused, [(nth as usize - 1, &Err(Error::Refused))]);
        let stats = cache.stats();
        assert_eq!((stats.live, stats.failures, stats.constructor_failures), (99, 1, 1));
        assert_eq!((stats.slab_allocations, stats.slab_frees), (100, 1));
        assert_counts(&stats, true);
        script.forget();
        got.into_iter().flatten().for_each(|at| give(&cache, at));
    }
}

#[test]
fn objects_come_back_as_they_were_given_back() {
    let stage = Stage::new(16);
    let (cache, script) = cache(&stage, 7);
    script.construct_by(|at| {
        paint(at, 64, 1);
        true
    });
    let held = take(&cache, 60);
    assert!(held.iter().all(|&at| shows(at, 64, 1)));
    for (stamp, &at) in (100..).zip(&held) {
        paint(at, 64, stamp);
        give(&cache, at);
    }
    let again = take(&cache, 60);
    for (stamp, &at) in (100..160).rev().zip(&again) {
        assert!(shows(at, 64, stamp), "what was left in it");
    }
    assert_eq!((script.constructs.get(), script.destructs.get()), (60, 0));
    again.into_iter().for_each(|at| give(&cache, at));
}

#[test]
fn what_an_owner_gives_up_when_asked_is_reaped_with_it() {
    let stage = Stage::new(16);
    let (script, place) = (Script::new(), Later::<TestCache<Made>>::new());
    let options = Options { rounds: 7, ..Options::new("owner") };
    let cache = place.put(Cache::new(stage.heap(), layout(512, 8), options, script.actor()).unwrap());
    let spare = Rc::new(RefCell::new(take(&cache, 200)));
    let (own, from, heap) = (Rc::clone(&place), Rc::clone(&spare), stage.heap());
    script.reclaim_by(move |wanted| {
        assert_eq!(wanted, u32::MAX, "whatever can be spared");
        assert_eq!(heap.reclaim().total(), 0, "it is reclaiming");
        heap.tick();
        let cache = own.get().expect("the cache");
        from.borrow_mut().drain(..).for_each(|at| give(&cache, at));
    });
    let reclaimed = stage.reclaim();
    let stats = cache.stats();
    assert_eq!((stats.full_magazines, stats.live, stats.reclaims), (0, 0, 1));
    assert!(stats.cached <= 14, "only what is loaded stays: {stats:?}");
    assert!(reclaimed.owners >= 20 * 4096, "{reclaimed:?}");
    assert_counts(&stats, true);
    script.forget();
    place.take();
}

#[test]
fn a_zone_hands_out_exactly_what_it_has_and_asks_for_nothing() {
    let stage = Stage::new(16);
    let script = Script::new();
    let zone: TestCache<Made> =
        Cache::new(stage.heap(), layout(96, 16), Options::zone("voices", 100), script.actor()).unwrap();
    assert_eq!((script.constructs.get(), zone.stats().cached, zone.stats().live), (100, 100, 0));
    let all = fill_up(&stage, 8);
    let (asked, before) = (stage.source().asked.borrow().len(), zone.stats());
    for round in 1..4 {
        let held = take(&zone, 100);
        for (stamp, &at) in (0..).zip(&held) {
            paint(at, 96, stamp + round);
        }
        assert_eq!(zone.alloc(), Err(Error::Limit { objects: 100 }));
        assert_eq!(zone.alloc_with(Flags::RESERVE), Err(Error::Limit { objects: 100 }));
        let stats = zone.stats();
        assert_eq!((stats.live, stats.available + stats.live, stats.allocations), (100, before.total, 100 * round));
        zone.update().unwrap();
        zone.reap().unwrap();
        assert!(!zone.shrink().unwrap());
        assert!(held.iter().zip(0..).all(|(&at, stamp)| shows(at, 96, stamp + round)));
        held.into_iter().for_each(|at| give(&zone, at));
        assert_eq!(zone.stats().cached, 100);
        assert_counts(&zone.stats(), true);
    }
    let owner = script.reclaims.get();
    stage.tick();
    stage.reclaim();
    assert_eq!((zone.stats().slab_creates, zone.stats().slabs), (before.slab_creates, before.slabs));
    assert_eq!((script.constructs.get(), script.destructs.get(), script.reclaims.get() - owner), (100, 0, 1));
    assert_eq!(stage.source().asked.borrow().len(), asked, "the memory was not asked to grow");
    let_go(&stage, all);
    assert!(zone.destroy().is_ok());
    assert_eq!(script.destructs.get(), 100);
    stage.source().deny(Deny::Never);
}

#[test]
fn the_reserve_and_what_is_kept_are_there_when_there_is_nothing_else() {
    let stage = Stage::new(16);
    let options = Options { limit: 40, reserve: 8, keep: 40, ..Options::new("network") };
    let cache = Cache::new(stage.heap(), layout(1000, 8), options, Bare).unwrap();
    let all = fill_up(&stage, 8);
    let held = take(&cache, 32);
    assert_eq!(cache.alloc(), Err(Error::Limit { objects: 32 }));
    let reserve: Vec<_> = (0..8).map(|_| cache.alloc_with(Flags::RESERVE | Flags::ZEROED).unwrap()).collect();
    assert_eq!(cache.alloc_with(Flags::RESERVE), Err(Error::Limit { objects: 40 }));
    assert_eq!((cache.stats().live, cache.stats().failures, cache.stats().limit_failures), (40, 2, 2));
    held.into_iter().for_each(|at| give(&cache, at));
    assert!(cache.alloc().map(|at| give(&cache, at)).is_ok());
    reserve.into_iter().for_each(|at| give(&cache, at));
    cache.reap().unwrap();
    stage.reclaim();
    assert!(!cache.shrink().unwrap());
    assert_eq!((cache.stats().total, cache.stats().live), (40, 0), "what is kept stays");
    assert_counts(&cache.stats(), false);
    let_go(&stage, all);
}
