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
    /// Checks whether an address lies in code that keeps none, such as a driver's binary or the entry
    /// of a trap: a return address into it is the last one.
    pub is_opaque: fn(usize) -> bool,
    /// What to take off an address in memory to get the image's own; at most the lowest of the code.
    pub load_address: usize,
}

const WORD: usize = size_of::<usize>();

/// How far above the frame record the frame pointer points, in bytes.
const ABOVE_RECORD: usize = if cfg!(any(target_arch = "riscv32", target_arch = "riscv64")) {
    size_of::<[usize; 2]>()
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
    // Asked behind the others, so that most steps have nothing to ask of it.
    let mut outside = None;
    out.fill(|| {
        // SAFETY: the caller's promise is passed on.
        let return_address = unsafe { chain.step(bounds) }?;
        if !contains(&bounds.code, return_address) {
            outside = Some(return_address);
            return None;
        }
        Some(return_address.wrapping_sub(bounds.load_address))
    });
    if let Some(address) = outside
        && (bounds.is_opaque)(address)
    {
        // It may lie below the image.
        out.push(address.wrapping_sub(bounds.load_address));
    }
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

#[cfg(all(test, target_pointer_width = "64", not(target_arch = "riscv64")))]
mod tests {
    use std::vec::Vec;

    use super::*;

    /// Words that frame records lie in.
    const WORDS: usize = 16;

    /// Writes a chain of frame records: the word that each begins at, and where it returns to.
    fn write(memory: &mut [usize; WORDS], chain: &[(usize, usize)]) {
        let start = memory.as_ptr().expose_provenance();
        for (place, (word, return_address)) in chain.iter().enumerate() {
            let caller = chain.get(place + 1);
            memory[*word] = caller.map_or(0, |(caller, _)| start + caller * WORD);
            memory[word + 1] = *return_address;
        }
    }

    /// Walks from a byte on, with the stack and the code in these bounds.
    fn walked(memory: &[usize; WORDS], byte: usize, stack: Range<usize>) -> Vec<usize> {
        let start = memory.as_ptr().expose_provenance();
        let bounds = Bounds {
            stack: start + stack.start..start + stack.end,
            code: [0x1000..0x2000, 0x8000..0x9000],
            is_opaque: |address| address < 0x100,
            load_address: 0x1000,
        };
        let mut out = CallStack::new();
        // SAFETY: the bounds lie inside the memory, which is borrowed until the walk ends.
        unsafe { walk(start + byte, &bounds, &mut out) };
        out.as_slice().to_vec()
    }

    const ALL: Range<usize> = 0..WORDS * WORD;
    const CHAIN: [(usize, usize); 4] = [(0, 0x1010), (3, 0x8020), (9, 0x1fff), (14, 0x1000)];

    #[test]
    fn a_chain_is_walked_from_the_first_word_of_the_stack_to_the_last() {
        let mut memory = [0; WORDS];
        write(&mut memory, &CHAIN);
        assert_eq!(walked(&memory, 0, ALL), [0x10, 0x7020, 0xfff, 0]);
    }

    #[test]
    fn a_frame_outside_of_the_stack_or_misaligned_is_not_read() {
        let mut memory = [0; WORDS];
        write(&mut memory, &CHAIN);
        assert_eq!(walked(&memory, 0, WORD..ALL.end), [0; 0]);
        assert_eq!(walked(&memory, 0, 0..ALL.end - 1), [0x10, 0x7020, 0xfff]);
        assert_eq!(walked(&memory, 1, ALL), [0; 0]);
        assert_eq!(walked(&memory, 0, 0..0), [0; 0]);
    }

    #[test]
    fn a_chain_that_turns_back_or_stands_still_ends() {
        for turn in [0, 3] {
            let mut memory = [0; WORDS];
            write(&mut memory, &CHAIN[..2]);
            memory[3] = memory.as_ptr().expose_provenance() + turn * WORD;
            assert_eq!(walked(&memory, 0, ALL), [0x10, 0x7020]);
        }
    }

    #[test]
    fn a_return_address_outside_of_the_code_ends_a_walk() {
        for outside in [0xfff, 0x2000, 0x7fff, 0x9000, usize::MAX] {
            let mut memory = [0; WORDS];
            write(&mut memory, &[(0, 0x1010), (3, outside), (9, 0x1020)]);
            assert_eq!(walked(&memory, 0, ALL), [0x10], "{outside:#x}");
        }
    }

    #[test]
    fn an_opaque_return_address_is_the_last_wherever_it_lies() {
        let mut memory = [0; WORDS];
        write(&mut memory, &[(0, 0x1010), (3, 0x80), (9, 0x1020)]);
        let below = 0x80_usize.wrapping_sub(0x1000);
        assert_eq!(walked(&memory, 0, ALL), [0x10, below]);
    }

    #[test]
    #[cfg(not(miri))]
    fn the_frame_of_a_caller_lies_on_its_stack() {
        let here = 0_usize;
        let frame = frame_pointer();
        assert!(frame.abs_diff((&raw const here).addr()) < 1 << 16);
        assert!(frame.is_multiple_of(ALIGNMENT));
    }
}
