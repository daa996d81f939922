//! An app within a budget: a map whose tiles are decoded when they are looked at, and kept while there is room.
//!
//! Whoever looks about needs more tiles than there is memory for. Those that were not looked at for longest are given up when the
//! budget asks, so the app goes on; without a budget it keeps them all.

use std::cell::RefCell;
use std::collections::VecDeque;

use flagstone::objects::{Budget, CacheBox, Construct, ObjectCache, Options, Refused};
use flagstone::vmem::ModuleHeap;

use crate::random::Random;

/// Bytes of a decoded tile.
const TILE: usize = 16 << 10;

/// Tiles of the map: 96 MiB of them.
const TILES: u32 = 6_144;

/// A tile, decoded.
struct Tile {
    number: u32,
    pixels: [u8; TILE - 4],
}

/// How tiles are made, and given up.
struct Tiles;

type Kept = (u32, CacheBox<'static, Tile, ModuleHeap, Tiles>);

thread_local! {
    /// Those that are kept, the one looked at last at the end.
    static KEPT: RefCell<VecDeque<Kept>> = const { RefCell::new(VecDeque::new()) };
}

impl Construct<Tile> for Tiles {
    fn construct(&self) -> Result<Tile, Refused> {
        Ok(Tile { number: 0, pixels: [0; TILE - 4] })
    }

    fn reclaim(&self, wanted: u32) {
        // An eighth more, so that not every tile asks again.
        KEPT.with_borrow_mut(|kept| {
            let tiles = (wanted as usize / TILE).max(kept.len() / 8).max(1);
            kept.drain(..tiles.min(kept.len()));
        });
    }
}

/// Looks at tiles within a budget of `limit` bytes, zero for none; how many were decoded, or 0 where one was wrong.
#[unsafe(no_mangle)]
extern "C" fn look_about(limit: u32, looks: u32) -> u32 {
    let budget = Budget::new(ModuleHeap, "map", limit, |_| ()).expect("there is memory");
    let budget: &'static _ = Box::leak(Box::new(budget));
    let options = Options { budget: Some(budget), ..Options::new("tiles") };
    let cache: &'static ObjectCache<Tile, ModuleHeap, Tiles> =
        Box::leak(Box::new(ObjectCache::new(ModuleHeap, options, Tiles).expect("there is memory")));
    let mut random = Random(3);
    let mut decoded = 0;
    for _ in 0..looks {
        let number = random.below(TILES);
        let found = KEPT.with_borrow_mut(|kept| {
            let found = kept.iter().position(|tile| tile.0 == number).and_then(|index| kept.remove(index));
            found.is_some_and(|tile| {
                let right = tile.1.number == number && tile.1.pixels[9] == number as u8;
                kept.push_back(tile);
                assert!(right, "a tile is another one");
                true
            })
        });
        if !found {
            decoded += 1;
            let mut tile = cache.alloc().expect("the budget asks whoever keeps tiles");
            tile.number = number;
            tile.pixels.fill(number as u8);
            KEPT.with_borrow_mut(|kept| kept.push_back((number, tile)));
        }
    }
    let usage = budget.usage();
    if limit != 0 && usage.peak > limit { 0 } else { decoded }
}
