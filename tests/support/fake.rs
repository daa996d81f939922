//! A source that can be told to refuse growth, and whose memory others grow, too.

use std::cell::{Cell, RefCell};

use flagstone::source::{Fixed, Page, Source};
use flagstone::units::{Addr, Pages};

use super::{PAGE, Rng};

/// Which growths are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deny {
    /// Those for which there is no memory.
    Never,
    /// All.
    Always,
    /// The one after so many, and no other.
    Nth(u32),
    /// So many of 256, by chance.
    Share(u8),
}

/// When somebody else grows the memory, by a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// Only when the test says so.
    Never,
    /// Before so many of 256 growths of ours, between our asking for the end and our growing.
    Share(u8),
}

/// A source over a byte array, told what to do through `&self`.
pub(crate) struct Fake<'m> {
    pages: Fixed<'m>,
    origin: Addr,
    capacity: u32,
    deny: Cell<Deny>,
    foreign: Cell<Foreign>,
    rng: RefCell<Rng>,
    /// Every growth that was asked for since the heap began: pages, and where they begin unless refused.
    pub(crate) asked: RefCell<Vec<(u32, Option<Addr>)>>,
    /// What others own: first and one past the last address.
    pub(crate) others: RefCell<Vec<(u32, u64)>>,
}

/// What others write into their pages.
const THEIRS: u8 = 0xa7;

impl<'m> Fake<'m> {
    /// A source over `memory`, placed at `origin`, that refuses nothing.
    pub(crate) fn new(memory: &'m mut [Page], origin: Addr) -> Self {
        Self {
            capacity: memory.len() as u32,
            pages: Fixed::new(memory, origin),
            origin,
            deny: Cell::new(Deny::Never),
            foreign: Cell::new(Foreign::Never),
            rng: RefCell::new(Rng::new(7)),
            asked: RefCell::new(Vec::new()),
            others: RefCell::new(Vec::new()),
        }
    }

    /// From now on refuses these.
    pub(crate) fn deny(&self, deny: Deny) {
        self.deny.set(deny);
    }

    /// From now on others grow so.
    pub(crate) fn foreign(&self, foreign: Foreign) {
        self.foreign.set(foreign);
    }

    /// Somebody else grows the memory and writes there; whether that was possible.
    pub(crate) fn grow_for_others(&self, pages: u32) -> bool {
        let Some(start) = self.pages.grow(Pages(pages)) else { return false };
        let bytes = pages as usize * PAGE as usize;
        let at = self.pages.at(start);
        // SAFETY: the pages were just granted, and to nobody else.
        unsafe { at.write_bytes(THEIRS, bytes) };
        self.others.borrow_mut().push((start.0, u64::from(start.0) + bytes as u64));
        true
    }

    /// Fails where somebody wrote into what others own.
    pub(crate) fn assert_others_untouched(&self) {
        for &(start, end) in &*self.others.borrow() {
            // SAFETY: the range was granted by `grow_for_others` and is only written there.
            let bytes =
                unsafe { std::slice::from_raw_parts(self.pages.at(Addr(start)), (end - u64::from(start)) as usize) };
            for page in bytes.chunks(PAGE as usize) {
                assert!(page == vec![THEIRS; page.len()], "somebody else's memory at {start:#x} was written");
            }
        }
    }

    /// Pages granted to anybody.
    pub(crate) fn granted(&self) -> u32 {
        self.pages.end().0 - (self.origin.0 >> 16)
    }

    /// Where the memory begins.
    pub(crate) const fn origin(&self) -> Addr {
        self.origin
    }

    /// Where the memory can reach.
    pub(crate) const fn reach(&self) -> u64 {
        self.origin.0 as u64 + ((self.capacity as u64) << 16)
    }

    /// Growths that were refused.
    pub(crate) fn refused(&self) -> usize {
        self.asked.borrow().iter().filter(|(_, got)| got.is_none()).count()
    }

    /// Growths that succeeded, and the pages they gave.
    pub(crate) fn given(&self) -> (u32, u32) {
        let asked = self.asked.borrow();
        let pages = asked.iter().filter(|(_, got)| got.is_some()).map(|(pages, _)| pages);
        (pages.clone().count() as u32, pages.sum())
    }

    /// The bytes granted so far, copied.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let len = self.granted() as usize * PAGE as usize;
        // SAFETY: that many bytes were granted and are initialised; nobody writes while they are copied.
        unsafe { std::slice::from_raw_parts(self.pages.at(self.origin), len) }.to_vec()
    }

    /// Writes a word behind everybody's back.
    pub(crate) fn poke(&self, at: u32, word: u32) {
        let at = self.pages.at(Addr(at)).cast::<u32>();
        // SAFETY: tests poke into what was granted; records are made of cells, which no reference keeps from changing.
        unsafe { at.write_unaligned(word) };
    }

    fn refuses(&self) -> bool {
        match self.deny.get() {
            Deny::Never => false,
            Deny::Always => true,
            Deny::Nth(0) => {
                self.deny.set(Deny::Never);
                true
            }
            Deny::Nth(left) => {
                self.deny.set(Deny::Nth(left - 1));
                false
            }
            Deny::Share(share) => self.rng.borrow_mut().below(256) < u32::from(share),
        }
    }
}

// SAFETY: the byte array's own source does all of it; this only refuses, notes, or lets others grow in between.
unsafe impl Source for Fake<'_> {
    fn grow(&self, pages: Pages) -> Option<Addr> {
        if let Foreign::Share(share) = self.foreign.get()
            && self.rng.borrow_mut().below(256) < u32::from(share)
        {
            self.grow_for_others(1);
        }
        let got = if self.refuses() { None } else { self.pages.grow(pages) };
        self.asked.borrow_mut().push((pages.0, got));
        got
    }

    fn end(&self) -> Pages {
        self.pages.end()
    }

    fn at(&self, addr: Addr) -> *mut u8 {
        self.pages.at(addr)
    }

    fn addr(&self, ptr: *mut u8) -> Addr {
        self.pages.addr(ptr)
    }
}
