//! What a viewer sends on an event connection: few and short messages, in frames (RFC 6455, 5).

use edge_ws::{Error, FrameHeader, FrameType};
use heapless::Vec;
use picoserve::io::Read;

use crate::http::link::Lost;
use crate::http::request::input::Input;

/// Bytes of the longest message that is read.
const MESSAGE: usize = 256;
/// Bytes of the longest control frame.
const CONTROL: u64 = 125;

/// Close codes (RFC 6455, 7.4.1).
const NORMAL: u16 = 1000;
const PROTOCOL_ERROR: u16 = 1002;
/// What a close frame without a code counts as; it is never sent.
const NO_CODE: u16 = 1005;
pub(crate) const NO_TEXT: u16 = 1007;
pub(crate) const REFUSED: u16 = 1008;
const TOO_BIG: u16 = 1009;
pub(crate) const TRY_LATER: u16 = 1013;

/// Why an event connection ends.
#[derive(Debug)]
pub(crate) enum End {
    /// The viewer has gone, or takes nothing of what it is sent.
    Lost,
    /// It is told of the end, with a code and a reason.
    Close(u16, &'static str),
}

impl From<Lost> for End {
    fn from(Lost: Lost) -> Self {
        Self::Lost
    }
}

/// What was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A whole message.
    Message,
    /// A ping, which wants its bytes back.
    Ping,
    /// Something that needs no answer.
    Nothing,
}

/// What has come of a message, and of the last control frame.
pub(crate) struct Inbox {
    message: Vec<u8, MESSAGE>,
    /// Whether a message has begun whose end has not come.
    is_begun: bool,
}

impl Inbox {
    pub(crate) const fn new() -> Self {
        Self {
            message: Vec::new(),
            is_begun: false,
        }
    }

    /// Returns the message that was heard.
    pub(crate) fn message(&self) -> &[u8] {
        &self.message
    }

    /// Takes the next frame out of what has come; `None` if it is not complete. A ping's bytes are lent to `pong`.
    ///
    /// # Errors
    /// When it is the last one, or breaks the protocol: then nothing more can be read.
    pub(crate) fn next<R: Read>(
        &mut self,
        input: &mut Input<'_, R>,
        pong: &mut Vec<u8, { CONTROL as usize }>,
    ) -> Result<Option<Heard>, End> {
        let bytes = input.pending();
        let (head, start) = match FrameHeader::deserialize(bytes) {
            Ok(head) => head,
            Err(Error::Incomplete(_)) => return Ok(None),
            Err(_) => return Err(broken("This is no frame of a WebSocket.")),
        };
        let is_last = bytes.first().is_some_and(|first| first & 0x80 != 0);
        self.check(&head, is_last)?;
        let end = start + head.payload_len as usize;
        let Some(payload) = bytes.get_mut(start..end) else {
            return Ok(None);
        };
        head.mask(payload, 0);
        let heard = self.take(head.frame_type, payload, pong);
        input.skip(end);
        heard.map(Some)
    }

    /// Checks whether a frame may come now, and is short enough to be waited for.
    fn check(&self, head: &FrameHeader, is_last: bool) -> Result<(), End> {
        if head.mask_key.is_none() {
            return Err(broken("A client masks its frames."));
        }
        let is_in_turn = match head.frame_type {
            FrameType::Text(_) | FrameType::Binary(_) => !self.is_begun,
            FrameType::Continue(_) => self.is_begun,
            FrameType::Ping | FrameType::Pong | FrameType::Close => {
                is_last && head.payload_len <= CONTROL
            }
        };
        if !is_in_turn {
            return Err(broken("This frame may not come here."));
        }
        let begun = if self.is_begun { self.message.len() } else { 0 };
        if head.payload_len > (MESSAGE - begun) as u64 {
            return Err(End::Close(TOO_BIG, "Send at most 256 bytes in a message."));
        }
        Ok(())
    }

    fn take(
        &mut self,
        kind: FrameType,
        payload: &[u8],
        pong: &mut Vec<u8, { CONTROL as usize }>,
    ) -> Result<Heard, End> {
        match kind {
            FrameType::Close => return Err(End::Close(answer_to(payload), "")),
            FrameType::Ping => {
                pong.clear();
                // It has room: control frames were checked.
                let _ = pong.extend_from_slice(payload);
                return Ok(Heard::Ping);
            }
            FrameType::Pong => return Ok(Heard::Nothing),
            FrameType::Text(_) | FrameType::Binary(_) => self.message.clear(),
            FrameType::Continue(_) => {}
        }
        // It has room: that was checked.
        let _ = self.message.extend_from_slice(payload);
        self.is_begun = !kind.is_final();
        Ok(match self.is_begun {
            true => Heard::Nothing,
            false => Heard::Message,
        })
    }
}

fn broken(reason: &'static str) -> End {
    End::Close(PROTOCOL_ERROR, reason)
}

/// Returns the code that a close frame is answered with: its own, where it has one that may be sent.
fn answer_to(payload: &[u8]) -> u16 {
    let code = match payload {
        [] => NO_CODE,
        [high, low, ..] => u16::from_be_bytes([*high, *low]),
        [_] => 0,
    };
    match code {
        NO_CODE => NORMAL,
        1000..=1003 | 1007..=1014 | 3000..=4999 => code,
        _ => PROTOCOL_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::answer_to;

    #[test]
    fn a_close_frame_is_answered_with_its_own_code_if_that_may_be_sent() {
        for (payload, code) in [
            (&[][..], 1000),
            (&[3], 1002),
            (&[3, 232], 1000),
            (&[3, 233, b'x'], 1001),
            (&[3, 238], 1002),
            (&[15, 160], 4000),
            (&[0, 5], 1002),
            (&[255, 255], 1002),
        ] {
            assert_eq!(answer_to(payload), code, "{payload:?}");
        }
    }
}
