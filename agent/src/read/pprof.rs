//! The trace as a heap profile, as `go tool pprof` reads it from a URL: who allocated, how much, and how much of that is in use.
//!
//! [`pprof`](heapbeacon_shared::pprof) has the format. Call stacks are addresses, which the reader names from the ELF.
//!
//! Nothing is copied, so a profile of a trace that goes on is of no single instant. What holds all the same: the numbers of a call
//! stack are of its live blocks first, as its records tell them region by region, and of all it has allocated right behind that; so
//! no more is in use than was allocated, and what a call stack has allocated never falls from one profile to the next. That is a sample of its own,
//! for of a block that is gone nobody knows the region any more: who asks again and again, such as Alloy for Pyroscope, takes the
//! difference sample by sample, and leaves out those where anything is negative, with all that is in use there. Allocations of call
//! stacks that are not in the table any more are one sample, and so is all that is missing where the trace ended meanwhile: then the
//! profile is as valid as any, adds up to what the trace had when it began, and says by the name of that sample that no more is
//! known of it.
//!
//! A difference over some time is two profiles in one: all that there was before, with negative numbers, and behind the wait all that
//! there is. Readers add up samples of one call stack, so nobody has to remember the first while the second is made. Where the trace
//! has ended meanwhile, the sample that says so takes back what was told.

use core::mem;

use heapbeacon_shared::pprof::{
    Line, Mapping, NO_FRAMES, Profile as Fields, REGION, Shown, Sink, TASK, TEXTS, Time, file_of,
    signed,
};
use heapbeacon_shared::trace::{MAX_FRAMES, Span, Stack, Summary};
use heapless::Vec;

use crate::platform::Device;
use crate::read::bodies;
use crate::read::cursors::Records;
use crate::read::stream::Out;
use crate::tracer::{StackCursor, Trace, TraceEnded};

/// Call stacks whose live blocks are added up in one sweep over the records.
const BATCH: usize = 16;
/// Regions that blocks are told apart by; one more are all others.
const REGIONS: usize = 4;
/// Addresses whose locations are remembered, so that frames that many call stacks have are not told each time.
const PLACES: usize = 64;
/// Tasks whose names are remembered to have been told; those of others are told again.
const TASKS: usize = 32;
/// What stands for call stacks that were recycled, or that there was no table for.
const OTHERS: &str = "[other call stacks]";
/// What stands for what was not read before the trace ended.
const ENDED: &str = "[the trace ended while it was read]";

/// A profile under way.
pub struct Profile {
    shown: Shown,
    trace: Trace,
    part: Part,
    cursor: StackCursor,
    batch: Vec<Live, BATCH>,
    regions: Vec<Span, REGIONS>,
    /// Place of the name of the first; those of the others are behind it.
    first_region: u64,
    places: Places,
    tasks: Vec<(u16, u64), TASKS>,
    /// Texts and functions so far.
    texts: u64,
    functions: u64,
    pass: Pass,
    /// What the trace had when this began: the values of a sample.
    had: [u64; 4],
    /// What was told of that, and of what came meanwhile.
    told: [u64; 4],
}

/// Which profile of those that make one is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// The only one, or the one behind the time of a difference.
    Last,
    /// The one before it, which lasts so many seconds.
    Before { seconds: u32 },
}

/// A difference whose first half is told: what its second half goes on from.
pub struct Half {
    /// How long to wait before it is told, in seconds.
    pub seconds: u32,
    shown: Shown,
    trace: Trace,
    texts: u64,
    functions: u64,
    locations: u64,
    told: [u64; 4],
}

/// What is written next.
enum Part {
    Head,
    Regions,
    Batch,
    /// The call stack of an index in the batch.
    Stack(usize),
    /// What was not told, because it is in the table no more, or because the trace has ended.
    Rest {
        has_ended: bool,
    },
    Done,
}

/// The live blocks of a call stack.
#[derive(Default)]
struct Live {
    stack: u32,
    counts: [u32; REGIONS + 1],
    bytes: [u64; REGIONS + 1],
}

