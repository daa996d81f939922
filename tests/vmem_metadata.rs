//! Claim: the records of arenas can have an arena of their own, in which filling a reserve comes to an end wherever memory runs out.

use std::alloc::Layout;

use flagstone::Heap;
use flagstone::source::{Fixed, Page};
use flagstone::units::Addr;
use flagstone::vmem::{Arena, Error, Metadata, Options};

#[test]
fn records_have_spans_of_their_own_and_go_back() {
    let mut memory = vec![Page::ZERO; 40];
    let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    let before = heap.stats().live_bytes();
    {
        let metadata = Metadata::of(&heap).unwrap();
        let alone = (heap.stats().live_objects(), metadata.usage().in_use);
        let arena = Arena::new(&metadata, Options::new("numbers")).unwrap();
        arena.add(0, 1 << 20).unwrap();
        let taken: Vec<u32> = (0..2000).map(|_| arena.alloc(5).unwrap()).collect();
        let usage = metadata.usage();
        assert!(usage.in_use - usage.cached >= 2000 * 40, "{usage:?}");
        #[cfg(feature = "inspector")]
        assert_eq!(flagstone::verify::verify(&heap.image(), heap.root()), Ok(vec![]));
        assert!(heap.stats().live_objects() - alone.0 < 600, "tags come in slabs of twelve, with two tags for each");
        for at in taken {
            assert_eq!(arena.free(at, 5), Ok(()));
        }
        assert_eq!(arena.check(), Ok(()));
        assert!(arena.destroy().is_ok());
        let usage = metadata.usage();
        assert!(usage.in_use - usage.cached <= alone.1 + 32 * u64::from(usage.held), "the rest of slabs: {usage:?}");
    }
    assert_eq!(heap.stats().live_bytes(), before);
}

#[test]
fn whatever_the_heap_has_left_a_request_is_served_or_refused_and_nothing_is_lost() {
    let mut memory = vec![Page::ZERO; 2];
    let bytes = |len| Layout::from_size_align(len, 8).unwrap();
    for left in 0..200 {
        let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
        let before = heap.stats().live_bytes();
        let mut eaten = Vec::new();
        for len in [4096, 256, 64, 40, 8] {
            let objects = std::iter::from_fn(|| Some(heap.alloc(bytes(len))).filter(|at| !at.is_null()));
            eaten.extend(objects.map(|at| (at, bytes(len))));
        }
        // So many pieces are left, of several lengths.
        let middle = eaten.len() / 2;
        for (at, layout) in eaten.split_off(middle.max(eaten.len().saturating_sub(left * 6))) {
            // SAFETY: allocated above for this layout, once.
            unsafe { heap.dealloc(at, layout) };
        }
        if let Ok(metadata) = Metadata::of(&heap)
            && let Ok(arena) = Arena::new(&metadata, Options { quantum_caches: 4, ..Options::new("starved") })
        {
            let mut taken = Vec::new();
            let added = arena.add(0, 1 << 20).is_ok();
            let refusal = (0..5000).find_map(|index| match arena.alloc(1 + index % 9) {
                Ok(at) => {
                    taken.push((at, 1 + index % 9));
                    None
                }
                Err(error) => Some(error),
            });
            let expected = if added { Some(Error::NoRecords) } else { refusal };
            assert!(refusal.is_none() || refusal == expected, "{refusal:?}");
            assert_eq!(arena.check(), Ok(()));
            for (at, len) in taken {
                assert_eq!(arena.free(at, len), Ok(()));
            }
            assert_eq!(arena.check(), Ok(()));
        }
        for (at, layout) in eaten {
            // SAFETY: as above.
            unsafe { heap.dealloc(at, layout) };
        }
        assert_eq!(heap.stats().live_bytes(), before);
    }
}
