//! CSV: the records are kept as columns of inferred types, each with its figures.
//!
//! The text is read twice: first to find the type that fits every cell of a column, then to store the cells as that type. The delimiter is
//! the one of comma, semicolon, tab and bar that the first line has most of.
//!
//! A record that is read into has room for a long line, and keeps it from one file to the next: such records wait in a cache of objects.

use std::io::Read;
use std::mem;

use csv::{Position, Reader, ReaderBuilder, StringRecord};
use flagstone::objects::{CacheBox, ObjectCache, Options};

use crate::column::{Column, Kind};
use crate::error::OpenError;
use crate::home::{Home, home};
use crate::index::Index;
use crate::phrase;
use crate::preview::Preview;
use crate::text::Place;
use crate::workbench::Details;

/// What may stand between cells, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Columns a table may have; more of them are rather another format.
const COLUMNS: usize = 4096;

/// Cells that short records may lack in all, since a few long lines and many short ones would fill the memory with nothing.
const MISSING: usize = 4_000_000;

/// A last record of our own. It comes out alone only when no quote before it is left open.
const END: &str = "\u{0}end";

/// Columns that the details and the preview show.
const SHOWN: usize = 24;

/// Rows that the preview shows.
const ROWS: usize = 200;

/// Characters of a cell in the preview.
const CELL: usize = 24;

/// Bytes and cells that a record has room for when it is made.
const ROOM: (usize, usize) = (1024, 64);

/// Cells of a row that its line in the index names.
const NAMED: usize = 4;

/// What is kept of a CSV file.
pub(crate) struct Table {
    columns: Vec<Column>,
    /// The rows.
    index: Index,
    rows: usize,
    delimiter: u8,
    ragged: Ragged,
}

/// Records whose length is not that of the first.
#[derive(Default)]
struct Ragged {
    records: usize,
    first_line: usize,
    missing: usize,
    left_out: usize,
}

/// What the first reading finds.
struct Survey {
    names: Vec<String>,
    kinds: Vec<Kind>,
    rows: usize,
    has_header: bool,
    ragged: Ragged,
}

impl Table {
    /// Reads a text; the error tells the place.
    pub(crate) fn read(text: &str) -> Result<Self, OpenError> {
        let delimiter = delimiter_of(text);
        let survey = Survey::of(text, delimiter)?;
        let mut columns: Vec<_> = survey
            .names
            .into_iter()
            .zip(survey.kinds)
            .map(|(name, kind)| Column::new(name, kind, survey.rows))
            .collect();
        let mut index = Index::default();
        let (mut reader, mut record) = (reader(text.as_bytes(), delimiter), scratch()?);
        let mut is_row = !survey.has_header;
        while next(&mut reader, &mut record)? {
            if mem::replace(&mut is_row, true) {
                for (position, column) in columns.iter_mut().enumerate() {
                    column.push(record.get(position).unwrap_or(""));
                }
                if !index.skip() {
                    index.push(1, &record.iter().take(NAMED).collect::<Vec<_>>().join(", "));
                }
            }
        }
        columns.iter_mut().for_each(Column::finish);
        Ok(Self { columns, index, rows: survey.rows, delimiter, ragged: survey.ragged })
    }

    /// What it holds, in one line.
    pub(crate) fn summary(&self) -> String {
        format!("{}, {}", phrase::count(self.rows, "row"), phrase::count(self.columns.len(), "column"))
    }

    /// Shape and irregularities, then a line for each column.
    pub(crate) fn details(&self) -> Details {
        let delimiter = match self.delimiter {
            b'\t' => "tab".to_owned(),
            other => char::from(other).to_string(),
        };
        let mut details = vec![
            ("rows".to_owned(), phrase::grouped(self.rows)),
            ("columns".to_owned(), phrase::grouped(self.columns.len())),
            ("delimiter".to_owned(), delimiter),
            ("index".to_owned(), self.index.describe()),
        ];
        let Ragged { records, first_line, missing, left_out } = self.ragged;
        if records > 0 {
            details.push((
                "records of another length".to_owned(),
                format!("{}, the first at line {first_line}", phrase::grouped(records)),
            ));
            details.push(("missing cells".to_owned(), phrase::grouped(missing)));
            details.push(("cells left out".to_owned(), phrase::grouped(left_out)));
        }
        details
            .extend(self.columns.iter().take(SHOWN).map(|column| (phrase::cut(&column.name, 60), column.describe())));
        details
    }

