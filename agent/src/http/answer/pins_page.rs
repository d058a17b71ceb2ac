//! `GET /heap/pins`.

use heapbeacon_shared::api::{Hole, Pinning, RegionSums};

use crate::http::answer::chunk::Chunk;
use crate::platform::Device;
use crate::read::bodies;
use crate::read::pins::{Doubt, Pins};

/// The holes of the heap as a JSON object, made a chunk at a time while they are found.
pub(crate) struct PinsPage {
    pins: Pins,
    part: Part,
    is_first: bool,
    is_first_region: bool,
}

/// What the page writes next.
#[derive(Clone, Copy)]
enum Part {
    Head,
    Region,
    Walk,
    /// The hole of an index.
    Hole(usize),
    /// The call stack of an index, by what it pins.
    Pinning(usize),
    Stack(usize),
    Done,
}

impl PinsPage {
    pub(crate) fn new(pins: Pins) -> Self {
        Self {
            pins,
            part: Part::Head,
            is_first: true,
            is_first_region: true,
        }
    }

    /// Appends what has room; returns whether there is more.
    pub(crate) fn fill<P: Device>(&mut self, chunk: &mut Chunk) -> bool {
        while chunk.has_room() {
            let part = self.part;
            self.part = match part {
                Part::Head => self.head(chunk),
                Part::Region => self.region::<P>(chunk),
                Part::Walk => self.walk::<P>(chunk),
                Part::Hole(index) => self.hole(index, chunk),
                Part::Pinning(index) => self.pinning(index, chunk),
                Part::Stack(index) => self.stack::<P>(index, chunk),
                Part::Done => return false,
            };
            if matches!(part, Part::Walk) {
                // Others get their turn.
                break;
            }
        }
        true
    }

    fn head(&self, chunk: &mut Chunk) -> Part {
        let (trace_id, time_us) = (self.pins.trace().id(), self.pins.time_us());
        chunk.text(format_args!(
            "{{\"trace_id\":{trace_id},\"time_us\":{time_us},\"regions\":["
        ));
        Part::Region
    }

    fn region<P: Device>(&mut self, chunk: &mut Chunk) -> Part {
        if self.pins.begin_region::<P>() {
            return Part::Walk;
        }
        self.begin_list(format_args!("],\"stacks\":["), chunk);
        Part::Stack(0)
    }

    fn walk<P: Device>(&mut self, chunk: &mut Chunk) -> Part {
        if self.pins.pass::<P>() {
            return Part::Walk;
        }
        let Some((region, untraced, found)) = self.pins.found() else {
            return Part::Region;
        };
        let comma = match self.is_first_region {
            true => "",
            false => ",",
        };
        chunk.text(format_args!("{comma}{{\"region\":"));
        chunk.json(&RegionSums::new(region, untraced, &found.sums));
        self.is_first_region = false;
        self.begin_list(format_args!(",\"holes\":["), chunk);
        Part::Hole(0)
    }

    fn hole(&mut self, index: usize, chunk: &mut Chunk) -> Part {
        let found = self.pins.found();
        match found.and_then(|(.., found)| found.holes.get(index)) {
            Some(hole) => {
                chunk.element(&mut self.is_first, &Hole::from(hole));
                Part::Hole(index + 1)
            }
            None => {
                self.begin_list(format_args!("],\"pinning\":["), chunk);
                Part::Pinning(0)
            }
        }
    }

    fn pinning(&mut self, index: usize, chunk: &mut Chunk) -> Part {
        let found = self.pins.found();
        match found.and_then(|(.., found)| found.owners.get(index)) {
            Some(stretch) => {
                chunk.element(&mut self.is_first, &Pinning::from(stretch));
                Part::Pinning(index + 1)
            }
            None => {
                chunk.text(format_args!("]}}"));
                Part::Region
            }
        }
    }

    fn stack<P: Device>(&mut self, index: usize, chunk: &mut Chunk) -> Part {
        let Some(id) = self.pins.stacks().get(index) else {
            self.tail::<P>(chunk);
            return Part::Done;
        };
        // None if its last block was freed meanwhile, and its place taken.
        if let Ok(Some(stack)) = P::tracer().stack(self.pins.trace(), *id) {
            chunk.element(&mut self.is_first, &bodies::stack::<P>(&stack));
        }
        Part::Stack(index + 1)
    }

    fn tail<P: Device>(&self, chunk: &mut Chunk) {
        let doubt = self.pins.doubt::<P>();
        let is_complete = doubt.is_none();
        chunk.text(format_args!("],\"complete\":{is_complete},\"reason\":"));
        match doubt {
            None => chunk.text(format_args!("null")),
            Some(Doubt::Untraced(1)) => chunk.text(format_args!(
                "\"1 block has no record: what is called a hole may have it in it.\""
            )),
            Some(Doubt::Untraced(blocks)) => chunk.text(format_args!(
                "\"{blocks} blocks have no record: what is called a hole may have some of them in it.\""
            )),
            Some(Doubt::Gaps) => chunk.text(format_args!(
                "\"Recording was stopped or paused: what was allocated or freed meanwhile is not known.\""
            )),
            Some(Doubt::Ended) => chunk.text(format_args!(
                "\"The trace was started anew meanwhile: ask again.\""
            )),
        }
        let untraced = self.pins.untraced_blocks();
        let changes = self.pins.changes::<P>();
        chunk.text(format_args!(
            ",\"untraced_blocks\":{untraced},\"changes\":{changes}}}"
        ));
    }

    /// Ends what is before a list, and begins that.
    fn begin_list(&mut self, text: core::fmt::Arguments<'_>, chunk: &mut Chunk) {
        chunk.text(text);
        self.is_first = true;
    }
}
