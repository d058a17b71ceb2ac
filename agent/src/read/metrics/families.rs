//! Names, kinds and meaning of what is told.

use heapbeacon_shared::trace::{Region, Reserve, Summary};

use super::verdicts::Verdicts;

/// Samples of one name.
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) of: Of,
}

/// Where values of a family come from, and when there are any.
#[derive(Clone, Copy)]
pub(super) enum Of {
    Device,
    ResetReason,
    Restart,
    Restarts,
    Uptime,
    StartTime,
    Region(fn(&Region) -> u64),
    Reserve(fn(&Reserve) -> u64),
    State,
    Start,
    /// Counters of a trace that was started.
    Trace(fn(&Summary) -> u64),
    /// What a record buffer tells.
    Records(fn(&Summary) -> u64),
    Verdicts(fn(&Verdicts) -> u64),
    Lost,
    /// A sample for each kind of verdict, by its index.
    Kinds(fn(&Verdicts, usize) -> u64),
}

const fn family(name: &'static str, of: Of, help: &'static str) -> Family {
    Family { name, help, of }
}

// A row each, as in a table.
#[rustfmt::skip]
pub(super) const FAMILIES: [Family; 41] = [
    family("heap_trace_info", Of::Device, "The firmware that is traced, and what becomes of records that are freed."),
    family("process_uptime_seconds", Of::Uptime, "Time since boot."),
    family("process_start_time_seconds", Of::StartTime, "When the device booted, since the Unix epoch."),
    family("process_reset_info", Of::ResetReason, "Why the device started last."),
    family("process_restart_info", Of::Restart, "Why the boot before has ended, by the words of post-mortems."),
    family("process_restarts_total", Of::Restarts, "Boots that have ended, by reason, since memory lost its content last, as without power."),
    family("heap_size_bytes", Of::Region(|region| region.size), "Bytes of a region of the heap."),
    family("heap_used_bytes", Of::Region(|region| region.used), "Bytes that are handed out."),
    family("heap_free_bytes", Of::Region(|region| region.free), "Bytes that are left."),
    family("heap_min_free_bytes", Of::Region(|region| region.minimum_free), "Fewest bytes that were left since boot."),
    family("heap_largest_free_block_bytes", Of::Region(|region| region.largest_free_block), "The largest request that would succeed."),
    family("heap_reserve_bytes", Of::Reserve(|reserve| reserve.size), "Bytes that are held back for the moment when an allocation fails."),
    family("heap_reserve_held", Of::Reserve(|reserve| reserve.held.into()), "Whether they are held: 1, or 0 where they were given back."),
    family("heap_reserve_given_total", Of::Reserve(|reserve| reserve.given.into()), "Times since boot that they were given back."),
    family("heap_trace_state", Of::State, "What the trace is doing: 1 for that."),
    family("heap_trace_start_seconds", Of::Start, "When the trace began, since boot; its counters begin there."),
    family("heap_allocations_total", Of::Trace(|trace| trace.total_allocations), "Allocations seen."),
    family("heap_allocated_bytes_total", Of::Trace(|trace| trace.total_allocated_bytes), "Bytes that they asked for."),
    family("heap_frees_total", Of::Trace(|trace| trace.matched_frees.saturating_add(trace.unmatched_frees)), "Frees seen."),
    family("heap_unmatched_frees_total", Of::Trace(|trace| trace.unmatched_frees), "Frees of blocks without a record."),
    family("heap_missed_frees_total", Of::Trace(|trace| trace.missed_frees), "Blocks that ended without a free that was seen."),
    family("heap_wrong_frees_total", Of::Trace(|trace| trace.wrong_frees), "Frees of a pointer inside a block, or of a block that was freed before."),
    family("heap_alloc_failures_total", Of::Trace(|trace| trace.failed_allocations), "Allocations that failed."),
    family("heap_alloc_failed_bytes_total", Of::Trace(|trace| trace.failed_bytes), "Bytes that they asked for."),
    family("heap_trace_gaps_total", Of::Trace(|trace| trace.gaps.into()), "Times that recording went on after a stop or a pause."),
    family("heap_trace_sent_total", Of::Trace(|trace| trace.sent), "Events handed to a host."),
    family("heap_trace_dropped_total", Of::Trace(|trace| trace.dropped), "Events that never reached a host."),
    family("heap_live_blocks", Of::Records(|trace| trace.live_count), "Blocks with a record that are not freed."),
    family("heap_live_bytes", Of::Records(|trace| trace.live_bytes), "Bytes of those blocks."),
    family("heap_trace_records", Of::Records(|trace| trace.count.into()), "Records in the buffer."),
    family("heap_trace_record_capacity", Of::Records(|trace| trace.capacity.into()), "Records that the buffer holds."),
    family("heap_trace_evicted_total", Of::Records(|trace| trace.evicted), "Records given up for room."),
    family("heap_trace_evicted_live_total", Of::Records(|trace| trace.evicted_live), "Live ones among them."),
    family("heap_trace_stacks", Of::Records(|trace| trace.stack_count.into()), "Distinct call stacks in the table."),
    family("heap_trace_stack_capacity", Of::Records(|trace| trace.stack_capacity.into()), "Call stacks that the table holds."),
    family("heap_trace_other_allocations_total", Of::Records(|trace| trace.other_allocations), "Allocations whose call stack found no room."),
    family("heap_outlived_blocks", Of::Verdicts(|verdicts| verdicts.outlived_blocks), "Blocks older than twice the longest lifetime of what their call stack freed."),
    family("heap_outlived_bytes", Of::Verdicts(|verdicts| verdicts.outlived_bytes), "Bytes of those blocks."),
    family("heap_lost_bytes", Of::Lost, "Bytes of blocks that nothing refers to, where a trigger waits for such."),
    family("heap_call_stacks", Of::Kinds(|verdicts, kind| verdicts.stacks[kind].into()), "Call stacks that hold blocks, by what these do."),
    family("heap_call_stack_bytes", Of::Kinds(|verdicts, kind| verdicts.bytes[kind]), "Bytes that they hold."),
];
