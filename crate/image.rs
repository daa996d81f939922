//! Images: a linear memory read by address, from outside.
//!
//! An image may be the memory of a running module, of one that trapped, or bytes of a file. Whatever it holds, reading it
//! neither panics nor runs on: every loop is bounded by the length of the memory, and what does not fit is reported as
//! damage with its place while reading goes on, because a damaged heap is the one people need to see.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::String;
use core::fmt;

use crate::record::{Record, copied};
use crate::root::{AUDITED, LAYOUT_VERSION, MAGIC, Root, SMALL_VERSION};
use crate::source::{Source, copy};
use crate::units::Addr;

pub mod arenas;
pub mod audit;
pub mod dump;
pub mod leaks;
pub mod objects;
pub mod region;
pub mod survey;

/// A linear memory that can be read.
pub trait Image {
    /// Its length in bytes.
    fn len(&self) -> u64;

    /// Copies `into.len()` bytes from `at`.
    ///
    /// # Errors
    /// [`Error::Truncated`] where the image ends before that, [`Error::LeftOut`] where it was saved without them; `into` is then
    /// unspecified.
    fn read(&self, at: u32, into: &mut [u8]) -> Result<(), Error>;

    /// The first address from `at` on where something other than zero may be; the length of the image where there is none. What lies
    /// between need not be read.
    fn next_held(&self, at: u64) -> u64 {
        at
    }

    /// What is left out of the image, in address order.
    fn left_out(&self) -> &[dump::Hole] {
        &[]
    }

    /// Whether it has no bytes at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Why an image cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Nothing in the memory is a root.
    NoRoot {
        /// Bytes looked through.
        searched: u64,
    },
    /// What is at the root's address does not begin like one.
    NotARoot {
        /// That address.
        at: u32,
    },
    /// The root's records are laid out in a way this reader does not know.
    WrongVersion {
        /// The version found.
        found: u32,
    },
    /// The module was built with the feature `small`.
    SmallCore,
    /// The image ends before something that should be in it.
    Truncated {
        /// Where that begins.
        at: u32,
        /// Its bytes.
        wanted: u32,
        /// Bytes of the image.
        len: u64,
    },
    /// Bytes that were left out of a dump on purpose.
    LeftOut {
        /// The address of what was to be read.
        at: u32,
        /// Its bytes.
        wanted: u32,
    },
    /// So much of a memory is not zero that it does not fit into a dump.
    TooLong {
        /// The bytes it would take.
        bytes: u64,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRoot { searched } => write!(
                f,
                "no flagstone root found in {searched} bytes of memory: the module does not use flagstone, or the memory is another module's"
            ),
            Self::NotARoot { at } => write!(
                f,
                "there is no flagstone root at address {at:#x}: give the value of the module's export __flagstone_root"
            ),
            Self::WrongVersion { found } => {
                let (found, age) = (plain(*found), if plain(*found) < LAYOUT_VERSION { "an older" } else { "a newer" });
                write!(
                    f,
                    "the heap has layout version {found}, and this inspector, of flagstone {}, reads version {LAYOUT_VERSION}: use the inspector of the flagstone version the module was built with, {age} one",
                    env!("CARGO_PKG_VERSION")
                )
            }
            Self::SmallCore => f.write_str(
                "the module was built with flagstone's feature `small`, whose heap keeps no records to look at: build it without that feature to inspect it",
            ),
            Self::Truncated { at, wanted, len } => {
                write!(
                    f,
                    "the image is truncated: it ends at {len} bytes, before the {wanted} bytes at address {at:#x}"
                )
            }
            Self::TooLong { bytes } => write!(
                f,
                "the dump would have {bytes} bytes of data, and a section of WebAssembly has less than 4 GiB: save the records only"
            ),
            Self::LeftOut { at, wanted } => write!(
                f,
                "the {wanted} bytes at address {at:#x} were left out when the dump was saved: it holds the allocator's records only"
            ),
        }
    }
}

impl core::error::Error for Error {}

/// Something in an image that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The invariant it breaks: `"I1"` to `"I14"` of the heap, as the crate's documentation numbers them, `"A1"` to `"A8"` of an
    /// arena in it, as `vmem/arena.rs` does, `"O1"` to `"O10"` of an object cache or a budget, as [`objects`](crate::objects)
    /// does, or `"D1"` to `"D7"` of diagnosis, as [`audit`](crate::audit) does.
    pub invariant: &'static str,
    /// The address of what is wrong.
    pub at: u32,
    /// What is wrong, in a sentence.
    pub sentence: String,
}

impl Problem {
    pub(crate) fn new(invariant: &'static str, at: u32, sentence: String) -> Self {
        Self { invariant, at, sentence }
    }
}

