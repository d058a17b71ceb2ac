//! From a stream of events to who holds what and what passes, as the pages of the API tell it.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::clock;
use super::live::{Change, LiveBlocks};
use super::totals::LISTED;
use crate::analysis::{ById, Passing, Traffic, ranked, sort_keys};
use crate::api::{self, Leak, LeaksPage, Stack};
use crate::trace::{self, Births, Freed, Period, Record, Summary, Task};
use crate::wire::{Header, Message};

/// Freed blocks that are remembered, the latest: a power of two, for that is the room that a queue takes.
const FREED_KEPT: usize = 4_096;

/// What an event connection has told since it began, or since the trace did.
///
/// ```
/// use heapbeacon_shared::capture::Streamed;
/// use heapbeacon_shared::trace::Record;
/// use heapbeacon_shared::wire::{Event, EventWriter, Message};
///
/// let block = Record { seq: 5, size: 32, stack: 1, ..Record::default() };
/// let mut events = EventWriter::default();
/// events.push(&Event::Allocated(block));
/// let mut streamed = Streamed::default();
/// streamed.take(Message::Events(events.take()));
/// let page = streamed.leaks();
/// assert_eq!((page.leaks[0].stack.id, page.leaks[0].bytes), (1, 32));
/// ```
#[derive(Debug, Default)]
pub struct Streamed {
    header: Option<Header>,
    live: LiveBlocks,
    /// Those that were freed the latest, the last one at the end.
    freed: VecDeque<Record>,
    traffic: Traffic,
    stacks: ById<trace::Stack>,
    tasks: ById<Task>,
    summary: Option<Summary>,
    period: Option<Period>,
    /// Sequence numbers of the latest two allocations, the newest last.
    latest: [u64; 2],
    first_us: Option<u64>,
    last_us: u64,
    /// Until when frees may have been dropped.
    doubtful_until_us: u64,
    events: u64,
}

impl Streamed {
    /// Takes the next message. A header of another trace begins anew.
    pub fn take(&mut self, message: Message) {
        match message {
            Message::Header(header) => self.begin(header),
            Message::Stack(stack) => {
                let known = self.stacks.entry(stack.id, trace::Stack::default);
                *known = stack;
            }
            Message::Task(task) => {
                let known = self.tasks.entry(task.id.into(), Task::default);
                *known = task;
            }
            Message::Counters(summary) => {
                self.at(summary.time_us);
                self.summary = Some(summary);
            }
            Message::Period(period) => self.period = Some(period),
            _ => self.pass(&message),
        }
    }

    /// Returns whether all live blocks are known.
    pub fn is_complete(&self) -> bool {
        self.live.is_complete()
    }

    /// Returns how many events there were.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Returns how many events were dropped.
    pub fn dropped(&self) -> u64 {
        self.live.dropped()
    }

    /// Returns how large blocks are and how long they live.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Returns the blocks that are live, and the latest that were freed, in the order of their allocation.
    pub fn records(&self) -> Vec<api::Record> {
        let all: Vec<&Record> = self.live.iter().chain(&self.freed).collect();
        let keys = (0..).zip(&all);
        let mut keys: Vec<_> = keys.map(|(place, record)| [record.seq, place, 0]).collect();
        sort_keys(&mut keys);
        let sorted = keys.iter().map(|[_, place, _]| all[*place as usize]);
        sorted.map(|record| self.record(record)).collect()
    }

    /// Returns the call stacks that were told, as the API tells them.
    pub fn stacks(&self) -> Vec<Stack> {
        self.stacks.iter().map(|(id, _)| self.stack(*id)).collect()
    }

    /// Returns a record as the API tells it.
    fn record(&self, record: &Record) -> api::Record {
        let stack = self.stacks.get(record.stack);
        let task = stack.and_then(|stack| self.tasks.get(stack.task.into()));
        api::Record {
            seq: record.seq,
            address: record.address,
            size: record.size,
            time_us: self.us(record.seq),
            core: record.core,
            task: task.map(|task| task.name.clone()),
            stack: record.stack,
            freed: record.freed.is_some(),
            freed_time_us: record.freed.map(|freed| self.us(freed.time_us)),
            freed_stack: record.freed.and_then(|freed| freed.stack),
        }
    }

