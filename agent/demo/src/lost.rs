//! Blocks that nobody can ever free: no reference leads to them any more.

use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::RefCell;
use core::hint::black_box;

const SUMMARY_BYTES: usize = 40;

/// One end of a connection that knows the other end.
#[derive(Debug, Default)]
struct Peer {
    other: RefCell<Option<Rc<Peer>>>,
}

/// Loses blocks, two ways at a time.
#[derive(Debug)]
pub(crate) struct Loser {
    times: usize,
    most: usize,
}

impl Loser {
    /// Creates one that has lost nothing, and will lose blocks so many times.
    pub(crate) fn new(most: usize) -> Self {
        Self { times: 0, most }
    }

    /// Loses blocks, unless it has done so often enough.
    #[inline(never)]
    pub(crate) fn lose(&mut self) {
        if self.times < self.most {
            self.times += 1;
            lose_cycle();
            forget_summary();
        }
    }

    /// Returns how many times it has lost blocks.
    #[cfg(test)]
    pub(crate) fn times(&self) -> usize {
        self.times
    }
}

/// Drops two ends that hold one another.
#[inline(never)]
fn lose_cycle() {
    let first = Rc::new(Peer::default());
    let second = Rc::new(Peer::default());
    *first.other.borrow_mut() = Some(Rc::clone(&second));
    *second.other.borrow_mut() = Some(first);
}

/// Forgets a block instead of dropping it, as code does that hands one to C and never takes it back.
#[inline(never)]
fn forget_summary() {
    black_box(Box::leak(Box::new([0_u8; SUMMARY_BYTES])));
}
