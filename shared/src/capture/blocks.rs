//! Joins records with their frees, in whatever order they came.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::turns::{Pause, TURN};
use crate::analysis::sort_keys;
use crate::trace::{Address, Record};
use crate::wire::Free;

/// How a block ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// When, in ticks.
    pub(super) time: u64,
    /// The call stack that freed it, where it is known.
    pub(super) stack: Option<u32>,
}

/// A record, and how its block ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) record: Record,
    pub(super) end: Option<End>,
}

/// Records and frees as they come.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    records: Vec<Record>,
    frees: Vec<Free>,
}

/// Records with their frees, and what did not fit.
#[derive(Debug, Default)]
pub(super) struct SettledBlocks {
    /// In the order of their sequence numbers.
    pub(super) list: Vec<Block>,
    /// Frees of a record that never came.
    pub(super) unplaced_frees: u64,
    /// Blocks whose address was handed out again although no free of them came.
    pub(super) reused_addresses: u64,
}

impl Blocks {
    pub(super) fn allocated(&mut self, record: Record) {
        self.records.push(record);
    }

    pub(super) fn freed(&mut self, freed: Free) {
        // Without a record there was nothing to free.
        if freed.seq > 0 {
            self.frees.push(freed);
        }
    }

    pub(super) fn records(&self) -> usize {
        self.records.len()
    }

    /// Puts records in order, drops what came twice, and gives each block its end.
    pub(super) async fn settle(self, pause: Pause<'_>) -> SettledBlocks {
        let keys = (0..).zip(&self.records);
        let mut keys: Vec<_> = keys.map(|(place, record)| [record.seq, place, 0]).collect();
        pause().await;
        sort_keys(&mut keys);
        pause().await;
        let sorted = keys
            .iter()
            .map(|[_, place, _]| self.records[*place as usize]);
        let mut records: Vec<_> = sorted.collect();
        records.dedup();
        let records = records.into_iter();
        let mut settled = SettledBlocks {
            list: records.map(|record| Block { record, end: None }).collect(),
            ..SettledBlocks::default()
        };
        for frees in self.frees.chunks(TURN) {
            pause().await;
            let unplaced = frees.iter().filter(|freed| !settled.end(freed));
            let unplaced = unplaced.count();
            settled.unplaced_frees += unplaced as u64;
        }
        settled.end_reused(pause).await;
        settled
    }
}

impl SettledBlocks {
    /// Ends the block of a free; returns whether it is there.
    fn end(&mut self, freed: &Free) -> bool {
        let first = self
            .list
            .partition_point(|block| block.record.seq < freed.seq);
        let mut same_seq = self.list[first..]
            .iter_mut()
            .take_while(|block| block.record.seq == freed.seq);
        let block = same_seq.find(|block| block.record.address == freed.address);
        let end = End {
            time: freed.time,
            stack: freed.stack,
        };
        block.map(|block| block.end.get_or_insert(end)).is_some()
    }

    /// Ends each block whose address a later one has: no two live blocks share an address.
    async fn end_reused(&mut self, pause: Pause<'_>) {
        let mut live = BTreeMap::new();
        for index in 0..self.list.len() {
            if index.is_multiple_of(TURN) {
                pause().await;
            }
            let Block { record, end } = self.list[index];
            // Who does not say where a block lies says 0.
            if record.address == Address(0) {
                continue;
            }
            if let Some(before) = live.remove(&record.address) {
                self.end_before(before, &record);
            }
            if end.is_none() {
                live.insert(record.address, index);
            }
        }
    }

    fn end_before(&mut self, index: usize, next: &Record) {
        let Some(block) = self.list.get_mut(index) else {
            return;
        };
        if block.record.seq < next.seq {
            block.end = Some(End {
                time: next.seq,
                stack: None,
            });
            self.reused_addresses += 1;
        }
    }
}
