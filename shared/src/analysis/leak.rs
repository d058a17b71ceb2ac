//! When growth is called a leak, and when a leak is over.

use alloc::vec::Vec;

use super::series::{Point, Timed, span_us};
use super::trend::Trend;

/// Microseconds of steady growth before anything is said of it: longer than sessions that end after a minute.
pub const SUSPECT_US: u64 = 65_000_000;
/// Blocks that a leak gains before it is called one. No usual cache or ring buffer has room for as many.
pub const LEAK_BLOCKS: u64 = 257;
/// Microseconds of steady growth after which fewer blocks are a leak, too.
pub const LEAK_US: u64 = 900_000_000;

/// Equal slices of time that growth is looked for in, each with its low-water mark.
const SLICES: usize = 8;
/// Low-water marks that there are at least where answers were missed.
const FEWEST_LOWS: usize = 6;
/// Steps between low-water marks that may be level.
const LEVEL_STEPS: usize = 1;
/// How much shorter the next shorter window is.
const WINDOW_FACTOR: f64 = 0.75;
/// How many times the longest lifetime growth must last: what is emptied from time to time grows for one.
const LIFETIMES: u64 = 3;
/// How many times as many frees as blocks show that all blocks are renewed.
const RENEWED: f64 = 5.0;
/// Standard deviations of chance that a gain exceeds.
const DEVIATIONS: f64 = 4.0;
/// Least share of the greatest number of bytes that the blocks hold while growth is young.
const NEAR_PEAK: f64 = 0.9;

/// Slices of time that a look at the recent past takes a moment from.
const SAMPLES: u64 = 48;
/// Fewest moments whose noise is known.
const ENOUGH_SAMPLES: usize = 10;
/// Moments of which the lowest is what is held now.
const NEWEST: usize = 3;
/// Microseconds within which the newest block of a leak came, if blocks do not usually come more seldom.
const FRESH_US: u64 = 5_000_000;
/// Shortest time without a new block that ends growth, in microseconds.
const OVERDUE_US: u64 = 15_000_000;
/// Shortest window that can show that growth ended, in microseconds.
const ENDED_US: u64 = 20_000_000;
/// How long growth must seem to have ended, in microseconds.
const SURE_US: u64 = 4_000_000;
/// How many times the usual pause between blocks shows that no more come: where they come by chance, one pause in some
/// thousands is longer.
const OVERDUE: u64 = 6;
/// How many usual pauses a window has at least that can show that growth ended.
const PAUSES: u64 = 8;
/// Fewest rises that would have come in such a window: of so many expected by chance, never none come.
const MISSED_RISES: f64 = 16.0;
/// Standard deviations by which what comes and goes may hide the growth in such a window.
const HIDDEN: f64 = 8.0;
/// Noise that a lack of growth exceeds, as a factor.
const DOUBT: f64 = 5.0;

/// What a site held at one moment, and what had passed through it by then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Microseconds since boot.
    pub time_us: u64,
    /// Blocks that are not known to be freed.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Allocations until then.
    pub allocations: u64,
    /// Frees until then.
    pub frees: u64,
    /// When its oldest block was allocated, in microseconds since boot.
    pub oldest_us: u64,
    /// When its newest block was allocated, in microseconds since boot.
    pub newest_us: u64,
}

impl Timed for Moment {
    fn time_us(&self) -> u64 {
        self.time_us
    }
}

impl Moment {
    /// Returns how long ago the newest block was allocated.
    fn idle_us(&self) -> u64 {
        self.time_us.saturating_sub(self.newest_us)
    }
}

/// What is known of a site beside its history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Longest lifetime of a freed block that was seen, in microseconds.
    pub longest_lifetime_us: u64,
    /// Most bytes that it ever held.
    pub peak_bytes: u64,
}

/// Growth that goes on until now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// How long it has lasted at least, in microseconds.
    pub duration_us: u64,
    /// Blocks gained meanwhile.
    pub gained: u64,
    /// Whether a block came just now.
    pub is_fresh: bool,
    /// How fast.
    pub bytes_per_minute: f64,
}

/// What is said of a site's growth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    #[default]
    Quiet,
    /// It grows, as a leak does and also what still fills up.
    Suspected,
    /// It leaks.
    Leaking,
    /// It leaked, and what leaked is still held.
    Stopped,
}

