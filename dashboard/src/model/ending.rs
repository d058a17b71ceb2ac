//! How a boot ended, in words.

use heapbeacon_shared::api::Stack;
use heapbeacon_shared::trace::{Ending, Reason};

use crate::format;

/// Says how a boot ended, and when.
pub fn sentence(ending: &Ending) -> String {
    let when = match ending.time_us {
        0 => String::new(),
        time_us => format!(", {} after it had started", format::duration(time_us)),
    };
    match ending.reason {
        Reason::Snapshot => format!("A trigger had the state kept{when}; the device went on."),
        reason => format!("The device ended {}{when}.", reason.words()),
    }
}

/// Says how much of the heap was left then; nothing where nobody could tell.
pub fn left(ending: &Ending) -> Option<String> {
    let (free, largest) = (ending.free?, ending.largest_free_block?);
    Some(format!(
        "{} of the heap were free then, the largest block had {}.",
        format::bytes(free),
        format::bytes(largest)
    ))
}

/// Returns where the firmware was as a call stack.
pub fn stack(ending: &Ending) -> Stack {
    Stack {
        task: ending.task.clone(),
        frames: ending.frames.clone(),
        cut: ending.cut,
        ..Stack::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_says_why_and_when_and_what_was_left() {
        let ending = Ending {
            reason: Reason::OutOfMemory,
            time_us: 14_000_000,
            free: Some(2048),
            largest_free_block: Some(512),
            ..Ending::default()
        };
        let said = sentence(&ending);
        assert!(
            said.contains("out of memory") && said.contains("14"),
            "{said}"
        );
        let left = left(&ending).expect("it is known");
        assert!(left.contains("2.0 KiB") && left.contains("512 B"), "{left}");
        let unknown = Ending::default();
        assert_eq!(super::left(&unknown), None);
        assert!(
            !sentence(&unknown).contains("after"),
            "{}",
            sentence(&unknown)
        );
    }
}
