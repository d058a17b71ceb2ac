//! A record as C has it.

use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr;

use heapbeacon::platform::Platform;
use heapbeacon::tracer::{Frames, Record, Trace, TraceEnded};

use crate::board::Board;
use crate::port;

/// What a `heap_trace_record_t` begins with.
#[derive(Debug)]
#[repr(C)]
pub struct Head {
    ccount: u32,
    address: *mut c_void,
    size: usize,
    freed: bool,
}

impl From<&Record> for Head {
    fn from(record: &Record) -> Self {
        Self {
            ccount: record.seq as u32 & !3 | u32::from(record.core & 1),
            address: pointer(record.address.0),
            size: record.size as usize,
            freed: record.freed.is_some(),
        }
    }
}

/// Fills a call stack of C with that of an id, from who called the allocator on, and with null behind it.
///
/// # Errors
/// When the trace has ended.
pub(crate) fn fill(
    out: &mut [MaybeUninit<*mut c_void>],
    trace: Trace,
    id: Option<u32>,
) -> Result<(), TraceEnded> {
    let frames = frames(trace, id)?;
    let load_address = port::bounds().load_address;
    let is_allocator = |frame: &&u64| {
        port::heapbeacon_port_is_allocator((**frame as usize).wrapping_add(load_address))
    };
    let mut callers = frames.iter().skip_while(is_allocator);
    for place in out {
        let caller = callers.next().copied();
        place.write(caller.map_or(ptr::null_mut(), pointer));
    }
    Ok(())
}

fn frames(trace: Trace, id: Option<u32>) -> Result<Frames, TraceEnded> {
    let Some(id) = id else {
        return Ok(Frames::new());
    };
    let stack = Board::tracer().stack(trace, id)?;
    Ok(stack.map(|stack| stack.frames).unwrap_or_default())
}

/// Returns an address as a pointer of C, which nothing in Rust follows.
fn pointer(address: u64) -> *mut c_void {
    ptr::without_provenance_mut(address as usize)
}
