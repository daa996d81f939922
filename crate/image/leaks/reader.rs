//! Reading words of an image a piece at a time.
#![forbid(unsafe_code)]

use crate::image::Image;

/// The most bytes that are read together: a line of a copy that JavaScript holds.
pub(super) const PIECE: usize = 4096;

/// The words at multiples of 4 in `len` bytes from `start` on: how many there are.
pub(super) const fn words(start: u32, len: u32) -> u64 {
    let before = start.wrapping_neg() % 4;
    (len.saturating_sub(before) / 4) as u64
}

/// Bytes that words are read into.
#[derive(Debug)]
pub(super) struct Piece<const N: usize>([u8; N]);

impl<const N: usize> Piece<N> {
    /// An empty one.
    pub(super) const fn new() -> Self {
        Self([0; N])
    }

    /// Reads of the `len` bytes from `start` on those words that fit, and what is left of the bytes behind them. What the image does
    /// not have reads as no words.
    pub(super) fn read<I: Image + ?Sized>(
        &mut self,
        image: &I,
        (start, len): (u32, u32),
    ) -> (impl ExactSizeIterator<Item = u32> + use<'_, I, N>, (u32, u32)) {
        let before = (start.wrapping_neg() % 4).min(len);
        let (at, len) = (start.wrapping_add(before), (len - before) / 4 * 4);
        let count = (len as usize).min(N);
        let bytes = match image.read(at, &mut self.0[..count]) {
            Ok(()) => &self.0[..count],
            Err(_) => &self.0[..0],
        };
        let rest = (at.wrapping_add(count as u32), len - count as u32);
        (bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)), rest)
    }
}
