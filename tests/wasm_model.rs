//! Claim: what `model.rs` proves natively holds with pointers of 32 bits, with a heap over a byte array that lies in the
//! module's own flagstone heap.
#![cfg(target_family = "wasm")]

mod support;

use flagstone::units::Addr;
use support::{Deny, Foreign, LOW, Mix, Setup, campaign, top};
use wasm_bindgen_test::wasm_bindgen_test;

#[global_allocator]
static ALLOCATOR: flagstone::Flagstone = flagstone::Flagstone::new();

const PLAIN: Setup =
    Setup { origin: LOW, pages: 20, mix: Mix::All, deny: Deny::Never, others: false, within: Foreign::Never };

/// Every tenth operation is verified: this is not optimised.
const EVERY: usize = 10;

#[wasm_bindgen_test]
fn all_mixed() {
    campaign(PLAIN, 3, 1_000, EVERY);
}

#[wasm_bindgen_test]
fn all_mixed_up_to_4_gib_with_others() {
    campaign(Setup { origin: top(16), pages: 16, others: true, ..PLAIN }, 3, 1_000, EVERY);
}

#[wasm_bindgen_test]
fn large_alignments_around_2_gib() {
    campaign(Setup { origin: Addr(0x8000_0000 - (16 << 16)), pages: 32, mix: Mix::Aligned, ..PLAIN }, 3, 1_000, EVERY);
}

#[wasm_bindgen_test]
fn growths_that_are_refused() {
    campaign(Setup { deny: Deny::Share(128), ..PLAIN }, 3, 1_000, EVERY);
    campaign(Setup { pages: 2, mix: Mix::Classes, ..PLAIN }, 3, 1_000, EVERY);
}
