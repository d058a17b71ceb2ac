//! A trend as small as a word.

use leptos::prelude::*;

use super::geometry::{Frame, Reading, nearest};
use super::reader::{Pointed, Reader, moment};
use crate::format;

const WIDTH: f64 = 90.0;
const HEIGHT: f64 = 24.0;

/// Draws a trend without axes. What somebody points at is said below it, over the drawing's cell.
#[component]
pub fn Sparkline(
    /// What is drawn.
    #[prop(into)]
    label: Signal<String>,
    /// Whether the tabulator stops at it.
    #[prop(into)]
    is_stop: Signal<bool>,
    /// Oldest first.
    readings: Memo<Vec<Reading>>,
    /// What the last moment is called.
    #[prop(into)]
    end: Signal<&'static str>,
) -> impl IntoView {
    let pointed = RwSignal::new(None::<Pointed>);
    let times = Callback::new(move |()| {
        readings
            .read()
            .iter()
            .map(|reading| reading.time_us)
            .collect()
    });
    let time_at = Callback::new(move |x| {
        readings
            .with(|readings| frame(readings))
            .map_or(0, |frame| frame.time_at(x))
    });
    let words = Callback::new(move |time_us| {
        readings.with(|readings| readout(readings, time_us, end.get()))
    });
    let read = move || {
        let readings = readings.read();
        let times_us = readings.iter().map(|reading| reading.time_us);
        moment(times_us, pointed.get(), |x| time_at.run(x))
    };
    view! {
        <Reader label is_stop pointed times time_at words>
            <svg class="spark" viewBox="0 0 90 24" aria-hidden="true">
                <path d=move || readings.with(|readings| path(readings)) />
                {move || read().and_then(|time_us| readings.with(|readings| dot(readings, time_us)))}
            </svg>
            {move || read().map(|time_us| view! { <span class="bubble" aria-hidden="true">{words.run(time_us)}</span> })}
        </Reader>
    }
}

/// Fits the drawing between the least and the largest value, but never makes a hill of less than a tenth. The lower
/// edge is the least of the [`edges`], not zero.
fn frame(readings: &[Reading]) -> Option<Frame> {
    let (first, last) = (readings.first()?, readings.last()?);
    let (min, max) = edges(readings);
    Some(Frame {
        left: 1.0,
        right: WIDTH - 1.0,
        top: 2.0,
        bottom: HEIGHT - 2.0,
        end_us: last.time_us,
        span_us: last.time_us - first.time_us,
        max: max - min,
    })
}

/// Returns the values at the lower and at the upper edge.
fn edges(readings: &[Reading]) -> (u64, u64) {
    let highs = || readings.iter().map(|reading| reading.high);
    let (least, most) = (highs().min().unwrap_or(0), highs().max().unwrap_or(0));
    let missing = (most / 10).saturating_sub(most - least);
    let min = least.saturating_sub(missing / 2);
    (min, most.max(min + (most / 10).max(most - least)))
}

fn path(readings: &[Reading]) -> String {
    let Some(frame) = frame(readings) else {
        return String::new();
    };
    let (min, _) = edges(readings);
    let raised = readings.iter().map(|reading| Reading {
        high: reading.high - min,
        ..*reading
    });
    frame.line(&raised.collect::<Vec<_>>())
}

fn dot(readings: &[Reading], time_us: u64) -> Option<AnyView> {
    let (frame, (min, _)) = (frame(readings)?, edges(readings));
    let reading = nearest(readings, time_us)?;
    let [x, y] = [frame.x(reading.time_us), frame.y(reading.high - min)].map(format::decimal);
    Some(view! { <circle cx=x cy=y r="2.5" /> }.into_any())
}

/// Describes what is drawn at a moment.
fn readout(readings: &[Reading], time_us: u64, end: &str) -> String {
    let last_us = readings.last().map_or(0, |last| last.time_us);
    let when = format::before(last_us.saturating_sub(time_us), end);
    let bytes = nearest(readings, time_us).map_or(0, |reading| reading.high);
    format!("{when} · {}", format::bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(values: &[u64]) -> String {
        let readings = values.iter().enumerate().map(|(index, high)| Reading {
            time_us: index as u64,
            low: 0,
            high: *high,
        });
        path(&readings.collect::<Vec<_>>())
    }

    #[test]
    fn a_rise_goes_from_corner_to_corner() {
        assert_eq!(drawn(&[0, 100]), "M1.0,22.0L89.0,2.0");
    }

    #[test]
    fn a_tremble_is_not_a_hill() {
        assert_eq!(drawn(&[99, 100]), "M1.0,14.0L89.0,12.0");
    }

    #[test]
    fn what_is_said_of_a_moment_is_its_value_not_its_height() {
        let readings = [(0, 2_048), (60_000_000, 3_072)].map(|(time_us, high)| Reading {
            time_us,
            low: 0,
            high,
        });
        assert_eq!(readout(&readings, 0, "now"), "−1:00 · 2.0 KiB");
        assert_eq!(readout(&readings, 60_000_000, "now"), "now · 3.0 KiB");
    }

    #[test]
    fn nothing_draws_nothing() {
        assert_eq!(drawn(&[]), "");
        assert_eq!(drawn(&[0, 0]), "M1.0,22.0L89.0,22.0");
    }
}
