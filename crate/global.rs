//! The wrappers that applications use: [`Flagstone`] for a module's own memory, [`Heap`] for any source.

use core::alloc::Layout;
use core::ptr;

use crate::heap::state::STATE_LEN;
use crate::heap::{Engine, State};
use crate::objects::Reclaimed;
use crate::record::{get, make};
use crate::root::{MAGIC, ROOT_LEN, Root, VERSION};
use crate::source::Source;
use crate::stats::Stats;
use crate::units::{Addr, LIMIT, PAGE_BYTES, Pages};
use crate::vmem::arena::supply::sealed::Keep;
use crate::vmem::{Import, Place, Request, Span};

#[cfg_attr(target_family = "wasm", path = "global/wasm.rs")]
#[cfg_attr(not(target_family = "wasm"), path = "global/platform.rs")]
mod program;

#[cfg(target_family = "wasm")]
pub use program::ModuleHeap;
pub use program::stats;
#[cfg(all(feature = "inspector", target_family = "wasm"))]
pub use program::{own_image, own_root};
#[cfg(not(all(feature = "small", target_family = "wasm")))]
pub use program::{reclaim, tick};

/// The allocator for a whole program: on wasm a heap in the module's own memory, elsewhere the platform's allocator.
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: flagstone::Flagstone = flagstone::Flagstone::new();
///
/// # fn main() {
/// let words: Vec<String> = ["slab", "arena"].map(String::from).to_vec();
/// assert_eq!(words.concat(), "slabarena");
/// # }
/// ```
///
/// It has no state of its own: every `Flagstone` is the same heap, the one that `__flagstone_root` names. A small request
/// takes constant time unless its magazines are empty; a request of more than 1 KiB is a segment of the arena, found among
/// at most 32 free ones. A request that cannot be served returns null and changes nothing.
///
/// Builds for wasm with threads (`target_feature = "atomics"`) are refused at compile time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flagstone;

impl Flagstone {
    /// The allocator. It takes no memory until the first allocation.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

/// A heap over a [`Source`] of pages, for instance a byte array: a memory of its own that can be limited, thrown away as a
/// whole, tested natively and read through an image.
///
/// ```
/// use core::alloc::Layout;
/// use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
///
/// let mut memory = vec![Page::ZERO; 4];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).expect("a page for the heap's state");
/// let layout = Layout::new::<[u64; 5]>();
/// let at = heap.alloc(layout);
/// assert!(!at.is_null() && at.cast::<u64>().is_aligned());
/// // SAFETY: `at` came from this heap for this layout and is given back once.
/// unsafe { heap.dealloc(at, layout) };
/// assert_eq!(heap.stats().live_objects(), 0);
/// ```
#[derive(Debug)]
pub struct Heap<S> {
    engine: Engine<S>,
    root: Addr,
}

/// The alignment of an arena's records.
const RECORD_ALIGN: u32 = 8;

/// The largest size, alignment included, that a 32-bit memory can be asked for: `isize::MAX` there.
const SIZE_MAX: usize = i32::MAX as usize;

impl<S: Source> Heap<S> {
    /// A heap that keeps its state in the first page of `source`; `None` where that has no page to give.
    #[must_use]
    pub fn new(source: S) -> Option<Self> {
        const { assert!(ROOT_LEN as usize + STATE_LEN + 8 <= PAGE_BYTES as usize) };
        let root_at = source.grow(Pages(1))?;
        if root_at.0 >= LIMIT {
            return None;
        }
        let state_at = Addr((root_at.0 + ROOT_LEN).next_multiple_of(8));
        // SAFETY: the page was just given to this heap; page boundaries are multiples of 8.
        let root = unsafe { make::<S, Root>(&source, root_at) };
        // SAFETY: the state lies behind the root in the same page (asserted above), at a multiple of 8.
        let state = unsafe { make::<S, State>(&source, state_at) };
        #[cfg(feature = "audit")]
        // SAFETY: the records of diagnosis lie behind the state in the same page, at a multiple of 8.
        let _ = unsafe {
            make::<S, crate::audit::record::AuditState>(&source, Addr(state_at.0 + size_of::<State>() as u32))
        };
        let state_end = state.addr() + STATE_LEN as u32;
        let record = get(&source, root);
        record.magic[0].set(MAGIC[0]);
        record.magic[1].set(MAGIC[1]);
        record.version.set(VERSION);
        record.state.set(state_at.0);
        record.heap_base.set(state_end);
        // SAFETY: a zeroed state lives there, and only this heap uses it.
        let engine = unsafe { Engine::over(source, state_at) };
        engine.give(state_end, root_at.0 + PAGE_BYTES);
        Some(Self { engine, root: root_at })
    }

    /// Where the heap's root is, for an image of its memory.
    #[must_use]
    pub const fn root(&self) -> Addr {
        self.root
    }

    /// The source the heap was made over.
    #[must_use]
    pub const fn source(&self) -> &S {
        self.engine.source()
    }

    /// Memory for `layout`, null where there is none. A layout of size zero gets null.
    #[must_use]
    pub fn alloc(&self, layout: Layout) -> *mut u8 {
        match request(layout) {
            Some((size, align)) => self.pointer(self.engine.alloc(size, align)),
            None => ptr::null_mut(),
        }
    }

    /// As [`alloc`](Self::alloc), with all bytes zero.
    #[must_use]
    pub fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match request(layout) {
            Some((size, align)) => self.pointer(self.engine.alloc_zeroed(size, align)),
            None => ptr::null_mut(),
        }
    }

