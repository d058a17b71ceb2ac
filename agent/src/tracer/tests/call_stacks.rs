//! Interning, recycling and ranking of call stacks.

use super::*;

fn leaks(fixture: &Fixture, before_us: u64) -> (u32, heapless::Vec<Sums, 3>) {
    next_leaks(
        fixture,
        &mut LeakCursor::before(fixture.tracer.trace(), before_us),
    )
}

fn next_leaks(fixture: &Fixture, cursor: &mut LeakCursor) -> (u32, heapless::Vec<Sums, 3>) {
    let mut leaks = heapless::Vec::new();
    let ahead = fixture.tracer.leaks(cursor, &mut leaks).unwrap().unwrap();
    (ahead, leaks)
}

#[test]
fn a_stack_is_stored_once_with_its_own_counters() {
    let fixture = Fixture::started(16, Mode::Leaks);
    for address in [64, 128, 192] {
        fixture.allocate_from(address, 10, &[1, 2, 3]);
    }
    fixture.allocate_from(256, 10, &[1, 2]);
    fixture.free(64);
    let summary = fixture.tracer.summary();
    assert_eq!(summary.stack_count, 2);
    let stack = &fixture.stacks()[1];
    assert_eq!(stack.frames, [1, 2, 3]);
    assert_eq!(stack.task, 3);
    assert_eq!(
        (stack.live_count, stack.live_bytes, stack.peak_live_bytes),
        (2, 20, 30)
    );
    assert_eq!((stack.allocations, stack.frees, stack.evicted), (3, 1, 0));
}

#[test]
fn totals_of_a_stack_survive_the_eviction_of_its_records() {
    let fixture = Fixture::started(4, Mode::Leaks);
    for index in 1..=10 {
        fixture.allocate(index * 64, 10);
    }
    let stack = &fixture.stacks()[1];
    assert_eq!(
        (stack.allocations, stack.evicted, stack.live_count),
        (10, 6, 4)
    );
    fixture.assert_accounts();
}

#[test]
fn a_full_table_recycles_idle_stacks_before_it_lumps_new_ones_together() {
    let fixture = Fixture::with_tables(16, 3);
    fixture.tracer.start(Mode::Leaks, 0).unwrap();
    let capacity = fixture.tracer.summary().stack_capacity as usize;
    for stack in 1..=capacity {
        fixture.allocate_from(stack * 64, 8, &[stack]);
    }
    let recycled = fixture.records()[1].stack;
    fixture.free(2 * 64);
    fixture.allocate_from(1000 * 64, 8, &[77]);
    assert_eq!(
        fixture.stack(recycled),
        None,
        "its id is not reused for another stack"
    );
    assert_eq!(fixture.tracer.summary().stacks_recycled, 1);
    fixture.allocate_from(1001 * 64, 8, &[78]);
    fixture.allocate_from(1002 * 64, 8, &[77]);
    let summary = fixture.tracer.summary();
    assert_eq!(summary.other_allocations, 1);
    let other = fixture.stack(0).unwrap();
    assert_eq!((other.live_count, other.frames.len()), (1, 0));
    fixture.assert_accounts();
}

#[test]
fn a_stack_that_is_used_again_is_not_recycled() {
    let fixture = Fixture::with_tables(16, 3);
    fixture.tracer.start(Mode::Leaks, 0).unwrap();
    let capacity = fixture.tracer.summary().stack_capacity as usize;
    for stack in 1..=capacity {
        fixture.allocate_from(stack * 64, 8, &[stack]);
    }
    fixture.free(64);
    fixture.allocate_from(64, 8, &[1]);
    fixture.allocate_from(1000 * 64, 8, &[77]);
    let summary = fixture.tracer.summary();
    assert_eq!((summary.stacks_recycled, summary.other_allocations), (0, 1));
    let again = fixture.records()[capacity - 1];
    assert_eq!(fixture.stack(again.stack).unwrap().frames, [1]);
    fixture.assert_accounts();
}

