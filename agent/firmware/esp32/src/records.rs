//! Memory for records.

use core::mem::MaybeUninit;

use heapbeacon::tracer::Buffer;
use static_cell::ConstStaticCell;

/// Fewest words of a [`RecordBuffer`]: some 65 records and 16 call stacks.
const LEAST_WORDS: usize = 512;

/// Memory for records: `WORDS` times 8 bytes, of which a record takes 24 and a call stack 152. None without the
/// feature `tracing`.
pub struct RecordBuffer<const WORDS: usize> {
    words: ConstStaticCell<Words<WORDS>>,
}

#[cfg(feature = "tracing")]
type Words<const WORDS: usize> = [MaybeUninit<u64>; WORDS];
#[cfg(not(feature = "tracing"))]
type Words<const WORDS: usize> = [MaybeUninit<u64>; 0];

impl<const WORDS: usize> RecordBuffer<WORDS> {
    /// Returns the memory, for [`trace`](crate::trace()).
    ///
    /// # Panics
    /// When it was taken before.
    pub fn take(&'static self) -> Buffer {
        self.words.take()
    }
}

/// Makes memory for records; `take` it once for [`trace`](crate::trace()).
///
/// Less than 4 KiB do not compile: a trace of a few records shows nothing.
pub const fn record_buffer<const WORDS: usize>() -> RecordBuffer<WORDS> {
    const {
        assert!(
            WORDS >= LEAST_WORDS,
            "HeapBeacon's record buffer is too small to be of use: give it 512 words at least, better 4096, as in \
             RecordBuffer<4096>"
        );
    }
    RecordBuffer {
        words: ConstStaticCell::new([MaybeUninit::uninit(); _]),
    }
}
