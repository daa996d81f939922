//! Chooses the global allocator by feature, each set up as its own documentation tells for a
//! single-threaded module; without a feature it is one that never serves.

#[cfg(feature = "flagstone")]
#[global_allocator]
static ALLOCATOR: flagstone::Flagstone = flagstone::Flagstone::new();

#[cfg(feature = "dlmalloc")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

#[cfg(feature = "talc")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[cfg(feature = "rlsf")]
#[global_allocator]
static ALLOCATOR: rlsf::GlobalTlsf = rlsf::GlobalTlsf::new();

#[cfg(feature = "rlsf_small")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

#[cfg(feature = "rusty_alloc")]
#[global_allocator]
static ALLOCATOR: rusty_alloc_api::RustyAlloc = rusty_alloc_api::RustyAlloc;

#[cfg(not(any(
    feature = "flagstone",
    feature = "dlmalloc",
    feature = "talc",
    feature = "rlsf",
    feature = "rlsf_small",
    feature = "rusty_alloc"
)))]
mod never {
    //! The allocator that never serves.

    use core::alloc::{GlobalAlloc, Layout};

    /// Refuses everything.
    struct Never;

    // SAFETY: null is a legal answer to every request, so nothing can be given back.
    unsafe impl GlobalAlloc for Never {
        unsafe fn alloc(&self, _: Layout) -> *mut u8 {
            core::ptr::null_mut()
        }

        unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}

        unsafe fn realloc(&self, _: *mut u8, _: Layout, _: usize) -> *mut u8 {
            core::ptr::null_mut()
        }
    }

    #[global_allocator]
    static ALLOCATOR: Never = Never;
}
