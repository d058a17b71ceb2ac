//! At which address the device is reached.

use core::fmt::Write;
use core::net::Ipv4Addr;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use embassy_net::Stack;
use heapbeacon_shared::api::Network;

/// The address that the network gave; 0 while there is none.
static ADDRESS: AtomicU32 = AtomicU32::new(0);

/// Waits until the network is up, notes the device's address for [`describe`] and returns it; `None` if it has none of
/// IPv4.
pub async fn await_address(network: Stack<'static>) -> Option<Ipv4Addr> {
    network.wait_config_up().await;
    let address = network.config_v4().map(|config| config.address.address());
    ADDRESS.store(address.map_or(0, u32::from), Relaxed);
    address
}

/// Waits until the network is gone, and notes that.
pub async fn await_loss(network: Stack<'static>) {
    network.wait_config_down().await;
    ADDRESS.store(0, Relaxed);
}

/// Describes the network for `GET /device`, as far as every board knows it.
pub fn describe(interface: &str, port: u16) -> Network {
    let mut network = Network {
        interface: interface.try_into().unwrap_or_default(),
        ..Network::default()
    };
    let address = Ipv4Addr::from(ADDRESS.load(Relaxed));
    if !address.is_unspecified() {
        // An IPv4 address is shorter than the field.
        let _ = write!(network.address, "{address}:{port}");
    }
    network
}
