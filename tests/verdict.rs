//! Claim: the verdict names what was done to a heap, its causes add up to the memory, and whatever bytes an image holds it says something.
//!
//! Not under Miri: it is slow, and what is under test has no unsafe code.
#![cfg(all(feature = "inspector", not(miri)))]

mod support;

use std::alloc::Layout;

use flagstone::image::audit::AuditInfo;
use flagstone::image::dump::Dump;
use flagstone::image::survey::{Kind, Survey};
use flagstone::inspector::map_layer::{LayerKind, MapLayer};
use flagstone::inspector::verdict::{Cause, Earlier, Evidence, Finding, Verdict};
use flagstone::objects::{Bare, Cache, Options};
use support::objects::Stage;
use support::{Rng, bytes, layout};

const MIB: usize = 1 << 20;

fn survey(stage: &Stage) -> Survey {
    Survey::take(&stage.image(), stage.root()).unwrap()
}

fn verdict(stage: &Stage) -> Verdict {
    told(stage, &survey(stage), None)
}

/// The verdict on a survey; its causes add up to the memory.
fn told(stage: &Stage, survey: &Survey, earlier: Option<&Earlier>) -> Verdict {
    let audit = AuditInfo::read(&stage.image(), survey).unwrap();
    let verdict = Verdict::of(survey, audit.as_ref(), earlier);
    assert_eq!(verdict.findings.iter().map(|finding| finding.bytes).sum::<u64>(), verdict.memory_bytes);
    assert_eq!(verdict.memory_bytes, survey.memory_len);
    assert_eq!(verdict.cause, verdict.findings[0].cause);
    assert!(verdict.findings.is_sorted_by(|a, b| a.bytes >= b.bytes));
    assert!(!verdict.advice.is_empty() && verdict.sentence.ends_with('.'), "{}", verdict.sentence);
    for finding in &verdict.findings {
        assert!(!finding.evidence.is_empty(), "{:?} rests on nothing", finding.cause);
        assert!((finding.share - finding.bytes as f64 / verdict.memory_bytes as f64).abs() < 1e-9);
    }
    verdict
}

fn finding(verdict: &Verdict, cause: Cause) -> &Finding {
    verdict
        .findings
        .iter()
        .find(|finding| finding.cause == cause)
        .unwrap_or_else(|| panic!("no {cause:?}: {verdict:#?}"))
}

fn evidence<'v>(verdict: &'v Verdict, cause: Cause, words: &str) -> &'v Evidence {
    let finding = finding(verdict, cause);
    let found = finding.evidence.iter().find(|evidence| evidence.sentence.contains(words));
    found.unwrap_or_else(|| panic!("{words:?} is not in {finding:#?}"))
}

/// `count` objects of a layout.
fn take(stage: &Stage, count: usize, layout: Layout) -> Vec<*mut u8> {
    (0..count).map(|_| stage.alloc(layout)).inspect(|at| assert!(!at.is_null())).collect()
}

fn give(stage: &Stage, objects: impl IntoIterator<Item = *mut u8>, layout: Layout) {
    objects.into_iter().for_each(|at| support::free(stage.heap(), at, layout));
}

/// All but each `n`th goes back; what stays.
fn thin(stage: &Stage, objects: Vec<*mut u8>, layout: Layout, n: usize) -> Vec<*mut u8> {
    let (stay, go): (Vec<_>, Vec<_>) = objects.into_iter().enumerate().partition(|(index, _)| index % n == 0);
    give(stage, go.into_iter().map(|object| object.1), layout);
    stay.into_iter().map(|object| object.1).collect()
}

#[test]
fn held_small_objects() {
    let stage = Stage::new(64);
    let objects = take(&stage, 40_000, bytes(64));
    let verdict = verdict(&stage);
    assert_eq!((verdict.cause, verdict.second), (Cause::Live, None));
    assert!(
        verdict.sentence.contains("is held by the program, most of it in 40,000 objects of 64 B (2.44 MiB)"),
        "{}",
        verdict.sentence
    );
    let most = evidence(&verdict, Cause::Live, "40,000 objects");
    assert_eq!((most.view, most.cache.as_deref()), ("caches", Some("64 B")));
    give(&stage, objects, bytes(64));
}

