//! Drawings of the bench's report, as SVG. Their background is white, so they look the same on any page.
//!
//! A bench is drawn as a row of marks for each workload (`dots`), a sweep as a line for each allocator
//! (`lines`). All scales are logarithmic: a half and a double lie equally far from one.

mod dots;
mod lines;

use anyhow::{Context, Result};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Where everything is drawn.
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Pixels of a line of text, and of a title.
const SMALL: i32 = 13;
const LARGE: i32 = 16;
/// Colours of text, of lines that matter, and of lines that help.
const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const LINE: RGBColor = RGBColor(0x88, 0x88, 0x88);
const GRID: RGBColor = RGBColor(0xdc, 0xdc, 0xdc);

/// Draws the report in a JSON file into an SVG file.
pub(super) fn draw(report: &Path, drawing: &Path) -> Result<()> {
    let text = fs::read_to_string(report).with_context(|| format!("cannot read {}", report.display()))?;
    let svg = svg(&serde_json::from_str(&text)?)?;
    fs::write(drawing, svg).with_context(|| format!("cannot write {}", drawing.display()))
}

/// The drawing that fits the report.
fn svg(report: &Value) -> Result<String> {
    let mut svg = String::new();
    let sweep = report.get("sweeps").is_some();
    let size = if sweep { lines::SIZE } else { dots::size(report)? };
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&WHITE)?;
        if sweep {
            lines::draw(&area, report)?
        } else {
            dots::draw(&area, report)?
        }
        area.present()?;
    }
    Ok(svg)
}

/// The names of the allocators, in order.
fn names(report: &Value) -> Result<Vec<&str>> {
    list(report, "names")?.iter().map(|name| name.as_str().context("a name is text")).collect()
}

/// A list in the report.
fn list<'a>(of: &'a Value, key: &str) -> Result<&'a Vec<Value>> {
    of[key].as_array().with_context(|| format!("the report has no list `{key}`"))
}

/// A number in the report.
fn number(of: &Value, key: &str) -> Result<f64> {
    of[key].as_f64().with_context(|| format!("the report has no number `{key}`"))
}

/// A text in the report.
fn word<'a>(of: &'a Value, key: &str) -> Result<&'a str> {
    of[key].as_str().with_context(|| format!("the report has no text `{key}`"))
}

/// Where and with what it was measured, in one line.
fn source(report: &Value) -> Result<String> {
    let machine = &report["machine"];
    let (cpu, engine) = (word(machine, "cpu")?, word(machine, "engine")?);
    Ok(format!("{cpu}, {engine}, median of {}", number(report, "repeat")?))
}

/// A logarithmic scale: values from `low` to `high` lie from pixel `from` to pixel `to`.
#[derive(Clone, Copy)]
struct Scale {
    low: f64,
    high: f64,
    from: i32,
    to: i32,
}

impl Scale {
    /// The pixel of a value; one beyond the ends lies at the end.
    fn at(self, value: f64) -> i32 {
        let share = (value / self.low).log2() / (self.high / self.low).log2();
        self.from + (share.clamp(0.0, 1.0) * f64::from(self.to - self.from)).round() as i32
    }

    /// The values from the low end on, each `factor` times the last.
    fn steps(self, factor: f64) -> impl Iterator<Item = f64> {
        // The end may be missed by a rounding.
        std::iter::successors(Some(self.low), move |value| Some(value * factor))
            .take_while(move |value| *value <= self.high * 1.001)
    }
}

/// The largest power of `base` that is not above a value.
fn power_below(base: f64, value: f64) -> f64 {
    base.powf((value.ln() / base.ln() + 1e-9).floor())
}

/// The least power of `base` that is not below a value.
fn power_above(base: f64, value: f64) -> f64 {
    base.powf((value.ln() / base.ln() - 1e-9).ceil())
}

/// The colour of an allocator, from a palette that colour-blind people can tell apart.
fn colour(name: &str) -> RGBColor {
    match name {
        "flagstone" => RGBColor(0xd5, 0x5e, 0x00),
        "dlmalloc" => RGBColor(0x00, 0x00, 0x00),
        "talc" => RGBColor(0x00, 0x72, 0xb2),
        "rlsf" | "rlsf_small" => RGBColor(0x00, 0x9e, 0x73),
        "rusty_alloc" => RGBColor(0xcc, 0x79, 0xa7),
        _ => LINE,
    }
}

