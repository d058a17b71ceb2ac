//! What lies on the desk: a device, and over it perhaps a capture file.

use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::File;

use super::Store;
use super::capture::{Capture, survivors};
use super::file::{FileKind, read_capture};
use super::heap_history::HeapSample;
use super::link::Obstacle;
use super::store::{Opened, RecordList};
use crate::location::{Page, Target, go_to};
use crate::naming::Names;

/// The device that the page follows, and the capture file that lies over it. A handle, as a [`Store`] is.
#[derive(Clone, Copy)]
pub struct Desk {
    /// What is known of the device; it goes on while a file is shown.
    pub device: Store,
    file: Store,
}

impl Desk {
    /// Follows a device for as long as the page is open.
    pub fn new(target: &Target) -> Self {
        let desk = Self {
            device: Store::new(target.base()),
            file: Store {
                is_file: true,
                ..Store::new(String::new())
            },
        };
        match target {
            Target::Own | Target::Other(_) => desk.device.start(),
            Target::Malformed(text) => desk.device.meet(Some(Obstacle::Malformed(text.clone()))),
            Target::Nobody => desk.device.meet(Some(Obstacle::Nobody)),
        }
        // Names of one build are good for both.
        desk.file.share_names_of(desk.device);
        desk.device.share_names_of(desk.file);
        desk
    }

    /// Returns the desk that the app provides.
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

    /// Puts the file away.
    pub fn close(&self) {
        self.file.opened.set(None);
    }

    /// Takes a file for what it is, or else for what was asked for.
    pub fn take(&self, file: File, asked_for: Option<FileKind>) {
        let desk = *self;
        spawn_local(async move {
            match FileKind::of(&file).await.or(asked_for) {
                Some(FileKind::Capture) => desk.open(&file).await,
                Some(FileKind::Elf) => desk.name_by(file),
                None => desk.refuse(
                    &file,
                    "it begins neither like a HeapBeacon capture nor like an ELF. Choose a file that \
                     was saved from /api/v1/capture, or the ELF that was flashed.",
                ),
            }
        });
    }

    async fn open(&self, file: &File) {
        match read_capture(file).await {
            Ok(capture) => {
                self.file.take_capture(file.name(), capture);
                // What was refused before is no news when somebody comes back to the device.
                self.device.forget_refusals();
                untrack(|| self.file.borrow_names(self.device));
                go_to(Page::Leaks);
            }
            Err(problem) => self.refuse(file, &format!("{problem}.")),
        }
    }

    fn name_by(&self, elf: File) {
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

    /// Says what is wrong with a file, and keeps what was shown.
    fn refuse(&self, file: &File, reason: &str) {
        let store = untrack(|| self.shown());
        store.tell(true, format!("{} was not opened: {reason}", file.name()));
    }
}

impl Store {
    fn take_capture(&self, name: String, capture: Capture) {
        self.names.set_value(Names::default());
        self.symbols.set(Default::default());
        self.notices.set(Vec::new());
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
