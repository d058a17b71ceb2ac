use serde::{Deserialize, Serialize};

use super::Name;

/// Most frames that a call stack holds, innermost first.
pub const MAX_FRAMES: usize = 16;

/// Return addresses, innermost first, relative to the image's own addresses.
pub type Frames = heapless::Vec<u64, MAX_FRAMES>;

/// One call stack, stored once however many records have it, with its counters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stack {
    /// Its id; 0 is shared by all stacks that found no room in the table.
    pub id: u32,
    /// Id of the task that it ran in; 0 if unknown.
    pub task: u16,
    /// Return addresses.
    pub frames: Frames,
    /// Blocks that are live and have a record.
    pub live_count: u64,
    /// Bytes of those blocks.
    pub live_bytes: u64,
    /// Most live bytes at one time.
    pub peak_live_bytes: u64,
    /// Allocations since the stack entered the table.
    pub allocations: u64,
    /// Frees of those, missed ones included.
    pub frees: u64,
    /// Live records that were evicted.
    pub evicted: u64,
    /// Why the frames end before the task does; `None` where they are complete, or where only the board can tell and was not
    /// asked.
    pub cut: Option<Cut>,
    /// Longest lifetime of a block that was freed, by the time of the last allocation before that: a free asks for no clock.
    #[serde(default)]
    pub longest_lifetime_us: u64,
    /// Bytes of all allocations since the stack entered the table; not told on the wire.
    #[serde(skip)]
    pub allocated_bytes: u64,
}

/// A task of the firmware.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its id, as stacks refer to it.
    pub id: u16,
    /// What the firmware calls it.
    pub name: Name,
    /// Whose code it runs.
    pub origin: Origin,
}

/// Whose code allocated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The firmware under test.
    #[default]
    Application,
    /// HeapBeacon itself.
    Agent,
    /// A driver below the firmware, such as Wi-Fi.
    Driver,
}

impl Origin {
    /// Returns whose code a call stack is: the driver's where it ends in the driver, also where a task of the
    /// firmware has called it, and else the task's.
    pub fn of(task: Option<Self>, cut: Option<Cut>) -> Self {
        match cut {
            Some(Cut::Driver) => Self::Driver,
            Some(Cut::Depth | Cut::Interrupt) | None => task.unwrap_or_default(),
        }
    }
}

/// Why a call stack ends before its outermost frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// There is room for no more frames.
    Depth,
    /// The last frame is in a driver's binary, whose callers can't be told.
    Driver,
    /// An interrupt came: what it interrupted has nothing to do with it.
    Interrupt,
}
