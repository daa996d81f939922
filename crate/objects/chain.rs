//! The reclaim chain: what a heap does to get memory back from those who hold some idle.
//!
//! The steps are in the order of what they cost: depots, whose objects nobody misses; the magazines and empty slabs of the heap's
//! own classes; what owners can spare, who know what that costs them; and moving objects together, which costs most. The chain runs
//! where nothing of the heap is half done, and never within itself.
#![forbid(unsafe_code)]

use super::body::Ask;
use super::flags::Flags;
use super::record::{BudgetRecord, ObjectCacheRecord};
use crate::heap::Engine;
use crate::record::{Id, get};
use crate::source::Source;
use crate::units::quanta_up;
use crate::vmem::{Tag, Tiling};

/// [`State::pressure`](crate::heap::State): memory is wanted, and who holds some was not asked yet.
#[cfg(feature = "reclaim")]
pub(crate) const WANTED: u32 = 1;

/// The same: they are being asked, or were for the request that goes on.
pub(crate) const ASKING: u32 = 2;

/// Bytes that became free in the arena at each step of reclaiming.
///
/// ```
/// use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
/// let mut memory = vec![Page::ZERO; 4];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let layout = std::alloc::Layout::new::<[u64; 64]>();
/// let at = heap.alloc(layout);
/// unsafe { heap.dealloc(at, layout) };
/// assert!(heap.reclaim().slabs >= 512);
/// assert_eq!(heap.reclaim().total(), 0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reclaimed {
    /// From the depots of object caches, and their empty slabs.
    pub depots: u64,
    /// From the magazines of the heap's size classes, and their slabs that were empty then.
    pub slabs: u64,
    /// From what owners of object caches gave up when they were asked.
    pub owners: u64,
    /// From slabs that were emptied by moving their objects.
    pub moves: u64,
}

impl Reclaimed {
    /// All of them together.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.depots + self.slabs + self.owners + self.moves
    }
}

impl<S: Source> Engine<S> {
    /// Does all of the chain.
    pub(crate) fn reclaim(&self) -> Reclaimed {
        let pressure = &self.state().pressure;
        if pressure.replace(ASKING) == ASKING {
            return Reclaimed::default();
        }
        let mut reclaimed = Reclaimed::default();
        let steps: [(&mut u64, &dyn Fn()); 4] = [
            (&mut reclaimed.depots, &|| self.ask_all(None, Ask::Depots)),
            (&mut reclaimed.slabs, &|| self.flush_all()),
            (&mut reclaimed.owners, &|| self.ask_owners(None, u32::MAX)),
            (&mut reclaimed.moves, &|| self.ask_all(None, Ask::Moves)),
        ];
        let mut free = self.free_bytes();
        for (bytes, step) in steps {
            step();
            let now = self.free_bytes();
            *bytes = now.saturating_sub(free);
            free = now;
        }
        pressure.set(0);
        reclaimed
    }

    /// Asks those who hold memory until a segment of `wanted` bytes is free, or all were asked; whether anybody was asked.
    pub(crate) fn relieve(&self, wanted: u32) -> bool {
        let state = self.state();
        if state.pressure.replace(ASKING) == ASKING {
            return false;
        }
        let steps: [&dyn Fn(); 4] =
            [&|| self.ask_all(None, Ask::Depots), &|| self.flush_all(), &|| self.ask_owners(None, wanted), &|| {
                self.ask_all(None, Ask::Moves)
            }];
        for step in steps {
            step();
            if self.vmem().has(quanta_up(wanted)) {
                break;
            }
        }
        state.asked_at.set(state.grown_pages.get());
        state.pressure.set(0);
        true
    }

