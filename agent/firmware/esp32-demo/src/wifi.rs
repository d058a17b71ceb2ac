//! Joins the Wi-Fi network that the settings name, the firmware was built for, or somebody chooses in the portal.

use embassy_time::{Duration, with_timeout};
use esp_hal::gpio::{Input, InputConfig, InputPin, Pull};
use esp_wifi::wifi::{ControllerConfig, WifiController};
use heapbeacon_esp32::provisioning::{Network, Wifi, stay_connected};

/// Name of the network that the firmware was built for, at most 32 bytes; empty if there is none.
const SSID: &str = env!("HEAPBEACON_SSID");
/// Its password; empty for an open network.
const PASSWORD: &str = env!("HEAPBEACON_PASSWORD");

/// Frames that may wait for the network stack. Of the driver's own five, a browser's six connections lose some at once, and
/// wait a second for each. While it waits, a frame holds up to 1.6 KiB of the heap: with 32, too little is left of it.
const RECEIVE_QUEUE: usize = 12;

/// How long after the start the button may be pressed: while the chip is reset, it means something else.
const BUTTON: Duration = Duration::from_secs(1);

/// Starts the Wi-Fi driver.
///
/// # Panics
/// When it does not start, for want of heap. The panic resets the chip, so that is another attempt.
pub(crate) fn controller(wifi: esp_hal::peripherals::WIFI<'static>) -> WifiController<'static> {
    let config = ControllerConfig::default().with_rx_queue_size(RECEIVE_QUEUE);
    WifiController::new(wifi, config).expect("the Wi-Fi driver starts")
}

/// Keeps the device in a network.
#[embassy_executor::task]
pub(crate) async fn run(mut wifi: Wifi, mut button: Input<'static>) {
    let built = SSID.try_into().ok().zip(PASSWORD.try_into().ok());
    let built = built.map(|(ssid, password)| Network { ssid, password });
    let built = built.filter(|network| !network.ssid.is_empty());
    let is_held = with_timeout(BUTTON, button.wait_for_low()).await.is_ok();
    stay_connected(&mut wifi, built, is_held).await
}

/// Makes the button of the board what opens the portal.
pub(crate) fn button(pin: impl InputPin + 'static) -> Input<'static> {
    Input::new(pin, InputConfig::default().with_pull(Pull::Up))
}
