//! Text of bounded length: what is written behind the limit is left out, and a writer that asks can stop early.

use std::io;

/// Collects at most `limit` characters; the last one is an ellipsis when something was left out.
pub(crate) struct Preview {
    out: String,
    room: usize,
    cut: bool,
}

impl Preview {
    /// An empty text with room for `limit` characters.
    pub(crate) fn new(limit: usize) -> Self {
        Self { out: String::new(), room: limit, cut: false }
    }

    /// Adds text as far as there is room; false when some of it had to be left out.
    pub(crate) fn push(&mut self, text: &str) -> bool {
        if self.cut {
            return text.is_empty();
        }
        match text.char_indices().nth(self.room) {
            None => {
                self.room -= text.chars().count();
                self.out.push_str(text);
            }
            Some((end, _)) => {
                self.cut = true;
                self.out.push_str(&text[..end]);
                if self.out.pop().is_some() {
                    self.out.push('…');
                }
            }
        }
        !self.cut
    }

    /// The text.
    pub(crate) fn finish(self) -> String {
        self.out
    }
}

/// For writers of whole characters; fails when the text is full, so that they stop.
impl io::Write for Preview {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.push(&String::from_utf8_lossy(bytes)) {
            true => Ok(bytes.len()),
            false => Err(io::ErrorKind::WriteZero.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(limit: usize, parts: &[&str]) -> (String, Vec<bool>) {
        let mut preview = Preview::new(limit);
        let fits = parts.iter().map(|part| preview.push(part)).collect();
        (preview.finish(), fits)
    }

    #[test]
    fn what_fits_stays_and_the_rest_is_an_ellipsis() {
        assert_eq!(collect(4, &["ab", "cd"]), ("abcd".to_owned(), vec![true, true]));
        assert_eq!(collect(4, &["ab", "cd", "", "e"]), ("abc…".to_owned(), vec![true, true, true, false]));
        assert_eq!(collect(3, &["äöüß", "x"]), ("äö…".to_owned(), vec![false, false]));
        assert_eq!(collect(0, &["a"]), (String::new(), vec![false]));
    }
}
