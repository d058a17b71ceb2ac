//! Finds the words that point into the heap, while tracing goes on.
//!
//! A scan reads what the board [lists](crate::platform::Device::area): first the roots, then the heap, then the roots again. Where the trace knows of
//! every block that is handed out, that is the live blocks, by their records; elsewhere it is all of the heap, for a block
//! without a record may hold another one. Nothing is locked meanwhile but for reading a record, and what is freed while it is
//! read is still mapped: a reader joins what it gets with the records that lived through the scan.

use core::ops::Range;

use heapbeacon_shared::trace::{
    Address, Record, Reference, Root, RootKind, Scan, Scope, Span, name,
};
use heapless::Vec;

use crate::memory::{Area, AreaKind, WORD, addresses};
use crate::platform::{Device, ScanGuard};
use crate::read::cursors::{is_latest, now_us};
use crate::tracer::{RecordCursor, State, Trace, TraceEnded};

/// Regions of the heap that a scan knows.
const REGIONS: usize = 4;
/// Words read at one time.
const BATCH: usize = 32;
/// Words between two pauses, in which others get their turn.
const SLICE: usize = 4096;
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
    scan: Scan,
    was_stopped: bool,
    has_ended: bool,
    _guard: ScanGuard,
}

/// Where the next piece of memory comes from.
enum Part {
    /// The area of an index, if it is a root: before the heap, and again behind it.
    Roots(usize, Pass),
    /// The area of an index, if it is the heap's.
    Heap(usize),
    Blocks(RecordCursor),
    Done,
}

/// Which time the roots are read. What moves from a block that was not read yet to a root that was would be missed, if that
/// were not read again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    First,
    Last,
}

/// A piece of memory that is being read.
struct Piece {
    area: Area,
    next: usize,
    /// Where it is interrupted by memory that is left out.
    until: usize,
    end: usize,
}

/// Words that were read and not all looked at.
struct Words {
    words: [usize; BATCH],
    /// Where the first is, as it is told.
    at: usize,
    looked_at: usize,
    read: usize,
}

/// Where the heap is.
struct Heap {
    regions: Vec<Range<usize>, REGIONS>,
    lowest: usize,
    /// Bytes from there to the highest address.
    bytes: usize,
}

impl References {
    /// Begins a scan.
    ///
    /// # Errors
    /// [`NoScan`] says why there is none.
    pub fn begin<P: Device>() -> Result<Self, NoScan> {
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
            part: Part::Roots(0, Pass::First),
            piece: None,
            words: Words::NONE,
            scan: Scan {
                started_us: now_us::<P>(),
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
        self.heap.regions.iter().map(span)
    }

    /// Notes that there was no room for a reference.
    pub fn omit(&mut self) {
        self.scan.omitted = self.scan.omitted.saturating_add(1);
    }

    /// Returns the next reference.
    pub fn read_next<P: Device>(&mut self) -> Found {
        let mut left = SLICE;
        loop {
            if let Some(reference) = self.words.next_inside(&self.heap) {
                self.scan.found = self.scan.found.saturating_add(1);
                return Found::Reference(reference);
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
        let read = piece.area.read(piece.next, &mut self.words.words[..room]);
        self.words.at = piece.next.wrapping_sub(piece.area.bias());
        (self.words.looked_at, self.words.read) = (0, read);
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
            Part::Roots(index, pass) => {
                let (area, pass) = (P::area(*index), *pass);
                *index += 1;
                match area {
                    Some(area) if area.is_root() => self.enter_area(area),
                    Some(_) => {}
                    None if pass == Pass::First => self.part = self.heap_part(),
                    None => self.part = Part::Done,
                }
            }
            Part::Heap(index) => match P::area(*index) {
                Some(area) => {
                    *index += 1;
                    if area.kind() == AreaKind::Heap {
                        self.enter_area(area);
                    }
                }
                None => self.part = Part::Roots(0, Pass::Last),
            },
            Part::Blocks(cursor) => {
                let mut one = [Record::default()];
                match P::tracer().read_records(cursor, &mut one) {
                    Ok(1) => self.enter_block::<P>(&one[0]),
                    Ok(_) => self.part = Part::Roots(0, Pass::Last),
                    // Where the next step finds the end of the trace.
                    Err(TraceEnded) => {}
                }
            }
            Part::Done => return None,
        }
        Some(())
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

impl Words {
    const NONE: Self = Self {
        words: [0; BATCH],
        at: 0,
        looked_at: 0,
        read: 0,
    };

    /// Returns the next word that holds an address inside the heap.
    fn next_inside(&mut self, heap: &Heap) -> Option<Reference> {
        let words = self.words.get(self.looked_at..self.read)?;
        let is_inside = |word: &usize| {
            word.wrapping_sub(heap.lowest) < heap.bytes
                && heap.regions.iter().any(|region| region.contains(word))
        };
        let Some(ahead) = words.iter().position(is_inside) else {
            self.looked_at = self.read;
            return None;
        };
        let at = self.at.wrapping_add((self.looked_at + ahead) * WORD);
        let to = words[ahead];
        self.looked_at += ahead + 1;
        Some(Reference {
            at: Address(at as u64),
            to: Address(to as u64),
        })
    }
}

impl Heap {
    /// Returns where a board's heap is, if the board lists it.
    fn of<P: Device>() -> Option<Self> {
        let listed = (0..).map_while(P::area);
        let heap = listed.filter(|area| area.kind() == AreaKind::Heap);
        let regions: Vec<_, REGIONS> = heap.take(REGIONS).map(|area| area.memory()).collect();
        let lowest = regions.iter().map(|region| region.start).min()?;
        let highest = regions.iter().map(|region| region.end).max()?;
        Some(Self {
            regions,
            lowest,
            bytes: highest - lowest,
        })
    }
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
