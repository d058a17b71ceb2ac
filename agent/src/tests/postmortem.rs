//! Boots that end badly, and what the next one tells of them.

use core::num::NonZeroUsize;
use std::boxed::Box;
use std::format;
use std::vec::Vec;

use heapbeacon_shared::capture::{Capture, CaptureReader};
use heapbeacon_shared::trace::{Address, Cut, Ending, Left, Reason, name};

use crate::platform::Platform;
use crate::postmortem::{
    BlackBox, Memory, Outcome, Reset, log, note_panic, requested, write_ahead,
};
use crate::tests::board::{Board, Interruptible, boot, interrupt_before_hold, was_interrupted};
use crate::tracer::{Allocation, CallStack, FailedAllocation};

const WATCHDOG: Reset = Reset::Ended(Reason::Watchdog);
const UNKNOWN: Reset = Reset::Ended(Reason::Unknown);
/// What a 32-bit chip's code and records are like.
const CODE: usize = 0x4203_0000;
const FRAMES: usize = 12;

fn memory() -> &'static Memory {
    Box::leak(Box::new(Memory::new()))
}

fn stack(number: usize) -> CallStack {
    (0..FRAMES)
        .map(|frame| CODE + number * 0x1000 + frame * 0x40)
        .collect()
}

/// Allocates blocks by so many call stacks: the first has the most.
fn allocate(stacks: usize) {
    for number in 0..stacks {
        for block in 0..stacks - number {
            Board::tracer().allocated(&Allocation {
                address: NonZeroUsize::new(0x3fc8_0000 + (number * 100 + block) * 4096)
                    .expect("not null"),
                size: 1_000 * (stacks - number),
                time_us: 500_000 + (number * 100 + block) as u64,
                core: 0,
                task: 0,
                stack: &stack(number),
            });
        }
    }
}

/// Reads what is kept as a capture, of which nothing is missing.
fn kept(black_box: &BlackBox<Interruptible>) -> Capture {
    let capture = read(black_box);
    assert!(!capture.loss.is_incomplete(), "{:?}", capture.loss);
    capture
}

fn read(black_box: &BlackBox<Interruptible>) -> Capture {
    let mut bytes = Vec::new();
    let mut piece = [0; 100];
    loop {
        let copied = black_box.copy(bytes.len(), &mut piece);
        bytes.extend_from_slice(&piece[..copied]);
        if copied == 0 {
            break;
        }
    }
    let mut reader = CaptureReader::new();
    reader.push(&bytes).expect("it is a capture");
    reader.finish().expect("it is of a trace")
}

#[test]
fn a_watchdog_leaves_what_was_written_ahead() {
    let memory = memory();
    assert_eq!(boot(memory, Reset::PowerOn).outcome(), Outcome::Lost);
    Board::trace();
    allocate(3);
    write_ahead::<Board>();
    let next = boot(memory, WATCHDOG);
    assert_eq!(next.outcome(), Outcome::Found);
    let capture = kept(next);
    let ending = capture.ending.clone().expect("it says how it ended");
    assert_eq!(
        (ending.reason, ending.time_us),
        (Reason::Watchdog, 1_000_000)
    );
    assert_eq!(
        capture.trace.summary,
        crate::tracer::Summary {
            time_us: 1_000_000,
            ..Board::tracer().summary()
        }
    );
    let leaks: Vec<_> = capture
        .leaks
        .leaks
        .iter()
        .map(|leak| (leak.count, leak.bytes))
        .collect();
    assert_eq!(leaks, [(3, 9_000), (2, 4_000), (1, 1_000)]);
    let frames: Vec<_> = capture.leaks.leaks[0]
        .stack
        .frames
        .iter()
        .map(|frame| frame.0 as usize)
        .collect();
    assert_eq!(frames, stack(0).as_slice());

    // It stays over restarts that were asked for, until it is deleted.
    requested::<Board>();
    let next = boot(memory, UNKNOWN);
    assert_eq!(next.outcome(), Outcome::Found);
    assert_eq!(kept(next).ending, Some(ending));
    next.delete();
    assert_eq!(
        (next.outcome(), next.copy(0, &mut [0])),
        (Outcome::Nothing, 0)
    );
    assert_eq!(
        boot(memory, WATCHDOG).outcome(),
        Outcome::Nothing,
        "nothing was written ahead"
    );
}

