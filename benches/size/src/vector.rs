//! What a `Vec<u8>` needs, which is how talc measures itself: the compiler knows the alignment and not
//! the sizes.

use alloc::vec::Vec;
use core::mem::ManuallyDrop;

/// Allocates `size` bytes; null when there are none.
#[unsafe(no_mangle)]
extern "C" fn allocate(size: usize) -> *mut u8 {
    reserve(Vec::new(), size)
}

/// Gives the room of a vector back.
///
/// # Safety
/// - `at` came from `allocate` or `resize` with `size` and was not given back since.
#[unsafe(no_mangle)]
unsafe extern "C" fn free(at: *mut u8, size: usize) {
    // SAFETY: the caller's promise, and an empty vector needs no initialised bytes.
    drop(unsafe { Vec::from_raw_parts(at, 0, size) });
}

/// Makes the room larger, and returns where it is now.
///
/// # Safety
/// - `at` came from `allocate` or `resize` with `size` and was not given back since.
#[unsafe(no_mangle)]
unsafe extern "C" fn resize(at: *mut u8, size: usize, larger: usize) -> *mut u8 {
    // SAFETY: the caller's promise, and an empty vector needs no initialised bytes.
    reserve(unsafe { Vec::from_raw_parts(at, 0, size) }, larger)
}

/// The room of `bytes` after it has been made large enough; a refusal leaves it as it was.
fn reserve(mut bytes: Vec<u8>, size: usize) -> *mut u8 {
    let _ = bytes.try_reserve_exact(size);
    ManuallyDrop::new(bytes).as_mut_ptr()
}
