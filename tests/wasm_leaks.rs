//! Claim: in a module's own memory what statics lead to is in reach, through object caches, handles and what constructors gave, and
//! what was forgotten is not, unless JavaScript holds it.
//!
//! The memory is looked at in a copy that JavaScript holds, so what looks at it changes nothing there.
#![cfg(all(target_family = "wasm", feature = "inspector"))]

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::hint::black_box;
use std::rc::Rc;

use flagstone::Flagstone;
use flagstone::image::leaks::{LeakScan, Options};
use flagstone::image::survey::Survey;
use flagstone::image::{Error, Image};
use flagstone::objects::{self, Budget, Construct, Handle, MovableCache, ObjectCache, Refused};
use flagstone::vmem::{Arena, ModuleHeap};
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen_test::wasm_bindgen_test;

#[global_allocator]
static ALLOCATOR: Flagstone = Flagstone::new();

/// A copy of this module's memory.
struct Copy(Uint8Array);

impl Copy {
    fn take() -> Self {
        let buffer = Reflect::get(&wasm_bindgen::memory(), &"buffer".into()).expect("a memory has a buffer");
        let bytes = Uint8Array::new(&buffer);
        Self(bytes.slice(0, bytes.length()))
    }

    fn scan(&self, options: Options) -> LeakScan {
        let survey = Survey::take(self, flagstone::own_root()).expect("the module's own root");
        assert_eq!(survey.problems, []);
        let mut scan = LeakScan::new(&survey, options);
        while !scan.step(self, 100_000).ended {}
        scan
    }

    /// Whether each of these addresses is in reach.
    fn reaches(&self, options: Options, at: &[u32]) -> Vec<bool> {
        let scan = self.scan(options);
        at.iter().map(|at| scan.reaches(*at).expect("a live object")).collect()
    }

    /// Where leaks begin.
    fn leaks(&self) -> BTreeSet<u32> {
        self.scan(Options::default()).finish(self).leaks.into_iter().map(|leak| leak.address).collect()
    }
}

impl Image for Copy {
    fn len(&self) -> u64 {
        u64::from(self.0.length())
    }

    fn read(&self, at: u32, into: &mut [u8]) -> Result<(), Error> {
        if u64::from(at) + into.len() as u64 > self.len() {
            return Err(Error::Truncated { at, wanted: into.len() as u32, len: self.len() });
        }
        self.0.subarray(at, at + into.len() as u32).copy_to(into);
        Ok(())
    }
}

fn at<T: ?Sized>(value: *const T) -> u32 {
    value.cast::<u8>().addr() as u32
}

/// Makes something that nobody holds; its address, which is not that of anything once it is turned back. Not inlined, so that no
/// address stays behind where the caller keeps things.
#[inline(never)]
fn forget<T>(make: impl FnOnce() -> Box<T>) -> u32 {
    !at(Box::into_raw(black_box(make())))
}

thread_local! {
    static TABLE: RefCell<HashMap<u32, Rc<String>>> = RefCell::default();
}

#[wasm_bindgen_test]
fn what_statics_lead_to_is_in_reach_and_what_was_forgotten_is_not() {
    let held: Vec<u32> = TABLE.with_borrow_mut(|table| {
        (0..100)
            .map(|key| at(table.entry(key).or_insert_with(|| Rc::new(key.to_string().repeat(9))).as_ptr()))
            .collect()
    });
    let forgotten = !forget(|| Box::new([7_u64; 9]));
    let copy = Copy::take();
    assert!(copy.reaches(Options::default(), &held).iter().all(|it| *it));
    assert_eq!(copy.reaches(Options::default(), &[forgotten]), [false]);
    // A wrapper of an exported struct holds such a number.
    let held_by_js = Some(vec![forgotten + 8]);
    assert_eq!(copy.reaches(Options { held_by_js, ..Options::default() }, &[forgotten]), [true]);
    assert!(copy.leaks().contains(&forgotten));
    assert!(!copy.leaks().iter().any(|at| held.contains(at)));
}

#[wasm_bindgen_test]
fn what_only_the_stack_holds_is_in_reach_where_that_is_asked_for() {
    let mut held = [[0_u8; 64]; 20].map(|bytes| Some(Box::new(bytes)));
    let held_at: Vec<u32> = held.iter().flatten().map(|it| at(&raw const **it)).collect();
    // It must lie in memory where its address is needed.
    black_box(&mut held);
    let copy = Copy::take();
    // Old words may hold some of them: memory is used again.
    assert!(copy.reaches(Options::default(), &held_at).iter().filter(|it| **it).count() < 5);
    assert_eq!(copy.reaches(Options { stack: true, ..Options::default() }, &held_at), [true; 20]);
}

/// Lines that keep the memory they once had.
#[derive(Debug)]
struct Line(Vec<u8>);

struct Lines;

impl Construct<Line> for Lines {
    fn construct(&self) -> Result<Line, Refused> {
        Ok(Line(vec![b'-'; 300]))
    }
}

static LINES: ObjectCache<Line, ModuleHeap, Lines> =
    ObjectCache::deferred(ModuleHeap, objects::Options::new("lines"), Lines);

static DOCUMENTS: MovableCache<Box<[u8; 200]>, ModuleHeap> =
    MovableCache::deferred(ModuleHeap, objects::Options::new("documents"));

#[wasm_bindgen_test]
fn object_caches_and_arenas_hold_what_is_theirs() {
    let before: Vec<u32> = Copy::take().leaks().into_iter().collect();
    let handles: Vec<Handle<Box<[u8; 200]>>> =
        (0..500).map(|byte| DOCUMENTS.insert(Box::new([byte as u8; 200])).expect("memory")).collect();
    for handle in handles.iter().filter(|handle| !format!("{handle:?}").ends_with("0v1)")) {
        drop(DOCUMENTS.remove(*handle));
    }
    DOCUMENTS.consolidate().expect("it is begun");
    let documents: Vec<u32> = handles
        .iter()
        .filter_map(|handle| DOCUMENTS.get(*handle).ok())
        .map(|document| at(&raw const **document))
        .collect();
    let lines: Vec<_> = (0..40).map(|_| LINES.alloc().expect("memory")).collect();
    let buffers: Vec<u32> = lines.iter().map(|line| at(line.0.as_ptr())).collect();
    drop(lines);
    let budget = Budget::new(ModuleHeap, "lines", 0, |_| ()).expect("memory");
    let nodes = Arena::new(
        ModuleHeap,
        flagstone::vmem::Options {
            quantum: 64,
            quantum_caches: 256,
            import: Some(&ModuleHeap),
            import_factor: 16,
            memory: true,
            ..flagstone::vmem::Options::new("nodes")
        },
    )
    .expect("records");
    let held: Vec<u32> = (1..100).map(|len| nodes.alloc(len * 7).expect("memory")).collect();
    drop(handles);
    let copy = Copy::take();
    assert!(documents.len() > 40 && copy.reaches(Options::default(), &documents).iter().all(|it| *it));
    assert!(copy.reaches(Options::default(), &buffers).iter().all(|it| *it));
    // What only this function has is out of reach, by its locals.
    let own = [at(before.as_ptr()), at(documents.as_ptr()), at(buffers.as_ptr()), at(held.as_ptr())];
    let more: Vec<u32> = copy.leaks().into_iter().filter(|at| !before.contains(at) && !own.contains(at)).collect();
    assert!(more.is_empty(), "{more:x?} are none of {own:x?}");
    nodes.free_all().expect("nobody walks it");
    drop(budget);
}
