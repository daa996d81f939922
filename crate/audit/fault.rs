//! Faults: what a program did wrong, told so that a tired person understands it.
#![forbid(unsafe_code)]

use core::fmt;

use super::record::FaultRecord;

/// What went wrong (illumos kmem.c has the same nine).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
#[non_exhaustive]
pub enum FaultKind {
    /// An object was written after it was given back.
    Modified = 1,
    /// Bytes before or behind an object were written.
    Redzone = 2,
    /// An object was given back twice.
    DoubleFree = 3,
    /// What was given back is nothing that the heap handed out.
    BadAddress = 4,
    /// The record of an object says neither that it is held nor that it is free.
    BadTag = 5,
    /// The record of an object and the tag of its segment contradict each other.
    BadRecord = 6,
    /// An object was given back to another cache than it came from.
    WrongCache = 7,
    /// An object was given back with another size or alignment than it was asked for.
    WrongSize = 8,
    /// What was given back is the inside of an object.
    Interior = 9,
}

impl FaultKind {
    /// The kind that a number on record is.
    pub(crate) const fn of(number: u32) -> Option<Self> {
        Some(match number {
            1 => Self::Modified,
            2 => Self::Redzone,
            3 => Self::DoubleFree,
            4 => Self::BadAddress,
            5 => Self::BadTag,
            6 => Self::BadRecord,
            7 => Self::WrongCache,
            8 => Self::WrongSize,
            9 => Self::Interior,
            _ => return None,
        })
    }
}

/// What is done about a fault, when it was put on record and told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Policy {
    /// The program traps: the inspector shows the rest.
    #[default]
    Trap = 0,
    /// What is damaged is never given out again; the call that is wrong does nothing; the program goes on.
    Continue = 1,
}

/// What went wrong, once.
///
/// ```
/// use core::alloc::Layout;
/// use flagstone::audit::{Auditor, FaultKind, Mode, Policy};
/// use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
/// let mut memory = vec![Page::ZERO; 8];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let auditor = Auditor::new(&heap);
/// auditor.set_mode(Mode::ALL);
/// auditor.set_policy(Policy::Continue);
/// let layout = Layout::new::<[u8; 13]>();
/// let at = heap.alloc(layout);
/// // SAFETY: none: it is one byte behind the object, which still is memory of the heap.
/// unsafe { at.add(13).write(7) };
/// // SAFETY: it came from this heap for the layout and is given back once.
/// unsafe { heap.dealloc(at, layout) };
/// let fault = auditor.last_fault().unwrap();
/// assert_eq!((fault.kind, fault.offset, fault.size), (FaultKind::Redzone, Some(13), 13));
/// assert!(fault.to_string().contains("1 byte behind its end"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// Its number, from 1 on.
    pub number: u32,
    /// What it is.
    pub kind: FaultKind,
    /// The address that the program named.
    pub address: u32,
    /// Where the object begins; zero where there is none.
    pub object: u32,
    /// Bytes of the object as they were asked for, or of its size class where only that is known.
    pub size: u32,
    /// The alignment asked for; zero where it is not known.
    pub align: u32,
    /// Bytes that the program said it has; zero where it said nothing.
    pub given_size: u32,
    /// The alignment that it said; zero where it said nothing.
    pub given_align: u32,
    /// Number of the object cache that it belongs to; zero for the front end.
    pub cache: u32,
    /// Number of the object cache that the program named; zero for the front end.
    pub given_cache: u32,
    /// First damaged byte from the beginning of the object on, negative before it.
    pub offset: Option<i32>,
    /// Bytes from there to the last damaged one.
    pub damaged: u32,
    /// Number of the site that asked for the object; zero where none was recorded.
    pub alloc_site: u32,
    /// Number of the site that gave it back.
    pub free_site: u32,
    /// Number of the site of the call that found the fault.
    pub site: u32,
}

impl FaultRecord {
    /// What the record says.
    pub(crate) fn fault(&self) -> Option<Fault> {
        let damaged = self.damaged.get();
        Some(Fault {
            number: self.number.get(),
            kind: FaultKind::of(self.kind.get())?,
            address: self.address.get(),
            object: self.object.get(),
            size: self.size.get(),
            align: self.align.get(),
            given_size: self.given_size.get(),
            given_align: self.given_align.get(),
            cache: self.cache.get(),
            given_cache: self.given_cache.get(),
            offset: (damaged != 0).then(|| self.offset.get() as i32),
            damaged,
            alloc_site: self.alloc_site.get(),
            free_site: self.free_site.get(),
            site: self.site.get(),
        })
    }
}

/// `1 byte`, `13 bytes`.
struct Bytes(u32);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} byte{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

/// All of it in a sentence or two.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, object, size) = (self.address, self.object, Bytes(self.size));
        let whose = |f: &mut fmt::Formatter<'_>, cache| match cache {
            0 => f.write_str("the global allocator"),
            number => write!(f, "object cache {number}"),
        };
        match self.kind {
            FaultKind::Modified => {
                write!(f, "The object of {size} at {object:#x} was written after it was freed: ")?;
                write!(f, "{} changed, from byte {} on.", Bytes(self.damaged), self.offset.unwrap_or_default())
            }
            FaultKind::Redzone => {
                write!(f, "Memory around the object of {size} at {object:#x} was written: ")?;
                let offset = self.offset.unwrap_or_default();
                let (count, side) = if offset < 0 {
                    (offset.unsigned_abs(), "before its beginning")
                } else {
                    ((offset as u32 + 1).saturating_sub(self.size), "behind its end")
                };
                write!(f, "{} {side}, where {} changed.", Bytes(count), Bytes(self.damaged))
            }
            FaultKind::DoubleFree if object == 0 => {
                write!(f, "The memory at {address:#x} was freed, but it is free already: it was freed twice.")
            }
            FaultKind::DoubleFree => {
                write!(f, "The object of {size} at {object:#x} was freed, but it is free already: it was freed twice.")
            }
            FaultKind::BadAddress => {
                write!(f, "{address:#x} was freed, but the heap never handed out memory there.")
            }
            FaultKind::BadTag => {
                write!(
                    f,
                    "The record of the object at {object:#x} was written over: it says neither that the object is "
                )?;
                f.write_str("held nor that it is free. Something wrote through a wild pointer.")
            }
            FaultKind::BadRecord => {
                write!(
                    f,
                    "The records of the object at {object:#x} contradict each other. Something wrote through a wild "
                )?;
                f.write_str("pointer.")
            }
            FaultKind::WrongCache => {
                write!(f, "The object of {size} at {object:#x} was given back to ")?;
                whose(f, self.given_cache)?;
                f.write_str(", but it belongs to ")?;
                whose(f, self.cache)?;
                f.write_str(".")
            }
            FaultKind::WrongSize => {
                write!(
                    f,
                    "The object at {object:#x} was freed with a layout of {} at a multiple of ",
                    Bytes(self.given_size)
                )?;
                write!(f, "{}, but it was asked for with {size}", self.given_align)?;
                if self.align != 0 {
                    write!(f, " at a multiple of {}", self.align)?;
                }
                f.write_str(".")
            }
            FaultKind::Interior => {
                let place = if address < object { "before the object of" } else { "into the object of" };
                write!(
                    f,
                    "{address:#x} was freed, which is {} {place} {size} at {object:#x}.",
                    Bytes(address.abs_diff(object))
                )
            }
        }
    }
}
