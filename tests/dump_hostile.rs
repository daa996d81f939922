//! Claim: whatever bytes a file has, opening it and asking everything of it neither panics nor takes longer than a second, and what
//! is wrong is said with its value and its place.
//!
//! `a_hundred_thousand_mutations` is a command of its own:
//! `cargo test --features inspector,audit --test dump_hostile -- --ignored --nocapture`.
#![cfg(all(feature = "inspector", not(miri)))]

mod support;

#[path = "dump_hostile/craft.rs"]
mod craft;
#[path = "image_arenas/specimen.rs"]
mod with_arenas;
#[path = "image_objects/specimen.rs"]
mod with_objects;

use std::time::{Duration, Instant};

use craft::{BEGIN, File, data, leb, name};
use flagstone::image::audit::AuditInfo;
use flagstone::image::dump::{Contents, Dump, DumpError, Request, write};
use flagstone::image::leaks::{LeakScan, Options};
use flagstone::image::survey::Survey;
use flagstone::image::{Error, Image};
use flagstone::inspector::audit_rows::AuditReport;
use flagstone::inspector::log_rows::{LogFilter, LogList};
use flagstone::inspector::rows::CheckReport;
use flagstone::inspector::sample::Sample;
use flagstone::inspector::segment_rows::{FilterWords, SegmentFilter, SegmentList};
use flagstone::inspector::trace::trace;
use flagstone::inspector::whatis::Whatis;
use flagstone::verify::verify;
use support::snapshot::Snapshot;
use support::{Fake, LOW, PAGE, Rng, heap, layout, memory, specimen};

