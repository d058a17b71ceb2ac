//! What the call stacks of a site held, moment by moment.

use alloc::vec;
use alloc::vec::Vec;

use super::ranked::places;
use super::series::Point;
use super::snapshot::{Held, Snapshot};

/// What the call stacks of a site held at each [`Snapshot`], oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    stacks: Vec<u32>,
    points: Vec<Point>,
    with_evicted: Vec<Point>,
    in_doubt: u64,
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
        let places = places(&mut held.iter().map(|(_, held)| held.stack));
        for (site, held) in held {
            histories[*site].stacks.push(held.stack);
        }
        for snapshot in snapshots {
            for held in &snapshot.held {
                if let Some(track) = places.get(&held.stack) {
                    tracks[*track].see(held);
                }
            }
            append(&mut histories, &mut tracks, snapshot.time_us);
        }
        for track in &tracks {
            histories[track.site].in_doubt += track.evicted;
        }
        histories
    }

    /// Returns its live blocks at each moment.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Returns the same with the blocks whose records were evicted since the first moment: they may be freed or not.
    pub fn with_evicted(&self) -> &[Point] {
        &self.with_evicted
    }

    /// Returns the blocks that it has beyond the live ones: their records were evicted since the first moment, and whether
    /// they were freed after that can't be told.
    pub fn in_doubt(&self) -> u64 {
        self.in_doubt
    }

    /// Returns the ids of its call stacks.
    pub(super) fn stacks(&self) -> &[u32] {
        &self.stacks
    }
}

/// Adds up what each site holds at one moment.
fn append(histories: &mut [History], tracks: &mut [Track], time_us: u64) {
    let nothing = Point {
        time_us,
        ..Point::default()
    };
    for history in histories.iter_mut() {
        history.points.push(nothing);
        history.with_evicted.push(nothing);
    }
    for track in tracks {
        let history = &mut histories[track.site];
        let points = [&mut history.points, &mut history.with_evicted];
        let sums = points.map(|points| points.last_mut());
        if let [Some(live), Some(all)] = sums {
            track.add_to(live, all);
        }
    }
}

/// A call stack, followed from moment to moment.
struct Track {
    /// Index of its site.
    site: usize,
    /// Mean size of its blocks, in bytes: that of evicted ones is not known.
    size: u64,
    /// Records of it that had been evicted when it was first listed.
    first: Option<u64>,
    /// What it holds at this moment.
    now: Held,
    /// Blocks whose records were evicted since.
    evicted: u64,
}

impl Track {
    fn new(site: usize, held: &Held, evicted_size: u64) -> Self {
        Self {
            site,
            size: held.bytes.checked_div(held.count).unwrap_or(evicted_size),
            first: None,
            now: Held::default(),
            evicted: 0,
        }
    }

    fn see(&mut self, held: &Held) {
        let first = *self.first.get_or_insert(held.evicted);
        self.evicted = held.evicted.saturating_sub(first);
        self.now = *held;
    }

    /// Adds what it holds to its site. What is live is gone when the next moment does not list it; what was evicted stays.
    fn add_to(&mut self, live: &mut Point, all: &mut Point) {
        let Held { bytes, count, .. } = core::mem::take(&mut self.now);
        live.bytes += bytes;
        live.count += count;
        all.bytes += bytes + self.size * self.evicted;
        all.count += count + self.evicted;
    }
}

#[cfg(test)]
mod tests;