/// Follows a site from answer to answer.
///
/// A site is [`Suspected`](Standing::Suspected) after [`SUSPECT_US`] of steady growth, and
/// [`Leaking`](Standing::Leaking) after [`LEAK_BLOCKS`] or [`LEAK_US`] of it. It stays so until growth is known to have
/// ended: no block came for much longer than before, the blocks of its beginning are gone, or the recent past shows
/// no growth where it would have. That a window is merely too noisy to show it ends nothing, so a leak does not flicker.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Suspect {
    standing: Standing,
    growth: Option<Growth>,
    /// Since when it has grown: what is seen of its growth later may be a short part of it.
    began_us: u64,
    /// The longest pause after which a leak went on that was said to have stopped, in microseconds.
    paused_us: u64,
    /// Since when growth is looked for: what was before the end of a leak is no part of another one.
    from_us: u64,
    /// Since when it seems to have ended.
    ended_since_us: Option<u64>,
    /// Blocks that were held when it ended.
    held: u64,
}

impl Suspect {
    /// Looks at a site again; `history` ends with this moment.
    pub fn look(&mut self, history: &[Moment], known: &Known) -> Standing {
        let Some(now) = history.last() else {
            return self.standing;
        };
        let start = history.partition_point(|moment| moment.time_us < self.from_us);
        let history = &history[start..];
        if self.is_growing() {
            self.look_for_end(history, now);
        }
        if self.standing == Standing::Stopped && now.count <= self.held / 2 {
            self.standing = Standing::Quiet;
        }
        let growth = steady_growth(history, known);
        let began = |growth: &Growth| now.time_us.saturating_sub(growth.duration_us);
        let paused_us = self.paused_us;
        let lasts = |growth: &Growth| !has_ended(history, growth, began(growth), paused_us);
        if let Some(growth) = growth.filter(lasts) {
            self.grow(growth, began(&growth));
        }
        self.standing
    }

    /// Returns what is said of it.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Returns how it grows or, once that ended, grew; `None` if it never did.
    pub fn growth(&self) -> Option<Growth> {
        self.growth
    }

    /// Returns when its growth ended, in microseconds since boot.
    pub fn ended_us(&self) -> u64 {
        self.from_us
    }

    fn is_growing(&self) -> bool {
        matches!(self.standing, Standing::Suspected | Standing::Leaking)
    }

    fn grow(&mut self, growth: Growth, began_us: u64) {
        self.began_us = match self.is_growing() {
            true => began_us.min(self.began_us),
            false => began_us,
        };
        if self.standing == Standing::Stopped {
            let pause_us = began_us.saturating_sub(self.from_us) + OVERDUE_US;
            self.paused_us = self.paused_us.max(pause_us);
        }
        self.growth = Some(growth);
        // Nothing is called a leak for the first time that may have ended a moment ago.
        let is_enough = growth.gained >= LEAK_BLOCKS || growth.duration_us >= LEAK_US;
        let is_leak = is_enough && growth.is_fresh;
        match self.standing {
            Standing::Leaking => {}
            _ if is_leak => self.standing = Standing::Leaking,
            _ => self.standing = Standing::Suspected,
        }
    }

    fn look_for_end(&mut self, history: &[Moment], now: &Moment) {
        if !self
            .growth
            .is_some_and(|growth| has_ended(history, &growth, self.began_us, self.paused_us))
        {
            self.ended_since_us = None;
            return;
        }
        let since_us = *self.ended_since_us.get_or_insert(now.time_us);
        if now.time_us - since_us < SURE_US {
            return;
        }
        self.ended_since_us = None;
        self.from_us = now.time_us;
        self.held = now.count;
        self.standing = match self.standing {
            Standing::Leaking => Standing::Stopped,
            _ => Standing::Quiet,
        };
    }
}

/// Returns the steady growth that lasts until now, over the longest time that shows it.
fn steady_growth(history: &[Moment], known: &Known) -> Option<Growth> {
    let mut window_us = span_us(history);
    while window_us >= SUSPECT_US {
        let window = last(history, window_us);
        if let Some(growth) = growth_within(window, known) {
            return Some(growth);
        }
        window_us = (window_us as f64 * WINDOW_FACTOR) as u64;
    }
    None
}

/// Returns the growth of a window if it is steady and looks like none of what ends by itself.
fn growth_within(window: &[Moment], known: &Known) -> Option<Growth> {
    let lows = lows(window);
    let (first, last) = (lows.first()?, lows.last()?);
    let duration_us = span_us(window);
    // The low-water mark of the last slice may be as old as the slice is long.
    let newest = window.iter().rev().take(NEWEST).map(|moment| moment.count);
    let now = newest
        .min()
        .map_or(last.count, |newest| newest.max(last.count));
    let gained = now.saturating_sub(first.count);
    let is_leak = duration_us >= SUSPECT_US
        && is_steady(&lows)
        && is_fresh(window, OVERDUE_US)
        && outlives(window, known)
        && is_near_peak(window, known)
        && exceeds_chance(window, gained)
        && exceeds_traffic(window, gained);
    let minutes = (last.time_us - first.time_us) as f64 / 60e6;
    is_leak.then(|| Growth {
        duration_us,
        gained,
        is_fresh: is_fresh(window, FRESH_US),
        bytes_per_minute: last.bytes.saturating_sub(first.bytes) as f64 / minutes,
    })
}

