//! Object caches whose owners do as they are told, and a heap with caches that have something of everything, to be damaged.
#![allow(dead_code, reason = "each test program uses a part of this")]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::rc::Rc;

use flagstone::Heap;
use flagstone::objects::{Answer, Bare, Budget, Cache, Life, Options, Refused};

use crate::support::snapshot::Snapshot;
use crate::support::{Fake, LOW, assert_sound, heap, layout, memory};

/// What the owner of a cache holds and will answer, by object.
#[derive(Default)]
pub(crate) struct Held {
    /// The objects, and what is said when one of them is to move.
    pub(crate) objects: RefCell<BTreeMap<NonNull<u8>, Answer>>,
    /// The constructor refuses every so many calls; zero for never.
    pub(crate) refuse: Cell<u32>,
    calls: Cell<u32>,
}

/// The owner of a cache whose objects begin as a pattern and can be moved.
pub(crate) struct Owner(pub(crate) Rc<Held>);

/// What the first bytes of a constructed object are.
pub(crate) const PATTERN: [u8; 4] = *b"made";

impl Life for Owner {
    const CONSTRUCTS: bool = true;
    const MOVES: bool = true;

    unsafe fn construct(&self, at: NonNull<u8>, _: u32) -> Result<(), Refused> {
        let calls = self.0.calls.get() + 1;
        self.0.calls.set(calls);
        if self.0.refuse.get() != 0 && calls.is_multiple_of(self.0.refuse.get()) {
            return Err(Refused);
        }
        // SAFETY: bare memory for an object, of 4 bytes and more, at a multiple of 4.
        unsafe { at.cast::<[u8; 4]>().write(PATTERN) };
        Ok(())
    }

    unsafe fn destruct(&self, at: NonNull<u8>) {
        // SAFETY: an object that nobody uses.
        unsafe { at.write_bytes(0xdd, 4) };
    }

    unsafe fn relocate(&self, from: NonNull<u8>, to: NonNull<u8>) -> Answer {
        let mut objects = self.0.objects.borrow_mut();
        let Some(answer) = objects.get(&from).copied() else { return Answer::DontKnow };
        if matches!(answer, Answer::Yes | Answer::DontNeed) {
            objects.remove(&from);
        }
        if answer == Answer::Yes {
            objects.insert(to, answer);
        }
        answer
    }
}

/// A cache of a heap that misbehaves on request.
pub(crate) type Of<'h, 'm, L> = Cache<&'h Heap<Fake<'m>>, L>;

/// Gives an object back.
pub(crate) fn free<L: Life>(cache: &Of<'_, '_, L>, object: NonNull<u8>) {
    // SAFETY: tests pass what the cache returned, once.
    unsafe { cache.free(object) };
}

/// The size, in bytes, of an object of `tiles`; objects are 104 bytes apart, 39 in a slab.
pub(crate) const TILE: usize = 100;

/// Makes the caches of a heap, and shows the heap while they are there: `tiles`, with a depot, paid for by the budget `images`;
/// `nodes`, whose objects were moved together as far as their owner would; `voices`, a zone; and `plain`, without magazines.
pub(crate) fn with_caches<R>(show: impl FnOnce(&Heap<Fake<'_>>, &Of<'_, '_, Bare>, &Of<'_, '_, Owner>) -> R) -> R {
    let mut memory = memory(24);
    let heap = heap(Fake::new(&mut memory, LOW));
    let budget = Budget::new(&heap, "images", 1 << 20, |_| ()).expect("memory");
    let spare = Budget::new(&heap, "spare", 0, |_| ()).expect("memory");
    let options = Options { budget: Some(&budget), ..Options::new("tiles") };
    let tiles = Cache::new(&heap, layout(TILE, 8), options, Bare).expect("memory");
    let objects: Vec<_> = (0..500).map(|_| tiles.alloc().expect("memory")).collect();
    let held = Rc::new(Held::default());
    let nodes = Cache::new(&heap, layout(48, 8), Options { keep: 70, ..Options::new("nodes") }, Owner(held.clone()));
    let nodes = nodes.expect("memory");
    let answers = [Answer::Yes, Answer::Yes, Answer::Yes, Answer::No, Answer::Later, Answer::DontNeed];
    for index in 0..2_000 {
        let answer = if index < 600 { Answer::Yes } else { answers[index % answers.len()] };
        held.objects.borrow_mut().insert(nodes.alloc().expect("memory"), answer);
    }
    // One of five stays, so that there is something to move.
    let all: Vec<_> = held.objects.borrow().keys().copied().collect();
    let gone = all.iter().enumerate().filter(|(index, _)| !index.is_multiple_of(5)).map(|(_, at)| *at);
    for at in gone {
        held.objects.borrow_mut().remove(&at);
        free(&nodes, at);
    }
    nodes.shrink().expect("it is begun");
    nodes.consolidate().expect("it is begun");
    let more: Vec<_> = (0..90).map(|_| nodes.alloc().expect("memory")).collect();
    for at in more {
        free(&nodes, at);
    }
    for object in objects.iter().step_by(2).take(140) {
        free(&tiles, *object);
    }
    // The rounds of some magazines go back to their slabs, and others are taken, so that empty ones are there.
    tiles.reap().expect("it is begun");
    tiles.update().expect("it is begun");
    tiles.reap().expect("it is begun");
    for object in objects.iter().skip(1).step_by(2).take(100) {
        free(&tiles, *object);
    }
    for _ in 0..50 {
        let _ = tiles.alloc().expect("an object of a magazine");
    }
    let voices = Cache::new(&heap, layout(200, 8), Options::zone("voices", 20), Owner(Rc::default())).expect("memory");
    let _ = voices.alloc().expect("one of 20");
    let plain = Options { magazines: false, limit: 9, ..Options::new("plain") };
    let plain = Cache::new(&heap, layout(3_000, 64), plain, Bare).expect("memory");
    for _ in 0..9 {
        let _ = plain.alloc().expect("one of 9");
    }
    assert!(plain.alloc().is_err());
    assert_sound(&heap);
    let shown = show(&heap, &tiles, &nodes);
    drop(spare);
    shown
}

/// A copy of that heap.
pub(crate) fn sound() -> Snapshot {
    with_caches(|heap, _, _| Snapshot::of(heap))
}
