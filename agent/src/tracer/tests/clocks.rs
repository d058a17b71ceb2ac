//! Clocks that step back, stand still, or tell of times that never come; addresses that are handed out twice.

use super::*;

const SECOND: u64 = 1_000_000;

fn set(fixture: &Fixture, time_us: u64) {
    fixture.clock.store(time_us, Ordering::Relaxed);
}

#[test]
fn a_clock_that_steps_back_hides_no_live_block_from_a_query() {
    let fixture = Fixture::started(8, Mode::Leaks);
    set(&fixture, 100 * SECOND);
    fixture.allocate(64, 8);
    let clock_us = 46 * SECOND;
    set(&fixture, clock_us);
    fixture.allocate(128, 8);
    let now_us = fixture.tracer.now_us(clock_us);
    assert_eq!(now_us, fixture.records()[1].seq);
    assert!(now_us >= 100 * SECOND);
    let mut cursor = LeakCursor::before(fixture.tracer.trace(), now_us + 1);
    let mut leaks = heapless::Vec::<Sums, 4>::new();
    assert_eq!(fixture.tracer.leaks(&mut cursor, &mut leaks), Ok(Some(1)));
    assert_eq!(leaks[0].count, 2);
}

#[test]
fn the_time_of_answers_is_the_clock_unless_a_record_is_later() {
    let fixture = Fixture::started(8, Mode::Leaks);
    assert_eq!(fixture.tracer.now_us(5), 5);
    set(&fixture, 10);
    fixture.allocate(64, 8);
    assert_eq!(fixture.tracer.now_us(9), 10);
    assert_eq!(fixture.tracer.now_us(10), 10);
    assert_eq!(fixture.tracer.now_us(11), 11);
    fixture.tracer.start(Mode::Leaks, 3).unwrap();
    assert_eq!(
        fixture.tracer.summary().started_us,
        10,
        "no record is older than its trace"
    );
}

#[test]
fn a_boot_that_was_simulated_leaves_neither_time_nor_trace_to_the_next_one() {
    let fixture = Fixture::started(8, Mode::Leaks);
    set(&fixture, 100 * SECOND);
    fixture.allocate(64, 8);
    let before = fixture.tracer.trace();
    let lent = fixture.tracer.end_boot().unwrap();
    assert!(lent.is_some(), "who lent the buffer has it back");
    assert_eq!(fixture.tracer.now_us(5), 5);
    assert_eq!(fixture.tracer.summary().state, State::Uninitialised);
    assert_ne!(fixture.tracer.trace(), before, "its readers notice");
    free(raw(lent));
}

#[test]
fn whatever_happens_after_a_clock_stepped_back_is_not_before_the_last_record() {
    let fixture = Fixture::started(8, Mode::All);
    set(&fixture, 100 * SECOND);
    fixture.allocate(64, 8);
    fixture.allocate(128, 8);
    let last = fixture.records()[1].seq;
    set(&fixture, 46 * SECOND);
    fixture.free(64);
    fixture.fail(8);
    fixture.free(72);
    fixture.allocate(1024, 64);
    fixture.free(1030);
    assert_eq!(fixture.records()[0].freed.unwrap().time_us, last);
    assert!(fixture.failures()[0].time_us > last);
    assert!(fixture.wrong_frees()[0].time_us > last);
}

#[test]
fn an_address_that_is_handed_out_again_ends_the_block_that_was_there() {
    for mode in [Mode::Leaks, Mode::All] {
        let fixture = Fixture::started(8, mode);
        fixture.allocate_from(64, 10, &[1]);
        fixture.allocate_from(128, 20, &[2]);
        fixture.allocate_from(64, 30, &[3]);
        let summary = fixture.tracer.summary();
        let missed = (summary.missed_frees, summary.missed_freed_bytes);
        assert_eq!(missed, (1, 10));
        assert_eq!((summary.live_count, summary.live_bytes), (2, 50));
        assert_eq!(summary.evicted, 0);
        fixture.assert_accounts();
        let records = fixture.records();
        let live = records.iter().filter(|record| record.freed.is_none());
        let sizes: Vec<_> = live.map(|record| record.size).collect();
        assert_eq!(sizes, [20, 30]);
        if mode == Mode::All {
            let freed = records[0].freed.expect("it has ended");
            assert_eq!(freed.stack, None, "nobody saw it freed");
            assert!(freed.time_us > records[0].seq && freed.time_us <= records[2].seq);
        }
        fixture.free(64);
        let counters = fixture.tracer.summary();
        assert_eq!((counters.matched_frees, counters.unmatched_frees), (1, 0));
        fixture.assert_accounts();
    }
}

#[test]
fn a_block_that_ended_unseen_makes_room_before_another_is_evicted() {
    let fixture = Fixture::started(2, Mode::Leaks);
    fixture.allocate(64, 10);
    fixture.allocate(128, 20);
    fixture.allocate(128, 30);
    let summary = fixture.tracer.summary();
    assert_eq!((summary.evicted, summary.missed_frees), (0, 1));
    assert_eq!((summary.count, summary.live_bytes), (2, 40));
}

#[test]
fn a_record_that_ended_unseen_is_evicted_as_one_that_is_not_live() {
    let fixture = Fixture::started(2, Mode::All);
    fixture.allocate_from(64, 10, &[1]);
    fixture.allocate_from(64, 20, &[2]);
    fixture.allocate_from(128, 30, &[3]);
    let summary = fixture.tracer.summary();
    let counters = summary;
    assert_eq!((counters.evicted, counters.evicted_live), (1, 0));
    assert_eq!((summary.live_count, summary.live_bytes), (2, 50));
    fixture.assert_accounts();
}

#[test]
fn other_blocks_of_a_bucket_are_no_missed_frees() {
    let fixture = Fixture::started(200, Mode::Leaks);
    for block in 1..=200 {
        fixture.allocate(block * 16, 8);
    }
    let counters = fixture.tracer.summary();
    assert_eq!((counters.missed_frees, counters.evicted), (0, 0));
}
