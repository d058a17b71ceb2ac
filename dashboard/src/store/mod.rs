//! What the page knows, as signals: of a device, or of a capture file.

use std::sync::Arc;

use heapbeacon_shared::analysis::{Snapshot, Watched, is_recording};
use heapbeacon_shared::api::{
    Demo, Device, Feature, Heap, LeaksPage, MarksPage, Ota, Settings, Stack, Trace,
};
use heapbeacon_shared::capture::{Loss, Streamed};
use heapbeacon_shared::trace::{Ending, LogLine, Origin};
use leptos::prelude::*;
use web_sys::{Blob, File};

use crate::device::client::Client;
use crate::device::connection::{Link, LinkState, Obstacle};
use crate::device::scan_pace::{Picture, ScanPace, Scans};
use crate::files::folder::Folder;
use crate::model::heap_history::HeapHistory;
use crate::model::palette::Palette;
use crate::model::passing::Following;
use crate::model::rates::Rates;
use crate::model::record_list::RecordList;
use crate::model::records_location::RecordsLocation;
use crate::model::sites::order::Group;
use crate::model::sites::{self, Grouping, Site};
use crate::model::span::Span;
use crate::model::update::Sending;
use crate::symbols::names::Names;
use crate::symbols::source::SymbolState;

pub(crate) mod clock;
mod happened;
pub(crate) mod notices;
pub(crate) mod settings;
pub(crate) mod sources;
pub(crate) mod tape;

use clock::{Clock, now_ms};
use notices::Notices;
use settings::{Setting, keep, kept};
use tape::Tape;

/// Which colours call sites had, by which they have them again at every visit.
const COLOURS: &str = "heapbeacon-colours";

/// The capture file that a store was filled from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its name.
    pub name: String,
    /// What could not be read of it.
    pub loss: Loss,
}

