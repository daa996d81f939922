//! What a replay printed, and the figures, the table and the file that come of several.

use anyhow::{Context, Result, bail};

/// What one replay printed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Replayed {
    /// The time of all operations.
    nanoseconds: f64,
    /// Pages of the heap in the end, which is when it has most.
    pages: f64,
    /// The most live bytes.
    peak: f64,
    /// Rows of numbers as in [`FIGURES`]; those behind the third are there for flagstone, where they were asked for.
    samples: Vec<Vec<f64>>,
}

/// What a sample tells.
const FIGURES: [&str; 8] = [
    "operations",
    "live bytes",
    "heap bytes",
    "free bytes in the arena",
    "largest free",
    "bytes in magazines",
    "slab waste",
    "metadata",
];
/// Where in a sample that is.
const LIVE: usize = 1;
const HEAP: usize = 2;
const FREE: usize = 3;
const LARGEST: usize = 4;

impl Replayed {
    /// Reads the lines: a word, and numbers.
    pub(super) fn parse(text: &str) -> Result<Replayed> {
        let mut replayed = Replayed::default();
        for line in text.lines() {
            let mut words = line.split(' ');
            let word = words.next().unwrap_or_default();
            let numbers: Vec<f64> =
                words.map(str::parse).collect::<Result<_, _>>().with_context(|| format!("`{line}` is no figure"))?;
            match (word, numbers.as_slice()) {
                ("nanoseconds", [number]) => replayed.nanoseconds = *number,
                ("pages", [number]) => replayed.pages = *number,
                ("peak", [number]) => replayed.peak = *number,
                ("sample", [_, _, _, ..]) => replayed.samples.push(numbers),
                _ => bail!("`{line}` is no figure of a replay"),
            }
        }
        if replayed.samples.is_empty() {
            bail!("the replay took no samples");
        }
        Ok(replayed)
    }

    /// Operations in all.
    fn operations(&self) -> f64 {
        self.samples.last().map_or(0.0, |sample| sample[0])
    }

    /// The most bytes that the heap had.
    fn heap(&self) -> f64 {
        self.samples.iter().map(|sample| sample[HEAP]).fold(0.0, f64::max)
    }

    /// The share of the heap that was not live, at each sample.
    fn idle(&self) -> Vec<f64> {
        self.samples.iter().map(|sample| 1.0 - share(sample[LIVE], sample[HEAP])).collect()
    }

    /// The share of the free bytes that was not in the largest free segment, at each sample that tells it.
    fn scattered(&self) -> Vec<f64> {
        let told = self.samples.iter().filter_map(|sample| Some((*sample.get(LARGEST)?, *sample.get(FREE)?)));
        told.map(|(largest, free)| 1.0 - share(largest, free)).collect()
    }
}

/// A part of a whole; of nothing, all.
fn share(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 1.0 } else { part / whole }
}

/// One configuration and its replays.
pub(super) struct Row {
    pub(super) title: String,
    /// One that took its time, with all that the allocator counts.
    pub(super) close: Replayed,
    /// The timed ones: one in each repetition.
    pub(super) timed: Vec<Replayed>,
}

impl Row {
    /// The cells of the row; `first` is the row that ratios are to.
    fn cells(&self, first: &Row) -> [String; COLUMNS] {
        let times = self.timed.iter().map(|replay| replay.nanoseconds);
        let ratios = self.timed.iter().zip(&first.timed).map(|(ours, theirs)| ours.nanoseconds / theirs.nanoseconds);
        // Each replay makes the same requests, so all but the time is the same.
        let (close, scattered) = (&self.close, self.close.scattered());
        [
            self.title.clone(),
            format!("{:.1}", median(times.collect()) / close.operations()),
            format!("{:.2}", median(ratios.collect())),
            format!("{:.0}", close.pages),
            format!("{:.2}", close.heap() / close.peak),
            percent(mean(&close.idle())),
            percent(mean(&scattered)),
            percent(scattered.last().copied()),
        ]
    }
}

