//! What a report draws: the heap over time, and where blocks lie.

use heapbeacon_shared::api::{Device, Heap, Record};
use heapbeacon_shared::report::{Moment, Report};
use heapbeacon_shared::trace::{Address, Region, name};

use crate::made::version;

fn moment(time_us: u64, used: u64) -> Moment {
    Moment {
        time_us,
        used,
        largest_free_block: 1_000 - used,
    }
}

fn block(address: u64, size: u64, freed: bool) -> Record {
    Record {
        address: Address(address),
        size,
        freed,
        ..Record::default()
    }
}

/// Returns the report of a heap of one region.
fn drawn(moments: &[Moment], records: &[Record]) -> String {
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
    let report = Report {
        version: &version("a.hbc", 1, &[], &[]),
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
}

#[test]
fn a_report_draws_the_heap_over_time_and_where_blocks_lie() {
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
}

#[test]
fn of_a_region_that_is_nearly_empty_what_has_blocks_in_it_is_drawn() {
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
}

#[test]
fn of_a_nearly_empty_heap_the_picture_is_as_high_as_what_is_used_and_of_one_moment_there_is_none() {
    let empty = drawn(&[moment(0, 9), moment(1, 18)], &[]);
    assert!(
        empty.contains("<path d=\"M0 55L600 10\"/><path class=\"dashed\" d=\"M0 0L600 0\"/>"),
        "{empty}"
    );
    assert!(empty.contains("and is above the picture"), "{empty}");
    let without = drawn(&[moment(7, 200)], &[]);
    assert!(!without.contains("Over time") && !without.contains("What lies where"));
}

#[test]
fn however_much_is_drawn_a_report_stays_small_and_shows_what_was_so_for_a_moment_only() {
    let mut moments: Vec<_> = (0..100_000).map(|time_us| moment(time_us, 500)).collect();
    let records: Vec<_> = (0..600).map(|at| block(1_000 + 2 * at, 1, false)).collect();
    assert!(drawn(&moments, &records).len() < 30_000);
    moments[12_345].used = 1_000;
    moments[54_321].largest_free_block = 100;
    let html = drawn(&moments, &records);
    assert!(html.contains(" 0L") && html.contains(" 90L"), "{html}");
}
