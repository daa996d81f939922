//! Claim: each assertion of `testing` holds where it should and fails where it should, says what is held and by whom, and leaves nothing
//! switched on; threads that measure beside each other see their own requests.
#![cfg(all(feature = "audit", not(target_family = "wasm")))]

use std::alloc::Layout;
use std::collections::{BTreeMap, TryReserveError};
use std::hint::black_box;
use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::channel;
use std::thread;

use flagstone::testing::{Check, assert_max_live_bytes, assert_no_leak, assert_steady, fail_each, leaks};

#[global_allocator]
static ALLOCATOR: flagstone::Flagstone = flagstone::Flagstone::new();

/// What a program says that panics.
fn failure(program: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(program)).expect_err("it should fail");
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => String::from(*panic.downcast::<&str>().expect("words")),
    }
}

/// Bytes that nobody gives back.
#[inline(never)]
fn lose(size: usize) {
    forget(black_box(vec![7_u8; size]));
}

#[test]
fn what_is_given_back_is_no_leak() {
    assert_no_leak(|| (0..100).map(|number| (number, number.to_string())).collect::<BTreeMap<_, _>>());
    let found = leaks(|| drop(black_box(vec![0_u64; 100])));
    assert!(found.is_empty() && found.rows.is_empty());
    assert_eq!(found.peak, 800);
}

#[test]
fn what_is_held_is_listed_by_size_the_largest_sum_first() {
    let found = leaks(|| {
        lose(48);
        drop(black_box(Box::new(1_u64)));
        lose(1000);
        lose(48);
    });
    assert_eq!((found.count, found.bytes), (3, 1096));
    let rows: Vec<_> = found.rows.iter().map(|row| (row.size, row.align, row.count, row.first)).collect();
    assert_eq!(rows, [(1000, 1, 1, 3), (48, 1, 2, 1)]);
    let text = found.to_string();
    assert!(
        text.starts_with("3 allocations are still held, 1096 bytes in all\n  1 of 1000 bytes; it was allocation 3\n")
    );
    assert!(text.ends_with("\n  2 of 48 bytes; the first was allocation 1"), "{text}");
}

#[test]
fn a_leak_is_told_with_the_function_that_asked() {
    let said = failure(|| assert_no_leak(|| lose(123)));
    assert!(said.starts_with("the closure leaks: 1 allocation is still held, 123 bytes in all\n"), "{said}");
    assert!(said.contains("  1 of 123 bytes; it was allocation 1\n      "), "{said}");
    let (first, _) = said.split_once(" at ").expect("a place");
    assert!(
        first.ends_with(" lose") || first.ends_with(" testing::lose"),
        "with its module, if debug information has more than lines: {said}"
    );
    assert!(said.contains("tests/testing.rs:") && !said.contains("flagstone::") && !said.contains("alloc::"), "{said}");
    assert!(leaks(|| drop(black_box(vec![1_u8; 9]))).is_empty(), "nothing is measured any more");
}

#[test]
fn a_failure_is_told_of_the_caller() {
    let (sender, receiver) = channel();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // Tests beside this one may panic, too.
        let _ = info.location().map(|location| sender.send((location.file().to_owned(), location.line())));
        before(info);
    }));
    let here = line!() + 1;
    let _ = failure(|| assert_no_leak(|| lose(1)));
    let _ = std::panic::take_hook();
    assert!(receiver.try_iter().any(|(file, line)| file.ends_with("tests/testing.rs") && line == here));
}

#[test]
fn what_the_first_run_leaves_is_no_leak_unless_nothing_runs_before() {
    let run = || {
        let mut made = None;
        move || {
            made.get_or_insert_with(|| vec![0_u8; 77]);
        }
    };
    assert_no_leak(run());
    let said = failure(|| Check::new().warm_up(0).assert_no_leak(run()));
    assert!(said.contains("1 of 77 bytes"), "{said}");
    assert_eq!(Check::new().leaks(run()).count, 0);
}

