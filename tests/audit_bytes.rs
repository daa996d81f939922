//! Claim: under diagnosis memory is what it should be: fresh memory has its pattern and zeroed memory is zero, each alignment is kept,
//! contents survive a change of size; and a single bit that changes around an object, or in a freed one, is found, wherever it is.
#![cfg(feature = "audit")]

mod support;

use std::ptr::NonNull;

use flagstone::audit::{Auditor, FaultKind, Mode};
use flagstone::objects::{Bare, Cache, Flags, ObjectCache, Options};
use support::objects::{Stage, TestHeap, content, paint, shows};
use support::{address, assert_sound, free, layout, resize};

const GUARDED: [&str; 5] = ["redzone", "poison", "guard", "all", "all+guard"];

/// A heap whose front end has a mode.
fn stage(mode: &str) -> (Stage, Auditor<&'static TestHeap>) {
    let stage = Stage::new(64);
    let auditor = Auditor::new(stage.heap());
    auditor.configure(&format!("audit={mode};cache:nodes={mode};policy=continue")).unwrap();
    (stage, auditor)
}

fn bytes<'a>(at: *mut u8, len: usize) -> &'a [u8] {
    content(NonNull::new(at).unwrap(), len as u32)
}

fn flip(at: *mut u8, offset: isize, bit: u32) {
    let at = at.wrapping_offset(offset);
    // SAFETY: memory of the heap: an object, or the patterned bytes around it.
    let byte = unsafe { at.read() };
    // SAFETY: as above.
    unsafe { at.write(byte ^ 1 << bit) };
}

/// Invariant 50 of the inventory.
#[test]
fn every_bit_around_an_object_is_guarded() {
    for (mode, behind) in [("redzone", 16), ("all+guard", 128)] {
        for (size, align) in [(1, 1), (13, 8), (48, 8), (113, 1)] {
            let (stage, auditor) = stage(mode);
            for offset in (-16..0).chain(size..size + behind) {
                for bit in 0..8 {
                    let at = stage.alloc(layout(size as usize, align));
                    flip(at, offset, bit);
                    free(&stage, at, layout(size as usize, align));
                    let fault = auditor.last_fault().unwrap();
                    assert_eq!(
                        (fault.kind, fault.offset, fault.damaged),
                        (FaultKind::Redzone, Some(offset as i32), 1),
                        "{mode}, {size} bytes"
                    );
                }
            }
            assert_eq!(auditor.faults(), (behind + 16) as u32 * 8);
            assert_sound(stage.heap());
        }
    }
}

#[test]
fn every_bit_of_a_freed_object_is_checked() {
    for size in [1, 7, 64, 131] {
        let (stage, auditor) = stage("poison");
        for offset in 0..size as isize {
            for bit in 0..8 {
                let at = stage.alloc(layout(size, 1));
                free(&stage, at, layout(size, 1));
                flip(at, offset, bit);
                auditor.drain();
                let fault = auditor.last_fault().unwrap();
                assert_eq!(
                    (fault.kind, fault.offset, fault.damaged),
                    (FaultKind::Modified, Some(offset as i32), 1),
                    "bit {bit} of {size} bytes"
                );
                assert_ne!(bytes(at, size)[offset as usize], 0, "the damage is left as it is, to be looked at");
            }
        }
        assert_eq!(auditor.faults(), size as u32 * 8);
    }
}

/// The cheap mode looks at the first 8 bytes of what it hands out again.
#[test]
fn every_bit_of_the_beginning_is_checked_by_the_cheap_mode() {
    let (stage, auditor) = stage("lite");
    let nodes = Cache::new(stage.heap(), layout(40, 8), Options::new("nodes"), Bare).unwrap();
    let kept = (stage.alloc(layout(40, 8)), nodes.alloc().unwrap());
    let mut faults = 0;
    for offset in 0..8 {
        for bit in 0..8 {
            let at = stage.alloc(layout(40, 8));
            free(&stage, at, layout(40, 8));
            flip(at, offset, bit);
            assert_eq!(stage.alloc(layout(40, 8)), at);
            free(&stage, at, layout(40, 8));
            let node = nodes.alloc().unwrap();
            // SAFETY: just allocated.
            unsafe { nodes.free(node) };
            flip(node.as_ptr(), offset, bit);
            assert_eq!(nodes.alloc().unwrap(), node);
            // SAFETY: just allocated.
            unsafe { nodes.free(node) };
            faults += 2;
            let fault = auditor.last_fault().unwrap();
            assert_eq!((fault.kind, fault.offset, fault.damaged), (FaultKind::Modified, Some(offset as i32), 1));
            assert_eq!(auditor.faults(), faults);
        }
    }
    free(&stage, kept.0, layout(40, 8));
    // SAFETY: allocated above.
    unsafe { nodes.free(kept.1) };
}

