//! What a firmware says of itself, and who may come in.

use core::fmt;

use heapbeacon::platform::Switch;

/// What a firmware says of itself, and who may come in. [`config!`](crate::config!) makes one.
#[derive(Clone, Copy)]
pub struct Config {
    /// Name of the device.
    pub name: &'static str,
    /// The TCP port of API and dashboard.
    pub port: u16,
    /// Prints a line, such as where the agent listens and its token: [`print`], unless the firmware has a log of its own.
    ///
    /// ```ignore
    /// console: |line| rtt_target::rprintln!("{}", line),                  // RTT
    /// console: |line| defmt::info!("{}", defmt::Display2Format(&line)),   // defmt
    /// console: |line| log::info!("{line}"),                               // the crate `log`
    /// ```
    pub console: Console,
    /// Names in its network that the agent answers to besides its address: `kitchen.lan`.
    pub hosts: &'static [&'static str],
    /// Origins of other pages that may use the API: a dashboard that is served elsewhere.
    pub origins: &'static [&'static str],
    /// Name of the firmware.
    pub firmware: &'static str,
    /// Version of the firmware.
    pub version: &'static str,
    /// Who may read what the device allocates.
    pub access: Access,
    /// Bytes of the heap that are held back until an allocation fails, and then given back: the Wi-Fi driver, which takes its
    /// frames from there, needs some to say so. 0 holds nothing back.
    pub reserve: usize,
    /// Whether readers may scan the memory for references into the heap, which tell who holds a block. A scan shows addresses, and no
    /// other contents; without, `GET /trace/references` answers 501.
    pub scans: bool,
    /// Room for names of addresses, which `cargo xtask symbols ELF --embed` fills: then any browser shows functions and lines,
    /// and nobody needs the ELF. An ESP32-C3 with everything needs 313 KiB of flash: `symbols: heapbeacon_esp32::symbol_room!(320 * 1024)`.
    pub symbols: &'static [u8],
    /// What of the firmware can be turned on and off over the API.
    pub switches: &'static [&'static dyn Switch],
}

/// Prints a line.
pub type Console = fn(fmt::Arguments<'_>);

/// Prints a line with esp-println, so where the features of that crate say: over USB or a serial port. A post-mortem has the last of them.
pub fn print(line: fmt::Arguments<'_>) {
    #[cfg(feature = "postmortem")]
    crate::log(line);
    esp_println::println!("{line}");
}

/// Who may use the API. The dashboard's files are for everybody: it asks for the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Who sends this bearer token.
    Token(&'static str),
    /// Who sends the token that the device makes up at its first start, prints on its console, and keeps in its settings; without those, at
    /// each start.
    NewToken,
    /// Everybody in the network: the device shows its memory layout and lets itself be switched.
    Everybody,
}

impl Access {
    /// Takes the token that a firmware was built with; without one, or with an empty one, it makes up its own.
    pub const fn built_with(token: Option<&'static str>) -> Self {
        match token {
            Some(token) if !token.is_empty() => Self::Token(token),
            _ => Self::NewToken,
        }
    }
}

/// Bytes that are held back unless a firmware wants it otherwise. With so many left, every request was answered by an
/// ESP32-C3 whose heap had nothing else; a page needs some seven frames of 1.6 KiB at a time.
pub const RESERVE: usize = 12 * 1024;

/// Describes the firmware that this is part of.
///
/// Name and version are its package's. The token is what `HEAPBEACON_TOKEN` was in the environment when it was built;
/// without that, the device makes one up ([`Access::NewToken`]). Change a field to change that:
///
/// ```ignore
/// let config = heapbeacon_esp32::Config { name: "kitchen", ..heapbeacon_esp32::config!() };
/// ```
#[macro_export]
macro_rules! config {
    () => {
        $crate::Config {
            name: env!("CARGO_PKG_NAME"),
            port: 80,
            console: $crate::print,
            hosts: &[],
            origins: &[],
            firmware: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            access: $crate::Access::built_with(option_env!("HEAPBEACON_TOKEN")),
            scans: true,
            reserve: $crate::RESERVE,
            symbols: &[],
            switches: &[],
        }
    };
}