/// The mark of an allocator.
fn mark(area: &Area, at: (i32, i32), name: &str) -> Result<()> {
    let (x, y) = at;
    let (full, line) = (colour(name).filled(), colour(name).stroke_width(2));
    match name {
        "flagstone" => area.draw(&Circle::new(at, 5, full))?,
        "dlmalloc" => area.draw(&Cross::new(at, 4, line))?,
        "talc" => area.draw(&TriangleMarker::new(at, 6, full))?,
        "rlsf" => area.draw(&Rectangle::new([(x - 4, y - 4), (x + 4, y + 4)], full))?,
        "rlsf_small" => area.draw(&Rectangle::new([(x - 4, y - 4), (x + 4, y + 4)], line))?,
        "rusty_alloc" => area.draw(&Polygon::new([(x, y - 6), (x + 6, y), (x, y + 6), (x - 6, y)], full))?,
        _ => area.draw(&Circle::new(at, 4, line))?,
    }
    Ok(())
}

/// Writes text; `to` says which of its ends is at `at`.
fn write(area: &Area, text: &str, at: (i32, i32), to: HPos, size: i32) -> Result<()> {
    let style = TextStyle::from(("sans-serif", size).into_font()).color(&INK).pos(Pos::new(to, VPos::Center));
    area.draw(&Text::new(text.to_owned(), at, style))?;
    Ok(())
}

/// A straight line.
fn line(area: &Area, from: (i32, i32), to: (i32, i32), colour: RGBColor) -> Result<()> {
    area.draw(&PathElement::new([from, to], colour))?;
    Ok(())
}

/// The marks with their names, from left to right.
fn legend(area: &Area, names: &[&str], at: (i32, i32)) -> Result<()> {
    let (mut x, y) = at;
    for name in names {
        mark(area, (x, y), name)?;
        let text = if *name == "limit" { "limit (no rival)" } else { name };
        write(area, text, (x + 11, y), HPos::Left, SMALL)?;
        x += 40 + 7 * text.len() as i32;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Scale, power_above, power_below, svg};
    use serde_json::json;

    #[test]
    fn a_double_and_a_half_lie_equally_far_from_one() {
        let scale = Scale { low: 0.25, high: 4.0, from: 100, to: 500 };
        assert_eq!([0.25, 0.5, 1.0, 2.0, 4.0].map(|value| scale.at(value)), [100, 200, 300, 400, 500]);
        assert_eq!([0.01, 100.0].map(|value| scale.at(value)), [100, 500]);
        assert_eq!(scale.steps(4.0).collect::<Vec<f64>>(), [0.25, 1.0, 4.0]);
    }

    #[test]
    fn scales_end_at_powers() {
        assert_eq!((power_below(2.0, 5.0), power_above(2.0, 5.0)), (4.0, 8.0));
        assert_eq!((power_below(2.0, 8.0), power_above(2.0, 8.0)), (8.0, 8.0));
        assert_eq!((power_below(2.0, 0.3), power_above(10.0, 11.0)), (0.25, 100.0));
    }

    #[test]
    fn reports_become_drawings_with_all_names() {
        let figures = |ratio| json!({ "ratio": ratio, "overhead": 1.5, "nanosecondsPerOperation": 9.0 });
        let allocators = json!({ "flagstone": figures(0.5), "dlmalloc": figures(1.0) });
        let about = json!({ "cpu": "a processor", "engine": "node 20" });
        let bench = json!({
            "machine": about, "repeat": 3, "names": ["flagstone", "dlmalloc"],
            "rows": [{ "name": "churn-1k", "kind": "synthetic", "allocators": allocators }],
            "means": [{ "kind": "synthetic", "workloads": 1, "allocators": allocators }],
        });
        let sweep = json!({
            "machine": about, "repeat": 3, "names": ["flagstone", "dlmalloc"],
            "sweeps": [{ "name": "live", "title": "live objects", "unit": "count",
                "points": [{ "parameter": 100, "allocators": allocators }, { "parameter": 1000, "allocators": allocators }] }],
        });
        for (report, own) in [(bench, "churn-1k"), (sweep, "live objects")] {
            let text = svg(&report).expect("a drawing");
            for word in ["flagstone", "dlmalloc", "a processor", own] {
                assert!(text.contains(word), "{word}");
            }
        }
    }

    #[test]
    fn a_report_that_lacks_something_is_an_error() {
        assert!(svg(&json!({ "names": [] })).is_err());
    }
}
