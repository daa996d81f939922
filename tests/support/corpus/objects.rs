//! Programs that do wrong with the objects of caches.

use std::ptr::NonNull;

use flagstone::audit::FaultKind::{BadAddress, DoubleFree, Interior, Modified, Redzone, WrongCache};
use flagstone::objects::{Cache, Home, Life, ObjectCache, Options, Refused};

use super::{Foreign, Ground, Program, Run, at_frame, program};

/// An object of a cache.
fn take<H: Home, L: Life>(frame: u32, cache: &Cache<H, L>) -> NonNull<u8> {
    at_frame(frame);
    cache.alloc().unwrap()
}

/// Gives an object back, rightly or wrongly.
fn give<H: Home, L: Life>(frame: u32, cache: &Cache<H, L>, object: NonNull<u8>) {
    at_frame(frame);
    // SAFETY: where it is wrong it is found out.
    unsafe { cache.free(object) };
}

/// Objects whose callbacks write where they should not.
struct Wild {
    /// Bytes that the constructor writes.
    constructs: usize,
    /// Whether the destructor writes before the object.
    underruns: bool,
}

impl Life for Wild {
    const CONSTRUCTS: bool = true;

    unsafe fn construct(&self, at: NonNull<u8>, _: u32) -> Result<(), Refused> {
        // SAFETY: what is not the object's is the bug, in memory of the heap.
        unsafe { at.write_bytes(0x41, self.constructs) };
        Ok(())
    }

    unsafe fn destruct(&self, at: NonNull<u8>) {
        if self.underruns {
            // SAFETY: it is the bug, in memory of the heap.
            unsafe { at.as_ptr().wrapping_sub(1).write(0x41) };
        }
    }
}

pub(super) fn programs<G: Ground>() -> Vec<Program<G>> {
    let mut all = Vec::from(bytes());
    all.extend(lives());
    all.extend(twice());
    all.extend(wrong_place());
    all.extend(wrong_cache());
    all
}

/// Writes `bytes` from `offset` on while the object of 48 bytes is held.
fn writes<G: Ground>(name: &str, offset: isize, bytes: usize) -> Program<G> {
    program(name, Redzone, move |it: &Run<G>| {
        let nodes = it.cache("nodes", 48);
        let node = take(1, &nodes);
        it.write(node.as_ptr(), 0, 48);
        if it.is_wrong() {
            it.write(node.as_ptr(), offset, bytes);
        }
        give(2, &nodes, node);
    })
    .damages(offset as i32, bytes as u32)
    .of(48, 8)
    .caches(1, 1)
    .sites(1, 0, 2)
}

/// Writes a byte at `offset` after the object was given back.
fn stale<G: Ground>(name: &str, offset: isize) -> Program<G> {
    program(name, Modified, move |it: &Run<G>| {
        let nodes = it.cache("nodes", 48);
        let others = [take(4, &nodes), take(4, &nodes)];
        let node = take(1, &nodes);
        if !it.is_wrong() {
            it.write(node.as_ptr(), offset, 1);
        }
        give(2, &nodes, node);
        if it.is_wrong() {
            it.write(node.as_ptr(), offset, 1);
        }
        at_frame(90);
        it.auditor().check();
        others.into_iter().for_each(|node| give(4, &nodes, node));
    })
    .damages(offset as i32, 1)
    .of(48, 8)
    .caches(1, 1)
    .sites(1, 2, 90)
}

fn bytes<G: Ground>() -> [Program<G>; 7] {
    [
        writes("a byte behind an object of a cache", 48, 1),
        writes("a word behind an object of a cache", 48, 8),
        writes("a byte before an object of a cache", -1, 1),
        stale("the first byte of an object that went back to its cache", 0),
        stale("a byte in the middle of an object that went back to its cache", 23),
        stale("the last byte of an object that went back to its cache", 47),
        program("an object that its cache hands out again was written meanwhile", Modified, |it: &Run<G>| {
            let nodes = it.cache("nodes", 48);
            let other = take(4, &nodes);
            let node = take(1, &nodes);
            if !it.is_wrong() {
                it.write(node.as_ptr(), 2, 1);
            }
            give(2, &nodes, node);
            if it.is_wrong() {
                it.write(node.as_ptr(), 2, 1);
            }
            let next = take(5, &nodes);
            give(6, &nodes, next);
            give(6, &nodes, other);
        })
        .damages(2, 1)
        .of(48, 8)
        .caches(1, 1)
        .sites(1, 2, 90)
        .lite(Modified),
    ]
}