/// Locations so far.
struct Places {
    count: u64,
    /// Those of some addresses; 0 is none.
    addresses: [u64; PLACES],
    ids: [u32; PLACES],
}

impl Profile {
    /// Begins a profile that shows something at first: of all that was traced, or of the difference that some seconds make.
    pub fn new<P: Device>(shown: Shown, seconds: Option<u32>) -> Self {
        let status = P::tracer().status();
        let pass = seconds.map_or(Pass::Last, |seconds| Pass::Before { seconds });
        Self {
            shown,
            trace: status.trace,
            part: Part::Head,
            cursor: StackCursor::after(status.trace, None),
            batch: Vec::new(),
            regions: Vec::new(),
            first_region: 0,
            places: Places {
                count: 0,
                addresses: [0; PLACES],
                ids: [0; PLACES],
            },
            tasks: Vec::new(),
            texts: 0,
            functions: 0,
            pass,
            had: totals(&status.summary),
            told: [0; 4],
        }
    }

    /// Goes on with a difference, when its time is over.
    pub fn behind<P: Device>(half: &Half) -> Self {
        let mut profile = Self::new::<P>(half.shown, None);
        // Where nothing was there before, all that there is has come since.
        if profile.trace == half.trace || half.told == [0; 4] {
            profile.part = Part::Regions;
        } else {
            profile.part = Part::Rest { has_ended: true };
            profile.had = half.told;
        }
        profile.texts = half.texts;
        profile.functions = half.functions;
        profile.places.count = half.locations;
        profile
    }

    /// Returns what a difference goes on from, once all that has room is written of its first half.
    pub fn half(&self) -> Option<Half> {
        match (self.pass, &self.part) {
            (Pass::Before { seconds }, Part::Done) => Some(Half {
                seconds,
                shown: self.shown,
                trace: self.trace,
                texts: self.texts,
                functions: self.functions,
                locations: self.places.count,
                told: self.told,
            }),
            _ => None,
        }
    }

    /// Writes as much as has room; returns whether there is more.
    pub fn fill<P: Device>(&mut self, out: &mut impl Out) -> bool {
        while out.has_room() {
            if let Part::Done = self.part {
                return false;
            }
            let written = self.write_next::<P>(out);
            self.part = written.unwrap_or(Part::Rest { has_ended: true });
        }
        true
    }

    /// Writes a part, and returns the next one.
    fn write_next<P: Device>(&mut self, out: &mut impl Out) -> Result<Part, TraceEnded> {
        Ok(match self.part {
            Part::Head => {
                self.head::<P>(out);
                Part::Regions
            }
            Part::Regions => {
                self.tell_regions::<P>(out);
                Part::Batch
            }
            Part::Batch => {
                self.read_batch::<P>()?;
                match self.batch.is_empty() {
                    true => Part::Rest { has_ended: false },
                    false => Part::Stack(0),
                }
            }
            Part::Stack(index) => match self.batch.get(index) {
                Some(Live { stack, .. }) => {
                    // None where it was recycled meanwhile: then it has no live block.
                    if let Some(stack) = P::tracer().stack(self.trace, *stack)? {
                        self.stack::<P>(&stack, index, out);
                    }
                    Part::Stack(index + 1)
                }
                None => Part::Batch,
            },
            Part::Rest { has_ended } => {
                self.rest(has_ended, out);
                Part::Done
            }
            Part::Done => Part::Done,
        })
    }

    fn head<P: Device>(&mut self, out: &mut impl Out) {
        let device = bodies::describe::<P>();
        let time = Time {
            unix_us: P::booted_unix_us().map_or(0, |booted_us| booted_us + P::now_us()),
            lasted_us: match self.pass {
                Pass::Last => 0,
                Pass::Before { seconds } => u64::from(seconds) * 1_000_000,
            },
        };
        write(out, |fields| fields.head(self.shown, time));
        for text in TEXTS {
            self.text(text, out);
        }
        let file = self.text(file_of(&device.firmware, &device.name), out);
        let build_id = match device.build_id.is_empty() {
            true => 0,
            false => self.text(&device.build_id.text(), out),
        };
        let mapping = Mapping {
            file,
            build_id,
            ..Mapping::default()
        };
        write(out, |fields| fields.mapping(&mapping));
    }

