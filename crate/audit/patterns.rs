//! Patterns: what is in memory that nobody wrote, and numbers that show when they were written over.
//!
//! They read in a dump as they are written here (X15): freed memory is `de ad be ef`, fresh memory `ba dd ca fe`, what lies before an
//! object `fe ed fa ce`, what lies behind it `bb`. The lowest two bits of a word of the first two are not zero, so no aligned pointer
//! looks like one.
#![forbid(unsafe_code)]

/// Of memory that was freed.
pub(crate) const FREE: u32 = u32::from_le_bytes([0xde, 0xad, 0xbe, 0xef]);
/// Of memory that nobody wrote yet.
pub(crate) const FRESH: u32 = u32::from_le_bytes([0xba, 0xdd, 0xca, 0xfe]);
/// Before an object.
pub(crate) const BEFORE: u32 = u32::from_le_bytes([0xfe, 0xed, 0xfa, 0xce]);
/// Behind an object.
pub(crate) const BEHIND: u32 = 0xbbbb_bbbb;

// A pointer that is a multiple of four is none of these.
const _: () = assert!(FREE & 3 != 0 && FRESH & 3 != 0);

/// A size as it is kept, so that one that was written over shows (illumos: `KMEM_SIZE_ENCODE`).
pub(crate) const fn encode(size: u32) -> u32 {
    size.wrapping_mul(251).wrapping_add(1)
}

/// The size that was encoded; `None` of a number that no size of less than 16 MiB encodes to. Longer ones are encoded, but not
/// decoded: they are compared.
pub(crate) const fn decode(encoded: u32) -> Option<u32> {
    if encoded % 251 == 1 && encoded != 1 { Some(encoded / 251) } else { None }
}

/// The byte of a pattern at an address.
pub(crate) const fn byte_at(pattern: u32, at: u32) -> u8 {
    pattern.to_le_bytes()[(at & 3) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_patterns_are_no_pointers_and_read_in_a_dump() {
        assert_eq!(FREE.to_le_bytes(), [0xde, 0xad, 0xbe, 0xef]);
        assert_eq!(FRESH.to_le_bytes(), [0xba, 0xdd, 0xca, 0xfe]);
        assert_eq!(BEFORE.to_le_bytes(), [0xfe, 0xed, 0xfa, 0xce]);
    }

    /// I-37.
    #[test]
    fn sizes_are_decoded_as_they_were_encoded_and_few_other_numbers_are() {
        for size in 1..=131_072 {
            assert_eq!(decode(encode(size)), Some(size));
        }
        assert_eq!(decode(encode(0)), None);
        let mut number = 0x9e37_79b9_u32;
        let mut valid = 0;
        for _ in 0..100_000 {
            number ^= number << 13;
            number ^= number >> 17;
            number ^= number << 5;
            valid += u32::from(decode(number).is_some());
        }
        assert!((300..500).contains(&valid), "{valid} of 100,000, where one in 251 would be 398");
    }
}
