//! Traces: the allocations of a program as a compact stream without addresses. `docs/traces.md` describes every byte.
//!
//! Objects are numbered. A new object gets the number that was given back last, or when all are in use the next one that
//! was never used ([`Slots`]). So numbers stay below the most objects that lived at once, nobody has to write the number of
//! a new object, and a reader's tables are as large as the header says.
//!
//! [`Encoder`] and [`Decoder`] work on bytes in memory and allocate nothing; [`Reader`] reads a file, whatever is in it,
//! with memory that is bounded by the length of the file.
#![forbid(unsafe_code)]

mod codec;
mod error;
mod header;
mod reader;
mod slots;

pub use codec::{Decoder, Encoded, Encoder, Event, SIZE_MAX};
pub use error::{Error, Problem};
pub use header::{HEADER_LEN, Header, NAME_LEN, NAME_START, VERSION};
pub use reader::{Reader, check};
pub use slots::Slots;

#[cfg(test)]
mod tests;
