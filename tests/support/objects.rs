//! What the tests of object caches share: a heap that lives as long as a test, objects whose callbacks are a test's own, and the
//! relations between the counters of a cache that hold whenever nothing of it is half done.

use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::ptr::NonNull;
use std::rc::Rc;

use flagstone::Heap;
use flagstone::objects::{Answer, Cache, CacheStats, Life, Refused};
use flagstone::source::Page;
use flagstone::units::Addr;

pub(crate) use super::assert_sound;
use super::{Deny, Fake, LOW, bytes, free, memory};

/// The heap of a test.
pub(crate) type TestHeap = Heap<Fake<'static>>;

/// A cache of a test.
pub(crate) type TestCache<L> = Cache<&'static TestHeap, L>;

/// A heap and its memory. Callbacks have to be `'static`, and use the heap, so it says it is; it ends with the stage.
pub(crate) struct Stage {
    heap: *mut TestHeap,
    pages: *mut [Page],
}

impl Stage {
    /// A heap over `pages` pages at the lowest address.
    pub(crate) fn new(pages: u32) -> Self {
        Self::at(pages, LOW)
    }

    /// A heap over `pages` pages at `origin`.
    pub(crate) fn at(pages: u32, origin: Addr) -> Self {
        let pages = Box::into_raw(memory(pages).into_boxed_slice());
        // SAFETY: just leaked; nobody else uses it until the stage ends.
        let fake = Fake::new(unsafe { &mut *pages }, origin);
        let heap = Heap::new(fake).expect("a page for the heap's state");
        Self { heap: Box::into_raw(Box::new(heap)), pages }
    }

    /// The heap, for what ends before the stage does.
    pub(crate) fn heap(&self) -> &'static TestHeap {
        // SAFETY: it stays where it is until the stage ends; tests let go of all caches before.
        unsafe { &*self.heap }
    }
}

impl Deref for Stage {
    type Target = TestHeap;

    fn deref(&self) -> &TestHeap {
        self.heap()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // SAFETY: it came from a box, and nobody uses it any more.
        drop(unsafe { Box::from_raw(self.heap) });
        // SAFETY: as above.
        drop(unsafe { Box::from_raw(self.pages) });
    }
}

/// What a test does when its objects are made, ended, asked for, and moved.
pub(crate) trait Play {
    /// As [`Life::construct`]; whether it is made.
    fn construct(&self, _at: NonNull<u8>, _size: u32) -> bool {
        true
    }

    /// As [`Life::destruct`].
    fn destruct(&self, _at: NonNull<u8>) {}

    /// As [`Life::reclaim`].
    fn reclaim(&self, _wanted: u32) {}

    /// As [`Life::relocate`].
    fn relocate(&self, _from: NonNull<u8>, _to: NonNull<u8>) -> Answer {
        Answer::No
    }
}

/// Objects whose owner is a test.
pub(crate) struct Actor<const CONSTRUCTS: bool, const MOVES: bool>(pub(crate) Rc<dyn Play>);

impl<const CONSTRUCTS: bool, const MOVES: bool> Life for Actor<CONSTRUCTS, MOVES> {
    const CONSTRUCTS: bool = CONSTRUCTS;
    const MOVES: bool = MOVES;

    unsafe fn construct(&self, at: NonNull<u8>, size: u32) -> Result<(), Refused> {
        if self.0.construct(at, size) { Ok(()) } else { Err(Refused) }
    }

    unsafe fn destruct(&self, at: NonNull<u8>) {
        self.0.destruct(at);
    }

    fn reclaim(&self, wanted: u32) {
        self.0.reclaim(wanted);
    }

    unsafe fn relocate(&self, from: NonNull<u8>, to: NonNull<u8>) -> Answer {
        self.0.relocate(from, to)
    }
}

/// A callback that a test has written down, or not.
pub(crate) type On<F> = RefCell<Option<Rc<F>>>;

/// Callbacks that a test writes down where it needs them, and calls counted.
#[derive(Default)]
pub(crate) struct Script {
    pub(crate) on_construct: On<dyn Fn(NonNull<u8>) -> bool>,
    pub(crate) on_destruct: On<dyn Fn(NonNull<u8>)>,
    pub(crate) on_reclaim: On<dyn Fn(u32)>,
    pub(crate) on_relocate: On<dyn Fn(NonNull<u8>, NonNull<u8>) -> Answer>,
    pub(crate) constructs: Cell<u64>,
    pub(crate) destructs: Cell<u64>,
    pub(crate) reclaims: Cell<u32>,
    pub(crate) relocates: Cell<u32>,
}

