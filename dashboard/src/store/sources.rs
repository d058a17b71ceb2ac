//! What pages can show: the connected device, and capture files.

use std::sync::Arc;

use heapbeacon_shared::analysis::Watched;
use heapbeacon_shared::api::MarksPage;
use heapbeacon_shared::capture::{Capture, survivors};
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::File;

use super::{Opened, Store};
use crate::components::follow;
use crate::device::connection::Obstacle;
use crate::device::scan_pace::Scans;
use crate::files::kind::FileKind;
use crate::files::read::{pause, read_capture};
use crate::location::{Page, Target, go_to};
use crate::model::heap_history::HeapHistory;
use crate::model::heap_sample::HeapSample;
use crate::model::holders::Scanned;
use crate::model::past::samples_of;
use crate::model::record_list::RecordList;
use crate::symbols::names::Names;

/// Index of the connected device among the sources.
const DEVICE: usize = 0;
/// Index of the capture file.
const CAPTURE: usize = 1;
/// Index of another one, for what is compared.
const OTHER: usize = 2;
/// Where both captures are compared.
const COMPARED: &str = "#/compare?before=1&after=2";
/// What is wrong with a file that is of no kind.
const UNKNOWN: &str = "it begins neither like a HeapBeacon capture nor like an ELF or its symbols. Choose a file that was saved \
                       from /api/v1/capture, or the ELF that was flashed.";
/// How many sources there are.
pub const SOURCES: usize = 3;

/// What pages can show, each in a [`Store`] of its own: the connected device, which is polled whatever is shown, and a
/// capture file. A handle, as a store is.
#[derive(Clone, Copy)]
pub struct Sources {
    all: [Store; SOURCES],
    /// Index of the one that is shown.
    shown: RwSignal<usize>,
    order: StoredValue<Order>,
}

/// In which order files were opened: they are read in turns, and a large one may be read longer than the next one for its place.
#[derive(Default)]
struct Order {
    /// The number of the file that was opened last.
    last: u32,
    /// The number of the one that each place has.
    taken: [u32; SOURCES],
}

impl Order {
    /// Returns the number of a file that is opened now.
    fn open(&mut self) -> u32 {
        self.last += 1;
        self.last
    }

    /// Takes it that a file was read; returns whether it gets its place: not if that has one which was opened later.
    fn take(&mut self, number: u32, index: usize) -> bool {
        let taken = &mut self.taken[index];
        let is_newer = number > *taken;
        *taken = number.max(*taken);
        is_newer
    }
}

impl Sources {
    /// Follows a device for as long as the page is open.
    pub fn new(target: &Target) -> Self {
        let sources = Self {
            all: [
                Store::of_device(target.base()),
                Store::of_capture(),
                Store::of_capture(),
            ],
            shown: RwSignal::new(DEVICE),
            order: StoredValue::default(),
        };
        let device = sources.device();
        match target {
            Target::Own | Target::Other(_) => device.start(),
            Target::Malformed(text) => {
                device.set_obstacle(Some(Obstacle::Malformed(text.clone())));
            }
            Target::Nobody => device.set_obstacle(Some(Obstacle::Nobody)),
        }
        (0..SOURCES).for_each(|index| sources.share_names_with(index));
        sources
    }

    /// Returns the sources that the app provides.
    pub fn of_app() -> Self {
        expect_context()
    }

    /// Returns the connected device.
    pub fn device(&self) -> Store {
        self.all[DEVICE]
    }

    /// Returns all of them.
    pub fn all(&self) -> [Store; SOURCES] {
        self.all
    }

    /// Returns what the pages show.
    pub fn shown(&self) -> Store {
        self.all[self.shown.get()]
    }

    /// Shows the device again.
    pub fn show_device(&self) {
        self.show(DEVICE);
    }

    /// Shows a source; the page is drawn again only if another one was shown.
    fn show(&self, index: usize) {
        if self.shown.get_untracked() != index {
            self.shown.set(index);
        }
    }

    /// Opens a file as what it begins like, or else as what was asked for.
    pub fn open(&self, file: File, asked_for: Option<FileKind>) {
        self.open_all(vec![file], asked_for);
    }

