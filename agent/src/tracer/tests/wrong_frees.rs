//! Frees of what is no block: who freed, whose block it is, and who had freed it before.

use super::*;

const OWNER: [usize; 2] = [0x10, 0x11];
const FIRST: [usize; 2] = [0x20, 0x21];
const SECOND: [usize; 2] = [0x30, 0x31];

fn wide(frames: [usize; 2]) -> Vec<u64> {
    frames.map(|frame| frame as u64).to_vec()
}

#[test]
fn a_free_inside_a_block_names_who_freed_and_whose_block_it_is() {
    for mode in [Mode::Leaks, Mode::All] {
        let fixture = Fixture::started(8, mode);
        fixture.allocate_from(64, 32, &OWNER);
        fixture.free_from(72, &SECOND);
        let wrong = fixture.wrong_frees()[0];
        assert_eq!(wrong.kind, WrongFreeKind::Inside);
        assert_eq!((wrong.address, wrong.block), (Address(72), Address(64)));
        assert_eq!(fixture.frames(wrong.owner), wide(OWNER));
        assert_eq!(fixture.frames(wrong.freed_by), wide(SECOND));
        assert_eq!(wrong.first_freed_by, None);
    }
}

#[test]
fn the_edges_of_a_block() {
    for (offset, is_wrong) in [(0, false), (1, true), (31, true), (32, false)] {
        let fixture = Fixture::started(8, Mode::Leaks);
        fixture.allocate(64, 32);
        fixture.free(64 + offset);
        let counters = fixture.tracer.summary();
        assert_eq!(counters.wrong_frees, u64::from(is_wrong), "{offset}");
    }
}

#[test]
fn a_double_free_names_both_frees_and_the_owner() {
    let fixture = Fixture::started(8, Mode::All);
    fixture.allocate_from(64, 32, &OWNER);
    fixture.free_from(64, &FIRST);
    fixture.allocate_from(128, 32, &[1]);
    fixture.free_from(64, &SECOND);
    let wrong = fixture.wrong_frees()[0];
    assert_eq!(wrong.kind, WrongFreeKind::Double);
    assert_eq!((wrong.address, wrong.block), (Address(64), Address(64)));
    assert_eq!(fixture.frames(wrong.owner), wide(OWNER));
    assert_eq!(fixture.frames(wrong.freed_by), wide(SECOND));
    assert_eq!(fixture.frames(wrong.first_freed_by), wide(FIRST));
    let counters = fixture.tracer.summary();
    assert_eq!((counters.wrong_frees, counters.unmatched_frees), (1, 1));
}

#[test]
fn the_newest_block_of_an_address_is_the_one_that_was_freed_twice() {
    let fixture = Fixture::started(8, Mode::All);
    fixture.allocate_from(64, 32, &[1]);
    fixture.free_from(64, &[2]);
    fixture.allocate_from(64, 32, &OWNER);
    fixture.free_from(64, &FIRST);
    fixture.free_from(64, &SECOND);
    let wrong = fixture.wrong_frees()[0];
    assert_eq!(fixture.frames(wrong.owner), wide(OWNER));
    assert_eq!(fixture.frames(wrong.first_freed_by), wide(FIRST));
}

#[test]
fn a_double_free_is_told_after_the_record_of_the_first_was_evicted() {
    let fixture = Fixture::started(2, Mode::All);
    fixture.allocate_from(64, 32, &OWNER);
    fixture.free_from(64, &FIRST);
    fixture.free_from(64, &SECOND);
    for block in 10..20 {
        fixture.allocate_from(block * 64, 32, &[block]);
        fixture.free_from(block * 64, &[block + 100]);
    }
    let wrong = fixture.wrong_frees()[0];
    assert_eq!(wrong.kind, WrongFreeKind::Double);
    assert_eq!(fixture.frames(wrong.owner), wide(OWNER));
    assert_eq!(fixture.frames(wrong.freed_by), wide(SECOND));
    assert_eq!(fixture.frames(wrong.first_freed_by), wide(FIRST));
}

