//! Claim: `verify` sees a flipped bit in any word of a tag that is in use, whatever it is called then.
//!
//! Not under Miri: it is slow, and what is under test has no unsafe code; `model.rs` runs `verify` there.
#![cfg(all(feature = "inspector", not(miri)))]

mod support;

use flagstone::image::survey::Kind;
use support::snapshot::tag;
use support::specimen::sound;

#[test]
fn any_word_of_a_list_or_a_record_in_use() {
    let right = sound();
    let survey = right.survey();
    let mut words = 0;
    for segment in survey.segments.iter().step_by(3) {
        // A held segment's free link is not in use; the owner of a large one is whether it was zero.
        let used: &[u32] = match segment.kind {
            Kind::Free => &[tag::NEXT, tag::BACK, tag::LINK_NEXT, tag::LINK_BACK, tag::START, tag::LEN, tag::KIND],
            Kind::Slab(_) => {
                &[tag::NEXT, tag::BACK, tag::LINK_NEXT, tag::LINK_BACK, tag::START, tag::LEN, tag::KIND, tag::OWNER]
            }
            _ => &[tag::NEXT, tag::BACK, tag::START, tag::LEN, tag::KIND],
        };
        for offset in used {
            for bit in [0, 5, 9, 13, 31] {
                let at = segment.tag + offset;
                let mut damaged = right.clone();
                damaged.set(at, right.word(at) ^ 1 << bit);
                assert!(!damaged.broken().is_empty(), "bit {bit} of the word {offset} in the tag of {segment:?}");
                words += 1;
            }
        }
    }
    assert!(words > 100);
}
