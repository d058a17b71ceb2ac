//! What is left of a boot that ended badly: why it ended, who held the heap then, and where the firmware was.
//!
//! A panic leaves little that can be relied on, and a watchdog or a low voltage nothing at all. So the state of heap and trace is written
//! ahead, every few seconds, into memory that a reset leaves as it is; a panic adds what it says and where it was, without a lock of the
//! tracer. The next boot puts the two together:
//!
//! ```text
//! sample ──► write_ahead   state of heap and trace ──► one of two areas, in turn ┐
//! panic  ──► panicked      why, where              ──► a note                    ├─► begin ──► what is kept ──► GET /postmortem
//! reset  ──►                                          the chip's own reason      ┘    (at the next boot)
//! ```
//!
//! All of it are wire messages, so what is kept can be opened as a capture. What is kept stays until it is deleted, or until another
//! boot ends badly.

use core::fmt;
use core::panic::{Location, PanicInfo};

use heapbeacon_shared::trace::{Address, Ending, Frames, MAX_LOG_LINE, Reason};

pub use crate::black_box::{BlackBox, Memory, Outcome, Reset};

use crate::black_box::{Ahead, Begun};
use crate::platform::{Device, Platform, left_for_firmware, uptime_us};
use crate::read::ahead::write_state;
use crate::read::bodies;
use crate::read::stream::Out;
use crate::text::text;
use crate::tracer::CallStack;
use crate::walk::frame_pointer;

/// Microseconds after a failed allocation in which a panic is taken for its consequence.
const CONSEQUENCE_US: u64 = 50_000;

/// Writes the state of heap and trace into memory that a reset leaves as it is. To be called every few seconds;
/// [`sample`](crate::sample()) does it.
///
/// It takes the holds of the tracer's lock that `GET /trace/leaks` does, three times, and gives way to that.
pub fn write_ahead<P: Device>() {
    let Some(black_box) = P::black_box() else {
        return;
    };
    if let Some(mut ahead) = black_box.write_ahead()
        && write_state::<P>(&mut ahead)
    {
        black_box.seal(ahead);
    }
}

impl Out for Ahead<'_> {
    fn has_room(&self) -> bool {
        true
    }

    fn room(&mut self) -> &mut [u8] {
        Ahead::room(self)
    }

    fn take(&mut self, bytes: usize) {
        Ahead::take(self, bytes);
    }
}

/// Notes that this boot ends by a panic, for the next one to tell; returns whether the board keeps such notes, and has begun to. To
/// be called from the panic handler, before it resets the chip.
///
/// It takes no lock of the tracer and needs no heap. It may be called again by a panic that it causes itself: then it does nothing.
pub fn panicked<P: Device>(info: &PanicInfo<'_>) -> bool {
    // Where the library panics says nothing: the call stack says who had it do so.
    let own = |place: &&Location<'_>| !place.file().starts_with("/rustc/");
    match info.location().filter(own) {
        Some(place) => note_panic::<P>(format_args!("{} ({place})", info.message())),
        None => note_panic::<P>(format_args!("{}", info.message())),
    }
}

pub(crate) fn note_panic<P: Device>(said: fmt::Arguments<'_>) -> bool {
    let Some(black_box) = P::black_box() else {
        return false;
    };
    match black_box.begin_ending() {
        Begun::Never => return false,
        Begun::Before => return true,
        Begun::Now => {}
    }
    let mut stack = CallStack::new();
    P::call_stack(frame_pointer(), &mut stack);
    let frames = stack.as_slice().iter().map(|address| *address as u64);
    let frames: Frames = frames.collect();
    let time_us = uptime_us::<P>();
    let failed_us = black_box.failed_us();
    let is_consequence = |failed_us: u64| time_us.saturating_sub(failed_us) <= CONSEQUENCE_US;
    let mut ending = Ending {
        time_us,
        message: text(said),
        frames: frames.iter().map(|frame| Address(*frame)).collect(),
        ..Ending::default()
    };
    ending.reason = match failed_us.is_some_and(is_consequence) {
        _ if is_overflow(&ending.message) => Reason::StackOverflow,
        true => Reason::OutOfMemory,
        false => Reason::Panic,
    };
    black_box.note(&ending);
    // What fails from here on leaves the note as it is.
    ending.task = P::task(P::context().task).map(|task| task.name);
    ending.cut = bodies::cut::<P>(&frames);
    black_box.note(&ending);
    note_left::<P>(&mut ending);
    black_box.note(&ending);
    true
}

/// Checks whether a panic is how a stack's guard has told of an overflow, by the words of esp-hal and esp-rtos.
fn is_overflow(message: &str) -> bool {
    let words = [
        "Stack overflow detected",
        "stack guard value",
        "stack's guard value",
    ];
    words.iter().any(|words| message.contains(words))
}

/// Notes what is left of the heap.
fn note_left<P: Device>(ending: &mut Ending) {
    let left = left_for_firmware::<P>();
    ending.free = Some(left.free);
    ending.largest_free_block = left.largest_free_block;
}

/// Notes a line that the firmware logs, for the next boot to tell if this one ends badly: the last six are kept, 80 bytes of each.
///
/// Where the device's [settings](crate::field::settings) say so, none is kept. It may be called from anywhere, and neither allocates nor waits. Feed it from whatever writes the firmware's log:
///
/// ```ignore
/// impl log::Log for Console {
///     fn log(&self, record: &log::Record) {
///         heapbeacon::postmortem::log::<Board>(format_args!("{} {}", record.level(), record.args()));
///         // …
///     }
/// }
/// ```
pub fn log<P: Platform>(line: fmt::Arguments<'_>) {
    if let Some(black_box) = P::black_box() {
        black_box.log(&text::<MAX_LOG_LINE>(line));
    }
}

/// Notes that this boot ends because somebody asked for it.
pub fn requested<P: Platform>() {
    on_purpose::<P>(Reason::Requested, "");
}

/// Notes that this boot ends because of a trigger, for the next one to tell.
pub(crate) fn triggered<P: Platform>(trigger: &str) {
    on_purpose::<P>(Reason::Triggered, trigger);
}

/// Keeps the state of heap and trace as it is now, as if the boot ended, unless something is kept already.
pub(crate) fn snapshot<P: Device>(trigger: &str) {
    let Some(black_box) = P::black_box() else {
        return;
    };
    write_ahead::<P>();
    let mut ending = Ending {
        reason: Reason::Snapshot,
        time_us: uptime_us::<P>(),
        message: text(format_args!("{trigger}")),
        ..Ending::default()
    };
    note_left::<P>(&mut ending);
    black_box.keep_now(ending);
}

/// A panic on the way there says nothing new, and what asked first is why.
fn on_purpose<P: Platform>(reason: Reason, message: &str) {
    if let Some(black_box) = P::black_box()
        && black_box.begin_ending() == Begun::Now
    {
        black_box.note(&Ending {
            reason,
            time_us: uptime_us::<P>(),
            message: text(format_args!("{message}")),
            ..Ending::default()
        });
    }
}
