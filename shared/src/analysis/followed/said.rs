//! What is said of a call stack, for as long as it holds.

use crate::trace::{Kind, Verdict};

/// Microseconds for which what is no leak stays what was said of it: evidence near a border goes to and fro.
const HOLDS_US: u64 = 300_000_000;

/// What was said last. Times are of recorded time.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    verdict: Verdict,
    /// Since when.
    since_us: u64,
    /// When anything was said first.
    first_us: Option<u64>,
    /// When it was last said that it may be a leak.
    suspected_us: Option<u64>,
}

impl Said {
    pub(super) fn kind(&self) -> Kind {
        self.verdict.kind
    }

    /// Returns for how long it has been said.
    pub(super) fn lasts_us(&self, now_us: u64) -> u64 {
        now_us.saturating_sub(self.since_us)
    }

    /// Returns what is said where `verdict` is what the evidence says now.
    pub(super) fn hold(&mut self, verdict: Verdict, now_us: u64) -> Verdict {
        self.first_us.get_or_insert(now_us);
        if self.verdict.may_be_leak() {
            self.suspected_us = Some(now_us);
        }
        if differ(&self.verdict, &verdict) {
            if self.is_soon(&verdict, now_us) {
                return self.verdict;
            }
            self.since_us = now_us;
        }
        self.verdict = verdict;
        verdict
    }

    /// Returns whether another verdict would come too soon. In the beginning every one tells more than the one before; what is
    /// suspected anew, what needs action and what no longer does wait for nothing, and neither does that something is no longer certain.
    fn is_soon(&self, verdict: &Verdict, now_us: u64) -> bool {
        let is_held = |us: u64| now_us.saturating_sub(us) < HOLDS_US;
        let is_new = verdict.may_be_leak() && !self.suspected_us.is_some_and(is_held);
        let is_quiet = |kind: Kind| !kind.needs_action() && kind != Kind::TooEarly;
        let is_doubted = self.verdict.certain && !verdict.certain && !verdict.may_be_leak();
        is_held(self.since_us)
            && !self.first_us.is_some_and(is_held)
            && !is_new
            && !is_doubted
            && is_quiet(self.verdict.kind)
            && is_quiet(verdict.kind)
    }
}

fn differ(one: &Verdict, other: &Verdict) -> bool {
    (one.kind, one.may_be_leak()) != (other.kind, other.may_be_leak())
}

#[cfg(test)]
mod tests;