#[test]
fn the_last_lines_that_were_logged_are_told_whoever_ends_the_boot() {
    let memory = memory();
    // Nobody keeps what comes before.
    boot(memory, Reset::PowerOn);
    Board::trace();
    write_ahead::<Board>();
    for number in 0..20 {
        log::<Board>(format_args!("line {number} {}", "ä".repeat(100)));
    }
    let next = boot(memory, WATCHDOG);
    let lines = kept(next).log;
    let expected = (14..20).map(|number| format!("line {number} "));
    assert_eq!(lines.len(), 6);
    for (line, begin) in lines.iter().zip(expected) {
        assert!(line.starts_with(&begin) && line.len() > 78, "{line}");
    }
    // A boot that is well says nothing of the one before.
    requested::<Board>();
    let later = boot(memory, UNKNOWN);
    assert_eq!(kept(later).log, lines);
    later.delete();
    write_ahead::<Board>();
    let last = boot(memory, WATCHDOG);
    assert_eq!(kept(last).log.len(), 0);
}

#[cfg(all(feature = "flash", feature = "http"))]
#[test]
fn no_line_is_kept_where_the_settings_say_so() {
    use crate::sample;
    use crate::tests::{board::keep_settings, settings::storage};
    use heapbeacon_shared::trace::Settings;

    let memory = memory();
    boot(memory, Reset::PowerOn);
    Board::trace();
    let store = keep_settings(storage());
    log::<Board>(format_args!("before"));
    let no_log = Settings {
        no_log: true,
        ..Settings::NONE
    };
    store.set(no_log).expect("there is room");
    sample::<Board>();
    log::<Board>(format_args!("a secret"));
    let next = boot(memory, WATCHDOG);
    assert_eq!(kept(next).log.len(), 0);
    store.set(Settings::NONE).expect("there is room");
    next.delete();
    sample::<Board>();
    log::<Board>(format_args!("again"));
    assert_eq!(kept(boot(memory, WATCHDOG)).log, ["again"]);
}

#[test]
fn a_panic_says_why_and_where() {
    let memory = memory();
    boot(memory, Reset::PowerOn);
    Board::trace();
    write_ahead::<Board>();
    assert!(note_panic::<Board>(format_args!("index out of bounds")));
    // One that it has caused says nothing new.
    assert!(note_panic::<Board>(format_args!("another")));
    let ending = kept(boot(memory, UNKNOWN)).ending.expect("it was noted");
    assert_eq!(
        (ending.reason, ending.message.as_str()),
        (Reason::Panic, "index out of bounds")
    );
    assert!(
        ending.free.is_some() && ending.largest_free_block.is_none(),
        "this board has no region"
    );
}

#[test]
fn a_panic_by_the_guard_of_a_stack_is_an_overflow() {
    // As esp-hal says it for its two kinds of guards, and esp-rtos.
    let said = [
        "[ProCpu] Stack overflow detected at 0x42001234, possibly called by 0x42005678",
        "[ProCpu] Detected a write to the main stack's guard value at 0x42001234, possibly called by 0x42005678",
        "[ProCpu] Detected a write to a stack guard value at 0x42001234, possibly called by 0x42005678",
        "Stack overflow detected in 0x3fc81234",
    ];
    let memory = memory();
    boot(memory, Reset::PowerOn);
    Board::trace();
    for words in said {
        write_ahead::<Board>();
        note_panic::<Board>(format_args!("{words}"));
        let black_box = boot(memory, UNKNOWN);
        let ending = kept(black_box).ending.expect("it was noted");
        assert_eq!(ending.reason, Reason::StackOverflow, "{words}");
        black_box.delete();
    }
}

#[test]
fn a_panic_right_behind_a_failed_allocation_is_its_consequence() {
    let memory = memory();
    let black_box = boot(memory, Reset::PowerOn);
    Board::trace();
    Board::tracer().failed(&FailedAllocation {
        size: 4096,
        time_us: 999_000,
        core: 0,
        task: 0,
        stack: &stack(0),
        gave_reserve: false,
        left: Some(Left {
            free: 5000,
            largest_free_block: Some(4000),
        }),
    });
    write_ahead::<Board>();
    black_box.failed(999_000);
    note_panic::<Board>(format_args!("memory allocation failed"));
    let capture = kept(boot(memory, UNKNOWN));
    assert_eq!(
        capture.ending.expect("it was noted").reason,
        Reason::OutOfMemory
    );
    let failure = capture
        .heap
        .recent_failures
        .last()
        .expect("it was written ahead");
    assert_eq!(failure.size, 4096);
    let left = failure.left.expect("it is kept");
    assert_eq!((left.free, left.largest_free_block), (5000, Some(4000)));
    let stacks: Vec<_> = capture
        .stacks
        .iter()
        .filter(|it| it.id == failure.stack)
        .collect();
    assert_eq!(stacks.len(), 1, "who asked is told, too");

    // Long behind it, it is none.
    let black_box = boot(memory, UNKNOWN);
    black_box.failed(1);
    note_panic::<Board>(format_args!("something else"));
    // Nothing was written ahead by then, so the end is all that is known.
    let capture = read(boot(memory, UNKNOWN));
    assert!(capture.loss.lacks_counters && capture.loss.lacks_device);
    let ending = capture.ending;
    assert_eq!(ending.expect("it was noted").reason, Reason::Panic);
}