    /// Returns the counters of the trace, as they were told last.
    pub fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    /// Returns a call stack as the API tells it, with what was seen of it.
    pub fn stack(&self, id: u32) -> Stack {
        let known = self.stacks.get(id).cloned().unwrap_or_default();
        let task = self.tasks.get(known.task.into());
        let Passing {
            allocations,
            frees,
            longest_lifetime_us,
            ..
        } = self.traffic.through(id);
        let stack = trace::Stack {
            id,
            allocations,
            frees,
            longest_lifetime_us: longest_lifetime_us.max(self.us(known.longest_lifetime_us)),
            ..known
        };
        Stack::of(&stack, task.map(|task| (&task.name, task.origin)))
    }

    /// Returns who holds what is live, as `GET /trace/leaks` would.
    pub fn leaks(&self) -> LeaksPage {
        let period = self.period();
        let mut by_stack = ById::default();
        for record in self.live.iter() {
            let leak = by_stack.entry(record.stack, || self.empty(record.stack));
            leak.add(self.us(record.seq), record.size);
        }
        for record in self.live.iter() {
            let leak = by_stack.entry(record.stack, Leak::default);
            if leak.births.counts.is_empty() {
                leak.births = Births::new(leak.oldest_us, period.time_us);
            }
            leak.weigh(self.us(record.seq), record.size, period.recorded_until_us());
        }
        let leaks: Vec<Leak> = by_stack.into_values().collect();
        LeaksPage {
            trace_id: self.header.as_ref().map_or(0, |header| header.trace_id),
            period,
            total: leaks.len() as u32,
            leaks: ranked(leaks, LISTED, |a, b| a.bytes > b.bytes),
        }
    }

    fn begin(&mut self, header: Header) {
        let is_same = self.header.as_ref().is_some_and(|before| {
            (before.boot_id, before.trace_id) == (header.boot_id, header.trace_id)
        });
        if !is_same {
            *self = Self::default();
        }
        self.live.take(&Message::Header(header.clone()), |_| ());
        self.header = Some(header);
    }

    /// Takes what blocks did.
    fn pass(&mut self, message: &Message) {
        let mut changes = Vec::new();
        self.live.take(message, |change| changes.push(change));
        let is_snapshot = matches!(message, Message::Live(_));
        for change in changes {
            match change {
                Change::Allocated(record) => self.allocated(&record, is_snapshot),
                Change::Freed(record, freed) => {
                    self.freed(&record, freed.time);
                    self.keep(record, freed.time, freed.stack);
                }
                // Nobody knows when.
                Change::Vanished(..) => {}
            }
        }
        if let Message::Dropped(_) = message {
            self.doubtful_until_us = self.last_us;
        } else if let Message::SnapshotEnd(_) = message {
            self.doubtful_until_us = 0;
        }
    }

    fn allocated(&mut self, record: &Record, is_snapshot: bool) {
        self.traffic.allocated(record.stack, record.size);
        if !is_snapshot {
            self.events += 1;
            self.latest = [self.latest[1], record.seq];
            self.at(self.us(record.seq));
        }
    }

    fn freed(&mut self, record: &Record, time: u64) {
        self.events += 1;
        let lifetime_us = self.us(time.saturating_sub(record.seq));
        let is_temporary = self.latest.contains(&record.seq);
        self.traffic.freed(record.stack, lifetime_us, is_temporary);
        self.at(self.us(time));
    }

    /// Remembers a freed block, and forgets the one that was freed first where they are many.
    fn keep(&mut self, record: Record, time_us: u64, stack: Option<u32>) {
        if self.freed.len() == FREED_KEPT {
            self.freed.pop_front();
        }
        let freed = Some(Freed { time_us, stack });
        self.freed.push_back(Record { freed, ..record });
    }

    fn at(&mut self, time_us: u64) {
        self.first_us.get_or_insert(time_us);
        self.last_us = self.last_us.max(time_us);
    }

    /// Returns the time that is known: without a snapshot, from the first event on.
    fn period(&self) -> Period {
        let told = self.period.clone().unwrap_or_default();
        let started_us = match self.live.is_complete() {
            true => told.started_us,
            false => self.first_us.unwrap_or(0).max(told.started_us),
        };
        Period {
            started_us,
            time_us: self.last_us.max(told.time_us),
            doubtful_until_us: told.doubtful_until_us.max(self.doubtful_until_us),
            unrecorded: told.unrecorded,
        }
    }

    fn empty(&self, stack: u32) -> Leak {
        Leak {
            stack: self.stack(stack),
            oldest_us: u64::MAX,
            ..Leak::default()
        }
    }

    fn us(&self, ticks: u64) -> u64 {
        clock::us(
            ticks,
            self.header.as_ref().map_or(0, |header| header.tick_hz),
        )
    }
}
