//! Finds the words that point into the heap, while tracing goes on.
//!
//! A scan reads what the board [lists](crate::platform::Device::area): first the roots, then the heap, then the roots again. Where the trace knows of
//! every block that is handed out, that is the live blocks, by their records; elsewhere it is all of the heap, for a block
//! without a record may hold another one. All that is looked at many times over (`motion.rs`), for what moves meanwhile can be missed by
//! each look; only the first tells what it finds, and the roots behind the last. Nothing is locked meanwhile but for reading a record, and what is freed while it is
//! read is still mapped: a reader joins what it gets with the records that lived through the scan.

use core::ops::Range;

use heapbeacon_shared::trace::{
    Address, Record, Reference, Root, RootKind, Scan, Scope, Span, name,
};

use crate::memory::{Area, AreaKind, WORD, addresses};
use crate::platform::{Device, ScanGuard};
use crate::read::cursors::{is_latest, now_us};
pub use crate::read::motion::LOOKS;
use crate::read::motion::Motion;
use crate::read::words::{BATCH, Heap, Words};
use crate::tracer::{RecordCursor, State, Trace, TraceEnded};

/// Most words between two pauses, in which others get their turn, and how many fewer it may be: where all slices were alike, something that moves in
/// each pause could be missed by every look.
const SLICE: usize = 4096;
const FEWER: usize = 2048;
/// What it takes to find the next piece of memory, in words.
const PIECE: usize = 16;
/// Times that counting is tried again because something was allocated or freed meanwhile.
const TRIES: usize = 4;

/// Why there is no scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoScan {
    /// The board lists no memory to be read.
    NoMemory,
    /// The settings of the device forbid it.
    Forbidden,
    /// There is no trace yet.
    Untraced,
    /// Another scan is at work.
    Busy,
}

/// What a scan comes to next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A word that points into the heap.
    Reference(Reference),
    /// Nothing for a while: others should get their turn.
    Pause,
    /// There is no more.
    End,
}

/// A scan under way.
pub struct References {
    trace: Trace,
    heap: Heap,
    /// What the tracer and its records take of the roots.
    own: [Range<usize>; 5],
    part: Part,
    piece: Option<Piece>,
    words: Words,
    motion: Motion,
    /// Looks that are still to come, this one included.
    looks: u8,
    /// The last number that a slice was made shorter by.
    dice: u32,
    scan: Scan,
    was_stopped: bool,
    has_ended: bool,
    _guard: ScanGuard,
}

/// Where the next piece of memory comes from.
enum Part {
    /// The area of an index, if it is a root.
    Roots(usize),
    /// The area of an index, if it is the heap's.
    Heap(usize),
    Blocks(RecordCursor),
    /// The roots again, behind the last look: what moves from a block that was not read yet to a root that was would be missed, if that were
    /// not read again.
    LastRoots(usize),
    /// The live blocks, of which those are told that words have pointed to which have moved.
    Moved(RecordCursor),
    Done,
}

/// A piece of memory that is being read.
struct Piece {
    area: Area,
    next: usize,
    /// Where it is interrupted by memory that is left out.
    until: usize,
    end: usize,
}

impl References {
    /// Begins a scan of so many looks at all memory: [`LOOKS`] to tell what is lost, or one where its caller scans over and over.
    ///
    /// # Errors
    /// [`NoScan`] says why there is none.
    pub fn begin<P: Device>(looks: u8) -> Result<Self, NoScan> {
        let heap = Heap::of::<P>().ok_or(NoScan::NoMemory)?;
        let status = P::tracer().status();
        if status.summary.state == State::Uninitialised {
            return Err(NoScan::Untraced);
        }
        let settings = P::settings();
        if settings.is_some_and(|store| store.get(|settings| settings.no_references)) {
            return Err(NoScan::Forbidden);
        }
        let guard = P::begin_scan().ok_or(NoScan::Busy)?;
        let (_, is_complete) = completeness::<P>();
        let started_us = now_us::<P>();
        Ok(Self {
            trace: status.trace,
            heap,
            own: [
                addresses(P::tracer()),
                P::tracer().buffer(),
                // Numbers that may look like addresses.
                addresses(P::marks()),
                P::history().map_or(0..0, addresses),
                P::black_box().map_or(0..0, |black_box| addresses(black_box.memory())),
            ],
            part: Part::Roots(0),
            piece: None,
            words: Words::NONE,
            motion: Motion::new(started_us),
            looks: looks.max(1),
            dice: started_us as u32,
            scan: Scan {
                started_us,
                scope: if is_complete {
                    Scope::Blocks
                } else {
                    Scope::Heap
                },
                ..Scan::default()
            },
            was_stopped: status.summary.state == State::Stopped,
            has_ended: false,
            _guard: guard,
        })
    }

    /// Returns the trace that is running meanwhile.
    pub fn trace(&self) -> Trace {
        self.trace
    }

    /// Returns when it began, in microseconds since boot.
    pub fn started_us(&self) -> u64 {
        self.scan.started_us
    }

