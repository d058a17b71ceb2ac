use heapbeacon_shared::analysis::Turn;
use heapbeacon_shared::api::Device;
use heapbeacon_shared::report::Version;
use leptos::prelude::*;

use crate::location::{Page, note_view, view_value};
use crate::model::compare::{Choice, Named, turn_word};
use crate::pages::span::keeps_freed;
use crate::pages::version::{title, version};
use crate::store::sources::{SOURCES, Sources};
use crate::store::{Opened, Store};

/// What somebody compares. A handle: copies share everything.
#[derive(Clone, Copy)]
pub(super) struct Look {
    pub(super) sources: Sources,
    /// What was chosen for before and after.
    pub(super) chosen: [RwSignal<Option<Choice>>; 2],
    /// The captures that the link names which the page was opened with.
    pub(super) named: StoredValue<[Named; 2]>,
    /// Which way call sites go that are listed; all where it is none.
    pub(super) turn: RwSignal<Option<Turn>>,
    /// How often the device was looked at: between two, what is shown of it stays.
    pub(super) looks: RwSignal<usize>,
}

/// The sum of the places of both captures among the sources.
const CAPTURES: usize = 3;

/// Names of both sides in the address of a view.
pub(super) const SIDES: [&str; 2] = ["before", "after"];
/// Name and build id of the capture on a side, behind the name of the side.
const FILE: &str = "-file";
const BUILD: &str = "-build";
/// Which way call sites go, in the order of the page.
pub(super) const TURNS: [Turn; 4] = [Turn::New, Turn::Grown, Turn::Shrunk, Turn::Gone];

impl Look {
    /// Takes it from the address.
    pub(super) fn of_view() -> Self {
        let chosen = |side| RwSignal::new(Choice::named(&view_value(side), SOURCES));
        let named = |side: &str| {
            let value = |what: &str| view_value(&[side, what].concat());
            let (file, build) = (value(FILE), value(BUILD));
            Named { file, build }
        };
        let turn = view_value("show");
        let turn = TURNS.into_iter().find(|known| turn_word(*known) == turn);
        Self {
            sources: Sources::of_app(),
            chosen: SIDES.map(chosen),
            named: StoredValue::new(SIDES.map(named)),
            turn: RwSignal::new(turn),
            looks: RwSignal::new(0),
        }
    }

    /// Notes it in the address.
    pub(super) fn note(self) {
        let name = |side: usize| {
            self.chosen[side]
                .get()
                .map(Choice::name)
                .unwrap_or_default()
        };
        let turn = self.turn.get().map(turn_word).unwrap_or_default();
        let [before, after] = [0, 1].map(|side| self.opened_or_named(side));
        let [name_of_before, name_of_after] = SIDES.map(|side| [side, FILE].concat());
        let [build_before, build_after] = SIDES.map(|side| [side, BUILD].concat());
        note_view(
            Page::Compare,
            &[
                (SIDES[0], name(0)),
                (SIDES[1], name(1)),
                ("show", turn.to_owned()),
                (&name_of_before, before.file),
                (&build_before, before.build),
                (&name_of_after, after.file),
                (&build_after, after.build),
            ],
        );
    }

    /// Returns the capture that is open on a side; without a name where there is none.
    pub(super) fn opened(self, side: usize) -> Named {
        let choice = self.choice(side);
        choice.map_or_else(Named::default, |choice| named(self.store(choice)))
    }

    /// Returns the capture that is open on a side, or else the one that is to be.
    fn opened_or_named(self, side: usize) -> Named {
        let opened = self.opened(side);
        let is_missing = |choice: Choice| !self.store(choice).is_known();
        match self.choice(side).is_none_or(is_missing) {
            true => self.named.with_value(|named| named[side].clone()),
            false => opened,
        }
    }

