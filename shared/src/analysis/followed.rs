//! Verdicts on answers that follow each other: what one answer says, and what only a history can tell.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::evidence::{Passed, judge};
use super::series::{Series, Timed};
use crate::trace::{Kind, Leak, Period, Verdict};

/// Moments of a call stack that are remembered.
const MOMENTS: usize = 240;
/// Equal parts of a window, each with the fewest blocks that were live in it.
const PARTS: usize = 6;
/// Fewest moments of each part.
const PER_PART: usize = 2;
/// How many times the longest lifetime a window lasts: what is emptied from time to time is seen to be so within one.
const LIFETIMES: u64 = 3;
/// Shortest window in microseconds.
const SHORTEST_US: u64 = 30_000_000;
/// Percent of the time watched that the longest lifetime takes at most: else nobody has seen whether a queue ends.
const SEEN_PERCENT: u64 = 40;
/// Fewest blocks that a queue grows by.
const GAIN: u64 = 6;
/// How many times as far it has come as what comes and goes by chance would.
const DEVIATIONS: f64 = 4.0;
/// Percent of what the earlier half of the window gained that the later one gains at least.
const KEPT_PERCENT: u64 = 40;
/// Most blocks of what grows in place.
const FEW_BLOCKS: u64 = 4;
/// Fewest times that their bytes rose.
const RISES: u32 = 4;
/// How much larger they have become at least, as a factor.
const GROWN: u64 = 4;
/// How many times the time until the last rise may pass until the next one: what doubles each time takes twice as long.
const PATIENCE: u64 = 3;
/// Microseconds after which a call stack that was not listed is forgotten.
const FORGOTTEN_US: u64 = 600_000_000;

/// What a call stack held at one moment, on the clock of recorded time.
#[derive(Clone, Copy, Debug, Default)]
struct Moment {
    time_us: u64,
    count: u64,
    allocations: u64,
}

impl Timed for Moment {
    fn time_us(&self) -> u64 {
        self.time_us
    }
}

/// What is said of a call stack that is followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What it does now.
    pub verdict: Verdict,
    /// Until when it was last said to leak for certain.
    pub leaked_until_us: Option<u64>,
}

/// The call stacks of one trace, followed from answer to answer.
#[derive(Clone, Debug, Default)]
pub struct Followed {
    trace_id: Option<u32>,
    tracks: BTreeMap<u32, Track>,
}

impl Followed {
    /// Judges the leaks of the next answer, in their order. The first answer is judged alone, and so is the first one of another
    /// trace. Where it `is_complete`, a call stack that it does not list holds nothing.
    pub fn judge<'l>(
        &mut self,
        trace_id: u32,
        period: &Period,
        leaks: impl IntoIterator<Item = (&'l Leak, Passed)>,
        is_complete: bool,
    ) -> Vec<Told> {
        if self.trace_id.replace(trace_id) != Some(trace_id) {
            self.tracks.clear();
        }
        let now_us = period.recorded_us(period.time_us);
        let mut judged = Vec::new();
        for (leak, passed) in leaks {
            let track = self.tracks.entry(leak.stack).or_default();
            judged.push(track.judge(leak, &passed, period));
        }
        for track in self.tracks.values_mut() {
            if is_complete && track.last_us() < now_us {
                track.hold_nothing(now_us);
            }
        }
        self.tracks
            .retain(|_, track| now_us.saturating_sub(track.listed_us) <= FORGOTTEN_US);
        judged
    }
}

/// A call stack that is followed.
#[derive(Clone, Debug)]
struct Track {
    before: Kind,
    leaked_until_us: Option<u64>,
    moments: Series<Moment>,
    in_place: InPlace,
    /// When it was last listed.
    listed_us: u64,
}

impl Default for Track {
    fn default() -> Self {
        Self {
            before: Kind::default(),
            leaked_until_us: None,
            moments: Series::new(MOMENTS),
            in_place: InPlace::default(),
            listed_us: 0,
        }
    }
}

impl Track {
    fn judge(&mut self, leak: &Leak, passed: &Passed, period: &Period) -> Told {
        let now = Moment {
            time_us: period.recorded_us(period.time_us),
            count: leak.count,
            allocations: passed.allocations,
        };
        if now.time_us > self.last_us() || self.moments.last().is_none() {
            self.moments.push(now);
            self.in_place.take(leak, passed, now.time_us);
        }
        self.listed_us = now.time_us;
        let alone = judge(leak, passed, period, self.before);
        let kind = match alone.kind {
            kind @ (Kind::Leaking | Kind::Lost | Kind::TooEarly) => kind,
            _ if self.queue_grows(passed) => Kind::QueueGrows,
            _ if self.in_place.grows(now.time_us) => Kind::GrowsInPlace,
            kind => kind,
        };
        self.before = kind;
        let verdict = match kind == alone.kind {
            true => alone,
            false => Verdict {
                kind,
                certain: kind == Kind::QueueGrows && passed.evicted == 0 && !passed.is_shared,
                ..Verdict::default()
            },
        };
        if kind == Kind::Leaking && verdict.certain {
            self.leaked_until_us = Some(period.time_us);
        }
        Told {
            verdict,
            leaked_until_us: self.leaked_until_us,
        }
    }

