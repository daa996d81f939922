//! The corpus: small programs with one bug each, what diagnosis has to say of it, and the same programs without the bug.
//!
//! A program is generic over what it allocates from, so that the same ones run in a heap over bytes, natively and in wasm, and in a
//! module's own heap. It says at each call where it is; the stack that the host of the test captures is that number and nothing
//! else, so sites are checked exactly. Number 90 is where all objects are checked after a program, 91 where the quarantine is drained.
//!
//! What a program does wrong it does with pointers into memory of the heap, or with addresses that no memory is touched at.

use std::alloc::Layout;
use std::cell::Cell;
use std::thread_local;

use flagstone::audit::{Auditor, Fault, FaultKind, set_capture};
use flagstone::objects::{Bare, Cache, Home, Life, Options};
use flagstone::vmem::{Arena, Options as ArenaOptions};

mod after;
mod bounds;
mod frees;
mod ground;
mod objects;
mod records;
mod sizes;

pub(crate) use ground::stage;

/// What programs allocate from.
pub(crate) trait Ground: Copy {
    /// Where caches are made.
    type Home: Home;

    /// The heap, for caches and for diagnosis.
    fn home(self) -> Self::Home;

    /// As [`core::alloc::GlobalAlloc::alloc`].
    fn alloc(self, layout: Layout) -> *mut u8;

    /// As `alloc`, with all bytes zero.
    fn alloc_zeroed(self, layout: Layout) -> *mut u8;

    /// As [`core::alloc::GlobalAlloc::dealloc`], right or wrong.
    fn dealloc(self, at: *mut u8, layout: Layout);

    /// As [`core::alloc::GlobalAlloc::realloc`], right or wrong.
    fn realloc(self, at: *mut u8, layout: Layout, size: usize) -> *mut u8;

    /// Puts idle memory back into the arena.
    fn reclaim(self);

    /// Memory of an arena that imports from the heap: its second segment, of 1024 bytes.
    fn with_arena(self, f: &dyn Fn(*mut u8));

    /// The address of a byte of the memory.
    fn address(self, at: *mut u8) -> u32;

    /// The byte at an address.
    fn at(self, address: u32) -> *mut u8;

    /// The addresses of the memory: the first, and one past the last.
    fn extent(self) -> (u32, u32);

    /// An address that the heap never handed out.
    fn foreign(self, foreign: Foreign) -> *mut u8;
}

/// Where an address can be from that is none of the heap's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// A static.
    Static,
    /// A variable on the stack.
    Stack,
    /// Memory of another heap.
    OtherHeap,
    /// The first bytes of the memory, as a null pointer with an offset has it.
    Low,
    /// Beyond the end of the memory.
    Beyond,
}

/// An arena with two segments, whose second one is handed to `f`.
pub(crate) fn with_arena<R: flagstone::vmem::Records + Copy>(
    records: R,
    import: &dyn flagstone::vmem::Import,
    f: impl Fn(u32),
) {
    let options = ArenaOptions {
        quantum: 1024,
        import: Some(import),
        import_factor: 8,
        memory: true,
        ..ArenaOptions::new("frames")
    };
    let arena = Arena::new(records, options).unwrap();
    let held = [1024, 1024].map(|len| arena.alloc(len).unwrap());
    f(held[1]);
    held.iter().for_each(|&at| arena.free(at, 1024).unwrap());
}

thread_local! {
    /// Where the program is.
    static FRAME: Cell<u32> = const { Cell::new(0) };
}

/// The stack of a program of the corpus.
fn capture(frames: &mut [u32]) -> usize {
    frames[0] = FRAME.get();
    1
}

/// Says where the program is.
pub(crate) fn at_frame(frame: u32) {
    FRAME.set(frame);
}

/// A run of a program.
pub(crate) struct Run<G> {
    pub(crate) ground: G,
    /// Whether it has its bug.
    wrong: bool,
    mode: &'static str,
}

/// The layout of `size` bytes at a multiple of `align`.
pub(crate) fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

impl<G: Ground> Run<G> {
    /// The bug, or what is right.
    pub(crate) fn bug<T>(&self, wrong: T, right: T) -> T {
        if self.wrong { wrong } else { right }
    }

    /// Whether the program has its bug.
    pub(crate) const fn is_wrong(&self) -> bool {
        self.wrong
    }

