//! Reading values off a chart: with a mouse, a finger, or the keyboard.

use leptos::html::Div;
use leptos::prelude::*;
use leptos::web_sys::{HtmlElement, KeyboardEvent, PointerEvent};

use crate::components::{follow, memo};

/// Readings that a page key goes by.
const PAGE: usize = 10;

/// What somebody points at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pointed {
    /// A place in the drawing, in pixels from its left: data may move on below it.
    Place(f64),
    /// A moment in microseconds since boot: it moves on with the data.
    Moment(u64),
}

/// Where a key leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    First,
    Last,
    Back(usize),
    On(usize),
    Away,
}

impl Step {
    pub(super) fn of_key(key: &str) -> Option<Self> {
        Some(match key {
            "ArrowLeft" | "ArrowDown" => Self::Back(1),
            "ArrowRight" | "ArrowUp" => Self::On(1),
            "PageDown" => Self::Back(PAGE),
            "PageUp" => Self::On(PAGE),
            "Home" => Self::First,
            "End" => Self::Last,
            "Escape" => Self::Away,
            _ => return None,
        })
    }

    /// Returns the moment that it leads to from another one. What is not read yet is read from its newest moment on.
    pub(super) fn from(self, times_us: &[u64], moment_us: Option<u64>) -> Option<u64> {
        let last = times_us.len().checked_sub(1)?;
        let Some(moment_us) = moment_us.filter(|_| self != Self::Away) else {
            let index = if self == Self::First { 0 } else { last };
            return (self != Self::Away).then(|| times_us[index]);
        };
        let index = times_us.partition_point(|time_us| *time_us < moment_us);
        let index = match self {
            Self::First => 0,
            Self::Back(steps) => index.saturating_sub(steps),
            Self::On(steps) => index.saturating_add(steps),
            Self::Last | Self::Away => last,
        };
        Some(times_us[index.min(last)])
    }
}

/// Returns the moment with a value that is nearest to what is pointed at.
pub(super) fn moment(
    times_us: impl Iterator<Item = u64>,
    pointed: Option<Pointed>,
    time_at: impl FnOnce(f64) -> u64,
) -> Option<u64> {
    let wanted_us = match pointed? {
        Pointed::Place(x) => time_at(x),
        Pointed::Moment(time_us) => time_us,
    };
    times_us.min_by_key(|time_us| time_us.abs_diff(wanted_us))
}

/// What a screen reader says of a chart. It changes with what is pointed at, not with every answer of the device.
#[derive(Clone, Debug, Default, PartialEq)]
struct Spoken {
    index: usize,
    last: usize,
    words: String,
}

/// A drawing as it is read. A handle: copies share everything.
#[derive(Clone, Copy)]
struct Drawing {
    pointed: RwSignal<Option<Pointed>>,
    times: Callback<(), Vec<u64>>,
    time_at: Callback<f64, u64>,
    words: Callback<u64, String>,
}

impl Drawing {
    /// Returns the moment with a value that is nearest to what is pointed at.
    fn nearest(self, pointed: Option<Pointed>) -> Option<u64> {
        let times_us = self.times.run(());
        moment(times_us.into_iter(), pointed, |x| self.time_at.run(x))
    }

    /// Takes a pointer that moves over it, or a finger that touches it.
    fn touch(self, event: &PointerEvent) {
        let place = Pointed::Place(f64::from(event.offset_x()));
        // A finger covers what it points at, and leaves: what it chose stays.
        let is_mouse = event.pointer_type() == "mouse";
        let chosen = if is_mouse {
            Some(place)
        } else {
            self.nearest(Some(place)).map(Pointed::Moment)
        };
        self.pointed.set(chosen);
    }

    /// Takes a pointer that leaves it.
    fn leave(self, event: &PointerEvent) {
        if event.pointer_type() == "mouse" {
            self.pointed.set(None);
        }
    }

    /// Takes a key.
    fn press(self, event: &KeyboardEvent) {
        let Some(step) = Step::of_key(&event.key()) else {
            return;
        };
        event.prevent_default();
        let from = self.nearest(self.pointed.get_untracked());
        let to = step.from(&self.times.run(()), from);
        self.pointed.set(to.map(Pointed::Moment));
    }

    /// Returns what is said of what is pointed at, or of the newest moment.
    fn spoken(self) -> Spoken {
        let pointed = self.pointed.get();
        untrack(|| {
            let times_us = self.times.run(());
            let last = times_us.len().saturating_sub(1);
            let moment_us = self.nearest(pointed).or(times_us.last().copied());
            let index = moment_us.map(|us| times_us.partition_point(|time_us| *time_us < us));
            let words = moment_us.map(|us| self.words.run(us)).unwrap_or_default();
            Spoken {
                index: index.unwrap_or(last),
                last,
                words,
            }
        })
    }
}

