//! What ESP-IDF's heap tracing gets wrong, by the numbers of our list, and what must hold instead.

use super::*;

#[test]
fn d1_a_reused_address_matches_its_newest_live_record() {
    let fixture = Fixture::started(8, Mode::All);
    for size in [10, 20] {
        fixture.allocate(64, size);
        fixture.free(64);
    }
    let summary = fixture.tracer.summary();
    assert_eq!((summary.live_count, summary.live_bytes), (0, 0));
    assert!(
        fixture
            .records()
            .iter()
            .all(|record| record.freed.is_some())
    );
}

#[test]
fn d1_of_two_records_of_an_address_the_newer_is_freed() {
    let fixture = Fixture::started(8, Mode::All);
    fixture.allocate(64, 10);
    fixture.tracer.stop().unwrap();
    fixture.free(64);
    fixture.tracer.resume().unwrap();
    fixture.allocate(64, 20);
    fixture.free(64);
    let records = fixture.records();
    let freed_by = records.iter().map(|record| record.freed.unwrap().stack);
    let freed_by: Vec<_> = freed_by.map(|stack| stack.is_some()).collect();
    assert_eq!(freed_by, [false, true]);
    fixture.assert_accounts();
}

#[test]
fn d2_a_failed_realloc_leaves_the_record_of_the_old_block() {
    let fixture = Fixture::started(8, Mode::Leaks);
    fixture.allocate(64, 10);
    fixture.fail(1 << 20);
    let summary = fixture.tracer.summary();
    assert_eq!((summary.live_count, summary.live_bytes), (1, 10));
    assert_eq!(
        (summary.failed_allocations, summary.failed_bytes),
        (1, 1 << 20)
    );
    assert_eq!(
        summary.total_allocations, 1,
        "a null result is never a record"
    );
}

#[test]
fn d3_frees_without_a_record_are_counted_whether_or_not_there_are_records() {
    let fixture = Fixture::started(8, Mode::Leaks);
    fixture.free(64);
    fixture.allocate(128, 10);
    fixture.free(192);
    fixture.free(128);
    let counters = fixture.tracer.summary();
    assert_eq!((counters.matched_frees, counters.unmatched_frees), (1, 2));
}

#[test]
fn d4_the_high_water_mark_belongs_to_one_start() {
    let fixture = Fixture::started(8, Mode::Leaks);
    for address in [64, 128, 192] {
        fixture.allocate(address, 10);
    }
    fixture.free(64);
    assert_eq!(fixture.tracer.summary().high_water_mark, 3);
    fixture.tracer.start(Mode::Leaks, 0).unwrap();
    assert_eq!(fixture.tracer.summary().high_water_mark, 0);
}

#[test]
fn d5_get_after_a_free_returns_a_live_record_or_an_error() {
    let fixture = Fixture::started(8, Mode::Leaks);
    for address in [64, 128, 192] {
        fixture.allocate(address, 10);
    }
    assert_eq!(fixture.tracer.get(1).unwrap().address, Address(128));
    fixture.free(128);
    assert_eq!(fixture.tracer.get(1).unwrap().address, Address(192));
    assert_eq!(fixture.tracer.get(2), Err(Error::InvalidArg));
}

#[test]
fn d7_an_empty_buffer_turns_tracing_off_and_so_does_a_second_one() {
    let fixture = Fixture::with_records(8);
    free(raw(fixture.tracer.init_standalone(&mut [], None).unwrap()));
    assert_eq!(fixture.tracer.summary().state, State::Uninitialised);
    assert!(
        fixture
            .tracer
            .init_standalone(&mut [], None)
            .unwrap()
            .is_none()
    );
    assert_eq!(fixture.tracer.start(Mode::All, 0), Err(Error::InvalidState));
}

/// Calls the tracer from where it writes to: [`Strict`] panics if the lock is held.
struct Prying<'a>(&'a Fixture, usize);

impl core::fmt::Write for Prying<'_> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0.tracer.summary();
        self.1 += text.len();
        Ok(())
    }
}

