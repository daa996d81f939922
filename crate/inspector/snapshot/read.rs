//! Snapshots out of bytes, whatever those are: what cannot be is an error that says where and what it is. Lists are only as long as
//! there are bytes for, and what must be in order and apart is that by the format.
#![forbid(unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::bytes::{MAGIC, VERSION};
use super::figures::{ArenaClass, ArenaFigures, COUNT_MAX, CacheFigures, CacheKey, SiteFigures, TagFigures};
use super::{Held, Mark, Note, Slab, Snapshot, Whole};
use crate::image::region::Composition;

/// The greatest number that takes a word.
const WORD: u64 = u32::MAX as u64;

/// One past the greatest address.
const ADDRESSES: u64 = 1 << 32;

/// Why bytes are no snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unreadable {
    /// They do not begin like one.
    NotASnapshot {
        /// How they begin.
        found: Vec<u8>,
    },
    /// They are in a version of the format that this reader does not know.
    WrongVersion {
        /// The version.
        found: u32,
    },
    /// They end before something.
    Truncated {
        /// Where they end.
        at: usize,
        /// What that is.
        what: &'static str,
    },
    /// Something has a value that it cannot have.
    Wrong {
        /// Where it begins.
        at: usize,
        /// What it is.
        what: &'static str,
        /// Its value.
        value: u64,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotASnapshot { found } => {
                write!(f, "this is no snapshot of flagstone: it begins with {:?}", String::from_utf8_lossy(found))
            }
            Self::WrongVersion { found } => {
                write!(f, "the snapshot has version {found} of its format, and this inspector reads version {VERSION}")
            }
            Self::Truncated { at, what } => write!(f, "the snapshot ends at byte {at}, before its {what}"),
            Self::Wrong { at, what, value } => {
                write!(f, "the snapshot cannot be right: at byte {at} its {what} is {value}")
            }
        }
    }
}

impl core::error::Error for Unreadable {}

