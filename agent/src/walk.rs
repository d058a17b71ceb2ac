//! Call stacks by frame pointer.
//!
//! Code built with `-C force-frame-pointers=yes` keeps a chain of frames, each holding the
//! caller's frame pointer and the return address. On RISC-V the two words lie below the frame
//! pointer (RISC-V ELF psABI, "Frame Pointer Convention"); on x86-64 (System V psABI, 3.2.2) and
//! AArch64 (AAPCS64, 6.4.6) they lie at it.

use core::ops::Range;

use crate::tracer::CallStack;

/// What must hold of an address for the walk to go on.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// The stack of the running thread or task.
    pub stack: Range<usize>,
    /// Code that keeps the chain of frames, where it was loaded; a board with one range leaves the
    /// other one empty.
    pub code: [Range<usize>; 2],
    /// Tells whether an address lies in code that keeps none, such as a driver's binary or the entry
    /// of a trap: a return address into it is the last one.
    pub is_opaque: fn(usize) -> bool,
    /// What to take off an address in memory to get the image's own; at most the lowest of the code.
    pub load_address: usize,
}

const WORD: usize = size_of::<usize>();

/// How far above the frame record the frame pointer points, in bytes.
const ABOVE_RECORD: usize = if cfg!(any(target_arch = "riscv32", target_arch = "riscv64")) {
    2 * WORD
} else {
    0
};

/// Alignment of a frame record: the stack's own on RISC-V, a word elsewhere.
const ALIGNMENT: usize = if cfg!(any(target_arch = "riscv32", target_arch = "riscv64")) {
    16
} else {
    WORD
};

/// Returns the frame pointer of the function that calls this, 0 where the processor is not known.
///
/// It is a call, not a register that is read in place: before a call a function has to have set up its
/// own frame, while anything else may be done before that, with the frame pointer still its caller's.
#[inline(always)]
pub fn frame_pointer() -> usize {
    register::frame_pointer()
}

#[cfg(any(target_arch = "riscv32", target_arch = "riscv64"))]
mod register {
    #[unsafe(naked)]
    pub(super) extern "C" fn frame_pointer() -> usize {
        core::arch::naked_asm!("mv a0, s0", "ret")
    }
}

#[cfg(target_arch = "x86_64")]
mod register {
    #[unsafe(naked)]
    pub(super) extern "C" fn frame_pointer() -> usize {
        core::arch::naked_asm!("mov rax, rbp", "ret")
    }
}

#[cfg(target_arch = "aarch64")]
mod register {
    #[unsafe(naked)]
    pub(super) extern "C" fn frame_pointer() -> usize {
        core::arch::naked_asm!("mov x0, x29", "ret")
    }
}

#[cfg(not(any(
    target_arch = "riscv32",
    target_arch = "riscv64",
    target_arch = "x86_64",
    target_arch = "aarch64"
)))]
mod register {
    pub(super) fn frame_pointer() -> usize {
        0
    }
}

/// Pushes the return addresses of a call stack, innermost first, as addresses of the image.
///
/// `frame` is the innermost frame, whose return address comes first: see [`frame_pointer`]. The walk ends where a frame is misaligned, outside the
/// stack or not above the one before, or where a return address is not inside the code: what has
/// been pushed by then is right. A return address into opaque code is the last that is pushed: the
/// frame that led to it is right, the next one need not be.
///
/// # Safety
/// `bounds.stack` is memory that may be read for as long as the walk takes.
#[inline(always)]
pub unsafe fn walk(frame: usize, bounds: &Bounds, out: &mut CallStack) {
    let mut chain = Chain {
        below: bounds
            .stack
            .start
            .saturating_add(ABOVE_RECORD)
            .wrapping_sub(1),
        frame,
    };
    out.fill(|| {
        // SAFETY: the caller's promise is passed on.
        let return_address = unsafe { chain.step(bounds) }?;
        if !contains(&bounds.code, return_address) {
            chain.frame = 0;
            if !(bounds.is_opaque)(return_address) {
                return None;
            }
        }
        // An opaque address may lie below the image.
        Some(return_address.wrapping_sub(bounds.load_address))
    });
}

/// Where a walk stands.
struct Chain {
    /// What the frame must lie above: the one before, or the end of the stack.
    below: usize,
    frame: usize,
}

impl Chain {
    /// Reads the return address of a frame, and goes on to the caller's.
    ///
    /// # Safety
    /// `bounds.stack` may be read.
    #[inline(always)]
    unsafe fn step(&mut self, bounds: &Bounds) -> Option<usize> {
        let frame = self.frame;
        let end = bounds.stack.end.saturating_sub(2 * WORD - ABOVE_RECORD);
        if frame <= self.below || frame > end || !frame.is_multiple_of(ALIGNMENT) {
            return None;
        }
        let record = frame.wrapping_sub(ABOVE_RECORD) as *const [usize; 2];
        // SAFETY: both words are aligned and inside the stack, which the caller lets us read.
        let [caller, return_address] = unsafe { record.read() };
        self.below = frame;
        self.frame = caller;
        Some(return_address)
    }
}

#[inline(always)]
fn contains(ranges: &[Range<usize>; 2], address: usize) -> bool {
    ranges[0].contains(&address) || ranges[1].contains(&address)
}
