//! The command line: what it refuses, and with which sentence.

use heapbeacon_shared::api::{Device, Feature};
use heapbeacon_shared::trace::{Destination, Mode, State};

use crate::support::process::{Process, output};

#[track_caller]
fn refuse(arguments: &[&str], code: i32, sentence: &str) {
    let output = output(arguments);
    let error = String::from_utf8(output.stderr).expect("errors are text");
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(error.contains(sentence), "{error}");
    assert!(
        error.starts_with("heapbeacon-host: ") && error.lines().count() == 1,
        "{error}"
    );
    assert!(output.stdout.is_empty(), "it listened");
}

#[test]
fn listening_beyond_loopback_needs_a_token() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        refuse(
            &["--listen", address],
            2,
            "add --token TOKEN, or listen on 127.0.0.1",
        );
    }
    refuse(&["--listen", "0.0.0.0:0", "--token", ""], 2, "empty");
}

#[test]
fn wrong_arguments_are_refused_with_a_hint() {
    refuse(&["--nonsense"], 2, "--help");
    refuse(&["surplus"], 2, "--help");
    refuse(&["--listen"], 2, "--help");
    refuse(&["--listen", "localhost"], 2, "127.0.0.1:8080");
    refuse(&["--start", "none"], 2, "leaks or all");
    refuse(&["--records", "5"], 2, "--start");
    refuse(&["--start", "all", "--records", "0"], 2, "above 0");
    refuse(&["--start", "all", "--records", "-1"], 2, "above 0");
    refuse(
        &["--allow-origin", "example.com"],
        2,
        "http://localhost:8081",
    );
    refuse(
        &["--allow-origin", "http://example.com/"],
        2,
        "without a path",
    );
}

#[test]
fn what_cannot_be_started_is_said() {
    let nowhere = ["--listen", "127.0.0.1:0", "--dashboard", "/nowhere/at/all"];
    refuse(&nowhere, 1, "/nowhere/at/all");
    let too_many = [
        "--listen",
        "127.0.0.1:0",
        "--start",
        "all",
        "--records",
        "4294967295",
    ];
    refuse(&too_many, 1, "--records takes at most");
    let taken = Process::start(&[]);
    let address = taken.client().authority().to_owned();
    refuse(
        &["--listen", &address],
        1,
        "choose another address with --listen",
    );
}

#[test]
fn stand_ins_need_a_number_and_a_port_for_each() {
    for number in ["0", "-1", "501", "70000", "many"] {
        refuse(&["--devices", number], 2, "from 1 to 500");
    }
    let high = ["--listen", "127.0.0.1:65500", "--devices"];
    refuse(&[&high[..], &["37"]].concat(), 2, "ports above 65535");
    for other in [
        &["--start", "leaks"][..],
        &["--flash", "chip"],
        &["--no-demo"],
    ] {
        refuse(
            &[&["--devices", "3"], other].concat(),
            2,
            "--devices takes neither",
        );
    }
    refuse(&["--targets", "targets.json"], 2, "--devices N");
    let taken = Process::start(&[]);
    let address = taken.client().authority().to_owned();
    refuse(
        &["--listen", &address, "--devices", "3"],
        1,
        "device 1 of 3",
    );
    let nowhere = [
        "--listen",
        "127.0.0.1:0",
        "--devices",
        "3",
        "--targets",
        "/nowhere/at/all",
    ];
    refuse(&nowhere, 1, "/nowhere/at/all");
}

#[test]
fn help_and_version_are_printed() {
    let help = output(&["--help"]);
    assert!(help.status.success());
    assert!(String::from_utf8_lossy(&help.stdout).contains("--allow-origin"));
    let version = output(&["--version"]);
    let expected = format!("heapbeacon-host {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8_lossy(&version.stdout), expected);
}

#[test]
fn tracing_starts_when_it_is_asked_to() {
    let idle = Process::start(&[]).client().trace();
    assert_eq!(
        (
            idle.summary.state,
            idle.summary.destination,
            idle.summary.mode
        ),
        (State::Uninitialised, None, None)
    );
    let started = Process::start(&["--start", "all", "--records", "100"])
        .client()
        .trace();
    assert_eq!(
        (started.summary.state, started.summary.mode),
        (State::Recording, Some(Mode::All))
    );
    assert_eq!(started.summary.destination, Some(Destination::Standalone));
    assert_eq!(started.summary.capacity, 100);
}

#[test]
fn without_the_demo_there_are_no_switches() {
    let agent = Process::start(&["--no-demo"]);
    let device: Device = agent.client().read("/device");
    assert!(!device.features.contains(&Feature::Demo));
    agent.client().get("/demo").problem(404);
    agent
        .client()
        .post("/demo/session-leak", r#"{"on":true}"#)
        .problem(404);
}
