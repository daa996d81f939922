//! Claim: in a module, object caches are statics that begin by themselves, share its heap with the global allocator, and give all
//! of it back.
#![cfg(target_family = "wasm")]

use std::alloc::Layout;
use std::cell::Cell;

use flagstone::Flagstone;
use flagstone::objects::{Bare, Budget, Cache, Construct, Error, Flags, MovableCache, ObjectCache, Options, Refused};
use flagstone::vmem::ModuleHeap;
use wasm_bindgen_test::wasm_bindgen_test;

#[global_allocator]
static ALLOCATOR: Flagstone = Flagstone::new();

/// An object with a table that takes time to make.
struct Parser {
    words: Vec<String>,
    uses: u32,
}

impl Parser {
    fn new() -> Self {
        Self { words: (0..100).map(|n| n.to_string()).collect(), uses: 0 }
    }
}

static PARSERS: ObjectCache<Parser, ModuleHeap> =
    ObjectCache::deferred(ModuleHeap, Options::new("parsers"), Parser::new as fn() -> Parser);
static NAMES: MovableCache<String, ModuleHeap> = MovableCache::deferred(ModuleHeap, Options::new("names"));
static PLAIN: Cache<ModuleHeap> = Cache::deferred(ModuleHeap, Layout::new::<[u8; 100]>(), Options::new("plain"), Bare);
static WRONG: Cache<ModuleHeap> = Cache::deferred(ModuleHeap, Layout::new::<()>(), Options::new("wrong"), Bare);

#[wasm_bindgen_test]
fn a_static_cache_begins_with_its_first_object_and_keeps_what_was_constructed() {
    assert_eq!(PARSERS.stats().size, 0, "nothing yet");
    for n in 0..1000 {
        let mut parser = PARSERS.alloc().unwrap();
        assert_eq!((parser.uses, parser.words.len()), (n, 100));
        parser.uses += 1;
    }
    let stats = PARSERS.stats();
    assert_eq!((stats.constructs, stats.allocations, stats.live), (1, 1000, 0));
    assert_eq!(PARSERS.untyped().shrink(), Ok(true));
    assert_eq!(PARSERS.stats().destructs, 1);
}

#[wasm_bindgen_test]
fn a_static_cache_of_what_cannot_be_says_so_each_time() {
    for _ in 0..3 {
        assert_eq!(WRONG.alloc(), Err(Error::BadSize(0)));
    }
}

#[wasm_bindgen_test]
fn plain_objects_are_memory_of_the_module_that_nobody_else_has() {
    let objects: Vec<_> = (0..5000_u32).map(|n| (PLAIN.alloc().unwrap(), n)).collect();
    for (object, n) in &objects {
        // SAFETY: an object of 100 bytes, ours.
        unsafe { object.as_ptr().write_bytes(*n as u8, 100) };
    }
    let others: Vec<Box<[u8; 100]>> = (0..5000).map(|_| Box::new([0xee; 100])).collect();
    for (object, n) in objects {
        // SAFETY: as above.
        let bytes = unsafe { std::slice::from_raw_parts(object.as_ptr(), 100) };
        assert!(bytes.iter().all(|byte| *byte == n as u8));
        // SAFETY: it came from the cache and is given back once.
        unsafe { PLAIN.free(object) };
    }
    assert!(others.iter().all(|other| other[..] == [0xee; 100]));
    let zeroed = PLAIN.alloc_with(Flags::ZEROED).unwrap();
    // SAFETY: an object of 100 bytes, ours.
    assert!(unsafe { std::slice::from_raw_parts(zeroed.as_ptr(), 100) }.iter().all(|byte| *byte == 0));
    // SAFETY: it came from the cache and is given back once.
    unsafe { PLAIN.free(zeroed) };
}

#[wasm_bindgen_test]
fn strings_that_move_are_the_same_strings() {
    let handles: Vec<_> = (0..20_000_u32).map(|n| (NAMES.insert(format!("name {n}")).unwrap(), n)).collect();
    let (kept, gone): (Vec<_>, Vec<_>) = handles.into_iter().partition(|(_, n)| n % 10 == 3);
    for (handle, n) in gone {
        assert_eq!(NAMES.remove(handle).unwrap(), format!("name {n}"));
    }
    let before = NAMES.stats();
    let reclaimed = flagstone::reclaim();
    let after = NAMES.stats();
    assert!(after.slabs <= before.slabs / 8, "{} of {} slabs", after.slabs, before.slabs);
    assert!(reclaimed.total() > 100_000, "{reclaimed:?}");
    for (handle, n) in kept {
        assert_eq!(*NAMES.get(handle).unwrap(), format!("name {n}"));
        NAMES.edit(handle).unwrap().push('!');
        assert_eq!(NAMES.remove(handle).unwrap(), format!("name {n}!"));
    }
    assert!(NAMES.is_empty());
}

#[wasm_bindgen_test]
fn ticks_give_back_what_two_of_them_did_not_need() {
    let cache = ObjectCache::new(ModuleHeap, Options { rounds: 7, ..Options::new("ticked") }, || [1_u64; 32]).unwrap();
    let objects: Vec<_> = (0..2000).map(|_| cache.alloc().unwrap()).collect();
    drop(objects);
    assert!(cache.stats().full_magazines > 100);
    flagstone::tick();
    assert!(cache.stats().full_magazines > 100, "needed since the last tick");
    flagstone::tick();
    assert_eq!(cache.stats().full_magazines, 0);
    assert!(cache.stats().slabs < 20);
}

/// Gives its objects up when it is asked.
struct Kept;

type Page = [u8; 8192];

thread_local! {
    static PAGES: std::cell::RefCell<Vec<flagstone::objects::CacheBox<'static, Page, ModuleHeap, Kept>>> =
        const { std::cell::RefCell::new(Vec::new()) };
    static SPENT: Cell<u32> = const { Cell::new(0) };
}

impl Construct<Page> for Kept {
    fn construct(&self) -> Result<Page, Refused> {
        Ok([7; 8192])
    }

    fn reclaim(&self, _: u32) {
        PAGES.with_borrow_mut(|pages| pages.truncate(pages.len() / 2));
    }
}

#[wasm_bindgen_test]
fn a_budget_is_kept_by_giving_up_what_can_be_spared() {
    let budget = Budget::new(ModuleHeap, "pages", 1 << 20, |_| SPENT.set(SPENT.get() + 1)).unwrap();
    let budget: &'static _ = Box::leak(Box::new(budget));
    let options = Options { budget: Some(budget), ..Options::new("pages") };
    let cache: &'static _ = Box::leak(Box::new(ObjectCache::new(ModuleHeap, options, Kept).unwrap()));
    for _ in 0..1000 {
        let page = cache.alloc().unwrap();
        assert!(page.iter().all(|byte| *byte == 7));
        PAGES.with_borrow_mut(|pages| pages.push(page));
    }
    let usage = budget.usage();
    assert!(usage.peak <= 1 << 20 && usage.asks > 5 && SPENT.get() == 0, "{usage:?}");
    // What is held outside of the owner's reach cannot be spared: then it is told, and refused.
    PAGES.with_borrow_mut(Vec::clear);
    let held: Vec<_> = std::iter::from_fn(|| cache.alloc().ok()).collect();
    assert!(held.len() >= 120 && SPENT.get() == 1, "{} pages", held.len());
    assert_eq!(cache.alloc().err(), Some(Error::Budget { bytes: 8192, limit: 1 << 20 }));
}
