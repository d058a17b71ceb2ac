use serde::{Deserialize, Serialize};

use super::{Address, Name};

/// Memory outside of the heap, in which references begin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// What it is.
    pub kind: RootKind,
    /// What the board calls it; of a stack, the task that it is of.
    pub name: Name,
    /// First address that was looked at.
    pub start: Address,
    /// Bytes.
    pub size: u64,
}

/// What a [`Root`] is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RootKind {
    /// Variables of the firmware that are there all the time (`.data`, `.bss`): the ELF's symbols name them.
    #[default]
    Static,
    /// The live part of a stack, with the registers of the thread that it is of.
    Stack,
    /// Memory of a driver or of the chip's ROM.
    Driver,
}

/// Where something is in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// First address.
    pub start: Address,
    /// Bytes.
    pub size: u64,
}

impl Span {
    /// Checks whether an address lies in it.
    pub fn contains(&self, address: Address) -> bool {
        let offset = address.0.checked_sub(self.start.0);
        offset.is_some_and(|offset| offset < self.size)
    }
}

/// A word in memory that holds an address inside the heap: in JSON the two addresses as a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "(Address, Address)", into = "(Address, Address)")]
pub struct Reference {
    /// Where the word is.
    pub at: Address,
    /// What it holds.
    pub to: Address,
}

impl Reference {
    /// Where a word is said to be that has moved while it was looked for: no memory is there.
    pub const MOVED: Address = Address(0);
}

impl From<(Address, Address)> for Reference {
    fn from((at, to): (Address, Address)) -> Self {
        Self { at, to }
    }
}

impl From<Reference> for (Address, Address) {
    fn from(reference: Reference) -> Self {
        (reference.at, reference.to)
    }
}

/// What of the heap a scan looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All of it, free memory included: where blocks have no record, that is the way to see what they hold.
    #[default]
    Heap,
    /// The traced live blocks, for there are no others.
    Blocks,
}

/// What a scan for references came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// Microseconds since boot, when it began.
    pub started_us: u64,
    /// Microseconds since boot, when it ended.
    pub ended_us: u64,
    /// What of the heap it looked at.
    pub scope: Scope,
    /// Whether it missed nothing: where not, a block that nothing leads to may be held all the same.
    pub is_whole: bool,
    /// References that it found.
    pub found: u32,
    /// Those among them that the answer has no room for.
    pub omitted: u32,
    /// Bytes that could not be read, each time that the scan has tried to.
    pub unread: u64,
    /// Blocks that are handed out without a record, when it ended: from before the trace, or evicted.
    pub untraced_blocks: u64,
    /// Live records that were evicted.
    pub evicted_live: u64,
    /// Times that recording went on after a stop or a pause.
    pub gaps: u32,
    /// Blocks allocated until then, in microseconds since boot, may have been freed unseen while the trace was stopped, and are
    /// no longer there; all of them, where it was stopped when the scan began or ended.
    pub doubtful_until_us: u64,
}
