//! Claim: whatever numbers a call is given, an arena answers, stays whole, and keeps what it refuses to change; and a constrained
//! request finds the lowest place of a segment, up to the greatest number there is.
#![forbid(unsafe_code)]

use flagstone::vmem::{Arena, Constraints, Error, Fit, Options, Slot, Storage};

#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "support/rng.rs"]
mod rng;
use rng::Rng;

/// A number from anywhere, edges often.
fn any(rng: &mut Rng) -> u32 {
    let bits = rng.bits() as u32;
    match rng.below(6) {
        0 => [0, 1, 2, 15, 16, 17, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_fff0, u32::MAX - 1, u32::MAX]
            [rng.below(12) as usize],
        1 => 1 << rng.below(32),
        2 => (1_u32 << rng.below(32)).wrapping_sub(1),
        3 => bits & 0xff,
        4 => !(bits & 0xff),
        _ => bits >> rng.below(32),
    }
}

#[test]
fn any_numbers_are_answered_and_leave_the_arena_whole() {
    let steps = if cfg!(miri) { 200 } else { 12_000 };
    for seed in 0..12 {
        let mut rng = Rng::new(seed);
        let mut slots = vec![Slot::EMPTY; 3000];
        let quantum = 1 << (seed % 4 * 10);
        let quantum_caches = [0, 4_u32, 16][seed as usize % 3].saturating_mul(quantum);
        let options = Options { quantum, quantum_caches, ..Options::new("any") };
        let Ok(arena) = Arena::new(Storage::new(&mut slots), options) else {
            assert!(u64::from(quantum_caches) * 4 >= 1 << 32, "only what does not fit is refused");
            continue;
        };
        let mut live: Vec<(u32, u32)> = Vec::new();
        for step in 0..steps {
            let numbers: [u32; 6] = std::array::from_fn(|_| any(&mut rng));
            let [first, second, align, phase, min, max] = numbers;
            let before = (step % 16 == 0).then(|| arena.dump().to_string());
            let refused = match rng.below(8) {
                0 => arena.add(first, second).err(),
                1 => match arena.alloc(first) {
                    Ok(at) => {
                        live.push((at, first));
                        None
                    }
                    Err(error) => Some(error),
                },
                2 | 3 => {
                    let fit = [None, Some(Fit::Instant), Some(Fit::Best), Some(Fit::Next)][rng.below(4) as usize];
                    let nocross = if rng.below(2) == 0 { 0 } else { any(&mut rng) };
                    let wish = Constraints { align, phase, nocross, min, max, fit };
                    match arena.alloc_constrained(second, &wish) {
                        Ok(at) => {
                            let end = u64::from(at) + u64::from(second);
                            assert!(
                                at >= min && end - 1 <= u64::from(max) && end <= 1 << 32,
                                "seed {seed}, step {step}"
                            );
                            live.push((at, second));
                            None
                        }
                        Err(error) => Some(error),
                    }
                }
                4 => arena.free(first, second).err(),
                5 => arena.extend(first, second, align).err().or_else(|| arena.shrink(first, second, phase).err()),
                6 if !live.is_empty() => {
                    let (at, len) = live.swap_remove(rng.below(live.len() as u32) as usize);
                    // A hostile free may have met it before.
                    arena.free(at, len).err()
                }
                _ => {
                    if rng.below(300) == 0 {
                        assert_eq!(arena.free_all(), Ok(()));
                        live.clear();
                    }
                    None
                }
            };
            if let Some(error) = refused {
                assert!(!error.to_string().is_empty());
                // What was idle in quantum caches may have gone back.
                if let Some(before) = before.filter(|_| quantum_caches == 0) {
                    assert_eq!(arena.dump().to_string(), before, "seed {seed}, step {step}: {error}");
                }
            }
            let _ = arena.whatis(first);
            assert_eq!(arena.check(), Ok(()), "seed {seed}, step {step}: {numbers:x?}");
        }
    }
}

