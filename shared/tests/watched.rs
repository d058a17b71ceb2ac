//! Which moments of a trace say something of growth.

use heapbeacon_shared::analysis::{Snapshot, Watched};
use heapbeacon_shared::trace::{State, Summary};

const SECOND: u64 = 1_000_000;

fn summary(state: State, second: u64) -> Summary {
    Summary {
        state,
        time_us: second * SECOND,
        ..Summary::default()
    }
}

fn empty(second: u64) -> Snapshot {
    Snapshot::new(second * SECOND, Vec::new(), true, &Summary::default())
}

/// Polls an empty list once a second through these states.
fn polled_through(states: &[State]) -> Watched {
    let mut watched = Watched::default();
    let mut before = None;
    for (second, state) in (0..).zip(states) {
        let now = summary(*state, second);
        if let Some(before) = &before {
            watched.follow(before, &now);
        }
        watched.take(empty(second), &now);
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
    let watched = polled_through(&states);
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
    let mut watched = polled_through(&[State::Recording, State::Stopped, State::Stopped]);
    assert_eq!(watched.snapshots().len(), 1);
    let resumed = Summary {
        doubtful_until_us: SECOND,
        ..summary(State::Recording, 3)
    };
    watched.follow(&summary(State::Stopped, 2), &resumed);
    watched.take(empty(3), &resumed);
    assert_eq!(watched.snapshots().len(), 1);
    assert_eq!(watched.snapshots()[0].time_us, 3 * SECOND);
}
