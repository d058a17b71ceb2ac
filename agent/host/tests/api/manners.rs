//! What RFC 9110 and RFC 9112 ask of a server beyond the ordinary, and what it tells browsers.

use heapbeacon_shared::api::{POSTCARD_MIME, RecordsPage, Trace};
use heapbeacon_shared::trace::Mode;

use crate::support::answer::Answer;
use crate::support::client::api;
use crate::support::raw::{Connection, post, request};
use crate::support::target::Target;

const JSON_LINE: &str = "Content-Type: application/json\r\n";

/// Sends one request with more headers, and returns the answer.
#[track_caller]
fn ask(agent: &Target, path: &str, headers: &str) -> Answer {
    let head = request(agent, "GET", path);
    let mut connection = Connection::open(agent);
    connection.send(format!("{}\r\n{headers}\r\n", head.trim_end()));
    connection.answer().expect("an answer")
}

#[test]
fn a_client_that_expects_100_continue_gets_it_before_it_sends_the_body() {
    let agent = Target::tracing(Mode::All);
    let headers = format!("{JSON_LINE}Expect: 100-continue\r\n");
    let body = r#"{"mode":"leaks"}"#;
    let whole = post(&agent, &api("/trace/start"), &headers, body);
    let mut connection = Connection::open(&agent);
    connection.send(&whole[..whole.len() - body.len()]);
    let interim = connection.answer().expect("word to go on");
    assert_eq!((interim.status, interim.headers.len()), (100, 0));
    connection.send(body);
    let answer = connection.answer().expect("an answer");
    assert_eq!(answer.json::<Trace>().summary.mode, Some(Mode::Leaks));
    connection.send(request(&agent, "GET", &api("/trace/count")));
    assert_eq!(connection.answer().expect("it is kept").status, 200);
}

#[test]
fn a_client_that_expects_100_continue_and_is_refused_is_told_at_once() {
    let agent = Target::take();
    let before = agent.trace();
    for (status, headers) in [
        (403, "Origin: null\r\nExpect: 100-continue\r\n"),
        (415, "Expect: 100-continue\r\n"),
        (417, "Expect: a-miracle\r\n"),
        (417, "Expect: 100-continue\r\nExpect: a-miracle\r\n"),
    ] {
        let body = r#"{"mode":"leaks"}"#;
        let whole = post(&agent, &api("/trace/start"), headers, body);
        let mut connection = Connection::open(&agent);
        connection.send(&whole[..whole.len() - body.len()]);
        connection.answer().expect("an answer").problem(status);
        assert_eq!(connection.rest(), b"", "{headers}");
    }
    agent.assert_untouched(&before);
}

#[test]
fn http_1_0_gets_no_chunks_and_the_end_of_the_connection() {
    let agent = Target::take();
    for path in ["/trace/stacks", "/capture", "/trace/dump", "/trace/count"] {
        for more in ["", "Connection: keep-alive\r\n"] {
            let head = request(&agent, "GET", &api(path)).replace("HTTP/1.1", "HTTP/1.0");
            let mut connection = Connection::open(&agent);
            connection.send(format!("{}\r\n{more}\r\n", head.trim_end()));
            let answer = connection.answer().expect("an answer");
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.header("transfer-encoding"), None, "{path}");
            assert_eq!(answer.header("connection"), Some("close"), "{path}");
            assert!(!answer.body.is_empty(), "{path}");
            assert_eq!(connection.rest(), b"", "{path}");
        }
    }
}

#[test]
fn escapes_in_a_url_stand_for_what_they_mean() {
    let agent = Target::take();
    for (path, status) in [
        ("/api/v1/%74race/count", 200),
        ("/%61%70%69/v1/trace/count", 200),
        ("/api/v1/trace/records?limit=%31", 200),
        ("/api/v1/trace/records?%6Cimit=1%30", 200),
        ("/api/v1/trace/records?format=post%63ard", 200),
        ("/api/v1/trace/records?limit=1%20", 422),
        ("/api/v1/trace/records?limit=+1", 422),
        ("/api/v1/trace/records?limit=%2B1", 422),
        ("/api/v1/trace/records?limit%3D1", 422),
        ("/api/v1/trace/records?limit=1&%6climit=1", 422),
        ("/api/v1/trace%2Fcount", 404),
        ("/api%2Fv1/trace/count", 404),
        ("/api/v1/trace/count%00", 404),
        ("/api/v1/trace/records/%2e%2e", 422),
        ("/api/v1/trace/count?%", 400),
        ("/api/v1/trace/records?limit=%3", 400),
        ("/api/v1/trace/%zzcount", 400),
    ] {
        assert_eq!(ask(&agent, path, "").status, status, "{path}");
    }
}

