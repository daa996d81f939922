//! Markdown: one pass over the parser's events gives the outline, the counts, the links and the rendered HTML.
//!
//! Works in time proportional to the text; what is kept owns its memory and borrows nothing from the file.

use std::collections::BTreeMap;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd, html};

use crate::index::Index;
use crate::phrase;
use crate::preview::Preview;
use crate::workbench::Details;

/// Words that most people read in a minute.
const WORDS_A_MINUTE: usize = 230;

/// How many headings and links the details name.
const SHOWN: usize = 12;

/// What is kept of a Markdown file.
#[derive(Default)]
pub(crate) struct Article {
    /// The headings.
    outline: Index,
    links: Vec<Link>,
    /// Listings by language.
    listings: BTreeMap<String, usize>,
    images: usize,
    tables: usize,
    words: usize,
    /// The text without its markup, a line for each paragraph.
    plain: String,
    /// The text as a browser would show it.
    html: String,
}

struct Link {
    label: String,
    target: String,
}

impl Article {
    /// Reads any text: there is no Markdown that is wrong.
    pub(crate) fn read(text: &str) -> Self {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS;
        let mut article = Self::default();
        let mut starts = Vec::new();
        let mut html = String::new();
        html::push_html(&mut html, Parser::new_ext(text, options).inspect(|event| article.take(event, &mut starts)));
        article.html = html;
        article.words = article.plain.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count();
        article
    }

    /// Notes one event. `starts` holds where in the plain text the open headings and links began.
    fn take(&mut self, event: &Event<'_>, starts: &mut Vec<usize>) {
        match event {
            Event::Start(tag) => match tag {
                Tag::Heading { .. } => starts.push(self.plain.len()),
                Tag::Link { dest_url, .. } => {
                    starts.push(self.plain.len());
                    self.links.push(Link { label: String::new(), target: dest_url.to_string() });
                }
                Tag::CodeBlock(CodeBlockKind::Fenced(language)) if !language.is_empty() => self.count_listing(language),
                Tag::CodeBlock(_) => self.count_listing("plain"),
                Tag::Image { .. } => self.images += 1,
                Tag::Table(_) => self.tables += 1,
                _ => {}
            },
            Event::End(tag) => match tag {
                TagEnd::Heading(level) => {
                    let title = starts.pop().map_or("", |start| &self.plain[start..]);
                    self.outline.push(*level as u8, title);
                    self.plain.push('\n');
                }
                TagEnd::Link => {
                    let label = starts.pop().map_or("", |start| &self.plain[start..]);
                    if let Some(link) = self.links.last_mut() {
                        link.label = label.to_owned();
                    }
                }
                TagEnd::TableCell => self.plain.push('\t'),
                TagEnd::Paragraph | TagEnd::Item | TagEnd::TableHead | TagEnd::TableRow => self.plain.push('\n'),
                _ => {}
            },
            Event::Text(text) | Event::Code(text) => self.plain.push_str(text),
            Event::SoftBreak | Event::HardBreak => self.plain.push(' '),
            _ => {}
        }
    }

    fn count_listing(&mut self, language: &str) {
        *self.listings.entry(language.to_owned()).or_default() += 1;
    }

    /// What it holds, in one line.
    pub(crate) fn summary(&self) -> String {
        let parts = [(self.words, "word"), (self.outline.len(), "heading"), (self.links.len(), "link")];
        parts.map(|(number, noun)| phrase::count(number, noun)).join(", ")
    }

    /// Counts, then the first headings and links.
    pub(crate) fn details(&self) -> Details {
        let mut details = vec![
            ("words".to_owned(), phrase::grouped(self.words)),
            ("reading time".to_owned(), phrase::count(self.words.div_ceil(WORDS_A_MINUTE), "minute")),
            ("images".to_owned(), phrase::grouped(self.images)),
            ("tables".to_owned(), phrase::grouped(self.tables)),
            ("rendered HTML".to_owned(), phrase::count(self.html.len(), "byte")),
        ];
        for (language, number) in self.listings.iter().take(SHOWN) {
            details.push((format!("listings, {}", phrase::cut(language, 40)), phrase::grouped(*number)));
        }
        for (level, title) in self.outline.iter().take(SHOWN) {
            details.push((format!("h{level}"), phrase::cut(&title, 80)));
        }
        for link in self.links.iter().take(SHOWN) {
            let label = phrase::cut(&link.label, 40);
            details.push((format!("link \u{201c}{label}\u{201d}"), phrase::cut(&link.target, 80)));
        }
        details
    }

    /// The outline, then the text without markup.
    pub(crate) fn preview(&self, limit: usize) -> String {
        let mut out = Preview::new(limit);
        for (level, title) in self.outline.iter() {
            let depth = usize::from(level) - 1;
            if !out.push(&format!("{}{title}\n", "  ".repeat(depth))) {
                break;
            }
        }
        if self.outline.len() > 0 {
            out.push("\n");
        }
        out.push(&self.plain);
        out.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# One *two*\n\nSee [the `map`](#map) and\n<https://example.org>.\n\n## Map\n\n```rust\nfn f() {}\n```\n\n\
                        | a | b |\n|---|---|\n| 1 | 2 |\n\n- [x] done\n- wo*r*d ![alt](i.png)\n";

    #[test]
    fn outline_links_and_listings_are_found() {
        let article = Article::read(TEXT);
        let titles: Vec<_> = article.outline.iter().collect();
        assert_eq!(titles, [(1, "One two".to_owned()), (2, "Map".to_owned())]);
        let links: Vec<_> = article.links.iter().map(|link| (link.label.as_str(), link.target.as_str())).collect();
        assert_eq!(links, [("the map", "#map"), ("https://example.org", "https://example.org")]);
        assert_eq!(article.listings, BTreeMap::from([("rust".to_owned(), 1)]));
        assert_eq!((article.images, article.tables), (1, 1));
    }

    #[test]
    fn text_is_counted_and_rendered() {
        let article = Article::read(TEXT);
        // One two / See the map and https://example.org. / Map / fn f() {} / a b 1 2 / done / word alt
        assert_eq!(article.words, 2 + 5 + 1 + 2 + 4 + 1 + 2);
        assert_eq!(article.summary(), "17 words, 2 headings, 2 links");
        assert!(article.html.contains("<h1>One <em>two</em></h1>"));
        assert!(article.preview(500).starts_with("One two\n  Map\n\nOne two\nSee the map and https://example.org.\n"));
        assert_eq!(article.preview(5), "One …");
    }

    #[test]
    fn a_text_without_markup_has_no_outline() {
        let article = Article::read("just words");
        assert_eq!(article.summary(), "2 words, 0 headings, 0 links");
        assert_eq!(article.preview(100), "just words\n");
    }

    #[test]
    fn deep_quotes_and_open_brackets_end() {
        for text in [">".repeat(20_000), "[".repeat(20_000), "*a ".repeat(20_000), "- ".repeat(2_000)] {
            Article::read(&text);
        }
    }
}
