//! Blocks that are all freed in the end, but of which ever more wait for it: told from how many there were over time.

use super::series::{Series, Timed};

/// Moments that are remembered.
const MOMENTS: usize = 240;
/// Equal parts of a window, each with the fewest blocks that were live in it: its *low*.
const PARTS: usize = 6;
/// Fewest moments of each part.
const PER_PART: usize = 2;
/// How many times the longest lifetime a window lasts: what is emptied from time to time is seen to be so within one.
const LIFETIMES: u64 = 3;
/// Shortest window in microseconds.
const SHORTEST_US: u64 = 30_000_000;
/// Percent of the time watched that the longest lifetime takes at most: else nobody has seen whether a queue ends.
const SEEN_PERCENT: u64 = 60;
/// Fewest blocks that a queue grows by.
const GAIN: u64 = 6;
/// Percent of what the earlier half of the window gained that the later one gains at least.
const KEPT_PERCENT: u64 = 40;
/// How many times as far it has come as what comes and goes by chance would.
const DEVIATIONS: f64 = 4.0;

/// Where blocks may be freed long after others that came later, the time since the first free is looked at as a whole: for so
/// long at least, in microseconds, and in so many moments.
const WHOLE_US: u64 = 180_000_000;
const WHOLE_MOMENTS: usize = 24;
/// Percent of the longest lifetime that it lasts.
const WHOLE_PERCENT: u64 = 105;
/// The square of what is gained there exceeds so many times the low.
const WHOLE_DEVIATIONS: u64 = 18;
/// How many times as far it has come there as what goes up and down by chance would, before and after it was told to grow. Fewer
/// than in a window: it is one look at all the time there is, not the best of many windows.
const WHOLE_DRIFTS: f64 = 2.5;
const WHOLE_STILL_DRIFTS: f64 = 1.5;
/// Percent of what its earlier half gained that the later one gains at least, before and after it was told to grow.
const WHOLE_KEPT_PERCENT: u64 = 65;
const WHOLE_STILL_PERCENT: u64 = 30;
/// How many times as many moments there are as such with fewer blocks than just before, where a queue is emptied in batches.
const SELDOM: usize = 4;
/// How many times the squares of what single parts gained more or less than others the square of the whole gain is, where that does.
const EVENNESS: f64 = 36.0;
/// How many times as many blocks there are in its last third as in its first, beyond what more traffic makes of it.
const OUTRUN: f64 = 1.5;

/// What there was at one moment, on the clock of recorded time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moment {
    pub(super) time_us: u64,
    /// Live blocks.
    pub(super) count: u64,
    /// Allocations until then.
    pub(super) allocations: u64,
    /// Most live blocks from then on until the next moment.
    pub(super) peak: u64,
}

impl Timed for Moment {
    fn time_us(&self) -> u64 {
        self.time_us
    }

    fn absorb(&mut self, gone: &Self) {
        self.peak = self.peak.max(gone.peak);
    }
}

/// The live blocks of a call stack over time.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    moments: Series<Moment>,
    /// When one was first seen to be freed.
    freed_us: Option<u64>,
    /// How many were freed until now, and when that last became more.
    frees: u64,
    last_freed_us: u64,
    is_growing: bool,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            moments: Series::new(MOMENTS),
            freed_us: None,
            frees: 0,
            last_freed_us: 0,
            is_growing: false,
        }
    }
}

impl Queue {
    /// Returns the last moment.
    pub(super) fn last(&self) -> Option<&Moment> {
        self.moments.last()
    }

    /// Appends a moment, until which so many were freed.
    pub(super) fn take(&mut self, moment: Moment, frees: u64) {
        if frees > self.frees {
            self.freed_us.get_or_insert(moment.time_us);
            self.frees = frees;
            self.last_freed_us = moment.time_us;
        }
        self.moments.push(moment);
    }

    /// Returns whether it grows: the lows of a window rise, or those of all the time since the first free.
    pub(super) fn grows(&mut self, longest_us: u64) -> bool {
        let grows = self.freed_us.is_some_and(|freed_us| {
            self.grows_since(freed_us, longest_us) || self.grows_lately(longest_us)
        });
        self.is_growing = grows;
        grows
    }

