//! What a whole leak list shows.

use heapbeacon_shared::analysis::{
    Caveat, Conclusion, Judgement, LeakList, Listed, QUIET_US, Rest, Told,
};
use heapbeacon_shared::trace::{Kind, State, Summary, Verdict};

const SECOND: u64 = 1_000_000;

fn judged(kind: Kind, certain: bool, bytes_per_minute: u64) -> Judgement {
    let verdict = Verdict {
        kind,
        certain,
        bytes_per_minute,
        since_us: 0,
    };
    Judgement {
        told: Some(Told {
            verdict,
            leaked_until_us: None,
        }),
        ..Judgement::default()
    }
}

fn leaking(bytes_per_minute: u64) -> Judgement {
    judged(Kind::Leaking, true, bytes_per_minute)
}

fn steady() -> Judgement {
    judged(Kind::Plateau, true, 0)
}

fn listed(judgements: &[Judgement]) -> Vec<Listed<'_>> {
    let site = |judgement| Listed {
        bytes: 1_000,
        count: 10,
        judgement,
    };
    judgements.iter().map(site).collect()
}

const RECORDING: Summary = Summary {
    state: State::Recording,
    live_count: 10,
    ..Summary::EMPTY
};

/// A whole list of ten minutes.
fn list<'s>(sites: &'s [Listed<'s>]) -> LeakList<'s> {
    LeakList {
        sites,
        summary: &RECORDING,
        is_cut: false,
        known_us: 600 * SECOND,
        piles_up: false,
    }
}

fn level(stopped: &[usize], caveat: Option<Caveat>) -> Conclusion {
    let stopped = stopped.to_vec();
    Conclusion::Level { stopped, caveat }
}

#[test]
fn a_list_is_empty_only_where_no_block_is_live() {
    let nothing_live = LeakList {
        summary: &Summary::EMPTY,
        ..list(&[])
    };
    assert_eq!(nothing_live.conclude(), Conclusion::Empty);
    assert_eq!(list(&[]).conclude(), Conclusion::TooEarly { rising: 0 });
}

#[test]
fn leaks_come_before_what_may_still_fill_up_and_the_fastest_first() {
    let judged = [
        judged(Kind::Leaking, false, 9_000),
        leaking(100),
        steady(),
        leaking(200),
    ];
    let Conclusion::Growing(growing) = list(&listed(&judged)).conclude() else {
        panic!("three of them grow");
    };
    assert_eq!(growing.sites, [3, 1, 0]);
    assert_eq!((growing.certain, growing.leaking), (2, 2));
    assert!(growing.is_leak);
}

#[test]
fn what_only_evicted_records_say_is_a_leak_for_certain_where_blocks_pile_up() {
    let judged = Judgement {
        is_known: false,
        ..leaking(100)
    };
    let sites = [Listed {
        bytes: 0,
        count: 0,
        judgement: &judged,
    }];
    assert_eq!(list(&sites).conclude(), level(&[], None));
    let piling_up = LeakList {
        piles_up: true,
        ..list(&sites)
    };
    let Conclusion::Growing(growing) = piling_up.conclude() else {
        panic!("it is the only one that may");
    };
    assert_eq!((growing.certain, growing.leaking), (0, 1));
    assert!(growing.is_leak);
}

#[test]
fn nothing_is_said_after_a_short_time_but_what_is_new_in_a_cut_list_hides_no_other() {
    let judged = [judged(Kind::Filling, false, 0)];
    let sites = listed(&judged);
    let of = |known_us| LeakList {
        known_us,
        ..list(&sites)
    };
    let early = Conclusion::TooEarly { rising: 1 };
    assert_eq!(of(QUIET_US - 1).conclude(), early);
    assert_eq!(of(QUIET_US).conclude(), level(&[], None));
    let judged = [Judgement::default(), steady()];
    let sites = listed(&judged);
    let cut = |sites| LeakList {
        is_cut: true,
        ..list(sites)
    };
    assert_eq!(cut(&sites).conclude(), level(&[], Some(Caveat::Cut)));
    assert_eq!(
        cut(&sites[..1]).conclude(),
        Conclusion::TooEarly { rising: 0 }
    );
}

#[test]
fn that_nothing_leaks_is_said_only_where_every_block_is_seen() {
    let judged = [steady()];
    let sites = listed(&judged);
    let [stopped, evicted] =
        [(State::Stopped, 0), (State::Recording, 7)].map(|(state, evicted)| Summary {
            state,
            evicted_live: evicted,
            ..RECORDING
        });
    let caveat = |summary, is_cut, piles_up| {
        let list = LeakList {
            summary,
            is_cut,
            piles_up,
            ..list(&sites)
        };
        match list.conclude() {
            Conclusion::Level { caveat, .. } => caveat,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(caveat(&RECORDING, false, false), None);
    // All are listed, and none of them grows.
    assert_eq!(caveat(&RECORDING, false, true), None);
    assert_eq!(caveat(&stopped, false, false), Some(Caveat::NotRecording));
    assert_eq!(caveat(&evicted, false, false), Some(Caveat::Evicted));
    assert_eq!(caveat(&evicted, true, false), Some(Caveat::Cut));
    assert_eq!(caveat(&evicted, false, true), Some(Caveat::PilesUp));
    assert_eq!(caveat(&RECORDING, true, true), Some(Caveat::PilesUp));
}

#[test]
fn a_leak_that_has_ended_is_named_as_long_as_what_leaked_is_held() {
    let mut ended = steady();
    ended.told.as_mut().expect("it is said").leaked_until_us = Some(SECOND);
    let judged = [steady(), ended];
    assert_eq!(list(&listed(&judged)).conclude(), level(&[1], None));
}

#[test]
fn what_does_not_grow_is_counted_by_what_it_does() {
    let in_flight = judged(Kind::InFlight, true, 0);
    let judged = [steady(), steady(), in_flight, Judgement::default()];
    let mut sites = listed(&judged);
    sites[1].bytes = 10;
    let rest = Rest {
        steady: 1,
        in_flight: 1,
        new: 1,
    };
    assert_eq!(list(&sites).rest(), rest);
    // Where all are new, that is what the whole list says.
    assert_eq!(list(&sites[3..]).rest(), Rest::default());
}

#[test]
fn what_holds_more_than_a_tenth_is_large() {
    let judged = [steady(), steady(), steady()];
    let mut sites = listed(&judged);
    let bytes = [10, 11, 79];
    for (site, bytes) in sites.iter_mut().zip(bytes) {
        site.bytes = bytes;
    }
    assert_eq!(list(&sites).rest().steady, 2);
}

#[test]
fn leaks_that_are_equally_fast_stay_in_the_order_of_the_list() {
    let judged = [leaking(100), leaking(100), leaking(300)];
    let Conclusion::Growing(growing) = list(&listed(&judged)).conclude() else {
        panic!("all of them grow");
    };
    assert_eq!(growing.sites, [2, 0, 1]);
}

#[test]
fn that_something_leaks_is_certain_only_of_what_has_leaked_for_long_enough_where_blocks_pile_up() {
    let is_leak = |judgement: Judgement, piles_up| {
        let judged = [judgement];
        let sites = listed(&judged);
        let list = LeakList {
            piles_up,
            ..list(&sites)
        };
        match list.conclude() {
            Conclusion::Growing(growing) => growing.is_leak,
            other => panic!("{other:?}"),
        }
    };
    let in_doubt = Judgement {
        is_known: false,
        ..leaking(100)
    };
    let suspected = judged(Kind::Leaking, false, 100);
    assert!(is_leak(in_doubt, true) && is_leak(leaking(100), false));
    assert!(!is_leak(in_doubt, false) && !is_leak(suspected, true));
}
