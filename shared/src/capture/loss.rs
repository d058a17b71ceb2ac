use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::wire::{End, Received};
use crate::words::plural;

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

    /// Returns what is missing and what to do, in sentences; none where nothing is missing.
    pub fn sentences(&self) -> Vec<String> {
        let messages = plural(self.messages.into(), "message");
        let lost = plural(self.lost_messages.into(), "message");
        let skipped = plural(self.skipped_bytes, "byte");
        let unknown = plural(self.unknown_messages.into(), "message");
        let frees = plural(self.unplaced_frees, "free");
        let reused = plural(self.reused_addresses, "block");
        let others = plural(self.other_captures.into(), "other capture");
        let told = [
            (
                self.other_captures > 0,
                format!("The file also holds {others}, not shown: this is the last one."),
            ),
            (
                self.skipped_bytes > 0,
                format!("The file is damaged: {skipped} could not be read."),
            ),
            (
                self.lost_messages > 0,
                format!("{lost} of the device did not arrive; {messages} did."),
            ),
            (
                self.is_cut_off,
                format!("The file ends early, after {messages}: what came later is missing."),
            ),
            (
                self.lacks_device,
                "What said which device it is of is lost, so any ELF is taken.".to_owned(),
            ),
            (
                self.lacks_counters,
                "The counters of the trace are lost: totals are of the records that are left."
                    .to_owned(),
            ),
            (
                self.unplaced_frees > 0,
                format!("{frees} in the file are of blocks whose records are missing."),
            ),
            (
                self.reused_addresses > 0,
                format!(
                    "{reused} counted as freed without a free in the file, because another block \
                     has the address since."
                ),
            ),
            (
                self.is_incomplete(),
                "Fetch the capture again if the device still has it.".to_owned(),
            ),
            (
                self.unknown_messages > 0,
                format!("Not shown: {unknown} that only a newer HeapBeacon can read."),
            ),
        ];
        let told = told.into_iter().filter(|(holds, _)| *holds);
        told.map(|(_, sentence)| sentence).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_of_a_whole_file_and_of_each_loss_there_is_a_sentence() {
        assert_eq!(Loss::default().sentences(), Vec::<String>::new());
        let losses = [
            (
                "ends early",
                Loss {
                    is_cut_off: true,
                    ..Loss::default()
                },
            ),
            (
                "is damaged: 9 bytes",
                Loss {
                    skipped_bytes: 9,
                    ..Loss::default()
                },
            ),
            (
                "2 messages of the device",
                Loss {
                    lost_messages: 2,
                    ..Loss::default()
                },
            ),
            (
                "which device",
                Loss {
                    lacks_device: true,
                    ..Loss::default()
                },
            ),
            (
                "of the records that are left",
                Loss {
                    lacks_counters: true,
                    ..Loss::default()
                },
            ),
            (
                "1 free in the file",
                Loss {
                    unplaced_frees: 1,
                    ..Loss::default()
                },
            ),
            (
                "1 block counted as freed",
                Loss {
                    reused_addresses: 1,
                    ..Loss::default()
                },
            ),
            (
                "2 other captures",
                Loss {
                    other_captures: 2,
                    ..Loss::default()
                },
            ),
            (
                "3 messages that only a newer",
                Loss {
                    unknown_messages: 3,
                    ..Loss::default()
                },
            ),
        ];
        for (words, loss) in losses {
            let told = loss.sentences();
            assert!(told[0].contains(words), "{words}: {told:?}");
            let advises = told.iter().any(|sentence| sentence.starts_with("Fetch"));
            assert_eq!(advises, loss.is_incomplete(), "{words}");
        }
    }
}
