use crate::wire::{End, Received};

/// What could not be read of a capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    /// Bytes that were skipped because of damage.
    pub skipped_bytes: u64,
    /// Messages that were sent and did not arrive, where the end of the stream says so.
    pub lost_messages: u32,
    /// Messages that arrived.
    pub messages: u32,
    /// Messages that only a newer HeapBeacon reads.
    pub unknown_messages: u32,
    /// Whether the file ends early.
    pub is_cut_off: bool,
    /// Whether it does not say which device it is of.
    pub lacks_device: bool,
    /// Whether the counters of the trace are missing.
    pub lacks_counters: bool,
    /// Frees of blocks whose records are not in the file.
    pub unplaced_frees: u64,
    /// Blocks whose address was handed out again without a free: they count as freed.
    pub reused_addresses: u64,
    /// Captures in the same file that are not shown.
    pub other_captures: u32,
}

impl Loss {
    /// Takes what a decoder counted from one moment to another, and the end that came meanwhile.
    pub(crate) fn between(before: Received, now: Received, end: Option<End>) -> Self {
        let messages = now.messages.wrapping_sub(before.messages);
        Self {
            skipped_bytes: now.skipped_bytes.saturating_sub(before.skipped_bytes),
            messages,
            unknown_messages: now.unknown_messages.wrapping_sub(before.unknown_messages),
            lost_messages: end.map_or(0, |end| end.messages.abs_diff(messages)),
            is_cut_off: end.is_none(),
            ..Self::default()
        }
    }

    /// Returns whether anything that this version could read is missing.
    pub fn is_incomplete(&self) -> bool {
        self.is_cut_off
            || self.skipped_bytes > 0
            || self.lost_messages > 0
            || self.lacks_counters
            || self.unplaced_frees > 0
    }
}