#[test]
fn held_objects_of_a_named_cache() {
    let stage = Stage::new(64);
    let cache = Cache::new(stage.heap(), layout(200, 8), Options::new("documents"), Bare).unwrap();
    let objects: Vec<_> = (0..10_000).map(|_| cache.alloc().unwrap()).collect();
    let verdict = verdict(&stage);
    assert_eq!(verdict.cause, Cause::Live);
    assert!(verdict.sentence.contains("10,000 objects of `documents`"), "{}", verdict.sentence);
    let most = evidence(&verdict, Cause::Live, "`documents`");
    assert_eq!((most.view, most.cache.as_deref()), ("objects", Some("documents")));
    objects.into_iter().for_each(|object| support::objects::give(&cache, object));
    assert!(cache.destroy().is_ok());
}

#[test]
fn held_large_segments() {
    let stage = Stage::new(128);
    let layout = bytes(MIB);
    let objects = take(&stage, 5, layout);
    let verdict = verdict(&stage);
    assert_eq!(verdict.cause, Cause::Live);
    assert!(verdict.sentence.contains("5 large segments (5 MiB)"), "{}", verdict.sentence);
    give(&stage, objects, layout);
}

#[test]
fn growth_since_an_earlier_look_and_what_grew() {
    let stage = Stage::new(128);
    let before = take(&stage, 20_000, bytes(40));
    let old = survey(&stage);
    let live = |verdict: &Verdict, cause| finding(verdict, cause).bytes;
    let then = live(&told(&stage, &old, None), Cause::Live);
    let more = take(&stage, 16_384, bytes(128));
    let now = survey(&stage);
    let caches = [("40 B".to_string(), 20_000 * 40)].into();
    let mut earlier = Earlier { seconds: 30.0, live_bytes: then, peak: None, caches };
    let verdict = told(&stage, &now, Some(&earlier));
    assert_eq!(verdict.cause, Cause::Growth);
    let words = "is held by the program, 2 MiB more than 30 s before, 2 MiB of that in 128 B";
    assert!(verdict.sentence.contains(words), "{}", verdict.sentence);
    assert_eq!(evidence(&verdict, Cause::Growth, "2 MiB more in 128 B").cache.as_deref(), Some("128 B"));
    // What was higher at some time goes up and down.
    let least = live(&verdict, Cause::Growth);
    earlier.peak = Some((least * 2, 5.0));
    assert_eq!(told(&stage, &now, Some(&earlier)).cause, Cause::Live);
    // And what is nearly the same is no growth.
    earlier = Earlier { seconds: 30.0, live_bytes: least - 1000, ..Earlier::default() };
    assert_eq!(told(&stage, &now, Some(&earlier)).cause, Cause::Live);
    give(&stage, before, bytes(40));
    give(&stage, more, bytes(128));
}

#[test]
fn a_past_peak_that_left_long_free_runs() {
    let stage = Stage::new(128);
    let objects = take(&stage, 60, bytes(100_000));
    give(&stage, objects, bytes(100_000));
    let verdict = verdict(&stage);
    assert_eq!((verdict.cause, verdict.second), (Cause::Peak, None));
    assert!(
        verdict.sentence.contains(" long runs: it was needed at a peak and WebAssembly memory cannot shrink"),
        "{}",
        verdict.sentence
    );
    assert_eq!(verdict.pins.pages, 0);
    let longest = evidence(&verdict, Cause::Peak, "longest free run");
    assert!(longest.view == "map" && longest.address.is_some());
    let earlier = Earlier { seconds: 9.0, live_bytes: 50, peak: Some((6_000_000, 150.0)), ..Earlier::default() };
    let verdict = told(&stage, &survey(&stage), Some(&earlier));
    assert!(verdict.sentence.contains("at a peak of 5.72 MiB held, 2 min ago, and"), "{}", verdict.sentence);
}

