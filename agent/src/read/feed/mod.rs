//! What happens to the heap, as messages for a host that listens.
//!
//! A host is told of who speaks, of every live block (a snapshot), and from then on of every event: so it has the live blocks
//! that the tracer has. Where the ring has overtaken it, it is told how many events it has missed, and of every live block again.
//! Events go on while a snapshot is told, piece by piece: see [`Snapshot`](wire::Snapshot).

mod filter;
#[cfg(all(test, feature = "tracing"))]
mod tests;
mod told;

pub use filter::{Filter, TASKS, USUAL_MS};

use heapbeacon_shared::trace::{Address, Failure, Mark, MissedFrees, Record, Summary};
use heapbeacon_shared::wire::{self, EventWriter, MAX_ENCODED, Message};

use crate::place::Place;
use crate::platform::Device;
use crate::read::cursors::{Records, is_latest, now_us};
use crate::read::writer::{MessageWriter, Out};
use crate::tracer::{Attachment, Event, EventKind, Overtaken, Trace};
use told::Told;

/// Events, or blocks of a snapshot, that are told of in a row.
const RUN: usize = 64;
/// Bytes that there must be for an event and what it refers to, beside what is written already: the longest message, and some short ones.
const ROOM: usize = MAX_ENCODED + 64;

/// What one host is told of.
pub struct Feed {
    filter: Filter,
    writer: MessageWriter,
    /// Of which trace the host was told last.
    trace: Trace,
    /// Where events come from, once the host is told of them.
    source: Place<Attachment>,
    snapshot: Option<Snapshot>,
    events: EventWriter,
    told: Told,
    marks: Marks,
    past: Past,
    counters: Due,
    samples: Due,
    has_begun: bool,
    sent: u64,
}

/// A snapshot under way.
struct Snapshot {
    records: Records,
    until: u64,
    blocks: u32,
}

/// Marks that the host was not told of yet.
#[derive(Default)]
struct Marks {
    last: u32,
    next: Option<Mark>,
    /// Up to when all marks are known.
    known_until: u64,
}

/// How full the heap was before the host was connected, as far as it was told of that.
#[derive(Clone, Copy)]
enum Past {
    /// Up to this moment, in microseconds since boot.
    Until(u64),
    Told,
}

/// Something that is told of every so often.
#[derive(Clone, Copy, Default)]
struct Due {
    next_us: u64,
}

impl Feed {
    /// Makes one for a static, which tells of nothing.
    pub const fn new() -> Self {
        Self {
            filter: Filter::NOTHING,
            writer: MessageWriter::new(),
            trace: Trace::NONE,
            source: Place::Empty,
            snapshot: None,
            events: EventWriter::new(),
            told: Told::NOTHING,
            marks: Marks::new(),
            past: Past::Until(0),
            counters: Due { next_us: 0 },
            samples: Due { next_us: 0 },
            has_begun: false,
            sent: 0,
        }
    }

    /// Begins anew, for a host that knows nothing.
    pub fn begin<P: Device>(&mut self, filter: Filter) {
        self.writer = MessageWriter::new();
        self.trace = P::tracer().trace();
        self.events = EventWriter::new();
        self.told.clear();
        self.marks = Marks::new();
        self.past = Past::Until(0);
        self.has_begun = false;
        self.select(filter);
    }

    /// Tells of other things from now on, and of every live block among them.
    pub fn select(&mut self, filter: Filter) {
        self.filter = filter;
        self.source = Place::Empty;
        self.snapshot = None;
        self.counters = Due::default();
        self.samples = Due::default();
    }

    /// Checks whether events would be told of if they were wanted.
    pub fn is_fed<P: Device>() -> bool {
        P::tracer().attach().is_some()
    }

