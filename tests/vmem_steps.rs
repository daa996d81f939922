//! Claim: after every step of a random program an arena is whole and holds just what an independent model of it holds; it refuses
//! only what no free place would serve, and best fit takes the shortest free run that has one.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use flagstone::vmem::{Arena, Constraints, Error, Fit, Kind, Measure, Options, Slot, Storage};

#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "support/rng.rs"]
mod rng;
use rng::Rng;

/// The units of each span's start and length; out of order, some adjoining, one at the top.
const SPANS: [(u64, u64); 5] = [(3000, 900), (100, 200), (2000, 1), (300, 400), (4000, 700)];

/// What should be the case.
struct Model {
    quantum: u64,
    /// First and one past the last number of each span.
    spans: Vec<(u64, u64)>,
    /// First and one past the last number of what is held.
    held: BTreeMap<u64, u64>,
}

impl Model {
    /// The runs that nobody holds, each in one span.
    fn free_runs(&self) -> Vec<(u64, u64)> {
        let mut runs = Vec::new();
        for &(start, end) in &self.spans {
            let mut cursor = start;
            for (&from, &to) in self.held.range(start..end) {
                if cursor < from {
                    runs.push((cursor, from));
                }
                cursor = to;
            }
            if cursor < end {
                runs.push((cursor, end));
            }
        }
        runs
    }

    /// The lowest place in a run, by trying one quantum after the other.
    fn place(&self, (start, end): (u64, u64), len: u64, wish: &Constraints) -> Option<u64> {
        let (align, phase) = (u64::from(wish.align).max(self.quantum), u64::from(wish.phase));
        let mut at = start;
        while at + len <= end {
            let last = at + len - 1;
            let crosses = wish.nocross != 0 && at / u64::from(wish.nocross) != last / u64::from(wish.nocross);
            if at % align == phase && !crosses && at >= u64::from(wish.min) && last <= u64::from(wish.max) {
                return Some(at);
            }
            at += self.quantum;
        }
        None
    }

    /// Whether the request itself is in order.
    fn refusal(&self, len: u64, wish: &Constraints) -> bool {
        let rounded = len.next_multiple_of(self.quantum);
        let align = u64::from(wish.align).max(self.quantum);
        let (phase, nocross) = (u64::from(wish.phase), u64::from(wish.nocross));
        phase >= align
            || phase % self.quantum != 0
            || wish.min > wish.max
            || (nocross != 0 && (nocross < self.quantum || phase % nocross + rounded > nocross))
    }
}

/// A request as T-15 of the classic makes it, in units of the quantum.
fn random_wish(rng: &mut Rng, quantum: u32) -> Constraints {
    let scaled = |units: u32| units.saturating_mul(quantum);
    let fit = [None, Some(Fit::Instant), Some(Fit::Best), Some(Fit::Next)][rng.below(4) as usize];
    if rng.below(100) <= 70 {
        return Constraints { fit, ..Constraints::NONE };
    }
    let align = scaled(1 << rng.below(10));
    let phase = if rng.below(2) == 0 { 0 } else { scaled(rng.below(600)) };
    let nocross = if rng.below(2) == 0 { 0 } else { scaled(1 << rng.below(12)) };
    let (min, max) = if rng.below(2) == 0 { (0, u32::MAX) } else { (scaled(rng.below(4000)), scaled(rng.below(6000))) };
    Constraints { align, phase, nocross, min, max, fit }
}

/// The numbers of free objects that are in their slabs, not in magazines.
fn idle_in_slabs(arena: &Arena<'_, Storage<'_>>) -> u64 {
    let mut idle = 0;
    arena.walk(|segment| {
        if let Kind::Slab { quanta, free } = segment.kind {
            idle += u64::from(free.count_ones()) * u64::from(quanta * arena.quantum());
        }
    });
    idle
}