#[test]
fn pages_that_few_small_objects_pin() {
    let stage = Stage::new(128);
    let objects = take(&stage, 65_536, bytes(64));
    let stay = thin(&stage, objects, bytes(64), 512);
    stage.heap().reclaim();
    let verdict = verdict(&stage);
    assert_eq!(verdict.cause, Cause::Fragmentation);
    // Each 512th of objects of 64 bytes: two in a page, but at the ends, where a page has something else, too.
    let pins = &verdict.pins;
    assert!((120..=128).contains(&pins.objects), "{}", pins.objects);
    assert_eq!(pins.object_bytes, pins.objects * 64);
    assert!((60..=66).contains(&pins.pages), "{}", pins.pages);
    let group = (pins.groups.len(), u64::from(pins.groups[0].objects), pins.groups[0].cache.as_str());
    assert_eq!(group, (1, pins.objects, "64 B"));
    assert!(pins.free_bytes > 3 * MIB as u64);
    let words = format!(
        "is free but scattered: {} objects ({:.2} KiB) in {} pages",
        pins.objects,
        pins.objects as f64 / 16.0,
        pins.pages
    );
    assert!(verdict.sentence.contains(&words.replace(".00", "")), "{words}: {}", verdict.sentence);
    let addresses: Vec<u32> = stay.iter().map(|&at| support::address(stage.heap(), at)).collect();
    let listed: Vec<u32> = pins.list.iter().flat_map(|page| &page.objects).map(|object| object.address).collect();
    assert_eq!(listed.len() as u64, pins.objects, "all of them are listed");
    assert!(listed.iter().all(|at| addresses.contains(at)));
    let pages: Vec<u32> = pins.list.iter().map(|page| page.start >> 16).collect();
    assert!(addresses.iter().all(|at| listed.contains(at) || !pages.contains(&(at >> 16))));
    assert!(pins.list.iter().all(|page| page.objects.iter().all(|object| object.address >> 16 == page.start >> 16)));
    assert!(evidence(&verdict, Cause::Fragmentation, "would be free in").address.is_some());
    give(&stage, stay, bytes(64));
}

#[test]
fn long_lived_segments_between_short_lived_ones() {
    let stage = Stage::new(256);
    let (big, small) = (bytes(100_000), bytes(3000));
    let (mut going, mut staying) = (Vec::new(), Vec::new());
    for _ in 0..100 {
        going.push(stage.alloc(big));
        staying.push(stage.alloc(small));
    }
    give(&stage, going, big);
    let verdict = verdict(&stage);
    assert_eq!(verdict.cause, Cause::Fragmentation);
    assert!(verdict.pins.pages > 20, "{}", verdict.pins.pages);
    assert!(verdict.pins.groups.iter().any(|group| group.objects > 20), "{:?}", verdict.pins.groups);
    give(&stage, staying, small);
}

#[test]
fn slabs_that_are_half_used() {
    let stage = Stage::new(128);
    let objects = take(&stage, 40_000, bytes(64));
    let stay = thin(&stage, objects, bytes(64), 4);
    let verdict = verdict(&stage);
    assert_eq!((verdict.cause, verdict.second), (Cause::Fragmentation, None));
    assert_eq!(verdict.pins.pages, 0, "256 objects a page are no few");
    assert!(verdict.sentence.contains("slabs that are partly used"), "{}", verdict.sentence);
    give(&stage, stay, bytes(64));
}

#[test]
fn objects_that_a_zone_keeps_ready() {
    let stage = Stage::new(64);
    let cache = Cache::new(stage.heap(), layout(256, 8), Options::zone("voices", 8000), Bare).unwrap();
    let verdict = verdict(&stage);
    assert_eq!((verdict.cause, verdict.second), (Cause::Hoarding, None));
    assert!(
        verdict.sentence.contains("is free and kept ready by the heap: 1.95 MiB in magazines"),
        "{}",
        verdict.sentence
    );
    assert!(cache.destroy().is_ok());
}

