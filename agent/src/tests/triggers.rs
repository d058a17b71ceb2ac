//! What a board does by itself.

use core::num::NonZeroUsize;
use std::boxed::Box;
use std::string::String;
use std::vec;
use std::vec::Vec;

use heapbeacon_shared::trace::{
    Action, Condition, Ending, Mode, Origin, Reason, Region, Settings, State, Trigger, name,
};
use heapbeacon_shared::wire::Message;

use super::board::{
    Board, EXTERNAL, Interruptible, Names, boot, call, keep_settings, list, restarts, set_clock,
};
use super::references;
use crate::field::settings::{MAX_BYTES, Storage, StorageError, Store};
use crate::field::triggers::{NO_RESTART_US, PATIENCE_US, try_out, watch};
use crate::hooks::allocated;
use crate::memory::{AreaKind, WORD};
use crate::platform::{Device, Platform};
use crate::postmortem::{BlackBox, Memory, Outcome, Reset, write_ahead};
use crate::tracer::{Allocation, FailedAllocation, Free};

/// Storage that forgets.
struct Nowhere;

impl Storage for Nowhere {
    fn load<'b>(&self, _: &'b mut [u8; MAX_BYTES]) -> Result<Option<&'b [u8]>, StorageError> {
        Ok(None)
    }

    fn store(&self, _: &[u8]) -> Result<(), StorageError> {
        Ok(())
    }
}

/// Begins a trace on a board that does something by itself.
fn begin(when: Condition, bytes: u32, then: Action) {
    Board::trace();
    let store = keep_settings(Box::leak(Box::new(Nowhere)));
    let trigger = Trigger { when, bytes, then };
    let settings = Settings {
        triggers: [trigger].into_iter().collect(),
        ..Settings::NONE
    };
    store.set(settings).expect("it is not refused");
}

/// Lets so much of the heap be free, in one block.
fn leave(free: u64) {
    call(Names {
        regions: [Region {
            free,
            largest_free_block: free,
            ..Region::default()
        }]
        .into(),
        ..Names::default()
    });
}

/// What a firmware, drivers included, is short of may be plentiful where only the agent has it, and outside the chip.
fn comes_about_by_what_is_left_for_the_firmware(when: Condition) {
    begin(when, 8_000, Action::Mark);
    let region = |called, origin, free| Region {
        name: name(called),
        origin,
        free,
        largest_free_block: free,
        ..Region::default()
    };
    let external = region(EXTERNAL, Origin::Application, 100_000);
    let regions = |free| {
        let internal = region("internal", Origin::Application, free);
        let own = region("server", Origin::Agent, 50_000);
        vec![internal, own, external.clone()]
    };
    for (regions, times) in [
        (regions(8_000), 0),
        (regions(7_999), 1),
        (regions(9_000), 1),
        // There is no other.
        (vec![external.clone()], 1),
    ] {
        call(Names {
            regions,
            ..Names::default()
        });
        watch::<Board>();
        assert_eq!(fired(), times);
    }
}

#[test]
fn what_only_the_agent_has_or_lies_outside_the_chip_is_not_free() {
    comes_about_by_what_is_left_for_the_firmware(Condition::FreeBelow);
}

#[test]
fn what_only_the_agent_has_or_lies_outside_the_chip_is_no_largest_block() {
    comes_about_by_what_is_left_for_the_firmware(Condition::LargestBelow);
}

fn fired() -> u32 {
    let store = Board::settings().expect("it keeps settings");
    store.describe().triggers[0].fired
}

fn marks() -> Vec<String> {
    let mut names = Vec::new();
    let mut last = 0;
    while let Some(mark) = Board::marks().after(last) {
        last = mark.id;
        names.push(mark.name.as_str().into());
    }
    names
}

/// Reads how the boots ended that are kept.
fn endings(black_box: &BlackBox<Interruptible>) -> Vec<Ending> {
    let mut endings = Vec::new();
    let mut at = 0;
    while let Some((message, behind)) = black_box.read(at) {
        at = behind;
        if let Some(Message::Ending(ending)) = message {
            endings.push(ending);
        }
    }
    endings
}

