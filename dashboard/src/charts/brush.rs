//! Choosing a part of the time in a chart: with a mouse, a finger, or the keyboard.

use core::ops::Range;

use leptos::html::Div;
use leptos::prelude::*;
use leptos::web_sys::{HtmlElement, KeyboardEvent, PointerEvent};

use super::geometry::Frame;
use super::reader::{Pointed, Step};
use crate::components::follow;
use crate::format;
use crate::model::span::Span;

/// How near to an edge a pointer has to be to take hold of it, in pixels.
const NEAR: f64 = 14.0;
/// How far a pointer moves before that is more than pointing, in pixels.
const LEAST: f64 = 4.0;

/// A part of the time that somebody chooses. A handle: copies share everything.
#[derive(Clone, Copy)]
pub struct Brush {
    /// What is chosen.
    chosen: RwSignal<Span>,
    /// Takes what is to be chosen.
    choose: Callback<Span>,
    /// What is being chosen while a pointer is down.
    dragged: RwSignal<Span>,
    /// The moment that stays meanwhile, in microseconds since boot.
    anchor_us: RwSignal<Option<u64>>,
    /// Whether the first edge is to take the focus.
    is_wanted: RwSignal<bool>,
}

impl Brush {
    /// Shows what is chosen, and tells what is to be.
    pub fn new(chosen: RwSignal<Span>, choose: Callback<Span>) -> Self {
        Self {
            chosen,
            choose,
            dragged: RwSignal::default(),
            anchor_us: RwSignal::new(None),
            is_wanted: RwSignal::new(false),
        }
    }

    /// Returns it for one of several charts that show the same.
    pub(super) fn of_chart(self) -> Self {
        let is_wanted = RwSignal::new(false);
        Self { is_wanted, ..self }
    }

    /// Returns what is chosen, or about to be.
    fn shown(self) -> Span {
        let dragged = self.dragged.get();
        match dragged.is_all() {
            true => self.chosen.get(),
            false => dragged,
        }
    }

    /// Takes what a pointer does on a chart; returns what it points at since, where it chooses.
    pub(super) fn take(
        self,
        event: &PointerEvent,
        chart: &HtmlElement,
        frame: &Frame,
        now_us: u64,
    ) -> Option<Option<Pointed>> {
        let x = f64::from(event.client_x()) - chart.get_bounding_client_rect().left();
        match event.type_().as_str() {
            "pointerdown" => {
                if self.press(event, x, frame) {
                    // Without it, the pointer is followed as far as the chart reaches.
                    let _ = chart.set_pointer_capture(event.pointer_id());
                }
                None
            }
            "pointermove" => {
                let place = Pointed::Place(x);
                self.drag(x, frame, now_us).then_some(Some(place))
            }
            "pointerup" => self.release().then_some(None),
            _ => {
                self.cancel();
                None
            }
        }
    }

    /// Takes a pointer that goes down; returns whether it may choose.
    fn press(self, event: &PointerEvent, x: f64, frame: &Frame) -> bool {
        let chosen = self.chosen.get_untracked();
        let is_mouse = event.pointer_type() == "mouse" && event.button() == 0;
        let edge = places(chosen, frame).and_then(|edges| edge_at(edges, x));
        let anchor_us = match edge {
            Some(is_first) => {
                let Range { start, end } = chosen.range();
                Some(if is_first { end } else { start })
            }
            // A finger reads.
            None => is_mouse.then(|| frame.time_at(x)),
        };
        self.anchor_us.set(anchor_us);
        anchor_us.is_some()
    }

    /// Takes a pointer that moves; returns whether it chooses. Nothing is chosen that lies ahead.
    fn drag(self, x: f64, frame: &Frame, now_us: u64) -> bool {
        let Some(anchor_us) = self.anchor_us.get_untracked() else {
            return false;
        };
        let time_us = frame.time_at(x).min(now_us);
        let is_begun = !self.dragged.get_untracked().is_all();
        if !is_begun && (x - frame.x(anchor_us)).abs() < LEAST {
            return false;
        }
        self.dragged.set(Span::between(
            anchor_us.min(time_us),
            anchor_us.max(time_us),
        ));
        true
    }

