//! Claim: an inspector sees of the object caches and budgets in a heap what they say of themselves, figures, map and answers about
//! addresses agree, all invariants hold after each step of a random program over several caches; and whatever the records hold,
//! reading them neither panics nor runs on.
//!
//! Not under Miri: it is slow, and what is under test has no unsafe code.
#![cfg(all(feature = "inspector", not(miri)))]

#[path = "image_objects/specimen.rs"]
mod specimen;
mod support;

use std::ptr::NonNull;
use std::rc::Rc;

use flagstone::Heap;
use flagstone::image::region::{Composition, Owner as Part, regions};
use flagstone::image::survey::{Kind, Survey};
use flagstone::inspector::heap_map::HeapMap;
use flagstone::inspector::object_rows::{ObjectCacheRow, budget_rows, object_cache_rows};
use flagstone::inspector::sample::Sample;
use flagstone::inspector::segment_rows::{FilterWords, SegmentFilter, SegmentKind, SegmentList};
use flagstone::inspector::whatis::Whatis;
use flagstone::objects::{Answer, Bare, Budget, Cache, CacheStats, Flags, Options};
use flagstone::verify::verify;
use specimen::{Held, Of, Owner, PATTERN, free, with_caches};
use support::{Deny, Fake, LOW, Rng, heap, layout, memory};

/// Fails unless a row says what the cache does.
fn assert_agrees(row: &ObjectCacheRow, stats: &CacheStats) {
    let said = (
        (row.size, row.align, row.stride, row.slab_bytes, row.objects_per_slab, row.limit),
        (row.allocations, row.frees, row.failures, row.constructor_failures, row.limit_failures),
        (row.live, row.cached, u64::from(row.cached) + u64::from(row.free_in_slabs), row.total, row.total_max),
        (row.slabs, row.empty_slabs, row.dead_slabs, row.slab_creates, row.slab_destroys),
        (row.slab_allocations, row.slab_frees, row.depot_allocations, row.depot_frees, row.constructs, row.destructs),
        (row.magazine_rounds, row.full_magazines, row.empty_magazines, row.idle_magazines, row.reaps, row.reclaims),
        (row.move_callbacks, row.move_yes, row.move_no, row.move_later, row.move_dont_need, row.move_dont_know),
        (row.move_hunt_found, row.move_scans, row.defrags, row.move_slabs_freed, row.reclaimable_slabs),
    );
    let counted = (
        (stats.size, stats.align, stats.stride, stats.slab_bytes, stats.objects_per_slab, stats.limit),
        (stats.allocations, stats.frees, stats.failures, stats.constructor_failures, stats.limit_failures),
        (stats.live, stats.cached, u64::from(stats.available), u64::from(stats.total), u64::from(stats.total_max)),
        (stats.slabs, stats.empty_slabs, stats.dead_slabs, stats.slab_creates, stats.slab_destroys),
        (
            stats.slab_allocations,
            stats.slab_frees,
            stats.depot_allocations,
            stats.depot_frees,
            stats.constructs,
            stats.destructs,
        ),
        (
            stats.magazine_rounds,
            stats.full_magazines,
            stats.empty_magazines,
            stats.idle_magazines,
            stats.reaps,
            stats.reclaims,
        ),
        (
            u64::from(stats.move_callbacks),
            stats.move_yes,
            stats.move_no,
            stats.move_later,
            stats.move_dont_need,
            stats.move_dont_know,
        ),
        (stats.move_hunt_found, stats.move_scans, stats.defrags, stats.move_slabs_freed, stats.move_reclaimable),
    );
    assert_eq!(said, counted, "{}", row.name);
    assert_eq!(row.slabs, row.empty_slabs + row.partial_slabs + row.full_slabs);
    assert_eq!(row.slabs, row.fill.iter().sum::<u32>());
    assert_eq!(row.total, u64::from(row.live) + u64::from(row.cached) + u64::from(row.free_in_slabs));
    assert_eq!((row.cached, row.live_bytes), (row.cached_loaded + row.cached_depot, u64::from(row.live * row.stride)));
    assert_eq!(row.memory_bytes, u64::from((row.slabs + row.dead_slabs) * row.slab_bytes));
    assert_eq!(row.overhead_bytes, row.memory_bytes - row.total * u64::from(row.stride));
}

