//! What the numbers of one answer say of a call stack: whether it leaks, and how sure that is.
//!
//! Everything is integer arithmetic without a heap, so that a device, a page and a command judge by the same rule.

use crate::trace::{Kind, Leak, OUTLIVED_FACTOR, Outlived, Period, Stack, Verdict};

/// Fewest blocks of a leak, and fewest slices that they were allocated in.
const FEWEST: u64 = 4;
/// Microseconds within which the first blocks of a leak must have been allocated.
const SHORTEST_US: u64 = 20_000_000;
/// Microseconds that were recorded before anything is said of what comes and goes.
const EARLY_US: u64 = 10_000_000;
/// Slices with births, up to the last one, that the usual pause between two is taken from.
const TAIL: usize = 9;
/// Usual pauses between births after which the next one is overdue, and those after which growth that was told has ended.
const OVERDUE: u64 = 4;
const ENDED: u64 = 7;
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
/// Blocks that nothing but a leak gathers: no usual cache or ring has room for as many.
const MANY_BLOCKS: u64 = 257;
/// Microseconds that they take at least: longer than what is emptied every minute.
const MANY_US: u64 = 65_000_000;
/// Microseconds after which fewer blocks are a leak for certain, too.
const LONG_US: u64 = 900_000_000;
/// Most blocks of a one-off.
const FEW_BLOCKS: u64 = 4;

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
/// is, and what is emptied from time to time does not either.
///
/// | kind | rule |
/// |---|---|
/// | [`TooEarly`](Kind::TooEarly) | less than 10 s were recorded |
/// | [`Leaking`](Kind::Leaking) | at least 4 old blocks in 4 slices, the first 20 s before the horizon; the next one is not overdue; the later half of that time gained at least 40 % of what the earlier one did, but for chance |
/// | [`Filling`](Kind::Filling) | the same, but the later half gained less, or the 20 s are not over |
/// | [`InFlight`](Kind::InFlight) | no block is left, or none is old although some were freed |
/// | [`OneOff`](Kind::OneOff) | at most 4 blocks |
/// | [`Plateau`](Kind::Plateau) | all else |
///
/// A leak is certain if nothing else explains it: no record of the call stack was evicted and it does not share its entry; and
/// either it frees blocks, just not these for three of the longest lifetimes, or it holds more of them, or for longer, than what fills up usually does.
pub fn judge(leak: &Leak, passed: &Passed, period: &Period, before: Kind) -> Verdict {
    let old = Old::of(leak, passed, period);
    let kind = kind(leak, passed, period, &old, before);
    if !matches!(kind, Kind::Leaking | Kind::Filling) {
        return Verdict {
            kind,
            certain: passed.evicted == 0,
            ..Verdict::default()
        };
    }
    let is_complete = passed.evicted == 0 && !passed.is_shared;
    let are_many = old.count >= MANY_BLOCKS && old.span_us() >= MANY_US;
    let lifetimes_us = passed.longest_lifetime_us.saturating_mul(SURE_LIFETIMES);
    let is_freed = passed.frees > 0 && old.span_us() >= lifetimes_us;
    let is_known = is_freed || are_many || old.span_us() >= LONG_US;
    Verdict {
        kind,
        certain: kind == Kind::Leaking && is_complete && is_known,
        bytes_per_minute: old.bytes_per_minute(leak),
        since_us: old.since_us,
    }
}

fn kind(leak: &Leak, passed: &Passed, period: &Period, old: &Old, before: Kind) -> Kind {
    let now_us = period.recorded_us(period.time_us);
    let oldest_us = period.recorded_us(leak.oldest_us);
    let is_old = Outlived::includes(oldest_us, now_us, passed.longest_lifetime_us);
    let recorded_us = now_us.saturating_sub(period.recorded_us(judged_from_us(period)));
    if leak.count == 0 {
        Kind::InFlight
    } else if recorded_us < EARLY_US {
        Kind::TooEarly
    } else if passed.frees > 0 && !is_old {
        Kind::InFlight
    } else if old.are_enough() && old.go_on(before) {
        match old.span_us() < SHORTEST_US || old.slow_down(before) {
            true => Kind::Filling,
            false => Kind::Leaking,
        }
    } else if leak.count <= FEW_BLOCKS {
        Kind::OneOff
    } else {
        Kind::Plateau
    }
}

