//! `GET /trace/references` as JSON.

use heapbeacon_shared::trace::Reference;

use crate::http::answer::chunk::Chunk;
use crate::platform::Device;
use crate::read::references::{Found, References, roots};

/// A scan as a JSON object, made a chunk at a time while it goes on.
pub(crate) struct ReferencesPage {
    references: References,
    part: Part,
    is_first: bool,
    /// Bytes of the chunks so far.
    bytes: usize,
}

/// What the page writes next.
#[derive(Clone, Copy)]
enum Part {
    Head,
    /// The root of an index.
    Root(usize),
    References,
    Done,
}

impl ReferencesPage {
    pub(crate) fn new(references: References) -> Self {
        Self {
            references,
            part: Part::Head,
            is_first: true,
            bytes: 0,
        }
    }

    /// Appends what has room; returns whether there is more.
    pub(crate) fn fill<P: Device>(&mut self, chunk: &mut Chunk) -> bool {
        let mut is_paused = false;
        while chunk.has_room() && !is_paused {
            match self.part {
                Part::Head => self.head(chunk),
                Part::Root(index) => self.root::<P>(index, chunk),
                Part::References => is_paused = self.reference::<P>(chunk),
                Part::Done => return false,
            }
        }
        self.bytes += chunk.bytes().len();
        true
    }

    fn head(&mut self, chunk: &mut Chunk) {
        let trace_id = self.references.trace().id();
        chunk.text(format_args!("{{\"trace_id\":{trace_id},\"heap\":["));
        for span in self.references.heap() {
            chunk.element(&mut self.is_first, &span);
        }
        self.begin_list("roots", chunk);
        self.part = Part::Root(0);
    }

    fn root<P: Device>(&mut self, index: usize, chunk: &mut Chunk) {
        match roots::<P>().nth(index) {
            Some(root) => {
                chunk.element(&mut self.is_first, &root);
                self.part = Part::Root(index + 1);
            }
            None => {
                self.begin_list("references", chunk);
                self.part = Part::References;
            }
        }
    }

    /// Ends one list and begins the next.
    fn begin_list(&mut self, name: &str, chunk: &mut Chunk) {
        chunk.text(format_args!("],\"{name}\":["));
        self.is_first = true;
    }

    /// Writes the next reference, or what stands behind the last; returns whether others should get their turn.
    fn reference<P: Device>(&mut self, chunk: &mut Chunk) -> bool {
        match self.references.read_next::<P>() {
            Found::Pause => return true,
            Found::Reference(reference) => self.tell::<P>(reference, chunk),
            Found::End => {
                self.end::<P>(chunk);
                self.part = Part::Done;
            }
        }
        false
    }

    fn tell<P: Device>(&mut self, reference: Reference, chunk: &mut Chunk) {
        if self.bytes > P::SCAN_BYTES {
            self.references.omit();
        } else {
            chunk.element(&mut self.is_first, &reference);
        }
    }

    fn end<P: Device>(&mut self, chunk: &mut Chunk) {
        chunk.text(format_args!("],\"scan\":"));
        // None where the trace was started anew meanwhile: then the answer has no scan.
        chunk.json(&self.references.finish::<P>());
        chunk.text(format_args!("}}"));
    }
}