    pub(crate) fn alloc(&self, frame: u32, size: usize, align: usize) -> *mut u8 {
        at_frame(frame);
        let at = self.ground.alloc(layout(size, align));
        assert!(!at.is_null());
        at
    }

    pub(crate) fn alloc_zeroed(&self, frame: u32, size: usize, align: usize) -> *mut u8 {
        at_frame(frame);
        let at = self.ground.alloc_zeroed(layout(size, align));
        assert!(!at.is_null());
        at
    }

    pub(crate) fn free(&self, frame: u32, at: *mut u8, size: usize, align: usize) {
        at_frame(frame);
        self.ground.dealloc(at, layout(size, align));
    }

    pub(crate) fn realloc(&self, frame: u32, at: *mut u8, size: usize, align: usize, new: usize) -> *mut u8 {
        at_frame(frame);
        let at = self.ground.realloc(at, layout(size, align), new);
        assert!(!at.is_null());
        at
    }

    /// Writes `len` bytes from `offset` on.
    #[allow(clippy::unused_self, reason = "programs read better so")]
    pub(crate) fn write(&self, at: *mut u8, offset: isize, len: usize) {
        // SAFETY: programs write into memory of the heap: their objects, or the patterned bytes around them.
        unsafe { at.wrapping_offset(offset).write_bytes(0x41, len) };
    }

    /// Flips bits of the byte at `offset`.
    #[allow(clippy::unused_self, reason = "programs read better so")]
    pub(crate) fn flip(&self, at: *mut u8, offset: isize, bits: u8) {
        let at = at.wrapping_offset(offset);
        // SAFETY: as for `write`; every byte of the memory is initialised.
        let byte = unsafe { at.read() };
        // SAFETY: as above.
        unsafe { at.write(byte ^ bits) };
    }

    /// Lets all go that waits in the quarantine.
    pub(crate) fn drain(&self, frame: u32) {
        at_frame(frame);
        self.auditor().drain();
    }

    pub(crate) fn auditor(&self) -> Auditor<G::Home> {
        Auditor::new(self.ground.home())
    }

    /// Does something without diagnosis.
    pub(crate) fn unwatched<R>(&self, f: impl FnOnce() -> R) -> R {
        self.auditor().configure("audit=off").unwrap();
        let result = f();
        self.auditor().configure(&format!("audit={}", self.mode)).unwrap();
        result
    }

    /// A cache of plain objects: of the name `nodes` or `names`, which have the mode of the run.
    pub(crate) fn cache(&self, name: &'static str, size: usize) -> Cache<G::Home> {
        self.cache_of(name, size, Bare)
    }

    /// A cache of objects that have a life.
    pub(crate) fn cache_of<L: Life>(&self, name: &'static str, size: usize, life: L) -> Cache<G::Home, L> {
        Cache::new(self.ground.home(), layout(size, 8), Options::new(name), life).unwrap()
    }
}

/// A program with a bug, and what has to be said of it.
pub(crate) struct Program<G: Ground> {
    pub(crate) name: String,
    kind: FaultKind,
    /// What the cheap mode has to say, where it can say anything.
    lite: Option<FaultKind>,
    /// The same for guards without patterns of freed memory.
    redzone: Option<FaultKind>,
    /// Whether only guards of a whole quantum can tell.
    needs_guard: bool,
    damage: Option<(i32, u32)>,
    size: Option<(u32, u32)>,
    given: Option<(u32, u32)>,
    /// From the object to the address that was named.
    inside: i32,
    /// Caches of the object and of the call, in the order in which the program makes them; zero for the front end.
    caches: (u32, u32),
    sites: [u32; 3],
    abandoned: u32,
    /// Whether only the log knows of the object when the fault is found.
    gone: bool,
    body: Body<G>,
}

/// What a program does.
type Body<G> = Box<dyn Fn(&Run<G>)>;

/// A program; what is not said of a fault is nothing.
pub(crate) fn program<G: Ground>(
    name: impl Into<String>,
    kind: FaultKind,
    body: impl Fn(&Run<G>) + 'static,
) -> Program<G> {
    let stays = [FaultKind::DoubleFree, FaultKind::BadAddress, FaultKind::WrongCache, FaultKind::Interior];
    Program {
        name: name.into(),
        kind,
        lite: None,
        redzone: Some(kind).filter(|&kind| kind != FaultKind::Modified),
        needs_guard: false,
        damage: None,
        size: None,
        given: None,
        inside: 0,
        caches: (0, 0),
        sites: [0; 3],
        abandoned: u32::from(!stays.contains(&kind)),
        gone: false,
        body: Box::new(body),
    }
}