    /// Writes what there is to tell, as much as has room; returns whether there is more.
    pub fn fill<P: Device>(&mut self, out: &mut impl Out) -> bool {
        if !self.has_begun {
            self.has_begun = true;
            self.writer.header::<P>(self.trace, out);
            self.writer.named_regions::<P>(out);
            return true;
        }
        if self.filter.samples_ms > 0 && self.tell_past::<P>(out) {
            return true;
        }
        self.periodic::<P>(out);
        if self.filter.events && self.source.is_empty() && has_room(&self.events, out) {
            self.attach::<P>(out);
        }
        let mut is_more = true;
        let mut told_until_us = 0;
        while is_more && has_room(&self.events, out) {
            told_until_us = now_us::<P>();
            let told = self.tell_events::<P>(out);
            let named = self.name_blocks::<P>(out);
            is_more = told || named;
        }
        if !is_more {
            // A later mark waits: what came before it may be on the ring by now.
            self.mark_before::<P>(told_until_us, out);
        }
        let sent = core::mem::take(&mut self.sent);
        if sent > 0 {
            P::tracer().note_told(self.trace, sent, 0);
        }
        is_more
    }

    /// Tells how full the heap was until now; returns whether there is more of it.
    fn tell_past<P: Device>(&mut self, out: &mut impl Out) -> bool {
        let now_us = now_us::<P>();
        while let Past::Until(mut until_us) = self.past {
            if out.room().len() < ROOM {
                return true;
            }
            self.past = match self.writer.next_point::<P>(&mut until_us, now_us, out) {
                true => Past::Until(until_us),
                false => Past::Told,
            };
        }
        false
    }

    fn periodic<P: Device>(&mut self, out: &mut impl Out) {
        let now_us = now_us::<P>();
        if out.room().len() >= 2 * ROOM && self.counters.is_due(self.filter.counters_ms, now_us) {
            self.tell_counters::<P>(now_us, out);
        }
        if out.room().len() >= ROOM && self.samples.is_due(self.filter.samples_ms, now_us) {
            self.writer.samples::<P>(now_us, out);
        }
    }

    fn tell_counters<P: Device>(&mut self, now_us: u64, out: &mut impl Out) {
        let summary = Summary {
            time_us: now_us,
            ..P::tracer().summary()
        };
        self.writer.say(out, &Message::Counters(summary));
        if let Ok(period) = P::tracer().period(P::tracer().trace(), now_us) {
            self.writer.say(out, &Message::Period(period));
        }
        let (frees, bytes) = (summary.missed_frees, summary.missed_freed_bytes);
        if frees > 0 {
            let missed = MissedFrees { frees, bytes };
            self.writer.say(out, &Message::MissedFrees(missed));
        }
    }

    /// Begins to tell of events, where there are any.
    fn attach<P: Device>(&mut self, out: &mut impl Out) {
        let Some(source) = P::tracer().attach() else {
            return;
        };
        self.source = Place::Full(source);
        if source.trace != self.trace {
            self.begin_trace::<P>(source.trace, out);
        }
        self.begin_snapshot(&source, out);
    }

    fn begin_trace<P: Device>(&mut self, trace: Trace, out: &mut impl Out) {
        self.trace = trace;
        self.told.clear();
        self.snapshot = None;
        self.writer.header::<P>(trace, out);
    }

    fn begin_snapshot(&mut self, source: &Attachment, out: &mut impl Out) {
        // Without a table, nobody knows what is live.
        self.snapshot = source.has_table.then(|| Snapshot {
            records: Records::after(source.trace, 0),
            until: source.seq,
            blocks: 0,
        });
        if let Some(Snapshot { until, .. }) = self.snapshot {
            let until = wire::Snapshot { until };
            self.writer.say(out, &Message::Snapshot(until));
        }
    }

