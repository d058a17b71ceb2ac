//! esp-radio as what a device without a network has for a radio.

use core::fmt::Write;
use core::net::Ipv4Addr;

use embassy_net::Stack;
use embassy_time::{Duration, with_timeout};
use esp_wifi::wifi::ap::{AccessPointConfig, AccessPointInfo};
use esp_wifi::wifi::scan::ScanConfig;
use esp_wifi::wifi::sta::StationConfig;
use esp_wifi::wifi::{
    AuthenticationMethod, AuthenticationMethodConfig, Config, ConnectionError, DisconnectReason,
    WifiController, WifiError,
};
use heapbeacon::field::provisioning::{Failure, Heard, MOST_HEARD, Network, Radio};
use heapbeacon_embassy::network::until_configured;
use heapless::{String, Vec};

use crate::provisioning::say;
use crate::set_signal;

/// What the device's own network is called, before the end of its address.
const OWN_NAME: &str = "HeapBeacon";

/// An attempt to join that takes longer has failed: the driver's word on it may get lost.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long to wait for an address.
const ADDRESS_PATIENCE: Duration = Duration::from_secs(15);
/// How often the connection is looked at.
const WATCH: Duration = Duration::from_secs(5);

/// The Wi-Fi driver, and the network behind it.
pub struct Wifi {
    controller: WifiController<'static>,
    network: Stack<'static>,
    station: StationConfig,
    is_open: bool,
}

impl Wifi {
    /// Takes the driver, and the network stack that is behind it.
    pub fn new(controller: WifiController<'static>, network: Stack<'static>) -> Self {
        Self {
            controller,
            network,
            station: StationConfig::default(),
            is_open: false,
        }
    }

    /// Tells the driver which network to join, and whether there is one of the device's own.
    fn configure(&mut self) -> Result<(), WifiError> {
        let station = self.station.clone();
        let config = match self.is_open {
            true => Config::AccessPointStation(station, own_network()?),
            false => Config::Station(station),
        };
        self.controller.set_config(&config)
    }

    /// Connects, and waits for an address.
    async fn connect(&mut self) -> Result<Ipv4Addr, Failure> {
        match with_timeout(PATIENCE, self.controller.connect_async()).await {
            Ok(Ok(_)) => {}
            Ok(Err(ConnectionError::Failed(info))) => return Err(failure(info.reason)),
            Ok(Err(_)) | Err(_) => {
                self.leave().await;
                return Err(Failure::Refused);
            }
        }
        let configured = with_timeout(ADDRESS_PATIENCE, until_configured(self.network, true)).await;
        let address = self.network.config_v4().filter(|_| configured.is_ok());
        match address {
            Some(config) => Ok(config.address.address()),
            None => {
                self.leave().await;
                Err(Failure::NoAddress)
            }
        }
    }

    /// Ends a connection or an attempt, so that the driver is ready for the next one.
    async fn leave(&mut self) {
        // Not having been connected is what is wanted.
        let _ = with_timeout(WATCH, self.controller.disconnect_async()).await;
        let _ = with_timeout(WATCH, until_configured(self.network, false)).await;
    }
}

impl Radio for Wifi {
    async fn set_open(&mut self, is_open: bool) {
        let was_joined = self.controller.is_connected();
        self.is_open = is_open;
        if let Err(error) = self.configure() {
            say(format_args!("Wi-Fi: the driver refuses that: {error}"));
        }
        // The driver has begun anew; where that fails, the network is lost, and joined again.
        if was_joined {
            let _ = self.connect().await;
        }
    }

    async fn scan(&mut self) -> Vec<Heard, MOST_HEARD> {
        let config = ScanConfig::default();
        let scanned = with_timeout(PATIENCE, self.controller.scan_async(&config)).await;
        let Ok(Ok(mut found)) = scanned else {
            return Vec::new();
        };
        found.sort_unstable_by_key(|network| core::cmp::Reverse(network.signal_strength));
        let mut heard = Vec::<Heard, MOST_HEARD>::new();
        for network in found.iter().filter_map(describe) {
            // One network may have several access points.
            if !heard.iter().any(|known| known.ssid == network.ssid) && heard.push(network).is_err()
            {
                break;
            }
        }
        heard
    }

    async fn join(&mut self, network: &Network) -> Result<Ipv4Addr, Failure> {
        self.leave().await;
        self.station = station(network).map_err(|_| Failure::Refused)?;
        self.configure().map_err(|_| Failure::Refused)?;
        self.connect().await
    }

    /// Notes the signal from time to time, until the connection is lost. Looking is safer than waiting for an event: the
    /// driver's queue of events is short.
    async fn await_loss(&mut self) {
        while let Ok(signal) = self.controller.rssi() {
            set_signal(i8::try_from(signal).ok());
            // Whatever ends the wait, what counts is whether there still is a signal.
            let _ = with_timeout(WATCH, self.controller.wait_for_disconnect_async()).await;
        }
        set_signal(None);
    }
}

/// A driver that asks an open network for a password would not join it.
fn station(network: &Network) -> Result<StationConfig, WifiError> {
    let authentication = match network.password.as_str() {
        "" => AuthenticationMethodConfig::Open,
        password => AuthenticationMethodConfig::Wpa2Personal(password.try_into()?),
    };
    let station = StationConfig::default().with_ssid(network.ssid.as_str().try_into()?);
    Ok(station.with_authentication(authentication))
}

/// Describes the device's own network: open, as nobody has a password of it yet.
fn own_network() -> Result<AccessPointConfig, WifiError> {
    let mut name = String::<32>::new();
    // It fits.
    let _ = name.push_str(OWN_NAME);
    if let [.., first, last] = *esp_hal::efuse::base_mac_address().as_bytes() {
        let _ = write!(name, "-{first:02X}{last:02X}");
    }
    Ok(AccessPointConfig::default().with_ssid(name.as_str().try_into()?))
}

/// Describes a network, unless it hides its name or has one that is no text.
fn describe(network: &AccessPointInfo) -> Option<Heard> {
    let ssid = network.ssid.as_str();
    Some(Heard {
        ssid: ssid.try_into().ok().filter(|_| !ssid.is_empty())?,
        signal: network.signal_strength,
        is_open: network.auth_method == Some(AuthenticationMethod::None),
    })
}

fn failure(reason: DisconnectReason) -> Failure {
    match reason {
        DisconnectReason::NoAccessPointFound => Failure::NotFound,
        DisconnectReason::NoAccessPointFoundWithCompatibleSecurity
        | DisconnectReason::NoAccessPointFoundInAuthmodeThreshold => Failure::OtherSecurity,
        DisconnectReason::FourWayHandshakeTimeout
        | DisconnectReason::HandshakeTimeout
        | DisconnectReason::AuthenticationFailed => Failure::WrongPassword,
        _ => Failure::Refused,
    }
}
