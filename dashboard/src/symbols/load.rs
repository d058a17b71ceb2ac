//! Reads the names of a store's functions from an ELF: one that somebody chose, that was cached or that the device has.

use std::rc::Rc;

use heapbeacon_shared::api::{Feature, Route};
use heapbeacon_shared::symbols::Symbols;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::{Blob, File};

use super::elf_file::ElfProblem;
use super::names::Names;
use super::source::{Source, SymbolState};
use super::{elf_cache, elf_file};
use crate::store::Store;

impl Store {
    /// Reads names from a file that somebody chose, and caches it for the next visit if it fits.
    pub fn use_file(&self, file: File) {
        let store = *self;
        spawn_local(async move {
            if store.load(Source::File(file.name()), &file).await {
                store.forget_refusals();
                elf_cache::put(&store.device_build_id(), &file).await;
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
        spawn_local(async move { elf_cache::delete(&build_id).await });
    }

    /// Drops the names of a build that no longer runs.
    pub fn drop_symbols(&self) {
        self.names.set_value(Names::default());
        self.symbols.set(SymbolState::default());
    }

    /// Fetches the ELF that the device offers.
    pub fn use_device_elf(&self) {
        let store = *self;
        spawn_local(async move { store.load_device_elf().await });
    }

    /// Looks once for an ELF that was cached or that the device offers.
    pub fn look_for_elf(&self) {
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
            if let Some(cached) = elf_cache::get(&store.device_build_id()).await {
                store.load(Source::File(cached.name()), &cached).await;
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
        let read = elf_file::read(file, &build_id).await;
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

    /// Returns the build id of the device's firmware; empty if it has none.
    pub fn device_build_id(&self) -> String {
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

    /// Notes what is wrong with a file; the names in use stay.
    fn refuse(&self, problem: String) {
        self.symbols.update(|symbols| {
            symbols.loading = false;
            symbols.problem = Some(problem);
        });
    }
}

/// Returns what is missing in an ELF, in sentences.
fn sentences(symbols: &Symbols) -> Vec<String> {
    symbols.missing().iter().map(ToString::to_string).collect()
}