    /// Opens files that came together. Of two captures both are compared; what names addresses is read behind them.
    pub fn open_all(&self, files: Vec<File>, asked_for: Option<FileKind>) {
        let (sources, number) = (*self, self.number());
        spawn_local(async move {
            let (mut captures, mut names, mut refused) = (0, Vec::new(), Vec::new());
            for file in files {
                match FileKind::of(&file).await.or(asked_for) {
                    Some(FileKind::Capture) if captures == 2 => {
                        refused.push((file, "two captures are compared at a time.".to_owned()));
                    }
                    Some(FileKind::Capture) => {
                        let index = if captures == 0 { CAPTURE } else { OTHER };
                        match sources.take(&file, number, index).await {
                            Ok(taken) => captures += u32::from(taken),
                            Err(problem) => refused.push((file, problem)),
                        }
                    }
                    Some(FileKind::Elf) => names.push(file),
                    None => refused.push((file, UNKNOWN.to_owned())),
                }
            }
            if captures > 0 {
                pause().await;
                sources.show(CAPTURE);
                go_to(if captures == 1 {
                    Page::Leaks.link()
                } else {
                    COMPARED
                });
            }
            for file in names {
                sources.read_names(file).await;
            }
            // Said last, where it is seen: whatever is opened takes back what was said before.
            for (file, reason) in refused {
                sources.refuse(&file, &reason);
            }
        });
    }

    /// Opens a capture to compare it as what was before, or after, and tells in which place it is; the page stays. Each has a place of its
    /// own, for both may be read at a time, unless that is `kept`.
    pub fn open_beside(
        &self,
        file: File,
        is_after: bool,
        kept: Option<usize>,
        opened: Callback<usize>,
    ) {
        let (sources, number) = (*self, self.number());
        let places = [CAPTURE, OTHER];
        let own = usize::from(is_after);
        let index = match kept == Some(places[own]) {
            true => places[1 - own],
            false => places[own],
        };
        spawn_local(async move {
            match sources.take(&file, number, index).await {
                Ok(true) => opened.run(index),
                Ok(false) => {}
                Err(problem) => sources.refuse(&file, &problem),
            }
        });
    }

    /// Returns the number of a file that is opened now.
    fn number(&self) -> u32 {
        let number = self.order.try_update_value(Order::open);
        number.unwrap_or_default()
    }

    /// Reads a capture into the place of an index; returns whether it is there now.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    async fn take(&self, file: &File, number: u32, index: usize) -> Result<bool, String> {
        let mut capture = read_capture(file)
            .await
            .map_err(|problem| format!("{problem}."))?;
        pause().await;
        let prepared = Prepared::of(&mut capture).await;
        let order = self.order;
        let taken = order.try_update_value(|order| order.take(number, index));
        if taken != Some(true) {
            return Ok(false);
        }
        let store = self.all[index];
        store.take_capture(file, capture, prepared);
        // What was refused before no longer matters when somebody comes back to the device.
        self.device().forget_refusals();
        pause().await;
        store.refresh_sites();
        store.look_for_elf();
        untrack(|| self.lend_names(index));
        Ok(true)
    }

    async fn read_names(&self, elf: File) {
        let shown = self.shown.get_untracked();
        if self.all[shown].device.with_untracked(Option::is_some) {
            self.give_names(shown, &elf).await;
        } else {
            self.refuse(
                &elf,
                "an ELF names the addresses of a device or of a capture. Open one of them first.",
            );
        }
    }

    /// Has an ELF name the addresses of a source, or else those of another one that has no names and is of its build.
    pub fn name(&self, index: usize, elf: File) {
        let sources = *self;
        spawn_local(async move { sources.give_names(index, &elf).await });
    }

    async fn give_names(&self, index: usize, elf: &File) {
        let first = self.all[index];
        let is_nameless = |other: &Store| {
            let is_known = other.device.with_untracked(Option::is_some);
            is_known && other.symbols.with_untracked(|it| it.source.is_none())
        };
        let others = self.others(index).filter(is_nameless);
        for (nth, store) in core::iter::once(first).chain(others).enumerate() {
            let fits = store.use_file(elf).await;
            // Whoever was not asked for it says nothing against it, and nobody does once one takes it.
            if nth > 0 {
                store.forgive_symbols();
            }
            if fits {
                return first.forgive_symbols();
            }
        }
    }

    /// Gives a source the names that the others have of the same build, whenever they get some.
    fn share_names_with(&self, index: usize) {
        let sources = *self;
        follow(move || {
            sources
                .others(index)
                .for_each(|other| other.symbols.track());
            untrack(|| sources.lend_names(index));
        });
    }

    /// Gives a source the names that the others have, if those are of the same build.
    fn lend_names(&self, index: usize) {
        self.others(index)
            .for_each(|other| self.all[index].borrow_names(other));
    }

    /// Returns all sources but one.
    fn others(&self, index: usize) -> impl Iterator<Item = Store> {
        let others = self.all.into_iter().enumerate();
        others.filter_map(move |(other, store)| (other != index).then_some(store))
    }

    /// Shows why a file was not opened; what was shown stays.
    fn refuse(&self, file: &File, reason: &str) {
        let store = untrack(|| self.shown());
        let text = format!("{} was not opened: {reason}", file.name());
        store.notices.show_error(text);
    }
}

