//! Diagnosis: what went wrong, who did it, what leaks (feature `audit`).
//!
//! # Theory
//!
//! **1. A mode, not another allocator.** Each object cache has a [`Mode`], and so has the front end, which is everything else. A mode
//! is a word in the heap, set by the program, by an inspector, or by a text, at any time. A cache with a mode has no magazines, so
//! each of its calls takes the slow path, and the slow path asks. The fast path knows nothing of modes (DESIGN D9).
//!
//! **2. Watches.** What is known of one object is a *watch*: where it is, its exact size, who asked for it, when. All watches are
//! in one table by address. An object that is given back may be one of a mode that is over, so the fast path of a free has one
//! test: a small filter of counts by address, empty where nothing is watched.
//!
//! **3. Guarded objects** are segments of the arena, one each, with patterned bytes around them and their record elsewhere: an overrun
//! meets a guard, and never the records that would tell of it. What was freed waits in the *quarantine*, patterned, and is looked
//! at when it leaves. (In illumos kmem.c a tag lies behind each buffer of a slab. One heap of one program can afford a segment, and then
//! one kind of object serves the front end and all caches, whatever they were before.)
//!
//! **4. Sites.** Asking the host for a stack costs a thousand times what an allocation does. So allocations are *sampled* by bytes: each
//! byte has the same chance, and a sample of `b` bytes stands for `1 / (1 - exp(-b / rate))` objects, which makes all sums unbiased. A
//! class knows at which of its allocations the next sample is due, so that is the other test of the fast path: one comparison. Stacks are
//! kept as numbers, once each, in *sites*; a site also has the *tag* in force, a name that the program gives to what it does, which
//! costs no stack.
//!
//! **5. Faults.** A fault is classified twice: once by whoever stumbled over it, once by what is really there. It is put on record with
//! all that is known, and told to the host; then the [`Policy`] decides. Where the program goes on, what is damaged is *abandoned*:
//! never given out again, and counted.
//!
//! **6. Logs** are rings of calls, contents, failures and slabs. All of this lies in the heap's metadata, so an inspector reads it
//! from a running module, after a trap, and from a dump. Nothing here is allocated from the heap it looks at.
//!
//! # Invariants
//!
//! `verify` (feature `inspector`) checks them, with those of the heap.
//!
//! - **D1** An address in a table, a list or a log of diagnosis names a live record of its type.
//! - **D2** A watch is in the table, once, under the address of its object; the filter counts it.
//! - **D3** A guarded segment names its watch, and that the segment; the object lies inside, and the guards are whole.
//! - **D4** The quarantine holds the freed objects, each once, and its sums are theirs.
//! - **D5** What sites hold is what the watches of held objects stand for.
//! - **D6** Entries of a log lie within its parts, in the order of their numbers.
//! - **D7** A mode is settled, and a cache or a front end with one has no magazines.

#![cfg_attr(not(feature = "audit"), allow(dead_code, reason = "an inspector needs a part of it"))]
#![deny(unsafe_code)]

pub(crate) mod event;
pub(crate) mod fault;
pub(crate) mod mode;
pub(crate) mod patterns;
#[allow(unsafe_code, reason = "ids of records in tables")]
pub(crate) mod record;
pub(crate) mod weight;

#[cfg(feature = "audit")]
mod auditor;
#[cfg(feature = "audit")]
#[allow(unsafe_code, reason = "bytes of objects and around them")]
mod bytes;
#[cfg(feature = "audit")]
mod classify;
#[cfg(feature = "audit")]
mod config;
#[cfg(feature = "audit")]
mod exhaust;
#[cfg(feature = "audit")]
mod front;
#[cfg(feature = "audit")]
mod guard;
#[cfg(feature = "audit")]
#[allow(unsafe_code, reason = "what one thread shares with itself")]
mod host;
#[cfg(feature = "audit")]
mod inject;
#[cfg(feature = "sites")]
mod js;
#[cfg(feature = "audit")]
mod log;
#[cfg(feature = "audit")]
pub(crate) mod measure;
#[cfg(feature = "audit")]
mod objects;
#[cfg(feature = "audit")]
mod pace;
#[cfg(feature = "audit")]
mod quarantine;
#[cfg(feature = "audit")]
mod random;
#[cfg(feature = "audit")]
mod site;
#[cfg(feature = "audit")]
mod table;
#[cfg(feature = "audit")]
mod tell;

#[cfg(feature = "audit")]
pub use auditor::{Auditor, TagGuard};
#[cfg(feature = "audit")]
pub use config::ConfigError;
pub use event::Event;
pub use fault::{Fault, FaultKind, Policy};
#[cfg(feature = "audit")]
pub(crate) use guard::Wanted;
#[cfg(feature = "audit")]
pub use host::{Capture, Clock, OnFault, set_capture, set_clock, set_on_fault, stack};
#[cfg(feature = "audit")]
pub use inject::Injection;
#[cfg(feature = "sites")]
pub use js::install;
pub use mode::Mode;
