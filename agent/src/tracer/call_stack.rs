//! A call stack as it is handed to the tracer.

use core::fmt;
use core::mem::MaybeUninit;

use heapbeacon_shared::trace::MAX_FRAMES;

/// Frames that are compared in one go, without a loop: half of the most there can be.
#[cfg(feature = "tracing")]
const RUN: usize = MAX_FRAMES / 2;
/// Odd, so that no address is lost, and so large that small differences between addresses do not make up for each other: the
/// prime next to 2³² divided by the golden ratio (Knuth, The Art of Computer Programming 3, 6.4).
const SPREAD: usize = 0x9e37_79b1;
#[cfg(feature = "tracing")]
type Run = [MaybeUninit<usize>; RUN];

/// The return addresses of a running call stack, innermost first.
///
/// A walk fills one for every allocation, so nothing is written before or behind.
#[derive(Clone, Copy)]
pub struct CallStack {
    addresses: [MaybeUninit<usize>; MAX_FRAMES],
    depth: usize,
    /// What the stack table is searched by, made while the addresses pass by anyway. With each it is multiplied, or else
    /// many call stacks would have one sum: those of the same frames in another order, as in a recursion through several
    /// functions, and those of functions that call others at even distances.
    sum: usize,
}

impl CallStack {
    /// Equal to no call stack that was ever walked.
    #[cfg(feature = "tracing")]
    pub(super) const NO_MATCH: Self = Self {
        depth: usize::MAX,
        ..Self::new()
    };

    /// Makes the empty call stack: nothing is known.
    #[inline(always)]
    pub const fn new() -> Self {
        Self {
            addresses: [const { MaybeUninit::uninit() }; MAX_FRAMES],
            depth: 0,
            sum: 0,
        }
    }

    /// Takes the return addresses, innermost first, as long as `next` knows one and there is room, in place of those
    /// that there were.
    #[inline(always)]
    pub fn fill(&mut self, mut next: impl FnMut() -> Option<usize>) {
        let (mut depth, mut sum) = (0, 0);
        while depth < MAX_FRAMES
            && let Some(address) = next()
        {
            self.addresses[depth].write(address);
            sum = summed(sum, address);
            depth += 1;
        }
        self.depth = depth;
        self.sum = sum;
    }

    /// Takes one more return address, where there is room.
    pub(crate) fn push(&mut self, address: usize) {
        if let Some(place) = self.addresses.get_mut(self.depth) {
            place.write(address);
            self.sum = summed(self.sum, address);
            self.depth += 1;
        }
    }

    /// Returns the addresses.
    #[inline(always)]
    pub fn as_slice(&self) -> &[usize] {
        let addresses = self.addresses.get(..self.depth).unwrap_or(&[]);
        // SAFETY: the first `depth` places were written when the call stack was made.
        unsafe { addresses.assume_init_ref() }
    }

    /// Returns a number that most other call stacks do not have.
    #[cfg(feature = "tracing")]
    #[inline(always)]
    pub(super) fn sum(&self) -> usize {
        self.sum
    }

    /// Checks whether two call stacks are the same, where they most likely are.
    #[cfg(feature = "tracing")]
    #[inline(always)]
    pub(super) fn is(&self, other: &Self) -> bool {
        if self.depth != other.depth {
            return false;
        }
        if self.depth < RUN {
            return self.as_slice().iter().eq(other.as_slice());
        }
        // A run from either end: together they are all of it.
        let is_same = |start: usize| match (self.run(start), other.run(start)) {
            // SAFETY: both end at the last address or before it.
            (Some(run), Some(other_run)) => unsafe { same(run, other_run) },
            _ => false,
        };
        is_same(0) && (self.depth == RUN || is_same(self.depth - RUN))
    }

    #[cfg(feature = "tracing")]
    #[inline(always)]
    fn run(&self, start: usize) -> Option<&Run> {
        self.addresses.get(start..)?.first_chunk()
    }
}

/// Returns the sum of a call stack with one address more.
#[inline(always)]
fn summed(sum: usize, address: usize) -> usize {
    sum.wrapping_mul(SPREAD).wrapping_add(address)
}

impl Default for CallStack {
    fn default() -> Self {
        Self::new()
    }
}

impl FromIterator<usize> for CallStack {
    /// Takes the innermost [`MAX_FRAMES`] addresses.
    fn from_iter<I: IntoIterator<Item = usize>>(addresses: I) -> Self {
        let mut addresses = addresses.into_iter();
        let mut stack = Self::new();
        stack.fill(|| addresses.next());
        stack
    }
}

impl PartialEq for CallStack {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for CallStack {}

impl fmt::Debug for CallStack {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.as_slice()).finish()
    }
}

/// Compares without a branch for each frame. Not as a fold: where code is to be small, that stays a loop,
/// which takes twice the instructions.
///
/// # Safety
/// All of both was written.
#[cfg(feature = "tracing")]
#[inline(always)]
unsafe fn same(a: &Run, b: &Run) -> bool {
    // SAFETY: the caller's promise is passed on.
    let a = unsafe { a.as_slice().assume_init_ref() };
    // SAFETY: as above.
    let b = unsafe { b.as_slice().assume_init_ref() };
    let differ = |frame: usize| a[frame] ^ b[frame];
    let inner = differ(0) | differ(1) | differ(2) | differ(3);
    let outer = differ(4) | differ(5) | differ(6) | differ(7);
    inner | outer == 0
}
