//! Call stacks of this image, and where references begin. All of its code shares one stack, interrupts included.

use core::ops::Range;

use heapbeacon::memory::{Area, AreaKind};
use heapbeacon::tracer::CallStack;
use heapbeacon::walk::{self, Bounds, frame_pointer};
use heapbeacon_embassy::live_stack_start;
use heapbeacon_shared::trace::Cut;

unsafe extern "C" {
    // Of riscv-rt: end of the code, and both ends of the stack.
    static __etext: u8;
    static __estack: u8;
    static __sstack: u8;
    // Variables.
    static __sdata: u8;
    static __edata: u8;
    static __sbss: u8;
    static __ebss: u8;
    /// Where a trap enters; what lies between here and [`_start_trap_rust`] keeps no frames.
    static _start_trap: u8;
    static _start_trap_rust: u8;
}

/// Pushes the return addresses of the running call stack from `frame` on.
#[inline(always)]
pub fn walk(frame: usize, stack: &mut CallStack) {
    let bounds = Bounds {
        stack: (&raw const __estack).addr()..(&raw const __sstack).addr(),
        code: [code(), 0..0],
        is_opaque: |address| trap_entry().contains(&address),
        load_address: 0,
    };
    // SAFETY: the one stack there is may be read from end to end.
    unsafe { walk::walk(frame, &bounds, stack) };
}

/// Checks whether the outermost frame is the entry of a trap.
pub fn opaque(address: u64) -> Option<Cut> {
    let address = usize::try_from(address).ok()?;
    trap_entry().contains(&address).then_some(Cut::Interrupt)
}

/// Returns where code lies that keeps the chain of frames; the way from reset to `main` is beyond it.
pub fn code() -> Range<usize> {
    (&raw const _start_trap_rust).addr()..(&raw const __etext).addr()
}

fn trap_entry() -> Range<usize> {
    (&raw const _start_trap).addr()..(&raw const _start_trap_rust).addr()
}

/// Memory areas that [`area`] describes.
pub const AREAS: usize = 3;

/// Describes the variables, and the live part of the stack, for scans.
///
/// All tasks of the executor share that stack, and have what they keep in statics; while a scan runs, no interrupt does.
pub fn area(index: usize) -> Option<Area> {
    let (kind, name, memory) = match index {
        0 => (
            AreaKind::Static,
            ".data",
            (&raw const __sdata).addr()..(&raw const __edata).addr(),
        ),
        1 => (
            AreaKind::Static,
            ".bss",
            (&raw const __sbss).addr()..(&raw const __ebss).addr(),
        ),
        2 => {
            let start = live_stack_start().unwrap_or_else(frame_pointer);
            let memory = start..(&raw const __sstack).addr();
            (AreaKind::Stack, "executor", memory)
        }
        _ => return None,
    };
    // SAFETY: the linker has put it into RAM, for ever.
    Some(unsafe { Area::new(kind, name, memory) })
}
