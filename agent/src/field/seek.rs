//! Reads records and memory of a device for the [search](super::lost) for lost blocks.

use heapbeacon_shared::trace::{Origin, Record, State};

use crate::field::lost::Search;
use crate::platform::Device;
use crate::read::bodies;
use crate::read::cursors::{Records, now_us};
use crate::read::references::{Found, References};
use crate::tracer::Trace;

/// Microseconds that a block has lived before it is looked for: what is younger may be on its way to whoever is to hold it.
const SETTLED_US: u64 = 10 * 1_000_000;

/// Goes on with a search, if it is time for that: for as long as one of the looks of `GET /trace/references` takes.
pub(super) fn step<P: Device>(search: &mut Search) {
    let status = P::tracer().status();
    let (trace, summary) = (status.trace, &status.summary);
    // What is freed while nothing is recorded looks lost. When recording goes on, all begins anew.
    if summary.state != State::Recording {
        return;
    }
    if !search.is_due(trace, summary.doubtful_until_us) {
        return;
    }
    choose::<P>(search, trace, summary.doubtful_until_us);
    if search.has_blocks() {
        let is_whole = scan::<P>(search);
        search.scanned(is_whole.is_some());
    }
}

/// Counts what is lost, and chooses the blocks to be looked for in its place.
///
/// It has a frame of its own, which is gone when the scan reads the stack: addresses are left in it.
#[inline(never)]
fn choose<P: Device>(search: &mut Search, trace: Trace, doubtful_us: u64) {
    let settled_us = now_us::<P>().saturating_sub(SETTLED_US);
    let mut choice = search.choose(settled_us);
    let mut records = Records::after(trace, 0);
    while let Some(record) = records.peek::<P>().copied() {
        records.advance();
        // Of what was freed unseen, nobody knows where it is referred to.
        if record.freed.is_some() || record.seq <= doubtful_us {
            continue;
        }
        let may_be_lost = || is_applications::<P>(trace, &record);
        if !search.offer(&mut choice, &record, may_be_lost) {
            break;
        }
    }
    search.chosen(&choice);
}

/// Reads all memory once, and notes which blocks are referred to; `None` where not all was read.
fn scan<P: Device>(search: &mut Search) -> Option<()> {
    let mut references = References::begin::<P>(1).ok()?;
    loop {
        match references.read_next::<P>() {
            Found::Reference(reference) => search.note(&reference),
            Found::Pause => {}
            Found::End => break,
        }
    }
    references.finish::<P>()?.is_whole.then_some(())
}

/// Checks whether only words in memory that is read can lead to a block: a driver's hardware may know some otherwise, and the agent's
/// memory is not read.
fn is_applications<P: Device>(trace: Trace, record: &Record) -> bool {
    let stack = P::tracer().stack(trace, record.stack);
    stack.is_ok_and(|stack| {
        stack.is_some_and(|stack| bodies::stack::<P>(&stack).origin == Origin::Application)
    })
}
