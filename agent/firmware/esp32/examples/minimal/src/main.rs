//! A Wi-Fi firmware with esp-hal as there are many, and the lines that give it HeapBeacon: those marked with a number.
//! The first is in `Cargo.toml`, the second in `.cargo/config.toml`, the third in `build.rs`;
//! `agent/firmware/esp32/README.md` explains all.
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
use heapbeacon_esp32::{Backlog, Mode, RecordBuffer, SOCKETS, record_buffer}; // 4
use static_cell::StaticCell;

esp_bootloader_esp_idf::esp_app_desc!();

static RECORDS: RecordBuffer<4096> = record_buffer(); // 5
static RESOURCES: StaticCell<StackResources<{ 3 + SOCKETS }>> = StaticCell::new(); // 6: as before, and `SOCKETS` more

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    heapbeacon_esp32::note_panic(info);
    esp_hal::system::software_reset()
}

#[esp_rtos::main]
async fn main(spawner: Spawner) -> ! {
    let chip = esp_hal::init(esp_hal::Config::default());
    heapbeacon_esp32::trace(RECORDS.take(), Some(Mode::Leaks)).unwrap(); // 7: before the heap has anything
    heapbeacon_esp32::heap_allocator!(#[ram(reclaimed)] size: 64 * 1024); // 8: instead of `esp_alloc::`
    let timers = TimerGroup::new(chip.TIMG0);
    esp_rtos::start(timers.timer0, chip.FROM_CPU_INTR0);
    let station = StationConfig::default()
        .with_ssid("network".try_into().unwrap())
        .with_authentication(AuthenticationMethodConfig::Wpa2Personal(
            "password".try_into().unwrap(),
        ));
    let config = ControllerConfig::default()
        .with_rx_queue_size(12) // of the usual 5 frames that may wait, a browser's six connections lose some
        .with_initial_config(Config::Station(station));
    let controller = WifiController::new(chip.WIFI, config).unwrap();
    let rng = Rng::new();
    let seed = u64::from(rng.random()) << 32 | u64::from(rng.random());
    let config = embassy_net::Config::dhcpv4(DhcpConfig::default());
    let resources = RESOURCES.init(StackResources::new());
    let (network, runner) =
        heapbeacon_esp32::network(Interface::station(), config, resources, seed); // 9: instead of `embassy_net::new`
    let task = run_network(runner).unwrap();
    task.metadata().set_name("network"); // what the page calls it; without, by its address or its function
    spawner.spawn(task);
    let task = stay_connected(controller).unwrap();
    task.metadata().set_name("wifi");
    spawner.spawn(task);
    heapbeacon_esp32::start(spawner, network, heapbeacon_esp32::config!()).unwrap(); // 10
    loop {
        Timer::after(Duration::from_secs(1)).await;
    }
}

#[embassy_executor::task]
async fn run_network(mut runner: Runner<'static, Backlog<Interface>>) {
    // 11: was `Runner<'static, Interface>`
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