    /// Takes a pointer that goes up; returns whether it has chosen.
    fn release(self) -> bool {
        let dragged = self.dragged.get_untracked();
        let is_chosen = !dragged.is_all();
        if is_chosen && !dragged.range().is_empty() {
            self.choose.run(dragged);
        }
        self.cancel();
        is_chosen
    }

    /// Gives up what a pointer was about to choose.
    fn cancel(self) {
        self.anchor_us.set(None);
        self.dragged.set(Span::default());
    }

    /// Chooses the middle of what is seen where nothing is chosen, and gives the focus to its first edge.
    pub(super) fn begin(self, times_us: &[u64], frame: &Frame) {
        if let (true, Some(middle)) = (
            self.chosen.get_untracked().is_all(),
            middle(times_us, frame),
        ) {
            self.choose.run(middle);
        }
        self.is_wanted.set(true);
    }
}

/// Returns the middle third of the moments that are seen.
fn middle(times_us: &[u64], frame: &Frame) -> Option<Span> {
    let (first, last) = (*times_us.first()?, *times_us.last()?);
    let from_us = first.max(frame.time_at(frame.left));
    let third = last.saturating_sub(from_us) / 3;
    (third > 0).then(|| Span::between(from_us + third, from_us + 2 * third))
}

/// Returns where both edges are, in pixels; `None` where nothing is chosen of what is seen.
fn places(chosen: Span, frame: &Frame) -> Option<[f64; 2]> {
    let Range { start, end } = chosen.range();
    let is_seen = end > frame.time_at(frame.left) && start < frame.end_us;
    (is_seen && !chosen.is_all()).then(|| [start, end].map(|time_us| frame.x(time_us)))
}

/// Returns which edge a pointer takes hold of: whether it is the first one.
fn edge_at([first, last]: [f64; 2], x: f64) -> Option<bool> {
    let [to_first, to_last] = [first, last].map(|edge| (x - edge).abs());
    (to_first.min(to_last) <= NEAR).then_some(to_first < to_last)
}

/// Returns what is chosen after a key moved one of its edges; `None` where there would be nothing between them.
fn stepped(chosen: Span, is_first: bool, step: Step, times_us: &[u64]) -> Option<Span> {
    let Range { start, end } = chosen.range();
    let at_us = if is_first { start } else { end };
    let to_us = step.from(times_us, Some(at_us))?;
    let (start, end) = if is_first {
        (to_us, end)
    } else {
        (start, to_us)
    };
    (start < end).then(|| Span::between(start, end))
}

/// Draws the part that is chosen.
pub(super) fn shade(brush: Brush, frame: &Frame) -> Option<AnyView> {
    let [from, until] = places(brush.shown(), frame)?;
    let [x, width, y, height] =
        [from, until - from, frame.top, frame.bottom - frame.top].map(format::decimal);
    Some(view! { <rect class="chosen" x=x y=y width=width height=height /> }.into_any())
}

/// Draws an edge of what is chosen, which a pointer drags and arrow keys move. `times` are the moments with a value, in microseconds
/// since boot, oldest first; `words` names a moment.
pub(super) fn edge(
    brush: Brush,
    is_first: bool,
    frame: Callback<(), Frame>,
    times: Callback<(), Vec<u64>>,
    words: Callback<u64, String>,
) -> AnyView {
    let element = NodeRef::<Div>::new();
    follow(move || {
        let Some(element) = element.get() else { return };
        place(
            &element,
            brush,
            is_first,
            &frame.run(()),
            &times.run(()),
            words,
        );
        if is_first && brush.is_wanted.get() {
            brush.is_wanted.set(false);
            // One that does not take the focus can still be reached.
            let _ = element.focus();
        }
    });
    let press = move |event: KeyboardEvent| {
        let Some(step) = Step::of_key(&event.key()) else {
            return;
        };
        event.prevent_default();
        let chosen = brush.chosen.get_untracked();
        let chosen = match step {
            Step::Away => Some(Span::default()),
            step => stepped(chosen, is_first, step, &untrack(|| times.run(()))),
        };
        if let Some(chosen) = chosen {
            brush.choose.run(chosen);
        }
    };
    let label = if is_first {
        "Begin of the chosen time"
    } else {
        "End of the chosen time"
    };
    view! {
        <div
            class="edge"
            role="slider"
            tabindex="0"
            aria-label=label
            aria-valuemin="0"
            node_ref=element
            on:keydown=press
        ></div>
    }
    .into_any()
}

