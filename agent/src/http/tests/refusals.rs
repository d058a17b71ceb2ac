//! What never gets to a handler is refused at once, once, and in the API's own form.

use std::format;
use std::string::String;

use super::peer::Peer;
use super::{Answer, HEAD, get, talk};

/// Checks that a peer gets one refusal, at once, and the end; returns its detail.
#[track_caller]
fn refused(status: u16, peer: Peer) -> String {
    let (text, took) = talk(peer);
    let answers = Answer::all(&text);
    let [answer] = &answers[..] else {
        panic!("{} answers", answers.len());
    };
    assert!(answer.has("connection: close"), "{}", answer.head);
    assert_eq!(took, 0, "it was waited for something");
    answer.problem(status).detail.as_str().into()
}

fn post(headers: &str) -> String {
    format!("POST /api/v1/trace/stop HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")
}

#[test]
fn what_is_no_request_is_malformed() {
    for bytes in [
        "GET\r\n\r\n",
        "GET / HTTP/1.1 more\r\n\r\n",
        "GET / HTTP/1.1\r\nno header\r\n\r\n",
    ] {
        refused(400, Peer::that_stays(bytes));
    }
}

#[test]
fn a_request_that_ends_before_its_headers_do_is_malformed() {
    let whole = get("/api/v1/trace");
    for end in 1..whole.len() - 2 {
        refused(400, Peer::that_leaves(&whole[..end]));
    }
}

#[test]
fn a_request_line_that_fills_the_buffer_is_too_long() {
    let detail = refused(414, Peer::that_stays(get(&"/".repeat(HEAD))));
    assert!(detail.contains(&format!("{HEAD} bytes")), "{detail}");
}

#[test]
fn headers_that_fill_the_buffer_are_too_long() {
    refused(431, Peer::that_stays(post(&"X: y\r\n".repeat(HEAD))));
}

#[test]
fn too_long_after_a_request_that_was_answered_is_too_long_all_the_same() {
    let (text, _) = talk(Peer::that_stays(
        get("/api/v1/device") + &get(&"/".repeat(HEAD)),
    ));
    let answers = Answer::all(&text);
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0].status, 200);
    answers[1].problem(414);
}

#[test]
fn a_request_that_does_not_arrive_is_a_timeout() {
    for part in ["G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nX: y"] {
        let (text, took) = talk(Peer::that_stays(part));
        let answers = Answer::all(&text);
        assert_eq!(answers.len(), 1);
        assert_eq!(answers[0].problem(408).code, "ESP_ERR_TIMEOUT");
        assert_eq!(took, 5000);
    }
}

#[cfg(feature = "tracing")]
#[test]
fn a_body_that_does_not_arrive_is_a_timeout() {
    let headers = "Content-Type: application/json\r\nContent-Length: 9\r\n";
    let (text, _) = talk(Peer::that_stays(post(headers) + "{"));
    let answers = Answer::all(&text);
    assert_eq!(answers.len(), 1);
    assert!(answers[0].has("connection: close"));
    answers[0].problem(408);
}

#[test]
fn a_peer_that_says_nothing_is_told_nothing() {
    assert_eq!(talk(Peer::that_stays("")), (String::new(), 1000));
}

#[test]
fn a_body_that_is_too_large_is_not_waited_for() {
    for length in ["257", "5000", "4294967296", "18446744073709551615"] {
        let head = post(&format!("Content-Length: {length}\r\n"));
        refused(413, Peer::that_stays(head));
    }
}

#[test]
fn a_length_that_is_not_sure_is_not_waited_for_and_nothing_behind_it_is_read() {
    let behind = post("") + &get("/api/v1/device");
    for (status, headers) in [
        (400, "Content-Length: five\r\n"),
        (400, "Content-Length: 0\r\nContent-Length: 5000\r\n"),
        (400, "Content-Length: 5000\r\nContent-Length: 0\r\n"),
        (411, "Transfer-Encoding: chunked\r\n"),
        (
            411,
            "Transfer-Encoding: chunked\r\nContent-Length: 5000\r\n",
        ),
    ] {
        refused(status, Peer::that_stays(post(headers)));
        refused(status, Peer::that_stays(post(headers) + &behind));
    }
}

#[test]
fn an_answer_to_head_has_no_body_even_when_it_is_the_last() {
    let head = post("Content-Length: 5000\r\n").replacen("POST", "HEAD", 1);
    let (text, _) = talk(Peer::that_stays(head));
    assert!(text.starts_with("HTTP/1.1 413"), "{text}");
    assert!(text.ends_with("\r\n\r\n"), "{text}");
}

#[test]
fn an_ordinary_refusal_keeps_the_connection() {
    let (text, took) = talk(Peer::that_stays(get("/api/v1/nothing").repeat(3)));
    let answers = Answer::all(&text);
    assert_eq!(answers.len(), 3);
    for answer in answers {
        answer.problem(404);
    }
    assert_eq!(took, 500, "an idle peer may stay for so long");
}
