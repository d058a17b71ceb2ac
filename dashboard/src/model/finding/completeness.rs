//! Whether a leak list has every block: what was evicted, dropped or left out, and what was never traced.

use heapbeacon_shared::analysis::{self, Amount};
use heapbeacon_shared::api::{Device, Heap, Trace, Warning};
use heapbeacon_shared::trace::{Origin, Region, State};

use super::View;
use crate::format;

/// What is said of a list that lacks nothing.
const COMPLETE: &str = "Nothing was evicted, so this list is complete.";
/// Said where nobody can tell.
const UNKNOWN: &str = "Nothing was evicted, but how much the whole heap has handed out is not known, so blocks may be \
                       missing from this list.";

/// Describes whether a list is complete; `dropped` events are missing from it.
pub(super) fn completeness(view: &View<'_>, dropped: u64) -> String {
    let trace = view.trace;
    let missing = [
        (
            trace.summary.evicted_live,
            "live record",
            "evicted for room",
        ),
        (dropped, "event", "dropped on the way"),
        (view.unlisted(), "smaller call stack", "left out"),
    ];
    let told = missing.iter().filter(|(number, ..)| *number > 0);
    let told: Vec<_> = told
        .map(|(number, thing, fate)| {
            let verb = if *number == 1 { "was" } else { "were" };
            format!("{} {verb} {fate}", format::plural(*number, thing))
        })
        .collect();
    let gaps = gaps(trace).join(" ");
    match (told.is_empty(), gaps.is_empty()) {
        (true, true) => COMPLETE.to_owned(),
        (true, false) => gaps,
        (false, _) => {
            let told = told.join(" and ");
            format!("{told}: this list is incomplete. {gaps}")
                .trim_end()
                .to_owned()
        }
    }
}

/// Returns what is not known because nothing was recorded for a while.
pub fn gaps(trace: &Trace) -> Vec<&'static str> {
    let told = [
        (
            trace.summary.state == State::Paused,
            "Blocks that are allocated during the pause are not listed.",
        ),
        (
            trace.summary.gaps > 0,
            "Blocks that were allocated while the trace was stopped or paused are not listed.",
        ),
        (
            trace.summary.doubtful_until_us > 0,
            "What was freed while it was stopped still counts as live.",
        ),
    ];
    let told = told.into_iter().filter(|(is_so, _)| *is_so);
    told.map(|(_, sentence)| sentence).collect()
}

/// Describes how much of the heap is in no list, and why; `None` where the trace has it all.
pub fn untraced(heap: &Heap, trace: &Trace) -> Option<String> {
    let traced = Amount {
        blocks: heap.traced_blocks,
        bytes: heap.traced_bytes,
    };
    let Amount { blocks, bytes } = analysis::untraced(&heap.regions, traced, &trace.summary)?;
    let when = match trace.summary.gaps {
        0 => "before the trace began",
        _ => "before the trace began, or while it was stopped or paused",
    };
    // Where the agent has a region for itself, this may be more than the application has in use.
    let is_agents = |region: &Region| region.origin == Origin::Agent;
    let own = match heap.regions.iter().any(is_agents) {
        true => ", the agent's own among them,",
        false => "",
    };
    let (bytes, blocks, verb) = (
        format::bytes(bytes),
        format::plural(blocks, "block"),
        if blocks == 1 { "was" } else { "were" },
    );
    Some(format!(
        "{bytes} in {blocks}{own} {verb} allocated {when}, and are not in this list."
    ))
}

