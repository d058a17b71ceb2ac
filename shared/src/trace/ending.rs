//! How a boot ended.

use serde::{Deserialize, Serialize};

use super::{Address, Cut, MAX_FRAMES, Name};

/// Most bytes of a line that the firmware has logged; what is longer is cut.
pub const MAX_LOG_LINE: usize = 80;

/// A line that the firmware has logged.
pub type LogLine = heapless::String<MAX_LOG_LINE>;

/// Why a boot ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Nothing says why: the firmware restarted the chip itself, for one.
    #[default]
    Unknown,
    /// Somebody asked for it.
    Requested,
    /// The firmware panicked right after an allocation had failed.
    OutOfMemory,
    /// The firmware panicked.
    Panic,
    /// A task used more stack than it has.
    StackOverflow,
    /// The processor could not go on: an instruction or an address was wrong.
    Fault,
    /// A watchdog that watches over the whole chip was not fed.
    Watchdog,
    /// The watchdog that watches over tasks was not fed.
    TaskWatchdog,
    /// The watchdog that watches over interrupts was not fed.
    InterruptWatchdog,
    /// The supply voltage was too low.
    BrownOut,
    /// A new firmware did not confirm itself.
    UpdateFailed,
    /// A trigger asked for it.
    Triggered,
    /// It did not end: a trigger had its state kept.
    Snapshot,
}

// What counts by reason goes by this order.
const _: () = {
    let mut index = 0;
    while index < Reason::ALL.len() {
        assert!(Reason::ALL[index] as usize == index);
        index += 1;
    }
};

impl Reason {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::Unknown,
        Self::Requested,
        Self::OutOfMemory,
        Self::Panic,
        Self::StackOverflow,
        Self::Fault,
        Self::Watchdog,
        Self::TaskWatchdog,
        Self::InterruptWatchdog,
        Self::BrownOut,
        Self::UpdateFailed,
        Self::Triggered,
        Self::Snapshot,
    ];

    /// Returns its name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Requested => "requested",
            Self::OutOfMemory => "out_of_memory",
            Self::Panic => "panic",
            Self::StackOverflow => "stack_overflow",
            Self::Fault => "fault",
            Self::Watchdog => "watchdog",
            Self::TaskWatchdog => "task_watchdog",
            Self::InterruptWatchdog => "interrupt_watchdog",
            Self::BrownOut => "brown_out",
            Self::UpdateFailed => "update_failed",
            Self::Triggered => "triggered",
            Self::Snapshot => "snapshot",
        }
    }

    /// Returns it in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unknown => "for an unknown reason",
            Self::Requested => "because somebody asked for it",
            Self::OutOfMemory => "because it ran out of memory",
            Self::Panic => "by a panic",
            Self::StackOverflow => "because a stack overflowed",
            Self::Fault => "by a fault of the processor",
            Self::Watchdog => "by a watchdog",
            Self::TaskWatchdog => "by the watchdog of its tasks",
            Self::InterruptWatchdog => "by the watchdog of its interrupts",
            Self::BrownOut => "because the voltage was too low",
            Self::UpdateFailed => "because an update failed",
            Self::Triggered => "because a trigger asked for it",
            Self::Snapshot => "not at all: a trigger had this kept",
        }
    }
}

/// How a boot ended, and where the firmware was then, as far as it could tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// Why.
    pub reason: Reason,
    /// Microseconds since boot; the last time that anything was noted, where nobody was left to tell.
    pub time_us: u64,
    /// The task that ran.
    pub task: Option<Name>,
    /// What the panic said, and where, cut where it is too long; empty where there was none.
    pub message: heapless::String<160>,
    /// Return addresses of the call stack, innermost first, relative to the image's own addresses.
    pub frames: heapless::Vec<Address, MAX_FRAMES>,
    /// Why the frames end before the task does.
    pub cut: Option<Cut>,
    /// Bytes of the heap that were left for the firmware, those outside the chip counted only where there are no others.
    pub free: Option<u64>,
    /// Bytes of the largest block that could be had.
    pub largest_free_block: Option<u64>,
}
