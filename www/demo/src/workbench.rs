//! The open documents: which kind a file is, what is kept of it, and under which number. The numbers come from an arena of ids.

use std::collections::BTreeMap;

use flagstone::vmem::{Error, IdArena, Reuse};
#[cfg(target_family = "wasm")]
use flagstone::vmem::{Metadata, ModuleHeap};
#[cfg(not(target_family = "wasm"))]
use flagstone::vmem::{Slot, Storage};

use crate::csv_table::Table;
use crate::error::OpenError;
use crate::json::Tree;
use crate::markdown::Article;
use crate::script::Run;
use crate::text;

/// Facts of a document as name and value, in the order to show.
pub(crate) type Details = Vec<(String, String)>;

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
    documents: BTreeMap<u32, Document>,
    numbers: Option<Numbers>,
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
        Self { documents: BTreeMap::new(), numbers: None, clock }
    }

    /// Opens a file by its name's ending. The error is a whole sentence, and nothing is kept then.
    pub(crate) fn open(&mut self, name: &str, bytes: &[u8]) -> Result<&Document, String> {
        let start = (self.clock)();
        let content = Content::read(name, bytes, self.clock).map_err(|error| error.sentence(name))?;
        let id =
            self.new_number().map_err(|error| format!("{name}: no document can be opened now, because {error}."))?;
        let milliseconds = (self.clock)() - start;
        let document = Document { id, name: name.to_owned(), bytes: bytes.len(), milliseconds, content };
        Ok(self.documents.entry(id).or_insert(document))
    }

    /// A number that no open document has.
    fn new_number(&mut self) -> Result<u32, Error> {
        let numbers = match &mut self.numbers {
            Some(numbers) => numbers,
            none => none.insert(IdArena::new(place()?, "document numbers", 1..=999_999, Reuse::Late)?),
        };
        numbers.alloc()
    }

    /// Drops a document; false when it is not open.
    pub(crate) fn close(&mut self, id: u32) -> bool {
        let open = self.documents.remove(&id).is_some();
        if let Some(numbers) = &self.numbers
            && open
        {
            numbers.free(id).expect("an open document holds its number");
        }
        open
    }

    /// Drops all documents.
    pub(crate) fn close_all(&mut self) {
        while let Some((&id, _)) = self.documents.first_key_value() {
            self.close(id);
        }
    }

    /// The documents, oldest first.
    pub(crate) fn documents(&self) -> impl Iterator<Item = &Document> {
        self.documents.values()
    }

    /// At most `limit` characters of plain text of a document's result; `None` when it is not open.
    pub(crate) fn render(&self, id: u32, limit: usize) -> Option<String> {
        let document = self.documents.get(&id)?;
        Some(match &document.content {
            Content::Markdown(article) => article.preview(limit),
            Content::Json(tree) => tree.preview(limit),
            Content::Csv(table) => table.preview(limit),
            Content::Script(run) => run.preview(limit),
        })
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
            "md" | "markdown" | "txt" => Ok(Self::Markdown(Article::read(text()?))),
            "json" | "geojson" => Tree::read(text()?).map(Self::Json),
            "csv" | "tsv" => Table::read(text()?).map(Self::Csv),
            "rhai" => Run::read(text()?, clock).map(Self::Script),
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

    /// The platform's clock, for tests.
    pub(crate) fn clock() -> f64 {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed().as_secs_f64() * 1000.0
    }

    fn names(bench: &Workbench) -> Vec<(u32, &str, &str)> {
        bench.documents().map(|document| (document.id, document.name.as_str(), document.kind())).collect()
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
            for limit in [0, 1, 50, 5000] {
                assert!(bench.render(id, limit).unwrap().chars().count() <= limit);
            }
        }
        kinds.sort_unstable();
        assert_eq!(kinds, ["csv", "json", "markdown", "script"]);
        assert_eq!(bench.render(99, 10), None);
    }
}
