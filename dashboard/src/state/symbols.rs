//! Where the names of functions come from.

use heapbeacon_shared::api::Feature;
use heapbeacon_shared::symbols::Symbols;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::Blob;

use super::Store;
use super::elf;
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
    /// Whether one is being read.
    pub loading: bool,
    /// Why the last one was refused.
    pub problem: Option<String>,
    /// Whether somebody asked for no names.
    pub forgotten: bool,
}

impl Store {
    /// Reads names from a file that somebody chose.
    pub fn use_file(&self, name: String, file: Blob) {
        let store = *self;
        spawn_local(async move { store.load(Source::File(name), file).await });
    }

    /// Goes back to addresses.
    pub fn forget_symbols(&self) {
        self.names.set_value(Names::default());
        self.symbols.set(SymbolState {
            forgotten: true,
            ..SymbolState::default()
        });
        self.refresh_sites();
    }

    /// Fetches the ELF that the device offers.
    pub fn use_device_elf(&self) {
        let store = *self;
        store.symbols.update(|symbols| symbols.loading = true);
        spawn_local(async move {
            let client = store.client.get_value();
            match client.elf().await {
                Ok(file) => store.load(Source::Device, file).await,
                Err(error) => store.refuse(error.to_string()),
            }
        });
    }

    /// Fetches the device's ELF unless there are names, or nobody wants them.
    pub(super) fn want_device_elf(&self) {
        let wanted = self.symbols.with_untracked(|symbols| {
            let settled = symbols.source.is_some() || symbols.problem.is_some();
            !settled && !symbols.loading && !symbols.forgotten
        });
        if wanted && untrack(|| self.offers(Feature::Elf)) {
            self.use_device_elf();
        }
    }

    async fn load(&self, source: Source, file: Blob) {
        self.symbols.update(|symbols| symbols.loading = true);
        match elf::read(&file, &self.device_build_id()).await {
            Ok(symbols) => self.take(source, symbols),
            Err(problem) => self.refuse(problem.to_string()),
        }
    }

    fn device_build_id(&self) -> String {
        let device = self.device.read_untracked();
        let id = device.as_ref().map(|device| device.build_id.as_str());
        id.unwrap_or_default().to_owned()
    }

    fn take(&self, source: Source, symbols: Symbols) {
        let build_id = symbols.build_id().map(ToString::to_string);
        self.symbols.set(SymbolState {
            source: Some(source),
            build_id: build_id.unwrap_or_default(),
            has_lines: symbols.has_debug_info(),
            ..SymbolState::default()
        });
        self.names.set_value(Names::new(Some(symbols)));
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
