//! Begins the trace, before anything allocates, and hands it out.

use core::fmt::{self, Write};

use embassy_sync::once_lock::OnceLock;
use heapbeacon::platform::Platform;
use heapbeacon::read::dump;
use heapbeacon::tracer::{Buffer, Error, Mode, Tracer};
use heapbeacon_embassy::{Lock, tasks};

use crate::StartError;
use crate::board::Board;

/// Where the record buffer lies, once the tracer has it.
pub(crate) static RECORDS: OnceLock<core::ops::Range<usize>> = OnceLock::new();

/// Records from here on what is allocated, in `mode`, unless the settings that the device keeps say otherwise; `None` waits for
/// `POST /api/v1/trace/start`.
///
/// Call it once, behind `esp_hal::init` and before the heap has its first region: what was allocated before, the Wi-Fi
/// driver's blocks among it, would be in no list. The task that calls it is called `main`, unless it has a name.
/// Without the feature `tracing` nothing is recorded, and that is no error.
///
/// # Errors
/// Those of the buffer and of the tracer, and [`StartError::Twice`].
#[cfg_attr(
    all(lacks_frame_pointers, feature = "tracing"),
    deprecated = "this firmware is built without frame pointers, so all call stacks will be empty: add \
                  \"-C\", \"force-frame-pointers\" to the `rustflags` in .cargo/config.toml"
)]
pub fn trace(records: Buffer, mode: Option<Mode>) -> Result<(), StartError> {
    #[cfg(feature = "postmortem")]
    crate::keep::begin();
    let memory = records.as_ptr_range();
    let memory = memory.start.addr()..memory.end.addr();
    RECORDS
        .init(memory.clone())
        .map_err(|_| StartError::Twice)?;
    if !cfg!(feature = "tracing") {
        return Ok(());
    }
    if !Board::is_interrupt_safe(memory) {
        return Err(StartError::BufferOutsideRam);
    }
    tasks::is_main();
    let most = Tracer::<Lock>::max_records(records.len() * size_of::<u64>());
    let (mode, wished) = wished(mode, most);
    let taken = tracer().init_standalone(records, wished);
    taken.map_err(|refused| match refused.error {
        Error::InvalidArg => StartError::BufferTooSmall,
        error => StartError::Trace(error),
    })?;
    match mode {
        Some(mode) => tracer().start(mode, Board::now_us()).map(drop),
        None => Ok(()),
    }
    .map_err(StartError::Trace)
}

/// Returns the mode and the records that users wish, where a firmware would trace in `usual` and has room for `most` records.
fn wished(usual: Option<Mode>, most: u32) -> (Option<Mode>, Option<u32>) {
    #[cfg(feature = "settings")]
    if let Some(store) = crate::settings::store() {
        return store.get(|settings| settings.boot_trace(usual, most));
    }
    heapbeacon_shared::trace::Settings::NONE.boot_trace(usual, most)
}

/// Returns the tracer, to stop and resume it, or to read it without the API.
pub fn tracer() -> &'static Tracer<Lock> {
    Board::tracer()
}

/// Writes all records and what they are evidence of as text, in the layout of ESP-IDF's `heap_trace_dump`.
///
/// ```ignore
/// heapbeacon_esp32::dump(&mut esp_println::Printer)?;
/// ```
///
/// # Errors
/// Those of `out`.
pub fn dump(out: &mut impl Write) -> fmt::Result {
    dump::dump(tracer(), Board::now_us(), out)
}
