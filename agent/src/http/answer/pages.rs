//! Answers of unbounded length, made a chunk at a time while they are sent.
//!
//! A page is a small state machine: the server sends what `fill` appends to the chunk and asks
//! again until there is no more. Between two chunks nothing is locked and the trace goes on; where
//! it is started anew meanwhile, the page ends, for its `trace_id` would be wrong for the rest. Its `next` then
//! leads on to the new trace.

use crate::http::answer::chunk::Chunk;
use crate::platform::Device;
use crate::read::bodies;
use crate::read::cursors::{Leaks, PageRecords, Stacks};

/// `GET /trace/records` as JSON.
pub(crate) struct RecordsPage {
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
    pub(crate) fn new(records: PageRecords) -> Self {
        Self {
            records,
            part: Part::Head,
            is_first: true,
        }
    }

    pub(crate) fn fill<P: Device>(&mut self, chunk: &mut Chunk) -> bool {
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
        let trace_id = self.records.trace().id();
        chunk.text(format_args!("{{\"trace_id\":{trace_id},\"records\":["));
        self.part = Part::Items;
    }

    fn item<P: Device>(&mut self, chunk: &mut Chunk) {
        match self.records.read_next::<P>() {
            Some(record) => chunk.element(&mut self.is_first, &bodies::record::<P>(&record)),
            None => {
                chunk.text(format_args!("],\"stacks\":["));
                self.is_first = true;
                self.part = Part::Stacks(0);
            }
        }
    }

    fn stack<P: Device>(&mut self, chunk: &mut Chunk, index: usize) {
        let Some(id) = self.records.stacks().get(index) else {
            chunk.text(format_args!("],\"next\":"));
            chunk.json(&self.records.following::<P>());
            chunk.text(format_args!("}}"));
            self.part = Part::Done;
            return;
        };
        if let Ok(Some(stack)) = P::tracer().stack(self.records.trace(), *id) {
            chunk.element(&mut self.is_first, &bodies::stack::<P>(&stack));
        }
        self.part = Part::Stacks(index + 1);
    }
}

/// `GET /trace/stacks` as JSON.
pub(crate) struct StacksPage {
    stacks: Stacks,
    part: Part,
    is_first: bool,
}

impl StacksPage {
    pub(crate) fn new(stacks: Stacks) -> Self {
        Self {
            stacks,
            part: Part::Head,
            is_first: true,
        }
    }

    pub(crate) fn fill<P: Device>(&mut self, chunk: &mut Chunk) -> bool {
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
        let trace_id = self.stacks.trace().id();
        chunk.text(format_args!("{{\"trace_id\":{trace_id},\"stacks\":["));
        self.part = Part::Items;
    }

    fn item<P: Device>(&mut self, chunk: &mut Chunk) {
        match self.stacks.read_next::<P>() {
            Some(stack) => chunk.element(&mut self.is_first, &bodies::stack::<P>(&stack)),
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
pub(crate) struct LeaksPage {
    leaks: Leaks,
    part: Part,
    is_first: bool,
}

impl LeaksPage {
    pub(crate) fn new(leaks: Leaks) -> Self {
        Self {
            leaks,
            part: Part::Head,
            is_first: true,
        }
    }

    pub(crate) fn fill<P: Device>(&mut self, chunk: &mut Chunk) -> bool {
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
        let (trace_id, time_us) = (self.leaks.trace().id(), self.leaks.time_us());
        chunk.text(format_args!(
            "{{\"trace_id\":{trace_id},\"time_us\":{time_us},\"leaks\":["
        ));
        self.part = Part::Items;
    }

    fn item<P: Device>(&mut self, chunk: &mut Chunk) {
        match self.leaks.read_next::<P>() {
            Some((leak, stack)) => {
                chunk.element(&mut self.is_first, &bodies::leak::<P>(&leak, &stack));
            }
            None => {
                // Last, for until then some of the call stacks ahead may have none left.
                chunk.text(format_args!("],\"total\":{}}}", self.leaks.total()));
                self.part = Part::Done;
            }
        }
    }
}

/// `GET /demo`.
pub(crate) struct DemoPage {
    next: usize,
}

impl DemoPage {
    pub(crate) fn new() -> Self {
        Self { next: 0 }
    }

    pub(crate) fn fill<P: Device>(&mut self, chunk: &mut Chunk) -> bool {
        if self.next == 0 {
            chunk.text(format_args!("{{\"switches\":["));
        }
        let mut is_first = self.next == 0;
        for switch in P::switches().iter().skip(self.next) {
            if !chunk.has_room() {
                return true;
            }
            chunk.element(&mut is_first, &bodies::switch(*switch));
            self.next += 1;
        }
        chunk.text(format_args!("]}}"));
        false
    }
}