#[test]
fn each_refusal_names_what_is_wrong() {
    let mut slots = [Slot::EMPTY; 200];
    let arena = Arena::new(Storage::new(&mut slots), Options { quantum: 16, ..Options::new("named") }).unwrap();
    arena.add(0x1000, 0x1000).unwrap();
    let held = arena.alloc(0x20).unwrap();
    let wish = |align, phase, nocross, min, max| Constraints { align, phase, nocross, min, max, fit: None };
    let cases = [
        (arena.alloc(0), Error::ZeroLength, "zero"),
        (arena.alloc(u32::MAX), Error::TooLong(u32::MAX), "4294967295"),
        (arena.alloc(0x2000), Error::Exhausted { len: 0x2000 }, "8192"),
        (arena.alloc_constrained(16, &wish(48, 0, 0, 0, u32::MAX)), Error::BadAlign(48), "48"),
        (arena.alloc_constrained(16, &wish(64, 64, 0, 0, u32::MAX)), Error::BadPhase(64), "64"),
        (arena.alloc_constrained(16, &wish(64, 8, 0, 0, u32::MAX)), Error::BadPhase(8), "8"),
        (arena.alloc_constrained(16, &wish(0, 0, 24, 0, u32::MAX)), Error::BadNoCross(24), "24"),
        (arena.alloc_constrained(16, &wish(0, 0, 8, 0, u32::MAX)), Error::BadNoCross(8), "8"),
        (arena.alloc_constrained(33, &wish(0, 0, 32, 0, u32::MAX)), Error::BadNoCross(32), "32"),
        (arena.alloc_constrained(32, &wish(64, 48, 64, 0, u32::MAX)), Error::BadNoCross(64), "64"),
        (arena.alloc_constrained(16, &wish(0, 0, 0, 9, 8)), Error::BadWindow { min: 9, max: 8 }, "0x9"),
        (arena.add(0x10, 0).map(|()| 0), Error::BadSpan { start: 0x10, len: 0 }, "0x10"),
        (arena.add(0xffff_fff0, 0x20).map(|()| 0), Error::BadSpan { start: 0xffff_fff0, len: 0x20 }, "0xfffffff0"),
        (arena.add(0x18, 0x10).map(|()| 0), Error::BadSpan { start: 0x18, len: 0x10 }, "0x18"),
        (arena.add(0xff0, 0x20).map(|()| 0), Error::Overlap { start: 0x1000, len: 0x1000 }, "0x1000"),
        (arena.free(held + 16, 16).map(|()| 0), Error::NotHeld(held + 16), "0x1010"),
        (
            arena.free(held, 0x10).map(|()| 0),
            Error::WrongLength { start: held, len: 0x10, held: 0x20 },
            "32 long, not 16",
        ),
        (arena.free(held, 0).map(|()| 0), Error::ZeroLength, "zero"),
        (arena.extend(held, 0x20, 0x1010).map(|()| 0), Error::NoRoom { start: held, len: 0x1010 }, "4112"),
        (arena.extend(held, 0x20, u32::MAX).map(|()| 0), Error::TooLong(u32::MAX), "4294967295"),
        (arena.shrink(held, 0x20, 0x30).map(|()| 0), Error::NoRoom { start: held, len: 0x30 }, "48"),
    ];
    for (answer, error, part) in cases {
        assert_eq!(answer, Err(error));
        assert!(error.to_string().contains(part), "{error}");
    }
    let (arena, error) = arena.destroy().unwrap_err();
    assert_eq!((error, error.to_string()), (Error::Busy { segments: 1 }, "1 segments are still held".to_owned()));
    drop(arena);
    let mut refused = |options| Arena::new(Storage::new(&mut slots), options).err();
    for quantum in [0, 3, u32::MAX] {
        assert_eq!(refused(Options { quantum, ..Options::new("") }), Some(Error::BadQuantum(quantum)));
    }
    for (quantum, quantum_caches) in [(16, 8), (16, 272), (1 << 30, 1 << 30)] {
        let options = Options { quantum, quantum_caches, ..Options::new("") };
        assert_eq!(refused(options), Some(Error::BadQuantumCaches(quantum_caches)));
    }
    assert_eq!(refused(Options { import_factor: 0, ..Options::new("") }), Some(Error::BadImportFactor(0)));
}

#[test]
fn the_lowest_place_is_found_wherever_the_segment_lies() {
    let quantum = 4;
    let origins: [u32; 4] = [0, 0x7fff_ff80, 0xffff_ff00, 0xffff_ff80];
    let mut tried = 0_u32;
    for origin in origins {
        for (skip, len) in [(0, 0x80), (4, 0x7c), (12, 0x40), (20, 0x1c), (0x78, 8)] {
            for want in [4, 8, 12, 32, 60] {
                for align in [4, 8, 16, 64, 128, 0x1000] {
                    for phase in [0, 4, 12, 56].into_iter().filter(|phase| *phase < align) {
                        for nocross in [0, 8, 16, 64, 256] {
                            for (low, high) in [(0, 0x1000), (16, 0x1000), (0, 60), (21, 99)] {
                                let (min, max) = (origin.saturating_add(low), origin.saturating_add(high));
                                let wish = Constraints { align, phase, nocross, min, max, fit: Some(Fit::Best) };
                                let mut slots = [Slot::EMPTY; 40];
                                let arena =
                                    Arena::new(Storage::new(&mut slots), Options { quantum, ..Options::new("") })
                                        .unwrap();
                                arena.add(origin + skip, len).unwrap();
                                let start = u64::from(origin + skip);
                                let right = (start..start + u64::from(len)).step_by(4).find(|&at| {
                                    let last = at + u64::from(want) - 1;
                                    at % u64::from(align) == u64::from(phase)
                                        && last < start + u64::from(len)
                                        && at >= u64::from(min)
                                        && last <= u64::from(max)
                                        && (nocross == 0 || at / u64::from(nocross) == last / u64::from(nocross))
                                });
                                let found = arena.alloc_constrained(want, &wish);
                                if !matches!(found, Err(Error::BadNoCross(_))) {
                                    assert_eq!(
                                        found.ok().map(u64::from),
                                        right,
                                        "{want} of {len} at {start:#x}, {wish:?}"
                                    );
                                    tried += 1;
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(tried > 10_000, "{tried} requests were in order");
}
