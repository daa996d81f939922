//! Who of the objects out of reach points to whom: those that lead to one another are one component (Tarjan 1972, without
//! recursion, since a leaked list may be as long as the heap).
//!
//! A component that no other one points to is what a leak begins with: an object that nothing points to at all, or a cycle that
//! only its own objects do. All others are held by such.
#![forbid(unsafe_code)]

use alloc::vec;
use alloc::vec::Vec;

use super::places::{Object, Ordinals, Places};
use super::reader::Piece;
use super::trace::Trace;
use crate::image::Image;

/// No component yet.
const NONE: u32 = u32::MAX;

/// Bytes of an object that are read together. Less than a line: an object is read again after each that it leads to.
const PIECE: usize = 256;

/// Objects out of reach, and their components. Objects are named by their index, in address order.
#[derive(Debug, Default)]
pub(super) struct Components {
    /// The objects.
    objects: Vec<Object>,
    /// Places that were looked through for objects.
    listed: usize,
    search: Option<Search>,
    /// The component of each object.
    component: Vec<u32>,
    /// For each component what it is.
    found: Vec<Component>,
    /// Words read.
    read: u64,
}

/// Objects that lead to one another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Component {
    /// The first of them.
    pub(super) first: u32,
    /// Whether there are several, or one that points to itself.
    pub(super) cycle: bool,
    /// Whether an object of another component points to one of them.
    pub(super) held: bool,
}

/// Where the search is.
#[derive(Debug)]
struct Search {
    /// For each object the order in which it was met, from 1 on; zero before that.
    order: Vec<u32>,
    /// The least order that an object leads to, as far as that is known.
    low: Vec<u32>,
    /// Whether an object points to itself.
    own: Ordinals,
    /// Objects that were met and have no component yet.
    open: Vec<u32>,
    /// Objects that are being read, each met from the one before; with what is still to be read of them.
    path: Vec<(u32, (u32, u32))>,
    /// Objects before this one were met.
    next: u32,
    /// Objects that were met.
    met: u32,
}

/// How reading an object ended for now.
enum Turn {
    /// It leads to an object that was not met before.
    Deeper(u32),
    /// There is more of it.
    Later,
    /// All of it was read.
    Read,
}

impl Components {
    /// Nothing, before the first step.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// The objects, in address order.
    pub(super) fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// The component of an object.
    pub(super) fn of(&self, object: u32) -> Component {
        self.found[self.component[object as usize] as usize]
    }

    /// Words read.
    pub(super) const fn read(&self) -> u64 {
        self.read
    }

    /// The object out of reach that has an address.
    pub(super) fn find(&self, places: &Places, address: u32) -> Option<u32> {
        let object = places.find(address)?;
        self.index_of(object.ordinal)
    }

    /// The index of an object, if it is out of reach.
    fn index_of(&self, ordinal: u32) -> Option<u32> {
        self.objects.binary_search_by_key(&ordinal, |object| object.ordinal).ok().map(|index| index as u32)
    }

    /// Goes on until `left` is used up; whether all components are known.
    pub(super) fn step(
        &mut self,
        image: &(impl Image + ?Sized),
        places: &Places,
        trace: &Trace,
        left: &mut i64,
    ) -> bool {
        while *left > 0 {
            if self.listed < places.len() {
                self.objects.extend(places.live(self.listed).filter(|object| !trace.has(object.ordinal)));
                self.listed += 1;
                *left -= 16;
                continue;
            }
            let mut search = self.search.take().unwrap_or_else(|| self.begin());
            let ended = self.search(image, (places, trace), &mut search, left);
            if ended {
                return true;
            }
            self.search = Some(search);
        }
        false
    }

    fn begin(&mut self) -> Search {
        let count = self.objects.len();
        self.component = vec![NONE; count];
        Search {
            order: vec![0; count],
            low: vec![0; count],
            own: Ordinals::none(count as u32),
            open: Vec::new(),
            path: Vec::new(),
            next: 0,
            met: 0,
        }
    }

    /// Goes on with the search until `left` is used up; whether it is at its end.
    fn search(
        &mut self,
        image: &(impl Image + ?Sized),
        of: (&Places, &Trace),
        search: &mut Search,
        left: &mut i64,
    ) -> bool {
        while *left > 0 {
            let Some((object, rest)) = search.path.pop() else {
                if search.next as usize == self.objects.len() {
                    return true;
                }
                if search.order[search.next as usize] == 0 {
                    self.meet(search, search.next);
                }
                search.next += 1;
                *left -= 1;
                continue;
            };
            match self.read_piece(image, of, search, (object, rest), left) {
                Turn::Deeper(next) => self.meet(search, next),
                Turn::Later => {}
                Turn::Read => self.leave(search, object),
            }
        }
        false
    }

    /// Begins to read an object.
    fn meet(&self, search: &mut Search, object: u32) {
        search.met += 1;
        search.order[object as usize] = search.met;
        search.low[object as usize] = search.met;
        search.open.push(object);
        let Object { start, len, .. } = self.objects[object as usize];
        search.path.push((object, (start, len)));
    }

    /// Reads of an object up to the next one that was not met; what is left of it goes back on the path.
    fn read_piece(
        &mut self,
        image: &(impl Image + ?Sized),
        (places, trace): (&Places, &Trace),
        search: &mut Search,
        (object, bytes): (u32, (u32, u32)),
        left: &mut i64,
    ) -> Turn {
        let mut piece = Piece::<PIECE>::new();
        let (found, rest) = piece.read(image, bytes);
        let end = rest.0;
        let words = found.len();
        *left -= words as i64 + 4;
        for (index, word) in found.enumerate() {
            let Some(target) = places.find(word).filter(|target| !trace.has(target.ordinal)) else { continue };
            let Some(target) = self.index_of(target.ordinal) else { continue };
            let (this, that) = (object as usize, target as usize);
            if search.order[that] == 0 {
                let at = end - 4 * (words - index - 1) as u32;
                search.path.push((object, (at, rest.1 + (end - at))));
                self.read += index as u64 + 1;
                return Turn::Deeper(target);
            }
            match self.component[that] {
                NONE if this == that => drop(search.own.insert(object)),
                NONE => search.low[this] = search.low[this].min(search.order[that]),
                other => self.found[other as usize].held = true,
            }
        }
        self.read += words as u64;
        if rest.1 == 0 {
            return Turn::Read;
        }
        search.path.push((object, rest));
        Turn::Later
    }

    /// Ends an object: where nothing before it is reached from it, a component is complete.
    fn leave(&mut self, search: &mut Search, object: u32) {
        let low = search.low[object as usize];
        if low == search.order[object as usize] {
            let number = self.found.len() as u32;
            let (mut first, mut count) = (object, 0);
            while let Some(member) = search.open.pop() {
                self.component[member as usize] = number;
                first = first.min(member);
                count += 1;
                if member == object {
                    break;
                }
            }
            let cycle = count > 1 || search.own.has(object);
            self.found.push(Component { first, cycle, held: false });
        }
        if let Some(&(from, _)) = search.path.last() {
            match self.component[object as usize] {
                NONE => search.low[from as usize] = search.low[from as usize].min(low),
                own => self.found[own as usize].held = true,
            }
        }
    }
}
