//! What a device says of one call site.

use heapbeacon_shared::analysis::{Passed, judge};
use heapbeacon_shared::trace::{Births, Kind, Leak, Outlived, Period, Verdict};

use super::{BLOCK, Site};

pub(crate) const SECOND: u64 = 1_000_000;
pub(crate) const BOOT: u64 = 1_000 * SECOND;

/// An answer of a device with one call stack.
pub(crate) struct Answer {
    pub(crate) leak: Leak,
    pub(crate) passed: Passed,
    pub(crate) period: Period,
}

impl Answer {
    /// Returns the answer in the middle of a second.
    pub(crate) fn of(site: &Site, second: u64) -> Self {
        let now_us = BOOT + second * SECOND + SECOND / 2;
        let us = |second: u64| BOOT + second * SECOND;
        let longest_lifetime_us = site.longest * SECOND;
        let oldest_us = site.oldest().map_or(now_us, us);
        let mut births = Births::new(oldest_us, now_us);
        let mut outlived = Outlived::default();
        for second in site.births() {
            births.add(us(second));
            let is_old = Outlived::includes(us(second), now_us, longest_lifetime_us);
            outlived.count += u64::from(is_old);
        }
        outlived.bytes = outlived.count * BLOCK;
        Self {
            leak: Leak {
                stack: 1,
                count: site.count(),
                bytes: site.count() * BLOCK,
                oldest_us: site.oldest().map_or(0, us),
                newest_us: site.newest().map_or(0, us),
                outlived,
                births,
            },
            passed: Passed {
                allocations: site.allocations,
                frees: site.frees,
                longest_lifetime_us,
                ..Passed::default()
            },
            period: Period {
                started_us: BOOT,
                time_us: now_us,
                ..Period::default()
            },
        }
    }

    /// Returns what this answer alone says.
    pub(crate) fn judge(&self) -> Verdict {
        judge(&self.leak, &self.passed, &self.period, Kind::TooEarly)
    }
}

/// Checks whether the page says it in red.
pub(crate) fn is_red(verdict: &Verdict) -> bool {
    verdict.kind.needs_action() && verdict.certain
}
