use heapbeacon_shared::analysis::Point;
use heapbeacon_shared::api::{Buffer, Origin};

use super::*;

const MINUTE_US: u64 = 60_000_000;

pub(crate) fn site(name: &str, verdict: Verdict) -> Site {
    Site {
        key: name.to_owned(),
        colour_key: name.to_owned(),
        name: name.to_owned(),
        place: Some("src/a.rs:8".to_owned()),
        tasks: Vec::new(),
        call_sites: 0,
        origin: Origin::Application,
        stacks: Vec::new(),
        verdict,
        bytes: 39 * 1024,
        count: 312,
        evicted: 0,
        gained: 0,
        oldest_us: MINUTE_US,
        newest_us: 15 * MINUTE_US,
        points: [1, 15].map(at).to_vec(),
    }
}

fn at(minute: u64) -> Point {
    Point {
        time_us: minute * MINUTE_US,
        count: 312,
        ..Point::default()
    }
}

fn growing(name: &str, bytes_per_minute: f64) -> Site {
    site(name, Verdict::Growing { bytes_per_minute })
}

/// A site of which records were evicted while it was watched.
fn evicted(name: &str, verdict: Verdict) -> Site {
    let mut site = site(name, verdict);
    site.evicted = 500;
    site.points[1].count += 200;
    site
}

const GROWING: Verdict = Verdict::Growing {
    bytes_per_minute: 1024.0,
};

fn told(sites: &[Site], trace: &Trace) -> Finding {
    told_of(sites, trace, false)
}

fn told_of(sites: &[Site], trace: &Trace, piles_up: bool) -> Finding {
    let sites: Vec<_> = sites.iter().collect();
    let trace = Trace {
        time_us: 15 * MINUTE_US,
        ..trace.clone()
    };
    finding(&sites, &trace, 10 * 1024, piles_up)
}

/// A trace whose table was too small.
fn overflowed(mode: Mode) -> Trace {
    Trace {
        mode: Some(mode),
        capacity: 300,
        evicted_live: 500,
        buffer: Buffer {
            max_records: 5_825,
            ..Buffer::default()
        },
        ..Trace::default()
    }
}

pub(crate) fn words(parts: &[Part]) -> String {
    let word = |part: &Part| match part {
        Part::Text(text) | Part::Code(text) | Part::Strong(text) => text.clone(),
    };
    parts.iter().map(word).collect()
}

#[test]
fn one_leak_is_named_with_its_rate_and_the_time_that_is_left() {
    let finding = told(&[growing("session::open", 1024.0)], &Trace::default());
    assert_eq!(finding.tone, Tone::Bad);
    assert_eq!(finding.headline, "One call site is leaking.");
    assert_eq!(
        words(&finding.details[0]),
        "session::open (src/a.rs:8) grows by 1.0 KiB a minute and holds 312 blocks, 39.0 KiB; \
         the oldest is 14 min old."
    );
    assert_eq!(
        words(&finding.details[1]),
        "At this rate the heap is full in 10 min."
    );
}

#[test]
fn what_grows_since_a_moment_is_not_called_a_leak_yet() {
    let mut site = growing("cache::fill", 1024.0);
    site.points[0].time_us = site.points[1].time_us - 26_000_000;
    let finding = told(&[site], &Trace::default());
    assert_eq!(finding.tone, Tone::Neutral);
    assert_eq!(finding.headline, "One call site is growing.");
    assert_eq!(
        words(&finding.details[2]),
        "It is early: after watching for 26 s, what only fills up looks like a leak, too."
    );
}

#[test]
fn the_fastest_leak_comes_first() {
    let sites = [
        growing("slow", 10.0),
        growing("fast", 99.0),
        growing("third", 1.0),
        growing("fourth", 18.0),
    ];
    let finding = told(&sites, &Trace::default());
    assert_eq!(finding.headline, "Four call sites are leaking.");
    assert_eq!(finding.details.len(), 4);
    assert!(words(&finding.details[0]).starts_with("fast"));
    // What all of them do together is not said of the last.
    assert_eq!(
        words(&finding.details[3]),
        "Together they fill the heap in 80 min."
    );
}

