//! Reads the names of a store's functions from an ELF: one that somebody chose, that was cached or that the device has.

use std::rc::Rc;

use heapbeacon_shared::api::{Feature, Route};
use heapbeacon_shared::symbol_file;
use heapbeacon_worker::protocol::{ElfProblem, Opened, Wanted};
use js_sys::{Array, Uint8Array};
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::{Blob, File};

use super::elf_cache;
use super::lookup::Lookup;
use super::names::Names;
use super::server;
use super::source::{Source, SymbolState};
use crate::files::read::slice;
use crate::files::save::save;
use crate::model::ending::stack;
use crate::store::Store;

impl Store {
    /// Reads names from a file that somebody chose, and caches it for the next visit if it fits, which is returned.
    pub async fn use_file(&self, file: &File) -> bool {
        let fits = self.load(Source::File(file.name()), file).await;
        if fits {
            self.forget_refusals();
            elf_cache::put(&self.device_build_id(), file).await;
        }
        fits
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
            } else if !store.load_from_server().await {
                store.symbols.update(|symbols| {
                    symbols.loading = false;
                    // There is nothing to look for again.
                    symbols.settled = true;
                });
            }
        });
    }

    /// Fetches the names from the server that somebody has just named.
    pub fn use_server(&self) {
        let store = *self;
        spawn_local(async move {
            store.load_from_server().await;
        });
    }

    /// Returns whether a server was asked.
    async fn load_from_server(&self) -> bool {
        let build_id = self.device_build_id();
        match server::fetch(&build_id).await {
            None => return false,
            Some(Ok(file)) => {
                self.load(Source::Server, &file).await;
            }
            Some(Err(problem)) => self.refuse(problem),
        }
        true
    }

    /// Saves the names in use as a symbol file: what they came in, if that is one, or what the worker makes of the ELF.
    pub fn save_names(&self) {
        let store = *self;
        spawn_local(async move {
            let name = store.symbols.with_untracked(|symbols| {
                let is_known = !symbols.build_id.is_empty();
                let id = if is_known {
                    &symbols.build_id
                } else {
                    "firmware"
                };
                format!("{id}.symbols")
            });
            match store.symbol_file().await {
                Ok(file) if save(&file, &name) => {}
                Ok(_) => store.refuse("This browser does not save files.".to_owned()),
                Err(problem) => store.refuse(problem),
            }
        });
    }

    async fn symbol_file(&self) -> Result<Blob, String> {
        let unreadable = || ElfProblem::Unreadable.to_string();
        let file = self.names_file.get_value().ok_or_else(unreadable)?;
        let begins = slice(&file, 0..symbol_file::MAGIC.len() as u64).await;
        if begins.is_ok_and(|bytes| bytes == symbol_file::MAGIC) {
            return Ok(file);
        }
        let lookup = self.names.with_value(Names::lookup);
        let packed = lookup.ok_or_else(unreadable)?.pack().await?;
        let parts = Array::of1(&Uint8Array::from(&packed[..]));
        Blob::new_with_u8_array_sequence(&parts).map_err(|_| unreadable())
    }

    async fn load_device_elf(&self) {
        self.symbols.update(|symbols| symbols.loading = true);
        let client = self.client.get_value();
        match client.download(Route::Elf, "").await {
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
        let read = self.read(file, &build_id).await;
        // Meanwhile another build may run, or another capture be shown: that looks for names itself.
        if self.device_build_id() != build_id {
            return false;
        }
        match read {
            Ok((names, opened)) => {
                self.names_file.set_value(Some(file.clone()));
                self.take(source, names, opened);
                self.learn_all().await;
                true
            }
            Err(problem) => {
                self.refuse(problem);
                false
            }
        }
    }

    /// Reads a file, and finds the names of what the store has.
    ///
    /// # Errors
    /// A sentence: why there are no names, or none that are better than those in use.
    async fn read(&self, file: &Blob, build_id: &str) -> Result<(Names, Opened), String> {
        let (lookup, opened) = Lookup::open(file, build_id).await?;
        if !opened.has_lines && self.has_lines() {
            return Err(no_lines(&opened.missing));
        }
        let mut names = Names::new(lookup);
        let wanted = self.all_wanted(&names);
        if let Some(lookup) = names.lookup() {
            let found = lookup.find(wanted.clone()).await?;
            names.learn(&wanted, found);
        }
        Ok((names, opened))
    }

    /// Returns what is to be found before everything that the store has is named.
    fn all_wanted(&self, names: &Names) -> Wanted {
        let (leaks, records) = (self.leaks.read_untracked(), self.records.read_untracked());
        let of_wrong_frees = self.wrong_free_stacks.read_untracked();
        let of_leaks = leaks.iter().flat_map(|page| &page.leaks);
        let stacks = of_leaks.map(|leak| &leak.stack).chain(&records.stacks);
        let tasks = records
            .records
            .iter()
            .filter_map(|record| record.task.as_deref());
        let scan = self.scans.with_untracked(|scans| scans.last.clone());
        let of_scan = scan.iter().flat_map(|scan| scan.stacks());
        let of_ending = self
            .ending
            .with_untracked(|ending| ending.as_ref().map(stack));
        let stacks = stacks
            .chain(&*of_wrong_frees)
            .chain(of_scan)
            .chain(&of_ending);
        let mut wanted = names.wanted(stacks, tasks);
        if let Some(scan) = &scan {
            names.want_statics(&mut wanted, &scan.statics());
        }
        wanted
    }

    /// Finds the names of everything that the store has and that came while others were found.
    pub async fn learn_all(&self) {
        let wanted = self.names.with_value(|names| self.all_wanted(names));
        if self.learn(wanted).await {
            self.symbols.notify();
            self.refresh_sites();
        }
    }

    /// Finds names before they are shown. Returns whether there are new ones: without an ELF there are none.
    pub async fn learn(&self, wanted: Wanted) -> bool {
        let Some(lookup) = self.names.with_value(Names::lookup) else {
            return false;
        };
        if wanted.is_empty() {
            return false;
        }
        let found = lookup.find(wanted.clone()).await;
        let learnt = self.names.try_update_value(|names| {
            // Meanwhile they may come from another ELF.
            let is_same = names.lookup().is_some_and(|now| Rc::ptr_eq(&now, &lookup));
            is_same.then(|| found.map(|found| names.learn(&wanted, found)))
        });
        match learnt.flatten() {
            None => false,
            Some(Ok(())) => true,
            Some(Err(problem)) => {
                self.lose_symbols(problem);
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

    fn take(&self, source: Source, names: Names, opened: Opened) {
        let Opened {
            build_id,
            has_lines,
            missing,
        } = opened;
        self.names.set_value(names);
        self.symbols.set(SymbolState {
            source: Some(source),
            build_id,
            has_lines,
            missing,
            ..SymbolState::default()
        });
        self.refresh_sites();
    }

    /// Goes back to addresses, for a reason.
    fn lose_symbols(&self, problem: String) {
        self.names.set_value(Names::default());
        self.symbols.set(SymbolState {
            problem: Some(problem),
            ..SymbolState::default()
        });
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

/// Says that a file has no lines while the names in use have, and why, where the file tells.
fn no_lines(missing: &[String]) -> String {
    let why = match missing {
        [] => {
            "It has no debug information: build with `debug = \"limited\"`, and choose the file before it is stripped."
        }
        _ => &missing.join(" "),
    };
    format!("This ELF tells no lines: the names in use stay. {why}")
}
