//! Joins the Wi-Fi network that the settings name or the firmware was built for, in turn, for ever: so a wrong setting locks nobody out.

use core::fmt;

use embassy_time::{Duration, Timer, with_timeout};
use esp_println::println;
use esp_wifi::wifi::sta::StationConfig;
use esp_wifi::wifi::{
    AuthenticationMethodConfig, Config, ConnectionError, ControllerConfig, DisconnectReason,
    WifiController, WifiError,
};
use heapbeacon_shared::trace::{Name, Secret};
use heapless::Vec;

/// Name of the network, at most 32 bytes; empty if none was chosen.
const SSID: &str = env!("HEAPBEACON_SSID");
/// Its password; empty for an open network.
const PASSWORD: &str = env!("HEAPBEACON_PASSWORD");

/// Frames that may wait for the network stack. Of the driver's own five, a browser's six connections lose some at once, and
/// wait a second for each. While it waits, a frame holds up to 1.6 KiB of the heap: with 32, too little is left of it.
const RECEIVE_QUEUE: usize = 12;

/// An attempt to join that takes longer has failed: the driver's word on it may get lost.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often the connection is looked at.
const WATCH: Duration = Duration::from_secs(5);
/// Between a failed attempt and the next; doubled with each, up to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(60);

/// Starts the Wi-Fi driver.
///
/// # Panics
/// When it does not start, for want of heap. The panic resets the chip, so that is another attempt.
pub(crate) fn controller(wifi: esp_hal::peripherals::WIFI<'static>) -> WifiController<'static> {
    let config = ControllerConfig::default().with_rx_queue_size(RECEIVE_QUEUE);
    WifiController::new(wifi, config).expect("the Wi-Fi driver starts")
}

/// A network that may be joined.
struct Network {
    ssid: Name,
    /// Empty for an open network.
    password: Secret,
}

impl Network {
    /// Returns the networks to join in turn, that of the settings first.
    fn all() -> Vec<Self, 2> {
        let wished = heapbeacon_esp32::wished_network();
        let built = SSID.try_into().ok().zip(PASSWORD.try_into().ok());
        [wished, built]
            .into_iter()
            .flatten()
            .map(|(ssid, password)| Self { ssid, password })
            .filter(|network| !network.ssid.is_empty())
            .collect()
    }

    /// A driver that asks an open network for a password would not join it.
    fn station(&self) -> Result<Config, WifiError> {
        let authentication = match self.password.as_str() {
            "" => AuthenticationMethodConfig::Open,
            password => AuthenticationMethodConfig::Wpa2Personal(password.try_into()?),
        };
        let station = StationConfig::default().with_ssid(self.ssid.as_str().try_into()?);
        Ok(Config::Station(station.with_authentication(authentication)))
    }
}

/// Joins a network whenever the device is in none.
#[embassy_executor::task]
pub(crate) async fn stay_connected(mut controller: WifiController<'static>) -> ! {
    let networks = Network::all();
    if networks.is_empty() {
        println!(
            "Wi-Fi: this firmware was built without HEAPBEACON_SSID, and its settings name no network"
        );
    }
    let mut pause = FIRST_PAUSE;
    loop {
        for network in &networks {
            let ssid = &network.ssid;
            match join(&mut controller, network).await {
                Ok(()) => {
                    println!("Wi-Fi: joined \"{ssid}\"");
                    watch(&controller).await;
                    println!("Wi-Fi: lost \"{ssid}\"");
                    pause = FIRST_PAUSE;
                }
                Err(failure) => println!(
                    "Wi-Fi: \"{ssid}\" {failure}; trying again in {} s",
                    pause.as_secs()
                ),
            }
        }
        Timer::after(pause).await;
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

async fn join(controller: &mut WifiController<'static>, network: &Network) -> Result<(), Failure> {
    let station = network.station().map_err(Failure::Driver)?;
    controller.set_config(&station).map_err(Failure::Driver)?;
    match with_timeout(PATIENCE, controller.connect_async()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(ConnectionError::Failed(info))) => Err(Failure::Refused(info.reason)),
        Ok(Err(ConnectionError::WifiError(error))) => {
            Err(give_up(controller, Failure::Driver(error)).await)
        }
        Ok(Err(_)) | Err(_) => Err(give_up(controller, Failure::NoAnswer).await),
    }
}

/// Ends an attempt, so that the driver is ready for the next one.
async fn give_up(controller: &mut WifiController<'static>, failure: Failure) -> Failure {
    // Not having been connected is what is wanted.
    let _ = with_timeout(WATCH, controller.disconnect_async()).await;
    failure
}

/// Notes the signal from time to time, until the connection is lost. Looking is safer than waiting for an event: the
/// driver's queue of events is short.
async fn watch(controller: &WifiController<'static>) {
    while let Ok(signal) = controller.rssi() {
        heapbeacon_esp32::set_signal(i8::try_from(signal).ok());
        // Whatever ends the wait, what counts is whether there still is a signal.
        let _ = with_timeout(WATCH, controller.wait_for_disconnect_async()).await;
    }
    heapbeacon_esp32::set_signal(None);
}

/// Why the device is not in the network.
enum Failure {
    NoAnswer,
    Driver(WifiError),
    Refused(DisconnectReason),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer => f.write_str("does not answer"),
            Self::Driver(error) => write!(f, "is refused by the driver: {error}"),
            Self::Refused(DisconnectReason::NoAccessPointFound) => f.write_str("is not heard"),
            Self::Refused(DisconnectReason::NoAccessPointFoundWithCompatibleSecurity) => f.write_str(
                "is protected in another way: an open network wants no password, any other WPA2",
            ),
            Self::Refused(
                DisconnectReason::FourWayHandshakeTimeout
                | DisconnectReason::HandshakeTimeout
                | DisconnectReason::AuthenticationFailed,
            ) => f.write_str("does not take this password"),
            Self::Refused(reason) => write!(f, "can't be joined: {reason:?}"),
        }
    }
}
