//! Records: plain structures that live in the linear memory they describe, named by address.
//!
//! All allocator state is records, so that it can be read from outside by address alone: by an inspector, after a trap,
//! in a dump. A record is `#[repr(C)]`, made of integers, ids and arrays of them in `Cell`s, without padding; any bytes
//! are a valid value, and all zero bytes are its empty state. A field of a record is changed through a shared reference,
//! so two records may be looked at together, and no reference to one is ever exclusive.
//!
//! An [`Id`] is an address that promises a record (invariant R1). Making an id out of an address is the unsafe step;
//! reading through one is safe.

use core::cell::Cell;
use core::marker::PhantomData;

use crate::source::Source;
use crate::units::Addr;

/// A 32-bit field of a record.
pub(crate) type Word = Cell<u32>;

/// A type that may live in linear memory as a record.
///
/// # Safety
/// - `#[repr(C)]` or `#[repr(transparent)]`, without padding, aligned to at most 8;
/// - every field is an integer, an [`Id`], another record, or an array of those, in a `Cell` where it is not a record:
///   any bytes are a valid value.
pub(crate) unsafe trait Record: Sized {}

// SAFETY: a cell of an integer has the integer's representation; any bytes are a valid value.
unsafe impl Record for Cell<u32> {}
// SAFETY: as above; its alignment is 8 at most.
unsafe impl Record for Cell<u64> {}
// SAFETY: an array of records without padding has none itself.
unsafe impl<T: Record, const N: usize> Record for [T; N] {}
// SAFETY: an id is a transparent `u32`.
unsafe impl<T> Record for Cell<Id<T>> {}

/// The address of a record of type `T`, or none.
///
/// R1: an id that is not none names a live record of its type in the memory it is read in, or (in a damaged image, which
/// only `image` reads) is just a number.
#[repr(transparent)]
pub(crate) struct Id<T> {
    addr: u32,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.addr == other.addr
    }
}
impl<T> Eq for Id<T> {}

impl<T> Id<T> {
    /// No record.
    pub(crate) const NONE: Self = Self { addr: 0, of: PhantomData };

    /// The id of the record at `addr`.
    ///
    /// # Safety
    /// - a `T` lives at `addr`, or all bytes there are zero and are given to a new `T`; and it stays while the id is used.
    #[inline(always)]
    pub(crate) const unsafe fn at(addr: Addr) -> Self {
        Self { addr: addr.0, of: PhantomData }
    }

    /// Where the record is.
    #[inline(always)]
    pub(crate) const fn addr(self) -> Addr {
        Addr(self.addr)
    }

    /// Whether there is none.
    #[inline(always)]
    pub(crate) const fn is_none(self) -> bool {
        self.addr == 0
    }

    /// The same id, or `None` where there is no record.
    #[inline(always)]
    pub(crate) const fn some(self) -> Option<Self> {
        if self.addr == 0 { None } else { Some(self) }
    }

    /// The record of type `U` that `offset` bytes into this one begins.
    ///
    /// # Safety
    /// - a `U` is a field of `T` at `offset`.
    #[inline(always)]
    pub(crate) const unsafe fn field<U>(self, offset: u32) -> Id<U> {
        Id { addr: self.addr + offset, of: PhantomData }
    }

    /// The record of type `U` whose field at `offset` this is. Where `offset` is zero, none for none.
    ///
    /// # Safety
    /// - this is the field of a live `U` at `offset`, or none and `offset` is zero.
    #[inline(always)]
    pub(crate) const unsafe fn container<U>(self, offset: u32) -> Id<U> {
        Id { addr: self.addr - offset, of: PhantomData }
    }
}

/// The record that `id` names, which must not be none.
#[inline(always)]
pub(crate) fn get<S: Source, T: Record>(source: &S, id: Id<T>) -> &T {
    debug_assert!(!id.is_none(), "the none id names no record");
    let at = source.at(id.addr()).cast::<T>();
    debug_assert!(at.is_aligned(), "a record lies on its alignment");
    // SAFETY: R1: a `T` lives there; its fields are cells, so shared references to it may coexist with every other one,
    // and it stays for as long as the memory does.
    unsafe { &*at }
}

/// Makes an all-zero record of the `size_of::<T>()` bytes at `addr`.
///
/// # Safety
/// - the bytes are the allocator's own, of nobody else, and `addr` is a multiple of 8.
#[inline(always)]
pub(crate) unsafe fn make<S: Source, T: Record>(source: &S, addr: Addr) -> Id<T> {
    let at = source.at(addr);
    // SAFETY: the bytes are ours (caller).
    unsafe { at.write_bytes(0, size_of::<T>()) };
    // SAFETY: zero bytes are the empty state of any record.
    unsafe { Id::at(addr) }
}

/// A record copied out of bytes: `fill` puts the bytes of one into its argument.
///
/// Records are little-endian, as wasm is; so are the targets on which images are read.
#[cfg(feature = "inspector")]
pub(crate) fn copied<T: Record, E>(fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<T, E> {
    let mut record = core::mem::MaybeUninit::<T>::zeroed();
    // SAFETY: the bytes are the record's own, initialised to zero, and borrowed exclusively.
    let bytes = unsafe { core::slice::from_raw_parts_mut(record.as_mut_ptr().cast::<u8>(), size_of::<T>()) };
    fill(bytes)?;
    // SAFETY: any bytes are a valid record.
    Ok(unsafe { record.assume_init() })
}
