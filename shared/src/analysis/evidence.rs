//! What the numbers of one answer say of a call stack: whether it leaks, and how sure that is.
//!
//! Everything is integer arithmetic without a heap, so that a device, a page and a command judge by the same rule.

use crate::trace::{Kind, Leak, MAX_BIRTHS, OUTLIVED_FACTOR, Outlived, Period, Stack, Verdict};

/// Fewest blocks of a leak, which are more than those of a one-off, and fewest slices that they were allocated in.
const FEWEST: u64 = FEW_BLOCKS + 1;
const FEWEST_SLICES: u64 = 4;
/// Fewest of them in the later half before they are said to leak, where most came in the first quarter: what comes ever more
/// seldom, as chunks of an arena that doubles, has fewer there however long it is watched.
const FEWEST_LATER: u64 = 3;
/// Microseconds within which the first blocks of a leak must have been allocated.
pub(super) const SHORTEST_US: u64 = 20_000_000;
/// Microseconds that were recorded before anything is said of what comes and goes.
const EARLY_US: u64 = 10_000_000;
/// Slices with births, up to the last one, that the usual pause between two is taken from.
const TAIL: usize = 9;
/// How many times as long as the mean of all others a pause is that is left out.
const ALONE: u64 = 8;
/// Usual pauses between births after which the next one is overdue, and those after which growth that was told has ended.
const OVERDUE: u64 = 4;
const ENDED: u64 = 7;
/// How many times the usual births of a slice one counts for: what is allocated at once at the start says nothing of later.
const BURST: u32 = 4;
/// Births in the last half that show whether they go on as before, whatever there was at first.
const ENOUGH_LATER: u64 = 16;
const MANY_LATER: u64 = 48;
/// Percent of the births of the third quarter that the last one has at least, where they do.
const STEADY_PERCENT: u64 = 85;
/// Births in the earlier half that show whether there are fewer in the later one.
const ENOUGH_EARLIER: u64 = 8;
/// Percent of the births of the earlier half that the later one has at least, where growth goes on, and where a leak that was
/// told does.
const KEPT_PERCENT: u64 = 40;
const STILL_PERCENT: u64 = 30;
/// Standard deviations of chance by which the later half falls behind.
const DEVIATIONS: u64 = 3;
/// How many times the longest lifetime a leak has gone on, where blocks are freed, before it is certain: a first few
/// lifetimes may not be the longest there are.
const SURE_LIFETIMES: u64 = 3;
/// How many times as many old blocks there are at most as freed ones, for their lifetimes to say anything of them.
const KNOWN: u64 = 2;
/// The part of the time without a leak that one has to go on for before it is certain: a network that is down for a while is none.
const BEHAVED: u64 = 8;
/// Microseconds after which it is certain, however long there was none.
const RELAPSE_US: u64 = 600_000_000;
/// Blocks that nothing but a leak gathers: no usual cache or ring has room for as many.
pub const LEAK_BLOCKS: u64 = 257;
/// Microseconds that they take at least: longer than what is emptied every minute.
pub(super) const MANY_US: u64 = 65_000_000;
/// Microseconds after which fewer blocks are a leak for certain, too.
pub const LEAK_US: u64 = 900_000_000;
/// Percent of all that was ever allocated that is live where the few that were freed say nothing of the others.
const FEW_FREED_PERCENT: u64 = 60;
/// Fewest of these: of a handful it is chance.
const FEW_FREED_LIVE: u64 = 20;
/// Microseconds after which that says so: what lives for long has been freed as well by then.
const FEW_FREED_US: u64 = 3_600_000_000;
/// How many times as many must be freed as can have been the oldest.
const OLDEST: u64 = 2;
/// Most blocks of a one-off.
pub const FEW_BLOCKS: u64 = 4;

/// What is known of a call stack beside its live blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Allocations of the whole trace.
    pub allocations: u64,
    /// Frees of them.
    pub frees: u64,
    /// Live records that were evicted: their blocks may be freed or not.
    pub evicted: u64,
    /// Longest lifetime of a freed block, in microseconds.
    pub longest_lifetime_us: u64,
    /// Whether this is the entry that stacks share which found no room in the table.
    pub is_shared: bool,
}

