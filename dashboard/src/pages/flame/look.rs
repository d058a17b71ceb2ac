use leptos::prelude::*;
use leptos::web_sys::PointerEvent;

use crate::charts::flame::Block;
use crate::location::view_value;
use crate::model::flame::measure::Measure;
use crate::model::flame::{Flame, NOWHERE, Shape};

/// What somebody looks at, and how. A handle: copies share everything.
#[derive(Clone, Copy)]
pub(super) struct Look {
    /// Index of what is measured among all measures.
    pub(super) measure: RwSignal<usize>,
    /// Whether call sites stand on top, as a number: 1 if they do.
    pub(super) top: RwSignal<usize>,
    pub(super) by_task: RwSignal<bool>,
    pub(super) all_frames: RwSignal<bool>,
    pub(super) search: RwSignal<String>,
    /// Id of the node that fills the drawing.
    pub(super) zoomed: RwSignal<usize>,
    /// Id of the node that is pointed at, if any is.
    pub(super) pointed: RwSignal<Option<usize>>,
}

/// What is seen of a tree: it changes with what is zoomed to and searched for.
#[derive(PartialEq)]
pub(super) struct Drawing {
    pub(super) blocks: Vec<Block>,
    /// Which nodes a search has found; empty where nothing is searched for.
    pub(super) matches: Vec<bool>,
}

impl Look {
    /// Takes it from the address.
    pub(super) fn of_view() -> Self {
        let says = |name: &str, word: &str| view_value(name) == word;
        let zoomed = usize::from_str_radix(&view_value("zoom"), 16);
        let measure = Measure::named(&view_value("show"));
        let measure = Measure::ALL.iter().position(|known| *known == measure);
        Self {
            measure: RwSignal::new(measure.unwrap_or(0)),
            top: RwSignal::new(says("top", "sites").into()),
            by_task: RwSignal::new(!says("tasks", "joined")),
            all_frames: RwSignal::new(says("frames", "all")),
            search: RwSignal::new(view_value("search")),
            zoomed: RwSignal::new(zoomed.unwrap_or(NOWHERE)),
            pointed: RwSignal::new(None),
        }
    }

    /// Takes a pointer that leaves the graph. A finger leaves when it is lifted: what it chose stays.
    pub(super) fn leave(self, event: &PointerEvent) {
        if event.pointer_type() == "mouse" {
            self.pointed.set(None);
        }
    }

    /// Returns it as the address says it.
    pub(super) fn view(self) -> Vec<(&'static str, String)> {
        let word = |is_so: bool, word: &str| if is_so { word } else { "" }.to_owned();
        let zoom = match self.zoomed.get() {
            NOWHERE => String::new(),
            zoomed => format!("{zoomed:x}"),
        };
        vec![
            ("show", self.measure().name().to_owned()),
            ("top", word(self.top.get() == 1, "sites")),
            ("tasks", word(!self.by_task.get(), "joined")),
            ("frames", word(self.all_frames.get(), "all")),
            ("search", self.search.get()),
            ("zoom", zoom),
        ]
    }

    /// Returns what is measured.
    pub(super) fn measure(self) -> Measure {
        Measure::ALL
            .get(self.measure.get())
            .copied()
            .unwrap_or_default()
    }

    /// Returns how call stacks become a tree.
    pub(super) fn shape(self) -> Shape {
        Shape {
            is_inverted: self.top.get() == 1,
            joins_tasks: !self.by_task.get(),
            has_all_frames: self.all_frames.get(),
        }
    }

    /// Lets the node of an id fill the drawing.
    pub(super) fn zoom(self, id: usize) {
        self.zoomed.set(id);
        self.pointed.set(None);
    }

    /// Lets a node fill the drawing.
    pub(super) fn zoom_to(self, flame: &Flame, node: usize) {
        self.zoom(match node {
            0 => NOWHERE,
            _ => flame.id(node),
        });
    }
}