/// The longest a call may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// The longest that a call took, and which it was.
type Longest = (Duration, &'static str);

/// Makes a call, and looks whether it took longest.
fn timed<T>(longest: &mut Longest, name: &'static str, call: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let value = call();
    *longest = (*longest).max((begun.elapsed(), name));
    value
}

/// Opens a file and asks everything of it that the inspector can be asked; the longest that a call took.
fn ask(file: &[u8]) -> (Result<(), DumpError>, Longest) {
    let mut longest = (Duration::ZERO, "");
    let dump = match timed(&mut longest, "open", || Dump::open(file, None)) {
        Ok(dump) => dump,
        Err(error) => {
            assert!(error.to_string().len() > 20);
            return (Err(error), longest);
        }
    };
    let root = dump.root();
    let Ok(survey) = timed(&mut longest, "survey", || Survey::take(&dump, root)) else { return (Ok(()), longest) };
    let granule = (dump.len() / 65_536).next_power_of_two().max(4096) as u32;
    let sample = timed(&mut longest, "sample", || Sample::of(&survey, Some(granule))).expect("a granule that is right");
    assert_eq!(sample.summary.composition.total(), dump.len());
    timed(&mut longest, "check", || verify(&dump, root).map(|problems| CheckReport::new(&survey, &problems))).unwrap();
    let filter = SegmentFilter::of(&FilterWords::default()).unwrap();
    for arena in &sample.arenas {
        timed(&mut longest, "segments", || SegmentList::of(&survey, arena.id, &filter)).unwrap();
    }
    for address in [0, root.0, survey.layout.heap_base, dump.len() as u32 / 2, u32::MAX] {
        timed(&mut longest, "whatis", || Whatis::of(&survey, address));
    }
    if let Ok(Some(audit)) = timed(&mut longest, "audit", || AuditInfo::read(&dump, &survey)) {
        timed(&mut longest, "report", || AuditReport::of(&dump, &survey, &audit));
        timed(&mut longest, "log", || LogList::of(&dump, &survey, &audit, &LogFilter::default())).unwrap();
        timed(&mut longest, "trace", || trace(&dump, &audit));
    }
    timed(&mut longest, "leaks", || {
        let options = Options { stack: true, ..Options::default() };
        // A page goes on with a search by steps and says how far it is; here it is given up after a second's worth of words.
        let mut scan = LeakScan::new(&survey, options);
        let ended = (0..100).any(|_| scan.step(&dump, 32_768).ended);
        ended.then(|| scan.finish(&dump))
    });
    timed(&mut longest, "write", || write(&dump, root, &Request { contents: Contents::Records, ..Request::default() }))
        .ok();
    (Ok(()), longest)
}

/// Heaps with something of everything, dumped: all of each, and its records.
fn subjects() -> Vec<Vec<u8>> {
    let heaps = [
        specimen::sound(),
        with_arenas::sound(),
        with_objects::sound(),
        #[cfg(feature = "audit")]
        audited(),
    ];
    let kinds = [Contents::All, Contents::Records];
    let dumps = heaps.iter().flat_map(|heap| kinds.map(|contents| dumped(heap, contents)));
    dumps.collect()
}

fn dumped(heap: &Snapshot, contents: Contents) -> Vec<u8> {
    let request = Request { contents, program: "app", error: "out of bounds", ..Request::default() };
    write(heap, heap.root, &request).unwrap().to_bytes(heap).unwrap()
}

/// A heap of which diagnosis has everything on record.
#[cfg(feature = "audit")]
fn audited() -> Snapshot {
    use support::audit_world::AuditWorld;
    use support::objects::Stage;
    flagstone::audit::set_on_fault(|_| {});
    let stage = Stage::new(64);
    let mut world = AuditWorld::new(&stage, 5);
    (0..2_000).for_each(|_| world.step());
    let snapshot = Snapshot::of(stage.heap());
    world.end();
    snapshot
}

/// A heap in two pages.
fn small() -> Snapshot {
    let mut memory = memory(2);
    let heap = heap(Fake::new(&mut memory, LOW));
    let held: Vec<_> = [8, 30, 30, 500, 3_000].map(|size| heap.alloc(layout(size, 4))).into();
    assert!(held.iter().all(|at| !at.is_null()));
    Snapshot::of(&heap)
}

/// The error of a file.
fn refused(file: &File) -> DumpError {
    Dump::open(&file.bytes()[..], None).expect_err("a file that is wrong")
}

/// Damages a file in a way that chance chooses.
fn mutate(rng: &mut Rng, file: &mut Vec<u8>) {
    const WORDS: [u32; 9] = [0, 1, 4, 0x7f, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, u32::MAX];
    for _ in 0..=rng.below(4) {
        let at = rng.below(file.len() as u32) as usize;
        match rng.below(9) {
            0 => file[at] ^= 1 << rng.below(8),
            1 => file[at] = rng.bits() as u8,
            // Most of what leads anywhere is words; those that look like addresses become others.
            2..=5 => {
                let at = at / 4 * 4 + file.len() % 4;
                let other = rng.below(file.len() as u32) as usize;
                let word = match rng.below(3) {
                    0 => WORDS[rng.below(9) as usize].to_le_bytes(),
                    1 => file.get(other..other + 4).map_or([0; 4], |word| word.try_into().unwrap()),
                    _ => (PAGE + rng.below(16 * PAGE)).to_le_bytes(),
                };
                if let Some(place) = file.get_mut(at..at + 4) {
                    place.copy_from_slice(&word);
                }
            }
            // The beginning has the lengths and counts.
            6 => {
                let at = rng.below(200.min(file.len() as u32)) as usize;
                file[at] = rng.bits() as u8;
            }
            7 => file.truncate(at + 1),
            _ => {
                // As much memory as there can be, so that what is bounded by it is bounded by little.
                if let Some(right) = File::of(file) {
                    *file = right.with(5, [&[1, 0][..], &leb(1 << rng.below(17))].concat()).bytes();
                }
            }
        }
    }
}

/// Mutates so many files; how many of them were refused, and the longest that a call took.
fn campaign(count: u32, seed: u64) -> (u32, Longest) {
    let subjects = subjects();
    let mut rng = Rng::new(seed);
    let (mut wrong, mut longest) = (0, (Duration::ZERO, ""));
    for number in 0..count {
        let mut file = subjects[number as usize % subjects.len()].clone();
        mutate(&mut rng, &mut file);
        let (outcome, mut took) = ask(&file);
        for _ in 0..4 {
            // On a busy machine whoever asks may just have waited: what takes long takes long again.
            if took.0 >= PATIENCE {
                took = took.min(ask(&file).1);
            }
        }
        wrong += u32::from(outcome.is_err());
        longest = longest.max(took);
        assert!(took.0 < PATIENCE, "mutation {number} of seed {seed}: a call took {took:?}");
    }
    (wrong, longest)
}

#[test]
fn mutations() {
    let (wrong, _) = campaign(1_000, 1);
    assert!((100..900).contains(&wrong), "{wrong} of 1,000 files were refused");
}

#[test]
#[ignore = "minutes"]
fn a_hundred_thousand_mutations() {
    let begun = Instant::now();
    let (wrong, longest) = campaign(100_000, 2);
    println!("100,000 mutations in {:?}: {wrong} files refused, the longest call took {longest:?}", begun.elapsed());
}

#[test]
fn what_is_right_is_taken() {
    for subject in subjects() {
        assert_eq!(ask(&subject).0, Ok(()));
        assert_eq!(
            File::of(&subject).unwrap().bytes(),
            subject,
            "the crafted files are put together as the writer does it"
        );
    }
}

#[test]
fn a_file_cut_anywhere() {
    for contents in [Contents::All, Contents::Records] {
        let file = dumped(&small(), contents);
        for len in 0..file.len() {
            let error = Dump::open(&file[..len], None).expect_err("a file that is cut");
            // At the end of a section it is a file without the sections that follow.
            let expected = matches!(
                error,
                DumpError::Cut { .. }
                    | DumpError::LongSection { .. }
                    | DumpError::NoMemory
                    | DumpError::Heap(Error::NoRoot { .. } | Error::NotARoot { .. } | Error::LeftOut { .. })
            );
            assert!(expected, "cut at {len}: {error}");
        }
    }
}

#[test]
fn lengths_and_counts_that_lie() {
    let right = File::of(&dumped(&small(), Contents::All)).unwrap();
    // More of everything than there is, or than anybody has.
    let many = leb(u64::from(u32::MAX));
    let memories = refused(&right.with(5, many.clone()));
    assert!(
        matches!(memories, DumpError::TooMany { what: "memories", count: 0xffff_ffff, most: 100, .. }),
        "{memories}"
    );
    let segments = refused(&right.with(11, many));
    assert!(matches!(segments, DumpError::TooMany { count: 0xffff_ffff, .. }), "{segments}");
    let cut = refused(&right.with(11, leb(1_000_000)));
    assert!(matches!(cut, DumpError::Cut { .. }), "{cut}");
    let long = refused(&right.with(5, [&[1, 4][..], &leb(65_537)].concat()));
    assert!(matches!(long, DumpError::LongMemory { bytes: 0x1_0001_0000, .. }), "{long}");
    let longer = refused(&right.with(5, [&[1, 4][..], &leb(u64::MAX)].concat()));
    assert!(matches!(longer, DumpError::LongMemory { bytes: u64::MAX, .. }), "{longer}");
    let flags = refused(&right.with(5, vec![1, 0x40, 1]));
    assert!(matches!(flags, DumpError::Flags { what: "memory", flags: 0x40, .. }), "{flags}");
    // Six digits of a number of 32 bits; five of which the last is too much; a length beyond the file.
    for digits in [&[0x80, 0x80, 0x80, 0x80, 0x80, 0][..], &[0xff, 0xff, 0xff, 0xff, 0x1f]] {
        let file = [&BEGIN[..], &[5], digits].concat();
        assert_eq!(Dump::open(&file[..], None).unwrap_err(), DumpError::LongNumber { at: 9, bits: 32 });
    }
    let file = [&BEGIN[..], &[11], &leb(1 << 20)].concat();
    let error = Dump::open(&file[..], None).unwrap_err();
    assert_eq!(error, DumpError::LongSection { id: 11, at: 8, bytes: 1 << 20, len: 12 });
    assert!(error.to_string().contains("1048576 bytes"), "{error}");
    let mut component = right.bytes();
    component[4] = 13;
    assert_eq!(Dump::open(&component[..], None).unwrap_err(), DumpError::NotAModule { version: 13 });
}

#[test]
fn segments_that_do_not_lie_where_they_can() {
    let right = File::of(&dumped(&small(), Contents::All)).unwrap();
    let pages = small().len() as i64;
    for address in [pages - 3, pages, 1 << 31, 1 << 32, (1 << 32) + 8, i64::MAX, -1, i64::MIN] {
        let error = refused(&right.with(11, data(&[(address, b"four")])));
        let expected = matches!(error, DumpError::Beyond { address: said, bytes: 4, memory: 0, memory_bytes, .. }
            if said == address && memory_bytes == pages as u64);
        assert!(expected, "{address:#x}: {error}");
    }
    let error = refused(&right.with(11, data(&[(0x100, b"four"), (0x200, b"and"), (0x103, b"on")])));
    assert!(matches!(error, DumpError::Overlap { address: 0x103, .. }), "{error}");
    // A segment of another memory than there is; one whose address is a global's value; one that is nowhere.
    let error = refused(&right.with(11, vec![1, 2, 7, 0x41, 0, 0x0b, 1, 9]));
    assert!(matches!(error, DumpError::Beyond { memory: 7, memory_bytes: 0, .. }), "{error}");
    let error = refused(&right.with(11, vec![1, 0, 0x23, 0, 0x0b, 1, 9]));
    assert!(matches!(error, DumpError::NotConstant { opcode: 0x23, .. }), "{error}");
    let error = refused(&right.with(11, vec![1, 1, 1, 9]));
    assert!(matches!(error, DumpError::Heap(Error::NotARoot { .. })), "{error}");
    let error = refused(&right.with(11, vec![1, 3, 1, 9]));
    assert!(matches!(error, DumpError::Flags { what: "data segment", flags: 3, .. }), "{error}");
    let without = File(right.0.iter().filter(|section| section.0 != 5).cloned().collect());
    assert_eq!(refused(&without), DumpError::NoMemory);
}

#[test]
fn a_section_of_flagstone_that_lies() {
    let right = File::of(&dumped(&small(), Contents::All)).unwrap();
    let own = |fields: &[&[u8]]| {
        let mut file = right.clone();
        let begins = |section: &&mut (u8, Vec<u8>)| section.1.starts_with(&name("flagstone"));
        let section = file.0.iter_mut().find(begins).expect("the section");
        section.1 = [name("flagstone"), fields.concat()].concat();
        refused(&file)
    };
    // Version, writer, layout; memory, root, time; reason, error; contents; ranges left out.
    let (head, layout) = ([&[1][..], &name("0.1.0")].concat(), leb(5));
    let root = leb(u64::from(small().root.0));
    let rest = [&[0][..], &name("saved"), &name("")].concat();
    let error = own(&[&head, &layout, &[0], &leb(0xffff_fff0), &rest, &[0, 0]]);
    assert_eq!(error, DumpError::Heap(Error::Truncated { at: 0xffff_fff0, wanted: 28, len: small().len() }));
    let error = own(&[&head, &layout, &[9], &root, &rest, &[0, 0]]);
    assert!(matches!(error, DumpError::Section { value: 9, .. }), "{error}");
    let error = own(&[&head, &layout, &[0], &root, &rest, &[2, 0]]);
    assert!(matches!(error, DumpError::Section { value: 2, .. }), "{error}");
    let error = own(&[&head, &layout, &[0], &root, &rest, &[1], &leb(1 << 40)]);
    assert!(matches!(error, DumpError::TooMany { what: "ranges left out", .. }), "{error}");
    for [gap, len] in [[0, u64::MAX], [u64::MAX, 1], [1 << 32, 1], [5, 0]] {
        let error = own(&[&head, &layout, &[0], &root, &rest, &[1, 1], &leb(gap), &leb(len)]);
        assert!(matches!(error, DumpError::Section { what: "the end of a range that was left out", .. }), "{error}");
    }
    // The root itself is left out.
    let error = own(&[&head, &layout, &[0], &root, &rest, &[1, 1, 0], &leb(1 << 20)]);
    assert_eq!(error, DumpError::Heap(Error::LeftOut { at: small().root.0, wanted: 28 }));
    let error = own(&[&head, &leb(4), &[0], &root, &rest, &[0, 0]]);
    assert!(matches!(&error, DumpError::OtherLayout { found: 4, writer } if writer == "0.1.0"), "{error}");
    let error = own(&[&head[..3]]);
    assert!(matches!(error, DumpError::Cut { .. }), "{error}");
}

#[test]
fn of_several_memories_the_one_with_a_heap() {
    let heap = small();
    let bytes = [vec![0; heap.origin as usize], heap.bytes.clone()].concat();
    // Two memories of 1 and 3 pages; nothing of the first, a segment with all of the second.
    let memories = vec![2, 0, 1, 1, 3, 4];
    let segment = [&[1, 2, 1, 0x41, 0, 0x0b][..], &leb(bytes.len() as u64), &bytes].concat();
    let file = File(vec![(5, memories), (11, segment)]).bytes();
    let dump = Dump::open(&file[..], None).unwrap();
    assert_eq!((dump.origin().memory, dump.origin().memories, dump.root()), (1, 2, heap.root));
    assert_eq!(verify(&dump, dump.root()), Ok(vec![]));
    // And of one that says it is the other's, nothing.
    let file = File(vec![(5, vec![1, 0, 3]), (11, vec![0])]).bytes();
    let searched = 3 * u64::from(PAGE);
    assert_eq!(Dump::open(&file[..], None).unwrap_err(), Error::NoRoot { searched }.into());
}

#[test]
fn a_memory_of_4_gib_without_a_byte_in_it() {
    let file = File(vec![(5, [&[1, 0][..], &leb(65_536)].concat())]).bytes();
    let (outcome, took) = ask(&file);
    assert_eq!(outcome, Err(Error::NoRoot { searched: 1 << 32 }.into()));
    assert!(took.0 < PATIENCE, "{took:?}");
}

/// The parent of a tag without a number would be itself: the way up from it ends nevertheless.
#[cfg(feature = "audit")]
#[test]
fn a_tag_that_is_within_itself() {
    let mut heap = audited();
    let read = |heap: &Snapshot| AuditInfo::read(heap, &heap.survey()).unwrap().unwrap();
    let tags: Vec<_> = read(&heap).tags.iter().map(|tag| (tag.id, tag.number)).collect();
    assert!(!tags.is_empty());
    for (id, number) in &tags {
        for at in (*id..id + 16).step_by(4).collect::<Vec<_>>() {
            if heap.word(at) == *number {
                heap.set(at, 0);
            }
        }
    }
    let damaged = read(&heap);
    assert!(damaged.tags.iter().any(|tag| tag.number == 0));
    assert_eq!(damaged.tag_path(0), Vec::<String>::new());
    assert_eq!(ask(&dumped(&heap, Contents::All)).0, Ok(()));
}

#[test]
fn names_are_text_and_bounded() {
    let heap = small();
    let long = "<img src=x onerror=alert(1)>".repeat(100);
    let request = Request { program: &long, reason: "\u{202e}", error: "\u{1f980}", ..Request::default() };
    let file = write(&heap, heap.root, &request).unwrap().to_bytes(&heap).unwrap();
    let dump = Dump::open(&file[..], None).unwrap();
    assert_eq!(dump.origin().program, long[..1000]);
    assert_eq!((&*dump.origin().reason, &*dump.origin().error), ("\u{202e}", "\u{1f980}"));
    let mut bytes = file.clone();
    let place = bytes.windows(4).position(|bytes| bytes == "\u{1f980}".as_bytes()).unwrap();
    bytes[place] = 0xff;
    assert!(Dump::open(&bytes[..], None).unwrap().origin().error.contains('\u{fffd}'));
}
