//! The front end: memory of any layout from a heap, with the choices that kernels give their programmers: what may be done to
//! get it, what happens where there is none, and how much there really is (illumos kmem.c, `kmem_alloc`; Linux slab.c,
//! `kmalloc`, `krealloc`, `ksize`).
//!
//! Sizes here are those of the heap's own classes, or whole quanta: the owner of an allocation may use all of
//! [`usable_size`](FrontEnd::usable_size). It rests on `heap`, and on the reclaim chain of `objects`.

use core::alloc::Layout;
use core::ptr::NonNull;
use core::sync::atomic::{Ordering, compiler_fence};

use crate::global::request;
use crate::heap::Engine;
use crate::objects::{Flags, Home};
use crate::size_class::{SMALL_MAX, segment_len};
use crate::source::Source;
use crate::units::Addr;

mod ladder;
mod refusal;

pub use refusal::{LastRefusal, Refusal};

use ladder::Wish;

/// The largest size, in bytes: `isize::MAX` of a 32-bit target.
const SIZE_MAX: u32 = i32::MAX as u32;

/// Memory of any layout from the heap `H`: `&Heap<S>`, or on wasm `vmem::ModuleHeap`. It has no state of
/// its own.
///
/// Every request has [`Flags`]. What they mean here:
///
/// | flag | |
/// |---|---|
/// | `NONE` | Where there is no memory, those who hold some idle are asked once. A refusal is put on record. |
/// | `ZEROED` | All usable bytes are zero. |
/// | `NO_GROWTH` | The memory does not grow. What lies idle in magazines and depots is given back for it, but no owner is asked: its callback might need memory. Destructors of objects in depots do run. |
/// | `NO_RECLAIM` | No callback runs, and no cache of objects gives anything back. Only free objects of the heap's own size classes may become free segments: the heap has no other way to look for a long one. |
/// | `NO_FAIL` | Everything is reclaimed and the request tried again; then the program traps, with the request on record. With `NO_RECLAIM` it traps at once. |
/// | `QUIET` | A refusal is not put on record. |
///
/// ```
/// use core::alloc::Layout;
/// use flagstone::frontend::{FrontEnd, Refusal};
/// use flagstone::objects::Flags;
/// use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
/// let mut memory = vec![Page::ZERO; 4];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let front = FrontEnd::new(&heap);
/// let layout = Layout::new::<[u8; 100]>();
/// let at = front.alloc(layout, Flags::ZEROED)?;
/// assert_eq!(front.usable_size(layout), 104);
/// // SAFETY: it came from this front end for the layout; what returns is used with the new size.
/// let longer = unsafe { front.realloc(at, layout, 103, Flags::NONE)? };
/// assert_eq!(longer, at);
/// // SAFETY: as above, given back once.
/// unsafe { front.free(longer, Layout::new::<[u8; 103]>()) };
/// # Ok::<(), Refusal>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FrontEnd<H: Home> {
    home: H,
}

impl<H: Home> FrontEnd<H> {
    /// The front end of a heap.
    #[must_use]
    pub const fn new(home: H) -> Self {
        Self { home }
    }

    /// Memory of `layout`, given back with [`free`](Self::free). Constant time out of a magazine.
    ///
    /// # Errors
    /// [`Refusal::ZeroSize`], [`Refusal::TooLong`], [`Refusal::NoMemory`]; with [`Flags::NO_FAIL`] only the first.
    pub fn alloc(&self, layout: Layout, flags: Flags) -> Result<NonNull<u8>, Refusal> {
        let (size, align) = self.shape(layout, flags)?;
        let zeroed = flags.has(Flags::ZEROED);
        self.serve(&Wish::new(size, usable(size, align), align, zeroed), flags)
    }

    /// Memory for `count` elements of the layout `element`, one behind the other, given back with the layout
    /// `Layout::from_size_align(element.pad_to_align().size() * count, element.align())`. A product that is no size is
    /// refused, not cut.
    ///
    /// # Errors
    /// [`Refusal::Overflow`], and as [`alloc`](Self::alloc); no elements, or empty ones, have zero bytes.
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use flagstone::frontend::{FrontEnd, Refusal};
    /// use flagstone::objects::Flags;
    /// # use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
    /// # let mut memory = vec![Page::ZERO; 4];
    /// # let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    /// let front = FrontEnd::new(&heap);
    /// let refused = front.alloc_array(Layout::new::<u64>(), usize::MAX / 4, Flags::NONE);
    /// assert_eq!(refused, Err(Refusal::Overflow { size: 8, count: usize::MAX / 4 }));
    /// ```
    pub fn alloc_array(&self, element: Layout, count: usize, flags: Flags) -> Result<NonNull<u8>, Refusal> {
        let stride = element.pad_to_align().size();
        let array = stride.checked_mul(count).and_then(|size| Layout::from_size_align(size, element.align()).ok());
        match array {
            Some(layout) => self.alloc(layout, flags),
            None => self.refuse(Refusal::Overflow { size: stride, count }, (u32::MAX, capped(element.align())), flags),
        }
    }

