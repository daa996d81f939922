//! An independent model of an arena: what callers hold, the spans, and brute force; and a source of spans that keeps books.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use flagstone::vmem::{Arena, Constraints, Error, Import, Kind, Measure, Records, Request, Span};

/// A run of numbers: the first, and one past the last.
pub(crate) type Run = (u64, u64);

/// What an arena should be like.
pub(crate) struct Model {
    pub(crate) quantum: u64,
    /// The longest length that quantum caches serve, in quanta.
    pub(crate) cached: u64,
    /// What callers hold: the first number, and one past the last.
    pub(crate) held: BTreeMap<u64, u64>,
    /// Static spans, in the order they came.
    pub(crate) spans: Vec<Run>,
    /// The free segments when the arena was last compared, in the order of the walk.
    pub(crate) free: Vec<Run>,
    /// The slabs then: where, quanta of an object, bits of the free ones.
    pub(crate) slabs: Vec<(Run, u64, u64)>,
    /// The imported spans then.
    pub(crate) imported: Vec<Run>,
}

impl Model {
    pub(crate) fn new(quantum: u32, cached: u32) -> Self {
        let (quantum, cached) = (u64::from(quantum), u64::from(cached));
        let (spans, free, slabs, imported) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { quantum, cached, held: BTreeMap::new(), spans, free, slabs, imported }
    }

    /// `len` in whole quanta.
    pub(crate) const fn rounded(&self, len: u32) -> u64 {
        (len as u64).next_multiple_of(self.quantum)
    }

    /// The length of the objects of the cache that serves `quanta`, by the rule of V-64 and V-65: as long as possible for as
    /// many of them to a slab.
    pub(crate) fn object_quanta(&self, quanta: u64) -> u64 {
        let mut slab = 1;
        while slab <= 3 * self.cached {
            slab *= 2;
        }
        (quanta..=self.cached).filter(|longer| slab / longer == slab / quanta).max().unwrap_or(quanta)
    }

    /// The lowest number of a run from which `len` numbers are as `wish` says, by trying.
    pub(crate) fn place(&self, (start, end): Run, len: u64, wish: &Constraints) -> Option<u64> {
        let align = u64::from(wish.align).max(self.quantum);
        let nocross = u64::from(wish.nocross);
        let least = start.max(u64::from(wish.min));
        let mut at = least / align * align + u64::from(wish.phase);
        loop {
            let last = at + len - 1;
            if last >= end || last > u64::from(wish.max) {
                return None;
            }
            if at >= least && (nocross == 0 || at / nocross == last / nocross) {
                return Some(at);
            }
            at += align;
        }
    }

    /// Every reason to refuse a request before it is looked at.
    pub(crate) fn faults(&self, len: u32, wish: &Constraints) -> Vec<Error> {
        let mut faults = Vec::new();
        let power = |number: u32| number.count_ones() == 1;
        if len == 0 {
            faults.push(Error::ZeroLength);
        }
        let rounded = self.rounded(len);
        if rounded >= 1 << 32 {
            faults.push(Error::TooLong(len));
        }
        if wish.align != 0 && !power(wish.align) {
            faults.push(Error::BadAlign(wish.align));
        }
        let phase = u64::from(wish.phase);
        if phase >= u64::from(wish.align).max(self.quantum) || phase % self.quantum != 0 {
            faults.push(Error::BadPhase(wish.phase));
        }
        let nocross = u64::from(wish.nocross);
        if nocross != 0 && (!power(wish.nocross) || nocross < self.quantum || phase % nocross + rounded > nocross) {
            faults.push(Error::BadNoCross(wish.nocross));
        }
        if wish.min > wish.max {
            faults.push(Error::BadWindow { min: wish.min, max: wish.max });
        }
        faults
    }

    /// What the free segments had for a request when the arena was last compared: each that has a place, and the lowest there.
    pub(crate) fn places(&self, len: u64, wish: &Constraints) -> impl Iterator<Item = (Run, u64)> {
        self.free.iter().filter_map(move |run| Some((*run, self.place(*run, len, wish)?)))
    }

    /// Every span the arena has, by its own word when last compared, but no imported one that is not the source's.
    pub(crate) fn overlaps(&self, (start, end): Run) -> bool {
        self.spans.iter().chain(&self.imported).any(|span| span.0 < end && start < span.1)
    }

