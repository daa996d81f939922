//! The sweeps, side by side: nanoseconds per operation over what is varied, a line for each allocator.

use super::{
    Area, GRID, LARGE, LINE, SMALL, Scale, colour, legend, line, list, mark, names, number, power_above, power_below,
    source, word, write,
};
use anyhow::Result;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;
use serde_json::Value;

/// Width and height of the drawing.
pub(super) const SIZE: (u32, u32) = (1200, 520);
/// Left and right of all panels, and the gap between two.
const SIDES: (i32, i32) = (64, 1168);
const GAP: i32 = 52;
/// Top and bottom of the panels.
const TOP: i32 = 84;
const BOTTOM: i32 = 440;

/// Draws the report.
pub(super) fn draw(area: &Area, report: &Value) -> Result<()> {
    let (names, sweeps) = (names(report)?, list(report, "sweeps")?);
    legend(area, &names, (SIDES.0, 24))?;
    let y = heights(sweeps, &names)?;
    let width = (SIDES.1 - SIDES.0 + GAP) / sweeps.len().max(1) as i32;
    for (i, sweep) in sweeps.iter().enumerate() {
        let left = SIDES.0 + i as i32 * width;
        panel(area, sweep, &names, (left, left + width - GAP), y)?;
    }
    write(area, "ns per allocation or free", (12, 56), HPos::Left, SMALL)?;
    write(area, &source(report)?, (SIDES.0, BOTTOM + 64), HPos::Left, SMALL)
}

/// One scale for the heights of all panels.
fn heights(sweeps: &[Value], names: &[&str]) -> Result<Scale> {
    let (mut low, mut high) = (f64::MAX, 1.0_f64);
    for sweep in sweeps {
        for point in list(sweep, "points")? {
            for name in names {
                let value = cost(point, name)?;
                (low, high) = (low.min(value), high.max(value));
            }
        }
    }
    Ok(Scale { low: power_below(2.0, low), high: power_above(2.0, high), from: BOTTOM, to: TOP })
}

/// Nanoseconds of an operation.
fn cost(point: &Value, name: &str) -> Result<f64> {
    number(&point["allocators"][name], "nanosecondsPerOperation")
}

/// One sweep.
fn panel(area: &Area, sweep: &Value, names: &[&str], (left, right): (i32, i32), y: Scale) -> Result<()> {
    let points = list(sweep, "points")?;
    let parameters = points.iter().map(|point| number(point, "parameter")).collect::<Result<Vec<f64>>>()?;
    let (first, last) = (parameters.first().copied().unwrap_or(1.0), parameters.last().copied().unwrap_or(2.0));
    let x = Scale { low: first, high: last.max(2.0 * first), from: left, to: right };
    let (bytes, factor) = match word(sweep, "unit")? {
        "bytes" => (true, if last / first > 1e4 { 32.0 } else { 8.0 }),
        _ => (false, 10.0),
    };
    for value in y.steps(2.0) {
        line(area, (left, y.at(value)), (right, y.at(value)), GRID)?;
        write(area, &value.to_string(), (left - 8, y.at(value)), HPos::Right, SMALL)?;
    }
    for value in x.steps(factor) {
        line(area, (x.at(value), TOP), (x.at(value), BOTTOM), GRID)?;
        write(area, &label(value, bytes), (x.at(value), BOTTOM + 14), HPos::Center, SMALL)?;
    }
    line(area, (left, BOTTOM), (right, BOTTOM), LINE)?;
    let title = word(sweep, "title")?;
    // The rest of a long title stands below it.
    for (i, part) in title.splitn(2, ", ").enumerate() {
        let at = (i32::midpoint(left, right), BOTTOM + 34 + 16 * i as i32);
        write(area, part, at, HPos::Center, if i == 0 { LARGE - 2 } else { SMALL - 1 })?;
    }
    // Ours last, and so on top.
    for name in names.iter().rev() {
        let costs = points.iter().map(|point| cost(point, name)).collect::<Result<Vec<f64>>>()?;
        let path: Vec<(i32, i32)> =
            parameters.iter().zip(costs).map(|(parameter, cost)| (x.at(*parameter), y.at(cost))).collect();
        area.draw(&PathElement::new(path.clone(), colour(name).stroke_width(2)))?;
        for at in path {
            mark(area, at, name)?;
        }
    }
    Ok(())
}

/// `4 KiB` of 4096 bytes, or `10,000` of a count.
fn label(value: f64, bytes: bool) -> String {
    let value = value.round() as u64;
    match (bytes, value) {
        (true, 0x10_0000..) => format!("{} MiB", value >> 20),
        (true, 0x400..) => format!("{} KiB", value >> 10),
        (true, _) => format!("{value} B"),
        (false, 1_000_000..) => format!("{} M", value / 1_000_000),
        (false, 1_000..) => format!("{} k", value / 1_000),
        (false, _) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn labels_are_short() {
        assert_eq!([8.0, 32_768.0, 1_048_576.0].map(|value| label(value, true)), ["8 B", "32 KiB", "1 MiB"]);
        assert_eq!([100.0, 10_000.0, 1e6].map(|value| label(value, false)), ["100", "10 k", "1 M"]);
    }
}