    /// Tells of some events; returns whether there were any.
    fn tell_events<P: Device>(&mut self, out: &mut impl Out) -> bool {
        let mut told = false;
        for _ in 0..RUN {
            let Some(source) = self.source.as_mut() else {
                break;
            };
            if !has_room(&self.events, out) {
                break;
            }
            match source.ring.read(&mut source.cursor) {
                Ok(None) => break,
                Ok(Some(event)) => self.tell::<P>(&event, out),
                Err(Overtaken) => self.resume::<P>(out),
            }
            told = true;
        }
        self.flush(Message::Events, out);
        told
    }

    /// Goes on behind what the host has missed.
    fn resume<P: Device>(&mut self, out: &mut impl Out) {
        self.flush(Message::Events, out);
        let Some(before) = self.source.take() else {
            return;
        };
        // In another place than a host, there is nothing to go on with until it is told of events again.
        let Some(source) = P::tracer().attach() else {
            return;
        };
        let events = u64::from(source.cursor.since(before.cursor));
        self.writer
            .say(out, &Message::Dropped(wire::Dropped { events }));
        P::tracer().note_told(source.trace, 0, events);
        self.source = Place::Full(source);
        if source.trace != self.trace {
            self.begin_trace::<P>(source.trace, out);
        }
        self.begin_snapshot(&source, out);
    }

    fn tell<P: Device>(&mut self, event: &Event, out: &mut impl Out) {
        self.mark_before::<P>(event.seq, out);
        let (
            Event {
                seq, core, task, ..
            },
            time,
        ) = (*event, event.seq);
        match event.kind {
            EventKind::Allocated {
                address,
                size,
                stack,
            } if self.has::<P>(task, size) => self.write::<P>(
                &wire::Event::Allocated(Record {
                    seq,
                    address: Address(address as u64),
                    size: size as u64,
                    core,
                    stack,
                    ..Record::default()
                }),
                Some(stack),
                out,
            ),
            EventKind::Freed {
                address,
                size,
                stack,
            } if self.has::<P>(task, size) => {
                self.write::<P>(&freed(time, address, stack), stack, out);
            }
            // The host may know of a block whose record is gone.
            EventKind::FreedUnknown { address, .. } => {
                self.write::<P>(&freed(time, address, None), None, out);
            }
            EventKind::Failed { size, stack } if self.has::<P>(task, size) => {
                self.tell_failure::<P>(seq, size, stack, out);
            }
            EventKind::Began(trace) => self.tell_trace::<P>(trace, seq, out),
            EventKind::Allocated { .. } | EventKind::Freed { .. } | EventKind::Failed { .. } => {}
        }
    }

    fn has<P: Device>(&self, task: u16, size: usize) -> bool {
        self.filter.has::<P>(task, size as u64)
    }

    /// Writes an event of those that are told in a row, behind the call stack that it refers to.
    fn write<P: Device>(&mut self, event: &wire::Event, stack: Option<u32>, out: &mut impl Out) {
        if let Some(stack) = stack {
            self.name_stack::<P>(stack, out);
        }
        if !self.events.push(event) {
            self.flush(Message::Events, out);
            // An empty message has room.
            self.events.push(event);
        }
        self.sent += 1;
    }

    fn tell_failure<P: Device>(
        &mut self,
        time_us: u64,
        size: usize,
        stack: u32,
        out: &mut impl Out,
    ) {
        self.flush(Message::Events, out);
        self.name_stack::<P>(stack, out);
        let failure = Failure {
            time_us,
            size: size as u64,
            stack,
            gave_reserve: false,
            left: None,
        };
        self.writer.say(out, &Message::FailedAllocation(failure));
        self.sent += 1;
    }

    /// Tells that another trace begins, in which nothing is live yet.
    fn tell_trace<P: Device>(&mut self, trace: Trace, until: u64, out: &mut impl Out) {
        self.flush(Message::Events, out);
        self.begin_trace::<P>(trace, out);
        let (begin, end) = (wire::Snapshot { until }, wire::SnapshotEnd { blocks: 0 });
        self.writer.say(out, &Message::Snapshot(begin));
        self.writer.say(out, &Message::SnapshotEnd(end));
    }

