//! A world of object caches with a shadow of each: which objects are held, which rest constructed, and what they contain. Its
//! callbacks answer by chance, and use whatever caches there are, their own too.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::rc::{Rc, Weak};

use flagstone::objects::{Answer, Budget, Cache, CacheStats, Error, Flags, Life, Options};

use super::objects::{Play, TestCache, TestHeap, content, copy, give, paint, shows};
use super::{PAGE, Rng};

/// A budget that tells a world.
pub(crate) type TestBudget = Budget<&'static TestHeap, Box<dyn Fn(u32)>>;

/// A cache, whatever its objects are.
pub(crate) trait AnyCache {
    fn alloc(&self, flags: Option<Flags>) -> Result<NonNull<u8>, Error>;
    fn alloc_bulk(&self, into: &mut [Option<NonNull<u8>>]) -> Result<(), Error>;
    fn free(&self, at: NonNull<u8>);
    fn free_bulk(&self, objects: &mut [Option<NonNull<u8>>]);
    fn stats(&self) -> CacheStats;
    fn reap(&self);
    fn shrink(&self) -> bool;
    fn update(&self);
    fn consolidate(&self);
    fn notify(&self, at: NonNull<u8>);
    fn set_rounds(&self, rounds: u32) -> Result<(), Error>;
    fn set_limit(&self, limit: u32) -> Result<(), Error>;
    /// Ends it; gives it back where that is refused, or somebody further up uses it.
    fn destroy(self: Rc<Self>) -> Result<(), (Rc<dyn AnyCache>, Option<Error>)>;
}

impl<L: Life + 'static> AnyCache for TestCache<L> {
    fn alloc(&self, flags: Option<Flags>) -> Result<NonNull<u8>, Error> {
        flags.map_or_else(|| self.alloc(), |flags| self.alloc_with(flags))
    }

    fn alloc_bulk(&self, into: &mut [Option<NonNull<u8>>]) -> Result<(), Error> {
        self.alloc_bulk(into)
    }

    fn free(&self, at: NonNull<u8>) {
        give(self, at);
    }

    fn free_bulk(&self, objects: &mut [Option<NonNull<u8>>]) {
        // SAFETY: the world holds each of them, and lets go of it.
        unsafe { self.free_bulk(objects) };
    }

    fn stats(&self) -> CacheStats {
        self.stats()
    }

    fn reap(&self) {
        self.reap().expect("a cache that was begun");
    }

    fn shrink(&self) -> bool {
        self.shrink().expect("a cache that was begun")
    }

    fn update(&self) {
        self.update().expect("a cache that was begun");
    }

    fn consolidate(&self) {
        self.consolidate().expect("a cache that was begun");
    }

    fn notify(&self, at: NonNull<u8>) {
        // SAFETY: the world holds it.
        unsafe { self.notify(at) };
    }

    fn set_rounds(&self, rounds: u32) -> Result<(), Error> {
        self.set_rounds(rounds)
    }

    fn set_limit(&self, limit: u32) -> Result<(), Error> {
        self.set_limit(limit)
    }

    fn destroy(self: Rc<Self>) -> Result<(), (Rc<dyn AnyCache>, Option<Error>)> {
        match Rc::try_unwrap(self) {
            Ok(cache) => {
                Cache::destroy(cache).map_err(|(cache, error)| (Rc::new(cache) as Rc<dyn AnyCache>, Some(error)))
            }
            Err(cache) => Err((cache, None)),
        }
    }
}

/// What the world knows of a cache.
pub(crate) struct Book {
    pub(crate) world: Weak<World>,
    pub(crate) size: u32,
    pub(crate) align: u32,
    pub(crate) constructs: bool,
    pub(crate) zone: bool,
    pub(crate) keep: u32,
    pub(crate) reserve: u32,
    pub(crate) limit: Cell<u32>,
    /// The most objects it may have out of slabs after its limit was lowered.
    pub(crate) allowed: Cell<u32>,
    /// Its budget's place in the world.
    pub(crate) budget: Option<usize>,
    /// The cache, until it ends.
    pub(crate) place: RefCell<Option<Rc<dyn AnyCache>>>,
    /// Objects that are held, and what belongs into them.
    pub(crate) live: RefCell<BTreeMap<NonNull<u8>, u64>>,
    /// Constructed objects that nobody holds, and what was left in them.
    pub(crate) resting: RefCell<BTreeMap<NonNull<u8>, u64>>,
    /// Objects in a constructor or a destructor.
    pub(crate) passing: RefCell<Vec<NonNull<u8>>>,
    pub(crate) made: Cell<u64>,
    pub(crate) ended: Cell<u64>,
    pub(crate) allocated: Cell<u64>,
    pub(crate) freed: Cell<u64>,
    pub(crate) failed: Cell<u32>,
    /// Whether a bulk request failed, so that more was allocated and freed than the world saw.
    pub(crate) blurred: Cell<bool>,
    pub(crate) answers: [Cell<u32>; 5],
    pub(crate) asked: Cell<u32>,
    moving: Cell<bool>,
}