/// What the page knows of a device, or of a capture file. A handle: copies share everything.
#[derive(Clone, Copy)]
pub struct Store {
    /// Whether all of this is from a capture file, and so of one moment: without a history, and nobody to ask.
    pub is_file: bool,
    /// The capture file that it was filled from.
    pub capture: StoredValue<Option<File>, LocalStorage>,
    /// What is said of that.
    pub opened: RwSignal<Option<Opened>>,
    /// The device that is asked.
    pub client: StoredValue<Client>,
    /// Whether it answers.
    pub link: RwSignal<Link>,
    /// Why there is no device to show, once that is known.
    pub obstacle: RwSignal<Option<Obstacle>>,
    /// The device's clock.
    pub clock: StoredValue<Clock>,
    /// The browser's clock in milliseconds, twice a second.
    pub now_ms: RwSignal<f64>,
    /// Last answer of `/device`.
    pub device: RwSignal<Option<Device>>,
    /// Last answer of `/heap`.
    pub heap: RwSignal<Option<Heap>>,
    /// Last answer of `/trace`.
    pub trace: RwSignal<Option<Trace>>,
    /// Last answer of `/trace/leaks`, and behind it call stacks all of whose records were evicted.
    pub leaks: RwSignal<Option<LeaksPage>>,
    /// When the blocks were allocated that somebody looks at.
    pub span: RwSignal<Span>,
    /// Last answer of `/trace/leaks` about that time, where it is not all of the trace.
    pub within: RwSignal<Option<LeaksPage>>,
    /// Last answer of `/demo`.
    pub demo: RwSignal<Option<Demo>>,
    /// Last answer of `/marks`.
    pub marks: RwSignal<MarksPage>,
    /// The heap since the page opened, and what the device remembers of before.
    pub heap_history: RwSignal<HeapHistory>,
    /// The leak list since the page opened, while the trace recorded.
    pub watched: RwSignal<Watched>,
    /// When an update began, in microseconds since boot; 0 where this boot began with other firmware.
    pub updated_us: RwSignal<Option<u64>>,
    /// What events have told.
    pub streamed: StoredValue<Streamed, LocalStorage>,
    /// The bytes of that.
    pub tape: StoredValue<Tape, LocalStorage>,
    /// What events tell, while they go to this page.
    pub following: RwSignal<Option<Following>>,
    /// Allocations and frees per second.
    pub rates: RwSignal<Rates>,
    /// Who holds memory, by call site, most bytes first.
    pub sites: RwSignal<Arc<Vec<Site>>>,
    /// Colours of the call sites.
    pub palette: RwSignal<Palette>,
    /// Names of call stacks.
    pub names: StoredValue<Names, LocalStorage>,
    /// The file that they came in.
    pub names_file: StoredValue<Option<Blob>, LocalStorage>,
    /// Where the names come from.
    pub symbols: RwSignal<SymbolState>,
    /// The records, once somebody asked for them.
    pub records: RwSignal<Arc<RecordList>>,
    /// Who holds blocks, by what was found to point to them.
    pub scans: RwSignal<Scans>,
    /// When the device is asked for that again.
    pub scan_pace: StoredValue<ScanPace>,
    /// Whether it is to be asked at all.
    pub wants_scans: RwSignal<bool>,
    /// The last picture of this boot.
    pub picture: StoredValue<Option<Picture>, LocalStorage>,
    /// The last picture of the boot before.
    pub boot_before: StoredValue<Option<File>, LocalStorage>,
    /// What is said of that, until somebody dismisses it.
    pub boot_before_words: RwSignal<Option<String>>,
    /// How the boot ended that the device keeps a post-mortem of, or that a file is one of.
    pub ending: RwSignal<Option<Ending>>,
    /// The last lines that a firmware had logged, oldest first, where a file is a post-mortem.
    pub log: RwSignal<Vec<LogLine>>,
    /// Which firmware runs and which is booted next, once somebody looks at it.
    pub ota: RwSignal<Option<Ota>>,
    /// Firmware that this page sends to the device.
    pub sending: RwSignal<Option<Sending>>,
    /// Why the last firmware was not taken; empty if it was.
    pub update_problem: RwSignal<String>,
    /// What the device keeps of its users' wishes, once somebody looks at it.
    pub settings: RwSignal<Option<Settings>>,
    /// The source files that somebody has given.
    pub folder: StoredValue<Folder, LocalStorage>,
    /// How often somebody has.
    pub folder_version: RwSignal<usize>,
    /// How many sites somebody looks into.
    pub opened_rows: RwSignal<usize>,
    /// Call stacks of the latest wrong frees, beside those of records and leaks.
    pub wrong_free_stacks: RwSignal<Vec<Stack>>,
    /// How many records were read so far, while they are being read.
    pub records_loading: RwSignal<Option<usize>>,
    /// Whether the device wants a token that it did not get.
    pub token_needed: RwSignal<bool>,
    /// Whether a token was given that it has not taken.
    pub token_tried: RwSignal<bool>,
    /// Whether a command is on its way.
    pub busy: RwSignal<bool>,
    /// Notices not yet dismissed.
    pub notices: Notices,
    /// Whether HeapBeacon's own blocks are shown.
    pub shows_agent: RwSignal<bool>,
    /// Whether the blocks of drivers are shown.
    pub shows_driver: RwSignal<bool>,
}

impl Store {
    /// Creates a store that knows nothing yet about the device at an address.
    pub fn of_device(address: String) -> Self {
        Self::new(address, false)
    }

    /// Creates a store for capture files, which has none yet.
    pub fn of_capture() -> Self {
        Self::new(String::new(), true)
    }

