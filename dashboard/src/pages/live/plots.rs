//! What the charts of the live page show.

use leptos::prelude::*;

use crate::charts::{self, Flag, Layer, Plot, Reading, Style, axis_max, stack_up};
use crate::format;
use crate::model::events::{Event, Kind};
use crate::model::heap_history::{HeapHistory, Outlook};
use crate::model::heap_sample::HeapSample;
use crate::model::sites::Site;
use crate::pages::history_end;
use crate::store::Store;

/// Call sites with a layer of their own.
const LARGEST: usize = 6;
/// Shortest time axis, in microseconds: the picture fills it from the right.
const SHORTEST_US: u64 = 60_000_000;
/// Share of the axis that lies ahead: one in so many of what is behind.
const AHEAD: u64 = 8;
const US_PER_MINUTE: f64 = 60_000_000.0;

/// Plots used and traced bytes and the largest free block, with what happened, and how it goes on.
pub(super) fn heap(
    history: &HeapHistory,
    window_us: u64,
    events: &[Event],
    end: &'static str,
) -> Plot {
    let earlier = history.earlier();
    let outlook = history.outlook();
    Plot {
        boot_us: earlier.boot_us,
        ..plot(
            &history.timeline(window_us),
            &earlier.joined(events),
            &outlook,
            end,
        )
    }
}

fn plot(samples: &[HeapSample], events: &[Event], outlook: &Outlook, end: &'static str) -> Plot {
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
    let is_told = |reading: &Reading| reading.high > 0;
    let traced = Layer {
        name: "traced".to_owned(),
        class: "traced",
        style: Style::Line,
        readings: readings(samples, |sample| sample.traced)
            .into_iter()
            .filter(is_told)
            .collect(),
    };
    let is_traced = !traced.readings.is_empty();
    let span_us = span_us(first.time_us, last.time_us);
    let outlook = ahead(last, outlook, span_us / AHEAD);
    let full = outlook.as_ref().map(|it| format!("; {}", it.words));
    Plot {
        boot_us: 0,
        end_us: last.time_us,
        end,
        span_us,
        ahead_us: span_us / AHEAD,
        max,
        // On a heap that is nearly empty the last one lies far above the picture, and the chart says so.
        layers: [Some(used), is_traced.then_some(traced), Some(largest)]
            .into_iter()
            .flatten()
            .collect(),
        flags: flags(events),
        summary: summary(first, last) + &full.unwrap_or_default(),
        outlook,
    }
}

/// Tells how the used bytes go on, until the heap is full or the axis ends; nothing where they do not rise for good.
fn ahead(now: &HeapSample, outlook: &Outlook, ahead_us: u64) -> Option<charts::Outlook> {
    let full_us = outlook.seconds?.saturating_mul(1_000_000);
    let until_us = ahead_us.min(full_us);
    let gained = outlook.bytes_per_minute * until_us as f64 / US_PER_MINUTE;
    Some(charts::Outlook {
        until_us: now.time_us + until_us,
        value: now.used.saturating_add(gained as u64).min(now.size),
        words: format!("at this rate full in {}", format::duration(full_us)),
    })
}

/// Returns the events that are shown in a chart, oldest first: all but how the heap grew, which is seen. What somebody did or what went wrong
/// weighs more than what began.
fn flags(events: &[Event]) -> Vec<Flag> {
    let flag = |event: &Event| {
        let (class, weight) = match event.kind {
            Kind::Failure => ("failure", 3),
            Kind::Mark => ("mark-event", 2),
            Kind::Switch => ("mark-event", 2),
            Kind::Update => ("update-event", 2),
            Kind::Trace => ("trace-event", 1),
            Kind::Boot if is_restart(event) => ("failure", 3),
            Kind::Boot => ("boot", 0),
            Kind::Growth => return None,
        };
        // The strip of events has the rest.
        let words = match event.kind {
            Kind::Boot if is_restart(event) => "restart",
            Kind::Mark | Kind::Switch => event.words.as_str(),
            _ => event
                .words
                .split([':', ';', '('])
                .next()
                .unwrap_or_default(),
        };
        Some(Flag {
            time_us: event.time_us,
            words: words.trim().to_owned(),
            weight,
            class,
        })
    };
    events.iter().rev().filter_map(flag).collect()
}

