//! Call stacks that hold blocks without a record: a list of live records leaves them out.

use heapbeacon_shared::analysis::FEW_BLOCKS;
use heapbeacon_shared::api::{Leak, LeaksPage, Stack};

use super::ranking::ranked;

/// Call stacks without a live record that are listed.
const LISTED: usize = 16;

/// Returns the call stacks that lost the most records. A few blocks that were allocated once are left out.
pub(super) fn with_evicted(mut stacks: Vec<Stack>) -> Vec<Stack> {
    stacks.retain(|stack| stack.evicted > FEW_BLOCKS && stack.live_count == 0);
    ranked(stacks, LISTED, |a, b| a.evicted > b.evicted)
}

/// Appends those to a leak list that it does not have.
pub(super) fn list_evicted(page: &mut LeaksPage, evicted: &[Stack]) {
    for stack in evicted {
        if page.leaks.iter().all(|leak| leak.stack.id != stack.id) {
            page.leaks.push(Leak {
                stack: stack.clone(),
                ..Leak::default()
            });
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
        let evicted = with_evicted(stacks);
        let mut page = LeaksPage {
            leaks: vec![Leak {
                stack: stack(3, 1, 60),
                count: 1,
                ..Leak::default()
            }],
            ..LeaksPage::default()
        };
        list_evicted(&mut page, &evicted);
        let ids: Vec<_> = page.leaks.iter().map(|leak| leak.stack.id).collect();
        assert_eq!(ids, [3, 4]);
    }
}
