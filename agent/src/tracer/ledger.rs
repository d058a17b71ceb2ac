//! Short memories of what went wrong.
//!
//! Whatever names a call stack here holds a reference to it, so that it is not recycled.

use heapbeacon_shared::trace::{self, Address, Failure, Left, WrongFreeKind};
use heapless::{Deque, Vec};

use super::records::Entry;
use super::stacks::{Link, Stacks};

/// Failed allocations that are remembered.
pub(super) const FAILURES: usize = 8;
/// Wrong frees that are remembered.
pub(super) const WRONG_FREES: usize = 4;
/// Unmatched frees that wait to be checked.
pub(super) const PENDING: usize = 16;
/// Pending frees that are compared with a step of records in one hold of the lock.
const PENDING_AT_A_TIME: usize = 4;
/// Searches that it takes to compare all that may be pending.
pub(super) const SEARCHES: usize = PENDING.div_ceil(PENDING_AT_A_TIME);

/// An unmatched free that waits to be compared with the records.
#[derive(Clone, Copy)]
pub(super) struct PendingFree {
    /// Of all unmatched frees of a trace.
    pub(super) number: u64,
    pub(super) address: usize,
    /// The last record made before the free.
    pub(super) after: u64,
    pub(super) time_us: u64,
    /// Who freed, as soon as it is known.
    pub(super) freed_by: Option<Link>,
    /// Whether allocations were recorded then. A block from a pause may have the address of one that was freed before it.
    pub(super) is_recording: bool,
    /// The newest block of that very address that had been freed before.
    pub(super) earlier: Option<FreedBlock>,
}

/// A block that was freed once.
#[derive(Clone, Copy)]
pub(super) struct FreedBlock {
    pub(super) seq: u64,
    pub(super) owner: Option<Link>,
    pub(super) freed_by: Option<Link>,
}

/// A failed allocation.
#[derive(Clone, Copy)]
pub(super) struct Failed {
    pub(super) time_us: u64,
    pub(super) size: usize,
    pub(super) stack: Link,
    pub(super) gave_reserve: bool,
    pub(super) left: Option<Room>,
}

/// What was left of the heap, as packed as a list of them is.
#[derive(Clone, Copy)]
pub(super) struct Room {
    free: usize,
    largest: Option<usize>,
}

struct WrongFree {
    /// Of all unmatched frees of a trace.
    number: u64,
    time_us: u64,
    kind: WrongFreeKind,
    address: usize,
    block: usize,
    owner: Option<Link>,
    freed_by: Option<Link>,
    first_freed_by: Option<Link>,
}

pub(super) struct Ledger {
    /// Oldest first.
    failures: Vec<Failed, FAILURES>,
    pending: Vec<PendingFree, PENDING>,
    wrong_frees: Deque<WrongFree, WRONG_FREES>,
    /// The last record from before a time in which frees were not recorded: its block may have gone, and all older ones.
    trusted_after: u64,
    /// The last record from before a time in which allocations were not recorded.
    complete_after: u64,
}

impl Ledger {
    pub(super) const EMPTY: Self = Self {
        failures: Vec::new(),
        pending: Vec::new(),
        wrong_frees: Deque::new(),
        trusted_after: 0,
        complete_after: 0,
    };

    /// Takes no block up to a record for one that is still there.
    pub(super) fn distrust(&mut self, until: u64) {
        self.trusted_after = until;
    }

    /// Notes that there may have been blocks without a record until now.
    pub(super) fn end_gap(&mut self, now: u64) {
        self.complete_after = now;
    }

    /// Returns until when a block with a record may be gone: 0 if none may.
    pub(super) fn trusted_after(&self) -> u64 {
        self.trusted_after
    }

    /// Checks whether an unmatched free was of a pointer inside a live block.
    #[inline(always)]
    fn is_inside(&self, free: &PendingFree, block: &Entry) -> bool {
        free.address.wrapping_sub(block.address) < block.size
            && free.after >= block.seq
            && block.seq > self.trusted_after
    }

    /// Checks whether an unmatched free was of a block that had been freed before.
    #[inline(always)]
    fn is_repeated(&self, free: &PendingFree, address: usize, seq: u64) -> bool {
        free.address == address
            && free.after >= seq
            && free.is_recording
            && seq > self.complete_after
            && free.earlier.is_none_or(|earlier| earlier.seq < seq)
    }

