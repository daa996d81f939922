//! Claim: what is recorded stays recorded when its size changes, in place or not, and when there is no memory to change it.
#![cfg(feature = "audit")]

use core::alloc::Layout;

use flagstone::Heap;
use flagstone::audit::{Auditor, Mode};
use flagstone::source::{Fixed, Page};
use flagstone::units::Addr;

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 8).unwrap()
}

/// Changes the size of an allocation from one to the next; what is recorded as held after each change.
fn recorded(mode: Mode, sizes: &[usize]) -> Vec<(u64, u64)> {
    let mut memory = vec![Page::ZERO; 8];
    let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    let auditor = Auditor::new(&heap);
    auditor.set_mode(mode);
    let mut size = sizes[0];
    let mut at = heap.alloc(layout(size));
    let mut found = vec![auditor.estimate()];
    for &new_size in &sizes[1..] {
        // SAFETY: it is live, of that layout.
        let new = unsafe { heap.realloc(at, layout(size), new_size) };
        if !new.is_null() {
            (at, size) = (new, new_size);
        }
        found.push(auditor.estimate());
    }
    // SAFETY: it is live, of that layout.
    unsafe { heap.dealloc(at, layout(size)) };
    assert_eq!(auditor.estimate(), (0, 0));
    assert_eq!((auditor.faults(), heap.stats().live_objects()), (0, 0));
    found
}

#[test]
fn a_size_that_changes_in_place_is_on_record() {
    for mode in [Mode::SITES, Mode::REDZONE | Mode::SITES] {
        // Within a size class, and segments that are cut and extended.
        assert_eq!(recorded(mode, &[97, 104, 100]), [(97, 1), (104, 1), (100, 1)], "{mode}");
        assert_eq!(recorded(mode, &[20_000, 30_000, 17_000]), [(20_000, 1), (30_000, 1), (17_000, 1)], "{mode}");
        // To another place.
        assert_eq!(recorded(mode, &[24, 400, 20_000]), [(24, 1), (400, 1), (20_000, 1)], "{mode}");
    }
}

#[test]
fn a_size_that_cannot_change_leaves_the_object_on_record() {
    for mode in [Mode::SITES, Mode::REDZONE | Mode::SITES] {
        assert_eq!(recorded(mode, &[100, 1 << 30]), [(100, 1), (100, 1)], "{mode}");
        assert_eq!(recorded(mode, &[20_000, 1 << 30]), [(20_000, 1), (20_000, 1)], "{mode}");
    }
}
