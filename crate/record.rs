//! Records: plain structures that live in the linear memory they describe, named by address.
//!
//! All allocator state is records, so that it can be read from outside by address alone: by an inspector, after a trap,
//! in a dump. A record is `#[repr(C)]`, made of integers, ids and arrays of them in `Cell`s, without padding; any bytes
//! are a valid value, and all zero bytes are its empty state. A field of a record is changed through a shared reference,
//! so two records may be looked at together, and no reference to one is ever exclusive.
//!
//! An [`Id`] is an address that promises a record (invariant R1); where there may be none, a field holds an `Option`, of
//! which none is zero. Making an id out of an address is the unsafe step; reading through one is safe.

use core::cell::Cell;
use core::marker::PhantomData;
use core::num::NonZeroU32;

use crate::source::Source;
use crate::units::Addr;

/// A 32-bit field of a record.
pub(crate) type Word = Cell<u32>;

/// A field of a record that names another record, or none.
pub(crate) type Name<T> = Cell<Option<Id<T>>>;

/// A type that may live in linear memory as a record.
///
/// # Safety
/// - `#[repr(C)]` or `#[repr(transparent)]`, without padding, aligned to at most 8;
/// - every field is an integer, a name, another record, or an array of those, in a `Cell` where it is not a record: any
///   bytes are a valid value.
pub(crate) unsafe trait Record: Sized {}

// SAFETY: a cell of an integer has the integer's representation; any bytes are a valid value.
unsafe impl Record for Cell<u32> {}
// SAFETY: as above; its alignment is 8 at most.
unsafe impl Record for Cell<u64> {}
// SAFETY: an array of records without padding has none itself.
unsafe impl<T: Record, const N: usize> Record for [T; N] {}
// SAFETY: an optional id is a transparent non-zero `u32` with zero for none: any bytes are a value.
unsafe impl<T> Record for Cell<Option<Id<T>>> {}

/// The address of a record of type `T`.
///
/// R1: an id names a live record of its type in the memory it is read in, or (in a damaged image, which only `image` reads)
/// is just a number.
#[repr(transparent)]
pub(crate) struct Id<T> {
    addr: NonZeroU32,
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

impl<T> Id<T> {
    /// The id of the record at `addr`.
    ///
    /// # Safety
    /// - `addr` is not zero, and a `T` lives there, or the bytes there are given to a new `T`; and it stays while the id is
    ///   used.
    #[inline(always)]
    pub(crate) const unsafe fn at(addr: u32) -> Self {
        // SAFETY: not zero (caller).
        Self { addr: unsafe { NonZeroU32::new_unchecked(addr) }, of: PhantomData }
    }

    /// Where the record is.
    #[inline(always)]
    pub(crate) const fn addr(self) -> u32 {
        self.addr.get()
    }

    /// The record of type `U` that `offset` bytes into this one begins.
    ///
    /// # Safety
    /// - a `U` is there: a field of `T`, or what the same bytes are seen as.
    #[inline(always)]
    pub(crate) const unsafe fn field<U>(self, offset: u32) -> Id<U> {
        // SAFETY: records do not reach around the end of the address space, and a `U` is there (caller).
        unsafe { Id::at(self.addr() + offset) }
    }

    /// The record of type `U` whose field at `offset` this is.
    ///
    /// # Safety
    /// - this is the field of a live `U` at `offset`.
    #[inline(always)]
    pub(crate) const unsafe fn container<U>(self, offset: u32) -> Id<U> {
        // SAFETY: the record begins `offset` bytes before its field (caller).
        unsafe { Id::at(self.addr() - offset) }
    }
}

/// The address a field names, zero for none.
#[cfg(feature = "inspector")]
pub(crate) fn named<T>(field: &Name<T>) -> u32 {
    field.get().map_or(0, Id::addr)
}

/// The record that `id` names.
#[inline(always)]
pub(crate) fn get<S: Source, T: Record>(source: &S, id: Id<T>) -> &T {
    let at = source.at(Addr(id.addr())).cast::<T>();
    debug_assert!(at.is_aligned(), "a record lies on its alignment");
    // SAFETY: R1: a `T` lives there; its fields are cells, so shared references to it may coexist with every other one,
    // and it stays for as long as the memory does.
    unsafe { &*at }
}

/// Makes an all-zero record of the `size_of::<T>()` bytes at `addr`.
///
/// # Safety
/// - the bytes are the allocator's own, of nobody else, and `addr` is a multiple of 8, not zero.
#[inline(always)]
pub(crate) unsafe fn make<S: Source, T: Record>(source: &S, addr: Addr) -> Id<T> {
    let at = source.at(addr);
    // SAFETY: the bytes are ours (caller).
    unsafe { at.write_bytes(0, size_of::<T>()) };
    // SAFETY: zero bytes are the empty state of any record; address 0 is nobody's own.
    unsafe { Id::at(addr.0) }
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
