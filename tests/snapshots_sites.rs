//! Claim: two snapshots of a heap with diagnosis say by call site and by tag what is new, freed and survives, and tell an object from
//! another one at its address.
#![cfg(all(feature = "audit", feature = "inspector", not(miri)))]

mod support;
#[path = "snapshots/world.rs"]
mod world;

use std::cell::Cell;

use flagstone::audit::{Auditor, Mode, set_capture};
use flagstone::inspector::audit_rows::AuditReport;
use flagstone::inspector::snapshot::diff::Diff;
use flagstone::inspector::snapshot::list::ObjectWords;
use support::{Fake, LOW, Rng, address, bytes, free, heap, memory};
use world::{diff, list, said, snapshot, tally};

thread_local! {
    /// The only frame of the stacks of this thread.
    static FRAME: Cell<u32> = const { Cell::new(0) };
}

fn at_frame(frame: u32) {
    FRAME.set(frame);
    set_capture(|frames| {
        frames[0] = FRAME.get();
        1
    });
}

fn site(diff: &Diff, frame: u32) -> [(u64, u64); 3] {
    let row = diff.sites.iter().find(|row| row.frames == [frame]).expect("the site");
    said(&row.objects)
}

#[test]
fn what_changed_is_told_by_site_and_by_tag() {
    let mut memory = memory(16);
    let heap = heap(Fake::new(&mut memory, LOW));
    let auditor = Auditor::new(&heap);
    auditor.set_mode(Mode::SITES);
    at_frame(0x100);
    let old: Vec<_> = (0..3).map(|_| heap.alloc(bytes(30))).collect();
    at_frame(0x200);
    let gone = heap.alloc(bytes(500));
    let before = snapshot(&heap);
    at_frame(0x100);
    let fresh = heap.alloc(bytes(30));
    free(&heap, old[0], bytes(30));
    free(&heap, gone, bytes(500));
    at_frame(0x300);
    {
        let _request = auditor.tag("request");
        let _parse = auditor.tag("parse");
        for size in [10, 20] {
            assert!(!heap.alloc(bytes(size)).is_null());
        }
    }
    let after = snapshot(&heap);
    let found = diff(&before, &after);
    assert_eq!(site(&found, 0x100), [(1, 30), (1, 30), (2, 60)]);
    assert_eq!(site(&found, 0x200), [(0, 0), (1, 500), (0, 0)]);
    assert_eq!(site(&found, 0x300), [(2, 30), (0, 0), (0, 0)]);
    let of = |frame: u32| found.sites.iter().find(|row| row.frames == [frame]).unwrap();
    assert_eq!((of(0x100).objects.before, of(0x100).objects.after), (tally(3, 90), tally(3, 90)));
    assert_eq!((of(0x100).asked, of(0x200).asked, of(0x300).asked), (tally(1, 30), tally(0, 0), tally(2, 30)));
    let tags: Vec<_> = found.tags.iter().map(|row| (row.tags.join("/"), said(&row.objects))).collect();
    assert_eq!(
        tags,
        [(String::new(), [(1, 30), (2, 530), (2, 60)]), ("request/parse".to_string(), [(2, 30), (0, 0), (0, 0)]),]
    );
    let number = of(0x100).id;
    let words = ObjectWords { site: Some(f64::from(number)), ..ObjectWords::default() };
    let rows = list(&before, &after, words).rows;
    assert_eq!((rows.len(), rows[0].address, rows[0].asked), (1, address(&heap, fresh), Some(30)));
    assert_eq!((rows[0].site, rows[0].age), (Some(number), Some(4)), "two were freed and two made since");
}

#[test]
fn an_address_that_is_handed_out_again_is_another_object() {
    for mode in [Mode::SITES, Mode::REDZONE | Mode::SITES] {
        let mut memory = memory(16);
        let heap = heap(Fake::new(&mut memory, LOW));
        let auditor = Auditor::new(&heap);
        auditor.set_mode(mode);
        let first = heap.alloc(bytes(40));
        let kept = heap.alloc(bytes(40));
        let before = snapshot(&heap);
        free(&heap, first, bytes(40));
        let second = heap.alloc(bytes(40));
        assert_eq!(first, second, "{mode}");
        let found = diff(&before, &snapshot(&heap));
        let counts = said(&found.objects).map(|(count, _)| count);
        assert_eq!((counts, found.told_apart), ([1, 1, 1], 2), "{mode}");
        free(&heap, kept, bytes(40));
    }
}

#[test]
fn what_was_made_after_diagnosis_began_is_no_older_object() {
    let mut memory = memory(16);
    let heap = heap(Fake::new(&mut memory, LOW));
    let auditor = Auditor::new(&heap);
    let first = heap.alloc(bytes(40));
    let before = snapshot(&heap);
    free(&heap, first, bytes(40));
    auditor.set_mode(Mode::SITES);
    let mut second = heap.alloc(bytes(40));
    for _ in 0..200 {
        if second == first {
            break;
        }
        second = heap.alloc(bytes(40));
    }
    assert_eq!(first, second);
    let words = ObjectWords { from: Some(f64::from(address(&heap, first))), ..ObjectWords::default() };
    let rows = list(&before, &snapshot(&heap), words).rows;
    assert!(rows.iter().any(|row| row.address == address(&heap, second)), "{rows:?}");
}

#[test]
fn what_samples_stand_for_is_what_sites_say() {
    let mut memory = memory(64);
    let heap = heap(Fake::new(&mut memory, LOW));
    let auditor = Auditor::new(&heap);
    auditor.set_sampling(512);
    let mut rng = Rng::new(2);
    let mut held = Vec::new();
    let mut run = |held: &mut Vec<(*mut u8, usize)>| {
        for step in 0..1_500 {
            at_frame(0x100 + step % 3);
            let size = 8 + rng.below(300) as usize;
            held.push((heap.alloc(bytes(size)), size));
            if rng.below(2) == 0 {
                let (at, size) = held.swap_remove(rng.below(held.len() as u32) as usize);
                free(&heap, at, bytes(size));
            }
        }
    };
    run(&mut held);
    let before = snapshot(&heap);
    run(&mut held);
    let after = snapshot(&heap);
    let found = diff(&before, &after);
    assert_eq!(found.sites.len(), 3);
    for row in &found.sites {
        let change = &row.objects;
        assert!(change.new.count > 50.0 && change.freed.count > 50.0 && change.surviving.count > 50.0, "{row:?}");
        assert_eq!(change.new.bytes + change.surviving.bytes, change.after.bytes, "{row:?}");
        assert_eq!(change.freed.bytes + change.surviving.bytes, change.before.bytes, "{row:?}");
    }
    let survey = flagstone::image::survey::Survey::take(&heap.image(), heap.root()).unwrap();
    let audit = flagstone::image::audit::AuditInfo::read(&heap.image(), &survey).unwrap().unwrap();
    let report = AuditReport::of(&heap.image(), &survey, &audit);
    let said: Vec<_> = after.figures().sites.iter().map(|site| (site.id, site.live.bytes, site.ever.bytes)).collect();
    assert_eq!(said, report.sites.iter().map(|site| (site.id, site.live_bytes, site.bytes)).collect::<Vec<_>>());
}
