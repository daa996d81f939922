//! What diagnosis has on record in a heap: watches, sites, tags, faults, settings; see `audit`.
//!
//! It is read when somebody asks for it, not with every survey: a heap may have a million watches. As everywhere, what is damaged is
//! left out, every table and list is bounded, and nothing that is read is believed to be an address before it was read through.
#![forbid(unsafe_code)]

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::arenas::name;
use super::survey::Survey;
use super::{Error, Image, record};
use crate::audit::patterns::encode;
use crate::audit::record::{
    ABANDONED, AuditState, COMMAND, FAULTS, FRAMES, FREED, HELD, SITE_LEN, SiteRecord, Table, TagRecord, WatchRecord,
};
use crate::audit::{Mode, Policy};
use crate::heap::State;
use crate::record::Word;

mod fault;
mod info;
mod log;

/// Names of a tag and of those that it is within: a damaged list of tags has as many as it likes, and each site says all of its own.
const PATH_MAX: usize = 64;

pub use fault::FaultInfo;
pub use info::{ExhaustionInfo, Holder, InjectionInfo, SiteInfo, Status, TagInfo, WatchInfo};
pub use log::{EntryInfo, LOGS, LogInfo};

/// What diagnosis has on record.
#[derive(Clone, Debug)]
pub struct AuditInfo {
    /// Where its state is.
    pub at: u32,
    /// Mode of the front end.
    pub mode: Mode,
    /// What is done about a fault.
    pub policy: Policy,
    /// Bytes between two samples; zero where nothing is sampled.
    pub rate: u32,
    /// Operations on record, ever.
    pub operations: u64,
    /// Milliseconds of the host's clock at the last one.
    pub time: u32,
    /// Objects that are abandoned.
    pub abandoned: u32,
    /// Objects in quarantine.
    pub quarantined: u32,
    /// Their bytes.
    pub quarantined_bytes: u64,
    /// Bytes that the quarantine may keep; zero for the default.
    pub quarantine_limit: u32,
    /// Operations after which an object leaves it; zero for any number.
    pub quarantine_age: u32,
    /// First and last watch in quarantine.
    pub quarantine: [u32; 2],
    /// Modes of object caches by name.
    pub rules: Vec<(String, Mode)>,
    /// Modes that object caches have, by number.
    pub cache_modes: Vec<(u32, Mode)>,
    /// Watches, by the address of their object.
    pub watches: Vec<WatchInfo>,
    /// Sites, by number.
    pub sites: Vec<SiteInfo>,
    /// Tags, by number.
    pub tags: Vec<TagInfo>,
    /// Faults, ever.
    pub faults_made: u32,
    /// The last ones, the newest first.
    pub faults: Vec<FaultInfo>,
    /// The logs.
    pub logs: [LogInfo; LOGS],
    /// Requests that are made to fail.
    pub injection: Option<InjectionInfo>,
    /// The last exhaustion.
    pub exhaustion: Option<ExhaustionInfo>,
    /// Bytes of the reserve that is still there.
    pub reserve: u32,
    /// Length of the text that waits to be carried out.
    pub command_len: u32,
    /// What became of the last one: 0 nothing, 1 carried out, 2 refused.
    pub command_outcome: u32,
    /// Whether texts of an inspector are refused.
    pub locked: bool,
    /// Whether every call of the front end takes the slow path.
    pub(crate) slow: bool,
    /// Counts of the filter.
    pub(crate) filter: Vec<u8>,
    /// Slots of the table of watches that are used, as it says.
    pub(crate) watches_used: u32,
    /// What is damaged: an address, and a sentence.
    pub(crate) damage: Vec<(u32, String)>,
}

/// Where an inspector leaves a text: the address of the bytes, how many there may be, and where the length goes, last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandPlace {
    /// Where the bytes go.
    pub text: u32,
    /// How many there may be.
    pub room: u32,
    /// Where the length goes, a word.
    pub length: u32,
    /// Where the outcome is, a word that is to be zero then.
    pub outcome: u32,
}