#[test]
fn slabs_that_a_cache_keeps_empty() {
    let stage = Stage::new(64);
    let options = Options { keep: 8000, magazines: false, ..Options::new("kept") };
    let cache = Cache::new(stage.heap(), layout(256, 8), options, Bare).unwrap();
    let verdict = verdict(&stage);
    assert_eq!(verdict.cause, Cause::Hoarding);
    assert!(verdict.sentence.contains("in empty slabs"), "{}", verdict.sentence);
    assert!(cache.destroy().is_ok());
}

#[test]
fn memory_that_somebody_else_grew() {
    let stage = Stage::new(256);
    let objects = take(&stage, 100, bytes(1000));
    stage.source().grow_for_others(100);
    let more = take(&stage, 100, bytes(10_000));
    let verdict = verdict(&stage);
    assert_eq!((verdict.cause, verdict.second), (Cause::Foreign, None));
    assert!(verdict.sentence.contains("is not this heap's"), "{}", verdict.sentence);
    assert!(evidence(&verdict, Cause::Foreign, "Spans of the heap: 2").address.is_some());
    give(&stage, objects, bytes(1000));
    give(&stage, more, bytes(10_000));
}

#[test]
fn static_data_and_the_stack() {
    let stage = Stage::new(64);
    let objects = take(&stage, 10, bytes(100));
    let mut survey = survey(&stage);
    let base = survey.segments[0].start;
    // As in a module whose first addresses are its stack, and data above it.
    let layout = &mut survey.layout;
    (layout.heap_base, layout.stack_low, layout.stack_high) = (base, 0, base / 4);
    let verdict = told(&stage, &survey, None);
    let of = |cause| verdict.findings.iter().find(|finding| finding.cause == cause).map_or(0, |finding| finding.bytes);
    assert_eq!(of(Cause::Stack), u64::from(base / 4));
    assert!(of(Cause::StaticData) > u64::from(base) / 2, "{verdict:#?}");
    give(&stage, objects, bytes(100));
}

#[test]
fn what_is_held_and_what_a_peak_left() {
    let stage = Stage::new(256);
    let held = take(&stage, 60, bytes(100_000));
    let passing = take(&stage, 50, bytes(100_000));
    give(&stage, passing, bytes(100_000));
    let verdict = verdict(&stage);
    assert_eq!((verdict.cause, verdict.second), (Cause::Live, Some(Cause::Peak)));
    let (first, second) = verdict.sentence.split_once("; ").expect("two causes");
    assert!(
        first.contains("is held by the program") && second.contains(" is free in ") && second.contains(" at a peak "),
        "{}",
        verdict.sentence
    );
    give(&stage, held, bytes(100_000));
}

#[test]
fn what_somebody_else_has_beside_scattered_free_memory() {
    let stage = Stage::new(256);
    let objects = take(&stage, 65_536, bytes(64));
    stage.source().grow_for_others(50);
    let stay = thin(&stage, objects, bytes(64), 512);
    let verdict = verdict(&stage);
    assert_eq!((verdict.cause, verdict.second), (Cause::Fragmentation, Some(Cause::Foreign)));
    give(&stage, stay, bytes(64));
}

#[test]
fn a_real_program_that_trapped_in_a_runtime() {
    // See `fixtures/README.md`: 100 boxes, a vector of 20,000 bytes, a stack of 1 MiB as linkers give it.
    let dump = Dump::open(include_bytes!("fixtures/wasmtime-48.wasm").as_slice(), None).unwrap();
    let survey = Survey::take(&dump, dump.root()).unwrap();
    let verdict = Verdict::of(&survey, None, None);
    assert_eq!((verdict.cause, verdict.second), (Cause::Stack, None));
    assert_eq!(finding(&verdict, Cause::Stack).bytes, 1 << 20);
    assert!(verdict.advice.contains("-zstack-size"), "{}", verdict.advice);
    assert!(finding(&verdict, Cause::Live).bytes >= 100 * 48 + 20_000);
    assert_eq!(verdict.findings.iter().map(|finding| finding.bytes).sum::<u64>(), survey.memory_len);
}

