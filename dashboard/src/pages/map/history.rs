//! What the chart of fragmentation shows.

use heapbeacon_shared::analysis::fragmentation_percent;

use crate::charts::{Layer, Plot, Reading, Style, axis_max};
use crate::format;
use crate::model::heap_sample::HeapSample;

/// Shortest time axis, in microseconds.
const SHORTEST_US: u64 = 60_000_000;

/// Plots what is free, and the largest block of it: what is between them is in other holes.
pub(super) fn plot(samples: &[HeapSample], end: &'static str) -> Plot {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
        return Plot::default();
    };
    let most = samples.iter().map(|sample| sample.free).max().unwrap_or(0);
    let layer = |name: &str, class, style, value: fn(&HeapSample) -> u64| {
        let reading = |sample: &HeapSample| Reading {
            time_us: sample.time_us,
            low: 0,
            high: value(sample),
        };
        Layer {
            name: name.to_owned(),
            class,
            style,
            readings: samples.iter().map(reading).collect(),
        }
    };
    let percent =
        |sample: &HeapSample| fragmentation_percent(sample.free, sample.largest_free_block);
    Plot {
        boot_us: 0,
        end_us: last.time_us,
        end,
        span_us: last.time_us.saturating_sub(first.time_us).max(SHORTEST_US),
        ahead_us: 0,
        outlook: None,
        max: axis_max(most, last.size),
        layers: vec![
            layer("free", "used", Style::ShadedLine, |sample| sample.free),
            layer("largest free block", "largest", Style::Line, |sample| {
                sample.largest_free_block
            }),
        ],
        flags: Vec::new(),
        summary: format!(
            "Within {} fragmentation went from {} % to {} %",
            format::duration(last.time_us.saturating_sub(first.time_us)),
            percent(first),
            percent(last)
        ),
    }
}
