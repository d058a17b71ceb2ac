//! Pages by sequence number, while the trace goes on.

use std::collections::BTreeSet;

use heapbeacon_shared::api::{RecordsPage, StacksPage};
use heapbeacon_shared::trace::Mode;

use crate::support::target::Target;

/// The stack that those share which found no room in the table.
const OTHER: u32 = 0;

/// Reads the records up to a sequence number, in pages of at most `limit`.
///
/// Who reads slowly never gets to the end of a table whose workload is quick.
fn records_up_to(agent: &Target, last: u64, limit: usize) -> Vec<u64> {
    let mut seqs = Vec::new();
    let mut after = 0;
    loop {
        let page: RecordsPage = agent.read(&format!("/trace/records?after={after}&limit={limit}"));
        assert!(page.records.len() <= limit);
        let known: BTreeSet<_> = page.stacks.iter().map(|stack| stack.id).collect();
        assert_eq!(
            known.len(),
            page.stacks.len(),
            "each stack stands there once"
        );
        for record in &page.records {
            assert!(
                known.contains(&record.stack),
                "its stack is missing: {record:?}"
            );
            seqs.push(record.seq);
        }
        match page.next {
            Some(next) => {
                assert_eq!(
                    Some(&next),
                    seqs.last(),
                    "the next page begins where this one ends"
                );
                if next >= last {
                    return seqs;
                }
                after = next;
            }
            None => return seqs,
        }
    }
}

#[test]
fn pages_neither_skip_nor_repeat_a_record_while_the_workload_runs() {
    for mode in [Mode::Leaks, Mode::All] {
        let agent = Target::tracing(mode);
        agent.worked_until("a hundred records", |trace| trace.summary.count >= 100);
        let read = |last, limit| records_up_to(&agent, last, limit);
        // A sequence number is the time of its allocation.
        let now = agent.trace().summary.time_us;
        let before: BTreeSet<_> = read(now, 1000).into_iter().collect();
        let last = before.last().copied().unwrap_or(0);
        let paged = read(last, 3);
        let after: BTreeSet<_> = read(last, 1000).into_iter().collect();
        assert!(paged.is_sorted_by(|a, b| a < b), "a record is repeated");
        let paged: BTreeSet<_> = paged.into_iter().collect();
        let lived_throughout: BTreeSet<_> = before.intersection(&after).copied().collect();
        let skipped: Vec<_> = lived_throughout.difference(&paged).collect();
        assert_eq!(skipped, Vec::<&u64>::new());
    }
}

#[test]
fn pages_neither_skip_nor_repeat_a_stack() {
    let agent = Target::tracing(Mode::Leaks);
    agent.worked_until("ten call stacks", |trace| trace.summary.stack_count >= 10);
    let expected = agent.command("/trace/stop", "").summary.stack_count;
    let mut ids = BTreeSet::new();
    let mut path = "/trace/stacks?limit=3".to_owned();
    loop {
        let page: StacksPage = agent.read(&path);
        assert!(page.stacks.len() <= 3);
        for stack in &page.stacks {
            assert!(
                stack.id == OTHER || ids.insert(stack.id),
                "{} is repeated",
                stack.id
            );
        }
        match page.next {
            Some(next) => path = format!("/trace/stacks?limit=3&after={next}"),
            None => break,
        }
    }
    assert_eq!(ids.len(), expected as usize);
}

#[test]
fn a_page_behind_the_last_record_is_empty_and_the_last() {
    let agent = Target::take();
    for after in [u64::MAX, u64::MAX - 1, 1 << 63] {
        let page: RecordsPage = agent.read(&format!("/trace/records?after={after}"));
        assert_eq!(
            (page.records.len(), page.stacks.len(), page.next),
            (0, 0, None)
        );
        assert_eq!(page.trace_id, agent.trace().trace_id);
    }
    let page: StacksPage = agent.read("/trace/stacks?after=4294967295");
    assert_eq!((page.stacks.len(), page.next), (0, None));
}
