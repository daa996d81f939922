//! Random programs of object caches, with callbacks that fail, re-enter and answer by chance, over memory that is refused by
//! chance, keep every relation of the counters, every content and every limit after each step.
#![cfg(feature = "inspector")]

mod support;

use std::rc::Rc;

use flagstone::objects::{Budget, Cache, Error, Flags, Options};
use support::objects::shows;
use support::objects::{Actor, Stage, assert_counts};
use support::objects_world::{AnyCache, Book, TestBudget, World};
use support::{Deny, Foreign, assert_sound, bytes, layout};

/// Says which program failed.
struct Program {
    seed: u64,
    step: u32,
    doing: u32,
}

impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the program of seed {} failed at step {}, operation {}", self.seed, self.step, self.doing);
        }
    }
}

/// A new cache, if there is memory for it.
fn create(world: &Rc<World>) {
    let (constructs, moves) = (world.chance(2), world.chance(2));
    let sizes = [1, 8, 24, 60, 64, 100, 256, 700, 2048, 2100, 5000];
    let size = sizes[world.below(sizes.len() as u32) as usize];
    let align = 1 << world.below(8);
    let mut options = Options::new("one of many");
    match world.below(8) {
        0 => options = Options::zone("zone", 1 + world.below(30)),
        1 => options.limit = 1 + world.below(60),
        2 => options.keep = world.below(50),
        3 => options = Options { limit: 20, reserve: 1 + world.below(8), keep: world.below(20), ..options },
        _ => {}
    }
    match world.below(4) {
        0 => options.magazines = false,
        1 => options.rounds = [1, 3, 7, 15][world.below(4) as usize],
        _ => {}
    }
    let (place, budget) = any_budget(world).unzip();
    options.budget = budget.as_deref().map(|budget| budget as _);
    let book = Book::new(world, (size, align), constructs, &options, place);
    let life = Rc::clone(&book);
    let (heap, layout) = (world.heap, layout(size as usize, align as usize));
    let made: Result<Rc<dyn AnyCache>, Error> = match (constructs, moves) {
        (false, false) => Cache::new(heap, layout, options, Actor::<false, false>(life)).map(|it| Rc::new(it) as _),
        (false, true) => Cache::new(heap, layout, options, Actor::<false, true>(life)).map(|it| Rc::new(it) as _),
        (true, false) => Cache::new(heap, layout, options, Actor::<true, false>(life)).map(|it| Rc::new(it) as _),
        (true, true) => Cache::new(heap, layout, options, Actor::<true, true>(life)).map(|it| Rc::new(it) as _),
    };
    match made {
        Ok(cache) => {
            *book.place.borrow_mut() = Some(cache);
            world.books.borrow_mut().push(book);
        }
        Err(error) => {
            match error {
                Error::Refused => assert!(constructs && book.zone),
                Error::Budget { .. } => assert!(book.budget.is_some()),
                other => assert!(matches!(other, Error::NoMemory { .. }), "{other:?}"),
            }
            assert!(
                book.resting.borrow().is_empty() && book.made.get() == book.ended.get(),
                "a failure leaves nothing"
            );
        }
    }
}

fn any_budget(world: &World) -> Option<(usize, Rc<TestBudget>)> {
    let budgets = world.budgets.borrow();
    let place = world.below(budgets.len().max(1) as u32 * 3) as usize;
    budgets.get(place).cloned().flatten().map(|budget| (place, budget))
}

/// Makes, changes or drops a budget.
fn settle(world: &Rc<World>) {
    let limit = [0, 4096, 20_000, 100_000][world.below(4) as usize];
    let count = world.budgets.borrow().len() as u32;
    if count < 3 {
        let weak = Rc::downgrade(world);
        let tell: Box<dyn Fn(u32)> = Box::new(move |_| weak.upgrade().expect("the world").spent());
        if let Ok(budget) = Budget::new(world.heap, "budget", limit, tell) {
            world.budgets.borrow_mut().push(Some(Rc::new(budget)));
        }
        return;
    }
    let place = world.below(count) as usize;
    let budget = world.budgets.borrow()[place].clone();
    if let Some(budget) = budget {
        budget.set_limit(limit);
        if world.chance(6) {
            drop(budget);
            world.leaves.set(true);
            world.budgets.borrow_mut()[place].take();
        }
    }
}

