//! Hash maps: an index from words to the places where they occur, built, updated and thinned out.
#![forbid(unsafe_code)]

use crate::random::{Fold, Random};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

/// A map whose hasher has fixed keys.
type Map<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;

/// Places entered into the index.
const PLACES: u32 = 400_000;
/// Different words.
const WORDS: usize = 30_000;

/// Builds the index and removes words from it while it grows.
pub(super) fn run(random: &mut Random) -> u64 {
    let mut fold = Fold::new();
    let mut index: Map<String, Vec<u32>> = Map::default();
    for place in 0..PLACES {
        // Squared, so that some words are frequent.
        let word = random.below(WORDS) * random.below(WORDS) / WORDS;
        index.entry(format!("word-{word}")).or_default().push(place);
        if place % 8 == 0 {
            let gone = index.remove(&format!("word-{}", random.below(WORDS)));
            fold.add(gone.map_or(0, |places| places.len() as u64));
        }
    }
    // Summed, because the order of a map is not part of the program.
    fold.add(index.iter().map(|(word, places)| (word.len() * places.len()) as u64).sum());
    fold.end()
}
