//! Perfetto's native trace: a heap profile of each region at each mark and at the end, counters, and marks.
//!
//! Source: `protos/perfetto/trace/perfetto_trace.proto` of <https://github.com/google/perfetto>. What its reader asks for:
//! frames have a mapping, profile packets count from 0 without a gap, and the clock of profiles is told by a snapshot. From the numbers of a
//! call stack it takes away those that the profile before had of it, of whatever heap (`src/trace_processor/importers/proto/heap_profile_tracker.cc`):
//! so each region is a sequence of its own, with all names that it refers to.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::counters::{Counters, LEVELS, Point, levels, levels_before, live_after};
use super::input::Read;
use super::out::Out;
use super::proto::Proto;
use super::recording::{Recording, function_of};
use super::strings::Strings;
use super::sums::Sums;
use super::survey::{Place, region_of};
use super::tree::Tree;
use super::walk::Step;

/// Fields of `TracePacket`.
mod packet {
    pub(super) const CLOCK_SNAPSHOT: u64 = 6;
    pub(super) const TIMESTAMP: u64 = 8;
    pub(super) const SEQUENCE_ID: u64 = 10;
    pub(super) const TRACK_EVENT: u64 = 11;
    pub(super) const INTERNED_DATA: u64 = 12;
    pub(super) const SEQUENCE_FLAGS: u64 = 13;
    pub(super) const PROFILE_PACKET: u64 = 37;
    pub(super) const TRACK_DESCRIPTOR: u64 = 60;
}

/// Fields of `InternedData`.
mod interned {
    pub(super) const FUNCTION_NAMES: u64 = 5;
    pub(super) const FRAMES: u64 = 6;
    pub(super) const CALLSTACKS: u64 = 7;
    pub(super) const BUILD_IDS: u64 = 16;
    pub(super) const MAPPING_PATHS: u64 = 17;
    pub(super) const SOURCE_PATHS: u64 = 18;
    pub(super) const MAPPINGS: u64 = 19;
}

/// `SEQ_INCREMENTAL_STATE_CLEARED`: what follows refers to nothing before it.
const CLEARED: u64 = 1;
/// `SEQ_NEEDS_INCREMENTAL_STATE`.
const NEEDS_STATE: u64 = 2;
const INSTANT: u64 = 3;
const COUNTER: u64 = 4;
const UNIT_COUNT: u64 = 2;
const UNIT_BYTES: u64 = 3;
/// `MONOTONIC`, its coarse form, and `BOOTTIME`.
const CLOCKS: [u64; 3] = [3, 4, 6];
/// There is one process; 0 is the idle one.
const PID: u64 = 1;
const PROCESS_TRACK: u64 = 1;
const MARKS_TRACK: u64 = 2;
const FIRST_COUNTER_TRACK: u64 = 16;
/// Sequence of all but profiles, and of profiles of what is in no region; regions are behind it.
const EVENTS: u64 = 1;
const NO_REGION: u64 = 2;

/// A trace that is being written.
struct Trace<'a, 'b> {
    recording: &'a Recording,
    /// Names of its counters, with whether they count bytes.
    counters: Vec<(String, u64)>,
    tree: &'a Tree,
    /// Profile packets so far, by sequence.
    profiles: BTreeMap<u64, u64>,
    /// What was added up until now.
    sums: BTreeMap<Place, Sums>,
    out: &'a mut Out<'b>,
}

pub(super) fn write(recording: &Recording, read: &mut Read<'_>, out: &mut Out<'_>) -> fmt::Result {
    let tree = Tree::new(recording);
    let tasks = tree
        .tasks
        .iter()
        .map(|task| (format!("live bytes of {task}"), UNIT_BYTES));
    let mut counters: Vec<_> = [
        (String::from("live bytes"), UNIT_BYTES),
        (String::from("live blocks"), UNIT_COUNT),
    ]
    .into_iter()
    .chain(tasks)
    .collect();
    let first_region = counters.len();
    for region in &recording.regions {
        for what in LEVELS {
            counters.push((format!("{}: {what}", region.name), UNIT_BYTES));
        }
    }
    let mut trace = Trace {
        recording,
        counters,
        tree: &tree,
        profiles: BTreeMap::new(),
        sums: BTreeMap::new(),
        out,
    };
    trace.head()?;
    trace.events(read, first_region)
}

impl Trace<'_, '_> {
    fn packet(&mut self, sequence: u64, packet: Proto, flags: u64) -> fmt::Result {
        let packet = packet
            .number(packet::SEQUENCE_ID, sequence)
            .number(packet::SEQUENCE_FLAGS, flags);
        let trace = Proto::default().message(1, packet);
        self.out.bytes(trace.bytes())
    }

