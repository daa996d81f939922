//! A program that allocates by chance, from the front end and from caches of every sort, while its modes of diagnosis change by chance,
//! too; and what it knows of what it holds.

use std::alloc::Layout;
use std::ptr::NonNull;

use flagstone::audit::{Auditor, FaultKind, Injection, Policy, TagGuard};
use flagstone::objects::{Bare, Budget, Cache, Handle, Life, MovableCache, Options, Refused};

use super::objects::{Stage, TestHeap, content, paint, shows};
use super::{Deny, Rng, assert_sound};

/// Modes that the front end and caches change between.
const MODES: [&str; 12] = [
    "off",
    "off",
    "lite",
    "all",
    "redzone",
    "poison",
    "guard",
    "sites",
    "audit",
    "all-sites",
    "contents+audit+poison",
    "all+guard",
];

/// Memory of the front end.
struct Held {
    at: NonNull<u8>,
    layout: Layout,
    stamp: u64,
}

/// Objects that are constructed as such.
struct Made;

impl Life for Made {
    const CONSTRUCTS: bool = true;

    unsafe fn construct(&self, at: NonNull<u8>, size: u32) -> Result<(), Refused> {
        // SAFETY: bare memory of an object of so many bytes.
        unsafe { at.write_bytes(0x77, size as usize) };
        Ok(())
    }
}

/// A cache, whatever its objects are.
trait Some {
    fn alloc(&self) -> Option<NonNull<u8>>;
    fn free(&self, at: NonNull<u8>);
    fn live(&self) -> u32;
    fn end(self: Box<Self>);
}

impl<L: Life> Some for Cache<&'static TestHeap, L> {
    fn alloc(&self) -> Option<NonNull<u8>> {
        Cache::alloc(self).ok()
    }

    fn free(&self, at: NonNull<u8>) {
        // SAFETY: it is live, or it is a fault on purpose.
        unsafe { Cache::free(self, at) };
    }

    fn live(&self) -> u32 {
        self.stats().live
    }

    fn end(self: Box<Self>) {
        assert!(self.destroy().is_ok());
    }
}

/// A cache and what is held of it.
struct Shelf {
    cache: Box<dyn Some>,
    size: u32,
    held: Vec<(NonNull<u8>, u64)>,
    /// Objects that are lost because something was wrong with them.
    lost: u32,
}

/// The program.
pub(crate) struct AuditWorld {
    heap: &'static TestHeap,
    rng: Rng,
    held: Vec<Held>,
    shelves: Vec<Shelf>,
    moving: Option<MovableCache<[u64; 5], &'static TestHeap>>,
    handles: Vec<(Handle<[u64; 5]>, u64)>,
    tags: Vec<TagGuard<&'static TestHeap>>,
    stamp: u64,
    /// Whether a request may get nothing.
    scarce: bool,
    /// Whether requests are made to fail.
    fails: bool,
    /// Faults that the program made on purpose, and objects that are lost by them.
    pub(crate) faults: u32,
    pub(crate) lost: u32,
}

/// Names of the caches.
const NAMES: [&str; 4] = ["plain", "made", "limited", "paid"];

impl AuditWorld {
    /// A program of a seed.
    pub(crate) fn new(stage: &Stage, seed: u64) -> Self {
        let heap = stage.heap();
        Auditor::new(heap).set_policy(Policy::Continue);
        let mut world = Self {
            heap,
            rng: Rng::new(seed),
            held: Vec::new(),
            shelves: Vec::new(),
            moving: None,
            handles: Vec::new(),
            tags: Vec::new(),
            stamp: 0,
            scarce: false,
            fails: false,
            faults: 0,
            lost: 0,
        };
        world.make_caches();
        world
    }

    fn make_caches(&mut self) {
        let heap = self.heap;
        let budget = Budget::new(heap, "budget", 30_000, |_| ()).unwrap();
        let layout = |size| Layout::from_size_align(size, 8).unwrap();
        let limited = Options { limit: 40, ..Options::new(NAMES[2]) };
        let paid = Options { budget: Some(&budget), ..Options::new(NAMES[3]) };
        let caches: [(u32, Box<dyn Some>); 4] = [
            (24, Box::new(Cache::new(heap, layout(24), Options::new(NAMES[0]), Bare).unwrap())),
            (100, Box::new(Cache::new(heap, layout(100), Options::new(NAMES[1]), Made).unwrap())),
            (300, Box::new(Cache::new(heap, layout(300), limited, Bare).unwrap())),
            (500, Box::new(Cache::new(heap, layout(500), paid, Bare).unwrap())),
        ];
        self.shelves = caches.map(|(size, cache)| Shelf { cache, size, held: Vec::new(), lost: 0 }).into();
        self.moving = Some(MovableCache::new(heap, Options::new("moving")).unwrap());
    }

