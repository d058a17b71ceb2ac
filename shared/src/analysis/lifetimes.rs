//! Which lifetime of a freed block counts while a call stack is said to leak.

use super::evidence::{Passed, outlived};
use crate::trace::{Kind, Leak, Period};

/// Percent of the live blocks that are freed before the first frees of all say how long blocks live.
const FREED_PERCENT: u64 = 5;

/// How often the blocks that are taken for leaked become fewer, and how often that is of the times that they become more, before
/// they are taken for blocks that live for long.
const FALLS: u32 = 3;
const RISES_OF_FALLS: u32 = 2;

/// The longest lifetime when a leak was told: one block that lives for longer and is freed then says nothing of the others. Where
/// such blocks come and go, it does.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lifetimes {
    longest_us: u64,
    /// Frees until then.
    frees: u64,
    /// Blocks that have outlived that, at the last answer.
    old: u64,
    /// Answers since one was freed that had outlived it, by which there were fewer of them, and more.
    falls: u32,
    rises: u32,
    /// When the oldest live block was allocated, and how often that was freed since a leak was told.
    oldest_us: u64,
    firsts: u32,
}

impl Lifetimes {
    /// Returns the counters of a call stack with the longest lifetime that counts, where `before` was said of it last.
    pub(super) fn usual(
        &mut self,
        leak: &Leak,
        passed: &Passed,
        period: &Period,
        before: Kind,
    ) -> Passed {
        self.follow(leak, passed, period);
        let frees = passed.frees.saturating_sub(self.frees);
        let are_first =
            self.frees == 0 && frees.saturating_mul(100) > leak.count.saturating_mul(FREED_PERCENT);
        let was_oldest = core::mem::replace(&mut self.oldest_us, leak.oldest_us);
        // Evictions take the oldest, too, and say nothing of them.
        self.firsts += u32::from(passed.evicted == 0 && leak.oldest_us > was_oldest);
        if before != Kind::Leaking || are_first || self.come_and_go() || self.firsts >= FALLS {
            *self = Self {
                longest_us: passed.longest_lifetime_us,
                frees: passed.frees,
                old: outlived(leak, passed, period),
                oldest_us: leak.oldest_us,
                ..Self::default()
            };
        }
        Passed {
            longest_lifetime_us: passed.longest_lifetime_us.min(self.longest_us),
            // None that counts.
            frees: if self.frees == 0 { 0 } else { passed.frees },
            ..*passed
        }
    }

    /// Counts whether there are more or fewer of the blocks that are taken for leaked.
    fn follow(&mut self, leak: &Leak, passed: &Passed, period: &Period) {
        let told = Passed {
            longest_lifetime_us: self.longest_us,
            ..*passed
        };
        let before = core::mem::replace(&mut self.old, outlived(leak, &told, period));
        if passed.longest_lifetime_us > self.longest_us {
            self.falls += u32::from(self.old < before);
            self.rises += u32::from(self.old > before);
        }
    }

    /// Returns whether blocks that are taken for leaked are freed about as often as others come.
    fn come_and_go(&self) -> bool {
        self.falls >= FALLS && self.falls.saturating_mul(RISES_OF_FALLS) >= self.rises
    }
}

#[cfg(test)]
mod tests;
