//! The numbers of objects: which are in use, and which one the next object gets.
#![forbid(unsafe_code)]

/// Numbers from 0 on. The one that is taken is the one that was given back last; when none is, the first that never was
/// in use.
///
/// `T` holds a word for each number, so it limits how many can be in use. A `Slots` of zeros is one with none in use.
#[derive(Clone, Debug)]
pub struct Slots<T> {
    /// [`LIVE`] for a number in use; for one that was given back, the one given back before it, plus 1, or 0.
    next: T,
    /// The number that was given back last, plus 1; 0 when all below `used` are in use.
    free: u32,
    /// How many numbers were ever in use.
    used: u32,
}

/// The word of a number in use; no number plus 1 is as large.
const LIVE: u32 = u32::MAX;

impl<T: AsRef<[u32]> + AsMut<[u32]>> Slots<T> {
    /// No number in use; as many can be as `table` has words.
    pub const fn new(table: T) -> Self {
        Self { next: table, free: 0, used: 0 }
    }

    /// Takes a number; none when the table is full.
    pub fn take(&mut self) -> Option<u32> {
        let number = match self.free.checked_sub(1) {
            Some(number) => {
                self.free = *self.next.as_ref().get(number as usize)?;
                number
            }
            None => {
                self.used = self.used.checked_add(1).filter(|&used| used < LIVE)?;
                self.used - 1
            }
        };
        match self.next.as_mut().get_mut(number as usize) {
            Some(word) => {
                *word = LIVE;
                Some(number)
            }
            None => {
                self.used -= 1;
                None
            }
        }
    }

    /// Gives a number back; whether it was in use.
    pub fn give(&mut self, number: u32) -> bool {
        let live = self.is_live(number);
        if let Some(word) = self.next.as_mut().get_mut(number as usize).filter(|_| live) {
            *word = self.free;
            self.free = number + 1;
        }
        live
    }

    /// Whether a number is in use.
    pub fn is_live(&self, number: u32) -> bool {
        number < self.used && self.next.as_ref().get(number as usize) == Some(&LIVE)
    }

    /// The most numbers that were in use at once.
    pub const fn most(&self) -> u32 {
        self.used
    }
}

#[cfg(test)]
mod tests {
    use super::Slots;

    #[test]
    fn the_number_given_back_last_is_taken_first() {
        let mut slots = Slots::new([0; 3]);
        assert_eq!([slots.take(), slots.take(), slots.take(), slots.take()], [Some(0), Some(1), Some(2), None]);
        assert!(slots.give(0) && slots.give(2));
        assert_eq!([slots.take(), slots.take(), slots.take()], [Some(2), Some(0), None]);
        assert_eq!(slots.most(), 3);
    }

    #[test]
    fn a_number_is_given_back_once() {
        let mut slots = Slots::new(vec![0; 2]);
        assert!(!slots.give(0), "it was never taken");
        assert_eq!(slots.take(), Some(0));
        assert!(slots.is_live(0) && !slots.is_live(1) && !slots.is_live(u32::MAX));
        assert!(slots.give(0));
        assert!(!slots.give(0) && !slots.is_live(0));
        assert!(!slots.give(7));
    }
}