/// Fails unless what is known of the slabs of object caches adds up, however it is looked at.
fn assert_adds_up(survey: &Survey) {
    let parts = regions(survey);
    let composition = Composition::of(survey, &parts);
    assert_eq!(composition.total(), survey.memory_len);
    let rows = object_cache_rows(survey);
    let sum = |of: fn(&ObjectCacheRow) -> u64| rows.iter().map(of).sum::<u64>();
    let bytes: u64 = parts.iter().filter(|part| part.owner == Part::Slab).map(|part| part.end - part.start).sum();
    let classes = survey.slabs.iter().filter(|slab| slab.object_cache.is_none());
    assert_eq!(bytes, sum(|row| row.memory_bytes) + classes.map(|slab| u64::from(slab.len)).sum::<u64>());
    let sample = Sample::of(survey, Some(1024)).expect("a good granule");
    let large: u64 = survey.segments.iter().filter(|it| it.kind == Kind::Large).map(|it| u64::from(it.len)).sum();
    let small: u64 = survey.slabs.iter().map(|slab| u64::from(slab.live() * slab.size)).sum();
    assert_eq!((sample.summary.live_bytes, composition.live), (large + small, large + small));
    let in_arena = sample.arenas[0].heap.expect("the heap's own");
    assert_eq!(in_arena.object_slab_bytes, sum(|row| row.memory_bytes));
    assert_eq!((sample.object_caches, sample.budgets), (rows, budget_rows(survey)));
}

#[test]
fn rows_are_what_the_caches_say_of_themselves() {
    with_caches(|heap, tiles, nodes| {
        let survey = Survey::take(&heap.image(), heap.root()).expect("a heap");
        assert_eq!(survey.problems, []);
        assert_adds_up(&survey);
        let rows = object_cache_rows(&survey);
        let names: Vec<_> = rows.iter().map(|row| (row.number, row.class, row.name.as_str())).collect();
        assert_eq!(names, [(1, 72, "tiles"), (2, 73, "nodes"), (3, 74, "voices"), (4, 75, "plain")]);
        assert_agrees(&rows[0], &tiles.stats());
        assert_agrees(&rows[1], &nodes.stats());
        let flags: Vec<_> = rows.iter().map(|row| (row.zone, row.constructed, row.movable, row.orphan)).collect();
        let (moved, zone, bare) = ((false, true, true, false), (true, true, true, false), (false, false, false, false));
        assert_eq!(flags, [bare, moved, zone, bare]);
        assert_eq!(rows[0].budget.as_deref(), Some("images"));
        assert_eq!((rows[1].budget.as_deref(), rows[1].keep), (None, 70));
        // There is something of everything to be seen.
        assert!(rows[0].cached_loaded != 0 && rows[0].cached_depot != 0 && rows[0].empty_magazines != 0);
        assert!(rows[0].partial_slabs != 0 && rows[0].full_slabs != 0 && rows[1].stuck_slabs != 0);
        assert!(rows[1].move_yes != 0 && rows[1].move_no != 0 && rows[1].move_later != 0 && rows[1].fragmented);
        assert_eq!((rows[2].live, rows[2].cached, rows[2].total, rows[2].magazine_rounds), (1, 19, 20, 20));
        assert_eq!((rows[3].live, rows[3].limit_failures, rows[3].magazine_rounds), (9, 1, 0));
        let budgets = budget_rows(&survey);
        assert_eq!((budgets[0].name.as_str(), budgets[1].name.as_str()), ("images", "spare"));
        assert_eq!((budgets[0].limit, u64::from(budgets[0].used)), (1 << 20, rows[0].memory_bytes));
        assert_eq!((budgets[0].users, budgets[1].users, budgets[0].orphan), (1, 0, false));
    });
}

