//! What has come of triggers since boot.

use heapbeacon_shared::api;
use heapbeacon_shared::trace::{Action, MAX_TRIGGERS, Name, Trigger};

use crate::field::lost::Search;

/// Samples whose mean is what a device usually allocates.
const USUAL_SAMPLES: u64 = 8;

/// What has come of triggers since boot.
pub(crate) struct Watched {
    pub(super) triggers: [Fired; MAX_TRIGGERS],
    /// Allocations that had failed at the last sample.
    failed: u64,
    /// When one had failed last by then.
    failed_us: Option<u64>,
    pub(super) activity: Activity,
    /// When a restart was asked for, and by which trigger.
    pub(super) restart: Option<(u64, Name)>,
    pub(super) lost: Search,
}

/// What has come of one.
#[derive(Clone, Copy)]
pub(super) struct Fired {
    pub(super) is_met: bool,
    times: u32,
    last_us: Option<u64>,
}

/// How much is allocated.
#[derive(Clone, Copy)]
pub(super) struct Activity {
    allocations: u64,
    /// Between the last two samples.
    latest: u64,
    /// Between two samples, usually; in eighths.
    usual: u64,
}

impl Fired {
    const NEVER: Self = Self {
        is_met: false,
        times: 0,
        last_us: None,
    };
}

impl Activity {
    pub(super) fn note(&mut self, allocations: u64) {
        // A trace that starts counts from 0, and whoever has started it is at work.
        let usual = self.usual / USUAL_SAMPLES;
        self.latest = allocations.checked_sub(self.allocations).unwrap_or(usual);
        self.allocations = allocations;
        self.usual = self.usual - self.usual / USUAL_SAMPLES + self.latest;
    }

    /// Checks whether less than half of what is usual was allocated.
    pub(super) fn is_quiet(&self) -> bool {
        self.latest * 2 * USUAL_SAMPLES <= self.usual
    }
}

impl Watched {
    pub(crate) const fn new() -> Self {
        Self {
            triggers: [Fired::NEVER; MAX_TRIGGERS],
            failed: 0,
            failed_us: None,
            activity: Activity {
                allocations: 0,
                latest: 0,
                usual: 0,
            },
            restart: None,
            lost: Search::NEW,
        }
    }

    /// Forgets what has come of triggers that are no more.
    pub(crate) fn follow(&mut self, old: &[Trigger], new: &[Trigger]) {
        if old != new {
            self.lost = Search::NEW;
        }
        for (index, fired) in self.triggers.iter_mut().enumerate() {
            let (old, new) = (old.get(index), new.get(index));
            if old == new {
                continue;
            }
            *fired = Fired::NEVER;
            if old.is_some_and(|old| old.then == Action::Restart) {
                self.restart = None;
            }
        }
    }

    /// Returns whether an allocation has failed since the last sample: by when one has last, where the board knows that at all, and otherwise
    /// by what the trace has counted.
    pub(super) fn note_failures(&mut self, failed_us: Option<Option<u64>>, failed: u64) -> bool {
        let last = core::mem::replace(&mut self.failed, failed);
        let last_us = core::mem::replace(&mut self.failed_us, failed_us.flatten());
        match failed_us {
            Some(failed_us) => failed_us != last_us,
            None => failed > last,
        }
    }

    /// Describes triggers, with what has come of them.
    pub(crate) fn describe(&self, triggers: &[Trigger]) -> impl Iterator<Item = api::Trigger> {
        triggers.iter().zip(self.triggers).map(describe)
    }

    /// Notes whether a trigger is met; returns whether it has come about.
    pub(super) fn note(&mut self, index: usize, is_met: bool, now_us: u64) -> bool {
        let fired = &mut self.triggers[index];
        let has_come = is_met && !fired.is_met;
        fired.is_met = is_met;
        if has_come {
            fired.fire(now_us);
        }
        has_come
    }
}

impl Fired {
    pub(super) fn has_fired(&self) -> bool {
        self.times > 0
    }

    pub(super) fn fire(&mut self, now_us: u64) {
        self.times = self.times.saturating_add(1);
        self.last_us = Some(now_us);
    }
}

pub(super) fn describe((trigger, fired): (&Trigger, Fired)) -> api::Trigger {
    api::Trigger {
        when: trigger.when,
        bytes: trigger.bytes,
        then: trigger.then,
        is_met: fired.is_met,
        fired: fired.times,
        fired_us: fired.last_us,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_moment_is_one_with_less_than_half_of_what_is_usual() {
        let mut activity = Watched::new().activity;
        assert!(activity.is_quiet(), "nothing is ever allocated");
        for sample in 1..=100 {
            activity.note(sample * 1000);
        }
        assert!(!activity.is_quiet());
        activity.note(100_000 + 400);
        assert!(activity.is_quiet());
        activity.note(5);
        assert!(!activity.is_quiet(), "another trace counts anew");
    }
}
