//! Answers of unbounded length, made a chunk at a time while they are sent.
//!
//! The server sends what `fill` appends to the chunk and asks again until there is no more. Between two chunks nothing
//! is locked and the trace goes on; where it is started anew meanwhile, the page ends, for its `trace_id` would be wrong
//! for the rest. Its `next` then leads on to the new trace.

use heapbeacon_shared::trace::Period;

use crate::history::PERIOD_US;
use crate::http::answer::chunk::Chunk;
use crate::platform::Device;
use crate::read::bodies;
use crate::read::cursors::{PageRecords, Stacks, now_us};
use crate::read::leaks::Leaks;

/// `GET /trace/records` as JSON.
pub(crate) type RecordsPage = Page<RecordsAndStacks>;
/// `GET /trace/stacks` as JSON.
pub(crate) type StacksPage = Page<Stacks>;
/// `GET /trace/leaks`.
pub(crate) type LeaksPage = Page<Leaks>;
/// `GET /heap/history`.
pub(crate) type HistoryPage = Page<Points>;
/// `GET /marks`.
pub(crate) type MarksPage = Page<Marks>;
/// `GET /demo`.
pub(crate) type DemoPage = Page<Switches>;

/// A JSON object that ends with a list.
pub(crate) struct Page<L> {
    list: L,
    part: Part,
    is_first: bool,
}

/// What a page writes next.
enum Part {
    Head,
    Items,
    Done,
}

/// What a page is made of.
pub(crate) trait List {
    /// Writes what stands before the items, with the list's opening bracket.
    fn head<P: Device>(&self, chunk: &mut Chunk);

    /// Writes the next item, if there is one; `is_first` says whether it is the first of its list.
    fn item<P: Device>(&mut self, chunk: &mut Chunk, is_first: &mut bool) -> bool;

    /// Writes what stands behind the items, with the list's closing bracket.
    fn tail<P: Device>(&mut self, chunk: &mut Chunk);
}

impl<L: List> Page<L> {
    pub(crate) fn new(list: L) -> Self {
        Self {
            list,
            part: Part::Head,
            is_first: true,
        }
    }

    /// Appends what has room; returns whether there is more.
    pub(crate) fn fill<P: Device>(&mut self, chunk: &mut Chunk) -> bool {
        while chunk.has_room() {
            self.part = match self.part {
                Part::Head => {
                    self.list.head::<P>(chunk);
                    Part::Items
                }
                Part::Items if self.list.item::<P>(chunk, &mut self.is_first) => Part::Items,
                Part::Items => {
                    self.list.tail::<P>(chunk);
                    Part::Done
                }
                Part::Done => return false,
            };
        }
        true
    }
}

/// Records, and behind them the call stacks that they name.
pub(crate) struct RecordsAndStacks {
    records: PageRecords,
    /// How many call stacks were written; `None` while there are records.
    stacks: Option<usize>,
}

impl RecordsAndStacks {
    pub(crate) fn new(records: PageRecords) -> Self {
        Self {
            records,
            stacks: None,
        }
    }
}

impl List for RecordsAndStacks {
    fn head<P: Device>(&self, chunk: &mut Chunk) {
        let trace_id = self.records.trace().id();
        chunk.text(format_args!("{{\"trace_id\":{trace_id},\"records\":["));
    }

    fn item<P: Device>(&mut self, chunk: &mut Chunk, is_first: &mut bool) -> bool {
        let Some(written) = self.stacks else {
            match self.records.read_next::<P>() {
                Some(record) => chunk.element(is_first, &bodies::record::<P>(&record)),
                None => {
                    chunk.text(format_args!("],\"stacks\":["));
                    *is_first = true;
                    self.stacks = Some(0);
                }
            }
            return true;
        };
        let Some(id) = self.records.stacks().get(written) else {
            return false;
        };
        if let Ok(Some(stack)) = P::tracer().stack(self.records.trace(), *id) {
            chunk.element(is_first, &bodies::stack::<P>(&stack));
        }
        self.stacks = Some(written + 1);
        true
    }

    fn tail<P: Device>(&mut self, chunk: &mut Chunk) {
        chunk.text(format_args!("],\"next\":"));
        chunk.json(&self.records.following::<P>());
        chunk.text(format_args!("}}"));
    }
}

impl List for Stacks {
    fn head<P: Device>(&self, chunk: &mut Chunk) {
        let trace_id = self.trace().id();
        chunk.text(format_args!("{{\"trace_id\":{trace_id},\"stacks\":["));
    }

