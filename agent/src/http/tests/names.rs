//! The name below `.local` that a device answers to.

use std::format;

use heapbeacon_shared::api::{self, Network};
use heapbeacon_shared::trace::{Settings, name};

use super::peer::Peer;
use super::{Answer, agent_with, talk_to};
use crate::tests::board::{Names, call, keep_settings};
use crate::tests::settings::storage;

/// Calls the board by a name, with a hardware address.
fn call_it(is_on_mdns: bool) {
    let device = api::Device {
        name: name("Sensor 1"),
        network: Network {
            mac: "7c:df:a1:3f:a2:10".try_into().ok(),
            ..Network::default()
        },
        ..api::Device::default()
    };
    call(Names {
        device,
        is_on_mdns,
        ..Names::default()
    });
}

/// Returns the status of an answer to a request to a host.
fn status(host: &str) -> u16 {
    let request = format!("GET /api/v1/trace/count HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (text, _) = talk_to(agent_with(None), Peer::that_leaves(request));
    Answer::all(&text).remove(0).status
}

#[test]
fn a_device_without_a_name_of_its_own_is_called_by_the_end_of_its_hardware_address_too() {
    call_it(true);
    assert_eq!(status("sensor-1-3fa210.local"), 200);
    assert_eq!(status("Sensor-1-3FA210.local:80"), 200);
    assert_eq!(status("sensor-1.local"), 403);
}

#[test]
fn a_device_is_called_what_its_settings_call_it() {
    call_it(true);
    let store = keep_settings(storage());
    let settings = Settings {
        name: name("Kitchen"),
        ..Settings::NONE
    };
    store.set(settings).expect("they are kept");
    assert_eq!(status("kitchen.local"), 200);
    assert_eq!(status("sensor-1-3fa210.local"), 403);
}

#[test]
fn who_does_not_say_its_name_by_mdns_does_not_answer_to_it() {
    call_it(false);
    assert_eq!(status("sensor-1-3fa210.local"), 403);
}
