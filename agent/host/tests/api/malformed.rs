//! What is no HTTP: it ends the connection, with or without an answer, and nothing else.

use crate::support::client::api;
use crate::support::raw::{Connection, request};
use crate::support::target::Target;

/// Sends bytes and the end, and checks that the agent takes no harm; returns the statuses that it
/// answered with.
#[track_caller]
fn attack(agent: &Target, bytes: &[u8]) -> Vec<u16> {
    let before = agent.trace();
    let mut connection = Connection::open(agent);
    connection.send(bytes);
    connection.end();
    let mut statuses = Vec::new();
    while let Some(answer) = connection.answer() {
        statuses.push(answer.status);
    }
    agent.assert_untouched(&before);
    statuses
}

#[track_caller]
fn refuse(agent: &Target, bytes: impl AsRef<[u8]>) {
    let bytes = bytes.as_ref();
    let statuses = attack(agent, bytes);
    let is_refused = statuses.iter().all(|status| matches!(status, 400..500));
    assert!(
        is_refused,
        "{statuses:?} to {:?}",
        String::from_utf8_lossy(bytes)
    );
}

#[test]
fn bytes_that_are_no_request_are_refused() {
    let agent = Target::take();
    let tls = b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03";
    for bytes in [
        &b"\0"[..],
        b"\n",
        b"\r\n\r\n",
        b"\r\n",
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / \r\n\r\n",
        b"GET /\r\n\r\n",
        b"\xff\xfe\xfd\xfc\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        tls,
        b" GET / HTTP/1.1\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b":\r\n:\r\n\r\n",
        b"\0\0\0\0\0\0\0\0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ] {
        refuse(&agent, bytes);
    }
    for byte in 0..=u8::MAX {
        refuse(&agent, [byte; 64]);
    }
}

#[test]
fn nul_bytes_in_a_request_are_refused() {
    let agent = Target::take();
    let good = request(&agent, "POST", &api("/trace/stop"));
    for place in ["POST", "/trace", "HTTP"] {
        refuse(&agent, good.replace(place, &format!("\0{place}")));
    }
}

#[test]
fn headers_that_are_none_do_not_reach_the_trace() {
    let agent = Target::take();
    let host = agent.authority();
    for headers in [
        format!("Host: {host}\r\nnonsense\r\n"),
        format!("Host: {host}\r\nHost: {host}\r\n"),
        format!("Host: {host}\r\nHost: evil.example\r\n"),
        "Host:\r\n".to_owned(),
        "Host: \u{e4}\r\n".to_owned(),
        "Host : evil.example\r\n".to_owned(),
        String::new(),
    ] {
        refuse(
            &agent,
            format!(
                "POST {} HTTP/1.1\r\n{headers}\r\n",
                api("/trace/start?mode=all")
            ),
        );
    }
}

#[test]
fn a_request_line_without_end_is_refused() {
    let agent = Target::take();
    for length in [9_000, 100_000, 2_000_000] {
        refuse(
            &agent,
            format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(length)),
        );
        refuse(&agent, "A".repeat(length));
    }
}

#[test]
fn headers_without_end_are_refused() {
    let agent = Target::take();
    let start = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\n",
        api("/trace"),
        agent.authority()
    );
    refuse(
        &agent,
        format!("{start}X: {}\r\n\r\n", "a".repeat(1_000_000)),
    );
    refuse(&agent, start + &"X: y\r\n".repeat(200_000));
}

#[test]
fn a_request_cut_off_anywhere_changes_nothing() {
    let agent = Target::take();
    let whole = request(&agent, "POST", &api("/trace/start?mode=all"));
    for end in 1..whole.len() - 1 {
        refuse(&agent, &whole[..end]);
    }
}

#[test]
fn every_single_damaged_byte_is_survived() {
    let agent = Target::take();
    let whole = request(&agent, "GET", &api("/trace/records?limit=1")).into_bytes();
    for at in 0..whole.len() {
        for byte in [0, b'\n', b'\r', b' ', b':', b'%', 0x80, 0xff] {
            let mut damaged = whole.clone();
            damaged[at] = byte;
            attack(&agent, &damaged);
        }
    }
}

#[test]
fn an_upgrade_that_is_not_offered_is_an_ordinary_request() {
    let agent = Target::take();
    let head = request(&agent, "GET", &api("/trace/count"));
    let head = head.trim_end().to_owned();
    let upgrade = "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let statuses = attack(&agent, (head + upgrade).as_bytes());
    assert_eq!(statuses, [200]);
}

#[test]
fn a_full_url_as_target_is_no_way_around_the_guard() {
    let agent = Target::take();
    let host = agent.authority();
    let target = format!("http://{host}{}", api("/trace/start?mode=all"));
    refuse(
        &agent,
        format!("POST {target} HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
    );
    refuse(
        &agent,
        format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    );
}
