//! A firmware for an ESP32 with RISC-V that traces itself: a demo workload whose heap can be looked at over Wi-Fi.
#![no_std]
#![no_main]

mod wifi;

use core::panic::PanicInfo;

use embassy_executor::Spawner;
use embassy_net::{DhcpConfig, Runner, StackResources};
use embassy_time::{Duration, Timer};
use esp_hal::clock::CpuClock;
use esp_hal::gpio::Input;
use esp_hal::ram;
use esp_hal::rng::Rng;
use esp_hal::rtc_cntl::{Rtc, RwdtStage};
use esp_hal::time;
use esp_hal::timer::timg::TimerGroup;
use esp_println::println;
use esp_wifi::wifi::Interface;
use heapbeacon_demo::{OFFERED, Scale};
use heapbeacon_embassy::tasks::named;
use heapbeacon_esp32::{
    Backlog, Config, Mode, Network, RecordBuffer, SOCKETS, provisioning, record_buffer,
};
use static_cell::StaticCell;

esp_bootloader_esp_idf::esp_app_desc!();

/// What the device is called where it gets its address.
const NAME: &str = "heapbeacon";

/// What it may be called by others there, besides its name below `.local`.
const HOSTS: [&str; 2] = ["heapbeacon", "heapbeacon.lan"];

/// A hung executor is reset after so long.
const WATCHDOG: time::Duration = time::Duration::from_secs(10);
/// How often the watchdog is told that the executor runs.
const FEED: Duration = Duration::from_secs(2);

/// Whether the chip has no more than 320 KiB of RAM: then the record buffer and the second region of the heap are half as large.
const IS_SMALL: bool = cfg!(feature = "esp32c61");

/// 32 KiB: about 525 records and 130 call stacks.
static RECORDS: RecordBuffer<{ if IS_SMALL { 2048 } else { 4096 } }> = record_buffer();
/// The agent's sockets, and those that a network may take itself, DHCP's and DNS's.
static RESOURCES: StaticCell<StackResources<{ SOCKETS + 2 }>> = StaticCell::new();

/// Those of the device's own network.
static OWN_RESOURCES: StaticCell<StackResources<{ provisioning::SOCKETS }>> = StaticCell::new();

/// Prints what has gone wrong, and restarts the chip.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    heapbeacon_esp32::note_panic(info);
    esp_hal::system::software_reset()
}

#[esp_rtos::main]
async fn main(spawner: Spawner) -> ! {
    let mut chip = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
    let watchdog = start_watchdog(Rtc::new(chip.RTC_TIMER));
    let key = env!("HEAPBEACON_UPDATE_KEY");
    if let Err(error) = heapbeacon_esp32::update(chip.FLASH.reborrow(), key) {
        println!("{error}");
    }
    if let Err(error) = heapbeacon_esp32::settings(chip.FLASH) {
        println!("{error}");
    }
    if let Err(error) = heapbeacon_esp32::trace(RECORDS.take(), Some(Mode::Leaks)) {
        println!("{error}");
    }
    // The bootloader's memory first, for the driver; the workload gets what is left, and more.
    heapbeacon_esp32::heap_allocator!(#[ram(reclaimed)] size: 64 * 1024);
    heapbeacon_esp32::heap_allocator!(size: if IS_SMALL { 32 * 1024 } else { 64 * 1024 });
    let timers = TimerGroup::new(chip.TIMG0);
    esp_rtos::start(timers.timer0, chip.FROM_CPU_INTR0);
    // The button that boards have, to load firmware with.
    #[cfg(not(feature = "esp32c5"))]
    let button = wifi::button(chip.GPIO9);
    #[cfg(feature = "esp32c5")]
    let button = wifi::button(chip.GPIO28);
    let network = start_network(spawner, chip.WIFI, button);
    let config = Config {
        name: NAME,
        hosts: &HOSTS,
        switches: &OFFERED,
        ..heapbeacon_esp32::config!()
    };
    if let Err(error) = heapbeacon_esp32::start(spawner, network, config) {
        println!("{error}");
    }
    heapbeacon_embassy_demo::spawn(spawner, &Scale::SMALL_DEVICE, config.reserve)
        .expect("it is spawned once");
    feed(watchdog).await
}

/// Starts Wi-Fi and a network stack on it.
fn start_network(
    spawner: Spawner,
    chip: esp_hal::peripherals::WIFI<'static>,
    button: Input<'static>,
) -> Network {
    let controller = wifi::controller(chip);
    let mut dhcp = DhcpConfig::default();
    dhcp.hostname = NAME.try_into().ok();
    let config = embassy_net::Config::dhcpv4(dhcp);
    let rng = Rng::new();
    let seed = u64::from(rng.random()) << 32 | u64::from(rng.random());
    let resources = RESOURCES.init(StackResources::new());
    let (network, runner) =
        heapbeacon_esp32::network(Interface::station(), config, resources, seed);
    let own_resources = OWN_RESOURCES.init(StackResources::new());
    let (access_point, own_runner) =
        provisioning::access_point(Interface::access_point(), own_resources, seed);
    for runner in [runner, own_runner] {
        let task = run_network(runner).expect("they are spawned once");
        spawner.spawn(named("network", task));
    }
    let radio = provisioning::Wifi::new(controller, network.stack());
    let task = wifi::run(radio, button).expect("it is spawned once");
    spawner.spawn(named("wifi", task));
    network.with_access_point(access_point)
}

#[embassy_executor::task(pool_size = 2)]
async fn run_network(mut runner: Runner<'static, Backlog<Interface>>) {
    runner.run().await
}

/// Starts the watchdog, before anything that may hang: an update that does is left for the old firmware.
fn start_watchdog(mut chip: Rtc<'_>) -> Rtc<'_> {
    chip.rwdt.enable();
    chip.rwdt.set_timeout(RwdtStage::Stage0, WATCHDOG);
    chip
}

/// Feeds the watchdog as long as the executor runs.
async fn feed(mut chip: Rtc<'_>) -> ! {
    loop {
        chip.rwdt.feed();
        Timer::after(FEED).await;
    }
}
