//! [`Accounted`]: memory of any layout that a budget pays for, an allocation at a time.
//!
//! What is charged is what the owner may use: the bytes of the size class, or whole quanta, and one object. A charge that does not
//! fit asks those whom the budget pays for, as that of a slab does.

use core::alloc::Layout;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

use super::budget::{Budget, charge, discharge};
use super::error::Error;
use super::home::Home;
use super::record::BudgetRecord;
use crate::global::request;
use crate::heap::Engine;
use crate::record::{Id, get};
use crate::size_class::segment_len;
use crate::source::Source;
use crate::units::{Addr, quanta_up};

/// Memory from the heap `H` that a [`Budget`] pays for.
///
/// ```
/// use core::alloc::Layout;
/// use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
/// use flagstone::objects::{Budget, Error};
/// let mut memory = vec![Page::ZERO; 4];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let budget = Budget::new(&heap, "texts", 4096, |_| ())?;
/// let texts = budget.accounted();
/// let layout = Layout::new::<[u8; 3000]>();
/// let at = texts.alloc(layout)?;
/// assert_eq!((budget.usage().used, budget.usage().objects), (3072, 1));
/// assert_eq!(texts.alloc(layout), Err(Error::Budget { bytes: 3072, limit: 4096 }));
/// // SAFETY: it came from there for the layout, and is given back once.
/// unsafe { texts.free(at, layout) };
/// assert_eq!((budget.usage().used, budget.usage().objects), (0, 0));
/// # Ok::<(), Error>(())
/// ```
pub struct Accounted<'b, H: Home> {
    home: H,
    at: Id<BudgetRecord>,
    budget: PhantomData<&'b ()>,
}

impl<H: Home> Clone for Accounted<'_, H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H: Home> Copy for Accounted<'_, H> {}

impl<H: Home> fmt::Debug for Accounted<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounted").finish_non_exhaustive()
    }
}

impl<H: Home, F: Fn(u32) + 'static> Budget<H, F> {
    /// Memory that this budget pays for.
    #[must_use]
    pub fn accounted(&self) -> Accounted<'_, H> {
        let (home, at) = self.parts();
        Accounted { home, at, budget: PhantomData }
    }
}

impl<H: Home> Accounted<'_, H> {
    /// Memory of `layout`.
    ///
    /// # Errors
    /// [`Error::BadSize`] of no bytes or more than a memory has; [`Error::Budget`], [`Error::NoMemory`], after those were asked who
    /// might spare some.
    pub fn alloc(&self, layout: Layout) -> Result<NonNull<u8>, Error> {
        self.obtain(layout, |engine, size, align| engine.alloc(size, align))
    }

    /// As [`alloc`](Self::alloc), with all usable bytes zero.
    ///
    /// # Errors
    /// As `alloc`.
    pub fn alloc_zeroed(&self, layout: Layout) -> Result<NonNull<u8>, Error> {
        self.obtain(layout, |engine, size, align| engine.alloc_zeroed(size, align))
    }

    /// Bytes of an allocation of `layout` that its owner may use, which are those that are charged; zero for a layout that is always
    /// refused.
    #[must_use]
    pub fn usable_size(&self, layout: Layout) -> usize {
        shape(layout).map_or(0, |(usable, _)| usable as usize)
    }

    /// Gives memory back.
    ///
    /// # Safety
    /// - `at` came from this budget for `layout`, or for one with the same [`usable_size`](Self::usable_size) and alignment, and is
    ///   given back once.
    pub unsafe fn free(&self, at: NonNull<u8>, layout: Layout) {
        let Ok((usable, align)) = shape(layout) else { return };
        let engine = self.home.engine();
        let addr = engine.source().addr(at.as_ptr());
        // SAFETY: as the caller promises.
        unsafe { engine.free(addr, usable, align) };
        let record = get(engine.source(), self.at);
        discharge(record, usable);
        record.objects.set(record.objects.get() - 1);
    }

    /// Changes the size of an allocation, keeping its usable bytes as far as both sizes go; where it is, if that is possible.
    ///
    /// # Errors
    /// As [`alloc`](Self::alloc); the allocation and what is charged are as they were then.
    ///
    /// # Safety
    /// - as for [`free`](Self::free); what returns has `new_size` in place of its size.
    pub unsafe fn realloc(&self, at: NonNull<u8>, layout: Layout, new_size: usize) -> Result<NonNull<u8>, Error> {
        let (old, align) = shape(layout)?;
        let too_long = Error::BadSize(u32::try_from(new_size).unwrap_or(u32::MAX));
        let new_layout = Layout::from_size_align(new_size, layout.align()).map_err(|_| too_long)?;
        let (new, _) = shape(new_layout)?;
        if old == new {
            return Ok(at);
        }
        self.charge(new.saturating_sub(old))?;
        let engine = self.home.engine();
        let addr = engine.source().addr(at.as_ptr());
        // SAFETY: it is live with that size and alignment (caller): where this fails, it is as it was.
        let resize = |engine: &Engine<H::Source>| unsafe { engine.realloc(addr, old, align, new) };
        let resized = relieved(&engine, new, resize);
        let record = get(engine.source(), self.at);
        let Some(resized) = resized else {
            discharge(record, new.saturating_sub(old));
            return Err(Error::NoMemory { bytes: new });
        };
        discharge(record, old.saturating_sub(new));
        Ok(resized)
    }

    /// Memory of `layout` from a heap, charged.
    fn obtain(
        &self,
        layout: Layout,
        alloc: impl Fn(&Engine<H::Source>, u32, u32) -> Addr,
    ) -> Result<NonNull<u8>, Error> {
        let (usable, align) = shape(layout)?;
        self.charge(usable)?;
        let engine = self.home.engine();
        let record = get(engine.source(), self.at);
        // Counted before anybody is asked: whoever is asked sees what is charged and why.
        record.objects.set(record.objects.get() + 1);
        relieved(&engine, usable, |engine| alloc(engine, usable, align)).ok_or_else(|| {
            discharge(record, usable);
            record.objects.set(record.objects.get() - 1);
            Error::NoMemory { bytes: usable }
        })
    }

    /// Charges bytes, after those were asked whom the budget pays for, if need be.
    fn charge(&self, bytes: u32) -> Result<(), Error> {
        let engine = self.home.engine();
        let record = get(engine.source(), self.at);
        if charge(record, bytes) || engine.relieve_budget(record, bytes) && charge(record, bytes) {
            return Ok(());
        }
        Err(Error::Budget { bytes, limit: record.limit.get() })
    }
}

/// Tries to get memory of so many bytes, and once more after those were asked who hold some idle. (With the feature `reclaim` the
/// heap asks by itself.)
fn relieved<S: Source>(engine: &Engine<S>, bytes: u32, get: impl Fn(&Engine<S>) -> Addr) -> Option<NonNull<u8>> {
    let mut at = get(engine);
    if at.0 == 0 && cfg!(not(feature = "reclaim")) && engine.relieve(quanta_up(bytes)) {
        at = get(engine);
    }
    if at.0 == 0 { None } else { NonNull::new(engine.source().at(at)) }
}

/// Usable bytes and alignment of a layout.
fn shape(layout: Layout) -> Result<(u32, u32), Error> {
    let (size, align) = request(layout).ok_or(Error::BadSize(u32::try_from(layout.size()).unwrap_or(u32::MAX)))?;
    Ok((segment_len(size, align).min(i32::MAX as u32), align))
}