#[test]
fn the_map_tells_object_caches_apart_and_answers_name_them() {
    with_caches(|heap, tiles, _| {
        let survey = Survey::take(&heap.image(), heap.root()).expect("a heap");
        let map = HeapMap::of(&survey, 128).expect("a good granule");
        let mut states = [0; 3];
        for slab in &survey.slabs {
            let cells = (slab.start / 128) as usize..((slab.start + slab.len) / 128) as usize;
            assert!(map.cache[cells].iter().all(|cell| u32::from(*cell) == slab.class + 1));
            let Some(cache) = survey.object_cache_of(slab) else { continue };
            for object in 0..slab.objects {
                let answer = Whatis::of(&survey, slab.start + object * slab.size + 1);
                assert_eq!((answer.kind, answer.cache, answer.offset), ("object", Some(slab.class), 1));
                assert_eq!(answer.object_cache.as_deref(), Some(cache.name.as_str()));
                assert!(
                    answer.sentence.contains(&format!("of the object cache {}", cache.name)),
                    "{}",
                    answer.sentence
                );
                let (state, index) = match (slab.free >> object & 1, slab.parked >> object & 1) {
                    (1, _) => ("free", 0),
                    (_, 1) => ("magazine", 1),
                    _ => ("live", 2),
                };
                assert_eq!(answer.state, Some(state));
                states[index] += 1;
            }
        }
        let rows = object_cache_rows(&survey);
        let sum = |of: fn(&ObjectCacheRow) -> u32| rows.iter().map(of).sum::<u32>();
        assert_eq!(states, [sum(|row| row.free_in_slabs), sum(|row| row.cached), sum(|row| row.live)]);
        // The segments of the heap's arena, those of object caches alone.
        let words = FilterWords { kinds: Some(vec!["objects".into()]), ..FilterWords::default() };
        let filter = SegmentFilter::of(&words).expect("a good filter");
        let list = SegmentList::of(&survey, survey_arena(&survey), &filter).expect("the heap's arena");
        assert_eq!(list.matching, sum(|row| row.slabs));
        assert!(list.rows.iter().all(|row| row.kind == SegmentKind::Objects && row.object_cache.is_some()));
        for row in &list.rows {
            let (low, high) = row.live_bits.expect("a slab of the heap's own arena");
            let (bits, size) = (u64::from(high) << 32 | u64::from(low), row.object_length.expect("a slab"));
            for object in 0..row.objects.expect("a slab") {
                let answer = Whatis::of(&survey, row.start + object * size);
                assert_eq!(bits >> object & 1 == 1, answer.state == Some("live"), "{}", answer.sentence);
            }
        }
        // Records and magazines are allocations of the heap, and of more than that.
        let info = &survey.object_caches[0];
        for (at, text) in [(info.id, "the record"), (info.magazines[0], "a magazine")] {
            let sentence = Whatis::of(&survey, at).sentence;
            assert!(sentence.ends_with(&format!("It is {text} of the object cache tiles.")), "{sentence}");
        }
        let sentence = Whatis::of(&survey, survey.budgets[0].id).sentence;
        assert!(sentence.ends_with("It is the record of the budget images."), "{sentence}");
        assert_eq!(tiles.stats().dead_slabs, 0);
    });
}

/// The id of the heap's own arena.
fn survey_arena(survey: &Survey) -> u32 {
    Sample::of(survey, None).expect("no granule").arenas[0].id
}

/// What a random program has of a cache.
struct Program<'h, 'm> {
    cache: Of<'h, 'm, Owner>,
    held: Rc<Held>,
    /// Objects that are not among those that the owner knows of.
    secret: Vec<NonNull<u8>>,
    /// What it is called, as no other is.
    name: String,
}

/// A budget whose owner does nothing when it is spent.
type Quiet<'h, 'm> = Budget<&'h Heap<Fake<'m>>, fn(u32)>;

