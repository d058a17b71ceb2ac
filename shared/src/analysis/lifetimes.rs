//! Which lifetime of a freed block counts while a call stack is said to leak.

use super::evidence::Passed;
use crate::trace::{Kind, Leak};

/// Percent of the live blocks that are freed before the first frees of all say how long blocks live.
const FREED_PERCENT: u64 = 5;

/// The longest lifetime when a leak was told: one block that lives for longer and is freed then says nothing of the others.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lifetimes {
    longest_us: u64,
    /// Frees until then.
    frees: u64,
}

impl Lifetimes {
    /// Returns the counters of a call stack with the longest lifetime that counts, where `before` was said of it last.
    pub(super) fn usual(&mut self, leak: &Leak, passed: &Passed, before: Kind) -> Passed {
        let frees = passed.frees.saturating_sub(self.frees);
        let are_first =
            self.frees == 0 && frees.saturating_mul(100) > leak.count.saturating_mul(FREED_PERCENT);
        if before != Kind::Leaking || are_first {
            *self = Self {
                longest_us: passed.longest_lifetime_us,
                frees: passed.frees,
            };
        }
        Passed {
            longest_lifetime_us: passed.longest_lifetime_us.min(self.longest_us),
            // None that counts.
            frees: if self.frees == 0 { 0 } else { passed.frees },
            ..*passed
        }
    }
}