/// What callbacks do wrong, and what is done when the cache is gone.
fn lives<G: Ground>() -> [Program<G>; 5] {
    [
        program("a constructor writes behind its object", Redzone, |it: &Run<G>| {
            let nodes = it.cache_of("nodes", 48, Wild { constructs: it.bug(49, 48), underruns: false });
            let node = take(1, &nodes);
            give(2, &nodes, node);
        })
        .damages(48, 1)
        .of(48, 8)
        .caches(1, 1)
        .sites(1, 0, 2),
        program("a destructor writes before its object", Redzone, |it: &Run<G>| {
            let nodes = it.cache_of("nodes", 48, Wild { constructs: 48, underruns: it.is_wrong() });
            let node = take(1, &nodes);
            give(2, &nodes, node);
        })
        .damages(-1, 1)
        .of(48, 8)
        .caches(1, 1)
        .sites(1, 2, 90)
        .only_poisoned(),
        program("an object is written when its cache is gone", Modified, |it: &Run<G>| {
            let nodes = it.cache("nodes", 48);
            let node = take(1, &nodes);
            if !it.is_wrong() {
                it.write(node.as_ptr(), 8, 4);
            }
            give(2, &nodes, node);
            assert!(nodes.destroy().is_ok());
            if it.is_wrong() {
                it.write(node.as_ptr(), 8, 4);
            }
        })
        .damages(8, 4)
        .of(48, 8)
        .caches(1, 1)
        .sites(1, 2, 90),
        program("a box of a cache is written through a pointer when it was dropped", Modified, |it: &Run<G>| {
            let words = ObjectCache::new(it.ground.home(), Options::new("nodes"), || [7_u64; 4]).unwrap();
            at_frame(1);
            let mut object = words.alloc().unwrap();
            let at = (&raw mut *object).cast::<u8>();
            if !it.is_wrong() {
                it.write(at, 24, 8);
            }
            at_frame(2);
            drop(object);
            if it.is_wrong() {
                it.write(at, 24, 8);
            }
        })
        .damages(24, 8)
        .of(32, 8)
        .caches(1, 1)
        .sites(1, 2, 90),
        program("an object goes to a new cache of the name of its own", WrongCache, |it: &Run<G>| {
            let nodes = it.cache("nodes", 48);
            let node = take(1, &nodes);
            let again = it.cache("nodes", 48);
            give(3, it.bug(&again, &nodes), node);
            if it.is_wrong() {
                give(2, &nodes, node);
            }
        })
        .of(48, 8)
        .caches(1, 2)
        .sites(1, 0, 3)
        .lite(WrongCache),
    ]
}

/// Given back twice.
fn twice<G: Ground>() -> [Program<G>; 5] {
    [
        program("given back to its cache twice at once", DoubleFree, |it: &Run<G>| {
            let nodes = it.cache("nodes", 48);
            let other = take(4, &nodes);
            let node = take(1, &nodes);
            give(2, &nodes, node);
            if it.is_wrong() {
                give(3, &nodes, node);
            }
            give(4, &nodes, other);
        })
        .of(48, 8)
        .caches(1, 1)
        .sites(1, 2, 3)
        .lite(DoubleFree)
        .redzone(BadAddress),
        program("given back to its cache twice, with others between", DoubleFree, |it: &Run<G>| {
            let nodes = it.cache("nodes", 48);
            let others: Vec<_> = (0..70).map(|_| take(4, &nodes)).collect();
            let node = take(1, &nodes);
            give(2, &nodes, node);
            others.iter().skip(1).for_each(|&node| give(4, &nodes, node));
            if it.is_wrong() {
                give(3, &nodes, node);
            }
            give(4, &nodes, others[0]);
        })
        .of(48, 8)
        .caches(1, 1)
        .sites(1, 2, 3)
        .redzone(BadAddress),
        program("given back twice, the second time after the quarantine", DoubleFree, |it: &Run<G>| {
            let nodes = it.cache("nodes", 48);
            let other = take(4, &nodes);
            let node = take(1, &nodes);
            give(2, &nodes, node);
            it.drain(5);
            if it.is_wrong() {
                give(3, &nodes, node);
            }
            give(4, &nodes, other);
        })
        .of(48, 8)
        .caches(1, 1)
        .sites(1, 2, 3)
        .gone()
        .lite(DoubleFree)
        .redzone(BadAddress),
        program("given back through two caches", DoubleFree, |it: &Run<G>| {
            let (nodes, names) = (it.cache("nodes", 48), it.cache("names", 48));
            let node = take(1, &nodes);
            let others = [take(4, &nodes), take(4, &names)];
            give(2, &nodes, node);
            if it.is_wrong() {
                give(3, &names, node);
            }
            give(4, &nodes, others[0]);
            give(4, &names, others[1]);
        })
        .of(48, 8)
        .caches(1, 2)
        .sites(1, 2, 3)
        .lite(DoubleFree)
        .redzone(BadAddress),
        program("one object twice among those that go back together", DoubleFree, |it: &Run<G>| {
            let nodes = it.cache("nodes", 48);
            let mut some = [None; 4];
            at_frame(1);
            nodes.alloc_bulk(&mut some).unwrap();
            let mut all = [some[0], some[1], some[2], it.bug(some[1], some[3])];
            at_frame(2);
            // SAFETY: where it is wrong it is found out.
            unsafe { nodes.free_bulk(&mut all) };
            if it.is_wrong() {
                give(2, &nodes, some[3].unwrap());
            }
        })
        .of(48, 8)
        .caches(1, 1)
        .sites(1, 2, 2)
        .lite(DoubleFree)
        .redzone(BadAddress),
    ]
}

