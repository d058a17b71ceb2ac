//! What a request has announced is never taken for a request, whatever the answer was.

use crate::support::answer::Answer;
use crate::support::client::{Client, api};
use crate::support::raw::{Connection, request};
use crate::support::target::Target;

/// By how much a head may be shorter or longer than the agent's buffer.
const AROUND: usize = 64;
/// No board's buffer is smaller, and none larger.
const BUFFERS: std::ops::Range<usize> = 512..65_536;
const JSON: &str = "Content-Type: application/json\r\n";
const STOP: &str = "POST /api/v1/trace/stop";

/// What is refused by its head alone: the status, the request line, and headers.
const REFUSED: [(u16, &str, &str); 20] = [
    (400, STOP, "Content-Length: five\r\n"),
    (400, STOP, "Content-Length: +0\r\n"),
    (400, STOP, "Content-Length : 0\r\n"),
    (400, STOP, "\0\0\0\0Content-Length: 0\r\n"),
    (400, STOP, "Content-Length\0\0\0: 0\r\n"),
    (400, STOP, "X: a\r\n\tContent-Length: 0\r\n"),
    (400, STOP, " \r\n"),
    (400, STOP, "X: a\nContent-Length: 0\r\n"),
    (400, STOP, "Content-Length: 0\r\nContent-Length: 0\r\n"),
    (400, "POST /api/v1/trace/%zz", "Content-Length: 250\r\n"),
    (403, STOP, "Origin: null\r\nContent-Length: 250\r\n"),
    (
        403,
        "GET /api/v1/trace",
        "Sec-Fetch-Site: cross-site\r\nContent-Length: 250\r\n",
    ),
    (404, "POST /api/v1/nothing", "Content-Length: 250\r\n"),
    (405, "PUT /api/v1/trace/stop", "Content-Length: 250\r\n"),
    (411, STOP, "Transfer-Encoding: chunked\r\n"),
    (411, STOP, "Transfer-Encoding: x\r\nContent-Length: 0\r\n"),
    (413, STOP, "Content-Length: 4294967295\r\n"),
    (413, STOP, "Content-Length: 18446744073709551615\r\n"),
    (415, STOP, "Content-Length: 250\r\n"),
    (417, STOP, "Expect: more\r\nContent-Length: 250\r\n"),
];

/// Returns what would restart the trace if it were taken for a request.
fn smuggled(agent: &Client) -> String {
    request(agent, "POST", &api("/trace/start?mode=all"))
}

/// Returns a head that is that long.
fn head(agent: &Client, line: &str, headers: &str, length: usize) -> String {
    let (host, token) = (agent.authority(), agent.token_line());
    let bare = format!("{line} HTTP/1.1\r\nHost: {host}\r\n{token}{headers}Pad: \r\n\r\n");
    let pad = "x".repeat(length.saturating_sub(bare.len()));
    bare.replace("Pad: ", &format!("Pad: {pad}"))
}

/// Sends bytes and the end; returns all answers.
#[track_caller]
fn answers(agent: &Client, bytes: &str) -> Vec<Answer> {
    let mut connection = Connection::open(agent);
    connection.send(bytes);
    connection.end();
    std::iter::from_fn(|| connection.answer()).collect()
}

/// Finds the longest head that the agent reads.
fn buffer(agent: &Client) -> usize {
    let (mut fits, mut does_not) = (BUFFERS.start, BUFFERS.end);
    while does_not - fits > 1 {
        let length = fits.midpoint(does_not);
        let head = head(agent, "GET /nothing/here", "", length);
        match answers(agent, &head)[0].status {
            431 => does_not = length,
            _ => fits = length,
        }
    }
    fits
}

#[test]
fn no_body_gets_through_whatever_the_size_of_the_head() {
    let agent = Target::take();
    let before = agent.trace();
    let body = smuggled(&agent);
    let buffer = buffer(&agent);
    let announced = format!("Content-Length: {}\r\n", body.len());
    for length in buffer - AROUND..=buffer + AROUND {
        for (line, headers, status) in [
            ("GET /api/v1/trace/count", "", 200),
            (STOP, "Origin: http://evil.example\r\n", 403),
            ("POST /nothing/here", "", 404),
        ] {
            let headers = format!("{headers}{announced}");
            let head = head(&agent, line, &headers, length);
            let answers = answers(&agent, &format!("{head}{body}"));
            let expected = if length <= buffer { status } else { 431 };
            assert_eq!(answers.len(), 1, "{length}: {answers:?}");
            assert_eq!(answers[0].status, expected, "{length}: {line}");
        }
    }
    agent.assert_untouched(&before);
}

#[test]
fn whatever_is_refused_nothing_behind_it_is_a_request() {
    let agent = Target::take();
    let before = agent.trace();
    let body = smuggled(&agent);
    for (status, line, headers) in REFUSED {
        let head = head(&agent, line, headers, 0);
        let answers = answers(&agent, &format!("{head}{body}"));
        let [answer] = &answers[..] else {
            panic!("{answers:?} to {line} {headers:?}");
        };
        assert_eq!(answer.status, status, "{line} {headers:?}");
        answer.problem(status);
        assert_eq!(answer.header("connection"), Some("close"), "{headers:?}");
    }
    agent.assert_untouched(&before);
}

#[test]
fn a_body_that_was_read_lets_the_next_request_follow() {
    let agent = Target::take();
    let before = agent.trace();
    let body = smuggled(&agent);
    let announced = format!("Content-Length: {}\r\n", body.len());
    let next = request(&agent, "GET", &api("/trace/count"));
    for (status, line, headers) in [
        (400, STOP, JSON),
        (403, STOP, "Origin: http://evil.example\r\n"),
        (404, "POST /nothing/here", ""),
        (405, "PUT /api/v1/trace/stop", ""),
        (415, STOP, ""),
        (422, "POST /api/v1/trace/stop?now=1", JSON),
    ] {
        let head = head(&agent, line, &format!("{headers}{announced}"), 0);
        let answers = answers(&agent, &format!("{head}{body}{next}"));
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [status, 200], "{line}");
    }
    agent.assert_untouched(&before);
}

/// A number that doesn't fit must not be added to anything: in a build that checks, that is a panic.
#[test]
fn no_length_however_large_harms_the_agent() {
    let agent = Target::take();
    let before = agent.trace();
    for length in [
        "4294967295",
        "4294967294",
        "18446744073709551615",
        "9223372036854775807",
    ] {
        for line in ["GET /", STOP, "OPTIONS *"] {
            let headers = format!("Content-Length: {length}\r\n");
            let answers = answers(&agent, &head(&agent, line, &headers, 0));
            assert_eq!(answers.len(), 1);
            answers[0].problem(413);
        }
    }
    agent.assert_untouched(&before);
}
