//! What a whole leak list shows.

use heapbeacon_shared::analysis::{
    Caveat, Conclusion, Judgement, Known, LeakList, Listed, Moment, Rest, SUSPECT_US, Suspect,
    Verdict,
};
use heapbeacon_shared::trace::{State, Summary};

const SECOND: u64 = 1_000_000;

/// A site that gained a block a second for so many seconds, and then none for so many.
fn judged(verdict: Verdict, gaining: u64, level: u64) -> Judgement {
    let moment = |second: u64| {
        let count = second.min(gaining);
        Moment {
            time_us: second * SECOND,
            count,
            bytes: 16 * count,
            allocations: count,
            frees: 0,
            oldest_us: 0,
            newest_us: count * SECOND,
        }
    };
    let moments: Vec<_> = (0..=gaining + level).map(moment).collect();
    let mut suspect = Suspect::default();
    for end in 1..=moments.len() {
        suspect.look(&moments[..end], &Known::default());
    }
    Judgement {
        verdict,
        suspect,
        ..Judgement::default()
    }
}

fn growing(bytes_per_minute: f64, seconds: u64) -> Judgement {
    judged(Verdict::Growing { bytes_per_minute }, seconds, 0)
}

fn steady() -> Judgement {
    judged(Verdict::Plateau, 0, 0)
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

/// A whole list that was watched for ten minutes.
fn list<'s>(sites: &'s [Listed<'s>]) -> LeakList<'s> {
    LeakList {
        sites,
        summary: &RECORDING,
        is_cut: false,
        span_us: 600 * SECOND,
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
        growing(9_000.0, 100),
        growing(100.0, 300),
        steady(),
        growing(200.0, 300),
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
        is_certain: false,
        ..growing(100.0, 300)
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
    let judged = [judged(
        Verdict::Growing {
            bytes_per_minute: 1.0,
        },
        9,
        0,
    )];
    let sites = listed(&judged);
    let early = LeakList {
        span_us: SUSPECT_US - 1,
        ..list(&sites)
    };
    assert_eq!(early.conclude(), Conclusion::TooEarly { rising: 1 });
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
    let judged = [steady(), judged(Verdict::Plateau, 300, 59)];
    assert_eq!(list(&listed(&judged)).conclude(), level(&[1], None));
}

#[test]
fn what_does_not_grow_is_counted_by_what_it_does() {
    let in_flight = judged(Verdict::InFlight, 0, 0);
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