/// What is no object of any cache.
fn wrong_place<G: Ground>() -> [Program<G>; 4] {
    [
        program("the inside of an object goes to its cache", Interior, |it: &Run<G>| {
            let nodes = it.cache("nodes", 48);
            let node = take(1, &nodes);
            if it.is_wrong() {
                give(3, &nodes, NonNull::new(node.as_ptr().wrapping_add(16)).unwrap());
            }
            give(2, &nodes, node);
        })
        .of(48, 8)
        .inside(16)
        .caches(1, 1)
        .sites(1, 0, 3)
        .lite(Interior),
        program("a static goes to a cache", BadAddress, |it: &Run<G>| {
            let nodes = it.cache("nodes", 48);
            let node = take(1, &nodes);
            if it.is_wrong() {
                give(3, &nodes, NonNull::new(it.ground.foreign(Foreign::Static)).unwrap());
            }
            give(2, &nodes, node);
        })
        .caches(0, 1)
        .sites(0, 0, 3)
        .lite(BadAddress),
        program("memory of an arena goes to a cache", Interior, |it: &Run<G>| {
            let nodes = it.cache("nodes", 48);
            let node = take(4, &nodes);
            at_frame(1);
            it.ground.with_arena(&|at| {
                if it.is_wrong() {
                    give(3, &nodes, NonNull::new(at).unwrap());
                }
            });
            give(2, &nodes, node);
        })
        .inside(1024)
        .of(8192, 1024)
        .caches(0, 1)
        .sites(1, 0, 3)
        .lite(Interior),
        program("the end of an object goes to its cache", Interior, |it: &Run<G>| {
            let nodes = it.cache("nodes", 48);
            let node = take(1, &nodes);
            if it.is_wrong() {
                give(3, &nodes, NonNull::new(node.as_ptr().wrapping_add(48)).unwrap());
            }
            give(2, &nodes, node);
        })
        .of(48, 8)
        .inside(48)
        .caches(1, 1)
        .sites(1, 0, 3),
    ]
}

/// What goes where it did not come from.
fn wrong_cache<G: Ground>() -> [Program<G>; 5] {
    [
        program("an object goes to another cache of objects as long", WrongCache, |it: &Run<G>| {
            let (nodes, names) = (it.cache("nodes", 48), it.cache("names", 48));
            let node = take(1, &nodes);
            give(3, it.bug(&names, &nodes), node);
            if it.is_wrong() {
                give(2, &nodes, node);
            }
        })
        .of(48, 8)
        .caches(1, 2)
        .sites(1, 0, 3)
        .lite(WrongCache),
        program("an object goes to a cache of longer objects", WrongCache, |it: &Run<G>| {
            let (nodes, names) = (it.cache("nodes", 48), it.cache("names", 480));
            let node = take(1, &nodes);
            let name = take(4, &names);
            give(3, it.bug(&names, &nodes), node);
            if it.is_wrong() {
                give(2, &nodes, node);
            }
            give(2, &names, name);
        })
        .of(48, 8)
        .caches(1, 2)
        .sites(1, 0, 3)
        .lite(WrongCache),
        program("an object of a cache is freed to the heap", WrongCache, |it: &Run<G>| {
            let nodes = it.cache("nodes", 48);
            let node = take(1, &nodes);
            if it.is_wrong() {
                it.free(3, node.as_ptr(), 48, 8);
            }
            give(2, &nodes, node);
        })
        .of(48, 8)
        .given(48, 8)
        .caches(1, 0)
        .sites(1, 0, 3)
        .lite(WrongCache),
        program("an object of a cache gets another size", WrongCache, |it: &Run<G>| {
            let nodes = it.cache("nodes", 48);
            let node = take(1, &nodes);
            if it.is_wrong() {
                let new = it.realloc(3, node.as_ptr(), 48, 8, 100);
                it.free(4, new, 100, 8);
            }
            give(2, &nodes, node);
        })
        .of(48, 8)
        .caches(1, 0)
        .sites(1, 0, 3)
        .lite(WrongCache),
        program("memory of the heap goes to a cache", WrongCache, |it: &Run<G>| {
            let nodes = it.cache("nodes", 48);
            let node = take(4, &nodes);
            let at = it.alloc(1, 48, 8);
            if it.is_wrong() {
                give(3, &nodes, NonNull::new(at).unwrap());
            }
            it.free(2, at, 48, 8);
            give(4, &nodes, node);
        })
        .of(48, 8)
        .caches(0, 1)
        .sites(1, 0, 3)
        .lite(WrongCache),
    ]
}