/// Puts an edge where it is, and says where: in one go, since each attribute that follows signals by itself weighs on the page.
fn place(
    element: &HtmlElement,
    brush: Brush,
    is_first: bool,
    frame: &Frame,
    times_us: &[u64],
    words: Callback<u64, String>,
) {
    let chosen = brush.shown();
    let edges = places(chosen, frame);
    let Range { start, end } = chosen.range();
    let time_us = if is_first { start } else { end };
    let index = times_us.partition_point(|us| *us < time_us);
    let left = edges.map_or(0.0, |edges| edges[usize::from(!is_first)]);
    let visibility = if edges.is_some() { "" } else { "hidden" };
    let style = element.style();
    // A browser that does not take one shows the edge elsewhere, and no value is wrong.
    let _ = style.set_property("left", &(format::decimal(left) + "px"));
    let _ = style.set_property("visibility", visibility);
    for (name, value) in [
        ("aria-valuemax", times_us.len().to_string()),
        ("aria-valuenow", index.to_string()),
        ("aria-valuetext", words.run(time_us)),
    ] {
        let _ = element.set_attribute(name, &value);
    }
}

#[cfg(test)]
mod tests {
    use super::super::geometry::FRAME;
    use super::*;

    const TIMES: [u64; 5] = [910, 930, 950, 970, 990];
    #[test]
    fn what_is_chosen_is_shown_as_far_as_it_is_seen() {
        let shown = |from, until| places(Span::between(from, until), &FRAME);
        assert_eq!(shown(940, 960), Some([80.0, 100.0]));
        assert_eq!(shown(100, 960), Some([40.0, 100.0]));
        assert_eq!(shown(960, u64::MAX), Some([100.0, 140.0]));
        assert_eq!([shown(100, 900), shown(1_000, 1_010)], [None; 2]);
        assert_eq!(places(Span::default(), &FRAME), None);
    }

    #[test]
    fn a_pointer_takes_hold_of_the_nearer_edge() {
        let at = |x| edge_at([80.0, 100.0], x);
        assert_eq!(
            [66.0, 89.0, 91.0, 114.0].map(at),
            [true, true, false, false].map(Some)
        );
        assert_eq!([65.0, 115.0].map(at), [None; 2]);
    }

    #[test]
    fn keys_move_an_edge_from_reading_to_reading_and_never_past_the_other() {
        let moved = |is_first, key| {
            let step = Step::of_key(key).expect("it moves");
            let stepped = stepped(Span::between(930, 970), is_first, step, &TIMES);
            stepped.map(|span| (span.range().start, span.range().end))
        };
        assert_eq!(moved(true, "ArrowLeft"), Some((910, 970)));
        assert_eq!(moved(true, "ArrowRight"), Some((950, 970)));
        assert_eq!(moved(true, "End"), None);
        assert_eq!(moved(false, "ArrowRight"), Some((930, 990)));
        assert_eq!(moved(false, "ArrowLeft"), Some((930, 950)));
        assert_eq!(moved(false, "Home"), None);
    }

    #[test]
    fn the_middle_of_what_is_seen_is_chosen_first() {
        assert_eq!(middle(&TIMES, &FRAME), Some(Span::between(936, 962)));
        // What lies before the window is not seen.
        assert_eq!(middle(&[100, 990], &FRAME), Some(Span::between(930, 960)));
        assert_eq!(middle(&[990], &FRAME), None);
        assert_eq!(middle(&[], &FRAME), None);
    }
}
