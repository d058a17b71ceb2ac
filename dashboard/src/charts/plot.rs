//! What a chart over time shows, and what that says of a moment.

use super::geometry::Reading;
use crate::format;

/// Part of the axis within which a flag is at the moment that is read: one in so many.
const NEAR: u64 = 100;

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

/// A moment that is marked in a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Microseconds since the first boot that the chart shows.
    pub time_us: u64,
    /// What happened; written beside the line where there is room.
    pub words: String,
    /// Those that weigh more have room first.
    pub weight: u8,
    /// Class that colours it.
    pub class: &'static str,
}

/// How a chart goes on if nothing changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// Microseconds since the first boot that the chart shows, at its end.
    pub until_us: u64,
    /// From the value of the first layer to this one.
    pub value: u64,
    /// What it comes to.
    pub words: String,
}

/// What a chart shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plot {
    /// Where the boot that runs begins, in microseconds: 0 unless the chart shows earlier ones.
    pub boot_us: u64,
    /// Microseconds since the first boot of the newest moment.
    pub end_us: u64,
    /// What that is called: `now`, unless it is past.
    pub end: &'static str,
    /// Microseconds from the left edge to it.
    pub span_us: u64,
    /// Microseconds from it to the right edge.
    pub ahead_us: u64,
    /// How the first layer goes on there.
    pub outlook: Option<Outlook>,
    /// Bytes at the upper edge.
    pub max: u64,
    /// Later layers are drawn over earlier ones.
    pub layers: Vec<Layer>,
    /// Moments that are marked, oldest first.
    pub flags: Vec<Flag>,
    /// The picture in one sentence, for those who do not see it.
    pub summary: String,
}

impl Plot {
    /// Returns the moments with a value. All layers have the same.
    pub(super) fn times_us(&self) -> impl Iterator<Item = u64> {
        let readings = self.layers.first().map(|layer| layer.readings.iter());
        readings
            .into_iter()
            .flatten()
            .map(|reading| reading.time_us)
    }
}

/// Describes what a layer shows at a moment.
pub(super) fn value(layer: &Layer, time_us: u64) -> Option<String> {
    let reading = reading_at(layer, time_us)?;
    Some(format::bytes(reading.high - reading.low))
}

/// Returns what a layer shows at a moment; nothing where it is not known of it.
pub(super) fn reading_at(layer: &Layer, time_us: u64) -> Option<&Reading> {
    let mut readings = layer.readings.iter();
    readings.find(|reading| reading.time_us == time_us)
}

/// Describes what every layer shows at a moment.
pub(super) fn readout(plot: &Plot, time_us: u64) -> String {
    let value = |layer: &Layer| Some(format!(" · {} {}", layer.name, value(layer, time_us)?));
    let values: String = plot.layers.iter().filter_map(value).collect();
    let words = happened(plot, time_us).map(|flag| format!(" · {}", flag.words));
    [when(plot, time_us), values, words.unwrap_or_default()].concat()
}

/// Says when a moment was.
pub(super) fn when(plot: &Plot, time_us: u64) -> String {
    format::before(plot.end_us.saturating_sub(time_us), plot.end)
}

/// Returns what happened at about a moment: of several flags, the nearest.
pub(super) fn happened(plot: &Plot, time_us: u64) -> Option<&Flag> {
    let distance = |flag: &&Flag| flag.time_us.abs_diff(time_us);
    let near = plot.flags.iter();
    let near = near.filter(|flag| distance(flag) <= plot.span_us / NEAR);
    near.min_by_key(distance)
}