impl Passed {
    /// Takes it from the counters of the call stack.
    pub fn of(stack: &Stack) -> Self {
        Self {
            allocations: stack.allocations,
            frees: stack.frees,
            evicted: stack.evicted,
            longest_lifetime_us: stack.longest_lifetime_us,
            is_shared: stack.id == 0,
        }
    }
}

/// Judges the live blocks of a call stack from one answer; `before` is what was said of it last, or
/// [`TooEarly`](Kind::TooEarly) where nothing was: what stands near a border stays on the side where it was.
///
/// # Rules
/// The first that holds. Times are of recorded time only. A block is *old* if it was allocated before the *horizon*, which lies
/// [`OUTLIVED_FACTOR`] times the longest lifetime of a freed block before now: traffic never gets there, however much of it there
/// is, and what is emptied from time to time does not either. Where 60 % of all that was ever allocated, and 20 blocks, are live
/// once the oldest is an hour old, and the freed ones were not the oldest, it counts as if none had been freed: any block of a leak
/// may be, at any age.
///
/// | kind | rule |
/// |---|---|
/// | [`TooEarly`](Kind::TooEarly) | less than 10 s were recorded |
/// | [`Leaking`](Kind::Leaking) | at least 5 old blocks in 4 slices, the first 20 s before the horizon; the next one is not overdue; the later half of that time gained at least 3, or the first quarter not most of them, and 40 % of what the earlier half did, but for chance, or goes on as steadily as the quarter before it; and they are told from what fills up: they last for a quarter of an hour; or they have lasted for an eighth of the time in which none was left before, ten minutes at most, for a network may be down and a batch takes a while, unless they are half as many as those that were freed, and the call stack has freed half as many as these, just not these for three of its longest lifetimes, or holds more of them than what fills up usually does |
/// | [`Filling`](Kind::Filling) | the same, but the later half gained less, or it is too young to tell it from what fills up |
/// | [`InFlight`](Kind::InFlight) | no block is left, or none is old although some were freed |
/// | [`OneOff`](Kind::OneOff) | at most 4 blocks; where some are freed, beside those in flight |
/// | [`Plateau`](Kind::Plateau) | all else |
///
/// Of both, a pace is told once the first of these blocks is 20 s older than the horizon. They are certain if no record of the call
/// stack was evicted and it does not share its entry, for what happened to such blocks is not known; and what fills up only if it
/// slows down.
pub fn judge(leak: &Leak, passed: &Passed, period: &Period, before: Kind) -> Verdict {
    let passed = &counting(leak, passed, period);
    let old = Old::of(leak, passed, period);
    let kind = kind(leak, passed, period, &old, before);
    if !matches!(kind, Kind::Leaking | Kind::Filling) {
        return Verdict {
            kind,
            certain: passed.evicted == 0,
            ..Verdict::default()
        };
    }
    old.verdict(kind, leak, passed, before)
}

/// Returns how many of the live blocks have outlived what was freed.
#[cfg(feature = "alloc")]
pub(super) fn outlived(leak: &Leak, passed: &Passed, period: &Period) -> u64 {
    Old::of(leak, &counting(leak, passed, period), period).count
}

/// Judges blocks that were seen to outlive others, one after the other: when that was is counted as their births. Returns what is
/// said of them if it is a leak.
#[cfg(feature = "alloc")]
pub(super) fn judge_seen(
    seen: &Leak,
    passed: &Passed,
    period: &Period,
    before: Kind,
) -> Option<Verdict> {
    let is_seen = Passed {
        longest_lifetime_us: 0,
        ..*passed
    };
    let old = Old::of(seen, &is_seen, period);
    // What was told before does not make it more likely.
    let before = if before == Kind::Leaking {
        Kind::Filling
    } else {
        before
    };
    let kind = old.growth(passed, before)?;
    (kind == Kind::Leaking).then(|| old.verdict(kind, seen, passed, before))
}

