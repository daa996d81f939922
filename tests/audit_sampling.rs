//! Claim: samples tell what a heap holds and what was ever asked of it, whatever way the requests took: through magazines, past them, as
//! segments, by a change of size in place.
#![cfg(feature = "audit")]

use core::alloc::Layout;

use flagstone::Heap;
use flagstone::audit::Auditor;
use flagstone::source::{Fixed, Page};
use flagstone::units::Addr;

/// A generator (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// A size from `2^low` to `2^high` bytes, small ones as likely as large ones.
    fn size(&mut self, low: usize, high: usize) -> usize {
        let power = low + self.below(high - low);
        (1 << power) + self.below(1 << power)
    }
}

type Held = Vec<(*mut u8, Layout)>;

/// Bytes that are held.
fn truth(held: &Held) -> usize {
    held.iter().map(|(_, layout)| layout.size()).sum()
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 8).unwrap()
}

/// By how many percent an estimate is wrong.
fn error(estimate: u64, truth: usize) -> f64 {
    let error = (estimate as f64 / truth as f64 - 1.0) * 100.0;
    println!("{error:+.2} %");
    error
}

/// Runs a program in a heap of so many pages that is sampled; by how many percent the samples are wrong about the bytes it holds, and
/// about those it ever asked for, which the program tells.
fn run(pages: usize, rate: u32, program: impl Fn(&Heap<Fixed<'_>>, &mut Held) -> usize) -> [f64; 2] {
    let mut memory = vec![Page::ZERO; pages];
    let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    let auditor = Auditor::new(&heap);
    auditor.set_sampling(rate);
    let mut held = vec![];
    let ever = program(&heap, &mut held);
    let errors = [error(auditor.estimate().0, truth(&held)), error(auditor.estimate_ever().0, ever)];
    for (at, layout) in held {
        // SAFETY: it is live, of that layout.
        unsafe { heap.dealloc(at, layout) };
    }
    assert_eq!(auditor.estimate(), (0, 0));
    errors
}

/// Takes an object; its bytes.
fn take(heap: &Heap<Fixed<'_>>, held: &mut Held, size: usize, zeroed: bool) -> usize {
    let at = if zeroed { heap.alloc_zeroed(layout(size)) } else { heap.alloc(layout(size)) };
    assert!(!at.is_null());
    held.push((at, layout(size)));
    size
}

fn give_some(heap: &Heap<Fixed<'_>>, held: &mut Held, random: &mut Random, percent: usize) {
    let (gone, kept): (Held, Held) = held.drain(..).partition(|_| random.below(100) < percent);
    for (at, layout) in gone {
        // SAFETY: it is live, of that layout.
        unsafe { heap.dealloc(at, layout) };
    }
    *held = kept;
}

/// Changes the size of an object; the bytes it has then.
fn resize(heap: &Heap<Fixed<'_>>, held: &mut (*mut u8, Layout), size: usize) -> usize {
    // SAFETY: it is live, of that layout.
    let at = unsafe { heap.realloc(held.0, held.1, size) };
    assert!(!at.is_null());
    *held = (at, layout(size));
    size
}

#[test]
fn requests_of_every_kind_of_class_are_sampled() {
    for (low, high) in [(3, 10), (10, 14), (14, 17)] {
        for zeroed in [false, true] {
            // Some are given back in between, so that magazines have rounds.
            let errors = run(1024, 1024, |heap, held| {
                let (mut random, mut ever) = (Random(1), 0);
                for _ in 0..40 {
                    let more = ever + (1 << 20);
                    while ever < more {
                        ever += take(heap, held, random.size(low, high), zeroed);
                    }
                    give_some(heap, held, &mut random, 20);
                }
                ever
            });
            assert!(errors.iter().all(|error| error.abs() < 5.0), "2 to the power of {low} to {high}: {errors:?}");
        }
    }
}

#[test]
fn what_changes_its_size_in_place_is_still_told() {
    for (size, step, times) in [(100, 1, 12), (2000, 5, 20), (40_000, 3000, 20)] {
        let errors = run(512, 1024, |heap, held| {
            let (mut random, mut ever) = (Random(2), 0);
            for _ in 0..(4 << 20) / size {
                ever += take(heap, held, size, false);
                for grown in 1..=random.below(times) {
                    ever += resize(heap, held.last_mut().unwrap(), size + grown * step);
                }
            }
            ever
        });
        assert!(errors.iter().all(|error| error.abs() < 5.0), "{size}: {errors:?}");
    }
}

#[test]
fn a_heap_of_100_mb_is_told_within_five_percent_by_a_sample_in_64_kib() {
    for seed in 1..=8 {
        // Strings, tables and buffers that come, change and go, until 100 MB are held.
        let errors = run(2600, 64 << 10, |heap, held| {
            let (mut random, mut ever) = (Random(seed), 0);
            while truth(held) < 100_000_000 {
                for _ in 0..2000 {
                    let size = if random.below(100) < 97 { random.size(3, 10) } else { random.size(10, 18) };
                    ever += take(heap, held, size, random.below(4) == 0);
                }
                for _ in 0..200 {
                    let which = random.below(held.len());
                    let size = held[which].1.size() * (50 + random.below(150)) / 100 + 1;
                    ever += resize(heap, &mut held[which], size);
                }
                give_some(heap, held, &mut random, 2);
            }
            ever
        });
        assert!(errors.iter().all(|error| error.abs() < 5.0), "seed {seed}: {errors:?}");
    }
}

#[test]
fn no_more_stacks_are_taken_than_the_program_allows_and_sums_stay_right() {
    use std::cell::Cell;
    thread_local! {
        static TIME: Cell<u32> = const { Cell::new(1) };
        static STACKS: Cell<u32> = const { Cell::new(0) };
    }
    flagstone::audit::set_clock(|| TIME.get());
    flagstone::audit::set_capture(|frames| {
        STACKS.set(STACKS.get() + 1);
        frames[0] = 7;
        1
    });
    let mut memory = vec![Page::ZERO; 1024];
    let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    let auditor = Auditor::new(&heap);
    auditor.configure("sample=1k,200").unwrap();
    let (mut held, mut ever) = (vec![], 0);
    // A hundred kilobytes in each millisecond, so a hundred samples, of which the fifth of one is allowed.
    for request in 0..300_000 {
        ever += take(&heap, &mut held, 100, false);
        TIME.set(TIME.get() + u32::from(request % 1000 == 999));
    }
    let stacks = STACKS.take();
    assert!((200..1000).contains(&stacks), "{stacks} stacks in 300 milliseconds");
    let fast = error(auditor.estimate_ever().0, ever);
    assert!(fast.abs() < 15.0, "{fast} %");
    // What the program does slowly is sampled as it was asked for, once that is noticed.
    for _ in 0..3000 {
        TIME.set(TIME.get() + 100);
        ever += take(&heap, &mut held, 100, false);
    }
    let stacks = STACKS.take();
    assert!((100..400).contains(&stacks), "{stacks} stacks of 290 that are due");
    let all = error(auditor.estimate_ever().0, ever);
    assert!(all.abs() < 15.0, "{all} %");
    for (at, layout) in held {
        // SAFETY: it is live, of that layout.
        unsafe { heap.dealloc(at, layout) };
    }
    assert_eq!(auditor.estimate(), (0, 0));
}