    /// Memory of at least `layout`, from whatever longer object is free where none of its own size is and the memory would have to
    /// grow; with how many bytes it has. **It is given back with a layout of that size**, and all of it may be used.
    ///
    /// # Errors
    /// As [`alloc`](Self::alloc).
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use flagstone::frontend::FrontEnd;
    /// use flagstone::objects::Flags;
    /// # use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
    /// # let mut memory = vec![Page::ZERO; 4];
    /// # let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    /// let front = FrontEnd::new(&heap);
    /// let (at, usable) = front.alloc_tryhard(Layout::new::<[u8; 33]>(), Flags::NONE).unwrap();
    /// assert_eq!(usable, 40);
    /// // SAFETY: it has the size that was reported, and is given back once.
    /// unsafe { front.free(at, Layout::array::<u8>(usable).unwrap()) };
    /// ```
    pub fn alloc_tryhard(&self, layout: Layout, flags: Flags) -> Result<(NonNull<u8>, usize), Refusal> {
        let (size, align) = self.shape(layout, flags)?;
        let least = usable(size, align);
        let zeroed = flags.has(Flags::ZEROED);
        let mut len = least;
        // Longer objects than those of slabs are segments, and a longer one would have been cut.
        while len <= SMALL_MAX.max(least) {
            let wish = Wish::new(len, len, align, zeroed);
            if let Some(at) = self.try_once(&wish, Flags::NO_GROWTH | Flags::NO_RECLAIM) {
                return Ok((at, len as usize));
            }
            len = usable(len + 1, align);
        }
        self.serve(&Wish::new(size, least, align, zeroed), flags).map(|at| (at, least as usize))
    }

    /// Changes the size of an allocation, keeping its usable bytes as far as both sizes go. The pointer stays where the usable
    /// size does, and where a segment can be cut or extended. With [`Flags::ZEROED`] all usable bytes behind `layout.size()` are
    /// zero afterwards, wherever it is.
    ///
    /// # Errors
    /// As [`alloc`](Self::alloc); the allocation is as it was then. That can also befall a shrink, because it moves to another
    /// size class.
    ///
    /// # Safety
    /// - `at` came from this heap for `layout`; what returns has `new_size` in place of its size.
    pub unsafe fn realloc(
        &self,
        at: NonNull<u8>,
        layout: Layout,
        new_size: usize,
        flags: Flags,
    ) -> Result<NonNull<u8>, Refusal> {
        let (size, align) = self.shape(layout, flags)?;
        let Ok(new_layout) = Layout::from_size_align(new_size, layout.align()) else {
            return self.refuse(Refusal::TooLong { size: new_size, align: layout.align() }, (u32::MAX, align), flags);
        };
        let (new_size, _) = self.shape(new_layout, flags)?;
        let (old, new) = (usable(size, align), usable(new_size, align));
        let resized = if old == new {
            at
        } else {
            let addr = self.home.engine().source().addr(at.as_ptr());
            // SAFETY: it came from this heap for that layout (caller), which is the same allocation as one of the usable size.
            let wish = unsafe { Wish::resized(addr, old, new_size, new, align) };
            self.serve(&wish, flags)?
        };
        if flags.has(Flags::ZEROED) && new > size {
            // SAFETY: the allocation has so many usable bytes.
            let tail = unsafe { resized.add(size as usize) };
            // SAFETY: as above; they are the caller's, who asks for it.
            unsafe { tail.write_bytes(0, (new - size) as usize) };
        }
        Ok(resized)
    }

    /// Gives memory back. Constant time into a magazine.
    ///
    /// # Safety
    /// - `at` came from this heap for `layout`, or for one with the same [`usable_size`](Self::usable_size) and alignment, and is
    ///   given back once.
    pub unsafe fn free(&self, at: NonNull<u8>, layout: Layout) {
        let engine = self.home.engine();
        let addr = engine.source().addr(at.as_ptr());
        // SAFETY: as the caller promises; a layout that was served has a size and is not too long.
        unsafe { engine.free(addr, layout.size() as u32, layout.align() as u32) };
    }

