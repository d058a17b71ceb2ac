//! Says in the network where the agent is: DNS-SD over mDNS (RFC 6762, 6763), for `cargo xtask discover` and for `NAME.local`.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use heapbeacon_shared::api::PREFIX;
use heapbeacon_shared::api::discovery::{API_KEY, BUILD_ID_KEY, PATH_KEY, SUBTYPE};
use mdns_sd::{IfKind, ServiceDaemon, ServiceInfo};

/// What the thread is called that answers.
pub(crate) const THREAD: &str = "mDNS_daemon";
/// How long the farewell may take at the end.
const FAREWELL: Duration = Duration::from_secs(1);

/// A responder that answers until this value is dropped.
pub(crate) struct Responder(ServiceDaemon);

/// Returns the host name for a device that is called so: what no host name may have is a hyphen in it.
pub(crate) fn host_name(device: &str) -> String {
    let letters = device.chars().map(|c| match c {
        c if c.is_ascii_alphanumeric() => c,
        _ => '-',
    });
    format!("{}.local", letters.collect::<String>())
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
        let api = PREFIX.strip_prefix("/api/").unwrap_or(PREFIX);
        let keys = [(PATH_KEY, "/"), (API_KEY, api), (BUILD_ID_KEY, build_id)];
        let known: Vec<_> = keys
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_is_letters_digits_and_hyphens() {
        assert_eq!(host_name("Kitchen 2"), "Kitchen-2.local");
        assert_eq!(host_name("k\u{fc}che.lan"), "k-che-lan.local");
    }
}