/// Checks whether a boot is not the first one that a chart shows.
fn is_restart(event: &Event) -> bool {
    event.kind == Kind::Boot && event.time_us > 0
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
        let verb = if to < from { "falls" } else { "rises" };
        match [from, to].map(format::bytes) {
            [from, to] if from == to => format!("stays at {to}"),
            [from, to] => format!("{verb} from {from} to {to}"),
        }
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
        boot_us: 0,
        end_us: *last,
        end: history_end(store),
        ahead_us: 0,
        outlook: None,
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

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    fn sample(second: u64, used: u64, traced: u64) -> HeapSample {
        HeapSample {
            time_us: second * SECOND,
            size: 1_000,
            used,
            free: 1_000 - used,
            traced,
            ..HeapSample::default()
        }
    }

    #[test]
    fn the_heap_goes_on_as_it_grows_until_the_axis_ends_or_it_is_full() {
        let now = sample(100, 400, 0);
        let at = |bytes_per_minute, seconds| {
            let outlook = Outlook {
                bytes_per_minute,
                seconds,
                ..Outlook::default()
            };
            let ahead = ahead(&now, &outlook, 60 * SECOND);
            ahead.map(|it| (it.until_us / SECOND, it.value, it.words))
        };
        let words = |time: &str| format!("at this rate full in {time}");
        assert_eq!(at(100.0, Some(360)), Some((160, 500, words("6 min"))));
        assert_eq!(at(1_200.0, Some(30)), Some((130, 1_000, words("30 s"))));
        assert_eq!(at(100.0, None), None);
    }

    #[test]
    fn what_changes_by_less_than_is_said_stays() {
        let (first, last) = (sample(1, 400, 0), sample(61, 500, 0));
        let free = |largest_free_block, sample| HeapSample {
            largest_free_block,
            ..sample
        };
        assert_eq!(
            summary(&free(16_457_728, first), &free(16_457_984, last)),
            "Within 60 s heap used rises from 400 B to 500 B; the largest free block stays at 15.7 MiB"
        );
    }

    #[test]
    fn the_largest_free_block_is_there_however_empty_the_heap_is() {
        for used in [10, 900] {
            let largest_free_block = 1_000 - used;
            let now = HeapSample {
                largest_free_block,
                ..sample(1, used, 0)
            };
            let plot = plot(&[now], &[], &Outlook::default(), "now");
            let layer = plot.layers.last().expect("two layers");
            assert_eq!(layer.name, "largest free block");
            assert_eq!(layer.readings[0].high, largest_free_block);
            assert_eq!(layer.readings[0].high > plot.max, used == 10);
        }
    }

    #[test]
    fn traced_bytes_are_drawn_from_where_they_are_told() {
        let samples = [sample(1, 10, 0), sample(2, 20, 15), sample(3, 30, 25)];
        let plot = plot(&samples, &[], &Outlook::default(), "now");
        let traced = &plot.layers[1];
        let told: Vec<_> = traced.readings.iter().map(|it| it.high).collect();
        assert_eq!((traced.name.as_str(), told), ("traced", vec![15, 25]));
        let untraced = self::plot(&samples[..1], &[], &Outlook::default(), "now");
        assert_eq!(
            untraced
                .layers
                .iter()
                .filter(|it| it.name == "traced")
                .count(),
            0
        );
    }

    #[test]
    fn whatever_happened_has_a_flag_but_growth_and_the_shortest_words() {
        let event = |time_us, kind| Event {
            time_us,
            kind,
            words: "it failed: 3 B (left)".to_owned(),
        };
        let events = [
            event(5, Kind::Update),
            event(4, Kind::Failure),
            event(3, Kind::Growth),
            event(2, Kind::Mark),
            event(1, Kind::Trace),
            event(0, Kind::Boot),
        ];
        let flags = flags(&events);
        let times: Vec<_> = flags.iter().map(|flag| flag.time_us).collect();
        assert_eq!(times, [0, 1, 2, 4, 5]);
        assert_eq!(flags[3].words, "it failed");
        assert_eq!(flags[2].words, events[3].words, "a mark has its own name");
        assert_eq!(flags[0].words, "it failed", "the first boot is no restart");
        let restart = self::flags(&[event(7, Kind::Boot)]);
        assert_eq!(
            (restart[0].words.as_str(), restart[0].weight),
            ("restart", 3)
        );
    }
}