    fn tell_regions<P: Device>(&mut self, out: &mut impl Out) {
        self.first_region = self.texts;
        for region in &P::regions(None) {
            self.text(&region.name, out);
            let (start, size) = (region.start, region.size);
            let _ = self.regions.push(Span { start, size });
        }
    }

    /// Writes a text, and returns its place.
    fn text(&mut self, text: &str, out: &mut impl Out) -> u64 {
        write(out, |fields| fields.text(text));
        self.texts += 1;
        self.texts - 1
    }

    /// Reads which call stacks are next, and adds up their live blocks.
    fn read_batch<P: Device>(&mut self) -> Result<(), TraceEnded> {
        self.batch.clear();
        let mut one = [Stack::default()];
        while !self.batch.is_full() && P::tracer().read_stacks(&mut self.cursor, &mut one)? == 1 {
            let stack = one[0].id;
            // A call stack that only ever freed is in the table, too.
            if one[0].allocations > 0 {
                let _ = self.batch.push(Live {
                    stack,
                    ..Live::default()
                });
            }
        }
        if self.batch.is_empty() {
            return Ok(());
        }
        let mut records = Records::after(self.trace, 0);
        while let Some(record) = records.peek::<P>() {
            let mut batch = self.batch.iter_mut();
            let live = batch.find(|live| live.stack == record.stack);
            if let Some(live) = live.filter(|_| record.freed.is_none()) {
                let holds = |span: &Span| span.contains(record.address);
                let region = self.regions.iter().position(holds).unwrap_or(REGIONS);
                live.counts[region] += 1;
                live.bytes[region] = live.bytes[region].saturating_add(record.size);
            }
            records.advance();
        }
        // Records end where the trace does.
        match P::tracer().trace() == self.trace {
            true => Ok(()),
            false => Err(TraceEnded),
        }
    }

    /// Writes a call stack: a sample for each region in which it has live blocks, and one for all that it has allocated, with what is live
    /// elsewhere.
    fn stack<P: Device>(&mut self, stack: &Stack, index: usize, out: &mut impl Out) {
        let mut locations = Vec::<u64, MAX_FRAMES>::new();
        for address in &stack.frames {
            let _ = locations.push(self.places.tell(*address, out));
        }
        if locations.is_empty() {
            let _ = locations.push(self.nameless(NO_FRAMES, out));
        }
        let task = self.task::<P>(stack.task, out);
        let live = self.batch.get(index);
        let Some((counts, bytes)) = live.map(|live| (live.counts, live.bytes)) else {
            return;
        };
        for (region, (count, bytes)) in counts.into_iter().zip(bytes).take(REGIONS).enumerate() {
            if count > 0 {
                let region = (REGION, self.first_region + region as u64);
                let values = [0, 0, count.into(), bytes];
                self.sample(&locations, values, &labels([task, Some(region)]), out);
            }
        }
        let (elsewhere, elsewhere_bytes) = (counts[REGIONS].into(), bytes[REGIONS]);
        let values = [
            stack.allocations,
            stack.allocated_bytes,
            elsewhere,
            elsewhere_bytes,
        ];
        self.sample(&locations, values, &labels([task, None]), out);
    }

    /// Writes a sample, whose numbers are taken away in the first half of a difference.
    fn sample(
        &mut self,
        locations: &[u64],
        values: [u64; 4],
        labels: &[(u64, u64)],
        out: &mut impl Out,
    ) {
        for (told, value) in self.told.iter_mut().zip(values) {
            *told = told.saturating_add(value);
        }
        let values = values.map(|value| match self.pass {
            Pass::Last => signed(value),
            Pass::Before { .. } => -signed(value),
        });
        write(out, |fields| fields.sample(locations, values, labels));
    }

