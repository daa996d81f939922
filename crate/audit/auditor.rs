//! [`Auditor`]: diagnosis of one heap, for programs.
#![forbid(unsafe_code)]

use core::cell::Cell;

use super::config::{ConfigError, Setting, settings};
use super::event::Event;
use super::fault::{Fault, Policy};
use super::inject::Injection;
use super::mode::Mode;
use super::record::{COMMAND, RuleRecord, SiteRecord};
use super::table::hash_of;
use crate::heap::Engine;
use crate::objects::Home;
use crate::objects::record::{NAME_LEN, write_name};
use crate::record::{Word, get};
use crate::source::Source;

/// Diagnosis of the heap `H`: `&Heap<S>`, or on wasm `vmem::ModuleHeap`. It has no state of its own: everything is in the heap, where
/// an inspector finds it.
///
/// Modes may change at any time. What was handed out before stays as it is, and is taken back as it is.
///
/// ```
/// use flagstone::audit::{Auditor, Mode};
/// use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
/// let mut memory = vec![Page::ZERO; 8];
/// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
/// let auditor = Auditor::new(&heap);
/// auditor.configure("audit=redzone;sample=64k;policy=continue")?;
/// assert_eq!(auditor.mode(), Mode::REDZONE);
/// # Ok::<(), flagstone::audit::ConfigError<'static>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Auditor<H: Home> {
    home: H,
}

impl<H: Home> Auditor<H> {
    /// The diagnosis of a heap.
    #[must_use]
    pub const fn new(home: H) -> Self {
        Self { home }
    }

