//! A chart over time whose right edge is now.

use leptos::html::Div;
use leptos::prelude::*;
use leptos::web_sys::{HtmlElement, PointerEvent};

use super::brush::{Brush, edge, shade};
use super::flags::{LANES, Wanted, labels};
use super::geometry::{Frame, Reading, shortened};
use super::plot::{Flag, Layer, Plot, Style, happened, reading_at, readout, value, when};
use super::reader::{Pointed, Reader, moment};
use super::scale::{byte_ticks, time_ticks};
use crate::components::{When, memo, reactive, use_width};
use crate::format;

/// Room for the labels of the byte axis, in pixels.
const LEFT: f64 = 64.0;
/// Room for the labels of the time axis, in pixels.
const BOTTOM: f64 = 22.0;
const TOP: f64 = 8.0;
const RIGHT: f64 = 6.0;
/// Height of a line of words above the picture, where flags stand, in pixels.
const LANE: f64 = 15.0;
/// From the upper edge to the words of a line that lies above it, in pixels: no other line comes so high.
const ABOVE: f64 = 15.0;
/// From there to words of something else, in pixels.
const APART: f64 = 19.0;
/// Less room than two such words take beside each other, in pixels.
const NARROW: f64 = 420.0;
/// Room for the words of a flag beside the time of the moment that is read, in pixels.
const FLAG_WORDS: f64 = 180.0;
/// Width of a letter and of the edges of the flag that names the moment which is read, in pixels.
const FLAG_LETTER: f64 = 7.0;
const FLAG_EDGES: f64 = 14.0;

/// Draws layers over time, with a key, axes, and the numbers of the moment that somebody points at.
///
/// The key always holds numbers, of the newest moment unless another is read: so reading moves nothing.
#[component]
pub fn TimeChart(
    /// What the chart is about.
    title: &'static str,
    /// Height of the drawing in pixels.
    height: f64,
    /// What to draw.
    plot: Memo<Plot>,
    /// What a person can choose of it.
    #[prop(optional)]
    tools: Option<AnyView>,
    /// The part of the time that a person can choose in it.
    #[prop(optional)]
    brush: Option<Brush>,
) -> impl IntoView {
    let brush = brush.map(Brush::of_chart);
    let body = NodeRef::<Div>::new();
    let pointed = RwSignal::new(None::<Pointed>);
    let placed = Placed {
        plot,
        width: use_width(body),
        height,
    };
    let moment = memo(move || placed.moment(pointed.get()));
    let times = Callback::new(move |()| plot.with(|plot| plot.times_us().collect()));
    let words = Callback::new(move |time_us| plot.with(|plot| readout(plot, time_us)));
    let pointer = move |event: PointerEvent| {
        if let (Some(brush), Some(body)) = (brush, body.get_untracked())
            && let Some(place) = untrack(|| placed.choose(brush, &event, &body))
        {
            pointed.set(place);
        }
    };
    view! {
        <figure class="panel chart">
            <figcaption>
                <h2>{title}</h2>
                <span class="window">
                    {brush.map(|brush| choice(placed, brush))} {tools} <span>{reactive(move || plot.with(|plot| format!("last {}", format::duration(plot.span_us))))}</span>
                </span>
                <span class="keys">{reactive(move || plot.with(|plot| key(plot, moment.get())))}</span>
            </figcaption>
            <p class="unseen">{reactive(move || plot.with(|plot| plot.summary.clone()))}</p>
            <div
                class="chart-body"
                node_ref=body
                style:height=format::decimal(height) + "px"
                on:pointerdown=pointer
                on:pointermove=pointer
                on:pointerup=pointer
                on:pointercancel=pointer
            >
                <Reader label=title.to_owned() is_stop=true pointed times time_at=Callback::new(move |x| placed.frame().time_at(x)) words>
                    {drawing(placed, brush, moment)}
                </Reader>
                {brush.map(|brush| edges(placed, brush))}
            </div>
        </figure>
    }
}

/// A plot in the room that there is for it. A handle: copies share everything.
#[derive(Clone, Copy)]
struct Placed {
    plot: Memo<Plot>,
    width: RwSignal<f64>,
    height: f64,
}