    fn new(address: String, is_file: bool) -> Self {
        Self {
            is_file,
            capture: StoredValue::new_local(None),
            opened: RwSignal::new(None),
            client: StoredValue::new(Client::new(address)),
            link: RwSignal::default(),
            obstacle: RwSignal::new(None),
            clock: StoredValue::new(Clock::default()),
            now_ms: RwSignal::new(now_ms()),
            device: RwSignal::new(None),
            heap: RwSignal::new(None),
            trace: RwSignal::new(None),
            leaks: RwSignal::new(None),
            span: RwSignal::default(),
            within: RwSignal::new(None),
            demo: RwSignal::new(None),
            marks: RwSignal::default(),
            heap_history: RwSignal::default(),
            watched: RwSignal::default(),
            updated_us: RwSignal::new(None),
            streamed: StoredValue::new_local(Streamed::default()),
            tape: StoredValue::new_local(Tape::default()),
            following: RwSignal::new(None),
            rates: RwSignal::default(),
            sites: RwSignal::default(),
            palette: RwSignal::default(),
            names: StoredValue::new_local(Names::default()),
            names_file: StoredValue::new_local(None),
            symbols: RwSignal::default(),
            records: RwSignal::default(),
            scans: RwSignal::default(),
            scan_pace: StoredValue::default(),
            wants_scans: RwSignal::new(Setting::Scans.is_on()),
            picture: StoredValue::new_local(None),
            boot_before: StoredValue::new_local(None),
            boot_before_words: RwSignal::new(None),
            ending: RwSignal::new(None),
            log: RwSignal::default(),
            ota: RwSignal::default(),
            sending: RwSignal::default(),
            update_problem: RwSignal::default(),
            settings: RwSignal::new(None),
            folder: StoredValue::new_local(Folder::default()),
            folder_version: RwSignal::new(0),
            opened_rows: RwSignal::new(0),
            wrong_free_stacks: RwSignal::default(),
            records_loading: RwSignal::new(None),
            token_needed: RwSignal::new(false),
            token_tried: RwSignal::new(false),
            busy: RwSignal::new(false),
            notices: Notices::new(),
            shows_agent: RwSignal::new(false),
            shows_driver: RwSignal::new(true),
        }
    }

    /// Returns the store that the app provides.
    pub fn of_app() -> Self {
        expect_context()
    }

    /// Returns whether there is enough to show a page: who the device is, and what its trace is doing.
    pub fn is_known(&self) -> bool {
        self.device.with(Option::is_some) && self.trace.with(Option::is_some)
    }

    /// Returns whether the device offers something.
    pub fn offers(&self, feature: Feature) -> bool {
        self.device.with(|device| {
            device
                .as_ref()
                .is_some_and(|device| device.features.contains(&feature))
        })
    }

    /// Returns where the records of the trace are.
    pub fn records_location(&self) -> RecordsLocation {
        let location = |trace: &Option<Trace>| trace.as_ref().map(RecordsLocation::of);
        self.trace.with(location).unwrap_or(RecordsLocation::None)
    }

    /// Returns whether allocations are recorded.
    pub fn is_recording(&self) -> bool {
        self.trace.with(|trace| {
            trace
                .as_ref()
                .is_some_and(|trace| is_recording(&trace.summary))
        })
    }

    /// Returns whether events tell this page of every block: then it knows those whose records gave way on the device, too, and
    /// those that were freed.
    pub fn is_told_all(&self) -> bool {
        let told = |it: &Following| it.is_open && it.is_complete;
        self.following.read().as_ref().is_some_and(told)
            || !self.is_file && self.records_location() == RecordsLocation::Host
    }

    /// Returns whether the device has records to show.
    pub fn has_records(&self) -> bool {
        self.records_location() == RecordsLocation::Device
    }

    /// Returns whether it is known who holds memory: by records of the device, or by events that this page has followed.
    pub fn has_leaks(&self) -> bool {
        let is_told = || self.leaks.with(Option::is_some);
        match self.records_location() {
            RecordsLocation::Device => true,
            RecordsLocation::Host => is_told(),
            RecordsLocation::None => false,
        }
    }

    /// Returns whether the device would take a command now.
    pub fn takes_commands(&self) -> bool {
        !self.busy.get() && self.is_reached()
    }

    /// Returns whether the device answers.
    pub fn is_reached(&self) -> bool {
        let state = self.link.read().state();
        matches!(state, LinkState::Live | LinkState::Refusing)
    }

    /// Sends a token from now on.
    pub fn use_token(&self, token: String) {
        self.client.update_value(|client| client.set_token(token));
        self.token_needed.set(false);
        self.token_tried.set(true);
    }

    /// Returns whether blocks of an origin are shown.
    pub fn shows(&self, origin: Origin) -> bool {
        match origin {
            Origin::Application => true,
            Origin::Agent => self.shows_agent.get(),
            Origin::Driver => self.shows_driver.get(),
        }
    }