    /// Compares the arena with the model, number by number.
    pub(crate) fn compare<R: Records>(&mut self, arena: &Arena<'_, R>) -> Result<(), String> {
        arena.check().map_err(|fault| fault.to_string())?;
        self.free.clear();
        self.slabs.clear();
        self.imported.clear();
        let (mut matched, mut units, mut in_use, mut statics) = (0, 0, 0, 0);
        let mut span = (0, 0);
        let (mut cursor, mut was_free, mut outcome) = (0, false, Ok(()));
        let mut wrong = |text: &str, at: u64| outcome = Err(format!("{text} at {at:#x}"));
        arena.walk(|segment| {
            let (start, end) = (u64::from(segment.start), u64::from(segment.start) + u64::from(segment.len));
            let now = (u64::from(segment.span.start), u64::from(segment.span.start) + u64::from(segment.span.len));
            if span != now {
                if cursor != span.1 {
                    wrong("a span is not tiled to its end", cursor);
                }
                (span, cursor, was_free) = (now, now.0, false);
                units += now.1 - now.0;
                if segment.imported {
                    self.imported.push(now);
                } else {
                    if self.spans.get(statics) != Some(&now) {
                        wrong("a span is not the one that was added", now.0);
                    }
                    statics += 1;
                }
            }
            if start != cursor || end <= start || end > span.1 || (start | end) % self.quantum != 0 {
                wrong("a segment is not where the one before ends", start);
            }
            cursor = end;
            let mut inside = self.held.range(start..end);
            match segment.kind {
                Kind::Free => {
                    if was_free {
                        wrong("two free segments adjoin", start);
                    }
                    if segment.imported && (start, end) == span {
                        wrong("an imported span is all free and still there", start);
                    }
                    if inside.next().is_some() {
                        wrong("a free segment is held", start);
                    }
                    self.free.push((start, end));
                }
                Kind::Held => {
                    if inside.next() != Some((&start, &end)) || inside.next().is_some() {
                        wrong("a held segment is not what a caller holds", start);
                    }
                    matched += 1;
                }
                Kind::Slab { quanta, free } => {
                    let object = u64::from(quanta) * self.quantum;
                    for (&from, &to) in inside {
                        let index = (from - start) / object;
                        let fits = (to - from).div_ceil(self.quantum) <= self.cached
                            && self.object_quanta((to - from) / self.quantum) == u64::from(quanta);
                        if (from - start) % object != 0 || !fits || from + object > end || free >> index & 1 == 1 {
                            wrong("an object that a caller holds is none, or free", from);
                        }
                        matched += 1;
                    }
                    self.slabs.push(((start, end), u64::from(quanta), free));
                }
            }
            was_free = segment.kind == Kind::Free;
            if !was_free {
                in_use += end - start;
            }
        });
        outcome?;
        if (cursor, statics, matched) != (span.1, self.spans.len(), self.held.len()) {
            return Err(format!("{cursor:#x} of {:#x}, {statics} spans, {matched} of {}", span.1, self.held.len()));
        }
        let measured = [Measure::Total, Measure::InUse, Measure::Free].map(|measure| arena.size(measure));
        if measured != [units, in_use, units - in_use] {
            return Err(format!("measured {measured:?}, walked {units} and {in_use}"));
        }
        Ok(())
    }

    /// The numbers of objects that lie free in slabs, not in magazines.
    pub(crate) fn idle(&self) -> u64 {
        self.slabs.iter().map(|(_, quanta, free)| u64::from(free.count_ones()) * quanta * self.quantum).sum()
    }
}

/// What a bank answers to the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A span at this place, which has so much more than was asked for; refused where that is taken.
    At(u32, u32),
    /// Nothing.
    Nothing,
    /// This, whatever was asked for.
    Wrong(Span),
}

/// A source of spans that keeps books.
#[derive(Default)]
pub(crate) struct Bank {
    /// What it answers, the next one last; nothing when it runs out.
    pub(crate) answers: RefCell<Vec<Answer>>,
    /// Requests since somebody cleared this.
    pub(crate) asked: RefCell<Vec<Request>>,
    /// What was given out and not given back.
    pub(crate) out: RefCell<Vec<Span>>,
    /// What came back since somebody cleared this, with the alignment.
    pub(crate) back: RefCell<Vec<(Span, u32)>>,
    /// The first thing that was given back and was not out.
    pub(crate) fault: Cell<Option<Span>>,
}

impl Bank {
    /// A bank that answers so, in this order.
    pub(crate) fn answering(answers: &[Answer]) -> Self {
        Self { answers: RefCell::new(answers.iter().rev().copied().collect()), ..Self::default() }
    }

    /// The lengths asked for since the last time.
    pub(crate) fn lengths(&self) -> Vec<u32> {
        self.asked.take().iter().map(|request| request.len).collect()
    }

    /// The spans given back since the last time.
    pub(crate) fn returned(&self) -> Vec<(u32, u32)> {
        self.back.take().iter().map(|(span, _)| (span.start, span.len)).collect()
    }
}

impl Import for Bank {
    fn import(&self, request: &Request) -> Option<Span> {
        self.asked.borrow_mut().push(*request);
        let span = match self.answers.borrow_mut().pop()? {
            Answer::Nothing => return None,
            Answer::Wrong(span) => span,
            Answer::At(start, more) => Span { start, len: request.len.checked_add(more)? },
        };
        self.out.borrow_mut().push(span);
        Some(span)
    }

    fn release(&self, span: Span, align: u32) {
        let mut out = self.out.borrow_mut();
        match out.iter().position(|other| *other == span) {
            Some(index) => drop(out.swap_remove(index)),
            None => self.fault.set(self.fault.get().or(Some(span))),
        }
        self.back.borrow_mut().push((span, align));
    }
}
