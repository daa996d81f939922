//! Claim: whatever the bytes are, reading them ends, soon, with symbols or with an error that says where.

mod support;

use flagstone_symbols::Symbols;
use std::time::{Duration, Instant};
use support::{LINES, content_of, custom, module, names, resolved, sections, three_functions, without};

/// Reads bytes in every way there is, as a module and as a debug file of a sound one.
fn try_all(bytes: &[u8]) {
    let mut sound = Symbols::of(&without(LINES, ".debug_")).expect("a sound module");
    for symbols in [Symbols::of(bytes).ok(), sound.with_debug(bytes).ok().map(|()| sound)].into_iter().flatten() {
        for offset in (0..200).chain([u32::MAX]) {
            let frames = symbols.resolve(offset);
            assert!(frames.iter().all(|frame| !frame.function.is_empty()) || frames.len() > 1, "{offset}: {frames:?}");
            assert!(!frames.last().expect("at least one frame").inlined);
        }
    }
}

/// Random numbers; the seed is what a failure names.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

#[test]
fn a_module_may_end_anywhere() {
    let parts = sections(LINES);
    // A module that declares functions needs their code; custom sections come last, and it is whole without them.
    let whole = |len| {
        let before = |id| parts.iter().any(|part| part.id == id && part.end <= len);
        (len == 8 || parts.iter().any(|part| part.end == len)) && before(3) == before(10)
    };
    for len in 0..LINES.len() {
        let cut = &LINES[..len];
        try_all(cut);
        match Symbols::of(cut) {
            Ok(_) => assert!(whole(len), "{len}"),
            Err(error) => assert!(!whole(len) && error.offset().is_some_and(|at| at <= len as u64), "{len}: {error}"),
        }
    }
}

#[test]
fn bytes_may_be_anything() {
    for seed in 0..6_000 {
        let mut random = Random(seed);
        let mut bytes = LINES.to_vec();
        for _ in 0..=random.below(6) {
            let at = 8 + random.below(bytes.len() - 8);
            bytes[at] = match random.below(4) {
                0 => 0xff,
                1 => 0,
                2 => bytes[at] ^ (1 << random.below(8)),
                _ => random.below(256) as u8,
            };
        }
        try_all(&bytes);
    }
}

#[test]
fn debug_sections_may_be_anything() {
    let debug: Vec<_> = sections(LINES).into_iter().filter(|part| part.name.starts_with(".debug_")).collect();
    for seed in 0..12_000 {
        let mut random = Random(seed);
        let mut bytes = LINES.to_vec();
        for _ in 0..=random.below(4) {
            let part = &debug[random.below(debug.len())];
            // Past the name, whose damage only makes the section unknown.
            let content = part.content + 1 + part.name.len();
            let at = content + random.below(part.end - content);
            bytes[at] = random.below(256) as u8;
        }
        try_all(&bytes);
    }
}

#[test]
fn counts_may_be_huge() {
    let huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
    for id in [1, 2, 3, 7, 10] {
        let bytes = module(&[support::section(id, &huge)]);
        try_all(&bytes);
        // What types say is not looked at.
        assert_eq!(Symbols::of(&bytes).is_ok(), id == 1, "section {id}");
    }
    let bytes = module(&[custom("name", &support::section(1, &huge))]);
    assert_eq!(Symbols::of(&bytes).expect("a sound module").damage().len(), 1);
}

/// A module of two functions with names, and these sections of DWARF.
fn with_dwarf(abbreviations: &[u8], info: &[u8], ranges: &[u8]) -> Vec<u8> {
    // Version 4, abbreviations at 0, addresses of four bytes.
    let unit = [&[4, 0, 0, 0, 0, 0, 4][..], info].concat();
    let unit = [(unit.len() as u32).to_le_bytes().to_vec(), unit].concat();
    module(&[
        three_functions().concat(),
        names(&[(1, "first"), (2, "second")]),
        custom(".debug_abbrev", abbreviations),
        custom(".debug_info", &unit),
        custom(".debug_ranges", ranges),
        custom(".debug_line", &[]),
    ])
}

