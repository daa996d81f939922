//! Claim: a text that sets diagnosis is carried out as a whole or not at all, whoever leaves it; an inspector's is carried out at the
//! next slow call, unless the program forbids it.
#![cfg(all(feature = "audit", feature = "inspector"))]

mod support;

use flagstone::audit::{Auditor, ConfigError, Mode, Policy};
use flagstone::image::audit::AuditInfo;
use flagstone::image::survey::Survey;
use flagstone::objects::{Bare, Cache, Options};
use support::objects::{Stage, TestHeap};
use support::{Deny, address, assert_sound, free, layout};

fn read(heap: &TestHeap) -> AuditInfo {
    let survey = Survey::take(&heap.image(), heap.root()).unwrap();
    AuditInfo::read(&heap.image(), &survey).unwrap().unwrap()
}

/// What is set.
fn settings(heap: &TestHeap) -> impl PartialEq + core::fmt::Debug + use<> {
    let info = read(heap);
    let injection = info.injection.map(|it| (it.one_in, it.nth, it.times));
    (
        (info.mode, info.policy, info.rate, info.rules, info.cache_modes),
        (info.quarantine_limit, info.quarantine_age, info.reserve, injection),
    )
}

#[test]
fn all_of_a_text_is_carried_out() {
    let stage = Stage::new(32);
    let auditor = Auditor::new(stage.heap());
    let text = " audit=guard ; cache:nodes=lite;cache:names=all-sites;sample=64k;policy=continue;quarantine=10k,99;\
                depth=5;reserve=8k;fail=one_in:10,seed:3,times:2 ";
    auditor.configure(text).unwrap();
    let info = read(stage.heap());
    assert_eq!((info.mode, info.policy, info.rate), (Mode::GUARD, Policy::Continue, 64 << 10));
    assert_eq!((info.quarantine_limit, info.quarantine_age, info.reserve), (10 << 10, 99, 8 << 10));
    assert_eq!(info.injection.map(|it| (it.one_in, it.times)), Some((10, 2)));
    let rules: Vec<_> = info.rules.iter().map(|(name, mode)| (name.as_str(), mode.bits())).collect();
    assert_eq!(rules, [("nodes", Mode::LITE.bits()), ("names", 0xf)]);
    auditor.configure("fail=off;reserve=0;sample=off;audit=off;cache:nodes=off").unwrap();
    let info = read(stage.heap());
    assert_eq!((info.mode, info.rate, info.reserve), (Mode::OFF, 0, 0));
    assert!(info.injection.is_none());
    assert_sound(stage.heap());
}

#[test]
fn a_text_with_an_error_changes_nothing() {
    let stage = Stage::new(32);
    let auditor = Auditor::new(stage.heap());
    auditor.configure("audit=redzone;sample=4k;quarantine=100,7;reserve=4k;cache:nodes=all;policy=continue").unwrap();
    let nodes = Cache::new(stage.heap(), layout(40, 8), Options::new("nodes"), Bare).unwrap();
    let before = settings(stage.heap());
    let many: String = (0..16).map(|n| format!("cache:name{n}=lite;")).collect();
    for (text, error) in [
        ("audit=off;nonsense", ConfigError::NoValue("nonsense")),
        ("audit=off;sample=off;policy=stop", ConfigError::BadPolicy("stop")),
        ("quarantine=1k;quarantine=k", ConfigError::BadNumber("k")),
        ("cache:nodes=off;cache:=off", ConfigError::BadName("")),
        ("cache:names=all;audit=alles", ConfigError::UnknownMode("alles")),
        ("fail=nth:5;fail=cache:nobody,nth:1", ConfigError::UnknownCache("nobody")),
        ("reserve=8k;depth=99", ConfigError::BadNumber("99")),
        ("sample=1;reserve=2000m", ConfigError::NoMemory("2000m")),
        (&many, ConfigError::TooManyRules("name15")),
    ] {
        assert_eq!(auditor.configure(text), Err(error), "{text}");
        assert_eq!(settings(stage.heap()), before, "{text}");
        assert!(!error.to_string().is_empty());
    }
    assert_eq!(auditor.set_cache_mode("", Mode::ALL), Err(ConfigError::BadName("")));
    assert_eq!(settings(stage.heap()), before);
    assert_sound(stage.heap());
    assert!(nodes.destroy().is_ok());
}

