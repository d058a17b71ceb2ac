//! Hands the linker its scripts and tells the firmware which Wi-Fi network to join.

use std::env;
use std::fs;
use std::io;

/// Where the network may be named, beside the environment. Not for the repository: it has the password.
const FILE: &str = "wifi.env";

const SSID: &str = "HEAPBEACON_SSID";
const PASSWORD: &str = "HEAPBEACON_PASSWORD";
const TOKEN: &str = "HEAPBEACON_TOKEN";
/// Public key of who signs updates; without it there are none.
const UPDATE_KEY: &str = "HEAPBEACON_UPDATE_KEY";

fn main() -> Result<(), String> {
    // What any firmware with HeapBeacon has in its `build.rs`.
    println!("cargo:rustc-link-arg-bins=--build-id=sha1");
    println!("cargo:rustc-link-arg-bins=-Tlinkall.x");
    choose_network()
}

fn choose_network() -> Result<(), String> {
    println!("cargo:rerun-if-changed={FILE}");
    let file = read(FILE)?;
    let ssid = value(&file, SSID);
    let password = value(&file, PASSWORD);
    check(&ssid, &password)?;
    if ssid.is_empty() {
        println!(
            "cargo:warning=this image knows no Wi-Fi network, and asks for one in its portal: or set {SSID} and {PASSWORD}, in the environment or in agent/firmware/esp32-demo/{FILE}"
        );
    }
    println!("cargo:rustc-env={SSID}={ssid}");
    println!("cargo:rustc-env={PASSWORD}={password}");
    for name in [TOKEN, UPDATE_KEY] {
        println!("cargo:rustc-env={name}={}", value(&file, name));
    }
    Ok(())
}

/// Reads a file of lines `NAME=value`; there need be none.
fn read(file: &str) -> Result<String, String> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(format!("can't read {file}: {error}")),
    }
}

/// Looks a value up, first in the environment and then in the file; empty if it is in neither.
fn value(file: &str, name: &str) -> String {
    println!("cargo:rerun-if-env-changed={name}");
    env::var(name).unwrap_or_else(|_| {
        let mut lines = file.lines().filter_map(|line| line.split_once('='));
        // As a shell would read it, too.
        let found = lines.find(|(key, _)| key.trim().trim_start_matches("export ").trim() == name);
        found.map_or_else(String::new, |(_, value)| unquoted(value.trim()).to_owned())
    })
}

/// Takes one pair of quotes off.
fn unquoted(value: &str) -> &str {
    let inside = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
}

/// What the driver would refuse (IEEE 802.11 has these lengths) is better known before flashing.
fn check(ssid: &str, password: &str) -> Result<(), String> {
    if ssid.len() > 32 {
        return Err(format!(
            "{SSID} has {} bytes; a network's name has at most 32",
            ssid.len()
        ));
    }
    if !matches!(password.len(), 0 | 8..=63) {
        return Err(format!(
            "{PASSWORD} has {} bytes; a network's password has 8 to 63, an open network none",
            password.len()
        ));
    }
    Ok(())
}
