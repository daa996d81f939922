//! What can be wrong with a file: one sentence, and the place in the file where that was seen.

use std::fmt;

/// Why a file cannot be used, or only in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    at: Option<u64>,
    sentence: String,
}

impl Error {
    /// Something that concerns the file as a whole.
    pub(crate) fn of(sentence: impl Into<String>) -> Error {
        Error { at: None, sentence: sentence.into() }
    }

    /// Something at one byte of the file.
    pub(crate) fn at(offset: u64, sentence: impl Into<String>) -> Error {
        Error { at: Some(offset), sentence: sentence.into() }
    }

    /// Where it was seen, in bytes from the start of the file.
    pub fn offset(&self) -> Option<u64> {
        self.at
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "{} (at byte {at:#x} of the file)", self.sentence),
            None => f.write_str(&self.sentence),
        }
    }
}

impl std::error::Error for Error {}

impl From<wasmparser::Error> for Error {
    fn from(error: wasmparser::Error) -> Error {
        Error::at(error.offset(), format!("The file is damaged: {}.", error.message()))
    }
}
