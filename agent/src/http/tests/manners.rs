//! What RFC 9110 and RFC 9112 ask of a server beyond the ordinary.

use std::format;
use std::vec::Vec;

use super::peer::Peer;
use super::{Answer, HEAD, get, talk};

const COUNT: &str = "/api/v1/trace/count";

fn statuses(text: &str) -> Vec<u16> {
    let answers = Answer::all(text);
    answers.iter().map(|answer| answer.status).collect()
}

/// Returns a request that changes nothing, with a body that is refused in the end.
fn post(headers: &str, body: &str) -> std::string::String {
    let length = body.len();
    format!(
        "POST /api/v1/trace/stop HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n{headers}\r\n{body}"
    )
}

#[test]
fn empty_lines_before_a_request_are_ignored() {
    let request = get(COUNT);
    for lines in ["\r\n", "\r\n\r\n\r\n"] {
        for pieces in [1, usize::MAX] {
            let bytes = format!("{lines}{request}{lines}{request}{lines}");
            let (text, _) = talk(Peer::that_leaves(bytes).in_pieces(pieces));
            assert_eq!(statuses(&text).len(), 2, "{text}");
        }
    }
}

#[test]
fn who_sends_empty_lines_only_is_refused_soon() {
    let answers = talk(Peer::that_stays("\r\n".repeat(1000))).0;
    assert_eq!(statuses(&answers), [400]);
}

#[test]
fn whoever_asks_for_a_head_gets_no_body_whatever_is_wrong() {
    let long = "x".repeat(HEAD);
    for rest in [
        "/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n".into(),
        "/ HTTP/1.1\r\nHost: localhost\r\nX : y\r\n\r\n".into(),
        "/ HTTP/1.1\r\nHost: local host\r\n\r\n".into(),
        "/ HTTP/2.0\r\nHost: localhost\r\n\r\n".into(),
        format!("/ HTTP/1.1\r\nX: {long}\r\n\r\n"),
        format!("/{long} HTTP/1.1\r\n\r\n"),
        "/ HTTP/1.1\r\n\0".into(),
    ] {
        let (text, _) = talk(Peer::that_stays(format!("HEAD {rest}")));
        assert!(
            text.starts_with("HTTP/1.1 ") && text.ends_with("\r\n\r\n"),
            "{rest}: {text}"
        );
        assert_eq!(text.matches("\r\n\r\n").count(), 1, "{rest}: {text}");
    }
}

