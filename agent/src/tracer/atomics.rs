//! What the [ring](super::ring) is made of, in one place: its test under all interleavings brings other atomics, and fewer of them.

pub(super) use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering, fence};

/// Numbers of a slot.
pub(super) const NUMBERS: usize = 4;
/// Addresses and sizes of a slot.
pub(super) const POINTERS: usize = 2;