/// Takes or gives many at once.
fn bulk(world: &World, book: &Book) {
    let cache = book.cache().expect("an open one");
    let mut places = vec![None; 1 + world.below(40) as usize];
    match cache.alloc_bulk(&mut places) {
        Ok(()) => {
            assert!(places.iter().all(Option::is_some));
            places.iter().flatten().for_each(|&at| book.receive(world, at, false));
        }
        Err(error) => {
            assert!(places.iter().all(Option::is_none), "all, or none");
            book.refused(error);
            book.blurred.set(true);
        }
    }
    if world.chance(2) {
        let mut objects: Vec<_> = book.live.borrow().keys().copied().step_by(2).map(Some).collect();
        objects.iter().flatten().for_each(|&at| book.let_go(world, at));
        cache.free_bulk(&mut objects);
        assert!(objects.iter().all(Option::is_none));
    }
}

/// Changes what can be changed of a cache, within what is allowed and beyond it.
fn tune(world: &World, book: &Book) {
    let cache = book.cache().expect("an open one");
    if world.chance(2) {
        let rounds = [0, 1, 2, 3, 7, 15, 31, 200][world.below(8) as usize];
        let fixed = book.zone || book.reserve != 0;
        match cache.set_rounds(rounds) {
            Ok(()) => {
                assert!(!fixed && rounds != 2 && rounds != 200);
                assert_eq!((cache.stats().magazine_rounds, cache.stats().cached), (rounds, 0));
            }
            Err(error) => {
                assert_eq!(error, Error::BadRounds(rounds));
                assert!(fixed || rounds == 2 || rounds == 200 || book.constructs);
            }
        }
    } else {
        let limit = world.below(40);
        let refused = book.zone || limit != 0 && limit < book.keep || book.reserve != 0 && limit <= book.reserve;
        assert_eq!(cache.set_limit(limit).is_err(), refused);
        if !refused {
            let taken = cache.stats().live + cache.stats().cached;
            book.limit.set(limit);
            book.allowed.set(if limit == 0 { u32::MAX } else { limit.max(taken) });
        }
    }
}

/// Fails where a cache is not what the world knows of it.
fn check(world: &World, book: &Book) {
    let Some(cache) = book.cache() else { return };
    let stats = cache.stats();
    assert_counts(&stats, book.constructs);
    let (live, taken) = (book.live.borrow().len() as u32, stats.live + stats.cached);
    assert_eq!(stats.live, live, "objects held");
    assert_eq!((stats.constructs, stats.destructs), (book.made.get(), book.ended.get()));
    if book.constructs {
        assert_eq!(taken as usize, live as usize + book.resting.borrow().len(), "constructed and in magazines");
    }
    let (allocations, frees) = (book.allocated.get(), book.freed.get());
    assert!(stats.allocations == allocations && stats.frees == frees || book.blurred.get() && stats.frees > frees);
    assert_eq!((stats.failures, stats.reclaims), (book.failed.get(), book.asked.get()));
    assert!(taken <= book.allowed.get(), "{taken} objects above the limit of {}", book.allowed.get());
    book.allowed.set(if stats.limit == 0 { u32::MAX } else { book.allowed.get().min(taken).max(stats.limit) });
    assert!(stats.total >= book.keep, "{} objects of {} kept", stats.total, book.keep);
    assert!(!book.zone || taken == stats.limit, "a zone has all its objects out of slabs");
    let answers = book.answers.each_ref().map(std::cell::Cell::get);
    assert_eq!([stats.move_yes, stats.move_no, stats.move_later, stats.move_dont_need, stats.move_dont_know], answers);
    for (at, &stamp) in book.live.borrow().iter() {
        assert!(!world.chance(8) || shows(*at, book.size, stamp), "contents changed");
    }
}

/// Fails where a budget is charged anything else than the slabs of its caches.
fn check_budgets(world: &World) {
    if world.leaves.get() {
        return;
    }
    for (place, budget) in world.budgets.borrow().iter().enumerate() {
        let Some(usage) = budget.as_ref().map(|budget| budget.usage()) else { continue };
        let books = world.books.borrow();
        let caches = books.iter().filter(|book| book.budget == Some(place)).filter_map(|book| book.cache());
        let used: u32 = caches.map(|cache| cache.stats().slabs * cache.stats().slab_bytes).sum();
        assert_eq!(usage.used, used, "budget {place}");
        assert!(usage.peak >= used && usage.charged >= u64::from(usage.peak) && usage.asks <= usage.denials);
    }
}

