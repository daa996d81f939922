//! The front end: every flag does what it says, usable bytes are the owner's, and random programs agree with a model while growth
//! is refused.

mod support;

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::rc::Rc;

use flagstone::Heap;
use flagstone::frontend::{FrontEnd, Refusal};
use flagstone::objects::{Cache, Flags, Life, Options};
use flagstone::source::Source;
use support::{Deny, Fake, LOW, Rng, SEGMENTS, SIZES, assert_sound, bytes, heap, layout, memory};

type Hoarded = Cache<&'static Heap<Fake<'static>>, Hoard>;
type Front<'h, 'm> = FrontEnd<&'h Heap<Fake<'m>>>;

/// The bytes at `at`.
fn seen<'b>(at: NonNull<u8>, len: usize) -> &'b [u8] {
    // SAFETY: tests name live allocations, or memory that was just given back, which stays where it is.
    unsafe { std::slice::from_raw_parts(at.as_ptr(), len) }
}

fn fill(at: NonNull<u8>, byte: u8, len: usize) {
    // SAFETY: tests name live allocations of so many usable bytes.
    unsafe { at.write_bytes(byte, len) };
}

fn free(front: &Front<'_, '_>, at: NonNull<u8>, size: usize) {
    // SAFETY: tests pass what the front end returned for that size, once.
    unsafe { front.free(at, bytes(size)) };
}

fn realloc(
    front: &Front<'_, '_>,
    at: NonNull<u8>,
    size: usize,
    new: usize,
    flags: Flags,
) -> Result<NonNull<u8>, Refusal> {
    // SAFETY: tests pass what the front end returned for that size, and go on with the result.
    unsafe { front.realloc(at, bytes(size), new, flags) }
}

/// Takes all that is left, in pieces that are given; how many there were.
fn exhaust(front: &Front<'_, '_>, size: usize) -> Vec<NonNull<u8>> {
    let quiet = Flags::QUIET | Flags::NO_RECLAIM;
    core::iter::from_fn(|| front.alloc(bytes(size), quiet).ok()).collect()
}

/// An owner that holds objects of its cache and gives them all back when it is asked.
struct Hoard {
    asked: Rc<Cell<u32>>,
    give: Rc<dyn Fn()>,
}

impl Life for Hoard {
    fn reclaim(&self, _: u32) {
        self.asked.set(self.asked.get() + 1);
        (self.give)();
    }
}

#[test]
fn usable_sizes_are_classes_or_whole_quanta() {
    let mut memory = memory(2);
    let heap = heap(Fake::new(&mut memory, LOW));
    let front = FrontEnd::new(&heap);
    let written = SIZES.iter().chain(&SEGMENTS).map(|&size| size as usize);
    for (least, size) in std::iter::once(0).chain(written.clone()).zip(written) {
        for asked in [least + 1, size] {
            assert_eq!(front.usable_size(bytes(asked)), size, "{asked} bytes");
        }
    }
    assert_eq!(front.usable_size(bytes(16_385)), 16_512);
    assert_eq!(front.usable_size(layout(100, 256)), 128);
    assert_eq!(front.usable_size(bytes(0)), 0);
    assert_eq!(front.usable_size(bytes(i32::MAX as usize)), i32::MAX as usize);
}

