//! What a whole leak list shows.

use alloc::vec::Vec;

use super::judgement::{Judgement, Standing};
use super::ranked::ranked;
use super::watched::is_recording;
use crate::trace::{Kind, Summary};

/// Microseconds that were recorded before it is said that nothing leaks: longer than sessions that end after a minute.
pub const QUIET_US: u64 = 65_000_000;

/// A block that was held for so long and still is, is large but steady from this share on.
const LARGE_SHARE: u64 = 10;

/// A site of a [`LeakList`].
#[derive(Clone, Copy, Debug)]
pub struct Listed<'s> {
    /// Live bytes.
    pub bytes: u64,
    /// Live blocks.
    pub count: u64,
    /// What is said of it.
    pub judgement: &'s Judgement,
}

/// A leak list, and what it is of.
#[derive(Clone, Copy, Debug)]
pub struct LeakList<'s> {
    /// Its sites, in any order: a [`Conclusion`] names them by their index.
    pub sites: &'s [Listed<'s>],
    /// State and counters of the trace.
    pub summary: &'s Summary,
    /// Whether call stacks with live blocks are left out of it.
    pub is_cut: bool,
    /// Microseconds that were recorded since which it is known what was freed: [`Period::known_us`](crate::trace::Period::known_us).
    pub known_us: u64,
    /// Whether blocks pile up in all.
    pub piles_up: bool,
}

/// What a leak list shows. Sites are named by their index in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// No block is live.
    Empty,
    /// Sites grow.
    Growing(GrowingSites),
    /// Too little was watched to say anything.
    TooEarly {
        /// Sites that hold more than before, as leaks do, and also what only fills up at the start.
        rising: usize,
    },
    /// No site grows.
    Level {
        /// Leaks that have ended, and what leaked is still held.
        stopped: Vec<usize>,
        /// Why it can't be said that nothing leaks; `None` where it can.
        caveat: Option<Caveat>,
    },
}

/// The sites of a list that grow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrowingSites {
    /// All of them: those that leak for certain first, and then the fastest first.
    pub sites: Vec<usize>,
    /// How many of them leak for certain.
    pub certain: usize,
    /// How many of them leak, those included of which only evicted records say so.
    pub leaking: usize,
    /// Whether at least one of them leaks for certain, whichever it is.
    pub is_leak: bool,
}

/// Why it can't be said that nothing leaks although no site grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caveat {
    /// Blocks pile up in all, and not every block is seen.
    PilesUp,
    /// Call stacks are left out of the list.
    Cut,
    /// Blocks live longer than their records.
    Evicted,
    /// Nothing is recorded any more.
    NotRecording,
}

/// How many sites of a list do what is no growth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rest {
    /// Large, and steady.
    pub steady: usize,
    /// Whose blocks come and go.
    pub in_flight: usize,
    /// Too new to tell; 0 where all are.
    pub new: usize,
}

impl LeakList<'_> {
    /// Returns what the list shows. While nothing is recorded, that is what it showed before.
    pub fn conclude(&self) -> Conclusion {
        let growing = self.by_growth();
        let is_empty = self.sites.is_empty() && !self.is_cut;
        if is_empty && self.summary.live_count == 0 {
            Conclusion::Empty
        } else if !growing.is_empty() {
            Conclusion::Growing(self.growing(growing))
        } else if is_empty || self.is_early() {
            let rising = self.judgements().filter(|judged| judged.only_rises());
            Conclusion::TooEarly {
                rising: rising.count(),
            }
        } else {
            Conclusion::Level {
                stopped: self.stopped(),
                caveat: self.caveat(),
            }
        }
    }

    /// Counts what is not growing.
    pub fn rest(&self) -> Rest {
        let total = self.sites.iter().map(|site| site.bytes);
        let large = total.fold(0, u64::saturating_add) / LARGE_SHARE;
        let is_steady = |site: &&Listed<'_>| {
            let is_held = matches!(site.judgement.kind(), Kind::Plateau | Kind::OneOff);
            is_held && site.judgement.standing() == Standing::Quiet && site.bytes > large
        };
        let in_flight = self
            .judgements()
            .filter(|judged| judged.kind() == Kind::InFlight && !judged.is_growing());
        let new = self.judgements().filter(|judged| judged.is_new()).count();
        Rest {
            steady: self.sites.iter().filter(is_steady).count(),
            in_flight: in_flight.count(),
            new: if new < self.sites.len() { new } else { 0 },
        }
    }

    fn judgements(&self) -> impl Iterator<Item = &Judgement> {
        self.sites.iter().map(|site| site.judgement)
    }

    fn by_growth(&self) -> Vec<usize> {
        // Who holds nothing that is seen is suspected for its evicted blocks alone. Only where blocks pile up is one of those a leak.
        let may_leak = |site: &Listed<'_>| site.count > 0 || self.piles_up;
        let grows = |site: &Listed<'_>| site.judgement.is_growing() && may_leak(site);
        let growing = (0..self.sites.len()).filter(|index| grows(&self.sites[*index]));
        // What may be a cache that fills comes after what leaks, however fast.
        let rank = |index: &usize| {
            let judged = self.sites[*index].judgement;
            (judged.leaks(), judged.growth())
        };
        ranked(growing, self.sites.len(), |a, b| rank(a) > rank(b))
    }

    fn growing(&self, sites: Vec<usize>) -> GrowingSites {
        let judged = || sites.iter().map(|index| self.sites[*index].judgement);
        let certain = judged().filter(|judged| judged.leaks()).count();
        let leaking = judged().filter(|judged| judged.standing() == Standing::Leaking);
        let leaking = leaking.count();
        GrowingSites {
            certain,
            leaking,
            is_leak: certain > 0 || (leaking > 0 && self.piles_up),
            sites,
        }
    }

    /// Returns whether there is too little data to say anything. In a cut list a site may be new because it has become large
    /// enough: that hides nothing that is known of the others.
    fn is_early(&self) -> bool {
        match self.is_cut {
            true => self
                .judgements()
                .all(|judged| judged.is_new() || judged.only_rises()),
            false => self.known_us < QUIET_US,
        }
    }

    fn stopped(&self) -> Vec<usize> {
        let has_stopped =
            |(_, judged): &(usize, &Judgement)| judged.standing() == Standing::Stopped;
        let stopped = self.judgements().enumerate().filter(has_stopped);
        stopped.map(|(index, _)| index).collect()
    }

    fn caveat(&self) -> Option<Caveat> {
        let sees_all = self.summary.evicted_live == 0;
        if self.piles_up && (!sees_all || self.is_cut) {
            Some(Caveat::PilesUp)
        } else if self.is_cut {
            Some(Caveat::Cut)
        } else if !sees_all {
            Some(Caveat::Evicted)
        } else if !is_recording(self.summary) {
            Some(Caveat::NotRecording)
        } else {
            None
        }
    }
}
