//! Which lifetimes count, from answer to answer.

use super::*;

/// Tells of `live` blocks, of so many frees and of the longest lifetime until then; returns which of both count.
fn count(
    lifetimes: &mut Lifetimes,
    before: Kind,
    live: u64,
    (frees, longest_lifetime_us): (u64, u64),
) -> (u64, u64) {
    let leak = Leak {
        count: live,
        ..Leak::default()
    };
    let passed = Passed {
        frees,
        longest_lifetime_us,
        ..Passed::default()
    };
    let usual = lifetimes.usual(&leak, &passed, &Period::default(), before);
    (usual.frees, usual.longest_lifetime_us)
}

#[test]
fn all_lifetimes_count_until_a_leak_is_told_and_none_that_is_longer_after() {
    let mut lifetimes = Lifetimes::default();
    for before in [Kind::TooEarly, Kind::Filling, Kind::Plateau] {
        assert_eq!(count(&mut lifetimes, before, 10, (1, 30)), (1, 30));
        assert_eq!(count(&mut lifetimes, before, 10, (2, 50)), (2, 50));
    }
    assert_eq!(count(&mut lifetimes, Kind::Leaking, 10, (9, 70)), (9, 50));
    assert_eq!(count(&mut lifetimes, Kind::Leaking, 10, (99, 70)), (99, 50));
    assert_eq!(count(&mut lifetimes, Kind::Plateau, 10, (99, 70)), (99, 70));
}

#[test]
fn the_first_frees_while_it_leaks_count_once_they_are_more_than_a_twentieth_of_what_is_live() {
    for (live, few) in [(100, 5), (119, 5), (20, 1)] {
        let mut lifetimes = Lifetimes::default();
        count(&mut lifetimes, Kind::Filling, live, (0, 0));
        assert_eq!(
            count(&mut lifetimes, Kind::Leaking, live, (few, 40)),
            (0, 0)
        );
        assert_eq!(
            count(&mut lifetimes, Kind::Leaking, live, (few + 1, 40)),
            (few + 1, 40)
        );
        // Those are the first: what lives longer says nothing then.
        assert_eq!(
            count(&mut lifetimes, Kind::Leaking, live, (90, 60)),
            (90, 40)
        );
    }
}
