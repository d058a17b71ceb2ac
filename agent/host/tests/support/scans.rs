//! Scans for references, and who holds what by them.

use std::collections::BTreeMap;

use heapbeacon_shared::analysis::{Hold, Holders};
use heapbeacon_shared::api::{ReferencesPage, Stack};
use heapbeacon_shared::capture::{Capture, CaptureReader, holders};
use heapbeacon_shared::symbols::{SymbolizedStack, Symbols};
use heapbeacon_shared::trace::Scan;

use super::await_that;
use super::client::Client;

/// What the demo loses, in functions that are called so.
const PLANTED: &str = "lost::";

/// One scan, with the records that were read behind it.
pub(crate) struct Scanned {
    pub(crate) capture: Capture,
    pub(crate) holders: Holders,
}

impl Scanned {
    /// Takes a capture with references.
    #[track_caller]
    pub(crate) fn take(agent: &Client) -> Self {
        let mut reader = CaptureReader::new();
        let answer = agent.get("/capture?references=1");
        answer.messages();
        reader.push(&answer.body).expect("it is a capture");
        let capture = reader.finish().expect("it is whole");
        assert!(!capture.loss.is_incomplete(), "{:?}", capture.loss);
        let page = capture.references.as_ref().expect("it was asked for");
        let holders = holders(&capture.records, &capture.stacks, page);
        let holders = holders.expect("the trace goes on");
        Self { capture, holders }
    }

    /// Takes two, and returns the second with the blocks that neither has reached.
    #[track_caller]
    pub(crate) fn take_two(agent: &Client) -> (Self, Vec<usize>) {
        let before = Self::take(agent);
        let allocations = || agent.trace().summary.total_allocations;
        let first = allocations();
        // Where there is a workload, it is the clock: what it holds has moved on.
        if agent.get("/demo").status == 200 {
            await_that("others allocate", || allocations() > first + 50);
        }
        let now = Self::take(agent);
        let lost = now.holders.lost_since(&before.holders);
        (now, lost)
    }

    pub(crate) fn page(&self) -> &ReferencesPage {
        self.capture.references.as_ref().expect("it was asked for")
    }

    pub(crate) fn scan(&self) -> Scan {
        self.page().scan.expect("the trace goes on")
    }

    /// Returns the indices of all blocks.
    pub(crate) fn blocks(&self) -> Vec<usize> {
        (0..self.holders.blocks().len()).collect()
    }

    pub(crate) fn count(&self, hold: Hold) -> usize {
        let blocks = self.blocks().into_iter();
        blocks
            .filter(|block| self.holders.hold(*block) == hold)
            .count()
    }

    /// Returns the call stack that allocated a block.
    pub(crate) fn stack(&self, block: usize) -> &Stack {
        let seq = self.holders.blocks()[block].seq;
        let mut records = self.capture.records.iter();
        let record = records.find(|record| record.seq == seq);
        let record = record.expect("it has one");
        let mut stacks = self.capture.stacks.iter();
        let stack = stacks.find(|stack| stack.id == record.stack);
        stack.expect("a record's stack is told of")
    }

    /// Counts blocks by the function that allocated them.
    pub(crate) fn count_by_function(
        &self,
        symbols: &Symbols,
        blocks: &[usize],
    ) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for block in blocks {
            let frames = self.stack(*block).frames.iter();
            let frames: Vec<_> = frames.map(|frame| frame.0).collect();
            let stack = SymbolizedStack::new(symbols.call_stack(&frames));
            let site = stack.call_site().map(|site| &site.frame);
            let function = site.and_then(|site| site.function.clone());
            *counts.entry(function.unwrap_or_default()).or_default() += 1;
        }
        counts
    }

    /// Returns whether some of what the demo has lost is called lost, of each kind.
    ///
    /// Where a word in use, or one of memory that is free by now, still has the address of a lost block, it passes for held until that
    /// is written again. So not all are found at once.
    ///
    /// # Panics
    /// If anything else is called lost.
    #[track_caller]
    pub(crate) fn finds_planted(&self, symbols: &Symbols, lost: &[usize]) -> bool {
        let is_planted = |function: &&String| function.contains(PLANTED);
        let lost = self.count_by_function(symbols, lost);
        let others = lost.keys().filter(|function| !is_planted(function));
        assert_eq!(others.count(), 0, "{lost:?}");
        let all = self.count_by_function(symbols, &self.blocks());
        let planted = all.iter().filter(|(function, _)| is_planted(function));
        let found = planted.filter(|(function, count)| {
            let found = lost.get(*function).copied().unwrap_or(0);
            found * 4 >= **count
        });
        // Two ways to lose a block: on a slow device it takes a while until it has gone both.
        found.count() == 2
    }
}