/// Adds that to what is said of a list, in the place of its being complete, which is only said where the allocator has
/// counted all of the heap.
pub fn with_untraced(
    facts: &str,
    heap: Option<&Heap>,
    device: Option<&Device>,
    trace: &Trace,
) -> String {
    let counted = heap.filter(|heap| !heap.regions.is_empty());
    let lacks_regions = |device: &Device| device.warnings.contains(&Warning::MissingRegions);
    match counted.and_then(|heap| untraced(heap, trace)) {
        Some(sentence) if facts.contains(COMPLETE) => facts.replace(COMPLETE, &sentence),
        Some(sentence) => format!("{facts} {sentence}"),
        None if counted.is_none() || device.is_some_and(lacks_regions) => {
            facts.replace(COMPLETE, UNKNOWN)
        }
        None => facts.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heapbeacon_shared::trace::Summary;

    /// A heap of two regions with ten blocks of 1 KiB, of which the trace knows some.
    fn heap(traced_blocks: u64) -> Heap {
        let region = Region {
            blocks: 5,
            requested: 5 * 1024,
            ..Region::default()
        };
        Heap {
            regions: [region.clone(), region].into_iter().collect(),
            traced_blocks,
            traced_bytes: traced_blocks * 1024,
            ..Heap::default()
        }
    }

    #[test]
    fn what_the_agent_has_of_its_own_is_said_to_be_among_it() {
        let mut heap = heap(3);
        heap.regions[1].origin = Origin::Agent;
        let said = untraced(&heap, &Trace::default()).expect("some are not traced");
        assert!(
            said.starts_with("7.0 KiB in 7 blocks, the agent's own among them, were"),
            "{said}"
        );
    }

    #[test]
    fn a_list_that_has_every_block_is_complete() {
        let facts = format!("One site is in flight. {COMPLETE}");
        let told = with_untraced(&facts, Some(&heap(10)), None, &Trace::default());
        assert_eq!(told, facts);
    }

    #[test]
    fn a_list_is_not_called_complete_where_the_heap_was_not_counted() {
        let unknown = with_untraced(COMPLETE, None, None, &Trace::default());
        assert!(!unknown.contains(COMPLETE), "{unknown}");
        let no_regions = Some(&Heap::default());
        assert_eq!(
            with_untraced(COMPLETE, no_regions, None, &Trace::default()),
            unknown
        );
        let device = Device {
            warnings: [Warning::MissingRegions].into_iter().collect(),
            ..Device::default()
        };
        let one_missing =
            with_untraced(COMPLETE, Some(&heap(10)), Some(&device), &Trace::default());
        assert_eq!(one_missing, unknown);
    }

    #[test]
    fn many_small_blocks_are_missed_as_well_as_a_few_large_ones() {
        let mut heap = heap(10);
        heap.regions[0].blocks += 30;
        heap.regions[0].requested += 500;
        assert!(untraced(&heap, &Trace::default()).is_some());
        heap.regions[0].blocks -= 28;
        assert_eq!(untraced(&heap, &Trace::default()), None);
    }

    #[test]
    fn what_was_allocated_before_the_trace_is_told_instead_of_completeness() {
        let facts = format!("One site is in flight. {COMPLETE}");
        assert_eq!(
            with_untraced(&facts, Some(&heap(3)), None, &Trace::default()),
            "One site is in flight. 7.0 KiB in 7 blocks were allocated before the trace began, and are not in this list."
        );
    }

    #[test]
    fn a_stop_is_named_as_a_reason_and_evicted_blocks_are_not_counted_twice() {
        let trace = Trace {
            summary: Summary {
                gaps: 1,
                evicted_live: 4,
                evicted_live_bytes: 4096,
                ..Summary::default()
            },
            ..Trace::default()
        };
        let told = untraced(&heap(3), &trace).expect("three are missing");
        assert!(
            told.starts_with("3.0 KiB in 3 blocks were allocated before"),
            "{told}"
        );
        assert!(told.contains("while it was stopped"), "{told}");
        let evicted = Trace {
            summary: Summary {
                evicted_live: 7,
                evicted_live_bytes: 7 * 1024,
                ..trace.summary
            },
            ..trace
        };
        assert_eq!(untraced(&heap(3), &evicted), None);
    }

    #[test]
    fn what_was_freed_unseen_is_no_debt() {
        assert_eq!(untraced(&heap(12), &Trace::default()), None);
    }
}
