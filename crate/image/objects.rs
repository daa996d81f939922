//! The object caches and the budgets whose records lie in a heap, as they are in an image.
//!
//! As in the survey of the heap itself, only what holds together is taken up: a cache has the slabs whose tags name it and are as it
//! says, and an object is in one magazine at most, whatever the bytes were. Lists are followed up to the first record that is none.
#![forbid(unsafe_code)]

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem::offset_of;

use super::arenas::name;
use super::survey::Survey;
use super::{Image, Problem, record_or};
use crate::heap::State;
use crate::list::{Head, Link};
use crate::objects::record::{
    AliasRecord, BudgetRecord, CONSTRUCTED, MOVABLE, MagazineList, ORPHAN, ObjectCacheRecord, SHARED, ZONE,
};
use crate::record::{Record, named};

mod slabs;

/// The most objects of a slab.
const OBJECTS_MAX: u32 = u64::BITS;

/// How the slabs of an object cache are cut, and how many objects it may have. Objects, but for what is said to be bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Bytes of an object, as it was asked for.
    pub size: u32,
    /// The alignment of an object, in bytes.
    pub align: u32,
    /// Bytes from one object to the next.
    pub stride: u32,
    /// Bytes of a slab.
    pub slab_len: u32,
    /// Objects of a slab.
    pub objects: u32,
    /// The most that may be out of slabs; zero for any number.
    pub limit: u32,
    /// For how many slabs stay, whatever is reaped.
    pub keep: u32,
    /// How many of the limit only requests get that may use the reserve.
    pub reserve: u32,
}

impl Shape {
    /// Whether objects fit their slab, as many as are said to.
    fn is_whole(&self) -> bool {
        self.stride >= self.size.max(1)
            && (1..=OBJECTS_MAX).contains(&self.objects)
            && u64::from(self.stride) * u64::from(self.objects) <= u64::from(self.slab_len)
    }
}

/// What the record of an object cache counts: events since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObjectCounters {
    /// Objects handed out.
    pub allocations: u64,
    /// Requests refused.
    pub failures: u32,
    /// Of those, by the constructor.
    pub constructor_failures: u32,
    /// Of those, because of the limit.
    pub limit_failures: u32,
    /// Objects taken out of slabs.
    pub slab_takes: u64,
    /// Objects given back to slabs.
    pub slab_gives: u64,
    /// Slabs made.
    pub slab_creates: u64,
    /// Slabs that went back.
    pub slab_destroys: u64,
    /// Objects constructed.
    pub constructs: u64,
    /// Objects destructed.
    pub destructs: u64,
    /// Full magazines taken from the depot.
    pub depot_takes: u32,
    /// Full magazines put there.
    pub depot_gives: u32,
    /// Times the depot was reaped.
    pub reaps: u32,
    /// Times the owner was asked for what it can spare.
    pub reclaims: u32,
    /// Answers of an owner that was asked to move an object: yes, no, later, don't need, don't know.
    pub answers: [u32; 5],
    /// Of the last, how often the object was found in a magazine.
    pub hunts: u32,
    /// Scans for slabs to empty.
    pub move_scans: u32,
    /// Times everything was moved together that could.
    pub defrags: u32,
    /// Slabs that moves emptied.
    pub move_slabs: u32,
    /// The most slabs there were at a time.
    pub slabs_max: u32,
}

/// What a walk over the slabs and magazines of an object cache finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObjectsFound {
    /// Slabs, dead ones apart.
    pub slabs: u32,
    /// Of those, without an object that is out of them.
    pub empty: u32,
    /// Of those, without a free object.
    pub full: u32,
    /// Of those, with an object that refused to move.
    pub stuck: u32,
    /// Slabs that wait for the end of a move.
    pub dead: u32,
    /// Bytes of all slabs.
    pub bytes: u64,
    /// Free objects in slabs, those of dead ones apart.
    pub free: u32,
    /// Free objects in the loaded and the previous magazine.
    pub loaded: u32,
    /// Free objects in the full magazines of the depot.
    pub depot: u32,
    /// Full magazines in the depot.
    pub full_magazines: u32,
    /// Empty magazines there.
    pub empty_magazines: u32,
    /// Objects that are held.
    pub live: u32,
    /// Slabs by how full they are: element `n` counts those with more than `n` eighths of their objects out of them, up to `n + 1`;
    /// the first has the empty ones, too.
    pub fill: [u32; 8],
}