/// Makes a cache, by chance of any kind; none where there is no memory for it.
fn make<'h, 'm>(heap: &'h Heap<Fake<'m>>, budgets: &[Quiet<'h, 'm>], rng: &mut Rng) -> Option<Program<'h, 'm>> {
    let name = format!("cache {}", rng.bits() % 100_000_000);
    let size = [8, 24, 100, 600, 2_000, 5_000][rng.below(6) as usize];
    let mut options = match rng.below(6) {
        0 => Options::zone(&name, 1 + rng.below(40)),
        1 => Options { limit: 30, reserve: 5, ..Options::new(&name) },
        2 => Options { keep: 1 + rng.below(100), ..Options::new(&name) },
        3 => Options { magazines: false, ..Options::new(&name) },
        4 => Options { limit: 50, rounds: 3, ..Options::new(&name) },
        _ => Options::new(&name),
    };
    if let Some(budget) = budgets.get(rng.below(4) as usize) {
        options.budget = Some(budget);
    }
    let held = Rc::new(Held::default());
    let cache = Cache::new(heap, layout(size, 8 << rng.below(4)), options, Owner(held.clone())).ok()?;
    Some(Program { cache, held, secret: Vec::new(), name })
}

impl Program<'_, '_> {
    /// Does something with the cache.
    fn step(&mut self, rng: &mut Rng) {
        match rng.below(40) {
            0..16 => {
                let flags = [Flags::NONE, Flags::RESERVE, Flags::NO_GROWTH][rng.below(3) as usize];
                for _ in 0..1 + rng.below(12) {
                    let Ok(object) = self.cache.alloc_with(flags) else { break };
                    // SAFETY: an object of 8 bytes and more, at a multiple of 8, which a constructor made.
                    assert_eq!(unsafe { object.cast::<[u8; 4]>().read() }, PATTERN, "objects stay constructed");
                    let answers = [Answer::Yes, Answer::Yes, Answer::No, Answer::Later, Answer::DontNeed];
                    let answer = answers[rng.below(5) as usize];
                    if rng.below(20) == 0 {
                        self.secret.push(object);
                    } else {
                        self.held.objects.borrow_mut().insert(object, answer);
                    }
                }
            }
            16..30 => {
                for _ in 0..1 + rng.below(16) {
                    let mut objects = self.held.objects.borrow_mut();
                    let index = rng.below(objects.len().max(1) as u32) as usize;
                    let known = objects.keys().nth(index).copied();
                    let object = if rng.below(20) == 0 { self.secret.pop() } else { known };
                    let Some(object) = object else { break };
                    objects.remove(&object);
                    drop(objects);
                    free(&self.cache, object);
                }
            }
            30 => drop(self.cache.reap()),
            31 => drop(self.cache.shrink()),
            32 => drop(self.cache.update()),
            33 => drop(self.cache.consolidate()),
            34 => drop(self.cache.set_rounds([0, 1, 3, 7][rng.below(4) as usize])),
            35 => drop(self.cache.set_limit(rng.below(60))),
            36 => self.held.refuse.set(rng.below(6)),
            _ => {
                let first = self.held.objects.borrow().keys().next().copied();
                if let Some(object) = first {
                    // SAFETY: a live object of the cache.
                    unsafe { self.cache.notify(object) };
                }
            }
        }
    }
}