/// Returns what counts of what has passed: where few of all blocks were freed, and not the oldest ones, none was.
fn counting(leak: &Leak, passed: &Passed, period: &Period) -> Passed {
    let now_us = period.recorded_us(period.time_us);
    let lived_us = now_us.saturating_sub(period.recorded_us(leak.oldest_us));
    let live = leak.count.saturating_mul(100);
    let are_few = lived_us >= FEW_FREED_US
        && leak.count >= FEW_FREED_LIVE
        && live >= passed.allocations.saturating_mul(FEW_FREED_PERCENT);
    if !are_few || were_oldest(leak, passed, period) {
        return *passed;
    }
    Passed {
        frees: 0,
        longest_lifetime_us: 0,
        ..*passed
    }
}

/// Returns whether those that were freed may be the oldest, as where something has filled up: what is live began so much later, or
/// they all came at once.
fn were_oldest(leak: &Leak, passed: &Passed, period: &Period) -> bool {
    let from_us = known_from_us(period);
    let [oldest_us, now_us] =
        [leak.oldest_us, period.time_us].map(|us| period.recorded_us(us).saturating_sub(from_us));
    let at_once = leak.births.counts.iter().max().copied().unwrap_or(0);
    let later_us = oldest_us.saturating_mul(OLDEST);
    later_us.saturating_mul(passed.allocations) >= now_us.saturating_mul(passed.frees)
        || passed.frees <= u64::from(at_once).saturating_mul(OLDEST)
}

fn kind(leak: &Leak, passed: &Passed, period: &Period, old: &Old, before: Kind) -> Kind {
    let now_us = period.recorded_us(period.time_us);
    let oldest_us = period.recorded_us(leak.oldest_us);
    let is_old = Outlived::includes(oldest_us, now_us, passed.longest_lifetime_us);
    if leak.count == 0 {
        Kind::InFlight
    } else if period.known_us() < EARLY_US {
        Kind::TooEarly
    } else if passed.frees > 0 && !is_old {
        Kind::InFlight
    } else if let Some(growth) = old.growth(passed, before) {
        growth
    } else if kept(leak, passed) <= FEW_BLOCKS {
        Kind::OneOff
    } else {
        Kind::Plateau
    }
}

/// Returns how many of the live blocks are there to stay: what is in flight comes and goes beside them.
fn kept(leak: &Leak, passed: &Passed) -> u64 {
    match passed.frees {
        0 => leak.count,
        _ => leak.outlived.count.min(leak.count),
    }
}

/// The old blocks of a call stack. Times are of recorded time but for `since_us`.
#[derive(Clone, Copy, Debug, Default)]
struct Old {
    count: u64,
    /// Slices that they were allocated in.
    slices: u64,
    first_us: u64,
    last_us: u64,
    horizon_us: u64,
    /// Since the newest block, old or not.
    silence_us: u64,
    slice_us: u64,
    /// How long it is known that nothing was left before the first of them.
    behaved_us: u64,
    /// Usual pause between two slices with births, in the end.
    pause_us: u64,
    /// Births by quarters of the time until the horizon.
    quarters: [u64; 4],
    since_us: u64,
}

/// A slice in which old blocks were allocated.
#[derive(Clone, Copy, Debug, Default)]
struct Slice {
    /// Its place among all slices.
    index: usize,
    /// When it begins, in recorded time.
    begin_us: u64,
    count: u32,
}

/// The slices in which old blocks were allocated, in order.
type Filled = heapless::Vec<Slice, MAX_BIRTHS>;