/// Bytes that are read.
struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn take(&mut self, what: &'static str, len: usize) -> Result<&'b [u8], Unreadable> {
        if len > self.left() {
            return Err(Unreadable::Truncated { at: self.bytes.len(), what });
        }
        let taken = &self.bytes[self.at..self.at + len];
        self.at += len;
        Ok(taken)
    }

    /// A number up to `most`.
    fn number(&mut self, what: &'static str, most: u64) -> Result<u64, Unreadable> {
        let at = self.at;
        let mut value = 0_u64;
        for place in 0..10 {
            let byte = self.take(what, 1)?[0];
            let bits = u64::from(byte & 0x7f);
            value |= bits << (7 * place);
            if place == 9 && byte > 1 {
                return Err(Unreadable::Wrong { at, what, value: u64::MAX });
            }
            if byte & 0x80 == 0 {
                break;
            }
        }
        if value > most { Err(Unreadable::Wrong { at, what, value }) } else { Ok(value) }
    }

    fn word(&mut self, what: &'static str) -> Result<u32, Unreadable> {
        Ok(self.number(what, WORD)? as u32)
    }

    fn count(&mut self, what: &'static str) -> Result<u64, Unreadable> {
        self.number(what, COUNT_MAX)
    }

    /// A number that is as much above `from` as the next one says, and not above `most`.
    fn step(&mut self, what: &'static str, from: u64, most: u64) -> Result<u64, Unreadable> {
        let at = self.at;
        let step = self.number(what, u64::MAX)?;
        let value = from.saturating_add(step);
        if value > most { Err(Unreadable::Wrong { at, what, value }) } else { Ok(value) }
    }

    /// The length of a list whose elements take at least `least` bytes each.
    fn list(&mut self, what: &'static str, least: usize) -> Result<usize, Unreadable> {
        let at = self.at;
        let len = self.number(what, u64::MAX)?;
        if len > (self.left() / least) as u64 {
            return Err(Unreadable::Wrong { at, what, value: len });
        }
        Ok(len as usize)
    }

    fn text(&mut self, what: &'static str) -> Result<String, Unreadable> {
        let len = self.list(what, 1)?;
        let at = self.at;
        let bytes = self.take(what, len)?;
        match core::str::from_utf8(bytes) {
            Ok(text) => Ok(String::from(text)),
            Err(error) => {
                let at = at + error.valid_up_to();
                Err(Unreadable::Wrong { at, what, value: u64::from(self.bytes[at]) })
            }
        }
    }

    /// Pieces that do not overlap, in order.
    fn pieces(&mut self) -> Result<Vec<Held>, Unreadable> {
        let count = self.list("number of segments", 2)?;
        let mut pieces = Vec::with_capacity(count);
        let mut end = 0;
        for _ in 0..count {
            let start = self.step("start of a segment", end, WORD)?;
            let at = self.at;
            let len = self.number("length of a segment", (ADDRESSES - start).min(WORD))?;
            if len == 0 {
                return Err(Unreadable::Wrong { at, what: "length of a segment", value: 0 });
            }
            end = start + len;
            pieces.push(Held { start: start as u32, len: len as u32 });
        }
        Ok(pieces)
    }

    fn whole(&mut self) -> Result<Whole, Unreadable> {
        let root = self.word("root")?;
        let memory_len = self.number("length of the memory", ADDRESSES)?;
        let mut part = || self.number("composition", ADDRESSES);
        let composition = Composition {
            static_data: part()?,
            stack: part()?,
            live: part()?,
            magazines: part()?,
            slab_free: part()?,
            slab_overhead: part()?,
            arena_free: part()?,
            metadata: part()?,
            foreign: part()?,
        };
        Ok(Whole {
            root,
            memory_len,
            composition,
            allocations: self.count("number of allocations")?,
            failures: self.count("number of failures")?,
            growths: self.word("number of growths")?,
            grown_pages: self.word("number of pages grown")?,
            problems: self.word("number of problems")?,
            operations: self.count("number of operations")?,
        })
    }

    fn caches(&mut self) -> Result<Vec<CacheFigures>, Unreadable> {
        const WHAT: &str = "kind of a cache";
        let count = self.list("number of caches", 6)?;
        let mut caches = Vec::with_capacity(count);
        for index in 0..count {
            let at = self.at;
            let kind = self.number(WHAT, 4)?;
            // The two rests are the last two.
            if (kind >= 3 || index + 2 >= count) && index as u64 + 5 != count as u64 + kind {
                return Err(Unreadable::Wrong { at, what: WHAT, value: kind });
            }
            let number = self.word("number of a cache")?;
            let key = match kind {
                0 => CacheKey::Class(number),
                1 => CacheKey::Segments(number),
                2 => CacheKey::Objects(number),
                3 => CacheKey::Other,
                _ => CacheKey::Guarded,
            };
            let name = self.text("name of a cache")?;
            let size = self.word("size of an object")?;
            let mut cache = CacheFigures::new(key, name, size, self.count("number of allocations")?);
            cache.slab_bytes = self.number("bytes of slabs", ADDRESSES)?;
            caches.push(cache);
        }
        if count < 2 {
            return Err(Unreadable::Wrong { at: self.at, what: "number of caches", value: count as u64 });
        }
        Ok(caches)
    }

    fn arenas(&mut self) -> Result<Vec<ArenaFigures>, Unreadable> {
        let count = self.list("number of arenas", 8)?;
        let mut arenas = Vec::with_capacity(count);
        for _ in 0..count {
            let (id, number) = (self.word("record of an arena")?, self.word("number of an arena")?);
            let name = self.text("name of an arena")?;
            let class = match self.number("class of an arena", 2)? {
                0 => ArenaClass::Heap,
                1 => ArenaClass::Memory,
                _ => ArenaClass::Numbers,
            };
            arenas.push(ArenaFigures {
                id,
                number,
                name,
                class,
                total: self.number("total of an arena", ADDRESSES)?,
                in_use: self.number("part of an arena that is in use", ADDRESSES)?,
                allocations: self.count("number of allocations")?,
                held: self.pieces()?,
            });
        }
        Ok(arenas)
    }

    fn sites(&mut self) -> Result<Vec<SiteFigures>, Unreadable> {
        let count = self.list("number of call sites", 7)?;
        let mut sites: Vec<SiteFigures> = Vec::with_capacity(count);
        for _ in 0..count {
            let number = self.later(sites.last().map(|site| site.number), "number of a call site")?;
            let tag = self.word("tag of a call site")?;
            let depth = self.list("number of frames", 1)?;
            let mut frames = Vec::with_capacity(depth);
            for _ in 0..depth {
                frames.push(self.word("frame")?);
            }
            sites.push(SiteFigures {
                number,
                tag,
                frames,
                live_bytes: self.count("live bytes of a call site")?,
                live_count: self.count("live objects of a call site")?,
                bytes: self.count("bytes of a call site")?,
                count: self.count("objects of a call site")?,
            });
        }
        Ok(sites)
    }

    fn tags(&mut self) -> Result<Vec<TagFigures>, Unreadable> {
        let count = self.list("number of tags", 3)?;
        let mut tags: Vec<TagFigures> = Vec::with_capacity(count);
        for _ in 0..count {
            let number = self.later(tags.last().map(|tag| tag.number), "number of a tag")?;
            let most = u64::from(number).saturating_sub(1);
            let parent = self.number("tag around a tag", most)? as u32;
            tags.push(TagFigures { number, parent, name: self.text("name of a tag")? });
        }
        Ok(tags)
    }

    /// A number above the one before, where there is one.
    fn later(&mut self, before: Option<u32>, what: &'static str) -> Result<u32, Unreadable> {
        let at = self.at;
        let number = self.step(what, before.map_or(0, u64::from), WORD)? as u32;
        if before == Some(number) {
            return Err(Unreadable::Wrong { at, what, value: u64::from(number) });
        }
        Ok(number)
    }

    fn slabs(&mut self, caches: &[CacheFigures]) -> Result<Vec<Slab>, Unreadable> {
        let count = self.list("number of slabs", 3)?;
        let mut slabs = Vec::with_capacity(count);
        let mut end = 0;
        for _ in 0..count {
            let start = self.step("start of a slab", end, WORD)? as u32;
            let at = self.at;
            let cache = self.word("cache of a slab")?;
            let of_slabs = |cache: &&CacheFigures| {
                cache.size != 0 && matches!(cache.key, CacheKey::Class(_) | CacheKey::Objects(_))
            };
            let Some(owner) = caches.get(cache as usize).filter(of_slabs) else {
                return Err(Unreadable::Wrong { at, what: "cache of a slab", value: u64::from(cache) });
            };
            let at = self.at;
            let live = self.number("live objects of a slab", u64::MAX)?;
            let slab = Slab { start, cache, live };
            end = slab.live_end(owner.size);
            if live == 0 || end > ADDRESSES {
                return Err(Unreadable::Wrong { at, what: "live objects of a slab", value: live });
            }
            slabs.push(slab);
        }
        Ok(slabs)
    }

    fn guarded(&mut self, segments: usize) -> Result<Vec<u64>, Unreadable> {
        let mut guarded = Vec::with_capacity(segments.div_ceil(64));
        for _ in 0..segments.div_ceil(64) {
            guarded.push(self.number("guarded segments", u64::MAX)?);
        }
        Ok(guarded)
    }

    fn marks(&mut self) -> Result<Vec<Mark>, Unreadable> {
        let count = self.list("number of objects on record", 4)?;
        let mut marks: Vec<Mark> = Vec::with_capacity(count);
        for _ in 0..count {
            let object = self.later(marks.last().map(|mark| mark.object), "object on record")?;
            let (size, site) = (self.word("bytes asked for")?, self.word("call site of an object")?);
            marks.push(Mark { object, size, site, operation: self.word("operation of an object")? });
        }
        Ok(marks)
    }

    fn samples(&mut self, marks: usize) -> Result<Vec<(u32, u32)>, Unreadable> {
        let count = self.list("number of samples", 2)?;
        let mut samples: Vec<(u32, u32)> = Vec::with_capacity(count);
        for _ in 0..count {
            let at = self.at;
            let mark = self.later(samples.last().map(|(mark, _)| *mark), "sample")?;
            if mark as usize >= marks {
                return Err(Unreadable::Wrong { at, what: "sample", value: u64::from(mark) });
            }
            samples.push((mark, self.word("weight of a sample")?));
        }
        Ok(samples)
    }
}

