//! Chooses the global allocator by feature, each set up as its own documentation tells for a
//! single-threaded module.
//!
//! Only wasm modules are measured, so other targets keep std's allocator and every feature compiles
//! everywhere. Without a feature there is no `global_allocator` line: that is std's dlmalloc.

#[cfg(all(target_family = "wasm", feature = "flagstone"))]
mod chosen {
    pub(super) type Chosen = flagstone::Flagstone;
    pub(super) const CHOSEN: Chosen = flagstone::Flagstone::new();
}

#[cfg(all(target_family = "wasm", feature = "talc"))]
mod chosen {
    pub(super) type Chosen = talc::wasm::WasmDynamicTalc;
    pub(super) const CHOSEN: Chosen = talc::wasm::new_wasm_dynamic_allocator();
}

#[cfg(all(target_family = "wasm", feature = "rlsf"))]
mod chosen {
    pub(super) type Chosen = rlsf::GlobalTlsf;
    pub(super) const CHOSEN: Chosen = rlsf::GlobalTlsf::new();
}

#[cfg(all(target_family = "wasm", feature = "rlsf_small"))]
mod chosen {
    pub(super) type Chosen = rlsf::SmallGlobalTlsf;
    pub(super) const CHOSEN: Chosen = rlsf::SmallGlobalTlsf::new();
}

#[cfg(all(target_family = "wasm", feature = "rusty_alloc"))]
mod chosen {
    pub(super) type Chosen = rusty_alloc_api::RustyAlloc;
    pub(super) const CHOSEN: Chosen = rusty_alloc_api::RustyAlloc;
}

#[cfg(all(target_family = "wasm", feature = "limit"))]
mod chosen {
    pub(super) type Chosen = limit::Limit;
    pub(super) const CHOSEN: Chosen = limit::Limit::new();
}

/// std's allocator by its name, for the builds that count or record.
#[cfg(not(all(
    target_family = "wasm",
    any(
        feature = "flagstone",
        feature = "talc",
        feature = "rlsf",
        feature = "rlsf_small",
        feature = "rusty_alloc",
        feature = "limit"
    )
)))]
#[cfg(any(feature = "ledger", feature = "trace"))]
mod chosen {
    pub(super) type Chosen = std::alloc::System;
    pub(super) const CHOSEN: Chosen = std::alloc::System;
}

#[cfg(feature = "trace")]
#[global_allocator]
static ALLOCATOR: flagstone_recorder::Recorder<chosen::Chosen> = flagstone_recorder::Recorder::new(chosen::CHOSEN);

#[cfg(all(feature = "ledger", not(feature = "trace")))]
#[global_allocator]
static ALLOCATOR: crate::ledger::Ledger<chosen::Chosen> = crate::ledger::Ledger::new(chosen::CHOSEN);

#[cfg(all(
    not(any(feature = "ledger", feature = "trace")),
    target_family = "wasm",
    any(
        feature = "flagstone",
        feature = "talc",
        feature = "rlsf",
        feature = "rlsf_small",
        feature = "rusty_alloc",
        feature = "limit"
    )
))]
#[global_allocator]
static ALLOCATOR: chosen::Chosen = chosen::CHOSEN;