/// An object cache whose record lies in a heap.
///
/// ```
/// use core::alloc::Layout;
/// use flagstone::{Heap, image::survey::Survey, objects::{Bare, Cache, Options}, source::{Fixed, Page}, units::Addr};
/// let mut memory = vec![Page::ZERO; 4];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let nodes = Cache::new(&heap, Layout::new::<[u64; 6]>(), Options::new("nodes"), Bare)?;
/// let node = nodes.alloc()?;
/// let survey = Survey::take(&heap.image(), heap.root()).unwrap();
/// let cache = &survey.object_caches[0];
/// assert_eq!((cache.name.as_str(), cache.found.live, cache.cached()), ("nodes", 1, nodes.stats().cached));
/// # unsafe { nodes.free(node) };
/// # Ok::<(), flagstone::objects::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectCacheInfo {
    /// Where its record is.
    pub id: u32,
    /// Its number among the object caches that the heap ever had.
    pub number: u32,
    /// What it is called: what is text of the bytes it keeps for that.
    pub name: String,
    /// What those call it who share it, oldest first.
    pub aliases: Vec<String>,
    /// Whether all its objects were made at once and stay.
    pub zone: bool,
    /// Whether objects are constructed when they leave their slab.
    pub constructed: bool,
    /// Whether objects can be moved.
    pub movable: bool,
    /// Whether its owner is gone and left objects behind.
    pub orphan: bool,
    /// Whether others with objects of the same shape may share it.
    pub shared: bool,
    /// How many share it.
    pub users: u32,
    /// Where the record of the budget is that pays for its slabs.
    pub budget: Option<u32>,
    /// How slabs are cut.
    pub shape: Shape,
    /// Bits of its mode of diagnosis.
    pub mode: u32,
    /// Objects held that are segments of their own, with guards.
    pub guarded: u32,
    /// Rounds of a magazine; zero for a cache without.
    pub rounds: u32,
    /// Full magazines in the depot that nobody needed at the last two looks.
    pub idle_magazines: u32,
    /// Where its magazines begin: those that are allocations of the heap, in one place each.
    pub magazines: Vec<u32>,
    /// What its record counts.
    pub counters: ObjectCounters,
    /// What a walk finds.
    pub found: ObjectsFound,
}

impl ObjectCacheInfo {
    /// Free objects in magazines.
    #[must_use]
    pub const fn cached(&self) -> u32 {
        self.found.loaded + self.found.depot
    }

    /// Objects of all slabs, dead ones apart.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.found.slabs as u64 * self.shape.objects as u64
    }

    /// Slabs that moving all objects together would empty, whether they can move or not.
    #[must_use]
    pub fn reclaimable(&self) -> u32 {
        let taken = self.total() - u64::from(self.found.free);
        let needed = taken.div_ceil(u64::from(self.shape.objects.max(1)));
        self.found.slabs - needed as u32
    }

    /// What a sentence calls it.
    #[must_use]
    pub fn called(&self) -> String {
        if self.name.is_empty() { format!("without a name, number {}", self.number) } else { self.name.clone() }
    }
}

/// A budget whose record lies in a heap. Bytes, but for the counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetInfo {
    /// Where its record is.
    pub id: u32,
    /// Its number among the budgets that the heap ever had.
    pub number: u32,
    /// What it is called.
    pub name: String,
    /// The most that may be charged; zero for any number.
    pub limit: u32,
    /// Charged now.
    pub used: u32,
    /// The most there was.
    pub peak: u32,
    /// Charged, ever.
    pub charged: u64,
    /// Objects that are charged one by one, not by slabs.
    pub objects: u32,
    /// Charges refused.
    pub denials: u32,
    /// Times those whom it pays for were asked for memory.
    pub asks: u32,
    /// Caches that it says it pays for.
    pub users: u32,
    /// Whether its owner is gone, and something is still charged.
    pub orphan: bool,
}