/// A unit with children that has code from 0 to 12.
const UNIT: [u8; 9] = [1, 0x11, 1, 0x11, 0x01, 0x12, 0x06, 0, 0];

/// The symbols, and where the body of the first function is.
fn open(bytes: &[u8]) -> (Symbols, usize) {
    (Symbols::of(bytes).expect("a sound module"), content_of(bytes, 10) + 3)
}

#[test]
fn entries_may_lie_deep_in_one_another() {
    // A lexical scope in a scope in a scope; then inlined calls.
    for tag in [0x0b, 0x1d] {
        let abbreviations = [&UNIT[..], &[2, tag, 1, 0, 0], &[3, 0x2e, 1, 0, 0, 0]].concat();
        let info = [vec![1, 0, 0, 0, 0, 12, 0, 0, 0, 3], vec![2; 400_000]].concat();
        let (symbols, first) = open(&with_dwarf(&abbreviations, &info, &[]));
        assert!(!symbols.has_lines());
        let [damage] = symbols.damage() else { panic!("one note: {:?}", symbols.damage()) };
        assert!(damage.to_string().contains("too deep") && damage.offset().is_some(), "{damage}");
        assert_eq!(resolved(&symbols, first), ["first"]);
    }
}

#[test]
fn entries_may_refer_to_themselves() {
    // A function from 2 to 6 whose origin is itself: the entry at 20 of the unit.
    let function = [2, 0x2e, 0, 0x11, 0x01, 0x12, 0x06, 0x31, 0x13, 0, 0, 0];
    let abbreviations = [&UNIT[..], &function].concat();
    let info = [1, 0, 0, 0, 0, 12, 0, 0, 0, 2, 2, 0, 0, 0, 4, 0, 0, 0, 20, 0, 0, 0, 0];
    let (symbols, first) = open(&with_dwarf(&abbreviations, &info, &[]));
    assert!(symbols.has_lines(), "{:?}", symbols.damage());
    assert_eq!(resolved(&symbols, first), ["first"]);
}

#[test]
fn entries_may_have_many_attributes_of_no_bytes() {
    let flags = [0x3f, 0x19].repeat(100_000);
    let abbreviations = [&UNIT[..], &[2, 0x2e, 0], &flags, &[0, 0, 0]].concat();
    let info = [vec![1, 0, 0, 0, 0, 12, 0, 0, 0], vec![2; 100_000], vec![0]].concat();
    let started = Instant::now();
    let (symbols, first) = open(&with_dwarf(&abbreviations, &info, &[]));
    assert!(!symbols.has_lines());
    assert!(symbols.damage()[0].to_string().contains("too many attributes"), "{:?}", symbols.damage());
    assert_eq!(resolved(&symbols, first), ["first"]);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn many_entries_may_refer_to_one_long_list() {
    // 50,000 functions with the same 50,000 ranges: read in full, they would take minutes.
    let abbreviations = [&UNIT[..], &[2, 0x2e, 0, 0x55, 0x17, 0, 0, 0]].concat();
    let functions = [2, 0, 0, 0, 0].repeat(50_000);
    let info = [vec![1, 0, 0, 0, 0, 12, 0, 0, 0], functions, vec![0]].concat();
    let ranges = [2_u32.to_le_bytes(), 6_u32.to_le_bytes()].concat().repeat(50_000);
    let started = Instant::now();
    let (symbols, first) = open(&with_dwarf(&abbreviations, &info, &[&ranges[..], &[0; 8]].concat()));
    for offset in first..first + 3 {
        assert_eq!(resolved(&symbols, offset), ["first"]);
    }
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn many_look_ups_do_not_use_up_what_may_be_read() {
    let symbols = Symbols::of(LINES).expect("a sound module");
    for _ in 0..50_000 {
        assert_eq!(symbols.resolve(0xa0).len(), 3);
    }
}