    /// Compares a capture that was opened on a side: there, unless the link names it for the other one.
    pub(super) fn take(self, source: usize, side: usize) {
        let choice = |source: usize| Choice {
            source,
            at_us: None,
        };
        let opened = untrack(|| named(self.sources.all()[source]));
        let side = self.named.with_value(|named| opened.side_in(named, side));
        let other = self.chosen[1 - side];
        // What else was to be in that place gets the other place for captures.
        if other.with_untracked(|other| other.is_some_and(|other| other.source == source)) {
            other.set(Some(choice(CAPTURES - source)));
        }
        self.chosen[side].set(Some(choice(source)));
        // Another capture than the link wanted goes where it is dropped from now on.
        let both = untrack(|| [0, 1].map(|side| self.opened(side)));
        self.named.update_value(|named| {
            if Named::are_open(named, &both) {
                *named = Default::default();
            }
        });
    }

    /// Returns what is compared on a side: what was chosen, or else a capture with what came after it.
    pub(super) fn choice(self, side: usize) -> Option<Choice> {
        let chosen = self.chosen[side].get();
        chosen.or_else(|| {
            let (other, order): (_, &[usize]) = match side {
                // Without a capture there is nothing that the device could be compared with.
                0 => (self.chosen[1].get(), &[1, 2]),
                _ => (self.choice(0), &[2, 0, 1]),
            };
            let now = |source: &usize| Choice {
                source: *source,
                at_us: None,
            };
            let mut offered = order.iter().map(now);
            offered.find(|choice| Some(*choice) != other && self.store(*choice).is_known())
        })
    }

    /// Returns what is compared, where both sides are there.
    pub(super) fn both(self) -> Option<[Choice; 2]> {
        let both = [self.choice(0)?, self.choice(1)?];
        let is_there = |choice: &Choice| self.store(*choice).is_known();
        (both[0] != both[1] && both.iter().all(is_there)).then_some(both)
    }

    /// Exchanges before and after.
    pub(super) fn swap(self) {
        let both = untrack(|| [0, 1].map(|side| self.choice(side)));
        self.named.update_value(|named| named.reverse());
        self.chosen[0].set(both[1]);
        self.chosen[1].set(both[0]);
    }

    pub(super) fn store(self, choice: Choice) -> Store {
        self.sources.all()[choice.source]
    }

    /// Returns the call sites of a side, and follows which names they have.
    pub(super) fn version(self, choice: Choice) -> Option<Version> {
        let store = self.store(choice);
        store.symbols.track();
        store.opened.track();
        untrack(|| version(store, choice.at_us))
    }

    /// Returns whether everything is there that tells what a side holds.
    pub(super) fn is_told(self, choice: Choice) -> bool {
        let store = self.store(choice);
        let has_records = || store.is_file || store.records.with(|records| records.read_us > 0);
        store.leaks.with(Option::is_some) && (choice.at_us.is_none() || has_records())
    }

    /// Returns what a side lacks, in sentences: what is missing in a file, and what is not known of a moment.
    pub(super) fn lacks(self, choice: Choice) -> Vec<String> {
        let store = self.store(choice);
        let lost = |opened: &Opened| {
            let sentences = opened.loss.sentences().into_iter();
            let told = sentences.map(|sentence| format!("{}: {sentence}", opened.name));
            told.collect()
        };
        let mut lacks: Vec<String> = store
            .opened
            .with(|opened| opened.as_ref().map(lost).unwrap_or_default());
        let title = title(store, choice.at_us);
        let freed = match choice.at_us {
            None => return lacks,
            Some(_) if store.is_told_all() => {
                "of freed blocks this page keeps only the latest that events have told"
            }
            Some(_) if keeps_freed(store) => return lacks,
            Some(_) => {
                "this trace does not remember freed blocks (all mode does), so nothing shrinks here"
            }
        };
        lacks.push(format!(
            "Of {title} only those blocks are known that have a record still: {freed}."
        ));
        lacks
    }
}

/// Returns what a link calls the capture of a source; nothing of a device.
fn named(store: Store) -> Named {
    let opened = store.opened.read();
    let Some(opened) = opened.as_ref() else {
        return Named::default();
    };
    let build = |device: &Option<Device>| device.as_ref().map(|it| it.build_id.to_string());
    Named {
        file: opened.name.clone(),
        build: store.device.with(build).unwrap_or_default(),
    }
}
