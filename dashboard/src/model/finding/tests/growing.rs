//! What is said of sites that grow.

use super::*;

#[test]
fn one_leak_is_named_with_its_rate_and_the_time_that_is_left() {
    let finding = told(&[growing("session::open", 1024)], &Trace::default());
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
fn the_region_that_is_full_first_is_named() {
    let trace = recording();
    let regions = ["dram", "dram2"].map(|name| Name::try_from(name).expect("short"));
    let view = View {
        regions: &regions,
        outlook: Outlook {
            first: Some((1, 120)),
            ..OUTLOOK
        },
        ..view(&trace)
    };
    let finding = live::describe(&[&growing("session::open", 1024)], &view);
    let told = words(&finding.details[1]);
    assert!(
        told.ends_with("region dram2 is full in 2 min, and all of it in 10 min."),
        "{told}"
    );
}

#[test]
fn of_a_heap_that_does_not_grow_nobody_says_when_it_is_full() {
    let trace = recording();
    let view = View {
        outlook: Outlook::default(),
        ..view(&trace)
    };
    let finding = live::describe(&[&growing("session::open", 1024)], &view);
    assert_eq!(finding.details.len(), 1);
}

#[test]
fn the_fastest_leak_comes_first() {
    let sites = [
        growing("slow", 10),
        growing("fast", 99),
        growing("third", 1),
        growing("fourth", 18),
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
        let mut only = evicted("session::open");
        only.judgement.is_known = true;
        let sites = [only, site("cache", Kind::Plateau)];
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
    let sites = [evicted("session::open"), evicted("cache")];
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
    let sites = [growing("session::open", 1024), evicted("cache")];
    let finding = told(&sites, &overflowed(Mode::Leaks));
    assert_eq!(finding.tone, Tone::Bad);
    assert_eq!(finding.headline, "One call site is leaking.");
    let says_may = |line: usize| words(&finding.details[line]).contains("may leak, too: it takes");
    assert!(!says_may(0) && says_may(1));
    assert!(words(&finding.details[3]).contains("can't be told"));
    assert_eq!(words(&finding.details[2]), HEAP_IS_FULL);
}

#[test]
fn a_cache_that_only_began_to_fill_is_no_leak_beside_one() {
    let finding = told(
        &[suspected("cache::fill"), growing("session::open", 1_024)],
        &Trace::default(),
    );
    assert_eq!(finding.headline, "One call site is leaking.");
    assert!(words(&finding.details[0]).starts_with("session::open"));
}

#[test]
fn what_grew_before_a_stop_is_told_as_of_then() {
    let finding = told_after(&[growing("session::open", 1024)], State::Stopped, true);
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
