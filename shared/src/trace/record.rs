use serde::{Deserialize, Serialize};

use super::{Address, Name};

/// One traced allocation.
///
/// Task and free are left out where it is sent: a stack names the task, and a free is a message of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Order and time of the allocation: microseconds since boot, moved on by as little as it takes to be unique and rising.
    pub seq: u64,
    /// First byte of the block.
    pub address: Address,
    /// Bytes asked for.
    pub size: u64,
    /// Number of the core that allocated.
    pub core: u8,
    /// Id of the [`Stack`](super::Stack) that allocated.
    pub stack: u32,
    /// Id of the task that allocated; 0 if unknown.
    #[serde(skip)]
    pub task: u16,
    /// Who freed the block and when (all mode).
    #[serde(skip)]
    pub freed: Option<Freed>,
}

/// The free of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freed {
    /// Microseconds since boot; up to 66 ms too early if the block lived for more than 35 minutes.
    pub time_us: u64,
    /// Id of the stack that freed; `None` where no free was seen, but the address was handed out again.
    pub stack: Option<u32>,
}

/// One allocation that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Microseconds since boot.
    pub time_us: u64,
    /// Bytes asked for.
    pub size: u64,
    /// Id of the [`Stack`](super::Stack) that asked.
    pub stack: u32,
    /// Whether the [`Reserve`](super::Reserve) was given back for it; not told on the wire.
    #[serde(default, with = "super::json_only")]
    pub gave_reserve: bool,
    /// What was left of the heap then, where the board says so; a message of its own on the wire.
    #[serde(default, with = "super::json_only")]
    pub left: Option<Left>,
}

/// What was left of the heap as an allocation failed: a message behind that of the [`Failure`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Bytes left, in all regions together.
    pub free: u64,
    /// The largest request that would have succeeded; `None` where the one before had failed just then, and it was not looked for again.
    pub largest_free_block: Option<u64>,
}

/// What is wrong about a [`WrongFree`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WrongFreeKind {
    /// The pointer lies inside a live block.
    #[default]
    Inside,
    /// The block was freed before.
    Double,
}

/// A free of a pointer that no block begins at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongFree {
    /// Microseconds since boot.
    pub time_us: u64,
    /// What is wrong about it.
    pub kind: WrongFreeKind,
    /// The pointer that was freed.
    pub address: Address,
    /// The block that it lies in, or that had been freed before.
    pub block: Address,
    /// Who allocated the block, where that is still known: the id of a [`Stack`](super::Stack).
    pub owner: Option<u32>,
    /// Who freed the pointer, where that is known: the id of a [`Stack`](super::Stack).
    pub freed_by: Option<u32>,
    /// Who had freed the block before, where that is still known (all mode): the id of a [`Stack`](super::Stack).
    pub first_freed_by: Option<u32>,
}

/// Blocks that ended without a free that was seen: a message beside the [`Summary`](super::Summary).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissedFrees {
    /// How many.
    pub frees: u64,
    /// Bytes of those blocks.
    pub bytes: u64,
}

/// A named point in time. It belongs to the boot: a start of a trace leaves it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Microseconds since boot, later than every event before it and earlier than every one behind it.
    pub time_us: u64,
    /// What the user called it. Others may be called the same.
    pub name: Name,
    /// Rises from mark to mark, from 1 at boot; not told on the wire.
    #[serde(default, with = "super::json_only")]
    pub id: u32,
    /// The trace that there was then; not told on the wire.
    #[serde(default, with = "super::json_only")]
    pub trace_id: u32,
}

impl Mark {
    /// Checks whether a mark may be called so where its name is asked for: it says something, fits, has only characters that
    /// are seen and none that reverses others, and is told from a number of microseconds.
    ///
    /// ```
    /// use heapbeacon_shared::trace::Mark;
    ///
    /// assert!(Mark::may_be_called("after login"));
    /// assert!(!Mark::may_be_called(" ") && !Mark::may_be_called("1000") && !Mark::may_be_called("a\n"));
    /// assert!(!Mark::may_be_called("a\u{202e}b") && !Mark::may_be_called("\u{200b}"));
    /// ```
    pub fn may_be_called(text: &str) -> bool {
        text.len() <= Name::new().capacity()
            && !text.trim().is_empty()
            && !text.bytes().all(|byte| byte.is_ascii_digit())
            && text.chars().all(Self::may_hold)
    }

    /// Checks whether a character may be in a name: it is seen, and leaves others where they are. Control characters do not, nor
    /// those of Unicode's *format* ones that any font leaves out.
    pub fn may_hold(c: char) -> bool {
        let format = ['\u{ad}', '\u{61c}', '\u{180e}', '\u{feff}'];
        !(c.is_control()
            || format.contains(&c)
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'))
    }
}