impl AuditInfo {
    /// Reads what diagnosis has on record; `None` of a module that was built without the feature `audit`. Linear in what there is.
    ///
    /// # Errors
    /// Where the image ends within the state.
    ///
    /// ```
    /// # #[cfg(feature = "audit")] {
    /// use flagstone::audit::{Auditor, Mode};
    /// use flagstone::image::{audit::AuditInfo, survey::Survey};
    /// use flagstone::{Heap, source::{Fixed, Page}, units::Addr};
    /// let mut memory = vec![Page::ZERO; 8];
    /// let heap = Heap::new(Fixed::new(&mut memory, Addr(0x1_0000))).unwrap();
    /// Auditor::new(&heap).set_mode(Mode::REDZONE);
    /// let at = heap.alloc(std::alloc::Layout::new::<[u8; 5]>());
    /// let survey = Survey::take(&heap.image(), heap.root()).unwrap();
    /// let audit = AuditInfo::read(&heap.image(), &survey).unwrap().unwrap();
    /// assert_eq!((audit.watches.len(), audit.watches[0].size), (1, 5));
    /// # unsafe { heap.dealloc(at, std::alloc::Layout::new::<[u8; 5]>()) };
    /// # }
    /// ```
    pub fn read(image: &(impl Image + ?Sized), survey: &Survey) -> Result<Option<Self>, Error> {
        if !survey.layout.audited {
            return Ok(None);
        }
        let at = survey.layout.state.wrapping_add(size_of::<State>() as u32);
        let state: AuditState = record(image, at)?;
        let mut audit = Self::settings(at, &state);
        audit.read_tags(image, &state);
        audit.read_sites(image, &state.sites);
        audit.read_watches(image, &state.watches);
        audit.faults = (0..FAULTS as u32)
            .filter_map(|back| state.faults_made.get().checked_sub(back).filter(|number| *number != 0))
            .filter_map(|number| FaultInfo::of(&state.faults[number as usize % FAULTS], number))
            .collect();
        audit.cache_modes = survey
            .object_caches
            .iter()
            .map(|cache| (cache.number, Mode(cache.mode)))
            .filter(|(_, mode)| *mode != Mode::OFF)
            .collect();
        Ok(Some(audit))
    }

    /// Where an inspector leaves a text, of a module with the feature `audit`.
    #[must_use]
    pub fn command_place(survey: &Survey) -> Option<CommandPlace> {
        let at = survey.layout.state.wrapping_add(size_of::<State>() as u32);
        let place = |offset: usize| at.wrapping_add(offset as u32);
        survey.layout.audited.then(|| CommandPlace {
            text: place(core::mem::offset_of!(AuditState, command)),
            room: COMMAND as u32,
            length: place(core::mem::offset_of!(AuditState, command_len)),
            outcome: place(core::mem::offset_of!(AuditState, command_outcome)),
        })
    }

    /// What stands in the state itself.
    fn settings(at: u32, state: &AuditState) -> Self {
        let injection = &state.injection;
        Self {
            at,
            mode: Mode(state.mode.get()),
            policy: if state.policy.get() == Policy::Continue as u32 { Policy::Continue } else { Policy::Trap },
            rate: state.rate.get(),
            operations: state.operations.get(),
            time: state.time.get(),
            abandoned: state.abandoned.get(),
            quarantined: state.quarantined.get(),
            quarantined_bytes: state.quarantined_bytes.get(),
            quarantine_limit: state.quarantine_bytes.get(),
            quarantine_age: state.quarantine_age.get(),
            quarantine: [state.quarantine[0].get(), state.quarantine[1].get()],
            rules: state
                .rules
                .iter()
                .filter(|rule| rule.name[0].get() != 0)
                .map(|rule| (name(&rule.name), Mode(rule.mode.get())))
                .collect(),
            cache_modes: Vec::new(),
            watches: Vec::new(),
            sites: Vec::new(),
            tags: Vec::new(),
            faults_made: state.faults_made.get(),
            faults: Vec::new(),
            logs: core::array::from_fn(|index| LogInfo::of(&state.logs[index])),
            injection: (injection.on.get() != 0 || injection.looked.get() != 0).then(|| InjectionInfo {
                one_in: injection.one_in.get(),
                nth: injection.nth.get(),
                times: injection.times.get(),
                looked: injection.looked.get(),
                failed: injection.failed.get(),
            }),
            exhaustion: exhaustion(state),
            reserve: if state.reserve.get() == 0 { 0 } else { state.reserve_bytes.get() },
            command_len: state.command_len.get(),
            command_outcome: state.command_outcome.get(),
            locked: state.locked.get() != 0,
            slow: state.slow.get() != 0,
            filter: state.filter.iter().map(core::cell::Cell::get).collect(),
            watches_used: state.watches.used.get(),
            damage: Vec::new(),
        }
    }

