//! Call sites as an engineer meets them in the field: labelled before anybody had looked at what the rules say of them.

use super::firmware::site::{Block, NEVER, Site};
use super::firmware::{HOUR, MIN, Truth, Workload, any, daylight, every, happens, keep, pareto};
use super::workloads::Noise;
use Truth::{Clean, Leak, Unknown};

pub(crate) mod filling;
pub(crate) mod leaking;
pub(crate) mod slow;
pub(crate) mod steady;

pub(crate) fn all() -> Vec<Workload> {
    let mut all = leaking::all();
    all.extend(slow::all());
    all.extend(steady::all());
    all.extend(filling::all());
    let watched = |workload: Workload| workload.with(|view| view.answers = is_watched);
    all.into_iter().map(watched).collect()
}

/// Somebody looks closely for an hour, and leaves the page open.
fn is_watched(second: u64) -> bool {
    second < HOUR || second.is_multiple_of(5)
}

type Stepping = fn(&mut Site, &mut Noise, u64);

/// A workload without anything to remember.
fn plain(name: &'static str, seconds: u64, truth: &[(u64, Truth)], step: Stepping) -> Workload {
    Workload::new(name, truth, step).for_seconds(seconds)
}

/// Allocates blocks of so many milliseconds within a second.
fn traffic(site: &mut Site, noise: &mut Noise, second: u64, per_second: f64, life: (u64, u64)) {
    for _ in 0..noise.about(per_second) {
        let at = second * 1_000 + noise.below(950);
        site.alloc(at, any(noise, 24, 700), any(noise, life.0, life.1));
    }
}

/// Allocates several blocks at once that nobody is known to free.
fn keep_many(site: &mut Site, second: u64, count: u64, size: u64) -> Vec<Block> {
    (0..count).map(|_| keep(site, second, size)).collect()
}

fn free_all(site: &mut Site, second: u64, blocks: &mut Vec<Block>) {
    for block in blocks.drain(..) {
        site.free(second * 1_000 + 500, block);
    }
}