#[test]
fn a_heap_that_was_never_asked() {
    let stage = Stage::new(4);
    let mut survey = survey(&stage);
    survey.begun = false;
    let verdict = told(&stage, &survey, None);
    assert!(verdict.sentence.starts_with("The program has not asked for any memory yet. "), "{}", verdict.sentence);
}

#[test]
#[cfg(feature = "audit")]
fn what_diagnosis_takes() {
    let stage = Stage::new(128);
    let auditor = flagstone::audit::Auditor::new(stage.heap());
    auditor.set_quarantine(4 << 20, 0);
    auditor.configure("audit=poison").unwrap();
    let freed = take(&stage, 30, bytes(100_000));
    give(&stage, freed, bytes(100_000));
    let verdict = verdict(&stage);
    assert_eq!(verdict.cause, Cause::Hoarding);
    assert!(verdict.sentence.contains("in the quarantine of diagnosis"), "{}", verdict.sentence);
    assert!(verdict.advice.contains("quarantine"), "{}", verdict.advice);
    assert_eq!(evidence(&verdict, Cause::Hoarding, "quarantine").view, "faults");
    auditor.configure("audit=off;quarantine=0").unwrap();
    // Each call on record: more records than objects.
    auditor.configure("audit=sites").unwrap();
    let held = take(&stage, 60_000, bytes(8));
    let verdict = verdict_of_records(&stage);
    assert!(verdict.advice.contains("records of diagnosis"), "{}", verdict.advice);
    give(&stage, held, bytes(8));
}

#[cfg(feature = "audit")]
fn verdict_of_records(stage: &Stage) -> Finding {
    finding(&verdict(stage), Cause::Records).clone()
}

#[test]
fn pinned_pages_on_the_map() {
    let stage = Stage::new(128);
    let objects = take(&stage, 65_536, bytes(64));
    let stay = thin(&stage, objects, bytes(64), 512);
    stage.heap().reclaim();
    let (survey, granule) = (survey(&stage), 256);
    let layer = MapLayer::of(&survey, None, LayerKind::Pins, granule).unwrap();
    let pins = verdict(&stage).pins;
    let pages: Vec<u32> = pins.list.iter().map(|page| page.start >> 16).collect();
    assert_eq!(layer.values.len(), (survey.memory_len / 256) as usize);
    let addresses: Vec<u32> = stay.iter().map(|&at| support::address(stage.heap(), at)).collect();
    for (cell, &value) in (0_u32..).zip(&layer.values) {
        let is_pinned = pages.contains(&((cell * granule) >> 16));
        let has_object = addresses.iter().any(|at| at / granule == cell);
        assert_eq!(
            value,
            if !is_pinned {
                0
            } else if has_object {
                255
            } else {
                128
            },
            "cell {cell}"
        );
    }
    assert_eq!(layer.values.iter().filter(|&&value| value == 128 || value == 255).count() as u32, pins.pages * 256);
    for granule in [0, 3, 64, 1 << 31] {
        assert!(MapLayer::of(&survey, None, LayerKind::Pins, granule).unwrap_err().contains(&granule.to_string()));
    }
    assert!(LayerKind::of("colour").unwrap_err().contains("\"colour\""));
    give(&stage, stay, bytes(64));
}

#[test]
#[cfg(feature = "audit")]
fn ages_and_sites_on_the_map() {
    let stage = Stage::new(64);
    let auditor = flagstone::audit::Auditor::new(stage.heap());
    auditor.configure("audit=sites").unwrap();
    let old = {
        let _tag = auditor.tag("old");
        take(&stage, 1, bytes(4096))[0]
    };
    let between = take(&stage, 5000, bytes(16));
    let new = {
        let _tag = auditor.tag("new");
        take(&stage, 1, bytes(8192))[0]
    };
    let survey = survey(&stage);
    let audit = AuditInfo::read(&stage.image(), &survey).unwrap().unwrap();
    let of = |kind, at: *mut u8| {
        let layer = MapLayer::of(&survey, Some(&audit), kind, 1024).unwrap();
        // Where nothing else lies.
        let value = layer.values[((support::address(stage.heap(), at) + 2048) >> 10) as usize];
        (value, layer)
    };
    let (oldest, layer) = of(LayerKind::Age, old);
    assert!(oldest == 255 && (5000..5010).contains(&layer.oldest), "{oldest}, {}", layer.oldest);
    assert!((1..40).contains(&of(LayerKind::Age, new).0));
    assert_eq!(layer.values[0], 0, "nothing is on record there");
    let (place, layer) = of(LayerKind::Site, new);
    let site = audit.watch_at(support::address(stage.heap(), new)).unwrap().alloc_site;
    assert_eq!(layer.sites[usize::from(place) - 1], site);
    let others = of(LayerKind::Site, old).0;
    assert!(others != place && others != 0);
    give(&stage, between, bytes(16));
    give(&stage, [old], bytes(4096));
    give(&stage, [new], bytes(8192));
}

