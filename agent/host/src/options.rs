//! The command line.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use heapbeacon::field::provisioning::Network;
use heapbeacon::tracer::Mode;
use heapbeacon_shared::update::public_key;
use lexopt::prelude::*;

/// Most devices that one process stands in for: each takes 44 KB of the server's pool, and 9 KB more for each of its four connections.
const MOST_DEVICES: u16 = 500;

/// Most times as fast as the clock on the wall that the time of stand-ins passes: what one does in a second is soon done.
const MOST_SPEED: u32 = 10_000;

const HELP: &str = "\
HeapBeacon's agent as a Linux process: traces its own heap, and serves API and dashboard.

Usage: heapbeacon-host [OPTIONS]

Options:
  --listen ADDRESS:PORT  Where to listen [default: 127.0.0.1:8080]; port 0 takes a free one.
                         Beyond loopback, --token is needed.
  --dashboard DIR        Serve the dashboard's files from this folder.
  --token TOKEN          Answer API requests with this bearer token only.
  --allow-origin ORIGIN  Let web pages from here use the API, e.g. http://localhost:8081;
                         may be given several times.
  --allow-host NAME      Answer to this host name, besides localhost and IP addresses;
                         may be given several times.
  --mdns                 Say by mDNS where the agent is, for `cargo xtask discover`, and answer to NAME.local, its name
                         in letters, digits and hyphens.
  --flash FILE           Keep in this file what a device keeps in flash: settings, updates. It is made if it is not
                         there; without, settings are gone with the process.
  --portal INTERFACE     Have no network until somebody has given it one: the process plays a device whose access point is this
                         interface, which has the address 192.168.4.1/24, with DHCP, DNS and a page that asks for the network.
                         What --listen names is where it is once it has joined.
  --network NAME=PASSWORD
                         With --portal, a network that the device hears, and the password that joins it (none for an
                         open one); may be given several times.
  --update-key KEY       With --flash, take updates that are signed with this public key: the 64
                         hexadecimal digits that `cargo xtask keygen` prints.
  --start MODE           Start tracing at once; MODE is leaks or all.
  --records N            With --start, trace into N records instead of the usual number.
  --no-demo              Run no demo workload.
  --devices N            Stand in for N devices instead, with simulated heaps, each at a port of its own from that of
                         --listen on (or at free ones, with port 0). Most are healthy, some leak, some fragment, and those
                         with version 1.3.0 all leak.
  --speed N              With --devices, let their time pass N times as fast: a day in a minute and a half with 1000.
  --targets FILE         With --devices, write to this file where each is, as Prometheus reads it (file_sd_configs).
  --help                 Print this.
  --version              Print the version.";

/// What to run.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) listen: SocketAddr,
    pub(crate) dashboard: Option<PathBuf>,
    pub(crate) token: Option<String>,
    pub(crate) origins: Vec<String>,
    pub(crate) hosts: Vec<String>,
    /// Whether to say by mDNS where the agent is.
    pub(crate) mdns: bool,
    pub(crate) flash: Option<PathBuf>,
    /// The interface that plays the access point of a device without a network.
    pub(crate) portal: Option<String>,
    /// The networks that such a device hears.
    pub(crate) networks: Vec<Network>,
    pub(crate) update_key: Option<[u8; 32]>,
    pub(crate) start: Option<Mode>,
    pub(crate) records: Option<u32>,
    pub(crate) demo: bool,
    /// How many devices to stand in for.
    pub(crate) devices: Option<u16>,
    /// How many times as fast their time passes, if that was said.
    pub(crate) speed: Option<u32>,
    /// Where to write what Prometheus scrapes of them.
    pub(crate) targets: Option<PathBuf>,
}

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Parsed {
    Run(Box<Options>),
    Print(String),
}

