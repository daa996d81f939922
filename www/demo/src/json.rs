//! JSON: the value itself is kept, with an index of what its first two levels hold, and the shape of its paths.
//!
//! The shape is a tree of [`Shape`]s, one for each path in which all elements of an array count as one (`$.items[].name`), so that its size
//! is bounded by the document's and no path is stored in full. The parser refuses nesting deeper than 128, which bounds every recursion here.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

use crate::error::OpenError;
use crate::index::{Index, LABEL};
use crate::phrase;
use crate::preview::Preview;
use crate::text;
use crate::workbench::Details;

/// How many paths the details name.
const SHOWN: usize = 24;

/// Levels of members that the index has.
const LEVELS: u8 = 2;

/// Names of the types of values, in the order of [`Shape::counts`].
const TYPES: [&str; 6] = ["object", "array", "string", "number", "boolean", "null"];

/// What is kept of a JSON file.
pub(crate) struct Tree {
    value: Value,
    index: Index,
    shape: Shape,
    totals: Totals,
}

/// The values at one path.
#[derive(Default)]
struct Shape {
    counts: [usize; TYPES.len()],
    fields: BTreeMap<String, Shape>,
    items: Option<Box<Shape>>,
}

/// Sums over the whole document.
#[derive(Default)]
struct Totals {
    counts: [usize; TYPES.len()],
    keys: usize,
    paths: usize,
    depth: usize,
    longest_array: usize,
    string_bytes: usize,
}

impl Tree {
    /// Parses a text; the error tells the place.
    pub(crate) fn read(text: &str) -> Result<Self, OpenError> {
        let value: Value = serde_json::from_str(text).map_err(|error| explain(text, &error))?;
        let mut tree =
            Self { value: Value::Null, index: Index::default(), shape: Shape::default(), totals: Totals::default() };
        list(&value, 1, &mut tree.index);
        tree.shape.add(&value, 1, &mut tree.totals);
        tree.totals.paths += 1;
        tree.value = value;
        Ok(tree)
    }

    /// What it holds, in one line.
    pub(crate) fn summary(&self) -> String {
        let values = phrase::count(self.totals.counts.iter().sum(), "value");
        format!("{values}, depth {}, {}", self.totals.depth, phrase::count(self.totals.paths, "path"))
    }

    /// Sums, then the first paths with the types found there.
    pub(crate) fn details(&self) -> Details {
        let totals = &self.totals;
        let mut details = vec![
            ("index".to_owned(), self.index.describe()),
            ("depth".to_owned(), phrase::grouped(totals.depth)),
            ("keys".to_owned(), phrase::grouped(totals.keys)),
            ("distinct paths".to_owned(), phrase::grouped(totals.paths)),
            ("longest array".to_owned(), phrase::count(totals.longest_array, "element")),
            ("text in strings".to_owned(), phrase::count(totals.string_bytes, "byte")),
        ];
        for (name, &number) in TYPES.iter().zip(&totals.counts) {
            details.push((format!("{name} values"), phrase::grouped(number)));
        }
        let limit = details.len() + SHOWN;
        self.shape.list(&mut details, limit);
        details
    }

    /// The value in JSON again, indented.
    pub(crate) fn preview(&self, limit: usize) -> String {
        let mut out = Preview::new(limit);
        // An error says only that the preview is full.
        let _ = serde_json::to_writer_pretty(&mut out, &self.value);
        out.finish()
    }
}

impl Shape {
    fn add(&mut self, value: &Value, depth: usize, totals: &mut Totals) {
        let kind = match value {
            Value::Object(_) => 0,
            Value::Array(_) => 1,
            Value::String(_) => 2,
            Value::Number(_) => 3,
            Value::Bool(_) => 4,
            Value::Null => 5,
        };
        self.counts[kind] += 1;
        totals.counts[kind] += 1;
        totals.depth = totals.depth.max(depth);
        match value {
            Value::Object(fields) => {
                totals.keys += fields.len();
                for (key, field) in fields {
                    // Asked for first because `entry` needs a copy of the key, and most keys are known.
                    if let Some(shape) = self.fields.get_mut(key) {
                        shape.add(field, depth + 1, totals);
                    } else {
                        totals.paths += 1;
                        self.fields.entry(key.clone()).or_default().add(field, depth + 1, totals);
                    }
                }
            }
            Value::Array(items) if !items.is_empty() => {
                totals.longest_array = totals.longest_array.max(items.len());
                totals.paths += usize::from(self.items.is_none());
                let shape = self.items.get_or_insert_default();
                for item in items {
                    shape.add(item, depth + 1, totals);
                }
            }
            Value::String(string) => totals.string_bytes += string.len(),
            _ => {}
        }
    }

