//! The shadow model: what a heap must have handed out, kept apart from it.
//!
//! It knows every live block by address, layout and contents, counts on its own what the heap counts, and works classes
//! and lengths out from a written table and by division, not by the heap's formulas.

use std::alloc::Layout;
use std::collections::BTreeMap;

use flagstone::source::Source;
use flagstone::units::Addr;
use flagstone::{Heap, Stats};

use super::{Fake, PAGE, address};

/// The sizes that slabs serve, written out.
pub(crate) const SIZES: [u32; 40] = [
    8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288,
    320, 352, 384, 416, 448, 480, 512, 576, 640, 704, 768, 832, 896, 960, 1024,
];

/// The sizes of segments that are kept in magazines, written out.
pub(crate) const SEGMENTS: [u32; 32] = [
    1152, 1280, 1408, 1536, 1664, 1792, 1920, 2048, 2304, 2560, 2816, 3072, 3328, 3584, 3840, 4096, 4608, 5120, 5632,
    6144, 6656, 7168, 7680, 8192, 9216, 10_240, 11_264, 12_288, 13_312, 14_336, 15_360, 16_384,
];

/// Bytes of a quantum.
pub(crate) const QUANTUM: u32 = 128;

/// The first of `sizes` that holds a layout and keeps its alignment, which segments do up to a quantum.
fn first_of(sizes: &[u32], layout: Layout) -> Option<usize> {
    if layout.align() > QUANTUM as usize {
        return None;
    }
    sizes.iter().position(|&size| size as usize >= layout.size() && (size as usize).is_multiple_of(layout.align()))
}

/// The class of slabs that serves a layout. `None` where segments of the arena do, which keep any alignment.
pub(crate) fn class_of(layout: Layout) -> Option<usize> {
    first_of(&SIZES, layout)
}

/// Bytes of the segment that serves a layout for which there is no class of slabs: a class of segments, or whole quanta.
pub(crate) fn segment_len(layout: Layout) -> usize {
    first_of(&SEGMENTS, layout)
        .map_or_else(|| layout.size().next_multiple_of(QUANTUM as usize), |class| SEGMENTS[class] as usize)
}

/// Whether a block of one layout becomes one of the other where it lies: in a class never, unless it stays the same.
fn stays(was: Layout, is: Layout) -> bool {
    let classes = [was, is].map(|layout| (class_of(layout), first_of(&SEGMENTS, layout)));
    classes[0] == classes[1]
}

/// Bytes at a time that contents are written and compared.
const STEP: usize = 512;

/// A live block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    pub(crate) at: *mut u8,
    pub(crate) layout: Layout,
    fill: u8,
}

/// What the heap counts, counted here.
#[derive(Clone, Copy, Default, Debug)]
struct Count {
    allocations: u64,
    frees: u64,
    failures: u32,
    live: u32,
}

/// The model of one heap.
pub(crate) struct Model {
    /// Live blocks by address.
    live: BTreeMap<u32, Block>,
    /// By class; the arena's last.
    counts: [Count; SIZES.len() + 1],
    fill: u8,
    /// Bytes of the first page that are not the arena's.
    overhead: u32,
}

impl Model {
    /// The model of a new heap.
    pub(crate) fn of(heap: &Heap<Fake<'_>>) -> Self {
        let overhead = PAGE - heap.stats().arena.total;
        assert!((1..PAGE).contains(&overhead), "a heap begins with a page");
        Self { live: BTreeMap::new(), counts: [Count::default(); SIZES.len() + 1], fill: 0, overhead }
    }

    /// Number of live blocks.
    pub(crate) fn len(&self) -> usize {
        self.live.len()
    }

    /// A live block, chosen by a number; `None` where there is none.
    pub(crate) fn choose(&self, number: u32) -> Option<Block> {
        let first = self.live.first_key_value()?.0;
        let last = self.live.last_key_value()?.0;
        let at = first + ((u64::from(last - first) * u64::from(number)) >> 32) as u32;
        let next = self.live.range(at..).next().or_else(|| self.live.range(..at).next_back());
        next.map(|(_, block)| *block)
    }

    /// Takes note of an allocation, checks it, and fills it.
    pub(crate) fn allocated(&mut self, heap: &Heap<Fake<'_>>, at: *mut u8, layout: Layout, zeroed: bool) {
        let count = self.count(layout);
        if at.is_null() {
            count.failures += u32::from(servable(layout));
            return;
        }
        count.allocations += 1;
        count.live += 1;
        if zeroed {
            assert_bytes(at, layout.size(), |_| [0; STEP], "zeroed memory");
        }
        self.enter(heap, at, layout);
    }

