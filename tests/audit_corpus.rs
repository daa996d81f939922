//! Claim: each of the corpus' small wrong programs is told right, with its kind, bytes, sizes, caches and sites, in every mode that
//! can find it; none is missed where everything is looked at; and the same programs without their bug are told nothing of in any mode.
//! After each the heap holds together.
#![cfg(all(feature = "audit", feature = "inspector"))]

mod support;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use support::corpus::{MODES, Program, programs, stage};
use support::objects::TestHeap;
use support::problems;

/// Runs programs in modes, and tells of all that fail.
fn run_all(wrong: bool) {
    let mut failed = Vec::new();
    for program in programs() {
        for mode in MODES.into_iter().filter(|mode| !wrong || program.expected(mode).is_some()) {
            if catch_unwind(AssertUnwindSafe(|| run(&program, mode, wrong))).is_err() {
                failed.push(format!("{}, {mode}", program.name));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Runs a program in a heap of its own.
fn run(program: &Program<&'static TestHeap>, mode: &'static str, wrong: bool) {
    let stage = stage();
    let outcome = program.run(stage.heap(), mode, wrong);
    if wrong {
        program.check(mode, &outcome);
    } else {
        assert_eq!(outcome.faults, 0, "{} without its bug, {mode}: {outcome:?}", program.name);
    }
    // Of a record that was written over diagnosis says what verify says, too; the heap itself is whole.
    let mut found = problems(stage.heap());
    found.retain(|problem| !(wrong && program.scars() && problem.invariant.starts_with('D')));
    assert!(found.is_empty(), "{}, {mode}: verify reports {found:#?}", program.name);
}

#[test]
fn there_are_enough_programs_each_with_a_name() {
    let programs = programs::<&'static TestHeap>();
    let names: BTreeSet<_> = programs.iter().map(|program| &program.name).collect();
    assert_eq!(names.len(), programs.len());
    println!("{} programs", programs.len());
    assert!(programs.len() >= 60);
}

#[test]
fn every_bug_is_told_right_in_every_mode_that_can_find_it() {
    run_all(true);
}

#[test]
fn every_bug_is_found_in_the_modes_that_look_at_everything() {
    for program in programs::<&'static TestHeap>() {
        let full = ["guard", "guard+sites+audit"];
        assert!(full.iter().all(|mode| program.expected(mode).is_some()), "{}", program.name);
    }
}

#[test]
fn nothing_is_told_of_programs_without_their_bug() {
    run_all(false);
}
