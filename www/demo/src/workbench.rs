//! The open documents: which kind a file is, what is kept of it, and under which number.
//!
//! The numbers come from an arena of ids. The records of documents lie in a cache whose objects can move, so that closing many of them leaves
//! no slabs that few of them hold: a document is looked at where it is, and nobody keeps a reference to it.

use std::collections::BTreeMap;
use std::fmt;

use flagstone::objects::{Handle, MovableCache, Options, Pinned};
use flagstone::vmem::{Error, IdArena, Reuse};
#[cfg(target_family = "wasm")]
use flagstone::vmem::{Metadata, ModuleHeap};
#[cfg(not(target_family = "wasm"))]
use flagstone::vmem::{Slot, Storage};

use crate::csv_table::Table;
use crate::error::OpenError;
use crate::home::{Home, home};
use crate::json::Tree;
use crate::markdown::Article;
use crate::previews;
use crate::script::Run;
use crate::search::Searches;
use crate::text;

/// Facts of a document as name and value, in the order to show.
pub(crate) type Details = Vec<(String, String)>;

/// Characters of each document that a search looks at.
const SEARCHED: usize = 4_000;

/// Milliseconds since some moment; the app has no clock of its own in WebAssembly.
pub(crate) type Clock = fn() -> f64;

/// Where the arena of the numbers keeps its records: apart in the heap, so that the inspector shows both. Off wasm, in an array.
#[cfg(target_family = "wasm")]
type Place = &'static Metadata<'static, ModuleHeap>;
#[cfg(not(target_family = "wasm"))]
type Place = Storage<'static>;

/// The place for the records of all workbenches; it lasts as long as the program.
#[cfg(target_family = "wasm")]
fn place() -> Result<Place, Error> {
    use std::cell::Cell;
    thread_local! { static PLACE: Cell<Option<Place>> = const { Cell::new(None) }; }
    if PLACE.get().is_none() {
        PLACE.set(Some(Box::leak(Box::new(Metadata::of_module()?))));
    }
    PLACE.get().ok_or(Error::NoRecords)
}
#[cfg(not(target_family = "wasm"))]
fn place() -> Result<Place, Error> {
    Ok(Storage::new(vec![Slot::EMPTY; 1000].leak()))
}

/// The numbers of documents: a closed one's is used again as late as possible.
type Numbers = IdArena<'static, Place>;

/// All open documents by number.
pub(crate) struct Workbench {
    documents: MovableCache<Document, Home>,
    handles: BTreeMap<u32, Handle<Document>>,
    numbers: Option<Numbers>,
    searches: Searches,
    clock: Clock,
}

/// An open file.
pub(crate) struct Document {
    /// Its number, from 1.
    pub(crate) id: u32,
    /// The file's name.
    pub(crate) name: String,
    /// Length of the file.
    pub(crate) bytes: usize,
    /// Time that opening took.
    pub(crate) milliseconds: f64,
    content: Content,
}

enum Content {
    Markdown(Article),
    Json(Tree),
    Csv(Table),
    Script(Run),
}

impl Workbench {
    /// A workbench without documents that measures time by `clock`.
    pub(crate) fn new(clock: Clock) -> Self {
        let documents = MovableCache::deferred(home(), Options::new("documents"));
        Self { documents, handles: BTreeMap::new(), numbers: None, searches: Searches::default(), clock }
    }

