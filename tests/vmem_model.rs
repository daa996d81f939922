//! Claim: random programs on an arena and on an independent model of one agree after every step, with any fit, quantum, quantum
//! caches and imports: what is held, what is free, which errors, where a request is placed, and what the source is asked.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicUsize, Ordering};

use flagstone::vmem::{Arena, Constraints, Error, Fit, Measure, Options, Slot, Span, Storage};

#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "support/rng.rs"]
mod rng;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "support/vmem.rs"]
mod vmem;

use rng::Rng;
use vmem::{Answer, Bank, Model, Run};

/// The spans of the classic's test in quanta, in its order, the long ones shorter; the last ends at the greatest number.
const SPANS: [Run; 7] =
    [(0, 50), (100, 200), (2000, 1), (40_000, 22_000), (10_000, 10_000), (500, 1000), (0xff00, 0x100)];

/// What an arena is like.
#[derive(Clone, Copy, Debug)]
struct Setup {
    quantum: u32,
    fit: Fit,
    caches: u32,
    factor: u32,
}

/// A random program, and what it runs on.
struct Program<'a> {
    setup: Setup,
    arena: Arena<'a, Storage<'a>>,
    bank: &'a Bank,
    model: Model,
    rng: Rng,
    /// What callers hold, with the length they asked for.
    live: Vec<(u32, u32)>,
    /// What was taken last, for next fit; nothing where that is not known.
    last: Option<Run>,
    errors: u32,
}

/// The shortest length that a list has in which all are at least `quanta` long: 1, 2, 3, 4, 6, 8, 12, 16...
fn list_above(quanta: u64) -> u64 {
    (0..32).flat_map(|power| [1 << power, (3 << power) / 2]).find(|shortest| *shortest >= quanta).unwrap_or(u64::MAX)
}