impl Placed {
    fn frame(self) -> Frame {
        self.plot
            .with(|plot| frame(plot, self.width.get(), self.height))
    }

    /// Returns the moment with a value that is read.
    fn moment(self, pointed: Option<Pointed>) -> Option<u64> {
        self.plot
            .with(|plot| moment(plot.times_us(), pointed, |x| self.frame().time_at(x)))
    }

    /// Returns the frame of the boot that runs: a part of the time is one of that.
    fn own_frame(self) -> Frame {
        let frame = self.frame();
        let boot_us = self.plot.with(|plot| plot.boot_us);
        // Until the boot that runs has told of a moment, the newest one is of the boot before.
        let end_us = frame.end_us.saturating_sub(boot_us);
        Frame { end_us, ..frame }
    }

    /// Returns the moments of that boot with a value.
    fn own_times_us(self) -> Vec<u64> {
        self.plot.with(|plot| {
            let own = |time_us: u64| time_us.checked_sub(plot.boot_us);
            plot.times_us().filter_map(own).collect()
        })
    }

    /// Takes what a pointer does; returns what it points at since, where it chooses a part of the time.
    fn choose(
        self,
        brush: Brush,
        event: &PointerEvent,
        chart: &HtmlElement,
    ) -> Option<Option<Pointed>> {
        let now_us = self
            .plot
            .with(|plot| plot.end_us.saturating_sub(plot.boot_us));
        brush.take(event, chart, &self.own_frame(), now_us)
    }
}

fn drawing(placed: Placed, brush: Option<Brush>, moment: Memo<Option<u64>>) -> impl IntoView {
    let plot = placed.plot;
    view! {
        <svg
            aria-hidden="true"
            width=move || format::decimal(placed.width.get())
            height=format::decimal(placed.height)
        >
            {reactive(move || plot.with(|plot| picture(plot, &placed.frame())))}
            {reactive(move || brush.and_then(|brush| shade(brush, &placed.own_frame())))}
            {reactive(move || moment.get().map(|time_us| plot.with(|plot| cursor(plot, &placed.frame(), time_us))))}
        </svg>
    }
}

/// Offers to choose a part of the time, for those who have no pointer or do not know that they can drag one.
fn choice(placed: Placed, brush: Brush) -> impl IntoView {
    let plot = placed.plot;
    let begin = move |_| untrack(|| brush.begin(&placed.own_times_us(), &placed.own_frame()));
    view! {
        <When is=move || plot.with(|plot| plot.times_us().nth(3).is_some())>
            <button
                type="button"
                data-testid="choose-time"
                title="Choose a part of the time: drag over the chart, or move its two edges with the arrow keys"
                on:click=begin
            >
                "Choose a time"
            </button>
        </When>
    }
}

/// Draws both edges of the part that is chosen.
fn edges(placed: Placed, brush: Brush) -> [AnyView; 2] {
    let frame = Callback::new(move |()| placed.own_frame());
    let times = Callback::new(move |()| placed.own_times_us());
    let words = Callback::new(move |time_us: u64| {
        placed
            .plot
            .with(|plot| when(plot, time_us.saturating_add(plot.boot_us)))
    });
    [true, false].map(|is_first| edge(brush, is_first, frame, times, words))
}

fn frame(plot: &Plot, width: f64, height: f64) -> Frame {
    // Words of flags have a place of their own, above all that is drawn.
    let lanes = if plot.flags.is_empty() { 0 } else { LANES };
    Frame {
        left: LEFT,
        right: (width - RIGHT).max(LEFT + 1.0),
        top: TOP + lanes as f64 * LANE,
        bottom: height - BOTTOM,
        end_us: plot.end_us + plot.ahead_us,
        span_us: plot.span_us + plot.ahead_us,
        max: plot.max,
    }
}

/// Names the layers, with what each shows at a moment, or at the newest.
fn key(plot: &Plot, moment_us: Option<u64>) -> Vec<AnyView> {
    let entry = |layer: &Layer| {
        let shape = if layer.style == Style::Band {
            "band"
        } else {
            "line"
        };
        let class = format!("key {shape} {}", layer.class);
        let value = value(layer, moment_us.unwrap_or(plot.end_us)).unwrap_or_default();
        view! { <span class=class><span>{layer.name.clone()}</span> " " <b>{value}</b></span> }
            .into_any()
    };
    plot.layers.iter().map(entry).collect()
}

