//! Linear memory of a wasm module: `memory.grow`, and what the linker says about the memory. The only use of `core::arch`.

use core::arch::wasm32::{memory_grow, memory_size};
use core::ptr;

use super::Source;
use crate::units::{Addr, Pages};

unsafe extern "C" {
    /// One past the module's data and stack, from the linker.
    pub(crate) static __heap_base: u8;
    /// One past the module's initial memory, from the linker; zero length from here on if the memory was made larger.
    pub(crate) static __heap_end: u8;
    /// Lowest address of the stack.
    pub(crate) static __stack_low: u8;
    /// One past the highest address of the stack.
    pub(crate) static __stack_high: u8;
}

/// The module's own memory, numbered 0.
#[derive(Clone, Copy, Debug)]
pub struct Memory;

/// The least left-over memory worth having, in bytes.
const INITIAL_MIN: usize = 1024;

// SAFETY: `memory.grow` gives zeroed pages at the old end, to one caller; addresses are pointers.
unsafe impl Source for Memory {
    #[inline]
    fn grow(&self, pages: Pages) -> Option<Addr> {
        let old = memory_grow::<0>(pages.0 as usize);
        if old == usize::MAX { None } else { Some(Addr((old as u32) << 16)) }
    }

    #[inline]
    fn end(&self) -> Pages {
        Pages(memory_size::<0>() as u32)
    }

    /// `[__heap_base, __heap_end)`, where the memory still has the size the linker gave it and its first words are zero:
    /// another allocator that uses it (dlmalloc does) writes its first header there.
    fn initial(&self) -> Option<(Addr, Addr)> {
        let (start, end) = ((&raw const __heap_base).addr(), (&raw const __heap_end).addr());
        // With an operating system's library in the module that memory is its malloc's.
        let taken = cfg!(not(target_os = "unknown")) || end != memory_size::<0>() << 16;
        if taken || end.wrapping_sub(start).wrapping_sub(INITIAL_MIN) > end {
            return None;
        }
        let header = ptr::with_exposed_provenance::<[u64; 2]>(start);
        // SAFETY: the bytes lie in `[__heap_base, __heap_end)`, which is inside the memory and long enough (compared above).
        let [first, second] = unsafe { header.read_unaligned() };
        (first | second == 0).then_some((Addr(start as u32), Addr(end as u32)))
    }

    #[inline(always)]
    fn at(&self, addr: Addr) -> *mut u8 {
        ptr::with_exposed_provenance_mut(addr.0 as usize)
    }

    #[inline(always)]
    fn addr(&self, ptr: *mut u8) -> Addr {
        Addr(ptr.expose_provenance() as u32)
    }
}
