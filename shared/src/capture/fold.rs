//! From the messages of a capture to the bodies of the API.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::mem;

use crate::api::{Device, Heap, Leak, Record, Stack, Warning};
use crate::trace::{self, Failure, Left, Name, Origin, Region, Reserve};
use crate::wire::{self, Event, Message};

use super::blocks::{Block, Blocks};
use super::clock;
use super::content::Capture;
use super::live::{Change, LiveBlocks};
use super::loss::Loss;
use super::marks::insert_mark;
use super::past::Past;
use super::pointers::Pointers;
use super::turns::{Pause, TURN, at_once, no_pause};

/// Where in a list something of an id is.
type Places = BTreeMap<u32, usize>;

/// What was said so far. Messages come in any order that damage leaves.
#[derive(Debug, Default)]
pub(super) struct Fold {
    pub(super) header: Option<wire::Header>,
    pub(super) counters: Option<trace::Summary>,
    device: Device,
    heap: Heap,
    tasks: Vec<(Name, Origin)>,
    /// Where a task of an id is in `tasks`.
    task_places: Places,
    /// Every call stack, with what is known to be live of it.
    pub(super) stacks: Vec<Leak>,
    /// Where a call stack of an id is in `stacks`.
    pub(super) stack_places: Places,
    /// Id of the task of each call stack, by the id of the stack.
    stack_tasks: BTreeMap<u32, u16>,
    blocks: Blocks,
    /// Blocks that events tell of.
    live: LiveBlocks,
    samples: Vec<wire::Sample>,
    past: Past,
    handed: Vec<wire::Handed>,
    reserve: Option<trace::Reserve>,
    /// The time that the trace is of; captures of older agents do not say it.
    pub(super) period: Option<trace::Period>,
    pointers: Pointers,
    failures: Vec<trace::Failure>,
    marks: Vec<trace::Mark>,
    /// Live blocks that a stream without records tells of.
    pub(super) told: Vec<trace::Leak>,
    ending: Option<trace::Ending>,
    log: Vec<trace::LogLine>,
    /// Every record, oldest first, once all messages were taken.
    pub(super) records: Vec<Record>,
    pub(super) dropped: u64,
    pub(super) missed_frees: trace::MissedFrees,
    /// Wrong frees, oldest first.
    pub(super) wrong_frees: Vec<trace::WrongFree>,
}

/// What did not fit together.
#[derive(Clone, Copy, Debug, Default)]
struct Settled {
    unplaced_frees: u64,
    reused_addresses: u64,
}

impl Fold {
    /// Takes the next message.
    pub(super) fn take(&mut self, message: Message) {
        self.follow(&message);
        match message {
            Message::Header(header) => self.header(header),
            Message::Region(region) => self.region(region),
            Message::Task(task) => {
                self.task_places.insert(task.id.into(), self.tasks.len());
                self.tasks.push((task.name, task.origin));
            }
            Message::Stack(stack) => self.stack(&stack),
            Message::Record(record) => {
                self.stack_of(record.stack);
                self.blocks.allocated(record);
            }
            Message::Freed(freed) => self.blocks.freed(freed),
            Message::Counters(counters) => self.counters = Some(counters),
            Message::Sample(sample) => self.samples.push(sample),
            Message::History(point) => self.past.take(point),
            Message::Handed(handed) => self.handed.push(handed),
            Message::Reserve(reserve) => self.reserve = Some(reserve),
            Message::Period(period) => self.period = Some(period),
            Message::Root(root) => self.pointers.root(root),
            Message::References(references) => self.pointers.references(&references),
            Message::Scan(scan) => self.pointers.scan(scan),
            Message::FailedAllocation(failed) => self.failures.push(failed),
            Message::Left(left) => self.left(left),
            Message::MissedFrees(missed) => self.missed_frees = missed,
            Message::WrongFree(wrong) => self.wrong_frees.push(wrong),
            Message::Dropped(dropped) => self.dropped = self.dropped.saturating_add(dropped.events),
            Message::Mark(mark) => insert_mark(&mut self.marks, mark),
            Message::Births(leak) => self.told.push(leak),
            Message::Ending(ending) => self.ending = Some(ending),
            Message::Log(line) => self.log.push(line),
            // Who asked for a page, and the decoder, have looked at its end.
            Message::Listed(_) | Message::Page(_) | Message::End(_) => {}
            // Those of a connection that somebody has saved.
            Message::Events(_)
            | Message::Snapshot(_)
            | Message::Live(_)
            | Message::SnapshotEnd(_) => {}
        }
    }

    /// Takes what happened to blocks as their records and frees.
    fn follow(&mut self, message: &Message) {
        let Self { live, blocks, .. } = self;
        let end = |record: trace::Record, time, stack| wire::Free {
            seq: record.seq,
            address: record.address,
            time,
            stack,
        };
        live.take(message, |change| match change {
            Change::Allocated(record) => blocks.allocated(record),
            Change::Freed(record, freed) => blocks.freed(end(record, freed.time, freed.stack)),
            Change::Vanished(record, until) => blocks.freed(end(record, until, None)),
        });
        let (Message::Events(events) | Message::Live(events)) = message else {
            return;
        };
        for event in events.iter().flatten() {
            if let Event::Allocated(record) = event {
                self.stack_of(record.stack);
            }
        }
    }

