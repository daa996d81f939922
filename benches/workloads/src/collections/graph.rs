//! A graph of counted references, as an interface or a document model is kept: nodes with a name,
//! children and a weak link to their parent; subtrees are moved, cut off and grown anew.
#![forbid(unsafe_code)]

use crate::random::{Fold, Random};
use std::cell::RefCell;
use std::rc::{Rc, Weak};

/// Changes made to the graph.
const CHANGES: u32 = 250_000;
/// Nodes that can be found directly; others live as their descendants.
const KNOWN: usize = 4_096;

/// A node; its parent keeps it alive.
#[derive(Default)]
struct Node {
    name: String,
    parent: RefCell<Weak<Node>>,
    children: RefCell<Vec<Rc<Node>>>,
}

/// Makes all changes.
pub(super) fn run(random: &mut Random) -> u64 {
    let mut fold = Fold::new();
    let root = Rc::new(Node::default());
    let mut known: Vec<Weak<Node>> = (0..KNOWN).map(|_| Rc::downgrade(&root)).collect();
    for change in 0..CHANGES {
        // A known node that was cut off with its ancestor is found again as the root.
        let node = known[random.below(KNOWN)].upgrade().unwrap_or_else(|| root.clone());
        if random.once_in(12) {
            cut(&node, random, &mut fold);
        } else {
            let child = Rc::new(Node { name: format!("node {change}"), ..Node::default() });
            *child.parent.borrow_mut() = Rc::downgrade(&node);
            known[random.below(KNOWN)] = Rc::downgrade(&child);
            node.children.borrow_mut().push(child);
        }
    }
    fold.add(size(&root));
    fold.end()
}

/// Drops a random child with everything below it.
fn cut(node: &Node, random: &mut Random, fold: &mut Fold) {
    let mut children = node.children.borrow_mut();
    if !children.is_empty() {
        let at = random.below(children.len());
        let child = children.swap_remove(at);
        fold.add_bytes(child.name.as_bytes());
        fold.add(child.parent.borrow().upgrade().map_or(0, |parent| parent.name.len() as u64));
    }
}

/// Nodes in the tree under `node`, itself included.
fn size(node: &Node) -> u64 {
    1 + node.children.borrow().iter().map(|child| size(child)).sum::<u64>()
}
