//! A mistake with object caches.

use std::alloc::Layout;
use std::ptr::NonNull;

use flagstone::objects::{Bare, Cache, Options};
use flagstone::vmem::ModuleHeap;

type Objects = Cache<ModuleHeap>;

static NODES: Objects = Cache::deferred(ModuleHeap, Layout::new::<[u64; 6]>(), Options::new("bug nodes"), Bare);
static NAMES: Objects = Cache::deferred(ModuleHeap, Layout::new::<[u64; 6]>(), Options::new("bug names"), Bare);

#[inline(never)]
fn make_node() -> NonNull<u8> {
    NODES.alloc().expect("there is memory")
}

/// Gives a node back as a name.
#[inline(never)]
pub(crate) fn wrong_cache() {
    let node = make_node();
    // SAFETY: none: this is the bug, and diagnosis stops it.
    unsafe { NAMES.free(node) };
}
