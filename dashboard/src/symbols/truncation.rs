//! Why a call stack ends early, in words.

use heapbeacon_shared::api::Stack;
use heapbeacon_shared::trace::Cut;

use crate::format;

/// Returns why a call stack ends early, in a sentence; `None` if it is complete.
pub fn sentence(stack: &Stack) -> Option<String> {
    let sentence = match stack.cut? {
        Cut::Depth => {
            let frames = format::plural(stack.frames.len() as u64, "frame");
            return Some(format!(
                "A call stack keeps {frames}: there may be more callers."
            ));
        }
        Cut::Driver => "A driver called here; its own callers can't be told.",
        Cut::Interrupt => "An interrupt: what it interrupted has nothing to do with it.",
    };
    Some(sentence.to_owned())
}

/// Returns a one-word tag. Depth is tagged only if the user's own code may be among the missing callers; a driver shows
/// by its origin.
pub fn tag(cut: Option<Cut>, is_own: bool) -> Option<&'static str> {
    match cut? {
        Cut::Interrupt => Some("interrupt"),
        Cut::Depth if !is_own => Some("cut short"),
        Cut::Depth | Cut::Driver => None,
    }
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::trace::Address;

    use super::*;

    fn stack(frames: u64, cut: Option<Cut>) -> Stack {
        Stack {
            frames: (0..frames).map(Address).collect(),
            cut,
            ..Stack::default()
        }
    }

    #[test]
    fn a_stack_that_ends_early_says_why_and_a_complete_one_says_nothing() {
        assert_eq!(sentence(&stack(3, None)), None);
        for (cut, words) in [
            (Cut::Depth, "keeps 16 frames"),
            (Cut::Driver, "A driver called here"),
            (Cut::Interrupt, "what it interrupted has nothing to do"),
        ] {
            let sentence = sentence(&stack(16, Some(cut))).unwrap_or_default();
            assert!(sentence.contains(words), "{sentence}");
        }
    }

    #[test]
    fn a_call_site_is_tagged_where_its_callers_are_missed() {
        for (cut, is_own, expected) in [
            (None, false, None),
            (Some(Cut::Depth), true, None),
            (Some(Cut::Depth), false, Some("cut short")),
            (Some(Cut::Driver), false, None),
            (Some(Cut::Interrupt), true, Some("interrupt")),
        ] {
            assert_eq!(tag(cut, is_own), expected, "{cut:?} {is_own}");
        }
    }
}
