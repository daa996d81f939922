//! Claim: what diagnosis has on record is read from outside as it is; damage of it is found by `verify`, whose problem names the
//! invariant; and whatever the bytes are, reading them ends.
#![cfg(all(feature = "audit", feature = "inspector", not(miri)))]

mod support;

use std::collections::BTreeSet;

use flagstone::audit::{Auditor, Injection, Mode, set_capture, set_clock, set_on_fault};
use flagstone::image::audit::{AuditInfo, Status};
use flagstone::image::survey::{Guarded, Kind, Survey};
use flagstone::image::{Bytes, Image};
use flagstone::inspector::audit_rows::AuditReport;
use flagstone::inspector::log_rows::{LogFilter, LogList};
use flagstone::inspector::trace::trace;
use flagstone::inspector::whatis::Whatis;
use flagstone::objects::{Bare, Cache, Options};
use flagstone::verify::verify;
use support::snapshot::Snapshot;
use support::{Fake, LOW, Rng, assert_sound, heap, layout, memory};

/// A heap with something of everything that diagnosis keeps: guarded and sampled objects, a quarantine, tags, sites, logs, two faults,
/// a refused request.
fn audited() -> Snapshot {
    set_capture(|frames| {
        frames[..3].copy_from_slice(&[0x100, 0x200, 0x300]);
        3
    });
    set_clock(|| 1234);
    set_on_fault(|_| {});
    let mut memory = memory(32);
    let heap = heap(Fake::new(&mut memory, LOW));
    let auditor = Auditor::new(&heap);
    auditor.configure("sample=1k;policy=continue;quarantine=8k;reserve=4k").unwrap();
    let nodes = Cache::new(&heap, layout(48, 8), Options::new("nodes"), Bare).unwrap();
    let plain: Vec<_> = (0..200).map(|n| heap.alloc(layout(8 + n % 90 * 8, 8))).collect();
    let sampled: Vec<_> = (0..100).map(|_| nodes.alloc().unwrap()).collect();
    auditor.configure("audit=all;cache:nodes=all;cache:others=lite").unwrap();
    let parser = auditor.tag("parser");
    let tables = auditor.tag("tables");
    let guarded: Vec<_> =
        (0..40).map(|n| (heap.alloc(layout(5 + n * 13, 1 << (n % 5))), layout(5 + n * 13, 1 << (n % 5)))).collect();
    let node = nodes.alloc().unwrap();
    drop(tables);
    drop(parser);
    assert!(heap.alloc(layout(100 << 20, 8)).is_null());
    for &(at, layout) in &guarded[..20] {
        // SAFETY: allocated above.
        unsafe { at.write_bytes(7, layout.size()) };
        // SAFETY: allocated above.
        unsafe { heap.dealloc(at, layout) };
    }
    let (at, size) = guarded[25];
    // SAFETY: it lies in the object's segment.
    unsafe { at.wrapping_add(size.size()).write(9) };
    // SAFETY: allocated above.
    unsafe { heap.dealloc(at, size) };
    // SAFETY: none: it is freed twice.
    unsafe { heap.dealloc(guarded[19].0, guarded[19].1) };
    auditor.inject(Injection { nth: 1, ..Injection::default() });
    assert!(heap.alloc(layout(8, 8)).is_null());
    auditor.inject(Injection::default());
    assert_sound(&heap);
    let snapshot = Snapshot::of(&heap);
    let _ = (plain, node);
    for object in sampled {
        // SAFETY: allocated above.
        unsafe { nodes.free(object) };
    }
    snapshot
}

fn read(image: &impl Image, root: flagstone::units::Addr) -> (Survey, AuditInfo) {
    let survey = Survey::take(image, root).unwrap();
    let audit = AuditInfo::read(image, &survey).unwrap().expect("records of diagnosis");
    (survey, audit)
}

/// The bytes of a snapshot from address 0 on.
fn whole(snapshot: &Snapshot) -> Vec<u8> {
    [vec![0; snapshot.origin as usize], snapshot.bytes.clone()].concat()
}