/// Draws all that depends on the plot alone: in one go, since each part that follows signals by itself weighs on the page.
fn picture(plot: &Plot, frame: &Frame) -> Vec<AnyView> {
    let mut parts = byte_axis(frame);
    parts.extend(time_axis(plot, frame));
    parts.extend(drawn(plot, frame));
    parts.extend(above(plot, frame));
    parts.extend(outlook(plot, frame));
    parts.extend(flags(plot, frame));
    parts
}

fn byte_axis(frame: &Frame) -> Vec<AnyView> {
    let line = |tick: u64| {
        let y = format::decimal(frame.y(tick));
        let label = format::decimal(frame.left - 8.0);
        let [left, right] = [frame.left, frame.right].map(format::decimal);
        view! {
            <line class="grid" x1=left x2=right y1=y.clone() y2=y.clone() />
            <text class="tick" x=label y=y text-anchor="end" dominant-baseline="middle">
                {format::whole_bytes(tick)}
            </text>
        }
        .into_any()
    };
    byte_ticks(frame.max, 4).into_iter().map(line).collect()
}

fn time_axis(plot: &Plot, frame: &Frame) -> Vec<AnyView> {
    let labels = ((frame.right - frame.left) / 110.0).max(1.0);
    let line = |before_us: u64| {
        let x = format::decimal(frame.x(plot.end_us.saturating_sub(before_us)));
        let below = [0.0, 4.0, 17.0].map(|below| format::decimal(frame.bottom + below));
        let [axis, stub, label] = below;
        let is_edge = before_us == 0 && plot.ahead_us == 0;
        let anchor = if is_edge { "end" } else { "middle" };
        view! {
            <line class="grid stub" x1=x.clone() x2=x.clone() y1=axis y2=stub />
            <text class="tick" x=x y=label text-anchor=anchor>
                {format::before(before_us, plot.end)}
            </text>
        }
        .into_any()
    };
    // Before the device runs as long as the axis is, its left part has no moments.
    let known = |before_us: &u64| *before_us <= plot.end_us;
    let ticks = time_ticks(plot.span_us, labels as u64);
    ticks.into_iter().filter(known).map(line).collect()
}

fn drawn(plot: &Plot, frame: &Frame) -> Vec<AnyView> {
    let draw = |layer: &Layer| {
        let area = (layer.style != Style::Line).then(|| frame.area(&layer.readings));
        let line = (layer.style != Style::Band).then(|| frame.line(&layer.readings));
        let solid = layer.style == Style::Band;
        view! {
            <g class=format!("layer {}", layer.class) class:above=is_above(plot, layer)>
                {area.map(|path| view! { <path class="area" class:solid=solid d=path /> })}
                {line.map(|path| view! { <path class="line" d=path /> })}
            </g>
        }
        .into_any()
    };
    plot.layers.iter().map(draw).collect()
}

/// Checks whether the newest moment of a line lies above the picture: then it is drawn along the edge, with words.
fn is_above(plot: &Plot, layer: &Layer) -> bool {
    let last = layer.readings.last();
    layer.style == Style::Line && last.is_some_and(|last| last.high > plot.max)
}

/// Names the lines that lie above the picture.
fn above(plot: &Plot, frame: &Frame) -> Vec<AnyView> {
    let words = |layer: &Layer| {
        let value = value(layer, plot.end_us)?;
        let [x, y] = [frame.left + 6.0, frame.top + ABOVE].map(format::decimal);
        Some(
            view! {
                <g class="named">
                    <text class="tick" x=x y=y>{format!("↑ {} {value}", layer.name)}</text>
                </g>
            }
            .into_any(),
        )
    };
    let lines = plot.layers.iter();
    lines
        .filter(|layer| is_above(plot, layer))
        .filter_map(words)
        .collect()
}

