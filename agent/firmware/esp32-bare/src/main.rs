//! A firmware that joins a Wi-Fi network, gets an address, and does nothing with it: what HeapBeacon is weighed in.
//!
//! What its features add is what HeapBeacon's README tells to add.
#![no_std]
#![no_main]

use core::panic::PanicInfo;

use embassy_executor::Spawner;
use embassy_net::{DhcpConfig, Runner, StackResources};
#[cfg(not(feature = "provisioning"))]
use embassy_time::{Duration, Timer};
use esp_hal::ram;
use esp_hal::rng::Rng;
use esp_hal::timer::timg::TimerGroup;
use esp_println::println;
use esp_wifi::wifi::sta::StationConfig;
use esp_wifi::wifi::{
    AuthenticationMethodConfig, Config, ControllerConfig, Interface, WifiController,
};
use static_cell::StaticCell;

esp_bootloader_esp_idf::esp_app_desc!();

/// Sockets, HeapBeacon's among them.
#[cfg(feature = "http")]
const SOCKETS: usize = 3 + heapbeacon_esp32::SOCKETS;
#[cfg(not(feature = "http"))]
const SOCKETS: usize = 3;

#[cfg(feature = "provisioning")]
static OWN_RESOURCES: StaticCell<StackResources<{ heapbeacon_esp32::provisioning::SOCKETS }>> =
    StaticCell::new();
static RESOURCES: StaticCell<StackResources<SOCKETS>> = StaticCell::new();
#[cfg(feature = "heapbeacon")]
static RECORDS: heapbeacon_esp32::RecordBuffer<4096> = heapbeacon_esp32::record_buffer();

/// A key that is nobody's.
#[cfg(feature = "update")]
const KEY: &str = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    #[cfg(feature = "postmortem")]
    heapbeacon_esp32::note_panic(info);
    esp_hal::system::software_reset()
}

#[esp_rtos::main]
async fn main(spawner: Spawner) -> ! {
    let chip = esp_hal::init(esp_hal::Config::default());
    #[cfg(any(feature = "symbols", feature = "update"))]
    let mut chip = chip;
    #[cfg(feature = "update")]
    if let Err(error) = heapbeacon_esp32::update(chip.FLASH.reborrow(), KEY) {
        println!("{error}");
    }
    #[cfg(feature = "symbols")]
    if let Err(error) = heapbeacon_esp32::symbols(chip.FLASH.reborrow()) {
        println!("{error}");
    }
    #[cfg(feature = "settings")]
    if let Err(error) = heapbeacon_esp32::settings(chip.FLASH) {
        println!("{error}");
    }
    #[cfg(feature = "heapbeacon")]
    {
        let mode = Some(heapbeacon_esp32::Mode::Leaks);
        heapbeacon_esp32::trace(RECORDS.take(), mode).unwrap();
        heapbeacon_esp32::heap_allocator!(#[ram(reclaimed)] size: 64 * 1024);
    }
    #[cfg(not(feature = "heapbeacon"))]
    esp_alloc::heap_allocator!(#[ram(reclaimed)] size: 64 * 1024);
    let timers = TimerGroup::new(chip.TIMG0);
    esp_rtos::start(timers.timer0, chip.FROM_CPU_INTR0);
    let station = StationConfig::default()
        .with_ssid("network".try_into().unwrap())
        .with_authentication(AuthenticationMethodConfig::Wpa2Personal(
            "password".try_into().unwrap(),
        ));
    let config = ControllerConfig::default()
        .with_rx_queue_size(12)
        .with_initial_config(Config::Station(station));
    let controller = WifiController::new(chip.WIFI, config).unwrap();
    let rng = Rng::new();
    let seed = u64::from(rng.random()) << 32 | u64::from(rng.random());
    let config = embassy_net::Config::dhcpv4(DhcpConfig::default());
    let resources = RESOURCES.init(StackResources::new());
    #[cfg(feature = "http")]
    let (stack, runner) = {
        let (network, runner) =
            heapbeacon_esp32::network(Interface::station(), config, resources, seed);
        #[cfg(feature = "provisioning")]
        let network = {
            let own = OWN_RESOURCES.init(StackResources::new());
            let (access_point, runner) =
                heapbeacon_esp32::provisioning::access_point(Interface::access_point(), own, seed);
            spawner.spawn(run_network(runner).unwrap());
            network.with_access_point(access_point)
        };
        heapbeacon_esp32::start(spawner, network, heapbeacon_esp32::config!()).unwrap();
        (network.stack(), runner)
    };
    #[cfg(not(feature = "http"))]
    let (stack, runner) = embassy_net::new(Interface::station(), config, resources, seed);
    spawner.spawn(run_network(runner).unwrap());
    #[cfg(not(feature = "provisioning"))]
    spawner.spawn(stay_connected(controller).unwrap());
    #[cfg(feature = "provisioning")]
    spawner.spawn(stay_provisioned(controller, stack).unwrap());
    loop {
        stack.wait_config_up().await;
        println!("{:?}", stack.config_v4());
        #[cfg(all(feature = "tracing", not(feature = "http")))]
        heapbeacon_esp32::dump(&mut esp_println::Printer).unwrap();
        stack.wait_config_down().await;
    }
}

#[cfg(feature = "http")]
type NetworkDriver = heapbeacon_esp32::Backlog<Interface>;
#[cfg(not(feature = "http"))]
type NetworkDriver = Interface;

#[embassy_executor::task(pool_size = if cfg!(feature = "provisioning") { 2 } else { 1 })]
async fn run_network(mut runner: Runner<'static, NetworkDriver>) {
    runner.run().await
}

#[cfg(feature = "provisioning")]
#[embassy_executor::task]
async fn stay_provisioned(
    controller: WifiController<'static>,
    network: embassy_net::Stack<'static>,
) {
    use heapbeacon_esp32::provisioning::{Wifi, stay_connected};

    let mut wifi = Wifi::new(controller, network);
    stay_connected(&mut wifi, None, false).await
}

#[cfg(not(feature = "provisioning"))]
#[embassy_executor::task]
async fn stay_connected(mut controller: WifiController<'static>) {
    loop {
        match controller.connect_async().await {
            Ok(_) => println!("{:?}", controller.wait_for_disconnect_async().await),
            Err(error) => println!("{error:?}"),
        }
        Timer::after(Duration::from_secs(5)).await;
    }
}