fn allocate(number: usize, time_us: u64) {
    Board::tracer().allocated(&Allocation {
        address: NonZeroUsize::new(number * 4096).expect("null is no block"),
        size: 100,
        time_us,
        core: 0,
        task: 0,
        stack: &[1].into_iter().collect(),
    });
}

#[test]
fn it_comes_about_once_until_it_has_ended() {
    begin(Condition::FreeBelow, 8_000, Action::Mark);
    for (free, times) in [
        (8_000, 0),
        (7_999, 1),
        (100, 1),
        (8_999, 1),
        (9_000, 1),
        (7_000, 2),
    ] {
        leave(free);
        watch::<Board>();
        assert_eq!(fired(), times, "{free} bytes are free");
    }
    assert_eq!(marks(), ["free < 8000: mark"; 2]);
}

#[test]
fn a_failed_allocation_freezes_the_trace() {
    begin(Condition::AllocationFailed, 0, Action::Freeze);
    watch::<Board>();
    assert_eq!(Board::tracer().summary().state, State::Recording);
    Board::tracer().failed(&FailedAllocation {
        size: 64,
        time_us: 5,
        core: 0,
        task: 0,
        stack: &[1].into_iter().collect(),
        gave_reserve: false,
        left: None,
    });
    watch::<Board>();
    assert_eq!(Board::tracer().summary().state, State::Stopped);
    watch::<Board>();
    assert_eq!(fired(), 1);
    assert_eq!(marks(), ["allocation failed: freeze"]);
}

#[test]
fn the_largest_block_that_is_too_small_switches_the_mode() {
    begin(Condition::LargestBelow, 500, Action::SwitchMode);
    leave(400);
    watch::<Board>();
    let summary = Board::tracer().summary();
    assert_eq!(
        (summary.state, summary.mode),
        (State::Recording, Some(Mode::All))
    );
    watch::<Board>();
    assert_eq!(
        Board::tracer().summary().mode,
        Some(Mode::All),
        "it came about once"
    );
    leave(4_000);
    watch::<Board>();
    leave(400);
    watch::<Board>();
    assert_eq!(fired(), 1, "once a boot, or a trace would never last");
}

#[test]
fn blocks_that_outlive_others_of_their_own_come_about() {
    begin(Condition::OutlivedAbove, 250, Action::Mark);
    allocate(1, 1_000);
    Board::tracer().freed(&Free {
        address: 4096,
        size: 100,
        time_us: 2_000,
        core: 0,
        task: 0,
        stack: &[1].into_iter().collect(),
    });
    for number in 1..=3 {
        allocate(number, 3_000);
        watch::<Board>();
    }
    assert_eq!(fired(), 1, "300 bytes have outlived a lifetime of 1 ms");
}

#[test]
fn a_restart_waits_until_there_was_a_boot_and_then_for_a_quiet_moment() {
    begin(Condition::FreeBelow, 8_000, Action::Restart);
    leave(100);
    let mut busy = 0..;
    let mut sample = |now_us, allocations| {
        set_clock(now_us);
        for _ in 0..allocations {
            allocate(1 + busy.next().unwrap_or(0), now_us);
        }
        watch::<Board>();
    };
    (0..20).for_each(|second| sample(second * 2_000_000 + 2_000_000, 10));
    assert_eq!(
        (fired(), restarts()),
        (0, 0),
        "a boot that restarts at once tells nothing"
    );
    sample(NO_RESTART_US, 10);
    assert_eq!((fired(), restarts()), (1, 0), "there is no quiet moment");
    sample(NO_RESTART_US + 2_000_000, 4);
    assert_eq!(restarts(), 1);
    sample(NO_RESTART_US + 4_000_000, 0);
    assert_eq!(restarts(), 1, "it was asked for once");
}

#[test]
fn a_restart_does_not_wait_for_ever() {
    begin(Condition::FreeBelow, 8_000, Action::Restart);
    leave(100);
    let mut number = 1;
    let mut second = 0;
    while restarts() == 0 {
        second += 2;
        set_clock(second * 1_000_000);
        (0..10).for_each(|_| {
            number += 1;
            allocate(number, second * 1_000_000);
        });
        watch::<Board>();
    }
    // Marks take a microsecond each, so it may be the next sample.
    let late_us = second * 1_000_000 - NO_RESTART_US - PATIENCE_US;
    assert!(late_us <= 2_000_000, "{late_us} us late");
}