    /// Checks a block's contents and takes it out, before it is given back.
    pub(crate) fn freeing(&mut self, heap: &Heap<Fake<'_>>, block: Block) {
        self.check(block);
        self.live.remove(&address(heap, block.at)).expect("a live block");
        let count = self.count(block.layout);
        count.frees += 1;
        count.live -= 1;
    }

    /// Takes note of a change of size: of what was `block` and is now, or still, at `at`.
    ///
    /// `refused` is how many growths had been refused before.
    pub(crate) fn resized(&mut self, heap: &Heap<Fake<'_>>, block: Block, at: *mut u8, size: usize, refused: usize) {
        let Ok(layout) = Layout::from_size_align(size, block.layout.align()) else {
            assert!(at.is_null(), "an illegal layout is served");
            return;
        };
        if at.is_null() {
            self.count(layout).failures += u32::from(servable(layout));
            self.check(block);
            return;
        }
        self.live.remove(&address(heap, block.at)).expect("a live block");
        let kept = size.min(block.layout.size());
        assert_bytes(at, kept, |index| contents(index, block.fill), "contents kept by realloc");
        if at == block.at {
            // From one class of segments to another only where there was no memory to move to.
            let segments = class_of(block.layout).is_none() && class_of(layout).is_none();
            let top = heap.source().end().bytes() + size as u64 + u64::from(PAGE) > 0xffff_0000;
            let full = heap.source().refused() > refused || top;
            let stays = stays(block.layout, layout) || segments && full;
            assert!(stays, "{:?} became {layout:?} without moving", block.layout);
        } else {
            let was = self.count(block.layout);
            was.frees += 1;
            was.live -= 1;
            let is = self.count(layout);
            is.allocations += 1;
            is.live += 1;
        }
        self.enter(heap, at, layout);
    }

    /// Checks all contents.
    pub(crate) fn check_contents(&self) {
        for block in self.live.values() {
            self.check(*block);
        }
    }

    /// Compares the heap's counters with what happened.
    pub(crate) fn check_stats(&self, heap: &Heap<Fake<'_>>) {
        let stats = heap.stats();
        for (class, (cache, count)) in stats.caches.iter().zip(&self.counts[..SIZES.len()]).enumerate() {
            let size = SIZES[class];
            assert_eq!(cache.size, size, "class {class}");
            assert_eq!(
                (cache.allocations, cache.frees, cache.failures, cache.live),
                (count.allocations, count.frees, count.failures, count.live),
                "allocations, frees, failures, live objects of class {class}"
            );
            assert_eq!(cache.slab_creates - cache.slab_destroys, u64::from(cache.slabs), "slabs of class {class}");
            assert!(cache.live + cache.magazine_rounds <= cache.objects, "objects of class {class}: {cache:?}");
            assert!(cache.empty_slabs == 0, "empty slabs of class {class}: {cache:?}");
        }
        assert!(stats.caches[SIZES.len()..].iter().map(|cache| cache.size).eq(SEGMENTS), "classes of segments");
        let large = self.counts[SIZES.len()];
        assert_eq!(
            (stats.large.allocations, stats.large.frees, stats.large.failures, stats.large.live),
            (large.allocations, large.frees, large.failures, large.live),
            "allocations, frees, failures, live segments of the arena"
        );
        let large_bytes = self.live.values().filter(|block| class_of(block.layout).is_none());
        let large_bytes: usize = large_bytes.map(|block| segment_len(block.layout)).sum();
        // In a full memory a shrunk segment may have to stay as long as it was.
        let kept = heap.source().refused() != 0 && stats.large.live_bytes as usize >= large_bytes;
        assert!(
            kept || stats.large.live_bytes as usize == large_bytes,
            "{} bytes of live segments",
            stats.large.live_bytes
        );
        assert_eq!(stats.live_objects(), self.live.len() as u64, "live objects");
        self.check_arena(heap, &stats);
    }

