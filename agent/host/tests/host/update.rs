//! Updates of a process that keeps in a file what a device keeps in flash: keys, signatures and uploads as people make them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use heapbeacon_shared::api::{Device, Feature, Ota, OtaState, Trace};
use tempfile::TempDir;

use crate::support::await_that;
use crate::support::client::{Client, api};
use crate::support::process::Process;
use crate::support::raw::Connection;

/// What is kept of a device that is not running: its flash, and the keys of who updates it.
struct Kept {
    folder: TempDir,
    key: String,
}

impl Kept {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is room");
        signing(&["keygen".into(), folder.path().join("key.pem").into()]);
        let key = fs::read_to_string(folder.path().join("key.pem.pub"));
        let key = key.expect("it is there").trim().to_owned();
        Self { folder, key }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn start(&self) -> Process {
        let flash = self.path("flash");
        let flash = flash.to_str().expect("it is text");
        Process::start(&[
            "--flash",
            flash,
            "--update-key",
            &self.key,
            "--start",
            "leaks",
        ])
    }

    /// Signs an image of so many bytes; returns the file that is uploaded.
    fn sign(&self, version: &str, bytes: usize) -> PathBuf {
        let image: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
        let path = self.path("app.bin");
        fs::write(&path, image).expect("there is room");
        let mut words: Vec<OsString> = vec!["sign".into(), path.into(), "--key".into()];
        words.push(self.path("key.pem").into());
        for word in [
            "--chip",
            std::env::consts::ARCH,
            "--firmware",
            "logger",
            "--version",
        ] {
            words.push(word.into());
        }
        words.push(version.into());
        signing(&words);
        self.path("app.bin.signed")
    }
}

fn signing(words: &[OsString]) {
    let said = heapbeacon_signing::run(words.iter().cloned());
    said.unwrap_or_else(|error| panic!("{error:#}"));
}

/// Sends a file as the README tells.
fn curl(agent: &Client, query: &str, file: &Path) -> Output {
    let url = format!("http://{}{}{query}", agent.authority(), api("/ota"));
    let data = format!("@{}", file.display());
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--fail-with-body", "--data-binary", &data, &url]);
    curl.output().expect("curl starts")
}

#[track_caller]
fn accepted(output: &Output) -> Ota {
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn firmware_is_signed_sent_started_and_confirmed() {
    let kept = Kept::new();
    let file = kept.sign("7.0.0", 300_001);
    let process = kept.start();
    let agent = process.client();
    let device: Device = agent.read("/device");
    assert!(device.features.contains(&Feature::Update));
    let before: Ota = agent.read("/ota");
    assert_eq!((before.state, before.running), (OtaState::Idle, 0));
    let ota = accepted(&curl(&agent, "", &file));
    assert_eq!((ota.state, ota.next), (OtaState::RestartNeeded, 1));
    drop(process);

    let process = kept.start();
    let agent = process.client();
    // Each look is an answer of the API, and so the proof that it works.
    let confirmed = || agent.read::<Ota>("/ota").state == OtaState::Idle;
    await_that("the new firmware to be confirmed", confirmed);
    let ota: Ota = agent.read("/ota");
    assert_eq!((ota.running, ota.next), (1, 1));
    assert_eq!(ota.slots[1].version.as_deref(), Some("7.0.0"));
    drop(process);
    let process = kept.start();
    assert_eq!(process.client().read::<Ota>("/ota").running, 1);
}

#[test]
fn firmware_that_nobody_hears_of_is_left_at_the_fourth_start() {
    let kept = Kept::new();
    let process = kept.start();
    accepted(&curl(&process.client(), "", &kept.sign("7.0.0", 5000)));
    drop(process);
    for _ in 0..3 {
        drop(kept.start());
    }
    let process = kept.start();
    let ota: Ota = process.client().read("/ota");
    assert_eq!((ota.running, ota.state), (0, OtaState::Idle));
    assert!(ota.slots[1].is_rejected);
}

#[test]
fn an_older_version_or_one_for_another_key_is_refused_in_words() {
    let kept = Kept::new();
    let process = kept.start();
    let agent = process.client();
    let older = kept.sign("0.0.1", 5000);
    let refused = curl(&agent, "", &older);
    assert!(!refused.status.success());
    assert!(
        text(&refused.stdout).contains("allow=downgrade"),
        "{refused:?}"
    );
    let refused = curl(&agent, "", &Kept::new().sign("7.0.0", 5000));
    assert!(text(&refused.stdout).contains("signature"), "{refused:?}");
    let refused = curl(&agent, "", &kept.sign("7.0.0", 1 << 20));
    assert!(
        text(&refused.stdout).contains("has room for"),
        "{refused:?}"
    );
    let state = |agent: &Client| agent.read::<Ota>("/ota").state;
    assert_eq!(state(&agent), OtaState::Idle);
    accepted(&curl(&agent, "?allow=downgrade", &kept.sign("0.0.1", 5000)));
    assert_eq!(state(&agent), OtaState::RestartNeeded);
}

#[test]
fn an_upload_whose_connection_is_lost_goes_on_and_the_trace_with_it() {
    let kept = Kept::new();
    let process = kept.start();
    let agent = process.client();
    let bytes = fs::read(kept.sign("7.0.0", 200_000)).expect("it is there");
    let total = bytes.len();
    let mut connection = Connection::open(&agent);
    let host = agent.authority();
    connection.send(format!(
        "POST {} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {total}\r\n\r\n",
        api("/ota")
    ));
    connection.send(&bytes[..total / 2]);
    let received = || agent.read::<Ota>("/ota").upload.map_or(0, |it| it.received);
    await_that("half of it to come", || {
        received() as usize >= total / 2 - 1024
    });
    let second = agent.request("POST", &api("/ota"), &[], &bytes);
    assert!(second.problem(409).detail.contains("Another upload"));
    drop(connection);
    await_that("the end to be noticed", || {
        agent.read::<Ota>("/ota").state == OtaState::Interrupted
    });
    let next = received() as usize;
    assert_eq!(next, total / 2);
    let range = format!("bytes {next}-{}/{total}", total - 1);
    let range = [("Content-Range", range.as_str())];
    let ota: Ota = agent
        .request("POST", &api("/ota"), &range, &bytes[next..])
        .json();
    assert_eq!(ota.state, OtaState::RestartNeeded);
    let trace: Trace = agent.trace();
    let summary = &trace.summary;
    let freed = summary.matched_frees + summary.evicted;
    assert_eq!(summary.total_allocations, summary.live_count + freed);
}

#[test]
fn an_upload_takes_no_longer_than_its_bytes_do() {
    let kept = Kept::new();
    let process = kept.start();
    let file = kept.sign("7.0.0", 1_000_000);
    let began = Instant::now();
    accepted(&curl(&process.client(), "", &file));
    let took = began.elapsed();
    eprintln!("1,000,000 bytes in {took:?}");
    // 100 KB a second.
    assert!(took.as_secs() < 10, "{took:?}");
}

#[test]
fn without_a_key_there_are_no_updates() {
    let kept = Kept::new();
    let process = Process::start(&[]);
    let refused = curl(&process.client(), "", &kept.sign("7.0.0", 5000));
    assert!(text(&refused.stdout).contains("takes no new firmware"));
}
