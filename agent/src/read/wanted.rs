//! What a reader wants to know of all that is recorded.

use core::ops::Range;

use heapbeacon_shared::trace::{Name, Record};

use crate::platform::Device;

/// Which records are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// From when on and up to when they were allocated, in microseconds since boot.
    pub times: Range<u64>,
    /// Of which call stack; `None` is of any.
    pub stack: Option<u32>,
    /// Of which task; `None` is of any.
    pub task: Option<Name>,
    /// Bytes of the smallest.
    pub min_size: u64,
}

impl Wanted {
    /// Returns whether a record is wanted.
    pub fn has<P: Device>(&self, record: &Record) -> bool {
        self.times.contains(&record.seq)
            && record.size >= self.min_size
            && self.stack.is_none_or(|stack| stack == record.stack)
            && self
                .task
                .as_ref()
                .is_none_or(|name| is_called::<P>(record.task, name))
    }
}

impl Default for Wanted {
    /// Everything.
    fn default() -> Self {
        Self {
            times: 0..u64::MAX,
            stack: None,
            task: None,
            min_size: 0,
        }
    }
}

/// Checks whether a task is called so.
pub(super) fn is_called<P: Device>(id: u16, name: &str) -> bool {
    id != 0 && P::task(id).is_some_and(|task| task.name == name)
}