    fn check_arena(&self, heap: &Heap<Fake<'_>>, stats: &Stats) {
        let parked = stats.caches[SIZES.len()..].iter().map(|cache| cache.magazine_rounds * cache.size);
        let parked = parked.sum::<u32>();
        // In a full memory a segment that was shrunk may have stayed as long as it was.
        let kept = heap.source().refused() != 0 && stats.arena.parked_bytes >= parked;
        assert!(kept || stats.arena.parked_bytes == parked, "{} bytes in magazines", stats.arena.parked_bytes);
        let (calls, pages) = heap.source().given();
        // The first page was grown for the heap's state.
        assert_eq!((stats.arena.growths, stats.arena.grown_pages.0), (calls - 1, pages - 1), "growths and their pages");
        assert_eq!(stats.arena.total + self.overhead, pages * PAGE, "bytes of all spans");
        assert_eq!(stats.arena.in_use + stats.arena.free, stats.arena.total, "bytes in use and free");
        assert!(stats.arena.largest_free <= stats.arena.free, "the largest free segment");
        let asked = heap.source().asked.borrow();
        let (mut spans, mut end) = (0, 0);
        for (pages, start) in asked.iter().filter_map(|(pages, start)| Some((pages, (*start)?))) {
            spans += u32::from(u64::from(start.0) != end);
            end = u64::from(start.0) + u64::from(*pages) * u64::from(PAGE);
        }
        assert_eq!(stats.arena.spans, spans, "spans: stretches of memory that others do not interrupt");
    }

    /// Fills a block that is new or has a new size, after checking where it is.
    fn enter(&mut self, heap: &Heap<Fake<'_>>, at: *mut u8, layout: Layout) {
        let start = address(heap, at);
        let end = u64::from(start) + layout.size() as u64;
        assert!((start as usize).is_multiple_of(layout.align()), "{start:#x} is not aligned for {layout:?}");
        assert!(start >= heap.source().origin().0 + self.overhead, "{start:#x} is not the arena's");
        assert!(end <= heap.source().end().bytes(), "{end:#x} is outside the memory");
        assert!(end <= 0xffff_0000, "{end:#x} is in the last page of the address space");
        let before = self.live.range(..=start).next_back();
        assert!(
            before.is_none_or(|(at, block)| *at as usize + block.layout.size() <= start as usize),
            "overlap at {start:#x}"
        );
        let behind = self.live.range(start..).next();
        assert!(behind.is_none_or(|(at, _)| u64::from(*at) >= end), "overlap before {end:#x}");
        for &(first, last) in &*heap.source().others.borrow() {
            assert!(end <= u64::from(first) || last <= u64::from(start), "{start:#x} is somebody else's");
        }
        self.fill = self.fill.wrapping_add(1);
        for (index, from) in (0..layout.size()).step_by(STEP).enumerate() {
            let bytes = contents(index, self.fill);
            let len = STEP.min(layout.size() - from);
            let to = at.wrapping_add(from);
            // SAFETY: the block is `layout.size()` bytes that the heap gave to this model alone.
            unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), len) };
        }
        self.live.insert(start, Block { at, layout, fill: self.fill });
    }

    fn check(&self, block: Block) {
        assert_bytes(block.at, block.layout.size(), |index| contents(index, block.fill), "contents of a live block");
    }

    fn count(&mut self, layout: Layout) -> &mut Count {
        &mut self.counts[class_of(layout).unwrap_or(SIZES.len())]
    }
}

/// Whether a 32-bit target could ask for it at all.
fn servable(layout: Layout) -> bool {
    layout.size() != 0 && layout.size() as u64 <= (1_u64 << 31) - layout.align() as u64
}

/// The `index`th part of a block: a byte of its own, and the index, so that nothing can be moved within it unseen.
fn contents(index: usize, fill: u8) -> [u8; STEP] {
    let mut bytes = [fill; STEP];
    bytes[3] ^= index as u8;
    bytes[STEP - 5] ^= (index >> 8) as u8;
    bytes
}

/// Fails where the `size` bytes at `at` are not those of `right`, part by part.
fn assert_bytes(at: *mut u8, size: usize, right: impl Fn(usize) -> [u8; STEP], what: &str) {
    for (index, from) in (0..size).step_by(STEP).enumerate() {
        let len = STEP.min(size - from);
        // SAFETY: callers name live blocks, initialised up to `size`.
        let bytes = unsafe { std::slice::from_raw_parts(at.wrapping_add(from), len) };
        assert!(bytes == &right(index)[..len], "{what}: differs in bytes {from} to {} of {size}", from + len);
    }
}
