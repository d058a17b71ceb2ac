use heapbeacon_shared::analysis::Blocks;
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
        seen: Blocks::default(),
        watched_us: 14 * MINUTE_US,
        points: Vec::new(),
    }
}

/// A complete list, just watched.
pub(crate) fn view(trace: &Trace) -> View<'_> {
    View {
        trace,
        watched_us: Some(trace.time_us),
        listed: 2,
        total: 2,
        free_bytes: 10 * 1024,
        piles_up: false,
    }
}

fn growing(name: &str, bytes_per_minute: f64) -> Site {
    site(name, Verdict::Growing { bytes_per_minute })
}

/// A site of which records were evicted while it was watched.
fn evicted(name: &str, verdict: Verdict) -> Site {
    let mut site = site(name, verdict);
    site.evicted = 500;
    site.seen.evicted = 200;
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
        state: State::Recording,
        time_us: 15 * MINUTE_US,
        ..trace.clone()
    };
    let view = View {
        piles_up,
        ..view(&trace)
    };
    finding(&sites, &view)
}

/// What is told of a list with the 32 largest of 60 call stacks.
fn told_of_cut(sites: &[Site], piles_up: bool) -> Finding {
    let sites: Vec<_> = sites.iter().collect();
    let trace = Trace {
        state: State::Recording,
        ..Trace::default()
    };
    let view = View {
        listed: 32,
        total: 60,
        piles_up,
        ..view(&trace)
    };
    finding(&sites, &view)
}

/// What is told twelve seconds after a trace was stopped or paused, if it was watched before.
fn told_after(sites: &[Site], state: State, was_watched: bool) -> Finding {
    let sites: Vec<_> = sites.iter().collect();
    let trace = Trace {
        state,
        time_us: 15 * MINUTE_US + 12_000_000,
        ..Trace::default()
    };
    let view = View {
        watched_us: was_watched.then_some(15 * MINUTE_US),
        ..view(&trace)
    };
    finding(&sites, &view)
}