#[test]
fn in_leaks_mode_a_double_free_is_told_as_long_as_the_slot_still_tells_of_the_block() {
    let fixture = Fixture::started(32, Mode::Leaks);
    for block in 1..=18 {
        fixture.allocate_from(block * 64, 32, &OWNER);
    }
    for block in 1..=18 {
        fixture.free_from(block * 64, &FIRST);
    }
    fixture.free_from(3 * 64, &SECOND);
    let wrong = fixture.wrong_frees()[0];
    assert_eq!(wrong.kind, WrongFreeKind::Double);
    assert_eq!(fixture.frames(wrong.owner), wide(OWNER));
    assert_eq!(fixture.frames(wrong.freed_by), wide(SECOND));
    assert_eq!(wrong.first_freed_by, None, "nobody walked its call stack");
    // Sixteen are looked at.
    fixture.free_from(2 * 64, &SECOND);
    assert_eq!(fixture.tracer.summary().wrong_frees, 1);
    // The slot that was given back last is used again.
    fixture.allocate(1000 * 64, 8);
    fixture.free_from(18 * 64, &SECOND);
    assert_eq!(fixture.tracer.summary().wrong_frees, 1);
}

#[test]
fn in_leaks_mode_no_owner_is_named_once_call_stacks_were_recycled() {
    let fixture = Fixture::with_tables(4, 2);
    fixture.tracer.start(Mode::Leaks, 0).unwrap();
    for stack in 1..=6 {
        fixture.allocate_from(stack * 64, 8, &[stack]);
        fixture.free_from(stack * 64, &FIRST);
    }
    assert!(fixture.tracer.summary().stacks_recycled > 0);
    fixture.free_from(6 * 64, &SECOND);
    let wrong = fixture.wrong_frees()[0];
    assert_eq!((wrong.kind, wrong.owner), (WrongFreeKind::Double, None));
    assert_eq!(fixture.frames(wrong.freed_by), wide(SECOND));
}

#[test]
fn a_free_of_a_block_that_may_have_had_no_record_is_no_double_free() {
    for mode in [Mode::Leaks, Mode::All] {
        for is_stopped in [false, true] {
            let fixture = Fixture::started(8, mode);
            let free = || fixture.free_from(64, &SECOND);
            fixture.allocate_from(64, 32, &OWNER);
            free();
            match is_stopped {
                false => fixture.tracer.alloc_pause().unwrap(),
                true => fixture.tracer.stop().unwrap(),
            }
            // Unseen, a block is allocated there.
            if !is_stopped {
                free();
                assert_eq!(fixture.tracer.summary().wrong_frees, 0, "{mode:?}");
            }
            fixture.tracer.resume().unwrap();
            free();
            assert_eq!(fixture.tracer.summary().wrong_frees, 0, "{mode:?}");
            // From here on everything is seen.
            fixture.allocate_from(64, 32, &OWNER);
            free();
            free();
            assert_eq!(fixture.tracer.summary().wrong_frees, 1, "{mode:?}");
        }
    }
}

#[test]
fn a_free_of_an_address_that_never_was_a_block_is_none_of_these() {
    for mode in [Mode::Leaks, Mode::All] {
        let fixture = Fixture::started(8, mode);
        fixture.allocate(64, 32);
        fixture.free(64);
        fixture.free(128);
        assert_eq!(fixture.tracer.summary().wrong_frees, 0);
        assert!(fixture.wrong_frees().is_empty());
    }
}

#[test]
fn the_latest_four_are_remembered_and_keep_their_call_stacks() {
    let fixture = Fixture::with_tables(4, 12);
    fixture.tracer.start(Mode::All, 0).unwrap();
    fixture.allocate_from(0x1000, 0x100, &OWNER);
    for offset in 1..=6 {
        fixture.free_from(0x1000 + offset, &[0x500 + offset]);
        assert_eq!(fixture.wrong_frees().len(), offset.min(4));
    }
    // More call stacks than there is room for.
    for other in 0..40 {
        fixture.allocate_from(0x2000 + other * 64, 8, &[0x700 + other]);
        fixture.free_from(0x2000 + other * 64, &[0x800 + other]);
    }
    let wrong = fixture.wrong_frees();
    let offsets: Vec<_> = wrong.iter().map(|wrong| wrong.address.0 - 0x1000).collect();
    assert_eq!(offsets, [3, 4, 5, 6]);
    for (wrong, offset) in wrong.iter().zip(3..) {
        assert_eq!(fixture.frames(wrong.freed_by), [0x500 + offset]);
        assert_eq!(fixture.frames(wrong.owner), wide(OWNER));
    }
}

