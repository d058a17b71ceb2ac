//! Blocks that were seen to outlive others, from answer to answer.

use super::evidence::{Passed, outlived};
use super::rises::Rises;
use crate::trace::{Births, Leak, Outlived, Period};

/// How the number of blocks that have outlived others rises.
#[derive(Clone, Debug, Default)]
pub(super) struct Outliving {
    /// `None` before the first answer.
    count: Option<u64>,
    rises: Rises,
    /// What it rose by since it last fell, or rested for long; by the time since boot.
    seen: Births,
}

impl Outliving {
    /// Takes what one more answer says of its call stack.
    pub(super) fn take(&mut self, leak: &Leak, passed: &Passed, period: &Period) {
        let now_us = period.recorded_us(period.time_us);
        let count = outlived(leak, passed, period);
        let before = self.count.replace(count).unwrap_or(count);
        if count < before {
            self.seen = Births::default();
        } else if count > before {
            if self.seen.counts.is_empty() || self.has_ended(now_us) {
                self.seen = Births::new(period.time_us, period.time_us);
            }
            self.seen.reach(period.time_us);
            let more = (count - before).try_into().unwrap_or(u32::MAX);
            self.seen.add_many(period.time_us, more);
        }
        // What was evicted may be live still: it is no block less.
        self.rises
            .take(count.saturating_add(passed.evicted), now_us);
    }

    /// Returns the blocks that were seen to outlive others, as if they had been allocated then: but for the newest one, for where
    /// nothing is allocated any more, nothing leaks.
    pub(super) fn seen(&self, leak: &Leak) -> Leak {
        let count = self.seen.counts.iter().map(|count| u64::from(*count)).sum();
        let bytes = u128::from(leak.bytes) * u128::from(count) / u128::from(leak.count.max(1));
        let bytes = bytes.try_into().unwrap_or(u64::MAX);
        Leak {
            stack: leak.stack,
            count,
            bytes,
            oldest_us: self.seen.from_us,
            newest_us: leak.newest_us,
            outlived: Outlived { count, bytes },
            births: self.seen.clone(),
        }
    }

    /// Returns whether the next rise is overdue for so long that there will be none.
    pub(super) fn has_ended(&self, now_us: u64) -> bool {
        self.rises.has_ended(now_us)
    }
}

#[cfg(test)]
mod tests;
