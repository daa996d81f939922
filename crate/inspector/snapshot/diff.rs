//! What changed between two snapshots, in figures: by cache, by arena, by call site and by tag.
//!
//! Takes time linear in the objects of both: they are in the order of addresses, and are gone through side by side.
#![forbid(unsafe_code)]

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use serde::Serialize;

use super::figures::{ArenaClass, ArenaFigures, ONE, SiteFigures, Tally};
use super::objects::{Fate, Object, SharedCaches, compare};
use super::{Held, Snapshot};
use crate::image::region::Composition;
use crate::units::PAGE_BYTES;

/// What was held in two snapshots, and what became of it. New and surviving ones are those of the later one, freed and surviving ones
/// those of the earlier one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Change {
    /// In the earlier one.
    pub before: Tally,
    /// In the later one.
    pub after: Tally,
    /// In the later one alone.
    pub new: Tally,
    /// In the earlier one alone.
    pub freed: Tally,
    /// In both.
    pub surviving: Tally,
}

impl Change {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    fn add(&mut self, fate: &Fate) {
        match fate {
            Fate::New(object) => {
                self.after.add(object.len);
                self.new.add(object.len);
            }
            Fate::Freed(object) => {
                self.before.add(object.len);
                self.freed.add(object.len);
            }
            Fate::Kept(object) => {
                self.before.add(object.len);
                self.after.add(object.len);
                self.surviving.add(object.len);
            }
        }
    }
}

/// A figure of both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pair<T> {
    /// In the earlier one.
    pub before: T,
    /// In the later one.
    pub after: T,
}

/// What changed of a cache.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CacheChange {
    /// What tells it from others, and what a filter of objects takes.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// Bytes from one object to the next; zero where they are not all the same.
    pub size: u32,
    /// Its objects.
    pub objects: Change,
    /// Allocations between the two.
    pub allocations: u64,
}

/// What changed of an arena.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ArenaChange {
    /// Where its record is.
    pub id: u32,
    /// What it is called.
    pub name: String,
    /// `heap`, `memory` or `numbers`.
    pub(crate) kind: ArenaClass,
    /// What callers hold: pieces and what they add up to. Of the heap's own: segments, not slabs.
    pub held: Change,
    /// What is not free.
    pub in_use: Pair<u64>,
    /// What the spans add up to.
    pub total: Pair<u64>,
    /// Requests served between the two.
    pub allocations: u64,
}

/// What changed of a call site. Counts and bytes are worked out from samples.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SiteChange {
    /// Its number in the later one, or in the earlier one where it is in that alone.
    pub id: u32,
    /// Names of its tags, the outermost first.
    pub tags: Vec<String>,
    /// Byte offsets in the module, the innermost first.
    pub frames: Vec<u32>,
    /// Its objects.
    pub objects: Change,
    /// What was asked for between the two.
    pub asked: Tally,
}

/// What changed of a tag: of the sites that have it as their innermost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TagChange {
    /// Its name behind those of the tags that it is within; empty for what has no tag.
    pub tags: Vec<String>,
    /// Its objects.
    pub objects: Change,
    /// What was asked for between the two.
    pub asked: Tally,
}

/// What changed between two snapshots.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diff {
    /// All objects.
    pub objects: Change,
    /// Allocations between the two.
    pub allocations: u64,
    /// Requests that got nothing.
    pub failures: u64,
    /// Times the memory grew for this heap.
    pub growths: u32,
    /// Length of the memory.
    pub memory_bytes: Pair<u64>,
    /// The same in pages of 64 KiB.
    pub pages: Pair<u64>,
    /// What the memory was used for.
    pub composition: Pair<Composition>,
    /// By cache.
    pub caches: Vec<CacheChange>,
    /// By arena.
    pub arenas: Vec<ArenaChange>,
    /// By call site.
    pub sites: Vec<SiteChange>,
    /// By tag.
    pub tags: Vec<TagChange>,
    /// Objects of the later one that diagnosis had on record, so that an address that was handed out again is told apart.
    pub told_apart: u32,
    /// Why the two may not belong together, or not be right, in sentences.
    pub doubts: Vec<String>,
}

/// What a comparison lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiffOptions {
    /// Only rows in which something was allocated or freed.
    pub changed_only: bool,
}

/// The most numbers of sites that are told apart: as many as diagnosis gives out, and zero.
const SITES_MAX: usize = (1 << 16) + 1;

/// A site wherever it is: its tags and its frames.
type Place = (Vec<String>, Vec<u32>);

