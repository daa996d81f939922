//! Numbers and names as people read them: thousands apart, plurals right, long text cut.

use crate::preview::Preview;

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with its noun: `1 entry`, `1,200 entries`, `0 rows`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let plural = match noun.strip_suffix('y') {
        _ if number == 1 => noun.to_owned(),
        Some(stem) => format!("{stem}ies"),
        None => format!("{noun}s"),
    };
    format!("{} {plural}", grouped(number))
}

/// A decimal number with at most four digits after the point, in powers of ten when it is very large or very small.
pub(crate) fn decimal(number: f64) -> String {
    if number != 0.0 && !(1e-4..1e15).contains(&number.abs()) {
        return format!("{number:e}");
    }
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// At most `limit` characters of `text` on one line, the last of them an ellipsis when something was left out.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    let mut out = Preview::new(limit);
    out.push(text);
    out.finish().replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_from_the_right() {
        assert_eq!(
            [0, 12, 999, 1000, 123_456, 1_234_567].map(grouped),
            ["0", "12", "999", "1,000", "123,456", "1,234,567"]
        );
    }

    #[test]
    fn nouns_follow_their_number() {
        assert_eq!(count(1, "entry"), "1 entry");
        assert_eq!(count(0, "entry"), "0 entries");
        assert_eq!(count(1200, "row"), "1,200 rows");
    }

    #[test]
    fn decimals_are_short() {
        assert_eq!([0.0, 2.5, -3.0, 1.0 / 3.0, 1200.0].map(decimal), ["0", "2.5", "-3", "0.3333", "1200"]);
        assert_eq!(decimal(1e300), "1e300");
        assert_eq!(decimal(2e-9), "2e-9");
    }

    #[test]
    fn cutting_counts_characters_and_keeps_one_line() {
        assert_eq!(cut("höhe", 4), "höhe");
        assert_eq!(cut("höhenmeter", 4), "höh…");
        assert_eq!(cut("a\nb", 9), "a b");
    }
}
