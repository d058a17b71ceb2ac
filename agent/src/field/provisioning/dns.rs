//! Says to guests of the access point that every name is the device's: so whatever their systems look for leads to the portal.

use core::net::Ipv4Addr;
use core::time::Duration;

use edge_nal::{UdpReceive, UdpSend};

/// The port on which it listens.
pub const PORT: u16 = 53;

/// How long an answer may be kept: not into the network that comes behind.
const KEPT: Duration = Duration::ZERO;
/// Bytes of the longest message: an answer has its name twice, so one of 170 bytes is answered.
pub const MESSAGE: usize = 384;
/// Where the flags of a message begin, and the one that tells an answer from a question (RFC 1035, 4.1.1).
const FLAGS: usize = 2;
const IS_ANSWER: u8 = 0x80;

/// Answers a question: each name has the address; returns the bytes of the answer.
pub fn answer<'b>(question: &[u8], address: Ipv4Addr, bytes: &'b mut [u8]) -> Option<&'b [u8]> {
    // Two that answer answers would not end.
    if question.get(FLAGS)? & IS_ANSWER != 0 {
        return None;
    }
    let length = edge_captive::reply(question, &address.octets(), KEPT, bytes).ok()?;
    bytes.get(..length)
}

/// Replaces a question of some length by its answer, and returns the length of that. A future that kept both would take both their
/// room, for ever.
fn answer_in_place(message: &mut [u8; MESSAGE], length: usize, address: Ipv4Addr) -> Option<usize> {
    let mut bytes = [0; MESSAGE];
    let answer = answer(message.get(..length)?, address, &mut bytes)?;
    message.get_mut(..answer.len())?.copy_from_slice(answer);
    Some(answer.len())
}

/// Answers whoever asks at a socket, for ever; `pause` waits a moment, where the socket fails.
pub async fn serve(
    address: Ipv4Addr,
    mut socket: impl UdpReceive + UdpSend,
    pause: impl AsyncFn(),
) -> ! {
    let mut message = [0; MESSAGE];
    loop {
        let Ok((length, from)) = socket.receive(&mut message).await else {
            pause().await;
            continue;
        };
        if let Some(length) = answer_in_place(&mut message, length, address)
            && let Some(answer) = message.get(..length)
        {
            // Who does not get it asks again.
            let _ = socket.send(from, answer).await;
        }
    }
}

#[cfg(test)]
mod tests;
