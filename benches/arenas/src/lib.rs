//! Arenas with a given number of held segments between free ones, and pairs of calls on them: give one back, take one.
//!
//! `begin` makes the arena, `run` makes the pairs. Half of what was taken at first is given back again at random, so free segments
//! of every length lie between held ones.

#[cfg(target_family = "wasm")]
mod program {
    use std::cell::RefCell;

    use flagstone::Flagstone;
    use flagstone::vmem::{Arena, Fit, IdArena, ModuleHeap, Options, Reuse};

    #[global_allocator]
    static ALLOCATOR: Flagstone = Flagstone::new();

    /// What is measured.
    enum Kind {
        /// Takes a segment and gives it back at once.
        Pair(Arena<'static, ModuleHeap>),
        /// Gives a random held segment back and takes another.
        Random(Arena<'static, ModuleHeap>),
        /// Calls nothing.
        Nothing,
        /// Gives random ids back and takes others.
        Ids(IdArena<'static, ModuleHeap>),
    }

    struct Program {
        kind: Kind,
        /// Lengths are below this.
        longest: u32,
        held: Vec<(u32, u32)>,
        random: u64,
    }

    thread_local! {
        static PROGRAM: RefCell<Option<Program>> = const { RefCell::new(None) };
    }

    impl Program {
        /// A number below `limit` (SplitMix64).
        fn below(&mut self, limit: u32) -> u32 {
            self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.random;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (((mixed ^ (mixed >> 31)) >> 32) * u64::from(limit) >> 32) as u32
        }

        /// Takes what the kind takes.
        fn take(&mut self) {
            let len = 1 + self.below(self.longest);
            let start = match &self.kind {
                Kind::Pair(arena) | Kind::Random(arena) => arena.alloc(len).expect("the span is long enough"),
                Kind::Nothing => len,
                Kind::Ids(ids) => ids.alloc().expect("there are ids enough"),
            };
            self.held.push((start, len));
        }

        /// Gives back what is at `index`.
        fn give(&mut self, index: usize) {
            let (start, len) = self.held.swap_remove(index);
            match &self.kind {
                Kind::Pair(arena) | Kind::Random(arena) => arena.free(start, len).expect("it is held"),
                Kind::Nothing => {}
                Kind::Ids(ids) => ids.free(start).expect("it is held"),
            }
        }
    }

    fn arena(fit: Fit, quantum_caches: u32) -> Arena<'static, ModuleHeap> {
        let arena =
            Arena::new(ModuleHeap, Options { fit, quantum_caches, ..Options::new("bench") }).expect("there is memory");
        arena.add(0, 1 << 31).expect("the span is the first");
        arena
    }

    /// Makes the arena of `kind`, a number as in the runner's list, with `segments` held segments.
    #[unsafe(no_mangle)]
    extern "C" fn begin(kind: u32, segments: u32) {
        let (kind, longest) = match kind {
            0 => (Kind::Pair(arena(Fit::Instant, 0)), 1000),
            1 => (Kind::Random(arena(Fit::Instant, 0)), 1000),
            2 => (Kind::Random(arena(Fit::Best, 0)), 1000),
            3 => (Kind::Pair(arena(Fit::Instant, 0)), 16),
            4 => (Kind::Pair(arena(Fit::Instant, 16)), 16),
            5 => (Kind::Random(arena(Fit::Instant, 0)), 16),
            6 => (Kind::Random(arena(Fit::Instant, 16)), 16),
            7 => {
                (Kind::Ids(IdArena::new(ModuleHeap, "bench", 0..=1 << 30, Reuse::Lowest).expect("there is memory")), 1)
            }
            9 => (Kind::Nothing, 16),
            _ => (Kind::Ids(IdArena::new(ModuleHeap, "bench", 0..=1 << 30, Reuse::Late).expect("there is memory")), 1),
        };
        let mut program = Program { kind, longest, held: Vec::new(), random: 1 };
        for _ in 0..2 * segments {
            program.take();
        }
        for _ in 0..segments {
            let index = program.below(program.held.len() as u32) as usize;
            program.give(index);
        }
        PROGRAM.set(Some(program));
    }

    /// Makes `pairs` pairs of calls; a number that depends on all of them.
    #[unsafe(no_mangle)]
    extern "C" fn run(pairs: u32) -> u32 {
        PROGRAM.with_borrow_mut(|program| {
            let Some(program) = program else { return 0 };
            let mut sum = 0_u32;
            for _ in 0..pairs {
                let last = program.held.len();
                if let Kind::Pair(_) = program.kind {
                    program.take();
                    sum = sum.rotate_left(1) ^ program.held[last].0;
                    program.give(last);
                } else {
                    let index = program.below(last as u32) as usize;
                    program.give(index);
                    program.take();
                    sum = sum.rotate_left(1) ^ program.held[last - 1].0;
                }
            }
            sum
        })
    }

    /// Ends the arena; how many held segments there were.
    #[unsafe(no_mangle)]
    extern "C" fn end() -> u32 {
        PROGRAM.take().map_or(0, |program| program.held.len() as u32)
    }
}
