//! Budgets: bytes that the caches of a subsystem may take together, and what happens when they want more.

use core::fmt;
use core::mem::offset_of;

use super::error::Error;
use super::home::Home;
use super::record::{BudgetRecord, NAME_LEN, ORPHAN, TELLING, write_name};
use crate::heap::Engine;
use crate::list;
use crate::record::{Id, get};
use crate::source::Source;
use crate::units::Addr;
use crate::vmem::Place;

/// Charges `bytes` to a budget; whether it has them.
pub(crate) fn charge(budget: &BudgetRecord, bytes: u32) -> bool {
    let used = u64::from(budget.used.get()) + u64::from(bytes);
    let limit = budget.limit.get();
    if used > u64::from(if limit == 0 { u32::MAX } else { limit }) {
        budget.denials.set(budget.denials.get().wrapping_add(1));
        return false;
    }
    budget.used.set(used as u32);
    budget.peak.set(budget.peak.get().max(used as u32));
    budget.charged.set(budget.charged.get() + u64::from(bytes));
    true
}

/// Takes a charge of `bytes` back.
pub(crate) fn discharge(budget: &BudgetRecord, bytes: u32) {
    budget.used.set(budget.used.get() - bytes);
}

/// Who pays for the slabs of a cache: a [`Budget`], of whatever type its callback is. Sealed.
pub trait Payer: sealed::Beside {}

impl<P: sealed::Beside + ?Sized> Payer for P {}

mod sealed {
    use super::Error;
    use crate::units::Addr;
    use crate::vmem::Place;

    /// What a [`Payer`](super::Payer) can do.
    pub trait Beside {
        /// Where its record is, in the memory that `place` is in.
        fn place_beside(&self, place: Place) -> Result<Addr, Error>;
    }
}

/// How to tell a budget's owner that it is spent: with the engine of its heap, the address of its record, and the bytes wanted.
type Hook = unsafe fn(body: *const (), wanted: u32);

/// A budget in the memory of its heap.
#[repr(C)]
struct Body<F> {
    record: BudgetRecord,
    hook: Hook,
    spent: F,
}

/// Bytes that caches, and what is allocated from it directly, may take together.
///
/// Where a charge does not fit, those whom it pays for are asked for memory: depots, owners, objects that can move together; then
/// `spent` is called with the bytes that are wanted; only then the request is refused.
///
/// ```
/// use core::alloc::Layout;
/// use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
/// use flagstone::objects::{Bare, Budget, Cache, Error, Options};
/// let mut memory = vec![Page::ZERO; 4];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let budget = Budget::new(&heap, "images", 8192, |_| ())?;
/// let options = Options { budget: Some(&budget), ..Options::new("tiles") };
/// let tiles = Cache::new(&heap, Layout::new::<[u8; 4096]>(), options, Bare)?;
/// let two = [tiles.alloc()?, tiles.alloc()?];
/// assert_eq!(tiles.alloc(), Err(Error::Budget { bytes: 4096, limit: 8192 }));
/// assert_eq!(budget.usage().used, 8192);
/// # for at in two { unsafe { tiles.free(at) } }
/// # Ok::<(), Error>(())
/// ```
pub struct Budget<H: Home, F: Fn(u32) + 'static> {
    home: H,
    at: Id<BudgetRecord>,
    spent: core::marker::PhantomData<F>,
}

/// What a budget is charged, in bytes, but for the counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// The most that may be charged; zero for any number.
    pub limit: u32,
    /// Charged now.
    pub used: u32,
    /// The most there was.
    pub peak: u32,
    /// Charged, ever.
    pub charged: u64,
    /// Objects that are charged one by one, not by slabs.
    pub objects: u32,
    /// Charges refused.
    pub denials: u32,
    /// Times those whom it pays for were asked for memory.
    pub asks: u32,
}

impl<H: Home, F: Fn(u32) + 'static> fmt::Debug for Budget<H, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget").field("usage", &self.usage()).finish_non_exhaustive()
    }
}