impl Old {
    fn of(leak: &Leak, passed: &Passed, period: &Period) -> Self {
        let now_us = period.recorded_us(period.time_us);
        let horizon_us =
            now_us.saturating_sub(passed.longest_lifetime_us.saturating_mul(OUTLIVED_FACTOR));
        let filled = filled(leak, period, horizon_us);
        let (Some(first), Some(last)) = (filled.first(), filled.last()) else {
            return Self::default();
        };
        let tail = &filled[filled.len().saturating_sub(TAIL)..];
        let mut old = Self {
            count: filled.iter().map(|slice| u64::from(slice.count)).sum(),
            slices: filled.len() as u64,
            first_us: first.begin_us,
            last_us: last.begin_us,
            horizon_us,
            silence_us: now_us.saturating_sub(period.recorded_us(leak.newest_us)),
            slice_us: leak.births.slice_us,
            behaved_us: first.begin_us.saturating_sub(known_from_us(period)),
            pause_us: usual_pause_us(tail),
            quarters: [0; 4],
            since_us: leak.births.begin_us(first.index),
        };
        let most = most_of_a_slice(&filled);
        for slice in &filled {
            let middle_us = slice.begin_us + old.slice_us / 2 - old.first_us;
            let quarter = middle_us.saturating_mul(4) / old.span_us().max(1);
            old.quarters[quarter.min(3) as usize] += u64::from(slice.count.min(most));
        }
        old
    }

    /// Returns how long before the horizon the first one was allocated.
    fn span_us(&self) -> u64 {
        self.horizon_us.saturating_sub(self.first_us)
    }

    /// Returns what they grow like, if they do.
    fn growth(&self, passed: &Passed, before: Kind) -> Option<Kind> {
        let grow = self.are_enough() && self.go_on(before);
        let leak = self.are_told_from_filling(passed)
            && self.keep_coming(before)
            && !self.slow_down(before);
        grow.then_some(if leak { Kind::Leaking } else { Kind::Filling })
    }

    /// Returns what is said of blocks that grow like this.
    fn verdict(&self, kind: Kind, leak: &Leak, passed: &Passed, before: Kind) -> Verdict {
        let is_complete = passed.evicted == 0 && !passed.is_shared;
        let is_told_apart = kind == Kind::Leaking || self.slow_down(before);
        Verdict {
            kind,
            certain: is_told_apart && is_complete,
            bytes_per_minute: self.bytes_per_minute(leak),
            since_us: self.since_us,
        }
    }

    fn are_enough(&self) -> bool {
        self.count >= FEWEST && self.slices >= FEWEST_SLICES
    }

    /// Returns whether enough of them came later on to say that it leaks, or that was said: of what comes ever more seldom, most came
    /// in the first quarter.
    fn keep_coming(&self, before: Kind) -> bool {
        let [first, second, third, last] = self.quarters;
        let later = third + last;
        before == Kind::Leaking || later >= FEWEST_LATER || first <= second + later
    }

    /// Returns whether the next old block is not overdue, nor any block at all.
    fn go_on(&self, before: Kind) -> bool {
        let grew = matches!(before, Kind::Leaking | Kind::Filling);
        let pauses = if grew { ENDED } else { OVERDUE };
        let patience_us = self.pause_us.saturating_mul(pauses);
        let longest_us = self.slice_us.saturating_add(patience_us);
        self.horizon_us - self.last_us <= longest_us && self.silence_us <= longest_us
    }

    /// Returns whether they are old enough, or many enough, for something that fills up to have been full.
    fn are_told_from_filling(&self, passed: &Passed) -> bool {
        let are_many =
            self.count.saturating_add(passed.evicted) >= LEAK_BLOCKS && self.span_us() >= MANY_US;
        let lifetimes_us = passed.longest_lifetime_us.saturating_mul(SURE_LIFETIMES);
        let behaved_us = (self.behaved_us / BEHAVED).min(RELAPSE_US);
        // Where it has freed less than twice as many, there is little that behaved.
        let are_many_of_all = self.count.saturating_mul(KNOWN) >= passed.frees;
        let is_no_moment = are_many_of_all || self.span_us() >= behaved_us;
        let are_known = passed.frees > 0 && passed.frees.saturating_mul(KNOWN) >= self.count;
        let are_left = are_known && self.span_us() >= lifetimes_us.max(SHORTEST_US);
        (are_left || are_many) && is_no_moment || self.span_us() >= LEAK_US
    }

