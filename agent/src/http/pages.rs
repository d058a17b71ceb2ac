//! Answers of unbounded length, made a chunk at a time while they are sent.
//!
//! A page is a small state machine: the server sends what `fill` appends to the chunk and asks
//! again until there is no more. Between two chunks nothing is locked and the trace goes on; where
//! it is started anew meanwhile, the page ends, for its `trace_id` would be wrong for the rest. Its `next` then
//! leads on to the new trace.

use heapless::Vec;

use super::chunk::Chunk;
use crate::convert;
use crate::platform::Platform;
use crate::reader::{PageRecords, Stacks, is_latest};
use crate::tracer::Leak;

/// Most entries of a leak list.
pub(super) const MAX_LEAKS: usize = 32;

/// `GET /trace/records` as JSON.
pub(super) struct RecordsPage {
    records: PageRecords,
    part: Part,
    is_first: bool,
}

/// What a page writes next.
enum Part {
    Head,
    Items,
    Stacks(usize),
    Done,
}

impl RecordsPage {
    pub(super) fn new(records: PageRecords) -> Self {
        Self {
            records,
            part: Part::Head,
            is_first: true,
        }
    }

    pub(super) fn fill<P: Platform>(&mut self, chunk: &mut Chunk) -> bool {
        while chunk.has_room() {
            match self.part {
                Part::Head => self.head(chunk),
                Part::Items => self.item::<P>(chunk),
                Part::Stacks(index) => self.stack::<P>(chunk, index),
                Part::Done => return false,
            }
        }
        true
    }

    fn head(&mut self, chunk: &mut Chunk) {
        let trace_id = self.records.trace_id();
        chunk.text(format_args!("{{\"trace_id\":{trace_id},\"records\":["));
        self.part = Part::Items;
    }

    fn item<P: Platform>(&mut self, chunk: &mut Chunk) {
        match self.records.next::<P>() {
            Some(record) => chunk.element(&mut self.is_first, &convert::record::<P>(&record)),
            None => {
                chunk.text(format_args!("],\"stacks\":["));
                self.is_first = true;
                self.part = Part::Stacks(0);
            }
        }
    }

    fn stack<P: Platform>(&mut self, chunk: &mut Chunk, index: usize) {
        let Some(id) = self.records.stacks().get(index) else {
            chunk.text(format_args!("],\"next\":"));
            chunk.json(&self.records.following::<P>());
            chunk.text(format_args!("}}"));
            self.part = Part::Done;
            return;
        };
        if let Some(stack) = P::tracer().stack(self.records.trace_id(), *id) {
            chunk.element(&mut self.is_first, &convert::stack::<P>(&stack));
        }
        self.part = Part::Stacks(index + 1);
    }
}

/// `GET /trace/stacks` as JSON.
pub(super) struct StacksPage {
    stacks: Stacks,
    part: Part,
    is_first: bool,
}

impl StacksPage {
    pub(super) fn new(stacks: Stacks) -> Self {
        Self {
            stacks,
            part: Part::Head,
            is_first: true,
        }
    }

    pub(super) fn fill<P: Platform>(&mut self, chunk: &mut Chunk) -> bool {
        while chunk.has_room() {
            match self.part {
                Part::Head => self.head(chunk),
                Part::Items => self.item::<P>(chunk),
                Part::Stacks(_) | Part::Done => return false,
            }
        }
        true
    }

    fn head(&mut self, chunk: &mut Chunk) {
        let trace_id = self.stacks.trace_id();
        chunk.text(format_args!("{{\"trace_id\":{trace_id},\"stacks\":["));
        self.part = Part::Items;
    }

    fn item<P: Platform>(&mut self, chunk: &mut Chunk) {
        match self.stacks.next::<P>() {
            Some(stack) => chunk.element(&mut self.is_first, &convert::stack::<P>(&stack)),
            None => {
                chunk.text(format_args!("],\"next\":"));
                chunk.json(&self.stacks.following::<P>());
                chunk.text(format_args!("}}"));
                self.part = Part::Done;
            }
        }
    }
}

/// `GET /trace/leaks`.
pub(super) struct LeaksPage {
    trace_id: u32,
    time_us: u64,
    total: u32,
    leaks: Vec<Leak, MAX_LEAKS>,
    limit: usize,
    part: LeaksPart,
    is_first: bool,
}

enum LeaksPart {
    Head,
    Leak(usize),
    Done,
}

impl LeaksPage {
    /// Asks for the leaks; `None` while another query is running, or if the trace is started anew meanwhile.
    pub(super) fn query<P: Platform>(limit: usize, min_age_us: u64) -> Option<Self> {
        let time_us = P::now_us();
        let mut leaks = Vec::new();
        let trace_id = P::tracer().trace_id();
        let total = P::tracer().leaks(time_us.saturating_sub(min_age_us), &mut leaks)?;
        is_latest::<P>(trace_id).then_some(Self {
            trace_id,
            time_us,
            total,
            leaks,
            limit,
            part: LeaksPart::Head,
            is_first: true,
        })
    }

    pub(super) fn fill<P: Platform>(&mut self, chunk: &mut Chunk) -> bool {
        while chunk.has_room() {
            match self.part {
                LeaksPart::Head => self.head(chunk),
                LeaksPart::Leak(index) => self.leak::<P>(chunk, index),
                LeaksPart::Done => return false,
            }
        }
        true
    }

    fn head(&mut self, chunk: &mut Chunk) {
        let Self {
            trace_id,
            time_us,
            total,
            ..
        } = self;
        chunk.text(format_args!(
            "{{\"trace_id\":{trace_id},\"time_us\":{time_us},\"total\":{total},\"leaks\":["
        ));
        self.part = LeaksPart::Leak(0);
    }

    fn leak<P: Platform>(&mut self, chunk: &mut Chunk, index: usize) {
        let Some(leak) = self.leaks.get(index).filter(|_| index < self.limit) else {
            chunk.text(format_args!("]}}"));
            self.part = LeaksPart::Done;
            return;
        };
        if let Some(stack) = P::tracer().stack(self.trace_id, leak.stack) {
            chunk.element(&mut self.is_first, &convert::leak::<P>(leak, &stack));
        }
        self.part = LeaksPart::Leak(index + 1);
    }
}

/// `GET /demo`.
pub(super) struct DemoPage {
    next: usize,
}

impl DemoPage {
    pub(super) fn new() -> Self {
        Self { next: 0 }
    }

    pub(super) fn fill<P: Platform>(&mut self, chunk: &mut Chunk) -> bool {
        if self.next == 0 {
            chunk.text(format_args!("{{\"switches\":["));
        }
        let mut is_first = self.next == 0;
        for switch in P::demo().iter().skip(self.next) {
            if !chunk.has_room() {
                return true;
            }
            chunk.element(&mut is_first, &convert::switch(*switch));
            self.next += 1;
        }
        chunk.text(format_args!("]}}"));
        false
    }
}
