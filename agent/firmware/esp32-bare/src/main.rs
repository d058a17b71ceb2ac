//! A firmware that joins a Wi-Fi network, gets an address, and does nothing with it: what HeapBeacon's size is
//! compared with.
#![no_std]
#![no_main]

use core::panic::PanicInfo;

use embassy_executor::Spawner;
use embassy_net::{DhcpConfig, Runner, StackResources};
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

static RESOURCES: StaticCell<StackResources<3>> = StaticCell::new();

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    esp_hal::system::software_reset()
}

#[esp_rtos::main]
async fn main(spawner: Spawner) -> ! {
    let chip = esp_hal::init(esp_hal::Config::default());
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
    let (stack, runner) = embassy_net::new(
        Interface::station(),
        config,
        RESOURCES.init(StackResources::new()),
        seed,
    );
    spawner.spawn(run_network(runner).unwrap());
    spawner.spawn(stay_connected(controller).unwrap());
    loop {
        stack.wait_config_up().await;
        println!("{:?}", stack.config_v4());
        stack.wait_config_down().await;
    }
}

#[embassy_executor::task]
async fn run_network(mut runner: Runner<'static, Interface>) {
    runner.run().await
}

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
