//! Claim: a heap that is dumped and opened again is the same heap; what is left out of a dump is known; and what others wrote opens.
//!
//! Not under Miri: it is slow, and what is under test has no unsafe code; `model.rs` runs `verify` there.
#![cfg(all(feature = "inspector", not(miri)))]

mod support;

use flagstone::image::dump::{Contents, Dump, Format, Frame, Hole, Part, Request, write};
use flagstone::image::leaks::{LeakScan, Options};
use flagstone::image::survey::{Kind, Survey};
use flagstone::image::{Bytes, Error, Image, find_root};
use flagstone::inspector::arena_rows::arena_rows;
use flagstone::inspector::rows::{Summary, cache_rows};
use flagstone::units::Addr;
use flagstone::verify::verify;
use support::snapshot::Snapshot;
use support::specimen::sound;

/// What wasmtime wrote: see `fixtures/README.md`.
const WASMTIME: &[u8] = include_bytes!("fixtures/wasmtime-48.wasm");

/// The dump of a heap as a file.
fn dumped(image: &impl Image, root: Addr, contents: Contents) -> Vec<u8> {
    let request = Request { contents, program: "a program", reason: "trap", error: "unreachable", time: 1_234 };
    let written = write(image, root, &request).expect("a heap");
    let file = written.to_bytes(image).expect("the same heap");
    assert_eq!(file.len() as u64, written.bytes);
    file
}

/// Fails unless two images show the same heap.
fn assert_same(one: &impl Image, other: &impl Image, root: Addr) {
    let surveys = [Survey::take(one, root).unwrap(), Survey::take(other, root).unwrap()];
    let [right, left] = surveys.each_ref().map(Summary::of);
    assert_eq!(right, left);
    assert_eq!(cache_rows(&surveys[0]), cache_rows(&surveys[1]));
    assert_eq!(arena_rows(&surveys[0]), arena_rows(&surveys[1]));
    assert_eq!(surveys[0].segments, surveys[1].segments);
    assert_eq!(surveys[0].slabs, surveys[1].slabs);
    assert_eq!(verify(one, root).unwrap(), verify(other, root).unwrap());
}

/// Every byte of an image.
fn all(image: &impl Image) -> Vec<u8> {
    let mut bytes = vec![0; image.len() as usize];
    image.read(0, &mut bytes).expect("an image with nothing left out");
    bytes
}

#[test]
fn all_of_a_heap_is_there_again() {
    let heap = sound();
    let file = dumped(&heap, heap.root, Contents::All);
    let dump = Dump::open(&file[..], None).unwrap();
    assert_eq!((dump.root(), dump.len()), (heap.root, heap.len()));
    assert_eq!(all(&dump), all(&heap), "every byte");
    assert_same(&heap, &dump, heap.root);
    assert!(dump.holes().is_empty());
    let origin = dump.origin();
    assert_eq!((origin.format, origin.contents, origin.time), (Format::Flagstone, Contents::All, Some(1_234)));
    assert_eq!([&*origin.program, &*origin.reason, &*origin.error], ["a program", "trap", "unreachable"]);
    assert_eq!((origin.memory_bytes, origin.left_out, origin.memories), (heap.len(), 0, 1));
    assert_eq!((origin.file_bytes, origin.writer.as_deref()), (file.len() as u64, Some(env!("CARGO_PKG_VERSION"))));
}

#[test]
fn records_are_the_same_heap_without_what_is_in_it() {
    let mut heap = sound();
    // What the program wrote: in every object and segment that it holds or gave back, and nowhere else, the byte 0xab.
    let survey = heap.survey();
    let mut users = Vec::new();
    for segment in &survey.segments {
        if segment.kind != Kind::Metadata {
            users.push(segment.start..segment.start + segment.len);
        }
    }
    // Except in what was never used, which is known to be zero.
    for address in users.iter().cloned().flatten().filter(|address| address % 4 == 0) {
        if heap.word(address) != 0 {
            heap.set(address, 0xabab_abab);
        }
    }
    for segment in survey.segments.iter().filter(|segment| segment.kind == Kind::Large) {
        (segment.start..segment.start + segment.len).step_by(4).for_each(|address| heap.set(address, 0xabab_abab));
    }
    let file = dumped(&heap, heap.root, Contents::Records);
    let dump = Dump::open(&file[..], None).unwrap();
    assert_same(&heap, &dump, heap.root);
    assert!(!file.windows(4).any(|bytes| bytes == [0xab; 4]), "something of the program is in the file");
    assert!(file.len() < all(&heap).len() / 20, "{} bytes", file.len());
    assert_eq!(dump.origin().contents, Contents::Records);
    assert_eq!(dump.origin().left_out, dump.holes().iter().map(|hole| hole.len).sum::<u64>());
    for range in users {
        let mut bytes = [0; 8];
        let at = range.start;
        assert_eq!(dump.read(at, &mut bytes), Err(Error::LeftOut { at, wanted: 8 }));
    }
    // What is known and what is left out are all of the memory.
    let mut word = [0; 4];
    let known = (0..heap.len() as u32).step_by(4).filter(|at| dump.read(*at, &mut word).is_ok()).count() as u64;
    assert_eq!(known * 4 + dump.origin().left_out, heap.len());
}

