use heapbeacon_shared::analysis::{Blocks, Known, Moment, Suspect};
use heapbeacon_shared::api::Buffer;
use heapbeacon_shared::trace::{Origin, Summary};

use super::*;

const MINUTE_US: u64 = 60_000_000;

const SECOND: u64 = 1_000_000;

/// What is said of a site that gained a block a second for so long, and then none, until 15 minutes after boot.
fn suspect(gaining: u64, level: u64) -> Suspect {
    let mut suspect = Suspect::default();
    let began_us = 15 * MINUTE_US - (gaining + level) * SECOND;
    let moment = |second: u64| Moment {
        time_us: began_us + second * SECOND,
        count: second.min(gaining),
        bytes: 17 * second.min(gaining),
        allocations: second.min(gaining),
        frees: 0,
        oldest_us: began_us,
        newest_us: began_us + second.min(gaining) * SECOND,
    };
    let moments: Vec<_> = (0..=gaining + level).map(moment).collect();
    for end in 1..=moments.len() {
        suspect.look(&moments[..end], &Known::default());
    }
    suspect
}

pub(crate) fn site(name: &str, verdict: Verdict) -> Site {
    let gaining = match verdict {
        Verdict::Growing { .. } => 300,
        _ => 0,
    };
    Site {
        suspect: suspect(gaining, 0),
        is_certain: true,
        peak_bytes: 0,
        moments: Vec::new(),
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

/// A heap with 15 KiB left that loses half as much again as what leaks was asked for.
const OUTLOOK: Outlook = Outlook {
    bytes_per_minute: 1_536.0,
    window_us: 60 * SECOND,
    lasts: true,
    seconds: Some(600),
    first: None,
};
const HEAP_IS_FULL: &str = "The heap loses 1.5 KiB a minute in all, with what the allocator rounds up. At this rate it is \
                            full in 10 min.";

/// A complete list, just watched.
pub(crate) fn view(trace: &Trace) -> View<'_> {
    View {
        trace,
        watched_us: Some(trace.summary.time_us),
        listed: 2,
        total: 2,
        outlook: OUTLOOK,
        regions: &[],
        span_us: 14 * MINUTE_US,
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
    site.is_certain = false;
    site
}

/// A site that grows, and may still be a cache that fills.
fn suspected(name: &str) -> Site {
    Site {
        suspect: suspect(100, 0),
        ..site(name, Verdict::Plateau)
    }
}

/// A site that leaked until forty seconds ago.
fn stopped(name: &str) -> Site {
    Site {
        suspect: suspect(300, 59),
        ..site(name, Verdict::Plateau)
    }
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
        summary: Summary {
            state: State::Recording,
            time_us: 15 * MINUTE_US,
            ..trace.clone().summary
        },
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
        summary: Summary {
            state: State::Recording,
            ..Summary::default()
        },
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
        summary: Summary {
            state,
            time_us: 15 * MINUTE_US + 12_000_000,
            ..Summary::default()
        },
        ..Trace::default()
    };
    let view = View {
        watched_us: was_watched.then_some(15 * MINUTE_US),
        span_us: if was_watched { 14 * MINUTE_US } else { 0 },
        ..view(&trace)
    };
    finding(&sites, &view)
}

/// A trace whose table was too small.
fn overflowed(mode: Mode) -> Trace {
    Trace {
        summary: Summary {
            mode: Some(mode),
            destination: Some(Destination::Standalone),
            capacity: 300,
            evicted_live: 500,
            ..Summary::default()
        },
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
        "session::open (src/a.rs:8) takes 1.0 KiB a minute and holds 312 blocks, 39.0 KiB; \
         the oldest is 14 min old."
    );
    assert_eq!(words(&finding.details[1]), HEAP_IS_FULL);
    assert_eq!(finding.details.len(), 2);
}

#[test]
fn what_may_still_fill_up_may_be_leaking() {
    let finding = told(&[suspected("cache::fill")], &Trace::default());
    assert_eq!(
        (finding.tone, finding.headline.as_str()),
        (Tone::Neutral, "One call site may be leaking.")
    );
    assert_eq!(
        words(&finding.details[2]),
        "What still fills up looks the same: after 257 blocks, or 15 min of steady growth, it is called a leak."
    );
}

#[test]
fn a_leak_that_ended_is_told_with_what_it_holds_and_nothing_leaks_any_more() {
    // Blocks pile up in all for longer than it takes to see that none of them does.
    for piles_up in [false, true] {
        let sites = [stopped("session::open"), site("cache", Verdict::Plateau)];
        let finding = told_of(&sites, &Trace::default(), piles_up);
        assert_eq!(
            (finding.tone, finding.headline.as_str()),
            (Tone::Good, "Nothing is leaking any more.")
        );
        assert_eq!(
            words(&finding.details[0]),
            "session::open (src/a.rs:8) stopped growing 41 s ago and still holds 312 blocks, 39.0 KiB."
        );
        assert!(finding.facts.starts_with("One site is large but steady."));
    }
}

#[test]
fn nothing_is_leaking_only_as_far_as_it_would_show_by_now() {
    let sites = [site("cache::fill", Verdict::Plateau)];
    let headline = |seconds: u64| {
        let trace = Trace {
            summary: Summary {
                state: State::Recording,
                ..Summary::default()
            },
            ..Trace::default()
        };
        let view = View {
            span_us: seconds * SECOND,
            ..view(&trace)
        };
        finding(&[&sites[0]], &view).headline
    };
    assert_eq!(headline(64), "Too early to say.");
    assert_eq!(
        headline(65),
        "Nothing is leaking faster than a block in 10 s."
    );
    assert_eq!(
        headline(480),
        "Nothing is leaking faster than a block a minute."
    );
    assert_eq!(
        headline(8 * 3_600),
        "Nothing is leaking faster than a block an hour."
    );
    assert_eq!(
        headline(8 * 86_400 + 8),
        "Nothing is leaking faster than a block in 7 d."
    );
}

#[test]
fn the_region_that_is_full_first_is_named() {
    let trace = Trace {
        summary: Summary {
            state: State::Recording,
            ..Summary::default()
        },
        ..Trace::default()
    };
    let regions = ["dram", "dram2"].map(|name| Name::try_from(name).expect("short"));
    let view = View {
        regions: &regions,
        outlook: Outlook {
            first: Some((1, 120)),
            ..OUTLOOK
        },
        ..view(&trace)
    };
    let finding = finding(&[&growing("session::open", 1024.0)], &view);
    let told = words(&finding.details[1]);
    assert!(
        told.ends_with("region dram2 is full in 2 min, and all of it in 10 min."),
        "{told}"
    );
}

#[test]
fn of_a_heap_that_does_not_grow_nobody_says_when_it_is_full() {
    let trace = Trace {
        summary: Summary {
            state: State::Recording,
            ..Summary::default()
        },
        ..Trace::default()
    };
    let view = View {
        outlook: Outlook::default(),
        ..view(&trace)
    };
    let finding = finding(&[&growing("session::open", 1024.0)], &view);
    assert_eq!(finding.details.len(), 1);
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
    assert_eq!(words(&finding.details[3]), HEAP_IS_FULL);
}

#[test]
fn a_leak_is_a_leak_after_its_records_were_evicted() {
    for mode in [Mode::All, Mode::Leaks] {
        // It is the only one that may be what piles up.
        let only = Site {
            is_certain: true,
            ..evicted("session::open", GROWING)
        };
        let sites = [only, site("cache", Verdict::Plateau)];
        let finding = told_of(&sites, &overflowed(mode), true);
        assert_eq!(finding.tone, Tone::Bad);
        assert_eq!(finding.headline, "One call site is leaking.");
        assert_eq!(
            words(&finding.details[0]),
            "session::open (src/a.rs:8) takes up to 1.0 KiB a minute and holds 312 blocks, \
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
        words(&finding.details[3]),
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
    let says_may = |line: usize| words(&finding.details[line]).contains("may leak, too: it takes");
    assert!(!says_may(0) && says_may(1));
    assert!(words(&finding.details[3]).contains("can't be told"));
    assert_eq!(words(&finding.details[2]), HEAP_IS_FULL);
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
        summary: Summary {
            dropped: 3,
            ..Summary::default()
        },
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
        (
            Tone::Good,
            "Nothing is leaking faster than a block in 10 min."
        )
    );
}

#[test]
fn a_cache_that_only_began_to_fill_is_no_leak_beside_one() {
    let finding = told(
        &[suspected("cache::fill"), growing("session::open", 1_024.0)],
        &Trace::default(),
    );
    assert_eq!(finding.headline, "One call site is leaking.");
    assert!(words(&finding.details[0]).starts_with("session::open"));
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
        (Tone::Good, "No leak shows.")
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
            summary: Summary {
                gaps,
                doubtful_until_us,
                ..Summary::default()
            },
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
        summary: Summary {
            mode: Some(mode),
            destination: Some(destination),
            evicted_live: 1,
            capacity: 99,
            stack_capacity: 49,
            stack_count,
            ..Summary::default()
        },
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
    let trace = Trace {
        summary: Summary {
            state: State::Recording,
            ..Summary::default()
        },
        ..Trace::default()
    };
    let view = View {
        span_us: 26 * SECOND,
        ..view(&trace)
    };
    let mut rising = growing("cache::fill", 512.0);
    rising.suspect = Suspect::default();
    let finding = finding(&[&rising], &view);
    assert_eq!(finding.headline, "Too early to say.");
    assert_eq!(finding.tone, Tone::Neutral);
    assert_eq!(
        words(&finding.details[0]),
        "Growth shows after a minute of watching, and this page has watched for 26 s. By now one site holds more than \
         before, as leaks do, and also what only fills up at the start. The list below is in order of size."
    );
    // Blocks are live that the list does not have.
    let trace = Trace {
        summary: Summary {
            state: State::Recording,
            live_count: 7,
            ..Summary::default()
        },
        ..Trace::default()
    };
    assert_eq!(
        super::finding(&[], &self::view(&trace)).headline,
        "Too early to say."
    );
}

#[test]
fn a_list_with_gaps_says_so() {
    let trace = Trace {
        summary: Summary {
            evicted_live: 12,
            dropped: 1,
            ..Summary::default()
        },
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
    assert!(leak.contains("takes 1.0 KiB a minute"), "{leak}");
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
    assert_eq!(finding.headline, "Too little was watched to say.");
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
