//! What changed from one list of call sites to another.

use std::collections::BTreeSet;

use heapbeacon_shared::analysis::{Change, Comparison, Holding, Side, SiteKey, Turn, Unlike};
use heapbeacon_shared::trace::{Kind, Mode, Summary};
use proptest::collection::vec;
use proptest::prelude::*;

type Site = (SiteKey<'static>, Holding);

fn site(key: &'static str, path: &'static str, line: u32, bytes: u64) -> Site {
    let holding = Holding {
        bytes,
        count: u64::from(bytes > 0),
        kind: Kind::Plateau,
        ..Holding::default()
    };
    (SiteKey { key, path, line }, holding)
}

fn leaking((key, holding): Site) -> Site {
    let kind = Kind::Leaking;
    (key, Holding { kind, ..holding })
}

fn side(sites: &[Site]) -> Side<'_> {
    Side {
        sites,
        summary: &Summary::EMPTY,
        known_us: 60_000_000,
        is_cut: false,
    }
}

fn compare(before: &[Site], after: &[Site]) -> Comparison {
    Comparison::new(&side(before), &side(after))
}

/// Returns which sites were taken for the same.
fn pairs(before: &[Site], after: &[Site]) -> BTreeSet<(Vec<usize>, Vec<usize>)> {
    let changes = compare(before, after).changes.into_iter();
    changes
        .map(|change| (change.before, change.after))
        .collect()
}

fn expected(pairs: &[(&[usize], &[usize])]) -> BTreeSet<(Vec<usize>, Vec<usize>)> {
    pairs
        .iter()
        .map(|(before, after)| (before.to_vec(), after.to_vec()))
        .collect()
}

#[test]
fn sites_go_by_what_they_hold_and_those_first_that_changed_most() {
    let before = [
        site("gone", "", 1, 10),
        site("shrunk", "", 1, 500),
        site("same", "", 1, 9_000),
        site("grown", "", 1, 1),
    ];
    let after = [
        site("new", "", 1, 30),
        site("same", "", 1, 9_000),
        site("grown", "", 1, 21),
        site("shrunk", "", 1, 460),
    ];
    let comparison = compare(&before, &after);
    let told = comparison
        .changes
        .iter()
        .map(|change| (change.turn(), change.bytes()));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            (Turn::Shrunk, -40),
            (Turn::New, 30),
            (Turn::Grown, 20),
            (Turn::Gone, -10),
            (Turn::Same, 0)
        ]
    );
    assert_eq!(comparison.bytes(), 0);
    assert_eq!(comparison.of(Turn::Grown).count(), 1);
}

#[test]
fn sites_of_a_function_are_paired_by_their_order_where_lines_have_moved() {
    let before = [site("f", "p", 20, 1), site("f", "p", 10, 2)];
    let after = [site("f", "p", 35, 1), site("f", "p", 25, 3)];
    let by_order = expected(&[(&[0], &[0]), (&[1], &[1])]);
    assert_eq!(pairs(&before, &after), by_order);
}

#[test]
fn a_site_that_went_leaves_those_beside_it_that_did_not_move() {
    let before = [site("f", "p", 10, 1), site("f", "p", 20, 2)];
    let after = [site("f", "p", 20, 2)];
    assert_eq!(
        pairs(&before, &after),
        expected(&[(&[0], &[]), (&[1], &[0])])
    );
}

#[test]
fn one_line_that_is_the_same_by_chance_says_nothing() {
    // The function has moved by the ten lines that are between its sites.
    let before = [site("f", "p", 10, 1), site("f", "q", 20, 2)];
    let after = [site("f", "p", 20, 1), site("f", "q", 30, 2)];
    let by_path = expected(&[(&[0], &[0]), (&[1], &[1])]);
    assert_eq!(pairs(&before, &after), by_path);
}

#[test]
fn where_lines_have_moved_the_path_tells_which_one_went() {
    let before = [site("f", "p", 10, 1), site("f", "q", 20, 2)];
    let after = [site("f", "q", 13, 2)];
    assert_eq!(
        pairs(&before, &after),
        expected(&[(&[0], &[]), (&[1], &[0])])
    );
}

#[test]
fn what_can_not_be_told_apart_is_added_up_and_said() {
    let before = [site("f", "p", 10, 1), site("f", "p", 20, 2)];
    let after = [
        site("f", "p", 13, 2),
        site("f", "p", 14, 4),
        site("f", "p", 15, 8),
    ];
    let changes = compare(&before, &after).changes;
    let [change] = &changes[..] else {
        panic!("all are one: {changes:?}")
    };
    assert_eq!((change.was.bytes, change.is.bytes), (3, 14));
    assert_eq!((change.merged(), change.turn()), (3, Turn::Grown));
}

