//! What the blocks of a call stack do: growing, held, in flight.

use alloc::vec::Vec;

use super::series::{Point, Series, span_us};
use super::trend::{Trend, lows};

/// Microseconds that a verdict looks back; a leak that stops is no longer growing after as long.
pub const WINDOW_US: u64 = 20_000_000;
/// Microseconds of data before there is a verdict.
pub const MINIMUM_US: u64 = 10_000_000;
/// Slices of a window, each with its low-water mark.
pub const SLICES: usize = 6;
/// Steps from slice to slice that must rise for a leak, of `SLICES - 1`.
pub const RISES: usize = 4;
/// Blocks that a leak gains within its window.
pub const MINIMUM_GAIN: u64 = 3;
/// Noise that the rise of a leak exceeds, as a factor.
pub const SIGNIFICANCE: f64 = 4.0;
/// Most blocks of a one-off.
pub const FEW_BLOCKS: u64 = 4;

/// Noise that must be exceeded before growth does not go on, as a factor.
const DOUBT: f64 = 1.5;
/// How much longer the next longer window is.
const WINDOW_FACTOR: u64 = 4;
/// Intervals between two blocks of a leak after which the next one is overdue.
const OVERDUE_INTERVALS: u64 = 4;

/// What the live blocks of a call stack do.
///
/// # Rules
/// [`verdict`] tells it from their history and their ages. All of it rests on the *low-water
/// line*: the minimum of each slice of time. Buffers in flight push the line up only for as long as
/// they live, while a leaked block pushes it up for good.
///
/// | verdict | rule, the first that holds |
/// |---|---|
/// | [`TooEarly`](Self::TooEarly) | less than [`MINIMUM_US`] or [`SLICES`] points of data |
/// | [`Growing`](Self::Growing) | the low-water line of a window never falls and rises in at least [`RISES`] of its steps; it gained [`MINIMUM_GAIN`] blocks; the rise is significant; the oldest block is at least half a window old; the newest isn't overdue |
/// | [`InFlight`](Self::InFlight) | no block is left, or every block that was live earlier in the window is gone, or the count fell to half of its peak |
/// | [`OneOff`](Self::OneOff) | at most [`FEW_BLOCKS`] blocks, none allocated or freed within the window |
/// | [`Plateau`](Self::Plateau) | all else: held, but not growing |
///
/// - **Window**: the last [`WINDOW_US`], or the last two points per slice where those are further
///   apart. A leak that is too slow to show in it is sought in windows 4, 16, … times as long.
/// - **Leaving `Growing`**: a leak that stops leaves it within [`WINDOW_US`]. One too slow for that
///   window leaves it after 4 times the usual interval between its blocks. One that traffic hides in that window
///   leaves it when a shorter one tells the end from the traffic: a longer window has no say on a leak that
///   rises less than half as fast in a shorter one, beyond the noise there.
/// - **Significant**: the rise of the fitted line over the window exceeds [`SIGNIFICANCE`] times the
///   median distance of the points from it; more, where the window has few points.
/// - **Evicted**: a block whose record was evicted counts as held, because nobody sees its free. So
///   `Growing` is certain of blocks with records only; with [`evicted`](Blocks::evicted) ones it may be that
///   blocks outlive their records and are freed after that. [`held_for_certain`](super::held_for_certain)
///   tells whether that explains everything.
/// - One block that grows in place is not `Growing`: what is sought are blocks that nobody frees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// Too little data for a verdict.
    TooEarly {
        /// How much there is.
        seconds_of_data: u64,
    },
    /// Blocks pile up: a leak, or a cache that is still filling.
    Growing {
        /// How fast.
        bytes_per_minute: f64,
    },
    /// Many blocks are held, but no more than before.
    Plateau,
    /// Blocks come and go.
    InFlight,
    /// A few blocks that were allocated once and stay.
    OneOff,
}

/// The blocks now, beside their history; times are microseconds since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blocks {
    /// Blocks that no free was seen of, as in the last point of the history.
    pub count: u64,
    /// Those among them whose records were evicted: they are older than all others.
    pub evicted: u64,
    /// When the oldest was allocated that has a record.
    pub oldest_us: u64,
    /// When the newest was allocated that has a record.
    pub newest_us: u64,
    /// When that was read.
    pub now_us: u64,
}