/// The same by a count of each byte: pages, bytes that are free in them, objects, bytes of those.
fn counted(survey: &Survey) -> (u32, u64, u64, u64) {
    const PAGE: usize = 1 << 16;
    /// What a byte is: free, or of the object with the number less 2; all that is left is nobody's to free.
    const FREE: u32 = 1;
    const RECORD: u32 = u32::MAX;
    let mut bytes = vec![0_u32; survey.memory_len as usize];
    let mut objects = FREE;
    let mut put = |start: u32, len: u32, what: u32| bytes[start as usize..(start + len) as usize].fill(what);
    for segment in &survey.segments {
        let what = match segment.kind {
            Kind::Free | Kind::Parked | Kind::Slab(Some(_)) => FREE,
            Kind::Metadata => RECORD,
            Kind::Large => {
                objects += 1;
                objects
            }
            kind => panic!("{kind:?}"),
        };
        put(segment.start, segment.len, what);
        if let Kind::Slab(Some(slab)) = segment.kind {
            let slab = &survey.slabs[slab];
            for object in (0..slab.objects).filter(|object| (slab.free | slab.parked) >> object & 1 == 0) {
                objects += 1;
                put(slab.start + object * slab.size, slab.size, objects);
            }
        }
    }
    let mut sum = (0, 0, 0, 0);
    for page in bytes.chunks(PAGE) {
        let free = page.iter().filter(|&&what| what == FREE).count() as u64;
        let held = |what: u32| what > FREE && what != RECORD;
        let mut here: Vec<u32> = page.iter().copied().filter(|&what| held(what)).collect();
        let live = here.len() as u64;
        here.dedup();
        if !page.contains(&0) && (1..=16).contains(&here.len()) && free >= PAGE as u64 / 4 * 3 {
            sum = (sum.0 + 1, sum.1 + free, sum.2 + here.len() as u64, sum.3 + live);
        }
    }
    sum
}

#[test]
fn pins_of_random_heaps_are_those_counted_byte_by_byte() {
    let mut pinned = 0;
    for seed in 1..=40 {
        let mut rng = Rng::new(seed);
        let stage = Stage::new(96);
        let mut held: Vec<(*mut u8, Layout)> = Vec::new();
        for _ in 0..rng.below(4000) + 500 {
            let size = [16, 48, 96, 400, 1000, 3000, 5000, 20_000, 90_000][rng.below(9) as usize];
            let at = stage.alloc(bytes(size));
            if !at.is_null() {
                held.push((at, bytes(size)));
            }
        }
        let kept = [8, 20, 60, 200][rng.below(4) as usize];
        let (stay, go): (Vec<_>, Vec<_>) = held.into_iter().partition(|_| rng.below(kept) == 0);
        go.into_iter().for_each(|(at, layout)| support::free(stage.heap(), at, layout));
        let survey = survey(&stage);
        let pins = told(&stage, &survey, None).pins;
        assert_eq!((pins.pages, pins.free_bytes, pins.objects, pins.object_bytes), counted(&survey), "seed {seed}");
        pinned += pins.pages;
        stay.into_iter().for_each(|(at, layout)| support::free(stage.heap(), at, layout));
    }
    assert!(pinned > 100, "{pinned}");
}