impl Program<'_> {
    /// A request as T-15 of the classic makes it, in quanta or in units.
    fn wish(&mut self) -> Constraints {
        let (rng, quantum) = (&mut self.rng, self.setup.quantum);
        let fit = [None, None, None, Some(Fit::Instant), Some(Fit::Best), Some(Fit::Next)][rng.below(6) as usize];
        if rng.below(100) <= 70 {
            return Constraints { fit, ..Constraints::NONE };
        }
        let scale = if rng.below(8) == 0 { 1 } else { quantum };
        let mut number = |limit: u32| rng.below(limit).saturating_mul(scale);
        let (phase, min, max) = (number(65_536), number(50_000), number(70_000));
        let mut power = || 1_u32.checked_shl(rng.below(15)).unwrap_or(1).saturating_mul(scale);
        let (align, nocross) = (power(), power());
        // Half of the phases would be too large, as in the classic, which puts zero there.
        let phase = if phase >= align && rng.below(8) != 0 { 0 } else { phase };
        let nocross = if rng.below(3) == 0 { nocross } else { 0 };
        let (min, max) = if rng.below(3) == 0 { (0, u32::MAX) } else { (min, max) };
        Constraints { align, phase, nocross, min, max, fit }
    }

    /// What the source will answer.
    fn prepare_bank(&mut self) {
        let quantum = self.setup.quantum;
        let answers = std::array::from_fn::<_, 4, _>(|_| {
            let start = (30_000 + 8 * self.rng.below(20_000)).saturating_mul(quantum);
            match self.rng.below(16) {
                0..5 => Answer::Nothing,
                5 => Answer::Wrong(Span { start: start.wrapping_add(self.rng.below(3)), len: self.rng.below(40) }),
                _ => Answer::At(start & !(quantum - 1), self.rng.below(3) * quantum * self.rng.below(100)),
            }
        });
        *self.bank.answers.borrow_mut() = answers.to_vec();
    }

    fn allocate(&mut self) -> Result<(), String> {
        let len =
            ((1 + self.rng.below(500)).saturating_mul(self.setup.quantum)).max(1) - self.rng.below(self.setup.quantum);
        let short = self.rng.below(4) == 0;
        let len = if short { 1 + len % (20 * self.setup.quantum) } else { len };
        let wish = self.wish();
        self.prepare_bank();
        let outstanding = self.bank.out.borrow().len();
        let plain = wish == Constraints::NONE;
        let taken = if plain { self.arena.alloc(len) } else { self.arena.alloc_constrained(len, &wish) };
        let asked = self.bank.lengths();
        let rounded = self.model.rounded(len);
        let context = || format!("alloc {len} {wish:?} is {taken:x?}, asked {asked:?}");
        let faults = self.model.faults(len, &wish);
        if !faults.is_empty() {
            self.errors += 1;
            let right = matches!(taken, Err(error) if faults.contains(&error)) && asked.is_empty();
            return if right { Ok(()) } else { Err(format!("{}: {faults:?}", context())) };
        }
        let cached = plain && rounded <= self.model.cached * self.model.quantum;
        // What was free before, and the choice the fit makes of it.
        let choices: Vec<(Run, u64)> = self.model.places(rounded, &wish).collect();
        let fit = wish.fit.unwrap_or(self.setup.fit);
        let expected = if cached { None } else { self.choice(&choices, rounded, &wish, fit) };
        match taken {
            Ok(start) => {
                let (from, to) = (u64::from(start), u64::from(start) + rounded);
                if self.model.place((from, to), rounded, &wish) != Some(from) {
                    return Err(format!("{}: not as wished", context()));
                }
                let neighbours = self.model.held.range(..to).next_back();
                if neighbours.is_some_and(|(_, end)| *end > from) {
                    return Err(format!("{}: held already", context()));
                }
                if expected.is_some_and(|expected| expected != from) {
                    return Err(format!("{}: another place: {expected:x?}", context()));
                }
                let (run, place) = choices.iter().find(|(run, _)| run.0 <= from && to <= run.1).copied().unzip();
                if !cached && !choices.is_empty() && (run.is_none() || !asked.is_empty()) {
                    return Err(format!("{}: not from what was free", context()));
                }
                if !cached && fit == Fit::Instant && place.is_some_and(|place| place != from) {
                    return Err(format!("{}: not the lowest in its segment", context()));
                }
                if !cached && fit == Fit::Instant && wish == (Constraints { fit: wish.fit, ..Constraints::NONE }) {
                    self.instant(run, rounded).map_err(|text| format!("{}: {text}", context()))?;
                }
                self.model.held.insert(from, to);
                self.live.push((start, len));
                self.last = Some((from, to));
            }
            Err(error) => {
                self.errors += 1;
                if !choices.is_empty() || self.bank.out.borrow().len() > outstanding {
                    return Err(format!("{}: {choices:x?}", context()));
                }
                let exhausted = matches!(error, Error::Exhausted { .. });
                let bad = matches!(error, Error::BadImport { .. }) && !asked.is_empty();
                if !exhausted && !bad {
                    return Err(context());
                }
                self.model.compare(&self.arena)?;
                self.refused(rounded, &wish, cached).map_err(|text| format!("{}: {text}", context()))?;
            }
        }
        let most = if cached { 4 } else { 2 };
        let exact = asked.len() < 2 || u64::from(asked[0]) == u64::from(asked[1]) * u64::from(self.setup.factor);
        if asked.len() > most || !exact || asked.iter().any(|asked| u64::from(*asked) < rounded) {
            return Err(format!("{}: asked for what is not needed", context()));
        }
        Ok(())
    }

    /// After a refusal nothing idle is left that would serve.
    fn refused(&self, rounded: u64, wish: &Constraints, cached: bool) -> Result<(), String> {
        if self.model.places(rounded, wish).next().is_some() {
            return Err(String::from("a free segment would serve"));
        }
        if self.model.idle() != self.arena.usage().cached {
            return Err(String::from("magazines are not empty"));
        }
        let object = self.model.object_quanta(rounded / self.model.quantum);
        if cached && self.model.slabs.iter().any(|(_, quanta, free)| *quanta == object && *free != 0) {
            return Err(String::from("a slab has a free object"));
        }
        Ok(())
    }

    /// Where best fit and next fit place a request, if a free segment serves; nothing where more than one place is right.
    fn choice(&self, choices: &[(Run, u64)], len: u64, wish: &Constraints, fit: Fit) -> Option<u64> {
        match fit {
            Fit::Instant => None,
            Fit::Best => choices.iter().map(|(run, at)| (run.1 - run.0, *at)).min().map(|(_, at)| at),
            Fit::Next => {
                let (start, end) = self.last.filter(|_| (self.setup.caches, self.setup.factor) == (0, 0))?;
                let order = self.segments_behind(start, end)?;
                let behind = Constraints { min: wish.min.max(u32::try_from(end).unwrap_or(u32::MAX)), ..*wish };
                let within = order.last().filter(|run| run.0 < end && end < run.1);
                let first = within.and_then(|run| self.model.place(*run, len, &behind));
                first.or_else(|| order.iter().find_map(|run| self.model.place(*run, len, wish)))
            }
        }
    }

    /// The free segments from the one behind `[start, end)` on, which come round to the one it is in, if it is free.
    fn segments_behind(&self, start: u64, end: u64) -> Option<Vec<Run>> {
        let spans = || self.model.spans.iter();
        let held = self.model.held.get(&start);
        let own = self.model.free.iter().position(|run| run.0 <= start && end <= run.1);
        if held.is_none() && own.is_none() {
            return None;
        }
        let place = spans().position(|span| span.0 <= start && end <= span.1)?;
        let rank = |run: &Run| spans().position(|span| span.0 <= run.0 && run.1 <= span.1).map(|span| (span, run.0));
        let mut order = self.model.free.clone();
        order.sort_by_key(rank);
        let first = order.iter().position(|run| rank(run) > Some((place, start))).unwrap_or(order.len());
        order.rotate_left(first);
        Some(order)
    }

    /// Instant fit takes from the first list in which all are long enough, if there is one.
    fn instant(&self, run: Option<Run>, rounded: u64) -> Result<(), String> {
        let quanta = |run: &Run| (run.1 - run.0) / self.model.quantum;
        let enough = list_above(rounded / self.model.quantum);
        let shortest = self.model.free.iter().map(quanta).filter(|quanta| *quanta >= enough).min();
        let list = |quanta: u64| list_above(quanta + 1);
        match (shortest, run) {
            (Some(shortest), Some(run)) if list(shortest) != list(quanta(&run)) => {
                Err(format!("not of list {shortest}"))
            }
            _ => Ok(()),
        }
    }

    fn give_back(&mut self) -> Result<(), String> {
        if self.live.is_empty() {
            return Ok(());
        }
        let index = self.rng.below(self.live.len() as u32) as usize;
        let (start, len) = self.live[index];
        let quantum = self.setup.quantum;
        // Wrong in one of several ways, and then right.
        let (wrong_start, wrong_len) = match self.rng.below(6) {
            0 => (start, len.saturating_add(17 * quantum)),
            1 => (start, 0),
            2 => (start.wrapping_add(quantum), len),
            3 => (start.wrapping_add(1), len),
            4 => (self.rng.bits() as u32, len),
            _ => (start.wrapping_sub(quantum), len),
        };
        let known = self.live.iter().any(|live| live.0 == wrong_start);
        if !known || wrong_start == start {
            let refused = self.arena.free(wrong_start, wrong_len);
            if !matches!(
                refused,
                Err(Error::NotHeld(_) | Error::WrongLength { .. } | Error::ZeroLength | Error::TooLong(_))
            ) {
                return Err(format!("free({wrong_start:#x}, {wrong_len}) is {refused:?}"));
            }
        }
        self.live.swap_remove(index);
        self.model.held.remove(&u64::from(start));
        match (self.arena.free(start, len), self.arena.free(start, len)) {
            (Ok(()), Err(Error::NotHeld(at))) if at == start => Ok(()),
            other => Err(format!("free({start:#x}, {len}) twice is {other:?}")),
        }
    }

    fn resize(&mut self) -> Result<(), String> {
        if self.live.is_empty() {
            return Ok(());
        }
        let index = self.rng.below(self.live.len() as u32) as usize;
        let (start, len) = self.live[index];
        let new = 1 + self.rng.below(600 * self.setup.quantum);
        let (old_end, from) = (u64::from(start) + self.model.rounded(len), u64::from(start));
        let new_end = from + self.model.rounded(new);
        let behind = self.model.free.iter().find(|run| run.0 == old_end).map_or(0, |run| run.1 - run.0);
        let slab = self.model.slabs.iter().find(|(run, ..)| run.0 <= from && from < run.1);
        let fits = match slab {
            None => (new_end <= old_end, new_end >= old_end && new_end - old_end <= behind),
            Some((_, quanta, _)) => {
                let units = (new_end - from) / self.model.quantum;
                let same = units <= self.model.cached && self.model.object_quanta(units) == *quanta;
                (same && new_end <= old_end, same && new_end >= old_end)
            }
        };
        // Free numbers behind that are another span's are no room.
        let spans = self.model.spans.iter().chain(&self.model.imported);
        let span_end = spans.filter(|span| span.0 <= from && from < span.1).map(|span| span.1).max();
        let fits = (fits.0, fits.1 && span_end.is_some_and(|end| new_end <= end));
        let refused = Err(Error::NoRoom { start, len: new });
        let shrunk = self.rng.below(2) == 0;
        let done = if shrunk { self.arena.shrink(start, len, new) } else { self.arena.extend(start, len, new) };
        let expected = if if shrunk { fits.0 } else { fits.1 } { Ok(()) } else { refused };
        if done != expected {
            return Err(format!("shrink {shrunk} of {start:#x} from {len} to {new} is {done:?}, not {expected:?}"));
        }
        if done.is_ok() {
            self.live[index].1 = new;
            self.model.held.insert(from, new_end);
            self.last = None;
        }
        Ok(())
    }

    fn add(&mut self) -> Result<(), String> {
        let quantum = self.setup.quantum;
        let (start, len) = (self.rng.below(65_536).saturating_mul(quantum), self.rng.below(300) * quantum);
        let (start, len) = match self.rng.below(8) {
            0 => (start.wrapping_add(self.rng.below(quantum)), len),
            1 => (start, len.wrapping_add(self.rng.below(quantum))),
            2 => (u32::MAX - self.rng.below(100 * quantum), len),
            _ => (start, len),
        };
        let run = (u64::from(start), u64::from(start) + u64::from(len));
        let whole = len != 0 && (start | len) % quantum == 0 && run.1 <= 1 << 32;
        if whole && !self.model.overlaps(run) && self.model.spans.len() > 9 {
            return Ok(());
        }
        let added = self.arena.add(start, len);
        let right = match added {
            Err(Error::BadSpan { start: at, len: bad }) => !whole && (at, bad) == (start, len),
            Err(Error::Overlap { start: at, len: other }) => {
                let there = (u64::from(at), u64::from(at) + u64::from(other));
                whole && self.model.overlaps(run) && there.0 < run.1 && run.0 < there.1
            }
            Ok(()) => whole && !self.model.overlaps(run),
            Err(_) => false,
        };
        if added.is_ok() {
            self.model.spans.push(run);
        }
        if right { Ok(()) } else { Err(format!("add({start:#x}, {len}) is {added:?}")) }
    }

    fn step(&mut self) -> Result<(), String> {
        let room = if self.live.len() < 200 { 54 } else { 40 };
        match self.rng.below(1000) {
            roll if roll < 10 * room => self.allocate()?,
            roll if roll < 960 => self.give_back()?,
            roll if roll < 990 => self.resize()?,
            roll if roll < 999 => self.add()?,
            _ if self.rng.below(4) == 0 => {
                self.arena.free_all().map_err(|error| error.to_string())?;
                self.live.clear();
                self.model.held.clear();
            }
            _ => {}
        }
        self.model.compare(&self.arena)?;
        let mut out: Vec<Run> = self
            .bank
            .out
            .borrow()
            .iter()
            .map(|span| (u64::from(span.start), u64::from(span.start) + u64::from(span.len)))
            .collect();
        let mut there = self.model.imported.clone();
        out.sort_unstable();
        there.sort_unstable();
        self.bank.back.take();
        if out == there && self.bank.fault.get().is_none() {
            Ok(())
        } else {
            Err(format!("imported {there:x?}, the source lent {out:x?}, fault {:?}", self.bank.fault.get()))
        }
    }
}

