//! What consolidation gives back: many objects behind handles, most of them given up by chance.

use flagstone::objects::{Handle, MovableCache, Options};
use flagstone::vmem::ModuleHeap;

use crate::random::Random;

/// An object of 64 bytes with the number of its entry.
type Object = [u32; 15];

static OBJECTS: MovableCache<Object, ModuleHeap> = MovableCache::deferred(ModuleHeap, Options::new("objects"));

thread_local! {
    static LEFT: std::cell::RefCell<Vec<(Handle<Object>, u32)>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// Makes `objects` objects and gives up those that chance, so many of a hundred, says; slabs then, with nothing in magazines.
#[unsafe(no_mangle)]
extern "C" fn scatter(objects: u32, percent: u32) -> u32 {
    let mut random = Random(7);
    let handles: Vec<_> = (0..objects).map(|n| (OBJECTS.insert([n; 15]).expect("there is memory"), n)).collect();
    let (gone, left): (Vec<_>, Vec<_>) = handles.into_iter().partition(|_| random.below(100) < percent);
    for (handle, n) in gone {
        assert_eq!(OBJECTS.remove(handle).expect("it is there"), [n; 15]);
    }
    LEFT.set(left);
    OBJECTS.untyped().shrink().expect("it was begun");
    OBJECTS.stats().slabs
}

/// Moves them together; slabs then.
#[unsafe(no_mangle)]
extern "C" fn gather() -> u32 {
    OBJECTS.consolidate().expect("it was begun");
    OBJECTS.stats().slabs
}

/// Slabs that the objects need at least.
#[unsafe(no_mangle)]
extern "C" fn ideal() -> u32 {
    let stats = OBJECTS.stats();
    stats.live.div_ceil(stats.objects_per_slab)
}

/// Objects that are not what they were.
#[unsafe(no_mangle)]
extern "C" fn wrong() -> u32 {
    LEFT.with_borrow(|left| {
        left.iter().filter(|(handle, n)| OBJECTS.get(*handle).map_or(true, |object| *object != [*n; 15])).count() as u32
    })
}
