//! The usual mistakes with memory, each made once on purpose, in the heap of a wasm module that allocates from flagstone.
//!
//! They lie in a crate of their own, so that the demo itself has no unsafe code. Each goes through functions that are not inlined: the
//! stack of a fault shows who asked for the memory and who did wrong. Off wasm the platform's allocator serves the program and nobody would
//! find them, so there are none.

#[cfg(target_family = "wasm")]
mod caches;
#[cfg(target_family = "wasm")]
mod programs;
#[cfg(target_family = "wasm")]
mod records;

#[cfg(target_family = "wasm")]
use flagstone::audit::Auditor;
#[cfg(target_family = "wasm")]
use flagstone::vmem::ModuleHeap;

/// What can go wrong: a word for it, and the modes that find it.
#[cfg(target_family = "wasm")]
const BUGS: [(&str, &str, fn()); 11] = [
    ("overrun", "audit=all", programs::overrun),
    ("underrun", "audit=all", programs::underrun),
    ("write-after-free", "audit=all", programs::write_after_free),
    ("double-free", "audit=all", programs::double_free),
    ("wrong-size", "audit=all", programs::wrong_size),
    ("interior", "audit=all", programs::interior),
    ("foreign", "audit=all", programs::foreign),
    ("wrong-cache", "cache:bug nodes=all;cache:bug names=all", caches::wrong_cache),
    ("damaged-record", "audit=all", records::damaged_record),
    ("out-of-memory", "sample=512k", programs::out_of_memory),
    ("trap", "audit=audit", programs::trap),
];

/// Switches on the mode that finds a bug, and commits it: the program traps. `false` where no bug has that name, or nothing would find it.
#[must_use]
pub fn commit(name: &str) -> bool {
    #[cfg(target_family = "wasm")]
    if let Some((_, modes, bug)) = BUGS.iter().find(|(bug, ..)| *bug == name) {
        let auditor = Auditor::new(ModuleHeap);
        auditor.configure("policy=trap").expect("the text is right");
        auditor.configure(modes).expect("the text is right");
        flagstone::tag!("bug");
        bug();
    }
    #[cfg(not(target_family = "wasm"))]
    let _ = name;
    false
}