/// Invariant 49 of the inventory.
#[test]
fn fresh_memory_has_its_pattern_and_zeroed_memory_is_zero() {
    for mode in GUARDED {
        let (stage, _) = stage(mode);
        for size in [1, 3, 8, 100, 1500, 20_000] {
            for turn in 0..3 {
                let at = stage.alloc(layout(size, 4));
                let from = address(&stage, at);
                let fresh = bytes(at, size).iter().zip(from..);
                let pattern = [0xba, 0xdd, 0xca, 0xfe];
                assert!(fresh.clone().all(|(byte, at)| *byte == pattern[at as usize & 3]), "{mode}, turn {turn}");
                let zeroed = stage.alloc_zeroed(layout(size, 4));
                assert!(bytes(zeroed, size).iter().all(|&byte| byte == 0), "{mode}, turn {turn}");
                paint(NonNull::new(at).unwrap(), size as u32, 3);
                paint(NonNull::new(zeroed).unwrap(), size as u32, 5);
                free(&stage, at, layout(size, 4));
                free(&stage, zeroed, layout(size, 4));
            }
        }
    }
}

#[test]
fn zeroed_memory_is_zero_in_every_mode() {
    for mode in ["off", "lite", "sites", "audit", "contents", "all"] {
        let (stage, auditor) = stage(mode);
        auditor.set_sampling(100);
        for turn in 0..200_usize {
            let size = 1 + turn * 97 % 6000;
            let at = stage.alloc_zeroed(layout(size, 8));
            assert!(bytes(at, size).iter().all(|&byte| byte == 0), "{mode}, {size} bytes");
            paint(NonNull::new(at).unwrap(), size as u32, turn as u64);
            free(&stage, at, layout(size, 8));
        }
        let nodes = Cache::new(stage.heap(), layout(100, 8), Options::new("nodes"), Bare).unwrap();
        for turn in 0..100 {
            let at = nodes.alloc_with(Flags::ZEROED).unwrap();
            assert!(content(at, 100).iter().all(|&byte| byte == 0), "{mode}");
            paint(at, 100, turn);
            // SAFETY: just allocated.
            unsafe { nodes.free(at) };
        }
    }
}

#[test]
fn what_a_constructor_made_is_there_in_every_mode() {
    for mode in ["lite", "poison", "guard", "sites", "all"] {
        let (stage, auditor) = stage(mode);
        let words = ObjectCache::new(stage.heap(), Options::new("nodes"), || [7_u64; 6]).unwrap();
        for _ in 0..100 {
            let held: Vec<_> = (0..5).map(|_| words.alloc().unwrap()).collect();
            assert!(held.iter().all(|words| **words == [7; 6]), "{mode}");
        }
        assert_eq!(words.stats().constructs - words.stats().destructs, u64::from(words.stats().cached), "{mode}");
        drop(words);
        assert_eq!(auditor.faults(), 0);
    }
}

#[test]
fn every_alignment_up_to_64_kib_is_kept_under_guard() {
    for mode in GUARDED {
        let (stage, auditor) = stage(mode);
        let mut held = Vec::new();
        for shift in 0..=16 {
            for size in [1, 7, 64, 1000, 5000] {
                let wanted = layout(size, 1 << shift);
                let at = stage.alloc(wanted);
                assert!(address(&stage, at).is_multiple_of(1 << shift), "{mode}: {wanted:?}");
                paint(NonNull::new(at).unwrap(), size as u32, shift);
                held.push((at, wanted, shift));
            }
        }
        assert_eq!(auditor.check(), 0);
        assert_sound(stage.heap());
        for (at, wanted, shift) in held {
            assert!(shows(NonNull::new(at).unwrap(), wanted.size() as u32, shift));
            free(&stage, at, wanted);
        }
        assert_eq!(auditor.faults(), 0);
    }
}

#[test]
fn contents_survive_a_change_of_size_from_any_mode_to_any() {
    let modes = ["off", "lite", "redzone", "poison", "guard", "sites", "audit", "all"];
    for from in modes {
        for to in modes {
            let (stage, auditor) = stage(from);
            for (old, new) in [(1, 2), (40, 40), (40, 39), (40, 4000), (4000, 40), (30_000, 50_000), (50_000, 20_000)] {
                auditor.configure(&format!("audit={from}")).unwrap();
                let at = stage.alloc(layout(old, 8));
                paint(NonNull::new(at).unwrap(), old as u32, 9);
                auditor.configure(&format!("audit={to}")).unwrap();
                let at = resize(&stage, at, layout(old, 8), new);
                assert!(shows(NonNull::new(at).unwrap(), old.min(new) as u32, 9), "{from} to {to}, {old} to {new}");
                paint(NonNull::new(at).unwrap(), new as u32, 11);
                free(&stage, at, layout(new, 8));
                assert_sound(stage.heap());
            }
            auditor.set_mode(Mode::OFF);
            auditor.drain();
            assert_eq!((auditor.faults(), stage.stats().live_objects()), (0, 0), "{from} to {to}");
        }
    }
}
