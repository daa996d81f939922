//! Which objects are new, freed or survive between two snapshots: those that a filter takes, in an order, a part at a time.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;

use serde::Serialize;

use super::Snapshot;
use super::objects::{Fate, Identity, Object, SharedCaches, compare};
use crate::inspector::segment_rows::{NUMBER_MAX, whole};

/// Objects that are listed where a filter does not say how many.
const LIMIT: u64 = 200;

/// The most objects that are listed.
const LIMIT_MAX: f64 = 10_000.0;

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    New,
    Freed,
    Surviving,
}

/// A filter as it comes from JavaScript: its numbers may be any, and what is no number there is none here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectWords {
    /// `new`, `freed` or `surviving`.
    pub change: Option<String>,
    /// Keys of caches, as rows of a diff have them.
    pub caches: Option<Vec<String>>,
    /// Number of a site.
    pub site: Option<f64>,
    /// The first address of those of which an object has one.
    pub from: Option<f64>,
    /// The last one.
    pub to: Option<f64>,
    /// The least bytes.
    pub min_length: Option<f64>,
    /// The most bytes.
    pub max_length: Option<f64>,
    /// `address` or `length`.
    pub order: Option<String>,
    /// How many that match are left out first.
    pub offset: Option<f64>,
    /// How many are listed then.
    pub limit: Option<f64>,
}

/// Which objects are listed, and in which order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectFilter {
    wanted: Wanted,
    caches: Option<Vec<String>>,
    site: Option<u64>,
    addresses: (u64, u64),
    lengths: (u64, u64),
    longest_first: bool,
    offset: u64,
    limit: u64,
}

impl ObjectFilter {
    /// The filter that words say.
    ///
    /// # Errors
    /// A sentence, where something in it makes no sense.
    ///
    /// ```
    /// use flagstone::inspector::snapshot::list::{ObjectFilter, ObjectWords};
    /// assert!(ObjectFilter::of(&ObjectWords::default()).is_ok());
    /// let words = ObjectWords { change: Some("old".into()), ..ObjectWords::default() };
    /// assert_eq!(ObjectFilter::of(&words).unwrap_err(), "change must be new, freed or surviving, not old");
    /// ```
    pub fn of(words: &ObjectWords) -> Result<Self, String> {
        let wanted = match words.change.as_deref() {
            None | Some("new") => Wanted::New,
            Some("freed") => Wanted::Freed,
            Some("surviving") => Wanted::Surviving,
            Some(other) => return Err(format!("change must be new, freed or surviving, not {other}")),
        };
        let longest_first = match words.order.as_deref() {
            None | Some("address") => false,
            Some("length") => true,
            Some(other) => return Err(format!("order must be address or length, not {other}")),
        };
        let range = |low: (&str, Option<f64>), high: (&str, Option<f64>)| {
            let range = (whole(low.0, low.1, 0, NUMBER_MAX)?, whole(high.0, high.1, u64::MAX, NUMBER_MAX)?);
            if range.0 > range.1 {
                return Err(format!("{} must not be above {}, and {} is above {}", low.0, high.0, range.0, range.1));
            }
            Ok(range)
        };
        Ok(Self {
            wanted,
            caches: words.caches.clone(),
            site: words.site.map(|site| whole("site", Some(site), 0, NUMBER_MAX)).transpose()?,
            addresses: range(("from", words.from), ("to", words.to))?,
            lengths: range(("minLength", words.min_length), ("maxLength", words.max_length))?,
            longest_first,
            offset: whole("offset", words.offset, 0, NUMBER_MAX)?,
            limit: whole("limit", words.limit, LIMIT, LIMIT_MAX)?,
        })
    }

    /// Whether an object is one of those; `caches` says which caches are, by index.
    fn takes(&self, object: &Object, caches: &[bool]) -> bool {
        let (start, len) = (u64::from(object.start), u64::from(object.len));
        caches.get(object.cache as usize).is_none_or(|is_taken| *is_taken)
            && start <= self.addresses.1
            && start + len > self.addresses.0
            && (self.lengths.0..=self.lengths.1).contains(&len)
            && self.site.is_none_or(|site| object.mark.is_some_and(|mark| u64::from(mark.site) == site))
    }
}

/// An object of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectRow {
    /// Where it begins.
    pub address: u32,
    /// Bytes that it takes in its slab or its segment.
    pub length: u32,
    /// The key of its cache.
    pub cache: String,
    /// What the cache is called.
    pub name: String,
    /// Bytes asked for, where diagnosis has it on record.
    pub asked: Option<u32>,
    /// Number of the site that asked for it, where diagnosis knows it.
    pub site: Option<u32>,
    /// Operations since it was made, where diagnosis has it on record.
    pub age: Option<u32>,
}

