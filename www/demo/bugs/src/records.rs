//! A wild pointer into the heap's own records.

use std::alloc::{Layout, alloc, dealloc};
use std::hint::black_box;

/// What the record of a held object has for its status, exclusive-or its own address, and where: so it is found.
const HELD: u32 = 0xa110_c8ed;
/// Where the status is.
const STATUS: u32 = 32;
/// Where the address of the object is.
const OBJECT: u32 = 16;

/// Writes over the record of an object that is held, and gives the object back.
#[inline(never)]
pub(crate) fn damaged_record() {
    let layout = Layout::new::<[u64; 5]>();
    // SAFETY: the layout is not empty.
    let object = black_box(unsafe { alloc(layout) });
    let end = (core::arch::wasm32::memory_size::<0>() << 16) as u32 - STATUS - 4;
    let is_record = |at: &u32| *word(at + OBJECT) == object.addr() as u32 && *word(at + STATUS) == HELD ^ at;
    if let Some(record) = (1024..end).step_by(8).find(is_record) {
        let status = (record + STATUS) as usize as *mut u32;
        // SAFETY: none: this is the bug.
        unsafe { status.write_volatile(0x4141_4141) };
    }
    // SAFETY: it was allocated above.
    unsafe { dealloc(object, layout) };
}

/// A word of this module's memory.
fn word(at: u32) -> &'static u32 {
    let at = at as usize as *const u32;
    // SAFETY: the address is inside the memory, a multiple of four; nothing here writes it while it is looked at.
    unsafe { &*at }
}