fn run(seed: u64, setup: Setup, steps: u32) {
    let Setup { quantum, fit, caches, factor } = setup;
    let mut slots = vec![Slot::EMPTY; 3000];
    let bank = Bank::default();
    let import: Option<&dyn flagstone::vmem::Import> = if factor == 0 { None } else { Some(&bank) };
    let options = Options {
        quantum,
        fit,
        quantum_caches: caches * quantum,
        import,
        import_factor: factor.max(1),
        ..Options::new("model")
    };
    let arena = Arena::new(Storage::new(&mut slots), options).unwrap();
    let mut model = Model::new(quantum, caches);
    let top = (1 << 32) / u64::from(quantum) - 0x100;
    // With a source there is less of its own, so that it is used.
    let own = if factor == 0 { SPANS.len() } else { 3 };
    for (start, len) in SPANS[SPANS.len() - own..].iter().copied() {
        let start = if start == 0xff00 { top } else { start } * u64::from(quantum);
        let len = if factor == 0 { len } else { len.min(3000) } * u64::from(quantum);
        assert_eq!(arena.add(start as u32, len as u32), Ok(()));
        model.spans.push((start, start + len));
    }
    let mut program =
        Program { setup, arena, bank: &bank, model, rng: Rng::new(seed), live: Vec::new(), last: None, errors: 0 };
    for step in 0..steps {
        if let Err(fault) = program.step() {
            panic!("seed {seed}, {setup:?}, step {step}: {fault}\n{}", program.arena.dump());
        }
    }
    assert!(cfg!(miri) || program.errors > steps / 200, "{setup:?}: only {} refusals", program.errors);
    let Program { arena, live, model, .. } = program;
    for (start, len) in live {
        assert_eq!(arena.free(start, len), Ok(()));
    }
    let total = model.spans.iter().map(|span| span.1 - span.0).sum::<u64>();
    assert!(caches != 0 || arena.size(Measure::Total) == total);
    assert!(arena.destroy().is_ok());
    assert_eq!((bank.out.take(), bank.fault.get()), (Vec::new(), None));
}

/// All configurations, for so many steps each; as many at a time as the machine likes.
fn run_all(steps: u32) {
    let mut setups = Vec::new();
    for quantum in [1, 16, 4096, 65_536] {
        for fit in [Fit::Instant, Fit::Best, Fit::Next] {
            for (caches, factor) in [(0, 0), (8, 0), (16, 0), (0, 1), (8, 1), (16, 4)] {
                setups.push(Setup { quantum, fit, caches, factor });
            }
        }
    }
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(setup) = setups.get(next.fetch_add(1, Ordering::Relaxed)) {
            run(u64::from(setup.quantum) + u64::from(setup.caches) + 1, *setup, steps);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
}

#[test]
fn random_programs_agree_with_the_model_after_every_step() {
    run_all(if cfg!(miri) { 20 } else { 15_000 });
}

/// For `cargo test --release --test vmem_model -- --ignored`.
#[test]
#[ignore = "takes many minutes"]
fn a_million_operations_per_configuration() {
    run_all(1_000_000);
}
