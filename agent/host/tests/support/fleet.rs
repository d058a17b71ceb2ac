//! Many devices that one process of the test's own stands in for.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::background::Background;
use super::client::Client;
use super::process::executable;

/// A fleet that runs until this value goes.
pub(crate) struct Fleet {
    _process: Background,
    /// Name and address of each, in their order.
    devices: Vec<(String, String)>,
}

impl Fleet {
    /// Starts so many devices, whose addresses it writes to a file, and waits until they listen.
    pub(crate) fn start(devices: usize, targets: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(executable());
        command
            .args(["--listen", "127.0.0.1:0", "--devices", &devices.to_string()])
            .arg("--targets")
            .arg(targets)
            .args(arguments)
            .stdin(Stdio::null());
        let mut process = Background::start(&mut command, "the agent starts");
        process
            .find(|line| line.contains("devices listen").then_some(()))
            .expect("the fleet says where it listens");
        let text = fs::read_to_string(targets).expect("the file was written");
        let groups: Vec<Value> = serde_json::from_str(&text).expect("it is JSON");
        let text = |value: &Value| value.as_str().expect("it is a text").to_owned();
        let devices = groups
            .iter()
            .map(|group| (text(&group["labels"]["device"]), text(&group["targets"][0])))
            .collect();
        Self {
            _process: process,
            devices,
        }
    }

    /// Returns name and address of each device.
    pub(crate) fn devices(&self) -> &[(String, String)] {
        &self.devices
    }

    /// Returns a client of the device of an index.
    pub(crate) fn client(&self, index: usize) -> Client {
        Client::new(&format!("http://{}", self.devices[index].1), None)
    }
}
