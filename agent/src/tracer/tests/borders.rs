//! What stands on a border: the first and the last of everything, and figures of their own.

use super::records::{MAX_SEQ, MAX_SIZE, MAX_TIME};
use super::*;

#[test]
fn what_a_record_holds() {
    assert_eq!(MAX_SEQ, 0xffff_ffff_ffff);
    assert_eq!(MAX_TIME, 0xffff_0000_0000);
    let bits = if usize::BITS == 32 { 29 } else { 48 };
    assert_eq!(MAX_SIZE.count_ones(), bits);
    for size in [0, 1, MAX_SIZE - 1, MAX_SIZE] {
        let fixture = Fixture::started(2, Mode::All);
        fixture.allocate(64, size);
        assert_eq!(fixture.records()[0].size, size as u64);
        fixture.free(64);
        assert_eq!(fixture.records()[0].size, size as u64);
    }
}

#[test]
fn the_core_of_a_record_is_the_one_that_allocated() {
    let most = if usize::BITS == 32 { 3 } else { u8::MAX };
    for mode in [Mode::Leaks, Mode::All] {
        for core in [0, 1, 2, most] {
            let fixture = Fixture::started(2, mode);
            fixture.tracer.allocated(&Allocation {
                address: NonZeroUsize::MIN,
                size: 5,
                time_us: 7,
                core,
                task: 9,
                stack: &CallStack::from_iter([1]),
            });
            let record = fixture.records()[0];
            assert_eq!((record.core, record.task, record.seq), (core, 9, 7));
            assert_eq!(record.freed, None);
        }
    }
}

#[test]
fn a_lifetime_is_exact_below_half_an_hour_and_a_sixteenth_of_a_second_off_beyond() {
    const LONG: u64 = 1 << 31;
    for (lifetime, told) in [
        (0, 0),
        (1, 1),
        (LONG - 1, LONG - 1),
        (LONG, LONG),
        (LONG + 0xffff, LONG),
        (LONG + 0x1_0000, LONG + 0x1_0000),
        ((LONG - 1) << 16, (LONG - 1) << 16),
    ] {
        let fixture = Fixture::started(2, Mode::All);
        fixture.clock.store(5, Ordering::Relaxed);
        fixture.allocate(64, 8);
        fixture.clock.store(5 + lifetime, Ordering::Relaxed);
        fixture.free(64);
        let freed = fixture.records()[0].freed.unwrap();
        assert_eq!(freed.time_us, 5 + told, "{lifetime}");
    }
}

/// The count is kept apart from everything else, for whoever asks without the lock.
#[test]
fn the_count_is_right_after_every_event() {
    for mode in [Mode::Leaks, Mode::All] {
        let fixture = Fixture::started(3, mode);
        let count = || fixture.tracer.count();
        assert_eq!(count(), 0);
        fixture.allocate(64, 8);
        assert_eq!(count(), 1);
        fixture.allocate(128, 8);
        fixture.allocate(192, 8);
        assert_eq!(count(), 3);
        fixture.allocate(256, 8);
        assert_eq!(count(), 3, "one was evicted");
        fixture.free(256);
        let left = if mode == Mode::Leaks { 2 } else { 3 };
        assert_eq!(count(), left);
        if mode == Mode::Leaks {
            fixture.allocate(192, 8);
            assert_eq!(count(), 2, "one ended unseen");
        }
        fixture.free(1 << 20);
        assert_eq!(count(), left);
        fixture.assert_accounts();
    }
}