/// The last request that the front end refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// How many were refused, this one included.
    pub count: u32,
    /// Its bytes.
    pub size: u32,
    /// Its alignment.
    pub align: u32,
    /// What it asked for besides memory, as [`Flags::bits`](crate::objects::Flags::bits).
    pub flags: u32,
}

impl Refusal {
    /// What is on record; none where none was refused.
    pub(super) fn of(state: &State) -> Option<Self> {
        let record = &state.refusal;
        let refusal = Self {
            count: record.count.get(),
            size: record.size.get(),
            align: record.align.get(),
            flags: record.flags.get(),
        };
        (refusal.count != 0).then_some(refusal)
    }
}

/// A record in one of the heap's lists, by its link at offset 0.
trait Listed: Record {
    /// What it is called in a sentence, and the invariant that says that it is one.
    const WHAT: (&'static str, &'static str);

    /// Its link.
    fn link(&self) -> &Link;

    /// Its number, which falls along the list.
    fn number(&self) -> u32;
}

impl Listed for ObjectCacheRecord {
    const WHAT: (&'static str, &'static str) = ("object cache", "O2");

    fn link(&self) -> &Link {
        &self.link
    }

    fn number(&self) -> u32 {
        self.number.get()
    }
}

impl Listed for BudgetRecord {
    const WHAT: (&'static str, &'static str) = ("budget", "O8");

    fn link(&self) -> &Link {
        &self.link
    }

    fn number(&self) -> u32 {
        self.number.get()
    }
}

impl Listed for AliasRecord {
    const WHAT: (&'static str, &'static str) = ("other name of an object cache", "O10");

    fn link(&self) -> &Link {
        &self.link
    }

    fn number(&self) -> u32 {
        self.number.get()
    }
}

impl Survey {
    /// Reads the lists of object caches, their other names, and budgets; the records of the caches with their addresses.
    pub(super) fn read_object_caches(
        &mut self,
        image: &(impl Image + ?Sized),
        state: &State,
    ) -> Vec<(u32, ObjectCacheRecord)> {
        let at = |offset: usize| self.layout.state.wrapping_add(offset as u32);
        let (caches, aliases) = (at(offset_of!(State, object_caches)), at(offset_of!(State, aliases)));
        let budgets = at(offset_of!(State, budgets));
        let made = state.object_caches.made.get();
        let records = listed::<ObjectCacheRecord>(image, caches, (&state.object_caches.list, made), &mut self.problems);
        for (id, record) in &records {
            self.object_caches.push(cache(*id, record, &mut self.problems));
        }
        for (id, record) in listed::<AliasRecord>(image, aliases, (&state.aliases, made), &mut self.problems) {
            let place = records.iter().position(|(at, _)| *at == record.cache.get());
            match place {
                Some(index) => self.object_caches[index].aliases.push(name(&record.name)),
                None => {
                    let text = format!("the other name at {id:#x} is of no object cache");
                    self.problems.push(Problem::new("O10", id, text));
                }
            }
        }
        for cache in self.object_caches.iter().filter(|cache| cache.aliases.len() as u64 > u64::from(cache.users)) {
            let text = format!(
                "{} share the object cache at {:#x}, and have {} names",
                cache.users,
                cache.id,
                cache.aliases.len()
            );
            self.problems.push(Problem::new("O10", cache.id, text));
        }
        let made = state.budgets.made.get();
        let records_of_budgets =
            listed::<BudgetRecord>(image, budgets, (&state.budgets.list, made), &mut self.problems);
        self.budgets = records_of_budgets.iter().map(budget).collect();
        records
    }
}