    /// Remembers a failed allocation.
    pub(super) fn failed(&mut self, failed: Failed, stacks: &mut Stacks) {
        if self.failures.is_full() {
            let forgotten = self.failures.remove(self.least_telling(&failed));
            stacks.release(forgotten.stack);
        }
        // There is room: a full list has just lost an entry.
        let _ = self.failures.push(failed);
    }

    /// Returns when an allocation failed last.
    pub(super) fn last_failure_us(&self) -> Option<u64> {
        self.failures.last().map(|failed| failed.time_us)
    }

    /// Returns which failure makes room for another: the oldest, but not the last one that the reserve was given back
    /// for. That one began what the others, often hundreds in a second, are only a part of.
    fn least_telling(&self, newest: &Failed) -> usize {
        let gave = self.failures.iter().rposition(|failed| failed.gave_reserve);
        match gave {
            Some(0) if !newest.gave_reserve => 1,
            _ => 0,
        }
    }

    pub(super) fn failures(&self, stacks: &Stacks) -> Vec<Failure, FAILURES> {
        let failures = self.failures.iter().map(|failed| Failure {
            time_us: failed.time_us,
            size: failed.size as u64,
            stack: stacks.id(failed.stack),
            gave_reserve: failed.gave_reserve,
            left: failed.left.map(Left::from),
        });
        failures.collect()
    }

    /// Checks whether so many unmatched frees wait already that there is no room for another.
    pub(super) fn is_full(&self) -> bool {
        self.pending.is_full()
    }

    /// Keeps an unmatched free for later, if there is room.
    pub(super) fn wait(&mut self, free: PendingFree) {
        let _ = self.pending.push(free);
    }

    /// Notes the time and the call stack of an unmatched free, also where it was found to be wrong meanwhile; returns the
    /// call stack again if nobody waits for it.
    pub(super) fn name(&mut self, number: u64, time_us: u64, stack: Link) -> Option<Link> {
        let pending = self.pending.iter_mut();
        let pending = pending.map(|free| (free.number, &mut free.time_us, &mut free.freed_by));
        let wrong = self.wrong_frees.iter_mut();
        let wrong = wrong.map(|wrong| (wrong.number, &mut wrong.time_us, &mut wrong.freed_by));
        let mut unnamed = pending.chain(wrong).filter(|(_, _, by)| by.is_none());
        match unnamed.find(|(free, ..)| *free == number) {
            Some((_, time, freed_by)) => {
                (*time, *freed_by) = (time_us, Some(stack));
                None
            }
            None => Some(stack),
        }
    }

    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Returns the number of the last of the next few pending frees, if there are any.
    pub(super) fn next_pending(&self) -> Option<u64> {
        let mut few = self.pending.iter().take(PENDING_AT_A_TIME);
        few.next_back().map(|free| free.number)
    }

    /// Checks whether a record explains one of the first few pending frees.
    #[inline(always)]
    pub(super) fn explains(&self, record: &Entry) -> bool {
        let mut few = self.pending.iter().take(PENDING_AT_A_TIME);
        match record.freed {
            None => few.any(|free| self.is_inside(free, record)),
            Some(_) => few.any(|free| self.is_repeated(free, record.address, record.seq)),
        }
    }

    /// Compares the pending frees with a record, and returns how many of them are found to be wrong by that.
    #[cold]
    pub(super) fn compare(&mut self, record: &Entry, stacks: &mut Stacks) -> u64 {
        match record.freed {
            None => self.report_inside(record, stacks),
            Some((_, freed_by)) => {
                let block = FreedBlock {
                    seq: record.seq,
                    owner: Some(record.stack),
                    freed_by,
                };
                self.note_earlier(record.address, block, stacks);
                0
            }
        }
    }