    pub(crate) fn auditor(&self) -> Auditor<&'static TestHeap> {
        Auditor::new(self.heap)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.rng.below(limit as u32) as usize
    }

    fn next_stamp(&mut self) -> u64 {
        self.stamp += 1;
        self.stamp.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// One step of a program without a fault.
    pub(crate) fn step(&mut self) {
        match self.below(100) {
            0..=24 => self.alloc(),
            25..=39 => self.free(),
            40..=47 => self.realloc(),
            48..=63 => self.take(),
            64..=76 => self.give(),
            77..=83 => self.move_about(),
            84..=89 => self.configure(),
            90..=91 => self.scarcity(),
            92..=93 => self.tag(),
            94 => self.auditor().drain(),
            95 => assert_eq!(self.auditor().check(), 0),
            96 => drop(self.heap.reclaim()),
            97 => self.heap.tick(),
            _ => self.free_some(),
        }
    }

    fn alloc(&mut self) {
        let size = match self.below(40) {
            0 => 1 + self.below(60_000),
            1..=4 => 1 + self.below(9000),
            _ => 1 + self.below(500),
        };
        let align = if self.below(8) == 0 { 1 << self.below(17) } else { 1 << self.below(4) };
        let layout = Layout::from_size_align(size, align).unwrap();
        let zeroed = self.below(4) == 0;
        let at = if zeroed { self.heap.alloc_zeroed(layout) } else { self.heap.alloc(layout) };
        let Some(at) = NonNull::new(at) else { return assert!(self.scarce || self.fails, "{layout:?}") };
        assert!((at.as_ptr() as usize - self.base()).is_multiple_of(align), "{layout:?}");
        if zeroed {
            assert!(content(at, size as u32).iter().all(|&byte| byte == 0));
        }
        self.hold(at, layout);
    }

    /// What is added to addresses of the heap, below the largest alignment.
    fn base(&self) -> usize {
        use flagstone::source::Source;
        self.heap.source().at(super::LOW) as usize
    }

    fn hold(&mut self, at: NonNull<u8>, layout: Layout) {
        let stamp = self.next_stamp();
        paint(at, layout.size() as u32, stamp);
        self.held.push(Held { at, layout, stamp });
    }

    fn pick(&mut self) -> Option<Held> {
        if self.held.is_empty() {
            return None;
        }
        let which = self.below(self.held.len());
        let held = self.held.swap_remove(which);
        assert!(shows(held.at, held.layout.size() as u32, held.stamp), "contents of {:?}", held.layout);
        Some(held)
    }

    fn free(&mut self) {
        if let Some(held) = self.pick() {
            // SAFETY: it is live, of that layout.
            unsafe { self.heap.dealloc(held.at.as_ptr(), held.layout) };
        }
    }

    fn free_some(&mut self) {
        for _ in 0..self.held.len() / 2 {
            self.free();
        }
    }

    fn realloc(&mut self) {
        let Some(held) = self.pick() else { return };
        let size = match self.below(10) {
            0 => 1 + self.below(40_000),
            _ => 1 + self.below(1500),
        };
        // SAFETY: it is live, of that layout.
        let new = unsafe { self.heap.realloc(held.at.as_ptr(), held.layout, size) };
        let Some(new) = NonNull::new(new) else {
            assert!(self.scarce || self.fails, "{:?} to {size}", held.layout);
            assert!(shows(held.at, held.layout.size() as u32, held.stamp));
            return self.held.push(held);
        };
        let kept = size.min(held.layout.size()) as u32;
        assert!(shows(new, kept, held.stamp), "{:?} to {size}", held.layout);
        assert!((new.as_ptr() as usize - self.base()).is_multiple_of(held.layout.align()));
        self.hold(new, Layout::from_size_align(size, held.layout.align()).unwrap());
    }

    fn take(&mut self) {
        let which = self.below(4);
        let (stamp, bound) = (self.next_stamp(), which >= 2 || self.scarce || self.fails);
        let shelf = &mut self.shelves[which];
        match shelf.cache.alloc() {
            Some(at) => {
                paint(at, shelf.size, stamp);
                shelf.held.push((at, stamp));
            }
            None => assert!(bound, "{}", NAMES[which]),
        }
    }

    fn pick_object(&mut self) -> Option<(usize, NonNull<u8>)> {
        let which = self.below(4);
        if self.shelves[which].held.is_empty() {
            return None;
        }
        let index = self.below(self.shelves[which].held.len());
        let shelf = &mut self.shelves[which];
        let (at, stamp) = shelf.held.swap_remove(index);
        assert!(shows(at, shelf.size, stamp), "contents of an object of {}", NAMES[which]);
        Some((which, at))
    }

    fn give(&mut self) {
        if let Some((which, at)) = self.pick_object() {
            self.shelves[which].cache.free(at);
        }
    }

    fn move_about(&mut self) {
        let stamp = self.next_stamp();
        let moving = self.moving.as_ref().unwrap();
        match self.rng.below(8) {
            0..=4 => match moving.insert([stamp; 5]) {
                Ok(handle) => self.handles.push((handle, stamp)),
                Err(_) => assert!(self.scarce || self.fails),
            },
            5..=6 if !self.handles.is_empty() => {
                let which = self.rng.below(self.handles.len() as u32) as usize;
                let (handle, stamp) = self.handles.swap_remove(which);
                assert_eq!(moving.remove(handle).unwrap(), [stamp; 5]);
            }
            _ => {
                moving.consolidate().unwrap();
                for &(handle, stamp) in &self.handles {
                    assert_eq!(*moving.get(handle).unwrap(), [stamp; 5]);
                }
            }
        }
    }

    fn configure(&mut self) {
        let mode = MODES[self.below(MODES.len())];
        let auditor = self.auditor();
        let text = match self.below(8) {
            0..=2 => format!("audit={mode}"),
            3..=4 => format!("cache:{}={mode}", ["plain", "made", "limited", "paid", "moving"][self.below(5)]),
            5 => format!("sample={}", ["off", "64", "4k", "64k"][self.below(4)]),
            6 => format!("quarantine={}", ["0", "1", "20k", "1m,30", "0,5"][self.below(5)]),
            _ => format!("depth={};reserve={}", self.below(33), [0, 4096][self.below(2)]),
        };
        if auditor.configure(&text).is_err() {
            assert!(self.scarce && text.contains("reserve"), "{text}");
        }
    }

    /// Memory that does not grow, and requests that are made to fail, for a while.
    fn scarcity(&mut self) {
        self.scarce = self.below(3) == 0;
        let share = self.below(200) as u8;
        self.heap.source().deny(if self.scarce { Deny::Share(share) } else { Deny::Never });
        self.fails = self.below(4) == 0;
        let one_in = if self.fails { 5 } else { 0 };
        self.auditor().inject(Injection { one_in, seed: self.rng.below(1000), ..Injection::default() });
    }

    fn tag(&mut self) {
        if self.tags.len() < 4 && self.below(2) == 0 {
            let name = ["parser", "tables", "layout"][self.below(3)];
            self.tags.push(self.auditor().tag(name));
        } else {
            self.tags.pop();
        }
    }

    /// One thing that is wrong, under a mode that finds it; then the program goes on.
    pub(crate) fn blunder(&mut self) -> FaultKind {
        let mode = ["all", "poison", "guard", "all+guard"][self.below(4)];
        self.scarce = false;
        self.fails = false;
        self.heap.source().deny(Deny::Never);
        let names = NAMES.map(|name| format!("cache:{name}={mode}")).join(";");
        // What waits may go meanwhile, so that what was freed twice is still there.
        self.auditor().configure(&format!("audit={mode};{names};fail=off;quarantine=0")).unwrap();
        let layout = Layout::from_size_align(1 + self.below(2000), 1 << self.below(6)).unwrap();
        let at = NonNull::new(self.heap.alloc(layout)).unwrap();
        let free = |at: NonNull<u8>, layout: Layout| {
            // SAFETY: what is wrong about it is found.
            unsafe { self.heap.dealloc(at.as_ptr(), layout) };
        };
        let write = |offset: isize| {
            let at = at.as_ptr().wrapping_offset(offset);
            // SAFETY: the object's, or patterned bytes around it.
            let byte = unsafe { at.read() };
            // SAFETY: as above.
            unsafe { at.write(byte ^ 0x20) };
        };
        self.faults += 1;
        match self.rng.below(9) {
            0 => {
                write(layout.size() as isize);
                free(at, layout);
                self.lost += 1;
                FaultKind::Redzone
            }
            1 => {
                write(-1);
                free(at, layout);
                self.lost += 1;
                FaultKind::Redzone
            }
            2 => {
                free(at, layout);
                write(layout.size() as isize / 2);
                assert_eq!(self.auditor().check(), 1);
                self.lost += 1;
                FaultKind::Modified
            }
            3 => {
                free(at, layout);
                free(at, layout);
                FaultKind::DoubleFree
            }
            4 => {
                let inside = NonNull::new(at.as_ptr().wrapping_add(1 + layout.size() / 2)).unwrap();
                free(inside, layout);
                self.hold(at, layout);
                FaultKind::Interior
            }
            5 => {
                free(at, Layout::from_size_align(layout.size() + 1, layout.align()).unwrap());
                self.lost += 1;
                FaultKind::WrongSize
            }
            6 => {
                self.shelves[0].cache.free(at);
                free(at, layout);
                FaultKind::WrongCache
            }
            7 => {
                // SAFETY: what is wrong about it is found.
                let new = unsafe { self.heap.realloc(at.as_ptr(), Layout::new::<[u64; 700]>(), 90) };
                self.hold(NonNull::new(new).unwrap(), Layout::from_size_align(90, 8).unwrap());
                self.lost += 1;
                FaultKind::WrongSize
            }
            _ => {
                self.hold(at, layout);
                let object = self.shelves[1].cache.alloc().unwrap();
                self.shelves[2].cache.free(object);
                // SAFETY: the byte behind an object is a guard's.
                unsafe { object.as_ptr().wrapping_add(100).write(0x13) };
                self.shelves[1].cache.free(object);
                self.shelves[1].lost += 1;
                self.faults += 1;
                self.lost += 1;
                FaultKind::Redzone
            }
        }
    }

    /// Fails where anything is not as the program knows it.
    pub(crate) fn check(&self) {
        let auditor = self.auditor();
        assert_eq!((auditor.faults(), auditor.abandoned()), (self.faults, self.lost), "{:?}", auditor.last_fault());
        for (shelf, name) in self.shelves.iter().zip(NAMES) {
            assert_eq!(shelf.cache.live(), shelf.held.len() as u32 + shelf.lost, "{name}");
        }
        assert_eq!(self.moving.as_ref().unwrap().len() as usize, self.handles.len());
    }

    /// Gives everything back; what is left is what was lost.
    pub(crate) fn end(mut self) {
        self.heap.source().deny(Deny::Never);
        self.auditor().configure("fail=off").unwrap();
        while let Some(held) = self.pick() {
            // SAFETY: it is live, of that layout.
            unsafe { self.heap.dealloc(held.at.as_ptr(), held.layout) };
        }
        for shelf in core::mem::take(&mut self.shelves) {
            for (at, stamp) in shelf.held {
                assert!(shows(at, shelf.size, stamp));
                shelf.cache.free(at);
            }
            if shelf.lost == 0 {
                shelf.cache.end();
            }
        }
        for (handle, stamp) in core::mem::take(&mut self.handles) {
            assert_eq!(self.moving.as_ref().unwrap().remove(handle).unwrap(), [stamp; 5]);
        }
        self.moving = None;
        self.tags.clear();
        let auditor = self.auditor();
        auditor.configure("audit=off;sample=off;reserve=0").unwrap();
        auditor.drain();
        self.heap.reclaim();
        assert_sound(self.heap);
        let stats = self.heap.stats();
        if self.lost == 0 {
            assert_eq!(stats.live_objects(), 0);
            assert_eq!(stats.arena.in_use, stats.arena.metadata_bytes, "what is left when nothing is live");
        }
        assert_eq!((auditor.faults(), auditor.abandoned(), auditor.quarantined()), (self.faults, self.lost, (0, 0)));
    }
}
