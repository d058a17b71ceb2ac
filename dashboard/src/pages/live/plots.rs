//! What the charts of the live page show.

use leptos::prelude::*;

use crate::charts::{Flag, Layer, Plot, Reading, Style, axis_max, stack_up};
use crate::format;
use crate::model::events::{Event, Kind};
use crate::model::heap_sample::HeapSample;
use crate::model::sites::Site;
use crate::pages::history_end;
use crate::store::Store;

/// Call sites with a layer of their own.
const LARGEST: usize = 6;
/// Shortest time axis, in microseconds: the picture fills it from the right.
const SHORTEST_US: u64 = 60_000_000;

/// Plots used bytes and the largest free block, with what happened.
pub(super) fn heap(samples: &[HeapSample], events: &[Event]) -> Plot {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
        return Plot::default();
    };
    let most_used = samples.iter().map(|sample| sample.used).max().unwrap_or(0);
    let max = axis_max(most_used, last.size);
    let used = Layer {
        name: "used".to_owned(),
        class: "used",
        style: Style::ShadedLine,
        readings: readings(samples, |sample| sample.used),
    };
    let largest = Layer {
        name: "largest free block".to_owned(),
        class: "largest",
        style: Style::Line,
        readings: readings(samples, |sample| sample.largest_free_block),
    };
    // On a heap that is nearly empty it lies far above the picture; its card has the number.
    let fits = largest.readings.iter().all(|reading| reading.high <= max);
    Plot {
        end_us: last.time_us,
        end: "now",
        span_us: span_us(first.time_us, last.time_us),
        max,
        layers: [Some(used), fits.then_some(largest)]
            .into_iter()
            .flatten()
            .collect(),
        flags: flags(events),
        summary: summary(first, last),
    }
}

/// Returns the events that are shown in a chart, oldest first: marks and failed allocations.
fn flags(events: &[Event]) -> Vec<Flag> {
    let flag = |event: &Event| {
        let class = match event.kind {
            Kind::Mark => "mark-event",
            Kind::Failure => "failure",
            Kind::Boot | Kind::Trace | Kind::Growth => return None,
        };
        Some(Flag {
            time_us: event.time_us,
            words: event.words.clone(),
            class,
        })
    };
    events.iter().rev().filter_map(flag).collect()
}

fn readings(samples: &[HeapSample], value: fn(&HeapSample) -> u64) -> Vec<Reading> {
    let reading = |sample: &HeapSample| Reading {
        time_us: sample.time_us,
        low: 0,
        high: value(sample),
    };
    samples.iter().map(reading).collect()
}

fn span_us(first_us: u64, last_us: u64) -> u64 {
    last_us.saturating_sub(first_us).max(SHORTEST_US)
}

fn summary(first: &HeapSample, last: &HeapSample) -> String {
    let from_to = |from: u64, to: u64| {
        let verb = match to.cmp(&from) {
            std::cmp::Ordering::Less => "falls",
            std::cmp::Ordering::Equal => "stays",
            std::cmp::Ordering::Greater => "rises",
        };
        format!(
            "{verb} from {} to {}",
            format::bytes(from),
            format::bytes(to)
        )
    };
    let time = format::duration(last.time_us.saturating_sub(first.time_us));
    format!(
        "Within {time} heap used {}; the largest free block {}",
        from_to(first.used, last.used),
        from_to(first.largest_free_block, last.largest_free_block)
    )
}

/// Plots the live bytes of the largest call sites on each other, with what happened.
pub(super) fn sites(store: Store, events: &[Event]) -> Plot {
    let sites = store.sites.read();
    let shown = sites.iter().filter(|site| store.shows(site.origin));
    let shown: Vec<&Site> = shown.collect();
    let Some(times) = shown
        .first()
        .map(|site| site.history.points().iter().map(|point| point.time_us))
    else {
        return Plot::default();
    };
    let times: Vec<u64> = times.collect();
    let (Some(first), Some(last)) = (times.first(), times.last()) else {
        return Plot::default();
    };
    let (largest, rest) = shown.split_at(shown.len().min(LARGEST));
    // The largest lies at the bottom, where its growth is easy to see.
    let mut bytes: Vec<Vec<u64>> = largest.iter().map(|site| bytes_of(site)).collect();
    bytes.push(sum(rest, times.len()));
    let stacked = stack_up(&times, &bytes);
    let top = stacked
        .last()
        .and_then(|layer| layer.iter().map(|reading| reading.high).max());
    let palette = store.palette.read();
    let names = largest.iter().map(|site| {
        let name = name_among(site, largest);
        (name, palette.class(&site.colour_key))
    });
    let rest_name = (!rest.is_empty()).then(|| (format!("{} more", rest.len()), "c0"));
    let layers = names
        .chain(rest_name)
        .zip(stacked)
        .map(|((name, class), readings)| Layer {
            name,
            class,
            style: Style::Band,
            readings,
        });
    Plot {
        end_us: *last,
        end: history_end(store),
        span_us: span_us(*first, *last),
        max: axis_max(top.unwrap_or(0), 0),
        layers: layers.collect(),
        flags: flags(events),
        summary: sites_summary(largest),
    }
}

/// Returns the name of a site, and its line where another has the same name.
fn name_among(site: &Site, sites: &[&Site]) -> String {
    let same = sites.iter().filter(|other| other.name == site.name);
    let place = site.place.as_deref().unwrap_or_default();
    match place.rsplit_once(':') {
        Some((_, line)) if same.count() > 1 => format!("{}:{line}", site.name),
        _ => site.name.clone(),
    }
}

fn bytes_of(site: &Site) -> Vec<u64> {
    site.history
        .points()
        .iter()
        .map(|point| point.bytes)
        .collect()
}

fn sum(sites: &[&Site], len: usize) -> Vec<u64> {
    let mut total = vec![0; len];
    for site in sites {
        for (total, point) in total.iter_mut().zip(site.history.points()) {
            *total += point.bytes;
        }
    }
    total
}

fn sites_summary(largest: &[&Site]) -> String {
    let one = |site: &&Site| {
        let growth = match site.judgement.growth() {
            0.0 => String::new(),
            growth => format!(", {}", format::growth(growth)),
        };
        format!("{} {}{growth}", site.name, format::bytes(site.bytes))
    };
    let sites: Vec<_> = largest.iter().map(one).collect();
    format!("Live bytes, largest first: {}", sites.join("; "))
}