    /// The values of a table. What is not in the memory ends it.
    fn values(&mut self, image: &(impl Image + ?Sized), table: &Table) -> Vec<(u32, u32)> {
        let (at, slots) = (table.at.get(), table.slots.get());
        let mut values = Vec::new();
        if u64::from(at) + 8 * u64::from(slots) > image.len() {
            let text = alloc::format!("a table of {slots} slots does not lie in the memory");
            self.damage.push((at, text));
            return values;
        }
        let mut line = [0; 4096];
        for start in (0..slots).step_by(512) {
            let count = (slots - start).min(512) as usize;
            if image.read(at + 8 * start, &mut line[..8 * count]).is_err() {
                break;
            }
            let words = line[..8 * count].as_chunks::<8>().0;
            values.extend(
                words
                    .iter()
                    .map(|slot| u64::from_le_bytes(*slot))
                    .filter(|slot| *slot as u32 != 0)
                    .map(|slot| (slot as u32, (slot >> 32) as u32)),
            );
        }
        values
    }

    fn read_tags(&mut self, image: &(impl Image + ?Sized), state: &AuditState) {
        let mut at = state.tags.get();
        let mut parents = Vec::new();
        for _ in 0..state.tags_made.get().min(1 << 16) {
            if at == 0 {
                break;
            }
            let Ok(tag) = record::<TagRecord>(image, at) else {
                self.damage.push((at, String::from("a tag of the program cannot be read")));
                break;
            };
            parents.push(tag.parent.get());
            self.tags.push(TagInfo {
                id: at,
                number: tag.number.get(),
                parent: 0,
                name: name(&tag.name),
                entries: tag.entries.get(),
            });
            at = tag.next.get();
        }
        let numbers: BTreeMap<u32, u32> = self.tags.iter().map(|tag| (tag.id, tag.number)).collect();
        for (tag, parent) in self.tags.iter_mut().zip(parents) {
            // A tag is within one that is older, so paths end.
            tag.parent = numbers.get(&parent).copied().filter(|number| *number < tag.number).unwrap_or(0);
        }
        self.tags.sort_by_key(|tag| tag.number);
    }

    fn read_sites(&mut self, image: &(impl Image + ?Sized), table: &Table) {
        let tags: BTreeMap<u32, u32> = self.tags.iter().map(|tag| (tag.id, tag.number)).collect();
        for (_, at) in self.values(image, table) {
            let site = record::<SiteRecord>(image, at).ok().filter(|site| site.depth.get() as usize <= FRAMES);
            let Some(site) = site else {
                self.damage.push((at, String::from("a site cannot be read")));
                continue;
            };
            let frames = (0..site.depth.get())
                .map_while(|frame| record::<Word>(image, at.wrapping_add(SITE_LEN + 4 * frame)).ok())
                .map(|frame| frame.get())
                .collect();
            self.sites.push(SiteInfo {
                id: at,
                number: site.number.get(),
                tag: tags.get(&site.tag.get()).copied().unwrap_or(0),
                frames,
                bytes: site.bytes.get(),
                count: site.count.get(),
                live_bytes: site.live_bytes.get(),
                live_count: site.live_count.get(),
                samples: site.samples.get(),
                live_samples: site.live_samples.get(),
            });
        }
        self.sites.sort_by_key(|site| site.number);
    }

