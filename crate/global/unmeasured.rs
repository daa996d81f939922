//! Without the feature `audit` nobody measures what the platform's allocator hands out.
#![forbid(unsafe_code)]

use core::alloc::Layout;

/// What would be known of an object.
pub(super) enum Object {}

/// Whether a request is made to fail.
pub(super) const fn refuses() -> bool {
    false
}

/// Would note what was handed out.
pub(super) const fn made(_: *mut u8, _: Layout) {}

/// Would note what is about to be given back.
pub(super) const fn gone(_: *mut u8) -> Option<Object> {
    None
}

/// Would forget it.
pub(super) const fn forget(_: Option<Object>) {}

/// Would note that an object has another size.
pub(super) const fn moved(_: Option<Object>, _: *mut u8, _: Layout, _: *mut u8, _: usize) {}
