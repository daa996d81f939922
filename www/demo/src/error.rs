//! Why a file cannot be opened, and the sentence that says so.

use crate::phrase;
use crate::text::Place;

/// A reason in words, without a full stop, and where in the file it lies when that is known.
#[derive(Debug, PartialEq)]
pub(crate) struct OpenError {
    place: Option<Place>,
    reason: String,
}

impl OpenError {
    /// An error that concerns the whole file.
    pub(crate) fn whole(reason: impl Into<String>) -> Self {
        Self { place: None, reason: reason.into() }
    }

    /// An error at one place of the file.
    pub(crate) fn at(place: Place, reason: impl Into<String>) -> Self {
        Self { place: Some(place), reason: reason.into() }
    }

    /// The whole sentence, with the file's name in front.
    pub(crate) fn sentence(&self, name: &str) -> String {
        let name = phrase::cut(name, 80);
        let reason = phrase::cut(self.reason.trim_end_matches('.'), 300);
        match self.place {
            Some(Place { line, column }) => {
                format!("{name}, line {line}, column {column}: {reason}.")
            }
            None => format!("{name}: {reason}."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_file_and_place_and_ends_once() {
        let place = Place { line: 3, column: 14 };
        assert_eq!(
            OpenError::at(place, "a comma is missing.").sentence("a.json"),
            "a.json, line 3, column 14: a comma is missing."
        );
        assert_eq!(OpenError::whole("the file is empty").sentence("b.md"), "b.md: the file is empty.");
    }
}
