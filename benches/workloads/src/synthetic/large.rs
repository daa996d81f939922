//! Large objects, 64 KiB to 1 MiB: images, files, buffers of a codec. 32 are live, a random one is
//! replaced, every fourth replacement is a change of size.
#![forbid(unsafe_code)]

use crate::object::Object;
use crate::random::{Fold, Random};
use crate::shelf::Shelf;

/// Live objects.
const LIVE: usize = 32;
/// Replacements and changes of size.
const STEPS: u32 = 12_000;
/// Smallest and largest size.
const SIZES: (usize, usize) = (64 * 1024, 1024 * 1024);

/// Runs the replacements.
pub(super) fn run(random: &mut Random) -> u64 {
    let (mut shelf, mut fold) = (Shelf::new(), Fold::new());
    for serial in 0..LIVE {
        shelf.push(Object::new(random.within(SIZES.0, SIZES.1), serial as u32));
    }
    for serial in 0..STEPS {
        let size = random.within(SIZES.0, SIZES.1);
        if serial % 4 == 0 {
            if let Some(object) = shelf.any(random) {
                object.resize(size, serial);
            }
        } else if let Some(object) = shelf.take(random) {
            object.free(&mut fold);
            shelf.push(Object::new(size, serial));
        }
    }
    shelf.clear(&mut fold);
    fold.end()
}
