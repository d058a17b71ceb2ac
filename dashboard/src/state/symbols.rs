//! Where the names of functions come from.

use std::rc::Rc;

use heapbeacon_shared::api::{Feature, Route};
use heapbeacon_shared::symbols::Symbols;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::{Blob, File};

use super::Store;
use super::elf::ElfProblem;
use super::{elf, elf_shelf};
use crate::naming::Names;

/// Who gave the ELF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The device offers its own.
    Device,
    /// Somebody chose a file of this name.
    File(String),
}

/// Where the names of functions come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SymbolState {
    /// Who gave the ELF that is in use.
    pub source: Option<Source>,
    /// Its build id; empty if it has none.
    pub build_id: String,
    /// Whether it has source lines.
    pub has_lines: bool,
    /// What it should tell and does not, in sentences.
    pub missing: Vec<String>,
    /// Whether one is being read.
    pub loading: bool,
    /// Why the last one was refused.
    pub problem: Option<String>,
    /// Whether nobody should look for an ELF: there is none, or nobody wants one.
    pub settled: bool,
}

impl SymbolState {
    /// Says where the names come from, and nothing of another ELF that was chosen.
    pub(super) fn without_refusal(self) -> Self {
        Self {
            loading: false,
            problem: None,
            ..self
        }
    }
}

impl Store {
    /// Reads names from a file that somebody chose, and keeps it for the next visit if it fits.
    pub fn use_file(&self, file: File) {
        let store = *self;
        spawn_local(async move {
            if store.load(Source::File(file.name()), &file).await {
                store.forget_refusals();
                elf_shelf::keep(&store.device_build_id(), &file).await;
            }
        });
    }

    /// Goes back to addresses.
    pub fn forget_symbols(&self) {
        self.names.set_value(Names::default());
        self.symbols.set(SymbolState {
            settled: true,
            ..SymbolState::default()
        });
        self.refresh_sites();
        let build_id = self.device_build_id();
        spawn_local(async move { elf_shelf::forget(&build_id).await });
    }

    /// Gives up the names of a build that no longer runs.
    pub(super) fn drop_symbols(&self) {
        self.names.set_value(Names::default());
        self.symbols.set(SymbolState::default());
    }

    /// Fetches the ELF that the device offers.
    pub fn use_device_elf(&self) {
        let store = *self;
        spawn_local(async move { store.load_device_elf().await });
    }

    /// Looks for an ELF that was kept or that the device offers, once.
    pub(super) fn look_for_elf(&self) {
        let store = *self;
        let wanted = self.symbols.with_untracked(|symbols| {
            let answered = symbols.source.is_some() || symbols.problem.is_some();
            !answered && !symbols.loading && !symbols.settled
        });
        if !wanted {
            return;
        }
        self.symbols.update(|symbols| symbols.loading = true);
        spawn_local(async move {
            if let Some(kept) = elf_shelf::find(&store.device_build_id()).await {
                store.load(Source::File(kept.name()), &kept).await;
            } else if untrack(|| store.offers(Feature::Elf)) {
                store.load_device_elf().await;
            } else {
                store.symbols.update(|symbols| {
                    symbols.loading = false;
                    // There is nothing to look for again.
                    symbols.settled = true;
                });
            }
        });
    }

    async fn load_device_elf(&self) {
        self.symbols.update(|symbols| symbols.loading = true);
        let client = self.client.get_value();
        match client.download(Route::Elf).await {
            Ok(file) => {
                self.load(Source::Device, &file).await;
            }
            Err(error) => self.refuse(error.to_string()),
        }
    }

    /// Returns whether the file gave names.
    async fn load(&self, source: Source, file: &Blob) -> bool {
        self.symbols.update(|symbols| symbols.loading = true);
        let build_id = self.device_build_id();
        let read = elf::read(file, &build_id).await;
        // Meanwhile another build may run, or another capture be shown: that looks for names itself.
        if self.device_build_id() != build_id {
            return false;
        }
        match read {
            Ok(symbols) if !symbols.has_debug_info() && self.has_lines() => {
                let missing = sentences(&symbols).join(" ");
                self.refuse(ElfProblem::NoDebugInfo { missing }.to_string());
                false
            }
            Ok(symbols) => {
                self.take(source, symbols);
                true
            }
            Err(problem) => {
                self.refuse(problem.to_string());
                false
            }
        }
    }

    fn has_lines(&self) -> bool {
        let symbols = self.symbols.read_untracked();
        symbols.source.is_some() && symbols.has_lines
    }

    pub(super) fn device_build_id(&self) -> String {
        let device = self.device.read_untracked();
        let id = device.as_ref().map(|device| device.build_id.to_string());
        id.unwrap_or_default()
    }

    fn take(&self, source: Source, symbols: Symbols) {
        let build_id = symbols.build_id().map(ToString::to_string);
        self.symbols.set(SymbolState {
            source: Some(source),
            build_id: build_id.unwrap_or_default(),
            has_lines: symbols.has_debug_info(),
            missing: sentences(&symbols),
            ..SymbolState::default()
        });
        self.names.set_value(Names::new(Some(Rc::new(symbols))));
        self.refresh_sites();
    }

    /// Says what is wrong and keeps what it had.
    fn refuse(&self, problem: String) {
        self.symbols.update(|symbols| {
            symbols.loading = false;
            symbols.problem = Some(problem);
        });
    }
}

/// Says what an ELF should tell and does not.
fn sentences(symbols: &Symbols) -> Vec<String> {
    symbols.missing().iter().map(ToString::to_string).collect()
}
