//! The hog: takes all that is left of the heap, so that a person sees what allocations fail then. What the board holds back
//! for such a moment it leaves alone, or nobody could turn it off again.

use alloc::vec::Vec;
use core::sync::atomic::Ordering;

use crate::switch::{Behaviour, Switches};

/// Bytes of the first block that is tried; each that fails is followed by half of it.
const LARGEST: usize = 64 * 1024;
/// Bytes of the last block that is tried.
const SMALLEST: usize = 8;
/// Blocks that the list of them has room for.
const BLOCKS: usize = 1024;

/// What the hog holds.
#[derive(Debug)]
pub struct Hog {
    blocks: Vec<Vec<u8>>,
    /// Bytes that it leaves, in one piece.
    left: usize,
}

impl Hog {
    /// Makes one that leaves so many bytes: as many as the board holds back.
    pub const fn new(left: usize) -> Self {
        Self {
            blocks: Vec::new(),
            left,
        }
    }

    /// Takes all that is left, or gives everything back.
    ///
    /// While it holds the heap no other job may run: they allocate as if that never failed.
    #[inline(never)]
    pub fn step(&mut self, switches: &Switches) {
        if !switches.is_on(Behaviour::HeapExhaustion) {
            self.blocks = Vec::new();
            switches.is_held.store(false, Ordering::Relaxed);
            return;
        }
        switches.is_held.store(true, Ordering::Relaxed);
        // Set aside while it takes the rest. Where there is not even that, somebody uses what was left.
        let Some(_left) = set_aside(self.left) else {
            return;
        };
        // Without room for the list, the first step has no block to keep: the next one tries again.
        let _ = self
            .blocks
            .try_reserve_exact(BLOCKS.saturating_sub(self.blocks.len()));
        let mut bytes = LARGEST;
        while bytes >= SMALLEST && self.blocks.len() < self.blocks.capacity() {
            match take(bytes) {
                Some(block) => self.blocks.push(block),
                None => bytes /= 2,
            }
        }
    }
}

/// Takes a block that is not to be taken, so that it is there afterwards; none of no size.
fn set_aside(bytes: usize) -> Option<Vec<u8>> {
    let mut block = Vec::new();
    block.try_reserve_exact(bytes).ok()?;
    Some(block)
}

/// Takes one block, unless the heap has none of that size.
#[inline(never)]
fn take(bytes: usize) -> Option<Vec<u8>> {
    let mut block = Vec::new();
    block.try_reserve_exact(bytes).ok()?;
    Some(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_is_given_back_when_switched_off() {
        let switches = Switches::only(Behaviour::HeapExhaustion);
        let mut hog = Hog::new(4096);
        hog.step(&switches);
        // A desktop has more than the list holds: blocks of the largest size only.
        assert_eq!(hog.blocks.len(), BLOCKS);
        assert!(hog.blocks.iter().all(|block| block.capacity() >= LARGEST));
        switches.set(Behaviour::HeapExhaustion, false);
        assert!(switches.is_exhausted(), "nothing was given back yet");
        hog.step(&switches);
        assert_eq!(hog.blocks.capacity(), 0);
        assert!(!switches.is_exhausted());
    }
}
