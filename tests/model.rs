//! Claim: whatever a program asks for, the heap hands out memory that is aligned, its own and nobody else's, keeps its
//! contents, counts what happens, and all invariants hold after each step.
//!
//! `FLAGSTONE_SEEDS=1000 cargo test --features inspector --test model` runs more programs.

mod support;

use flagstone::units::Addr;
use support::{Deny, Foreign, LOW, Mix, Setup, campaign, replay, top};

/// A setup in which nothing goes wrong.
const PLAIN: Setup =
    Setup { origin: LOW, pages: 24, mix: Mix::All, deny: Deny::Never, others: false, within: Foreign::Never };

/// Operations of a program that is verified after each.
const OPS: usize = 400;

#[test]
fn small_objects() {
    campaign(Setup { mix: Mix::Small, ..PLAIN }, 10, OPS, 1);
}

#[test]
fn every_class() {
    campaign(Setup { mix: Mix::Classes, ..PLAIN }, 10, OPS, 1);
}

#[test]
fn wide_sizes() {
    campaign(Setup { mix: Mix::Wide, ..PLAIN }, 10, OPS, 1);
}

#[test]
fn large_sizes() {
    campaign(Setup { mix: Mix::Large, pages: 40, ..PLAIN }, 10, OPS, 1);
}

#[test]
fn sizes_at_edges() {
    campaign(Setup { mix: Mix::Edges, pages: 40, ..PLAIN }, 10, OPS, 1);
}

#[test]
fn large_alignments_around_the_middle_of_the_address_space() {
    campaign(Setup { mix: Mix::Aligned, origin: Addr(0x8000_0000 - (20 << 16)), pages: 40, ..PLAIN }, 10, OPS, 1);
}

#[test]
fn all_mixed_above_2_gib() {
    campaign(Setup { origin: Addr(0x9000_0000), ..PLAIN }, 10, OPS, 1);
}

#[test]
fn all_mixed_up_to_4_gib() {
    campaign(Setup { origin: top(12), pages: 12, ..PLAIN }, 10, OPS, 1);
}

#[test]
fn across_two_leaves_of_the_index() {
    // A leaf is for 4 MiB.
    campaign(Setup { origin: Addr(0x0040_0000 - (6 << 16)), ..PLAIN }, 10, OPS, 1);
}

#[test]
fn others_grow_between_calls() {
    campaign(Setup { others: true, pages: 48, ..PLAIN }, 10, OPS, 1);
}

#[test]
fn others_grow_within_calls() {
    campaign(Setup { others: true, within: Foreign::Share(100), pages: 64, ..PLAIN }, 10, OPS, 1);
}

#[test]
fn others_grow_up_to_4_gib() {
    campaign(Setup { others: true, pages: 20, origin: top(20), mix: Mix::Large, ..PLAIN }, 10, OPS, 1);
}

#[test]
fn some_growths_are_refused() {
    campaign(Setup { deny: Deny::Share(128), ..PLAIN }, 10, OPS, 1);
}

#[test]
fn some_growths_are_refused_while_others_grow() {
    campaign(Setup { deny: Deny::Share(90), others: true, ..PLAIN }, 10, OPS, 1);
}

#[test]
fn all_growths_are_refused() {
    campaign(Setup { deny: Deny::Always, mix: Mix::Classes, ..PLAIN }, 10, OPS, 1);
}

#[test]
fn one_growth_is_refused() {
    for nth in 0..if cfg!(miri) { 1 } else { 12 } {
        campaign(Setup { deny: Deny::Nth(nth), mix: Mix::Wide, ..PLAIN }, 1, 100, 1);
    }
}

#[test]
fn a_memory_that_is_nearly_always_full() {
    campaign(Setup { pages: 2, mix: Mix::Classes, ..PLAIN }, 10, OPS, 1);
    campaign(Setup { pages: 3, mix: Mix::Wide, ..PLAIN }, 10, OPS, 1);
}

/// 4 MiB get their leaf of the index once, and a cache its magazines: what happens then needs many young heaps.
#[test]
fn many_short_programs_in_small_memories() {
    for pages in 2..if cfg!(miri) { 3 } else { 8 } {
        for mix in [Mix::Wide, Mix::Classes, Mix::All] {
            campaign(Setup { pages, mix, ..PLAIN }, 10, 100, 1);
            campaign(Setup { pages: 4 * pages, mix, deny: Deny::Share(36 * pages as u8), ..PLAIN }, 10, 150, 1);
        }
    }
}

/// Getting a leaf of the index may free segments to make room for it, which strikes out words of the leaf before.
#[test]
fn a_leaf_of_the_index_in_a_memory_that_is_full() {
    for pages in 2..if cfg!(miri) { 3 } else { 6 } {
        let origin = Addr(0x0040_0000 - (pages << 16));
        campaign(Setup { pages: pages + 1, origin, mix: Mix::Classes, ..PLAIN }, 10, OPS, 1);
        campaign(Setup { pages: pages + 4, origin, mix: Mix::Wide, deny: Deny::Share(200), ..PLAIN }, 10, OPS, 1);
    }
    // A program that once failed, because the leaf got to name what had been freed for it.
    replay(Setup { deny: Deny::Share(128), ..PLAIN }, 201, 200);
}

#[test]
fn long_programs_verified_now_and_then() {
    for mix in [Mix::Small, Mix::Classes, Mix::Wide, Mix::All] {
        campaign(Setup { mix, pages: 64, deny: Deny::Share(20), ..PLAIN }, 1, 10_000, 500);
    }
}
