//! DHCP and DNS at the device's own access point.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use edge_nal::UdpBind;
use edge_nal_embassy::{Udp, UdpBuffers};
use embassy_futures::join::join;
use embassy_net::{Config, Ipv4Cidr, Stack, StaticConfigV4};
use embassy_time::{Duration, Timer};
use heapbeacon::field::provisioning::{dhcp, dns};
use heapbeacon::platform::Platform;

use crate::server::GUESTS;

/// Sockets of the access point's network stack.
pub const SOCKETS: usize = GUESTS + 2;

/// The device's address at its access point, and the length of that network's prefix.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 4, 1);
const PREFIX: u8 = 24;
/// Where the portal is there.
pub const URL: &str = "http://192.168.4.1/";

/// Datagrams that wait to be sent and to be received; there are bytes for one of the longest.
const WAITING: usize = 2;
/// How long to wait after a socket has failed.
const PAUSE: Duration = Duration::from_millis(100);

/// Returns how the access point's network stack is configured.
pub fn config() -> Config {
    Config::ipv4_static(StaticConfigV4 {
        address: Ipv4Cidr::new(ADDRESS, PREFIX),
        gateway: None,
        dns_servers: heapless::Vec::new(),
    })
}

/// Lends addresses, and answers for names, on the access point's network stack, for ever.
///
/// A stack without room for [`SOCKETS`] panics.
pub async fn serve<P: Platform>(access_point: Stack<'static>) {
    let lend_buffers = UdpBuffers::<1, { dhcp::ANSWER }, { dhcp::REQUEST }, WAITING>::new();
    let name_buffers = UdpBuffers::<1, { dns::MESSAGE }, { dns::MESSAGE }, WAITING>::new();
    let (lends, names) = (
        Udp::new(access_point, &lend_buffers),
        Udp::new(access_point, &name_buffers),
    );
    let at = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port);
    // They fail only where something else is there, on a stack that nobody else has.
    let (Ok(lends), Ok(names)) = (
        lends.bind(at(dhcp::PORT)).await,
        names.bind(at(dns::PORT)).await,
    ) else {
        return;
    };
    let mut leases = dhcp::Leases::new::<P>(ADDRESS);
    let pause = async || Timer::after(PAUSE).await;
    join(
        dhcp::serve(&mut leases, lends, pause),
        dns::serve(ADDRESS, names, pause),
    )
    .await;
}
