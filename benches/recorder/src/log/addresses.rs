//! Which object is at an address: a hash table of fixed size.
#![forbid(unsafe_code)]

/// Addresses of live objects and their numbers, in `PLACES` places, a power of two. Zeros are an empty table.
///
/// An address is at the place that its hash names or behind, with no free place between.
pub(crate) struct Addresses<const PLACES: usize> {
    /// 0 where the place is free.
    addresses: [usize; PLACES],
    objects: [u32; PLACES],
}

impl<const PLACES: usize> Addresses<PLACES> {
    /// An empty table.
    pub(crate) const fn new() -> Self {
        const { assert!(PLACES.is_power_of_two()) };
        Self { addresses: [0; PLACES], objects: [0; PLACES] }
    }

    /// Adds an address that is not in the table, which has a free place behind.
    pub(crate) fn insert(&mut self, address: usize, object: u32) {
        let place = self.find(address);
        self.addresses[place] = address;
        self.objects[place] = object;
    }

    /// Takes an address out; its object, if it was in.
    pub(crate) fn remove(&mut self, address: usize) -> Option<u32> {
        let mut free = self.find(address);
        if address == 0 || self.addresses[free] != address {
            return None;
        }
        let object = self.objects[free];
        let mut place = free;
        loop {
            place = (place + 1) % PLACES;
            let next = self.addresses[place];
            if next == 0 {
                break;
            }
            // It may move to the free place unless that is before the one its hash names.
            let (distance, gap) = (place.wrapping_sub(hash::<PLACES>(next)), place.wrapping_sub(free));
            if distance % PLACES >= gap % PLACES {
                self.addresses[free] = next;
                self.objects[free] = self.objects[place];
                free = place;
            }
        }
        self.addresses[free] = 0;
        Some(object)
    }

    /// The place of an address, or the free place where it would be.
    fn find(&self, address: usize) -> usize {
        let mut place = hash::<PLACES>(address);
        while self.addresses[place] != 0 && self.addresses[place] != address {
            place = (place + 1) % PLACES;
        }
        place
    }
}

/// The place where to look for an address first.
const fn hash<const PLACES: usize>(address: usize) -> usize {
    // Of 32 bits of a multiplication the high ones depend on all of the address above its alignment.
    let mixed = ((address >> 3) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as usize % PLACES
}

#[cfg(test)]
mod tests {
    use super::Addresses;
    use std::collections::HashMap;

    #[test]
    fn it_is_a_map() {
        let (mut table, mut model) = (Addresses::<64>::new(), HashMap::new());
        let mut random = 1_u64;
        for step in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Few addresses in few places: they are in each other's way all the time, also around the end.
            let address = 8 * (1 + (random >> 33) as usize % 90);
            if model.len() < 56 && !model.contains_key(&address) {
                table.insert(address, step);
                model.insert(address, step);
            } else {
                assert_eq!(table.remove(address), model.remove(&address), "step {step}");
            }
        }
        assert_eq!(table.remove(0), None);
    }
}
