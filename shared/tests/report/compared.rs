//! How two versions differ, in words.

use heapbeacon_shared::report::{Compared, Incomparable, Version};
use heapbeacon_shared::trace::{BuildId, Kind};

use crate::made::{held, version};

#[test]
fn two_builds_are_compared_by_functions_and_a_leak_that_went_and_one_that_came_are_named() {
    let before = version(
        "a.hbc",
        1,
        &[
            held(0x10, 9_216, Kind::Leaking),
            held(0x20, 512, Kind::Plateau),
        ],
        &[
            (0x10, "lamp::Table::open", 8),
            (0x20, "lamp::Cache::fill", 30),
        ],
    );
    let after = version(
        "b|c.hbc",
        2,
        &[
            held(0x10, 512, Kind::Plateau),
            held(0x30, 12_288, Kind::Leaking),
        ],
        &[
            (0x10, "lamp::Cache::fill", 44),
            (0x30, "lamp::Log::note", 3),
        ],
    );
    let compared = Compared::new(&before, &after).expect("they have names");
    assert_eq!(
        compared.text(),
        "### From a.hbc to b\\|c.hbc\n\n\
         The leak of `Table::open` is gone; `Log::note` is new and leaks, +12.0 KiB. In all +3.0 KiB.\n\n\
         | change | before | after | call site | |\n\
         |---:|---:|---:|---|---|\n\
         | +12.0 KiB | nothing | 12.0 KiB in 2 blocks | `Log::note` (src/net.rs:3) | is new, leaks, +1.0 KiB/min |\n\
         | −9.0 KiB | 9.0 KiB in 2 blocks | nothing | `Table::open` (src/net.rs:8) | is gone, leaked |\n\n\
         - a.hbc: lamp 1.2.0, build 01010101, recorded for 60 s, 9.5 KiB live in 4 blocks\n\
         - b\\|c.hbc: lamp 1.2.0, build 02020202, recorded for 60 s, 12.5 KiB live in 4 blocks\n\
         - The two are of different builds: call sites are matched by function, file and who calls them, so a function that was \
         renamed is gone and new.\n"
    );
}

#[test]
fn where_records_gave_way_the_sentence_says_what_it_is_told_by() {
    let sites = [
        held(0x10, 65_536, Kind::OneOff),
        held(0x20, 512, Kind::Leaking),
    ];
    let before = version("a", 1, &sites, &[]);
    let mut after = version("b", 1, &sites[1..], &[]);
    after.summary.evicted_live = 12;
    let compared = Compared::new(&before, &after).expect("of one build");
    assert!(compared.is_doubtful());
    assert_eq!(
        compared.conclusion(),
        "By the records that are left, `0x00000020` still leaks; `0x00000010` is gone, −64.0 KiB. In all −64.0 KiB."
    );
    let mut same = before.clone();
    same.summary.evicted_live = 12;
    let compared = Compared::new(&before, &same).expect("of one build");
    let nothing = "By the records that are left, nothing has changed: every call site holds what it held; `0x00000020` still leaks.";
    assert_eq!(compared.conclusion(), nothing);

    // A moment none of whose records is left is not one in which nothing was held.
    let mut at_mark = version("the device at “login”", 1, &[], &[]);
    assert!(Compared::new(&at_mark, &after).is_ok());
    at_mark.summary.evicted_live = 12;
    let refused = Compared::new(&at_mark, &after).map(|_| ());
    let title = at_mark.title.clone();
    assert_eq!(refused, Err(Incomparable::Forgotten(title)));
}

#[test]
fn of_one_build_addresses_do_and_the_same_is_no_change() {
    let sites = [
        held(0x10, 100, Kind::Plateau),
        held(0x20, 7, Kind::InFlight),
    ];
    let one = version("a", 1, &sites, &[]);
    let compared = Compared::new(&one, &one).expect("of one build");
    let nothing = "Nothing has changed: every call site holds what it held.";
    assert_eq!(compared.conclusion(), nothing);
    let other = version("b", 1, &[held(0x10, 228, Kind::Plateau)], &[]);
    let compared = Compared::new(&one, &other).expect("of one build");
    let told = compared.conclusion();
    assert_eq!(told, "`0x00000010` has grown, +128 B. In all +121 B.");
    assert!(compared.caveats().is_empty());
}

#[test]
fn different_builds_without_names_are_not_compared_and_it_is_said_what_is_missing() {
    let named = |title, build| {
        let sites = [held(0x10, 100, Kind::Plateau)];
        version(title, build, &sites, &[(0x10, "lamp::a", 1)])
    };
    let nameless = |title, build| version(title, build, &[held(0x10, 100, Kind::Plateau)], &[]);
    let wrong = |before: &Version, after: &Version| Compared::new(before, after).err();
    let lacks = |title: &str| Some(Incomparable::Nameless(title.to_owned()));
    assert_eq!(wrong(&named("a", 1), &nameless("b", 2)), lacks("b"));
    assert_eq!(wrong(&nameless("a", 1), &named("b", 2)), lacks("a"));
    let only = Some(Incomparable::OnlyNamed("b".to_owned()));
    assert_eq!(wrong(&nameless("a", 1), &named("b", 1)), only);
    // Where a side holds nothing, there is nothing to find again.
    assert_eq!(wrong(&version("a", 1, &[], &[]), &nameless("b", 2)), None);
    // Without a build id nobody knows that two are of one build.
    let unknown = |mut version: Version| {
        version.build_id = BuildId::default();
        version
    };
    let wrong = wrong(&unknown(nameless("a", 1)), &unknown(nameless("b", 1)));
    assert_eq!(wrong, lacks("a"));
}

#[test]
fn a_name_from_outside_is_no_markdown() {
    let held = [held(0x10, 100, Kind::Plateau)];
    let evil = "lamp::x`|<img src=x>\n# a";
    let after = version("[a](b)", 2, &held, &[(0x10, evil, 1)]);
    let before = version("", 1, &[], &[]);
    let compared = Compared::new(&before, &after).expect("nothing is to be found again");
    let text = compared.text();
    assert!(text.contains("\\[a\\](b)"), "{text}");
    let row = text
        .lines()
        .find(|line| line.starts_with("| +100 B"))
        .expect("a row");
    let cells = row.replace("\\|", "").matches('|').count();
    assert_eq!((cells, row.matches('`').count()), (6, 2), "{row}");
}