/// The records of the list at `list_at`, with their addresses, in the order of their numbers. They do not overlap.
fn listed<T: Listed>(
    image: &(impl Image + ?Sized),
    list_at: u32,
    (list, made): (&Head, u32),
    problems: &mut Vec<Problem>,
) -> Vec<(u32, T)> {
    let len = size_of::<T>() as u32;
    let (what, invariant) = T::WHAT;
    let mut records: Vec<(u32, T)> = Vec::new();
    let mut ids = BTreeSet::new();
    let (mut back, mut at, mut above) = (list_at, named(&list.first), u64::from(made) + 1);
    while at != 0 {
        if !at.is_multiple_of(8) || ids.range(at.saturating_sub(len - 1)..=at.saturating_add(len - 1)).next().is_some()
        {
            let text = format!("the list names {at:#x}, which is no {what}, or names it again");
            problems.push(Problem::new("I14", at, text));
            break;
        }
        ids.insert(at);
        let Some(record) = record_or::<T>(image, at, invariant, problems) else { break };
        if named(&record.link().back) != back {
            let text = format!("the link at {at:#x} does not name the word {back:#x} that names it");
            problems.push(Problem::new("I14", at, text));
        }
        let number = record.number();
        if number == 0 || u64::from(number) >= above {
            let text = format!("the {what} at {at:#x} has the number {number}, which is not below {above}");
            problems.push(Problem::new(invariant, at, text));
        }
        above = u64::from(number);
        back = at;
        at = named(&record.link().next.first);
        records.push((back, record));
    }
    records.sort_by_key(|(id, record)| (record.number(), *id));
    records
}

/// What the record of a cache says, without what a walk finds.
fn cache(id: u32, record: &ObjectCacheRecord, problems: &mut Vec<Problem>) -> ObjectCacheInfo {
    let flag = |flag| record.flags.get() & flag != 0;
    let shape = Shape {
        size: record.size.get(),
        align: record.align.get(),
        stride: record.stride.get(),
        slab_len: record.slab_len.get(),
        objects: record.objects.get(),
        limit: record.limit.get(),
        keep: record.keep.get(),
        reserve: record.reserve.get(),
    };
    if !shape.is_whole() {
        let Shape { size, stride, slab_len, objects, .. } = shape;
        let text = format!(
            "the object cache at {id:#x} says that a slab of {slab_len} bytes has {objects} objects of {size} bytes, {stride} apart"
        );
        problems.push(Problem::new("O1", id, text));
    }
    ObjectCacheInfo {
        id,
        number: record.number.get(),
        name: name(&record.name),
        aliases: Vec::new(),
        zone: flag(ZONE),
        constructed: flag(CONSTRUCTED),
        movable: flag(MOVABLE),
        orphan: flag(ORPHAN),
        shared: flag(SHARED),
        users: record.users.get(),
        budget: Some(record.budget.get()).filter(|at| *at != 0),
        shape,
        mode: record.mode.get(),
        guarded: record.guarded.get(),
        rounds: record.rounds.get(),
        idle_magazines: idle(&record.full),
        magazines: Vec::new(),
        counters: counters(record),
        found: ObjectsFound::default(),
    }
}

/// Magazines of a stack that nobody needed at the last two looks.
fn idle(list: &MagazineList) -> u32 {
    list.idle.get().min(list.least.get())
}

fn counters(record: &ObjectCacheRecord) -> ObjectCounters {
    ObjectCounters {
        allocations: record.allocations.get(),
        failures: record.failures.get(),
        constructor_failures: record.constructor_failures.get(),
        limit_failures: record.limit_failures.get(),
        slab_takes: record.slab_takes.get(),
        slab_gives: record.slab_gives.get(),
        slab_creates: record.slab_creates.get(),
        slab_destroys: record.slab_destroys.get(),
        constructs: record.constructs.get(),
        destructs: record.destructs.get(),
        depot_takes: record.full.takes.get(),
        depot_gives: record.full.gives.get(),
        reaps: record.reaps.get(),
        reclaims: record.reclaims.get(),
        answers: record.answers.each_ref().map(core::cell::Cell::get),
        hunts: record.hunts.get(),
        move_scans: record.move_scans.get(),
        defrags: record.defrags.get(),
        move_slabs: record.move_slabs.get(),
        slabs_max: record.slabs_max.get(),
    }
}

/// What the record of a budget says.
fn budget((id, record): &(u32, BudgetRecord)) -> BudgetInfo {
    BudgetInfo {
        id: *id,
        number: record.number.get(),
        name: name(&record.name),
        limit: record.limit.get(),
        used: record.used.get(),
        peak: record.peak.get(),
        charged: record.charged.get(),
        objects: record.objects.get(),
        denials: record.denials.get(),
        asks: record.asks.get(),
        users: record.users.get(),
        orphan: record.flags.get() & ORPHAN != 0,
    }
}
