//! Writes the state of heap and trace ahead of the end of the boot.

use heapbeacon_shared::wire::MAX_ENCODED;

use super::area::{Area, Content};
use super::{AREA, NOTE_BYTES};
use crate::platform::Device;
use crate::read::ahead::write_state;
use crate::read::stream::Out;

/// Bytes of an area that stay free, for a note has to find room behind its content.
const RESERVED: usize = NOTE_BYTES;

/// Writes the state of heap and trace into memory that a reset leaves as it is. To be called every few seconds; [`sample`](crate::sample())
/// does it.
///
/// It takes the holds of the tracer's lock that `GET /trace/leaks` does, three times, and gives way to that.
pub fn write_ahead<P: Device>() {
    let Some(black_box) = P::black_box() else {
        return;
    };
    let state = black_box.get();
    if !state.has_begun {
        return;
    }
    let number = state.number.wrapping_add(1);
    // The other one is whole while this one is not.
    let [even, odd] = black_box.memory.ahead();
    let area = if number.is_multiple_of(2) { even } else { odd };
    let mut ahead = Ahead {
        area,
        len: 0,
        messages: 0,
        buffer: [0; MAX_ENCODED],
    };
    ahead.area.open();
    if !write_state::<P>(&mut ahead) {
        return;
    }
    ahead.area.seal(Content {
        number,
        bytes: ahead.len,
        messages: ahead.messages,
    });
    black_box.update(|state| state.number = number);
}

/// Takes messages into an area.
struct Ahead<'m> {
    area: Area<'m>,
    len: usize,
    messages: u32,
    buffer: [u8; MAX_ENCODED],
}

impl Ahead<'_> {
    fn left(&self) -> usize {
        self.area.capacity().saturating_sub(RESERVED + self.len)
    }
}

impl Out for Ahead<'_> {
    fn has_room(&self) -> bool {
        self.left() >= MAX_ENCODED
    }

    fn room(&mut self) -> &mut [u8] {
        let room = self.left().min(MAX_ENCODED);
        &mut self.buffer[..room]
    }

    fn take(&mut self, bytes: usize) {
        if bytes > 0 {
            self.area.write(self.len, &self.buffer[..bytes]);
            self.len += bytes;
            self.messages += 1;
        }
    }
}

const _: () = assert!(RESERVED < AREA * size_of::<u32>());