    /// Groups the last leak list. A capture is judged by its numbers alone.
    pub fn group(&self, grouping: Grouping) -> Vec<Site> {
        self.symbols.track();
        let grouped = self.leaks.with(|leaks| {
            let page = leaks.as_ref()?;
            let watched = self.watched.read();
            let mut sites = self.group_page(page, watched.snapshots(), grouping);
            match self.is_file {
                true => sites::weigh(&mut sites, &watched),
                false => sites::judge(&mut sites, &watched),
            }
            Some(sites)
        });
        grouped.unwrap_or_default()
    }

    /// Groups the blocks that were allocated in the time that somebody looks at; `None` where that is all of the trace. What
    /// is said of them is said of all of the trace: in a part of it, whatever is allocated evenly looks alike.
    pub fn group_within(&self, grouping: Grouping) -> Option<Vec<Site>> {
        self.symbols.track();
        let within = self.within.read();
        let mut sites = self.group_page(within.as_ref()?, &[], grouping);
        sites::judge_as(&mut sites, &self.group(grouping));
        Some(sites)
    }

    fn group_page(
        &self,
        page: &LeaksPage,
        snapshots: &[Snapshot],
        grouping: Grouping,
    ) -> Vec<Site> {
        let grouped = self
            .names
            .try_update_value(|names| sites::group(page, snapshots, names, grouping));
        let mut sites = grouped.unwrap_or_default();
        if let Some(scan) = &self.scans.read().last {
            sites::mark_lost(&mut sites, scan);
        }
        sites
    }

    /// Returns how many sites need action.
    pub fn urgent(&self) -> usize {
        let sites = self.sites.read();
        let own = sites.iter().filter(|site| site.origin != Origin::Agent);
        own.filter(|site| Group::of(site).is_urgent()).count()
    }

    /// Returns whether what a site does is told of any: older captures say nothing.
    pub fn is_grouped(&self) -> bool {
        let has_evidence = |site: &Site| site.judgement.told.is_some();
        !self.is_file || self.sites.read().iter().any(has_evidence)
    }

    /// Returns whether blocks pile up in all, whoever allocated them.
    pub fn piles_up(&self) -> bool {
        self.watched.with(Watched::piles_up)
    }

    /// Returns when the leak list was last watched, in microseconds since boot.
    pub fn watched_us(&self) -> Option<u64> {
        self.watched
            .with(|watched| watched.snapshots().last().map(|last| last.time_us))
    }

    /// Returns for how long it is known what was allocated and freed, in microseconds.
    pub fn known_us(&self) -> u64 {
        let known_us =
            |leaks: &Option<LeaksPage>| leaks.as_ref().map(|page| page.period.known_us());
        self.leaks.with(known_us).unwrap_or(0)
    }

    /// Works out again who holds memory, after new answers or new names.
    pub fn refresh_sites(&self) {
        let sites = untrack(|| self.group(Grouping::CallSite));
        self.palette.update(|palette| {
            let own = sites.iter().filter(|site| site.origin != Origin::Agent);
            // Another store or tab may have given colours meanwhile.
            if let Some(text) = kept(COLOURS) {
                palette.recall(&text);
            }
            if palette.assign(own.map(|site| site.colour_key.as_str())) {
                keep(COLOURS, Some(&palette.remembered()));
            }
        });
        self.sites.set(Arc::new(sites));
    }

    /// Takes back what was said to be wrong with an ELF.
    pub fn forgive_symbols(&self) {
        self.symbols.update(|symbols| symbols.problem = None);
    }

    /// Takes back what was said to be wrong with files, once another one was read.
    pub fn forget_refusals(&self) {
        self.forgive_symbols();
        self.notices.dismiss_errors();
    }

    /// Notes why there is no device to show.
    pub fn set_obstacle(&self, obstacle: Option<Obstacle>) {
        if self.obstacle.with_untracked(|before| *before != obstacle) {
            self.obstacle.set(obstacle);
        }
    }
}
