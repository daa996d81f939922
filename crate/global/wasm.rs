//! The heap of a wasm module: its exported root, its state, and the allocator's calls.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ptr;

use super::{Flagstone, RECORD_ALIGN};
#[cfg(not(feature = "small"))]
use crate::heap::{Engine, state::STATE_LEN};
#[cfg(feature = "small")]
use crate::root::SMALL_VERSION as VERSION;
#[cfg(not(feature = "small"))]
use crate::root::VERSION;
use crate::root::{MAGIC, Root};
#[cfg(feature = "small")]
use crate::small::{STATE_LEN, Small as Engine};
use crate::source::wasm::{self, Memory};
use crate::stats::Stats;
use crate::units::Addr;
use crate::vmem::arena::supply::sealed::Keep;
use crate::vmem::{Import, Place, Request, Span};

#[cfg(target_feature = "atomics")]
compile_error!(
    "flagstone's single-threaded build cannot be used with target_feature `atomics`: two threads would share a heap without a lock"
);

#[cfg(all(feature = "audit", feature = "small"))]
compile_error!("flagstone's feature `small` has nothing that the feature `audit` could look at");

#[cfg(target_pointer_width = "64")]
compile_error!("flagstone supports wasm32 only: its addresses have 32 bits");

/// The root as the linker fills it in: the fields of [`Root`], with pointers where those are addresses.
#[repr(C)]
struct LinkedRoot {
    magic: [u32; 2],
    version: u32,
    state: *const Shared,
    stack_low: *const u8,
    stack_high: *const u8,
    heap_base: *const u8,
}

const _: () = assert!(size_of::<LinkedRoot>() == size_of::<Root>());

/// Zero bytes that become a heap's state.
#[repr(C, align(8))]
struct Shared(UnsafeCell<MaybeUninit<[u8; STATE_LEN]>>);

// SAFETY: a build without atomics has one thread.
unsafe impl Sync for Shared {}
// SAFETY: never written after the linker made it.
unsafe impl Sync for LinkedRoot {}

static STATE: Shared = Shared(UnsafeCell::new(MaybeUninit::zeroed()));

/// Where an inspector begins to read.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
static __flagstone_root: LinkedRoot = LinkedRoot {
    magic: MAGIC,
    version: VERSION,
    state: &raw const STATE,
    stack_low: &raw const wasm::__stack_low,
    stack_high: &raw const wasm::__stack_high,
    heap_base: &raw const wasm::__heap_base,
};

/// Where the module's list of arenas is; the other core has none.
#[cfg(not(feature = "small"))]
fn arenas() -> Option<Addr> {
    Some(Addr(engine().id().arenas()))
}

/// Where the record of the module's arena is.
#[cfg(not(feature = "small"))]
fn arena_place() -> Option<Place> {
    Some(Place::new(&Memory, Addr(engine().id().arena().addr())))
}

#[cfg(feature = "small")]
fn arenas() -> Option<Addr> {
    None
}

#[cfg(feature = "small")]
fn arena_place() -> Option<Place> {
    None
}

/// The module's heap.
#[inline(always)]
fn engine() -> Engine<Memory> {
    let state = Addr((&raw const STATE).expose_provenance() as u32);
    // SAFETY: `STATE` was zero at the start and is only used here, by one thread.
    unsafe { Engine::over(Memory, state) }
}

// SAFETY: I1 and I10: what `alloc` and `realloc` return is memory of the layout that nobody else holds; nothing unwinds.
unsafe impl GlobalAlloc for Flagstone {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        pointer(engine().alloc(layout.size() as u32, layout.align() as u32))
    }

    #[inline]
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { engine().free(Addr(at.addr() as u32), layout.size() as u32, layout.align() as u32) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        pointer(engine().alloc_zeroed(layout.size() as u32, layout.align() as u32))
    }

    #[inline]
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let (addr, size, align) = (Addr(at.addr() as u32), layout.size() as u32, layout.align() as u32);
        // SAFETY: as the caller promises.
        pointer(unsafe { engine().realloc(addr, size, align, new_size as u32) })
    }
}