/// Draws how the first layer goes on, with what that comes to.
fn outlook(plot: &Plot, frame: &Frame) -> Option<AnyView> {
    let (outlook, layer) = (plot.outlook.as_ref()?, plot.layers.first()?);
    let last = layer.readings.last()?;
    let end = Reading {
        time_us: outlook.until_us,
        low: 0,
        high: outlook.value,
    };
    // Below the name of what lies above the picture, where both are in one line.
    let is_narrow = frame.right - frame.left < NARROW;
    let is_below = is_narrow && plot.layers.iter().any(|layer| is_above(plot, layer));
    let top = frame.top + if is_below { ABOVE + APART } else { 12.0 };
    let y = format::decimal((frame.y(outlook.value) - 8.0).max(top));
    Some(
        view! {
            <g class=format!("layer outlook {}", layer.class)>
                <path class="line" d=frame.line(&[*last, end]) />
                <text class="tick" x=format::decimal(frame.right) y=y text-anchor="end">
                    {outlook.words.clone()}
                </text>
            </g>
        }
        .into_any(),
    )
}

/// Draws a line for each flag of the window, and above the picture its words, as far as there is room for them.
fn flags(plot: &Plot, frame: &Frame) -> Vec<AnyView> {
    let from_us = plot.end_us.saturating_sub(plot.span_us);
    let shown = plot.flags.iter();
    let shown: Vec<&Flag> = shown
        .filter(|flag| (from_us..=plot.end_us).contains(&flag.time_us))
        .collect();
    let wanted = shown.iter().map(|flag| Wanted {
        x: frame.x(flag.time_us),
        words: &flag.words,
        weight: flag.weight,
    });
    let wanted: Vec<_> = wanted.collect();
    let labels = labels(&wanted, [frame.left, frame.right]);
    let base = |lane: usize| TOP + 10.0 + lane as f64 * LANE;
    // A line begins beside its words.
    let top = |index: usize| {
        let label = labels.iter().find(|label| label.index == index);
        label.map_or(frame.top, |label| base(label.lane) - 10.0)
    };
    let lines = shown.iter().enumerate().map(|(index, flag)| {
        let x = format::decimal(wanted[index].x);
        let [top, bottom] = [top(index), frame.bottom].map(format::decimal);
        view! {
            <g class=format!("event {}", flag.class)>
                <line x1=x.clone() x2=x y1=top y2=bottom />
            </g>
        }
        .into_any()
    });
    let words = labels.iter().map(|label| {
        let [x, y] = [label.left, base(label.lane)].map(format::decimal);
        view! {
            <g class=format!("event {}", shown[label.index].class)>
                <text class="tick" x=x y=y>{label.words.clone()}</text>
            </g>
        }
        .into_any()
    });
    lines.chain(words).collect()
}

/// Marks the moment that is read: a line, a dot on each layer, and the time on the axis.
fn cursor(plot: &Plot, frame: &Frame, time_us: u64) -> AnyView {
    let at = frame.x(time_us);
    let x = format::decimal(at);
    let [top, bottom] = [frame.top, frame.bottom].map(format::decimal);
    let dot = |layer: &Layer| {
        let y = format::decimal(frame.y(reading_at(layer, time_us)?.high));
        let class = format!("read {}", layer.class);
        Some(view! { <circle class=class cx=x.clone() cy=y r="3.5" /> }.into_any())
    };
    let dots: Vec<AnyView> = plot.layers.iter().filter_map(dot).collect();
    let words = happened(plot, time_us).map(|flag| shortened(&flag.words, FLAG_WORDS));
    let words = words.map_or_else(String::new, |words| format!(" · {words}"));
    view! {
        <line class="cursor" x1=x.clone() x2=x.clone() y1=top y2=bottom />
        {dots}
        {flag(frame, at, when(plot, time_us) + &words)}
    }
    .into_any()
}

/// Writes a time over the axis, inside of the drawing.
fn flag(frame: &Frame, x: f64, words: String) -> AnyView {
    let width = words.chars().count() as f64 * FLAG_LETTER + FLAG_EDGES;
    let left = (x - width / 2.0).clamp(0.0, (frame.right + RIGHT - width).max(0.0));
    let [left, middle, width] = [left, left + width / 2.0, width].map(format::decimal);
    let [top, base] = [frame.bottom + 3.0, frame.bottom + 17.0].map(format::decimal);
    view! {
        <rect class="flag" x=left y=top width=width height="18.0" rx="4" />
        <text class="flag-time" x=middle y=base text-anchor="middle">
            {words}
        </text>
    }
    .into_any()
}
