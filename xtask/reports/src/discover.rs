//! Devices that say by mDNS where they are, as Prometheus reads targets from a file (`file_sd_configs`).

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use heapbeacon_shared::api::discovery::{API_KEY, BUILD_ID_KEY, PATH_KEY, SERVICE};
use mdns_sd::{ResolvedService, ServiceDaemon, ServiceEvent};
use serde::Serialize;

/// How long devices may take to answer. Each answers within a tenth of a second, but may sleep, or miss a question, which is asked
/// again after one second and two more.
const PATIENCE: Duration = Duration::from_secs(4);

/// A device, as a group of targets.
#[derive(Debug, PartialEq, Serialize)]
struct Group {
    targets: [String; 1],
    /// What begins with `__meta_` is for relabelling, and dropped after that.
    labels: BTreeMap<String, String>,
}

/// Prints the devices that answer, by their names; says so where there is none. Returns whether there is any: a list without one must not take
/// the place of another in silence.
///
/// # Errors
/// When the network can't be asked.
pub(crate) fn print(out: &mut impl Write) -> Result<bool> {
    let groups = groups(&answers().context("can't ask by mDNS")?);
    if groups.is_empty() {
        eprintln!(
            "No device has answered by mDNS within {} seconds: it has to be in the same network, and to advertise itself \
             (firmware: by the feature `mdns`; an agent on this machine: `heapbeacon-host --mdns`)",
            PATIENCE.as_secs()
        );
    }
    serde_json::to_writer_pretty(&mut *out, &groups)?;
    writeln!(out)?;
    Ok(!groups.is_empty())
}

/// Asks the network, and returns what was answered, by the full names of devices.
fn answers() -> Result<BTreeMap<String, ResolvedService>> {
    let daemon = ServiceDaemon::new()?;
    let events = daemon.browse(SERVICE)?;
    let deadline = Instant::now() + PATIENCE;
    let mut answers = BTreeMap::new();
    while let Ok(event) = events.recv_deadline(deadline) {
        match event {
            ServiceEvent::ServiceResolved(answer) => {
                answers.insert(answer.fullname.clone(), *answer);
            }
            ServiceEvent::ServiceRemoved(_, name) => drop(answers.remove(&name)),
            _ => {}
        }
    }
    daemon.shutdown()?;
    Ok(answers)
}

fn groups(answers: &BTreeMap<String, ResolvedService>) -> Vec<Group> {
    answers.values().filter_map(group).collect()
}

/// Describes a device; `None` where it is another web server, or has no address that another machine could use.
fn group(answer: &ResolvedService) -> Option<Group> {
    let text = |key| answer.txt_properties.get_property_val_str(key);
    let api = text(API_KEY)?;
    let ips = answer.addresses.iter().map(|address| address.to_ip_addr());
    let address = SocketAddr::new(best(ips)?, answer.port);
    let mut labels = BTreeMap::from([("device".to_owned(), device(&answer.fullname))]);
    let host = answer.host.trim_end_matches('.');
    let known = [
        ("host", Some(host)),
        ("api", Some(api)),
        ("path", text(PATH_KEY)),
        ("build_id", text(BUILD_ID_KEY)),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            labels.insert(format!("__meta_heapbeacon_{name}"), value.to_owned());
        }
    }
    Some(Group {
        targets: [address.to_string()],
        labels,
    })
}

/// Chooses an address: one of IPv4 before others, and none that is of one link only.
fn best(ips: impl Iterator<Item = IpAddr>) -> Option<IpAddr> {
    let is_of_link = |ip: &IpAddr| matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
    ips.filter(|ip| !is_of_link(ip)).min()
}

/// Returns the name of a device from its full one, behind which stands the service, and which escapes dots and backslashes.
fn device(full: &str) -> String {
    let name = full
        .strip_suffix(SERVICE)
        .and_then(|name| name.strip_suffix('.'))
        .unwrap_or(full);
    let mut device = String::new();
    let mut letters = name.chars();
    while let Some(letter) = letters.next() {
        let escaped = (letter == '\\').then(|| letters.next()).flatten();
        device.push(escaped.unwrap_or(letter));
    }
    device
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_called_as_it_calls_itself() {
        for (full, name) in [
            ("kitchen._http._tcp.local.", "kitchen"),
            (r"second floor\.2._http._tcp.local.", "second floor.2"),
            (r"back\\slash._http._tcp.local.", r"back\slash"),
        ] {
            assert_eq!(device(full), name);
        }
    }

    #[test]
    fn the_address_is_one_that_others_reach() {
        let chosen = |ips: &[&str]| {
            let ips = ips.iter().map(|ip| ip.parse().expect("an address"));
            best(ips).map(|ip| ip.to_string())
        };
        let all = ["fe80::1", "2001:db8::1", "192.0.2.7"];
        assert_eq!(chosen(&all).as_deref(), Some("192.0.2.7"));
        assert_eq!(chosen(&all[..2]).as_deref(), Some("2001:db8::1"));
        assert_eq!(chosen(&all[..1]), None);
    }
}
