//! Lends addresses to guests of the access point.

use core::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use edge_dhcp::server::{Server, ServerOptions};
use edge_dhcp::{Options, Packet};
use edge_nal::{UdpReceive, UdpSend};

use crate::platform::{Platform, uptime_us};

/// The port on which it listens, and that of those who ask.
pub const PORT: u16 = 67;
const CLIENT: u16 = 68;

/// Guests that have an address at a time: the last byte of each begins there.
const MOST: usize = 8;
const FIRST: u8 = 50;
/// Seconds that an address is lent for; who stays asks again.
const LEASE_SECONDS: u32 = 300;
/// Bytes of the longest request that is read: the longest that may be sent to whom nothing is known of (RFC 2131, 2).
pub const REQUEST: usize = 576;
/// Bytes of the longest answer.
pub const ANSWER: usize = 320;

/// Who has which address.
pub struct Leases {
    server: Server<fn() -> u64, MOST>,
    address: Ipv4Addr,
}

impl Leases {
    /// Makes those of an access point at which the device has an address, as 192.168.4.1.
    pub fn new<P: Platform>(address: Ipv4Addr) -> Self {
        let [a, b, c, _] = address.octets();
        let mut server = Server::new(now_seconds::<P> as fn() -> u64, address);
        // As many as can be kept: where all were lent, those that have expired are lent again.
        server.range_start = Ipv4Addr::new(a, b, c, FIRST);
        server.range_end = Ipv4Addr::new(a, b, c, FIRST + MOST as u8 - 1);
        Self { server, address }
    }

    /// Answers a request; returns the bytes of the answer and whom they are for.
    pub fn answer<'b>(
        &mut self,
        request: &[u8],
        bytes: &'b mut [u8],
    ) -> Option<(&'b [u8], SocketAddrV4)> {
        let request = Packet::decode(request).ok()?;
        // Nobody relays requests to an access point: such an answer would go to whomever the sender likes.
        if !request.giaddr.is_unspecified() {
            return None;
        }
        let mut gateway = [Ipv4Addr::UNSPECIFIED];
        let dns = [self.address];
        let mut options = ServerOptions::new(self.address, Some(&mut gateway));
        options.dns = &dns;
        options.lease_duration_secs = LEASE_SECONDS;
        let mut room = Options::buf();
        let answer = self.server.handle_request(&mut room, &options, &request)?;
        let is_reached = !request.ciaddr.is_unspecified() && !request.broadcast;
        // Who has no address yet is reached by all of them.
        let to = if is_reached && self.is_own(request.ciaddr) {
            request.ciaddr
        } else {
            Ipv4Addr::BROADCAST
        };
        let bytes = answer.encode(bytes).ok()?;
        Some((bytes, SocketAddrV4::new(to, CLIENT)))
    }

    /// Replaces a request of some length by its answer; returns the length of that and whom it is for. A future that kept both would
    /// take both their room, for ever.
    fn answer_in_place(
        &mut self,
        message: &mut [u8; REQUEST],
        length: usize,
    ) -> Option<(usize, SocketAddrV4)> {
        let mut bytes = [0; ANSWER];
        let (answer, to) = self.answer(message.get(..length)?, &mut bytes)?;
        message.get_mut(..answer.len())?.copy_from_slice(answer);
        Some((answer.len(), to))
    }

    /// Checks whether an address is one of those that are lent.
    fn is_own(&self, address: Ipv4Addr) -> bool {
        (self.server.range_start..=self.server.range_end).contains(&address)
    }
}

fn now_seconds<P: Platform>() -> u64 {
    uptime_us::<P>() / 1_000_000
}

/// Answers whoever asks at a socket, for ever; `pause` waits a moment, where the socket fails.
pub async fn serve(
    leases: &mut Leases,
    mut socket: impl UdpReceive + UdpSend,
    pause: impl AsyncFn(),
) -> ! {
    let mut message = [0; REQUEST];
    loop {
        let Ok((length, _)) = socket.receive(&mut message).await else {
            pause().await;
            continue;
        };
        if let Some((length, to)) = leases.answer_in_place(&mut message, length)
            && let Some(answer) = message.get(..length)
        {
            // Who does not get it asks again.
            let _ = socket.send(SocketAddr::V4(to), answer).await;
        }
    }
}

#[cfg(all(test, feature = "tracing"))]
mod tests;
