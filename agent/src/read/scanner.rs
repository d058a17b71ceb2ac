//! A scan as messages.

use heapbeacon_shared::trace::Reference;
use heapbeacon_shared::wire::{self, Message};

use crate::platform::Device;
use crate::read::references::{Found, References, roots};
use crate::tracer::Trace;

/// References that are being said in a stream.
///
/// They come before the records and call stacks, where there are any: so blocks whose records are told of have lived through the
/// scan.
pub struct Scanner {
    references: References,
    is_all: bool,
    part: Part,
    /// The first that was not said.
    next: Option<Reference>,
    /// Whether others have had no turn, though they should.
    owes_pause: bool,
    /// Bytes that were said.
    bytes: usize,
}

/// What is said next.
enum Part {
    /// The root of an index.
    Root(usize),
    References,
    Scan,
    Done,
}

/// What a scan says next.
#[allow(
    clippy::large_enum_variant,
    reason = "there is no heap to put the large ones on"
)]
pub(super) enum Next {
    Message(Message),
    /// Nothing for a while: others should get their turn.
    Pause,
    Done,
}

impl Scanner {
    /// Makes one that says what a scan finds; `is_all` says whether nothing else is to be said behind it.
    pub fn new(references: References, is_all: bool) -> Self {
        Self {
            references,
            is_all,
            part: Part::Root(0),
            next: None,
            owes_pause: false,
            bytes: 0,
        }
    }

    /// Returns the trace that is running meanwhile.
    pub(super) fn trace(&self) -> Trace {
        self.references.trace()
    }

    /// Returns whether nothing else is to be said behind it.
    pub(super) fn is_all(&self) -> bool {
        self.is_all
    }

    /// Notes that a message took so many bytes: none where the format has left it out.
    pub(super) fn spent(&mut self, bytes: usize, message: &Message) {
        self.bytes += bytes;
        if let (0, Message::References(batch)) = (bytes, message) {
            batch.iter().for_each(|_| self.references.omit());
        }
    }

    pub(super) fn next_message<P: Device>(&mut self) -> Next {
        match self.part {
            Part::Root(index) => match roots::<P>().nth(index) {
                Some(root) => {
                    self.part = Part::Root(index + 1);
                    Next::Message(Message::Root(root))
                }
                None => {
                    self.part = Part::References;
                    Next::Pause
                }
            },
            Part::References => self.next_batch::<P>(),
            Part::Scan => {
                self.part = Part::Done;
                let scan = self.references.finish::<P>();
                scan.map_or(Next::Done, |scan| Next::Message(Message::Scan(scan)))
            }
            Part::Done => Next::Done,
        }
    }

    fn next_batch<P: Device>(&mut self) -> Next {
        if core::mem::take(&mut self.owes_pause) {
            return Next::Pause;
        }
        let mut last = self.next.take();
        let mut batch = last.map(wire::References::of);
        loop {
            match self.references.read_next::<P>() {
                Found::Reference(_) if self.bytes > P::SCAN_BYTES => self.references.omit(),
                Found::Reference(next) => {
                    let is_taken = match (&mut batch, last) {
                        (Some(batch), Some(last)) => batch.push(last, next),
                        _ => {
                            batch = Some(wire::References::of(next));
                            true
                        }
                    };
                    if !is_taken {
                        self.next = Some(next);
                        break;
                    }
                    last = Some(next);
                }
                Found::Pause => {
                    self.owes_pause = true;
                    break;
                }
                Found::End => {
                    self.part = Part::Scan;
                    break;
                }
            }
        }
        match batch {
            Some(batch) => Next::Message(Message::References(batch)),
            None => self.next_message::<P>(),
        }
    }
}
