//! Short memories of what went wrong.

use heapless::{Deque, Vec};

use super::records::Entry;
use super::stacks::Link as StackLink;
use super::view::{Failure, WrongFree};

/// Failed allocations that are remembered.
pub(super) const FAILURES: usize = 8;
/// Wrong frees that are remembered.
pub(super) const WRONG_FREES: usize = 4;
/// Unmatched frees that wait to be checked.
pub(super) const SUSPECTS: usize = 16;
/// Suspects that are compared with a step of records in one hold of the lock.
pub(super) const SUSPECTS_AT_A_TIME: usize = 4;

/// An unmatched free that may have been of a pointer inside a traced block.
#[derive(Clone, Copy)]
pub(super) struct Suspect {
    /// Of all unmatched frees of a trace.
    pub(super) number: u64,
    pub(super) address: usize,
    /// The last record made before the free.
    pub(super) after: u64,
    pub(super) time_us: u64,
}

/// A failed allocation with the index of its stack, which the ledger holds on to.
#[derive(Clone, Copy)]
pub(super) struct Failed {
    pub(super) time_us: u64,
    pub(super) size: usize,
    pub(super) stack: StackLink,
}

pub(super) struct Ledger {
    failures: Deque<Failed, FAILURES>,
    suspects: Vec<Suspect, SUSPECTS>,
    wrong_frees: Deque<WrongFree, WRONG_FREES>,
    /// The last record from before a time in which frees were not recorded: its block may have gone, and all older ones.
    trusted_after: u64,
}

impl Ledger {
    pub(super) const EMPTY: Self = Self {
        failures: Deque::new(),
        suspects: Vec::new(),
        wrong_frees: Deque::new(),
        trusted_after: 0,
    };

    /// Takes no block up to a record for one that is still there.
    pub(super) fn distrust(&mut self, until: u64) {
        self.trusted_after = until;
    }

    /// Returns until when a block with a record may be gone: 0 if none may.
    pub(super) fn trusted_after(&self) -> u64 {
        self.trusted_after
    }

    /// Tells whether an unmatched free was of a pointer inside a block.
    #[inline(always)]
    fn is_inside(&self, suspect: &Suspect, block: &Entry) -> bool {
        suspect.address.wrapping_sub(block.address) < block.size
            && suspect.after >= block.seq
            && block.seq > self.trusted_after
    }

    /// Remembers a failed allocation, and returns the stack of the one forgotten for it.
    pub(super) fn failed(&mut self, failed: Failed) -> Option<StackLink> {
        let forgotten = if self.failures.is_full() {
            self.failures.pop_front()
        } else {
            None
        };
        // There is room: a full deque has just given up its oldest entry.
        let _ = self.failures.push_back(failed);
        forgotten.map(|failed| failed.stack)
    }

    pub(super) fn failures(&self, id: impl Fn(StackLink) -> u32) -> Vec<Failure, FAILURES> {
        self.failures
            .iter()
            .map(|failed| Failure {
                time_us: failed.time_us,
                size: failed.size,
                stack: id(failed.stack),
            })
            .collect()
    }

    /// Keeps an unmatched free for later, or returns false if too many wait already.
    pub(super) fn suspect(&mut self, suspect: Suspect) -> bool {
        self.suspects.push(suspect).is_ok()
    }

    pub(super) fn has_suspects(&self) -> bool {
        !self.suspects.is_empty()
    }

    /// Returns the number of the last of the next few suspects, if there are any.
    pub(super) fn next_suspects(&self) -> Option<u64> {
        let mut few = self.suspects.iter().take(SUSPECTS_AT_A_TIME);
        few.next_back().map(|suspect| suspect.number)
    }

    /// Tells whether one of the first few suspects lies inside a live block.
    #[inline(always)]
    pub(super) fn has_suspect_in(&self, block: &Entry) -> bool {
        let mut few = self.suspects.iter().take(SUSPECTS_AT_A_TIME);
        few.any(|suspect| self.is_inside(suspect, block))
    }

    /// Takes the suspects that lie inside a live block for wrong frees, and returns how many do;
    /// `stack` is the id of the block's call stack.
    #[cold]
    pub(super) fn convict(&mut self, block: &Entry, stack: u32) -> u64 {
        let mut convicted = 0;
        while let Some(index) = self.first_inside(block) {
            let suspect = self.suspects.remove(index);
            self.wrong_free(WrongFree {
                time_us: suspect.time_us,
                address: suspect.address,
                block: block.address,
                stack,
            });
            convicted += 1;
        }
        convicted
    }

    fn first_inside(&self, block: &Entry) -> Option<usize> {
        let mut suspects = self.suspects.iter();
        suspects.position(|suspect| self.is_inside(suspect, block))
    }

    /// Lets the suspects up to a number go.
    pub(super) fn acquit(&mut self, until: u64) {
        self.suspects.retain(|suspect| suspect.number > until);
    }

    fn wrong_free(&mut self, wrong: WrongFree) {
        if self.wrong_frees.is_full() {
            self.wrong_frees.pop_front();
        }
        // There is room: a full deque has just given up its oldest entry.
        let _ = self.wrong_frees.push_back(wrong);
    }

    pub(super) fn wrong_frees(&self) -> Vec<WrongFree, WRONG_FREES> {
        self.wrong_frees.iter().copied().collect()
    }
}
