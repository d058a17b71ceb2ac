//! Call sites of products that play, pair, script, route and log: labelled by what their firmware does before anything was measured, by
//! somebody who had seen the form of other sets and none of the rules.
//!
//! What gives back nothing until its first flush, expiry or eviction could be a leak as well: until then nobody can know. Of a leak that
//! comes by chance some five to ten blocks have to be left behind first.

use super::firmware::site::{Block, NEVER, Site};
use super::firmware::{HOUR, MIN, Truth, Workload, any, happens, keep, pareto};
use super::parts::{Lru, Map, Queue, clean, leak, traffic, watched};
use super::workloads::Noise;
use Truth::{Clean, Leak, Unknown};

mod leaking;
mod steady;

pub(crate) fn all() -> Vec<Workload> {
    let mut all = steady::all();
    all.extend(leaking::all());
    watched(all)
}

/// Allocates blocks of something that comes by chance, each for any lifetime between two, in seconds.
fn visits(
    site: &mut Site,
    noise: &mut Noise,
    second: u64,
    seldom: u64,
    blocks: u64,
    life: (u64, u64),
) {
    if happens(noise, 1.0 / seldom as f64) {
        let life = any(noise, life.0 * 1_000, life.1 * 1_000);
        for _ in 0..blocks {
            site.alloc(second * 1_000 + 40, 140, life);
        }
    }
}