    /// Returns where the heap is.
    pub fn heap(&self) -> impl Iterator<Item = Span> + '_ {
        self.heap.regions().map(span)
    }

    /// Notes that there was no room for a reference.
    pub fn omit(&mut self) {
        self.scan.omitted = self.scan.omitted.saturating_add(1);
    }

    /// Returns the next reference.
    pub fn read_next<P: Device>(&mut self) -> Found {
        let mut left = self.slice();
        loop {
            while let Some(reference) = self.words.next_inside(&self.heap) {
                if self.meets(&reference) {
                    self.scan.found = self.scan.found.saturating_add(1);
                    return Found::Reference(reference);
                }
            }
            if left == 0 {
                return Found::Pause;
            }
            match self.refill::<P>() {
                Some(words) => left = left.saturating_sub(words),
                None => return Found::End,
            }
        }
    }

    /// Returns how many words the next slice has.
    fn slice(&mut self) -> usize {
        self.dice = self
            .dice
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        SLICE - (self.dice >> 16) as usize % FEWER
    }

    /// Notes a word that points into the heap; returns whether it is told.
    fn meets(&mut self, reference: &Reference) -> bool {
        match self.part {
            Part::Roots(_) | Part::Heap(_) | Part::Blocks(_) => self.motion.note(reference),
            Part::LastRoots(_) | Part::Moved(_) | Part::Done => true,
        }
    }

    /// Ends a look at all memory; returns what follows.
    fn end_look(&mut self) -> Part {
        self.motion.end_look();
        self.looks -= 1;
        match self.looks {
            0 => Part::LastRoots(0),
            _ => Part::Roots(0),
        }
    }

    /// Returns what the scan came to, behind its end; `None` if its trace has ended meanwhile.
    pub fn finish<P: Device>(&self) -> Option<Scan> {
        let summary = P::tracer().summary();
        let (untraced_blocks, is_complete) = completeness::<P>();
        let saw_all = self.scan.scope == Scope::Heap || is_complete;
        let ended_us = now_us::<P>();
        let is_doubtful = self.was_stopped || summary.state == State::Stopped;
        let scan = Scan {
            ended_us,
            is_whole: saw_all && self.scan.omitted == 0 && self.scan.unread == 0,
            untraced_blocks,
            evicted_live: summary.evicted_live,
            gaps: summary.gaps,
            doubtful_until_us: if is_doubtful {
                ended_us
            } else {
                summary.doubtful_until_us
            },
            ..self.scan
        };
        (!self.has_ended && is_latest::<P>(self.trace)).then_some(scan)
    }

    /// Reads the next words; returns about how many words that took, or `None` at the end.
    fn refill<P: Device>(&mut self) -> Option<usize> {
        let Some(piece) = &mut self.piece else {
            self.next_piece::<P>()?;
            return Some(PIECE);
        };
        if piece.next >= piece.until {
            self.go_on::<P>();
            return Some(PIECE);
        }
        let room = ((piece.until - piece.next) / WORD).min(BATCH);
        let read = self.words.read(&piece.area, piece.next, room);
        piece.next += read * WORD;
        if read < room {
            self.scan.unread += (piece.until - piece.next) as u64;
            piece.next = piece.until;
        }
        Some(room)
    }

    /// Goes on behind memory that is left out, or ends the piece.
    fn go_on<P: Device>(&mut self) {
        let Some(piece) = self.piece.take_if(|piece| piece.next < piece.end) else {
            self.piece = None;
            return;
        };
        let (next, until) = self.clear::<P>(&piece.area, piece.next, piece.end);
        if next < piece.end {
            self.piece = Some(Piece {
                next,
                until,
                ..piece
            });
        }
    }

    /// Begins the next piece of memory, if the next place has one; returns `None` when there are no more.
    fn next_piece<P: Device>(&mut self) -> Option<()> {
        if !is_latest::<P>(self.trace) {
            self.has_ended = true;
            self.part = Part::Done;
        }
        match &mut self.part {
            Part::Roots(index) | Part::LastRoots(index) => match P::area(*index) {
                Some(area) => {
                    *index += 1;
                    if area.is_root() {
                        self.enter_area(area);
                    }
                }
                None => self.part = self.behind_roots(),
            },
            Part::Heap(index) => match P::area(*index) {
                Some(area) => {
                    *index += 1;
                    if area.kind() == AreaKind::Heap {
                        self.enter_area(area);
                    }
                }
                None => self.part = self.end_look(),
            },
            Part::Blocks(cursor) => match next_record::<P>(cursor) {
                Ok(Some(record)) => self.enter_block::<P>(&record),
                Ok(None) => self.part = self.end_look(),
                // Where the next step finds the end of the trace.
                Err(TraceEnded) => {}
            },
            Part::Moved(cursor) => match next_record::<P>(cursor) {
                Ok(Some(record)) => self.tell_if_moved(&record),
                Ok(None) => self.part = Part::Done,
                Err(TraceEnded) => {}
            },
            Part::Done => return None,
        }
        Some(())
    }

    /// Returns what follows the roots.
    fn behind_roots(&self) -> Part {
        match (&self.part, self.motion.has_moves()) {
            (Part::Roots(_), _) => self.heap_part(),
            (_, true) => Part::Moved(RecordCursor::after(self.trace, 0)),
            (_, false) => Part::Done,
        }
    }

    /// Tells that something has pointed to a live block, if that may have moved.
    fn tell_if_moved(&mut self, record: &Record) {
        let start = record.address.0;
        // What is younger than the scan is in doubt as it is.
        let is_old = record.seq <= self.scan.started_us;
        if is_old && record.freed.is_none() && self.motion.has_moved(start, record.size) {
            self.words = Words::one(Reference::MOVED.0 as usize, start as usize);
        }
    }

    fn heap_part(&self) -> Part {
        match self.scan.scope {
            Scope::Heap => Part::Heap(0),
            Scope::Blocks => Part::Blocks(RecordCursor::after(self.trace, 0)),
        }
    }

    /// Begins to read a part of an area.
    fn enter(&mut self, area: Area, memory: Range<usize>) {
        let next = memory.start.next_multiple_of(WORD);
        let end = memory.end / WORD * WORD;
        // `go_on` looks where it may begin.
        self.piece = (next < end).then_some(Piece {
            area,
            next,
            until: next,
            end,
        });
    }

    fn enter_area(&mut self, area: Area) {
        let memory = area.memory();
        self.enter(area, memory);
    }

    fn enter_block<P: Device>(&mut self, record: &Record) {
        let start = record.address.0 as usize;
        if record.freed.is_some() {
            return;
        }
        let mut areas = (0..).map_while(P::area);
        let region =
            areas.find(|area| area.kind() == AreaKind::Heap && area.memory().contains(&start));
        let Some(area) = region else {
            return;
        };
        let end = start.saturating_add(record.size as usize);
        let end = end.min(area.memory().end);
        self.enter(area, start..end);
    }

    /// Returns from where to where an area may be read from `start` on: without the agent's memory, and without the heap, where
    /// the area is not in the heap itself as a thread's stack may be.
    fn clear<P: Device>(&self, area: &Area, start: usize, end: usize) -> (usize, usize) {
        let listed = || {
            (0..).map_while(P::area).filter(|other| match other.kind() {
                AreaKind::Own => true,
                AreaKind::Heap => matches!(area.kind(), AreaKind::Static | AreaKind::Driver),
                AreaKind::Static | AreaKind::Stack | AreaKind::Driver => false,
            })
        };
        let left_out = || {
            let listed = listed().map(|other| other.memory());
            let memory = self.own.iter().cloned().chain(listed);
            memory.filter(|memory| !memory.is_empty()).map(whole_words)
        };
        let mut next = start;
        while let Some(inside) = left_out().find(|other| other.contains(&next)) {
            next = inside.end;
        }
        let ahead = left_out().map(|other| other.start);
        let until = ahead.filter(|start| *start > next).min();
        let until = until.map_or(end, |until| until.min(end));
        (next, until.max(next))
    }
}

