//! What is no HTTP: it is refused like everything else, ends the connection, and does nothing else.

use crate::support::answer::Answer;
use crate::support::client::api;
use crate::support::raw::{Connection, request};
use crate::support::target::Target;

/// More than any board takes as a request's line and headers.
const TOO_LONG: usize = 9_000;
/// Every status that says that the client did something wrong.
const REFUSALS: [u16; 9] = [400, 401, 403, 404, 405, 408, 414, 431, 505];

/// Sends bytes and the end, and checks that the agent takes no harm; returns what it answered.
#[track_caller]
fn attack(agent: &Target, bytes: &[u8]) -> Vec<Answer> {
    let before = agent.trace();
    let mut connection = Connection::open(agent);
    connection.send(bytes);
    connection.end();
    let mut answers = Vec::new();
    while let Some(answer) = connection.answer() {
        answers.push(answer);
    }
    agent.assert_untouched(&before);
    answers
}

/// Checks that bytes get one answer, a problem with one of these statuses.
#[track_caller]
fn refuse(agent: &Target, statuses: &[u16], bytes: impl AsRef<[u8]>) {
    let bytes = bytes.as_ref();
    let answers = attack(agent, bytes);
    let what = String::from_utf8_lossy(bytes);
    assert_eq!(answers.len(), 1, "{answers:?} to {what:?}");
    let status = answers[0].status;
    answers[0].problem(status);
    assert!(statuses.contains(&status), "{status} to {what:?}");
}

/// Checks that far too many bytes get a problem, or a reset: the agent does not take all of them.
#[track_caller]
fn flood(agent: &Target, status: u16, bytes: impl AsRef<[u8]>) {
    let answers = attack(agent, bytes.as_ref());
    assert!(answers.len() <= 1, "{answers:?}");
    for answer in answers {
        answer.problem(status);
    }
}

#[test]
fn bytes_that_are_no_request_are_refused() {
    let agent = Target::take();
    let tls = b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03";
    for bytes in [
        &b"\0"[..],
        b"\n",
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / \r\n\r\n",
        b"GET /\r\n\r\n",
        b"\xff\xfe\xfd\xfc\r\n\r\n",
        tls,
        b" GET / HTTP/1.1\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b":\r\n:\r\n\r\n",
        b"\0\0\0\0\0\0\0\0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ] {
        refuse(&agent, &[400], bytes);
    }
    refuse(&agent, &[505], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    for byte in (0..=u8::MAX).step_by(agent.stride(256)) {
        refuse(&agent, &[400], [byte; 64]);
    }
}

#[test]
fn nul_bytes_in_a_request_line_are_refused() {
    let agent = Target::take();
    let good = request(&agent, "POST", &api("/trace/stop"));
    for place in ["POST", "/trace", "HTTP"] {
        refuse(
            &agent,
            &REFUSALS,
            good.replace(place, &format!("\0{place}")),
        );
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
        format!("Host: {host}\r\nX: a\x07b\r\n"),
        format!("Host: {host}\r\nX Y: b\r\n"),
        format!("Host: {host}\r\n: b\r\n"),
        String::new(),
    ] {
        refuse(
            &agent,
            &[400, 403],
            format!(
                "POST {} HTTP/1.1\r\n{headers}\r\n",
                api("/trace/start?mode=all")
            ),
        );
    }
}

#[test]
fn a_request_line_that_is_too_long_is_refused() {
    let agent = Target::take();
    let line = |length| format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(length));
    refuse(&agent, &[414], line(TOO_LONG));
    refuse(&agent, &[414], "A".repeat(TOO_LONG));
    for length in [100_000, 2_000_000] {
        flood(&agent, 414, line(length));
        flood(&agent, 414, "A".repeat(length));
    }
}

#[test]
fn headers_that_are_too_long_are_refused() {
    let agent = Target::take();
    let head = request(&agent, "GET", &api("/trace"));
    let start = head.trim_end();
    let one = |length| format!("{start}\r\nX: {}\r\n\r\n", "a".repeat(length));
    let many = |length: usize| format!("{start}\r\n{}", "X: y\r\n".repeat(length / 6));
    refuse(&agent, &[431], one(TOO_LONG));
    refuse(&agent, &[431], many(TOO_LONG));
    flood(&agent, 431, one(1_000_000));
    flood(&agent, 431, many(1_000_000));
}

#[test]
fn a_request_cut_off_anywhere_changes_nothing() {
    let agent = Target::take();
    let whole = request(&agent, "POST", &api("/trace/start?mode=all"));
    for end in (1..whole.len() - 1).step_by(agent.stride(whole.len())) {
        refuse(&agent, &[400], &whole[..end]);
    }
}

#[test]
fn every_single_damaged_byte_is_survived() {
    let agent = Target::take();
    let whole = request(&agent, "GET", &api("/trace/records?limit=1")).into_bytes();
    let bytes = [0, b'\n', b'\r', b' ', b':', b'%', 0x80, 0xff];
    let places = 0..whole.len();
    let cases: Vec<_> = places.flat_map(|at| bytes.map(|byte| (at, byte))).collect();
    for &(at, byte) in cases.iter().step_by(agent.stride(cases.len())) {
        let mut damaged = whole.clone();
        damaged[at] = byte;
        attack(&agent, &damaged);
    }
}

#[test]
fn an_upgrade_that_is_not_offered_is_an_ordinary_request() {
    let agent = Target::take();
    let head = request(&agent, "GET", &api("/trace/count"));
    let head = head.trim_end().to_owned();
    let upgrade = "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let answers = attack(&agent, (head + upgrade).as_bytes());
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].status, 200);
}

/// Proxies, and clients that take the agent for one, send it (RFC 9112, 3.2.2).
#[test]
fn a_full_url_as_target_is_answered_like_its_path() {
    let agent = Target::take();
    let url = |path: &str| format!("http://{}{path}", agent.authority());
    for (path, status) in [
        (api("/trace/count"), 200),
        (api("/trace/records?limit=1"), 200),
        (api("/nothing"), 404),
        (api("/trace/records?limit=0"), 422),
    ] {
        let answers = attack(&agent, request(&agent, "GET", &url(&path)).as_bytes());
        assert_eq!((answers.len(), answers[0].status), (1, status), "{path}");
    }
    let root = agent.request("GET", "/", &[], b"");
    for path in ["", "/"] {
        let answers = attack(&agent, request(&agent, "GET", &url(path)).as_bytes());
        assert_eq!(
            (answers[0].status, &answers[0].body),
            (root.status, &root.body)
        );
    }
}

#[test]
fn a_full_url_as_target_is_no_way_around_the_guard() {
    let agent = Target::take();
    let host = agent.authority();
    let target = format!("http://{host}{}", api("/trace/start?mode=all"));
    let foreign = format!("http://evil.example{}", api("/trace/start?mode=all"));
    for head in [
        format!("POST {foreign} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("POST {foreign} HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
        format!("POST {foreign} HTTP/1.0\r\n\r\n"),
        format!("POST {target} HTTP/1.1\r\n\r\n"),
    ] {
        refuse(&agent, &REFUSALS, head);
    }
    refuse(
        &agent,
        &REFUSALS,
        format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    );
}
