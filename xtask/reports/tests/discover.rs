//! Devices that say by mDNS where they are.

use std::process::{Command, Output};
use std::time::Instant;

use heapbeacon_shared::api::discovery::{API_KEY, BUILD_ID_KEY, PATH_KEY, SERVICE, SUBTYPE};
use mdns_sd::{IfKind, ServiceDaemon, ServiceInfo};
use serde_json::{Value, json};

const NAME: &str = "kitchen no. 2";

fn discover() -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_heapbeacon-reports"));
    command.arg("discover").output().expect("it starts")
}

/// Returns the groups of targets that were printed.
fn groups(output: &Output) -> Vec<Value> {
    let groups: Vec<_> = serde_json::from_slice(&output.stdout).expect("it is JSON");
    // An empty list does not take the place of another by `&&`.
    assert_eq!(output.status.success(), !groups.is_empty(), "{output:?}");
    groups
}

/// Answers, in this machine only, for a device and for another web server.
fn answer() -> ServiceDaemon {
    let daemon = ServiceDaemon::new().expect("there is a network");
    daemon.disable_interface(IfKind::All).expect("it runs");
    daemon
        .enable_interface(IfKind::LoopbackV4)
        .expect("it runs");
    let device = [(PATH_KEY, "/"), (API_KEY, "v1"), (BUILD_ID_KEY, "0f1e")];
    for (service, name, port, texts) in [
        (SUBTYPE, NAME, 8001, &device[..]),
        (SERVICE, "printer", 8002, &device[..1]),
    ] {
        let host = "test-of-discover.local.";
        let service = ServiceInfo::new(service, name, host, "127.0.0.1", port, texts);
        daemon
            .register(service.expect("it is right"))
            .expect("it runs");
    }
    daemon
}

/// One test, for what one part says would be found by the other.
#[test]
fn devices_are_printed_as_prometheus_reads_them_and_where_none_answers_that_is_said() {
    let is_ours = |group: &&Value| group["targets"][0] == "127.0.0.1:8001";
    let started = Instant::now();
    let output = discover();
    assert!(started.elapsed().as_secs() < 20, "it ends by itself");
    let said = String::from_utf8_lossy(&output.stderr);
    let found = groups(&output);
    assert_eq!(found.iter().find(is_ours), None);
    // Somebody else's device may be in this network.
    assert_eq!(
        found.is_empty(),
        said.contains("No device has answered"),
        "{said}"
    );

    let daemon = answer();
    let output = discover();
    let found = groups(&output);
    let expected = json!({
        "targets": ["127.0.0.1:8001"],
        "labels": {
            "device": NAME,
            "__meta_heapbeacon_api": "v1",
            "__meta_heapbeacon_build_id": "0f1e",
            "__meta_heapbeacon_host": "test-of-discover.local",
            "__meta_heapbeacon_path": "/",
        }
    });
    assert_eq!(found.iter().find(is_ours), Some(&expected));
    assert!(output.stderr.is_empty(), "{output:?}");
    let others: Vec<_> = found
        .iter()
        .filter(|group| group["targets"][0] == "127.0.0.1:8002")
        .collect();
    assert!(others.is_empty(), "a printer is no device");
    daemon.shutdown().expect("it runs");
}
