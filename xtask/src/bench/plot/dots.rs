//! The bench: for each workload two rows of marks, time as a ratio to the reference and heap bytes as a
//! ratio to live bytes. The further left a mark, the better.

use super::{
    Area, GRID, INK, LARGE, LINE, SMALL, Scale, legend, line, list, mark, names, number, power_above, power_below,
    source, word, write,
};
use anyhow::Result;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;
use serde_json::Value;

/// Pixels of the drawing, of a row, and of what is above and below the rows.
const WIDTH: i32 = 1200;
const ROW: i32 = 24;
const HEAD: i32 = 92;
const FOOT: i32 = 56;
/// The left and right ends of the two panels.
const PANELS: [(i32, i32); 2] = [(190, 670), (710, 1180)];
/// Behind every other row.
const STRIPE: RGBColor = RGBColor(0xf6, 0xf6, 0xf6);
/// What lies beyond is drawn at the edge, with its value.
const LEAST: f64 = 0.125;
const MOST: f64 = 8.0;

/// A row: what it is called, and the figures of each allocator.
struct Row<'a> {
    name: String,
    figures: &'a Value,
    /// Whether it is a mean, which ends a group.
    mean: bool,
}

/// Width and height of the drawing.
pub(super) fn size(report: &Value) -> Result<(u32, u32)> {
    let rows = rows(report)?.len() as i32;
    Ok((WIDTH as u32, (HEAD + rows * ROW + FOOT) as u32))
}

/// Draws the report.
pub(super) fn draw(area: &Area, report: &Value) -> Result<()> {
    let (names, rows) = (names(report)?, rows(report)?);
    legend(area, &names, (PANELS[0].0, 24))?;
    let bottom = HEAD + rows.len() as i32 * ROW;
    for (i, row) in rows.iter().enumerate() {
        let y = middle(i);
        if i % 2 == 0 {
            let stripe = [(12, y - ROW / 2), (PANELS[1].1, y + ROW / 2)];
            area.draw(&Rectangle::new(stripe, STRIPE.filled()))?;
        }
        write(area, &row.name, (PANELS[0].0 - 16, y), HPos::Right, SMALL)?;
        if row.mean && i + 1 < rows.len() {
            line(area, (12, y + ROW / 2), (PANELS[1].1, y + ROW / 2), LINE)?;
        }
    }
    let titles = ["time, ratio to dlmalloc", "heap bytes / peak live bytes"];
    for ((panel, title), figure) in PANELS.into_iter().zip(titles).zip(["ratio", "overhead"]) {
        let scale = scale(panel, &rows, &names, figure)?;
        write(area, title, (i32::midpoint(panel.0, panel.1), 56), HPos::Center, LARGE)?;
        ticks(area, scale, bottom)?;
        for (i, row) in rows.iter().enumerate() {
            marks(area, scale, row, &names, figure, middle(i))?;
        }
    }
    write(area, &source(report)?, (PANELS[0].0, bottom + 38), HPos::Left, SMALL)
}

/// The workloads, and after each kind its mean.
fn rows(report: &Value) -> Result<Vec<Row<'_>>> {
    let mut rows = Vec::new();
    for mean in list(report, "means")? {
        let kind = word(mean, "kind")?;
        for row in list(report, "rows")? {
            if word(row, "kind")? == kind {
                rows.push(Row { name: word(row, "name")?.to_owned(), figures: &row["allocators"], mean: false });
            }
        }
        let name = format!("mean of {} {kind}", number(mean, "workloads")?);
        rows.push(Row { name, figures: &mean["allocators"], mean: true });
    }
    Ok(rows)
}

/// The middle of a row.
fn middle(row: usize) -> i32 {
    HEAD + row as i32 * ROW + ROW / 2
}

/// A scale with room for all figures that are not beyond.
fn scale(panel: (i32, i32), rows: &[Row], names: &[&str], figure: &str) -> Result<Scale> {
    let (mut low, mut high) = (1.0_f64, 2.0_f64);
    for row in rows {
        for name in names {
            let value = number(&row.figures[*name], figure)?.clamp(LEAST, MOST);
            (low, high) = (low.min(value), high.max(value));
        }
    }
    Ok(Scale { low: power_below(2.0, low), high: power_above(2.0, high), from: panel.0, to: panel.1 })
}

/// Lines at the powers of two, with their values above and below.
fn ticks(area: &Area, scale: Scale, bottom: i32) -> Result<()> {
    for value in scale.steps(2.0) {
        let x = scale.at(value);
        line(area, (x, HEAD), (x, bottom), if value == 1.0 { INK } else { GRID })?;
        for y in [HEAD - 12, bottom + 12] {
            write(area, &value.to_string(), (x, y), HPos::Center, SMALL)?;
        }
    }
    Ok(())
}

/// The marks of a row, a little apart in height, ours last and so on top.
fn marks(area: &Area, scale: Scale, row: &Row, names: &[&str], figure: &str, y: i32) -> Result<()> {
    for (i, name) in names.iter().enumerate().rev() {
        let value = number(&row.figures[*name], figure)?;
        let y = y + (2 * i as i32 - (names.len() as i32 - 1)) * 3 / 2;
        let x = scale.at(value);
        mark(area, (x, y), name)?;
        if value > scale.high {
            write(area, &format!("{value:.0} >"), (x - 9, y), HPos::Right, SMALL - 2)?;
        }
    }
    Ok(())
}
