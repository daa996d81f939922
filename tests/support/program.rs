//! Random programs: operations decoded from bytes, run on a heap and its model side by side.
//!
//! The body takes bytes, so a fuzzer could call it as it is. A failure is reported with its seed and the shortest prefix
//! of the program that still fails.

use std::alloc::Layout;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use flagstone::source::Source;
use flagstone::units::Addr;

use super::{Deny, Fake, Foreign, Model, QUANTUM, SEGMENTS, SIZES, assert_sound, heap, memory};

/// Which sizes and alignments a program asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mix {
    /// 1 to 256 bytes.
    Small,
    /// All classes and a little above.
    Classes,
    /// 1 to 10,000 bytes.
    Wide,
    /// Up to some pages.
    Large,
    /// One below, at and one above classes, quanta and pages.
    Edges,
    /// Alignments up to 2^20, a few up to 2^31.
    Aligned,
    /// All of the above.
    All,
}

/// One operation. Numbers choose among live blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// Allocates, zeroed or not.
    Alloc { layout: Layout, zeroed: bool },
    /// Frees a block.
    Free { which: u32 },
    /// Changes the size of a block.
    Resize { which: u32, size: usize },
    /// Frees every other block in a stretch.
    Thin { which: u32 },
    /// Somebody else grows the memory.
    Foreign { pages: u32 },
    /// Gives idle memory back to the arena.
    Reclaim,
}

/// Bytes of an operation.
const OP_BYTES: usize = 8;

impl Op {
    /// The operation that some bytes mean; any bytes mean one.
    fn decode(bytes: &[u8], mix: Mix) -> Self {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let (number, spice) = (word(4), word(1) & 0xff_ffff);
        match bytes[0] {
            0..=123 => Self::Alloc { layout: layout_of(mix, number, spice), zeroed: spice & 7 == 0 },
            124..=213 => Self::Free { which: number },
            214..=247 => Self::Resize { which: number.rotate_left(13), size: layout_of(mix, number, spice).size() },
            248..=249 => Self::Thin { which: number },
            250..=252 => Self::Foreign { pages: 1 + number % 3 },
            253..=255 => Self::Reclaim,
        }
    }
}

/// The layout that two numbers mean. `spice` is below 2^24.
fn layout_of(mix: Mix, number: u32, spice: u32) -> Layout {
    let kind = spice >> 8 & 0xff;
    let size = match mix {
        Mix::Small => 1 + number % 256,
        Mix::Classes => 1 + number % 1_100,
        Mix::Wide => 1 + number % 10_000,
        Mix::Large if kind < 20 => 1 + number % 600_000,
        Mix::Large => 1 + number % 40_000,
        Mix::Edges => edge(number, kind),
        Mix::Aligned => 1 + number % (1 << (number >> 28)),
        Mix::All => {
            const MIXES: [Mix; 6] = [Mix::Small, Mix::Classes, Mix::Wide, Mix::Large, Mix::Edges, Mix::Aligned];
            return layout_of(MIXES[kind as usize % 6], number, spice.rotate_right(5) & 0xff_ffff);
        }
    };
    let shift = match mix {
        Mix::Aligned if kind < 8 => spice >> 16 & 31,
        Mix::Aligned => (spice >> 16) % 21,
        _ if kind & 3 == 0 => (spice >> 16) % 13,
        _ => (spice >> 16) % 4,
    };
    // A 32-bit target has no layout of any size at a multiple of 2^31.
    let legal = Layout::from_size_align(size as usize, 1 << shift);
    legal.or_else(|_| Layout::from_size_align(size as usize, 4_096)).expect("a legal layout")
}

/// One below, at, or one above a class, some quanta, or some pages.
fn edge(number: u32, kind: u32) -> u32 {
    let middle = match kind % 4 {
        0 => SIZES[number as usize % SIZES.len()],
        1 => SEGMENTS[number as usize % SEGMENTS.len()],
        2 => QUANTUM * (1 + number % 160),
        _ => 65_536 * (1 + number % 4),
    };
    middle - 1 + (number >> 16) % 3
}

/// What a program runs on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    /// Where the memory begins.
    pub(crate) origin: Addr,
    /// Pages it can grow to.
    pub(crate) pages: u32,
    /// What is asked for.
    pub(crate) mix: Mix,
    /// Which growths are refused.
    pub(crate) deny: Deny,
    /// Whether others grow the memory between calls.
    pub(crate) others: bool,
    /// Whether others grow it within calls, too.
    pub(crate) within: Foreign,
}

