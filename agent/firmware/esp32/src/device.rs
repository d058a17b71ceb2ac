//! What the board says to those who read its trace: of its tasks, its heap and itself.

use core::fmt::Write;
use core::sync::atomic::{AtomicI8, AtomicU32, Ordering::Relaxed};

use esp_hal::efuse::{self, InterfaceMacAddress};
use esp_hal::rtc_cntl::{SocResetReason, reset_reason};
use esp_hal::system::Cpu;
use heapbeacon::history::History;
use heapbeacon::memory::Area;
use heapbeacon::platform::{Device, Platform, Switch, Task};
use heapbeacon_embassy::server::PORT;
use heapbeacon_embassy::{Lock, image, network, restart};
use heapbeacon_shared::api::{self, Network};
use heapbeacon_shared::trace::{Cut, Region, Window, name};

use crate::board::Board;
use crate::setup::{SETUP, Setup};
use crate::{roots, stack, thread, warnings};

static HISTORY: History<Lock> = History::new();
/// Signal of the access point in dBm; 0, which no receiver ever sees, while there is none.
static SIGNAL: AtomicI8 = AtomicI8::new(0);

/// Notes how well the access point is heard, in dBm, for `GET /device` to tell; `None` while there is none.
///
/// The Wi-Fi controller, which knows, is the firmware's: call this from the task that has it, now and then.
pub fn set_signal(dbm: Option<i8>) {
    SIGNAL.store(dbm.unwrap_or(0), Relaxed);
}

/// When it booted, in seconds since the Unix epoch; 0 while nobody has said what time it is.
static BOOTED_S: AtomicU32 = AtomicU32::new(0);

/// Notes what time of day it is, in seconds since the Unix epoch: heap profiles are dated by it, and `/metrics` tells when the device booted.
///
/// The chip does not know: call this from whatever has asked a time server, once or now and then. When it booted stays what it was as long
/// as that differs by seconds: to who reads metrics, another one is another boot.
pub fn set_time_of_day(unix_s: u32) {
    const SAME_S: u32 = 2;
    let uptime_s = (Board::now_us() / 1_000_000) as u32;
    let booted_s = unix_s.saturating_sub(uptime_s);
    if BOOTED_S.load(Relaxed).abs_diff(booted_s) > SAME_S {
        BOOTED_S.store(booted_s, Relaxed);
    }
}

impl Device for Board {
    fn task(id: u16) -> Option<Task> {
        thread::describe(id)
    }

    fn opaque(address: u64) -> Option<Cut> {
        stack::opaque(address)
    }

    fn booted_unix_us() -> Option<u64> {
        let booted_s = BOOTED_S.load(Relaxed);
        (booted_s > 0).then(|| u64::from(booted_s) * 1_000_000)
    }

    fn describe() -> api::Device {
        describe(SETUP.try_get())
    }

    fn is_external(region: &Region) -> bool {
        !stack::is_on_chip(region.start.0 as usize)
    }

    fn regions(window: Option<Window>) -> heapless::Vec<Region, 4> {
        heapbeacon_esp_alloc::regions(window, stack::region_name)
    }

    #[cfg(feature = "http")]
    fn is_anyone_waiting() -> Option<bool> {
        heapbeacon_embassy::backlog::is_anyone_waiting()
    }

    fn history() -> Option<&'static History<Lock>> {
        Some(&HISTORY)
    }

    fn area(index: usize) -> Option<Area> {
        roots::area(index)
    }

    #[cfg(feature = "settings")]
    fn settings() -> Option<&'static heapbeacon::field::settings::Store<Lock>> {
        crate::settings::store()
    }

    fn elf() -> Option<&'static [u8]> {
        heapbeacon::symbols::held(SETUP.try_get()?.config.symbols)
    }

    #[cfg(feature = "provisioning")]
    fn portal() -> Option<&'static heapbeacon::field::provisioning::Portal<heapbeacon_embassy::Lock>>
    {
        Some(crate::provisioning::portal())
    }

    #[cfg(feature = "symbols")]
    fn symbols() -> Option<&'static dyn heapbeacon::symbols::flash::Part> {
        crate::symbols::part()
    }

    #[cfg(feature = "update")]
    fn update() -> Option<&'static dyn heapbeacon::field::update::Update> {
        crate::update::get()
    }

    fn restart() -> bool {
        restart::ask();
        true
    }

    fn is_on_mdns() -> bool {
        cfg!(feature = "mdns")
    }

    fn switches() -> &'static [&'static dyn Switch] {
        SETUP.try_get().map_or(&[], |setup| setup.config.switches)
    }
}

/// Describes the device, with what its firmware said when the agent was started.
fn describe(setup: Option<&Setup>) -> api::Device {
    let config = setup.map(|setup| &setup.config);
    api::Device {
        name: name(config.map_or("", |config| config.name)),
        board: name("esp32"),
        chip: name(CHIP),
        chip_revision: revision(),
        firmware: name(config.map_or("", |config| config.firmware)),
        firmware_version: name(config.map_or("", |config| config.version)),
        build_id: image::build_id(),
        boot_id: setup.map_or(0, |setup| setup.boot_id),
        reset_reason: name(reset_reason(Cpu::ProCpu).map_or("unknown", words)),
        network: Network {
            mac: mac(),
            rssi_dbm: Some(SIGNAL.load(Relaxed)).filter(|dbm| *dbm != 0),
            ..network::describe("wifi", config.map_or(PORT, |config| config.port))
        },
        warnings: warnings::list().collect(),
        ..api::Device::default()
    }
}

const CHIP: &str = if cfg!(feature = "esp32c2") {
    "ESP32-C2"
} else if cfg!(feature = "esp32c3") {
    "ESP32-C3"
} else if cfg!(feature = "esp32c5") {
    "ESP32-C5"
} else if cfg!(feature = "esp32c6") {
    "ESP32-C6"
} else if cfg!(feature = "esp32c61") {
    "ESP32-C61"
} else {
    "ESP32-S3"
};

fn mac() -> Option<heapless::String<17>> {
    let address = efuse::interface_mac_address(InterfaceMacAddress::Station);
    let mut text = heapless::String::new();
    for (index, byte) in address.as_bytes().iter().enumerate() {
        let colon = if index == 0 { "" } else { ":" };
        write!(text, "{colon}{byte:02x}").ok()?;
    }
    Some(text)
}

fn revision() -> Option<heapless::String<8>> {
    let revision = efuse::chip_revision();
    let mut text = heapless::String::new();
    write!(text, "v{}.{}", revision.major, revision.minor).ok()?;
    Some(text)
}

/// The numbers mean the same on every chip, their names differ.
fn words(reason: SocResetReason) -> &'static str {
    match reason as usize {
        0x01 => "power on",
        0x03 | 0x0c => "software: a panic, or on request",
        0x05 => "deep sleep",
        0x07..=0x09 | 0x0b | 0x0d | 0x10..=0x12 => "watchdog",
        0x0f => "brown-out",
        0x15 | 0x16 => "USB",
        _ => "CPU or memory fault",
    }
}
