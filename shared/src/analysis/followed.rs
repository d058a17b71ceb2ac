//! Verdicts on answers that follow each other: what one answer says, and what only a history can tell.

use alloc::vec::Vec;

use super::evidence::{Passed, judge};
use super::in_place::InPlace;
use super::queue::{Moment, Queue};
use crate::trace::{Kind, Leak, Period, Verdict};

/// Microseconds after which a call stack that was not listed is forgotten.
const FORGOTTEN_US: u64 = 600_000_000;
/// Latest rises of the number of outlived blocks that are remembered, and how many of them tell a usual pause.
const RISES: usize = 9;
const ENOUGH_RISES: usize = 5;
/// Usual pauses after which a leak has ended, and how many times the longest of them.
const USUAL_PAUSES: u64 = 7;
const LONGEST_PAUSES: u64 = 2;
/// Shortest time in microseconds in which it may end, and longest one that earlier pauses ask for.
const ENDS_US: u64 = 60_000_000;
const WAITS_US: u64 = 600_000_000;
/// Microseconds that a queue has grown for before that is certain: what comes and goes by chance may for a while.
const CERTAIN_US: u64 = 180_000_000;

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
    /// By the id of the call stack; a list is short enough to look through.
    tracks: Vec<(u32, Track)>,
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
            let track = self.track(leak.stack);
            judged.push(track.judge(leak, &passed, period));
        }
        for (_, track) in &mut self.tracks {
            if is_complete && track.last_us() < now_us {
                track.hold_nothing(now_us);
            }
        }
        self.tracks
            .retain(|(_, track)| now_us.saturating_sub(track.listed_us) <= FORGOTTEN_US);
        judged
    }

    fn track(&mut self, stack: u32) -> &mut Track {
        let known = self.tracks.iter().position(|(id, _)| *id == stack);
        let place = known.unwrap_or(self.tracks.len());
        if known.is_none() {
            self.tracks.push((stack, Track::default()));
        }
        &mut self.tracks[place].1
    }
}

/// A call stack that is followed.
#[derive(Clone, Debug, Default)]
struct Track {
    /// What was said last, and since when on the clock of recorded time.
    before: Kind,
    since_us: u64,
    leaked_until_us: Option<u64>,
    queue: Queue,
    in_place: InPlace,
    outlived: Outliving,
    /// When it was last listed.
    listed_us: u64,
}

impl Track {
    fn judge(&mut self, leak: &Leak, passed: &Passed, period: &Period) -> Told {
        let now_us = period.recorded_us(period.time_us);
        if now_us > self.last_us() || self.queue.last().is_none() {
            let moment = Moment {
                time_us: now_us,
                count: leak.count,
                allocations: passed.allocations,
                peak: leak.count,
            };
            self.queue.take(moment, passed.frees);
            self.in_place.take(leak, passed, now_us);
            self.outlived.take(leak.outlived.count, now_us);
        }
        self.listed_us = now_us;
        let alone = judge(leak, passed, period, self.before);
        let kind = self.kind(alone.kind, passed, now_us);
        if kind != self.before {
            (self.before, self.since_us) = (kind, now_us);
        }
        let is_complete = passed.evicted == 0 && !passed.is_shared;
        let is_lasting = now_us - self.since_us >= CERTAIN_US;
        let verdict = match kind == alone.kind {
            true => alone,
            false => Verdict {
                kind,
                certain: kind == Kind::QueueGrows && is_complete && is_lasting,
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

    /// Returns what it does, where `alone` is what the last answer says by itself.
    fn kind(&mut self, alone: Kind, passed: &Passed, now_us: u64) -> Kind {
        match alone {
            Kind::Leaking if self.outlived.has_ended(now_us) => Kind::Plateau,
            Kind::Leaking | Kind::Lost | Kind::TooEarly => alone,
            _ if self.queue.grows(passed.longest_lifetime_us) => Kind::QueueGrows,
            _ if self.in_place.grows(now_us) => Kind::GrowsInPlace,
            _ => alone,
        }
    }

    /// Notes that it has no live block.
    fn hold_nothing(&mut self, time_us: u64) {
        let last = self.queue.last().copied().unwrap_or_default();
        let nothing = Moment {
            time_us,
            count: 0,
            peak: 0,
            ..last
        };
        self.queue.take(nothing, 0);
    }

    fn last_us(&self) -> u64 {
        self.queue.last().map_or(0, |last| last.time_us)
    }
}

/// How the number of blocks that have outlived others rises.
#[derive(Clone, Debug, Default)]
pub(super) struct Outliving {
    count: u64,
    /// When it rose lately, the newest last.
    rises_us: heapless::Deque<u64, RISES>,
    /// Longest pause between two rises.
    longest_us: u64,
}

impl Outliving {
    /// Takes how many there are at a time.
    pub(super) fn take(&mut self, count: u64, time_us: u64) {
        if count < self.count {
            self.rises_us.clear();
        } else if count > self.count {
            let pause_us = self.rises_us.back().map_or(0, |last| time_us - last);
            self.longest_us = self.longest_us.max(pause_us);
            if self.rises_us.is_full() {
                self.rises_us.pop_front();
            }
            let _ = self.rises_us.push_back(time_us);
        }
        self.count = count;
    }

    /// Returns whether the next rise is overdue for so long that there will be none.
    pub(super) fn has_ended(&self, now_us: u64) -> bool {
        let (Some(first), Some(last)) = (self.rises_us.front(), self.rises_us.back()) else {
            return false;
        };
        if self.rises_us.len() < ENOUGH_RISES {
            return false;
        }
        let later = self.rises_us.iter().skip(1);
        let pauses = self.rises_us.iter().zip(later);
        let longest_us = pauses.map(|(from, to)| to - from).max().unwrap_or(0);
        let usual_us = (last - first) / (self.rises_us.len() as u64 - 1);
        let patience_us = (usual_us * USUAL_PAUSES).max(longest_us * LONGEST_PAUSES);
        let ever_us = (self.longest_us * LONGEST_PAUSES).clamp(ENDS_US, WAITS_US);
        now_us - last > patience_us.max(ever_us)
    }
}
