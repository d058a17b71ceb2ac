//! What the firmware of a stand-in would allocate, second by second.

use heapbeacon::tracer::{Allocation, CallStack, FailedAllocation, Free, Tracer};
use heapbeacon_shared::trace::Left;
use std::num::NonZeroUsize;

use super::heap::{Block, Heap};
use crate::lock::SpinLock;

/// What a stand-in does with its heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Workload {
    /// Frees what it allocates.
    Healthy,
    /// Keeps every fourth session: its heap is full after a quarter of an hour.
    Leaks,
    /// Keeps small blocks all over its heap, so that what is free is in pieces.
    Fragments,
}

/// Microseconds from one step to the next.
pub(super) const STEP_US: u64 = 1_000_000;
/// Names of the tasks, whose ids begin at 1.
pub(super) const TASKS: [&str; 3] = ["main", "net", "log"];

/// A kind of block.
struct Site {
    task: u16,
    size: usize,
    /// Steps from one to the next.
    every: u64,
    /// Steps that a block lives; `None` is for ever.
    life: Option<u64>,
    /// Return addresses, innermost first: those of no firmware.
    frames: [usize; 3],
}

const SAMPLE: Site = Site {
    task: 1,
    size: 96,
    every: 1,
    life: Some(2),
    frames: [0x4200_1a10, 0x4200_2b20, 0x4200_0100],
};
const SESSION: Site = Site {
    task: 2,
    size: 320,
    every: 1,
    life: Some(4),
    frames: [0x4200_5c30, 0x4200_5f44, 0x4200_0200],
};
const LINE: Site = Site {
    task: 3,
    size: 700,
    every: 5,
    life: Some(11),
    frames: [0x4200_7d10, 0x4200_7e1c, 0x4200_0300],
};
/// What is made once, at boot.
const TABLE: Site = Site {
    task: 1,
    size: 2048,
    every: u64::MAX,
    life: None,
    frames: [0x4200_1004, 0x4200_1040, 0x4200_0100],
};
/// What stays of a burst at boot, and pins the holes that the rest of it leaves.
const PIN: Site = Site {
    task: 3,
    size: 24,
    every: u64::MAX,
    life: None,
    frames: [0x4200_9b08, 0x4200_9c10, 0x4200_0300],
};
const BURST: Site = Site {
    task: 3,
    size: 1500,
    every: u64::MAX,
    life: Some(3),
    frames: [0x4200_9d08, 0x4200_9c18, 0x4200_0300],
};
/// What asks for more in one piece than is left of a heap in pieces.
const FRAME: Site = Site {
    task: 2,
    size: 24 * 1024,
    every: 10,
    life: Some(1),
    frames: [0x4200_6e08, 0x4200_6f00, 0x4200_0200],
};

/// Tables at boot.
const TABLES: usize = 12;
/// Of so many sessions, one is kept.
const KEPT: u64 = 4;
/// Blocks of the burst, which reach to the end of the heap.
const BURSTS: usize = 64;

/// A heap, and what lives on it.
pub(super) struct Firmware {
    workload: Workload,
    heap: Heap,
    live: Vec<Life>,
    /// Steps that were done since boot.
    steps: u64,
}

struct Life {
    block: Block,
    task: u16,
    /// The step that frees it.
    ends: Option<u64>,
}

impl Firmware {
    /// Boots, and allocates what stays.
    pub(super) fn boot(workload: Workload, tracer: &Tracer<SpinLock>) -> Self {
        let mut firmware = Self {
            workload,
            heap: Heap::new(),
            live: Vec::new(),
            steps: 0,
        };
        for _ in 0..TABLES {
            firmware.allocate(&TABLE, tracer);
        }
        if workload == Workload::Fragments {
            for _ in 0..BURSTS {
                firmware.allocate(&BURST, tracer);
                firmware.allocate(&PIN, tracer);
            }
        }
        firmware
    }

    /// Returns the heap.
    pub(super) fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }

    /// Returns the microseconds since boot of what it does next.
    pub(super) fn time_us(&self) -> u64 {
        self.steps * STEP_US
    }

    /// Does what a second brings; returns whether the firmware can go on.
    pub(super) fn step(&mut self, tracer: &Tracer<SpinLock>) -> bool {
        self.steps += 1;
        self.free_due(tracer);
        let mut goes_on = true;
        for site in [&SAMPLE, &SESSION, &LINE] {
            if self.is_due(site) {
                goes_on &= self.allocate(site, tracer);
            }
        }
        if self.workload == Workload::Fragments && self.is_due(&FRAME) {
            // There is none, and the next one may find room.
            self.allocate(&FRAME, tracer);
        }
        goes_on
    }

    fn is_due(&self, site: &Site) -> bool {
        self.steps.is_multiple_of(site.every)
    }

    /// Allocates a block of a site; returns whether there was room.
    fn allocate(&mut self, site: &Site, tracer: &Tracer<SpinLock>) -> bool {
        let stack = &CallStack::from_iter(site.frames);
        let (size, time_us, core, task) = (site.size, self.time_us(), 0, site.task);
        let block = self.heap.allocate(size);
        let address = block.and_then(|block| NonZeroUsize::new(block.address()));
        let (Some(block), Some(address)) = (block, address) else {
            let region = self.heap.region(None);
            tracer.failed(&FailedAllocation {
                size,
                time_us,
                core,
                task,
                stack,
                gave_reserve: false,
                left: Some(Left {
                    free: region.free,
                    largest_free_block: Some(region.largest_free_block),
                }),
            });
            return false;
        };
        tracer.allocated(&Allocation {
            address,
            size,
            time_us,
            core,
            task,
            stack,
        });
        self.live.push(Life {
            block,
            task,
            ends: self.end(site),
        });
        true
    }

    /// Returns the step that frees a block of a site, if one does.
    fn end(&self, site: &Site) -> Option<u64> {
        let is_session = site.frames == SESSION.frames;
        let is_kept =
            is_session && self.workload == Workload::Leaks && self.steps.is_multiple_of(KEPT);
        site.life.filter(|_| !is_kept).map(|life| self.steps + life)
    }

    fn free_due(&mut self, tracer: &Tracer<SpinLock>) {
        let (steps, time_us) = (self.steps, self.time_us());
        let is_due = |life: &mut Life| life.ends.is_some_and(|ends| ends <= steps);
        for life in self.live.extract_if(.., is_due) {
            tracer.freed(&Free {
                address: life.block.address(),
                size: life.block.size,
                time_us,
                core: 0,
                task: life.task,
                stack: &CallStack::new(),
            });
            self.heap.free(life.block);
        }
    }
}
