//! The memory that a C program lends to the tracer.

use core::cell::{Cell, UnsafeCell};
use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::slice;

use embassy_sync::blocking_mutex::Mutex;
use heapbeacon::platform::Platform;
use heapbeacon::tracer::{Buffer, Error};

use crate::board::{Board, Lock};

/// Words of a buffer for those few records that a small array is for: it has no room for call stacks.
const FEW_WORDS: usize = 64 * size_of::<usize>();

/// The most that the tracer has numbers for.
const MOST_RECORDS: usize = 65_534;

static FEW: Few = Few(UnsafeCell::new([MaybeUninit::uninit(); FEW_WORDS]));
/// Whether somebody is changing what is lent.
static IS_CHANGING: Mutex<Lock, Cell<bool>> = Mutex::new(Cell::new(false));

struct Few(UnsafeCell<[MaybeUninit<u64>; FEW_WORDS]>);

// SAFETY: it is only reached by who changes what is lent, which is one at a time.
unsafe impl Sync for Few {}

/// Ends a change when it goes.
struct Change;

impl Change {
    fn begin() -> Result<Self, Error> {
        match IS_CHANGING.lock(|is_changing| is_changing.replace(true)) {
            true => Err(Error::InvalidState),
            false => Ok(Self),
        }
    }
}

impl Drop for Change {
    fn drop(&mut self) {
        IS_CHANGING.lock(|is_changing| is_changing.set(false));
    }
}

/// Lends `count` records of `record_bytes` each to the tracer, in place of those that it has; null and 0 take these back.
///
/// # Errors
/// `InvalidState` while recording or paused, or while another call of this is at work; `InvalidArg` if the array is none.
///
/// # Safety
/// Nobody else uses this memory until other memory is lent.
pub(crate) unsafe fn lend(
    records: *mut c_void,
    count: usize,
    record_bytes: usize,
) -> Result<(), Error> {
    let _change = Change::begin()?;
    if Board::tracer().is_recording() {
        return Err(Error::InvalidState);
    }
    if records.is_null() && count == 0 {
        return Board::tracer().release().map(drop);
    }
    let bytes = count.saturating_mul(record_bytes);
    // No array is longer than the longest that Rust can refer to.
    if records.is_null() || bytes == 0 || isize::try_from(bytes).is_err() {
        return Err(Error::InvalidArg);
    }
    // First, for a C program may lend the same memory again.
    Board::tracer().release()?;
    let buffer = if bytes < size_of_val(&FEW) {
        // SAFETY: the tracer has given back what it had, and nobody else is changing that.
        unsafe { &mut *FEW.0.get() }
    } else {
        // SAFETY: the caller's promise is passed on, and the tracer has given back what it had.
        unsafe { words(records, bytes) }
    };
    let lent = Board::tracer().init_standalone(buffer, Some(count.min(MOST_RECORDS) as u32));
    lent.map(drop).map_err(|refused| refused.error)
}

/// Returns the aligned words in memory of C.
///
/// # Safety
/// Nobody else uses the memory for as long as the words are in use, and there are so many bytes.
unsafe fn words(start: *mut c_void, bytes: usize) -> Buffer {
    let before = start.cast::<u8>().align_offset(align_of::<u64>());
    let words = bytes.saturating_sub(before) / size_of::<u64>();
    let start = start.wrapping_byte_add(before).cast();
    // SAFETY: it is aligned now, ends in the memory that the caller owns, and words without a value need none.
    unsafe { slice::from_raw_parts_mut(start, words) }
}
