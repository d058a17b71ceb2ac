//! Figures that follow from a few others.

use heapbeacon_shared::analysis::{
    Amount, accounting_holds, fragmentation_percent, held_for_certain, seconds_until_full, untraced,
};
use heapbeacon_shared::trace::{self, Region, Summary};

#[test]
fn time_until_full_follows_from_the_growth() {
    assert_eq!(seconds_until_full(6000, 60.0), Some(6000));
    assert_eq!(seconds_until_full(0, 60.0), Some(0));
    assert_eq!(seconds_until_full(6000, 0.0), None);
    assert_eq!(seconds_until_full(6000, -1.0), None);
    assert_eq!(seconds_until_full(6000, f64::NAN), None);
}

#[test]
fn fragmentation_is_what_the_largest_block_cannot_serve() {
    assert_eq!(fragmentation_percent(1000, 1000), 0);
    assert_eq!(fragmentation_percent(1000, 250), 75);
    assert_eq!(fragmentation_percent(0, 0), 0);
    assert_eq!(fragmentation_percent(10, 20), 0);
    assert_eq!(fragmentation_percent(u64::MAX, 0), 100);
}

#[test]
fn evicted_blocks_are_held_for_certain_as_far_as_no_unmatched_free_may_be_theirs() {
    let early = trace::Summary {
        live_count: 300,
        evicted_live: 100,
        unmatched_frees: 150,
        ..Default::default()
    };
    let late = trace::Summary {
        evicted_live: 170,
        unmatched_frees: 200,
        ..early
    };
    assert_eq!(held_for_certain(&late) - held_for_certain(&early), 20);
    let only_replaced = trace::Summary {
        unmatched_frees: 220,
        ..late
    };
    assert_eq!(held_for_certain(&only_replaced), held_for_certain(&early));
}

#[test]
fn accounting_holds_only_if_blocks_and_bytes_add_up() {
    let sound = trace::Summary {
        total_allocations: 10,
        matched_frees: 4,
        missed_frees: 2,
        evicted_live: 1,
        live_count: 3,
        total_allocated_bytes: 1000,
        matched_freed_bytes: 450,
        missed_freed_bytes: 150,
        evicted_live_bytes: 100,
        live_bytes: 300,
        ..Default::default()
    };
    assert!(accounting_holds(&sound));
    let lost_block = trace::Summary {
        live_count: 2,
        ..sound
    };
    assert!(!accounting_holds(&lost_block));
    let lost_bytes = trace::Summary {
        live_bytes: u64::MAX,
        ..sound
    };
    assert!(!accounting_holds(&lost_bytes));
}

#[test]
fn what_the_allocator_handed_out_beyond_the_trace_is_untraced_and_evicted_records_may_be_of_it() {
    let region = Region {
        blocks: 10,
        requested: 10 * 1024,
        ..Region::default()
    };
    let regions = [region.clone(), region];
    let amount = |blocks| Amount {
        blocks,
        bytes: blocks * 1024,
    };
    let evicted = |evicted_live| Summary {
        evicted_live,
        evicted_live_bytes: evicted_live * 1024,
        ..Summary::EMPTY
    };
    assert_eq!(untraced(&regions, amount(6), &evicted(0)), Some(amount(14)));
    assert_eq!(untraced(&regions, amount(6), &evicted(4)), Some(amount(10)));
    // All of it is known, or more than there is: frees of some were not seen.
    assert_eq!(untraced(&regions, amount(6), &evicted(14)), None);
    assert_eq!(untraced(&regions, amount(21), &evicted(0)), None);
}

#[test]
fn a_few_small_blocks_between_two_counts_are_not_untraced_but_many_or_large_ones_are() {
    let untraced = |blocks, requested| {
        let region = Region {
            blocks,
            requested,
            ..Region::default()
        };
        untraced(&[region], Amount::default(), &Summary::EMPTY)
    };
    assert_eq!(untraced(4, 512), None);
    assert!(untraced(5, 512).is_some() && untraced(4, 513).is_some());
    // Blocks that have grown since were counted before.
    assert_eq!(untraced(0, 9_000), None);
}
