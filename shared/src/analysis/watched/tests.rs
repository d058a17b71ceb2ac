//! The borders of what is watched, and what is said of a site of several call stacks.

use super::*;
use crate::trace::Kind;

const SECOND: u64 = 1_000_000;

fn told(kind: Kind, certain: bool, bytes_per_minute: u64, leaked_until_us: Option<u64>) -> Told {
    let verdict = Verdict {
        kind,
        certain,
        bytes_per_minute,
        since_us: 0,
    };
    Told {
        verdict,
        leaked_until_us,
    }
}

fn moment(time_us: u64, certain: i64) -> Snapshot {
    Snapshot {
        time_us,
        certain,
        ..Snapshot::default()
    }
}

#[test]
fn a_site_does_the_worst_of_what_its_call_stacks_do_and_grows_as_fast_as_all_of_them() {
    let each = [
        told(Kind::Plateau, true, 0, Some(40)),
        told(Kind::Leaking, false, 100, None),
        told(Kind::Leaking, true, 20, Some(70)),
        told(Kind::Filling, true, 3, None),
    ];
    let said = worst(each.into_iter().map(Some)).expect("all is known");
    assert_eq!(said, told(Kind::Leaking, true, 123, Some(70)));
    // What needs action comes first, certain or not.
    let said = worst([each[0], each[1], each[3]].into_iter().map(Some));
    assert_eq!(said, Some(told(Kind::Leaking, false, 103, Some(40))));
    assert_eq!(worst([Some(each[0]), None].into_iter()), None);
}

#[test]
fn moments_are_a_tenth_of_a_second_apart_at_least() {
    let mut watched = Watched::default();
    for time_us in [
        0,
        SHORTEST_US - 1,
        SHORTEST_US,
        SHORTEST_US + 1,
        2 * SHORTEST_US,
    ] {
        watched.push(moment(time_us, 0));
    }
    let times = watched.snapshots().iter().map(|moment| moment.time_us);
    assert!(times.eq([0, SHORTEST_US, 2 * SHORTEST_US]));
}

#[test]
fn blocks_are_said_to_pile_up_for_half_a_minute_after_that_was_last_seen() {
    let mut watched = Watched::default();
    let mut last_us = 0;
    for second in 1_000..1_300_u64 {
        let blocks = second.min(1_100);
        watched.push(moment(second * SECOND, blocks.cast_signed()));
        if piles_up(watched.snapshots()) {
            last_us = second * SECOND;
        }
        let is_recent = last_us > 0 && second * SECOND - last_us <= 30 * SECOND;
        assert_eq!(watched.piles_up(), is_recent, "{second}");
    }
    assert!(last_us > 1_100 * SECOND && !watched.piles_up());
}

#[test]
fn what_was_said_last_is_told_of_a_site_whatever_its_history_shows() {
    let mut watched = Watched {
        told: [(7, told(Kind::Leaking, true, 9, None))].to_vec(),
        ..Watched::default()
    };
    let held = super::super::snapshot::Held {
        stack: 7,
        ..Default::default()
    };
    let history = &History::of_each(1, &[(0, held)], &[])[0];
    assert_eq!(watched.weighed(history).told, Some(watched.told[0].1));
    watched.told[0].0 = 8;
    assert_eq!(watched.weighed(history).told, None);
}

#[test]
fn what_is_certain_is_not_told_by_lost_records() {
    let leak = Leak {
        stack: 7,
        ..Leak::default()
    };
    let mut evicting = Evicting::default();
    for (second, evicted) in [(10, 1), (60, 100)] {
        let period = Period {
            time_us: second * SECOND,
            ..Period::default()
        };
        let passed = Passed {
            evicted,
            ..Passed::default()
        };
        evicting.take(&period, &[(leak.clone(), passed)], 64);
    }
    let said = |certain| {
        let watched = Watched {
            told: [(7, told(Kind::Plateau, certain, 0, None))].to_vec(),
            evicting: evicting.clone(),
            ..Watched::default()
        };
        watched
            .told_where_blocks_pile_up(7)
            .map(|told| told.verdict.kind)
    };
    assert_eq!(said(true), Some(Kind::Plateau));
    assert_eq!(said(false), Some(Kind::Leaking));
}
