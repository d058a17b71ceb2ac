use alloc::vec::Vec;

use crate::api::{Device, Heap, LeaksPage, Record, ReferencesPage, Stack, Trace};

use crate::trace::{Ending, LogLine, Mark, Point};

use super::loss::Loss;

/// What a capture says, as the API would have said it at that moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Capture {
    /// The device that it was taken from, with its uptime then; what a capture does not tell is empty.
    pub device: Device,
    /// The regions of the heap.
    pub heap: Heap,
    /// The counters of the trace.
    pub trace: Trace,
    /// Live blocks by call stack.
    pub leaks: LeaksPage,
    /// Whether verdicts are told of them: an older agent says nothing of lifetimes.
    pub is_weighed: bool,
    /// Every record, oldest first.
    pub records: Vec<Record>,
    /// The call stacks that records refer to.
    pub stacks: Vec<Stack>,
    /// What pointed into the heap, if it was asked for.
    pub references: Option<ReferencesPage>,
    /// The marks of its boot up to then, oldest first; which traces there were then is not told.
    pub marks: Vec<Mark>,
    /// How full the regions of the heap were until then, oldest first.
    pub history: Vec<Point>,
    /// How the boot ended, in a post-mortem.
    pub ending: Option<Ending>,
    /// The last lines that the firmware has logged, oldest first, in a post-mortem.
    pub log: Vec<LogLine>,
    /// What could not be read.
    pub loss: Loss,
}
