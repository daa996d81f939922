//! Claim: a snapshot comes back from its bytes as it was; and bytes that are not those of one are an error with what is wrong, whatever
//! they are: never a panic, never a search without end, never more memory than they are worth.
//!
//! Not under Miri: it is slow, and what is under test has no unsafe code.
#![cfg(all(feature = "inspector", not(miri)))]

mod support;
#[path = "snapshots/world.rs"]
mod world;

use flagstone::inspector::snapshot::changes::ChangeMap;
use flagstone::inspector::snapshot::diff::DiffOptions;
use flagstone::inspector::snapshot::list::{ObjectFilter, ObjectWords};
use flagstone::inspector::snapshot::{Snapshot, Unreadable};
use flagstone::objects::{Bare, Cache, Options};
use flagstone::vmem::{Arena, Options as ArenaOptions};
use support::{Fake, LOW, Rng, heap, layout, memory};
use world::{Program, named};

/// A snapshot with something of everything.
fn sample() -> Snapshot {
    let mut memory = memory(100);
    let heap = heap(Fake::new(&mut memory, LOW));
    #[cfg(feature = "audit")]
    let auditor = {
        let auditor = flagstone::audit::Auditor::new(&heap);
        auditor.configure("sample=256").unwrap();
        auditor
    };
    let nodes = Cache::new(&heap, layout(48, 8), Options::new("nodes"), Bare).unwrap();
    let ports = Arena::new(&heap, ArenaOptions::new("ports")).unwrap();
    ports.add(5, 1_000).unwrap();
    for len in 1..20 {
        ports.alloc(len).unwrap();
    }
    let mut program = Program::new(&heap, &nodes);
    program.run(&mut Rng::new(3), 200, 200);
    #[cfg(feature = "audit")]
    let tag = {
        auditor.configure("audit=redzone+sites").unwrap();
        (auditor.tag("outer"), auditor.tag("inner"))
    };
    program.run(&mut Rng::new(4), 60, 200);
    let taken = named(&heap, "a näme", 1_700_000_000_123);
    #[cfg(feature = "audit")]
    drop((tag.1, tag.0));
    program.end();
    taken
}

/// Does with a snapshot all that can be done.
fn use_it(snapshot: &Snapshot, other: &Snapshot) {
    let _ = snapshot.figures();
    assert_eq!(Snapshot::from_bytes(&snapshot.to_bytes()).as_ref(), Ok(snapshot));
    let all = ObjectFilter::of(&ObjectWords::default()).unwrap();
    for (a, b) in [(snapshot, other), (other, snapshot), (snapshot, snapshot)] {
        let _ = a.diff(b, DiffOptions::default());
        let _ = a.list(b, Some(a), &all).unwrap();
        let _ = ChangeMap::of(a, b, 4_096).unwrap();
    }
}

#[test]
fn a_snapshot_comes_back_as_it_was() {
    let taken = sample();
    let bytes = taken.to_bytes();
    assert_eq!(&bytes[..12], b"flagsnap\x01\0\0\0");
    let read = Snapshot::from_bytes(&bytes).unwrap();
    assert_eq!(read, taken);
    assert_eq!((read.figures().name.as_str(), read.figures().time), ("a näme", 1_700_000_000_123));
    use_it(&read, &taken);
}

#[test]
fn what_is_cut_short_is_an_error_at_each_length() {
    let bytes = sample().to_bytes();
    for len in 0..bytes.len() {
        let error = Snapshot::from_bytes(&bytes[..len]).unwrap_err();
        match error {
            Unreadable::NotASnapshot { found } => assert!(len < 8 && found == bytes[..len]),
            Unreadable::Truncated { at, .. } => assert_eq!(at, len),
            // A list that is longer than the bytes that are left.
            Unreadable::Wrong { at, value, .. } => assert!(at < len && value > 0, "{error}"),
            other => panic!("{len}: {other}"),
        }
    }
    let mut long = bytes.clone();
    long.push(0);
    assert_eq!(Snapshot::from_bytes(&long), Err(Unreadable::Wrong { at: bytes.len(), what: "rest", value: 1 }));
}

#[test]
fn what_is_wrong_is_named_with_its_value() {
    let bytes = sample().to_bytes();
    let mut other = bytes.clone();
    other[8] = 7;
    let error = Snapshot::from_bytes(&other).unwrap_err();
    assert_eq!(error, Unreadable::WrongVersion { found: 7 });
    assert_eq!(error.to_string(), "the snapshot has version 7 of its format, and this inspector reads version 1");
    let error = Snapshot::from_bytes(b"\0asm\x01\0\0\0").unwrap_err();
    assert!(error.to_string().starts_with("this is no snapshot of flagstone: it begins with \"\\0asm"), "{error}");
    // The name, of 7 bytes, is text no more.
    let mut torn = bytes.clone();
    assert_eq!(torn[12], 7);
    torn[15] = 0xff;
    assert_eq!(Snapshot::from_bytes(&torn), Err(Unreadable::Wrong { at: 15, what: "name", value: 0xff }));
    // A name that is longer than all of it, and one whose length has no end.
    let mut long = bytes[..12].to_vec();
    long.extend([0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3]);
    assert_eq!(Snapshot::from_bytes(&long), Err(Unreadable::Wrong { at: 12, what: "name", value: 0xffff_ffff }));
    let mut endless = bytes[..12].to_vec();
    endless.extend([0xff; 40]);
    assert_eq!(Snapshot::from_bytes(&endless), Err(Unreadable::Wrong { at: 12, what: "name", value: u64::MAX }));
}

#[test]
fn seeded_damage_is_an_error_or_another_snapshot() {
    let taken = sample();
    let bytes = taken.to_bytes();
    let mut rng = Rng::new(17);
    let (mut errors, mut others) = (0, 0);
    for round in 0..6_000 {
        let mut damaged = bytes.clone();
        for _ in 0..=rng.below(4) {
            let at = 12 + rng.below(bytes.len() as u32 - 12) as usize;
            match rng.below(4) {
                0 => damaged[at] = rng.bits() as u8,
                1 => damaged[at] ^= 1 << rng.below(8),
                2 => damaged[at] = [0, 0x7f, 0x80, 0xff][rng.below(4) as usize],
                _ => {
                    let from = 12 + rng.below(bytes.len() as u32 - 12) as usize;
                    let len = (rng.below(40) as usize).min(bytes.len() - from.max(at));
                    damaged.copy_within(from..from + len, at);
                }
            }
        }
        match Snapshot::from_bytes(&damaged) {
            Ok(other) => {
                others += 1;
                if round % 8 == 0 {
                    use_it(&other, &taken);
                }
            }
            Err(error) => {
                errors += 1;
                assert!(!error.to_string().is_empty());
            }
        }
    }
    assert!(errors > 1_000 && others > 100, "{errors} errors, {others} other snapshots");
}