    /// Adds lines for this path and those below it, the shortest first, until there are `limit` lines.
    fn list(&self, details: &mut Details, limit: usize) {
        let mut waiting = VecDeque::from([("$".to_owned(), self)]);
        while let Some((path, shape)) = waiting.pop_front() {
            let found = TYPES.iter().zip(&shape.counts).filter(|(_, number)| **number > 0);
            let types: Vec<_> = found.map(|(name, &number)| phrase::count(number, name)).collect();
            details.push((phrase::cut(&path, 80), types.join(", ")));
            let room = limit.saturating_sub(details.len() + waiting.len());
            let items = shape.items.iter().map(|items| (format!("{path}[]"), &**items));
            let fields = shape.fields.iter().map(|(key, field)| (format!("{path}.{}", phrase::cut(key, 40)), field));
            waiting.extend(items.chain(fields).take(room));
        }
    }
}

/// Adds a line for each member of a value, and of these for each of theirs.
fn list(value: &Value, level: u8, index: &mut Index) {
    let mut add = |key: &str, member: &Value| {
        if !index.skip() {
            let mut line = Preview::new(LABEL);
            line.push(key);
            // An error says only that the line is full.
            let _ = serde_json::to_writer(&mut line, member);
            index.push(level, &line.finish());
        }
        if level < LEVELS {
            list(member, level + 1, index);
        }
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, field)| add(&format!("{key}: "), field)),
        Value::Array(items) => items.iter().for_each(|item| add("", item)),
        _ => {}
    }
}

fn explain(text: &str, error: &serde_json::Error) -> OpenError {
    let (line, column) = (error.line(), error.column());
    let message = error.to_string();
    let reason = message.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&message);
    if reason == "recursion limit exceeded" {
        return OpenError::at(text::place_in_line(text, line, column), "values are nested deeper than 128 levels");
    }
    OpenError::at(text::place_in_line(text, line, column), reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"items": [{"name": "a", "size": 1}, {"name": null, "tags": ["x", "yz"]}, []], "ok": true}"#;

    fn fact<'a>(details: &'a Details, name: &str) -> &'a str {
        &details.iter().find(|(found, _)| found == name).unwrap_or_else(|| panic!("no {name}")).1
    }

    #[test]
    fn values_are_counted_by_type_and_path() {
        let tree = Tree::read(TEXT).unwrap();
        assert_eq!(tree.summary(), "12 values, depth 5, 8 paths");
        let details = tree.details();
        for (name, value) in [
            ("keys", "6"),
            ("longest array", "3 elements"),
            ("text in strings", "4 bytes"),
            ("object values", "3"),
            ("array values", "3"),
            ("$", "1 object"),
            ("$.items[]", "2 objects, 1 array"),
            ("$.items[].name", "1 string, 1 null"),
            ("$.items[].tags[]", "2 strings"),
            ("$.ok", "1 boolean"),
        ] {
            assert_eq!(fact(&details, name), value, "{name}");
        }
    }

    #[test]
    fn the_index_has_members_of_two_levels() {
        let tree = Tree::read(TEXT).unwrap();
        let lines: Vec<_> = tree.index.iter().collect();
        let levels: Vec<_> = lines.iter().map(|(level, _)| *level).collect();
        assert_eq!(levels, [1, 2, 2, 2, 1]);
        assert!(lines[0].1.starts_with("items: [{\"name\":\"a\","), "{lines:?}");
        assert_eq!([&lines[3].1, &lines[4].1], ["[]", "ok: true"]);
    }

    #[test]
    fn the_preview_is_indented_and_bounded() {
        let tree = Tree::read(TEXT).unwrap();
        assert!(tree.preview(1000).starts_with("{\n  \"items\": [\n    {\n      \"name\": \"a\","));
        assert_eq!(tree.preview(4), "{\n …");
    }

    #[test]
    fn errors_tell_the_place_in_characters() {
        for (text, sentence) in [
            ("{\"ä\": 1,\n \"ö\" 2}", "a.json, line 2, column 6: expected `:`."),
            ("[1, 2", "a.json, line 1, column 5: EOF while parsing a list."),
            ("[1] x", "a.json, line 1, column 5: trailing characters."),
        ] {
            assert_eq!(Tree::read(text).err().unwrap().sentence("a.json"), sentence);
        }
    }

    #[test]
    fn deep_nesting_is_refused_and_the_deepest_allowed_is_not() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let error = Tree::read(&nested(100_000)).err().unwrap().sentence("a.json");
        assert_eq!(error, "a.json, line 1, column 128: values are nested deeper than 128 levels.");
        let tree = Tree::read(&nested(127)).unwrap();
        assert_eq!(tree.summary(), "127 values, depth 127, 127 paths");
        assert!(tree.details().len() < 64);
    }

    #[test]
    fn many_paths_are_kept_and_few_are_shown() {
        let fields: Vec<_> = (0..5000).map(|number| format!("\"k{number}\": {number}")).collect();
        let tree = Tree::read(&format!("{{{}}}", fields.join(","))).unwrap();
        assert_eq!(tree.summary(), "5,001 values, depth 2, 5,001 paths");
        assert!(tree.details().len() < 64);
    }
}
