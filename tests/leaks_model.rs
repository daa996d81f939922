//! Claim: over random heaps a scan for leaks says what a model of who points to whom does, by steps of any size; and whatever the bytes
//! of a heap are, it neither panics nor runs on.
//!
//! Not under Miri: it is slow, and what is under test has no unsafe code.
#![cfg(all(feature = "inspector", not(miri)))]

#[path = "image_arenas/specimen.rs"]
mod arenas;
#[path = "image_objects/specimen.rs"]
mod objects;
mod support;
#[path = "image_leaks/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use flagstone::image::leaks::{LeakScan, Options};
use flagstone::image::survey::{Kind, Survey};
use support::{Fake, LOW, Rng, address, bytes, free, heap, memory};
use world::{STATICS, World};

/// A random heap with known pointers.
struct Graph {
    world: World,
    /// Where the objects are, in address order.
    at: Vec<u32>,
    /// The objects that each points to.
    edges: Vec<Vec<usize>>,
    /// The objects that static data points to, and JavaScript.
    held: [Vec<usize>; 2],
}

impl Graph {
    fn random(rng: &mut Rng) -> Self {
        let mut pages = memory(40);
        let heap = heap(Fake::new(&mut pages, LOW));
        let count = 2 + rng.below(60) as usize;
        let mut made: Vec<(u32, *mut u8, usize)> = Vec::new();
        let mut gone = Vec::new();
        while made.len() < count {
            let len = [8, 16, 40, 100, 1_024, 3_000, 16_000, 40_000][rng.below(8) as usize];
            let object = heap.alloc(bytes(len));
            assert!(!object.is_null());
            made.push((address(&heap, object), object, len));
            if rng.below(4) == 0 {
                let (at, object, len) = made.swap_remove(rng.below(made.len() as u32) as usize);
                free(&heap, object, bytes(len));
                gone.push(at);
            }
        }
        let mut at: Vec<u32> = made.iter().map(|(at, _, _)| *at).collect();
        at.sort_unstable();
        let mut world = World::of(&heap);
        world.clear(&at);
        let survey = world.survey();
        let mut edges = vec![Vec::new(); count];
        let density = rng.below(4);
        let inside = |rng: &mut Rng, at: u32| at + rng.below(survey.held_at(at).unwrap());
        for (from, edges) in edges.iter_mut().enumerate() {
            let words = survey.held_at(at[from]).unwrap() / 4;
            for _ in 0..rng.below(density + 2) {
                // Where two are written into one word, the first is no more.
                let slot = rng.below(words.min(2_000));
                let to = rng.below(count as u32) as usize;
                if !edges.iter().any(|(_, taken)| *taken == slot) {
                    edges.push((to, slot));
                    world.set(at[from] + 4 * slot, inside(rng, at[to]));
                }
            }
        }
        let mut held = [Vec::new(), Vec::new()];
        for index in 0..rng.below(5) {
            let to = rng.below(count as u32) as usize;
            held[(index % 2) as usize].push(to);
        }
        for (index, to) in held[0].iter().enumerate() {
            world.set(STATICS[index % 2] + 4 * index as u32, inside(rng, at[*to]));
        }
        // What is free leads nowhere.
        let is_free = |at: u32| match survey.segment_at(at).expect("it was in the heap").kind {
            Kind::Free | Kind::Parked => true,
            Kind::Slab(Some(slab)) => {
                let slab = &survey.slabs[slab];
                survey.held_at(at - (at - slab.start) % slab.size).is_none()
            }
            _ => false,
        };
        for gone in gone.into_iter().filter(|gone| is_free(*gone)) {
            world.set(gone, at[rng.below(count as u32) as usize]);
        }
        let edges = edges.into_iter().map(|edges| edges.into_iter().map(|(to, _)| to).collect()).collect();
        Self { world, at, edges, held }
    }

    /// Everything that these lead to, they included.
    fn closure(&self, from: &[usize]) -> BTreeSet<usize> {
        let mut met: BTreeSet<usize> = from.iter().copied().collect();
        let mut next: Vec<usize> = from.to_vec();
        while let Some(object) = next.pop() {
            next.extend(self.edges[object].iter().filter(|to| met.insert(**to)));
        }
        met
    }

