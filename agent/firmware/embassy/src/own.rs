//! What of the memory is the agent's own while it answers: it holds addresses of blocks because it reads the trace, so a scan for
//! references leaves it out.
//!
//! That is the futures of its tasks, and what they use of the executor's stack.

use core::future::Future;
use core::ops::Range;
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use core::task::{Context, Poll};

/// Most futures that are told of: more would be taken for somebody else's.
pub(crate) const MOST: usize = 8;

/// First address and size of each future; 0 bytes are a free place.
static FUTURES: [(AtomicUsize, AtomicUsize); MOST] =
    [const { (AtomicUsize::new(0), AtomicUsize::new(0)) }; MOST];
/// Where the stack ends that is somebody else's, while a future of the agent is polled; else 0.
static FRAME: AtomicUsize = AtomicUsize::new(0);

/// Registers that a function leaves as they were: callers may keep anything in them.
#[cfg(target_arch = "riscv32")]
type Saved = [usize; 12];
#[cfg(not(target_arch = "riscv32"))]
type Saved = [usize; 0];

/// Returns the memory of a future by an index, as long as there are some.
pub(crate) fn future(index: usize) -> Option<Range<usize>> {
    let (start, size) = FUTURES.get(index)?;
    let (start, size) = (start.load(Relaxed), size.load(Relaxed));
    (size > 0).then_some(start..start + size)
}

/// Returns where the live part of the running stack begins, from inside of a task of the agent: what lies below is the agent's, and
/// what others keep in registers was put right there. Elsewhere it is `None`.
pub fn live_stack_start() -> Option<usize> {
    Some(FRAME.load(Relaxed)).filter(|frame| *frame > 0)
}

/// A future of the agent's.
pub(crate) struct Own<F> {
    future: F,
    is_noted: bool,
}

impl<F> Own<F> {
    pub(crate) fn new(future: F) -> Self {
        Self {
            future,
            is_noted: false,
        }
    }

    /// Notes where it is, from its first poll on: then it stays there.
    fn note(&mut self) {
        if self.is_noted {
            return;
        }
        self.is_noted = true;
        let start = (&raw const *self).addr();
        let free = FUTURES.iter().find(|(_, size)| size.load(Relaxed) == 0);
        if let Some((place, size)) = free {
            place.store(start, Relaxed);
            size.store(size_of::<Self>(), Relaxed);
        }
    }
}

impl<F: Future> Future for Own<F> {
    type Output = F::Output;

    /// Never inlined: its frame is where the agent's part of the stack begins.
    #[inline(never)]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut saved: Saved = [0; _];
        save_registers(&mut saved);
        // SAFETY: nothing is moved out of it.
        let own = unsafe { self.get_unchecked_mut() };
        own.note();
        FRAME.store(saved.as_ptr().addr(), Relaxed);
        // SAFETY: it is pinned because what holds it is.
        let poll = poll(unsafe { Pin::new_unchecked(&mut own.future) }, context);
        FRAME.store(0, Relaxed);
        core::hint::black_box(&saved);
        poll
    }
}

/// Polls in a frame of its own.
#[inline(never)]
fn poll<F: Future>(future: Pin<&mut F>, context: &mut Context<'_>) -> Poll<F::Output> {
    future.poll(context)
}

/// Copies the registers that callers may keep something in.
#[inline(always)]
#[cfg(target_arch = "riscv32")]
fn save_registers(saved: &mut Saved) {
    // SAFETY: stores twelve words where there is room for them.
    unsafe {
        core::arch::asm!(
            "sw s0, 0({0})", "sw s1, 4({0})", "sw s2, 8({0})", "sw s3, 12({0})",
            "sw s4, 16({0})", "sw s5, 20({0})", "sw s6, 24({0})", "sw s7, 28({0})",
            "sw s8, 32({0})", "sw s9, 36({0})", "sw s10, 40({0})", "sw s11, 44({0})",
            in(reg) saved.as_mut_ptr(),
            options(nostack, preserves_flags),
        );
    }
}

/// Does nothing: Xtensa has put them on the stack by the time that a scan runs, which is many calls deeper.
#[cfg(not(target_arch = "riscv32"))]
fn save_registers(_saved: &mut Saved) {}