#[test]
fn it_can_be_tried_and_there_is_only_what_there_is() {
    begin(Condition::FreeBelow, 8_000, Action::Freeze);
    leave(100_000);
    assert!(try_out::<Board>(1).is_none() && try_out::<Board>(usize::MAX).is_none());
    let tried = try_out::<Board>(0).expect("there is one");
    assert_eq!((tried.fired, tried.is_met), (1, false));
    assert_eq!(Board::tracer().summary().state, State::Stopped);
}

#[test]
fn what_was_set_anew_has_never_come_about() {
    begin(Condition::FreeBelow, 8_000, Action::Mark);
    leave(100);
    watch::<Board>();
    let store = Board::settings().expect("it keeps settings");
    let mut settings = store.get(Settings::clone);
    store.set(settings.clone()).expect("it is not refused");
    watch::<Board>();
    assert_eq!(fired(), 1, "the same trigger goes on");
    settings.triggers[0].bytes = 9_000;
    store.set(settings).expect("it is not refused");
    assert_eq!(fired(), 0);
    watch::<Board>();
    assert_eq!(fired(), 1);
}

#[test]
fn a_trace_that_was_stopped_is_left_to_whoever_looks_at_it() {
    begin(Condition::FreeBelow, 8_000, Action::SwitchMode);
    Board::tracer().stop().expect("it records");
    let trace = Board::tracer().trace().id();
    leave(100);
    watch::<Board>();
    assert_eq!((fired(), Board::tracer().trace().id()), (1, trace));
}

#[test]
fn what_never_had_a_block_freed_has_outlived_nothing() {
    begin(Condition::OutlivedAbove, 50, Action::Mark);
    allocate(1, 1_000);
    watch::<Board>();
    assert_eq!(fired(), 0);
}

#[test]
fn a_failure_while_nothing_is_recorded_comes_about_too() {
    begin(Condition::AllocationFailed, 0, Action::Mark);
    boot(Box::leak(Box::new(Memory::new())), Reset::PowerOn);
    Board::tracer().stop().expect("it records");
    watch::<Board>();
    assert_eq!(fired(), 0);
    allocated::<Board>(0, 64, 0);
    watch::<Board>();
    watch::<Board>();
    assert_eq!(fired(), 1);
}

#[test]
fn a_restart_is_why_the_boot_ended_and_is_called_off_with_its_trigger() {
    let memory: &Memory = Box::leak(Box::new(Memory::new()));
    begin(Condition::FreeBelow, 8_000, Action::Restart);
    boot(memory, Reset::PowerOn);
    leave(100);
    set_clock(NO_RESTART_US);
    (1..50).for_each(|number| allocate(number, NO_RESTART_US));
    write_ahead::<Board>();
    watch::<Board>();
    let store = Board::settings().expect("it keeps settings");
    let settings = store.get(Settings::clone);
    store.set(Settings::NONE).expect("it is not refused");
    watch::<Board>();
    assert_eq!(restarts(), 0, "it was called off");
    store.set(settings).expect("it is not refused");
    watch::<Board>();
    watch::<Board>();
    assert_eq!(restarts(), 1);
    let next = boot(memory, Reset::Ended(Reason::Unknown));
    assert_eq!(next.outcome(), Outcome::Found);
    let endings = endings(next);
    let ending = endings.last().expect("it says how the boot ended");
    assert_eq!(
        (ending.reason, ending.message.as_str()),
        (Reason::Triggered, "free < 8000: restart")
    );
}

/// Samples from the first scan until what it found is confirmed and counted.
const UNTIL_COUNTED: usize = 25;

/// Makes a heap of which a root holds one block; a second one, which refers to a third, and a fourth, which refers to itself, are held by nothing.
fn heap_with_lost_blocks() -> references::Memory {
    let memory = references::Memory::new(64, |first, index| match index {
        0 => first + 16 * WORD,
        24 => first + 32 * WORD + 1,
        41 => first + 40 * WORD,
        _ => 0,
    });
    list_with_blocks(&memory, 4);
    memory
}