/// Returns memory with the whole of its first word and its last: a static of bytes may begin and end anywhere.
fn whole_words(memory: Range<usize>) -> Range<usize> {
    memory.start / WORD * WORD
        ..memory
            .end
            .checked_next_multiple_of(WORD)
            .unwrap_or(memory.end)
}

/// Returns the next record; `None` behind the last.
fn next_record<P: Device>(cursor: &mut RecordCursor) -> Result<Option<Record>, TraceEnded> {
    let mut one = [Record::default()];
    let read = P::tracer().read_records(cursor, &mut one)?;
    Ok((read == 1).then_some(one[0]))
}

/// Lists the roots of a board.
pub fn roots<P: Device>() -> impl Iterator<Item = Root> {
    (0..).map_while(P::area).filter_map(|area| root(&area))
}

/// Returns an area as a root, if it is one.
fn root(area: &Area) -> Option<Root> {
    let kind = match area.kind() {
        AreaKind::Static => RootKind::Static,
        AreaKind::Stack => RootKind::Stack,
        AreaKind::Driver => RootKind::Driver,
        AreaKind::Heap | AreaKind::Own => return None,
    };
    let memory = area.memory();
    let start = Address(memory.start.wrapping_sub(area.bias()) as u64);
    let size = memory.len() as u64;
    Some(Root {
        kind,
        name: name(area.name()),
        start,
        size,
    })
}

fn span(memory: &Range<usize>) -> Span {
    Span {
        start: Address(memory.start as u64),
        size: memory.len() as u64,
    }
}

/// Counts the blocks that the allocator has handed out without the trace knowing of them, or the other way round, and tells
/// whether the trace is certain to know of all: after a gap, one may stand for another.
fn completeness<P: Device>() -> (u64, bool) {
    let mut difference = 0;
    let mut summary = P::tracer().summary();
    for _ in 0..TRIES {
        let regions = P::regions(None);
        let handed: u64 = regions.iter().map(|region| region.blocks).sum();
        difference = handed.abs_diff(summary.live_count);
        let before = core::mem::replace(&mut summary, P::tracer().summary());
        if summary.live_count == before.live_count {
            break;
        }
    }
    let is_gapless = summary.state == State::Recording && summary.gaps == 0;
    (difference, is_gapless && difference == 0)
}