impl Script {
    /// Callbacks that do nothing yet.
    pub(crate) fn new() -> Rc<Self> {
        Rc::default()
    }

    /// The objects whose callbacks these are.
    pub(crate) fn actor<const CONSTRUCTS: bool, const MOVES: bool>(self: &Rc<Self>) -> Actor<CONSTRUCTS, MOVES> {
        Actor(Rc::<Self>::clone(self))
    }

    /// From now on constructors do this.
    pub(crate) fn construct_by(&self, f: impl Fn(NonNull<u8>) -> bool + 'static) {
        *self.on_construct.borrow_mut() = Some(Rc::new(f));
    }

    /// From now on destructors do this.
    pub(crate) fn destruct_by(&self, f: impl Fn(NonNull<u8>) + 'static) {
        *self.on_destruct.borrow_mut() = Some(Rc::new(f));
    }

    /// From now on the owner gives up so.
    pub(crate) fn reclaim_by(&self, f: impl Fn(u32) + 'static) {
        *self.on_reclaim.borrow_mut() = Some(Rc::new(f));
    }

    /// From now on objects are moved so.
    pub(crate) fn relocate_by(&self, f: impl Fn(NonNull<u8>, NonNull<u8>) -> Answer + 'static) {
        *self.on_relocate.borrow_mut() = Some(Rc::new(f));
    }

    /// From now on all callbacks do nothing; they may hold caches.
    pub(crate) fn forget(&self) {
        self.on_construct.take();
        self.on_destruct.take();
        self.on_reclaim.take();
        self.on_relocate.take();
    }
}

impl Play for Script {
    fn construct(&self, at: NonNull<u8>, _: u32) -> bool {
        let on = self.on_construct.borrow().clone();
        let made = on.is_none_or(|on| on(at));
        self.constructs.set(self.constructs.get() + u64::from(made));
        made
    }

    fn destruct(&self, at: NonNull<u8>) {
        self.destructs.set(self.destructs.get() + 1);
        let on = self.on_destruct.borrow().clone();
        if let Some(on) = on {
            on(at);
        }
    }

    fn reclaim(&self, wanted: u32) {
        self.reclaims.set(self.reclaims.get() + 1);
        let on = self.on_reclaim.borrow().clone();
        if let Some(on) = on {
            on(wanted);
        }
    }

    fn relocate(&self, from: NonNull<u8>, to: NonNull<u8>) -> Answer {
        self.relocates.set(self.relocates.get() + 1);
        let on = self.on_relocate.borrow().clone();
        on.map_or(Answer::No, |on| on(from, to))
    }
}

/// A place where callbacks find a cache that is made after them.
pub(crate) struct Later<T>(RefCell<Option<Rc<T>>>);

impl<T> Later<T> {
    /// Nothing is there yet.
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Self(RefCell::new(None)))
    }

    /// Puts it there.
    pub(crate) fn put(&self, what: T) -> Rc<T> {
        let what = Rc::new(what);
        *self.0.borrow_mut() = Some(Rc::clone(&what));
        what
    }

    /// What is there.
    pub(crate) fn get(&self) -> Option<Rc<T>> {
        self.0.borrow().clone()
    }

    /// Takes it away.
    pub(crate) fn take(&self) -> Option<Rc<T>> {
        self.0.borrow_mut().take()
    }
}

/// Gives an object back.
pub(crate) fn give<L: Life>(cache: &TestCache<L>, at: NonNull<u8>) {
    // SAFETY: tests pass what came from this cache, once.
    unsafe { cache.free(at) };
}

/// Byte `index` of what belongs to `stamp`.
const fn byte(stamp: u64, index: usize) -> u8 {
    (stamp >> (index % 8 * 8)) as u8 ^ index as u8
}

/// Fills the first `len` bytes of an object with what belongs to `stamp`.
pub(crate) fn paint(at: NonNull<u8>, len: u32, stamp: u64) {
    // SAFETY: the object is as long, and the test holds it.
    let bytes = unsafe { std::slice::from_raw_parts_mut(at.as_ptr(), len as usize) };
    bytes.iter_mut().enumerate().for_each(|(index, value)| *value = byte(stamp, index));
}

/// The first `len` bytes of an object.
pub(crate) fn content<'a>(at: NonNull<u8>, len: u32) -> &'a [u8] {
    // SAFETY: the object is as long, and nobody writes to it while a test looks.
    unsafe { std::slice::from_raw_parts(at.as_ptr(), len as usize) }
}