    /// Writes which clocks there are, all the same, and which tracks.
    fn head(&mut self) -> fmt::Result {
        let now = ns(self.recording.span_us().0);
        let clocks = CLOCKS.into_iter().fold(Proto::default(), |clocks, id| {
            clocks.message(1, Proto::default().number(1, id).number(2, now))
        });
        let snapshot = Proto::default()
            .number(packet::TIMESTAMP, now)
            .message(packet::CLOCK_SNAPSHOT, clocks);
        self.packet(EVENTS, snapshot, CLEARED)?;
        let process = Proto::default()
            .number(1, PID)
            .text(6, self.recording.program());
        self.track(
            Proto::default()
                .number(1, PROCESS_TRACK)
                .message(3, process),
        )?;
        let marks = Proto::default().number(1, MARKS_TRACK).text(2, "marks");
        self.track(marks.number(5, PROCESS_TRACK))?;
        for (uuid, (name, unit)) in (FIRST_COUNTER_TRACK..).zip(self.counters.clone()) {
            let track = Proto::default()
                .number(1, uuid)
                .text(2, &name)
                .number(5, PROCESS_TRACK)
                .message(8, Proto::default().number(3, unit));
            self.track(track)?;
        }
        Ok(())
    }

    fn track(&mut self, descriptor: Proto) -> fmt::Result {
        let packet = Proto::default().message(packet::TRACK_DESCRIPTOR, descriptor);
        self.packet(EVENTS, packet, NEEDS_STATE)
    }

    fn intern(&mut self, sequence: u64, field: u64, entry: Proto) -> fmt::Result {
        let data = Proto::default().message(field, entry);
        let packet = Proto::default().message(packet::INTERNED_DATA, data);
        self.packet(sequence, packet, NEEDS_STATE)
    }

    /// Names mapping, functions and call stacks; what refers to something comes behind it. Ids count from 1.
    fn interned(&mut self, sequence: u64) -> fmt::Result {
        let (recording, tree) = (self.recording, self.tree);
        self.packet(sequence, Proto::default(), CLEARED)?;
        let program = string(1, recording.program());
        self.intern(sequence, interned::MAPPING_PATHS, program)?;
        self.intern(
            sequence,
            interned::BUILD_IDS,
            string(1, recording.build_id().as_bytes()),
        )?;
        let ends = recording.frames.iter().map(|frame| frame.address);
        let mapping = Proto::default()
            .number(1, 1)
            .number(2, 1)
            .number(5, ends.max().unwrap_or(0).saturating_add(1))
            .number(7, 1);
        self.intern(sequence, interned::MAPPINGS, mapping)?;
        let (mut names, mut files) = (Strings::default(), Strings::default());
        for (iid, frame) in (1..).zip(&recording.frames) {
            let name = self.name(
                sequence,
                interned::FUNCTION_NAMES,
                &function_of(frame),
                &mut names,
            )?;
            let mut proto = Proto::default()
                .number(1, iid)
                .number(2, name)
                .number(3, 1)
                // A call returns behind itself.
                .number(4, frame.address.saturating_sub(1));
            if let Some(file) = &frame.file {
                proto = proto.number(
                    5,
                    self.name(sequence, interned::SOURCE_PATHS, file, &mut files)?,
                );
            }
            let frame = proto.number_but_0(6, frame.line.unwrap_or(0).into());
            self.intern(sequence, interned::FRAMES, frame)?;
        }
        let first_task = recording.frames.len() as u64 + 1;
        for (iid, task) in (first_task..).zip(tree.tasks.iter()) {
            let name = self.name(sequence, interned::FUNCTION_NAMES, task, &mut names)?;
            let frame = Proto::default().number(1, iid).number(2, name);
            self.intern(sequence, interned::FRAMES, frame.number(3, 1).number(4, 0))?;
        }
        for (iid, stack) in (1..).zip(&recording.stacks) {
            let mut callstack = Proto::default().number(1, iid);
            for function in tree
                .leaf(stack.stack.id)
                .iter()
                .flat_map(|leaf| tree.path(*leaf))
            {
                callstack = callstack.number(2, tree.number(function) as u64 + 1);
            }
            self.intern(sequence, interned::CALLSTACKS, callstack)?;
        }
        Ok(())
    }

    /// Returns the id of a string, which is told of if it is new.
    fn name(
        &mut self,
        sequence: u64,
        field: u64,
        text: &str,
        known: &mut Strings,
    ) -> Result<u64, fmt::Error> {
        let next = known.len();
        let number = known.number(text);
        let iid = number as u64 + 1;
        if number == next {
            self.intern(sequence, field, string(iid, text))?;
        }
        Ok(iid)
    }