/// What takes longer to work out of a capture.
struct Prepared {
    heap_history: HeapHistory,
    watched: Watched,
    scanned: Option<Scanned>,
}

impl Prepared {
    /// Works it out in short turns.
    async fn of(capture: &mut Capture) -> Self {
        let mut heap_history = HeapHistory::default();
        heap_history.push(HeapSample::of(&capture.heap));
        heap_history.set_past(samples_of(&capture.history, &capture.heap));
        let mut watched = Watched::default();
        let survivors = survivors(capture).into_iter();
        survivors.for_each(|snapshot| watched.push(snapshot));
        let page = &capture.leaks;
        // Where records are missing, so are births, and an older agent says nothing of lifetimes.
        if capture.is_weighed && !capture.loss.is_incomplete() {
            watched.weigh(page.trace_id, &page.period, &page.evidence(), true);
        }
        pause().await;
        let references = capture.references.take();
        let scanned =
            references.and_then(|page| Scanned::new(&capture.records, &capture.stacks, page, None));
        pause().await;
        Self {
            heap_history,
            watched,
            scanned,
        }
    }
}

impl Store {
    /// Shows a capture: all of it at once, for another one may be read meanwhile.
    fn take_capture(&self, file: &File, capture: Capture, prepared: Prepared) {
        self.capture.set_value(Some(file.clone()));
        self.names.set_value(Names::default());
        self.symbols.set(Default::default());
        self.notices.clear();
        self.heap_history.set(prepared.heap_history);
        self.watched.set(prepared.watched);
        self.records.set(
            RecordList {
                trace_id: capture.trace.trace_id,
                records: capture.records,
                stacks: capture.stacks,
                read_us: capture.trace.summary.time_us,
            }
            .into(),
        );
        self.marks.set(MarksPage {
            time_us: capture.trace.summary.time_us,
            marks: capture.marks,
            merged: 0,
        });
        self.scans.set(Scans {
            last: prepared.scanned.map(Arc::new),
            problem: None,
        });
        self.ending.set(capture.ending);
        self.log.set(capture.log);
        self.device.set(Some(capture.device));
        self.heap.set(Some(capture.heap));
        self.trace.set(Some(capture.trace));
        self.leaks.set(Some(capture.leaks));
        let loss = capture.loss;
        let name = file.name();
        self.opened.set(Some(Opened { name, loss }));
    }

    /// Takes over the names that another store has, if it has some of the same build.
    fn borrow_names(&self, other: Store) {
        let symbols = other.symbols.get();
        let wanted = self.symbols.with(|own| own.source.is_none());
        let fits = !symbols.build_id.is_empty() && symbols.build_id == self.device_build_id();
        if wanted && fits {
            self.names.set_value(other.names.with_value(Names::clone));
            self.names_file.set_value(other.names_file.get_value());
            self.symbols.set(symbols.without_refusal());
            self.refresh_sites();
            let store = *self;
            spawn_local(async move { store.learn_all().await });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_files_for_one_place_the_one_that_was_opened_last_stays() {
        let mut order = Order::default();
        let [large, small, other] = [(); 3].map(|()| order.open());
        assert!(order.take(small, CAPTURE));
        assert!(!order.take(large, CAPTURE), "it was read too late");
        assert!(order.take(other, OTHER) && !order.take(small, OTHER));
        // What is read in the order of opening is shown one after the other.
        assert!(order.take(other, CAPTURE));
    }
}
