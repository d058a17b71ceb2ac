//! Streams as a device sends them.

use heapbeacon_shared::wire::{Encoder, MAX_ENCODED, Message};

/// Returns a whole stream of messages.
pub(crate) fn stream(messages: &[Message]) -> Vec<u8> {
    let mut encoder = Encoder::new();
    let mut buffer = [0; MAX_ENCODED];
    let mut bytes = Vec::new();
    for message in messages {
        bytes.extend_from_slice(encoder.encode(message, &mut buffer).expect("fits"));
    }
    let end = encoder.finish();
    bytes.extend_from_slice(encoder.encode(&end, &mut buffer).expect("fits"));
    bytes
}