    /// The first rows, aligned.
    pub(crate) fn preview(&self, limit: usize) -> String {
        let columns = &self.columns[..self.columns.len().min(SHOWN)];
        let mut lines = vec![columns.iter().map(|column| phrase::cut(&column.name, CELL)).collect::<Vec<_>>()];
        lines.extend(
            (0..self.rows.min(ROWS))
                .map(|row| columns.iter().map(|column| phrase::cut(&column.cell(row), CELL)).collect()),
        );
        let widths: Vec<_> = (0..columns.len())
            .map(|position| lines.iter().map(|line| line[position].chars().count()).max().unwrap_or(0))
            .collect();
        let mut out = Preview::new(limit);
        for line in lines {
            let cells: Vec<_> = line.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect();
            if !out.push(&format!("{}\n", cells.join("  ").trim_end())) {
                break;
            }
        }
        out.finish()
    }
}

impl Survey {
    fn of(text: &str, delimiter: u8) -> Result<Self, OpenError> {
        let end = format!("\n{END}\n");
        let mut reader = reader(text.as_bytes().chain(end.as_bytes()), delimiter);
        let (mut record, mut following) = (scratch()?, scratch()?);
        let mut survey: Option<Self> = None;
        let mut more = next(&mut reader, &mut record)?;
        while more {
            more = next(&mut reader, &mut following)?;
            if !more {
                if record.iter().ne([END]) {
                    return Err(OpenError::at(
                        place(record.position()),
                        "a quote is opened in this record and never closed",
                    ));
                }
                break;
            }
            match &mut survey {
                None => survey = Some(Self::start(&record)?),
                Some(survey) => survey.take(&record)?,
            }
            mem::swap(&mut *record, &mut *following);
        }
        survey.ok_or_else(|| OpenError::whole("there is no record in it"))
    }

    /// Takes the first record, which gives names when none of its cells is a number, a truth or a date.
    fn start(record: &StringRecord) -> Result<Self, OpenError> {
        if record.len() > COLUMNS {
            let reason =
                format!("there are {}, more than {}", phrase::count(record.len(), "column"), phrase::grouped(COLUMNS));
            return Err(OpenError::at(place(record.position()), reason));
        }
        let has_header = record.iter().all(|cell| matches!(Kind::of(cell), Kind::Text | Kind::Empty));
        let name = |(position, cell): (usize, &str)| match cell {
            cell if has_header && !cell.is_empty() => cell.to_owned(),
            _ => format!("column {}", position + 1),
        };
        let mut survey = Self {
            names: record.iter().enumerate().map(name).collect(),
            kinds: vec![Kind::Empty; record.len()],
            rows: 0,
            has_header,
            ragged: Ragged::default(),
        };
        if !has_header {
            survey.take(record)?;
        }
        Ok(survey)
    }

    fn take(&mut self, record: &StringRecord) -> Result<(), OpenError> {
        self.rows += 1;
        for (kind, cell) in self.kinds.iter_mut().zip(record) {
            *kind = kind.join(Kind::of(cell));
        }
        let columns = self.kinds.len();
        if record.len() == columns {
            return Ok(());
        }
        let ragged = &mut self.ragged;
        if ragged.records == 0 {
            ragged.first_line = place(record.position()).line;
        }
        ragged.records += 1;
        ragged.missing += columns.saturating_sub(record.len());
        ragged.left_out += record.len().saturating_sub(columns);
        if ragged.missing > MISSING {
            let reason =
                format!("up to here the records lack more than {}, this is no table", phrase::count(MISSING, "cell"));
            return Err(OpenError::at(place(record.position()), reason));
        }
        Ok(())
    }
}

/// The delimiter that the first line has most of, outside quotes; a comma when it has none.
fn delimiter_of(text: &str) -> u8 {
    let mut counts = DELIMITERS.map(|_| 0);
    let mut quoted = false;
    for byte in text.bytes().take_while(|byte| !b"\r\n".contains(byte)) {
        quoted ^= byte == b'"';
        if let Some(found) = DELIMITERS.iter().position(|&delimiter| delimiter == byte && !quoted) {
            counts[found] += 1;
        }
    }
    let most = counts.iter().max().copied().unwrap_or(0);
    DELIMITERS[counts.iter().position(|&count| count == most).unwrap_or(0)]
}

fn reader<R: Read>(text: R, delimiter: u8) -> Reader<R> {
    ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text)
}

/// Reads the next record; whether there is one.
fn next<R: Read>(reader: &mut Reader<R>, record: &mut StringRecord) -> Result<bool, OpenError> {
    reader.read_record(record).map_err(|error| OpenError::at(place(error.position()), error.to_string()))
}

/// A record to read into, with the room it had when it was used last. What is in it is anything.
fn scratch() -> Result<CacheBox<'static, StringRecord, Home>, OpenError> {
    records().alloc().map_err(|error| OpenError::whole(format!("it cannot be read now, because {error}")))
}