    /// Reports the pending frees of a pointer inside a live block, and returns how many there are.
    fn report_inside(&mut self, block: &Entry, stacks: &mut Stacks) -> u64 {
        let mut reported = 0;
        while let Some(index) = self
            .pending
            .iter()
            .position(|free| self.is_inside(free, block))
        {
            let free = self.pending.remove(index);
            free.forget_earlier(stacks);
            let wrong = WrongFree {
                number: free.number,
                time_us: free.time_us,
                kind: WrongFreeKind::Inside,
                address: free.address,
                block: block.address,
                owner: Some(stacks.refer(block.stack)),
                freed_by: free.freed_by,
                first_freed_by: None,
            };
            report(&mut self.wrong_frees, wrong, stacks);
            reported += 1;
        }
        reported
    }

    /// Notes that a block at an address was freed, for the pending frees of that address.
    pub(super) fn note_earlier(&mut self, address: usize, block: FreedBlock, stacks: &mut Stacks) {
        while let Some(index) = self.first_repeated(address, block.seq) {
            for link in [block.owner, block.freed_by].into_iter().flatten() {
                stacks.refer(link);
            }
            let Some(free) = self.pending.get_mut(index) else {
                return;
            };
            free.forget_earlier(stacks);
            free.earlier = Some(block);
        }
    }

    fn first_repeated(&self, address: usize, seq: u64) -> Option<usize> {
        let mut pending = self.pending.iter();
        pending.position(|free| self.is_repeated(free, address, seq))
    }

    /// Settles the pending frees up to a number, now that they were compared with all records: of what was freed before,
    /// they are double frees. Returns how many are.
    pub(super) fn settle(&mut self, until: u64, stacks: &mut Stacks) -> u64 {
        let Self {
            pending,
            wrong_frees,
            ..
        } = self;
        let mut doubles = 0;
        pending.retain(|free| {
            if free.number > until {
                return true;
            }
            match free.earlier {
                Some(block) => {
                    report(wrong_frees, WrongFree::double(free, block), stacks);
                    doubles += 1;
                }
                None => release(stacks, [free.freed_by]),
            }
            false
        });
        doubles
    }

    pub(super) fn wrong_frees(&self, stacks: &Stacks) -> Vec<trace::WrongFree, WRONG_FREES> {
        let wrong_frees = self.wrong_frees.iter().map(|wrong| wrong.view(stacks));
        wrong_frees.collect()
    }
}

impl From<Left> for Room {
    fn from(left: Left) -> Self {
        // No heap is larger than what a pointer can tell.
        let bytes = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        Self {
            free: bytes(left.free),
            largest: left.largest_free_block.map(bytes),
        }
    }
}

impl From<Room> for Left {
    fn from(room: Room) -> Self {
        Self {
            free: room.free as u64,
            largest_free_block: room.largest.map(|largest| largest as u64),
        }
    }
}

impl PendingFree {
    fn forget_earlier(&self, stacks: &mut Stacks) {
        if let Some(block) = self.earlier {
            release(stacks, [block.owner, block.freed_by]);
        }
    }
}

impl WrongFree {
    fn double(free: &PendingFree, block: FreedBlock) -> Self {
        Self {
            number: free.number,
            time_us: free.time_us,
            kind: WrongFreeKind::Double,
            address: free.address,
            block: free.address,
            owner: block.owner,
            freed_by: free.freed_by,
            first_freed_by: block.freed_by,
        }
    }

    fn view(&self, stacks: &Stacks) -> trace::WrongFree {
        let id = |link: Option<Link>| link.map(|link| stacks.id(link));
        trace::WrongFree {
            time_us: self.time_us,
            kind: self.kind,
            address: Address(self.address as u64),
            block: Address(self.block as u64),
            owner: id(self.owner),
            freed_by: id(self.freed_by),
            first_freed_by: id(self.first_freed_by),
        }
    }
}

/// Remembers a wrong free, and forgets the oldest where there is no room.
fn report(list: &mut Deque<WrongFree, WRONG_FREES>, wrong: WrongFree, stacks: &mut Stacks) {
    if list.is_full()
        && let Some(oldest) = list.pop_front()
    {
        release(
            stacks,
            [oldest.owner, oldest.freed_by, oldest.first_freed_by],
        );
    }
    // There is room: a full deque has just given up its oldest entry.
    let _ = list.push_back(wrong);
}

fn release<const N: usize>(stacks: &mut Stacks, links: [Option<Link>; N]) {
    links
        .into_iter()
        .flatten()
        .for_each(|link| stacks.release(link));
}
