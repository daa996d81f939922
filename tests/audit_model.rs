//! Claim: whatever modes change at run time, of the front end and of caches, with samples, tags, scarce memory and requests that are
//! made to fail, a program without faults is told nothing of, its memory is its own and keeps its contents, and all invariants hold
//! after each step.
//!
//! `FLAGSTONE_STEPS=1000000 cargo test --features audit,inspector --test audit_model` runs a longer program.
#![cfg(feature = "audit")]

mod support;

use support::assert_sound;
use support::audit_world::AuditWorld;
use support::objects::Stage;

/// Runs the program of a seed; `verify` after every `every`th step.
fn run(pages: u32, seed: u64, steps: u32, every: u32) {
    let stage = Stage::new(pages);
    let mut world = AuditWorld::new(&stage, seed);
    for step in 0..steps {
        world.step();
        if step % every == 0 {
            world.check();
            assert_sound(stage.heap());
        }
    }
    world.check();
    world.end();
}

#[test]
fn nothing_is_told_of_right_programs_and_all_invariants_hold_after_each_step() {
    for seed in 0..if cfg!(miri) { 1 } else { 40 } {
        println!("seed {seed}");
        run(256, seed, if cfg!(miri) { 60 } else { 500 }, 1);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too many steps")]
fn nothing_is_told_of_a_long_program() {
    let steps = std::env::var("FLAGSTONE_STEPS").ok().and_then(|steps| steps.parse().ok());
    run(512, 4711, steps.unwrap_or(30_000), 1000);
}
