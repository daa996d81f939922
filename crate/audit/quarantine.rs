//! The quarantine: freed objects wait, so that what is written there is seen before the memory has another owner. The oldest leaves
//! first, when there are too many bytes, or after so many operations.
#![forbid(unsafe_code)]

use super::event::{Event, TRANSACTIONS};
use super::log::Entry;
use super::mode::Mode;
use super::record::{WatchRecord, watch_at};
use crate::heap::Engine;
use crate::record::{Id, get};
use crate::source::Source;

/// Bytes that the quarantine may keep where nothing is said.
pub(crate) const BYTES: u32 = 1 << 20;

impl<S: Source> Engine<S> {
    /// Puts a freed object behind the others, and lets those go that must.
    pub(super) fn enqueue(&self, id: Id<WatchRecord>) {
        let (audit, watch) = (self.audit(), get(self.source(), id));
        watch.next.set(0);
        match audit.quarantine[1].replace(id.addr()) {
            0 => audit.quarantine[0].set(id.addr()),
            last => get(self.source(), watch_at(last)).next.set(id.addr()),
        }
        audit.quarantined.set(audit.quarantined.get() + 1);
        audit.quarantined_bytes.set(audit.quarantined_bytes.get() + u64::from(watch.used.get()));
        self.expire();
    }

    /// Lets objects go that are too many, or too old.
    pub(super) fn expire(&self) {
        let audit = self.audit();
        let (limit, age) = (audit.quarantine_bytes.get(), u64::from(audit.quarantine_age.get()));
        let limit = u64::from(if limit == 0 { BYTES } else { limit });
        while audit.quarantine[0].get() != 0 {
            let oldest = get(self.source(), watch_at(audit.quarantine[0].get()));
            let old = age != 0 && audit.operations.get() - oldest.free_operation.get() > age;
            if audit.quarantined_bytes.get() <= limit && !old {
                return;
            }
            self.dequeue();
        }
    }

    /// Lets all objects go; whether there were any.
    pub(super) fn drain(&self) -> bool {
        let some = self.audit().quarantine[0].get() != 0;
        while self.audit().quarantine[0].get() != 0 {
            self.dequeue();
        }
        some
    }

    /// Lets the oldest object go, if it is as it was left.
    fn dequeue(&self) {
        let audit = self.audit();
        let id = watch_at(audit.quarantine[0].get());
        let watch = get(self.source(), id);
        audit.quarantine[0].set(watch.next.get());
        if watch.next.get() == 0 {
            audit.quarantine[1].set(0);
        }
        audit.quarantined.set(audit.quarantined.get() - 1);
        audit.quarantined_bytes.set(audit.quarantined_bytes.get() - u64::from(watch.used.get()));
        if let Err(finding) = self.inspect(id, Event::Released) {
            self.abandon(id);
            return self.fault(&finding);
        }
        if Mode(watch.mode.get()).has(Mode::AUDIT) {
            let entry = Entry { site: 0, ..self.entry(watch) };
            self.log(TRANSACTIONS, Event::Released, &entry, 0);
        }
        self.release(id);
    }

    /// Takes an object out of the quarantine, if it is there: it is damaged, and stays.
    pub(super) fn unqueue(&self, id: Id<WatchRecord>) {
        let audit = self.audit();
        let (mut before, mut at) = (0, audit.quarantine[0].get());
        while at != 0 && at != id.addr() {
            before = at;
            at = get(self.source(), watch_at(at)).next.get();
        }
        if at == 0 {
            return;
        }
        let watch = get(self.source(), id);
        let link = if before == 0 { &audit.quarantine[0] } else { &get(self.source(), watch_at(before)).next };
        link.set(watch.next.get());
        if watch.next.get() == 0 {
            audit.quarantine[1].set(before);
        }
        audit.quarantined.set(audit.quarantined.get() - 1);
        audit.quarantined_bytes.set(audit.quarantined_bytes.get() - u64::from(watch.used.get()));
    }
}
