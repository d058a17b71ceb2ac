//! A process that plays a device without a network: an interface is its access point, and what it hears is said on the command line.

use std::future::pending;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use edge_nal::io::{ErrorKind, ErrorType};
use edge_nal::{UdpReceive, UdpSend};
use heapbeacon::field::provisioning::{
    self, Failure, Heard, MOST_HEARD, Network, Radio, dhcp, dns,
};
use heapbeacon::platform::Device;
use tokio::net::{TcpListener, TcpSocket, UdpSocket};
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::sleep;

use crate::board::Board;
use crate::line::{Entrance, Line};

/// The address that the interface has.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 4, 1);
const HTTP: u16 = 80;
/// Connections that wait to be accepted.
const BACKLOG: u32 = 64;

/// How long an attempt to join takes: about as long as on a device.
const ATTEMPT: Duration = Duration::from_secs(1);
/// How long to wait after a socket has failed.
const PAUSE: Duration = Duration::from_millis(100);

/// Begins to look for a network.
///
/// # Errors
/// A sentence, when the interface can't be an access point.
pub(crate) fn start(
    interface: String,
    networks: Vec<Network>,
    address: SocketAddr,
    line: &'static Line,
) -> Result<(), String> {
    drop(Sockets::bind(&interface)?);
    let mut radio = StandIn {
        interface,
        networks,
        address: match address.ip() {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        },
        line,
        guests: Vec::new(),
    };
    let portal = Board::portal().ok_or("the board has no portal")?;
    spawn_local(async move {
        let wait = async |us| sleep(Duration::from_micros(us)).await;
        let say = |line: core::fmt::Arguments<'_>| println!("{line}");
        provisioning::run::<Board, _>(portal, &mut radio, None, false, wait, say).await
    });
    Ok(())
}

/// Stands in for a radio.
struct StandIn {
    interface: String,
    networks: Vec<Network>,
    /// The address that the device has in whatever network it joins.
    address: Option<Ipv4Addr>,
    line: &'static Line,
    /// What serves guests while the access point is open.
    guests: Vec<JoinHandle<()>>,
}

impl Radio for StandIn {
    async fn set_open(&mut self, is_open: bool) {
        self.guests.drain(..).for_each(|task| task.abort());
        if !is_open {
            return;
        }
        match Sockets::bind(&self.interface) {
            Ok(sockets) => self.guests = sockets.serve(self.line),
            Err(message) => eprintln!("heapbeacon-host: {message}"),
        }
    }

    async fn scan(&mut self) -> heapless::Vec<Heard, MOST_HEARD> {
        let heard = self.networks.iter().zip(0..).map(|(network, index)| Heard {
            ssid: network.ssid.clone(),
            signal: -50 - 8 * index,
            is_open: network.password.is_empty(),
        });
        heard.take(MOST_HEARD).collect()
    }

    async fn join(&mut self, network: &Network) -> Result<Ipv4Addr, Failure> {
        sleep(ATTEMPT).await;
        let mut heard = self.networks.iter();
        let heard = heard.find(|heard| heard.ssid == network.ssid);
        let heard = heard.ok_or(Failure::NotFound)?;
        if heard.password.is_empty() != network.password.is_empty() {
            return Err(Failure::OtherSecurity);
        }
        if heard.password != network.password {
            return Err(Failure::WrongPassword);
        }
        self.address.ok_or(Failure::NoAddress)
    }

    async fn await_loss(&mut self) {
        pending().await
    }
}

/// What an access point listens to.
struct Sockets {
    dhcp: Udp,
    dns: Udp,
    http: TcpListener,
}

impl Sockets {
    fn bind(interface: &str) -> Result<Self, String> {
        Self::try_bind(interface).map_err(|error| {
            format!(
                "can't serve guests at --portal {interface}: {error}; it needs the address {ADDRESS}/24, and root for the ports of DHCP, DNS and HTTP"
            )
        })
    }

    fn try_bind(interface: &str) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind_device(Some(interface.as_bytes()))?;
        socket.bind((ADDRESS, HTTP).into())?;
        Ok(Self {
            dhcp: Udp::bind(interface, Ipv4Addr::UNSPECIFIED, dhcp::PORT)?,
            dns: Udp::bind(interface, ADDRESS, dns::PORT)?,
            http: socket.listen(BACKLOG)?,
        })
    }

    fn serve(self, line: &'static Line) -> Vec<JoinHandle<()>> {
        let Self { dhcp, dns, http } = self;
        let pause = async || sleep(PAUSE).await;
        let lend = async move {
            let mut leases = dhcp::Leases::new::<Board>(ADDRESS);
            dhcp::serve(&mut leases, dhcp, pause).await
        };
        let answer = async move { dns::serve(ADDRESS, dns, pause).await };
        vec![
            spawn_local(lend),
            spawn_local(answer),
            spawn_local(line.accept(http, Entrance::AccessPoint)),
        ]
    }
}

/// A socket of tokio as DHCP and DNS take it.
struct Udp(UdpSocket);

/// A failure of the operating system.
#[derive(Debug)]
struct Failed(io::Error);

impl Udp {
    fn bind(interface: &str, address: Ipv4Addr, port: u16) -> io::Result<Self> {
        let socket = std::net::UdpSocket::bind((address, port))?;
        socket.set_nonblocking(true)?;
        socket.set_broadcast(true)?;
        let socket = UdpSocket::from_std(socket)?;
        socket.bind_device(Some(interface.as_bytes()))?;
        Ok(Self(socket))
    }
}

impl core::fmt::Display for Failed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

impl core::error::Error for Failed {}

impl edge_nal::io::Error for Failed {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for Udp {
    type Error = Failed;
}

impl UdpReceive for Udp {
    async fn receive(&mut self, buffer: &mut [u8]) -> Result<(usize, SocketAddr), Failed> {
        self.0.recv_from(buffer).await.map_err(Failed)
    }
}

impl UdpSend for Udp {
    async fn send(&mut self, remote: SocketAddr, data: &[u8]) -> Result<(), Failed> {
        self.0.send_to(data, remote).await.map(drop).map_err(Failed)
    }
}
