//! One column of a table: the type that fits its cells, the cells stored as that type, and its figures.

use std::collections::{HashMap, HashSet};

use crate::phrase;

/// What the cells of a column are. A column is of the narrowest type that fits all its cells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Kind {
    /// No cell has content.
    #[default]
    Empty,
    /// Whole numbers.
    Integer,
    /// Decimal numbers.
    Number,
    /// `true` and `false`.
    Boolean,
    /// Days as `2024-02-29`.
    Date,
    /// Anything else.
    Text,
}

/// A column and its cells; cells without content are kept as missing.
pub(crate) struct Column {
    /// Its heading.
    pub(crate) name: String,
    kind: Kind,
    cells: Cells,
    figures: Figures,
}

enum Cells {
    Integers(Vec<Option<i64>>),
    /// Missing cells are not a number.
    Numbers(Vec<f64>),
    Booleans(Vec<Option<bool>>),
    /// Missing cells are empty; an empty box allocates nothing.
    Texts(Vec<Box<str>>),
}

/// What is computed once all cells are there.
#[derive(Default)]
struct Figures {
    present: usize,
    distinct: usize,
    /// Least and greatest cell.
    range: Option<(String, String)>,
    mean: Option<f64>,
    /// The commonest text and how often it occurs.
    commonest: Option<(String, usize)>,
}

impl Kind {
    /// The narrowest type of one cell.
    pub(crate) fn of(cell: &str) -> Self {
        match cell.as_bytes() {
            [] => Self::Empty,
            b"true" | b"false" => Self::Boolean,
            bytes if is_date(bytes) => Self::Date,
            // A number with a leading zero is a code, whose zero must stay.
            bytes if starts_with_zero(bytes) => Self::Text,
            _ if cell.parse::<i64>().is_ok() => Self::Integer,
            // The standard parser also takes `inf` and `nan`.
            bytes
                if bytes.iter().all(|byte| b"+-.0123456789eE".contains(byte))
                    && cell.parse::<f64>().is_ok_and(f64::is_finite) =>
            {
                Self::Number
            }
            _ => Self::Text,
        }
    }

    /// The narrowest type that fits the cells of both.
    pub(crate) fn join(self, other: Self) -> Self {
        match (self, other) {
            (one, two) if one == two => one,
            (Self::Empty, kind) | (kind, Self::Empty) => kind,
            (Self::Integer, Self::Number) | (Self::Number, Self::Integer) => Self::Number,
            _ => Self::Text,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Text => "text",
        }
    }
}

impl Column {
    /// A column without cells that expects `rows` of them, each of a type that `kind` fits.
    pub(crate) fn new(name: String, kind: Kind, rows: usize) -> Self {
        let cells = match kind {
            Kind::Integer => Cells::Integers(Vec::with_capacity(rows)),
            Kind::Number => Cells::Numbers(Vec::with_capacity(rows)),
            Kind::Boolean => Cells::Booleans(Vec::with_capacity(rows)),
            Kind::Empty | Kind::Date | Kind::Text => Cells::Texts(Vec::with_capacity(rows)),
        };
        Self { name, kind, cells, figures: Figures::default() }
    }

    /// Adds the next cell; the empty text is a missing cell.
    pub(crate) fn push(&mut self, cell: &str) {
        match &mut self.cells {
            Cells::Integers(cells) => cells.push(cell.parse().ok()),
            Cells::Numbers(cells) => cells.push(cell.parse().unwrap_or(f64::NAN)),
            Cells::Booleans(cells) => cells.push(cell.parse().ok()),
            Cells::Texts(cells) => cells.push(cell.into()),
        }
    }

    /// Computes the figures, when all cells are there.
    pub(crate) fn finish(&mut self) {
        self.figures = match &self.cells {
            Cells::Integers(cells) => integer_figures(cells),
            Cells::Numbers(cells) => number_figures(cells),
            Cells::Booleans(cells) => boolean_figures(cells),
            Cells::Texts(cells) => text_figures(cells, self.kind == Kind::Date),
        };
    }

    /// Type and figures in one line.
    pub(crate) fn describe(&self) -> String {
        let Figures { present, distinct, range, mean, commonest } = &self.figures;
        let mut parts = vec![self.kind.name().to_owned()];
        if *present > 0 {
            parts.push(format!("{} distinct", phrase::grouped(*distinct)));
        }
        if let Some((least, greatest)) = range {
            parts.push(format!("{} to {}", phrase::cut(least, 30), phrase::cut(greatest, 30)));
        }
        if let Some(mean) = mean {
            parts.push(format!("mean {}", phrase::decimal(*mean)));
        }
        if let Some((text, times)) = commonest {
            parts.push(format!("most often \u{201c}{}\u{201d} ({})", phrase::cut(text, 30), phrase::grouped(*times)));
        }
        let missing = self.len() - present;
        if missing > 0 {
            parts.push(format!("{} missing", phrase::grouped(missing)));
        }
        parts.join(", ")
    }

    /// The cell of a row as text; empty when it is missing.
    pub(crate) fn cell(&self, row: usize) -> String {
        match &self.cells {
            Cells::Integers(cells) => cells[row].map_or(String::new(), |number| number.to_string()),
            Cells::Numbers(cells) if cells[row].is_nan() => String::new(),
            Cells::Numbers(cells) => phrase::decimal(cells[row]),
            Cells::Booleans(cells) => cells[row].map_or(String::new(), |truth| truth.to_string()),
            Cells::Texts(cells) => cells[row].to_string(),
        }
    }

    fn len(&self) -> usize {
        match &self.cells {
            Cells::Integers(cells) => cells.len(),
            Cells::Numbers(cells) => cells.len(),
            Cells::Booleans(cells) => cells.len(),
            Cells::Texts(cells) => cells.len(),
        }
    }
}

