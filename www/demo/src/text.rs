//! From the bytes of a file to text, and from an offset in it to the place a reader looks for.

use crate::error::OpenError;

/// Line and column, both from 1; columns are counted in characters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    /// Line in the file.
    pub(crate) line: usize,
    /// Character in the line.
    pub(crate) column: usize,
}

/// The text of a file without its byte order mark. Refuses what is empty or not UTF-8.
pub(crate) fn decode(bytes: &[u8]) -> Result<&str, OpenError> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(OpenError::whole("the file is UTF-16, save it as UTF-8 and open it again"));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = error.valid_up_to();
        let reason = format!("the byte 0x{:02X} is not UTF-8 text", bytes[good]);
        OpenError::at(place_of(&String::from_utf8_lossy(&bytes[..good]), good), reason)
    })?;
    if text.trim().is_empty() {
        return Err(OpenError::whole("the file is empty, there is nothing to open"));
    }
    Ok(text)
}

/// The place of a byte offset; one behind the end of the text means its end.
pub(crate) fn place_of(text: &str, offset: usize) -> Place {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
    Place { line, column: 1 + String::from_utf8_lossy(&before[line_start..]).chars().count() }
}

/// The place of a line and of a byte in that line, both from 1, as many parsers give it.
pub(crate) fn place_in_line(text: &str, line: usize, byte_column: usize) -> Place {
    let content = text.split('\n').nth(line.saturating_sub(1)).unwrap_or("");
    let column = place_of(content, byte_column.saturating_sub(1)).column;
    Place { line, column }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_dropped_and_foreign_encodings_named() {
        assert_eq!(decode(b"\xEF\xBB\xBFabc"), Ok("abc"));
        let error = decode(b"\xFF\xFEa\0").unwrap_err();
        assert_eq!(error.sentence("a.md"), "a.md: the file is UTF-16, save it as UTF-8 and open it again.");
    }

    #[test]
    fn nothing_but_blanks_is_empty() {
        for bytes in [&b""[..], b"\xEF\xBB\xBF", b" \r\n\t"] {
            assert_eq!(
                decode(bytes).unwrap_err().sentence("a.csv"),
                "a.csv: the file is empty, there is nothing to open."
            );
        }
    }

    #[test]
    fn a_wrong_byte_is_named_with_its_place() {
        let error = decode("one\nzwö \u{e9}".as_bytes().split_last().unwrap().1).unwrap_err();
        assert_eq!(error.sentence("a.md"), "a.md, line 2, column 5: the byte 0xC3 is not UTF-8 text.");
    }

    #[test]
    fn places_count_lines_and_characters() {
        let text = "ab\nçd\n";
        assert_eq!(place_of(text, 0), Place { line: 1, column: 1 });
        assert_eq!(place_of(text, 5), Place { line: 2, column: 2 });
        assert_eq!(place_of(text, 99), Place { line: 3, column: 1 });
        assert_eq!(place_in_line(text, 2, 3), Place { line: 2, column: 2 });
        assert_eq!(place_in_line(text, 9, 9), Place { line: 9, column: 1 });
    }
}
