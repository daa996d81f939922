//! Relief: before the memory grows, whoever holds some idle is asked for it (feature `reclaim`).
//!
//! Asking runs callbacks of the program, so it happens where nothing of a request is done yet: a request that would make the memory
//! grow first fails as one that finds none, and begins again when everybody was asked. That is worth it only now and then: when the
//! memory grew by an eighth since the last time, or cannot grow.
#![forbid(unsafe_code)]

use super::Engine;
use crate::objects::{ASKING, WANTED};
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
        let pressure = &self.state().pressure;
        if pressure.get() != WANTED {
            return None;
        }
        self.relieve(size);
        // Not again for the same request.
        pressure.set(ASKING);
        let addr = self.alloc(size, align);
        pressure.set(0);
        Some(addr)
    }
}