    /// Returns whether fewer came in the later half, as when something fills up.
    fn slow_down(&self, before: Kind) -> bool {
        let percent = if before == Kind::Leaking {
            STILL_PERCENT
        } else {
            KEPT_PERCENT
        };
        let [first, second, third, last] = self.quarters;
        let (earlier, later) = (first + second, third + last);
        let behind = earlier.saturating_sub(later);
        let by_chance = (earlier + later) * DEVIATIONS * DEVIATIONS;
        let is_kept =
            |next: u64, one: u64| next.saturating_mul(100) >= one.saturating_mul(STEADY_PERCENT);
        let is_told = before == Kind::Leaking;
        let is_steady = later >= ENOUGH_LATER
            && is_kept(last, third)
            && (is_told || later >= MANY_LATER || is_kept(third, second));
        !is_steady
            && earlier >= ENOUGH_EARLIER
            && later.saturating_mul(100) < earlier.saturating_mul(percent)
            && behind.saturating_mul(behind) > by_chance
    }

    fn bytes_per_minute(&self, leak: &Leak) -> u64 {
        if self.span_us() < SHORTEST_US {
            return 0;
        }
        let bytes = u128::from(leak.bytes) * u128::from(self.count);
        let span = u128::from(leak.count.max(1)) * u128::from(self.span_us().max(1));
        let rate = bytes.saturating_mul(60_000_000) / span;
        rate.try_into().unwrap_or(u64::MAX)
    }
}

/// Returns since when it is known what was freed, in recorded time.
fn known_from_us(period: &Period) -> u64 {
    period.recorded_us(period.started_us.max(period.doubtful_until_us))
}

/// Returns the slices in which old blocks were allocated that are still live. Of the slice that the horizon lies in, those
/// blocks count that have outlived others.
fn filled(leak: &Leak, period: &Period, horizon_us: u64) -> Filled {
    let from_us = known_from_us(period);
    let births = &leak.births;
    let mut filled = Filled::new();
    let mut before = 0;
    for (index, count) in births.counts.iter().enumerate() {
        let begin_us = period.recorded_us(births.begin_us(index));
        if begin_us >= horizon_us {
            break;
        }
        let old = match begin_us.saturating_add(births.slice_us) > horizon_us {
            true => leak.outlived.count.saturating_sub(before),
            false => (*count).into(),
        };
        before += u64::from(*count);
        let count = old.min((*count).into()) as u32;
        if count > 0 && begin_us >= from_us {
            // There is room for all slices there are.
            let _ = filled.push(Slice {
                index,
                begin_us,
                count,
            });
        }
    }
    filled
}

/// Returns the usual pause between slices. One that is longer than all others, with a burst before it and another behind, is no
/// usual one.
fn usual_pause_us(slices: &[Slice]) -> u64 {
    let pauses = slices
        .windows(2)
        .map(|pair| pair[1].begin_us - pair[0].begin_us);
    let count = pauses.len() as u64;
    let sum: u64 = pauses.clone().sum();
    let longest_us = pauses.max().unwrap_or(0);
    let others_us = (sum - longest_us).checked_div(count.saturating_sub(1));
    match others_us {
        Some(others_us) if count > 2 && longest_us > others_us * ALONE => others_us,
        _ => sum.checked_div(count).unwrap_or(0),
    }
}

/// Returns how many births of a slice count, so that a burst does not outweigh all others, if those are enough by
/// themselves.
fn most_of_a_slice(filled: &Filled) -> u32 {
    let counts = || filled.iter().map(|slice| slice.count);
    let mut sorted: heapless::Vec<u32, MAX_BIRTHS> = counts().collect();
    sorted.sort_unstable();
    let usual = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
    let most = usual.saturating_mul(BURST);
    let others: u64 = counts().filter(|count| *count <= most).map(u64::from).sum();
    match others >= ENOUGH_LATER {
        true => most,
        false => u32::MAX,
    }
}
