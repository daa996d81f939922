//! Claim: `verify` sees a flipped bit in any word of a tag that is in use, whatever it is called then.
//!
//! Not under Miri: it is slow, and what is under test has no unsafe code; `model.rs` runs `verify` there.
#![cfg(all(feature = "inspector", not(miri)))]

#[path = "image_arenas/specimen.rs"]
mod specimen;
mod support;

use flagstone::image::arenas::ArenaKind;
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

#[test]
fn any_word_of_a_tag_of_an_arena_in_use() {
    let right = specimen::sound();
    let mut words = 0;
    for arena in right.survey().arenas {
        let marks = arena.spans.iter().map(|span| (span.mark, false));
        let segments = arena.segments.iter().step_by(3);
        let tags = segments.map(|segment| (segment.tag, matches!(segment.kind, ArenaKind::Slab(_)))).chain(marks);
        for (at, is_slab) in tags {
            // All are in two lists; only a slab's owner is of use.
            let used = [tag::NEXT, tag::BACK, tag::LINK_NEXT, tag::LINK_BACK, tag::START, tag::LEN, tag::KIND];
            for offset in used.into_iter().chain(is_slab.then_some(tag::OWNER)) {
                for bit in [0, 5, 9, 13, 31] {
                    let mut damaged = right.clone();
                    damaged.set(at + offset, right.word(at + offset) ^ 1 << bit);
                    let broken = damaged.broken();
                    assert!(!broken.is_empty(), "bit {bit} of the word {offset} at {at:#x} in {}", arena.name);
                    words += 1;
                }
            }
        }
    }
    assert!(words > 1_000);
}