/// Returns the lowest moment of each slice of time, without the empty ones.
fn lows(window: &[Moment]) -> Vec<Moment> {
    let Some(first) = window.first() else {
        return Vec::new();
    };
    let slice_us = span_us(window) / SLICES as u64 + 1;
    let slice_of = |moment: &Moment| (moment.time_us - first.time_us) / slice_us;
    let slices = window.chunk_by(|a, b| slice_of(a) == slice_of(b));
    slices
        .filter_map(|slice| slice.iter().min_by_key(|moment| moment.count).copied())
        .collect()
}

/// Whether the low-water line rises all along and does not slow down, as it does where something fills up.
fn is_steady(lows: &[Moment]) -> bool {
    let rises = lows.windows(2).filter(|pair| pair[1].count > pair[0].count);
    if lows.len() < FEWEST_LOWS
        || !lows.is_sorted_by_key(|low| low.count)
        || rises.count() + 1 + LEVEL_STEPS < lows.len()
    {
        return false;
    }
    let pace = |from: usize, to: usize| {
        let blocks = lows[to].count - lows[from].count;
        blocks as f64 / (lows[to].time_us - lows[from].time_us).max(1) as f64
    };
    let end = lows.len() - 1;
    let earlier = pace(0, end / 2);
    let later = pace(end / 2, end).min(2.0 * pace(end - 2, end));
    later >= earlier / 2.0
}

/// Whether the newest block came no longer ago than is usual, or than so many microseconds.
fn is_fresh(window: &[Moment], least_us: u64) -> bool {
    let Some((now, before)) = window.split_last() else {
        return false;
    };
    now.idle_us() <= usual_idle_us(before).max(least_us)
}

/// Returns how long there was no new block in the later half of a window, in three of four moments at most.
///
/// The longest time would not do: where buffers come and go, at some moments none of them is live.
fn usual_idle_us(window: &[Moment]) -> u64 {
    let later = last(window, span_us(window) / 2).iter();
    let mut idle: Vec<u64> = later.map(Moment::idle_us).collect();
    idle.sort_unstable();
    idle.get(idle.len() * 3 / 4).copied().unwrap_or(0)
}

/// Whether the growth lasts too long for blocks that are freed in the end.
fn outlives(window: &[Moment], known: &Known) -> bool {
    let duration_us = span_us(window);
    let age_us = |now: &Moment| now.time_us.saturating_sub(now.oldest_us);
    duration_us >= known.longest_lifetime_us.saturating_mul(LIFETIMES)
        && window
            .last()
            .is_some_and(|now| age_us(now) >= duration_us / 2)
}

/// Whether more is held than before, apart from growth that is watched for long.
fn is_near_peak(window: &[Moment], known: &Known) -> bool {
    let bytes = window.last().map_or(0, |now| now.bytes);
    span_us(window) >= LEAK_US || bytes as f64 >= NEAR_PEAK * known.peak_bytes as f64
}

/// Returns how much a counter gained in a window.
fn gain(window: &[Moment], counter: fn(&Moment) -> u64) -> f64 {
    match window {
        [first, .., last] => counter(last).saturating_sub(counter(first)) as f64,
        _ => 0.0,
    }
}

/// Whether a gain is more than chance makes of blocks that come and go: as ever, the root of their number.
fn exceeds_chance(window: &[Moment], gained: u64) -> bool {
    let frees = gain(window, |moment| moment.frees);
    let passed = frees + gain(window, |moment| moment.allocations);
    let held = 2.0 * window.first().map_or(0, |first| first.count) as f64;
    // Where all is renewed many times over, only as many as are held at a time add up.
    let chance = match frees {
        0.0 => return true,
        _ if frees <= RENEWED * held => passed,
        _ if jumps(window) => held + frees / 20.0,
        _ => held + frees,
    };
    let gained = gained as f64;
    gained * gained >= DEVIATIONS * DEVIATIONS * chance
}

/// Whether the count jumps from moment to moment about a line, rather than wandering off from it.
fn jumps(window: &[Moment]) -> bool {
    let (Some(first), Some(last)) = (window.first(), window.last()) else {
        return false;
    };
    let slope = (last.count as f64 - first.count as f64) / span_us(window).max(1) as f64;
    let off = |moment: &Moment| {
        let line = first.count as f64 + slope * (moment.time_us - first.time_us) as f64;
        moment.count as f64 - line
    };
    let steps = window.windows(2).map(|pair| off(&pair[1]) - off(&pair[0]));
    let steps: f64 = steps.map(|step| step * step).sum();
    let distances: f64 = window.iter().map(off).map(|off| off * off).sum();
    steps >= distances / 2.0
}