    /// Opens a file by its name's ending. The error is a whole sentence, and nothing is kept then.
    pub(crate) fn open(&mut self, name: &str, bytes: &[u8]) -> Result<Pinned<'_, Document, Home>, String> {
        let start = (self.clock)();
        let content = Content::read(name, bytes, self.clock).map_err(|error| error.sentence(name))?;
        let no_room = |error: &dyn fmt::Display| format!("{name}: no document can be opened now, because {error}.");
        let id = self.new_number().map_err(|error| no_room(&error))?;
        let milliseconds = (self.clock)() - start;
        let document = Document { id, name: name.to_owned(), bytes: bytes.len(), milliseconds, content };
        match self.documents.insert(document) {
            Ok(handle) => {
                self.handles.insert(id, handle);
                self.documents.get(handle).map_err(|error| no_room(&error))
            }
            Err((document, error)) => {
                self.give_number(document.id);
                Err(no_room(&error))
            }
        }
    }

    /// A number that no open document has.
    fn new_number(&mut self) -> Result<u32, Error> {
        let numbers = match &mut self.numbers {
            Some(numbers) => numbers,
            none => none.insert(IdArena::new(place()?, "document numbers", 1..=999_999, Reuse::Late)?),
        };
        numbers.alloc()
    }

    /// Gives a number back that a document held.
    fn give_number(&self, id: u32) {
        if let Some(numbers) = &self.numbers {
            numbers.free(id).expect("a document holds its number");
        }
    }

    /// Drops a document; false when it is not open.
    pub(crate) fn close(&mut self, id: u32) -> bool {
        let Some(handle) = self.handles.remove(&id) else { return false };
        previews::forget(handle);
        self.give_number(id);
        self.documents.remove(handle).is_ok()
    }

    /// Drops all documents.
    pub(crate) fn close_all(&mut self) {
        while let Some((&id, _)) = self.handles.first_key_value() {
            self.close(id);
        }
    }

    /// The documents, oldest first. Each stays where it is while it is looked at.
    pub(crate) fn documents(&self) -> impl Iterator<Item = Pinned<'_, Document, Home>> {
        self.handles.values().filter_map(|&handle| self.documents.get(handle).ok())
    }

    /// At most `limit` characters of plain text of a document's result; `None` when it is not open.
    pub(crate) fn render(&self, id: u32, limit: usize) -> Option<String> {
        flagstone::tag!("preview");
        let &handle = self.handles.get(&id)?;
        previews::shown(handle, limit, || self.documents.get(handle).ok().map(|document| document.preview(limit)))
    }

    /// How many lines at the beginning of the open documents have a word in them; not all are counted.
    pub(crate) fn search(&mut self, word: &str) -> usize {
        let (handles, documents) = (&self.handles, &self.documents);
        let texts = handles.values().filter_map(|&handle| documents.get(handle).ok());
        self.searches.find(word, texts.map(|document| document.preview(SEARCHED)))
    }
}

impl Document {
    /// The name of its kind.
    pub(crate) fn kind(&self) -> &'static str {
        match self.content {
            Content::Markdown(_) => "markdown",
            Content::Json(_) => "json",
            Content::Csv(_) => "csv",
            Content::Script(_) => "script",
        }
    }

    /// What it holds, in one line.
    pub(crate) fn summary(&self) -> String {
        match &self.content {
            Content::Markdown(article) => article.summary(),
            Content::Json(tree) => tree.summary(),
            Content::Csv(table) => table.summary(),
            Content::Script(run) => run.summary(),
        }
    }

    /// What was made of it as plain text, at most `limit` characters.
    fn preview(&self, limit: usize) -> String {
        match &self.content {
            Content::Markdown(article) => article.preview(limit),
            Content::Json(tree) => tree.preview(limit),
            Content::Csv(table) => table.preview(limit),
            Content::Script(run) => run.preview(limit),
        }
    }

    /// What it holds, fact by fact.
    pub(crate) fn details(&self) -> Details {
        match &self.content {
            Content::Markdown(article) => article.details(),
            Content::Json(tree) => tree.details(),
            Content::Csv(table) => table.details(),
            Content::Script(run) => run.details(),
        }
    }
}

