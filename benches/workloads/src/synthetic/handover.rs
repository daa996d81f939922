//! Producer and consumer: one side makes objects of mixed small sizes in batches, the other frees them in
//! the order in which they were made, a queue later. The queue swings between 100 and 10,000 objects, so
//! what is freed was made long ago and lies far from what is made next.
#![forbid(unsafe_code)]

use crate::object::Object;
use crate::random::{Fold, Random};
use crate::shelf::Shelf;

/// Where the queue turns: the consumer is slow until it is long, then fast until it is short.
const SHORT: usize = 100;
const LONG: usize = 10_000;
/// Places in the ring that holds the queue: the longest queue and a batch fit.
const RING: usize = 16 * 1024;
/// Batches made; the queue swings about fifty times.
const BATCHES: u32 = 32_000;
/// The largest batch.
const BATCH: usize = 128;

/// A ring of objects in static memory; counts only go up.
struct Queue {
    ring: Shelf,
    made: usize,
    freed: usize,
}

impl Queue {
    fn len(&self) -> usize {
        self.made - self.freed
    }

    /// Adds the youngest.
    fn put(&mut self, object: Object) {
        self.ring.fill(self.made % RING, object);
        self.made += 1;
    }

    /// Frees the oldest `count`, or as many as there are.
    fn free(&mut self, count: usize, fold: &mut Fold) {
        for _ in 0..count.min(self.len()) {
            if let Some(oldest) = self.ring.lift(self.freed % RING) {
                oldest.free(fold);
            }
            self.freed += 1;
        }
    }
}

/// Hands all batches over.
pub(super) fn run(random: &mut Random) -> u64 {
    let (mut queue, mut fold) = (Queue { ring: Shelf::new(), made: 0, freed: 0 }, Fold::new());
    let mut fast = false;
    for batch in 0..BATCHES {
        let made = random.within(1, BATCH);
        for _ in 0..made {
            queue.put(Object::new(random.within(16, 512), batch));
        }
        fast = if fast { queue.len() > SHORT } else { queue.len() > LONG - BATCH };
        // Half as many as were made, or half as many again; a little more or less.
        let share = if fast { made + made / 2 } else { made / 2 };
        queue.free(share + random.below(4), &mut fold);
    }
    queue.free(usize::MAX, &mut fold);
    fold.end()
}
