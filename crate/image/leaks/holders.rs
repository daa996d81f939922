//! What each leak holds: from the first object of each component that no other points to, everything it leads to that no leak before
//! it does, as LeakSanitizer tells direct from indirect leaks. The leaks come in address order.
#![forbid(unsafe_code)]

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::components::Components;
use super::places::{Ordinals, Places};
use super::reader::{PIECE, Piece};
use super::report::{Certainty, EXAMPLES, Example, Leak, LeakGroup, LeakReport};
use crate::image::Image;

/// Bytes of an example that are shown.
const PREVIEW: usize = 16;

/// Leaks that are alike: the class and bytes of their first objects, whether those are in a cycle, and who allocated them.
type Key = (Option<u32>, u32, bool, Option<u32>);

/// The leaks so far.
#[derive(Debug)]
pub(super) struct Holders {
    components: Components,
    /// Objects that are held by a leak so far, by index.
    taken: Ordinals,
    /// Objects before this one were looked at.
    next: u32,
    /// Whose holdings are being added up.
    leak: Option<Leak>,
    /// Bytes to read: where they begin, and how many.
    stack: Vec<(u32, u32)>,
    leaks: Vec<Leak>,
    groups: Vec<LeakGroup>,
    /// The index of each group.
    places: BTreeMap<Key, usize>,
    /// Words read here, and by the search for components.
    read: u64,
}

impl Holders {
    /// None, before the first step.
    pub(super) fn new(components: Components) -> Self {
        Self {
            taken: Ordinals::none(components.objects().len() as u32),
            next: 0,
            leak: None,
            stack: Vec::new(),
            leaks: Vec::new(),
            groups: Vec::new(),
            places: BTreeMap::new(),
            read: components.read(),
            components,
        }
    }

    /// Words read, those of the search before included.
    pub(super) const fn read(&self) -> u64 {
        self.read
    }

    /// Whether all leaks are known.
    pub(super) fn is_done(&self) -> bool {
        self.leak.is_none() && self.next as usize == self.components.objects().len()
    }

    /// Goes on until `left` is used up; whether all leaks are known.
    pub(super) fn step(
        &mut self,
        image: &(impl Image + ?Sized),
        places: &Places,
        left: &mut i64,
        site_of: Option<&dyn Fn(u32) -> Option<u32>>,
    ) -> bool {
        let mut piece = Piece::<PIECE>::new();
        while *left > 0 {
            let (Some(leak), Some(bytes)) = (&mut self.leak, self.stack.pop()) else {
                *left -= 1;
                if let Some(leak) = self.leak.take() {
                    self.add(leak);
                } else if self.is_done() {
                    return true;
                } else {
                    self.begin(site_of);
                }
                continue;
            };
            let (found, rest) = piece.read(image, bytes);
            self.read += found.len() as u64;
            *left -= found.len() as i64 + 4;
            if rest.1 != 0 {
                self.stack.push(rest);
            }
            for object in found.filter_map(|word| self.components.find(places, word)) {
                if self.taken.insert(object) {
                    let object = self.components.objects()[object as usize];
                    leak.held += 1;
                    leak.held_bytes += u64::from(object.len);
                    self.stack.push((object.start, object.len));
                }
            }
        }
        false
    }

    /// Looks at the next object: a leak begins with it if it is the first of a component that no other points to.
    fn begin(&mut self, site_of: Option<&dyn Fn(u32) -> Option<u32>>) {
        let component = self.components.of(self.next);
        if component.first == self.next && !component.held {
            let object = self.components.objects()[self.next as usize];
            self.taken.insert(self.next);
            self.stack.push((object.start, object.len));
            self.leak = Some(Leak {
                address: object.start,
                len: object.len,
                class: object.class,
                site: site_of.and_then(|site_of| site_of(object.start)),
                cycle: component.cycle,
                held: 0,
                held_bytes: 0,
            });
        }
        self.next += 1;
    }

    /// Takes up a leak whose holdings are known.
    fn add(&mut self, leak: Leak) {
        let Leak { address, len, class, site, cycle, held, held_bytes } = leak;
        let index = *self.places.entry((class, len, cycle, site)).or_insert(self.groups.len());
        if index == self.groups.len() {
            let examples = Vec::new();
            self.groups.push(LeakGroup {
                class,
                size: len,
                site,
                cycle,
                count: 0,
                bytes: 0,
                held: 0,
                held_bytes: 0,
                examples,
            });
        }
        let group = &mut self.groups[index];
        group.count += 1;
        group.bytes += u64::from(len);
        group.held += held;
        group.held_bytes += held_bytes;
        if group.examples.len() < EXAMPLES {
            group.examples.push(Example { address, held_bytes, words: Vec::new() });
        }
        self.leaks.push(leak);
    }

    /// What was found. `live` are the objects of the heap and their bytes.
    pub(super) fn report(
        self,
        image: &(impl Image + ?Sized),
        certainty: Certainty,
        live: (u32, u64),
        damaged: bool,
    ) -> LeakReport {
        let Self { mut groups, leaks, components, .. } = self;
        for group in &mut groups {
            for example in &mut group.examples {
                let mut piece = Piece::<PREVIEW>::new();
                example.words = piece.read(image, (example.address, group.size)).0.collect();
            }
        }
        groups.sort_by_key(|group| core::cmp::Reverse(group.bytes + group.held_bytes));
        let objects = components.objects();
        LeakReport {
            certainty,
            damaged,
            live_objects: live.0,
            live_bytes: live.1,
            lost_objects: objects.len() as u32,
            lost_bytes: objects.iter().map(|object| u64::from(object.len)).sum(),
            groups,
            leaks,
        }
    }
}