    /// Returns whether a message begins a stream of another trace.
    pub(super) fn is_contradicted_by(&self, message: &Message) -> bool {
        let trace = |header: &wire::Header| (header.boot_id, header.trace_id);
        match (message, &self.header) {
            (Message::Header(header), Some(before)) => trace(header) != trace(before),
            _ => false,
        }
    }

    /// Begins another trace in the same stream, where what was told of the boot is not told again.
    pub(super) fn followed_by(&self, next: &wire::Header) -> Self {
        let boot = self.header.as_ref().map(|header| header.boot_id);
        if boot != Some(next.boot_id) {
            return Self::default();
        }
        Self {
            heap: self.heap.clone(),
            tasks: self.tasks.clone(),
            task_places: self.task_places.clone(),
            samples: self.samples.clone(),
            past: self.past.clone(),
            marks: self.marks.clone(),
            ..Self::default()
        }
    }

    /// Returns whether anything of the trace was said.
    pub(super) fn has_trace(&self) -> bool {
        self.counters.is_some() || !self.stacks.is_empty() || self.ending.is_some()
    }

    /// Returns everything; `None` if nothing of the trace was said.
    pub(super) async fn finish(mut self, loss: Loss, pause: Pause<'_>) -> Option<Capture> {
        if !self.has_trace() {
            return None;
        }
        // Which call stacks were told of is known until then.
        self.device.warnings = self.warnings().collect();
        let settled = self.settle(pause).await;
        let loss = Loss {
            lacks_device: self.header.is_none(),
            lacks_counters: self.counters.is_none(),
            unplaced_frees: settled.unplaced_frees,
            reused_addresses: settled.reused_addresses,
            ..loss
        };
        let trace = self.trace();
        self.device.uptime_us = trace.summary.time_us;
        self.heap.time_us = trace.summary.time_us;
        self.heap.failed_allocations = trace.summary.failed_allocations;
        self.heap.failed_bytes = trace.summary.failed_bytes;
        self.heap.traced_blocks = trace.summary.live_count;
        self.heap.traced_bytes = trace.summary.live_bytes;
        let given_us = self.heap.reserve.and_then(|reserve| reserve.given_us);
        for failure in &mut self.heap.recent_failures {
            failure.gave_reserve = given_us == Some(failure.time_us);
        }
        pause().await;
        self.add_up();
        self.add_told();
        pause().await;
        let leaks = self.leaks(&trace);
        let pointers = mem::take(&mut self.pointers);
        let references = pointers.settle(trace.trace_id, &self.heap.regions);
        let (device, heap) = (mem::take(&mut self.device), mem::take(&mut self.heap));
        let is_weighed = self.period.is_some();
        let marks = self.take_marks();
        let history = self.take_history();
        let ending = self.ending.take();
        let log = mem::take(&mut self.log);
        let (records, stacks) = self.take_records();
        Some(Capture {
            is_weighed,
            device,
            heap,
            trace,
            leaks,
            records,
            stacks,
            references,
            marks,
            history,
            ending,
            log,
            loss,
        })
    }

    /// Tells what the firmware was built without, as far as the capture shows.
    fn warnings(&self) -> impl Iterator<Item = Warning> {
        let is_nameless = self
            .header
            .as_ref()
            .is_some_and(|header| header.build_id.is_empty());
        // Of those that were told of: what is known of others is their id.
        let mut told = self
            .stacks
            .iter()
            .filter(|leak| self.stack_tasks.contains_key(&leak.stack.id))
            .peekable();
        let is_blind = told.peek().is_some() && told.all(|leak| leak.stack.frames.is_empty());
        let frames = is_blind.then_some(Warning::NoFramePointers);
        let build_id = is_nameless.then_some(Warning::NoBuildId);
        frames.into_iter().chain(build_id)
    }

    /// Returns how many records there are.
    pub(super) fn records(&self) -> usize {
        self.blocks.records()
    }

    /// Returns the records and the call stacks that they refer to.
    pub(super) fn into_records(mut self) -> (Vec<Record>, Vec<Stack>) {
        at_once(self.settle(&no_pause));
        self.take_records()
    }

    /// Returns the marks by time, numbered anew: their ids are not told.
    fn take_marks(&mut self) -> Vec<trace::Mark> {
        let mut marks = mem::take(&mut self.marks);
        let mut last = 0;
        for mark in &mut marks {
            last += 1;
            mark.id = last;
        }
        marks
    }

    /// Returns how full the heap was over time, in microseconds.
    fn take_history(&mut self) -> Vec<trace::Point> {
        let mut points = mem::take(&mut self.past).finish();
        for point in &mut points {
            point.from_us = self.us(point.from_us);
            point.until_us = self.us(point.until_us);
        }
        points
    }