fn integer_figures(cells: &[Option<i64>]) -> Figures {
    let numbers = || cells.iter().flatten();
    let present = numbers().count();
    Figures {
        present,
        distinct: numbers().collect::<HashSet<_>>().len(),
        range: numbers().min().zip(numbers().max()).map(|(least, greatest)| (least.to_string(), greatest.to_string())),
        mean: mean(numbers().map(|&number| number as f64), present),
        commonest: None,
    }
}

fn number_figures(cells: &[f64]) -> Figures {
    let numbers = || cells.iter().copied().filter(|number| !number.is_nan());
    let present = numbers().count();
    let range = numbers().reduce(f64::min).zip(numbers().reduce(f64::max));
    Figures {
        present,
        distinct: numbers().map(f64::to_bits).collect::<HashSet<_>>().len(),
        range: range.map(|(least, greatest)| (phrase::decimal(least), phrase::decimal(greatest))),
        mean: mean(numbers(), present),
        commonest: None,
    }
}

fn boolean_figures(cells: &[Option<bool>]) -> Figures {
    let truths = cells.iter().flatten().filter(|truth| **truth).count();
    let present = cells.iter().flatten().count();
    let commonest = if truths * 2 >= present { ("true", truths) } else { ("false", present - truths) };
    Figures {
        present,
        distinct: usize::from(truths > 0) + usize::from(truths < present),
        commonest: Some((commonest.0.to_owned(), commonest.1)),
        ..Figures::default()
    }
}

/// Dates are ordered as their text is, so they have a range; of other texts the commonest says more.
fn text_figures(cells: &[Box<str>], dates: bool) -> Figures {
    let mut times: HashMap<&str, usize> = HashMap::new();
    for cell in cells.iter().filter(|cell| !cell.is_empty()) {
        *times.entry(cell).or_default() += 1;
    }
    let range = times.keys().min().zip(times.keys().max());
    // Ties go to the first in order, so that the answer does not depend on the map's order.
    let commonest = times.iter().max_by(|one, two| one.1.cmp(two.1).then(two.0.cmp(one.0)));
    Figures {
        present: times.values().sum(),
        distinct: times.len(),
        range: range.filter(|_| dates).map(|(least, greatest)| ((*least).to_owned(), (*greatest).to_owned())),
        mean: None,
        commonest: commonest
            .filter(|(_, times)| !dates && **times > 1)
            .map(|(text, times)| ((*text).to_owned(), *times)),
    }
}

fn mean(numbers: impl Iterator<Item = f64>, present: usize) -> Option<f64> {
    (present > 0).then(|| numbers.sum::<f64>() / present as f64)
}

fn is_date(bytes: &[u8]) -> bool {
    let shape = bytes.len() == 10
        && bytes.iter().enumerate().all(|(position, byte)| match position {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    shape && (b"01"..=b"12").contains(&&[bytes[5], bytes[6]]) && (b"01"..=b"31").contains(&&[bytes[8], bytes[9]])
}

fn starts_with_zero(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"-").or(bytes.strip_prefix(b"+")).unwrap_or(bytes);
    matches!(digits, [b'0', b'0'..=b'9', ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(cells: &[&str]) -> Column {
        let kind = cells.iter().map(|cell| Kind::of(cell)).fold(Kind::Empty, Kind::join);
        let mut column = Column::new("c".to_owned(), kind, cells.len());
        cells.iter().for_each(|cell| column.push(cell));
        column.finish();
        column
    }

    #[test]
    fn a_cell_is_of_the_narrowest_type() {
        for (cell, kind) in [
            ("", Kind::Empty),
            ("-12", Kind::Integer),
            ("0", Kind::Integer),
            ("007", Kind::Text),
            ("0.5", Kind::Number),
            ("1e3", Kind::Number),
            ("99999999999999999999", Kind::Number),
            ("1e999", Kind::Text),
            ("inf", Kind::Text),
            ("-", Kind::Text),
            ("true", Kind::Boolean),
            ("2024-02-29", Kind::Date),
            ("2024-13-01", Kind::Text),
            ("2024-00-10", Kind::Text),
        ] {
            assert_eq!(Kind::of(cell), kind, "{cell}");
        }
    }

    #[test]
    fn a_column_is_described_by_its_figures() {
        for (cells, description) in [
            (&["3", "", "1", "3"][..], "integer, 2 distinct, 1 to 3, mean 2.3333, 1 missing"),
            (&["1", "2.5"], "number, 2 distinct, 1 to 2.5, mean 1.75"),
            (&["true", "false", "false"], "boolean, 2 distinct, most often \u{201c}false\u{201d} (2)"),
            (&["2024-05-01", "2023-05-01"], "date, 2 distinct, 2023-05-01 to 2024-05-01"),
            (&["b", "a", "1", "a", "b"], "text, 3 distinct, most often \u{201c}a\u{201d} (2)"),
            (&["", ""], "empty, 2 missing"),
            (&[], "empty"),
        ] {
            assert_eq!(column(cells).describe(), description);
        }
    }

    #[test]
    fn cells_come_back_as_text() {
        let cells = |column: Column| (0..column.len()).map(|row| column.cell(row)).collect::<Vec<_>>();
        assert_eq!(cells(column(&["1", "", "-5"])), ["1", "", "-5"]);
        assert_eq!(cells(column(&["1.50", "", "2"])), ["1.5", "", "2"]);
        assert_eq!(cells(column(&["true", ""])), ["true", ""]);
        assert_eq!(cells(column(&["x", "", "007"])), ["x", "", "007"]);
    }
}