    fn read_watches(&mut self, image: &(impl Image + ?Sized), table: &Table) {
        let numbers: BTreeMap<u32, u32> = self.sites.iter().map(|site| (site.id, site.number)).collect();
        let number = |at: &Word| numbers.get(&at.get()).copied().unwrap_or(0);
        for (key, at) in self.values(image, table) {
            let Ok(watch) = record::<WatchRecord>(image, at) else {
                self.damage.push((at, alloc::format!("the record of the object at {key:#x} cannot be read")));
                continue;
            };
            let status = match watch.status.get() ^ at {
                HELD => Some(Status::Held),
                FREED => Some(Status::Freed),
                ABANDONED => Some(Status::Abandoned),
                _ => None,
            };
            if watch.object.get() != key {
                let text =
                    alloc::format!("the record of the object at {key:#x} says it is at {:#x}", watch.object.get());
                self.damage.push((at, text));
            }
            self.watches.push(WatchInfo {
                id: at,
                object: key,
                size: watch.size.get(),
                align: watch.align.get(),
                status,
                mode: Mode(watch.mode.get()),
                cache: watch.cache.get(),
                segment: watch.segment.get(),
                used: watch.used.get(),
                rate: watch.rate.get(),
                alloc_site: number(&watch.alloc_site),
                free_site: number(&watch.free_site),
                alloc_operation: watch.alloc_operation.get(),
                free_operation: watch.free_operation.get(),
                alloc_time: watch.alloc_time.get(),
                last_entry: watch.last_entry.get(),
                next: watch.next.get(),
                whole: watch.encoded.get() == encode(watch.size.get()),
                site_at: watch.alloc_site.get(),
            });
        }
        self.watches.sort_by_key(|watch| watch.object);
    }

    /// The watch of the object that an address is in.
    #[must_use]
    pub fn watch_at(&self, address: u32) -> Option<&WatchInfo> {
        let index = self.watches.partition_point(|watch| watch.object <= address).checked_sub(1)?;
        self.watches.get(index).filter(|watch| address - watch.object < watch.size.max(1))
    }

    /// The names of a tag and of those that it is within, the outermost first; of more than 64 the innermost ones.
    #[must_use]
    pub fn tag_path(&self, number: u32) -> Vec<String> {
        let mut path = Vec::new();
        let mut number = number;
        // Each step goes to a smaller number, and there is no tag 0, whatever a record says.
        while number != 0
            && path.len() < PATH_MAX
            && let Ok(index) = self.tags.binary_search_by_key(&number, |tag| tag.number)
        {
            path.push(self.tags[index].name.clone());
            number = self.tags[index].parent;
        }
        path.reverse();
        path
    }
}

fn exhaustion(state: &AuditState) -> Option<ExhaustionInfo> {
    let record = &state.exhaustion;
    let holders = |holders: &[crate::audit::record::HolderRecord]| -> Vec<Holder> {
        let holder = |it: &crate::audit::record::HolderRecord| Holder {
            who: it.who.get(),
            bytes: it.bytes.get(),
            count: it.count.get(),
        };
        holders.iter().map(holder).filter(|holder| holder.bytes != 0).collect()
    };
    (record.count.get() != 0).then(|| ExhaustionInfo {
        count: record.count.get(),
        operation: record.operation.get(),
        time: record.time.get(),
        size: record.size.get(),
        align: record.align.get(),
        cache: record.cache.get(),
        site: record.site.get(),
        pages: record.pages.get(),
        free: record.free.get(),
        reserve_used: record.reserve_used.get() != 0,
        sites: holders(&record.sites),
        caches: holders(&record.caches),
    })
}
