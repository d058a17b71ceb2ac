//! What is said of a list that lacks something.

use super::*;

#[test]
fn what_a_stop_or_a_pause_leaves_unknown_is_said() {
    let sites = [site("cache::fill", Kind::Plateau)];
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
    let sites = [site("cache::fill", Kind::Plateau)];
    let finding = told_after(&sites, State::Paused, true);
    assert!(
        finding.facts.contains("during the pause"),
        "{}",
        finding.facts
    );
    assert!(!finding.facts.contains("complete"), "{}", finding.facts);
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
fn a_cut_list_tells_what_it_knows_of_and_is_never_called_complete() {
    let steady = site("cache::fill", Kind::Plateau);
    let new = site("new", Kind::TooEarly);
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
    let leak = growing("session::open", 1024);
    let finding = told_of_cut(&[steady, leak, new], false);
    assert_eq!(finding.headline, "One call site is leaking.");
    assert!(finding.facts.ends_with("incomplete."), "{}", finding.facts);
}

#[test]
fn what_is_new_in_a_cut_list_does_not_hide_that_blocks_pile_up() {
    let steady = site("cache::fill", Kind::Plateau);
    let new = site("new", Kind::TooEarly);
    let finding = told_of_cut(&[steady, new.clone()], true);
    assert!(finding.facts.contains("One site is too new to tell."));
    assert!(finding.headline.starts_with("Blocks pile up"));
    // Before anything is known it is too early all the same.
    assert!(told_of_cut(&[new], false).headline.starts_with("Too early"));
}
