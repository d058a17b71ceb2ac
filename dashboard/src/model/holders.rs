//! Who holds the blocks of call stacks, and which blocks nobody does, by what scans have found.

use std::collections::BTreeSet;

use heapbeacon_shared::analysis::{Hold, Holder, Holders, ranked};
use heapbeacon_shared::api::{Record, ReferencesPage, Stack};
use heapbeacon_shared::capture::holders;
use heapbeacon_shared::trace::{Address, Reference, Root, RootKind, Scan};

use crate::symbols::names::Names;

/// Most blocks of a site whose holders are looked for.
const SAMPLED: usize = 256;
/// Most holders between a root and a block that are told.
const STEPS: usize = 12;

/// A scan, joined with the records that were read behind it.
#[derive(Clone, Debug, Default)]
pub struct Scanned {
    /// The trace that it is of.
    pub trace_id: u32,
    /// What it came to.
    pub scan: Scan,
    holders: Holders,
    roots: Vec<Root>,
    stacks: Vec<Stack>,
    /// Id of the call stack of each block.
    stack_of: Vec<u32>,
    /// Sequence numbers of the blocks that are lost: no later scan takes that back.
    lost: BTreeSet<u64>,
}

/// Blocks that nothing refers to any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// How many there are.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Whether somebody holds blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// Nothing does, in two scans.
    Lost,
    /// Somebody does.
    Held,
    /// Nothing was found that does, in one scan.
    Unreached,
    /// Only heap memory without a record does, a word that has moved, or what is in doubt itself: nobody knows whether that is in use.
    Untraced,
    /// Nothing was found that does, where something may have been missed.
    Uncertain,
}

/// Blocks of a site that are held in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Whether somebody holds them.
    pub how: How,
    /// How many there are.
    pub blocks: u64,
    /// What holds them: first where the references begin, last what points to the blocks themselves.
    pub chain: Vec<Step>,
}

/// What holds something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// What it is, such as `static`.
    pub what: &'static str,
    /// What it is called.
    pub name: String,
    /// Where it is, or where in it; empty where that is not the same for all.
    pub place: String,
    /// How many of them follow each other.
    pub times: u64,
}

/// The holders of a site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldBy {
    /// Blocks that the scan knows of.
    pub blocks: u64,
    /// Those whose holders were looked for.
    pub sampled: u64,
    /// Lost blocks first, then most blocks first.
    pub holdings: Vec<Holding>,
}

impl Scanned {
    /// Joins a scan with the records behind it, and with the scan before; `None` where the trace was started anew meanwhile.
    pub fn new(
        records: &[Record],
        stacks: &[Stack],
        page: ReferencesPage,
        before: Option<&Self>,
    ) -> Option<Self> {
        let holders = holders(records, stacks, &page)?;
        // Oldest first: that is the order of their numbers.
        let stack = |seq: u64| {
            let index = records.partition_point(|record| record.seq < seq);
            records.get(index).map_or(0, |record| record.stack)
        };
        let before = before.filter(|before| before.trace_id == page.trace_id);
        let mut lost = BTreeSet::new();
        if let Some(before) = before {
            let seq = |block: usize| holders.blocks()[block].seq;
            lost.extend(holders.lost_since(&before.holders).into_iter().map(seq));
            let live = holders.blocks().iter().map(|block| block.seq);
            lost.extend(live.filter(|seq| before.lost.contains(seq)));
        }
        Some(Self {
            trace_id: page.trace_id,
            scan: page.scan?,
            stack_of: holders
                .blocks()
                .iter()
                .map(|block| stack(block.seq))
                .collect(),
            holders,
            roots: page.roots,
            stacks: stacks.to_vec(),
            lost,
        })
    }

    /// Returns the call stacks of all blocks.
    pub fn stacks(&self) -> &[Stack] {
        &self.stacks
    }

    /// Returns where the words are in statics that chains begin in.
    pub fn statics(&self) -> BTreeSet<u64> {
        let blocks = 0..self.stack_of.len();
        let first = blocks.filter_map(|block| self.holders.chain(block).next());
        let at = |holder| match holder {
            Holder::Root { root, at } if self.roots[root].kind == RootKind::Static => Some(at.0),
            _ => None,
        };
        let mut statics = BTreeSet::new();
        // Collecting would sort them first.
        statics.extend(first.filter_map(at));
        statics
    }

    /// Returns which blocks of call stacks are lost.
    pub fn lost_of(&self, stacks: &[u32]) -> Lost {
        let mut lost = Lost::default();
        if self.lost.is_empty() {
            return lost;
        }
        for (block, stack) in self.holders.blocks().iter().zip(&self.stack_of) {
            if stacks.contains(stack) && self.lost.contains(&block.seq) {
                lost.count += 1;
                lost.bytes += block.size;
            }
        }
        lost
    }

