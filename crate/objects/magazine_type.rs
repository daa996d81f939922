//! Magazine types: how many rounds the magazines of a cache have, by the size of its objects.
//!
//! The table of illumos kmem.c (Bonwick and Adams 2001, section 3): large objects begin with few rounds, and a cache whose
//! magazines change hands often gets the next longer type, up to a limit that also depends on the size. So what lies idle
//! in a magazine is bounded in bytes.
#![forbid(unsafe_code)]

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MagazineType {
    /// Rounds of a magazine.
    pub(crate) rounds: u32,
    /// Caches of longer objects than this may begin with the type.
    above: u32,
    /// Caches of shorter objects than this may grow beyond it.
    below: u32,
}

/// The types, each longer than the one before.
const TYPES: [MagazineType; 9] = [
    MagazineType { rounds: 1, above: 3200, below: 65_536 },
    MagazineType { rounds: 3, above: 256, below: 32_768 },
    MagazineType { rounds: 7, above: 64, below: 16_384 },
    MagazineType { rounds: 15, above: 0, below: 8192 },
    MagazineType { rounds: 31, above: 0, below: 4096 },
    MagazineType { rounds: 47, above: 0, below: 2048 },
    MagazineType { rounds: 63, above: 0, below: 1024 },
    MagazineType { rounds: 95, above: 0, below: 512 },
    MagazineType { rounds: 143, above: 0, below: 0 },
];

/// Rounds of the type that a cache of objects of `size` bytes begins with.
pub(crate) fn first_rounds(size: u32) -> u32 {
    TYPES.iter().find(|it| size > it.above).map_or(1, |it| it.rounds)
}

/// Rounds of the type after the one with `rounds`, for objects of `size` bytes; none at its limit.
pub(crate) fn next_rounds(size: u32, rounds: u32) -> Option<u32> {
    let index = TYPES.iter().position(|it| it.rounds == rounds)?;
    let next = TYPES.get(index + 1)?;
    (size < TYPES.get(index)?.below).then_some(next.rounds)
}

/// Rounds of the type before the one with `rounds`, for objects of `size` bytes; none at the one that a cache begins with.
pub(crate) fn shorter_rounds(size: u32, rounds: u32) -> Option<u32> {
    let index = TYPES.iter().position(|it| it.rounds == rounds)?.checked_sub(1)?;
    TYPES.get(index).map(|it| it.rounds).filter(|&shorter| shorter >= first_rounds(size))
}

/// Whether there is a type with `rounds`.
pub(crate) fn exists(rounds: u32) -> bool {
    TYPES.iter().any(|it| it.rounds == rounds)
}

#[cfg(test)]
mod tests {
    use super::{first_rounds, next_rounds, shorter_rounds};

    /// The vectors MG-2 and MG-4 of the inventory.
    #[test]
    fn caches_begin_and_end_with_the_types_of_the_table() {
        let first = [(1, 15), (64, 15), (65, 7), (256, 7), (257, 3), (3200, 3), (3201, 1), (100_000, 1)];
        assert_eq!(first.map(|(size, _)| first_rounds(size)), first.map(|(_, rounds)| rounds));
        let last = |size| {
            let mut rounds = first_rounds(size);
            while let Some(next) = next_rounds(size, rounds) {
                assert!(next > rounds);
                assert_eq!(shorter_rounds(size, next), Some(rounds));
                rounds = next;
            }
            rounds
        };
        let ends = [
            (8, 143),
            (511, 143),
            (512, 95),
            (1023, 95),
            (1024, 63),
            (2047, 63),
            (2048, 47),
            (4095, 47),
            (4096, 31),
            (8191, 31),
            (8192, 15),
            (16_383, 15),
            (16_384, 7),
            (32_767, 7),
            (32_768, 3),
            (65_535, 3),
            (65_536, 1),
            (1 << 20, 1),
        ];
        assert_eq!(ends.map(|(size, _)| last(size)), ends.map(|(_, rounds)| rounds));
        assert_eq!(next_rounds(8, 5), None);
        assert_eq!([shorter_rounds(8, 5), shorter_rounds(8, 15), shorter_rounds(100, 7)], [None; 3]);
    }
}