impl Snapshot {
    /// Reads a snapshot that [`to_bytes`](Self::to_bytes) wrote. Takes time and memory linear in the bytes.
    ///
    /// # Errors
    /// Where they are no snapshot, of another version, end too soon, or where something in them cannot be right.
    ///
    /// ```
    /// use flagstone::inspector::snapshot::{Snapshot, Unreadable};
    /// let found = b"PNG and so on".to_vec();
    /// let error = Snapshot::from_bytes(&found).unwrap_err();
    /// assert_eq!(error, Unreadable::NotASnapshot { found: b"PNG and ".to_vec() });
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut reader = Reader { bytes, at: 0 };
        let begin = &bytes[..bytes.len().min(MAGIC.len())];
        if begin != MAGIC {
            return Err(Unreadable::NotASnapshot { found: begin.to_vec() });
        }
        reader.at = MAGIC.len();
        let found = reader.take("version", 4)?.iter().rev().fold(0, |version, byte| version << 8 | u32::from(*byte));
        if found != VERSION {
            return Err(Unreadable::WrongVersion { found });
        }
        let note = Note { name: reader.text("name")?, time: reader.count("time")? };
        let whole = reader.whole()?;
        let caches = reader.caches()?;
        let arenas = reader.arenas()?;
        let sites = reader.sites()?;
        let tags = reader.tags()?;
        let slabs = reader.slabs(&caches)?;
        let segments = reader.pieces()?;
        let guarded = reader.guarded(segments.len())?;
        let marks = reader.marks()?;
        let samples = reader.samples(marks.len())?;
        if reader.left() != 0 {
            return Err(Unreadable::Wrong { at: reader.at, what: "rest", value: reader.left() as u64 });
        }
        let mut read = Self { note, whole, caches, arenas, sites, tags, slabs, segments, guarded, marks, samples };
        read.check_apart(bytes.len())?;
        read.count_live();
        Ok(read)
    }

    /// Whether slabs and segments are apart from each other.
    fn check_apart(&self, at: usize) -> Result<(), Unreadable> {
        let mut end = 0;
        for object in self.objects() {
            if u64::from(object.start) < end {
                let value = u64::from(object.start);
                return Err(Unreadable::Wrong { at, what: "object that begins within another one", value });
            }
            end = u64::from(object.start) + u64::from(object.len);
        }
        Ok(())
    }
}
