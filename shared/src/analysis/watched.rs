//! The leak list since somebody began to watch, for as long as the trace recorded.

use alloc::vec::Vec;

use super::evidence::Passed;
use super::followed::{Followed, Told};
use super::history::History;
use super::judgement::{Judgement, certain_alone, judge};
use super::lifetimes::Lifetimes;
use super::recorded::piles_up;
use super::series::Series;
use super::snapshot::Snapshot;
use super::suspects::Suspects;
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
///
/// What is said of the growth of a site is remembered by its key, which is the caller's: whoever groups call stacks by
/// the names of functions gives what a site is known by, and none of that is looked into here.
#[derive(Clone, Debug)]
pub struct Watched<K> {
    snapshots: Series<Snapshot>,
    unrecorded_us: u64,
    /// When blocks were last seen to pile up in all.
    piled_up_us: Option<u64>,
    lifetimes: Lifetimes,
    suspects: Suspects<K>,
    followed: Followed,
    /// What the numbers of the last answer said of each call stack of which no record was evicted.
    told: Vec<(u32, Told)>,
}

impl<K> Default for Watched<K> {
    fn default() -> Self {
        Self {
            snapshots: Series::new(SNAPSHOTS),
            unrecorded_us: 0,
            piled_up_us: None,
            lifetimes: Lifetimes::default(),
            suspects: Suspects::default(),
            followed: Followed::default(),
            told: Vec::new(),
        }
    }
}

impl<K> Watched<K> {
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
        let told = leaks.iter().zip(told);
        // Blocks whose records were evicted are in the history alone, and an older agent says nothing of births.
        let told = told
            .filter(|((leak, passed), _)| passed.evicted == 0 && !leak.births.counts.is_empty());
        self.told = told.map(|((leak, _), told)| (leak.stack, told)).collect();
    }

    /// Returns what the numbers of the last answer say of a site, whatever its history shows.
    pub fn weighed(&self, history: &History) -> Judgement {
        Judgement {
            evidence: evidence(&self.told, history.stacks()),
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
        if let Some(last) = self.snapshots.last() {
            if snapshot.time_us < last.time_us + SHORTEST_US {
                return;
            }
            self.lifetimes.follow(last, &snapshot);
        }
        let time_us = snapshot.time_us;
        self.snapshots.push(snapshot);
        if piles_up(self.snapshots()) {
            self.piled_up_us = Some(time_us);
        }
    }

    /// Returns how long there were answers while the trace recorded, in microseconds.
    pub fn span_us(&self) -> u64 {
        match self.snapshots() {
            [first, .., last] => last.recorded_us().saturating_sub(first.recorded_us()),
            _ => 0,
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

impl<K: Ord + Clone> Watched<K> {
    /// Judges what the blocks of each site do, in the order of `sites`: the key of each, and the history that was made
    /// of the [`snapshots`](Self::snapshots) since which none was taken.
    pub fn judge<'s>(
        &mut self,
        sites: impl IntoIterator<Item = (&'s K, &'s History)>,
    ) -> Vec<Judgement>
    where
        K: 's,
    {
        let Self {
            snapshots,
            lifetimes,
            suspects,
            told,
            ..
        } = self;
        let judge = |(key, history): (&K, &History)| {
            let longest_us = lifetimes.longest_us_of(history.stacks());
            let look = |moments: &[_], known: &_| suspects.look(key, moments, known);
            let evidence = evidence(told, history.stacks());
            Judgement {
                evidence,
                ..judge(history, snapshots.points(), longest_us, look)
            }
        };
        let mut judged: Vec<_> = sites.into_iter().map(judge).collect();
        if self.piles_up() {
            certain_alone(&mut judged);
        }
        judged
    }
}

/// Returns what is said of the call stacks of a site, the worst of it; `None` where nothing is known of one of them.
fn evidence(told: &[(u32, Told)], stacks: &[u32]) -> Option<Told> {
    let of = |stack: &u32| {
        told.iter()
            .find(|(id, _)| id == stack)
            .map(|(_, told)| *told)
    };
    let each = stacks.iter().map(of);
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