    fn events(&mut self, read: &mut Read<'_>, first_region: usize) -> fmt::Result {
        let recording = self.recording;
        let mut counters = Counters::new(recording, self.counters.len());
        (0..first_region).for_each(|counter| counters.change(counter, |_| 0));
        self.history(first_region)?;
        let mut marks = recording.marks.iter().peekable();
        let until_us = recording.span_us().1;
        recording.walk(read, &mut |now_us, step| {
            while let Some(mark) = marks.next_if(|mark| mark.time_us < now_us) {
                self.mark(mark.time_us, &mark.name)?;
            }
            self.points(&counters.at(now_us))?;
            self.count(step, first_region, &mut counters);
            Ok(())
        })?;
        for mark in marks {
            self.mark(mark.time_us, &mark.name)?;
        }
        self.points(&counters.tell(until_us))?;
        self.profile(until_us)
    }

    fn count(&mut self, step: &Step, first_region: usize, counters: &mut Counters) {
        let (record, is_new) = match step {
            Step::Allocated(record) => (record, true),
            Step::Freed(record, _) => (record, false),
            Step::Sample(sample) => {
                let first = first_region + usize::from(sample.region) * 3;
                for (counter, value) in (first..).zip(levels(sample)) {
                    counters.change(counter, |_| value);
                }
                return;
            }
        };
        let region = region_of(record, &self.recording.regions);
        let sums = self.sums.entry((record.stack, region)).or_default();
        match is_new {
            true => sums.allocate(record.size),
            false => sums.free(record.size, 0),
        }
        counters.change(0, |live| live_after(step, live));
        counters.change(1, |live| match is_new {
            true => live.saturating_add(1),
            false => live.saturating_sub(1),
        });
        if let Some(task) = self.tree.task_of(record.stack) {
            counters.change(2 + task, |live| live_after(step, live));
        }
    }

    /// Tells how full each region was before.
    fn history(&mut self, first_region: usize) -> fmt::Result {
        let recording = self.recording;
        for point in &recording.history {
            let regions = levels_before(point, recording.regions.len());
            let points = (first_region..).zip(regions.flatten());
            let points = points.map(|(counter, value)| Point {
                time_us: point.until_us,
                counter,
                value,
            });
            self.points(&points.collect::<Vec<_>>())?;
        }
        Ok(())
    }

    fn points(&mut self, points: &[Point]) -> fmt::Result {
        points.iter().try_for_each(|point| {
            let event = Proto::default()
                .number(9, COUNTER)
                .number(11, FIRST_COUNTER_TRACK + point.counter as u64)
                .number(30, point.value.min(i64::MAX as u64));
            self.event(point.time_us, event)
        })
    }

    fn mark(&mut self, time_us: u64, name: &str) -> fmt::Result {
        let event = Proto::default()
            .number(9, INSTANT)
            .number(11, MARKS_TRACK)
            .text(23, name);
        self.event(time_us, event)?;
        self.profile(time_us)
    }

    fn event(&mut self, time_us: u64, event: Proto) -> fmt::Result {
        let packet = Proto::default()
            .number(packet::TIMESTAMP, ns(time_us))
            .message(packet::TRACK_EVENT, event);
        self.packet(EVENTS, packet, NEEDS_STATE)
    }

    /// Writes what all call stacks have allocated and freed until now, region by region.
    fn profile(&mut self, time_us: u64) -> fmt::Result {
        let mut regions: BTreeMap<Option<u8>, Vec<(u64, Sums)>> = BTreeMap::new();
        for ((stack, region), sums) in &self.sums {
            let stacks = &self.recording.stacks;
            if let Ok(place) = stacks.binary_search_by_key(stack, |stack| stack.stack.id) {
                let samples = regions.entry(*region).or_default();
                samples.push((place as u64 + 1, *sums));
            }
        }
        for (region, samples) in regions {
            let sequence = region.map_or(NO_REGION, |region| NO_REGION + 1 + u64::from(region));
            let index = self.profiles.get(&sequence).copied().unwrap_or(0);
            if index == 0 {
                self.interned(sequence)?;
            }
            self.profiles.insert(sequence, index + 1);
            let mut dump = Proto::default()
                .number(1, PID)
                .number(9, ns(time_us))
                .text(11, self.recording.region(region).unwrap_or("heap"))
                .number(12, 1);
            for (callstack, sums) in samples {
                dump = dump.message(2, sample(callstack, &sums));
            }
            let profile = Proto::default().number(7, index).message(5, dump);
            let packet = Proto::default()
                .number(packet::TIMESTAMP, ns(time_us))
                .message(packet::PROFILE_PACKET, profile);
            self.packet(sequence, packet, NEEDS_STATE)?;
        }
        Ok(())
    }
}

fn sample(callstack: u64, sums: &Sums) -> Proto {
    let freed = sums.freed();
    Proto::default()
        .number(1, callstack)
        .number(2, sums.allocated.bytes)
        .number(3, freed.bytes)
        .number(5, sums.allocated.count)
        .number(6, freed.count)
}

fn string(iid: u64, text: &(impl AsRef<[u8]> + ?Sized)) -> Proto {
    Proto::default().number(1, iid).text(2, text)
}

fn ns(us: u64) -> u64 {
    us.saturating_mul(1_000)
}
