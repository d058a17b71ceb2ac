//! The trace, which begins before anything allocates.

use embassy_sync::once_lock::OnceLock;
use heapbeacon::platform::Platform;
use heapbeacon::tracer::{Buffer, Error, Mode};
use heapbeacon_embassy::tasks;

use crate::StartError;
use crate::board::Board;

/// Where the record buffer lies, once the tracer has it.
pub(crate) static RECORDS: OnceLock<core::ops::Range<usize>> = OnceLock::new();

/// Records from here on what is allocated, in `mode`; `None` waits for `POST /api/v1/trace/start`.
///
/// Call it once, behind `esp_hal::init` and before the heap has its first region: what was allocated before, the Wi-Fi
/// driver's blocks among it, would be in no list. The task that calls it is called `main`, unless it has a name.
///
/// # Errors
/// Those of the buffer and of the tracer, and [`StartError::Twice`].
pub fn trace(records: Buffer, mode: Option<Mode>) -> Result<(), StartError> {
    let memory = records.as_ptr_range();
    let memory = memory.start.addr()..memory.end.addr();
    if !Board::is_interrupt_safe(memory.clone()) {
        return Err(StartError::BufferOutsideRam);
    }
    RECORDS.init(memory).map_err(|_| StartError::Twice)?;
    tasks::is_main();
    let tracer = Board::tracer();
    let taken = tracer.init_standalone(records, None);
    taken.map_err(|refused| match refused.error {
        Error::InvalidArg => StartError::BufferTooSmall,
        error => StartError::Trace(error),
    })?;
    match mode {
        Some(mode) => tracer.start(mode, Board::now_us()).map(drop),
        None => Ok(()),
    }
    .map_err(StartError::Trace)
}
