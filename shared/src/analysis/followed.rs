//! Verdicts on answers that follow each other: what one answer says, and what only a history can tell.

mod said;

use alloc::vec::Vec;

use super::evidence::{Passed, judge, judge_seen, outlived};
use super::in_place::InPlace;
use super::lifetimes::Lifetimes;
use super::outliving::Outliving;
use super::queue::{Moment, Queue};
use crate::trace::{Kind, Leak, Period, Verdict};
use said::Said;

/// Microseconds after which a call stack that was not listed is forgotten.
const FORGOTTEN_US: u64 = 600_000_000;
/// Microseconds that a queue has grown for before that is certain: what comes and goes by chance may for a while.
const CERTAIN_US: u64 = 180_000_000;

/// Microseconds that it lasts before a leak is said to slow down, and before what no longer was one is said to leak again.
const SLOWS_US: u64 = 120_000_000;
const AGAIN_US: u64 = 300_000_000;

/// Fewest blocks that are seen to outlive others before they are a leak, and where one answer says that they come ever more slowly.
const SEEN: u64 = 6;
const SEEN_SLOWING: u64 = 16;

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
            if is_complete && track.is_before(now_us) {
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
    /// What was said last.
    said: Said,
    leaked_until_us: Option<u64>,
    /// Since when answers say the contrary of what is still said.
    contrary_us: Option<u64>,
    queue: Queue,
    in_place: InPlace,
    lifetimes: Lifetimes,
    outliving: Outliving,
    /// When it was last listed.
    listed_us: u64,
}

impl Track {
    fn judge(&mut self, leak: &Leak, passed: &Passed, period: &Period) -> Told {
        let now_us = period.recorded_us(period.time_us);
        let before = self.said.kind();
        let usual = self.lifetimes.usual(leak, passed, period, before);
        if self.is_before(now_us) {
            // What has outlived others waits for nothing.
            let waiting = leak.count.saturating_sub(outlived(leak, &usual, period));
            let moment = Moment {
                time_us: now_us,
                count: waiting,
                allocations: passed.allocations,
                peak: waiting,
            };
            self.queue.take(moment, passed.frees);
            self.in_place.take(leak, passed, now_us);
            self.outliving.take(leak, &usual, period);
        }
        self.listed_us = now_us;
        let alone = judge(leak, &usual, period, before);
        let alone = match alone.kind {
            Kind::Leaking | Kind::TooEarly => alone,
            // It may have begun so late that one answer shows nothing of it.
            _ => self.seen(leak, &usual, period, &alone).unwrap_or(alone),
        };
        let alone = self.settle(alone, passed, now_us);
        let kind = self.kind(alone.kind, passed, now_us);
        let is_complete = passed.evicted == 0 && !passed.is_shared;
        let is_lasting = kind == self.said.kind() && self.said.lasts_us(now_us) >= CERTAIN_US;
        let verdict = match kind == alone.kind {
            true => alone,
            false => Verdict {
                kind,
                certain: kind == Kind::QueueGrows && is_complete && is_lasting,
                ..Verdict::default()
            },
        };
        let verdict = self.said.hold(verdict, now_us);
        if kind == Kind::Leaking && verdict.certain {
            self.leaked_until_us = Some(period.time_us);
        }
        Told {
            verdict,
            leaked_until_us: self.leaked_until_us,
        }
    }

    /// Returns what is said of the blocks that were seen to outlive others, if it is a leak.
    fn seen(
        &self,
        leak: &Leak,
        usual: &Passed,
        period: &Period,
        alone: &Verdict,
    ) -> Option<Verdict> {
        let is_slowing = alone.kind == Kind::Filling && alone.certain;
        let fewest = if is_slowing { SEEN_SLOWING } else { SEEN };
        let seen = self.outliving.seen(leak);
        let verdict = judge_seen(&seen, usual, period, self.said.kind())?;
        (seen.count >= fewest).then_some(verdict)
    }

    /// Returns what is said where `alone` is what the last answer says: what was said to leak does not slow down, and what no longer
    /// was does not leak again, before that has lasted.
    fn settle(&mut self, alone: Verdict, passed: &Passed, now_us: u64) -> Verdict {
        let leaked = self.said.kind() == Kind::Leaking;
        let is_contrary = match alone.kind {
            Kind::Leaking => {
                !leaked && self.leaked_until_us.is_some() && !self.outliving.has_ended(now_us)
            }
            Kind::Filling => leaked,
            _ => false,
        };
        if !is_contrary {
            self.contrary_us = None;
            return alone;
        }
        let since_us = *self.contrary_us.get_or_insert(now_us);
        let lasts_us = if leaked { SLOWS_US } else { AGAIN_US };
        if now_us.saturating_sub(since_us) >= lasts_us {
            self.contrary_us = None;
            return alone;
        }
        Verdict {
            kind: if leaked { Kind::Leaking } else { Kind::Filling },
            certain: leaked && passed.evicted == 0 && !passed.is_shared,
            ..alone
        }
    }

    /// Returns what it does, where `alone` is what the last answer says by itself.
    fn kind(&mut self, alone: Kind, passed: &Passed, now_us: u64) -> Kind {
        match alone {
            Kind::Leaking if self.outliving.has_ended(now_us) => Kind::Plateau,
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
            ..last
        };
        self.queue.take(nothing, 0);
        self.in_place = InPlace::default();
    }

    /// Returns whether what was taken last is of an earlier time.
    fn is_before(&self, time_us: u64) -> bool {
        let last = self.queue.last();
        last.is_none_or(|last| last.time_us < time_us)
    }
}

#[cfg(test)]
mod tests;