    /// Returns whether it grew over three of the longest lifetimes, to more than it ever held, and more than the rate of
    /// allocations did.
    fn grows_lately(&self, longest_us: u64) -> bool {
        let moments = self.moments.points();
        let [first, .., last] = moments else {
            return false;
        };
        let watched_us = last.time_us - first.time_us;
        if watched_us < SHORTEST_US
            || longest_us.saturating_mul(100) > watched_us.saturating_mul(SEEN_PERCENT)
        {
            return false;
        }
        let window_us = longest_us.saturating_mul(LIFETIMES).max(SHORTEST_US);
        let window = self.moments.window(window_us, PARTS * PER_PART);
        let before = &moments[..moments.len() - window.len()];
        let Some(lows) = lows(window) else {
            return false;
        };
        let gain = lows[PARTS - 1].saturating_sub(lows[0]);
        let outruns_traffic = gain / 2 > risen_with_traffic(window, lows[0]);
        if self.is_growing {
            let most = lows.iter().max();
            return most == Some(&lows[PARTS - 1]) && outruns_traffic;
        }
        let record = before.iter().map(|moment| moment.peak).max();
        lows.is_sorted_by(|low, next| low < next)
            && gain >= GAIN
            && record.is_none_or(|record| lows[PARTS - 1] > record)
            && exceeds_chance(gain, window, DEVIATIONS)
            && goes_on(&lows, KEPT_PERCENT)
            && outruns_traffic
    }

    /// Returns whether it grew all along since the first free: where blocks are taken from a queue at random, some wait for
    /// nearly as long.
    fn grows_since(&self, freed_us: u64, longest_us: u64) -> bool {
        let moments = self.moments.points();
        let since = &moments[moments.partition_point(|moment| moment.time_us < freed_us)..];
        let [first, .., last] = since else {
            return false;
        };
        let watched_us = last.time_us - first.time_us;
        let is_long = watched_us >= WHOLE_US
            && watched_us.saturating_mul(100) >= longest_us.saturating_mul(WHOLE_PERCENT);
        // Of a queue some are freed while it grows; what was emptied and gathers anew is none.
        let is_consumed = self.last_freed_us >= first.time_us + watched_us / 2;
        // Of one that is told to grow, any may be freed.
        if since.len() < WHOLE_MOMENTS || !is_consumed || !(is_long || self.is_growing) {
            return false;
        }
        let Some(lows) = lows(since) else {
            return false;
        };
        let gain = lows[PARTS - 1].saturating_sub(lows[0]);
        if self.is_growing {
            let most = lows.iter().max();
            return most == Some(&lows[PARTS - 1])
                && (exceeds_chance(gain, since, WHOLE_STILL_DRIFTS) || rises_evenly(&lows))
                && goes_on(&lows, WHOLE_STILL_PERCENT);
        }
        lows.is_sorted_by(|low, next| low < next)
            && gain >= GAIN
            && gain.saturating_mul(gain) >= lows[PARTS - 1].saturating_mul(WHOLE_DEVIATIONS)
            && (exceeds_chance(gain, since, WHOLE_DRIFTS)
                || (is_emptied_in_batches(since) && rises_evenly(&lows)))
            && goes_on(&lows, WHOLE_KEPT_PERCENT)
            && rises_at_last(since)
            && outruns(since)
    }
}

/// Returns the fewest blocks of each part of a window; `None` if some part has no moment.
fn lows(window: &[Moment]) -> Option<[u64; PARTS]> {
    let first_us = window.first()?.time_us;
    let part_us = part_us(window)?;
    let mut lows = [u64::MAX; PARTS];
    for moment in window {
        let low = &mut lows[((moment.time_us - first_us) / part_us) as usize];
        *low = moment.count.min(*low);
    }
    (!lows.contains(&u64::MAX)).then_some(lows)
}

/// Returns how long a part of a window is.
fn part_us(window: &[Moment]) -> Option<u64> {
    let span_us = window.last()?.time_us - window.first()?.time_us;
    Some(span_us / PARTS as u64 + 1)
}