    /// Sets what a text says:
    ///
    /// | setting | value | |
    /// |---|---|---|
    /// | `audit` | modes: `off`, `lite`, `all`, `redzone+sites`, `all-sites` ([`Mode`]) | of the front end |
    /// | `cache:NAME` | modes | of the object caches of that name, those to come too |
    /// | `sample` | bytes, or bytes`,`stacks, or `off` | sites are sampled, one in so many bytes on the average, with at most so many stacks in a second; 0 for any number |
    /// | `policy` | `trap`, `continue` | what is done about a fault |
    /// | `quarantine` | bytes, or bytes`,`operations | how much waits there, and how long; 0 for the default and for any time |
    /// | `depth` | frames | kept of a stack; 0 for the default, 24 |
    /// | `reserve` | bytes | given up when there is no memory |
    /// | `fail` | `off`, or `nth:5`, `one_in:100,seed:7,times:3,space:1m,min:1k,max:4k,cache:NAME,tag:NAME` | requests that are made to fail ([`Injection`]) |
    ///
    /// # Errors
    /// Of the first setting that makes no sense; nothing is changed then.
    pub fn configure<'t>(&self, text: &'t str) -> Result<(), ConfigError<'t>> {
        self.home.engine().configure(text, false)
    }

    /// Sets the mode of the front end; the effective one, after what contradicts itself was settled.
    pub fn set_mode(&self, mode: Mode) -> Mode {
        let engine = self.home.engine();
        engine.apply(&Setting::Front(mode));
        engine.mode()
    }

    /// Sets the mode of the object caches of a name, those to come too. It is in force from their next call that is slow, or from the
    /// next `tick`. A zone has none.
    ///
    /// # Errors
    /// [`ConfigError::BadName`], [`ConfigError::TooManyRules`].
    pub fn set_cache_mode<'t>(&self, name: &'t str, mode: Mode) -> Result<(), ConfigError<'t>> {
        let setting = Setting::Cache(super::config::name(name)?, mode);
        let engine = self.home.engine();
        engine.check_setting(&setting)?;
        engine.apply(&setting);
        Ok(())
    }

    /// The mode of the front end.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.home.engine().mode()
    }

    /// The mode that the object cache of a name has now, if there is one.
    #[must_use]
    pub fn cache_mode(&self, name: &str) -> Option<Mode> {
        let engine = self.home.engine();
        Some(Mode(get(engine.source(), engine.cache_named(name)?).mode.get()))
    }

    /// Sets how many bytes there are between two samples, on the average; zero for none. A sample costs a stack; between them
    /// there is one comparison more for a request.
    pub fn set_sampling(&self, bytes: u32) {
        self.set_sampling_within(bytes, 0);
    }

    /// As [`set_sampling`](Self::set_sampling), with at most so many stacks in a second on the average, zero for any number. A program that
    /// asks for memory so fast that more would be due is sampled more rarely meanwhile, up to 64 times; sums stay right on the average. It
    /// takes the clock of the host.
    pub fn set_sampling_within(&self, bytes: u32, stacks: u32) {
        self.home.engine().apply(&Setting::Sampling { bytes, most: stacks });
    }

    /// Sets what is done about a fault.
    pub fn set_policy(&self, policy: Policy) {
        self.home.engine().apply(&Setting::Policy(policy));
    }

    /// Sets how many bytes the quarantine may keep, and after how many operations an object leaves it; zero for 1 MiB, and for any
    /// number.
    pub fn set_quarantine(&self, bytes: u32, age: u32) {
        self.home.engine().apply(&Setting::Quarantine { bytes, age });
    }

    /// Refuses what an inspector asks for from now on; the program itself may still change settings.
    pub fn lock(&self) {
        self.home.engine().audit().locked.set(1);
    }

    /// Makes requests fail from now on; what failed before is forgotten. One that never fails any ends it. A cache that does not exist
    /// has no request to fail.
    pub fn inject(&self, injection: Injection<'_>) {
        self.home.engine().apply(&Setting::Fail(Some(injection)));
    }

    /// Requests that were made to fail since [`inject`](Self::inject).
    #[must_use]
    pub fn injected(&self) -> u32 {
        self.home.engine().audit().injection.failed.get()
    }

    /// Requests that were looked at since [`inject`](Self::inject).
    #[must_use]
    pub fn looked_at(&self) -> u32 {
        self.home.engine().audit().injection.looked.get()
    }

    /// Checks every guarded object and all that waits in the quarantine; how many are damaged. Each is a fault. Linear in their
    /// bytes.
    pub fn check(&self) -> u32 {
        let engine = self.home.engine();
        let mut damaged = 0;
        // A fault that is told may change the table, so it is walked anew after each.
        while engine.check_one() {
            damaged += 1;
        }
        damaged
    }

    /// Checks all that waits in the quarantine and gives it back.
    pub fn drain(&self) {
        self.home.engine().drain();
    }

    /// Faults, ever.
    #[must_use]
    pub fn faults(&self) -> u32 {
        self.home.engine().audit().faults_made.get()
    }

    /// The last fault. The inspector shows the last 16, with the memory around them and their history.
    #[must_use]
    pub fn last_fault(&self) -> Option<Fault> {
        self.home.engine().last_fault()
    }

    /// Objects that are never handed out again because something is wrong with them.
    #[must_use]
    pub fn abandoned(&self) -> u32 {
        self.home.engine().audit().abandoned.get()
    }

    /// Objects that wait in the quarantine, and the bytes of their segments.
    #[must_use]
    pub fn quarantined(&self) -> (u32, u64) {
        let engine = self.home.engine();
        let audit = engine.audit();
        (audit.quarantined.get(), audit.quarantined_bytes.get())
    }

    /// What the samples say that is held: bytes and objects. Exact where everything is recorded. Linear in the sites.
    #[must_use]
    pub fn estimate(&self) -> (u64, u64) {
        self.sum(|site| (site.live_bytes.get(), site.live_count.get()))
    }

    /// What the samples say was ever asked for: bytes and objects, a change of size being another request. Linear in the sites.
    #[must_use]
    pub fn estimate_ever(&self) -> (u64, u64) {
        self.sum(|site| (site.bytes.get(), site.count.get()))
    }

    /// The sums over all sites of bytes, and of objects in 256ths.
    fn sum(&self, of: impl Fn(&SiteRecord) -> (u64, u64)) -> (u64, u64) {
        let engine = self.home.engine();
        let (mut bytes, mut count) = (0, 0);
        engine.each(engine.audit_id().sites(), |at| {
            let more = of(get(engine.source(), super::record::site_at(at)));
            bytes += more.0;
            count += more.1;
        });
        (bytes, count >> 8)
    }

    /// Begins a tag: until what it returns is dropped, what the program asks for is recorded under the name, within the tag that is in
    /// force. At most 31 bytes of it count.
    ///
    /// ```
    /// # use flagstone::audit::Auditor;
    /// # use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
    /// # let mut memory = vec![Page::ZERO; 8];
    /// # let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    /// let auditor = Auditor::new(&heap);
    /// let parsing = auditor.tag("parser");
    /// {
    ///     let _tables = auditor.tag("tables");
    ///     // what is asked for here is the tables' within the parser's
    /// }
    /// drop(parsing);
    /// ```
    pub fn tag(&self, name: &str) -> TagGuard<H> {
        TagGuard { home: self.home, before: self.home.engine().enter_tag(name) }
    }
}

