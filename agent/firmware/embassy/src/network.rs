//! At which address the device is reached.

use core::cell::Cell;
use core::fmt::Write;
use core::net::Ipv4Addr;

use embassy_net::Stack;
use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_time::{Duration, Instant, Timer};
use heapbeacon_shared::api::Network;

/// The address that the network gave, and when; `None` while there is none.
static ADDRESS: Mutex<CriticalSectionRawMutex, Cell<Option<(Ipv4Addr, Instant)>>> =
    Mutex::new(Cell::new(None));

/// How often it is looked whether the network is up.
const LOOK: Duration = Duration::from_millis(250);

/// Waits until the network is up, or is not.
///
/// It looks again and again, for a stack tells one task only that waits for that: two, of which one may be the firmware's, would wake each other
/// for ever, and take all the time that there is.
pub async fn until_configured(network: Stack<'static>, is_up: bool) {
    while network.is_config_up() != is_up {
        Timer::after(LOOK).await;
    }
}

/// Waits until the network is up, notes the device's address for [`describe`] and returns it; `None` if it has none of
/// IPv4.
pub async fn await_address(network: Stack<'static>) -> Option<Ipv4Addr> {
    until_configured(network, true).await;
    let address = network.config_v4().map(|config| config.address.address());
    let noted = address.map(|address| (address, Instant::now()));
    ADDRESS.lock(|place| place.set(noted));
    address
}

/// Waits until the network is gone, and notes that.
pub async fn await_loss(network: Stack<'static>) {
    until_configured(network, false).await;
    ADDRESS.lock(|place| place.set(None));
}

/// Returns since when the device has had an address; `None` while it has none.
pub fn joined() -> Option<Instant> {
    ADDRESS.lock(Cell::get).map(|(_, since)| since)
}

/// Describes the network for `GET /device`, as far as every board knows it.
pub fn describe(interface: &str, port: u16) -> Network {
    let mut network = Network {
        interface: interface.try_into().unwrap_or_default(),
        ..Network::default()
    };
    if let Some((address, _)) = ADDRESS.lock(Cell::get) {
        // An IPv4 address is shorter than the field.
        let _ = write!(network.address, "{address}:{port}");
    }
    network
}
