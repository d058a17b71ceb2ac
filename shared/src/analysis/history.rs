//! What the call stacks of a site held, moment by moment.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use super::leak::Moment;
use super::series::Point;
use super::snapshot::{Held, Snapshot};
use super::verdict::Blocks;

/// What the call stacks of a site held at each [`Snapshot`], oldest first.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    stacks: Vec<u32>,
    points: Vec<Point>,
    moments: Vec<Moment>,
    seen: Blocks,
    peak_bytes: u64,
}

impl Default for History {
    fn default() -> Self {
        Self {
            stacks: Vec::new(),
            points: Vec::new(),
            moments: Vec::new(),
            seen: Blocks {
                oldest_us: u64::MAX,
                ..Blocks::default()
            },
            peak_bytes: 0,
        }
    }
}

impl History {
    /// Returns the histories of `sites` sites: `held` has each call stack of the list, with the index of its site and
    /// what it holds now.
    ///
    /// # Panics
    /// If an index is not below `sites`.
    pub fn of_each(sites: usize, held: &[(usize, Held)], snapshots: &[Snapshot]) -> Vec<Self> {
        let mut histories = vec![Self::default(); sites];
        let evicted_size = snapshots.last().map_or(0, |last| last.evicted_size);
        let mut tracks: Vec<_> = held
            .iter()
            .map(|(site, held)| Track::new(*site, held, evicted_size))
            .collect();
        let places: BTreeMap<u32, usize> = (0..)
            .zip(held)
            .map(|(i, (_, held))| (held.stack, i))
            .collect();
        for (site, held) in held {
            histories[*site].add(held);
        }
        for snapshot in snapshots {
            for held in &snapshot.held {
                if let Some(track) = places.get(&held.stack) {
                    tracks[*track].see(held, snapshot.time_us);
                }
            }
            append(&mut histories, &mut tracks, snapshot.time_us);
        }
        for held in snapshots.last().into_iter().flat_map(|last| &last.held) {
            if let Some(track) = places.get(&held.stack) {
                histories[tracks[*track].site].see_last(held);
            }
        }
        for track in &tracks {
            let seen = &mut histories[track.site].seen;
            seen.count += track.evicted;
            seen.evicted += track.evicted;
        }
        histories
    }

    /// Returns its live blocks at each moment.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Returns the same with the blocks whose records were evicted since: they may be freed or not.
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// Returns the blocks that it has beyond the live ones: their records were evicted since the first moment, and whether
    /// they were freed after that can't be told.
    pub fn in_doubt(&self) -> u64 {
        self.seen.evicted
    }

    /// Returns the ids of its call stacks.
    pub(super) fn stacks(&self) -> &[u32] {
        &self.stacks
    }

    /// Returns what it held at the last moment, with times in microseconds since boot.
    pub(super) fn seen(&self) -> &Blocks {
        &self.seen
    }

    /// Returns the most bytes that it ever held; 0 where more than one call stack would have to tell it.
    pub(super) fn peak_bytes(&self) -> u64 {
        self.peak_bytes
    }

    fn add(&mut self, held: &Held) {
        // The peaks of several need not have been at the same time.
        self.peak_bytes = match self.stacks.is_empty() {
            true => held.peak_bytes,
            false => 0,
        };
        self.stacks.push(held.stack);
    }

    fn see_last(&mut self, held: &Held) {
        let seen = &mut self.seen;
        seen.count += held.count;
        if held.count > 0 {
            seen.oldest_us = seen.oldest_us.min(held.oldest_us);
            seen.newest_us = seen.newest_us.max(held.newest_us);
        }
    }
}

/// Adds up what each site holds at one moment.
fn append(histories: &mut [History], tracks: &mut [Track], time_us: u64) {
    for history in histories.iter_mut() {
        history.points.push(Point {
            time_us,
            ..Point::default()
        });
        history.moments.push(Moment {
            time_us,
            oldest_us: u64::MAX,
            ..Moment::default()
        });
    }
    for track in tracks {
        let History {
            points, moments, ..
        } = &mut histories[track.site];
        if let (Some(point), Some(moment)) = (points.last_mut(), moments.last_mut()) {
            track.add_to(point, moment);
        }
    }
}

/// A call stack, followed from moment to moment.
struct Track {
    /// Index of its site.
    site: usize,
    /// Mean size of its blocks, once records of it were evicted: the bytes of those are not known.
    size: Option<u64>,
    /// What it had done when it was first listed.
    first: Option<Held>,
    /// What it holds at this moment.
    now: Held,
    /// Blocks whose records were evicted since.
    evicted: u64,
    /// When its newest block was allocated, evicted ones included.
    newest_us: u64,
}

impl Track {
    fn new(site: usize, held: &Held, evicted_size: u64) -> Self {
        let size = held.bytes.checked_div(held.count).unwrap_or(evicted_size);
        Self {
            site,
            size: (held.evicted > 0).then_some(size),
            first: None,
            now: Held::default(),
            evicted: 0,
            newest_us: 0,
        }
    }

    fn see(&mut self, held: &Held, time_us: u64) {
        let first = *self.first.get_or_insert(*held);
        let evicted = held.evicted.saturating_sub(first.evicted);
        // A record that was evicted since belongs to a block that was allocated before.
        let newest_us = if held.count > 0 { held.newest_us } else { 0 };
        let lost = if evicted > self.evicted { time_us } else { 0 };
        self.newest_us = self.newest_us.max(newest_us).max(lost);
        self.evicted = evicted;
        self.now = *held;
    }

    /// Adds what it holds to its site. What is live is gone when the next moment does not list it; what was evicted stays.
    fn add_to(&mut self, point: &mut Point, moment: &mut Moment) {
        let held = &mut self.now;
        point.bytes += held.bytes;
        point.count += held.count;
        let count = held.count + self.evicted;
        moment.bytes += self.size.map_or(held.bytes, |size| size * count);
        moment.count += count;
        let first = self.first.unwrap_or_default();
        moment.allocations += held.allocations.saturating_sub(first.allocations);
        moment.frees += held.frees.saturating_sub(first.frees);
        moment.newest_us = moment.newest_us.max(self.newest_us);
        let oldest_us = match (self.evicted, held.count) {
            (0, 0) => u64::MAX,
            (0, _) => held.oldest_us,
            _ => 0,
        };
        moment.oldest_us = moment.oldest_us.min(oldest_us);
        (held.bytes, held.count) = (0, 0);
    }
}