#[test]
fn what_was_there_before_does_not_count() {
    let mut old = Some(vec![0_u8; 500]);
    let found = leaks(|| {
        old = None;
        lose(20);
    });
    assert_eq!((found.count, found.bytes), (1, 20));
    let mut old = vec![0_u8; 500];
    old.truncate(10);
    assert!(leaks(|| old.shrink_to_fit()).is_empty(), "it is smaller than it was");
    let found = leaks(|| old.reserve_exact(990));
    assert_eq!((found.count, found.bytes), (1, 1000));
}

#[test]
fn an_allocation_that_grows_is_one_with_its_last_size() {
    let found = leaks(|| {
        let mut bytes: Vec<u8> = Vec::with_capacity(10);
        bytes.reserve_exact(100);
        bytes.reserve_exact(1000);
        forget(bytes);
    });
    assert_eq!((found.count, found.bytes, found.rows[0].first), (1, 1000, 3));
}

#[test]
fn the_most_bytes_at_once_are_bounded() {
    assert_max_live_bytes(1000, || {
        for _ in 0..10 {
            drop(black_box(vec![0_u8; 1000]));
        }
    });
    let said = failure(|| assert_max_live_bytes(1199, || [vec![0_u8; 600], vec![0; 600]]));
    assert_eq!(said, "the closure held 1200 bytes at once, and may hold 1199 bytes");
    let mut old = vec![0_u8; 5000];
    assert_max_live_bytes(100, || {
        old = Vec::new();
        vec![0_u8; 100]
    });
}

#[test]
fn runs_that_hold_the_same_are_steady() {
    let mut last = String::new();
    assert_steady(20, || last = String::from("0123456789"));
    let mut list = Vec::with_capacity(100);
    let said = failure(|| assert_steady(5, || list.push(vec![0_u8; 33])));
    assert!(
        said.starts_with(
            "the closure is not steady: 33 bytes in 1 allocation after the runs before, 198 bytes in 6 allocations \
             after 5 more, other than before from run 1 on; of what was asked for since then these are held:\n  5 of 33 bytes; \
             the first was allocation 1"
        ),
        "{said}"
    );
    // The third run is the first that leaks.
    let mut run = 0;
    let said = failure(|| {
        assert_steady(5, || {
            run += 1;
            if run > 3 {
                lose(8);
            }
        });
    });
    assert!(said.contains("from run 3 on"), "{said}");
    let mut shrinks = vec![vec![0_u8; 10], vec![0; 10], vec![0; 10]];
    Check::new().assert_steady(2, || drop(shrinks.pop()));
}

/// Two vectors, or an error.
fn two(first: usize, second: usize) -> Result<(Vec<u8>, Vec<u8>), TryReserveError> {
    let (mut one, mut other) = (Vec::new(), Vec::new());
    one.try_reserve_exact(first)?;
    other.try_reserve_exact(second)?;
    Ok((one, other))
}

#[test]
fn each_request_fails_once() {
    let mut outcomes = Vec::with_capacity(10);
    let requests = fail_each(|| outcomes.push(two(10, 20).is_ok()));
    assert_eq!((requests, outcomes), (2, vec![true, false, false, true]));
    assert_eq!(fail_each(|| 1 + 1), 0);
    // Growing is a request, getting shorter is none.
    let grows = || {
        let mut bytes: Vec<u8> = Vec::new();
        bytes.try_reserve_exact(10)?;
        bytes.try_reserve_exact(100)?;
        bytes.shrink_to(50);
        Ok::<_, TryReserveError>(())
    };
    assert_eq!(fail_each(grows), 2);
}

#[test]
fn what_a_failed_request_leaves_behind_is_told() {
    let said = failure(|| {
        fail_each(|| {
            let mut first: Vec<u8> = Vec::new();
            first.try_reserve_exact(70)?;
            let second = two(10, 20);
            if second.is_err() {
                // The bug: what came before is not given back.
                forget(first);
            }
            second
        });
    });
    assert!(said.starts_with("the closure leaks with request 1 failing, counted from 0: 1 allocation"), "{said}");
    assert_eq!(two(10, 20).map(|(one, _)| one.capacity()).ok(), Some(10), "no request fails any more");
    let said = failure(|| {
        Check::new().at_most(3).fail_each(|| {
            for _ in 0..4 {
                let _ = two(1, 1);
            }
        });
    });
    assert!(said.contains("more than 3 requests"), "{said}");
}

