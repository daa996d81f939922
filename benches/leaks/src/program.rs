//! The program: what it holds, what it gives up, and what it loses.
//!
//! It is *plain* where no word of it looks like an address and is none, and nothing is given up; then a conservative scan is exact. A
//! *rough* one has text of any length, hash tables, random numbers, and memory that is used again with old words in it, as programs do.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use crate::random::Random;

/// A row of a list.
struct Row {
    next: Option<Box<Row>>,
    name: String,
    weight: f64,
}

/// A node of a document.
struct Node {
    children: Vec<Node>,
    text: Box<str>,
}

/// An object that others share, and that may be part of a cycle.
struct Shared {
    others: RefCell<Vec<Rc<Shared>>>,
    bytes: [u8; 40],
}

/// Everything that is held.
#[derive(Default)]
struct Program {
    lists: Vec<Box<Row>>,
    documents: Vec<Node>,
    table: HashMap<u32, Vec<u8>>,
    index: BTreeMap<u32, Vec<u8>>,
    shared: Vec<Rc<Shared>>,
    textures: Vec<Vec<f32>>,
    /// The addresses of leaked objects, inverted: above all memory.
    lost: Vec<u32>,
    /// Objects that are lost, those that only others hold included.
    lost_objects: u32,
    rough: bool,
}

thread_local! {
    static PROGRAM: RefCell<Program> = RefCell::default();
}

/// Text: of whole words where the program is plain. The last three letters of another, with a zero behind them, are an address.
fn name(random: &mut Random, rough: bool) -> String {
    let letters = if rough { 4 + random.below(28) } else { 4 * (1 + random.below(7)) };
    let mut name = String::with_capacity(letters as usize);
    name.extend((0..letters).map(|_| char::from(b'a' + random.below(26) as u8)));
    name
}

/// A list of so many rows; each is two objects.
fn list(random: &mut Random, rough: bool, rows: u32) -> Box<Row> {
    let mut head = Box::new(Row { next: None, name: name(random, rough), weight: 0.5 });
    for index in 1..rows {
        head = Box::new(Row { next: Some(head), name: name(random, rough), weight: f64::from(index) });
    }
    head
}

/// A document with so many leaves, at most 8 below a node; each node is two objects, but for leaves.
fn document(random: &mut Random, rough: bool, leaves: u32) -> Node {
    let children = if leaves < 2 { Vec::new() } else { (0..8).map(|_| document(random, rough, leaves / 8)).collect() };
    Node { children, text: name(random, rough).into_boxed_str() }
}

/// Holds what belongs together, about `objects` objects.
fn grow(program: &mut Program, random: &mut Random, objects: u32) {
    let rough = program.rough;
    for _ in 0..objects / 1_000 {
        program.lists.push(list(random, rough, 180));
        let mut document = document(random, rough, 64);
        if rough {
            document.children.truncate(6);
        }
        program.documents.push(document);
        for _ in 0..300 {
            let len = if rough { 16 + random.below(480) } else { 16 + 4 * random.below(200) };
            let bytes = vec![b'x'; len as usize];
            if rough {
                program.table.insert(random.below(u32::MAX), bytes);
            } else {
                // Small numbers are no addresses of the heap, as the marks of a hash table may be.
                program.index.insert(program.index.len() as u32, bytes);
            }
        }
        for _ in 0..60 {
            let others = (0..2).filter_map(|_| {
                let count = program.shared.len() as u32;
                (count != 0).then(|| program.shared[random.below(count) as usize].clone())
            });
            let others = RefCell::new(others.collect());
            program.shared.push(Rc::new(Shared { others, bytes: [b'y'; 40] }));
        }
        if program.lists.len().is_multiple_of(4) {
            program.textures.push(vec![1.5; 60_000]);
        }
    }
}

/// Gives up some of everything.
fn shrink(program: &mut Program, random: &mut Random) {
    let few = |random: &mut Random, len: usize| (len > 4).then(|| random.below(len as u32) as usize);
    for _ in 0..program.lists.len() / 10 {
        if let Some(index) = few(random, program.lists.len()) {
            program.lists.swap_remove(index);
        }
        if let Some(index) = few(random, program.documents.len()) {
            program.documents.swap_remove(index);
        }
    }
    let mut gone = program.table.len() / 10;
    program.table.retain(|_, _| {
        let stays = gone == 0 || random.below(4) != 0;
        gone -= usize::from(!stays);
        stays
    });
}

/// Loses what nobody will find again, in one of six ways.
fn lose(program: &mut Program, random: &mut Random, way: u32) {
    let (at, objects) = match way % 6 {
        0 => (Box::into_raw(Box::new([0.25_f64; 6])).addr(), 1),
        1 => (name(random, program.rough).leak().as_ptr().addr(), 1),
        2 => (Box::into_raw(list(random, program.rough, 5)).addr(), 10),
        3 => (vec![b'z'; 3_000].leak().as_ptr().addr(), 1),
        4 => {
            let one = Rc::new(Shared { others: RefCell::default(), bytes: [b'y'; 40] });
            let two = Rc::new(Shared { others: RefCell::new(vec![one.clone()]), bytes: [b'y'; 40] });
            one.others.borrow_mut().push(two.clone());
            // A cycle of two objects and their two vectors.
            (Rc::as_ptr(&one).addr().min(Rc::as_ptr(&two).addr()), 4)
        }
        _ => {
            let shared = program.shared[random.below(program.shared.len() as u32) as usize].clone();
            // It points to what is held.
            (Box::into_raw(Box::new((shared, 1_u32))).addr(), 1)
        }
    };
    program.lost.push(!(at as u32));
    program.lost_objects += objects;
}

/// Holds about `objects` objects and loses `leaks`; how many those are with all that they hold.
#[unsafe(no_mangle)]
extern "C" fn plant(objects: u32, leaks: u32, rough: bool) -> u32 {
    PROGRAM.with_borrow_mut(|program| {
        program.rough = rough;
        let mut random = Random(7);
        program.lost.reserve(leaks as usize);
        let mut way = 0;
        for round in 0..20 {
            grow(program, &mut random, objects / if rough { 10 } else { 16 });
            while way < leaks * (round + 1) / 20 {
                lose(program, &mut random, way);
                way += 1;
            }
            if rough && round % 2 == 1 {
                shrink(program, &mut random);
            }
        }
        program.lost_objects
    })
}

/// The address of a leaked object, inverted.
#[unsafe(no_mangle)]
extern "C" fn lost(index: u32) -> u32 {
    PROGRAM.with_borrow(|program| program.lost[index as usize])
}

/// Reads all that is held, so that it is there; what comes of that.
#[unsafe(no_mangle)]
extern "C" fn sum() -> f64 {
    fn text(node: &Node) -> usize {
        node.text.len() + node.children.iter().map(text).sum::<usize>()
    }
    PROGRAM.with_borrow(|program| {
        let mut sum = 0.0;
        for mut row in program.lists.iter() {
            while let Some(next) = &row.next {
                sum += next.weight + next.name.len() as f64;
                row = next;
            }
        }
        sum += program.documents.iter().map(text).sum::<usize>() as f64;
        sum += program.table.values().chain(program.index.values()).map(Vec::len).sum::<usize>() as f64;
        sum +=
            program.shared.iter().map(|it| it.others.borrow().len() + usize::from(it.bytes[0])).sum::<usize>() as f64;
        sum + program.textures.iter().map(|it| f64::from(it[0])).sum::<f64>()
    })
}
