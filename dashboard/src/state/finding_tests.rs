use heapbeacon_shared::analysis::Point;
use heapbeacon_shared::api::Origin;

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
        gained: 0,
        oldest_us: MINUTE_US,
        newest_us: 15 * MINUTE_US,
        points: [1, 15].map(at).to_vec(),
    }
}

fn at(minute: u64) -> Point {
    Point {
        time_us: minute * MINUTE_US,
        ..Point::default()
    }
}

fn growing(name: &str, bytes_per_minute: f64) -> Site {
    site(name, Verdict::Growing { bytes_per_minute })
}

fn told(sites: &[Site], trace: &Trace) -> Finding {
    let sites: Vec<_> = sites.iter().collect();
    finding(&sites, trace, 10 * 1024, 15 * MINUTE_US)
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
         the oldest is 14 min old. At this rate the heap is full in 10 min."
    );
}

#[test]
fn what_grows_since_a_moment_is_not_called_a_leak_yet() {
    let mut site = growing("cache::fill", 1024.0);
    site.points[0].time_us = site.points[1].time_us - 26_000_000;
    let finding = told(&[site], &Trace::default());
    assert_eq!(finding.tone, Tone::Neutral);
    assert_eq!(finding.headline, "One call site is growing.");
    assert!(words(&finding.details[1]).contains("After 26 s this may be a leak"));
}

#[test]
fn the_fastest_leak_comes_first() {
    let sites = [
        growing("slow", 10.0),
        growing("fast", 99.0),
        growing("third", 1.0),
    ];
    let finding = told(&sites, &Trace::default());
    assert_eq!(finding.headline, "Three call sites are leaking.");
    assert_eq!(finding.details.len(), 2);
    assert!(words(&finding.details[0]).starts_with("fast"));
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
