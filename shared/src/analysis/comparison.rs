//! What changed from one list of call sites to another.

use alloc::vec::Vec;

use super::ranked::ranked;
use crate::trace::{Kind, Mode, Summary};

mod pairs;
mod site;

pub use site::{Holding, SiteKey};

/// A side that was watched for more than so many percent of the time of the other is not said to differ from it in that.
const ALIKE_PERCENT: u64 = 150;

/// One of the two lists that are compared.
#[derive(Clone, Copy, Debug)]
pub struct Side<'s> {
    /// Its call sites, each with what it holds; a [`Change`] names them by their index.
    pub sites: &'s [(SiteKey<'s>, Holding)],
    /// State and counters of the trace.
    pub summary: &'s Summary,
    /// Microseconds since which it is known what was freed: [`Period::known_us`](crate::trace::Period::known_us).
    pub known_us: u64,
    /// Whether call sites with live blocks are left out of it.
    pub is_cut: bool,
}

/// Which way a call site has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It held nothing before.
    New,
    /// It holds nothing any more.
    Gone,
    /// It holds more.
    Grown,
    /// It holds less.
    Shrunk,
    /// It holds as much.
    Same,
}

/// What became of a call site, or of several that can't be told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Which sites of the list before; none where it is new.
    pub before: Vec<usize>,
    /// Which sites of the list after; none where it is gone.
    pub after: Vec<usize>,
    /// What they held.
    pub was: Holding,
    /// What they hold.
    pub is: Holding,
}

impl Change {
    /// Returns by how many bytes it has changed.
    pub fn bytes(&self) -> i64 {
        difference(self.was.bytes, self.is.bytes)
    }

    /// Returns by how many blocks it has changed.
    pub fn blocks(&self) -> i64 {
        difference(self.was.count, self.is.count)
    }

    /// Returns which way it went: by its bytes, and by its blocks where those are as many.
    pub fn turn(&self) -> Turn {
        match (self.was.count, self.is.count) {
            (0, 0) => Turn::Same,
            (0, _) => Turn::New,
            (_, 0) => Turn::Gone,
            _ => match (self.bytes(), self.blocks()) {
                (0, 0) => Turn::Same,
                (1.., _) | (0, 1..) => Turn::Grown,
                _ => Turn::Shrunk,
            },
        }
    }

    /// Returns of how many sites it is that could not be told apart; 0 where it is of one.
    pub fn merged(&self) -> usize {
        match self.before.len().max(self.after.len()) {
            1 => 0,
            many => many,
        }
    }
}

/// Why two lists say less than they seem to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlike {
    /// One was watched for much longer: microseconds of both.
    Time(u64, u64),
    /// One remembers freed blocks, and so gives up older records for them.
    Mode,
    /// Live records were evicted: how many on each side.
    Evicted(u64, u64),
    /// Call stacks found no room in the table, and share an entry: allocations of these on each side.
    Overflowed(u64, u64),
    /// Events were dropped on their way: how many on each side.
    Dropped(u64, u64),
    /// Recording was stopped or paused for a while: how often on each side.
    Gaps(u32, u32),
    /// Call sites are left out of a list.
    Cut,
}

/// What changed from one list to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Every call site of either list, those first that changed most.
    pub changes: Vec<Change>,
    /// Why that says less than it seems to.
    pub unlike: Vec<Unlike>,
}

impl Comparison {
    /// Compares two lists.
    ///
    /// Sites are paired by their key. Where several have the same, those are paired that stand at the same place in both lists, then
    /// those to which only one path leads in each, and then the others by their order, if there are as many in both. What can't be
    /// told apart even so is added up, and the change says of how many sites it is.
    pub fn new(before: &Side<'_>, after: &Side<'_>) -> Self {
        let mut changes = Vec::new();
        for (_, old, new) in by_key(before, after) {
            for (old, new) in pairs::pair(before.sites, old, after.sites, new) {
                changes.push(Change {
                    was: sum(before.sites, &old),
                    is: sum(after.sites, &new),
                    before: old,
                    after: new,
                });
            }
        }
        let size = |change: &Change| {
            (
                change.bytes().unsigned_abs(),
                change.blocks().unsigned_abs(),
            )
        };
        let all = changes.len();
        Self {
            changes: ranked(changes, all, |a, b| size(a) > size(b)),
            unlike: unlike(before, after),
        }
    }

