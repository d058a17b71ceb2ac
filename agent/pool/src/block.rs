//! How many bytes a block takes, as the allocator has written beside it.

use core::ptr::NonNull;

use rlsf::{GRANULARITY, Tlsf};

/// The parameters have no part in what is written beside a block.
type AnyTlsf = Tlsf<'static, usize, usize, 8, 8>;

/// What TLSF writes before each block.
const HEADER: usize = GRANULARITY / 2;

/// Returns the bytes that a block of TLSF takes, its header and what aligns it included.
///
/// # Safety
/// The block must be one that a `Tlsf` of the crate rlsf has handed out and not taken back.
#[inline(always)]
pub unsafe fn tlsf_block_bytes(block: NonNull<u8>) -> usize {
    // SAFETY: as the caller promises.
    let usable = unsafe { AnyTlsf::allocation_usable_size(block) };
    let address = block.addr().get();
    let before = if address.is_multiple_of(GRANULARITY) {
        // Aligned to more than the header: then the address of that is in the word before.
        let pad = block.cast::<usize>();
        // SAFETY: the padding is part of the block, and at least a word.
        let pad = unsafe { pad.sub(1) };
        // SAFETY: as above; the word was written when the block was handed out.
        let header = unsafe { pad.read() };
        address - header
    } else {
        HEADER
    };
    usable + before
}