/// Returns whether the later half of the lows gained at least that many percent of what the earlier one did.
fn goes_on(lows: &[u64; PARTS], percent: u64) -> bool {
    let earlier = lows[2].saturating_sub(lows[0]);
    let later = lows[5].saturating_sub(lows[3]);
    later.saturating_mul(100) >= earlier.saturating_mul(percent)
}

/// Returns whether there seldom were fewer blocks than just before.
fn is_emptied_in_batches(window: &[Moment]) -> bool {
    let pairs = window.windows(2);
    let falls = pairs.filter(|pair| pair[1].count < pair[0].count).count();
    falls * SELDOM <= window.len()
}

/// Returns whether each part gained about as much as any other, as where batches leave a rest: the steps up and down say nothing of
/// that.
fn rises_evenly(lows: &[u64; PARTS]) -> bool {
    let gain = lows[PARTS - 1].saturating_sub(lows[0]) as f64;
    let mean = gain / (PARTS - 1) as f64;
    let off = |pair: &[u64]| pair[1] as f64 - pair[0] as f64 - mean;
    let squares: f64 = lows.windows(2).map(|pair| off(pair) * off(pair)).sum();
    gain * gain > EVENNESS * squares
}

/// Returns whether the fewest blocks rise within the last part, too.
fn rises_at_last(window: &[Moment]) -> bool {
    let part_us = part_us(window).unwrap_or(0);
    let end_us = window.last().map_or(0, |last| last.time_us);
    let begin = window.partition_point(|moment| moment.time_us + part_us <= end_us);
    let part = &window[begin..];
    let (earlier, later) = part.split_at(part.len() / 2);
    let low = |moments: &[Moment]| moments.iter().map(|moment| moment.count).min();
    low(later) > low(earlier)
}

/// Returns whether a gain is more than so many times what a count gains in a window that goes up and down by chance, in as large
/// steps as this one did.
fn exceeds_chance(gain: u64, window: &[Moment], times: f64) -> bool {
    let step = |pair: &[Moment]| pair[1].count.abs_diff(pair[0].count) as f64;
    let squares = window.windows(2).map(|pair| step(pair) * step(pair));
    gain as f64 > times * libm::sqrt(squares.sum())
}

/// Returns the allocations per microsecond.
fn rate(moments: &[Moment]) -> f64 {
    match moments {
        [first, .., last] => {
            let allocations = last.allocations.saturating_sub(first.allocations);
            allocations as f64 / (last.time_us - first.time_us) as f64
        }
        _ => 0.0,
    }
}

/// Returns how many blocks more there are because more are allocated in the end of a window than at its beginning.
fn risen_with_traffic(window: &[Moment], low: u64) -> u64 {
    let (first, last) = ends(window);
    let (before, now) = (rate(first), rate(last));
    if before <= 0.0 {
        return 0;
    }
    ((now / before - 1.0).max(0.0) * low as f64) as u64
}

/// Returns the moments of the first and of the last third of the time, for the past is kept in fewer.
fn ends(window: &[Moment]) -> (&[Moment], &[Moment]) {
    let (Some(first), Some(last)) = (window.first(), window.last()) else {
        return (window, window);
    };
    let third_us = (last.time_us - first.time_us) / 3;
    let at = |us: u64| window.partition_point(|moment| moment.time_us < first.time_us + us);
    (&window[..at(third_us)], &window[at(2 * third_us)..])
}

/// Returns whether there are so many more blocks in the last third than in the first that more traffic does not explain it.
fn outruns(window: &[Moment]) -> bool {
    let (before, now) = ends(window);
    let traffic = rate(now) / rate(before);
    rate(before) > 0.0 && mean(now) > OUTRUN * mean(before) * traffic.max(1.0)
}

/// Returns how many blocks there were on average.
fn mean(moments: &[Moment]) -> f64 {
    let [first, .., last] = moments else {
        return 0.0;
    };
    let held = |pair: &[Moment]| (pair[1].time_us - pair[0].time_us) as f64 * pair[0].count as f64;
    let sum: f64 = moments.windows(2).map(held).sum();
    sum / (last.time_us - first.time_us) as f64
}

#[cfg(test)]
mod tests;