#[test]
fn what_waits_holds_on_to_no_call_stack_once_it_was_looked_at() {
    let fixture = Fixture::with_tables(4, 4);
    fixture.tracer.start(Mode::All, 0).unwrap();
    for round in 1..=40 {
        fixture.free_from(round * 64, &[round]);
        assert_eq!(fixture.tracer.summary().wrong_frees, 0);
    }
    fixture.allocate_from(64, 8, &OWNER);
    assert_eq!(
        fixture.frames(Some(fixture.records()[0].stack)),
        wide(OWNER)
    );
    assert_eq!(fixture.tracer.summary().other_allocations, 0);
}

#[test]
fn a_free_of_another_trace_gets_no_name() {
    let fixture = Fixture::started(8, Mode::Leaks);
    let free = Free {
        address: 72,
        size: 0,
        time_us: 0,
        core: 0,
        task: 0,
        stack: &CallStack::new(),
    };
    let unnamed = fixture.tracer.freed(&free).expect("it has no record");
    fixture.tracer.start(Mode::Leaks, 0).unwrap();
    fixture.allocate_from(64, 32, &OWNER);
    let other = fixture.tracer.freed(&free).expect("it has no record");
    let wrong_stack = CallStack::from_iter(FIRST);
    fixture.tracer.name_free(unnamed, 0, 0, &wrong_stack);
    assert_eq!(fixture.wrong_frees()[0].freed_by, None);
    fixture.tracer.name_free(other, 0, 0, &wrong_stack);
    assert!(fixture.wrong_frees()[0].freed_by.is_some());
}

/// Returns a free whose call stack was not walked.
fn unwalked(address: usize) -> Free<'static> {
    static EMPTY: CallStack = CallStack::new();
    Free {
        address,
        size: 0,
        time_us: 50,
        core: 0,
        task: 0,
        stack: &EMPTY,
    }
}

#[test]
fn who_freed_is_named_also_where_a_reader_looks_before_the_stack_is_walked() {
    for is_double in [false, true] {
        let fixture = Fixture::started(8, Mode::Leaks);
        fixture.allocate_from(64, 32, &[0x10]);
        if is_double {
            fixture.free_from(64, &[0x20]);
        }
        let address = if is_double { 64 } else { 72 };
        let free = fixture.tracer.freed(&unwalked(address));
        let free = free.expect("there is no such record");
        assert_eq!(fixture.tracer.summary().wrong_frees, 1);
        let walked = CallStack::from_iter([0x30]);
        fixture.tracer.name_free(free, 60, 0, &walked);
        let freed_by = fixture.wrong_frees()[0].freed_by.expect("it was walked");
        let stack = fixture.stack(freed_by).expect("it is referred to");
        assert_eq!(stack.frames, [0x30], "{is_double}");
    }
}

#[test]
fn who_freed_is_named_also_where_the_block_ends_before_the_stack_is_walked() {
    let fixture = Fixture::started(8, Mode::Leaks);
    fixture.allocate_from(64, 32, &[0x10]);
    let free = fixture.tracer.freed(&unwalked(72));
    fixture.free_from(64, &[0x40]);
    let walked = CallStack::from_iter([0x30]);
    let free = free.expect("there is no such record");
    fixture.tracer.name_free(free, 60, 0, &walked);
    let wrong = fixture.wrong_frees()[0];
    assert!(wrong.freed_by.is_some());
    assert_eq!(wrong.time_us, 60, "as soon as it is known");
}

#[test]
fn a_free_that_says_neither_who_nor_when_counts_as_one_that_does() {
    let [said, unsaid] = [false, true].map(|is_unnamed| {
        let fixture = Fixture::started(8, Mode::All);
        fixture.allocate_from(64, 32, &OWNER);
        fixture.tracer.start(Mode::Leaks, 0).unwrap();
        for address in [64, 128] {
            fixture.allocate_from(address, 32, &OWNER);
        }
        for address in [64, 72, 136, 128] {
            let unnamed = match is_unnamed {
                true => fixture.tracer.freed_unnamed(address, 8),
                false => fixture.tracer.freed(&unwalked(address)),
            };
            assert_eq!(unnamed.is_some(), [72, 136].contains(&address));
        }
        fixture.assert_accounts();
        counted(fixture.tracer.summary())
    });
    assert_eq!(
        said,
        Summary {
            unmatched_freed_bytes: 0,
            ..unsaid
        }
    );
    assert_eq!((unsaid.unmatched_frees, unsaid.wrong_frees), (2, 1));
    assert_eq!(unsaid.unmatched_freed_bytes, 16);
}
