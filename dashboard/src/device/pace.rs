//! How often the device is asked: less while nothing changes.

use heapbeacon_shared::api::{Heap, LeaksPage, Trace};
use heapbeacon_shared::trace::{Origin, State};

use crate::location::Page;
use crate::model::heap_sample::regions;

/// Most pauses between two rounds.
const MOST_PAUSES: u32 = 3;

/// What a program was doing, as far as answers tell.
///
/// Answering takes blocks of drivers and of the agent, so only those of the application count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Activity {
    state: State,
    trace_id: u32,
    wrong_frees: u64,
    failed_allocations: u64,
    /// Id, live blocks and allocations of each call stack that holds something.
    stacks: Vec<(u32, u64, u64)>,
    /// Bytes in use of each region, while nothing tells whose they are.
    used: Vec<u64>,
}

impl Activity {
    /// Takes it from the answers of one round. `leaks` is `None` where the device has no records.
    pub(super) fn of(trace: &Trace, heap: &Heap, leaks: Option<&LeaksPage>) -> Self {
        let leaks = leaks.map(|page| page.leaks.iter());
        let used = match leaks {
            Some(_) => Vec::new(),
            None => regions(heap).map(|region| region.used).collect(),
        };
        let of_application = leaks.into_iter().flatten();
        let of_application = of_application.filter(|leak| leak.stack.origin == Origin::Application);
        Self {
            state: trace.summary.state,
            trace_id: trace.trace_id,
            wrong_frees: trace.summary.wrong_frees,
            failed_allocations: heap.failed_allocations,
            stacks: of_application
                .map(|leak| (leak.stack.id, leak.count, leak.stack.allocations))
                .collect(),
            used,
        }
    }

    /// Returns whether the trace is in the state that it was in then.
    pub(super) fn is_of(&self, trace: &Trace) -> bool {
        (self.state, self.trace_id) == (trace.summary.state, trace.trace_id)
    }
}

/// Counts the rounds in which nothing changed.
#[derive(Debug, Default)]
pub(super) struct Pace {
    last: Activity,
    quiet: u32,
}

impl Pace {
    /// Takes what was going on in a round.
    pub(super) fn look(&mut self, activity: Activity) {
        self.quiet = match self.last == activity {
            true => self.quiet.saturating_add(1),
            false => 0,
        };
        self.last = activity;
    }

    /// Returns how many pauses there are until the next round of somebody who looks at a page; one if another trace or state is known
    /// by now. Where nothing is drawn over time, few rounds are enough, unless records were evicted: whether blocks pile up then is told
    /// from many answers.
    pub(super) fn pauses(&self, trace: Option<&Trace>, page: Option<Page>) -> u32 {
        let Some(trace) = trace.filter(|trace| self.last.is_of(trace)) else {
            return 1;
        };
        match page == Some(Page::Live) || trace.summary.evicted_live > 0 {
            true => (self.quiet + 1).min(MOST_PAUSES),
            false => MOST_PAUSES,
        }
    }
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::api::{Leak, Stack};
    use heapbeacon_shared::trace::{Region, Summary};

    use super::*;

    fn trace(state: State) -> Trace {
        let summary = Summary {
            state,
            ..Summary::default()
        };
        Trace {
            summary,
            ..Trace::default()
        }
    }

    /// A leak list of two call stacks, with the allocations of the application's and of a driver's.
    fn list(of_application: u64, of_driver: u64) -> LeaksPage {
        let leak = |id, origin, allocations| Leak {
            stack: Stack {
                id,
                origin,
                allocations,
                ..Stack::default()
            },
            count: 3,
            ..Leak::default()
        };
        LeaksPage {
            leaks: vec![
                leak(1, Origin::Application, of_application),
                leak(2, Origin::Driver, of_driver),
            ],
            ..LeaksPage::default()
        }
    }

    fn pauses(rounds: &[(u64, u64)]) -> Vec<u32> {
        let mut pace = Pace::default();
        let trace = trace(State::Recording);
        let rounds = rounds.iter().map(|(of_application, of_driver)| {
            let page = list(*of_application, *of_driver);
            pace.look(Activity::of(&trace, &Heap::default(), Some(&page)));
            pace.pauses(Some(&trace), Some(Page::Live))
        });
        rounds.collect()
    }

    #[test]
    fn pauses_grow_up_to_three_times_while_the_application_allocates_nothing() {
        let driver_only = [(7, 1), (7, 2), (7, 3), (7, 4), (7, 5)];
        assert_eq!(pauses(&driver_only), [1, 2, 3, 3, 3]);
    }

    #[test]
    fn whatever_the_application_does_ends_long_pauses() {
        assert_eq!(
            pauses(&[(7, 1), (7, 1), (7, 1), (8, 1), (8, 1)]),
            [1, 2, 3, 1, 2]
        );
    }

    #[test]
    fn a_command_ends_a_long_pause() {
        let (mut pace, stopped) = (Pace::default(), trace(State::Stopped));
        for _ in 0..3 {
            pace.look(Activity::of(&stopped, &Heap::default(), None));
        }
        let recording = trace(State::Recording);
        let pauses = |trace| pace.pauses(trace, Some(Page::Leaks));
        assert_eq!(pauses(Some(&stopped)), 3);
        assert_eq!(pauses(Some(&recording)), 1);
        assert_eq!(pauses(None), 1);
    }

    #[test]
    fn on_a_page_without_charts_pauses_are_long() {
        let (mut pace, mut recording) = (Pace::default(), trace(State::Recording));
        pace.look(Activity::of(
            &recording,
            &Heap::default(),
            Some(&list(1, 1)),
        ));
        let pauses =
            [Page::Live, Page::Leaks].map(|page| pace.pauses(Some(&recording), Some(page)));
        assert_eq!(pauses, [1, MOST_PAUSES]);
        recording.summary.evicted_live = 1;
        assert_eq!(pace.pauses(Some(&recording), Some(Page::Leaks)), 1);
    }

    #[test]
    fn without_records_a_heap_that_moves_is_a_change() {
        let heap = |used| {
            let mut heap = Heap::default();
            let region = Region {
                used,
                ..Region::default()
            };
            heap.regions.push(region).expect("room");
            heap
        };
        let of = |used| Activity::of(&trace(State::Stopped), &heap(used), None);
        assert_eq!(of(8), of(8));
        assert_ne!(of(8), of(9));
    }
}
