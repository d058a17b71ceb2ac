//! Call stacks that hold blocks without a record: a list of live records leaves them out.

use heapbeacon_shared::analysis::{FEW_BLOCKS, ranked};
use heapbeacon_shared::api::{Leak, LeaksPage, Stack};

/// Call stacks without a live record that are listed.
const LISTED: usize = 16;

/// The call stacks of a trace that lost all their records.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Evicted {
    trace_id: u32,
    stacks: Vec<Stack>,
}

impl Evicted {
    /// Chooses those that lost the most. A few blocks that were allocated once are left out.
    pub(super) fn of(trace_id: u32, mut stacks: Vec<Stack>) -> Self {
        stacks.retain(|stack| stack.evicted > FEW_BLOCKS && stack.live_count == 0);
        let stacks = ranked(stacks, LISTED, |a, b| a.evicted > b.evicted);
        Self { trace_id, stacks }
    }

    /// Appends those to a leak list of the same trace that it does not have.
    pub(super) fn list_in(&self, page: &mut LeaksPage) {
        for stack in &self.stacks {
            let is_listed = page.leaks.iter().any(|leak| leak.stack.id == stack.id);
            if page.trace_id == self.trace_id && !is_listed {
                page.leaks.push(Leak {
                    stack: stack.clone(),
                    ..Leak::default()
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(id: u32, live_count: u64, evicted: u64) -> Stack {
        Stack {
            id,
            live_count,
            evicted,
            ..Stack::default()
        }
    }

    #[test]
    fn a_call_stack_that_lost_all_its_records_is_listed_once() {
        let stacks = vec![
            stack(1, 0, 1),
            stack(2, 7, 90),
            stack(3, 0, 60),
            stack(4, 0, 80),
        ];
        let evicted = Evicted::of(7, stacks);
        let mut page = LeaksPage {
            trace_id: 7,
            leaks: vec![Leak {
                stack: stack(3, 1, 60),
                count: 1,
                ..Leak::default()
            }],
            ..LeaksPage::default()
        };
        evicted.list_in(&mut page);
        let ids: Vec<_> = page.leaks.iter().map(|leak| leak.stack.id).collect();
        assert_eq!(ids, [3, 4]);
        let mut of_another_trace = LeaksPage::default();
        evicted.list_in(&mut of_another_trace);
        assert_eq!(of_another_trace.leaks, []);
    }
}