    /// Names some of the blocks that are live, if a snapshot is under way; returns whether it is.
    fn name_blocks<P: Device>(&mut self, out: &mut impl Out) -> bool {
        let Some(mut snapshot) = self.snapshot.take() else {
            return false;
        };
        let mut is_over = false;
        for _ in 0..RUN {
            if !has_room(&self.events, out) {
                break;
            }
            let until = snapshot.until;
            let next = snapshot.records.peek::<P>();
            let Some(record) = next.filter(|record| record.seq <= until).copied() else {
                is_over = true;
                break;
            };
            snapshot.records.advance();
            if record.freed.is_none() && self.filter.has::<P>(record.task, record.size) {
                self.name_stack::<P>(record.stack, out);
                snapshot.blocks += 1;
                let event = wire::Event::Allocated(record);
                if !self.events.push(&event) {
                    self.flush(Message::Live, out);
                    self.events.push(&event);
                }
            }
        }
        self.flush(Message::Live, out);
        if !is_over {
            // Events are told of before it goes on.
            snapshot.records.forget_ahead();
            self.snapshot = Some(snapshot);
            return true;
        }
        // Where the trace has ended, an event says so.
        if is_latest::<P>(snapshot.records.trace()) {
            let blocks = snapshot.blocks;
            let end = wire::SnapshotEnd { blocks };
            self.writer.say(out, &Message::SnapshotEnd(end));
        }
        false
    }

    fn name_stack<P: Device>(&mut self, id: u32, out: &mut impl Out) {
        if !self.told.note(id) {
            return;
        }
        if let Ok(Some(stack)) = P::tracer().stack(self.trace, id) {
            self.writer.stack::<P>(&stack, out);
        }
    }

    /// Tells of the marks that were set before a moment.
    fn mark_before<P: Device>(&mut self, seq: u64, out: &mut impl Out) {
        while let Some(mark) = self.marks.next_before::<P>(seq) {
            if !has_room(&self.events, out) {
                self.marks.next = Some(mark);
                return;
            }
            self.flush(Message::Events, out);
            self.marks.last = mark.id;
            self.writer.say(out, &Message::Mark(mark));
        }
    }

    /// Says what was written of events or blocks.
    fn flush(&mut self, kind: fn(wire::Events) -> Message, out: &mut impl Out) {
        if !self.events.is_empty() {
            self.writer.say(out, &kind(self.events.take()));
        }
    }
}

impl Default for Feed {
    fn default() -> Self {
        Self::new()
    }
}

impl Marks {
    const fn new() -> Self {
        Self {
            last: 0,
            next: None,
            known_until: 0,
        }
    }

    /// Takes the next mark if it was set before a moment.
    fn next_before<P: Device>(&mut self, seq: u64) -> Option<Mark> {
        if self.next.is_none() && seq > self.known_until {
            self.known_until = now_us::<P>();
            self.next = P::marks().after(self.last);
        }
        let is_before = self.next.as_ref().is_some_and(|mark| mark.time_us < seq);
        if !is_before {
            return None;
        }
        // There may be one right behind it.
        self.known_until = 0;
        self.next.take()
    }
}

impl Due {
    /// Checks whether it is time; then the next time is a period away.
    fn is_due(&mut self, period_ms: u32, now_us: u64) -> bool {
        if period_ms == 0 || now_us < self.next_us {
            return false;
        }
        self.next_us = now_us.saturating_add(u64::from(period_ms) * 1000);
        true
    }
}

fn freed(time: u64, address: usize, stack: Option<u32>) -> wire::Event {
    wire::Event::Freed(wire::FreedBlock {
        time,
        address: Address(address as u64),
        stack,
    })
}

/// Checks whether there is room for one more event, with all that it refers to, beside what is written already.
fn has_room(events: &EventWriter, out: &mut impl Out) -> bool {
    out.room().len() >= events.most_bytes() + ROOM
}
