//! What is told of two captures in words.

use heapbeacon_shared::api::{Device, Heap, Leak, LeaksPage, Record, Stack, Trace};
use heapbeacon_shared::frames::Frame;
use heapbeacon_shared::report::{
    Compared, Incomparable, Moment, Report, Site, Version, leaks_at, leaks_within,
};
use heapbeacon_shared::trace::{Address, BuildId, Kind, Origin, Period, Region, Verdict, name};

/// A call stack of one frame, and what it holds.
struct Held {
    address: u64,
    bytes: u64,
    kind: Kind,
}

fn held(address: u64, bytes: u64, kind: Kind) -> Held {
    Held {
        address,
        bytes,
        kind,
    }
}

fn leak(id: u32, held: &Held) -> Leak {
    let mut stack = Stack {
        id,
        ..Stack::default()
    };
    stack
        .frames
        .push(Address(held.address))
        .expect("there is room");
    Leak {
        stack,
        count: 2,
        bytes: held.bytes,
        verdict: Verdict {
            kind: held.kind,
            bytes_per_minute: 1_024,
            ..Verdict::default()
        },
        ..Leak::default()
    }
}

/// What a firmware of a build holds; its functions are at the addresses that `functions` lists.
fn version(title: &str, build: u8, all: &[Held], functions: &[(u64, &str, u32)]) -> Version {
    let device = Device {
        firmware: name("lamp"),
        firmware_version: name("1.2.0"),
        build_id: BuildId::new(&[build; 4]),
        ..Device::default()
    };
    let leaks = LeaksPage {
        period: Period {
            time_us: 60_000_000,
            ..Period::default()
        },
        total: all.len() as u32,
        leaks: (1..).zip(all).map(|(id, held)| leak(id, held)).collect(),
        ..LeaksPage::default()
    };
    let at = |address| {
        let known = functions.iter().filter(|(at, ..)| *at == address);
        let frame = |(at, function, line): &(u64, &str, u32)| Frame {
            address: *at,
            function: Some((*function).to_owned()),
            file: Some("/home/me/lamp/src/net.rs".to_owned()),
            line: Some(*line),
            ..Frame::default()
        };
        known.map(frame).collect()
    };
    Version::new(title.to_owned(), &device, &Trace::default(), &leaks, at)
}

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
fn what_the_agent_holds_is_left_out() {
    let page = LeaksPage {
        leaks: vec![Leak {
            stack: Stack {
                origin: Origin::Agent,
                ..Stack::default()
            },
            count: 1,
            bytes: 5,
            ..Leak::default()
        }],
        ..LeaksPage::default()
    };
    let nobody = |_| Vec::new();
    let version = Version::new(
        "a".to_owned(),
        &Device::default(),
        &Trace::default(),
        &page,
        nobody,
    );
    assert!(version.sites.is_empty() && version.bytes() == 0);
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

#[test]
fn records_tell_what_was_held_at_a_moment_and_what_leaked_by_then() {
    const SECOND: u64 = 1_000_000;
    let stack = |id| Stack {
        id,
        frees: 90,
        longest_lifetime_us: SECOND,
        ..Stack::default()
    };
    let record = |time_us, stack, freed_time_us: Option<u64>| Record {
        time_us,
        stack,
        size: 8,
        freed: freed_time_us.is_some(),
        freed_time_us,
        ..Record::default()
    };
    let leaked = (1..60).map(|second| record(second * SECOND, 1, None));
    let mut records: Vec<_> = leaked.collect();
    records.push(record(7 * SECOND, 2, Some(8 * SECOND)));
    // Freed, nobody knows when.
    records.push(Record {
        freed: true,
        ..record(7 * SECOND, 2, None)
    });
    let period = Period {
        time_us: 60 * SECOND,
        ..Period::default()
    };
    let at = |second| {
        let page = leaks_at(&records, &[stack(1), stack(2)], &period, second * SECOND);
        let told = page
            .leaks
            .iter()
            .map(|leak| (leak.stack.id, leak.count, leak.verdict.kind));
        (page.period.time_us, told.collect::<Vec<_>>())
    };
    let early = Kind::TooEarly;
    assert_eq!(at(0), (0, vec![]));
    assert_eq!(at(7), (7 * SECOND, vec![(1, 7, early), (2, 1, early)]));
    assert_eq!(at(8), (8 * SECOND, vec![(1, 8, early)]));
    assert_eq!(at(50), (50 * SECOND, vec![(1, 50, Kind::Leaking)]));
}

fn html(version: &Version, losses: &[String]) -> String {
    let report = Report {
        version,
        device: &Device {
            name: name("lamp <kitchen>"),
            ..Device::default()
        },
        heap: &Heap::default(),
        moments: &[],
        boots_us: &[],
        records: &[],
        records_age_us: 0,
        verdict: None,
        losses,
    };
    report.html()
}

#[test]
fn a_report_says_what_leaks_and_what_is_missing() {
    let sites = [
        held(0x10, 9_216, Kind::Plateau),
        held(0x20, 1_024, Kind::Leaking),
    ];
    let functions = [
        (0x10, "lamp::Cache::fill", 8),
        (0x20, "lamp::Table::open", 30),
    ];
    let mut version = version("a.hbc", 1, &sites, &functions);
    version.summary.gaps = 2;
    let html = html(&version, &["Half of it is missing.".to_owned()]);
    for words in [
        "Recording was stopped or paused 2 times: what was allocated meanwhile is missing.",
        "<h2>1 call site leaks: Table::open (+1.0 KiB/min). 10.0 KiB in 4 blocks of 2 call sites are live.</h2>",
        "<p class=\"loss\">Half of it is missing.</p>",
        "src/net.rs:30",
        "<title>Heap report of lamp &lt;kitchen&gt;</title>",
        "lamp 1.2.0",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    // What leaks comes first, although it holds less.
    let place = |words| html.find(words).expect("it is there");
    assert!(place("<code>Table::open") < place("<code>Cache::fill"));
}

/// Holdings by way of `main`, of which one leaks.
#[test]
fn a_report_draws_by_way_of_whom_memory_is_held_and_boxes_are_as_wide_as_that() {
    let mut version = version("a.hbc", 1, &[], &[]);
    let site = |stack: &[&str], bytes: u64, kind| {
        let mut site = Site::default();
        site.calls = stack.iter().map(|name| (*name).to_owned()).collect();
        (site.holding.bytes, site.holding.kind) = (bytes, kind);
        site
    };
    version.sites = vec![
        site(&["open", "serve", "main"], 600, Kind::Leaking),
        site(&["fill", "main"], 300, Kind::Plateau),
        site(&["<read>", "serve", "main"], 100, Kind::Plateau),
        // It would be a hair.
        site(&["late", "main"], 4, Kind::Plateau),
        site(&[], 50, Kind::Plateau),
    ];
    let html = html(&version, &[]);
    let wanted = "<ul><li style=\"flex:1004\"><span title=\"main: 1004 B\">main</span>\
        <ul><li style=\"flex:700\"><span title=\"serve: 700 B\">serve</span>\
        <ul><li style=\"flex:600\"><span class=\"bad\" title=\"open: 600 B\">open</span>\
        <li style=\"flex:100\"><span title=\"&lt;read&gt;: 100 B\">&lt;read&gt;</span><li style=\"flex:0\"></ul>\
        <li style=\"flex:300\"><span title=\"fill: 300 B\">fill</span><li style=\"flex:4\"></ul>\
        <li style=\"flex:50\"></ul>";
    assert!(html.contains(wanted), "{html}");
    version.sites.truncate(0);
    assert!(
        !self::html(&version, &[]).contains("<ul>"),
        "nothing is known"
    );
}

#[test]
fn a_report_draws_the_heap_over_time_and_where_blocks_lie() {
    let moment = |time_us, used| Moment {
        time_us,
        used,
        largest_free_block: 1_000 - used,
    };
    let block = |address, size, freed| Record {
        address: Address(address),
        size,
        freed,
        ..Record::default()
    };
    let region = Region {
        name: name("dram <0>"),
        start: Address(1_000),
        size: 1_200,
        ..Region::default()
    };
    let heap = Heap {
        regions: [region].into_iter().collect(),
        ..Heap::default()
    };
    let version = version("a.hbc", 1, &[], &[]);
    let drawn = |moments: &[Moment], records: &[Record]| {
        let report = Report {
            version: &version,
            device: &Device::default(),
            heap: &heap,
            moments,
            boots_us: &[0, 50, 101],
            records,
            records_age_us: records.len() as u64 / 6 * 60_000_000,
            verdict: None,
            losses: &[],
        };
        report.html()
    };
    // One piece is a byte; a block that was freed and one beyond the region are not there.
    let records = [
        block(1_000, 3, false),
        block(1_198, 4, false),
        block(2_199, 1, false),
        block(1_100, 9, true),
        block(2_199, 2, false),
        block(10, 2, false),
    ];
    let html = drawn(
        &[moment(0, 200), moment(50, 500), moment(100, 600)],
        &records,
    );
    for words in [
        "<path d=\"M0 75L300 38L600 25\"/><path class=\"dashed\" d=\"M0 0L300 38L600 50M300 0V100\"/>",
        "dashed. 1 restart within it: an upright line where a boot begins.",
        "<p>This is as it was 60 s before the rest.</p>",
        "200 B to 600 B were used, 600 B at most",
        "dram &lt;0&gt; at 0x000003e8, 1.2 KiB: 3 live blocks",
        "<path d=\"M0 0.5h3M198 0.5h2M0 1.5h2M199 5.5h1\"/>",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    // Of a region that is nearly empty, what has blocks in it is drawn.
    let html = drawn(
        &[],
        &[
            block(1_000, 60, false),
            block(1_060, 60, true),
            block(1_110, 10, false),
        ],
    );
    for words in [
        "1.2 KiB: 2 live blocks, row by row from its first address. What is empty is free, or has no record. The 1.1 KiB behind \
         the last one are left out.",
        "<path d=\"M0 0.5h200M0 1.5h200M0 2.5h200M100 5.5h100\"/>",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    let empty = drawn(&[moment(0, 9), moment(1, 18)], &[]);
    assert!(
        empty.contains("<path d=\"M0 55L600 10\"/><path class=\"dashed\" d=\"M0 0L600 0\"/>"),
        "{empty}"
    );
    assert!(empty.contains("and is above the picture"), "{empty}");
    let without = drawn(&[moment(7, 200)], &[]);
    assert!(!without.contains("Over time") && !without.contains("What lies where"));
    // However many there are, it stays small.
    let mut moments: Vec<_> = (0..100_000).map(|time_us| moment(time_us, 500)).collect();
    let records: Vec<_> = (0..600).map(|at| block(1_000 + 2 * at, 1, false)).collect();
    assert!(drawn(&moments, &records).len() < 30_000);
    // And shows what was so for a moment only.
    moments[12_345].used = 1_000;
    moments[54_321].largest_free_block = 100;
    let html = drawn(&moments, &records);
    assert!(html.contains(" 0L") && html.contains(" 90L"), "{html}");
}

#[test]
fn a_report_loads_nothing_runs_nothing_and_stays_small_whatever_names_say() {
    let evil = "\"'><script src=//x></script><img src=x onerror=alert(1)>".repeat(1_000);
    let functions: Vec<(u64, &str, u32)> = (0..200).map(|at| (at, &*evil, at as u32)).collect();
    let sites: Vec<_> = (0..200).map(|at| held(at, 8 + at, Kind::Leaking)).collect();
    let version = version(&evil, 1, &sites, &functions);
    let html = html(&version, &[]);
    assert!(html.len() <= 200_000, "{}", html.len());
    for words in [
        "<script", "<img", "<link", "url(", "@import", "http:", "https:",
    ] {
        assert!(!html.contains(words), "{words}");
    }
    assert!(html.contains("default-src 'none'"));
    // What is left out is counted.
    let listed = html.matches("<summary>Call stack</summary>").count();
    assert!(html.contains(&format!("{} call sites more", 200 - listed)));
}

#[test]
fn of_a_part_of_a_trace_those_are_listed_that_were_allocated_in_it_and_are_live() {
    const SECOND: u64 = 1_000_000;
    let stack = |id| Stack {
        id,
        ..Stack::default()
    };
    let record = |second: u64, stack, freed_time_us: Option<u64>| Record {
        time_us: second * SECOND,
        stack,
        size: 8,
        freed: freed_time_us.is_some(),
        freed_time_us,
        ..Record::default()
    };
    let records = [
        record(1, 1, None),
        record(2, 1, None),
        record(3, 2, Some(9 * SECOND)),
        record(4, 2, None),
    ];
    let period = Period {
        time_us: 10 * SECOND,
        ..Period::default()
    };
    let within = |from: u64, until: u64| {
        let stacks = [stack(1), stack(2)];
        let page = leaks_within(&records, &stacks, &period, from * SECOND..until * SECOND);
        assert_eq!(page.period, period);
        let told = page.leaks.iter().map(|leak| (leak.stack.id, leak.count));
        told.collect::<Vec<_>>()
    };
    assert_eq!(within(0, 9), [(1, 2), (2, 1)]);
    assert_eq!(within(2, 4), [(1, 1)]);
    assert_eq!(within(3, 4), []);
    assert_eq!(within(4, 5), [(2, 1)]);
}