#[test]
fn the_stack_that_has_been_idle_for_longest_is_recycled_first() {
    let fixture = Fixture::with_tables(16, 3);
    fixture.tracer.start(Mode::Leaks, 0).unwrap();
    let capacity = fixture.tracer.summary().stack_capacity as usize;
    for stack in 1..=capacity {
        fixture.allocate_from(stack * 64, 8, &[stack]);
    }
    for stack in [1, 2] {
        fixture.free(stack * 64);
    }
    // It is idle again, and since then.
    fixture.allocate_from(64, 8, &[1]);
    fixture.free(64);
    fixture.allocate_from(1000 * 64, 8, &[77]);
    let frames: Vec<_> = fixture.stacks().iter().map(|s| s.frames.to_vec()).collect();
    assert_eq!(fixture.tracer.summary().stacks_recycled, 1);
    assert!(frames.contains(&vec![1]) && !frames.contains(&vec![2]));
    fixture.allocate_from(1001 * 64, 8, &[78]);
    assert_eq!(fixture.tracer.summary().stacks_recycled, 2);
    fixture.allocate_from(1002 * 64, 8, &[79]);
    assert_eq!(fixture.tracer.summary().other_allocations, 1);
    fixture.assert_accounts();
}

#[test]
fn a_stack_is_idle_since_its_last_block_went_and_not_since_an_earlier_one_did() {
    let fixture = Fixture::with_tables(16, 3);
    fixture.tracer.start(Mode::Leaks, 0).unwrap();
    let capacity = fixture.tracer.summary().stack_capacity as usize;
    // Of the first, two blocks are live.
    fixture.allocate_from(900 * 64, 8, &[1]);
    for stack in 1..=capacity {
        fixture.allocate_from(stack * 64, 8, &[stack]);
    }
    for block in [900, 1, 2] {
        fixture.free(block * 64);
    }
    fixture.allocate_from(1000 * 64, 8, &[77]);
    let frames: Vec<_> = fixture.stacks().iter().map(|s| s.frames.to_vec()).collect();
    assert_eq!(fixture.tracer.summary().stacks_recycled, 1);
    assert!(!frames.contains(&vec![1]) && frames.contains(&vec![2]));
}

#[test]
fn an_idle_stack_behind_many_that_are_used_again_is_found_in_a_few_steps() {
    let fixture = Fixture::with_tables(200, 100);
    fixture.tracer.start(Mode::Leaks, 0).unwrap();
    let capacity = fixture.tracer.summary().stack_capacity as usize;
    assert_eq!(capacity, 100);
    let allocate = |stack: usize| fixture.allocate_from(stack * 64, 8, &[stack]);
    (1..=capacity).for_each(allocate);
    (1..capacity).for_each(|stack| fixture.free(stack * 64));
    (1..capacity).for_each(allocate);
    fixture.free(capacity * 64);
    let recycled = |stack: usize| {
        allocate(stack);
        fixture.tracer.summary().stacks_recycled
    };
    assert_eq!([200, 201, 202, 203, 204].map(recycled), [0, 0, 0, 1, 1]);
    assert_eq!(fixture.tracer.summary().other_allocations, 4);
    fixture.assert_accounts();
}

#[test]
fn stacks_that_lost_records_are_recycled_after_all_others() {
    let fixture = Fixture::with_tables(4, 8);
    fixture.tracer.start(Mode::All, 0).unwrap();
    let leaking = [0x1ea4];
    for block in 1..=8 {
        fixture.allocate_from(block * 64, 8, &leaking);
    }
    // They evict the leak's last records, and come and go more often than there is room for.
    for other in 1..=40 {
        let address = 0x1_0000 + other * 64;
        fixture.allocate_from(address, 8, &[other]);
        fixture.free(address);
    }
    let evicted = fixture.tracer.summary().evicted_live;
    assert_eq!(evicted, 8);
    let leak = fixture.stacks().into_iter().find(|s| s.frames == [0x1ea4]);
    assert_eq!(leak.map(|leak| leak.evicted), Some(evicted));
    fixture.assert_accounts();
}

