//! The leak list since the page opened, for as long as the trace recorded.

use heapbeacon_shared::analysis::Series;
use heapbeacon_shared::api::{LeaksPage, Trace};
use heapbeacon_shared::trace::State;

use super::history::{SHORTEST_US, Snapshot, piles_up};
use super::lifetimes::Lifetimes;
use super::suspects::Suspects;

/// Moments of the leak list kept.
const SNAPSHOTS: usize = 240;
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
    pub(super) lifetimes: Lifetimes,
    pub(super) suspects: Suspects,
}

impl Default for Watched {
    fn default() -> Self {
        Self {
            snapshots: Series::new(SNAPSHOTS),
            unrecorded_us: 0,
            piled_up_us: None,
            lifetimes: Lifetimes::default(),
            suspects: Suspects::default(),
        }
    }
}

impl Watched {
    /// Follows a trace from one answer to the next.
    ///
    /// After a stop nothing that was seen before it says what grows: what was freed meanwhile still counts as live, and
    /// what has taken its place would look like growth.
    pub fn follow(&mut self, before: &Trace, now: &Trace) {
        if before.summary.doubtful_until_us != now.summary.doubtful_until_us {
            *self = Self::default();
        } else if ![before, now].iter().any(|trace| is_recording(trace)) {
            self.unrecorded_us += now.summary.time_us.saturating_sub(before.summary.time_us);
        }
    }

    /// Takes a leak list if `trace` records. Returns whether it is of that trace at all.
    pub fn take(&mut self, page: &LeaksPage, trace: &Trace) -> bool {
        let is_of_trace = page.trace_id == trace.trace_id;
        if is_of_trace && is_recording(trace) {
            self.push(Snapshot {
                unrecorded_us: self.unrecorded_us,
                ..Snapshot::of(page, trace)
            });
        }
        is_of_trace
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

/// Returns whether allocations are recorded.
pub fn is_recording(trace: &Trace) -> bool {
    trace.summary.state == State::Recording
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::trace::Summary;

    use super::*;

    const SECOND: u64 = 1_000_000;

    fn trace(state: State, second: u64) -> Trace {
        Trace {
            summary: Summary {
                state,
                time_us: second * SECOND,
                ..Summary::default()
            },
            trace_id: 1,
            ..Trace::default()
        }
    }

    fn page(trace_id: u32, second: u64) -> LeaksPage {
        LeaksPage {
            trace_id,
            time_us: second * SECOND,
            ..LeaksPage::default()
        }
    }

    /// Polls once a second through these states.
    fn polled(states: &[State]) -> Watched {
        let mut watched = Watched::default();
        let mut before = None;
        for (second, state) in (0..).zip(states) {
            let now = trace(*state, second);
            if let Some(before) = &before {
                watched.follow(before, &now);
            }
            assert!(watched.take(&page(1, second), &now));
            before = Some(now);
        }
        watched
    }

    #[test]
    fn nothing_is_watched_during_a_pause_and_that_time_does_not_count() {
        let states = [
            State::Recording,
            State::Paused,
            State::Paused,
            State::Paused,
            State::Recording,
            State::Recording,
        ];
        let watched = polled(&states);
        let seconds = |time: fn(&Snapshot) -> u64| {
            let snapshots = watched.snapshots().iter();
            snapshots
                .map(|snapshot| time(snapshot) / SECOND)
                .collect::<Vec<_>>()
        };
        assert_eq!(seconds(|snapshot| snapshot.time_us), [0, 4, 5]);
        // What is not known for certain counts as recorded: until the first answer, and after the last.
        assert_eq!(seconds(Snapshot::recorded_us), [0, 2, 3]);
    }

    #[test]
    fn what_was_seen_before_a_stop_stands_until_recording_goes_on() {
        let mut watched = polled(&[State::Recording, State::Stopped, State::Stopped]);
        assert_eq!(watched.snapshots().len(), 1);
        let resumed = Trace {
            summary: Summary {
                doubtful_until_us: SECOND,
                ..trace(State::Recording, 3).summary
            },
            ..trace(State::Recording, 3)
        };
        watched.follow(&trace(State::Stopped, 2), &resumed);
        assert!(watched.take(&page(1, 3), &resumed));
        assert_eq!(watched.snapshots().len(), 1);
        assert_eq!(watched.snapshots()[0].time_us, 3 * SECOND);
    }

    #[test]
    fn a_list_of_another_trace_is_not_taken() {
        let mut watched = polled(&[State::Recording; 3]);
        assert!(!watched.take(&page(2, 3), &trace(State::Recording, 3)));
        assert_eq!(watched.snapshots().len(), 3);
    }
}
