//! Small churn: `LIVE` objects of 8 to 256 bytes, and again and again a random one is freed and another
//! made in its place. The everyday load of a program at rest.
#![forbid(unsafe_code)]

use crate::object::Object;
use crate::random::{Fold, Random};
use crate::shelf::Shelf;

/// Objects replaced; the work is the same for every number of live objects.
const REPLACED: u32 = 1_500_000;

/// Runs with `LIVE` objects.
pub(super) fn of<const LIVE: usize>(random: &mut Random) -> u64 {
    let (mut shelf, mut fold) = (Shelf::new(), Fold::new());
    for serial in 0..LIVE {
        shelf.push(Object::new(random.within(8, 256), serial as u32));
    }
    for serial in 0..REPLACED {
        let at = random.below(LIVE);
        if let Some(old) = shelf.lift(at) {
            old.free(&mut fold);
        }
        shelf.fill(at, Object::new(random.within(8, 256), serial));
    }
    shelf.clear(&mut fold);
    fold.end()
}