#[test]
fn a_whole_url_names_the_host_whatever_the_field_says() {
    for (target, host, status) in [
        ("http://localhost", "other", 200),
        ("http://localhost:80", "localhost", 200),
        ("http://127.0.0.1", "a b", 200),
        ("http://other", "localhost", 403),
        ("http://a@localhost", "localhost", 400),
    ] {
        let request = format!("GET {target}/api/v1/device HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let (text, _) = talk(Peer::that_leaves(request));
        assert_eq!(statuses(&text), [status], "{target} {host}");
    }
}

#[test]
fn what_is_long_takes_no_long_look() {
    let many = "a=b&".repeat(17);
    let (text, _) = talk(Peer::that_leaves(get(&format!(
        "/api/v1/device?{}",
        "&".repeat(17)
    ))));
    assert_eq!(statuses(&text), [422]);
    let (text, _) = talk(Peer::that_leaves(get(&format!("/api/v1/device?{many}"))));
    assert_eq!(statuses(&text), [422]);
}

#[test]
fn nothing_but_empty_lines_is_told_nothing() {
    for peer in [Peer::that_leaves("\r\n"), Peer::that_stays("\r\n\r\n")] {
        assert_eq!(talk(peer).0, "");
    }
}

#[test]
fn a_head_that_fills_the_buffer_behind_another_request_has_all_of_it() {
    let first = get("/api/v1/device");
    let bare = get("/").len();
    let full = get(&format!("/{}", "x".repeat(HEAD - bare)));
    assert_eq!(full.len(), HEAD);
    for pieces in [1, 100, usize::MAX] {
        let peer = Peer::that_leaves(format!("{first}\r\n{full}")).in_pieces(pieces);
        assert_eq!(statuses(&talk(peer).0), [200, 404]);
    }
}

#[cfg(feature = "tracing")]
#[test]
fn whoever_waits_for_word_gets_it_before_the_body_is_read() {
    let request = post("Expect: 100-continue\r\n", "{");
    let head = request.len() - 1;
    let (text, _) = talk(Peer::that_leaves(request).in_pieces(head));
    assert_eq!(statuses(&text)[0], 100, "{text}");
    assert_eq!(statuses(&text).len(), 2, "{text}");
}

#[test]
fn whoever_sends_the_body_at_once_or_has_none_needs_no_word() {
    for request in [
        post("Expect: 100-continue\r\n", "{"),
        post("Expect: 100-Continue\r\n", ""),
        post("Expect: 100-continue\r\n", "{").replacen("HTTP/1.1", "HTTP/1.0", 1),
    ] {
        let (text, _) = talk(Peer::that_leaves(request));
        assert!(!statuses(&text).contains(&100), "{text}");
    }
}

#[test]
fn whoever_waits_for_word_and_is_refused_is_told_at_once_and_for_the_last_time() {
    for (status, headers) in [
        (
            403,
            "Origin: http://evil.example\r\nExpect: 100-continue\r\n",
        ),
        (417, "Expect: a-miracle\r\n"),
        (417, "Expect: 100-continue, a-miracle\r\n"),
        (417, "Expect: 100-continue\r\nExpect: a-miracle\r\n"),
    ] {
        let request = post(headers, "{");
        let head = &request[..request.len() - 1];
        let (text, took) = talk(Peer::that_stays(head));
        assert_eq!((statuses(&text), took), ([status].into(), 0), "{text}");
        assert!(Answer::all(&text)[0].has("connection: close"), "{text}");
    }
}

#[test]
fn http_1_0_gets_no_chunks_and_its_end_is_the_end_of_the_connection() {
    let page = "/api/v1/demo";
    for path in [page, "/api/v1/device"] {
        let request = get(path).replacen("HTTP/1.1", "HTTP/1.0", 1);
        let (text, _) = talk(Peer::that_stays(request));
        assert!(!text.contains("chunked"), "{text}");
        assert!(text.contains("\r\nConnection: close\r\n"), "{text}");
    }
}

#[test]
fn options_of_everything_says_what_there_is() {
    let (text, _) = talk(Peer::that_leaves(
        "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ));
    let answers = Answer::all(&text);
    assert_eq!(answers[0].status, 204);
    assert!(answers[0].has("allow: GET, HEAD, POST, OPTIONS"), "{text}");
    let (text, _) = talk(Peer::that_leaves(
        "GET * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ));
    Answer::all(&text)[0].problem(400);
}

#[test]
fn every_answer_says_that_it_may_not_be_framed_sniffed_or_embedded() {
    for request in [
        get("/"),
        get("/api/v1/device"),
        get("/api/v1/nothing"),
        get("/").replacen("GET", "OPTIONS", 1),
        "nonsense\r\n\r\n".into(),
        format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(HEAD)),
        "GET / HTTP/1.1\r\nX".into(),
    ] {
        let (text, _) = talk(Peer::that_stays(request));
        let answers = Answer::all(&text);
        for header in [
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-resource-policy: same-origin",
            "cross-origin-opener-policy: same-origin",
        ] {
            assert!(answers[0].has(header), "{header}: {text}");
        }
        let policy = answers[0].header("content-security-policy");
        let policy = policy.expect("there is one");
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    }
}

/// Each browser says where a request comes from, where it is sure that nobody has changed it on its way.
#[test]
fn another_site_may_link_here_and_do_nothing_else() {
    let site = "Sec-Fetch-Site: cross-site\r\n";
    let link = "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";
    let frame = "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n";
    let embedded = "Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: script\r\n";
    let own = "Origin: http://localhost\r\n";
    for (method, headers, expected) in [
        ("GET", "Sec-Fetch-Site: same-origin\r\n".into(), 200),
        ("GET", "Sec-Fetch-Site: none\r\n".into(), 200),
        ("GET", site.into(), 403),
        ("GET", "Sec-Fetch-Site: same-site\r\n".into(), 403),
        ("GET", "Sec-Fetch-Site: somewhere\r\n".into(), 403),
        ("GET", "Sec-Fetch-Site:\r\n".into(), 403),
        ("GET", format!("{site}{link}"), 200),
        ("HEAD", format!("{site}{link}"), 200),
        ("GET", format!("{site}{frame}"), 403),
        ("GET", format!("{site}{embedded}"), 403),
        ("GET", format!("{site}{own}"), 200),
        ("GET", format!("{site}Origin: null\r\n"), 403),
        ("POST", format!("{site}{link}"), 403),
        ("GET", format!("{site}{site}"), 400),
        ("GET", format!("{own}{own}"), 400),
    ] {
        // A link leads to the page. It shows nobody what the device answers.
        let is_link = expected == 200 && headers.contains("navigate");
        let in_api = if is_link { 403 } else { expected };
        for (path, status) in [("/api/v1/device", in_api), ("/", expected)] {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
            let (text, _) = talk(Peer::that_stays(request));
            let status = format!("HTTP/1.1 {status} ");
            assert!(
                text.starts_with(&status),
                "{method} {path} {headers}: {text}"
            );
        }
    }
}