    fn item<P: Device>(&mut self, chunk: &mut Chunk, is_first: &mut bool) -> bool {
        let stack = self.read_next::<P>();
        if let Some(stack) = &stack {
            chunk.element(is_first, &bodies::stack::<P>(stack));
        }
        stack.is_some()
    }

    fn tail<P: Device>(&mut self, chunk: &mut Chunk) {
        chunk.text(format_args!("],\"next\":"));
        chunk.json(&self.following::<P>());
        chunk.text(format_args!("}}"));
    }
}

impl List for Leaks {
    fn head<P: Device>(&self, chunk: &mut Chunk) {
        let trace_id = self.trace().id();
        let Period {
            started_us,
            time_us,
            doubtful_until_us,
            unrecorded,
        } = self.period();
        chunk.text(format_args!(
            "{{\"trace_id\":{trace_id},\"started_us\":{started_us},\"time_us\":{time_us},\
             \"doubtful_until_us\":{doubtful_until_us},\"unrecorded\":"
        ));
        chunk.json(unrecorded);
        chunk.text(format_args!(",\"leaks\":["));
    }

    fn item<P: Device>(&mut self, chunk: &mut Chunk, is_first: &mut bool) -> bool {
        let listed = self.read_next(P::tracer());
        if let Some(listed) = &listed {
            chunk.element(is_first, &bodies::leak::<P>(listed));
        }
        listed.is_some()
    }

    fn tail<P: Device>(&mut self, chunk: &mut Chunk) {
        // Behind the items, for until then some of the call stacks ahead may have none left.
        chunk.text(format_args!("],\"total\":{}}}", self.total()));
    }
}

/// How full the heap was since boot.
#[derive(Default)]
pub(crate) struct Points {
    /// When the last point ends that was written.
    until_us: u64,
}

impl List for Points {
    fn head<P: Device>(&self, chunk: &mut Chunk) {
        let (time_us, period_us) = (now_us::<P>(), PERIOD_US);
        chunk.text(format_args!(
            "{{\"time_us\":{time_us},\"period_us\":{period_us},\"regions\":["
        ));
        let mut is_first = true;
        for region in P::regions(None) {
            chunk.element(&mut is_first, &region.name);
        }
        chunk.text(format_args!("],\"points\":["));
    }

    fn item<P: Device>(&mut self, chunk: &mut Chunk, is_first: &mut bool) -> bool {
        let point = P::history().and_then(|history| history.after(self.until_us));
        if let Some(point) = &point {
            chunk.element(is_first, point);
            self.until_us = point.until_us;
        }
        point.is_some()
    }

    fn tail<P: Device>(&mut self, chunk: &mut Chunk) {
        chunk.text(format_args!("]}}"));
    }
}

/// The marks that are kept.
#[derive(Default)]
pub(crate) struct Marks {
    /// Id of the last one that was written.
    written: u32,
}

impl List for Marks {
    fn head<P: Device>(&self, chunk: &mut Chunk) {
        let time_us = now_us::<P>();
        chunk.text(format_args!("{{\"time_us\":{time_us},\"marks\":["));
    }

    fn item<P: Device>(&mut self, chunk: &mut Chunk, is_first: &mut bool) -> bool {
        let mark = P::marks().after(self.written);
        if let Some(mark) = &mark {
            chunk.element(is_first, mark);
            self.written = mark.id;
        }
        mark.is_some()
    }

    fn tail<P: Device>(&mut self, chunk: &mut Chunk) {
        chunk.text(format_args!("],\"merged\":{}}}", P::marks().merged()));
    }
}

/// The switches of the demo.
#[derive(Default)]
pub(crate) struct Switches {
    /// How many were written.
    written: usize,
}

impl List for Switches {
    fn head<P: Device>(&self, chunk: &mut Chunk) {
        chunk.text(format_args!("{{\"switches\":["));
    }

    fn item<P: Device>(&mut self, chunk: &mut Chunk, is_first: &mut bool) -> bool {
        let switch = P::switches().get(self.written);
        if let Some(switch) = switch {
            chunk.element(is_first, &bodies::switch(*switch));
            self.written += 1;
        }
        switch.is_some()
    }

    fn tail<P: Device>(&mut self, chunk: &mut Chunk) {
        chunk.text(format_args!("]}}"));
    }
}