/// The records that are read into.
fn records() -> &'static ObjectCache<StringRecord, Home> {
    thread_local! {
        static RECORDS: &'static ObjectCache<StringRecord, Home> = {
            let make: fn() -> StringRecord = || StringRecord::with_capacity(ROOM.0, ROOM.1);
            Box::leak(Box::new(ObjectCache::deferred(home(), Options::new("CSV records"), make)))
        };
    }
    RECORDS.with(|records| *records)
}

fn place(position: Option<&Position>) -> Place {
    let line = position.map_or(1, |position| usize::try_from(position.line()).unwrap_or(usize::MAX));
    Place { line, column: 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Table {
        Table::read(text).unwrap_or_else(|error| panic!("{}", error.sentence("a.csv")))
    }

    fn columns(table: &Table) -> Vec<(&str, String)> {
        table.columns.iter().map(|column| (column.name.as_str(), column.describe())).collect()
    }

    #[test]
    fn a_table_has_typed_columns() {
        let table = read("city,people,\"a \"\"b\"\"\"\r\nBern,134794,x\r\nOslo,709037,\"x\ny\"\r\n");
        assert_eq!(table.summary(), "2 rows, 3 columns");
        let expected = [
            ("city", "text, 2 distinct".to_owned()),
            ("people", "integer, 2 distinct, 134794 to 709037, mean 421915.5".to_owned()),
            ("a \"b\"", "text, 2 distinct".to_owned()),
        ];
        assert_eq!(columns(&table), expected);
        assert_eq!(table.preview(500), "city  people  a \"b\"\nBern  134794  x\nOslo  709037  x y\n");
        assert_eq!(table.preview(8), "city  p…");
    }

    #[test]
    fn delimiters_are_found_outside_quotes() {
        for (text, delimiter) in
            [("a;b\n1;2", b';'), ("a\tb,c\td", b'\t'), ("\"x;y;z\",b\n", b','), ("alone\n1", b','), ("a|b", b'|')]
        {
            assert_eq!(read(text).delimiter, delimiter, "{text}");
        }
    }

    #[test]
    fn without_a_header_columns_are_numbered() {
        let table = read("1,x\n2,y\n");
        assert_eq!((table.rows, table.columns[0].name.as_str()), (2, "column 1"));
        assert_eq!(read("a,b\n").summary(), "0 rows, 2 columns");
        assert_eq!(read("a,,c").columns[1].name, "column 2");
    }

    #[test]
    fn ragged_records_are_kept_and_reported() {
        let table = read("a,b,c\n1,2,3\n4\n\n5,6,7,8,9\n");
        assert_eq!(table.summary(), "3 rows, 3 columns");
        let details = table.details();
        for (name, value) in
            [("records of another length", "2, the first at line 3"), ("missing cells", "2"), ("cells left out", "2")]
        {
            assert!(details.contains(&(name.to_owned(), value.to_owned())), "{details:?}");
        }
        assert_eq!(columns(&table)[1].1, "integer, 2 distinct, 2 to 6, mean 4, 1 missing");
    }

    #[test]
    fn the_index_names_rows_by_their_first_cells() {
        let table = read("a,b,c,d,e\n1,x,,y,z\n2\n");
        assert_eq!(table.index.iter().collect::<Vec<_>>(), [(1, "1, x, , y".to_owned()), (1, "2".to_owned())]);
    }

    #[test]
    fn records_to_read_into_are_made_once() {
        (0..3).for_each(|_| drop(read("a,b\n1,2\n3,4\n")));
        assert!(!Table::read("a,\"b\n").err().unwrap().sentence("a.csv").is_empty());
        let stats = records().stats();
        assert_eq!((stats.constructs, stats.live, stats.allocations), (2, 0, 11));
    }

    #[test]
    fn what_is_no_table_is_refused() {
        let wide = format!("{}\n{}", ",".repeat(4000), "x\n".repeat(2000));
        for (text, sentence) in [
            ("a,b\n1,\"2\n3,4\n", "a.csv, line 2, column 1: a quote is opened in this record and never closed."),
            ("\"a", "a.csv, line 1, column 1: a quote is opened in this record and never closed."),
            (&",".repeat(5000), "a.csv, line 1, column 1: there are 5,001 columns, more than 4,096."),
            (
                &wide,
                "a.csv, line 1002, column 1: up to here the records lack more than 4,000,000 cells, this is no table.",
            ),
        ] {
            assert_eq!(Table::read(text).err().unwrap().sentence("a.csv"), sentence);
        }
    }
}