impl<H: Home, F: Fn(u32) + 'static> Budget<H, F> {
    /// A budget of `limit` bytes, zero for any number; `spent` is told the bytes that are wanted when it is spent, and may use
    /// whatever it likes, but nothing asks for memory again until it returns.
    ///
    /// # Errors
    /// [`Error::BadName`], [`Error::NoMemory`].
    pub fn new(home: H, name: &str, limit: u32, spent: F) -> Result<Self, Error> {
        if name.is_empty() {
            return Err(Error::BadName);
        }
        let engine = home.engine();
        let bytes = size_of::<Body<F>>() as u32;
        let at = engine.alloc_zeroed(bytes, align_of::<Body<F>>() as u32);
        if at.0 == 0 {
            return Err(Error::NoMemory { bytes });
        }
        let body = engine.source().at(at);
        // SAFETY: just allocated for a body.
        unsafe { body.wrapping_add(offset_of!(Body<F>, hook)).cast::<Hook>().write(tell::<F>) };
        // SAFETY: as above.
        unsafe { body.wrapping_add(offset_of!(Body<F>, spent)).cast::<F>().write(spent) };
        // SAFETY: the record is the first field of the body, zeroed.
        let id = unsafe { Id::<BudgetRecord>::at(at.0) };
        let record = get(engine.source(), id);
        write_name(&record.name, name);
        record.limit.set(limit);
        record.len.set(bytes);
        record.align.set(align_of::<Body<F>>() as u32);
        record.hook.set(at.0 + offset_of!(Body<F>, hook) as u32);
        let siblings = get(engine.source(), engine.id().budgets());
        siblings.made.set(siblings.made.get().wrapping_add(1));
        record.number.set(siblings.made.get());
        list::insert(engine.source(), engine.id().budgets().list(), id.link());
        Ok(Self { home, at: id, spent: core::marker::PhantomData })
    }

    /// The heap it is in, and its record.
    pub(super) fn parts(&self) -> (H, Id<BudgetRecord>) {
        (self.home, self.at)
    }

    /// What is charged to it.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let engine = self.home.engine();
        let record = get(engine.source(), self.at);
        Usage {
            limit: record.limit.get(),
            used: record.used.get(),
            peak: record.peak.get(),
            charged: record.charged.get(),
            objects: record.objects.get(),
            denials: record.denials.get(),
            asks: record.asks.get(),
        }
    }

    /// Changes the limit; below what is charged, nothing more is charged until that went back.
    pub fn set_limit(&self, limit: u32) {
        get(self.home.engine().source(), self.at).limit.set(limit);
    }
}

impl<H: Home, F: Fn(u32) + 'static> sealed::Beside for Budget<H, F> {
    fn place_beside(&self, place: Place) -> Result<Addr, Error> {
        let own = Place::new(self.home.engine().source(), Addr(self.at.addr()));
        if own.is_beside(&place) { Ok(Addr(self.at.addr())) } else { Err(Error::ForeignBudget) }
    }
}

impl<H: Home, F: Fn(u32) + 'static> Drop for Budget<H, F> {
    /// The caches that it pays for give back what lies in their depots. If something is charged then, the budget stays as an orphan:
    /// it goes on counting until the last of them ends, and tells nobody.
    fn drop(&mut self) {
        let engine = self.home.engine();
        let record = get(engine.source(), self.at);
        record.hook.set(0);
        engine.settle(record);
        if record.flags.get() & TELLING == 0 {
            let body = engine.source().at(Addr(self.at.addr()));
            // SAFETY: nobody calls it any more: it has no hook, and does not run.
            drop(unsafe { body.wrapping_add(offset_of!(Body<F>, spent)).cast::<F>().read() });
        }
        record.flags.set(record.flags.get() | ORPHAN);
        engine.end_orphan(self.at);
    }
}

/// Tells the owner of a budget that it is spent.
///
/// # Safety
/// - at `body` is a [`Body<F>`].
unsafe fn tell<F: Fn(u32)>(body: *const (), wanted: u32) {
    // SAFETY: as the caller promises.
    let body = unsafe { &*body.cast::<Body<F>>() };
    (body.spent)(wanted);
}

impl<S: Source> Engine<S> {
    /// Tells the owner of a budget that it is spent, if there still is one.
    pub(crate) fn ask_budget(&self, budget: &BudgetRecord, wanted: u32) {
        let hook_at = budget.hook.get();
        if hook_at != 0 {
            let at = self.source().at(Addr(hook_at)).cast::<Hook>();
            // SAFETY: O8: where a record names a hook, there is one.
            let hook = unsafe { *at };
            let body = self.source().at(Addr(hook_at - offset_of!(Body<()>, hook) as u32));
            budget.flags.set(budget.flags.get() | TELLING);
            // SAFETY: the record is the first field of its body, whose type the hook knows; it stays while its owner is told.
            unsafe { hook(body.cast_const().cast(), wanted) };
            budget.flags.set(budget.flags.get() & !TELLING);
        }
    }

    /// Ends a budget whose owner is gone, if nothing is charged to it any more. One whose owner was just being told stays.
    pub(crate) fn end_orphan(&self, at: Id<BudgetRecord>) {
        let record = get(self.source(), at);
        if record.flags.get() == ORPHAN && record.users.get() == 0 && record.objects.get() == 0 {
            let (len, align) = (record.len.get(), record.align.get());
            list::remove(self.source(), at.link());
            // SAFETY: it was allocated so; nobody reaches it any more: it is in no list, no cache names it, and its owner is gone.
            unsafe { self.free(Addr(at.addr()), len, align) };
        }
    }
}

const _: () = assert!(NAME_LEN == 32);
