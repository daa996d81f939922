//! A server or a page that handles one request after another: each makes some hundred objects, grows a
//! few buffers, drops some on the way and everything at its end. Between two requests the heap is empty.
#![forbid(unsafe_code)]

use crate::object::Object;
use crate::random::{Fold, Random};
use crate::shelf::Shelf;

/// Requests handled.
const REQUESTS: u32 = 2_500;

/// Handles all requests.
pub(super) fn run(random: &mut Random) -> u64 {
    let (mut shelf, mut fold) = (Shelf::new(), Fold::new());
    for request in 0..REQUESTS {
        for _ in 0..random.within(200, 1_200) {
            match random.below(16) {
                0..=10 => shelf.push(Object::new(random.within(8, 128), request)),
                11..=12 => shelf.push(Object::new(random.within(256, 4_096), request)),
                13 => grow(&mut shelf, random, request),
                _ => {
                    if let Some(object) = shelf.take(random) {
                        object.free(&mut fold);
                    }
                }
            }
        }
        shelf.clear(&mut fold);
    }
    fold.end()
}

/// A buffer that doubles a few times, as a response does while it is written.
fn grow(shelf: &mut Shelf, random: &mut Random, request: u32) {
    let mut size = 64;
    let mut buffer = Object::new(size, request);
    for _ in 0..random.below(9) {
        size *= 2;
        buffer.resize(size, request);
    }
    shelf.push(buffer);
}
