//! Call sites of firmware, and from when on an expert with their whole history knows what they are.

use super::workloads::Noise;
use site::{Block, NEVER, Site};

pub(crate) mod clean;
pub(crate) mod leaking;
pub(crate) mod site;

pub(crate) const MIN: u64 = 60;
pub(crate) const HOUR: u64 = 3_600;
pub(crate) const DAY: u64 = 86_400;

/// What a call site is, and whether an expert can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    Clean,
    Unknown,
    Leak,
}

pub(crate) type Step = Box<dyn FnMut(&mut [Site], &mut Noise, u64)>;

/// How a workload is watched.
pub(crate) struct View {
    /// Seconds in which the trace is paused.
    pub(crate) pauses: Vec<(u64, u64)>,
    /// When another trace is started.
    pub(crate) restart: Option<u64>,
    /// When the page is opened.
    pub(crate) from: u64,
    /// Whether an answer arrives at a second.
    pub(crate) answers: fn(u64) -> bool,
    /// Records of a call site.
    pub(crate) room: Option<usize>,
}

impl View {
    pub(crate) fn is_paused(&self, second: u64) -> bool {
        let mut pauses = self.pauses.iter();
        pauses.any(|(from, to)| (*from..*to).contains(&second))
    }
}

pub(crate) struct Workload {
    pub(crate) name: &'static str,
    /// By the seconds since which it holds.
    pub(crate) truth: Vec<(u64, Truth)>,
    pub(crate) sites: usize,
    pub(crate) seconds: u64,
    pub(crate) view: View,
    pub(crate) step: Step,
    /// Whether only a history can tell: one answer shows nothing of a queue.
    pub(crate) needs_history: bool,
}

impl Workload {
    pub(crate) fn new(
        name: &'static str,
        truth: &[(u64, Truth)],
        mut step: impl FnMut(&mut Site, &mut Noise, u64) + 'static,
    ) -> Self {
        Self {
            name,
            truth: truth.to_vec(),
            sites: 1,
            seconds: DAY,
            needs_history: false,
            view: View {
                pauses: Vec::new(),
                restart: None,
                from: 0,
                answers: |_| true,
                room: None,
            },
            step: Box::new(move |sites, noise, second| step(&mut sites[0], noise, second)),
        }
    }

    pub(crate) fn truth_at(&self, second: u64) -> Truth {
        let passed = self.truth.iter().rfind(|(from, _)| *from <= second);
        passed.map_or(Truth::Unknown, |(_, truth)| *truth)
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut View)) -> Self {
        change(&mut self.view);
        self
    }

    pub(crate) fn told_by_history(mut self) -> Self {
        self.needs_history = true;
        self
    }

    /// Whether it never leaks, nor ever did.
    pub(crate) fn is_harmless(&self) -> bool {
        self.truth.iter().all(|(_, truth)| *truth != Truth::Leak)
    }

    pub(crate) fn for_seconds(mut self, seconds: u64) -> Self {
        self.seconds = seconds;
        self
    }
}

/// A second of the day whose traffic is between 0 at midnight and 1 at noon.
pub(crate) fn daylight(second: u64) -> f64 {
    let angle = second as f64 / DAY as f64 * std::f64::consts::TAU;
    (1.0 - angle.cos()) / 2.0
}

/// Whether something happens by chance, so often in a second.
pub(crate) fn happens(noise: &mut Noise, per_second: f64) -> bool {
    (noise.below(1_000_000_000) as f64) < per_second * 1e9
}

/// Whether something that is done regularly is due.
pub(crate) fn every(second: u64, seconds: u64) -> bool {
    second % seconds == seconds / 2
}

/// Allocates a block that nobody is known to free.
pub(crate) fn keep(site: &mut Site, second: u64, size: u64) -> Block {
    site.alloc(second * 1_000 + 100, size, NEVER)
}

pub(crate) fn any(noise: &mut Noise, from: u64, to: u64) -> u64 {
    from + noise.below(to - from)
}

/// A lifetime with a heavy tail, in milliseconds.
pub(crate) fn pareto(noise: &mut Noise, least: u64, most: u64) -> u64 {
    let unit = (noise.below(1_000_000) + 1) as f64 / 1e6;
    ((least as f64 / unit) as u64).min(most)
}

pub(crate) fn all() -> Vec<Workload> {
    let mut all = leaking::all();
    all.extend(clean::all());
    all
}
