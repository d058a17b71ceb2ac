//! What records tell of a moment, and of a part of a trace.

use heapbeacon_shared::api::{Record, Stack};
use heapbeacon_shared::report::{leaks_at, leaks_within};
use heapbeacon_shared::trace::{Kind, Period};

const SECOND: u64 = 1_000_000;

#[test]
fn records_tell_what_was_held_at_a_moment_and_what_leaked_by_then() {
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

#[test]
fn of_a_part_of_a_trace_those_are_listed_that_were_allocated_in_it_and_are_live() {
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
