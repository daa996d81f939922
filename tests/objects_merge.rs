//! Caches that are one: which may be, what their users see of each other, and how they part.

mod support;

use std::alloc::Layout;
use std::ptr::NonNull;

use flagstone::Heap;
use flagstone::objects::{Bare, Budget, Cache, CacheStats, Error, Flags, Life, Options, list, set_merging};
use support::{Deny, Fake, LOW, Rng, heap, layout, memory};

type Home<'h, 'm> = &'h Heap<Fake<'m>>;

/// What is like `Bare`, but another type.
struct Other;
impl Life for Other {}

/// The options of a cache that may be one with others.
fn merging(name: &str) -> Options<'_> {
    Options { merge: true, ..Options::new(name) }
}

/// A cache that may be one with others.
fn shared<'h, 'm>(heap: Home<'h, 'm>, name: &str, layout: Layout) -> Cache<Home<'h, 'm>> {
    Cache::new(heap, layout, merging(name), Bare).unwrap()
}

/// The caches of a heap, newest first: each with its names, its users, and objects that are held.
fn listed(heap: Home<'_, '_>) -> Vec<(Vec<String>, u32, u32)> {
    let mut all = Vec::new();
    list(heap, |cache| {
        let mut names = vec![cache.name().to_owned()];
        cache.aliases(|alias| names.push(alias.to_owned()));
        all.push((names, cache.users(), cache.stats().live));
    });
    all
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// How many caches a heap has after two more were made.
fn both(first: (Layout, Options<'_>), second: (Layout, Options<'_>)) -> usize {
    let mut pages = memory(4);
    let heap = heap(Fake::new(&mut pages, LOW));
    let _caches =
        [Cache::new(&heap, first.0, first.1, Bare).unwrap(), Cache::new(&heap, second.0, second.1, Bare).unwrap()];
    listed(&heap).len()
}

#[test]
fn caches_of_one_shape_are_one_with_several_names() {
    let mut pages = memory(4);
    let heap = heap(Fake::new(&mut pages, LOW));
    let before = heap.stats().live_objects();
    let points = shared(&heap, "points", layout(40, 8));
    let lines = Cache::new(&heap, layout(100, 4), Options::new("lines"), Bare).unwrap();
    let colours = shared(&heap, "colours", layout(36, 4));
    let edges = shared(&heap, "edges", layout(40, 4));
    let all = names(&["points", "edges", "colours"]);
    assert_eq!(listed(&heap), [(names(&["lines"]), 1, 0), (all, 3, 0)]);
    let held = [points.alloc().unwrap(), colours.alloc().unwrap(), edges.alloc().unwrap()];
    for cache in [&points, &colours, &edges] {
        assert_eq!(cache.stats(), points.stats(), "what is counted is counted of all");
    }
    assert_eq!((points.stats().live, points.stats().size), (3, 40));
    let error = colours.set_limit(10).unwrap_err();
    assert_eq!(error, Error::Shared { users: 3 });
    // SAFETY: of this cache, whatever its name, and given back once.
    unsafe { points.free_bulk(&mut held.map(Some)) };
    for cache in [points, colours, edges, lines] {
        assert!(cache.destroy().is_ok());
    }
    heap.reclaim();
    assert_eq!(heap.stats().live_objects(), before);
}

#[test]
fn zeroing_clears_what_the_longest_of_them_may_use() {
    let mut pages = memory(2);
    let heap = heap(Fake::new(&mut pages, LOW));
    let longer = shared(&heap, "longer", layout(48, 8));
    let long = shared(&heap, "long", layout(47, 1));
    let short = shared(&heap, "short", layout(41, 1));
    assert_eq!(listed(&heap).len(), 1);
    let at = short.alloc().unwrap();
    // SAFETY: 48 bytes, whoever asks for them.
    unsafe { at.write_bytes(0xff, 48) };
    // SAFETY: from there, given back once.
    unsafe { short.free(at) };
    let again = long.alloc_with(Flags::ZEROED).unwrap();
    assert_eq!(again, at);
    // SAFETY: as above.
    assert_eq!(unsafe { again.cast::<[u8; 48]>().read() }, [0; 48]);
    // SAFETY: as above.
    unsafe { longer.free(again) };
    // Where the shorter one came first, its objects are as long as the longer one asks for.
    let first = shared(&heap, "first", layout(70, 8));
    let second = shared(&heap, "second", layout(72, 8));
    assert_eq!((first.stats().size, first.layout().size(), second.stats().stride), (72, 70, 72));
}

#[test]
fn only_what_wastes_less_than_a_word_and_is_as_aligned_is_one() {
    let like = |size, align| (layout(size, align), merging("some"));
    for (first, second, caches) in [
        ((40, 8), (40, 8), 1),
        ((48, 8), (41, 1), 1),
        ((48, 8), (40, 8), 2),
        ((49, 1), (41, 1), 2),
        ((48, 1), (41, 1), 1),
        ((40, 8), (41, 8), 2),
        ((64, 8), (64, 64), 2),
        ((64, 64), (64, 8), 1),
        ((48, 16), (41, 32), 2),
    ] {
        assert_eq!(both(like(first.0, first.1), like(second.0, second.1)), caches, "{first:?} and {second:?}");
    }
}

#[test]
fn what_differs_in_more_than_its_name_stays_apart() {
    let shape = layout(64, 8);
    let plain = || merging("plain");
    for options in [
        Options::new("unwilling"),
        Options { limit: 100, ..plain() },
        Options { keep: 10, ..plain() },
        Options { limit: 20, reserve: 5, ..plain() },
        Options { merge: true, ..Options::zone("zone", 4) },
        Options { rounds: 7, ..plain() },
        Options { magazines: false, ..plain() },
    ] {
        assert_eq!(both((shape, plain()), (shape, options)), 2, "{options:?}");
        assert_eq!(both((shape, options), (shape, plain())), 2, "{options:?}");
    }
    assert_eq!(both((shape, plain()), (shape, plain())), 1);
    let unhurried = Options { magazines: false, ..plain() };
    assert_eq!(both((shape, unhurried), (shape, unhurried)), 1);
    let limited = Options { limit: 100, ..plain() };
    assert_eq!(both((shape, limited), (shape, limited)), 2, "two limits are not one");
}

#[test]
fn a_limit_set_later_and_callbacks_keep_caches_apart() {
    let mut pages = memory(4);
    let heap = heap(Fake::new(&mut pages, LOW));
    let first = shared(&heap, "first", layout(64, 8));
    first.set_limit(50).unwrap();
    let second = shared(&heap, "second", layout(64, 8));
    assert_eq!(listed(&heap).len(), 2);
    first.set_limit(0).unwrap();
    let third = shared(&heap, "third", layout(64, 8));
    assert_eq!(listed(&heap)[1], (names(&["first", "third"]), 2, 0), "the oldest one is joined");
    let other = Cache::new(&heap, layout(64, 8), merging("other"), Other).unwrap();
    let again = Cache::new(&heap, layout(64, 8), merging("again"), Other).unwrap();
    assert_eq!(listed(&heap).len(), 4);
    drop((first, second, third, other, again));
    assert_eq!(listed(&heap).len(), 0);
}

#[test]
fn those_with_different_payers_stay_apart() {
    let mut pages = memory(4);
    let heap = heap(Fake::new(&mut pages, LOW));
    let budgets = ["one", "two"].map(|name| Budget::new(&heap, name, 0, |_| ()).unwrap());
    let paid = |name, by: usize| {
        let options = Options { budget: Some(&budgets[by]), ..merging(name) };
        Cache::new(&heap, layout(64, 8), options, Bare).unwrap()
    };
    let caches = [paid("a", 0), paid("b", 1), paid("c", 0), shared(&heap, "d", layout(64, 8))];
    let seen: Vec<_> = listed(&heap).into_iter().map(|(names, ..)| names.concat()).collect();
    assert_eq!(seen, ["d", "b", "ac"]);
    let at = caches[2].alloc().unwrap();
    assert_eq!(budgets.each_ref().map(|it| it.usage().used), [4096, 0]);
    // SAFETY: from there, once.
    unsafe { caches[0].free(at) };
    drop(caches);
    drop(budgets);
    heap.reclaim();
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn the_one_who_leaves_takes_a_name_and_the_last_one_must_not_leave_objects() {
    let mut pages = memory(4);
    let heap = heap(Fake::new(&mut pages, LOW));
    let (first, second) = (shared(&heap, "first", layout(64, 8)), shared(&heap, "second", layout(64, 8)));
    let at = first.alloc().unwrap();
    assert!(first.destroy().is_ok(), "another one is left to give the object back to");
    assert_eq!(listed(&heap), [(names(&["first", "second"]), 1, 1)], "the name of who made it stays");
    // A failed end changes nothing: the cache has its user and can be joined (Linux forgets the count).
    let (second, error) = second.destroy().unwrap_err();
    assert_eq!(error, Error::Busy { objects: 1 });
    let (second, error) = second.destroy().unwrap_err();
    assert_eq!((error, listed(&heap)[0].1), (Error::Busy { objects: 1 }, 1));
    let third = shared(&heap, "third", layout(64, 8));
    assert_eq!(listed(&heap), [(names(&["first", "third", "second"]), 2, 1)]);
    assert!(second.destroy().is_ok());
    assert_eq!(listed(&heap), [(names(&["first", "third"]), 1, 1)]);
    // SAFETY: an object of the cache, whatever it was called, given back once.
    unsafe { third.free(at) };
    assert!(third.destroy().is_ok());
    assert_eq!(listed(&heap), []);
    heap.reclaim();
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn nobody_joins_an_orphan() {
    let mut pages = memory(4);
    let heap = heap(Fake::new(&mut pages, LOW));
    let (first, second) = (shared(&heap, "first", layout(64, 8)), shared(&heap, "second", layout(64, 8)));
    let at = second.alloc().unwrap();
    // SAFETY: the object's.
    unsafe { at.write_bytes(7, 64) };
    drop((first, second));
    let third = shared(&heap, "third", layout(64, 8));
    assert_eq!(listed(&heap), [(names(&["third"]), 1, 0), (names(&["first"]), 0, 1)]);
    let mut orphans = 0;
    list(&heap, |cache| orphans += u32::from(cache.is_orphan()));
    assert_eq!(orphans, 1);
    let other = third.alloc().unwrap();
    assert_ne!(other, at);
    // SAFETY: it stays as it was.
    assert_eq!(unsafe { at.cast::<[u8; 64]>().read() }, [7; 64]);
    // SAFETY: from there, once.
    unsafe { third.free(other) };
}

#[test]
fn merging_can_be_turned_off_and_on_while_a_heap_is_used() {
    let mut pages = memory(4);
    let heap = heap(Fake::new(&mut pages, LOW));
    let make = |name| shared(&heap, name, layout(64, 8));
    set_merging(&heap, false);
    let apart = [make("a"), make("b")];
    assert_eq!(listed(&heap).len(), 2);
    set_merging(&heap, true);
    let together = [make("c"), make("d")];
    assert_eq!(listed(&heap).len(), 3, "what was made apart stays apart");
    set_merging(&heap, false);
    let late = make("e");
    assert_eq!(listed(&heap).len(), 4);
    assert_eq!(listed(&heap)[1], (names(&["c", "d"]), 2, 0), "what is one stays one");
    drop((apart, together, late));
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn the_caches_of_the_heaps_own_classes_are_nobodys() {
    let mut pages = memory(4);
    let heap = heap(Fake::new(&mut pages, LOW));
    let cache = shared(&heap, "mine", layout(64, 8));
    let class = |heap: &Heap<Fake<'_>>| heap.stats().caches.iter().find(|cache| cache.size == 64).unwrap().allocations;
    let before = class(&heap);
    let held: Vec<_> = (0..100).map(|_| cache.alloc().unwrap()).collect();
    // Its magazines are allocated from the heap, but no object is.
    assert!(class(&heap) - before < 10);
    for at in held {
        // SAFETY: from there, once.
        unsafe { cache.free(at) };
    }
}

#[test]
fn where_there_is_no_memory_for_a_name_nothing_is_joined() {
    let mut pages = memory(1);
    let heap = heap(Fake::new(&mut pages, LOW));
    let first = shared(&heap, "first", layout(64, 8));
    let rest: Vec<_> = std::iter::from_fn(|| NonNull::new(heap.alloc(layout(48, 8)))).collect();
    let refused = Cache::new(&heap, layout(64, 8), merging("second"), Bare);
    assert_eq!(refused.err(), Some(Error::NoMemory { bytes: 48 }));
    assert_eq!(listed(&heap), [(names(&["first"]), 1, 0)]);
    for at in rest {
        // SAFETY: from the heap, for that layout.
        unsafe { heap.dealloc(at.as_ptr(), layout(48, 8)) };
    }
    let bad = Options { rounds: 5, ..merging("bad") };
    assert_eq!(Cache::new(&heap, layout(64, 8), bad, Bare).err(), Some(Error::BadRounds(5)));
    drop(first);
    heap.reclaim();
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn a_listing_may_end_and_make_what_it_lists() {
    let mut pages = memory(4);
    let heap = heap(Fake::new(&mut pages, LOW));
    let mut caches: Vec<_> = ["a", "b", "c"].map(|name| Some(shared(&heap, name, layout(64, 8)))).into();
    caches.push(Some(Cache::new(&heap, layout(72, 8), Options::new("d"), Bare).unwrap()));
    let (mut seen, mut aliases) = (Vec::new(), Vec::new());
    list(&heap, |cache| {
        seen.push(cache.name().to_owned());
        cache.aliases(|alias| {
            aliases.push(alias.to_owned());
            // The one whose name comes next, and the one that is shown.
            caches[1].take();
            caches[2].take();
        });
        caches.push(Some(Cache::new(&heap, layout(80, 8), Options::new("new"), Bare).unwrap()));
    });
    assert_eq!((seen, aliases), (names(&["d", "a"]), names(&["c"])));
    assert_eq!(listed(&heap).len(), 4);
    let mut stats = CacheStats::default();
    list(&heap, |cache| {
        if cache.name() == "a" {
            stats = *cache.stats();
        }
    });
    assert_eq!(stats, caches[0].as_ref().unwrap().stats());
}

#[test]
fn random_comings_and_goings_agree_with_a_model() {
    let (seeds, steps) = if cfg!(miri) { (1, 60) } else { (10, 800) };
    for seed in 0..seeds {
        let mut rng = Rng::new(seed);
        let mut pages = memory(20);
        let heap = heap(Fake::new(&mut pages, LOW));
        // By size: the caches with what each holds. All of one size are one.
        let mut model: [Vec<Cache<Home<'_, '_>>>; 3] = Default::default();
        let mut held: [Vec<(NonNull<u8>, u8)>; 3] = Default::default();
        for step in 0..steps {
            heap.source().deny(if rng.below(4) == 0 { Deny::Always } else { Deny::Never });
            let kind = rng.below(3) as usize;
            let size = [24, 200, 1000][kind];
            let of_kind = model[kind].len() as u32;
            match rng.below(12) {
                0 if of_kind < 5 => {
                    if let Ok(cache) = Cache::new(&heap, layout(size, 8), merging("some"), Bare) {
                        model[kind].push(cache);
                    }
                }
                1 if of_kind != 0 => {
                    let cache = model[kind].swap_remove(rng.below(of_kind) as usize);
                    match cache.destroy() {
                        Ok(()) => assert!(of_kind > 1 || held[kind].is_empty(), "seed {seed} step {step}"),
                        Err((cache, error)) => {
                            let objects = held[kind].len() as u32;
                            assert_eq!((error, of_kind), (Error::Busy { objects }, 1), "seed {seed} step {step}");
                            model[kind].push(cache);
                        }
                    }
                }
                2..8 if of_kind != 0 => {
                    let cache = &model[kind][rng.below(of_kind) as usize];
                    if let Ok(at) = cache.alloc() {
                        let byte = rng.below(256) as u8;
                        // SAFETY: the object's.
                        unsafe { at.write_bytes(byte, size) };
                        held[kind].push((at, byte));
                    }
                }
                8.. if of_kind != 0 && !held[kind].is_empty() => {
                    let index = rng.below(held[kind].len() as u32) as usize;
                    let (at, byte) = held[kind].swap_remove(index);
                    // SAFETY: the object's.
                    let bytes = unsafe { std::slice::from_raw_parts(at.as_ptr(), size) };
                    assert!(bytes.iter().all(|&it| it == byte), "seed {seed} step {step}");
                    // SAFETY: of the one cache that all of a size are, given back once.
                    unsafe { model[kind][rng.below(of_kind) as usize].free(at) };
                }
                _ => {}
            }
            let seen = listed(&heap);
            let live = model.iter().filter(|caches| !caches.is_empty()).count();
            assert_eq!(seen.len(), live, "seed {seed} step {step}");
            let users: usize = seen.iter().map(|(_, users, _)| *users as usize).sum();
            assert_eq!(users, model.iter().map(Vec::len).sum::<usize>(), "seed {seed} step {step}");
            let objects: usize = seen.iter().map(|(_, _, live)| *live as usize).sum();
            assert_eq!(objects, held.iter().map(Vec::len).sum::<usize>(), "seed {seed} step {step}");
        }
        for (kind, objects) in held.into_iter().enumerate() {
            for (at, _) in objects {
                // SAFETY: of a cache that is left, because it has objects.
                unsafe { model[kind][0].free(at) };
            }
        }
        drop(model);
        heap.reclaim();
        assert_eq!(heap.stats().live_objects(), 0, "seed {seed}");
    }
}

/// What happens where the memory for a name has to be asked for.
#[cfg(all(feature = "inspector", feature = "reclaim"))]
mod asked {
    use std::cell::RefCell;
    use std::rc::Rc;

    use flagstone::objects::{Bare, Cache, Options};

    use super::support::objects::{Actor, Script, Stage, TestCache, fill_up, give, let_go};
    use super::support::{assert_sound, layout};
    use super::{listed, merging, names};

    /// A stage, somebody to ask, and a cache to join, of which nothing is left when everything is taken.
    struct Scene {
        stage: Rc<Stage>,
        script: Rc<Script>,
        owner: TestCache<Actor<false, false>>,
        first: Rc<RefCell<Option<TestCache<Bare>>>>,
    }

    impl Scene {
        fn new() -> Self {
            let stage = Rc::new(Stage::new(8));
            let script = Script::new();
            let owner = Cache::new(stage.heap(), layout(80, 8), Options::new("owner"), script.actor()).unwrap();
            let first = Cache::new(stage.heap(), layout(40, 8), merging("first"), Bare).unwrap();
            Self { stage, script, owner, first: Rc::new(RefCell::new(Some(first))) }
        }

        /// Takes everything; who is asked gives it back and does something.
        fn fill(&self, meanwhile: impl Fn() + 'static) {
            let held = RefCell::new(fill_up(&self.stage, 48));
            let on = Rc::downgrade(&self.stage);
            self.script.reclaims.set(0);
            self.script.reclaim_by(move |_| {
                let_go(&on.upgrade().expect("a stage"), held.take());
                meanwhile();
            });
        }

        fn end(self) {
            assert_eq!(self.script.reclaims.get(), 1);
            self.script.forget();
            drop((self.owner, self.first.take()));
            self.stage.reclaim();
            assert_eq!(self.stage.stats().live_objects(), 0);
            assert_sound(&self.stage);
        }
    }

    #[test]
    fn a_cache_that_ends_meanwhile_is_not_joined() {
        let scene = Scene::new();
        let ends = Rc::clone(&scene.first);
        scene.fill(move || drop(ends.take()));
        let second = Cache::new(scene.stage.heap(), layout(40, 8), merging("second"), Bare).unwrap();
        assert_eq!(listed(scene.stage.heap()), [(names(&["second"]), 1, 0), (names(&["owner"]), 1, 0)]);
        drop(second);
        scene.end();
    }

    #[test]
    fn a_cache_that_is_begun_meanwhile_joins_once() {
        let scene = Scene::new();
        let late: Rc<TestCache<Bare>> =
            Rc::new(Cache::deferred(scene.stage.heap(), layout(40, 8), merging("late"), Bare));
        let begins = Rc::clone(&late);
        scene.fill(move || give(&begins, begins.alloc().unwrap()));
        give(&late, late.alloc().unwrap());
        assert_eq!(listed(scene.stage.heap()), [(names(&["first", "late"]), 2, 0), (names(&["owner"]), 1, 0)]);
        scene.script.forget();
        drop(late);
        assert_eq!(listed(scene.stage.heap())[0], (names(&["first"]), 1, 0));
        scene.end();
    }
}
