//! Many devices in one process.

use std::collections::BTreeSet;

use heapbeacon_shared::api::{Device, Heap};
use heapbeacon_shared::trace::State;

use crate::support::await_that;
use crate::support::client::api;
use crate::support::fleet::Fleet;
use crate::support::raw::Connection;

const DEVICES: usize = 20;
/// Connections that browsers open to one host.
const BROWSER: usize = 6;

fn start() -> (Fleet, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("there are folders");
    let fleet = Fleet::start(DEVICES, &folder.path().join("targets.json"), &[]);
    (fleet, folder)
}

#[test]
fn each_has_its_own_identity_and_says_where_it_is() {
    let (fleet, _folder) = start();
    let devices: Vec<Device> = (0..DEVICES)
        .map(|index| fleet.client(index).read("/device"))
        .collect();
    for (device, (name, address)) in devices.iter().zip(fleet.devices()) {
        assert_eq!(
            (&*device.name, &*device.network.address),
            (&**name, &**address)
        );
        assert_eq!(
            (&*device.board, &*device.reset_reason),
            ("stand-in", "power on")
        );
    }
    let different = |of: fn(&Device) -> String| devices.iter().map(of).collect::<BTreeSet<_>>();
    assert_eq!(different(|device| device.name.to_string()).len(), DEVICES);
    assert_eq!(
        different(|device| device.boot_id.to_string()).len(),
        DEVICES
    );
    let versions = different(|device| device.firmware_version.to_string());
    let builds =
        different(|device| format!("{} {}", device.firmware_version, device.build_id.text()));
    assert_eq!(
        (versions.len(), builds.len()),
        (3, 3),
        "a build id for each version"
    );
}

#[test]
fn each_has_its_own_trace() {
    let (fleet, _folder) = start();
    let (stopped, other) = (fleet.client(0), fleet.client(1));
    assert_eq!(stopped.trace().summary.state, State::Recording);
    let before = stopped.command("/trace/stop", "").summary.total_allocations;
    let seen = other.trace().summary.total_allocations;
    await_that("the other one allocates on", || {
        other.trace().summary.total_allocations > seen
    });
    assert_eq!(stopped.trace().summary.total_allocations, before);
    // Its record buffer is its own, and comes back to it.
    stopped.command("/trace/init", r#"{"destination":"standalone","records":0}"#);
    stopped.command("/trace/init", r#"{"destination":"standalone"}"#);
    stopped.command("/trace/start?mode=all", "");
    await_that("it records again", || {
        stopped.trace().summary.live_count > 0
    });
}

/// A browser opens them all at once, and under load it takes its time before it asks. Who comes beyond them waits.
#[test]
fn each_connection_of_a_browser_is_answered_however_late_it_asks() {
    let (fleet, _folder) = start();
    let client = fleet.client(0);
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\n\r\n",
        api("/trace/count"),
        client.authority()
    );
    let ask = |connection: &mut Connection| {
        connection.send(&request);
        let answer = connection.answer().expect("it is not closed");
        assert_eq!(answer.status, 200);
    };
    let mut connections: Vec<_> = (0..BROWSER).map(|_| Connection::open(&client)).collect();
    ask(&mut connections[0]);
    // The one that has nothing more to ask gives way.
    let mut late = Connection::open(&client);
    connections[1..].iter_mut().for_each(ask);
    ask(&mut late);
}

#[test]
fn a_leak_is_told_at_once_and_eats_the_heap() {
    let (fleet, _folder) = start();
    for (index, leaks) in [(0, false), (4, true), (9, true), (14, false)] {
        let answer = fleet.client(index).get("/trace/leaks?verdict=leaking");
        let answer: serde_json::Value = answer.try_json().expect("it is JSON");
        let listed = answer["leaks"].as_array().expect("it is a list").len();
        assert_eq!(listed, usize::from(leaks), "{index}");
    }
    let free = |index| fleet.client(index).read::<Heap>("/heap").regions[0].free;
    let before = free(9);
    await_that("what leaks is gone", || free(9) + 1024 < before);
    let pieces = &fleet.client(14).read::<Heap>("/heap").regions[0];
    assert!(pieces.largest_free_block * 4 < pieces.free, "{pieces:?}");
}