/// All caches of a program, and whatever its callbacks use.
pub(crate) struct World {
    pub(crate) heap: &'static TestHeap,
    pub(crate) rng: RefCell<Rng>,
    pub(crate) books: RefCell<Vec<Rc<Book>>>,
    pub(crate) budgets: RefCell<Vec<Option<Rc<TestBudget>>>>,
    /// Callbacks that run.
    pub(crate) depth: Cell<u32>,
    /// Whether something stays in the heap for ever: what a dropped cache or budget left.
    pub(crate) leaves: Cell<bool>,
    /// Where objects begin that are held or constructed, and where they end.
    space: RefCell<BTreeMap<u32, u32>>,
    /// Objects that are being moved.
    pinned: RefCell<Vec<NonNull<u8>>>,
    stamp: Cell<u64>,
}

fn up<T: Copy + std::ops::Add<Output = T> + From<u8>>(count: &Cell<T>) {
    count.set(count.get() + T::from(1));
}

impl World {
    /// A world in a heap, with the chances of a seed.
    pub(crate) fn new(heap: &'static TestHeap, seed: u64) -> Rc<Self> {
        Rc::new(Self {
            heap,
            rng: RefCell::new(Rng::new(seed)),
            books: RefCell::default(),
            budgets: RefCell::default(),
            depth: Cell::new(0),
            leaves: Cell::new(false),
            space: RefCell::default(),
            pinned: RefCell::default(),
            stamp: Cell::new(seed << 20),
        })
    }

    pub(crate) fn below(&self, limit: u32) -> u32 {
        self.rng.borrow_mut().below(limit)
    }

    /// Whether one of so many is drawn.
    pub(crate) fn chance(&self, of: u32) -> bool {
        self.below(of) == 0
    }

