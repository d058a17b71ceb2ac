//! The leak list since somebody began to watch, for as long as the trace recorded.

use alloc::vec::Vec;

use super::evicting::Evicting;
use super::evidence::Passed;
use super::followed::{Followed, Told};
use super::history::History;
use super::judgement::{Judgement, judge, known_alone};
use super::recorded::piles_up;
use super::series::Series;
use super::snapshot::Snapshot;
use crate::trace::{Leak, Period, State, Summary, Verdict};

/// Moments of the leak list kept.
const SNAPSHOTS: usize = 240;
/// Shortest time between two moments, in microseconds.
pub const SHORTEST_US: u64 = 100_000;
/// Microseconds that blocks are said to pile up for after that was last seen.
const PILES_UP_US: u64 = 30_000_000;

/// The moments of the leak list that say something of growth: those at which the trace recorded.
///
/// Time that is known not to be recorded is counted, so that nobody takes it for time in which nothing grew.
#[derive(Clone, Debug)]
pub struct Watched {
    snapshots: Series<Snapshot>,
    unrecorded_us: u64,
    /// When blocks were last seen to pile up in all.
    piled_up_us: Option<u64>,
    followed: Followed,
    evicting: Evicting,
    /// What the numbers of the last answer said of each call stack.
    told: Vec<(u32, Told)>,
}

impl Default for Watched {
    fn default() -> Self {
        Self {
            snapshots: Series::new(SNAPSHOTS),
            unrecorded_us: 0,
            piled_up_us: None,
            followed: Followed::default(),
            evicting: Evicting::default(),
            told: Vec::new(),
        }
    }
}

impl Watched {
    /// Follows a trace from one answer to the next.
    ///
    /// After a stop nothing that was seen before it says what grows: what was freed meanwhile still counts as live, and
    /// what has taken its place would look like growth.
    pub fn follow(&mut self, before: &Summary, now: &Summary) {
        if before.doubtful_until_us != now.doubtful_until_us {
            *self = Self::default();
        } else if ![before, now].iter().any(|summary| is_recording(summary)) {
            self.unrecorded_us += now.time_us.saturating_sub(before.time_us);
        }
    }

    /// Takes the numbers that an answer has of each call stack: they say what it does without a history. Where the list
    /// `is_complete`, call stacks that are not listed hold nothing.
    pub fn weigh(
        &mut self,
        trace_id: u32,
        period: &Period,
        leaks: &[(Leak, Passed)],
        is_complete: bool,
    ) {
        let listed = leaks.iter().map(|(leak, passed)| (leak, *passed));
        let told = self.followed.judge(trace_id, period, listed, is_complete);
        let stacks = leaks.iter().map(|(leak, _)| leak.stack);
        self.told = stacks.zip(told).collect();
        let evicted_size = self.snapshots.last().map_or(0, |last| last.evicted_size);
        self.evicting.take(period, leaks, evicted_size);
    }

    /// Returns what the numbers of the last answer say of a site, whatever its history shows.
    pub fn weighed(&self, history: &History) -> Judgement {
        Judgement {
            told: worst(history.stacks().iter().map(|stack| self.told_of(*stack))),
            ..Judgement::default()
        }
    }

    /// Takes a snapshot of a trace with these totals, if it records: what is held at other times says nothing of growth.
    pub fn take(&mut self, snapshot: Snapshot, summary: &Summary) {
        if is_recording(summary) {
            self.push(Snapshot {
                unrecorded_us: self.unrecorded_us,
                ..snapshot
            });
        }
    }

    /// Appends a moment. While the clock stands still there is none.
    pub fn push(&mut self, snapshot: Snapshot) {
        let is_too_early = |last: &Snapshot| snapshot.time_us < last.time_us + SHORTEST_US;
        if self.snapshots.last().is_some_and(is_too_early) {
            return;
        }
        let time_us = snapshot.time_us;
        self.snapshots.push(snapshot);
        if piles_up(self.snapshots()) {
            self.piled_up_us = Some(time_us);
        }
    }

    /// Returns whether blocks pile up in all, whoever allocated them.
    pub fn piles_up(&self) -> bool {
        let now_us = self.snapshots.last().map_or(0, |last| last.time_us);
        let is_recent = |us: u64| now_us - us <= PILES_UP_US;
        self.piled_up_us.is_some_and(is_recent)
    }

    /// Returns the moments, oldest first.
    pub fn snapshots(&self) -> &[Snapshot] {
        self.snapshots.points()
    }
}

impl Watched {
    /// Judges what the blocks of each site do, in the order of the histories, which were made of the
    /// [`snapshots`](Self::snapshots) since which none was taken.
    pub fn judge<'h>(&self, histories: impl IntoIterator<Item = &'h History>) -> Vec<Judgement> {
        let piles_up = self.piles_up();
        let told = |stack: &u32| match piles_up {
            true => self.told_where_blocks_pile_up(*stack),
            false => self.told_of(*stack),
        };
        let judge = |history: &History| {
            let told = worst(history.stacks().iter().map(told));
            judge(told, history, self.snapshots())
        };
        let mut judged: Vec<_> = histories.into_iter().map(judge).collect();
        if piles_up {
            known_alone(&mut judged);
        }
        judged
    }

    /// Returns what the numbers of the last answer say of a call stack.
    fn told_of(&self, stack: u32) -> Option<Told> {
        let told = self.told.iter().find(|(id, _)| *id == stack);
        told.map(|(_, told)| *told)
    }

    /// Returns the same where what has no record is held, as blocks are in all.
    fn told_where_blocks_pile_up(&self, stack: u32) -> Option<Told> {
        let told = self.told_of(stack)?;
        let verdict = self.evicting.verdict(stack);
        Some(match verdict {
            Some(verdict) if !told.verdict.certain => Told { verdict, ..told },
            _ => told,
        })
    }
}

/// Returns what is said of the call stacks of a site, the worst of it; `None` where nothing is known of one of them.
fn worst(each: impl Iterator<Item = Option<Told>>) -> Option<Told> {
    let each: Option<Vec<_>> = each.collect();
    let each = each?;
    let bytes_per_minute = each.iter().map(|told| told.verdict.bytes_per_minute).sum();
    let leaked_until_us = each.iter().filter_map(|told| told.leaked_until_us).max();
    // Kinds are in the order in which they need action.
    let worst = each
        .iter()
        .min_by_key(|told| (told.verdict.kind as u8, !told.verdict.certain))?;
    Some(Told {
        verdict: Verdict {
            bytes_per_minute,
            ..worst.verdict
        },
        leaked_until_us,
    })
}

/// Returns whether allocations are recorded.
pub fn is_recording(summary: &Summary) -> bool {
    summary.state == State::Recording
}

#[cfg(test)]
mod tests;