    /// Notes that it has no live block.
    fn hold_nothing(&mut self, time_us: u64) {
        let last = self.moments.last().copied().unwrap_or_default();
        self.moments.push(Moment {
            time_us,
            count: 0,
            ..last
        });
    }

    fn last_us(&self) -> u64 {
        self.moments.last().map_or(0, |last| last.time_us)
    }

    /// Returns whether ever more blocks wait to be freed, although each is freed in the end: the fewest blocks of each part of a
    /// window rise, and more than the rate of allocations does.
    fn queue_grows(&self, passed: &Passed) -> bool {
        let longest_us = passed.longest_lifetime_us;
        let [first, .., last] = self.moments.points() else {
            return false;
        };
        let watched_us = last.time_us - first.time_us;
        if passed.frees == 0
            || watched_us < SHORTEST_US
            || longest_us.saturating_mul(100) > watched_us.saturating_mul(SEEN_PERCENT)
        {
            return false;
        }
        let window_us = longest_us.saturating_mul(LIFETIMES).max(SHORTEST_US);
        let window = self.moments.window(window_us, PARTS * PER_PART);
        let Some(lows) = lows(window) else {
            return false;
        };
        if self.before == Kind::QueueGrows {
            return lows[PARTS - 1] > lows[0];
        }
        let gain = lows[PARTS - 1].saturating_sub(lows[0]);
        let earlier = lows[2].saturating_sub(lows[0]);
        let later = lows[5].saturating_sub(lows[3]);
        lows.is_sorted_by(|low, next| low < next)
            && gain >= GAIN
            && gain as f64 > DEVIATIONS * drift(window)
            && later.saturating_mul(100) >= earlier.saturating_mul(KEPT_PERCENT)
            && gain / 2 > risen_with_traffic(window, lows[0])
    }
}

/// Returns the fewest blocks of each part of a window; `None` if some part has no moment.
fn lows(window: &[Moment]) -> Option<[u64; PARTS]> {
    let (first, last) = (window.first()?.time_us, window.last()?.time_us);
    let span_us = last - first;
    let mut lows = [u64::MAX; PARTS];
    for moment in window {
        let part = (moment.time_us - first) / (span_us / PARTS as u64 + 1);
        let low = &mut lows[part as usize];
        *low = moment.count.min(*low);
    }
    (!lows.contains(&u64::MAX)).then_some(lows)
}

/// Returns how far a count comes within a window that goes up and down by chance, in as large steps as this one did.
fn drift(window: &[Moment]) -> f64 {
    let step = |pair: &[Moment]| pair[1].count.abs_diff(pair[0].count) as f64;
    let squares = window.windows(2).map(|pair| step(pair) * step(pair));
    libm::sqrt(squares.sum())
}

/// Returns how many blocks more there are because more are allocated in the end of a window than at its beginning.
fn risen_with_traffic(window: &[Moment], low: u64) -> u64 {
    let third = window.len() / 3;
    let rate = |moments: &[Moment]| match moments {
        [first, .., last] => {
            let allocations = last.allocations.saturating_sub(first.allocations);
            allocations as f64 / (last.time_us - first.time_us) as f64
        }
        _ => 0.0,
    };
    let (before, now) = (
        rate(&window[..third]),
        rate(&window[window.len() - third..]),
    );
    if before <= 0.0 {
        return 0;
    }
    ((now / before - 1.0).max(0.0) * low as f64) as u64
}

/// A few blocks whose bytes rise by reallocation.
#[derive(Clone, Copy, Debug, Default)]
struct InPlace {
    first_us: u64,
    first_bytes: u64,
    bytes: u64,
    rises: u32,
    last_rise_us: u64,
}

impl InPlace {
    fn take(&mut self, leak: &Leak, passed: &Passed, time_us: u64) {
        let is_moved = passed.frees > 0 && leak.count <= FEW_BLOCKS;
        // While it is copied to a larger place, a block is there twice.
        let fell = leak.bytes < self.bytes / 2;
        if self.first_us == 0 || leak.count > FEW_BLOCKS || fell {
            *self = Self {
                first_us: time_us,
                first_bytes: leak.bytes,
                bytes: leak.bytes,
                ..Self::default()
            };
        } else if is_moved && leak.bytes > self.bytes {
            self.bytes = leak.bytes;
            self.rises += 1;
            self.last_rise_us = time_us;
        }
    }

    fn grows(&self, now_us: u64) -> bool {
        let until_rise_us = self.last_rise_us.saturating_sub(self.first_us);
        self.rises >= RISES
            && self.bytes >= self.first_bytes.saturating_mul(GROWN)
            && now_us.saturating_sub(self.first_us) <= until_rise_us.saturating_mul(PATIENCE)
    }
}