fn run(seed: u64, quantum: u32, fit: Fit, caches: u32, steps: u32) {
    let mut slots = vec![Slot::EMPTY; 6000];
    let options = Options { quantum, fit, quantum_caches: caches * quantum, ..Options::new("steps") };
    let arena = Arena::new(Storage::new(&mut slots), options).unwrap();
    let mut model = Model { quantum: u64::from(quantum), spans: Vec::new(), held: BTreeMap::new() };
    let top = (1 << 32) / model.quantum;
    for (start, len) in SPANS.into_iter().chain((quantum <= 16).then(|| (top - 300, 300))) {
        let (start, len) = (start * model.quantum, len * model.quantum);
        assert_eq!(arena.add(start as u32, len as u32), Ok(()));
        model.spans.push((start, start + len));
    }
    let mut rng = Rng::new(seed);
    let mut live: Vec<(u32, u32)> = Vec::new();
    for step in 0..steps {
        let label = format!("seed {seed}, quantum {quantum}, {fit:?}, caches {caches}, step {step}");
        match rng.below(100) {
            // Fuller and emptier in turn.
            roll if roll < 46 + 10 * (step / 1000 % 2) => {
                let units = 1 + if rng.below(3) == 0 { rng.below(60) } else { rng.below(16) };
                let len = (units * quantum - rng.below(quantum)).max(1);
                let wish = random_wish(&mut rng, quantum);
                let plain = wish == Constraints::NONE;
                let taken = if plain { arena.alloc(len) } else { arena.alloc_constrained(len, &wish) };
                let rounded = u64::from(units) * model.quantum;
                let best = model
                    .free_runs()
                    .into_iter()
                    .filter_map(|run| Some((run.1 - run.0, model.place(run, rounded, &wish)?)));
                match taken {
                    Ok(start) => {
                        assert!(!model.refusal(u64::from(len), &wish), "{label}: {wish:?}");
                        let (from, to) = (u64::from(start), u64::from(start) + rounded);
                        let run = model.free_runs().into_iter().find(|run| run.0 <= from && to <= run.1);
                        assert!(run.is_some(), "{label}: {from:#x} is not free");
                        assert_eq!(model.place((from, to), rounded, &wish), Some(from), "{label}: {wish:?}");
                        if caches == 0 && wish.fit.unwrap_or(fit) == Fit::Best {
                            let (run_len, at) = best.min().unwrap();
                            assert_eq!((run.map(|run| run.1 - run.0), from), (Some(run_len), at), "{label}");
                        }
                        model.held.insert(from, to);
                        live.push((start, len));
                    }
                    Err(Error::Exhausted { .. }) => {
                        assert!(!model.refusal(u64::from(len), &wish), "{label}: {wish:?}");
                        // What quantum caches kept idle went back before the refusal.
                        let mut free = Vec::new();
                        arena.walk(|segment| {
                            if segment.kind == Kind::Free {
                                free.push((
                                    u64::from(segment.start),
                                    u64::from(segment.start) + u64::from(segment.len),
                                ));
                            }
                        });
                        let place = free.into_iter().find_map(|run| model.place(run, rounded, &wish));
                        assert_eq!(place, None, "{label}: {wish:?} has a place");
                        if caches == 0 {
                            assert_eq!(best.min(), None, "{label}: {wish:?} has a place");
                        } else {
                            assert_eq!(arena.usage().cached, idle_in_slabs(&arena), "{label}: magazines are not empty");
                        }
                    }
                    Err(error) => assert!(model.refusal(u64::from(len), &wish), "{label}: {error} for {wish:?}"),
                }
            }
            roll if roll < 92 => {
                if !live.is_empty() {
                    let (start, len) = live.swap_remove(rng.below(live.len() as u32) as usize);
                    let wrong = arena.free(start, len.saturating_add(17 * quantum));
                    assert!(wrong.is_err(), "{label}");
                    assert_eq!(arena.free(start, len), Ok(()), "{label}");
                    assert_eq!(arena.free(start, len), Err(Error::NotHeld(start)), "{label}");
                    model.held.remove(&u64::from(start));
                }
            }
            roll if roll < 99 => {
                if !live.is_empty() {
                    let index = rng.below(live.len() as u32) as usize;
                    let (start, len) = live[index];
                    let new = 1 + rng.below(40 * quantum);
                    let (from, old) = (u64::from(start), u64::from(len).next_multiple_of(model.quantum));
                    let rounded = u64::from(new).next_multiple_of(model.quantum);
                    let slab = arena.whatis(start).is_some_and(|segment| matches!(segment.kind, Kind::Slab { .. }));
                    let done =
                        if rounded <= old { arena.shrink(start, len, new) } else { arena.extend(start, len, new) };
                    let mut without = model.held.clone();
                    without.remove(&from);
                    let runs = Model { held: without, spans: model.spans.clone(), ..model }.free_runs();
                    let room = runs.into_iter().any(|run| run.0 <= from && from + rounded <= run.1);
                    if !slab && caches == 0 {
                        assert_eq!(done.is_ok(), room, "{label}");
                    }
                    match done {
                        Ok(()) => {
                            model.held.insert(from, from + rounded);
                            live[index] = (start, new);
                        }
                        Err(error) => assert_eq!(error, Error::NoRoom { start, len: new }, "{label}"),
                    }
                }
            }
            _ => {
                if rng.below(20) == 0 {
                    assert_eq!(arena.free_all(), Ok(()));
                    model.held.clear();
                    live.clear();
                }
            }
        }
        assert_eq!(arena.check(), Ok(()), "{label}");
        if caches == 0 {
            let mut held = Vec::new();
            arena.walk(|segment| {
                if segment.kind == Kind::Held {
                    held.push((u64::from(segment.start), u64::from(segment.start) + u64::from(segment.len)));
                }
            });
            held.sort_unstable();
            assert!(held.into_iter().eq(model.held.iter().map(|(&from, &to)| (from, to))), "{label}");
            let in_use: u64 = model.held.iter().map(|(from, to)| to - from).sum();
            assert_eq!(arena.size(Measure::InUse), in_use, "{label}");
        }
    }
    for (start, len) in live {
        assert_eq!(arena.free(start, len), Ok(()));
    }
    assert!(arena.destroy().is_ok());
}

/// All configurations, for so many steps each.
fn run_all(steps: u32) {
    for (index, quantum) in [1, 16, 4096, 65_536].into_iter().enumerate() {
        for fit in [Fit::Instant, Fit::Best, Fit::Next] {
            for caches in [0, 8, 16] {
                run(index as u64 + 7, quantum, fit, caches, steps);
            }
        }
    }
}

#[test]
fn random_programs_agree_with_the_model_at_every_step() {
    run_all(if cfg!(miri) { 60 } else { 4000 });
}

/// For `cargo test --release --test vmem_steps -- --ignored`; takes some minutes.
#[test]
#[ignore = "takes minutes"]
fn a_million_steps_of_each_configuration_agree_with_the_model() {
    run_all(1_000_000);
}
