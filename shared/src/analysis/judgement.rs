//! What is said of a site, and what its history adds to that.

use super::followed::Told;
use super::history::History;
use super::recorded::Recorded;
use super::snapshot::Snapshot;
use crate::trace::Kind;

/// What is said of a site's growth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    #[default]
    Quiet,
    /// It grows, as a leak does and also what still fills up.
    Suspected,
    /// It leaks.
    Leaking,
    /// It leaked, and what leaked is still held.
    Stopped,
}

/// What is said of a site.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// What the numbers of the last answer say of it; `None` where they say nothing of one of its call stacks.
    pub told: Option<Told>,
    /// Whether each block that it may hold has a record, or the heap as a whole shows that it is held.
    pub is_known: bool,
    /// Bytes gained since the first moment.
    pub gained: i64,
    /// Microseconds of its history that were recorded, since it last held nothing.
    pub watched_us: u64,
}

impl Default for Judgement {
    /// Returns what is said before anything was watched.
    fn default() -> Self {
        Self {
            told: None,
            is_known: true,
            gained: 0,
            watched_us: 0,
        }
    }
}

impl Judgement {
    /// Returns what is said of its growth.
    pub fn standing(&self) -> Standing {
        let told = self.told.unwrap_or_default();
        match told.verdict {
            verdict if verdict.kind.needs_action() && verdict.certain => Standing::Leaking,
            verdict if verdict.kind.needs_action() || verdict.may_be_leak() => Standing::Suspected,
            _ if told.leaked_until_us.is_some() => Standing::Stopped,
            _ => Standing::Quiet,
        }
    }

    /// Returns what its blocks do.
    pub fn kind(&self) -> Kind {
        self.told.unwrap_or_default().verdict.kind
    }

    /// Returns when it was last seen to leak, in microseconds since boot, if it has stopped.
    pub fn ended_us(&self) -> u64 {
        let leaked_until_us = self.told.unwrap_or_default().leaked_until_us;
        leaked_until_us.unwrap_or(0)
    }

    /// Returns whether it leaks for certain.
    pub fn leaks(&self) -> bool {
        self.standing() == Standing::Leaking && self.is_known
    }

    /// Returns whether it grows, as a leak does.
    pub fn is_growing(&self) -> bool {
        matches!(self.standing(), Standing::Suspected | Standing::Leaking)
    }

    /// Returns whether there is too little data for a verdict.
    pub fn is_new(&self) -> bool {
        self.kind() == Kind::TooEarly
    }

    /// Returns whether it rises, and has done so for too short a time to say more.
    pub fn only_rises(&self) -> bool {
        self.kind() == Kind::Filling && self.standing() == Standing::Quiet
    }

    /// Returns the bytes a minute that it grows by; 0 unless it is growing.
    pub fn growth(&self) -> f64 {
        self.told.unwrap_or_default().verdict.bytes_per_minute as f64
    }
}

/// Puts together what the numbers say of a site and what its history adds, which was made of `snapshots`.
pub(super) fn judge(told: Option<Told>, history: &History, snapshots: &[Snapshot]) -> Judgement {
    let moments = snapshots.iter().zip(history.with_evicted());
    // What a cut list does not name may be small, and is not nothing.
    let known = moments.filter(|(snapshot, point)| snapshot.is_complete || point.count > 0);
    let mut recorded = Recorded::new(snapshots.len());
    let mut first = None;
    let mut began_us = None;
    for (snapshot, point) in known {
        first.get_or_insert(point.bytes);
        // What held nothing starts over.
        began_us = began_us
            .filter(|_| point.count > 0)
            .or(Some(snapshot.recorded_us()));
        recorded.push(snapshot, *point);
    }
    let now_us = snapshots.last().map_or(0, Snapshot::recorded_us);
    let held_us = now_us.saturating_sub(began_us.unwrap_or(now_us));
    let last = recorded.series.last().map_or(0, |last| last.bytes);
    Judgement {
        told,
        is_known: history.in_doubt() == 0,
        gained: last.wrapping_sub(first.unwrap_or(0)).cast_signed(),
        watched_us: recorded.series.span_us().min(held_us),
    }
}

/// Calls the growth of a site known that is the only one to grow: where blocks pile up in all, they are its own.
pub(super) fn known_alone(judged: &mut [Judgement]) {
    let mut growing = judged.iter_mut().filter(|judged| judged.is_growing());
    if let (Some(only), None) = (growing.next(), growing.next()) {
        only.is_known = true;
    }
}