    /// Gives memory back.
    ///
    /// # Safety
    /// - `at` came from this heap for `layout` and is given back once.
    pub unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        if let Some((size, align)) = request(layout) {
            let addr = self.engine.source().addr(at);
            // SAFETY: as the caller promises.
            unsafe { self.engine.free(addr, size, align) };
        }
    }

    /// Changes the size of an allocation, keeping its first bytes; null where there is no memory (or `new_size` is zero),
    /// and then the allocation stays as it was. That can also befall a shrink, to another size class in a full memory.
    ///
    /// In place, in constant time, where the class stays or a segment can be cut or extended; otherwise linear in the size.
    ///
    /// # Safety
    /// - `at` came from this heap for `layout`.
    #[must_use]
    pub unsafe fn realloc(&self, at: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let Ok(new_layout) = Layout::from_size_align(new_size, layout.align()) else { return ptr::null_mut() };
        let (Some((size, align)), Some((new_size, _))) = (request(layout), request(new_layout)) else {
            return ptr::null_mut();
        };
        let addr = self.engine.source().addr(at);
        // SAFETY: as the caller promises; the new size was checked above.
        self.pointer(unsafe { self.engine.realloc(addr, size, align, new_size) })
    }

    /// Puts all idle memory back into the arena: empties depots, magazines and empty slabs, asks the owners of object caches for
    /// what they can spare, and moves objects together; the bytes that became free at each step. Does nothing from within a
    /// callback of it. Takes time linear in what is idle and in the number of free segments.
    pub fn reclaim(&self) -> Reclaimed {
        self.engine.reclaim()
    }

    /// Lets every object cache look at what it needed since the last time, and give back what it did not: see
    /// [`objects`](crate::objects). There is no clock in a heap; a program calls this when it is idle.
    pub fn tick(&self) {
        self.engine.tick();
    }

    /// The engine, for object caches.
    pub(crate) const fn engine(&self) -> &Engine<S> {
        &self.engine
    }

    /// What the heap counts. Takes time linear in the number of size classes and segments of the arena, and no memory.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.engine.stats()
    }

    /// The heap's memory as an image. What lies below the source's first page reads as zero.
    #[cfg(feature = "inspector")]
    #[must_use]
    pub const fn image(&self) -> crate::image::Own<'_, S> {
        crate::image::Own::new(self.engine.source(), self.root)
    }

    fn pointer(&self, addr: Addr) -> *mut u8 {
        if addr.0 == 0 { ptr::null_mut() } else { self.engine.source().at(addr) }
    }
}

// SAFETY: what a heap allocates is nobody else's until it is freed; it calls no arena; the list is part of its state.
unsafe impl<S: Source> Keep for &Heap<S> {
    type Memory = S;

    fn memory(&self) -> &S {
        self.engine.source()
    }

    fn take(&self, len: u32) -> Option<Addr> {
        Some(self.engine.alloc_zeroed(len, RECORD_ALIGN)).filter(|at| at.0 != 0)
    }

    unsafe fn give(&self, at: Addr, len: u32) {
        // SAFETY: `take` allocated it with the same size and alignment.
        unsafe { self.engine.free(at, len, RECORD_ALIGN) };
    }

    fn arenas(&self) -> Option<Addr> {
        Some(Addr(self.engine.id().arenas()))
    }
}

/// The numbers are addresses of the heap's memory; a span is one allocation.
///
/// ```
/// use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
/// use flagstone::vmem::{Arena, Options};
/// let mut memory = vec![Page::ZERO; 4];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let options = Options { quantum: 1024, import: Some(&heap), import_factor: 8, memory: true, ..Options::new("frames") };
/// let arena = Arena::new(&heap, options)?;
/// let frame = arena.alloc(5000)?;
/// assert_eq!(frame % 1024, 0);
/// assert!(heap.stats().live_bytes() >= 8 * 5120);
/// # Ok::<(), flagstone::vmem::Error>(())
/// ```
impl<S: Source> Import for Heap<S> {
    fn import(&self, request: &Request) -> Option<Span> {
        import(
            request,
            |size, align| self.engine.alloc(size, align),
            |at, size, align| {
                // SAFETY: just allocated with this size and alignment.
                unsafe { self.engine.free(at, size, align) };
            },
        )
    }

    /// Does nothing: only the arena that imported a span gives it back.
    fn release(&self, _: Span, _: u32) {}

    unsafe fn take_back(&self, span: Span, align: u32) {
        // SAFETY: `import` allocated it with this size and alignment, and it is given back once (caller).
        unsafe { self.engine.free(Addr(span.start), span.len, align) };
    }

    fn place(&self) -> Option<Place> {
        Some(Place::new(self.engine.source(), Addr(self.engine.id().arena().addr())))
    }
}

/// A span for an arena, which is one allocation of a heap.
fn import(request: &Request, alloc: impl FnOnce(u32, u32) -> Addr, free: impl FnOnce(Addr, u32, u32)) -> Option<Span> {
    let layout = Layout::from_size_align(request.len as usize, request.align as usize).ok()?;
    let (size, align) = self::request(layout)?;
    let at = alloc(size, align);
    if at.0 == 0 {
        return None;
    }
    if at.0 >= request.min && at.0 + (size - 1) <= request.max {
        return Some(Span { start: at.0, len: size });
    }
    free(at, size, align);
    None
}

/// Size and alignment of a request that a 32-bit memory may serve.
pub(crate) fn request(layout: Layout) -> Option<(u32, u32)> {
    let fits = layout.size() != 0
        && (layout.size() | (layout.align() - 1)) <= SIZE_MAX
        && layout.size() <= SIZE_MAX + 1 - layout.align();
    fits.then_some((layout.size() as u32, layout.align() as u32))
}