    /// Returns the label that names a task, if the board knows it, whose name is told before its first use.
    fn task<P: Device>(&mut self, id: u16, out: &mut impl Out) -> Option<(u64, u64)> {
        let mut known = self.tasks.iter();
        if let Some((_, name)) = known.find(|(task, _)| *task == id) {
            return Some((TASK, *name));
        }
        let task = (id != 0).then(|| P::task(id)).flatten()?;
        let name = self.text(&task.name, out);
        let _ = self.tasks.push((id, name));
        Some((TASK, name))
    }

    /// Writes a location that has a name and no address, and returns its id.
    fn nameless(&mut self, name: &str, out: &mut impl Out) -> u64 {
        let name = self.text(name, out);
        self.functions += 1;
        let line = Line {
            function: self.functions,
            line: 0,
            column: 0,
        };
        write(out, |fields| fields.function(line.function, name, 0));
        self.places.add(0, &[line], out)
    }

    /// Writes what is left, under a name that says why.
    fn rest(&mut self, has_ended: bool, out: &mut impl Out) {
        if has_ended && self.pass != Pass::Last {
            if self.told == [0; 4] {
                // The difference is to the next trace.
                return;
            }
            // There is nothing to compare with: what was told is taken back, and that is all.
            self.pass = Pass::Last;
            self.had = mem::take(&mut self.told);
        }
        let mut left = [0, 1, 2, 3].map(|place| self.had[place].saturating_sub(self.told[place]));
        if !has_ended {
            // It was freed meanwhile.
            (left[2], left[3]) = (0, 0);
        }
        let [allocated, allocated_bytes, live, live_bytes] = left;
        let allocated = allocated.max(live);
        let allocated_bytes = allocated_bytes.max(live_bytes);
        if allocated > 0 {
            let location = self.nameless(if has_ended { ENDED } else { OTHERS }, out);
            let values = [allocated, allocated_bytes, live, live_bytes];
            self.sample(&[location], values, &[], out);
        }
    }
}

impl Places {
    /// Returns the id of the location of an address, which is told unless it is remembered.
    fn tell(&mut self, address: u64, out: &mut impl Out) -> u64 {
        // Instructions begin at even addresses, mostly.
        let place = (address >> 1) as usize % PLACES;
        if self.ids[place] == 0 || self.addresses[place] != address {
            self.addresses[place] = address;
            self.ids[place] = self.add(address, &[], out) as u32;
        }
        self.ids[place].into()
    }

    /// Writes a location, and returns its id.
    fn add(&mut self, address: u64, lines: &[Line], out: &mut impl Out) -> u64 {
        self.count += 1;
        write(out, |fields| fields.location(self.count, address, lines));
        self.count
    }
}

/// Returns what a trace has counted, as the values of a sample.
fn totals(summary: &Summary) -> [u64; 4] {
    [
        summary.total_allocations,
        summary.total_allocated_bytes,
        summary.live_count,
        summary.live_bytes,
    ]
}

/// Returns those labels that are known.
fn labels(labels: [Option<(u64, u64)>; 2]) -> Vec<(u64, u64), 2> {
    labels.into_iter().flatten().collect()
}

/// Writes fields where there is room for them.
fn write(out: &mut impl Out, write: impl FnOnce(&mut Fields<'_>)) {
    let mut room = Room {
        bytes: out.room(),
        taken: 0,
    };
    write(&mut Fields::new(&mut room));
    let taken = room.taken;
    out.take(taken);
}

/// What is left of an output.
struct Room<'o> {
    bytes: &'o mut [u8],
    taken: usize,
}

impl Sink for Room<'_> {
    fn take(&mut self, bytes: &[u8]) {
        let end = self.taken + bytes.len();
        let room = self.bytes.get_mut(self.taken..end);
        debug_assert!(room.is_some(), "an output with room takes a call stack");
        if let Some(room) = room {
            room.copy_from_slice(bytes);
            self.taken = end;
        }
    }
}
