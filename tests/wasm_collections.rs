//! Claim: with the one line of the README std's collections work on the real memory of a module, and what they held is
//! given back.
#![cfg(target_family = "wasm")]

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, LinkedList, VecDeque};
use std::fmt::Write;
use std::rc::{Rc, Weak};

use wasm_bindgen_test::wasm_bindgen_test;

#[global_allocator]
static ALLOCATOR: flagstone::Flagstone = flagstone::Flagstone::new();

/// A fixed sequence of numbers, by Lehmer's rule with Park and Miller's factor.
fn numbers(count: usize) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(1_u64), |last| Some(last * 48_271 % 0x7fff_ffff)).map(|number| number as u32).take(count)
}

/// Runs something that must give back all it took, and take something.
fn balanced(work: impl Fn()) {
    // The first time may fill what lives on, such as the seed of hashing.
    work();
    let before = flagstone::stats();
    work();
    let after = flagstone::stats();
    assert_eq!((after.live_objects(), after.live_bytes()), (before.live_objects(), before.live_bytes()));
    let served = |stats: &flagstone::Stats| {
        let small: u64 = stats.caches.iter().filter(|cache| cache.size <= 1_024).map(|cache| cache.allocations).sum();
        small + stats.large.allocations
    };
    // The small core counts nothing that is past.
    assert!(cfg!(feature = "small") || served(&after) > served(&before), "it allocated from here");
}

#[wasm_bindgen_test]
fn vectors_of_every_size() {
    balanced(|| {
        let vectors: Vec<Vec<u32>> = (0..300).map(|len| numbers(len * 7).collect()).collect();
        for (len, vector) in vectors.iter().enumerate() {
            assert!(vector.iter().copied().eq(numbers(len * 7)));
        }
        let mut all = vectors.concat();
        all.sort_unstable();
        all.dedup();
        all.shrink_to_fit();
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
        let boxed = all.into_boxed_slice();
        assert_eq!(boxed.first(), Some(&1));
    });
}

#[wasm_bindgen_test]
fn strings_that_grow_and_are_joined() {
    balanced(|| {
        let mut text = String::new();
        for number in 0..20_000 {
            write!(text, "{number},").unwrap();
        }
        let sum: u64 = text.split(',').filter(|part| !part.is_empty()).map(|part| part.parse::<u64>().unwrap()).sum();
        assert_eq!(sum, 19_999 * 20_000 / 2);
        let words: Vec<String> = text.split(',').map(str::to_owned).collect();
        assert_eq!(words.join(","), text);
        let upper = text.replace('1', "one");
        assert_eq!(upper.replace("one", "1"), text);
    });
}

#[wasm_bindgen_test]
fn maps_and_sets() {
    balanced(|| {
        let mut hashed: HashMap<u32, String> = HashMap::new();
        let mut ordered: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        for (index, number) in numbers(5_000).enumerate() {
            hashed.insert(number, format!("{number:x}"));
            ordered.insert(number, vec![index as u8; index % 200]);
        }
        for (index, number) in numbers(5_000).enumerate() {
            assert_eq!(hashed[&number], format!("{number:x}"));
            assert!(ordered[&number] == vec![index as u8; index % 200]);
            if index % 3 == 0 {
                assert!(hashed.remove(&number).is_some() && ordered.remove(&number).is_some());
            }
        }
        assert_eq!((hashed.len(), ordered.len()), (3_333, 3_333));
        assert!(ordered.keys().zip(ordered.keys().skip(1)).all(|(one, next)| one < next));
        let set: BTreeSet<u32> = hashed.into_keys().collect();
        assert!(set.iter().eq(ordered.keys()));
    });
}

#[wasm_bindgen_test]
fn queues_heaps_and_lists() {
    balanced(|| {
        let mut queue: VecDeque<Box<[u8; 100]>> = VecDeque::new();
        for round in 0..3_000_u32 {
            queue.push_back(Box::new([round as u8; 100]));
            if round % 3 == 2 {
                let first = queue.pop_front().unwrap();
                assert!(first.iter().all(|&byte| byte == (round / 3) as u8));
            }
        }
        assert_eq!(queue.len(), 2_000);
        let mut heap: BinaryHeap<u32> = numbers(4_000).collect();
        let mut last = u32::MAX;
        while let Some(top) = heap.pop() {
            assert!(top <= last);
            last = top;
        }
        let mut list: LinkedList<u32> = numbers(2_000).collect();
        let rest = list.split_off(1_000);
        assert!(list.into_iter().chain(rest).eq(numbers(2_000)));
    });
}

/// A node of a graph with cycles: children are held, parents are not.
struct Node {
    name: String,
    parent: Weak<Node>,
    children: std::cell::RefCell<Vec<Rc<Node>>>,
}

fn plant(parent: &Weak<Node>, depth: u32) -> Rc<Node> {
    let node =
        Rc::new(Node { name: "n".repeat(depth as usize * 9), parent: parent.clone(), children: Vec::new().into() });
    if depth != 0 {
        let children = (0..4).map(|_| plant(&Rc::downgrade(&node), depth - 1)).collect();
        *node.children.borrow_mut() = children;
    }
    node
}

fn count(node: &Rc<Node>) -> usize {
    assert!(
        node.children
            .borrow()
            .iter()
            .all(|child| child.parent.upgrade().is_some_and(|parent| Rc::ptr_eq(&parent, node)))
    );
    assert!(node.name.bytes().all(|byte| byte == b'n'));
    1 + node.children.borrow().iter().map(count).sum::<usize>()
}

#[wasm_bindgen_test]
fn graphs_of_shared_nodes() {
    balanced(|| {
        let root = plant(&Weak::new(), 6);
        // 1 + 4 + 16 + ... + 4^6.
        assert_eq!(count(&root), 5_461);
    });
}

/// Something that has a size.
trait Shape {
    fn area(&self) -> u64;
}

struct Square(u64);

struct Row([u64; 40]);

impl Shape for Square {
    fn area(&self) -> u64 {
        self.0 * self.0
    }
}

impl Shape for Row {
    fn area(&self) -> u64 {
        self.0.iter().sum()
    }
}

#[wasm_bindgen_test]
fn boxes_of_different_things() {
    balanced(|| {
        let shapes: Vec<Box<dyn Shape>> = (0..2_000)
            .map(|number| -> Box<dyn Shape> {
                if number % 2 == 0 { Box::new(Square(number)) } else { Box::new(Row([number; 40])) }
            })
            .collect();
        let sum: u64 = shapes.iter().map(|shape| shape.area()).sum();
        let right: u64 = (0..2_000).map(|number| if number % 2 == 0 { number * number } else { 40 * number }).sum();
        assert_eq!(sum, right);
        let calls: Vec<Box<dyn Fn(u32) -> u32>> =
            (0..500_u32).map(|add| Box::new(move |to| to + add) as Box<dyn Fn(u32) -> u32>).collect();
        assert_eq!(calls.iter().fold(0, |sum, call| call(sum)), 499 * 500 / 2);
    });
}

#[wasm_bindgen_test]
fn sorting_with_a_buffer() {
    balanced(|| {
        let mut rows: Vec<(u32, String)> = numbers(8_000).map(|number| (number % 97, number.to_string())).collect();
        rows.sort();
        assert!(rows.windows(2).all(|pair| pair[0] <= pair[1]));
        rows.sort_by_key(|row| std::cmp::Reverse(row.0));
        assert!(rows.windows(2).all(|pair| pair[0].0 > pair[1].0 || pair[0].0 == pair[1].0 && pair[0].1 <= pair[1].1));
    });
}
