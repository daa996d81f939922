//! What the person at the terminal sees: one line for each thing that is done, on standard error, so
//! that standard output stays for results.

use std::time::Duration;

/// Announces what is about to be done.
pub(crate) fn doing(what: &str) {
    eprintln!("- {what}");
}

/// A detail of the line above it.
pub(crate) fn detail(what: &str) {
    eprintln!("    {what}");
}

/// Whole seconds below two minutes, else minutes and seconds.
pub(crate) fn time(time: Duration) -> String {
    let tenths = (time.as_millis() + 50) / 100;
    match time.as_secs() {
        0..10 => format!("{}.{} s", tenths / 10, tenths % 10),
        10..120 => format!("{} s", time.as_secs()),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::time;
    use std::time::Duration;

    #[test]
    fn times_are_short_to_read() {
        assert_eq!(time(Duration::from_millis(40)), "0.0 s");
        assert_eq!(time(Duration::from_millis(1_260)), "1.3 s");
        assert_eq!(time(Duration::from_millis(59_999)), "59 s");
        assert_eq!(time(Duration::from_secs(125)), "2 min 05 s");
    }
}