/// A tag that is in force until this is dropped.
#[derive(Debug)]
#[must_use = "a tag is in force until this is dropped"]
pub struct TagGuard<H: Home> {
    home: H,
    before: u32,
}

impl<H: Home> Drop for TagGuard<H> {
    fn drop(&mut self) {
        self.home.engine().leave_tag(self.before);
    }
}

/// A name as records have it.
pub(super) fn name_words(name: &str) -> [Word; NAME_LEN / 4] {
    let words = [const { Cell::new(0) }; NAME_LEN / 4];
    write_name(&words, name);
    words
}

/// The hash of a name by which a tag is known to an injection; not zero.
pub(super) fn name_hash(words: &[Word; NAME_LEN / 4]) -> u32 {
    hash_of(words.iter().map(Word::get))
}

impl<S: Source> Engine<S> {
    /// The mode of the front end.
    pub(super) fn mode(&self) -> Mode {
        Mode(self.audit().mode.get())
    }

    /// Sets what a text says, all of it or nothing.
    fn configure<'t>(&self, text: &'t str, foreign: bool) -> Result<(), ConfigError<'t>> {
        if foreign && self.audit().locked.get() != 0 {
            return Err(ConfigError::Locked);
        }
        let mut new = 0;
        for setting in settings(text) {
            let setting = setting?;
            self.check_setting(&setting)?;
            if let Setting::Cache(name, _) = setting {
                let words = name_words(name);
                new += usize::from(!self.audit().rules.iter().any(|rule| rule.name == words));
                if self.audit().rules.iter().filter(|rule| rule.name[0].get() == 0).count() < new {
                    return Err(ConfigError::TooManyRules(name));
                }
            }
        }
        // Only a reserve may fail, and it may be asked for first.
        for setting in settings(text).flatten() {
            if let Setting::Reserve(bytes, word) = setting
                && !self.set_reserve(bytes)
            {
                return Err(ConfigError::NoMemory(word));
            }
        }
        for setting in settings(text).flatten() {
            self.apply(&setting);
        }
        Ok(())
    }

    /// Whether a setting can be applied.
    fn check_setting<'t>(&self, setting: &Setting<'t>) -> Result<(), ConfigError<'t>> {
        match setting {
            Setting::Cache(name, _) => self.rule_for(name).map(|_| ()).ok_or(ConfigError::TooManyRules(name)),
            Setting::Fail(Some(Injection { cache: Some(name), .. })) if !name.is_empty() => {
                self.cache_named(name).map(|_| ()).ok_or(ConfigError::UnknownCache(name))
            }
            _ => Ok(()),
        }
    }

    /// The rule of a name, or an empty one.
    fn rule_for(&self, name: &str) -> Option<&RuleRecord> {
        let (rules, words) = (&self.audit().rules, name_words(name));
        let rule = rules.iter().find(|rule| rule.name == words);
        rule.or_else(|| rules.iter().find(|rule| rule.name[0].get() == 0))
    }

    /// Does what a setting says. A reserve is not among them.
    fn apply(&self, setting: &Setting<'_>) {
        let audit = self.audit();
        if audit.random.get() == 0 {
            audit.random.set(0x9e37_79b9_7f4a_7c15);
        }
        audit.logging.set(1);
        match *setting {
            Setting::Front(mode) => {
                audit.mode.set(mode.settled().bits());
                self.set_slow(self.wants_slow());
            }
            Setting::Cache(name, mode) => {
                if let Some(rule) = self.rule_for(name) {
                    write_name(&rule.name, name);
                    rule.mode.set(mode.bits());
                }
                self.begin_era();
            }
            Setting::Sampling { bytes, most } => self.set_sampling(bytes, most),
            Setting::Policy(policy) => audit.policy.set(policy as u32),
            Setting::Quarantine { bytes, age } => {
                audit.quarantine_bytes.set(bytes);
                audit.quarantine_age.set(age);
                self.expire();
            }
            Setting::Depth(depth) => audit.depth.set(depth),
            Setting::Reserve(..) => {}
            Setting::Fail(injection) => self.set_injection(injection.unwrap_or_default()),
        }
    }

    /// Whether every call of the front end has to be slow.
    pub(super) fn wants_slow(&self) -> bool {
        self.mode() != Mode::OFF || self.audit().injection.on.get() != 0
    }

    /// Makes every object cache look whether it is to do something else than before.
    pub(super) fn begin_era(&self) {
        let era = &self.audit().era;
        era.set(era.get().wrapping_add(1));
    }

    pub(super) fn set_injection(&self, injection: Injection<'_>) {
        let record = &self.audit().injection;
        record.on.set(u32::from(injection.one_in != 0 || injection.nth != 0));
        record.one_in.set(injection.one_in);
        record.nth.set(injection.nth);
        record.times.set(injection.times);
        record.space.set(injection.space);
        record.min.set(injection.min);
        record.max.set(injection.max);
        record.cache.set(match injection.cache {
            None => 0,
            Some("") => 1,
            Some(name) => match self.cache_named(name) {
                Some(cache) => get(self.source(), cache).number.get() + 1,
                None => u32::MAX,
            },
        });
        record.tag.set(injection.tag.map_or(0, |tag| name_hash(&name_words(tag))));
        record.looked.set(0);
        record.failed.set(0);
        record.random.set(injection.seed ^ 0x9e37_79b9 | 1);
        self.set_slow(self.wants_slow());
        self.begin_era();
    }

    /// Carries out what an inspector left.
    pub(crate) fn obey(&self) {
        let audit = self.audit();
        if audit.command_len.get() == 0 {
            return;
        }
        let len = (audit.command_len.replace(0) as usize).min(COMMAND);
        let mut text = [0; COMMAND];
        for (byte, from) in text.iter_mut().zip(&audit.command) {
            *byte = from.get();
        }
        let done = core::str::from_utf8(&text[..len]).is_ok_and(|text| self.configure(text, true).is_ok());
        audit.command_outcome.set(if done { 1 } else { 2 });
    }

    /// Looks for one object more that is damaged; whether there was one.
    fn check_one(&self) -> bool {
        let mut found = None;
        self.each(self.audit_id().watches(), |at| {
            let id = super::record::watch_at(at);
            if found.is_none() && self.status(id) != super::record::ABANDONED {
                found = self.inspect(id, Event::Check).err();
            }
        });
        let Some(finding) = found else { return false };
        if let Some(id) = finding.watch {
            self.unqueue(id);
            self.abandon(id);
        }
        self.fault(&finding);
        true
    }
}
