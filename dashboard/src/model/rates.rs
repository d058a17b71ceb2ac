//! Allocations and frees per second.

use std::collections::VecDeque;

use heapbeacon_shared::analysis::SHORTEST_US;
use heapbeacon_shared::api::Trace;
use heapbeacon_shared::trace::State;

/// Traces that a rate is taken over.
const RATE_WINDOW: usize = 6;
const US_PER_SECOND: f64 = 1e6;

/// Allocations and frees per second, over the last few answers in one state of the trace.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    state: State,
    /// Time, allocations and frees of each answer, oldest first.
    seen: VecDeque<(u64, u64, u64)>,
}

impl Rates {
    /// Takes the counters of an answer.
    pub fn push(&mut self, trace: &Trace) {
        if self.state != trace.summary.state {
            self.state = trace.summary.state;
            self.seen.clear();
        }
        let now = (
            trace.summary.time_us,
            trace.summary.total_allocations,
            trace.total_frees,
        );
        // Between two answers within no time the clock stands still, and so does what is known of the rate.
        if self
            .seen
            .back()
            .is_some_and(|last| now.0 < last.0 + SHORTEST_US)
        {
            return;
        }
        if self.seen.len() == RATE_WINDOW {
            self.seen.pop_front();
        }
        self.seen.push_back(now);
    }

    /// Returns allocations and frees per second; `None` before there are two answers.
    pub fn per_second(&self) -> Option<(f64, f64)> {
        let (first, last) = (self.seen.front()?, self.seen.back()?);
        let seconds = last.0.checked_sub(first.0).filter(|us| *us > 0)? as f64 / US_PER_SECOND;
        let per_second = |from: u64, to: u64| to.saturating_sub(from) as f64 / seconds;
        Some((per_second(first.1, last.1), per_second(first.2, last.2)))
    }
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::trace::Summary;

    use super::*;

    #[test]
    fn rates_come_from_the_last_few_answers() {
        let trace = |second: u64, allocations| Trace {
            summary: Summary {
                time_us: second * 1_000_000,
                total_allocations: allocations,
                ..Summary::default()
            },
            total_frees: allocations / 2,
            ..Trace::default()
        };
        let mut rates = Rates::default();
        rates.push(&trace(1, 0));
        assert_eq!(rates.per_second(), None);
        rates.push(&trace(3, 20));
        assert_eq!(rates.per_second(), Some((10.0, 5.0)));
        (4..20).for_each(|second| rates.push(&trace(second, 20)));
        assert_eq!(rates.per_second(), Some((0.0, 0.0)));
        // What was not recorded does not count.
        for (second, allocations) in [(20, 20), (21, 60)] {
            rates.push(&Trace {
                summary: Summary {
                    state: State::Recording,
                    ..trace(second, allocations).summary
                },
                ..trace(second, allocations)
            });
        }
        assert_eq!(rates.per_second(), Some((40.0, 20.0)));
    }
}
