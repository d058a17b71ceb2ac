//! Says in the network where the agent is: DNS-SD over mDNS (RFC 6762, 6763), for `cargo xtask discover` and for `NAME.local`.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use heapbeacon_shared::api::discovery::{SUBTYPE, host_label, texts};
use mdns_sd::{IfKind, ServiceDaemon, ServiceInfo};

/// What the thread is called that answers.
pub(crate) const THREAD: &str = "mDNS_daemon";
/// How long the farewell may take at the end.
const FAREWELL: Duration = Duration::from_secs(1);

/// A responder that answers until this value is dropped.
pub(crate) struct Responder(ServiceDaemon);

/// Returns the host name of a device that is called so.
pub(crate) fn host_name(device: &str) -> String {
    format!("{}.local", host_label(device))
}

impl Responder {
    /// Starts to answer in the networks that an address is reached from: on a loopback address, in this machine only.
    ///
    /// # Errors
    /// A sentence, when the system refuses that.
    pub(crate) fn start(ip: IpAddr) -> Result<Self, String> {
        let responder = ServiceDaemon::new().and_then(|daemon| {
            let (without, with) = match ip {
                ip if ip.is_loopback() && ip.is_ipv4() => (IfKind::All, IfKind::LoopbackV4),
                ip if ip.is_loopback() => (IfKind::All, IfKind::LoopbackV6),
                ip if ip.is_unspecified() => (IfKind::LoopbackV4, IfKind::IPv6),
                ip => (IfKind::All, IfKind::Addr(ip)),
            };
            daemon.disable_interface(without)?;
            daemon.enable_interface(with)?;
            Ok(Self(daemon))
        });
        responder.map_err(|error| format!("can't answer by mDNS: {error}"))
    }

    /// Answers for a device, too.
    ///
    /// # Errors
    /// A sentence, when it has no name that mDNS can hold.
    pub(crate) fn advertise(
        &self,
        device: &str,
        address: SocketAddr,
        build_id: &str,
    ) -> Result<(), String> {
        let known: Vec<_> = texts(build_id).collect();
        let host = host_name(device) + ".";
        let ip = address.ip();
        let registered = match ip.is_unspecified() {
            true => ServiceInfo::new(SUBTYPE, device, &host, "", address.port(), &known[..])
                .map(ServiceInfo::enable_addr_auto),
            false => ServiceInfo::new(SUBTYPE, device, &host, ip, address.port(), &known[..]),
        }
        .and_then(|service| self.0.register(service));
        registered.map_err(|error| format!("can't tell of `{device}` by mDNS: {error}"))
    }
}

impl Drop for Responder {
    /// Takes back what it has said: others would keep it for an hour.
    fn drop(&mut self) {
        if let Ok(ended) = self.0.shutdown() {
            let _ = ended.recv_timeout(FAREWELL);
        }
    }
}
