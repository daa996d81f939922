//! The index of a document: a line for each of its headings, members or rows, as far as they are not too many.
//!
//! Entries are small, many, and live as long as their document, so they are what leaves slabs with holes when documents close. They are kept
//! in a cache whose objects can move; an index holds their handles.

use std::iter;

use flagstone::objects::{Handle, MovableCache, Options};

use crate::home::{Home, home};
use crate::phrase;

/// Entries of one document.
const ENTRIES: usize = 4_096;

/// Bytes of an entry's text, so that an entry in its slab takes 64 bytes.
const TEXT: usize = 58;

/// Characters that are asked of whoever names an entry: more do not fit.
pub(crate) const LABEL: usize = TEXT;

/// A line of an index.
struct Entry {
    level: u8,
    len: u8,
    text: [u8; TEXT],
}

impl Entry {
    /// An entry with as many whole characters of a text as fit.
    fn new(level: u8, text: &str) -> Self {
        let len = (0..=TEXT.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        let mut bytes = [0; TEXT];
        bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
        Self { level, len: len as u8, text: bytes }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.text[..usize::from(self.len)]).into_owned()
    }
}

/// The entries of all documents.
fn entries() -> &'static MovableCache<Entry, Home> {
    thread_local! {
        static ENTRIES: &'static MovableCache<Entry, Home> = {
            // They come and go by the thousand, so those that go need not lie ready for the next.
            let options = Options { magazines: false, ..Options::new("index entries") };
            Box::leak(Box::new(MovableCache::deferred(home(), options)))
        };
    }
    ENTRIES.with(|entries| *entries)
}

/// The entries of one document, in their order; they go when it goes.
#[derive(Default)]
pub(crate) struct Index {
    entries: Vec<Handle<Entry>>,
    left_out: usize,
}

impl Index {
    /// Adds an entry of a level. Where there are too many, or no memory is left for one, it is only counted.
    pub(crate) fn push(&mut self, level: u8, text: &str) {
        let room = self.entries.len() < ENTRIES;
        match room.then(|| entries().insert(Entry::new(level, text))) {
            Some(Ok(entry)) => self.entries.push(entry),
            _ => self.left_out += 1,
        }
    }

    /// Counts an entry without a text, if there are too many; whether that is so.
    pub(crate) fn skip(&mut self) -> bool {
        let full = self.entries.len() >= ENTRIES;
        self.left_out += usize::from(full);
        full
    }

    /// The number of entries, those that were only counted included.
    pub(crate) fn len(&self) -> usize {
        self.entries.len() + self.left_out
    }

    /// Level and text of each entry that is kept.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (u8, String)> {
        self.entries.iter().filter_map(|&entry| entries().get(entry).ok()).map(|entry| (entry.level, entry.text()))
    }

    /// How many entries there are, and the first and the last.
    pub(crate) fn describe(&self) -> String {
        let ends = self.iter().next().zip(self.iter().next_back()).map(|((_, first), (_, last))| {
            format!(": \u{201c}{}\u{201d} to \u{201c}{}\u{201d}", phrase::cut(&first, 24), phrase::cut(&last, 24))
        });
        let left_out =
            (self.left_out > 0).then(|| format!(", {} of them only counted", phrase::grouped(self.left_out)));
        iter::once(phrase::count(self.len(), "entry")).chain(ends).chain(left_out).collect()
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        for entry in self.entries.drain(..) {
            // An index alone holds the handles of its entries, so each is there, and nobody looks at it now.
            let _ = entries().remove(entry);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use flagstone::objects::CacheStats;

    use super::*;
    use crate::home;

    /// What the cache of the entries counts.
    pub(crate) fn stats() -> CacheStats {
        entries().stats()
    }

    #[test]
    fn entries_keep_whole_characters_and_come_back_in_order() {
        let mut index = Index::default();
        index.push(1, "short");
        index.push(2, &"ä".repeat(40));
        index.push(1, "");
        assert_eq!(index.iter().collect::<Vec<_>>(), [(1, "short".into()), (2, "ä".repeat(29)), (1, String::new())]);
        assert_eq!(index.describe(), "3 entries: \u{201c}short\u{201d} to \u{201c}\u{201d}");
        assert_eq!(Index::default().describe(), "0 entries");
    }

    #[test]
    fn an_entry_takes_64_bytes_of_its_slab() {
        let mut index = Index::default();
        index.push(1, "a");
        assert_eq!(stats().stride, 64);
    }

    #[test]
    fn too_many_entries_are_counted() {
        let mut index = Index::default();
        (0..ENTRIES + 2).for_each(|number| index.push(1, &number.to_string()));
        assert!(index.skip());
        assert_eq!((index.len(), stats().live), (ENTRIES + 3, ENTRIES as u32));
        assert!(index.describe().ends_with("to \u{201c}4095\u{201d}, 3 of them only counted"), "{}", index.describe());
    }

    #[test]
    fn entries_move_into_the_holes_that_closed_documents_leave() {
        let mut indexes: Vec<_> = (0..200_u32)
            .map(|document| {
                let mut index = Index::default();
                (0..4).for_each(|line| index.push(1, &format!("{document}.{line}")));
                Some(index)
            })
            .collect();
        for (number, index) in indexes.iter_mut().enumerate() {
            *index = index.take().filter(|_| number % 10 == 0);
        }
        let before = stats().slabs;
        assert!(home::reclaim().moves > 0);
        assert_eq!((stats().live, stats().slabs), (80, 2), "there were {before} slabs");
        for (number, index) in indexes.iter().enumerate() {
            let texts = index.iter().flat_map(Index::iter).map(|(_, text)| text);
            assert!(texts.eq((0..if number % 10 == 0 { 4 } else { 0 }).map(|line| format!("{number}.{line}"))));
        }
    }
}