#[test]
fn leaks_end_begin_and_last() {
    let before = [
        leaking(site("fixed", "", 1, 10)),
        leaking(site("stopped", "", 1, 10)),
        leaking(site("lasting", "", 1, 10)),
        leaking(site("young", "", 1, 10)),
        site("harmless", "", 1, 10),
    ];
    let (key, holding) = site("young", "", 1, 10);
    let kind = Kind::TooEarly;
    let after = [
        site("stopped", "", 1, 10),
        leaking(site("lasting", "", 1, 20)),
        leaking(site("harmless", "", 1, 10)),
        leaking(site("new", "", 1, 30)),
        (key, Holding { kind, ..holding }),
    ];
    let comparison = compare(&before, &after);
    let names = |changes: &mut dyn Iterator<Item = &Change>| {
        let name = |change: &Change| {
            let before = change.before.first().map(|index| before[*index].0.key);
            before.unwrap_or("new")
        };
        changes.map(name).collect::<BTreeSet<_>>()
    };
    let of = |names: &[&'static str]| names.iter().copied().collect::<BTreeSet<_>>();
    assert_eq!(
        names(&mut comparison.ended_leaks()),
        of(&["fixed", "stopped"])
    );
    assert_eq!(names(&mut comparison.new_leaks()), of(&["new", "harmless"]));
    assert_eq!(names(&mut comparison.lasting_leaks()), of(&["lasting"]));
}

#[test]
fn what_makes_two_lists_unlike_is_said() {
    let all = Summary {
        mode: Some(Mode::All),
        evicted_live: 3,
        other_allocations: 2,
        dropped: 1,
        gaps: 2,
        ..Summary::EMPTY
    };
    let sites = [site("a", "", 1, 1)];
    let short = side(&sites);
    let long = Side {
        summary: &all,
        known_us: 91_000_000,
        is_cut: true,
        ..short
    };
    assert_eq!(Comparison::new(&short, &short).unlike, []);
    assert_eq!(
        Comparison::new(&short, &long).unlike,
        [
            Unlike::Time(60_000_000, 91_000_000),
            Unlike::Mode,
            Unlike::Evicted(0, 3),
            Unlike::Overflowed(0, 2),
            Unlike::Dropped(0, 1),
            Unlike::Gaps(0, 2),
            Unlike::Cut
        ]
    );
    let longer = Side {
        known_us: 90_000_000,
        ..short
    };
    assert_eq!(Comparison::new(&short, &longer).unlike, []);
}

fn any_site() -> impl Strategy<Value = Site> {
    let keys = prop::sample::select(vec!["a", "b", "c"]);
    let paths = prop::sample::select(vec!["p", "q", "r"]);
    let huge = prop_oneof![0..1_000_u64, Just(u64::MAX / 1_000)];
    (keys, paths, 0..6_u32, huge).prop_map(|(key, path, line, bytes)| site(key, path, line, bytes))
}

fn any_list() -> impl Strategy<Value = Vec<Site>> {
    vec(any_site(), 0..12)
}

proptest! {
    #[test]
    fn differences_add_up_to_the_difference_of_the_sums(
        before in any_list(),
        after in any_list(),
    ) {
        let sum = |sites: &[Site]| sites.iter().map(|site| i128::from(site.1.bytes)).sum::<i128>();
        let comparison = compare(&before, &after);
        prop_assert_eq!(i128::from(comparison.bytes()), sum(&after) - sum(&before));
    }

    #[test]
    fn each_site_is_in_one_change(before in any_list(), after in any_list()) {
        let changes = compare(&before, &after).changes;
        for (count, of) in [
            (before.len(), changes.iter().flat_map(|change| &change.before).collect::<Vec<_>>()),
            (after.len(), changes.iter().flat_map(|change| &change.after).collect()),
        ] {
            let mut of = of;
            of.sort_unstable();
            prop_assert!(of.into_iter().copied().eq(0..count));
        }
    }

    #[test]
    fn a_list_is_as_itself(sites in any_list()) {
        let comparison = compare(&sites, &sites);
        prop_assert!(comparison.changes.iter().all(|change| change.turn() == Turn::Same));
        prop_assert_eq!(comparison.unlike, []);
    }

    #[test]
    fn the_other_way_round_each_change_has_the_other_sign(
        before in any_list(),
        after in any_list(),
    ) {
        let there: BTreeSet<_> = compare(&before, &after)
            .changes
            .into_iter()
            .map(|change| (change.before.clone(), change.after.clone(), change.bytes()))
            .collect();
        let back: BTreeSet<_> = compare(&after, &before)
            .changes
            .into_iter()
            .map(|change| (change.after.clone(), change.before.clone(), -change.bytes()))
            .collect();
        prop_assert_eq!(there, back);
    }
}
