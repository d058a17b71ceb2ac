//! What the history of a site shows.

use alloc::vec::Vec;

use super::followed::Told;
use super::history::History;
use super::leak::{Known, Moment, Standing, Suspect};
use super::recorded::Recorded;
use super::series::Point;
use super::snapshot::{Snapshot, recorded_us};
use super::verdict::{Blocks, Verdict, verdict};
use crate::trace::Kind;

/// What is said of a site.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// What the numbers of the last answer say, where they say all: of each of its call stacks, no record of which was evicted.
    /// It is what counts then; else the history does.
    pub evidence: Option<Told>,
    /// What its blocks did lately.
    pub verdict: Verdict,
    /// What its history says of its growth.
    pub suspect: Suspect,
    /// Whether what is said of its growth is known of blocks with records, or of the whole heap.
    pub is_certain: bool,
    /// Bytes gained since the first moment.
    pub gained: i64,
    /// Microseconds of its history that were recorded, since it last held nothing.
    pub watched_us: u64,
}

impl Default for Judgement {
    /// Returns what is said before anything was watched.
    fn default() -> Self {
        Self {
            evidence: None,
            verdict: Verdict::TooEarly { seconds_of_data: 0 },
            suspect: Suspect::default(),
            is_certain: true,
            gained: 0,
            watched_us: 0,
        }
    }
}

impl Judgement {
    /// Returns what is said of its growth.
    pub fn standing(&self) -> Standing {
        let Some(told) = self.evidence else {
            return self.suspect.standing();
        };
        match told.verdict.kind {
            kind if kind.needs_action() && told.verdict.certain => Standing::Leaking,
            kind if kind.needs_action() => Standing::Suspected,
            _ if told.leaked_until_us.is_some() => Standing::Stopped,
            _ => Standing::Quiet,
        }
    }

    /// Returns what its blocks do.
    pub fn kind(&self) -> Kind {
        if let Some(told) = self.evidence {
            return told.verdict.kind;
        }
        match (self.standing(), self.verdict) {
            (Standing::Leaking | Standing::Suspected, _) => Kind::Leaking,
            (_, Verdict::Growing { .. }) => Kind::Filling,
            (_, Verdict::TooEarly { .. }) => Kind::TooEarly,
            (_, Verdict::Plateau) => Kind::Plateau,
            (_, Verdict::InFlight) => Kind::InFlight,
            (_, Verdict::OneOff) => Kind::OneOff,
        }
    }

    /// Returns when it was last seen to leak, in microseconds since boot, if it has stopped.
    pub fn ended_us(&self) -> u64 {
        let told = self.evidence.and_then(|told| told.leaked_until_us);
        told.unwrap_or_else(|| self.suspect.ended_us())
    }

    /// Returns whether every block that it may hold is known.
    pub fn is_known(&self) -> bool {
        self.evidence.is_some() || self.is_certain
    }

    /// Returns whether it leaks for certain.
    pub fn leaks(&self) -> bool {
        self.standing() == Standing::Leaking && self.is_known()
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
        if let Some(told) = self.evidence {
            return told.verdict.bytes_per_minute as f64;
        }
        let lasting = self.suspect.growth().filter(|_| self.is_growing());
        match (lasting, self.verdict) {
            (None, _) => 0.0,
            (_, Verdict::Growing { bytes_per_minute }) => bytes_per_minute,
            (Some(growth), _) => growth.bytes_per_minute,
        }
    }
}

/// Judges a site by its history, which was made of `snapshots`, and the longest lifetime of its blocks that was seen.
/// `look` remembers what was said of its growth before.
pub(super) fn judge(
    history: &History,
    snapshots: &[Snapshot],
    longest_lifetime_us: u64,
    look: impl FnOnce(&[Moment], &Known) -> Suspect,
) -> Judgement {
    let now_us = snapshots.last().map_or(0, Snapshot::recorded_us);
    let known = snapshots.iter().zip(history.moments());
    // What a cut list does not name may be small, and is not nothing.
    let known = known.filter(|(snapshot, moment)| snapshot.is_complete || moment.count > 0);
    let mut recorded = Recorded::new(snapshots.len());
    let mut moments = Vec::new();
    let mut first = None;
    let mut began_us = None;
    for (snapshot, moment) in known {
        first.get_or_insert(moment.bytes);
        let time_us = snapshot.recorded_us();
        // What held nothing starts over.
        began_us = began_us.filter(|_| moment.count > 0).or(Some(time_us));
        if recorded.push(snapshot, point_of(moment)) {
            moments.clear();
        }
        moments.push(Moment {
            time_us,
            oldest_us: recorded_us(snapshots, moment.oldest_us),
            newest_us: recorded_us(snapshots, moment.newest_us),
            ..*moment
        });
    }
    let series = &recorded.series;
    let seen = history.seen();
    let blocks = Blocks {
        oldest_us: recorded_us(snapshots, seen.oldest_us),
        newest_us: recorded_us(snapshots, seen.newest_us),
        now_us,
        ..*seen
    };
    let known = Known {
        longest_lifetime_us,
        peak_bytes: history.peak_bytes(),
    };
    let held_us = now_us.saturating_sub(began_us.unwrap_or(now_us));
    let last = series.last().map_or(0, |last| last.bytes);
    Judgement {
        evidence: None,
        verdict: verdict(series, &blocks),
        suspect: look(&moments, &known),
        is_certain: history.in_doubt() == 0,
        gained: last.wrapping_sub(first.unwrap_or(0)).cast_signed(),
        watched_us: series.span_us().min(held_us),
    }
}

/// Calls the growth of a site certain that is the only one to grow: where blocks pile up in all, they are its own.
pub(super) fn certain_alone(judged: &mut [Judgement]) {
    let mut growing = judged.iter_mut().filter(|judged| judged.is_growing());
    if let (Some(only), None) = (growing.next(), growing.next()) {
        only.is_certain = true;
    }
}

fn point_of(moment: &Moment) -> Point {
    Point {
        time_us: moment.time_us,
        bytes: moment.bytes,
        count: moment.count,
    }
}
