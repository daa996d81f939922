//! The table at the end of `cargo xtask test`.

use super::{Count, Report};
use crate::say;
use std::fmt::Write;
use std::time::Duration;

/// The table, what was skipped and what failed, and the sum as the last line.
pub(super) fn table(reports: &[Report]) -> String {
    let mut text = String::new();
    let all: Count = reports.iter().map(Report::count).sum();
    let time: Duration = reports.iter().map(|report| report.time).sum();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "\n{:<8} {:>6} {:>7} {:>12}  result", "part", "steps", "checks", "time");
    for report in reports {
        let count = report.count();
        let (steps, time) = (report.steps.len(), say::time(report.time));
        let _ = writeln!(text, "{:<8} {steps:>6} {:>7} {time:>12}  {}", report.part, count.total(), result(count));
    }
    for (report, step) in reports.iter().flat_map(|report| report.steps.iter().map(move |step| (report, step))) {
        if let Some(reason) = &step.reason {
            let _ = writeln!(text, "skipped: {}: {}: {reason}", report.part, step.claim);
        } else if step.count.failed > 0 {
            let _ = writeln!(text, "FAILED: {}: {}", report.part, step.claim);
        }
    }
    let skipped = if all.skipped > 0 { format!(", {} skipped", all.skipped) } else { String::new() };
    let _ = writeln!(text, "{} in all", say::time(time));
    let _ = writeln!(text, "{} passed, {} failed{skipped}", all.passed, all.failed);
    text
}

/// One word for a part.
fn result(count: Count) -> &'static str {
    match count {
        Count { failed: 1.., .. } => "FAILED",
        Count { passed: 0, .. } => "SKIPPED",
        Count { skipped: 1.., .. } => "ok, some skipped",
        _ => "ok",
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Count, Report, Step};
    use super::table;
    use std::time::Duration;

    /// A report with one step for each count.
    fn report(part: &str, counts: &[(usize, usize, usize)]) -> Report {
        let steps = counts.iter().map(|&(passed, failed, skipped)| Step {
            claim: format!("{part} holds"),
            count: Count { passed, failed, skipped },
            reason: (skipped > 0).then(|| "no tool".to_owned()),
        });
        Report { part: part.to_owned(), steps: steps.collect(), time: Duration::from_secs(70) }
    }

    #[test]
    fn parts_are_listed_and_added_up() {
        let text = table(&[
            report("lint", &[(1, 0, 0), (1, 0, 0)]),
            report("native", &[(40, 2, 0)]),
            report("miri", &[(0, 0, 1)]),
        ]);
        let expected = "
part      steps  checks         time  result
lint          2       2         70 s  ok
native        1      42         70 s  FAILED
miri          1       1         70 s  SKIPPED
FAILED: native: native holds
skipped: miri: miri holds: no tool
3 min 30 s in all
42 passed, 2 failed, 1 skipped
";
        assert_eq!(text, expected);
    }

    #[test]
    fn nothing_skipped_is_not_mentioned() {
        assert!(table(&[report("docs", &[(3, 0, 0)])]).ends_with("\n3 passed, 0 failed\n"));
    }
}
