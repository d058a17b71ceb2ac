//! Reads a stream that lies in memory as its writer left it, without a heap.

use super::preamble::{PREAMBLE_BYTES, preamble};
use super::{MAX_BODY, Message, VERSION};

/// Reads the first message of a stream that is whole, and returns it with the bytes that it takes, with a preamble where one
/// stands before it. A message that this reader does not know is `None`, and passed over by its length.
///
/// Where nothing promises that a stream is whole, the decoder has to read it, which needs a heap.
///
/// ```
/// use heapbeacon_shared::wire::{Encoder, End, MAX_ENCODED, Message, read_first};
///
/// let mut buffer = [0; MAX_ENCODED];
/// let end = Message::End(End { messages: 0 });
/// let stream = Encoder::new().encode(&end, &mut buffer)?;
/// assert_eq!(read_first(stream), Some((Some(end), stream.len())));
/// # Ok::<(), heapbeacon_shared::wire::EncodeError>(())
/// ```
pub fn read_first(stream: &[u8]) -> Option<(Option<Message>, usize)> {
    let begin = match stream.starts_with(&preamble(VERSION)) {
        true => PREAMBLE_BYTES,
        false => 0,
    };
    let rest = &stream[begin..];
    let (length, header) = match *rest {
        [low @ 1..0x80, ..] => (usize::from(low), 1),
        [low, high @ 1..0x80, ..] if low >= 0x80 => {
            (usize::from(low & 0x7f) | usize::from(high) << 7, 2)
        }
        _ => return None,
    };
    let end = header + length;
    let body = rest.get(header..end).filter(|_| length <= MAX_BODY)?;
    Some((postcard::from_bytes(body).ok(), begin + end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Mark, name};
    use crate::wire::{Encoder, MAX_ENCODED};

    #[test]
    fn messages_are_read_one_after_the_other_and_no_bytes_break_it() {
        let mut encoder = Encoder::new();
        let mut stream = [0; 3 * MAX_ENCODED];
        let mut len = 0;
        let mark = |time_us| {
            Message::Mark(Mark {
                time_us,
                name: name(&"x".repeat(30)),
                ..Mark::default()
            })
        };
        for time_us in 0..3 {
            let encoded = encoder.encode(&mark(time_us), &mut stream[len..]);
            len += encoded.expect("there is room").len();
        }
        let mut rest = &stream[..len];
        for time_us in 0..3 {
            let (message, bytes) = read_first(rest).expect("it is whole");
            assert_eq!(message, Some(mark(time_us)));
            rest = &rest[bytes..];
        }
        assert_eq!(read_first(rest), None);
        for cut in 0..len {
            let _ = read_first(&stream[cut..len]);
            let _ = read_first(&stream[..cut]);
        }
        assert_eq!(read_first(&[0x85, 0x7f, 1]), None);
    }
}