/// The record of type `T` at `at`.
pub(crate) fn record<T: Record>(image: &(impl Image + ?Sized), at: u32) -> Result<T, Error> {
    copied(|bytes| image.read(at, bytes))
}

/// As [`record`], noting a failure as damage.
pub(crate) fn record_or<T: Record>(
    image: &(impl Image + ?Sized),
    at: u32,
    invariant: &'static str,
    problems: &mut alloc::vec::Vec<Problem>,
) -> Option<T> {
    match record(image, at) {
        Ok(record) => Some(record),
        Err(error) => {
            problems.push(Problem::new(invariant, at, format!("a record cannot be read: {error}")));
            None
        }
    }
}

/// The root at `at`, checked.
///
/// # Errors
/// Where no root is there, it is of another version, or the image ends before.
pub(crate) fn root(image: &(impl Image + ?Sized), at: u32) -> Result<Root, Error> {
    let root: Root = record(image, at)?;
    if root.magic[0].get() != MAGIC[0] || root.magic[1].get() != MAGIC[1] {
        return Err(Error::NotARoot { at });
    }
    if root.version.get() == SMALL_VERSION {
        return Err(Error::SmallCore);
    }
    if plain(root.version.get()) != LAYOUT_VERSION {
        return Err(Error::WrongVersion { found: root.version.get() });
    }
    Ok(root)
}

/// The version of the layout in what a root says in place of it, which has a bit more with diagnosis.
const fn plain(version: u32) -> u32 {
    version & !AUDITED
}

/// Looks through the memory for a root; its address. Takes time linear in what the image holds.
///
/// # Errors
/// [`Error::NoRoot`] where there is none, [`Error::WrongVersion`] where the only ones are of another version.
///
/// ```
/// use flagstone::image::{Bytes, Error, find_root};
/// assert_eq!(find_root(&Bytes(&[0; 1000])), Err(Error::NoRoot { searched: 1000 }));
/// ```
pub fn find_root(image: &(impl Image + ?Sized)) -> Result<Addr, Error> {
    /// Bytes looked at together; the magic lies at a multiple of 4 and so never across two.
    const WINDOW: usize = 4096;
    let mut outcome = Err(Error::NoRoot { searched: image.len() });
    let mut window = [0; WINDOW];
    let mut start = image.next_held(0);
    while start < image.len() && start <= u64::from(u32::MAX) {
        start -= start % WINDOW as u64;
        let len = (image.len() - start).min(WINDOW as u64) as usize;
        match image.read(start as u32, &mut window[..len]) {
            Ok(()) => {}
            Err(Error::LeftOut { .. }) => window.fill(0),
            Err(error) => return Err(error),
        }
        for offset in (0..len.saturating_sub(3)).step_by(4) {
            if window[offset..].starts_with(b"flag") {
                let at = start as u32 + offset as u32;
                match root(image, at) {
                    Ok(_) => return Ok(Addr(at)),
                    Err(error @ Error::WrongVersion { .. }) if u64::from(at) + 8 <= image.len() => outcome = Err(error),
                    Err(_) => {}
                }
            }
        }
        start = image.next_held(start + WINDOW as u64);
    }
    outcome
}

/// Bytes of a whole linear memory, from address 0 on.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'b>(pub &'b [u8]);

impl Image for Bytes<'_> {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&self, at: u32, into: &mut [u8]) -> Result<(), Error> {
        let start = at as usize;
        match start.checked_add(into.len()).and_then(|end| self.0.get(start..end)) {
            Some(bytes) => {
                into.copy_from_slice(bytes);
                Ok(())
            }
            None => Err(Error::Truncated { at, wanted: into.len() as u32, len: self.len() }),
        }
    }
}

/// The memory of a source, read in place: this module's own on wasm, or a heap over a byte array.
///
/// What lies below `start` (no memory of the source) reads as zero.
#[derive(Debug)]
pub struct Own<'s, S> {
    source: &'s S,
    start: Addr,
}

impl<'s, S: Source> Own<'s, S> {
    /// The memory of `source`, all of it from `start` on granted.
    pub(crate) const fn new(source: &'s S, start: Addr) -> Self {
        Self { source, start }
    }
}

impl<S: Source> Image for Own<'_, S> {
    fn len(&self) -> u64 {
        self.source.end().bytes()
    }

    fn read(&self, at: u32, into: &mut [u8]) -> Result<(), Error> {
        if u64::from(at) + into.len() as u64 > self.len() {
            return Err(Error::Truncated { at, wanted: into.len() as u32, len: self.len() });
        }
        let below = (self.start.0.saturating_sub(at) as usize).min(into.len());
        let (outside, inside) = into.split_at_mut(below);
        outside.fill(0);
        if !inside.is_empty() {
            copy(self.source, Addr(at.max(self.start.0)), inside);
        }
        Ok(())
    }
}