#[test]
fn a_stack_of_another_trace_is_not_found_under_its_number() {
    let fixture = Fixture::started(8, Mode::Leaks);
    fixture.allocate_from(64, 8, &[1]);
    let (trace, id) = (fixture.tracer.trace(), fixture.records()[0].stack);
    fixture.tracer.start(Mode::Leaks, 0).unwrap();
    fixture.allocate_from(64, 8, &[2]);
    assert_eq!(fixture.stack(id).unwrap().frames, [2]);
    assert_eq!(fixture.tracer.stack(trace, id), Err(TraceEnded));
}

#[test]
fn a_stack_that_only_freed_is_kept_while_a_record_names_it() {
    let fixture = Fixture::with_tables(2, 2);
    fixture.tracer.start(Mode::All, 0).unwrap();
    fixture.allocate_from(64, 8, &[1]);
    fixture.free(64);
    fixture.allocate_from(128, 8, &[5]);
    let freed_by = fixture.records()[0].freed.unwrap().stack.unwrap();
    assert_eq!(fixture.stack(freed_by).unwrap().frames, [0x900]);
}

#[test]
fn a_stack_that_freed_nothing_known_makes_room_again() {
    let fixture = Fixture::with_tables(4, 1);
    fixture.tracer.start(Mode::All, 0).unwrap();
    fixture.free(64);
    // Until somebody looks, it may have been a wrong free.
    fixture.tracer.summary();
    fixture.allocate_from(128, 8, &[5]);
    let stack = fixture.records()[0].stack;
    assert_eq!(fixture.stack(stack).unwrap().frames, [5]);
}

#[test]
fn leaks_are_ranked_by_bytes_and_filtered_by_age() {
    let fixture = Fixture::started(64, Mode::Leaks);
    for index in 1..=5 {
        fixture.allocate_from(index * 64, 10, &[1]);
    }
    let young_from = fixture.clock.load(Ordering::Relaxed);
    fixture.allocate_from(1000 * 64, 500, &[2]);
    fixture.allocate_from(1001 * 64, 1, &[1]);

    let (total, all) = leaks(&fixture, u64::MAX);
    assert_eq!(total, 2);
    let sums: Vec<_> = all.iter().map(|leak| (leak.bytes, leak.count)).collect();
    assert_eq!(sums, [(500, 1), (51, 6)]);

    let (total, old) = leaks(&fixture, young_from);
    assert_eq!((total, old[0].bytes, old[0].count), (1, 50, 5));
    assert!(old[0].oldest_us < old[0].newest_us && old[0].newest_us < young_from);
}

#[test]
fn blocks_have_outlived_others_once_they_are_older_than_twice_the_longest_lifetime() {
    let fixture = Fixture::started(64, Mode::Leaks);
    let from = fixture.clock.load(Ordering::Relaxed);
    fixture.allocate_from(64, 100, &[1]);
    fixture.allocate_from(128, 8, &[1]);
    fixture.allocate_from(192, 7, &[1]);
    fixture.free(128);
    // They were allocated 10 us after each other, and in leaks mode a free has the time of the last event.
    let outlived = |at_us: u64| {
        let trace = fixture.tracer.trace();
        let mut cursor = LeakCursor::before(trace, u64::MAX).at(from + at_us);
        let (_, leaks) = next_leaks(&fixture, &mut cursor);
        (leaks[0].outlived.count, leaks[0].outlived.bytes)
    };
    assert_eq!([20, 21].map(outlived), [(0, 0), (1, 100)]);
    assert_eq!([40, 41].map(outlived), [(1, 100), (2, 107)]);
}

