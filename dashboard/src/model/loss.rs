//! What could not be read of a capture, in words.

use heapbeacon_shared::capture::Loss;

use crate::format;

/// Returns what is missing and what to do, in sentences; none where nothing is missing.
pub(crate) fn sentences(loss: &Loss) -> Vec<String> {
    let messages = format::plural(loss.messages.into(), "message");
    let lost = format::plural(loss.lost_messages.into(), "message");
    let skipped = format::plural(loss.skipped_bytes, "byte");
    let unknown = format::plural(loss.unknown_messages.into(), "message");
    let frees = format::plural(loss.unplaced_frees, "free");
    let reused = format::plural(loss.reused_addresses, "block");
    let others = format::plural(loss.other_captures.into(), "other capture");
    let told = [
        (
            loss.other_captures > 0,
            format!("The file also holds {others}, not shown: this is the last one."),
        ),
        (
            loss.skipped_bytes > 0,
            format!("The file is damaged: {skipped} could not be read."),
        ),
        (
            loss.lost_messages > 0,
            format!("{lost} of the device did not arrive; {messages} did."),
        ),
        (
            loss.is_cut_off,
            format!("The file ends early, after {messages}: what came later is missing."),
        ),
        (
            loss.lacks_device,
            "What said which device it is of is lost, so any ELF is taken.".to_owned(),
        ),
        (
            loss.lacks_counters,
            "The counters of the trace are lost: totals are of the records that are left."
                .to_owned(),
        ),
        (
            loss.unplaced_frees > 0,
            format!("{frees} in the file are of blocks whose records are missing."),
        ),
        (
            loss.reused_addresses > 0,
            format!(
                "{reused} counted as freed without a free in the file, because another block \
                 has the address since."
            ),
        ),
        (
            loss.is_incomplete(),
            "Fetch the capture again if the device still has it.".to_owned(),
        ),
        (
            loss.unknown_messages > 0,
            format!("Not shown: {unknown} that only a newer HeapBeacon can read."),
        ),
    ];
    let told = told.into_iter().filter(|(holds, _)| *holds);
    told.map(|(_, sentence)| sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_of_a_whole_file_and_of_each_loss_there_is_a_sentence() {
        assert_eq!(sentences(&Loss::default()), Vec::<String>::new());
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
            let told = sentences(&loss);
            assert!(told[0].contains(words), "{words}: {told:?}");
            let advises = told.iter().any(|sentence| sentence.starts_with("Fetch"));
            assert_eq!(advises, loss.is_incomplete(), "{words}");
        }
    }
}