#[test]
fn hooks_are_told_what_is_wanted_of_them() {
    let fixture = Fixture::with_records(4);
    let tracer = &fixture.tracer;
    let flags = || (tracer.is_recording(), tracer.records_allocations());
    assert_eq!(flags(), (false, false));
    for mode in [Mode::Leaks, Mode::All] {
        tracer.start(mode, 0).unwrap();
        assert_eq!(flags(), (true, true));
        assert_eq!(tracer.wants_free_caller(), mode == Mode::All);
    }
    tracer.start(Mode::Leaks, 0).unwrap();
    tracer.alloc_pause().unwrap();
    assert_eq!(flags(), (true, false));
    tracer.stop().unwrap();
    assert_eq!(flags(), (false, false));
    tracer.init_tohost(ring()).unwrap();
    for mode in [Mode::Leaks, Mode::All] {
        tracer.start(mode, 0).unwrap();
        assert_eq!(tracer.wants_free_caller(), mode == Mode::All);
    }
}

#[test]
fn a_destination_is_told_once_there_is_one() {
    let fixture = Fixture::uninitialised();
    let destination = || fixture.tracer.summary().destination;
    assert_eq!(destination(), None);
    let taken = fixture
        .tracer
        .init_standalone(buffer(buffer_bytes(4, 4)), None);
    assert!(taken.is_ok());
    assert_eq!(destination(), Some(Destination::Standalone));
    fixture.tracer.init_tohost(ring()).unwrap();
    assert_eq!(destination(), Some(Destination::ToHost));
    free(raw(fixture.tracer.release().unwrap()));
    assert_eq!(destination(), Some(Destination::ToHost));
}

#[test]
fn a_buffer_has_overflowed_once_a_record_was_evicted() {
    let fixture = Fixture::started(2, Mode::Leaks);
    let has_overflowed = || fixture.tracer.summary().has_overflowed();
    assert!(!has_overflowed());
    fixture.allocate(64, 8);
    fixture.allocate(128, 8);
    assert!(!has_overflowed(), "it is just full");
    fixture.allocate(192, 8);
    assert!(has_overflowed());
    let without_buffer = Summary {
        evicted: 1,
        ..Summary::default()
    };
    assert!(!without_buffer.has_overflowed());
}

#[test]
fn leaks_tell_when_the_oldest_and_the_newest_block_was_allocated() {
    let fixture = Fixture::started(64, Mode::Leaks);
    for (stack, times) in [(1, [100, 200, 300]), (2, [150, 250, 350])] {
        for time_us in times {
            fixture.clock.store(time_us, Ordering::Relaxed);
            fixture.allocate_from(time_us as usize * 64, 10 * stack, &[stack]);
        }
    }
    // Numbers rise: the second stack's are moved behind those of the first.
    let seqs: Vec<_> = fixture.records().iter().map(|record| record.seq).collect();
    assert_eq!(seqs, [100, 200, 300, 301, 302, 350]);
    let trace = fixture.tracer.trace();
    for (before, expected) in [
        (351, vec![(60, 3, 301, 350), (30, 3, 100, 300)]),
        (350, vec![(40, 2, 301, 302), (30, 3, 100, 300)]),
        (301, vec![(30, 3, 100, 300)]),
        (100, vec![]),
    ] {
        let mut leaks = heapless::Vec::<Sums, 4>::new();
        let mut cursor = LeakCursor::before(trace, before);
        let total = fixture.tracer.leaks(&mut cursor, &mut leaks).unwrap();
        let told = leaks
            .iter()
            .map(|leak| (leak.bytes, leak.count, leak.oldest_us, leak.newest_us));
        assert_eq!(told.collect::<Vec<_>>(), expected, "before {before}");
        assert_eq!(total, Some(expected.len() as u32));
    }
}

#[test]
fn of_equal_sums_the_one_that_came_first_is_listed_first() {
    let fixture = Fixture::started(16, Mode::Leaks);
    for stack in 1..=5 {
        fixture.allocate_from(stack * 64, 8, &[stack]);
    }
    let mut leaks = heapless::Vec::<Sums, 3>::new();
    let mut cursor = LeakCursor::before(fixture.tracer.trace(), u64::MAX);
    fixture.tracer.leaks(&mut cursor, &mut leaks).unwrap();
    let stacks: Vec<_> = leaks.iter().map(|leak| leak.stack).collect();
    assert_eq!(stacks, [1, 2, 3]);
}