#[test]
fn only_the_largest_leaks_are_kept() {
    let fixture = Fixture::started(64, Mode::Leaks);
    for stack in [3, 9, 1, 7, 5] {
        fixture.allocate_from(stack * 64, stack, &[stack]);
    }
    let (total, largest) = leaks(&fixture, u64::MAX);
    let bytes: Vec<_> = largest.iter().map(|leak| leak.bytes).collect();
    assert_eq!((total, bytes), (5, vec![9, 7, 5]));
}

#[test]
fn every_leak_is_read_once_and_in_order_while_blocks_come_and_go() {
    let fixture = Fixture::started(64, Mode::Leaks);
    for stack in 1..=10 {
        fixture.allocate_from(stack * 64, 100 * stack, &[stack]);
        fixture.allocate_from((100 + stack) * 64, stack, &[stack]);
    }
    let mut cursor = LeakCursor::before(
        fixture.tracer.trace(),
        fixture.clock.load(Ordering::Relaxed),
    );
    let mut read = Vec::new();
    // Between two pieces, a stack that was read shrinks, another is freed whole before it is, and the smallest grows.
    let freed: [&[usize]; 4] = [&[10], &[4, 104], &[], &[]];
    for (piece, expected_ahead) in [10, 7, 3, 0].into_iter().enumerate() {
        let (ahead, leaks) = next_leaks(&fixture, &mut cursor);
        assert_eq!(ahead, expected_ahead);
        read.extend(leaks.iter().map(|leak| leak.bytes));
        freed[piece]
            .iter()
            .for_each(|block| fixture.free(block * 64));
        fixture.allocate_from((200 + piece) * 64, 10_000, &[1]);
    }
    assert_eq!(read, [1010, 909, 808, 707, 606, 505, 303, 202, 101]);
}

#[test]
fn frames_beyond_the_depth_of_the_table_do_not_count() {
    let fixture = Fixture::started(8, Mode::Leaks);
    let deep: Vec<usize> = (1..=40).collect();
    fixture.allocate_from(64, 8, &deep);
    fixture.allocate_from(128, 8, &deep[..20]);
    assert_eq!(fixture.tracer.summary().stack_count, 1);
    assert_eq!(
        fixture.stacks()[1].frames.len(),
        heapbeacon_shared::trace::MAX_FRAMES
    );
}

#[test]
fn a_dump_counts_the_allocations_whose_call_stack_found_no_room() {
    let fixture = Fixture::with_tables(16, 3);
    fixture.tracer.start(Mode::Leaks, 0).unwrap();
    let dump = || {
        let mut text = std::string::String::new();
        crate::read::dump::dump(&fixture.tracer, 0, &mut text).expect("a string takes all");
        text
    };
    let capacity = fixture.tracer.summary().stack_capacity as usize;
    for stack in 1..=capacity {
        fixture.allocate_from(stack * 64, 8, &[stack]);
    }
    assert!(!dump().contains("have no call stack"));
    for stack in [77, 78] {
        fixture.allocate_from(stack * 64, 8, &[stack]);
    }
    assert!(dump().contains("(NB: 2 allocations have no call stack, because"));
}

#[test]
fn a_dump_tells_in_which_memory_a_block_lies() {
    use crate::read::dump::{self, Memory};
    let fixture = Fixture::started(8, Mode::Leaks);
    fixture.allocate(64, 10);
    let record = fixture.records()[0];
    for (memory, label) in [
        (Memory::Internal, "Internal"),
        (Memory::External, "   PSRAM"),
    ] {
        let mut text = std::string::String::new();
        let trace = fixture.tracer.trace();
        dump::record(&fixture.tracer, trace, &record, memory, &mut text)
            .expect("a string takes all");
        assert!(
            text.contains(&std::format!(
                " bytes (@ 0x00000040, {label}) allocated CPU 1"
            )),
            "{text}"
        );
    }
}