    /// As [`free`](Self::free), after all usable bytes were made zero: for secrets (Linux: `kzfree`).
    ///
    /// # Safety
    /// - as for `free`.
    pub unsafe fn free_wiped(&self, at: NonNull<u8>, layout: Layout) {
        for offset in 0..self.usable_size(layout) {
            // SAFETY: the allocation has so many usable bytes.
            let byte = unsafe { at.add(offset) };
            // SAFETY: as above; nobody uses them any more.
            unsafe { byte.write_volatile(0) };
        }
        compiler_fence(Ordering::SeqCst);
        // SAFETY: as the caller promises.
        unsafe { self.free(at, layout) };
    }

    /// Bytes of an allocation of `layout` that its owner may use (Linux: `ksize`): those of its size class, or whole quanta. Zero
    /// for a layout that is always refused.
    ///
    /// ```
    /// use core::alloc::Layout;
    /// use flagstone::frontend::FrontEnd;
    /// # use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
    /// # let mut memory = vec![Page::ZERO; 1];
    /// # let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    /// let front = FrontEnd::new(&heap);
    /// let usable = |size, align| front.usable_size(Layout::from_size_align(size, align).unwrap());
    /// assert_eq!([usable(1, 1), usable(1, 64), usable(1025, 8), usable(20_000, 8)], [8, 64, 1152, 20_096]);
    /// assert_eq!(usable(0, 8), 0);
    /// ```
    #[must_use]
    pub fn usable_size(&self, layout: Layout) -> usize {
        request(layout).map_or(0, |(size, align)| usable(size, align) as usize)
    }

    /// Bytes that may still be had: free ones of the arena, and what the memory can grow by, as far as its source knows (illumos:
    /// `kmem_avail`). Not all of them together, and fewer where the host refuses. Linear in the free segments.
    #[must_use]
    pub fn available(&self) -> u64 {
        let engine = self.home.engine();
        engine.free_bytes() + engine.source().room().bytes()
    }

    /// The request that was refused last and put on record, if any was.
    #[must_use]
    pub fn last_refusal(&self) -> Option<LastRefusal> {
        let engine = self.home.engine();
        LastRefusal::of(&engine.state().refusal)
    }

    /// Size and alignment of a layout.
    fn shape(&self, layout: Layout, flags: Flags) -> Result<(u32, u32), Refusal> {
        let (size, align) = (layout.size(), layout.align());
        if size == 0 {
            return Err(Refusal::ZeroSize);
        }
        match request(layout) {
            Some(shape) => Ok(shape),
            None => self.refuse(Refusal::TooLong { size, align }, (capped(size), capped(align)), flags),
        }
    }

    /// Refuses a request that nothing could serve.
    fn refuse<T>(&self, refusal: Refusal, (size, align): (u32, u32), flags: Flags) -> Result<T, Refusal> {
        let engine = self.home.engine();
        if flags.has(Flags::NO_FAIL) {
            engine.give_up(size, align, flags);
        }
        if !flags.has(Flags::QUIET) {
            engine.refuse(size, align, flags);
        }
        Err(refusal)
    }

    /// Serves a wish, whatever it takes that the flags allow.
    fn serve(&self, wish: &Wish, flags: Flags) -> Result<NonNull<u8>, Refusal> {
        let engine = self.home.engine();
        let (size, align) = wish.shape();
        pointer(&engine, ladder::serve(&engine, wish, flags))
            .map_or_else(|| self.refuse(Refusal::NoMemory { size, align, flags }, (size, align), flags), Ok)
    }

    /// Serves a wish, or not.
    fn try_once(&self, wish: &Wish, flags: Flags) -> Option<NonNull<u8>> {
        let engine = self.home.engine();
        pointer(&engine, ladder::attempt(&engine, wish, flags))
    }
}

/// The pointer to what was allocated at an address; none for nowhere.
fn pointer<S: Source>(engine: &Engine<S>, at: Addr) -> Option<NonNull<u8>> {
    if at.0 == 0 { None } else { NonNull::new(engine.source().at(at)) }
}

/// Bytes of an allocation that its owner may use.
fn usable(size: u32, align: u32) -> u32 {
    segment_len(size, align).min(SIZE_MAX)
}

/// A size as it is on record.
fn capped(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}