#[test]
fn what_is_on_record_is_read_as_it_is() {
    let snapshot = audited();
    let bytes = whole(&snapshot);
    let image = Bytes(&bytes);
    let (survey, audit) = read(&image, snapshot.root);
    assert_eq!((audit.mode, audit.rate, audit.quarantine_limit), (Mode::ALL, 1024, 8 << 10));
    assert_eq!(audit.rules, [("nodes".into(), Mode::ALL), ("others".into(), Mode::LITE)]);
    assert_eq!(audit.cache_modes, [(1, Mode::ALL)]);
    assert_eq!((audit.abandoned, audit.faults_made), (1, 2));
    assert_eq!(audit.time, 1234);
    let names: Vec<_> = audit.tags.iter().map(|tag| audit.tag_path(tag.number).join("/")).collect();
    assert_eq!(names, ["parser", "parser/tables"]);
    let held = |watch: &&flagstone::image::audit::WatchInfo| watch.status == Some(Status::Held) && watch.segment != 0;
    // 40 were made, 20 freed, one is abandoned; and the node.
    assert_eq!(audit.watches.iter().filter(held).count(), 20);
    let kinds: BTreeSet<_> = survey
        .segments
        .iter()
        .filter_map(|it| if let Kind::Guarded(state) = it.kind { Some(format!("{state:?}")) } else { None })
        .collect();
    assert_eq!(
        kinds,
        BTreeSet::from([Guarded::Held, Guarded::Quarantined, Guarded::Abandoned].map(|it| format!("{it:?}")))
    );
    let report = AuditReport::of(&image, &survey, &audit);
    assert_eq!((report.mode.as_str(), report.policy, report.command), ("all", "continue", "none"));
    let kinds: Vec<_> = report.faults.iter().map(|fault| (fault.kind, fault.doing, fault.outcome)).collect();
    assert_eq!(kinds, [("double free", "free", "continue"), ("redzone", "free", "continue")]);
    let fault = &report.faults[1];
    assert_eq!((fault.offset, fault.damaged_bytes, fault.size), (Some(330), 1, 330));
    assert!(fault.around.windows(4).any(|bytes| bytes == [0xbb; 4]) && fault.around.contains(&9));
    assert_eq!(fault.history.first().map(|entry| (entry.event, entry.size)), Some(("alloc", 330)));
    let site = report.sites.iter().find(|site| site.id == fault.alloc_site).unwrap();
    assert_eq!((site.frames.as_slice(), site.tags.join("/")), (&[0x100, 0x200, 0x300][..], "parser/tables".into()));
    let refused = report.exhaustion.as_ref().unwrap();
    assert_eq!((refused.size, refused.reserve_used, refused.count), (100 << 20, true, 1));
    assert!(!refused.sites.is_empty() && !refused.caches.is_empty());
    assert_eq!(report.injection, None);
    // 41 requests and 20 frees, and those of the faults are none.
    assert_eq!(
        report.logs.iter().map(|log| log.name).collect::<Vec<_>>(),
        ["transactions", "contents", "failures", "slabs"]
    );
    assert_eq!(report.logs[2].kept, 2);
    let list = |filter| LogList::of(&image, &survey, &audit, &filter).unwrap();
    let contents = list(LogFilter { events: Some(vec!["contents".into()]), ..LogFilter::default() });
    assert_eq!(contents.matching, 20);
    assert!(
        contents.entries.iter().all(|entry| entry.contents.len() == (entry.size as usize).min(256)
            && entry.contents.iter().all(|&byte| byte == 7))
    );
    let at = f64::from(report.faults[0].object) + 3.0;
    let history =
        list(LogFilter { address: Some(at), logs: Some(vec!["transactions".into()]), ..LogFilter::default() });
    assert_eq!(history.entries.iter().map(|entry| entry.event).collect::<Vec<_>>(), ["free", "alloc"]);
    assert!(
        LogList::of(&image, &survey, &audit, &LogFilter { logs: Some(vec!["calls".into()]), ..LogFilter::default() })
            .unwrap_err()
            .contains("\"calls\"")
    );
    let trace = trace(&image, &audit);
    assert_eq!(&trace[..12], b"flagtrac\x01\0\0\0");
    assert_eq!(verify(&image, snapshot.root), Ok(vec![]));
}

