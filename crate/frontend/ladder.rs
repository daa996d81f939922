//! The ladder of a request: once; again when those were asked who hold memory idle; again when everything was reclaimed; the end.

use crate::heap::Engine;
use crate::objects::{ASKING, Ask, Flags};
use crate::source::Source;
use crate::units::{Addr, quanta_up};

/// What is wanted: memory, or an allocation with another size.
pub(super) struct Wish {
    /// What there is, and its usable bytes.
    from: Option<(Addr, u32)>,
    /// The bytes asked for.
    size: u32,
    /// The bytes of their class, or whole quanta.
    usable: u32,
    align: u32,
    zeroed: bool,
}

impl Wish {
    /// New memory.
    pub(super) const fn new(size: u32, usable: u32, align: u32, zeroed: bool) -> Self {
        Self { from: None, size, usable, align, zeroed }
    }

    /// What is at `at`, with `old` usable bytes, in another size.
    ///
    /// # Safety
    /// - it was allocated with so many bytes and this alignment, and is not given back before the wish was served.
    pub(super) const unsafe fn resized(at: Addr, old: u32, size: u32, usable: u32, align: u32) -> Self {
        Self { from: Some((at, old)), size, usable, align, zeroed: false }
    }

    /// The bytes asked for, and their alignment.
    pub(super) const fn shape(&self) -> (u32, u32) {
        (self.size, self.align)
    }

    /// Looks for memory in an engine; nowhere where there is none.
    fn of<S: Source>(&self, engine: &Engine<S>) -> Addr {
        match self.from {
            None if self.zeroed => engine.alloc_zeroed(self.usable, self.align),
            None => engine.alloc(self.usable, self.align),
            // SAFETY: it is live, of that size and alignment (`resized`).
            Some((at, old)) => unsafe { engine.realloc(at, old, self.align, self.usable) },
        }
    }
}

/// Looks for memory once, as the flags allow.
pub(super) fn attempt<S: Source>(engine: &Engine<S>, wish: &Wish, flags: Flags) -> Addr {
    let still = flags.has(Flags::NO_GROWTH);
    if !still && !flags.has(Flags::NO_RECLAIM) {
        return wish.of(engine);
    }
    // Nobody is asked for memory meanwhile.
    let pressure = &engine.state().pressure;
    let before = pressure.replace(ASKING);
    let at = if still { wish.of(&engine.still()) } else { wish.of(engine) };
    pressure.set(before);
    at
}

/// Looks for memory until there is some or the flags allow no more.
pub(super) fn serve<S: Source>(engine: &Engine<S>, wish: &Wish, flags: Flags) -> Addr {
    let mut at = attempt(engine, wish, flags);
    if flags.has(Flags::NO_RECLAIM) {
        return at;
    }
    if at.0 == 0 && relieve(engine, wish, flags) {
        at = attempt(engine, wish, flags);
    }
    if at.0 == 0 && flags.has(Flags::NO_FAIL) {
        engine.reclaim();
        at = attempt(engine, wish, flags);
    }
    at
}

/// Gets back what lies idle; whether anything was tried.
fn relieve<S: Source>(engine: &Engine<S>, wish: &Wish, flags: Flags) -> bool {
    if !flags.has(Flags::NO_GROWTH) {
        // With the feature `reclaim` the heap has asked already.
        return cfg!(not(feature = "reclaim")) && engine.relieve(quanta_up(wish.usable));
    }
    let pressure = &engine.state().pressure;
    if pressure.replace(ASKING) == ASKING {
        return false;
    }
    engine.ask_all(None, Ask::Depots);
    engine.flush_all();
    pressure.set(0);
    true
}