impl<G: Ground> Program<G> {
    /// First damaged byte of the object, and how many there are.
    pub(crate) const fn damages(mut self, offset: i32, bytes: u32) -> Self {
        self.damage = Some((offset, bytes));
        self
    }

    /// Size and alignment of the object.
    pub(crate) const fn of(mut self, size: u32, align: u32) -> Self {
        self.size = Some((size, align));
        self
    }

    /// Size and alignment that the program says.
    pub(crate) const fn given(mut self, size: u32, align: u32) -> Self {
        self.given = Some((size, align));
        self
    }

    /// Bytes from the object to the address that the program names.
    pub(crate) const fn inside(mut self, offset: i32) -> Self {
        self.inside = offset;
        self
    }

    /// Where the object was asked for, where it was given back, and where the fault is found; zero for nowhere.
    pub(crate) const fn sites(mut self, alloc: u32, free: u32, found: u32) -> Self {
        self.sites = [alloc, free, found];
        self
    }

    /// The caches of the object and of the call.
    pub(crate) const fn caches(mut self, own: u32, named: u32) -> Self {
        self.caches = (own, named);
        self
    }

    /// What the cheap mode says.
    pub(crate) const fn lite(mut self, kind: FaultKind) -> Self {
        self.lite = Some(kind);
        self
    }

    /// Guards alone tell nothing.
    pub(crate) const fn only_poisoned(mut self) -> Self {
        self.redzone = None;
        self
    }

    /// What guards alone say.
    pub(crate) const fn redzone(mut self, kind: FaultKind) -> Self {
        self.redzone = Some(kind);
        self
    }

    /// Only the log knows of the object.
    pub(crate) const fn gone(mut self) -> Self {
        self.gone = true;
        self
    }

    /// Only a guard of a whole quantum is long enough.
    pub(crate) const fn needs_guard(mut self) -> Self {
        self.needs_guard = true;
        self
    }
}

/// All programs.
pub(crate) fn programs<G: Ground>() -> Vec<Program<G>> {
    let mut all = bounds::programs();
    all.extend(after::programs());
    all.extend(frees::programs());
    all.extend(sizes::programs());
    all.extend(objects::programs());
    all.extend(records::programs());
    all
}

/// Every mode that there is a reason for: none of them may find anything where nothing is wrong.
pub(crate) const MODES: [&str; 12] = [
    "off",
    "lite",
    "redzone",
    "redzone+sites",
    "poison",
    "guard",
    "audit",
    "audit+contents",
    "sites",
    "all-sites",
    "all",
    "guard+sites+audit",
];

/// Modes in which no bug may be missed, and everything is known.
pub(crate) const FULL: [&str; 2] = ["all", "guard+sites+audit"];

/// Modes in which no bug may be missed, though nobody knows who made it.
pub(crate) const SILENT: [&str; 3] = ["poison", "guard", "all-sites"];

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) faults: u32,
    last: Option<Fault>,
    abandoned: u32,
    /// Number of the first cache that the program made.
    first_cache: u32,
}

impl<G: Ground> Program<G> {
    /// What the program is to be found in, and how.
    pub(crate) fn expected(&self, mode: &str) -> Option<FaultKind> {
        match mode {
            _ if self.needs_guard && !mode.contains("guard") => None,
            "lite" => self.lite,
            "redzone" | "redzone+sites" => self.redzone,
            // What was freed is gone, but the log tells of it.
            "audit" | "audit+contents" => self.redzone.map(|_| self.kind),
            _ if FULL.contains(&mode) || SILENT.contains(&mode) => Some(self.kind),
            _ => None,
        }
    }

    /// Whether the bug leaves a record of diagnosis as it should not be.
    pub(crate) const fn scars(&self) -> bool {
        matches!(self.kind, FaultKind::BadTag | FaultKind::BadRecord)
    }

