//! Mistakes with memory from the global allocator.

use std::alloc::{Layout, alloc, dealloc};
use std::hint::black_box;

use flagstone::audit::Auditor;
use flagstone::vmem::ModuleHeap;

/// Bytes of a label: not a multiple of a word, so that an allocator which rounds up would not notice the byte behind.
const LABEL: Layout = layout(13);

/// Bytes of a whole megabyte, which are asked for until there are no more.
const HUGE: Layout = layout(512 << 20);

const fn layout(size: usize) -> Layout {
    match Layout::from_size_align(size, 8) {
        Ok(layout) => layout,
        Err(_) => panic!("the layout is right"),
    }
}

/// Asks for memory.
#[inline(never)]
fn make(layout: Layout) -> *mut u8 {
    // SAFETY: no layout here is empty.
    black_box(unsafe { alloc(layout) })
}

/// Gives memory back, right or wrong.
#[inline(never)]
fn give_back(at: *mut u8, layout: Layout) {
    // SAFETY: none: some callers are the bug, and diagnosis stops them.
    unsafe { dealloc(black_box(at), layout) };
}

/// Writes a byte, right or wrong.
#[inline(never)]
fn write(at: *mut u8, offset: isize) {
    // SAFETY: none: some callers are the bug. It is memory of the heap.
    unsafe { black_box(at).wrapping_offset(offset).write_volatile(0x41) };
}

/// Writes a label's end behind its end.
#[inline(never)]
pub(crate) fn overrun() {
    let label = make(LABEL);
    write(label, 13);
    give_back(label, LABEL);
}

/// Writes before the beginning.
#[inline(never)]
pub(crate) fn underrun() {
    let label = make(LABEL);
    write(label, -1);
    give_back(label, LABEL);
}

/// Writes into what was given back; that is seen when it is handed out again, or here, when all that waits is looked at.
#[inline(never)]
pub(crate) fn write_after_free() {
    let label = make(LABEL);
    give_back(label, LABEL);
    write(label, 4);
    Auditor::new(ModuleHeap).drain();
}

/// Gives the same back twice.
#[inline(never)]
pub(crate) fn double_free() {
    let label = make(LABEL);
    give_back(label, LABEL);
    give_back(label, LABEL);
}

/// Says another size than was asked for.
#[inline(never)]
pub(crate) fn wrong_size() {
    let label = make(LABEL);
    give_back(label, layout(16));
}

/// Gives back the inside of an object.
#[inline(never)]
pub(crate) fn interior() {
    let row = make(layout(64));
    give_back(row.wrapping_add(16), layout(48));
}

/// Gives back what the heap never handed out.
#[inline(never)]
pub(crate) fn foreign() {
    static TITLE: [u64; 2] = [7; 2];
    give_back(black_box(&raw const TITLE).cast_mut().cast(), LABEL);
}

/// Asks for memory until there is none.
#[inline(never)]
pub(crate) fn out_of_memory() {
    while !make(HUGE).is_null() {}
    std::alloc::handle_alloc_error(HUGE);
}

/// Ends the program.
#[inline(never)]
pub(crate) fn trap() {
    core::arch::wasm32::unreachable();
}