impl Snapshot {
    /// What changed from this snapshot to a later one.
    #[must_use]
    pub fn diff(&self, later: &Self, options: DiffOptions) -> Diff {
        let caches = SharedCaches::of(&self.caches, &later.caches);
        let mut sites = SiteChanges::of(self, later);
        let mut rows: Vec<CacheChange> = caches.places.iter().map(|places| self.cache_row(later, *places)).collect();
        let mut objects = Change::default();
        compare(self, later, &caches, |fate| {
            let row = match &fate {
                Fate::New(object) | Fate::Kept(object) => object.cache,
                Fate::Freed(object) => caches.of_earlier[object.cache as usize],
            };
            rows[row as usize].objects.add(&fate);
            sites.add(&fate);
        });
        for row in &rows {
            objects.join(&row.objects);
        }
        rows.retain(|row| !row.objects.is_nothing() || row.allocations != 0);
        let mut diff = Diff {
            objects,
            allocations: later.whole.allocations.saturating_sub(self.whole.allocations),
            failures: later.whole.failures.saturating_sub(self.whole.failures),
            growths: later.whole.growths.saturating_sub(self.whole.growths),
            memory_bytes: Pair { before: self.whole.memory_len, after: later.whole.memory_len },
            pages: Pair {
                before: self.whole.memory_len / u64::from(PAGE_BYTES),
                after: later.whole.memory_len / u64::from(PAGE_BYTES),
            },
            composition: Pair { before: self.whole.composition, after: later.whole.composition },
            caches: rows,
            arenas: self.arena_rows(later),
            tags: sites.tags(),
            sites: sites.rows,
            told_apart: later.marks.len() as u32,
            doubts: self.doubts(later),
        };
        if options.changed_only {
            let changed = |change: &Change| change.new != Tally::default() || change.freed != Tally::default();
            diff.caches.retain(|row| changed(&row.objects) || row.allocations != 0);
            diff.arenas.retain(|row| changed(&row.held) || row.allocations != 0);
            diff.sites.retain(|row| changed(&row.objects) || row.asked != Tally::default());
            diff.tags.retain(|row| changed(&row.objects) || row.asked != Tally::default());
        }
        diff
    }

    /// The row of a cache that is at these indices in the earlier one and in the later one, without its objects.
    fn cache_row(&self, later: &Self, (before, after): (Option<usize>, Option<usize>)) -> CacheChange {
        let before = before.map(|index| &self.caches[index]);
        let after = after.map(|index| &later.caches[index]);
        let cache = after.or(before);
        CacheChange {
            key: cache.map(|cache| cache.key.words()).unwrap_or_default(),
            name: cache.map(|cache| cache.name.clone()).unwrap_or_default(),
            size: cache.map_or(0, |cache| cache.size),
            objects: Change::default(),
            allocations: after
                .map_or(0, |cache| cache.allocations)
                .saturating_sub(before.map_or(0, |cache| cache.allocations)),
        }
    }

    /// The arenas: those of the later one, then those that are gone.
    fn arena_rows(&self, later: &Self) -> Vec<ArenaChange> {
        fn key(arena: &ArenaFigures) -> (ArenaClass, u32, &str) {
            (arena.class, arena.number, &arena.name)
        }
        let mut known: BTreeMap<_, _> = self.arenas.iter().map(|arena| (key(arena), arena)).collect();
        let mut rows: Vec<ArenaChange> = Vec::with_capacity(later.arenas.len());
        for arena in &later.arenas {
            rows.push(self.arena_row(later, known.remove(&key(arena)), Some(arena)));
        }
        for arena in self.arenas.iter().filter(|arena| known.contains_key(&key(arena))) {
            rows.push(self.arena_row(later, Some(arena), None));
        }
        rows
    }

    fn arena_row(&self, later: &Self, before: Option<&ArenaFigures>, after: Option<&ArenaFigures>) -> ArenaChange {
        let figure = |of: fn(&ArenaFigures) -> u64| Pair { before: before.map_or(0, of), after: after.map_or(0, of) };
        let arena = after.or(before);
        let old = before.map_or(&[][..], |arena| self.held(arena));
        let young = after.map_or(&[][..], |arena| later.held(arena));
        let allocations = figure(|arena| arena.allocations);
        ArenaChange {
            id: arena.map_or(0, |arena| arena.id),
            name: arena.map(|arena| arena.name.clone()).unwrap_or_default(),
            kind: arena.map_or(ArenaClass::Numbers, |arena| arena.class),
            held: pieces(old, young),
            in_use: figure(|arena| arena.in_use),
            total: figure(|arena| arena.total),
            allocations: allocations.after.saturating_sub(allocations.before),
        }
    }

    /// Why the two may not belong together.
    fn doubts(&self, later: &Self) -> Vec<String> {
        let mut doubts = Vec::new();
        let (before, after) = (&self.whole, &later.whole);
        if before.root != after.root {
            doubts.push(format!(
                "The roots are at {:#x} and {:#x}: the two are of different modules, so addresses say nothing.",
                before.root, after.root
            ));
        } else if before.allocations > after.allocations || before.memory_len > after.memory_len {
            doubts.push(format!(
                "The later one counts {} allocations and {} pages, the earlier one {} and {}: they are in the wrong order, or of two runs.",
                after.allocations,
                after.memory_len / u64::from(PAGE_BYTES),
                before.allocations,
                before.memory_len / u64::from(PAGE_BYTES),
            ));
        }
        for (which, whole) in [("earlier", before), ("later", after)] {
            if whole.problems != 0 {
                doubts.push(format!(
                    "In the {which} one {} things did not hold together and were left out.",
                    whole.problems
                ));
            }
        }
        doubts
    }
}