#[test]
fn a_dump_of_a_dump() {
    let heap = sound();
    let file = dumped(&heap, heap.root, Contents::Records);
    let dump = Dump::open(&file[..], None).unwrap();
    let again = dumped(&dump, dump.root(), Contents::All);
    let twice = Dump::open(&again[..], None).unwrap();
    assert_eq!(twice.holes(), dump.holes(), "what was left out stays left out");
    assert_same(&heap, &twice, heap.root);
}

#[test]
fn zero_takes_no_room_and_parts_are_few() {
    let heap = sound();
    let written = write(&heap, heap.root, &Request::default()).unwrap();
    let bytes = all(&heap);
    let of_memory: u64 =
        written.parts.iter().map(|part| if let Part::Memory { len, .. } = part { u64::from(*len) } else { 0 }).sum();
    let nonzero = bytes.chunks(4096).filter(|quantum| quantum.iter().any(|byte| *byte != 0)).count() as u64;
    assert_eq!(of_memory, nonzero * 4096);
    assert!(of_memory < bytes.len() as u64 / 2, "most of the specimen's memory is zero");
    // 256 MiB of which every other 4 KiB is written: runs are told apart so finely only while they are few.
    let mut sparse = vec![0; 256 << 20];
    sparse[..bytes.len()].copy_from_slice(&bytes);
    sparse.iter_mut().skip(bytes.len()).step_by(8192).for_each(|byte| *byte = 1);
    let written = write(&Bytes(&sparse), heap.root, &Request::default()).unwrap();
    assert!(written.parts.len() < 40_000, "{} parts", written.parts.len());
    let file = written.to_bytes(&Bytes(&sparse)).unwrap();
    assert!(all(&Dump::open(&file[..], None).unwrap()) == sparse);
}

#[test]
fn the_bytes_of_a_memory_open_as_well() {
    let heap = sound();
    let bytes = all(&heap);
    let dump = Dump::open(&bytes[..], None).unwrap();
    assert_same(&heap, &dump, heap.root);
    assert_eq!((dump.root(), dump.origin().format), (heap.root, Format::Memory));
    assert_eq!(Dump::open(&bytes[..], Some(heap.root)).unwrap().root(), heap.root);
    let wrong = Dump::open(&bytes[..], Some(Addr(64))).unwrap_err();
    assert_eq!(wrong, Error::NotARoot { at: 64 }.into());
}

#[test]
fn what_wasmtime_wrote_opens() {
    let dump = Dump::open(WASMTIME, None).unwrap();
    let survey = Survey::take(&dump, dump.root()).unwrap();
    assert_eq!(verify(&dump, dump.root()), Ok(vec![]));
    let caches = cache_rows(&survey);
    let live = |size| caches.iter().find(|cache| cache.size == size).map(|cache| cache.live);
    // 100 boxes of 48 bytes; 3 of 80; a vector of 20,000 bytes; and the vector of 100 boxes, of 400 bytes: a class of 416 or so.
    assert_eq!((live(48), live(80)), (Some(100), Some(3)));
    let summary = Summary::of(&survey);
    assert_eq!(summary.live_objects, 105);
    assert_eq!(summary.composition.total(), dump.len());
    assert!(summary.problems.is_empty(), "{:?}", summary.problems);
    let mut scan = LeakScan::new(&survey, Options::default());
    while !scan.step(&dump, 10_000).ended {}
    let report = scan.finish(&dump);
    assert_eq!((report.leaks.len(), report.groups[0].size), (3, 80), "the boxes that were forgotten");
    let origin = dump.origin();
    assert_eq!((origin.format, &*origin.program), (Format::CoreDump, "flagstone-fixture.wasm"));
    assert_eq!((origin.time, &origin.writer, origin.left_out), (None, &None, 0));
    assert!(matches!(origin.frames[..], [Frame { instance: 0, .. }]), "the function that trapped: {:?}", origin.frames);
    assert_eq!((dump.len(), dump.root()), (survey.memory_len, find_root(&dump).unwrap()));
}