    /// Runs the program, with its bug or without, in a mode of everything.
    pub(crate) fn run(&self, ground: G, mode: &'static str, wrong: bool) -> Outcome {
        set_capture(capture);
        let auditor = Auditor::new(ground.home());
        auditor.configure("policy=continue;cache:probe=lite").unwrap();
        let first_cache = probe_cache(ground) + 1;
        auditor.configure(&format!("audit={mode};cache:nodes={mode};cache:names={mode}")).unwrap();
        let before = (auditor.faults(), auditor.abandoned());
        (self.body)(&Run { ground, wrong, mode });
        at_frame(90);
        auditor.check();
        at_frame(91);
        auditor.drain();
        ground.reclaim();
        let faults = auditor.faults() - before.0;
        let outcome = Outcome {
            faults,
            last: auditor.last_fault().filter(|_| faults != 0),
            abandoned: auditor.abandoned() - before.1,
            first_cache,
        };
        self.check_sites(ground, mode, &outcome);
        assert_eq!(auditor.quarantined(), (0, 0), "{}, {mode}", self.name);
        auditor.configure("audit=off;cache:nodes=off;cache:names=off").unwrap();
        outcome
    }

    /// Fails where anything is wrong with what was said of the program with its bug.
    #[track_caller]
    pub(crate) fn check(&self, mode: &str, outcome: &Outcome) {
        let Some(kind) = self.expected(mode) else { return };
        let what = format!("{}, {mode}: {outcome:?}", self.name);
        let (1, Some(fault)) = (outcome.faults, outcome.last) else { panic!("{what}") };
        // A log from before may know more than the mode does.
        assert!(fault.kind == kind || fault.kind == self.kind, "{what}");
        assert!(!fault.to_string().contains("429496"), "{what}: {fault}");
        if !FULL.contains(&mode) && !SILENT.contains(&mode) {
            return;
        }
        assert_eq!(outcome.abandoned, self.abandoned, "{what}");
        assert_eq!(
            (fault.offset, fault.damaged),
            (self.damage.map(|it| it.0), self.damage.map_or(0, |it| it.1)),
            "{what}"
        );
        if let Some(size) = self.size.filter(|_| !self.gone || fault.object != 0) {
            assert_eq!((fault.size, fault.align), size, "{what}");
            assert_eq!(fault.address.wrapping_sub(fault.object) as i32, self.inside, "{what}");
        }
        if let Some(given) = self.given {
            assert_eq!((fault.given_size, fault.given_align), given, "{what}");
        }
        if self.kind == FaultKind::DoubleFree && fault.object == 0 {
            // Nothing is left of the object but its pattern, and there is no log.
            return assert!(self.gone && !mode.contains("audit") && !mode.contains("all"), "{what}");
        }
        let cache = |number: u32| if number == 0 { 0 } else { number + outcome.first_cache - 1 };
        assert_eq!((fault.cache, fault.given_cache), (cache(self.caches.0), cache(self.caches.1)), "{what}");
    }

    /// Compares the sites of a fault with those of a wrong call that is made at the places where the program says they are.
    fn check_sites(&self, ground: G, mode: &str, outcome: &Outcome) {
        let Some(fault) = outcome.last.filter(|_| outcome.faults == 1 && self.expected(mode).is_some()) else { return };
        if mode == "lite" {
            return;
        }
        let known = |frame: u32| if frame == 0 { 0 } else { site_of(ground, frame) };
        let expected = self.sites.map(known);
        let mut told = [fault.alloc_site, fault.free_site, fault.site];
        if !FULL.contains(&mode) {
            told = [expected[0], expected[1], told[2]];
        }
        assert_eq!(told, expected, "{}, {mode}: sites of the request, of the free, and where it was found", self.name);
    }
}

/// The number of the site of a frame: that of a wrong call which is made there.
fn site_of<G: Ground>(ground: G, frame: u32) -> u32 {
    at_frame(frame);
    ground.dealloc(ground.foreign(Foreign::Beyond), layout(8, 8));
    let fault = Auditor::new(ground.home()).last_fault().unwrap();
    assert_eq!(fault.kind, FaultKind::BadAddress);
    fault.site
}

/// The number that a new cache gets.
fn probe_cache<G: Ground>(ground: G) -> u32 {
    let cache = Cache::new(ground.home(), layout(8, 8), Options::new("probe"), Bare).unwrap();
    let object = cache.alloc().unwrap();
    // SAFETY: allocated above.
    unsafe { cache.free(object) };
    let wrong = core::ptr::NonNull::new(ground.foreign(Foreign::Beyond)).unwrap();
    // SAFETY: none: it is found out.
    unsafe { cache.free(wrong) };
    let fault = Auditor::new(ground.home()).last_fault().unwrap();
    assert_eq!(fault.kind, FaultKind::BadAddress);
    fault.given_cache
}