impl Change {
    /// Adds another one.
    fn join(&mut self, other: &Self) {
        let pairs = [
            (&mut self.before, &other.before),
            (&mut self.after, &other.after),
            (&mut self.new, &other.new),
            (&mut self.freed, &other.freed),
            (&mut self.surviving, &other.surviving),
        ];
        for (sum, tally) in pairs {
            sum.count += tally.count;
            sum.bytes = sum.bytes.saturating_add(tally.bytes);
        }
    }
}

/// What became of the pieces of an arena, which are in order: the same are those with the same numbers.
fn pieces(before: &[Held], after: &[Held]) -> Change {
    let mut change = Change::default();
    let (mut old, mut young) = (before.iter().peekable(), after.iter().peekable());
    loop {
        match (old.peek(), young.peek()) {
            (None, None) => return change,
            (Some(a), Some(b)) if a == b => {
                change.surviving.add(a.len);
                change.before.add(a.len);
                change.after.add(a.len);
                old.next();
                young.next();
            }
            (Some(a), b) if b.is_none_or(|b| a.start <= b.start) => {
                change.freed.add(a.len);
                change.before.add(a.len);
                old.next();
            }
            (_, b) => {
                if let Some(b) = b {
                    change.new.add(b.len);
                    change.after.add(b.len);
                }
                young.next();
            }
        }
    }
}

/// What changes of sites, as objects are gone through.
struct SiteChanges {
    rows: Vec<SiteChange>,
    /// The rows of the sites of the earlier one, by their numbers, and of the later one.
    places: [Vec<u32>; 2],
}

impl SiteChanges {
    fn of(earlier: &Snapshot, later: &Snapshot) -> Self {
        let mut rows: Vec<SiteChange> = Vec::new();
        let mut known: BTreeMap<Place, usize> = BTreeMap::new();
        let mut take = |snapshot: &Snapshot, is_later: bool| {
            let numbers = snapshot.sites.last().map_or(0, |site| site.number as usize + 1);
            let mut places = vec![u32::MAX; numbers.min(SITES_MAX)];
            for site in &snapshot.sites {
                let (tags, frames) = (snapshot.tag_path(site.tag), site.frames.clone());
                let row = *known.entry((tags.clone(), frames.clone())).or_insert_with(|| {
                    let objects = Change::default();
                    rows.push(SiteChange { id: site.number, tags, frames, objects, asked: Tally::default() });
                    rows.len() - 1
                });
                if let Some(place) = places.get_mut(site.number as usize) {
                    *place = row as u32;
                }
                rows[row].note(site, is_later);
            }
            places
        };
        let of_later = take(later, true);
        let of_earlier = take(earlier, false);
        Self { rows, places: [of_earlier, of_later] }
    }

    /// Counts an object where its site is known.
    fn add(&mut self, fate: &Fate) {
        match fate {
            Fate::New(object) => self.count(object, true, |change| &mut change.new),
            Fate::Kept(object) => self.count(object, true, |change| &mut change.surviving),
            Fate::Freed(object) => self.count(object, false, |change| &mut change.freed),
        }
    }

    fn count(&mut self, object: &Object, is_later: bool, of: fn(&mut Change) -> &mut Tally) {
        let Some(mark) = object.mark.filter(|mark| mark.site != 0) else { return };
        let row = self.places[usize::from(is_later)].get(mark.site as usize);
        let row = row.map(|row| *row as usize);
        if let Some(row) = row.and_then(|row| self.rows.get_mut(row)) {
            of(&mut row.objects).add_weighed(mark.size, object.weight);
        }
    }

    /// The sums over sites with the same tags, in the order of names.
    fn tags(&self) -> Vec<TagChange> {
        let mut tags: BTreeMap<&[String], (Change, Tally)> = BTreeMap::new();
        for row in &self.rows {
            let (sum, asked) = tags.entry(&row.tags).or_default();
            sum.join(&row.objects);
            asked.count += row.asked.count;
            asked.bytes = asked.bytes.saturating_add(row.asked.bytes);
        }
        let row =
            |(tags, (objects, asked)): (&[String], (Change, Tally))| TagChange { tags: tags.to_vec(), objects, asked };
        tags.into_iter().map(row).collect()
    }
}

impl SiteChange {
    /// Takes up what a snapshot says of the site.
    fn note(&mut self, site: &SiteFigures, is_later: bool) {
        let count = site.live_count as f64 / ONE as f64;
        let tally = if is_later { &mut self.objects.after } else { &mut self.objects.before };
        tally.count += count;
        tally.bytes = tally.bytes.saturating_add(site.live_bytes);
        let ever = site.count as f64 / ONE as f64;
        if is_later {
            self.asked.count += ever;
            self.asked.bytes = self.asked.bytes.saturating_add(site.bytes);
        } else {
            // What was asked for before the earlier one is none of what was asked for since; of another run it may be more.
            self.asked.count = (self.asked.count - ever).max(0.0);
            self.asked.bytes = self.asked.bytes.saturating_sub(site.bytes);
        }
    }
}