/// Reads the command line; the first argument is the program.
///
/// # Errors
/// A sentence on what is wrong and what would be right.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Parsed, String> {
    let mut parser = lexopt::Parser::from_iter(arguments);
    let mut options = Options {
        listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
        dashboard: None,
        token: None,
        origins: Vec::new(),
        hosts: Vec::new(),
        mdns: false,
        flash: None,
        portal: None,
        networks: Vec::new(),
        update_key: None,
        start: None,
        records: None,
        demo: true,
        devices: None,
        speed: None,
        targets: None,
    };
    while let Some(argument) = parser.next().map_err(text)? {
        match argument {
            Long("help") | Short('h') => return Ok(Parsed::Print(HELP.to_owned())),
            Long("version") => return Ok(Parsed::Print(version())),
            Long("mdns") => options.mdns = true,
            Long("no-demo") => options.demo = false,
            Long(name) => {
                let name = name.to_owned();
                option(&mut options, &name, &mut parser)?;
            }
            other => return Err(text(other.unexpected())),
        }
    }
    check(options).map(Box::new).map(Parsed::Run)
}

fn option(options: &mut Options, name: &str, parser: &mut lexopt::Parser) -> Result<(), String> {
    match name {
        "dashboard" => options.dashboard = Some(word(parser)?.into()),
        "token" => options.token = Some(token(word(parser)?)?),
        "allow-origin" => options.origins.push(origin(word(parser)?)?),
        "allow-host" => options.hosts.push(word(parser)?),
        "flash" => options.flash = Some(word(parser)?.into()),
        "portal" => options.portal = Some(word(parser)?),
        "network" => options.networks.push(network(&word(parser)?)?),
        "update-key" => options.update_key = Some(key(&word(parser)?)?),
        "start" => options.start = Some(mode(&word(parser)?)?),
        "records" => options.records = Some(records(&word(parser)?)?),
        "devices" => options.devices = Some(devices(&word(parser)?)?),
        "speed" => options.speed = Some(speed(&word(parser)?)?),
        "targets" => options.targets = Some(word(parser)?.into()),
        "listen" => options.listen = address(&word(parser)?)?,
        _ => return Err(text(Long(name).unexpected())),
    }
    Ok(())
}

fn check(options: Options) -> Result<Options, String> {
    if !options.listen.ip().is_loopback() && options.token.is_none() {
        return Err(format!(
            "listening on {} lets everybody in the network read this process's memory layout: \
             add --token TOKEN, or listen on 127.0.0.1",
            options.listen
        ));
    }
    if options.records.is_some() && options.start.is_none() {
        return Err("--records needs --start leaks or --start all".to_owned());
    }
    if options.update_key.is_some() && options.flash.is_none() {
        return Err("--update-key needs --flash FILE, which updates are written to".to_owned());
    }
    if !options.networks.is_empty() && options.portal.is_none() {
        return Err("--network needs --portal INTERFACE, whose guests choose one".to_owned());
    }
    check_fleet(&options)?;
    Ok(options)
}

/// Checks what goes together with stand-ins, and whether there is a port for each.
fn check_fleet(options: &Options) -> Result<(), String> {
    let Some(devices) = options.devices else {
        return match (&options.targets, options.speed) {
            (Some(_), _) => {
                Err("--targets needs --devices N, whose addresses it writes".to_owned())
            }
            (None, Some(_)) => Err("--speed needs --devices N, whose time it is".to_owned()),
            (None, None) => Ok(()),
        };
    };
    let is_own = options.start.is_some()
        || options.flash.is_some()
        || options.portal.is_some()
        || !options.demo;
    if is_own {
        return Err(
            "--devices takes neither --start, --flash, --portal nor --no-demo: stand-ins trace from their start, \
             and have no flash and no demo"
                .to_owned(),
        );
    }
    let port = options.listen.port();
    match port.checked_add(devices - 1) {
        Some(_) => Ok(()),
        None => Err(format!(
            "{devices} devices from port {port} on would need ports above {}: choose a lower one with --listen",
            u16::MAX
        )),
    }
}

fn devices(word: &str) -> Result<u16, String> {
    match word.parse() {
        Ok(devices) if (1..=MOST_DEVICES).contains(&devices) => Ok(devices),
        _ => Err(format!(
            "--devices takes a whole number from 1 to {}, not `{word}`; start several processes for more",
            MOST_DEVICES
        )),
    }
}

fn network(word: &str) -> Result<Network, String> {
    let (ssid, password) = word.split_once('=').unwrap_or((word, ""));
    let network = ssid.try_into().ok().zip(password.try_into().ok());
    let network = network.map(|(ssid, password)| Network { ssid, password });
    network
        .filter(|network| !network.ssid.is_empty())
        .ok_or_else(|| {
            "--network takes NAME=PASSWORD, a name of at most 32 bytes and a password of at most 64"
                .to_owned()
        })
}

