//! Call sites that were written before the rules saw them, so that these are not made to fit them.

use super::firmware::site::Site;
use super::firmware::{Workload, any};
use super::workloads::Noise;

pub(crate) mod clean;
pub(crate) mod later;
pub(crate) mod leaking;

/// Requests whose buffers live for less than a second.
fn traffic(site: &mut Site, noise: &mut Noise, second: u64, requests: u64) {
    for _ in 0..requests {
        let at = second * 1_000 + noise.below(900);
        site.alloc(at, any(noise, 32, 1_460), any(noise, 10, 800));
    }
}

pub(crate) fn all() -> Vec<Workload> {
    let mut all = leaking::all();
    all.extend(clean::all());
    all
}
