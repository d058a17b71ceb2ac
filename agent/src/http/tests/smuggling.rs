//! What a request has announced is never taken for a request, whatever the answer was.
//!
//! A web page can let a browser send a body of its choice to any device; a body that is a request would come without
//! the page's origin.

use std::format;
use std::string::String;
use std::vec::Vec;

use super::peer::Peer;
use super::{Answer, HEAD, agent_with, get, talk_to};
use crate::http::server::Server;
use crate::platform::Platform;
use crate::tests::board::Board;
use crate::tracer::State;

/// What would stop the trace if it were taken for a request.
const SMUGGLED: &str =
    "POST /api/v1/trace/stop HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer horse\r\n\r\n";
/// The token that the agent wants, as above.
const TOKEN: &str = "horse";
/// By how much a head may be shorter or longer than the buffer.
const AROUND: usize = 64;

/// A request up to its empty line, and the status that it gets whatever is behind it.
struct Case {
    status: u16,
    line: &'static str,
    headers: &'static str,
}

const fn case(status: u16, line: &'static str, headers: &'static str) -> Case {
    Case {
        status,
        line,
        headers,
    }
}

const STOP: &str = "POST /api/v1/trace/stop";
const GOOD: &str = "Authorization: Bearer horse\r\n";
const JSON: &str = "Authorization: Bearer horse\r\nContent-Type: application/json\r\n";

/// Requests whose body is refused or not wanted.
const UNWANTED: [Case; 12] = [
    case(200, "GET /api/v1/trace", GOOD),
    case(204, "OPTIONS /api/v1/trace", GOOD),
    case(401, STOP, ""),
    case(
        403,
        STOP,
        "Origin: http://evil.example\r\nAuthorization: Bearer horse\r\n",
    ),
    case(
        403,
        STOP,
        "Sec-Fetch-Site: cross-site\r\nAuthorization: Bearer horse\r\n",
    ),
    case(404, "POST /api/v1/nothing", GOOD),
    case(405, "PUT /api/v1/trace/stop", GOOD),
    case(405, "POST /", GOOD),
    case(415, STOP, GOOD),
    case(
        417,
        STOP,
        "Expect: a-miracle\r\nAuthorization: Bearer horse\r\n",
    ),
    case(422, "POST /api/v1/trace/stop?now=1", JSON),
    case(400, STOP, JSON),
];

/// Requests whose end is not known.
const ENDLESS: [Case; 16] = [
    case(400, STOP, "Content-Length: five\r\n"),
    case(400, STOP, "Content-Length: +5\r\n"),
    case(400, STOP, "Content-Length: 0\r\nContent-Length: 5000\r\n"),
    case(400, STOP, "Content-Length: 0, 5000\r\n"),
    case(400, STOP, "Content-Length:\r\n"),
    case(400, STOP, "Content-Length : 0\r\n"),
    case(400, STOP, "Content-Length\0: 0\r\n"),
    case(400, STOP, "\0Content-Length: 0\r\n"),
    case(400, STOP, "X: a\r\n Content-Length: 0\r\n"),
    case(400, STOP, "X: a\r\n \r\nContent-Length: 0\r\n"),
    case(400, STOP, " \r\n"),
    case(400, STOP, "X: a\nContent-Length: 0\r\n"),
    case(400, STOP, "X: a\rContent-Length: 0\r\n"),
    case(411, STOP, "Transfer-Encoding: chunked\r\n"),
    case(
        411,
        STOP,
        "Transfer-Encoding: identity\r\nContent-Length: 0\r\n",
    ),
    case(413, STOP, "Content-Length: 18446744073709551615\r\n"),
];

/// Returns an agent with a token whose trace records.
fn recording() -> &'static Server<Board> {
    if Board::tracer().summary().state != State::Recording {
        Board::trace();
    }
    agent_with(Some(TOKEN))
}

/// Sends bytes, some at a time, and checks that the trace still records; returns the answers.
#[track_caller]
fn attack(agent: &'static Server<Board>, bytes: &str, at_a_time: usize) -> Vec<Answer> {
    let (text, _) = talk_to(agent, Peer::that_leaves(bytes).in_pieces(at_a_time));
    let state = Board::tracer().summary().state;
    assert_eq!(state, State::Recording, "{bytes:?} got through: {text}");
    Answer::all(&text)
}

impl Case {
    fn head(&self, version: &str, more: &str) -> String {
        let Self { line, headers, .. } = self;
        format!("{line} HTTP/{version}\r\nHost: localhost\r\n{headers}{more}\r\n")
    }

