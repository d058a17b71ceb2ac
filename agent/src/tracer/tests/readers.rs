//! Reading while the heap goes on.

use core::sync::atomic::AtomicUsize;

use super::*;

/// Addresses that live throughout; the others come and go.
const PINNED: usize = 40;

fn pinned(index: usize) -> usize {
    0x10_0000 + index * 64
}

fn hammer(fixture: &Fixture, thread: usize, rounds: usize) {
    for round in 0..rounds {
        let address = 0x100_0000 * (thread + 1) + (round % 13) * 64;
        fixture.allocate_from(address, 24, &[thread + 1, round % 5 + 1]);
        fixture.allocate_from(address + 32, 8, &[thread + 1]);
        fixture.free(address);
        fixture.free(address + 32);
    }
}

#[test]
fn threads_hammer_the_hooks_while_a_reader_pages_through() {
    let rounds = if cfg!(miri) { 20 } else { 3000 };
    let fixture = Fixture::with_tables(256, 64);
    fixture.tracer.start(Mode::Leaks, 0).unwrap();
    for index in 0..PINNED {
        fixture.allocate(pinned(index), 16);
        // A short-lived neighbour between two pinned records, so that the reader's place goes.
        fixture.allocate(0x20_0000 + index * 64, 16);
    }
    let done = AtomicUsize::new(0);
    thread::scope(|scope| {
        for index in 0..3 {
            let (fixture, done) = (&fixture, &done);
            scope.spawn(move || {
                hammer(fixture, index, rounds);
                done.fetch_add(1, Ordering::Release);
            });
        }
        scope.spawn(|| {
            for index in 0..PINNED {
                fixture.free(0x20_0000 + index * 64);
                thread::yield_now();
            }
        });
        while done.load(Ordering::Acquire) < 3 {
            let seen: Vec<_> = fixture.records();
            assert!(
                seen.is_sorted_by(|a, b| a.seq < b.seq),
                "in order, none twice"
            );
            let mut steady = seen.iter().map(|record| record.address);
            for index in 0..PINNED {
                assert!(
                    steady.any(|address| address == Address(pinned(index) as u64)),
                    "record {index} was skipped"
                );
            }
        }
    });
    fixture.assert_accounts();
    let counters = fixture.tracer.summary();
    assert_eq!(
        counters.total_allocations,
        (2 * PINNED + 3 * 2 * rounds) as u64
    );
    assert_eq!(counters.unmatched_frees, 0);
}

#[test]
fn a_reader_goes_on_where_it_stood_when_its_record_goes() {
    let fixture = Fixture::started(64, Mode::Leaks);
    for index in 1..=40 {
        fixture.allocate(index * 64, 8);
    }
    let trace = fixture.tracer.trace();
    let mut cursor = RecordCursor::after(trace, 0);
    let mut batch = [Record::default(); 10];
    assert_eq!(fixture.tracer.read_records(&mut cursor, &mut batch), Ok(10));
    for index in 5..=15 {
        fixture.free(index * 64);
    }
    assert_eq!(fixture.tracer.read_records(&mut cursor, &mut batch), Ok(10));
    assert_eq!(batch[0].address, Address(16 * 64));
    let again = &mut RecordCursor::after(trace, batch[9].seq);
    assert_eq!(fixture.tracer.read_records(again, &mut batch), Ok(10));
    assert_eq!(batch[0].address, Address(26 * 64));
}

#[test]
fn all_mode_is_read_in_order_after_the_ring_has_turned() {
    let fixture = Fixture::started(20, Mode::All);
    for index in 1..=50 {
        fixture.allocate(index * 64, index);
        fixture.free(index * 64);
    }
    let sizes: Vec<_> = fixture.records().iter().map(|record| record.size).collect();
    assert_eq!(sizes, (31..=50).collect::<Vec<_>>());
    assert_eq!(fixture.tracer.get(19).unwrap().size, 50);
    let summary = fixture.tracer.summary();
    assert_eq!((summary.evicted, summary.evicted_live), (30, 0));
}

#[test]
fn all_mode_tells_who_freed_and_when_even_after_weeks() {
    let fixture = Fixture::started(8, Mode::All);
    let week = 7 * 24 * 3600 * 1_000_000;
    fixture.clock.store(week, Ordering::Relaxed);
    fixture.allocate(64, 8);
    fixture.clock.store(4 * week, Ordering::Relaxed);
    fixture.free(64);
    let record = fixture.records()[0];
    let freed = record.freed.unwrap();
    assert_eq!(record.seq, week);
    assert!(
        freed.time_us.abs_diff(4 * week) < 1 << 16,
        "{}",
        freed.time_us
    );
    assert_eq!(fixture.stack(freed.stack.unwrap()).unwrap().frames, [0x900]);
}

#[test]
fn records_of_one_microsecond_have_different_numbers() {
    let fixture = Fixture::started(8, Mode::Leaks);
    for address in [64, 128, 192] {
        fixture.clock.store(1000, Ordering::Relaxed);
        fixture.allocate(address, 8);
    }
    let seqs: Vec<_> = fixture.records().iter().map(|record| record.seq).collect();
    assert_eq!(seqs, [1000, 1001, 1002]);
}

#[test]
fn a_tracer_without_a_buffer_has_nothing_to_read() {
    let fixture = Fixture::uninitialised();
    for _ in 0..2 {
        assert_eq!(fixture.records(), []);
        assert_eq!(fixture.stacks(), []);
        assert_eq!(fixture.stack(0), None);
        let mut leaks = heapless::Vec::<_, 4>::new();
        let mut cursor = LeakCursor::before(fixture.tracer.trace(), u64::MAX);
        assert_eq!(fixture.tracer.leaks(&mut cursor, &mut leaks), Ok(Some(0)));
        fixture.tracer.init_tohost(ring()).unwrap();
    }
}
