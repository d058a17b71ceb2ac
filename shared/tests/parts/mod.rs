//! What workloads of several sets are made of: traffic, and stores that keep blocks.

use std::collections::{BTreeMap, VecDeque};

use super::firmware::site::{Block, Site};
use super::firmware::{HOUR, Truth, Workload, any, keep};
use super::workloads::Noise;
use Truth::{Clean, Leak, Unknown};

/// Has somebody look closely for an hour, and leave the page open.
pub(crate) fn watched(all: Vec<Workload>) -> Vec<Workload> {
    let answers = |second: u64| second < HOUR || second.is_multiple_of(5);
    let watched = |workload: Workload| workload.with(|view| view.answers = answers);
    all.into_iter().map(watched).collect()
}

/// What never leaks, as anybody can know since a second.
pub(crate) fn clean(
    name: &'static str,
    known: u64,
    step: impl FnMut(&mut Site, &mut Noise, u64) + 'static,
) -> Workload {
    Workload::new(name, &[(0, Unknown), (known, Clean)], step)
}

/// What leaks, as anybody can know since a second.
pub(crate) fn leak(
    name: &'static str,
    known: u64,
    step: impl FnMut(&mut Site, &mut Noise, u64) + 'static,
) -> Workload {
    Workload::new(name, &[(0, Unknown), (known, Leak)], step)
}

/// Allocates blocks within a second that live for so many milliseconds.
pub(crate) fn traffic(
    site: &mut Site,
    noise: &mut Noise,
    second: u64,
    per_second: f64,
    life: (u64, u64),
) {
    for _ in 0..noise.about(per_second) {
        let at = second * 1_000 + noise.below(950);
        site.alloc(at, any(noise, 24, 400), any(noise, life.0, life.1));
    }
}

/// One of so many, the first ones far more often than the last ones.
pub(crate) fn popular(noise: &mut Noise, many: u64) -> u64 {
    let unit = noise.below(1_000_000) as f64 / 1e6;
    (many as f64).powf(unit) as u64
}

/// Values by key: each takes the place of the one before.
#[derive(Default)]
pub(crate) struct Map(pub(crate) BTreeMap<u64, Block>);

impl Map {
    pub(crate) fn set(&mut self, site: &mut Site, second: u64, key: u64, size: u64) {
        let value = keep(site, second, size);
        if let Some(before) = self.0.insert(key, value) {
            site.free(second * 1_000 + 500, before);
        }
    }

    /// Adds what is not yet there.
    pub(crate) fn intern(&mut self, site: &mut Site, second: u64, key: u64, size: u64) {
        self.0
            .entry(key)
            .or_insert_with(|| keep(site, second, size));
    }

    pub(crate) fn remove(&mut self, site: &mut Site, second: u64, key: u64) {
        if let Some(value) = self.0.remove(&key) {
            site.free(second * 1_000 + 500, value);
        }
    }
}

/// Blocks in the order in which they came.
#[derive(Default)]
pub(crate) struct Queue(pub(crate) VecDeque<Block>);

impl Queue {
    pub(crate) fn push(&mut self, site: &mut Site, second: u64, size: u64) {
        self.0.push_back(keep(site, second, size));
    }

    pub(crate) fn pop(&mut self, site: &mut Site, second: u64, count: u64) {
        for _ in 0..count {
            if let Some(block) = self.0.pop_front() {
                site.free(second * 1_000 + 500, block);
            }
        }
    }

    /// Frees the oldest beyond so many.
    pub(crate) fn trim(&mut self, site: &mut Site, second: u64, room: usize) {
        let beyond = self.0.len().saturating_sub(room);
        self.pop(site, second, beyond as u64);
    }

    pub(crate) fn clear(&mut self, site: &mut Site, second: u64) {
        self.trim(site, second, 0);
    }
}

/// Keys in the order in which they were used last, and their blocks.
pub(crate) struct Lru {
    order: VecDeque<u64>,
    pub(crate) map: Map,
    room: usize,
}

impl Lru {
    pub(crate) fn of(room: usize) -> Self {
        Self {
            order: VecDeque::new(),
            map: Map::default(),
            room,
        }
    }

    /// Returns the key that has to go.
    pub(crate) fn visit(&mut self, site: &mut Site, second: u64, key: u64) -> Option<u64> {
        match self.order.iter().position(|other| *other == key) {
            Some(at) => {
                self.order.remove(at);
            }
            None => self.map.intern(site, second, key, 180),
        }
        self.order.push_back(key);
        if self.order.len() > self.room {
            self.order.pop_front()
        } else {
            None
        }
    }

    pub(crate) fn touch(&mut self, site: &mut Site, second: u64, key: u64) {
        if let Some(old) = self.visit(site, second, key) {
            self.map.remove(site, second, old);
        }
    }
}