/// Says in the attributes of an element what a screen reader is to say.
fn describe(element: &HtmlElement, is_stop: bool, label: &str, spoken: &Spoken) {
    let stop = if is_stop { "0" } else { "-1" };
    for (name, value) in [
        ("tabindex", stop),
        ("aria-label", label),
        ("aria-valuemax", &spoken.last.to_string()),
        ("aria-valuenow", &spoken.index.to_string()),
        ("aria-valuetext", &spoken.words),
    ] {
        // A browser refuses no attribute of these names.
        let _ = element.set_attribute(name, value);
    }
}

/// Holds a drawing that a person can read values off.
#[component]
pub(super) fn Reader(
    /// What is drawn.
    #[prop(into)]
    label: Signal<String>,
    /// Whether the tabulator stops here; mouse, touch and the keys of who got here otherwise read it anyway.
    #[prop(into)]
    is_stop: Signal<bool>,
    /// What is pointed at.
    pointed: RwSignal<Option<Pointed>>,
    /// Moments with a value, in microseconds since boot, oldest first.
    times: Callback<(), Vec<u64>>,
    /// Finds the moment at a place in the drawing.
    time_at: Callback<f64, u64>,
    /// Describes what is drawn at a moment.
    words: Callback<u64, String>,
    /// The drawing.
    children: Children,
) -> impl IntoView {
    let drawing = Drawing {
        pointed,
        times,
        time_at,
        words,
    };
    let touch = move |event: PointerEvent| drawing.touch(&event);
    let spoken = memo(move || drawing.spoken());
    let element = NodeRef::<Div>::new();
    // In one go, since each attribute that follows signals by itself weighs on the page.
    follow(move || {
        if let Some(element) = element.get() {
            describe(&element, is_stop.get(), &label.get(), &spoken.read());
        }
    });
    view! {
        <div
            class="reader"
            role="slider"
            aria-valuemin="0"
            node_ref=element
            on:pointerdown=touch
            on:pointermove=touch
            on:pointerleave=move |event| drawing.leave(&event)
            on:keydown=move |event| drawing.press(&event)
            on:blur=move |_| pointed.set(None)
            on:click=|event| event.stop_propagation()
        >
            {children()}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: [u64; 4] = [10, 20, 30, 40];

    fn pressed(key: &str, moment: Option<u64>) -> Option<u64> {
        let step = Step::of_key(key).expect("the key does something");
        step.from(&TIMES, moment)
    }

    #[test]
    fn arrows_go_from_reading_to_reading_and_stop_at_the_ends() {
        for (key, from, to) in [
            ("ArrowLeft", 30, 20),
            ("ArrowRight", 30, 40),
            ("ArrowLeft", 10, 10),
            ("ArrowRight", 40, 40),
            ("PageDown", 40, 10),
            ("PageUp", 10, 40),
            ("Home", 30, 10),
            ("End", 20, 40),
        ] {
            assert_eq!(pressed(key, Some(from)), Some(to), "{key} from {from}");
        }
    }

    #[test]
    fn the_first_key_reads_the_newest_moment_and_escape_reads_none() {
        assert_eq!(pressed("ArrowLeft", None), Some(40));
        assert_eq!(pressed("ArrowRight", None), Some(40));
        assert_eq!(pressed("Home", None), Some(10));
        assert_eq!(pressed("Escape", Some(30)), None);
        assert_eq!(pressed("Escape", None), None);
        assert_eq!(Step::of_key("Tab"), None);
    }

    #[test]
    fn nothing_can_be_read_where_nothing_is_drawn() {
        for step in [
            Step::First,
            Step::Last,
            Step::Back(1),
            Step::On(1),
            Step::Away,
        ] {
            assert_eq!(step.from(&[], None), None);
            assert_eq!(step.from(&[], Some(7)), None);
        }
        assert_eq!(
            moment([].into_iter(), Some(Pointed::Moment(7)), |_| 0),
            None
        );
    }

    #[test]
    fn a_place_is_read_at_the_nearest_moment_with_a_value() {
        let read = |pointed| moment(TIMES.into_iter(), pointed, |x| x as u64);
        assert_eq!(read(Some(Pointed::Place(24.0))), Some(20));
        assert_eq!(read(Some(Pointed::Place(99.0))), Some(40));
        assert_eq!(read(Some(Pointed::Moment(30))), Some(30));
        assert_eq!(read(None), None);
    }
}
