//! What pages can show: the connected device, and capture files.

use std::sync::Arc;

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
/// How many sources there are.
pub const SOURCES: usize = 3;

/// What pages can show, each in a [`Store`] of its own: the connected device, which is polled whatever is shown, and a
/// capture file. A handle, as a store is.
#[derive(Clone, Copy)]
pub struct Sources {
    all: [Store; SOURCES],
    /// Index of the one that is shown.
    shown: RwSignal<usize>,
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
        let sources = *self;
        spawn_local(async move {
            match FileKind::of(&file).await.or(asked_for) {
                Some(FileKind::Capture) => sources.open_capture(&file).await,
                Some(FileKind::Elf) => sources.read_names(file),
                None => sources.refuse(
                    &file,
                    "it begins neither like a HeapBeacon capture nor like an ELF or its symbols. Choose a file that \
                     was saved from /api/v1/capture, or the ELF that was flashed.",
                ),
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
        let sources = *self;
        let places = [CAPTURE, OTHER];
        let own = usize::from(is_after);
        let index = match kept == Some(places[own]) {
            true => places[1 - own],
            false => places[own],
        };
        spawn_local(async move {
            if sources.take(&file, index).await {
                opened.run(index);
            }
        });
    }

    async fn open_capture(&self, file: &File) {
        if self.take(file, CAPTURE).await {
            pause().await;
            self.show(CAPTURE);
            go_to(Page::Leaks);
        }
    }

    /// Reads a capture into the place of an index; returns whether it is one.
    async fn take(&self, file: &File, index: usize) -> bool {
        match read_capture(file).await {
            Ok(capture) => {
                pause().await;
                self.all[index].take_capture(file, capture).await;
                // What was refused before no longer matters when somebody comes back to the device.
                self.device().forget_refusals();
                untrack(|| self.lend_names(index));
                true
            }
            Err(problem) => {
                self.refuse(file, &format!("{problem}."));
                false
            }
        }
    }

    fn read_names(&self, elf: File) {
        let store = untrack(|| self.shown());
        if store.device.with_untracked(Option::is_some) {
            store.use_file(elf);
        } else {
            self.refuse(
                &elf,
                "an ELF names the addresses of a device or of a capture. Open one of them first.",
            );
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

impl Store {
    async fn take_capture(&self, file: &File, capture: Capture) {
        self.capture.set_value(Some(file.clone()));
        self.names.set_value(Names::default());
        self.symbols.set(Default::default());
        self.notices.clear();
        self.heap_history.update(|history| {
            *history = Default::default();
            history.push(HeapSample::of(&capture.heap));
            history.set_past(samples_of(&capture.history, &capture.heap));
        });
        self.watched.update(|watched| {
            *watched = Default::default();
            let survivors = survivors(&capture).into_iter();
            survivors.for_each(|snapshot| watched.push(snapshot));
            let page = &capture.leaks;
            // Where records are missing, so are births, and an older agent says nothing of lifetimes.
            if capture.is_weighed && !capture.loss.is_incomplete() {
                watched.weigh(page.trace_id, &page.period, &page.evidence(), true);
            }
        });
        pause().await;
        let scanned = capture
            .references
            .and_then(|page| Scanned::new(&capture.records, &capture.stacks, page, None));
        pause().await;
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
            last: scanned.map(Arc::new),
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
        pause().await;
        self.refresh_sites();
        self.look_for_elf();
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