#[test]
fn a_closure_that_panics_leaves_nothing_switched_on() {
    assert!(failure(|| assert_no_leak(|| panic!("{}", "on purpose"))).ends_with("on purpose"));
    let said = failure(|| {
        fail_each(|| assert!(two(1, 1).is_ok(), "{} memory", "no"));
    });
    assert_eq!(said, "no memory");
    for _ in 0..10 {
        assert!(two(1, 1).is_ok());
    }
    let found = leaks(|| lose(5));
    assert_eq!((found.count, found.rows[0].first), (1, 1));
}

#[test]
fn one_measurement_runs_within_another() {
    let outer = leaks(|| {
        lose(100);
        let inner = leaks(|| {
            lose(30);
            drop(black_box(vec![0_u8; 1000]));
        });
        assert_eq!((inner.count, inner.bytes, inner.peak), (1, 30, 1030));
        assert_eq!(fail_each(|| two(1, 2)), 2);
        lose(4);
        forget(black_box(inner));
    });
    let own = outer.rows.iter().filter(|row| [100, 30, 4].contains(&row.size) && row.align == 1).count();
    assert_eq!((own, outer.peak >= 1130), (3, true), "{outer}");
    assert!(leaks(|| ()).is_empty());
}

#[test]
fn threads_do_not_disturb_each_other() {
    let threads: Vec<_> = (1..=8_usize)
        .map(|index| {
            thread::spawn(move || {
                for round in 0..200 {
                    let found = leaks(|| {
                        for _ in 0..index {
                            lose(index);
                        }
                        drop(black_box(vec![round; 300]));
                    });
                    assert_eq!((found.count, found.bytes), (index as u64, (index * index) as u64));
                    assert_eq!(fail_each(|| two(index, index)), 2);
                    assert!(two(3, 3).is_ok());
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn an_object_that_another_thread_drops_or_grows_is_no_leak() {
    let (to_other, from_here) = channel::<Vec<u8>>();
    let (to_here, from_other) = channel::<Vec<u8>>();
    let other = thread::spawn(move || {
        for mut bytes in from_here {
            if bytes.len() == 40 {
                bytes.reserve_exact(160);
                to_here.send(bytes).unwrap();
            } else {
                drop(bytes);
                to_here.send(Vec::new()).unwrap();
            }
        }
    });
    let pass = |bytes| {
        to_other.send(bytes).unwrap();
        from_other.recv().unwrap()
    };
    // The channel keeps buffers; they are there after a few messages.
    for _ in 0..200 {
        pass(Vec::new());
    }
    let sizes = |found: &flagstone::testing::Leaks| {
        found.rows.iter().filter(|row| row.align == 1).map(|row| row.size).collect::<Vec<_>>()
    };
    let found = leaks(|| pass(black_box(vec![1_u8; 30])));
    assert_eq!(sizes(&found), [], "{found}");
    let found = leaks(|| forget(pass(black_box(vec![1_u8; 40]))));
    assert_eq!(sizes(&found), [200], "{found}");
    drop(to_other);
    other.join().unwrap();
}

#[test]
fn alignments_and_zeroed_memory_are_seen() {
    let found = leaks(|| {
        let layout = Layout::from_size_align(64, 128).unwrap();
        // SAFETY: the layout has a size.
        let at = black_box(unsafe { std::alloc::alloc_zeroed(layout) });
        assert!(at.addr().is_multiple_of(128));
        forget(black_box(vec![0_u32; 5]));
    });
    assert_eq!((found.count, found.bytes), (2, 84));
    assert!(found.to_string().contains("1 of 64 bytes at a multiple of 128"));
}