#[test]
fn the_scheme_of_a_whole_url_is_written_as_one_likes() {
    let agent = Target::take();
    for scheme in ["http", "HTTP", "hTTp"] {
        let url = format!("{scheme}://{}{}", agent.authority(), api("/trace/count"));
        assert_eq!(ask(&agent, &url, "").status, 200, "{scheme}");
    }
    let url = format!("https://{}{}", agent.authority(), api("/trace/count"));
    ask(&agent, &url, "").problem(400);
}

#[test]
fn options_of_the_whole_server_says_what_there_is() {
    let agent = Target::take();
    let mut connection = Connection::open(&agent);
    connection.send(request(&agent, "OPTIONS", "*"));
    let answer = connection.answer().expect("an answer");
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("allow"), Some("GET, HEAD, POST, OPTIONS"));
    connection.send(request(&agent, "GET", "*"));
    connection.answer().expect("an answer").problem(400);
}

#[test]
fn empty_lines_before_a_request_are_ignored() {
    let agent = Target::take();
    let request = request(&agent, "GET", &api("/trace/count"));
    let mut connection = Connection::open(&agent);
    connection.send(format!("\r\n{request}\r\n\r\n{request}"));
    for _ in 0..2 {
        assert_eq!(connection.answer().expect("an answer").status, 200);
    }
}

#[test]
fn a_list_may_be_spread_over_several_lines() {
    let agent = Target::take();
    let records = api("/trace/records?limit=1");
    let answer = ask(
        &agent,
        &records,
        &format!("Accept: text/html\r\nAccept: {POSTCARD_MIME}\r\n"),
    );
    assert_eq!(answer.header("content-type"), Some(POSTCARD_MIME));
    let accept = format!("Accept: {POSTCARD_MIME};q=0.1\r\nAccept: application/json\r\n");
    ask(&agent, &records, &accept).json::<RecordsPage>();
    let root = agent.request("GET", "/", &[], b"");
    if let Some(tag) = root.header("etag") {
        let tags = format!("If-None-Match: \"other\"\r\nIf-None-Match: {tag}\r\n");
        assert_eq!(ask(&agent, "/", &tags).status, 304);
    }
    let both = "Connection: keep-alive\r\nConnection: close\r\n";
    assert_eq!(
        ask(&agent, &records, both).header("connection"),
        Some("close")
    );
}

/// A time that rises with the square of the length would rise fourfold.
#[test]
fn bytes_that_are_no_text_are_refused_without_reading_on() {
    let agent = Target::take();
    for length in [100, 1_000] {
        let mut connection = Connection::open(&agent);
        connection.send(vec![0; length]);
        connection.answer().expect("an answer").problem(400);
        assert_eq!(connection.rest(), b"");
    }
}

#[test]
fn no_answer_may_be_framed_sniffed_or_embedded() {
    let agent = Target::take();
    let files = agent.request("GET", "/", &[], b"");
    let mut answers = vec![
        files,
        ask(&agent, &api("/trace"), ""),
        ask(&agent, &api("/trace/records?limit=1"), ""),
        ask(&agent, &api("/openapi.yaml"), ""),
        ask(&agent, &api("/nothing"), ""),
        ask(&agent, &api("/trace"), "Content-Length: 5000\r\n"),
        agent.request("OPTIONS", &api("/trace"), &[], b""),
    ];
    for bytes in ["nonsense\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"] {
        let mut connection = Connection::open(&agent);
        connection.send(bytes);
        answers.push(connection.answer().expect("an answer"));
    }
    for answer in answers {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{answer:?}");
        }
        // The dashboard keeps a hold on the windows that it opens.
        let opener = answer.header("cross-origin-opener-policy");
        let opener = opener.expect("every answer has one");
        assert!(opener.starts_with("same-origin"), "{opener}");
        let policy = answer.header("content-security-policy");
        let policy = policy.expect("every answer has one");
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    }
}

#[test]
fn another_sites_page_may_link_here_and_do_nothing_else() {
    let agent = Target::take();
    let cross = "Sec-Fetch-Site: cross-site\r\n";
    let link = "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";
    let own = format!("Origin: http://{}\r\n", agent.authority());
    for path in ["/", &*api("/trace/count")] {
        for (headers, status) in [
            ("Sec-Fetch-Site: same-origin\r\n".to_owned(), 200),
            ("Sec-Fetch-Site: none\r\n".to_owned(), 200),
            ("Sec-Fetch-Site: same-site\r\n".to_owned(), 403),
            (cross.to_owned(), 403),
            (
                format!("{cross}Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n"),
                403,
            ),
            (
                format!("{cross}Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n"),
                403,
            ),
            (
                format!("{cross}Sec-Fetch-Mode: cors\r\nOrigin: null\r\n"),
                403,
            ),
            // A link on another site leads to the page, and shows nobody what the device answers.
            (
                format!("{cross}{link}"),
                if path == "/" { 200 } else { 403 },
            ),
            (format!("{cross}{own}"), 200),
        ] {
            assert_eq!(
                ask(&agent, path, &headers).status,
                status,
                "{path} {headers}"
            );
        }
    }
}
