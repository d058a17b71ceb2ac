//! The room in which messages for a WebSocket are made, and the head of their frame before them.

use edge_ws::{FrameHeader, FrameType};

use crate::read::stream::Out;

/// Bytes of messages in a frame: with its head it fits into a full segment of TCP, 1,460 bytes.
const PAYLOAD: usize = 1408;
/// Bytes of the longest head of a frame of so many bytes from a server.
const HEAD: usize = 4;

/// Messages in the frame of a WebSocket.
pub(crate) struct Frame {
    bytes: [u8; HEAD + PAYLOAD],
    len: usize,
}

impl Frame {
    pub(crate) const fn new() -> Self {
        Self {
            bytes: [0; HEAD + PAYLOAD],
            len: 0,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// Returns the frame with its head, or nothing if it holds no message.
    pub(crate) fn bytes(&mut self) -> &[u8] {
        if self.len == 0 {
            return &[];
        }
        let head = FrameHeader {
            frame_type: FrameType::Binary(false),
            payload_len: self.len as u64,
            mask_key: None,
        };
        let start = HEAD.saturating_sub(head.serialized_len());
        let written = head.serialize(&mut self.bytes[start..HEAD]);
        debug_assert!(written.is_ok(), "HEAD is too small");
        &self.bytes[start..HEAD + self.len]
    }
}

impl Out for Frame {
    fn has_room(&self) -> bool {
        self.len == 0
    }

    fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[HEAD + self.len..]
    }

    fn take(&mut self, bytes: usize) {
        self.len += bytes;
    }
}