    /// Returns who holds the blocks of call stacks, by the words for that.
    pub fn held_by(&self, stacks: &[u32], names: &mut Names) -> HeldBy {
        let all = 0..self.stack_of.len();
        let own = all.filter(|block| stacks.contains(&self.stack_of[*block]));
        self.held(own.collect(), names)
    }

    /// Returns who holds the block of a record, by its sequence number.
    pub fn held_one(&self, seq: u64, names: &mut Names) -> HeldBy {
        let blocks = self.holders.blocks();
        let own = blocks.iter().position(|block| block.seq == seq);
        self.held(own.into_iter().collect(), names)
    }

    fn held(&self, own: Vec<usize>, names: &mut Names) -> HeldBy {
        // Some of the oldest, some of the newest, and all between them alike.
        let step = own.len().div_ceil(SAMPLED).max(1);
        let mut held = HeldBy {
            blocks: own.len() as u64,
            ..HeldBy::default()
        };
        for block in own.iter().step_by(step) {
            held.sampled += 1;
            held.add(self.holding(*block, names));
        }
        let all = held.holdings.len();
        let rank = |holding: &Holding| (holding.how == How::Lost, holding.blocks);
        held.holdings = ranked(held.holdings, all, |a, b| rank(a) > rank(b));
        held
    }

    fn holding(&self, block: usize, names: &mut Names) -> Holding {
        let mut chain: Vec<_> = self.holders.chain(block).collect();
        chain.reverse();
        let seq = self.holders.blocks()[block].seq;
        let how = match self.holders.hold(block) {
            _ if self.lost.contains(&seq) => How::Lost,
            Hold::Held => How::Held,
            Hold::Unreached => How::Unreached,
            Hold::Uncertain if chain.is_empty() => How::Uncertain,
            Hold::Uncertain => How::Untraced,
        };
        if how == How::Lost {
            chain.clear();
        }
        let mut steps: Vec<Step> = Vec::new();
        for holder in chain {
            let step = self.step(holder, names);
            let has_room = steps.len() < STEPS;
            match steps.last_mut() {
                Some(last) if last.is_like(&step) => last.merge(&step, last.times + 1),
                _ if has_room => steps.push(step),
                _ => {}
            }
        }
        Holding {
            how,
            blocks: 1,
            chain: steps,
        }
    }

    fn step(&self, holder: Holder, names: &mut Names) -> Step {
        let (what, name, place) = match holder {
            Holder::Root { root, at } => self.begin(&self.roots[root], at, names),
            Holder::Untraced {
                at: Reference::MOVED,
            } => ("a word that has moved", String::new(), None),
            Holder::Untraced { at } => (
                "heap memory without a record",
                String::new(),
                Some(at.to_string()),
            ),
            Holder::Block { block, .. } => {
                let id = self.stack_of[block];
                let stack = self.stacks.iter().find(|stack| stack.id == id);
                let named = stack.map(|stack| names.of(stack)).unwrap_or_default();
                ("block of", named.name.clone(), named.place.clone())
            }
        };
        Step {
            what,
            name,
            place: place.unwrap_or_default(),
            times: 1,
        }
    }

    /// Describes where references begin.
    fn begin(
        &self,
        root: &Root,
        at: Address,
        names: &Names,
    ) -> (&'static str, String, Option<String>) {
        match root.kind {
            RootKind::Stack => ("stack of task", names.task(&root.name), None),
            RootKind::Driver => ("memory of", root.name.to_string(), Some(at.to_string())),
            RootKind::Static => match names.variable(at.0) {
                Some((name, 0)) => ("static", name, None),
                Some((name, offset)) => ("static", name, Some(format!("+ {offset:#x}"))),
                None => ("variable of", root.name.to_string(), Some(at.to_string())),
            },
        }
    }
}

impl Step {
    fn is_like(&self, other: &Self) -> bool {
        (self.what, &self.name) == (other.what, &other.name)
    }

    /// Takes another one that is called the same.
    fn merge(&mut self, other: &Self, times: u64) {
        if self.place != other.place {
            self.place.clear();
        }
        self.times = times;
    }
}

impl HeldBy {
    fn add(&mut self, one: Holding) {
        let is_like = |known: &&mut Holding| {
            let mut steps = known.chain.iter().zip(&one.chain);
            known.how == one.how
                && known.chain.len() == one.chain.len()
                && steps.all(|(a, b)| a.is_like(b))
        };
        let Some(known) = self.holdings.iter_mut().find(is_like) else {
            return self.holdings.push(one);
        };
        known.blocks += 1;
        for (step, other) in known.chain.iter_mut().zip(&one.chain) {
            step.merge(other, step.times.max(other.times));
        }
    }
}

#[cfg(test)]
mod tests;