    /// Returns by how many bytes all sites together have changed.
    pub fn bytes(&self) -> i64 {
        let sum = self.changes.iter().map(|change| i128::from(change.bytes()));
        clamp(sum.sum())
    }

    /// Returns by how many blocks all sites together have changed.
    pub fn blocks(&self) -> i64 {
        let sum = self
            .changes
            .iter()
            .map(|change| i128::from(change.blocks()));
        clamp(sum.sum())
    }

    /// Returns the sites that go one way, those first that changed most.
    pub fn of(&self, turn: Turn) -> impl Iterator<Item = &Change> {
        self.changes
            .iter()
            .filter(move |change| change.turn() == turn)
    }

    /// Returns the sites that leaked and hold nothing any more, or only what they had.
    pub fn ended_leaks(&self) -> impl Iterator<Item = &Change> {
        let ended = |change: &&Change| {
            change.was.leaks() && !change.is.leaks() && change.is.kind != Kind::TooEarly
                || change.was.leaks() && change.is.count == 0
        };
        self.changes.iter().filter(ended)
    }

    /// Returns the sites that leak and did not before.
    pub fn new_leaks(&self) -> impl Iterator<Item = &Change> {
        let is_new = |change: &&Change| !change.was.leaks() && change.is.leaks();
        self.changes.iter().filter(is_new)
    }

    /// Returns the sites that leaked before and still do.
    pub fn lasting_leaks(&self) -> impl Iterator<Item = &Change> {
        let lasts = |change: &&Change| change.was.leaks() && change.is.leaks();
        self.changes.iter().filter(lasts)
    }
}

/// Sites of both lists by their key: there are few, so each is searched for.
type ByKey<'s> = Vec<(&'s str, Vec<usize>, Vec<usize>)>;

fn by_key<'s>(before: &Side<'s>, after: &Side<'s>) -> ByKey<'s> {
    let mut keys = ByKey::new();
    for (index, (site, _)) in before.sites.iter().enumerate() {
        entry(&mut keys, site.key).1.push(index);
    }
    for (index, (site, _)) in after.sites.iter().enumerate() {
        entry(&mut keys, site.key).2.push(index);
    }
    keys
}

fn entry<'k, 's>(
    keys: &'k mut ByKey<'s>,
    key: &'s str,
) -> &'k mut (&'s str, Vec<usize>, Vec<usize>) {
    let place = keys.iter().position(|(known, ..)| *known == key);
    let place = place.unwrap_or_else(|| {
        keys.push((key, Vec::new(), Vec::new()));
        keys.len() - 1
    });
    &mut keys[place]
}

fn sum(sites: &[(SiteKey<'_>, Holding)], indices: &[usize]) -> Holding {
    let mut sum = Holding::default();
    let held = indices.iter().filter_map(|index| sites.get(*index));
    held.for_each(|(_, holding)| sum.add(holding));
    sum
}

fn unlike(before: &Side<'_>, after: &Side<'_>) -> Vec<Unlike> {
    let (old, new) = (before.summary, after.summary);
    let (short, long) = match before.known_us < after.known_us {
        true => (before.known_us, after.known_us),
        false => (after.known_us, before.known_us),
    };
    let is_all = |summary: &Summary| summary.mode == Some(Mode::All);
    let told = [
        (
            long.saturating_mul(100) > short.saturating_mul(ALIKE_PERCENT),
            Unlike::Time(before.known_us, after.known_us),
        ),
        (is_all(old) != is_all(new), Unlike::Mode),
        (
            old.evicted_live + new.evicted_live > 0,
            Unlike::Evicted(old.evicted_live, new.evicted_live),
        ),
        (
            old.other_allocations + new.other_allocations > 0,
            Unlike::Overflowed(old.other_allocations, new.other_allocations),
        ),
        (
            old.dropped + new.dropped > 0,
            Unlike::Dropped(old.dropped, new.dropped),
        ),
        (
            old.gaps > 0 || new.gaps > 0,
            Unlike::Gaps(old.gaps, new.gaps),
        ),
        (before.is_cut || after.is_cut, Unlike::Cut),
    ];
    let told = told.into_iter().filter(|(is_so, _)| *is_so);
    told.map(|(_, unlike)| unlike).collect()
}

fn difference(was: u64, is: u64) -> i64 {
    clamp(i128::from(is) - i128::from(was))
}

fn clamp(value: i128) -> i64 {
    value.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}