#[test]
fn d9_nothing_is_written_while_the_lock_is_held() {
    let fixture = Fixture::started(8, Mode::All);
    fixture.allocate(64, 10);
    fixture.free(64);
    let mut out = Prying(&fixture, 0);
    crate::read::dump::dump(&fixture.tracer, 0, &mut out).unwrap();
    assert!(out.1 > 100);
}

#[test]
fn a_free_of_a_pointer_inside_a_block_is_reported() {
    let fixture = Fixture::started(8, Mode::Leaks);
    fixture.allocate(64, 32);
    fixture.allocate(128, 32);
    fixture.free(128 + 8);
    fixture.free(128 + 32);
    fixture.free(64);
    let summary = fixture.tracer.summary();
    assert_eq!((summary.unmatched_frees, summary.wrong_frees), (2, 1));
    let wrong = fixture.wrong_frees();
    assert_eq!(
        (wrong[0].address, wrong[0].block),
        (Address(136), Address(128))
    );
    assert_eq!(
        fixture.stack(wrong[0].owner.unwrap()).unwrap().frames,
        [0x100, 0x200]
    );
}

#[test]
fn a_wrong_free_is_reported_even_if_its_block_goes_before_somebody_looks() {
    for mode in [Mode::Leaks, Mode::All] {
        let fixture = Fixture::started(1, mode);
        fixture.allocate(0x1000, 64);
        fixture.free(0x1010);
        fixture.free(0x1000);
        fixture.allocate(0x2000, 64);
        fixture.free(0x2010);
        // There is room for one record.
        fixture.allocate(0x3000, 64);
        let counters = fixture.tracer.summary();
        assert_eq!((counters.wrong_frees, counters.unchecked_frees), (2, 0));
        let blocks = fixture.wrong_frees();
        let blocks = blocks.iter().map(|wrong| (wrong.address, wrong.block));
        assert!(
            blocks.eq([(0x1010, 0x1000), (0x2010, 0x2000)]
                .map(|(inside, block)| (Address(inside), Address(block))))
        );
    }
}

#[test]
fn a_block_made_after_the_free_does_not_make_it_wrong() {
    let fixture = Fixture::started(8, Mode::Leaks);
    fixture.free(72);
    fixture.allocate(64, 32);
    assert_eq!(fixture.tracer.summary().wrong_frees, 0);
}

#[test]
fn unmatched_frees_beyond_the_memory_for_them_are_counted_as_unchecked() {
    let fixture = Fixture::started(8, Mode::Leaks);
    for address in 1..=20 {
        fixture.free(address * 64);
    }
    assert_eq!(fixture.tracer.summary().unchecked_frees, 4);
}

#[test]
fn a_block_that_may_have_gone_while_nothing_was_recorded_makes_no_free_wrong() {
    let fixture = Fixture::started(8, Mode::Leaks);
    fixture.allocate(64, 256);
    fixture.free(80);
    fixture.tracer.stop().unwrap();
    fixture.tracer.resume().unwrap();
    fixture.free(96);
    let wrong = fixture.wrong_frees();
    let addresses: Vec<_> = wrong.iter().map(|wrong| wrong.address).collect();
    assert_eq!(addresses, [Address(80)]);
    fixture.allocate(512, 64);
    fixture.free(520);
    assert_eq!(fixture.tracer.summary().wrong_frees, 2);
}

#[test]
fn a_free_of_null_is_nothing() {
    for mode in [Mode::Leaks, Mode::All] {
        let fixture = Fixture::started(8, mode);
        fixture.free(0);
        let summary = fixture.tracer.summary();
        assert_eq!(counted(summary), Summary::default());
        assert_eq!(summary.stack_count, 0);
    }
}

#[test]
fn the_latest_failures_are_remembered_with_their_stacks() {
    let fixture = Fixture::started(8, Mode::Leaks);
    for size in 1..=10 {
        fixture.fail(size);
    }
    let failures = fixture.failures();
    let sizes: Vec<_> = failures.iter().map(|failure| failure.size).collect();
    assert_eq!(sizes, [3, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(fixture.stack(failures[0].stack).unwrap().frames, [0x700]);
}
