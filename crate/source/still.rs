//! A source that does not grow: the same memory, for requests that must not make it longer.

use super::Source;
use crate::units::{Addr, Pages};

/// A source without growth.
#[derive(Debug)]
pub(crate) struct Still<'s, S>(pub(crate) &'s S);

// SAFETY: it gives nothing; addresses and pointers are those of the source it stands for, which outlives it.
unsafe impl<S: Source> Source for Still<'_, S> {
    fn grow(&self, _: Pages) -> Option<Addr> {
        None
    }

    fn end(&self) -> Pages {
        self.0.end()
    }

    fn room(&self) -> Pages {
        Pages(0)
    }

    fn initial(&self) -> Option<(Addr, Addr)> {
        self.0.initial()
    }

    fn at(&self, addr: Addr) -> *mut u8 {
        self.0.at(addr)
    }

    fn addr(&self, ptr: *mut u8) -> Addr {
        self.0.addr(ptr)
    }
}
