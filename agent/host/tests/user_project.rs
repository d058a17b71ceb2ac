//! The agent in a project of somebody's own, built as `cargo build` builds it: no arithmetic on what a client sends
//! may panic there, where no profile of this workspace says how it is checked.

mod support;

use std::process::Command;

use support::background::Background;
use support::client::{Client, api};
use support::raw::{Connection, request};

/// Builds the project, as a user would, and starts it.
fn start() -> (Background, Client) {
    // From the package's folder, where Cargo starts tests.
    let project = "tests/user_project";
    let results = concat!(env!("CARGO_TARGET_TMPDIR"), "/user_project");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--locked", "--target-dir", results])
        .current_dir(project)
        .status()
        .expect("cargo runs");
    assert!(built.success(), "it does not build");
    let mut program = Command::new(format!("{results}/debug/user-project"));
    let mut program = Background::start(&mut program, "it was built");
    let url = program.find(Some).expect("it says where it listens");
    (program, Client::new(&url, None))
}

#[test]
fn no_request_makes_it_panic() {
    let (_program, client) = start();
    let greedy = [
        u64::MAX,
        u64::MAX - 1,
        u32::MAX.into(),
        1 << 63,
        usize::MAX as u64 - 1152,
    ];
    let numbers = greedy.map(|number| number.to_string());
    let numbers = numbers
        .iter()
        .map(String::as_str)
        .chain(["-1", "+1", "1e9", ""]);
    for number in numbers {
        for line in [
            "GET /",
            "POST /api/v1/trace/start",
            "HEAD /nothing",
            "OPTIONS *",
        ] {
            attack(
                &client,
                &format!("{line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {number}\r\n\r\n"),
            );
        }
        for query in [
            "records?after",
            "records?limit",
            "stacks?after",
            "leaks?min_age_ms",
        ] {
            attack(
                &client,
                &request(&client, "GET", &api(&format!("/trace/{query}={number}"))),
            );
        }
        let body = format!("{{\"destination\":\"standalone\",\"records\":{number}}}");
        let length = body.len();
        attack(
            &client,
            &format!(
                "POST /api/v1/trace/init HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                 Content-Length: {length}\r\n\r\n{body}"
            ),
        );
    }
    for length in 1088..=1216 {
        let bare = "GET / HTTP/1.1\r\nHost: localhost\r\nPad: \r\n\r\n".len();
        let pad = "x".repeat(length - bare);
        attack(
            &client,
            &format!("GET / HTTP/1.1\r\nHost: localhost\r\nPad: {pad}\r\n\r\n"),
        );
    }
}

/// Sends bytes and the end, and checks that the agent answers and is there afterwards.
#[track_caller]
fn attack(client: &Client, bytes: &str) {
    let mut connection = Connection::open(client);
    connection.send(bytes);
    connection.end();
    let head = connection.head();
    assert!(
        head.is_some_and(|head| head.status >= 200),
        "no answer to {bytes:?}"
    );
    assert_eq!(client.get("/trace").status, 200, "gone after {bytes:?}");
}