#[test]
fn a_boot_that_has_not_begun_notes_nothing() {
    assert!(!note_panic::<Board>(format_args!("too early")));
    write_ahead::<Board>();
}

#[test]
fn whenever_a_reset_comes_something_whole_is_left() {
    let memory = memory();
    boot(memory, Reset::PowerOn);
    Board::trace();
    allocate(3);
    write_ahead::<Board>();
    let mut resets = 0;
    for holds in 0.. {
        let read = move || {
            let next = Box::leak(Box::new(BlackBox::<Interruptible>::new(memory)));
            next.begin(WATCHDOG);
            assert_eq!(next.outcome(), Outcome::Found, "{holds}");
            assert_eq!(kept(next).leaks.leaks.len(), 3, "{holds}");
        };
        interrupt_before_hold(holds, read);
        write_ahead::<Board>();
        if !was_interrupted() {
            break;
        }
        resets += 1;
        // The reset has emptied what was written ahead.
        boot(memory, Reset::PowerOn);
        write_ahead::<Board>();
    }
    assert!(resets > 20, "{resets}");
}

#[test]
fn eight_call_stacks_of_twelve_frames_have_room() {
    let memory = memory();
    boot(memory, Reset::PowerOn);
    Board::trace();
    allocate(10);
    write_ahead::<Board>();
    note_panic::<Board>(format_args!("{}", "long ".repeat(100)));
    let capture = kept(boot(memory, UNKNOWN));
    assert_eq!(capture.leaks.leaks.len(), 8);
    assert_eq!(capture.ending.expect("it was noted").message.len(), 160);
}

#[test]
fn the_longest_ending_has_room() {
    let memory = memory();
    let black_box = boot(memory, Reset::PowerOn);
    let ending = Ending {
        reason: Reason::UpdateFailed,
        time_us: u64::MAX,
        task: Some(name(&"t".repeat(32))),
        message: "m".repeat(160).as_str().try_into().expect("it fits"),
        frames: (0..16).map(|_| Address(u64::MAX)).collect(),
        cut: Some(Cut::Interrupt),
        free: Some(u64::MAX),
        largest_free_block: Some(u64::MAX),
    };
    Board::trace();
    allocate(10);
    write_ahead::<Board>();
    black_box.note(&ending);
    assert_eq!(kept(boot(memory, UNKNOWN)).ending, Some(ending));
}

#[test]
fn a_reset_while_a_boot_begins_leaves_what_was_kept() {
    let memory = memory();
    boot(memory, Reset::PowerOn);
    Board::trace();
    allocate(3);
    write_ahead::<Board>();
    note_panic::<Board>(format_args!("out of plums"));
    let black_box = boot(memory, UNKNOWN);
    let before = kept(black_box);
    let ending = before.ending.clone().expect("it was noted");
    // As if it had come before the note was cleared, and behind all else.
    black_box.note(&ending);
    let next = boot(memory, WATCHDOG);
    assert_eq!(next.outcome(), Outcome::Found);
    let after = kept(next);
    assert_eq!(after.leaks.leaks.len(), 3);
    assert_eq!(after.ending, Some(ending));
    // Another end takes its place, though less is known of it.
    note_panic::<Board>(format_args!("out of pears"));
    let last = read(boot(memory, UNKNOWN)).ending.expect("it was noted");
    assert_eq!(last.message.as_str(), "out of pears");
}

#[test]
fn lines_of_a_boot_that_ends_at_once_are_kept() {
    let memory = memory();
    boot(memory, Reset::PowerOn);
    log::<Board>(format_args!("no sensor answers"));
    let next = boot(memory, WATCHDOG);
    assert_eq!(next.outcome(), Outcome::Found);
    let mut lines = Vec::new();
    let mut at = 0;
    while let Some((message, behind)) = next.read(at) {
        at = behind;
        if let Some(heapbeacon_shared::wire::Message::Log(line)) = message {
            lines.push(line);
        }
    }
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].as_str(), "no sensor answers");
}
