//! What keeps the agent from starting.

use core::fmt;

use heapbeacon::tracer;

/// What keeps the agent from starting.
///
/// `Debug` says the same as `Display`, because `unwrap` shows that.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum StartError {
    /// It has been started before.
    Twice,
    /// The tracer has no record buffer.
    Untraced,
    /// The record buffer holds no record.
    BufferTooSmall,
    /// The record buffer lies in memory that interrupts may not touch, such as PSRAM.
    BufferOutsideRam,
    /// The tracer refuses to start.
    Trace(tracer::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeapBeacon does not start: ")?;
        match self {
            Self::Twice => f.write_str("it runs already; call `start` once"),
            Self::Untraced => f.write_str(
                "there is no trace; call `trace` before the heap is made",
            ),
            Self::BufferTooSmall => f.write_str(
                "the record buffer holds no record; make it larger, as in `RecordBuffer<4096>`",
            ),
            Self::BufferOutsideRam => f.write_str(
                "the record buffer is in memory that interrupts may not touch; make it a static in internal RAM, not in PSRAM",
            ),
            Self::Trace(error) => write!(f, "{error} ({})", error.code()),
        }
    }
}

impl fmt::Debug for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for StartError {}
