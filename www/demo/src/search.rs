//! Words that are looked for in the open documents, and what was found, kept so that the same word need not be looked for again.
//!
//! This is a mistake on purpose: what is kept is found again by the word and the number of the search, so it never is. It only grows, and it
//! stays when the documents are closed. The inspector shows it; nothing else does.

use std::collections::BTreeMap;

use crate::phrase;

/// Characters of a line that are kept.
const LINE: usize = 120;

/// Lines that are kept of a search.
const LINES: usize = 20;

/// What came of a search.
struct Found {
    lines: Vec<String>,
    /// What was looked through, to show the lines in their place.
    texts: Vec<String>,
}

/// The searches so far.
#[derive(Default)]
pub(crate) struct Searches {
    count: u32,
    found: BTreeMap<(u32, String), Found>,
}

impl Searches {
    /// The lines of the texts that have the word in them; how many.
    pub(crate) fn find(&mut self, word: &str, texts: impl Iterator<Item = String>) -> usize {
        flagstone::tag!("search");
        self.count += 1;
        let key = (self.count, word.to_lowercase());
        let found = self.found.entry(key).or_insert_with_key(|(_, word)| {
            let texts: Vec<String> = texts.collect();
            Found { lines: lines(word, &texts), texts }
        });
        if found.texts.is_empty() { 0 } else { found.lines.len() }
    }
}

/// The first lines that have a word in them, whatever its case.
fn lines(word: &str, texts: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for text in texts {
        let more = text.lines().filter(|line| line.to_lowercase().contains(word)).map(|line| phrase::cut(line, LINE));
        found.extend(more.take(LINES - found.len()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_finds_lines_and_only_grows() {
        let mut searches = Searches::default();
        let texts = || ["A stone.\nA path.".to_owned(), "STONES\n".to_owned()].into_iter();
        assert_eq!(searches.find("stone", texts()), 2);
        assert_eq!(searches.find("Stone", texts()), 2);
        assert_eq!(searches.find("grass", texts()), 0);
        assert_eq!(searches.found.len(), 3, "the mistake");
        let many = (0..50).map(|number| format!("stone {number}\nstone\n"));
        assert_eq!(searches.find("stone", many), LINES);
    }
}
