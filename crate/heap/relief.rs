//! Relief: before the memory grows, whoever holds some idle is asked for it (feature `reclaim`).
//!
//! Asking runs callbacks of the program, so it happens where nothing of a request is done yet: a request that would make the memory
//! grow first fails as one that finds none, and begins again when everybody was asked. That is worth it only now and then: when the
//! memory grew by an eighth since the last time, or cannot grow.
#![forbid(unsafe_code)]

use super::Engine;
use crate::objects::{ASKING, WANTED};
#[cfg(feature = "audit")]
use crate::size_class::class_of;
use crate::source::Source;
use crate::units::Addr;

/// Pages that the memory grows by before anybody is asked again, at least.
const PAGES_MIN: u32 = 16;

/// What part of the memory it grows by before that, at least.
const PART: u32 = 8;

impl<S: Source> Engine<S> {
    /// Whether a request, for which no segment is free, should fail so that others are asked before the memory grows.
    pub(super) fn wants_relief(&self) -> bool {
        let state = self.state();
        let (grown, asked) = (state.grown_pages.get(), state.asked_at.get());
        self.wants_relief_now(grown - asked >= PAGES_MIN.max(grown / PART))
    }

    /// The same, where it is known whether that is worth it.
    pub(super) fn wants_relief_now(&self, due: bool) -> bool {
        let state = self.state();
        let wants = due && state.object_caches.list.first.get().is_some() && state.pressure.get() != ASKING;
        if wants {
            state.pressure.set(WANTED);
        }
        wants
    }

    /// The request again, after others were asked, if it failed for want of that.
    #[cold]
    pub(super) fn alloc_relieved(&self, size: u32, align: u32) -> Option<Addr> {
        self.relieved(size, || self.alloc_again(size, align))
    }

    #[cfg(not(feature = "audit"))]
    fn alloc_again(&self, size: u32, align: u32) -> Addr {
        self.alloc(size, align)
    }

    /// The request that diagnosis knows of already.
    #[cfg(feature = "audit")]
    fn alloc_again(&self, size: u32, align: u32) -> Addr {
        if self.is_slow() {
            return self.alloc_large(size, align);
        }
        self.alloc_plain(class_of(size, align), size, align)
    }

    /// Something again, after others were asked for `size` bytes, if it failed for want of that.
    pub(crate) fn relieved<R>(&self, size: u32, again: impl FnOnce() -> R) -> Option<R> {
        let pressure = &self.state().pressure;
        if pressure.get() != WANTED {
            return None;
        }
        self.relieve(size);
        // Not again for the same request.
        pressure.set(ASKING);
        let result = again();
        pressure.set(0);
        Some(result)
    }
}
