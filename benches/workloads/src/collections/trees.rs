//! Trees: an ordered map from numbers to short texts under random inserts and removals, and binary
//! trees of boxes that are built, walked and dropped whole.
#![forbid(unsafe_code)]

use crate::random::{Fold, Random};
use std::collections::BTreeMap;

/// Inserts into the ordered map; every second one is followed by a removal.
const INSERTS: u32 = 150_000;
/// Binary trees built.
const TREES: u32 = 12;
/// Levels of each: 16,383 nodes.
const LEVELS: u32 = 14;

/// A node of a binary tree.
struct Node {
    value: u64,
    below: Option<(Box<Node>, Box<Node>)>,
}

/// Runs both kinds, with the ordered map still alive under the binary trees.
pub(super) fn run(random: &mut Random) -> u64 {
    let mut fold = Fold::new();
    let mut map: BTreeMap<u32, Box<str>> = BTreeMap::new();
    for i in 0..INSERTS {
        map.insert(random.next(), i.to_string().into());
        if i % 2 == 0
            && let Some(key) = map.range(random.next()..).next().map(|(key, _)| *key)
            && let Some(text) = map.remove(&key)
        {
            fold.add(u64::from(key) ^ text.len() as u64);
        }
    }
    let mut last = None;
    for tree in 0..TREES {
        let root = grow(LEVELS, u64::from(tree));
        fold.add(sum(&root));
        last = Some(root);
    }
    fold.add(last.map_or(0, |root| root.value));
    fold.add(map.values().map(|text| text.len() as u64).sum());
    fold.end()
}

/// A full tree of `levels` levels.
fn grow(levels: u32, value: u64) -> Box<Node> {
    let below = (levels > 1).then(|| (grow(levels - 1, value + 1), grow(levels - 1, value * 3)));
    Box::new(Node { value, below })
}

/// The sum of all values.
fn sum(node: &Node) -> u64 {
    let below = node.below.as_ref().map_or(0, |(left, right)| sum(left).wrapping_add(sum(right)));
    node.value.wrapping_add(below)
}