    fn take_records(self) -> (Vec<Record>, Vec<Stack>) {
        let stacks = self.stacks.into_iter().map(|leak| leak.stack);
        (self.records, stacks.collect())
    }

    /// Joins what refers to each other, whichever came first.
    async fn settle(&mut self, pause: Pause<'_>) -> Settled {
        for (id, task) in mem::take(&mut self.stack_tasks) {
            let place = self.task_places.get(&task.into());
            let task = place.and_then(|place| self.tasks.get(*place)).cloned();
            if let (Some((name, origin)), stack) = (task, self.stack_of(id)) {
                stack.origin = Origin::of(Some(origin), stack.cut);
                stack.task = Some(name);
            }
        }
        let samples = mem::take(&mut self.samples);
        self.past.take_samples(&samples, self.heap.regions.len());
        samples.iter().for_each(|sample| self.sample(sample));
        mem::take(&mut self.handed)
            .iter()
            .for_each(|handed| self.handed(handed));
        if let Some(reserve) = self.reserve.take() {
            self.reserve(&reserve);
        }
        mem::take(&mut self.failures)
            .iter()
            .for_each(|failed| self.failed(failed));
        let blocks = mem::take(&mut self.blocks).settle(pause).await;
        let mut records = Vec::with_capacity(blocks.list.len());
        for blocks in blocks.list.chunks(TURN) {
            pause().await;
            records.extend(blocks.iter().map(|block| self.record(block)));
        }
        self.records = records;
        Settled {
            unplaced_frees: blocks.unplaced_frees,
            reused_addresses: blocks.reused_addresses,
        }
    }

    fn header(&mut self, header: wire::Header) {
        self.device = Device {
            name: header.device.clone(),
            board: header.board.clone(),
            chip: header.chip.clone(),
            firmware: header.firmware.clone(),
            firmware_version: header.firmware_version.clone(),
            build_id: header.build_id.clone(),
            boot_id: header.boot_id,
            pointer_bytes: header.pointer_bytes,
            ..Device::default()
        };
        self.header = Some(header);
    }

    fn region(&mut self, region: wire::HeapRegion) {
        // A stream that was joined from several may name one more than once.
        let mut known = self.heap.regions.iter();
        if known.any(|known| known.name == region.name && known.start == region.start) {
            return;
        }
        // A device has no more regions than there is room for.
        let _ = self.heap.regions.push(Region::of(&region));
    }

    fn sample(&mut self, sample: &wire::Sample) {
        if let Some(region) = self.heap.regions.get_mut(usize::from(sample.region)) {
            region.take_sample(sample);
        }
    }

    fn handed(&mut self, handed: &wire::Handed) {
        if let Some(region) = self.heap.regions.get_mut(usize::from(handed.region)) {
            region.take_handed(handed);
        }
    }

    fn reserve(&mut self, reserve: &trace::Reserve) {
        self.heap.reserve = Some(Reserve {
            given_us: reserve.given_us.map(|time| self.us(time)),
            ..*reserve
        });
    }

    fn stack(&mut self, stack: &trace::Stack) {
        self.stack_tasks.insert(stack.id, stack.task);
        *self.stack_of(stack.id) = Stack::of(stack, None);
    }

    /// Finds a call stack; one that was not told of has nothing but its id.
    fn stack_of(&mut self, id: u32) -> &mut Stack {
        let place = *self.stack_places.entry(id).or_insert(self.stacks.len());
        if place == self.stacks.len() {
            self.stacks.push(Leak {
                oldest_us: u64::MAX,
                ..Leak::default()
            });
        }
        let stack = &mut self.stacks[place].stack;
        stack.id = id;
        stack
    }

    fn record(&self, block: &Block) -> Record {
        let record = &block.record;
        let place = self.stack_places.get(&record.stack);
        let leak = place.and_then(|place| self.stacks.get(*place));
        Record {
            seq: record.seq,
            address: record.address,
            size: record.size,
            time_us: self.us(record.seq),
            core: record.core,
            task: leak.and_then(|leak| leak.stack.task.clone()),
            stack: record.stack,
            freed: block.end.is_some(),
            freed_time_us: block.end.map(|end| self.us(end.time)),
            freed_stack: block.end.and_then(|end| end.stack),
        }
    }

    /// Notes what was left of the heap at the failed allocation that was told of last.
    fn left(&mut self, left: Left) {
        if let Some(failed) = self.failures.last_mut() {
            failed.left = Some(left);
        }
    }

    fn failed(&mut self, failed: &trace::Failure) {
        let failures = &mut self.heap.recent_failures;
        if failures.is_full() {
            failures.remove(0);
        }
        let time_us = self.us(failed.time_us);
        let _ = self
            .heap
            .recent_failures
            .push(Failure { time_us, ..*failed });
    }

    /// Returns microseconds of a time in the stream.
    pub(super) fn us(&self, ticks: u64) -> u64 {
        let hz = self.header.as_ref().map_or(0, |header| header.tick_hz);
        clock::us(ticks, hz)
    }
}
