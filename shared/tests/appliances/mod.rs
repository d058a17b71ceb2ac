//! Call sites of appliances and gateways: labelled by what their firmware does, by somebody who had seen neither the rules nor other sets.
//!
//! While all that was done until then could be a leak as well as a store that fills, nobody can know which it is.
//!
//! The labels are as they were before anything was measured. Some are arguable: a queue that is 5 % too slow has gained no more after
//! 90 min than chance would in one of 20; leases that are renewed may outlive three hours, and twelve menus come so seldom that ten
//! hours tell little; of each reconnection three storms are too few. Of blocks beyond 300 records nobody knows whether they were
//! freed: nothing can be certain there.

use std::collections::{BTreeMap, VecDeque};

use super::firmware::site::{Block, NEVER, Site};
use super::firmware::{HOUR, MIN, Truth, Workload, any, daylight, every, happens, keep, pareto};
use super::parts::{Lru, Map, Queue, clean, leak, popular, traffic, watched};
use super::workloads::Noise;
use Truth::{Clean, Leak, Unknown};

pub(crate) mod bursts;
pub(crate) mod jobs;
pub(crate) mod maps;
pub(crate) mod network;
pub(crate) mod queues;
pub(crate) mod seldom;
pub(crate) mod startup;
pub(crate) mod steady_leaks;

pub(crate) fn all() -> Vec<Workload> {
    let mut all = network::all();
    all.extend(queues::all());
    all.extend(jobs::all());
    all.extend(maps::all());
    all.extend(startup::all());
    all.extend(steady_leaks::all());
    all.extend(seldom::all());
    all.extend(bursts::all());
    watched(all)
}