#[test]
fn all_invariants_hold_after_each_step_of_a_random_program_over_several_caches() {
    let mut sums = [0_u64; 7];
    for seed in 0..40 {
        let mut rng = Rng::new(seed);
        let mut memory = memory(12);
        let heap = heap(Fake::new(&mut memory, LOW));
        let budgets: Vec<Quiet<'_, '_>> = [20_000, 60_000, 0]
            .map(|limit| Budget::new(&heap, "budget", limit, (|_| ()) as fn(u32)).expect("memory"))
            .into();
        let mut programs: Vec<Program<'_, '_>> = Vec::new();
        let mut others = Vec::new();
        for step in 0..250 {
            match rng.below(30) {
                0..3 if programs.len() < 6 => programs.extend(make(&heap, &budgets, &mut rng)),
                3 if programs.len() > 4 => drop(programs.swap_remove(rng.below(programs.len() as u32) as usize)),
                4 => heap.tick(),
                5 => drop(heap.reclaim()),
                6 => heap.source().deny([Deny::Never, Deny::Always][rng.below(2) as usize]),
                7 => others.push(heap.alloc(layout(900, 8))),
                _ if programs.is_empty() => {}
                _ => {
                    let index = rng.below(programs.len() as u32) as usize;
                    programs[index].step(&mut rng);
                }
            }
            let problems = verify(&heap.image(), heap.root()).expect("a heap");
            assert!(problems.is_empty(), "seed {seed}, step {step}: {problems:#?}");
            let survey = Survey::take(&heap.image(), heap.root()).expect("a heap");
            assert_adds_up(&survey);
            for program in &programs {
                let stats = program.cache.stats();
                let rows = object_cache_rows(&survey);
                let row = rows.iter().find(|row| row.name == program.name);
                assert_agrees(row.expect("its row"), &stats);
                let held = program.held.objects.borrow().len() + program.secret.len();
                assert_eq!(stats.live as usize, held, "seed {seed}, step {step}");
            }
            for row in object_cache_rows(&survey) {
                let moves = [row.stuck_slabs, row.move_later, row.move_dont_know, row.move_slabs_freed];
                let others = [row.full_magazines, row.constructor_failures, u32::from(row.orphan)];
                for (sum, count) in sums.iter_mut().zip(moves.into_iter().chain(others)) {
                    *sum += u64::from(count);
                }
            }
        }
    }
    assert!(sums.iter().all(|sum| *sum != 0), "something of everything was seen: {sums:?}");
}

#[test]
fn slabs_that_are_to_stay_do_when_all_objects_moved_out_of_them() {
    let mut memory = memory(12);
    let heap = heap(Fake::new(&mut memory, LOW));
    let held = Rc::new(Held::default());
    let options = Options { keep: 10 * 64, ..Options::new("nodes") };
    let nodes = Cache::new(&heap, layout(64, 8), options, Owner(held.clone())).expect("memory");
    let objects: Vec<_> = (0..640).map(|_| nodes.alloc().expect("memory")).collect();
    for object in objects.iter().step_by(16) {
        held.objects.borrow_mut().insert(*object, Answer::Yes);
    }
    for object in objects.iter().enumerate().filter(|(index, _)| index % 16 != 0).map(|(_, object)| object) {
        free(&nodes, *object);
    }
    nodes.consolidate().expect("it is begun");
    let stats = nodes.stats();
    assert!(stats.move_yes != 0);
    assert_eq!((stats.live, stats.slabs, stats.total), (40, 10, 640));
    assert_eq!(verify(&heap.image(), heap.root()), Ok(vec![]));
}

#[test]
fn a_shared_cache_has_the_names_of_all_who_share_it() {
    let mut pages = memory(4);
    let heap = heap(Fake::new(&mut pages, LOW));
    let shared = |name| {
        let options = Options { merge: true, ..Options::new(name) };
        Cache::new(&heap, layout(48, 8), options, Bare).unwrap()
    };
    let caches = ["lines", "words", "marks"].map(shared);
    let _other = Cache::new(&heap, layout(100, 4), Options::new("other"), Bare).unwrap();
    let seen = || {
        let survey = Survey::take(&heap.image(), heap.root()).unwrap();
        assert_eq!(verify(&heap.image(), heap.root()), Ok(vec![]));
        survey.object_caches.into_iter().map(|cache| (cache.name, cache.aliases, cache.users)).collect::<Vec<_>>()
    };
    let other = ("other".to_owned(), vec![], 1);
    let names = ["words", "marks"].map(str::to_owned).to_vec();
    assert_eq!(seen(), [("lines".to_owned(), names, 3), other.clone()]);
    let [_lines, words, _marks] = caches;
    drop(words);
    assert_eq!(seen(), [("lines".to_owned(), vec!["marks".to_owned()], 2), other]);
}