#[test]
fn a_freed_block_is_in_no_leak_list() {
    let fixture = Fixture::started(16, Mode::All);
    fixture.allocate_from(64, 8, &[1]);
    fixture.allocate_from(128, 8, &[1]);
    fixture.free(64);
    let mut leaks = heapless::Vec::<Sums, 3>::new();
    let mut cursor = LeakCursor::before(fixture.tracer.trace(), u64::MAX);
    fixture.tracer.leaks(&mut cursor, &mut leaks).unwrap();
    assert_eq!((leaks[0].count, leaks[0].bytes), (1, 8));
}

#[test]
fn stacks_are_read_behind_an_id_whatever_was_recycled() {
    let fixture = Fixture::started(8, Mode::Leaks);
    for stack in 1..=3 {
        fixture.allocate_from(stack * 64, 8, &[stack]);
    }
    let trace = fixture.tracer.trace();
    let ids_behind = |id| {
        let mut cursor = StackCursor::after(trace, id);
        let mut two = [Stack::default(), Stack::default()];
        let read = fixture.tracer.read_stacks(&mut cursor, &mut two).unwrap();
        two[..read].iter().map(|stack| stack.id).collect::<Vec<_>>()
    };
    assert_eq!(ids_behind(None), [0, 1]);
    assert_eq!(ids_behind(Some(0)), [1, 2]);
    assert_eq!(ids_behind(Some(5 << 16 | 1)), [2, 3]);
    assert_eq!(ids_behind(Some(2)), [3]);
    assert_eq!(ids_behind(Some(3)), [0; 0]);
    assert_eq!(ids_behind(Some(u32::MAX)), [0; 0]);
}

#[test]
fn a_leak_cursor_tells_every_call_stack_from_every_other() {
    let mut cursor = LeakCursor::before(Trace::default(), 7);
    assert_eq!(cursor.before_us(), 7);
    for index in [0, 1, 31, 32, 33, 1023, 2047_u32] {
        assert!(!cursor.has_passed(index));
        cursor.pass(3 << 16 | index);
        assert!(cursor.has_passed(index));
    }
    let passed = (0..stacks::MAX_STACKS as u32).filter(|index| cursor.has_passed(*index));
    assert_eq!(passed.collect::<Vec<_>>(), [0, 1, 31, 32, 33, 1023, 2047]);
}

#[test]
fn a_cursor_tells_where_it_stands() {
    let fixture = Fixture::started(40, Mode::Leaks);
    for index in 1..=40 {
        fixture.allocate(index * 64, 8);
    }
    let mut cursor = RecordCursor::after(fixture.tracer.trace(), 0);
    assert_eq!(cursor.position(), 0);
    let mut batch = [Record::default(); 7];
    let mut seqs = Vec::new();
    // Pieces of another length than the steps that are taken.
    while fixture.tracer.read_records(&mut cursor, &mut batch) == Ok(7) {
        assert_eq!(cursor.position(), batch[6].seq);
        seqs.extend(batch.iter().map(|record| record.seq));
    }
    let all: Vec<_> = fixture.records().iter().map(|record| record.seq).collect();
    assert_eq!(seqs, all[..35]);
    assert_eq!(cursor.position(), all[39]);
}

#[test]
fn a_step_ends_with_a_full_batch_as_with_any_other() {
    for blocks in [15, 16, 17, 31, 32, 33] {
        for mode in [Mode::Leaks, Mode::All] {
            let fixture = Fixture::started(64, mode);
            for index in 1..=blocks {
                fixture.allocate(index * 64, index);
            }
            let sizes: Vec<_> = fixture.records().iter().map(|record| record.size).collect();
            assert_eq!(sizes, (1..=blocks as u64).collect::<Vec<_>>());
            let get = |index: usize| fixture.tracer.get(index as u32).map(|record| record.size);
            assert_eq!(get(0), Ok(1));
            assert_eq!(get(blocks - 1), Ok(blocks as u64));
            assert_eq!(get(blocks), Err(Error::InvalidArg));
        }
    }
}

