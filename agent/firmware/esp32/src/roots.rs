//! What a scan for references reads of a chip's RAM, and what it leaves out.
//!
//! The driver's threads have their stacks in the heap, and their registers beside those while they wait, so these are
//! blocks like any others: read with what is stale in them, which holds too much rather than too little. What the radio's
//! hardware alone knows of is in no memory: readers call no block lost that the driver has allocated.

use core::ops::Range;

use heapbeacon::memory::{Area, AreaKind, addresses};
use heapbeacon::walk::frame_pointer;
use heapbeacon_embassy::{live_stack_start, server};

use crate::server::EVENTS_TO_HOST;
use crate::setup::SETUP;
use crate::stack;

/// Roots that every chip has.
const ROOTS: usize = 5;

/// Describes the area of an index: roots, regions of the heap, and what is the agent's. There is none where the firmware wants no
/// scans.
pub(crate) fn area(index: usize) -> Option<Area> {
    if !SETUP.try_get()?.config.scans {
        return None;
    }
    let Some(index) = index.checked_sub(ROOTS) else {
        return Some(root(index));
    };
    let regions = (0..)
        .map_while(heapbeacon_esp_alloc::memory)
        .map(|memory| ram(AreaKind::Heap, "heap", memory));
    let own = (0..).map_while(server::memory).map(Area::own);
    regions.chain(own).nth(index)
}

fn root(index: usize) -> Area {
    match index {
        0 => ram(AreaKind::Static, ".data and .bss", stack::statics()),
        1 => ram(AreaKind::Static, "rtc_fast", stack::rtc_fast()),
        2 => ram(AreaKind::Stack, "executor", live_stack()),
        3 => ram(AreaKind::Driver, "rom", stack::rom_data()),
        _ if heapbeacon_esp_alloc::lacks_regions() => unknown(),
        _ => Area::own(addresses(&EVENTS_TO_HOST)),
    }
}

/// Returns what is in use of the main thread's stack: all of it, where another thread runs.
fn live_stack() -> Range<usize> {
    let main = stack::main_stack();
    let start = live_stack_start().unwrap_or_else(frame_pointer);
    if main.contains(&start) {
        start..main.end
    } else {
        main
    }
}

fn ram(kind: AreaKind, name: &'static str, memory: Range<usize>) -> Area {
    // SAFETY: all of it is RAM of the chip, which can be read at any time; the debugger's watchpoint, which guards stacks, is for
    // stores.
    unsafe { Area::new(kind, name, memory) }
}

/// Stands for a region of the heap whose place nobody knows: a scan that can't read it calls nothing lost.
fn unknown() -> Area {
    Area::read_by(
        |_, _| 0,
        AreaKind::Driver,
        "unknown region",
        0..size_of::<usize>(),
    )
}