#[test]
fn an_address_in_or_around_a_guarded_object_says_whose_it_is() {
    let snapshot = audited();
    let bytes = whole(&snapshot);
    let (survey, audit) = read(&Bytes(&bytes), snapshot.root);
    let watch = audit.watches.iter().find(|it| it.status == Some(Status::Held) && it.size == 5 + 30 * 13).unwrap();
    for (offset, said) in [(0, "0 B into"), (394, "394 B into"), (395, "0 B behind the end of"), (-3, "3 B before")] {
        let mut whatis = Whatis::of(&survey, watch.object.wrapping_add_signed(offset));
        whatis.add_audit(&audit);
        assert!(whatis.sentence.contains(said), "{offset}: {}", whatis.sentence);
        assert!(whatis.sentence.contains(&format!("Site {} asked for the object of 395 B", watch.alloc_site)));
        let row = whatis.watch.unwrap();
        assert_eq!((row.object, row.size, row.state, row.mode.as_str()), (watch.object, 395, "held", "all"));
    }
}

#[test]
fn a_heap_without_diagnosis_has_no_report_and_says_so() {
    let mut memory = memory(4);
    let heap = heap(Fake::new(&mut memory, LOW));
    let survey = Survey::take(&heap.image(), heap.root()).unwrap();
    let audit = AuditInfo::read(&heap.image(), &survey).unwrap().unwrap();
    assert_eq!((audit.mode, audit.watches.len(), audit.faults.len()), (Mode::OFF, 0, 0));
    assert!(survey.layout.audited);
}

/// Bar 2: of the words that say what is where, a change is found.
#[test]
fn damage_of_what_matters_is_found() {
    let snapshot = audited();
    let bytes = whole(&snapshot);
    let (survey, audit) = read(&Bytes(&bytes), snapshot.root);
    let mut places: Vec<u32> = Vec::new();
    for watch in audit.watches.iter().filter(|watch| watch.status != Some(Status::Abandoned)) {
        // Object, size, encoded size, status, cache (of guarded ones), segment, used, rate, site.
        places.extend([16, 20, 24, 32, 44, 48, 52, 56].map(|offset| watch.id + offset));
    }
    for site in &audit.sites {
        places.extend([16, 20, 24, 28, 48, 52].map(|offset| site.id + offset));
    }
    for segment in
        survey.segments.iter().filter(|it| matches!(it.kind, Kind::Guarded(Guarded::Held | Guarded::Quarantined)))
    {
        // Of its tag: start, length, kind, watch, object and size.
        places.extend([16, 20, 24, 28, 32, 36].map(|offset| segment.tag + offset));
    }
    let mut rng = Rng::new(9);
    let (mut found, mut missed) = (0, Vec::new());
    for at in places {
        let mut damaged = bytes.clone();
        let word = &mut damaged[at as usize..at as usize + 4];
        let old = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
        let new = if rng.below(2) == 0 { old ^ 1 << rng.below(32) } else { rng.bits() as u32 };
        word.copy_from_slice(&new.to_le_bytes());
        if new == old {
            continue;
        }
        let problems = verify(&Bytes(&damaged), snapshot.root).unwrap();
        if problems.is_empty() {
            missed.push((at, old, new));
        } else {
            found += 1;
        }
    }
    println!("{found} found, {} missed", missed.len());
    assert!(missed.len() * 100 <= found, "{found} found, missed {missed:x?}");
}

#[test]
fn whatever_the_bytes_are_reading_ends() {
    let snapshot = audited();
    let bytes = whole(&snapshot);
    let (_, audit) = read(&Bytes(&bytes), snapshot.root);
    let mut rng = Rng::new(17);
    for round in 0..600 {
        let mut damaged = bytes.clone();
        for _ in 0..=rng.below(4) {
            let near = match rng.below(4) {
                0 => audit.at + rng.below(11_000),
                1 => audit.watches[rng.below(audit.watches.len() as u32) as usize].id + rng.below(88),
                2 => audit.logs[0].at + rng.below(4096),
                _ => audit.sites[rng.below(audit.sites.len() as u32) as usize].id + rng.below(80),
            } & !3;
            let value = [rng.bits() as u32, u32::MAX, 0, near, 1 << 31][rng.below(5) as usize];
            damaged[near as usize..near as usize + 4].copy_from_slice(&value.to_le_bytes());
        }
        let image = Bytes(&damaged);
        let begun = std::time::Instant::now();
        if let Ok(survey) = Survey::take(&image, snapshot.root) {
            if let Ok(Some(audit)) = AuditInfo::read(&image, &survey) {
                let _ = AuditReport::of(&image, &survey, &audit);
                let _ = LogList::of(&image, &survey, &audit, &LogFilter::default());
                let _ = trace(&image, &audit);
            }
            let _ = verify(&image, snapshot.root);
        }
        assert!(begun.elapsed().as_secs() < 20, "round {round}");
    }
}