fn speed(word: &str) -> Result<u32, String> {
    match word.parse() {
        Ok(speed) if (1..=MOST_SPEED).contains(&speed) => Ok(speed),
        _ => Err(format!(
            "--speed takes a whole number from 1 to {MOST_SPEED}, not `{word}`"
        )),
    }
}

fn key(word: &str) -> Result<[u8; 32], String> {
    public_key(word).ok_or_else(|| {
        "--update-key takes the 64 hexadecimal digits that `cargo xtask keygen` prints".to_owned()
    })
}

fn word(parser: &mut lexopt::Parser) -> Result<String, String> {
    match parser.value().and_then(|value| value.string()) {
        Ok(word) if word.is_empty() => Err("an option's value is empty; see --help".to_owned()),
        Ok(word) => Ok(word),
        Err(error) => Err(text(error)),
    }
}

/// A header carries the token, and nothing else goes through one unchanged.
fn token(word: String) -> Result<String, String> {
    if word.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(word)
    } else {
        Err("--token takes letters, digits and signs of ASCII, without blanks".to_owned())
    }
}

fn mode(word: &str) -> Result<Mode, String> {
    match word {
        "leaks" => Ok(Mode::Leaks),
        "all" => Ok(Mode::All),
        _ => Err(format!("--start takes leaks or all, not `{word}`")),
    }
}

fn records(word: &str) -> Result<u32, String> {
    match word.parse() {
        Ok(records) if records > 0 => Ok(records),
        _ => Err(format!(
            "--records takes a whole number above 0, not `{word}`"
        )),
    }
}

fn address(word: &str) -> Result<SocketAddr, String> {
    word.parse().map_err(|_| {
        format!("--listen takes an IP address and a port, like 127.0.0.1:8080, not `{word}`")
    })
}

fn origin(word: String) -> Result<String, String> {
    let authority = word.split_once("://").map(|(_, authority)| authority);
    match authority {
        Some(authority) if !authority.is_empty() && !authority.contains('/') => Ok(word),
        _ => Err(format!(
            "--allow-origin takes scheme and host without a path, like http://localhost:8081, not `{word}`"
        )),
    }
}

fn version() -> String {
    concat!("heapbeacon-host ", env!("CARGO_PKG_VERSION")).to_owned()
}

fn text(error: lexopt::Error) -> String {
    format!("{error}; see --help")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Parsed, String> {
        let program = ["heapbeacon-host"];
        parse(program.iter().chain(arguments).map(OsString::from))
    }

    #[test]
    fn beyond_loopback_a_token_is_needed() {
        let everywhere = ["--listen", "0.0.0.0:80"];
        assert!(parsed(&everywhere).is_err_and(|message| message.contains("--token")));
        assert!(parsed(&[&everywhere[..], &["--token", "sesam"]].concat()).is_ok());
    }

    #[test]
    fn a_wrong_value_is_told_with_what_would_be_right() {
        for (arguments, right) in [
            (["--start", "some"], "leaks or all"),
            (["--listen", "8080"], "127.0.0.1:8080"),
            (["--allow-origin", "localhost"], "http://localhost:8081"),
            (["--records", "0"], "above 0"),
            (["--token", ""], "empty"),
            (["--token", "open sesame"], "without blanks"),
            (["--token", "s\u{e9}same"], "ASCII"),
            (["--token", "sesame\n"], "without blanks"),
            (["--update-key", "0f"], "64 hexadecimal digits"),
            (["--update-key", &"+f".repeat(32)], "64 hexadecimal digits"),
            (["--update-key", &"0f".repeat(32)], "--flash FILE"),
            (["--network", "Home=sesame"], "--portal INTERFACE"),
            (["--network", "=sesame"], "NAME=PASSWORD"),
            (["--speed", "0"], "from 1 to 10000"),
            (["--speed", "60"], "--devices N"),
            (["--nonsense", "1"], "--help"),
        ] {
            let message = parsed(&arguments).expect_err("the value is wrong");
            assert!(message.contains(right), "{message}");
        }
    }
}