#[test]
fn peaks_are_of_the_most_at_one_time() {
    let fixture = Fixture::started(8, Mode::Leaks);
    let peak = || fixture.stacks()[1].peak_live_bytes;
    fixture.allocate_from(64, 10, &[1]);
    fixture.allocate_from(128, 20, &[1]);
    assert_eq!(peak(), 30);
    fixture.free(128);
    assert_eq!(peak(), 30);
    fixture.allocate_from(128, 15, &[1]);
    fixture.free(64);
    assert_eq!((peak(), fixture.stacks()[1].live_bytes), (30, 15));
    fixture.allocate_from(64, 16, &[1]);
    fixture.free(64);
    assert_eq!(peak(), 31);
}

#[test]
fn call_stacks_of_one_sum_and_of_two_tasks_are_told_apart() {
    let fixture = Fixture::started(8, Mode::Leaks);
    for task in [1, 2] {
        fixture.tracer.allocated(&Allocation {
            address: NonZeroUsize::new(task * 64).unwrap(),
            size: 8,
            time_us: 0,
            core: 0,
            task: task as u16,
            stack: &CallStack::from_iter([1]),
        });
    }
    let tasks: Vec<_> = fixture.stacks().iter().map(|stack| stack.task).collect();
    assert_eq!(tasks, [0, 1, 2]);
    assert_ne!(CallStack::from_iter([1]), CallStack::from_iter([2]));
    assert_eq!(CallStack::from_iter([1]), CallStack::from_iter([1]));
    assert_eq!(std::format!("{:?}", CallStack::from_iter([1, 2])), "[1, 2]");
}

#[test]
fn errors_are_those_of_esp_idf() {
    for (error, code, number) in [
        (Error::NoMem, "ESP_ERR_NO_MEM", 0x101),
        (Error::InvalidArg, "ESP_ERR_INVALID_ARG", 0x102),
        (Error::InvalidState, "ESP_ERR_INVALID_STATE", 0x103),
        (Error::NotSupported, "ESP_ERR_NOT_SUPPORTED", 0x106),
    ] {
        assert_eq!((error.code(), error as u32), (code, number));
        assert!(!std::format!("{error}").is_empty());
    }
}

#[test]
fn a_failure_tells_whether_the_reserve_was_given_back_for_it() {
    let fixture = Fixture::started(8, Mode::Leaks);
    // All in one microsecond, so none of their times is the hook's.
    for gave_reserve in [true, false, true] {
        fixture.tracer.failed(&FailedAllocation {
            size: 8,
            time_us: 0,
            core: 0,
            task: 0,
            stack: &CallStack::from_iter([1]),
            gave_reserve,
            left: None,
        });
    }
    let failures = fixture.failures();
    let gave: Vec<_> = failures
        .iter()
        .map(|failure| failure.gave_reserve)
        .collect();
    assert_eq!(gave, [true, false, true]);
}

#[test]
fn the_failure_that_the_reserve_was_given_back_for_is_kept_until_the_next_such() {
    let fixture = Fixture::started(8, Mode::Leaks);
    let fail = |time_us, gave_reserve| {
        fixture.tracer.failed(&FailedAllocation {
            size: 8,
            time_us,
            core: 0,
            task: 0,
            stack: &CallStack::from_iter([1]),
            gave_reserve,
            left: None,
        });
    };
    let times = || -> std::vec::Vec<_> {
        let failures = fixture.failures();
        failures.iter().map(|failure| failure.time_us).collect()
    };
    (1..=3).for_each(|time_us| fail(time_us, time_us == 2));
    (4..=100).for_each(|time_us| fail(time_us, false));
    assert_eq!(times(), [2, 94, 95, 96, 97, 98, 99, 100]);
    fail(101, true);
    assert_eq!(times(), [94, 95, 96, 97, 98, 99, 100, 101]);
}