/// A trace whose table was too small.
fn overflowed(mode: Mode) -> Trace {
    Trace {
        mode: Some(mode),
        destination: Some(Destination::Standalone),
        capacity: 300,
        evicted_live: 500,
        buffer: Buffer {
            bytes: 512 << 10,
            record_bytes: 8 << 10,
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
    site.watched_us = 26_000_000;
    let finding = told(&[site], &Trace::default());
    assert_eq!(finding.tone, Tone::Neutral);
    assert_eq!(finding.headline, "One call site is growing.");
    assert_eq!(
        words(&finding.details[1]),
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
        "To be sure, stop and start again: then there is room for 5,825 records."
    );
    // What no host got is missing there, and not here.
    let dropped = Trace {
        dropped: 3,
        ..Trace::default()
    };
    assert_eq!(told(&sites, &dropped).tone, Tone::Good);
}

#[test]
fn what_piles_up_in_sites_that_are_all_listed_does_not_alarm_where_none_grows() {
    let sites = [site("cache::fill", Verdict::Plateau)];
    let finding = told_of(&sites, &Trace::default(), true);
    assert_eq!(
        (finding.tone, finding.headline.as_str()),
        (Tone::Neutral, "No call site is growing.")
    );
}

#[test]
fn a_cache_that_only_began_to_fill_is_no_leak_beside_one() {
    let mut cache = growing("cache::fill", 9_999.0);
    cache.watched_us = 12_000_000;
    let finding = told(
        &[cache, growing("session::open", 1_024.0)],
        &Trace::default(),
    );
    assert_eq!(finding.headline, "One call site is leaking.");
    assert!(words(&finding.details[0]).starts_with("session::open"));
    assert!(words(&finding.details[2]).ends_with("full in 10 min."));
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
fn what_a_stop_or_a_pause_leaves_unknown_is_said() {
    let sites = [site("cache::fill", Verdict::Plateau)];
    let facts_after = |gaps, doubtful_until_us| {
        let trace = Trace {
            gaps,
            doubtful_until_us,
            ..Trace::default()
        };
        told(&sites, &trace).facts
    };
    let (never, pause, stop) = (facts_after(0, 0), facts_after(1, 0), facts_after(1, 7));
    assert!(never.ends_with("complete."), "{never}");
    assert!(pause.ends_with("are not listed."), "{pause}");
    assert!(!pause.contains("complete"), "{pause}");
    assert!(stop.ends_with("still counts as live."), "{stop}");
}

#[test]
fn during_a_pause_a_list_is_not_called_complete() {
    let sites = [site("cache::fill", Verdict::Plateau)];
    let finding = told_after(&sites, State::Paused, true);
    assert!(
        finding.facts.contains("during the pause"),
        "{}",
        finding.facts
    );
    assert!(!finding.facts.contains("complete"), "{}", finding.facts);
}

#[test]
fn more_records_leave_the_call_stacks_twice_the_room_that_they_take() {
    let trace = |mode, destination, stack_count| Trace {
        mode: Some(mode),
        destination: Some(destination),
        evicted_live: 1,
        capacity: 99,
        stack_capacity: 49,
        stack_count,
        buffer: Buffer {
            bytes: 10_000,
            record_bytes: 2_000,
            stack_bytes: 8_000,
            max_records: 400,
        },
        ..Trace::default()
    };
    let more =
        |stack_count| more_records(&trace(Mode::Leaks, Destination::Standalone, stack_count));
    // A record takes 20 bytes, and a call stack 160.
    assert_eq!(more(19), Some((10_000 - 2 * 20 * 160) / 20 - 2));
    assert_eq!(more(1), Some(400));
    assert_eq!(more(40), None);
    // All mode runs out of room however large it is, and what a host gets is not held here.
    assert_eq!(
        more_records(&trace(Mode::All, Destination::Standalone, 1)),
        None
    );
    assert_eq!(
        more_records(&trace(Mode::Leaks, Destination::ToHost, 1)),
        None
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
        "12 live records were evicted for room: this list is incomplete."
    );
    assert_eq!(
        completeness(&view(&trace), 1),
        "12 live records were evicted for room and 1 event was dropped on the way: this list is \
         incomplete."
    );
}

#[test]
fn what_grew_before_a_stop_is_told_as_of_then() {
    let finding = told_after(&[growing("session::open", 1024.0)], State::Stopped, true);
    assert_eq!(finding.tone, Tone::Bad);
    assert_eq!(finding.headline, "One call site is leaking.");
    assert_eq!(
        words(&finding.details[0]),
        "This is as of the stop, 12 s ago: nothing was recorded since."
    );
    let leak = words(&finding.details[1]);
    assert!(leak.contains("grows by 1.0 KiB a minute"), "{leak}");
    assert!(leak.ends_with("the oldest is 14 min old."), "{leak}");
}

#[test]
fn nothing_is_good_while_nothing_is_recorded() {
    let steady = [site("cache::fill", Verdict::Plateau)];
    for (state, told) in [
        (State::Stopped, "the stop, 12 s ago: nothing was"),
        (State::Paused, "the pause, 12 s ago: only frees were"),
    ] {
        let finding = told_after(&steady, state, true);
        assert_eq!(
            (finding.tone, finding.headline.as_str()),
            (Tone::Neutral, "Nothing was leaking while it recorded.")
        );
        assert_eq!(
            words(&finding.details[0]),
            format!("This is as of {told} recorded since.")
        );
    }
}

#[test]
fn a_page_that_comes_after_the_stop_does_not_promise_that_growth_will_show() {
    let new = site("a", Verdict::TooEarly { seconds_of_data: 0 });
    let finding = told_after(&[new], State::Stopped, false);
    assert_eq!(finding.tone, Tone::Neutral);
    assert_eq!(
        finding.headline,
        "Too little was watched to say (0 s of data)."
    );
    assert_eq!(
        words(&finding.details[0]),
        "Growth shows only while allocations are recorded. The list below is in order of size."
    );
}

#[test]
fn a_cut_list_tells_what_it_knows_of_and_is_never_called_complete() {
    let steady = site("cache::fill", Verdict::Plateau);
    let new = site("new", Verdict::TooEarly { seconds_of_data: 0 });
    for sites in [&[steady.clone()][..], &[steady.clone(), new.clone()]] {
        let finding = told_of_cut(sites, false);
        assert_eq!(
            (finding.tone, finding.headline.as_str()),
            (
                Tone::Neutral,
                "None of the 32 largest of 60 call stacks is growing."
            )
        );
        let left_out = "28 smaller call stacks were left out: this list is incomplete.";
        assert!(finding.facts.ends_with(left_out), "{}", finding.facts);
    }
    let leak = growing("session::open", 1024.0);
    let finding = told_of_cut(&[steady, leak, new], false);
    assert_eq!(finding.headline, "One call site is leaking.");
    assert!(finding.facts.ends_with("incomplete."), "{}", finding.facts);
}

#[test]
fn what_is_new_in_a_cut_list_does_not_hide_that_blocks_pile_up() {
    let steady = site("cache::fill", Verdict::Plateau);
    let new = site("new", Verdict::TooEarly { seconds_of_data: 0 });
    let finding = told_of_cut(&[steady, new.clone()], true);
    assert!(finding.facts.contains("One site is too new to tell."));
    assert!(finding.headline.starts_with("Blocks pile up"));
    // Before anything is known it is too early all the same.
    assert!(told_of_cut(&[new], false).headline.starts_with("Too early"));
}
