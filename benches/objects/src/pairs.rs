//! Pairs of calls: take an object and give it back at once, or give any of the held ones back and take another.

use std::alloc::{Layout, alloc, dealloc};
use std::cell::RefCell;
use std::hint::black_box;
use std::ptr::NonNull;

use flagstone::objects::{Bare, Cache, CacheBox, Handle, MovableCache, ObjectCache, Options};
use flagstone::vmem::ModuleHeap;

use crate::random::Random;

/// Bytes of a plain object.
const LEN: usize = 64;

/// What takes time to make: the table of a checksum and a window, as a decompressor has them.
pub(crate) struct Decoder {
    table: [u32; 256],
    window: [u8; 1024],
}

impl Decoder {
    fn new() -> Self {
        let mut table = [0; 256];
        for (start, entry) in (0_u32..).zip(&mut table) {
            *entry = (0..8).fold(start, |rest, _| if rest & 1 == 0 { rest >> 1 } else { rest >> 1 ^ 0xedb8_8320 });
        }
        Self { table, window: [0; 1024] }
    }

    fn number(&self) -> u32 {
        self.table[7] ^ u32::from(self.window[9])
    }
}

static PLAIN: Cache<ModuleHeap> =
    Cache::deferred(ModuleHeap, Layout::new::<[u64; LEN / 8]>(), Options::new("plain"), Bare);
static ZONE: Cache<ModuleHeap> =
    Cache::deferred(ModuleHeap, Layout::new::<[u64; LEN / 8]>(), Options::zone("zone", 200_000), Bare);
static DECODERS: ObjectCache<Decoder, ModuleHeap> =
    ObjectCache::deferred(ModuleHeap, Options::new("decoders"), Decoder::new as fn() -> Decoder);
static MOVABLE: MovableCache<[u64; LEN / 8 - 1], ModuleHeap> =
    MovableCache::deferred(ModuleHeap, Options::new("movable"));

/// An object that is held.
enum Held {
    Nothing(u32),
    Global(NonNull<u8>),
    Plain(NonNull<u8>),
    Zone(NonNull<u8>),
    Boxed(Box<Decoder>),
    Cached(CacheBox<'static, Decoder, ModuleHeap>),
    Movable(Handle<[u64; LEN / 8 - 1]>),
}

struct Program {
    kind: u32,
    held: Vec<Held>,
    random: Random,
}

thread_local! {
    static PROGRAM: RefCell<Option<Program>> = const { RefCell::new(None) };
}

const LAYOUT: Layout = Layout::new::<[u64; LEN / 8]>();

#[inline(always)]
fn take(kind: u32) -> Held {
    match kind {
        1 => {
            // SAFETY: the layout has a size.
            Held::Global(NonNull::new(unsafe { alloc(LAYOUT) }).expect("there is memory"))
        }
        2 => Held::Plain(PLAIN.alloc().expect("there is memory")),
        3 => Held::Zone(ZONE.alloc().expect("the zone has enough")),
        4 => Held::Boxed(Box::new(black_box(Decoder::new()))),
        5 => Held::Cached(DECODERS.alloc().expect("there is memory")),
        6 => Held::Nothing(black_box(Decoder::new()).number()),
        7 => Held::Movable(MOVABLE.insert([1; LEN / 8 - 1]).expect("there is memory")),
        _ => Held::Nothing(kind),
    }
}

#[inline(always)]
fn give(held: Held) -> u32 {
    match held {
        Held::Nothing(number) => number,
        Held::Global(at) => {
            // SAFETY: it came from `alloc` with this layout.
            unsafe { dealloc(at.as_ptr(), LAYOUT) };
            at.as_ptr().addr() as u32
        }
        Held::Plain(at) => {
            // SAFETY: it came from this cache.
            unsafe { PLAIN.free(at) };
            at.as_ptr().addr() as u32
        }
        Held::Zone(at) => {
            // SAFETY: it came from this cache.
            unsafe { ZONE.free(at) };
            at.as_ptr().addr() as u32
        }
        Held::Boxed(decoder) => decoder.number(),
        Held::Cached(decoder) => decoder.number(),
        Held::Movable(handle) => MOVABLE.remove(handle).map_or(0, |value| value[0] as u32),
    }
}

/// Takes `objects` objects of `kind`, a number as in the runner's list.
#[unsafe(no_mangle)]
extern "C" fn begin(kind: u32, objects: u32) {
    let mut held: Vec<_> = (0..objects).map(|_| take(kind)).collect();
    held.reserve(1);
    PROGRAM.set(Some(Program { kind, held, random: Random(1) }));
}

/// Makes `pairs` pairs of calls, at once or of any of those that are held; a number that depends on all of them.
#[unsafe(no_mangle)]
extern "C" fn run(pairs: u32, at_once: bool) -> u32 {
    PROGRAM.with_borrow_mut(|program| {
        let Some(program) = program else { return 0 };
        match program.kind {
            1 => pairs_of::<1>(program, pairs, at_once),
            2 => pairs_of::<2>(program, pairs, at_once),
            3 => pairs_of::<3>(program, pairs, at_once),
            4 => pairs_of::<4>(program, pairs, at_once),
            5 => pairs_of::<5>(program, pairs, at_once),
            6 => pairs_of::<6>(program, pairs, at_once),
            7 => pairs_of::<7>(program, pairs, at_once),
            _ => pairs_of::<0>(program, pairs, at_once),
        }
    })
}

/// The loop for one kind, so that nothing asks for the kind in it.
fn pairs_of<const KIND: u32>(program: &mut Program, pairs: u32, at_once: bool) -> u32 {
    let mut sum = 0_u32;
    if at_once {
        for _ in 0..pairs {
            sum = sum.rotate_left(1) ^ give(black_box(take(KIND)));
        }
    } else {
        for _ in 0..pairs {
            let index = program.random.below(program.held.len() as u32) as usize;
            sum = sum.rotate_left(1) ^ give(program.held.swap_remove(index));
            program.held.push(take(KIND));
        }
    }
    sum
}

/// Gives everything back; how many objects there were.
#[unsafe(no_mangle)]
extern "C" fn end() -> u32 {
    PROGRAM.take().map_or(0, |program| {
        let objects = program.held.len() as u32;
        program.held.into_iter().for_each(|held| {
            black_box(give(held));
        });
        objects
    })
}
