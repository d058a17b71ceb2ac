//! Says in the network where the device is, on an embassy-net stack: the socket of [`heapbeacon::mdns`].
//!
//! What is told holds for a while, so it is told again before that is over: some access points let no question through to a device that has slept.
//! A board spawns [`keep`] from a task of its own, and says so in [`Device::is_on_mdns`].

use embassy_futures::poll_once;
use embassy_futures::select::select;
use embassy_net::udp::{PacketMetadata, UdpSocket};
use embassy_net::{IpAddress, IpEndpoint, Ipv4Cidr, Stack};
use embassy_time::{Duration, Instant, Timer, with_deadline};
use heapbeacon::mdns::{GROUP, HOP_LIMIT, PACKET_BYTES, PORT, Service};
use heapbeacon::platform::Device;
use static_cell::ConstStaticCell;

use crate::network::until_configured;

/// Sockets that it takes of the stack's.
pub const SOCKETS: usize = 1;

/// Bytes of the longest packet that is read: one fills a frame whose sender knows many devices already.
const RECEIVE_BYTES: usize = 1472;
/// Packets that may wait: of more, some are lost, and asked again.
const WAITING: usize = 4;
/// How long after the first announcement the second is made, for a packet may be lost; and how long after that, each other one: half of what
/// an address holds.
const AGAIN: Duration = Duration::from_secs(1);
const PERIOD: Duration = Duration::from_secs(60);
/// How long an answer waits, since others may answer, too (RFC 6762, 6): so there are no more than some dozens a second, whoever asks.
const MANNERS: Duration = Duration::from_millis(25);
/// How long the stack has to say that it leaves a group.
const LEAVING: Duration = Duration::from_millis(50);

static BUFFERS: ConstStaticCell<Buffers> = ConstStaticCell::new(Buffers {
    receive: [0; RECEIVE_BYTES],
    send: [0; PACKET_BYTES],
    packet: [0; PACKET_BYTES],
});
// Beside the others, which are zeros and so take no flash.
static RECEIVED: ConstStaticCell<[PacketMetadata; WAITING]> =
    ConstStaticCell::new([PacketMetadata::EMPTY; WAITING]);
static SENT: ConstStaticCell<[PacketMetadata; 1]> = ConstStaticCell::new([PacketMetadata::EMPTY]);

struct Buffers {
    receive: [u8; RECEIVE_BYTES],
    send: [u8; PACKET_BYTES],
    packet: [u8; PACKET_BYTES],
}

/// What answers.
struct Responder {
    network: Stack<'static>,
    socket: UdpSocket<'static>,
    packet: &'static mut [u8],
    /// The TCP port of the API.
    port: u16,
    /// What was told last, and holds.
    told: Option<Service>,
}

/// Says for ever that a board's API is on a port; returns at once if that is done already.
pub async fn keep<P: Device>(network: Stack<'static>, port: u16) {
    let taken = (BUFFERS.try_take(), RECEIVED.try_take(), SENT.try_take());
    let (Some(buffers), Some(received), Some(sent)) = taken else {
        return;
    };
    let mut socket = UdpSocket::new(
        network,
        received,
        &mut buffers.receive,
        sent,
        &mut buffers.send,
    );
    socket.set_hop_limit(Some(HOP_LIMIT));
    // Nothing else is bound by this socket.
    let _ = socket.bind(PORT);
    let mut responder = Responder {
        network,
        socket,
        packet: &mut buffers.packet,
        port,
        told: None,
    };
    loop {
        until_configured(network, true).await;
        responder.join().await;
        select(until_configured(network, false), responder.run::<P>()).await;
        responder.told = None;
    }
}

impl Responder {
    /// Joins the group, and has the network told so, again if it was before: another switch or access point may ask for that.
    async fn join(&self) {
        let _ = self.network.leave_multicast_group(GROUP);
        // Whoever asks a socket wakes the stack, which says that it leaves. A group that is being left can't be joined anew.
        let _ = poll_once(self.socket.wait_recv_ready());
        Timer::after(LEAVING).await;
        // The stack has room for a group, and this is one.
        let _ = self.network.join_multicast_group(GROUP);
    }

    /// Announces and answers, until it is dropped.
    async fn run<P: Device>(&mut self) {
        let (mut next, mut wait) = (Instant::now(), AGAIN);
        while let Some(config) = self.network.config_v4() {
            let service = Service::of::<P>(config.address.address(), self.port);
            if self.told.as_ref() != Some(&service) {
                self.take_back().await;
                (next, wait) = (Instant::now(), AGAIN);
            }
            match with_deadline(next, self.socket.wait_recv_ready()).await {
                Ok(()) => self.answer(&service, config.address).await,
                Err(_) => {
                    if let Some(packet) = service.announcement(self.packet) {
                        send(&self.socket, packet, (GROUP, PORT)).await;
                    }
                    self.told = Some(service);
                    next = Instant::now() + wait;
                    wait = PERIOD;
                }
            }
        }
    }

    /// Takes back what was told and holds no longer.
    async fn take_back(&mut self) {
        let told = self.told.take();
        if let Some(packet) = told.and_then(|told| told.farewell(self.packet)) {
            send(&self.socket, packet, (GROUP, PORT)).await;
        }
    }

    /// Answers a packet, if it came from the device's own network.
    async fn answer(&mut self, service: &Service, own: Ipv4Cidr) {
        let packet = &mut *self.packet;
        let answered = self.socket.recv_from_with(|asked, from| {
            let peer = from.endpoint;
            let IpAddress::Ipv4(address) = peer.addr;
            let answer = own
                .contains_addr(&address)
                .then(|| service.answer(asked, peer.port, packet));
            answer.flatten().map(|answer| (answer.len(), peer))
        });
        let Some((bytes, peer)) = answered.await else {
            return;
        };
        let packet = &self.packet[..bytes];
        if peer.port == PORT {
            Timer::after(MANNERS).await;
            send(&self.socket, packet, (GROUP, PORT)).await;
        } else {
            send(&self.socket, packet, peer).await;
        }
    }
}

/// Sends a packet; one that can't be sent is lost, as packets may be.
async fn send(socket: &UdpSocket<'_>, packet: &[u8], to: impl Into<IpEndpoint>) {
    let _ = socket.send_to(packet, to).await;
}
