//! The room in which an answer is made, piece by piece.

use core::fmt;

use serde::Serialize;

use crate::read::stream::Out;

/// Bytes of a chunk: the longest single JSON value, the state of a heap whose allocations fail, fits.
const CHUNK: usize = 2816;
/// Bytes that the longest item of a page, or the longest message, needs.
const ITEM: usize = 1792;

/// A piece of an answer.
pub(crate) struct Chunk {
    bytes: [u8; CHUNK],
    len: usize,
}

impl Chunk {
    pub(crate) const fn new() -> Self {
        Self {
            bytes: [0; CHUNK],
            len: 0,
        }
    }

    /// Checks whether one more item fits for sure.
    pub(crate) fn has_room(&self) -> bool {
        CHUNK - self.len >= ITEM
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// Appends a value as JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) {
        let written = serde_json_core::to_slice(value, &mut self.bytes[self.len..]);
        debug_assert!(written.is_ok(), "CHUNK is too small");
        self.len += written.unwrap_or(0);
    }

    /// Appends an element of a JSON list, with a comma before all but the first.
    pub(crate) fn element(&mut self, is_first: &mut bool, value: &impl Serialize) {
        if !core::mem::replace(is_first, false) {
            self.text(format_args!(","));
        }
        self.json(value);
    }

    /// Appends text. Never inlined, nor what it writes with: that is called in dozens of places.
    #[inline(never)]
    pub(crate) fn text(&mut self, text: fmt::Arguments<'_>) {
        let written = fmt::write(self, text);
        debug_assert!(written.is_ok(), "ITEM is too small");
    }
}

impl fmt::Write for Chunk {
    #[inline(never)]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        let room = self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

impl Out for Chunk {
    fn has_room(&self) -> bool {
        Chunk::has_room(self)
    }

    fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[self.len..]
    }

    fn take(&mut self, bytes: usize) {
        self.len += bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heapbeacon_shared::api::Heap;
    use heapbeacon_shared::trace::{Address, Failure, Left, Region, Reserve};

    /// Nine years in microseconds: as long as sequence numbers last.
    const LATE: u64 = (1 << 48) - 1;
    const FOUR_GIB: u64 = 1 << 32;

    #[test]
    fn the_state_of_the_largest_heap_fits() {
        let region = Region {
            name: "a region's name".try_into().expect("it is short"),
            start: Address(FOUR_GIB),
            size: FOUR_GIB,
            used: FOUR_GIB,
            free: FOUR_GIB,
            minimum_free: FOUR_GIB,
            window_minimum_free: FOUR_GIB,
            window_start_us: LATE,
            largest_free_block: FOUR_GIB,
            fragmentation: 100,
            blocks: FOUR_GIB,
            requested: FOUR_GIB,
            ..Region::default()
        };
        let failure = Failure {
            time_us: LATE,
            size: u64::MAX,
            stack: u32::MAX,
            gave_reserve: false,
            left: Some(Left {
                free: FOUR_GIB,
                largest_free_block: Some(FOUR_GIB),
            }),
        };
        let heap = Heap {
            time_us: LATE,
            regions: [(); 4].map(|()| region.clone()).into_iter().collect(),
            failed_allocations: FOUR_GIB,
            failed_bytes: u64::MAX,
            recent_failures: [failure; 8].into_iter().collect(),
            traced_blocks: FOUR_GIB,
            traced_bytes: FOUR_GIB,
            reserve: Some(Reserve {
                size: FOUR_GIB,
                held: false,
                given: u32::MAX,
                given_us: Some(LATE),
            }),
        };
        let mut chunk = Chunk::new();
        chunk.json(&heap);
        assert!(chunk.len > 0);
    }
}