#[inline(always)]
fn pointer(addr: Addr) -> *mut u8 {
    ptr::with_exposed_provenance_mut(addr.0 as usize)
}

/// The heap of this module as the place of an arena's records, which makes the arena seen by the inspector, and as a source of
/// spans, whose numbers are addresses of this module's memory. Only on wasm.
///
/// ```
/// use flagstone::vmem::{Arena, ModuleHeap, Options};
/// let textures = Arena::new(ModuleHeap, Options { quantum: 256, ..Options::new("textures") })?;
/// # Ok::<(), flagstone::vmem::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ModuleHeap;

// SAFETY: what a heap allocates is nobody else's until it is freed; it calls no arena; the list is part of its state.
unsafe impl Keep for ModuleHeap {
    type Memory = Memory;

    fn memory(&self) -> &Memory {
        &Memory
    }

    fn take(&self, len: u32) -> Option<Addr> {
        Some(engine().alloc_zeroed(len, RECORD_ALIGN)).filter(|at| at.0 != 0)
    }

    unsafe fn give(&self, at: Addr, len: u32) {
        // SAFETY: `take` allocated it with the same size and alignment.
        unsafe { engine().free(at, len, RECORD_ALIGN) };
    }

    fn arenas(&self) -> Option<Addr> {
        arenas()
    }
}

impl Import for ModuleHeap {
    fn import(&self, request: &Request) -> Option<Span> {
        super::import(
            request,
            |size, align| engine().alloc(size, align),
            |at, size, align| {
                // SAFETY: just allocated with this size and alignment.
                unsafe { engine().free(at, size, align) };
            },
        )
    }

    /// Does nothing: only the arena that imported a span gives it back.
    fn release(&self, _: Span, _: u32) {}

    unsafe fn take_back(&self, span: Span, align: u32) {
        // SAFETY: `import` allocated it with this size and alignment, and it is given back once (caller).
        unsafe { engine().free(Addr(span.start), span.len, align) };
    }

    fn place(&self) -> Option<Place> {
        arena_place()
    }
}

/// The engine of this module's heap, as a heap over bytes has one.
#[cfg(not(feature = "small"))]
#[derive(Debug)]
#[allow(unreachable_pub, reason = "a sealed trait of object caches names it")]
pub struct ModuleEngine(Engine<Memory>);

#[cfg(not(feature = "small"))]
impl core::ops::Deref for ModuleEngine {
    type Target = Engine<Memory>;

    #[inline(always)]
    fn deref(&self) -> &Engine<Memory> {
        &self.0
    }
}

#[cfg(not(feature = "small"))]
impl crate::objects::sealed::Engines for ModuleHeap {
    type Source = Memory;
    type Engine = ModuleEngine;

    #[inline(always)]
    fn engine(self) -> ModuleEngine {
        ModuleEngine(engine())
    }
}

/// Puts all idle memory of the module's heap back into its arena: see [`Heap::reclaim`](crate::Heap::reclaim).
#[cfg(not(feature = "small"))]
pub fn reclaim() -> crate::objects::Reclaimed {
    engine().reclaim()
}

/// Lets every object cache of the module look at what it needed since the last time, and give back what it did not: see
/// [`Heap::tick`](crate::Heap::tick).
#[cfg(not(feature = "small"))]
pub fn tick() {
    engine().tick();
}

/// The counters of the module's heap. Takes time linear in the number of segments, and no memory.
#[must_use]
pub fn stats() -> Stats {
    engine().stats()
}

/// This module's own memory as an image, for tests that look at the heap they run on.
///
/// Reading it allocates from the heap that is read: copy the bytes first where that matters.
#[cfg(feature = "inspector")]
#[must_use]
pub fn own_image() -> impl crate::image::Image {
    // Address 0 is no pointer.
    crate::image::Own::new(&Memory, Addr(1))
}

/// The address of this module's own root.
#[cfg(feature = "inspector")]
#[must_use]
pub fn own_root() -> Addr {
    Addr((&raw const __flagstone_root).addr() as u32)
}