    /// Returns the head with a header that makes it that long.
    fn padded(&self, more: &str, length: usize) -> String {
        let bare = self.head("1.1", &format!("{more}Pad: \r\n")).len();
        let pad = "x".repeat(length - bare);
        self.head("1.1", &format!("{more}Pad: {pad}\r\n"))
    }
}

fn length_of(body: &str) -> String {
    format!("Content-Length: {}\r\n", body.len())
}

#[test]
fn a_body_that_has_come_is_no_request_whatever_the_size_of_the_head() {
    let agent = recording();
    let announced = length_of(SMUGGLED);
    for case in &UNWANTED {
        for length in HEAD - AROUND..=HEAD + AROUND {
            let request = case.padded(&announced, length) + SMUGGLED;
            for at_a_time in [length, usize::MAX] {
                let answers = attack(agent, &request, at_a_time);
                let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
                let expected = if length <= HEAD { case.status } else { 431 };
                assert_eq!(statuses, [expected], "{length}: {}", case.line);
            }
        }
    }
}

#[test]
fn a_url_that_fills_the_buffer_lets_no_body_through() {
    let agent = recording();
    let announced = length_of(SMUGGLED);
    for length in HEAD - AROUND..=HEAD + AROUND {
        let bare = format!("POST / HTTP/1.1\r\nHost: localhost\r\n{announced}\r\n").len();
        let pad = "x".repeat(length - bare);
        let head = format!("POST /{pad} HTTP/1.1\r\nHost: localhost\r\n{announced}\r\n");
        let answers = attack(agent, &(head + SMUGGLED), usize::MAX);
        assert_eq!(answers.len(), 1, "{length}");
    }
}

#[test]
fn behind_a_body_that_was_read_the_next_request_is_answered() {
    let agent = recording();
    let next = get("/api/v1/nothing");
    for case in &UNWANTED {
        for pieces in [1, 7, usize::MAX] {
            let request = case.head("1.1", &length_of(SMUGGLED)) + SMUGGLED + &next;
            let answers = attack(agent, &request, pieces);
            let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
            let expected: &[_] = match case.status {
                // It did not wait for the answer, although it said so.
                417 => &[417],
                status => &[status, 401],
            };
            assert_eq!(statuses, expected, "{}", case.line);
        }
    }
}

#[test]
fn what_is_announced_and_does_not_come_ends_the_connection() {
    let agent = recording();
    for case in &UNWANTED {
        for more in [
            "Content-Length: 250\r\n",
            "Content-Length: 257\r\n",
            "Content-Length: 18446744073709551615\r\n",
            "Content-Length: 100\r\nExpect: 100-continue\r\n",
        ] {
            let answers = attack(agent, &(case.head("1.1", more) + SMUGGLED), usize::MAX);
            let last = answers.last().expect("it is answered");
            assert!(last.has("connection: close"), "{}", last.head);
            let finals = answers.iter().filter(|answer| answer.status >= 200);
            assert_eq!(finals.count(), 1, "{more}");
        }
    }
}

#[test]
fn a_request_whose_end_is_not_known_is_the_last() {
    let agent = recording();
    for case in &ENDLESS {
        for pieces in [1, usize::MAX] {
            let request = case.head("1.1", "") + SMUGGLED + SMUGGLED;
            let answers = attack(agent, &request, pieces);
            let [answer] = &answers[..] else {
                panic!("{} answers to {request:?}", answers.len());
            };
            answer.problem(case.status);
            assert!(answer.has("connection: close"), "{}", answer.head);
        }
    }
}

#[test]
fn who_closes_is_not_served_further() {
    let agent = recording();
    let case = case(200, "GET /api/v1/trace", GOOD);
    let announced = length_of(SMUGGLED);
    for (version, header) in [
        ("1.1", "Connection: close\r\n"),
        ("1.1", "Connection: keep-alive, close\r\n"),
        ("1.1", "Connection: keep-alive\r\nConnection: X ,CLOSE\r\n"),
        ("1.0", ""),
        ("1.0", "Connection: keep-alive\r\n"),
    ] {
        for body in ["", SMUGGLED] {
            let announced = if body.is_empty() { "" } else { &announced };
            let head = case.head(version, &format!("{header}{announced}"));
            let answers = attack(agent, &(head + body + SMUGGLED), usize::MAX);
            assert_eq!(answers.len(), 1, "{header}");
            assert!(answers[0].has("connection: close"), "{header}");
        }
    }
}