/// Whether a gain is more than a rise of traffic explains: of blocks in flight there are as many more as are allocated more.
fn exceeds_traffic(window: &[Moment], gained: u64) -> bool {
    if gain(window, |moment| moment.frees) == 0.0 {
        return true;
    }
    let middle_us = window.first().map_or(0, |first| first.time_us) + span_us(window) / 2;
    let middle = window.partition_point(|moment| moment.time_us <= middle_us);
    let (earlier, later) = (&window[..middle], &window[middle.saturating_sub(1)..]);
    let pace =
        |part: &[Moment]| gain(part, |moment| moment.allocations) / span_us(part).max(1) as f64;
    let more = (1.0 - pace(earlier) / pace(later).max(f64::MIN_POSITIVE)).max(0.0);
    let held = window.last().map_or(0, |now| now.count) as f64;
    // Half of the rise lies before the middle of the first half and behind that of the second.
    gained as f64 > 3.0 * more * held
}

/// Whether growth that was seen, and began at a time, has ended; it went on after a pause of `paused_us` before.
fn has_ended(history: &[Moment], growth: &Growth, began_us: u64, paused_us: u64) -> bool {
    let Some(now) = history.last() else {
        return false;
    };
    let duration_us = now.time_us.saturating_sub(began_us);
    let window = last(history, duration_us);
    let began_us = window.first().map_or(0, Moment::time_us);
    let until_newest = window.partition_point(|moment| moment.time_us <= now.newest_us);
    let usual_us = usual_idle_us(&window[..until_newest]);
    let pauses = window[..until_newest].iter().map(Moment::idle_us);
    let longest_us = pauses.max().unwrap_or(0).max(paused_us);
    let overdue_us = OVERDUE_US.max(OVERDUE * usual_us).max(2 * longest_us);
    let is_overdue = now.idle_us() > overdue_us;
    let is_replaced = now.count == 0 || now.oldest_us > began_us + duration_us / 2;
    is_overdue || is_replaced || is_level(window, growth, (PAUSES * usual_us).max(2 * longest_us))
}

/// Whether the recent past shows no growth where it would have it, in windows that are longer than usual pauses.
fn is_level(window: &[Moment], growth: &Growth, pause_us: u64) -> bool {
    let trend = Trend::steady(growth.gained as f64 / growth.duration_us as f64);
    let held = window.first().map_or(0, |first| first.count) as f64;
    let missed = (MISSED_RISES * usual_rise(window)).max(HIDDEN * libm::sqrt(held));
    let mut recent_us = ENDED_US.max(pause_us);
    while recent_us <= span_us(window) {
        let recent = samples(last(window, recent_us));
        let shows = trend.rise(recent_us) >= missed && recent.len() >= ENOUGH_SAMPLES;
        if shows && !trend.goes_on_in(&recent, DOUBT) {
            return true;
        }
        recent_us *= 2;
    }
    false
}

/// Returns by how many blocks a window rises at a time: what leaks may do so by many at once, and seldom.
fn usual_rise(window: &[Moment]) -> f64 {
    let rises = window
        .windows(2)
        .filter(|pair| pair[1].count > pair[0].count);
    let gained = match window {
        [first, .., last] => last.count.saturating_sub(first.count),
        _ => 0,
    };
    (gained as f64 / rises.count().max(1) as f64).max(1.0)
}

/// Returns a moment of each of many slices of time, with blocks in place of bytes.
///
/// The lowest of each would not do: a history keeps fewer moments the older they are, and the fewer there are the higher
/// is the lowest of them.
fn samples(moments: &[Moment]) -> Vec<Point> {
    let Some(first) = moments.first() else {
        return Vec::new();
    };
    let slice_us = span_us(moments) / SAMPLES + 1;
    let slice_of = |moment: &Moment| (moment.time_us - first.time_us) / slice_us;
    let slices = moments.chunk_by(|a, b| slice_of(a) == slice_of(b));
    let point = |moment: &Moment| Point {
        time_us: moment.time_us,
        bytes: moment.count,
        count: moment.count,
    };
    slices.filter_map(|slice| slice.last().map(point)).collect()
}

/// Returns the last `window_us` of a history.
fn last(history: &[Moment], window_us: u64) -> &[Moment] {
    let start_us = history
        .last()
        .map_or(0, |now| now.time_us.saturating_sub(window_us));
    &history[history.partition_point(|moment| moment.time_us < start_us)..]
}