    fn next_stamp(&self) -> u64 {
        up(&self.stamp);
        self.stamp.get().wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// A cache that has not ended.
    pub(crate) fn any_book(&self) -> Option<Rc<Book>> {
        let books = self.books.borrow();
        let open: Vec<_> = books.iter().filter(|book| book.place.borrow().is_some()).collect();
        if open.is_empty() { None } else { Some(Rc::clone(open[self.below(open.len() as u32) as usize])) }
    }

    /// Takes the place of an object; fails where another one is there, or nothing of the heap's.
    fn claim(&self, at: NonNull<u8>, size: u32) {
        let source = self.heap.source();
        let start = flagstone::source::Source::addr(source, at.as_ptr()).0;
        let memory = u64::from(source.origin().0)..=u64::from(source.origin().0) + u64::from(source.granted() * PAGE);
        assert!(memory.contains(&u64::from(start)) && memory.contains(&(u64::from(start) + u64::from(size))));
        let mut space = self.space.borrow_mut();
        let before = space.range(..start).next_back().map_or(0, |(_, &end)| end);
        let after = space.range(start..).next().map_or(u32::MAX, |(&start, _)| start);
        assert!(
            before <= start && start + size <= after,
            "{start:#x} and {size} bytes between {before:#x} and {after:#x}"
        );
        space.insert(start, start + size);
    }

    fn unclaim(&self, at: NonNull<u8>) {
        let start = flagstone::source::Source::addr(self.heap.source(), at.as_ptr()).0;
        assert!(self.space.borrow_mut().remove(&start).is_some());
    }

    /// Takes an object of a cache; what it says.
    pub(crate) fn alloc(&self, book: &Book, flags: Option<Flags>) -> bool {
        let Some(cache) = book.cache() else { return false };
        let asked = self.heap.source().asked.borrow().len();
        let got = cache.alloc(flags);
        if book.zone {
            assert_eq!(self.heap.source().asked.borrow().len(), asked, "a zone asks for no memory");
        }
        match got {
            Ok(at) => book.receive(self, at, flags.is_some_and(|flags| flags.has(Flags::ZEROED))),
            Err(error) => book.refused(error),
        }
        got.is_ok()
    }

    /// Gives an object back that is not being moved, if there is one.
    pub(crate) fn free(&self, book: &Book) {
        let Some(cache) = book.cache() else { return };
        if let Some(at) = book.any_live(self) {
            book.let_go(self, at);
            cache.free(at);
        }
    }

    /// Ends a cache, or by chance drops it whatever is held.
    pub(crate) fn end(&self, book: &Book, drops: bool) {
        let quiet = self.depth.get() == 0;
        let Some(cache) = book.place.take() else { return };
        let held = book.live.borrow().len() as u32;
        if drops && Rc::strong_count(&cache) == 1 {
            self.leaves.set(self.leaves.get() || held != 0 || !quiet);
            drop(cache);
            return;
        }
        match cache.destroy() {
            Ok(()) => {
                assert!(held == 0, "it ended with objects held");
                self.leaves.set(self.leaves.get() || !quiet);
                assert!(!quiet || book.resting.borrow().is_empty() && book.made.get() == book.ended.get());
            }
            Err((cache, error)) => {
                assert!(!quiet || error == Some(Error::Busy { objects: held }) && held != 0, "{error:?}, {held} held");
                *book.place.borrow_mut() = Some(cache);
            }
        }
    }

    /// Something that a callback does by chance.
    fn nested(&self) {
        if self.depth.get() > 2 || !self.chance(6) {
            return;
        }
        let Some(book) = self.any_book() else { return };
        match self.below(40) {
            0..=15 => drop(self.alloc(&book, None)),
            16..=31 => self.free(&book),
            32 => self.end(&book, self.chance(4)),
            33 => book.cache().expect("an open one").consolidate(),
            34 => drop(book.cache().expect("an open one").shrink()),
            35 => book.cache().expect("an open one").reap(),
            36 => book.cache().expect("an open one").update(),
            37 => self.heap.tick(),
            38 => drop(self.heap.reclaim()),
            _ => drop(book.cache().expect("an open one").set_rounds(7)),
        }
    }

    /// What the owner of a budget does who is told that it is spent.
    pub(crate) fn spent(&self) {
        up(&self.depth);
        self.nested();
        self.depth.set(self.depth.get() - 1);
    }
}

impl Book {
    pub(crate) fn new(
        world: &Rc<World>,
        (size, align): (u32, u32),
        constructs: bool,
        options: &Options<'_>,
        budget: Option<usize>,
    ) -> Rc<Self> {
        Rc::new(Self {
            world: Rc::downgrade(world),
            size,
            align,
            constructs,
            zone: options.zone,
            keep: if options.zone { options.limit } else { options.keep },
            reserve: options.reserve,
            limit: Cell::new(options.limit),
            allowed: Cell::new(if options.limit == 0 { u32::MAX } else { options.limit }),
            budget,
            place: RefCell::default(),
            live: RefCell::default(),
            resting: RefCell::default(),
            passing: RefCell::default(),
            made: Cell::default(),
            ended: Cell::default(),
            allocated: Cell::default(),
            freed: Cell::default(),
            failed: Cell::default(),
            blurred: Cell::default(),
            answers: Default::default(),
            asked: Cell::default(),
            moving: Cell::default(),
        })
    }

    /// The cache, held while it is used.
    pub(crate) fn cache(&self) -> Option<Rc<dyn AnyCache>> {
        self.place.borrow().clone()
    }

    fn world(&self) -> Rc<World> {
        self.world.upgrade().expect("the world outlives its callbacks")
    }

    /// An object that is held and not being moved.
    pub(crate) fn any_live(&self, world: &World) -> Option<NonNull<u8>> {
        let live = self.live.borrow();
        let place = world.below(live.len().max(1) as u32) as usize;
        live.keys().copied().nth(place).filter(|at| !world.pinned.borrow().contains(at))
    }

    /// An object came out of the cache.
    pub(crate) fn receive(&self, world: &World, at: NonNull<u8>, zeroed: bool) {
        assert!(at.addr().get().is_multiple_of(self.align as usize), "not aligned");
        if self.constructs {
            let stamp = self.resting.borrow_mut().remove(&at).expect("a constructed object");
            assert!(shows(at, self.size, stamp), "it did not stay as it was left");
        } else {
            world.claim(at, self.size);
            assert!(!zeroed || content(at, self.size).iter().all(|byte| *byte == 0), "not zeroed");
        }
        let stamp = world.next_stamp();
        paint(at, self.size, stamp);
        assert!(self.live.borrow_mut().insert(at, stamp).is_none(), "handed out twice");
        up(&self.allocated);
    }