/// Runs a program; `verify` after every `every`th operation, and the operation in `step`. Panics where anything is wrong.
pub(crate) fn run(setup: Setup, bytes: &[u8], every: usize, step: &Cell<usize>) {
    let mut memory = memory(setup.pages);
    let heap = heap(Fake::new(&mut memory, setup.origin));
    let mut model = Model::of(&heap);
    heap.source().deny(setup.deny);
    heap.source().foreign(setup.within);
    for (index, bytes) in bytes.chunks_exact(OP_BYTES).enumerate() {
        step.set(index);
        apply(&heap, &mut model, Op::decode(bytes, setup.mix), setup);
        if index % every == 0 {
            model.check_stats(&heap);
            assert_sound(&heap);
        }
    }
    model.check_contents();
    heap.source().assert_others_untouched();
    while let Some(block) = model.choose(0) {
        free(&heap, &mut model, block);
    }
    heap.reclaim();
    model.check_stats(&heap);
    assert_sound(&heap);
    let stats = heap.stats();
    assert_eq!(stats.arena.in_use, stats.arena.metadata_bytes, "what is left when nothing is live");
}

fn apply(heap: &flagstone::Heap<Fake<'_>>, model: &mut Model, op: Op, setup: Setup) {
    match op {
        Op::Alloc { layout, zeroed } => {
            let refused = heap.source().refused();
            let at = if zeroed { heap.alloc_zeroed(layout) } else { heap.alloc(layout) };
            assert!(
                !at.is_null() || may_fail(heap, layout, refused, setup),
                "null without a refused growth: {layout:?}"
            );
            model.allocated(heap, at, layout, zeroed);
        }
        Op::Free { which } => {
            if let Some(block) = model.choose(which) {
                free(heap, model, block);
            }
        }
        Op::Resize { which, size } => {
            if let Some(block) = model.choose(which) {
                let refused = heap.source().refused();
                // SAFETY: a live block of this heap with its layout.
                let at = unsafe { heap.realloc(block.at, block.layout, size) };
                model.resized(heap, block, at, size, refused);
            }
        }
        Op::Thin { which } => {
            for offset in 0..16 {
                if let Some(block) = model.choose(which.wrapping_add(offset << 27)) {
                    free(heap, model, block);
                }
            }
        }
        Op::Foreign { pages } if setup.others => {
            heap.source().grow_for_others(pages);
        }
        Op::Foreign { .. } => {}
        Op::Reclaim => {
            heap.reclaim();
        }
    }
}

/// Whether null is right: growth was refused, nothing like it can be had, or others took what it was to grow into.
fn may_fail(heap: &flagstone::Heap<Fake<'_>>, layout: Layout, refused: usize, setup: Setup) -> bool {
    let (size, align) = (layout.size() as u64, layout.align() as u64);
    let end = heap.source().end().bytes();
    heap.source().refused() > refused
        || size > (1 << 31) - align
        || end + size + align + 0x1_0000 > 0xffff_0000
        || setup.within != Foreign::Never
}

fn free(heap: &flagstone::Heap<Fake<'_>>, model: &mut Model, block: super::model::Block) {
    model.freeing(heap, block);
    // SAFETY: a live block of this heap with its layout, and the model gave it up.
    unsafe { heap.dealloc(block.at, block.layout) };
}

/// Runs `FLAGSTONE_SEEDS` (or `seeds`) programs of `ops` operations on a setup, and reports the first that fails.
pub(crate) fn campaign(setup: Setup, seeds: u64, ops: usize, every: usize) {
    // Miri is a thousand times slower, `verify` most of it.
    let (seeds, ops, every) =
        if cfg!(miri) { (1, ops.min(40), 10) } else { (asked_seeds().unwrap_or(seeds), ops, every) };
    for seed in 0..seeds {
        let bytes = program(setup, seed, ops);
        if fails_at(setup, &bytes, every).is_none() {
            continue;
        }
        // Once more with `verify` after each step: the first step that fails ends the shortest failing prefix.
        let step = fails_at(setup, &bytes, 1).unwrap_or(ops);
        let prefix = &bytes[..bytes.len().min((step + 1) * OP_BYTES)];
        let ops: Vec<_> = prefix.chunks_exact(OP_BYTES).map(|bytes| Op::decode(bytes, setup.mix)).collect();
        let last = &ops[ops.len().saturating_sub(8)..];
        panic!("seed {seed} fails after {} operations on {setup:?}; the last: {last:#?}", ops.len());
    }
}

/// Runs one program again that failed once, of `ops` operations.
pub(crate) fn replay(setup: Setup, seed: u64, ops: usize) {
    let (ops, every) = if cfg!(miri) { (ops.min(40), 10) } else { (ops, 1) };
    run(setup, &program(setup, seed, ops), every, &Cell::new(0));
}

/// The bytes of a program. A longer one begins with the shorter.
fn program(setup: Setup, seed: u64, ops: usize) -> Vec<u8> {
    super::Rng::new(seed ^ u64::from(setup.origin.0) << 20).bytes(ops * OP_BYTES)
}

/// The step at which a program fails, if it does.
fn fails_at(setup: Setup, bytes: &[u8], every: usize) -> Option<usize> {
    let step = Cell::new(0);
    let outcome = catch_unwind(AssertUnwindSafe(|| run(setup, bytes, every, &step)));
    outcome.is_err().then(|| step.get())
}

fn asked_seeds() -> Option<u64> {
    std::env::var("FLAGSTONE_SEEDS").ok()?.parse().ok()
}