#[test]
fn sixteen_names_have_rules_and_a_name_keeps_its_own() {
    let stage = Stage::new(32);
    let auditor = Auditor::new(stage.heap());
    for n in 0..16 {
        auditor.configure(&format!("cache:name{n}=lite")).unwrap();
    }
    assert_eq!(auditor.configure("cache:more=lite"), Err(ConfigError::TooManyRules("more")));
    auditor.configure("cache:name3=all;cache:name3=off").unwrap();
    assert_eq!(read(stage.heap()).rules.len(), 16);
}

#[test]
fn a_reserve_that_is_refused_leaves_the_one_that_was_there() {
    let stage = Stage::new(8);
    let auditor = Auditor::new(stage.heap());
    auditor.configure("reserve=64k").unwrap();
    stage.source().deny(Deny::Always);
    assert_eq!(auditor.configure("reserve=600k"), Err(ConfigError::NoMemory("600k")));
    assert_eq!(read(stage.heap()).reserve, 64 << 10);
    assert_sound(stage.heap());
}

/// Leaves a text as an inspector does: the length last.
fn leave(heap: &TestHeap, text: &str) {
    let survey = Survey::take(&heap.image(), heap.root()).unwrap();
    let place = AuditInfo::command_place(&survey).unwrap();
    let mut bytes = text.as_bytes().to_vec();
    assert!(bytes.len() <= place.room as usize);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    for (word, at) in bytes.chunks_exact(4).zip((place.text..).step_by(4)) {
        heap.source().poke(at, u32::from_le_bytes(word.try_into().unwrap()));
    }
    heap.source().poke(place.outcome, 0);
    heap.source().poke(place.length, text.len() as u32);
}

#[test]
fn a_text_that_an_inspector_leaves_is_carried_out_at_the_next_slow_call() {
    let stage = Stage::new(32);
    let auditor = Auditor::new(stage.heap());
    auditor.configure("policy=continue").unwrap();
    leave(stage.heap(), "audit=all;cache:nodes=lite;quarantine=1k");
    assert_eq!((auditor.mode(), read(stage.heap()).command_outcome), (Mode::OFF, 0));
    // A class that has no magazine yet takes the slow path.
    let at = stage.alloc(layout(333, 1));
    let info = read(stage.heap());
    assert_eq!((info.mode, info.command_len, info.command_outcome), (Mode::ALL, 0, 1));
    assert_eq!(info.watches.len(), 1, "it holds for that call already");
    assert_eq!(info.watches[0].object, address(&stage, at));
    free(&stage, at, layout(333, 1));
    for text in ["audit=nothing", "audit", "\u{fffd}", "depth=1;policy=?"] {
        let before = settings(stage.heap());
        leave(stage.heap(), text);
        let at = stage.alloc(layout(10, 1));
        free(&stage, at, layout(10, 1));
        assert_eq!(read(stage.heap()).command_outcome, 2, "{text}");
        assert_eq!(settings(stage.heap()), before);
    }
    // The longest there can be, and bytes that are no text.
    let long = format!("audit=off;{}", ";".repeat(238));
    leave(stage.heap(), &long);
    free(&stage, stage.alloc(layout(10, 1)), layout(10, 1));
    assert_eq!((auditor.mode(), read(stage.heap()).command_outcome), (Mode::OFF, 1));
    let place = AuditInfo::command_place(&Survey::take(&stage.image(), stage.root()).unwrap()).unwrap();
    stage.source().poke(place.text, 0xffff_ffff);
    stage.source().poke(place.length, u32::MAX);
    let at = stage.alloc(layout(9000, 1));
    free(&stage, at, layout(9000, 1));
    assert_eq!(read(stage.heap()).command_outcome, 2, "a length beyond the room is one of the room");
    assert_sound(stage.heap());
}

#[test]
fn a_text_is_carried_out_by_a_tick_of_a_program_that_asks_for_nothing() {
    let stage = Stage::new(32);
    leave(stage.heap(), "audit=lite");
    stage.tick();
    assert_eq!((Auditor::new(stage.heap()).mode(), read(stage.heap()).command_outcome), (Mode::LITE, 1));
}

#[test]
fn a_program_that_forbids_it_is_left_alone() {
    let stage = Stage::new(32);
    let auditor = Auditor::new(stage.heap());
    auditor.lock();
    leave(stage.heap(), "audit=all");
    let at = stage.alloc(layout(10, 1));
    assert_eq!((auditor.mode(), read(stage.heap()).command_outcome), (Mode::OFF, 2));
    assert!(read(stage.heap()).locked);
    auditor.configure("audit=lite").unwrap();
    assert_eq!(auditor.mode(), Mode::LITE, "the program itself may");
    free(&stage, at, layout(10, 1));
}