/// Columns of the table.
const COLUMNS: usize = 8;
const HEADS: [&str; COLUMNS] = ["", "ns/op", "ratio", "pages", "heap/live", "idle", "scattered", "at the end"];

/// The table of all rows; ratios are to the first.
pub(super) fn table(rows: &[Row]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let lines: Vec<[String; COLUMNS]> =
        std::iter::once(HEADS.map(str::to_owned)).chain(rows.iter().map(|row| row.cells(first))).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    let mut text = String::new();
    for line in &lines {
        for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
            text += &if column == 0 { format!("{cell:<width$}") } else { format!("   {cell:>width$}") };
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

/// The samples as lines of values with commas between, after a line that names them. What an allocator does not tell is
/// empty.
pub(super) fn csv(rows: &[Row]) -> String {
    let mut text = format!("configuration,{}\n", FIGURES.join(","));
    for Row { title, close, .. } in rows {
        for sample in &close.samples {
            let cells = (0..FIGURES.len()).map(|column| sample.get(column).map_or(String::new(), f64::to_string));
            text += &format!("{},{}\n", quoted(title), cells.collect::<Vec<_>>().join(","));
        }
    }
    text
}

/// A text as a value of such a file.
fn quoted(text: &str) -> String {
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// A share; nothing where there is none.
fn percent(share: Option<f64>) -> String {
    share.map_or("-".to_owned(), |share| format!("{:.1} %", 100.0 * share))
}

/// The mean of values, where there are any.
fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The middle value; the mean of the two middle ones of an even count.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.as_slice() {
        [] => 0.0,
        values if values.len() % 2 == 1 => values[middle],
        values => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::{Replayed, Row, csv, median, table};

    const PRINTED: &str = "nanoseconds 5000\npages 3\npeak 65536\nsample 50 65536 131072 10 4 3 4 5\n\
        sample 100 0 196608 8 6 8 9 10\n";

    fn replayed() -> Replayed {
        Replayed::parse(PRINTED).expect("figures")
    }

    /// A row whose timed replays took so long.
    fn row(title: &str, close: Replayed, nanoseconds: f64) -> Row {
        Row { title: title.to_owned(), close, timed: vec![Replayed { nanoseconds, ..replayed() }; 3] }
    }

    #[test]
    fn figures_are_read_and_nonsense_is_not() {
        assert_eq!(replayed().operations(), 100.0);
        assert_eq!(replayed().idle(), [0.5, 1.0]);
        assert_eq!(replayed().scattered(), [0.6, 0.25]);
        for text in ["", "pages x", "pages 1 2", "sample 1 2", "other 1", "nanoseconds 5\n"] {
            assert!(Replayed::parse(text).is_err(), "{text}");
        }
    }

    /// A replay on an allocator that tells nothing of its arena.
    fn silent() -> Replayed {
        Replayed { samples: vec![vec![100.0, 65_536.0, 131_072.0]], ..replayed() }
    }

    #[test]
    fn the_table_has_a_row_for_each_configuration() {
        let expected = "            ns/op   ratio   pages   heap/live     idle   scattered   at the end\n\
            flagstone    50.0    1.00       3        3.00   75.0 %      42.5 %       25.0 %\n\
            talc        100.0    2.00       3        2.00   50.0 %           -            -\n";
        assert_eq!(table(&[row("flagstone", replayed(), 5_000.0), row("talc", silent(), 10_000.0)]), expected);
    }

    #[test]
    fn samples_become_lines() {
        let text = csv(&[row("A=1,B=2", replayed(), 1.0), row("talc", silent(), 1.0)]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("configuration,operations,live bytes,heap bytes,"));
        let values = ["\"A=1,B=2\",50,65536,131072,10,4,3,4,5", "\"A=1,B=2\",100,0,196608,8,6,8,9,10"];
        assert_eq!(lines[1..], [values[0], values[1], "talc,100,65536,131072,,,,,"]);
    }

    #[test]
    fn the_middle_is_found() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