/// Describes what the blocks of a call stack do.
pub fn verdict(series: &Series, blocks: &Blocks) -> Verdict {
    let blocks = blocks.with_evicted(series);
    if series.span_us() < MINIMUM_US || series.points().len() < SLICES {
        return Verdict::TooEarly {
            seconds_of_data: series.span_us() / 1_000_000,
        };
    }
    let window = series.window(WINDOW_US, 2 * SLICES);
    if let Some(bytes_per_minute) = growth(series, &blocks) {
        Verdict::Growing { bytes_per_minute }
    } else if comes_and_goes(window, &blocks) {
        Verdict::InFlight
    } else if is_one_off(window, &blocks) {
        Verdict::OneOff
    } else {
        Verdict::Plateau
    }
}

/// Returns the bytes per minute of a leak, from the shortest window that shows it.
fn growth(series: &Series, blocks: &Blocks) -> Option<f64> {
    let mut window_us = WINDOW_US;
    let mut shorter = Vec::new();
    loop {
        let window = series.window(window_us, 2 * SLICES);
        let found = growth_within(window, &shorter, blocks);
        if found.is_some() || window.len() == series.points().len() {
            return found;
        }
        window_us = span_us(window).max(window_us).saturating_mul(WINDOW_FACTOR);
        shorter.push(window);
    }
}

/// Returns the bytes per minute if `window` shows a leak that goes on, as far as the `shorter` ones can tell.
fn growth_within(window: &[Point], shorter: &[&[Point]], blocks: &Blocks) -> Option<f64> {
    let lows = lows(window, SLICES);
    let gain = lows.last()?.count.saturating_sub(lows.first()?.count);
    let duration_us = span_us(window);
    let keeps_rising = gain >= MINIMUM_GAIN
        && lows.is_sorted_by_key(|low| low.bytes)
        && lows
            .windows(2)
            .filter(|pair| pair[1].bytes > pair[0].bytes)
            .count()
            >= RISES;
    if !keeps_rising || !blocks.fit_a_leak(duration_us, gain) {
        return None;
    }
    let trend = Trend::fit(window);
    // A leak of so few blocks is too slow for any shorter window.
    let is_slow = gain < SLICES as u64 * WINDOW_FACTOR;
    let goes_on = || {
        is_slow
            || shorter
                .iter()
                .all(|shorter| trend.goes_on_in(shorter, DOUBT))
    };
    let is_leak = trend.exceeds_noise(trend.rise(duration_us), SIGNIFICANCE) && goes_on();
    is_leak.then(|| trend.bytes_per_minute())
}

impl Blocks {
    /// Takes the ages of blocks without a record from what is known: their order, and the history.
    fn with_evicted(self, series: &Series) -> Self {
        if self.evicted == 0 {
            return self;
        }
        let mut steps = series.points().windows(2).rev();
        let rise = steps.find(|step| step[1].count > step[0].count);
        Self {
            oldest_us: 0,
            newest_us: self.newest_us.max(rise.map_or(0, |step| step[1].time_us)),
            ..self
        }
    }

    /// Whether their ages agree with a leak that gained `gain` blocks within `duration_us`: the
    /// first ones still there, the next one not overdue.
    fn fit_a_leak(&self, duration_us: u64, gain: u64) -> bool {
        let overdue_us = WINDOW_US.max(duration_us / gain * OVERDUE_INTERVALS);
        self.now_us.saturating_sub(self.oldest_us) >= duration_us / 2
            && self.now_us.saturating_sub(self.newest_us) <= overdue_us
    }
}

/// Whether blocks are freed as others are allocated.
fn comes_and_goes(window: &[Point], blocks: &Blocks) -> bool {
    let all_replaced = window
        .iter()
        .any(|point| point.count > 0 && point.time_us < blocks.oldest_us);
    blocks.count == 0 || all_replaced || fell_to_half(window)
}

/// Whether the count ever fell to half of what it was before.
fn fell_to_half(window: &[Point]) -> bool {
    let mut peak = 0;
    window.iter().any(|point| {
        peak = point.count.max(peak);
        peak > 0 && point.count <= peak / 2
    })
}

/// Whether a few blocks are all that ever was in the window.
fn is_one_off(window: &[Point], blocks: &Blocks) -> bool {
    let unchanged = window.iter().all(|point| point.count == blocks.count);
    let old = window
        .first()
        .is_some_and(|first| blocks.newest_us <= first.time_us);
    blocks.count <= FEW_BLOCKS && unchanged && old
}