#[test]
fn a_leak_is_a_leak_after_its_records_were_evicted() {
    for mode in [Mode::All, Mode::Leaks] {
        let sites = [
            evicted("session::open", GROWING),
            site("cache", Verdict::Plateau),
        ];
        let finding = told_of(&sites, &overflowed(mode), true);
        assert_eq!(finding.tone, Tone::Bad);
        assert_eq!(finding.headline, "One call site is leaking.");
        assert_eq!(
            words(&finding.details[0]),
            "session::open (src/a.rs:8) grows by up to 1.0 KiB a minute and holds 312 blocks, \
             39.0 KiB, and up to 200 without a record."
        );
    }
}

#[test]
fn which_of_several_sites_leaks_is_not_told_where_blocks_outlive_their_records() {
    let sites = [evicted("session::open", GROWING), evicted("cache", GROWING)];
    let finding = told_of(&sites, &overflowed(Mode::All), true);
    assert_eq!(finding.tone, Tone::Bad);
    assert_eq!(
        finding.headline,
        "At least one of two call sites is leaking."
    );
    assert_eq!(
        words(&finding.details[2]),
        "Some blocks live longer than their records, and whether those were freed can't be told. \
         Start leaks mode to be sure: there, freed blocks take no room."
    );
    // Frees without a record are as many as what piles up.
    let finding = told_of(&sites, &overflowed(Mode::All), false);
    assert_eq!(
        (finding.tone, finding.headline.as_str()),
        (Tone::Neutral, "Two call sites may be leaking.")
    );
}

#[test]
fn a_leak_whose_records_are_all_there_is_certain_beside_one_that_is_in_doubt() {
    let sites = [growing("session::open", 1024.0), evicted("cache", GROWING)];
    let finding = told(&sites, &overflowed(Mode::Leaks));
    assert_eq!(finding.tone, Tone::Bad);
    assert_eq!(finding.headline, "One call site is leaking.");
    assert!(words(&finding.details[3]).contains("can't be told"));
    // Only what is certain fills the heap.
    assert_eq!(
        words(&finding.details[2]),
        "At this rate the heap is full in 10 min."
    );
}

#[test]
fn nothing_is_said_not_to_leak_while_blocks_are_not_seen() {
    let sites = [site("cache::fill", Verdict::Plateau)];
    let finding = told(&sites, &overflowed(Mode::Leaks));
    assert_eq!(
        (finding.tone, finding.headline.as_str()),
        (Tone::Neutral, "No leak shows, but not every block is seen.")
    );
    assert_eq!(
        words(&finding.details[0]),
        "To be sure, trace with more records: the device has room for 5,825."
    );
    let dropped = Trace {
        dropped: 3,
        ..Trace::default()
    };
    assert_eq!(told(&sites, &dropped).tone, Tone::Neutral);
    let finding = told_of(&sites, &Trace::default(), true);
    assert_eq!(finding.tone, Tone::Neutral);
}

#[test]
fn without_a_growing_site_nothing_is_leaking() {
    let sites = [
        site("cache::fill", Verdict::Plateau),
        site("wifi", Verdict::InFlight),
    ];
    let finding = told(&sites, &Trace::default());
    assert_eq!(
        (finding.tone, finding.headline.as_str()),
        (Tone::Good, "Nothing is leaking.")
    );
    assert_eq!(
        finding.facts,
        "One site is large but steady. One site is in flight. Nothing was evicted, so this list \
         is complete."
    );
}

#[test]
fn with_too_little_data_it_says_how_much_there_is() {
    let finding = told(
        &[site("a", Verdict::TooEarly { seconds_of_data: 7 })],
        &Trace::default(),
    );
    assert_eq!(finding.headline, "Too early to say (7 s of data).");
    assert_eq!(finding.tone, Tone::Neutral);
}

#[test]
fn a_list_with_gaps_says_so() {
    let trace = Trace {
        evicted_live: 12,
        dropped: 1,
        ..Trace::default()
    };
    assert_eq!(
        told(&[], &trace).facts,
        "12 live records were evicted for room and 1 event was dropped on the way: this list is \
         incomplete."
    );
}