#[test]
fn blocks_that_nothing_refers_to_are_found_and_no_others() {
    let memory = heap_with_lost_blocks();
    let lost = 2 * 8 * WORD as u32;
    for (from_us, bytes, comes_about) in [(0, lost - 1, true), (200_000_000, lost, false)] {
        begin(Condition::BlockLost, bytes, Action::Mark);
        (0..4).for_each(|index| {
            let first = 16 + index * 8;
            references::allocate(&memory.of(first..first + 8), from_us + 1_000 + index as u64);
        });
        set_clock(from_us + 8_000_000);
        (0..UNTIL_COUNTED).for_each(|_| watch::<Board>());
        assert_eq!(fired(), 0, "they are young");
        set_clock(from_us + 120_000_000);
        (1..UNTIL_COUNTED).for_each(|_| watch::<Board>());
        assert_eq!(fired(), 0, "it is not confirmed");
        (0..200).for_each(|_| watch::<Board>());
        assert_eq!(fired(), u32::from(comes_about), "of {lost} bytes");
        let found = Board::settings().and_then(Store::lost_bytes);
        assert_eq!(found, Some(lost.into()), "what metrics tell");
        Board::tracer().stop().expect("it records");
    }
    list(Vec::new(), 0);
}

#[test]
fn what_is_freed_before_it_is_counted_was_not_lost() {
    let memory = heap_with_lost_blocks();
    begin(Condition::BlockLost, 1, Action::Mark);
    let block = memory.of(24..32);
    references::allocate(&block, 1_000);
    list_with_blocks(&memory, 1);
    set_clock(120_000_000);
    (1..UNTIL_COUNTED).for_each(|_| watch::<Board>());
    references::free(&block);
    list_with_blocks(&memory, 0);
    (0..100).for_each(|_| watch::<Board>());
    assert_eq!(fired(), 0);
    list(Vec::new(), 0);
}

fn list_with_blocks(memory: &references::Memory, blocks: u64) {
    let areas = [
        memory.area(AreaKind::Static, memory.of(0..8)),
        memory.area(AreaKind::Heap, memory.of(8..64)),
    ];
    list(areas.into(), blocks);
}

#[test]
fn the_state_is_kept_once_and_the_boot_goes_on() {
    begin(Condition::FreeBelow, 8_000, Action::Snapshot);
    let memory: &Memory = Box::leak(Box::new(Memory::new()));
    let black_box = boot(memory, Reset::PowerOn);
    allocate(1, 1_000);
    leave(7_000);
    watch::<Board>();
    assert_eq!(black_box.outcome(), Outcome::Found);
    let kept = endings(black_box);
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (kept[0].reason, kept[0].message.as_str(), kept[0].free),
        (Reason::Snapshot, "free < 8000: keep", Some(7_000))
    );
    // Another one does not take its place, also over a restart.
    leave(100);
    let _ = try_out::<Board>(0);
    assert_eq!(endings(black_box), kept);
    crate::postmortem::requested::<Board>();
    let next = boot(memory, Reset::Ended(Reason::Unknown));
    assert_eq!(endings(next), kept);
}

#[test]
fn what_is_freed_while_nothing_is_recorded_is_not_lost() {
    let memory = heap_with_lost_blocks();
    begin(Condition::BlockLost, 1, Action::Mark);
    (0..4).for_each(|index| {
        let first = 16 + index * 8;
        references::allocate(&memory.of(first..first + 8), 1_000 + index as u64);
    });
    set_clock(120_000_000);
    watch::<Board>();
    Board::tracer().stop().expect("it records");
    (0..100).for_each(|_| watch::<Board>());
    assert_eq!(fired(), 0, "nobody knows what was freed");
    Board::tracer().resume().expect("it was stopped");
    references::allocate(&memory.of(56..64), 120_000_001);
    list_with_blocks(&memory, 5);
    (0..100).for_each(|_| watch::<Board>());
    assert_eq!(fired(), 0, "what was there before may be gone");
    list(Vec::new(), 0);
}