#[test]
fn a_version_is_said_as_the_number_that_it_is() {
    // Bit 30 says that the records of diagnosis are there.
    for found in [77, 77 | 1 << 30] {
        let sentence = Error::WrongVersion { found }.to_string();
        assert!(sentence.contains("layout version 77,") && sentence.contains("a newer one"), "{sentence}");
    }
    assert!(Error::WrongVersion { found: 3 }.to_string().contains("an older one"));
    let heap = sound();
    let mut other = all(&heap);
    other[heap.root.0 as usize + 8..][..4].copy_from_slice(&4_u32.to_le_bytes());
    let error = Dump::open(&other[..], None).unwrap_err().to_string();
    assert!(error.contains("layout version 4,") && error.contains("an older one"), "{error}");
    // In a dump, who wrote it is known.
    let mut file = dumped(&heap, heap.root, Contents::All);
    let right = Dump::open(&file[..], None).unwrap();
    let writer = right.origin().writer.clone().unwrap();
    let section = file.windows(9).position(|bytes| bytes == b"flagstone").unwrap() + 9;
    assert_eq!(
        (file[section], file[section + 1] as usize),
        (1, writer.len()),
        "the section's version, and the name of its writer"
    );
    let layout = section + 2 + writer.len();
    file[section + 2] = b'7';
    file[layout..layout + 1].copy_from_slice(&[9]);
    let error = Dump::open(&file[..], None).unwrap_err().to_string();
    assert!(error.contains("layout version 9,") && error.contains("with the inspector of flagstone 7"), "{error}");
    file[section] = 3;
    let error = Dump::open(&file[..], None).unwrap_err().to_string();
    assert!(error.contains("flagstone section of version 3") && error.contains("flagstone 7"), "{error}");
}

#[test]
fn ranges_left_out_of_another_heap_are_found_by_halving() {
    let heap = sound();
    let file = dumped(&heap, heap.root, Contents::Records);
    let dump = Dump::open(&file[..], None).unwrap();
    let holes = dump.holes();
    for pair in holes.windows(2) {
        assert!(pair[0].end() < u64::from(pair[1].start), "in order, and apart: {pair:?}");
    }
    let Hole { start, len } = holes[holes.len() / 2];
    let mut one = [0];
    assert!(dump.read(start, &mut one).is_err() && dump.read(start + len as u32 - 1, &mut one).is_err());
    assert!(dump.read(start - 1, &mut one).is_ok() && dump.read(start + len as u32, &mut one).is_ok());
}

/// What diagnosis has on record is there again; the contents of objects that it has in its log, and what guards lie around, are not.
#[cfg(feature = "audit")]
#[test]
fn records_of_diagnosis_without_contents() {
    use flagstone::audit::Auditor;
    use flagstone::image::audit::AuditInfo;
    use flagstone::inspector::audit_rows::AuditReport;
    use flagstone::inspector::log_rows::{LogFilter, LogList};
    use support::{Fake, LOW, free, heap, layout, memory};

    let mut memory = memory(32);
    let heap = heap(Fake::new(&mut memory, LOW));
    let auditor = Auditor::new(&heap);
    auditor.configure("audit=contents+audit+poison;sample=1k").unwrap();
    let tag = auditor.tag("a tag");
    let held: Vec<_> = [16, 40, 100, 1_000].map(|size| (heap.alloc(layout(size, 8)), layout(size, 8))).into();
    drop(tag);
    for (at, layout) in &held {
        // SAFETY: allocated above.
        unsafe { at.write_bytes(0xab, layout.size()) };
    }
    for (at, layout) in &held[..2] {
        free(&heap, *at, *layout);
    }
    let heap = Snapshot::of(&heap);
    let right = all(&heap);
    assert!(right.windows(8).filter(|bytes| *bytes == [0xab; 8]).count() > 1_000, "objects, and the log");
    let file = dumped(&heap, heap.root, Contents::Records);
    assert!(!file.windows(4).any(|bytes| bytes == [0xab; 4]), "something of the program is in the file");
    let dump = Dump::open(&file[..], None).unwrap();
    assert_same(&heap, &dump, heap.root);
    let told = |image: &dyn Image| {
        let survey = Survey::take(image, heap.root).unwrap();
        let audit = AuditInfo::read(image, &survey).unwrap().unwrap();
        let mut list = LogList::of(image, &survey, &audit, &LogFilter::default()).unwrap();
        let contents = list.entries.iter_mut().map(|entry| std::mem::take(&mut entry.contents).len()).sum::<usize>();
        (AuditReport::of(image, &survey, &audit), list.entries, contents)
    };
    let (right, left) = (told(&heap), told(&dump));
    assert_eq!((right.0, right.1), (left.0, left.1));
    assert!(right.2 > 0, "the log has contents");
    let file = dumped(&heap, heap.root, Contents::All);
    assert_eq!(told(&Dump::open(&file[..], None).unwrap()).2, right.2);
}

/// A heap at the end of the address space: nothing wraps.
#[test]
fn a_memory_of_4_gib() {
    struct Whole(Snapshot);
    impl Image for Whole {
        fn len(&self) -> u64 {
            1 << 32
        }
        fn read(&self, at: u32, into: &mut [u8]) -> Result<(), Error> {
            into.fill(0);
            let end = u64::from(at) + into.len() as u64;
            if end <= self.0.len() { self.0.read(at, into) } else { Ok(()) }
        }
        fn next_held(&self, at: u64) -> u64 {
            if at < self.0.len() { at } else { self.len() }
        }
    }
    let whole = Whole(sound());
    for contents in [Contents::All, Contents::Records] {
        let file = dumped(&whole, whole.0.root, contents);
        let dump = Dump::open(&file[..], None).unwrap();
        assert_eq!(dump.len(), 1 << 32);
        assert_same(&whole, &dump, whole.0.root);
    }
}
