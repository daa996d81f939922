//! What threads that measure ask the platform's allocator for, by address.
//!
//! One table for all threads: an object that one thread measures may be given back by another. While nobody measures, an allocation
//! costs a look at a variable of its thread, and a free one at a count.
//!
//! All of this runs inside the allocator. What it asks for itself goes past it, because a thread that is *inside* is not measured; the
//! thread's own variables have no destructors, so they are there while a thread ends, too. An object is taken out of the
//! table before its memory is given back: as soon as it is, another thread may be given the same address.
#![forbid(unsafe_code)]

use core::alloc::Layout;
use core::cell::Cell;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::backtrace::Backtrace;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread_local;
use std::vec::Vec;

use super::measure::Sums;

/// Stacks that are kept at most.
const STACKS: usize = 1000;

/// An object that is measured.
pub(crate) struct Object {
    pub(super) size: usize,
    pub(super) align: usize,
    /// Which allocation of its thread it was, since its outermost measurement began.
    pub(super) number: u64,
    /// Who asked for it, where that was to be kept.
    pub(super) stack: Option<Backtrace>,
    /// Whose it is.
    thread: usize,
}

/// What a thread measures.
#[derive(Clone, Default)]
struct Measurement {
    /// The last allocation before it began.
    since: u64,
    bytes: u64,
    count: u64,
    peak: u64,
    /// Allocations whose stacks are kept: numbers, in order, and sizes.
    wanted: Vec<(u64, usize)>,
}

struct Table {
    objects: BTreeMap<usize, Object>,
    /// By thread.
    measurements: BTreeMap<usize, Measurement>,
}

static TABLE: Mutex<Table> = Mutex::new(Table { objects: BTreeMap::new(), measurements: BTreeMap::new() });

/// How many objects there are in the table.
static OBJECTS: AtomicUsize = AtomicUsize::new(0);

/// What one thread knows.
struct Local {
    /// Measurements that run, one within the other.
    depth: Cell<u32>,
    /// Whether it is in here.
    inside: Cell<bool>,
    /// The number of its last allocation since the outermost measurement began.
    last: Cell<u64>,
    /// Requests until the one that fails, itself included; zero for none.
    fails_in: Cell<u32>,
    /// Whether one failed.
    failed: Cell<bool>,
    /// Whether stacks are kept.
    closer: Cell<bool>,
}

thread_local! {
    static LOCAL: Local = const {
        Local {
            depth: Cell::new(0),
            inside: Cell::new(false),
            last: Cell::new(0),
            fails_in: Cell::new(0),
            failed: Cell::new(false),
            closer: Cell::new(false),
        }
    };
}

/// A number that no other thread has that is there.
fn me(local: &Local) -> usize {
    (&raw const *local).addr()
}

fn table() -> MutexGuard<'static, Table> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does something whose own requests are not measured.
pub(super) fn unmeasured<R>(f: impl FnOnce() -> R) -> R {
    LOCAL.with(|local| {
        let before = local.inside.replace(true);
        let result = f();
        local.inside.set(before);
        result
    })
}

impl Table {
    /// Puts an object into the table.
    fn enter(&mut self, at: usize, object: Object) {
        // Another thread may have come here too late.
        let Some(measurement) = self.measurements.get_mut(&object.thread) else { return };
        if object.number > measurement.since {
            measurement.count += 1;
            measurement.bytes += object.size as u64;
            measurement.peak = measurement.peak.max(measurement.bytes);
        }
        self.objects.insert(at, object);
        OBJECTS.store(self.objects.len(), Ordering::Relaxed);
    }

    /// Takes an object out of it.
    fn take(&mut self, at: usize) -> Option<Object> {
        let object = self.objects.remove(&at)?;
        OBJECTS.store(self.objects.len(), Ordering::Relaxed);
        if let Some(measurement) = self.measurements.get_mut(&object.thread)
            && object.number > measurement.since
        {
            measurement.count -= 1;
            measurement.bytes -= object.size as u64;
        }
        Some(object)
    }

    /// The objects of a thread that were asked for after `since` and are held.
    fn held(&self, thread: usize, since: u64) -> impl Iterator<Item = &Object> {
        self.objects.values().filter(move |object| object.thread == thread && object.number > since)
    }
}

/// Whether a request is made to fail.
pub(crate) fn refuses() -> bool {
    LOCAL.with(|local| {
        let left = local.fails_in.get();
        if left == 0 || local.inside.get() {
            return false;
        }
        local.fails_in.set(left - 1);
        local.failed.set(left == 1);
        left == 1
    })
}

/// Notes what was handed out, if this thread measures.
pub(crate) fn made(at: *mut u8, layout: Layout) {
    LOCAL.with(|local| {
        if local.depth.get() != 0 && !local.inside.get() && !at.is_null() {
            unmeasured(|| enter(local, at.addr(), layout));
        }
    });
}

#[cold]
fn enter(local: &Local, at: usize, layout: Layout) {
    let number = local.last.get() + 1;
    local.last.set(number);
    let (size, align, thread) = (layout.size(), layout.align(), me(local));
    let wants = |measurement: &Measurement| measurement.wanted.binary_search(&(number, size)).is_ok();
    // Two locks at once would be one too many: whoever prints a stack asks for memory, and has the lock of stacks then. So does
    // a panic, which asks for memory in between.
    let is_wanted =
        local.closer.get() && !std::thread::panicking() && table().measurements.get(&thread).is_some_and(wants);
    let stack = is_wanted.then(Backtrace::force_capture);
    table().enter(at, Object { size, align, number, stack, thread });
}