    /// The leaks: where each begins, whether it is a cycle, and the objects it holds.
    fn leaks(&self, held: &[usize]) -> Vec<(u32, bool, Vec<u32>)> {
        let met = self.closure(held);
        let lost: Vec<usize> = (0..self.at.len()).filter(|object| !met.contains(object)).collect();
        let reach: Vec<BTreeSet<usize>> = (0..self.at.len()).map(|object| self.closure(&[object])).collect();
        let mut taken = BTreeSet::new();
        let mut leaks = Vec::new();
        for &object in &lost {
            // Whoever leads to it, it leads to as well; and it is the first of those.
            let mut above = lost.iter().filter(|other| reach[**other].contains(&object));
            if !above.all(|other| reach[object].contains(other) && object <= *other) {
                continue;
            }
            let others = reach[object].iter().filter(|other| !met.contains(other) && **other != object);
            let cycle =
                self.edges[object].contains(&object) || others.clone().any(|other| reach[*other].contains(&object));
            let holds = others.filter(|other| taken.insert(**other)).map(|other| self.at[*other]).collect();
            taken.insert(object);
            leaks.push((self.at[object], cycle, holds));
        }
        leaks
    }
}

#[test]
fn a_random_graph_is_reported_as_a_model_does() {
    let mut seen = [0; 4];
    for seed in 0..600 {
        let mut rng = Rng::new(seed);
        let graph = Graph::random(&mut rng);
        let survey = graph.world.survey();
        for js in [false, true] {
            let mut held = graph.held[0].clone();
            let held_by_js = js.then(|| {
                held.extend(&graph.held[1]);
                graph.held[1].iter().map(|to| graph.at[*to]).collect()
            });
            let mut scan = LeakScan::new(&survey, Options { held_by_js, ..Options::default() });
            let (mut before, budget) = (0, 1 + u64::from(rng.below(3_000)));
            loop {
                let progress = scan.step(&graph.world, budget);
                assert!(progress.done >= before && progress.done <= progress.total, "seed {seed}");
                before = progress.done;
                if progress.ended {
                    assert_eq!(progress.done, progress.total);
                    break;
                }
            }
            let met = graph.closure(&held);
            for (index, at) in graph.at.iter().enumerate() {
                assert_eq!(scan.reaches(*at), Some(met.contains(&index)), "seed {seed}, object {at:#x}");
            }
            let report = scan.finish(&graph.world);
            let expected = graph.leaks(&held);
            let bytes = |at: &[u32]| at.iter().map(|at| u64::from(survey.held_at(*at).unwrap())).sum::<u64>();
            let found: Vec<_> =
                report.leaks.iter().map(|leak| (leak.address, leak.cycle, leak.held, leak.held_bytes)).collect();
            let model: Vec<_> =
                expected.iter().map(|(at, cycle, held)| (*at, *cycle, held.len() as u32, bytes(held))).collect();
            assert_eq!(found, model, "seed {seed}");
            assert_eq!(report.lost_objects as usize, graph.at.len() - met.len());
            let grouped: u64 = report.groups.iter().map(|group| group.bytes + group.held_bytes).sum();
            assert_eq!(grouped, report.lost_bytes);
            let kinds =
                [!met.is_empty(), model.iter().any(|it| it.1), model.iter().any(|it| it.2 > 3), model.len() > 5];
            kinds.iter().zip(&mut seen).for_each(|(kind, count)| *count += u32::from(*kind));
        }
    }
    assert!(seen.iter().all(|count| *count > 50), "something of everything was seen: {seen:?}");
}

#[test]
fn a_scan_of_any_damaged_heap_comes_to_an_end() {
    let specimens = [support::specimen::sound(), objects::sound(), arenas::sound()];
    for (index, right) in specimens.iter().enumerate() {
        let mut rng = Rng::new(index as u64);
        let words: Vec<u32> = right.state().chain(right.metadata()).collect();
        let live: Vec<u32> = {
            let survey = right.survey();
            let records = survey.object_caches.iter().map(|cache| cache.id).chain(survey.arenas.iter().map(|it| it.id));
            records.flat_map(|at| (at..at + survey.held_at(at).unwrap()).step_by(4)).collect()
        };
        for round in 0..400 {
            let mut damaged = right.clone();
            for _ in 0..1 + rng.below(20) {
                let places = if rng.below(2) == 0 && !live.is_empty() { &live } else { &words };
                let at = places[rng.below(places.len() as u32) as usize];
                let word = match rng.below(4) {
                    0 => rng.bits() as u32,
                    1 => words[rng.below(words.len() as u32) as usize],
                    2 => right.word(at) ^ 1 << rng.below(32),
                    _ => [0, u32::MAX, 0x8000_0000, LOW.0][rng.below(4) as usize],
                };
                damaged.set(at, word);
            }
            let begun = Instant::now();
            let Ok(survey) = Survey::take(&damaged, damaged.root) else { continue };
            let options = Options { stack: true, roots: vec![rng.bits() as u32, u32::MAX], ..Options::default() };
            let report = LeakScan::new(&survey, options).finish(&damaged);
            assert!(report.lost_objects <= report.live_objects, "specimen {index}, round {round}");
            assert!(report.leaks.len() as u32 <= report.lost_objects);
            let took = begun.elapsed();
            assert!(took < Duration::from_secs(10), "specimen {index}, round {round}: {took:?}");
        }
    }
}
