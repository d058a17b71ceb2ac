//! A chart over time whose right edge is now.

use leptos::html::Div;
use leptos::prelude::*;
use leptos::web_sys::PointerEvent;

use super::geometry::{Frame, Reading, nearest};
use super::scale::{byte_ticks, time_ticks};
use crate::components::use_width;
use crate::format;

/// Room for the labels of the byte axis, in pixels.
const LEFT: f64 = 64.0;
/// Room for the labels of the time axis, in pixels.
const BOTTOM: f64 = 22.0;
const TOP: f64 = 8.0;
const RIGHT: f64 = 6.0;

/// How a layer is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A line at the upper edge.
    Line,
    /// A line at the upper edge and a shade below it.
    ShadedLine,
    /// The area between the edges.
    Band,
}

/// One named quantity of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What the key calls it.
    pub name: String,
    /// Class that colours it.
    pub class: &'static str,
    /// How it is drawn.
    pub style: Style,
    /// Oldest first.
    pub readings: Vec<Reading>,
}

/// What a chart shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plot {
    /// Microseconds since boot at the right edge.
    pub end_us: u64,
    /// What the right edge is called: `now`, unless it is past.
    pub end: &'static str,
    /// Microseconds from edge to edge.
    pub span_us: u64,
    /// Bytes at the upper edge.
    pub max: u64,
    /// Later layers are drawn over earlier ones.
    pub layers: Vec<Layer>,
    /// The picture in one sentence, for those who do not see it.
    pub summary: String,
}

/// Draws layers over time, with a key, axes, and the numbers under the pointer.
#[component]
pub fn TimeChart(
    /// What the chart is about.
    title: &'static str,
    /// Height of the drawing in pixels.
    height: f64,
    /// What to draw.
    plot: Memo<Plot>,
) -> impl IntoView {
    let body = NodeRef::<Div>::new();
    let width = use_width(body);
    let pointed = RwSignal::new(None::<f64>);
    let frame = move || plot.with(|plot| frame(plot, width.get(), height));
    let point = move |event: PointerEvent| pointed.set(Some(f64::from(event.offset_x())));
    let moment = move || pointed.get().map(|x| frame().time_at(x));
    let window = move || match moment() {
        Some(time_us) => plot.with(|plot| readout(plot, time_us)),
        None => plot.with(|plot| format!("last {}", format::duration(plot.span_us))),
    };
    view! {
        <figure class="panel chart">
            <figcaption>
                <h2>{title}</h2>
                <span class="keys">{move || plot.with(key)}</span>
                <span class="window">{move || window()}</span>
            </figcaption>
            <div class="chart-body" node_ref=body style:height=format::decimal(height) + "px">
                <svg
                    role="img"
                    aria-label=move || plot.with(|plot| plot.summary.clone())
                    width=move || format::decimal(width.get())
                    height=format::decimal(height)
                    on:pointermove=point
                    on:pointerleave=move |_| pointed.set(None)
                >
                    {move || byte_axis(&frame())}
                    {move || time_axis(&frame(), plot.with(|plot| plot.end))}
                    {move || plot.with(|plot| drawn(plot, &frame()))}
                    {move || moment().map(|time_us| cursor(&frame(), time_us))}
                </svg>
            </div>
        </figure>
    }
}

fn frame(plot: &Plot, width: f64, height: f64) -> Frame {
    Frame {
        left: LEFT,
        right: (width - RIGHT).max(LEFT + 1.0),
        top: TOP,
        bottom: height - BOTTOM,
        end_us: plot.end_us,
        span_us: plot.span_us,
        max: plot.max,
    }
}

fn key(plot: &Plot) -> Vec<AnyView> {
    let entry = |layer: &Layer| {
        let shape = if layer.style == Style::Band {
            "band"
        } else {
            "line"
        };
        let class = format!("key {shape} {}", layer.class);
        view! { <span class=class>{layer.name.clone()}</span> }.into_any()
    };
    plot.layers.iter().map(entry).collect()
}

/// Says what every layer shows at a moment.
fn readout(plot: &Plot, time_us: u64) -> String {
    let value = |layer: &Layer| {
        let reading = nearest(&layer.readings, time_us)?;
        let bytes = format::bytes(reading.high - reading.low);
        Some(format!(" · {} {bytes}", layer.name))
    };
    let when = format::before(plot.end_us.saturating_sub(time_us), plot.end);
    let values: String = plot.layers.iter().filter_map(value).collect();
    format!("{when}{values}")
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

fn time_axis(frame: &Frame, end: &str) -> Vec<AnyView> {
    let labels = ((frame.right - frame.left) / 110.0).max(1.0);
    let line = |before_us: u64| {
        let x = format::decimal(frame.x(frame.end_us.saturating_sub(before_us)));
        let below = [0.0, 4.0, 17.0].map(|below| format::decimal(frame.bottom + below));
        let [axis, stub, label] = below;
        let anchor = if before_us == 0 { "end" } else { "middle" };
        view! {
            <line class="grid stub" x1=x.clone() x2=x.clone() y1=axis y2=stub />
            <text class="tick" x=x y=label text-anchor=anchor>
                {format::before(before_us, end)}
            </text>
        }
        .into_any()
    };
    // Before the device runs as long as the axis is, its left part has no moments.
    let known = |before_us: &u64| *before_us <= frame.end_us;
    let ticks = time_ticks(frame.span_us, labels as u64);
    ticks.into_iter().filter(known).map(line).collect()
}

fn drawn(plot: &Plot, frame: &Frame) -> Vec<AnyView> {
    let draw = |layer: &Layer| {
        let area = (layer.style != Style::Line).then(|| frame.area(&layer.readings));
        let line = (layer.style != Style::Band).then(|| frame.line(&layer.readings));
        let solid = layer.style == Style::Band;
        view! {
            <g class=format!("layer {}", layer.class)>
                {area.map(|path| view! { <path class="area" class:solid=solid d=path /> })}
                {line.map(|path| view! { <path class="line" d=path /> })}
            </g>
        }
        .into_any()
    };
    plot.layers.iter().map(draw).collect()
}

fn cursor(frame: &Frame, time_us: u64) -> AnyView {
    let x = format::decimal(frame.x(time_us));
    let [top, bottom] = [frame.top, frame.bottom].map(format::decimal);
    view! { <line class="cursor" x1=x.clone() x2=x y1=top y2=bottom /> }.into_any()
}