/// Whether the first `len` bytes of an object are what belongs to `stamp`.
pub(crate) fn shows(at: NonNull<u8>, len: u32, stamp: u64) -> bool {
    content(at, len).iter().enumerate().all(|(index, value)| *value == byte(stamp, index))
}

/// Copies an object to another place, as a move does.
pub(crate) fn copy(from: NonNull<u8>, to: NonNull<u8>, len: u32) {
    // SAFETY: both are objects of so many bytes, and two of them.
    unsafe { to.copy_from_nonoverlapping(from, len as usize) };
}

/// Fails where the counters of a cache, of which nothing is half done, contradict each other (I-1 to I-5, I-22, I-29, I-41).
pub(crate) fn assert_counts(stats: &CacheStats, constructs: bool) {
    let taken = u64::from(stats.live) + u64::from(stats.cached);
    let slabs = u64::from(stats.slabs);
    assert_eq!(stats.dead_slabs, 0, "{stats:?}");
    assert_eq!(stats.slab_creates - stats.slab_destroys, slabs, "slabs: {stats:?}");
    assert_eq!(u64::from(stats.total), slabs * u64::from(stats.objects_per_slab), "objects: {stats:?}");
    assert!(stats.total_max >= stats.total && u64::from(stats.taken_max) >= taken, "maxima: {stats:?}");
    assert_eq!(stats.slab_allocations - stats.slab_frees, taken, "out of slabs: {stats:?}");
    assert!(taken <= u64::from(stats.total), "more out of slabs than there are: {stats:?}");
    assert_eq!(stats.available + stats.live, stats.total, "free and held: {stats:?}");
    assert_eq!(stats.allocations - stats.frees, u64::from(stats.live), "held: {stats:?}");
    let free = u64::from(stats.total) - taken;
    assert!(free >= u64::from(stats.empty_slabs) * u64::from(stats.objects_per_slab), "empty slabs: {stats:?}");
    let constructed = if constructs { taken } else { 0 };
    assert_eq!(stats.constructs - stats.destructs, constructed, "constructed: {stats:?}");
    let parked = stats.cached - stats.full_magazines * stats.magazine_rounds;
    assert!(parked <= 2 * stats.magazine_rounds, "at most two magazines are loaded: {stats:?}");
    assert!(stats.idle_magazines <= stats.full_magazines, "{stats:?}");
    let answers = [stats.move_yes, stats.move_no, stats.move_later, stats.move_dont_need, stats.move_dont_know];
    assert_eq!(stats.move_callbacks, answers.iter().sum::<u32>(), "answers: {stats:?}");
    assert!(stats.move_hunt_found <= stats.move_dont_know && stats.depot_allocations <= stats.depot_frees, "{stats:?}");
    assert!(stats.constructor_failures <= stats.failures && (1..8).contains(&stats.move_threshold), "{stats:?}");
    let ideal = taken.div_ceil(u64::from(stats.objects_per_slab));
    assert_eq!(u64::from(stats.move_reclaimable), slabs - ideal, "what moving would give: {stats:?}");
}

/// Refuses all growth and takes all that is free but for what is less than `least` bytes long; what was taken.
pub(crate) fn fill_up(stage: &Stage, least: usize) -> Vec<(*mut u8, usize)> {
    stage.source().deny(Deny::Always);
    let mut held = Vec::new();
    let mut size = 1 << 20;
    while size >= least {
        let at = stage.alloc(bytes(size));
        if at.is_null() { size /= 2 } else { held.push((at, size)) }
    }
    held
}

/// Gives back what was taken, and refuses nothing any more.
pub(crate) fn let_go(stage: &Stage, held: Vec<(*mut u8, usize)>) {
    for (at, size) in held {
        free(stage, at, bytes(size));
    }
    stage.source().deny(Deny::Never);
}

/// Ends a cache of which nothing is held, and checks that it leaves nothing in its heap.
pub(crate) fn end<L: Life>(stage: &Stage, cache: TestCache<L>, before: u64) {
    assert_counts(&cache.stats(), L::CONSTRUCTS);
    assert!(cache.destroy().is_ok(), "nothing is held");
    assert_eq!(stage.stats().live_bytes(), before, "what the cache left");
    stage.reclaim();
    assert_eq!(stage.stats().arena.slab_bytes, 0, "slabs left");
    assert_sound(stage);
}
