//! What an agent says of itself in the network, and the name that it answers to by that.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use heapbeacon_shared::api::Device;
use heapbeacon_shared::api::discovery::{API_KEY, BUILD_ID_KEY, PATH_KEY, SERVICE};
use mdns_sd::{ResolvedService, ServiceDaemon, ServiceEvent};

use crate::support::client::Client;
use crate::support::process::Process;
use crate::support::raw::Connection;

const PATIENCE: Duration = Duration::from_secs(60);

/// Asks the network until somebody at a port answers.
fn find(port: u16) -> ResolvedService {
    let daemon = ServiceDaemon::new().expect("there is a network");
    let events = daemon.browse(SERVICE).expect("it can be asked for");
    let deadline = Instant::now() + PATIENCE;
    let found =
        std::iter::from_fn(|| events.recv_deadline(deadline).ok()).find_map(|event| match event {
            ServiceEvent::ServiceResolved(answer) if answer.port == port => Some(*answer),
            _ => None,
        });
    // Nobody is left to hear how that went.
    let _ = daemon.shutdown();
    found.expect("the agent answers")
}

#[track_caller]
fn status(agent: &Client, host: &str) -> u16 {
    let mut connection = Connection::open(agent);
    connection.send(format!(
        "GET /api/v1/trace HTTP/1.1\r\nHost: {host}\r\n\r\n"
    ));
    connection.answer().expect("an answer").status
}

#[test]
fn who_asks_by_mdns_is_told_where_the_agent_is_and_may_use_the_name() {
    let agent = Process::start(&["--mdns"]);
    let client = agent.client();
    let device: Device = client.read("/device");
    let port = client
        .authority()
        .rsplit(':')
        .next()
        .and_then(|port| port.parse().ok());
    let answer = find(port.expect("a port is a number"));
    let text = |key| {
        answer
            .txt_properties
            .get_property_val_str(key)
            .unwrap_or_default()
    };
    assert_eq!((text(PATH_KEY), text(API_KEY)), ("/", "v1"));
    assert_eq!(text(BUILD_ID_KEY), &*device.build_id.text());
    let ips: Vec<_> = answer
        .addresses
        .iter()
        .map(|address| address.to_ip_addr())
        .collect();
    assert_eq!(
        ips,
        [IpAddr::V4(Ipv4Addr::LOCALHOST)],
        "it is reached from this machine only"
    );
    let host = answer.host.trim_end_matches('.');
    assert!(host.ends_with(".local"), "{host}");
    assert_eq!(status(&client, host), 200);
    assert_eq!(
        status(&client, &format!("{}:{}", host.to_uppercase(), answer.port)),
        200
    );
    assert_eq!(status(&client, "other.local"), 403);
    let silent = Process::start(&[]);
    assert_eq!(
        status(&silent.client(), host),
        403,
        "a name that it has not told"
    );
}
