//! Where caches live: a heap of this program.
#![forbid(unsafe_code)]

use crate::Heap;
use crate::source::Source;

/// Where a cache lives: `&Heap<S>`, or on wasm `vmem::ModuleHeap`. Sealed.
pub trait Home: sealed::Engines {}

impl<H: sealed::Engines> Home for H {}

pub(crate) mod sealed {
    use core::ops::Deref;

    use crate::heap::Engine;
    use crate::source::Source;

    /// What a [`Home`](super::Home) can do.
    pub trait Engines: Copy {
        /// The memory it is in.
        type Source: Source;

        /// The heap's engine.
        type Engine: Deref<Target = Engine<Self::Source>>;

        /// The heap's engine.
        fn engine(self) -> Self::Engine;
    }
}

impl<'h, S: Source> sealed::Engines for &'h Heap<S> {
    type Source = S;
    type Engine = &'h crate::heap::Engine<S>;

    #[inline(always)]
    fn engine(self) -> Self::Engine {
        Heap::engine(self)
    }
}
