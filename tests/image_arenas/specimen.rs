//! A heap with arenas that have something of everything, to be damaged.
#![allow(dead_code, reason = "each test program uses a part of this")]

use flagstone::Heap;
use flagstone::image::arenas::ArenaInfo;
use flagstone::vmem::{Arena, IdArena, Options, Reuse};

use crate::support::snapshot::Snapshot;
use crate::support::{Fake, LOW, Rng, assert_sound, heap, memory};

/// Takes lengths up to `most` from an arena and gives some back, by chance, and then a third of those that are held.
pub(crate) fn churn(rng: &mut Rng, arena: &Arena<'_, &Heap<Fake<'_>>>, steps: u32, most: u32) {
    let mut held = Vec::new();
    for _ in 0..steps {
        let len = 1 + rng.below(most);
        if rng.below(5) < 3 {
            held.extend(arena.alloc(len).ok().map(|at| (at, len)));
        } else if !held.is_empty() {
            let (at, len) = held.swap_remove(rng.below(held.len() as u32) as usize);
            assert_eq!(arena.free(at, len), Ok(()));
        }
    }
    for (at, len) in held.into_iter().step_by(3) {
        assert_eq!(arena.free(at, len), Ok(()));
    }
    assert_eq!(arena.check(), Ok(()));
}

/// Makes the arenas of a heap, and shows the heap while they are there: `frames`, memory imported from the heap; `nodes`, with
/// quantum caches, imported from that; `ports`, numbers in two spans, with quantum caches; and `handles`, ids.
pub(crate) fn with_arenas<R>(show: impl FnOnce(&Heap<Fake<'_>>, [&Arena<'_, &Heap<Fake<'_>>>; 3]) -> R) -> R {
    let mut memory = memory(24);
    let heap = heap(Fake::new(&mut memory, LOW));
    let mut rng = Rng::new(11);
    let options =
        Options { quantum: 1024, import: Some(&heap), import_factor: 8, memory: true, ..Options::new("frames") };
    let frames = Arena::new(&heap, options).expect("records");
    churn(&mut rng, &frames, 40, 9_000);
    let options =
        Options { quantum: 64, import: Some(&frames), quantum_caches: 256, memory: true, ..Options::new("nodes") };
    let nodes = Arena::new(&heap, options).expect("records");
    churn(&mut rng, &nodes, 1_500, 300);
    let ports = Arena::new(&heap, Options { quantum_caches: 8, ..Options::new("ports") }).expect("records");
    ports.add(40_000, 20_000).expect("room");
    ports.add(1_024, 30_000).expect("room");
    for _ in 0..1_000 {
        let at = ports.alloc(1_000).expect("room");
        ports.free(at, 1_000).expect("held");
    }
    churn(&mut rng, &ports, 500, 60);
    let handles = IdArena::new(&heap, "handles", 1..=9_999, Reuse::Lowest).expect("records");
    for id in 1..=300 {
        assert_eq!(handles.alloc(), Ok(id));
    }
    for id in (1..=300).step_by(3).chain(64..128) {
        let _ = handles.free(id);
    }
    assert_eq!(handles.alloc(), Ok(1));
    assert_sound(&heap);
    show(&heap, [&frames, &nodes, &ports])
}

/// A copy of that heap.
pub(crate) fn sound() -> Snapshot {
    with_arenas(|heap, _| Snapshot::of(heap))
}

/// The arena of that name in it.
pub(crate) fn named(snapshot: &Snapshot, name: &str) -> ArenaInfo {
    snapshot.survey().arenas.into_iter().find(|arena| arena.name == name).expect("such an arena")
}

/// The addresses of the words of an arena's record.
pub(crate) fn record(snapshot: &Snapshot, arena: &ArenaInfo) -> impl Iterator<Item = u32> + use<> {
    let len = snapshot.survey().held_at(arena.id).expect("it is an allocation of the heap");
    (arena.id..arena.id + len).step_by(4)
}