#[test]
fn all_usable_bytes_are_the_owners() {
    let mut memory = memory(32);
    let heap = heap(Fake::new(&mut memory, LOW));
    let front = FrontEnd::new(&heap);
    let mut held = Vec::new();
    for round in 0..3 {
        for (number, size) in (1..4000).step_by(37).enumerate() {
            let at = front.alloc(bytes(size), Flags::NONE).unwrap();
            let byte = (number + 50 * round) as u8;
            fill(at, byte, front.usable_size(bytes(size)));
            held.push((at, size, byte));
        }
    }
    for &(at, size, byte) in &held {
        assert!(seen(at, front.usable_size(bytes(size))).iter().all(|&it| it == byte), "{size} bytes of {byte}");
    }
    assert_sound(&heap);
    for (at, size, _) in held {
        free(&front, at, size);
    }
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn zeroed_memory_is_zero_to_its_usable_end() {
    let mut memory = memory(4);
    let heap = heap(Fake::new(&mut memory, LOW));
    let front = FrontEnd::new(&heap);
    for size in [33, 129, 1025, 20_000] {
        let usable = front.usable_size(bytes(size));
        let dirty = front.alloc(bytes(size), Flags::NONE).unwrap();
        fill(dirty, 0xff, usable);
        free(&front, dirty, size);
        let at = front.alloc(bytes(size), Flags::ZEROED).unwrap();
        assert_eq!(seen(at, usable), vec![0; usable], "{size} bytes");
        free(&front, at, size);
    }
}

#[test]
fn a_zeroing_resize_clears_the_new_tail_in_place_and_elsewhere() {
    let mut memory = memory(4);
    let heap = heap(Fake::new(&mut memory, LOW));
    let front = FrontEnd::new(&heap);
    let at = front.alloc(bytes(33), Flags::NONE).unwrap();
    fill(at, 0xff, 40);
    let same = realloc(&front, at, 33, 39, Flags::ZEROED).unwrap();
    assert_eq!(same, at, "the slack suffices");
    assert_eq!(seen(at, 40), [[0xff; 33].as_slice(), &[0; 7]].concat());
    fill(at, 0xff, 40);
    let dirty = front.alloc(bytes(200), Flags::NONE).unwrap();
    fill(dirty, 0xee, 208);
    free(&front, dirty, 200);
    let moved = realloc(&front, same, 36, 200, Flags::ZEROED).unwrap();
    assert_ne!(moved, at);
    assert_eq!(seen(moved, 208), [[0xff; 36].as_slice(), &[0; 172]].concat());
    free(&front, moved, 200);
    // A segment that is extended where it is.
    let segment = front.alloc(bytes(30_000), Flags::NONE).unwrap();
    fill(segment, 0xdd, 30_080);
    let longer = realloc(&front, segment, 30_000, 60_000, Flags::ZEROED).unwrap();
    assert!(seen(longer, 30_000).iter().all(|&it| it == 0xdd));
    assert!(seen(longer, 60_032)[30_000..].iter().all(|&it| it == 0));
    free(&front, longer, 60_000);
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn a_resize_keeps_all_usable_bytes() {
    let mut memory = memory(4);
    let heap = heap(Fake::new(&mut memory, LOW));
    let front = FrontEnd::new(&heap);
    let at = front.alloc(bytes(33), Flags::NONE).unwrap();
    fill(at, 0xab, 40);
    let moved = realloc(&front, at, 33, 100, Flags::NONE).unwrap();
    assert_eq!(seen(moved, 40), [0xab; 40]);
    let short = realloc(&front, moved, 100, 20, Flags::NONE).unwrap();
    assert_eq!(seen(short, 24), [0xab; 24]);
    free(&front, short, 20);
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn a_resize_that_fails_leaves_the_allocation() {
    let mut memory = memory(2);
    let heap = heap(Fake::new(&mut memory, LOW));
    let front = FrontEnd::new(&heap);
    let at = front.alloc(bytes(500), Flags::NONE).unwrap();
    fill(at, 7, 512);
    let all = Flags::NONE;
    let refused = realloc(&front, at, 500, 1 << 20, all);
    assert_eq!(refused, Err(Refusal::NoMemory { size: 1 << 20, align: 1, flags: all }));
    assert_eq!(realloc(&front, at, 500, 0, all), Err(Refusal::ZeroSize));
    let long = isize::MAX as usize;
    assert_eq!(realloc(&front, at, 500, long, all), Err(Refusal::TooLong { size: long, align: 1 }));
    assert_eq!(realloc(&front, at, 500, usize::MAX, all), Err(Refusal::TooLong { size: usize::MAX, align: 1 }));
    assert_eq!(front.last_refusal().map(|last| (last.count, last.size)), Some((3, u32::MAX)));
    assert_eq!(seen(at, 512), [7; 512]);
    free(&front, at, 500);
    assert_sound(&heap);
}

#[test]
fn arrays_are_checked_for_overflow() {
    let mut memory = memory(2);
    let heap = heap(Fake::new(&mut memory, LOW));
    let front = FrontEnd::new(&heap);
    let element = layout(12, 8);
    for count in [usize::MAX, usize::MAX / 16 + 2, usize::MAX / 16 + 1] {
        assert_eq!(front.alloc_array(element, count, Flags::NONE), Err(Refusal::Overflow { size: 16, count }));
    }
    let last = front.last_refusal().unwrap();
    assert_eq!((last.count, last.size, last.align, last.flags), (3, u32::MAX, 8, 0));
    assert_eq!(front.alloc_array(element, 0, Flags::NONE), Err(Refusal::ZeroSize));
    assert_eq!(front.alloc_array(layout(0, 8), 5, Flags::NONE), Err(Refusal::ZeroSize));
    assert_eq!(front.last_refusal().unwrap().count, 3, "zero bytes are no refusal");
    let at = front.alloc_array(element, 9, Flags::ZEROED).unwrap();
    assert_eq!(seen(at, 144), [0; 144]);
    // SAFETY: nine elements, 16 bytes apart.
    unsafe { front.free(at, layout(144, 8)) };
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn without_growth_only_what_is_free_or_idle_serves() {
    let mut memory = memory(16);
    let heap = heap(Fake::new(&mut memory, LOW));
    let front = FrontEnd::new(&heap);
    let asked = Rc::new(Cell::new(0));
    let life = Hoard { asked: asked.clone(), give: Rc::new(|| ()) };
    let cache = Cache::new(&heap, layout(512, 8), Options::new("idle"), life).unwrap();
    let objects: Vec<_> = (0..80).map(|_| cache.alloc().unwrap()).collect();
    for at in objects {
        // SAFETY: each came from the cache.
        unsafe { cache.free(at) };
    }
    assert!(cache.stats().cached > 40, "most lie in the depot");
    // All that there is, and no more.
    heap.source().deny(Deny::Always);
    let held = exhaust(&front, 512);
    heap.source().deny(Deny::Never);
    let granted = heap.source().granted();
    let still = Flags::NO_GROWTH;
    let strict = still | Flags::NO_RECLAIM;
    assert_eq!(front.alloc(bytes(4096), strict), Err(Refusal::NoMemory { size: 4096, align: 1, flags: strict }));
    assert_eq!(front.last_refusal().map(|last| (last.count, last.flags)), Some((1, strict.bits())));
    assert!(cache.stats().cached > 40, "nothing was taken from the depot");
    let at = front.alloc(bytes(4096), still).expect("the depot is given back for it");
    assert_eq!(heap.source().granted(), granted);
    assert_eq!(asked.get(), 0, "no owner is asked");
    assert!(front.alloc(bytes(100_000), Flags::NONE).is_ok(), "the memory can grow");
    assert!(heap.source().granted() > granted);
    free(&front, at, 4096);
    assert!(!held.is_empty());
}

#[test]
fn without_reclaim_nobody_gives_anything_and_otherwise_owners_are_asked() {
    let mut memory = memory(4);
    let heap = heap(Fake::new(&mut memory, LOW));
    let front = FrontEnd::new(&heap);
    let (asked, hoard) = (Rc::new(Cell::new(0)), Rc::new(RefCell::new(Vec::<NonNull<u8>>::new())));
    let cache: Rc<RefCell<Option<Hoarded>>> = Rc::default();
    // The cache outlives nothing but this function, as the heap does.
    let heap_for_cache: &'static Heap<Fake<'static>> = {
        let heap: *const Heap<Fake<'_>> = &raw const heap;
        // SAFETY: the cache is dropped before the heap and its memory.
        unsafe { &*heap.cast() }
    };
    let (of, from, willing) = (Rc::downgrade(&cache), Rc::clone(&hoard), Rc::new(Cell::new(false)));
    let wills = Rc::clone(&willing);
    let give = Rc::new(move || {
        if !wills.get() {
            return;
        }
        let Some(cache) = of.upgrade() else { return };
        let cache = cache.borrow();
        for at in from.borrow_mut().drain(..) {
            // SAFETY: each came from the cache.
            unsafe { cache.as_ref().unwrap().free(at) };
        }
    });
    let life = Hoard { asked: asked.clone(), give };
    *cache.borrow_mut() = Some(Cache::new(heap_for_cache, layout(2048, 8), Options::new("hoard"), life).unwrap());
    while let Ok(at) = cache.borrow().as_ref().unwrap().alloc() {
        hoard.borrow_mut().push(at);
    }
    let full = hoard.borrow().len();
    let rest = exhaust(&front, 64);
    asked.set(0);
    willing.set(true);
    let strict = Flags::NO_RECLAIM;
    let wanted = bytes(8000);
    assert_eq!(front.alloc(wanted, strict), Err(Refusal::NoMemory { size: 8000, align: 1, flags: strict }));
    assert_eq!((asked.get(), hoard.borrow().len()), (0, full));
    assert!(full == 0 || front.alloc(wanted, Flags::NO_GROWTH).is_err());
    assert_eq!(asked.get(), 0, "nor without growth");
    let at = front.alloc(wanted, Flags::NONE).expect("the owner gives what it has");
    assert_eq!((asked.get(), hoard.borrow().len()), (1, 0));
    let surely = front.alloc(wanted, Flags::NO_FAIL).unwrap();
    free(&front, surely, 8000);
    free(&front, at, 8000);
    for at in rest {
        free(&front, at, 64);
    }
    drop(cache.borrow_mut().take());
    assert_eq!(heap.stats().live_objects(), 0);
    assert_sound(&heap);
}

#[test]
fn what_must_not_fail_ends_the_program_with_the_request_on_record() {
    let mut memory = memory(1);
    let heap = heap(Fake::new(&mut memory, LOW));
    let front = FrontEnd::new(&heap);
    let flags = Flags::NO_FAIL | Flags::QUIET;
    for size in [100_000, isize::MAX as usize - 64] {
        let ended = catch_unwind(AssertUnwindSafe(|| front.alloc(layout(size, 64), flags)));
        assert!(ended.is_err(), "{size} bytes");
        let last = front.last_refusal().unwrap();
        let on_record = u32::try_from(size).unwrap_or(u32::MAX);
        assert_eq!((last.size, last.align, last.flags), (on_record, 64, flags.bits()));
    }
    assert_eq!(front.last_refusal().unwrap().count, 2);
    assert_eq!(front.alloc(bytes(0), flags), Err(Refusal::ZeroSize));
    let ended = catch_unwind(AssertUnwindSafe(|| front.alloc(bytes(100_000), flags | Flags::NO_RECLAIM)));
    assert!(ended.is_err());
    // What did not end is as it was.
    let at = front.alloc(bytes(100), Flags::NO_FAIL).unwrap();
    free(&front, at, 100);
    assert_sound(&heap);
}

#[test]
fn refusals_are_on_record_unless_they_shall_be_quiet() {
    let mut memory = memory(1);
    let heap = heap(Fake::new(&mut memory, LOW));
    let front = FrontEnd::new(&heap);
    assert_eq!(front.last_refusal(), None);
    assert!(front.alloc(bytes(1 << 20), Flags::QUIET).is_err());
    assert_eq!(front.last_refusal(), None);
    let flags = Flags::ZEROED | Flags::NO_GROWTH;
    assert!(front.alloc(layout(1 << 20, 32), flags).is_err());
    let last = front.last_refusal().unwrap();
    assert_eq!((last.count, last.size, last.align, last.flags), (1, 1 << 20, 32, flags.bits()));
    assert!(front.alloc(layout(1 << 21, 1), Flags::NONE).is_err());
    assert_eq!(front.last_refusal().map(|last| (last.count, last.size, last.flags)), Some((2, 1 << 21, 0)));
}

#[test]
fn a_longer_object_serves_where_nothing_else_is_free() {
    let mut memory = memory(1);
    let heap = heap(Fake::new(&mut memory, LOW));
    let front = FrontEnd::new(&heap);
    let (first, usable) = front.alloc_tryhard(bytes(100), Flags::NONE).unwrap();
    assert_eq!(usable, 104);
    let long: Vec<_> = (0..8).map(|_| front.alloc(bytes(200), Flags::NONE).unwrap()).collect();
    let rest: Vec<_> = [1024, 200, 128, 8].map(|size| (size, exhaust(&front, size))).into_iter().collect();
    free(&front, long[3], 200);
    let hundreds = exhaust(&front, 100);
    assert!(front.alloc(bytes(100), Flags::NO_GROWTH).is_err());
    let (at, usable) = front.alloc_tryhard(bytes(100), Flags::ZEROED).unwrap();
    assert_eq!((at, usable), (long[3], 208));
    assert_eq!(seen(at, usable), [0; 208]);
    let refused = front.alloc_tryhard(bytes(100), Flags::NONE);
    assert_eq!(refused, Err(Refusal::NoMemory { size: 100, align: 1, flags: Flags::NONE }));
    free(&front, at, usable);
    free(&front, first, 104);
    for at in hundreds {
        free(&front, at, 100);
    }
    for (size, all) in rest {
        for at in all {
            free(&front, at, size);
        }
    }
    for at in long.into_iter().filter(|&it| it != at) {
        free(&front, at, 200);
    }
    assert_eq!(heap.stats().live_objects(), 0);
    assert_sound(&heap);
}

#[test]
fn wiped_memory_is_zero_when_it_is_free() {
    let mut memory = memory(2);
    let heap = heap(Fake::new(&mut memory, LOW));
    let front = FrontEnd::new(&heap);
    for size in [20, 1000, 5000] {
        let usable = front.usable_size(bytes(size));
        let at = front.alloc(bytes(size), Flags::NONE).unwrap();
        fill(at, 0x5a, usable);
        // SAFETY: it came from the front end for that size.
        unsafe { front.free_wiped(at, bytes(size)) };
        assert_eq!(seen(at, usable), vec![0; usable], "{size} bytes");
    }
    assert_eq!(heap.stats().live_objects(), 0);
}

#[test]
fn what_is_available_is_what_can_be_had() {
    let mut memory = memory(8);
    let heap = Heap::new(flagstone::source::Fixed::new(&mut memory, LOW)).unwrap();
    let front = FrontEnd::new(&heap);
    assert_eq!(front.available(), u64::from(heap.stats().arena.free) + 7 * 65_536);
    let before = front.available();
    let at = front.alloc(bytes(200_000), Flags::NONE).unwrap();
    let after = front.available();
    assert!(before - after >= 200_064 && before - after < 210_000, "{before} {after}");
    // SAFETY: it came from the front end.
    unsafe { front.free(at, bytes(200_000)) };
    heap.reclaim();
    assert!(before - front.available() < 8192);
    // A source that knows no limit of its own: up to the last page.
    let mut memory = support::memory(2);
    let heap = support::heap(Fake::new(&mut memory, support::top(3)));
    assert_eq!(FrontEnd::new(&heap).available(), u64::from(heap.stats().arena.free) + 65_536);
    assert!(heap.source().end().0 < 65_535);
}

#[test]
fn random_programs_agree_with_a_model() {
    let (seeds, steps) = if cfg!(miri) { (1, 60) } else { (12, 1500) };
    for seed in 0..seeds {
        let mut rng = Rng::new(seed);
        let mut memory = memory(5);
        let heap = heap(Fake::new(&mut memory, LOW));
        let front = FrontEnd::new(&heap);
        let mut held: Vec<(NonNull<u8>, std::alloc::Layout, u8)> = Vec::new();
        let (mut refused, mut last) = (0, None);
        for step in 0..steps {
            heap.source().deny(if rng.below(3) == 0 { Deny::Share(200) } else { Deny::Never });
            let all = [Flags::ZEROED, Flags::NO_GROWTH, Flags::NO_RECLAIM, Flags::QUIET];
            let flags = all.into_iter().fold(Flags::NONE, |sum, flag| if rng.below(3) == 0 { sum | flag } else { sum });
            let size = 1 + match rng.below(8) {
                0 => rng.below(60_000),
                1 => rng.below(6000),
                _ => rng.below(700),
            } as usize;
            let granted = heap.source().granted();
            let (outcome, asked) = match rng.below(10) {
                0..5 => {
                    let wanted = layout(size, 1 << rng.below(9));
                    let outcome = front.alloc(wanted, flags);
                    if let Ok(at) = outcome {
                        held.push((at, wanted, rng.below(256) as u8));
                        let usable = front.usable_size(wanted);
                        let zero = !flags.has(Flags::ZEROED) || seen(at, usable).iter().all(|&it| it == 0);
                        assert!(zero && at.addr().get().is_multiple_of(wanted.align()), "seed {seed} step {step}");
                    }
                    (outcome, wanted)
                }
                5..7 if !held.is_empty() => {
                    let index = rng.below(held.len() as u32) as usize;
                    let (at, was, byte) = held[index];
                    let wanted = layout(size, was.align());
                    let (old, new) = (front.usable_size(was), front.usable_size(wanted));
                    // SAFETY: live, of that layout; the list goes on with the result.
                    let outcome = unsafe { front.realloc(at, was, size, flags) };
                    if let Ok(now) = outcome {
                        assert!(old != new || now == at, "seed {seed} step {step}: the slack suffices");
                        let kept = if flags.has(Flags::ZEROED) { was.size().min(new) } else { old.min(new) };
                        assert!(seen(now, kept).iter().all(|&it| it == byte), "seed {seed} step {step}");
                        let tail = if flags.has(Flags::ZEROED) { kept } else { new };
                        assert!(seen(now, new)[tail..].iter().all(|&it| it == 0), "seed {seed} step {step}");
                        held[index] = (now, wanted, byte);
                    }
                    (outcome, wanted)
                }
                _ if held.is_empty() => continue,
                kind => {
                    let (at, was, byte) = held.swap_remove(rng.below(held.len() as u32) as usize);
                    assert!(seen(at, front.usable_size(was)).iter().all(|&it| it == byte), "seed {seed} step {step}");
                    if kind == 9 {
                        // SAFETY: taken out of the list of those that are live.
                        unsafe { front.free_wiped(at, was) };
                    } else {
                        // SAFETY: as above.
                        unsafe { front.free(at, was) };
                    }
                    continue;
                }
            };
            assert!(!flags.has(Flags::NO_GROWTH) || heap.source().granted() == granted, "seed {seed} step {step}");
            if let Err(error) = outcome {
                let (size, align) = (asked.size() as u32, asked.align() as u32);
                assert_eq!(error, Refusal::NoMemory { size, align, flags }, "seed {seed} step {step}");
                if !flags.has(Flags::QUIET) {
                    refused += 1;
                    last = Some((size, align, flags.bits()));
                }
            }
            let on_record = front.last_refusal();
            assert_eq!(on_record.map_or(0, |it| it.count), refused, "seed {seed} step {step}");
            assert_eq!(on_record.map(|it| (it.size, it.align, it.flags)), last, "seed {seed} step {step}");
            // What is new, and the new part of what was resized.
            for (at, was, byte) in &held {
                fill(*at, *byte, front.usable_size(*was));
            }
            if step % 50 == 0 {
                assert_sound(&heap);
            }
        }
        assert!(cfg!(miri) || refused > 10, "seed {seed}: growth was refused {refused} times");
        for (at, was, _) in held {
            // SAFETY: live, and the last use.
            unsafe { front.free(at, was) };
        }
        assert_eq!(heap.stats().live_objects(), 0);
        assert_sound(&heap);
    }
}