    /// A request got nothing.
    pub(crate) fn refused(&self, error: Error) {
        up(&self.failed);
        match error {
            Error::Limit { objects } => assert!(objects <= self.limit.get() && self.limit.get() != 0),
            Error::Refused => assert!(self.constructs),
            Error::Budget { .. } => assert!(self.budget.is_some()),
            Error::NoMemory { .. } => {}
            other => panic!("{other:?}"),
        }
    }

    /// An object is about to go back.
    pub(crate) fn let_go(&self, world: &World, at: NonNull<u8>) {
        let stamp = self.live.borrow_mut().remove(&at).expect("a live one");
        assert!(shows(at, self.size, stamp), "its contents changed");
        self.rest(world, at, stamp);
        up(&self.freed);
    }

    fn rest(&self, world: &World, at: NonNull<u8>, stamp: u64) {
        if self.constructs {
            assert!(self.resting.borrow_mut().insert(at, stamp).is_none());
        } else {
            world.unclaim(at);
        }
    }

    /// What the owner of an object that it holds says to a move, and does.
    fn answer(&self, world: &World, from: NonNull<u8>, to: NonNull<u8>) -> Answer {
        match world.below(10) {
            0..=5 => {
                let stamp = self.live.borrow_mut().remove(&from).expect("a live one");
                assert!(shows(from, self.size, stamp), "its contents changed");
                if self.constructs {
                    assert!(self.resting.borrow_mut().remove(&to).is_some(), "a place that is constructed");
                } else {
                    world.claim(to, self.size);
                }
                copy(from, to, self.size);
                self.rest(world, from, stamp);
                assert!(self.live.borrow_mut().insert(to, stamp).is_none());
                Answer::Yes
            }
            6 => {
                self.let_go(world, from);
                Answer::DontNeed
            }
            7 => Answer::No,
            8 => Answer::Later,
            _ => Answer::DontKnow,
        }
    }
}

impl Play for Book {
    fn construct(&self, at: NonNull<u8>, size: u32) -> bool {
        let world = self.world();
        assert_eq!(size, self.size);
        up(&world.depth);
        world.claim(at, size);
        self.passing.borrow_mut().push(at);
        world.nested();
        self.passing.borrow_mut().retain(|&passing| passing != at);
        world.depth.set(world.depth.get() - 1);
        if world.chance(12) {
            world.unclaim(at);
            return false;
        }
        let stamp = world.next_stamp();
        paint(at, size, stamp);
        assert!(self.resting.borrow_mut().insert(at, stamp).is_none());
        up(&self.made);
        true
    }

    fn destruct(&self, at: NonNull<u8>) {
        let world = self.world();
        let stamp = self.resting.borrow_mut().remove(&at).expect("a constructed object that nobody holds");
        assert!(shows(at, self.size, stamp), "it did not stay as it was left");
        up(&self.ended);
        up(&world.depth);
        self.passing.borrow_mut().push(at);
        paint(at, self.size, !stamp);
        world.nested();
        assert!(shows(at, self.size, !stamp), "somebody else wrote to it");
        self.passing.borrow_mut().retain(|&passing| passing != at);
        world.depth.set(world.depth.get() - 1);
        world.unclaim(at);
    }

    fn reclaim(&self, _: u32) {
        let world = self.world();
        up(&self.asked);
        up(&world.depth);
        match world.below(24) {
            0..=3 => (0..3).for_each(|_| world.free(self)),
            4 => world.end(self, true),
            _ => world.nested(),
        }
        world.depth.set(world.depth.get() - 1);
    }

    fn relocate(&self, from: NonNull<u8>, to: NonNull<u8>) -> Answer {
        let world = self.world();
        let resting = |at| self.resting.borrow().contains_key(&at);
        let is_live = |at| self.live.borrow().contains_key(&at);
        assert!(!self.moving.replace(true), "two moves at once");
        assert!(from != to && !is_live(to) && (!self.constructs || resting(to)), "the place is somebody's");
        let known = is_live(from) || resting(from) || self.passing.borrow().contains(&from);
        assert!(known || !self.constructs, "asked to move what is bare memory");
        up(&world.depth);
        world.pinned.borrow_mut().push(from);
        let destroys = self.cache().map(|cache| cache.stats().slab_destroys);
        world.nested();
        if let (Some(before), Some(cache)) = (destroys, self.cache()) {
            assert_eq!(cache.stats().slab_destroys, before, "a slab went back during a move");
        }
        world.pinned.borrow_mut().retain(|&pinned| pinned != from);
        world.depth.set(world.depth.get() - 1);
        let answer = if is_live(from) { self.answer(&world, from, to) } else { Answer::DontKnow };
        up(&self.answers[answer as usize]);
        self.moving.set(false);
        answer
    }
}
