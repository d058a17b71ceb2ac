//! What is said where nothing grows, or where it is too early to tell.

use super::*;

#[test]
fn a_leak_that_ended_is_told_with_what_it_holds_and_nothing_leaks_any_more() {
    // Blocks pile up in all for longer than it takes to see that none of them does.
    for piles_up in [false, true] {
        let sites = [stopped("session::open"), site("cache", Kind::Plateau)];
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
    let sites = [site("cache::fill", Kind::Plateau)];
    let headline = |seconds: u64| {
        let trace = recording();
        let view = View {
            known_us: seconds * SECOND,
            ..view(&trace)
        };
        live::describe(&[&sites[0]], &view).headline
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
fn nothing_is_said_not_to_leak_while_blocks_are_not_seen() {
    let sites = [site("cache::fill", Kind::Plateau)];
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
    let sites = [site("cache::fill", Kind::Plateau)];
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
fn without_a_growing_site_nothing_is_leaking() {
    let sites = [
        site("cache::fill", Kind::Plateau),
        site("wifi", Kind::InFlight),
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
fn with_too_little_data_it_says_how_much_there_is() {
    let trace = recording();
    let view = View {
        known_us: 26 * SECOND,
        ..view(&trace)
    };
    let rising = site("cache::fill", Kind::Filling);
    let finding = live::describe(&[&rising], &view);
    assert_eq!(finding.headline, "Too early to say.");
    assert_eq!(finding.tone, Tone::Neutral);
    assert_eq!(
        words(&finding.details[0]),
        "Growth shows after a minute, and the trace has 26 s by now. By now one site holds more than \
         before, as leaks do, and also what only fills up at the start. The list below says what is known so far."
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
        live::describe(&[], &super::view(&trace)).headline,
        "Too early to say."
    );
}

#[test]
fn nothing_is_good_while_nothing_is_recorded() {
    let steady = [site("cache::fill", Kind::Plateau)];
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
    let new = site("a", Kind::TooEarly);
    let finding = told_after(&[new], State::Stopped, false);
    assert_eq!(finding.tone, Tone::Neutral);
    assert_eq!(finding.headline, "Too little was recorded to say.");
    assert_eq!(
        words(&finding.details[0]),
        "Growth shows only while allocations are recorded. The list below says what is known so far."
    );
}