    /// Asks those whom a budget pays for until it has `wanted` bytes left, or all were asked; whether anybody was asked.
    pub(crate) fn relieve_budget(&self, budget: &BudgetRecord, wanted: u32) -> bool {
        let pressure = &self.state().pressure;
        let before = pressure.replace(ASKING);
        if before == ASKING {
            return false;
        }
        budget.asks.set(budget.asks.get().wrapping_add(1));
        let at = budget.number.get();
        let steps: [&dyn Fn(); 4] = [
            &|| self.ask_all(Some(at), Ask::Depots),
            &|| self.ask_owners(Some(at), wanted),
            &|| self.ask_all(Some(at), Ask::Moves),
            &|| self.ask_budget(budget, wanted),
        ];
        for step in steps {
            step();
            if budget.limit.get().saturating_sub(budget.used.get()) >= wanted {
                break;
            }
        }
        pressure.set(before);
        true
    }

    /// Lets those whom a budget pays for give back what lies in their depots, because it ends.
    pub(crate) fn settle(&self, budget: &BudgetRecord) {
        let pressure = &self.state().pressure;
        let before = pressure.replace(ASKING);
        if before != ASKING {
            self.ask_all(Some(budget.number.get()), Ask::Depots);
            pressure.set(before);
        }
    }

    /// Puts a request that was refused on record.
    pub(crate) fn refuse(&self, size: u32, align: u32, flags: Flags) {
        let refusal = &self.state().refusal;
        refusal.count.set(refusal.count.get().wrapping_add(1));
        refusal.size.set(size);
        refusal.align.set(align);
        refusal.flags.set(flags.bits());
    }

    /// Ends the program because of a request that must not fail, with the request on record.
    pub(crate) fn give_up(&self, size: u32, align: u32, flags: Flags) -> ! {
        self.refuse(size, align, flags);
        panic_or_trap()
    }

    /// Lets every cache look at what it needed since the last time.
    pub(crate) fn tick(&self) {
        #[cfg(feature = "audit")]
        self.obey();
        let pressure = &self.state().pressure;
        if pressure.replace(ASKING) != ASKING {
            self.ask_all(None, Ask::Tick);
            pressure.set(0);
        }
    }

    /// Asks the owners of caches, and takes what they gave back out of magazines.
    fn ask_owners(&self, budget: Option<u32>, wanted: u32) {
        self.ask_all(budget, Ask::Owner(wanted));
        self.ask_all(budget, Ask::Depots);
        self.flush_all();
    }

    /// Asks all caches, or all that a budget pays for, newest first. A callback may end caches and make new ones: those that were
    /// there are found by their numbers.
    pub(crate) fn ask_all(&self, budget: Option<u32>, ask: Ask) {
        let mut below = u32::MAX;
        while let Some(cache) = self.cache_below(below) {
            let record = get(self.source(), cache);
            below = record.number.get();
            if budget.is_none_or(|number| self.number_of(record.budget.get()) == number) {
                self.ask(cache, ask);
            }
        }
    }

    /// The number of the budget at an address; 0 for none.
    fn number_of(&self, budget: u32) -> u32 {
        if budget == 0 { 0 } else { get(self.source(), Id::<ObjectCacheRecord>::budget(budget)).number.get() }
    }

    /// The object cache with the highest number below `number`.
    pub(super) fn cache_below(&self, number: u32) -> Option<Id<ObjectCacheRecord>> {
        let siblings = get(self.source(), self.id().object_caches());
        let mut next = siblings.list.first.get();
        while let Some(link) = next {
            let cache = Id::<ObjectCacheRecord>::of_link(link);
            if get(self.source(), cache).number.get() < number {
                return Some(cache);
            }
            next = get(self.source(), link).next.first.get();
        }
        None
    }

    /// Bytes of free segments.
    pub(crate) fn free_bytes(&self) -> u64 {
        let vmem = self.vmem();
        let mut lists = get(self.source(), vmem.segments().free()).nonempty.get();
        let mut bytes = 0;
        while lists != 0 {
            let mut next = vmem.first_free(lists.trailing_zeros());
            while let Some(link) = next {
                bytes += u64::from(get(self.source(), Id::<Tag>::of_link(link)).len.get());
                next = get(self.source(), link).next.first.get();
            }
            lists &= lists - 1;
        }
        bytes
    }
}

/// Traps on wasm, without a message; elsewhere panics, so that a test sees it.
pub(crate) fn panic_or_trap() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    panic!("flagstone ends the program: the record in the heap says why");
}