/// Returns since when it is known what was freed.
fn judged_from_us(period: &Period) -> u64 {
    period.started_us.max(period.doubtful_until_us)
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
    slice_us: u64,
    /// Usual pause between two slices with births, in the end.
    pause_us: u64,
    earlier: u64,
    later: u64,
    since_us: u64,
}

impl Old {
    fn of(leak: &Leak, passed: &Passed, period: &Period) -> Self {
        let now_us = period.recorded_us(period.time_us);
        let from_us = period.recorded_us(judged_from_us(period));
        let horizon_us =
            now_us.saturating_sub(passed.longest_lifetime_us.saturating_mul(OUTLIVED_FACTOR));
        let births = &leak.births;
        let begin_us = |slice| period.recorded_us(births.begin_us(slice));
        let filled = births.counts.iter().enumerate();
        let filled = filled.filter(|(slice, count)| {
            let begin_us = begin_us(*slice);
            **count > 0 && begin_us >= from_us && begin_us < horizon_us
        });
        let mut old = Self {
            horizon_us,
            slice_us: births.slice_us,
            ..Self::default()
        };
        // The slices of the last few births, the newest first.
        let mut tail = heapless::Deque::<u64, TAIL>::new();
        for (slice, count) in filled.clone() {
            let begin_us = begin_us(slice);
            if old.slices == 0 {
                (old.first_us, old.since_us) = (begin_us, births.begin_us(slice));
            }
            old.slices += 1;
            old.count += u64::from(*count);
            old.last_us = begin_us;
            if tail.is_full() {
                tail.pop_back();
            }
            let _ = tail.push_front(begin_us);
        }
        if let (Some(oldest), true) = (tail.back(), tail.len() > 1) {
            old.pause_us = (old.last_us - oldest) / (tail.len() as u64 - 1);
        }
        let half_us = old.first_us + old.span_us() / 2;
        for (slice, count) in filled {
            let half = match begin_us(slice) + births.slice_us / 2 < half_us {
                true => &mut old.earlier,
                false => &mut old.later,
            };
            *half += u64::from(*count);
        }
        old
    }

    /// Returns how long before the horizon the first one was allocated.
    fn span_us(&self) -> u64 {
        self.horizon_us.saturating_sub(self.first_us)
    }

    fn are_enough(&self) -> bool {
        self.count >= FEWEST && self.slices >= FEWEST
    }

    /// Returns whether the next old block is not overdue.
    fn go_on(&self, before: Kind) -> bool {
        let grew = matches!(before, Kind::Leaking | Kind::Filling);
        let pauses = if grew { ENDED } else { OVERDUE };
        let patience_us = self.pause_us.saturating_mul(pauses);
        self.horizon_us - self.last_us <= self.slice_us.saturating_add(patience_us)
    }

    /// Returns whether fewer came in the later half, as when something fills up.
    fn slow_down(&self, before: Kind) -> bool {
        let percent = if before == Kind::Leaking {
            STILL_PERCENT
        } else {
            KEPT_PERCENT
        };
        let behind = self.earlier.saturating_sub(self.later);
        let by_chance = (self.earlier + self.later) * DEVIATIONS * DEVIATIONS;
        self.earlier >= ENOUGH_EARLIER
            && self.later.saturating_mul(100) < self.earlier.saturating_mul(percent)
            && behind.saturating_mul(behind) > by_chance
    }

    fn bytes_per_minute(&self, leak: &Leak) -> u64 {
        let bytes = u128::from(leak.bytes) * u128::from(self.count);
        let rate = bytes * 60_000_000 / u128::from(leak.count.max(1) * self.span_us().max(1));
        rate.try_into().unwrap_or(u64::MAX)
    }
}
