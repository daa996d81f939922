//! Where the object caches of the app live, and what the app asks of that heap as a whole.
//!
//! In WebAssembly that is the module's own heap, so that the inspector shows the caches beside all else. Off wasm the platform's allocator
//! serves the program, so the caches have a heap of their own: one for each thread, that is for each test.

#[cfg(not(target_family = "wasm"))]
use flagstone::Heap;
use flagstone::objects::Reclaimed;
#[cfg(not(target_family = "wasm"))]
use flagstone::source::{Fixed, Page};
#[cfg(not(target_family = "wasm"))]
use flagstone::units::Addr;
#[cfg(target_family = "wasm")]
use flagstone::vmem::ModuleHeap;

/// The heap of the caches.
#[cfg(target_family = "wasm")]
pub(crate) type Home = ModuleHeap;
#[cfg(not(target_family = "wasm"))]
pub(crate) type Home = &'static Heap<Fixed<'static>>;

/// The heap of the caches; it lasts as long as the program.
#[cfg(target_family = "wasm")]
pub(crate) const fn home() -> Home {
    ModuleHeap
}
#[cfg(not(target_family = "wasm"))]
pub(crate) fn home() -> Home {
    /// Pages of a test's heap: 4 MiB.
    const PAGES: usize = 64;
    thread_local! {
        static HOME: Home = {
            let source = Fixed::new(vec![Page::ZERO; PAGES].leak(), Addr(0x1_0000));
            Box::leak(Box::new(Heap::new(source).expect("there is a page for the heap's state")))
        };
    }
    HOME.with(|home| *home)
}

/// Gives back what the caches did not need lately, and moves a few objects together. For moments in which nothing else happens.
pub(crate) fn tick() {
    #[cfg(target_family = "wasm")]
    flagstone::tick();
    #[cfg(not(target_family = "wasm"))]
    home().tick();
}

/// Gives back all that lies idle in the heap; the bytes of each step.
pub(crate) fn reclaim() -> Reclaimed {
    #[cfg(target_family = "wasm")]
    return flagstone::reclaim();
    #[cfg(not(target_family = "wasm"))]
    home().reclaim()
}

/// Lets diagnosis record who asks for memory: one byte in 512 KiB, with at most 200 stacks in a second.
pub(crate) fn record_sites() {
    flagstone::audit::install();
    #[cfg(target_family = "wasm")]
    flagstone::audit::Auditor::new(home()).set_sampling_within(512 << 10, 200);
}
