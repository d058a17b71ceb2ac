//! The calls of `esp_heap_trace.h`, which documents them.

use core::ffi::{c_int, c_uint, c_void};
use core::mem::MaybeUninit;
use core::slice;

use heapbeacon::platform::Platform;
use heapbeacon::tracer::{Error, Mode};
use heapbeacon_shared::trace::Summary;

use crate::board::Board;
use crate::dump;
use crate::lend::lend;
use crate::record::{Head, fill};

/// ESP-IDF's `ESP_OK`.
const OK: c_int = 0;

/// A pointer of C whose place may have no value yet.
type Place = MaybeUninit<*mut c_void>;

/// `heap_trace_summary_t`.
#[derive(Debug)]
#[repr(C)]
pub struct Counted {
    mode: c_uint,
    total_allocations: usize,
    total_frees: usize,
    count: usize,
    capacity: usize,
    high_water_mark: usize,
    has_overflowed: usize,
    total_hashmap_hits: usize,
    total_hashmap_miss: usize,
}

impl From<&Summary> for Counted {
    fn from(summary: &Summary) -> Self {
        let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            mode: (summary.mode == Some(Mode::Leaks)).into(),
            total_allocations: size(summary.total_allocations),
            total_frees: size(summary.matched_frees + summary.unmatched_frees),
            count: size(summary.count.into()),
            capacity: size(summary.capacity.into()),
            high_water_mark: size(summary.high_water_mark.into()),
            has_overflowed: summary.has_overflowed().into(),
            total_hashmap_hits: size(summary.matched_frees),
            total_hashmap_miss: size(summary.unmatched_frees),
        }
    }
}

/// Lends `count` records of `record_bytes` each to the tracer: `heap_trace_init_standalone`.
///
/// # Safety
/// Nobody else uses this memory until other memory is lent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn heapbeacon_init(
    records: *mut c_void,
    count: usize,
    record_bytes: usize,
) -> c_int {
    // SAFETY: the caller's promise is passed on.
    code(unsafe { lend(records, count, record_bytes) })
}

/// Returns `ESP_ERR_NOT_SUPPORTED`: there is no host to send to.
#[unsafe(no_mangle)]
pub extern "C" fn heap_trace_init_tohost() -> c_int {
    code(Err(Error::NotSupported))
}

/// Begins a new trace.
#[unsafe(no_mangle)]
pub extern "C" fn heap_trace_start(mode: c_uint) -> c_int {
    let mode = match mode {
        0 => Mode::All,
        1 => Mode::Leaks,
        _ => return code(Err(Error::InvalidArg)),
    };
    code(Board::tracer().start(mode, Board::now_us()).map(drop))
}

/// Stops recording.
#[unsafe(no_mangle)]
pub extern "C" fn heap_trace_stop() -> c_int {
    code(Board::tracer().stop())
}

/// Records frees only.
#[unsafe(no_mangle)]
pub extern "C" fn heap_trace_alloc_pause() -> c_int {
    code(Board::tracer().alloc_pause())
}

/// Records again.
#[unsafe(no_mangle)]
pub extern "C" fn heap_trace_resume() -> c_int {
    code(Board::tracer().resume())
}

/// Returns the number of records.
#[unsafe(no_mangle)]
pub extern "C" fn heap_trace_get_count() -> usize {
    Board::tracer().count() as usize
}

/// Copies a record, and `depth` frames of each of its call stacks: `heap_trace_get`.
///
/// # Safety
/// `record` is null, or begins as a `heap_trace_record_t` does and has call stacks of so many frames.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn heapbeacon_get(
    index: usize,
    record: *mut Head,
    alloced_by: *mut Place,
    freed_by: *mut Place,
    depth: usize,
) -> c_int {
    if record.is_null() {
        return code(Err(Error::InvalidState));
    }
    // SAFETY: the caller's promise is passed on.
    let alloced_by = unsafe { places(alloced_by, depth) };
    // SAFETY: as above.
    let freed_by = unsafe { places(freed_by, depth) };
    code(get(index, alloced_by, freed_by).map(|head| {
        // SAFETY: there is room for what a record begins with.
        unsafe { record.write(head) }
    }))
}

/// Prints everything.
#[unsafe(no_mangle)]
pub extern "C" fn heap_trace_dump() {
    dump::dump(dump::ALL);
}

/// Prints the records of some kinds of memory.
#[unsafe(no_mangle)]
pub extern "C" fn heap_trace_dump_caps(caps: u32) {
    dump::dump(caps);
}

/// Copies what was counted.
///
/// # Safety
/// `summary` is null, or has room for a `heap_trace_summary_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn heap_trace_summary(summary: *mut Counted) -> c_int {
    if summary.is_null() {
        return code(Err(Error::InvalidArg));
    }
    let counted = Counted::from(&Board::tracer().summary());
    // SAFETY: the caller has room for it.
    unsafe { summary.write(counted) };
    OK
}

/// Returns what a record of C begins with, and fills its call stacks. A trace that ends meanwhile gives way to the next one.
fn get(index: usize, alloced_by: &mut [Place], freed_by: &mut [Place]) -> Result<Head, Error> {
    let index = u32::try_from(index).map_err(|_| Error::InvalidArg)?;
    let tracer = Board::tracer();
    loop {
        let trace = tracer.trace();
        let record = tracer.get(index)?;
        let freed_by_stack = record.freed.and_then(|freed| freed.stack);
        let filled = fill(alloced_by, trace, Some(record.stack))
            .and_then(|()| fill(freed_by, trace, freed_by_stack));
        if filled.is_ok() {
            return Ok(Head::from(&record));
        }
    }
}

/// Returns the places of a call stack of C.
///
/// # Safety
/// There are so many, and nobody else uses them meanwhile.
unsafe fn places<'a>(start: *mut Place, depth: usize) -> &'a mut [Place] {
    if depth == 0 {
        return &mut [];
    }
    // SAFETY: the caller's promise is passed on.
    unsafe { slice::from_raw_parts_mut(start, depth) }
}

/// Returns a result as ESP-IDF's code.
fn code(result: Result<(), Error>) -> c_int {
    result.map_or_else(|error| error as c_int, |()| OK)
}