/// One operation.
fn step(world: &Rc<World>, noise: &mut Vec<(*mut u8, usize)>, doing: u32) {
    let heap = world.heap;
    let Some(book) = world.any_book().filter(|_| doing > 3) else { return create(world) };
    let cache = book.cache().expect("an open one");
    match doing {
        4..=27 => {
            let flags = [Flags::NO_GROWTH, Flags::ZEROED, Flags::RESERVE, Flags::NONE];
            let flags = if world.chance(4) { Some(flags[world.below(4) as usize]) } else { None };
            drop(cache);
            for _ in 0..=world.below(12) {
                let asked = heap.source().asked.borrow().len();
                let got = world.alloc(&book, flags);
                let still = flags == Some(Flags::NO_GROWTH) && !book.constructs;
                assert!(!still || heap.source().asked.borrow().len() == asked, "it grew");
                if !got {
                    break;
                }
            }
        }
        28..=49 => (0..=world.below(12)).for_each(|_| world.free(&book)),
        50..=53 => bulk(world, &book),
        54..=55 => cache.reap(),
        56..=57 => assert_eq!(cache.shrink(), cache.stats().slabs == 0),
        58..=60 => cache.update(),
        61..=63 => heap.tick(),
        64..=65 => drop(heap.reclaim()),
        66..=68 => tune(world, &book),
        69..=72 => cache.consolidate(),
        73..=75 => {
            if let Some(at) = book.any_live(world) {
                cache.notify(at);
            }
        }
        76..=78 => {
            drop(cache);
            world.end(&book, world.chance(12));
        }
        79..=81 => settle(world),
        82..=84 => {
            let chances = [Deny::Never, Deny::Never, Deny::Share(100), Deny::Always];
            heap.source().deny(chances[world.below(4) as usize]);
        }
        85 => heap.source().foreign(Foreign::Share(world.below(60) as u8)),
        86..=90 => {
            let size = 1 + world.below(20_000) as usize;
            let at = heap.alloc(bytes(size));
            if !at.is_null() {
                noise.push((at, size));
            }
        }
        _ => {
            if let Some((at, size)) = noise.pop() {
                support::free(heap, at, bytes(size));
            }
        }
    }
}

/// Runs the program of a seed.
fn run(seed: u64, steps: u32) {
    let mut program = Program { seed, step: 0, doing: 0 };
    let stage = Stage::new(40);
    let world = World::new(stage.heap(), seed);
    let mut noise = Vec::new();
    while program.step < steps {
        program.doing = world.below(96);
        step(&world, &mut noise, program.doing);
        for book in world.books.borrow().iter() {
            check(&world, book);
        }
        check_budgets(&world);
        if program.step.is_multiple_of(8) {
            assert_sound(&stage);
        }
        program.step += 1;
    }
    stage.source().deny(Deny::Never);
    let books = world.books.take();
    // Destructors use other caches as long as there are any in the world, so what they take goes back, too.
    for book in &books {
        while book.cache().is_some() && !book.live.borrow().is_empty() {
            world.free(book);
        }
    }
    for book in &books {
        world.end(book, false);
        let left: Vec<_> = book.live.borrow().iter().map(|(&at, &stamp)| (at, stamp)).collect();
        assert!(left.iter().all(|&(at, stamp)| shows(at, book.size, stamp)), "what a dropped cache left changed");
    }
    for budget in world.budgets.take().into_iter().flatten() {
        assert!(world.leaves.get() || budget.usage().used == 0);
    }
    for (at, size) in noise {
        support::free(&stage, at, bytes(size));
    }
    if !world.leaves.get() {
        assert_eq!(stage.stats().live_bytes(), 0, "what was left");
        stage.reclaim();
        assert_eq!(stage.stats().arena.slab_bytes, 0);
    }
    assert_sound(&stage);
    stage.source().assert_others_untouched();
}

#[test]
fn every_relation_of_the_counters_holds_after_each_step_of_random_programs() {
    let seeds = if cfg!(miri) { 2 } else { 400 };
    for seed in 0..seeds {
        run(seed, 100);
    }
}

#[test]
fn every_relation_holds_in_long_programs() {
    let seeds = if cfg!(miri) { 1 } else { 12 };
    for seed in 0..seeds {
        run(1000 + seed, 2000);
    }
}
