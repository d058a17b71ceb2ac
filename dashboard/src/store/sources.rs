//! The connected device, and the capture file shown over it, if one is open.

use heapbeacon_shared::capture::{Capture, survivors};
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::File;

use super::{Opened, Store};
use crate::device::connection::Obstacle;
use crate::device::records::RecordList;
use crate::files::kind::FileKind;
use crate::files::read::read_capture;
use crate::location::{Page, Target, go_to};
use crate::model::heap_sample::HeapSample;
use crate::symbols::names::Names;

/// The connected device, and the capture file shown over it, if one is open. A handle, as a [`Store`] is.
#[derive(Clone, Copy)]
pub struct Sources {
    /// The device, which is polled while a file is shown, too.
    pub device: Store,
    file: Store,
}

impl Sources {
    /// Follows a device for as long as the page is open.
    pub fn new(target: &Target) -> Self {
        let sources = Self {
            device: Store::new(target.base()),
            file: Store {
                is_file: true,
                ..Store::new(String::new())
            },
        };
        match target {
            Target::Own | Target::Other(_) => sources.device.start(),
            Target::Malformed(text) => sources
                .device
                .set_obstacle(Some(Obstacle::Malformed(text.clone()))),
            Target::Nobody => sources.device.set_obstacle(Some(Obstacle::Nobody)),
        }
        // Names of one build are good for both.
        sources.file.share_names_of(sources.device);
        sources.device.share_names_of(sources.file);
        sources
    }

    /// Returns the sources that the app provides.
    pub fn of_app() -> Self {
        expect_context()
    }

    /// Returns whether a file is shown.
    pub fn shows_file(&self) -> bool {
        self.file.opened.with(Option::is_some)
    }

    /// Returns what the pages show.
    pub fn shown(&self) -> Store {
        if self.shows_file() {
            self.file
        } else {
            self.device
        }
    }

    /// Closes the file.
    pub fn close(&self) {
        self.file.opened.set(None);
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
                    "it begins neither like a HeapBeacon capture nor like an ELF. Choose a file that \
                     was saved from /api/v1/capture, or the ELF that was flashed.",
                ),
            }
        });
    }

    async fn open_capture(&self, file: &File) {
        match read_capture(file).await {
            Ok(capture) => {
                self.file.take_capture(file.name(), capture);
                // What was refused before no longer matters when somebody comes back to the device.
                self.device.forget_refusals();
                untrack(|| self.file.borrow_names(self.device));
                go_to(Page::Leaks);
            }
            Err(problem) => self.refuse(file, &format!("{problem}.")),
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

    /// Shows why a file was not opened; what was shown stays.
    fn refuse(&self, file: &File, reason: &str) {
        let store = untrack(|| self.shown());
        let text = format!("{} was not opened: {reason}", file.name());
        store.notices.show_error(text);
    }
}

impl Store {
    fn take_capture(&self, name: String, capture: Capture) {
        self.names.set_value(Names::default());
        self.symbols.set(Default::default());
        self.notices.clear();
        self.heap_history.update(|history| {
            history.clear();
            history.push(HeapSample::of(&capture.heap));
        });
        self.watched.update(|watched| {
            *watched = Default::default();
            let survivors = survivors(&capture).into_iter();
            survivors.for_each(|snapshot| watched.push(snapshot));
        });
        self.records.set(
            RecordList {
                trace_id: capture.trace.trace_id,
                records: capture.records,
                stacks: capture.stacks,
                read_us: capture.trace.summary.time_us,
            }
            .into(),
        );
        self.device.set(Some(capture.device));
        self.heap.set(Some(capture.heap));
        self.trace.set(Some(capture.trace));
        self.leaks.set(Some(capture.leaks));
        let loss = capture.loss;
        self.opened.set(Some(Opened { name, loss }));
        self.refresh_sites();
        self.look_for_elf();
    }

    /// Takes over the names that another store has of the same build, whenever it gets some.
    fn share_names_of(&self, other: Store) {
        let store = *self;
        Effect::new(move |_| {
            other.symbols.track();
            untrack(|| store.borrow_names(other));
        });
    }

    /// Takes over the names that another store has, if it has some of the same build.
    fn borrow_names(&self, other: Store) {
        let symbols = other.symbols.get();
        let wanted = self.symbols.with(|own| own.source.is_none());
        let fits = !symbols.build_id.is_empty() && symbols.build_id == self.device_build_id();
        if wanted && fits {
            let names = other.names.with_value(Names::symbols);
            self.names.set_value(Names::new(names));
            self.symbols.set(symbols.without_refusal());
            self.refresh_sites();
        }
    }
}