impl Content {
    fn read(name: &str, bytes: &[u8], clock: Clock) -> Result<Self, OpenError> {
        let ending = name.rsplit_once('.').map_or(String::new(), |(_, ending)| ending.to_ascii_lowercase());
        let text = || text::decode(bytes);
        match ending.as_str() {
            "md" | "markdown" | "txt" => {
                flagstone::tag!("markdown");
                Ok(Self::Markdown(Article::read(text()?)))
            }
            "json" | "geojson" => {
                flagstone::tag!("json");
                Tree::read(text()?).map(Self::Json)
            }
            "csv" | "tsv" => {
                flagstone::tag!("csv");
                Table::read(text()?).map(Self::Csv)
            }
            "rhai" => {
                flagstone::tag!("script");
                Run::read(text()?, clock).map(Self::Script)
            }
            _ => Err(OpenError::whole(
                "this kind of file is not known here, open .md, .txt, .json, .geojson, .csv, .tsv or .rhai",
            )),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::LazyLock;
    use std::time::Instant;

    use super::*;
    use crate::{home, index};

    /// The platform's clock, for tests.
    pub(crate) fn clock() -> f64 {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed().as_secs_f64() * 1000.0
    }

    fn names(bench: &Workbench) -> Vec<(u32, String, &str)> {
        bench.documents().map(|document| (document.id, document.name.clone(), document.kind())).collect()
    }

    #[test]
    fn documents_open_by_ending_and_close_by_number() {
        let mut bench = Workbench::new(clock);
        for (name, text) in [("a.MD", "# A"), ("b.json", "[1]"), ("c.csv", "x,y\n1,2\n"), ("d.rhai", "1 + 1")] {
            bench.open(name, text.as_bytes()).unwrap();
        }
        assert_eq!(
            names(&bench),
            [(1, "a.MD", "markdown"), (2, "b.json", "json"), (3, "c.csv", "csv"), (4, "d.rhai", "script")]
                .map(|(id, name, kind)| (id, name.to_owned(), kind))
        );
        assert!(bench.close(2));
        assert!(!bench.close(2));
        assert_eq!(bench.open("e.txt", b"e").unwrap().id, 5);
        assert_eq!(bench.documents().count(), 4);
        bench.close_all();
        assert_eq!(bench.documents().count(), 0);
    }

    #[test]
    fn a_failed_open_says_why_and_keeps_nothing() {
        let mut bench = Workbench::new(clock);
        for (name, bytes, part) in [
            ("a.exe", &b"MZ"[..], "a.exe: this kind of file is not known here"),
            ("noending", b"x", "noending: this kind"),
            ("a.json", b"", "a.json: the file is empty"),
            ("a.json", b"{\"a\":}", "a.json, line 1, column 6: "),
            ("a.csv", b"a\n\xFF", "a.csv, line 2, column 1: the byte 0xFF"),
            ("a.rhai", b"let x = ;", "a.rhai, line 1, column 9: "),
        ] {
            let sentence = bench.open(name, bytes).err().unwrap();
            assert!(sentence.starts_with(part), "{sentence}");
            assert!(sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
        }
        assert_eq!(bench.documents().count(), 0);
        assert_eq!(bench.open("a.json", b"{}").unwrap().id, 1);
    }

    #[test]
    fn every_sample_opens() {
        let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
        let mut bench = Workbench::new(clock);
        let mut kinds = Vec::new();
        for entry in std::fs::read_dir(samples).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let document = bench.open(name, &std::fs::read(&path).unwrap()).unwrap();
            assert!((10_000..60_000).contains(&document.bytes), "{name} has {} bytes", document.bytes);
            kinds.push(document.kind());
            let id = document.id;
            drop(document);
            for limit in [0, 1, 50, 5000] {
                assert!(bench.render(id, limit).unwrap().chars().count() <= limit);
            }
        }
        kinds.sort_unstable();
        assert_eq!(kinds, ["csv", "json", "markdown", "script"]);
        assert_eq!(bench.render(99, 10), None);
    }
    /// Opens so many small documents, of three kinds in turn.
    fn open_small(bench: &mut Workbench, many: usize) {
        for number in 0..many {
            let (name, text) = match number % 3 {
                0 => ("note.md", format!("# Note {number}\n\nWords.\n\n## More\n")),
                1 => ("note.json", format!("{{\"number\": {number}, \"words\": [\"a\", \"b\"]}}")),
                _ => ("note.csv", format!("number,word\n{number},a\n{number},b\n")),
            };
            bench.open(name, text.as_bytes()).unwrap();
        }
    }

    /// Closes all documents but each tenth.
    fn close_most(bench: &mut Workbench) {
        let most: Vec<_> = bench.documents().map(|document| document.id).filter(|id| id % 10 != 0).collect();
        assert!(most.into_iter().all(|id| bench.close(id)));
    }

    fn contents(bench: &Workbench) -> Vec<(u32, String, Details, String)> {
        let content = |document: Pinned<'_, Document, Home>| {
            (document.id, document.summary(), document.details(), document.preview(500))
        };
        bench.documents().map(content).collect()
    }

    #[test]
    fn documents_are_right_after_they_moved_together() {
        let mut bench = Workbench::new(clock);
        open_small(&mut bench, 300);
        close_most(&mut bench);
        let (before, held) = (contents(&bench), bench.documents.stats());
        let given = home::reclaim();
        let stats = bench.documents.stats();
        assert!(given.moves > 0 && stats.move_yes > 0, "{given:?}, {stats:?}");
        assert!(stats.slabs < held.slabs / 4, "{} of {} slabs are left", stats.slabs, held.slabs);
        assert_eq!(stats.live, 30);
        assert_eq!(contents(&bench), before);
        open_small(&mut bench, 5);
        assert_eq!(contents(&bench)[..30], before);
    }

    #[test]
    fn a_document_that_is_looked_at_does_not_move() {
        let mut bench = Workbench::new(clock);
        open_small(&mut bench, 300);
        close_most(&mut bench);
        let all: Vec<_> = bench.documents().collect();
        home::reclaim();
        assert_eq!(bench.documents.stats().move_yes, 0);
        assert_eq!(
            all.iter().map(|document| document.id).collect::<Vec<_>>(),
            (1..=30).map(|n| n * 10).collect::<Vec<_>>()
        );
        drop(all);
        home::reclaim();
        assert!(bench.documents.stats().move_yes > 0);
    }

    #[test]
    fn ticks_move_documents_together_little_by_little() {
        let mut bench = Workbench::new(clock);
        open_small(&mut bench, 300);
        close_most(&mut bench);
        let (before, mut slabs) = (contents(&bench), vec![bench.documents.stats().slabs]);
        for _ in 0..40 {
            home::tick();
            slabs.push(bench.documents.stats().slabs);
        }
        assert!(slabs.is_sorted_by(|one, next| one >= next), "{slabs:?}");
        assert!(slabs.last().unwrap() < &slabs[0], "{slabs:?}");
        assert_eq!(contents(&bench), before);
    }

    #[test]
    fn previews_stay_within_their_budget_and_the_oldest_go_first() {
        let mut bench = Workbench::new(clock);
        open_small(&mut bench, 100);
        let texts: Vec<_> = (1..=100).map(|id| bench.render(id, 2000).unwrap()).collect();
        let (kept, sheets, usage) = previews::tests::figures();
        assert!((20..=32).contains(&kept), "{kept} are kept");
        assert!(usage.used <= usage.limit && usage.peak <= usage.limit && usage.asks > 0, "{usage:?}");
        assert!(sheets.constructs < 100, "sheets are used again: {sheets:?}");
        // The first was dropped and is rendered again; the last was kept. Both say the same as before.
        assert_eq!([bench.render(1, 2000), bench.render(100, 2000)], [Some(texts[0].clone()), Some(texts[99].clone())]);
        assert_eq!(previews::tests::figures().1.allocations, sheets.allocations + 1);
        assert!(home::reclaim().owners >= 20 * 8192);
        let (kept, _, usage) = previews::tests::figures();
        // The sheets in the loaded magazine and in the one before stay.
        assert_eq!((kept, usage.used), (0, 2 * 8192));
        assert_eq!(bench.render(100, 2000), Some(texts[99].clone()));
    }

    #[test]
    fn a_preview_is_of_its_document_and_length() {
        let mut bench = Workbench::new(clock);
        bench.open("a.md", b"# A long title").unwrap();
        assert_eq!(
            [bench.render(1, 4), bench.render(1, 100)].map(Option::unwrap),
            ["A l\u{2026}", "A long title\n\nA long title\n"]
        );
        assert!(bench.close(1));
        assert_eq!((bench.render(1, 4), previews::tests::figures().0), (None, 0));
        let long = "w".repeat(20_000);
        bench.open("b.md", long.as_bytes()).unwrap();
        assert_eq!(bench.render(2, 15_000).unwrap().len(), 14_999 + "\u{2026}".len());
        assert_eq!(previews::tests::figures().0, 0, "what fits on no sheet is not kept");
    }

    #[test]
    fn closed_documents_give_everything_back() {
        let mut bench = Workbench::new(clock);
        let mut held = || {
            open_small(&mut bench, 300);
            (bench.handles.keys().copied().collect::<Vec<_>>()).into_iter().for_each(|id| drop(bench.render(id, 100)));
            bench.close_all();
            home::reclaim();
            let (documents, entries) = (bench.documents.stats(), index::tests::stats());
            assert_eq!([documents.live, documents.slabs, entries.live, entries.slabs], [0; 4]);
            home().stats().live_bytes()
        };
        // What is left are the caches and their tables of handles, which stay as long as they once had to be.
        let left = held();
        assert_eq!([held(), held()], [left; 2]);
    }
}