/// Notes what is about to be given back, whoever measures it; what was known of it.
pub(crate) fn gone(at: *mut u8) -> Option<Object> {
    if OBJECTS.load(Ordering::Relaxed) == 0 {
        return None;
    }
    LOCAL.with(|local| if local.inside.get() { None } else { unmeasured(|| table().take(at.addr())) })
}

/// Forgets what was known of an object.
pub(crate) fn forget(object: Option<Object>) {
    if object.is_some() {
        unmeasured(|| drop(object));
    }
}

/// Notes that what was at `at` has another size now, or, where `new` is null, that it stays as it was.
pub(crate) fn moved(object: Option<Object>, at: *mut u8, layout: Layout, new: *mut u8, new_size: usize) {
    let Some(object) = object else {
        // One of before. If it got shorter it is what it was.
        if new_size > layout.size()
            && let Ok(layout) = Layout::from_size_align(new_size, layout.align())
        {
            made(new, layout);
        }
        return;
    };
    LOCAL.with(|local| {
        unmeasured(|| {
            if new.is_null() {
                table().enter(at.addr(), object);
            } else if object.thread == me(local) && local.depth.get() != 0 {
                drop(object);
                if let Ok(layout) = Layout::from_size_align(new_size, layout.align()) {
                    enter(local, new.addr(), layout);
                }
            } else {
                table().enter(new.addr(), Object { size: new_size, ..object });
            }
        });
    });
}

/// What a measurement found when it began.
pub struct Outer {
    measurement: Measurement,
    fails_in: u32,
    failed: bool,
    closer: bool,
}

/// Begins a measurement of this thread.
pub(super) fn begin() -> Outer {
    LOCAL.with(|local| {
        unmeasured(|| {
            local.depth.set(local.depth.get() + 1);
            let measurement = Measurement { since: local.last.get(), ..Measurement::default() };
            Outer {
                measurement: table().measurements.insert(me(local), measurement).unwrap_or_default(),
                fails_in: local.fails_in.replace(0),
                failed: local.failed.replace(false),
                closer: local.closer.replace(false),
            }
        })
    })
}

/// Ends it. The outermost one leaves nothing; another one's sums are added to those of the one that it is within.
pub(super) fn end(outer: &Outer) {
    LOCAL.with(|local| {
        unmeasured(|| {
            let (me, mut table) = (me(local), table());
            local.depth.set(local.depth.get() - 1);
            local.fails_in.set(outer.fails_in);
            local.failed.set(outer.failed);
            local.closer.set(outer.closer);
            let within = table.measurements.remove(&me).unwrap_or_default();
            if local.depth.get() == 0 {
                local.last.set(0);
                table.objects.retain(|_, object| object.thread != me);
                OBJECTS.store(table.objects.len(), Ordering::Relaxed);
            } else {
                let mut measurement = outer.measurement.clone();
                measurement.peak = measurement.peak.max(measurement.bytes + within.peak);
                (measurement.count, measurement.bytes) = sum(table.held(me, measurement.since));
                table.measurements.insert(me, measurement);
            }
        });
    });
}

/// How many objects, and their bytes.
fn sum<'a>(objects: impl Iterator<Item = &'a Object>) -> (u64, u64) {
    objects.fold((0, 0), |(count, bytes), object| (count + 1, bytes + object.size as u64))
}

/// The sums of this thread's measurement.
pub(super) fn sums() -> Sums {
    LOCAL.with(|local| {
        unmeasured(|| {
            let (table, last) = (table(), local.last.get());
            let (count, bytes, peak) =
                table.measurements.get(&me(local)).map_or((0, 0, 0), |sums| (sums.count, sums.bytes, sums.peak));
            Sums { count, bytes, peak, missed: 0, last }
        })
    })
}

/// How many objects are held of those asked for after `since`, and their bytes.
pub(super) fn held(since: u64) -> (u64, u64) {
    LOCAL.with(|local| unmeasured(|| sum(table().held(me(local), since))))
}

/// These objects. Only what is not measured may be asked for meanwhile.
pub(super) fn each(since: u64, f: impl FnMut(&Object)) {
    LOCAL.with(|local| table().held(me(local), since).for_each(f));
}

/// Keeps the stacks of what is held, when it is asked for again.
///
/// Only of that, because whoever captures a stack himself asks for memory while he has the lock of stacks, and must not be asked for
/// another one then: what he asks for is given back, or held together with his stack.
pub(super) fn look_closer(since: u64) {
    LOCAL.with(|local| {
        unmeasured(|| {
            let mut table = table();
            let later = local.last.get() - since;
            let mut wanted: Vec<_> =
                table.held(me(local), since).map(|object| (object.number + later, object.size)).collect();
            wanted.sort_unstable();
            wanted.truncate(STACKS);
            if let Some(measurement) = table.measurements.get_mut(&me(local)) {
                measurement.wanted = wanted;
                local.closer.set(true);
            }
        });
    });
}

/// Makes one request of this thread fail, counted from now on, from 1; zero for none.
pub(super) fn fail_one(nth: u32) {
    LOCAL.with(|local| {
        local.fails_in.set(nth);
        if nth != 0 {
            local.failed.set(false);
        }
    });
}

/// Whether it failed.
pub(super) fn failed() -> bool {
    LOCAL.with(|local| local.failed.get())
}