/// Objects that a filter takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectList {
    /// How many it takes.
    pub matching: u32,
    /// Their bytes.
    pub bytes: u64,
    /// The part of them that was asked for.
    pub rows: Vec<ObjectRow>,
}

impl Snapshot {
    /// The objects of this snapshot and a later one that a filter takes; with a `last` one, of new and surviving ones those that are in
    /// that, too. Takes time linear in the objects, where they are ordered by length but for a logarithm.
    ///
    /// # Errors
    /// A sentence, where the filter names a cache that neither has.
    ///
    /// ```
    /// use flagstone::{Heap, image::survey::Survey, source::{Fixed, Page}, units::Addr};
    /// use flagstone::inspector::snapshot::{Note, Snapshot, list::{ObjectFilter, ObjectWords}};
    /// let mut memory = vec![Page::ZERO; 4];
    /// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    /// let take = || Snapshot::take(&Survey::take(&heap.image(), heap.root()).unwrap(), None, Note::default());
    /// let before = take();
    /// let layout = std::alloc::Layout::new::<[u64; 5]>();
    /// let at = heap.alloc(layout);
    /// let all = ObjectFilter::of(&ObjectWords::default()).unwrap();
    /// let list = before.list(&take(), None, &all).unwrap();
    /// assert_eq!((list.matching, list.rows[0].name.as_str(), list.rows[0].length), (1, "40 B", 40));
    /// # unsafe { heap.dealloc(at, layout) };
    /// ```
    pub fn list(&self, later: &Self, last: Option<&Self>, filter: &ObjectFilter) -> Result<ObjectList, String> {
        let shared = SharedCaches::of(&self.caches, &later.caches);
        let whose = if filter.wanted == Wanted::Freed { self } else { later };
        let taken = whose.taken(&shared, self, later, filter)?;
        let mut found = Vec::new();
        compare(self, later, &shared, |fate| {
            let object = match (fate, filter.wanted) {
                (Fate::New(object), Wanted::New)
                | (Fate::Freed(object), Wanted::Freed)
                | (Fate::Kept(object), Wanted::Surviving) => object,
                _ => return,
            };
            if filter.takes(&object, &taken) {
                found.push(object);
            }
        });
        if let (Some(last), Wanted::New | Wanted::Surviving) = (last, filter.wanted) {
            later.keep_those_in(last, &mut found);
        }
        let bytes = found.iter().map(|object| u64::from(object.len)).sum();
        if filter.longest_first {
            found.sort_by_key(|object| (Reverse(object.len), object.start));
        }
        let from = usize::try_from(filter.offset).unwrap_or(usize::MAX);
        let page = found.iter().skip(from).take(filter.limit as usize);
        Ok(ObjectList { matching: found.len() as u32, bytes, rows: page.map(|object| whose.row(object)).collect() })
    }

    /// Which of the caches of this snapshot a filter takes; nothing where it takes all.
    fn taken(
        &self,
        shared: &SharedCaches,
        earlier: &Self,
        later: &Self,
        filter: &ObjectFilter,
    ) -> Result<Vec<bool>, String> {
        let Some(keys) = &filter.caches else { return Ok(Vec::new()) };
        let mut taken = vec![false; self.caches.len()];
        for key in keys {
            let of = |snapshot: &Self, index: Option<usize>| {
                index.and_then(|index| snapshot.caches.get(index)).is_some_and(|cache| cache.key.words() == *key)
            };
            if !shared.places.iter().any(|(before, after)| of(earlier, *before) || of(later, *after)) {
                return Err(format!(
                    "there is no cache {key} in either snapshot: keys are those of the rows of a diff"
                ));
            }
            for (cache, taken) in self.caches.iter().zip(&mut taken) {
                *taken |= cache.key.words() == *key;
            }
        }
        Ok(taken)
    }

    /// Of objects of this snapshot, in the order of addresses, keeps those that are in a later one.
    fn keep_those_in(&self, last: &Self, found: &mut Vec<Object>) {
        let shared = SharedCaches::of(&self.caches, &last.caches);
        let identity = Identity::of(self, &shared);
        let mut others = last.objects().peekable();
        found.retain(|object| {
            while others.peek().is_some_and(|other| other.start < object.start) {
                others.next();
            }
            others.peek().is_some_and(|other| other.start == object.start && identity.same(object, other))
        });
    }

    fn row(&self, object: &Object) -> ObjectRow {
        let cache = &self.caches[object.cache as usize];
        let now = self.whole.operations.saturating_sub(1) as u32;
        ObjectRow {
            address: object.mark.map_or(object.start, |mark| mark.object),
            length: object.len,
            cache: cache.key.words(),
            name: cache.name.to_string(),
            asked: object.mark.map(|mark| mark.size),
            site: object.mark.map(|mark| mark.site).filter(|site| *site != 0),
            age: object.mark.map(|mark| now.wrapping_sub(mark.operation)),
        }
    }
}
