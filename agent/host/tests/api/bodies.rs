//! Bodies: bounded, JSON, every field known; a refusal leaves the trace untouched.

use heapbeacon_shared::api::Feature;

use crate::support::client::api;
use crate::support::raw::{Connection, post};
use crate::support::target::Target;

const JSON_LINE: &str = "Content-Type: application/json\r\n";

#[track_caller]
fn refuse(agent: &Target, status: u16, path: &str, body: &str) {
    let before = agent.trace();
    agent.post(path, body).problem(status);
    agent.assert_untouched(&before);
}

#[test]
fn what_is_no_json_is_malformed() {
    let agent = Target::take();
    for body in [
        "{",
        "{\"mode\"",
        "{\"mode\":}",
        "{mode:\"all\"}",
        "{'mode':'all'}",
        "{\"mode\":\"all\"",
        "{\"mode\":\"all\"}}",
        "{\"mode\":\"all\"} {}",
        "{\"mode\":\"all\",}",
        "{\"mode\":\"all",
        "{\"mode\":\"all\"}\0",
        " ",
        "}",
        "[",
        "nonsense",
        "garbage{",
        "\"mode\":\"all\"",
        "{\"mode\":\"\\x\"}",
        "\0",
        "\u{feff}{}",
    ] {
        refuse(&agent, 400, "/trace/start", body);
    }
    for path in [
        "/trace/init",
        "/trace/stop",
        "/trace/pause",
        "/trace/resume",
    ] {
        refuse(&agent, 400, path, "{");
    }
}

#[test]
fn bytes_that_are_no_text_are_malformed() {
    let agent = Target::take();
    let before = agent.trace();
    for body in [&b"\xff\xfe"[..], b"{\"mode\":\"\xff\"}", b"\xc0\x80"] {
        let headers = [crate::support::client::JSON];
        let answer = agent.request("POST", &api("/trace/start"), &headers, body);
        answer.problem(400);
    }
    agent.assert_untouched(&before);
}

#[test]
fn json_of_another_shape_is_an_invalid_argument() {
    let agent = Target::take();
    for body in [
        "null",
        "1",
        "\"all\"",
        "[]",
        "{}",
        "[\"all\"]",
        r#"{"mode":"none"}"#,
        r#"{"mode":"All"}"#,
        r#"{"mode":""}"#,
        r#"{"mode":5}"#,
        r#"{"mode":null}"#,
        r#"{"mode":["all"]}"#,
        r#"{"mode":{"all":1}}"#,
        r#"{"mode":{"all":null}}"#,
        r#"{"mode":"\ud800"}"#,
        r#"{"Mode":"all"}"#,
        r#"{"mode":"all","more":1}"#,
        r#"{"mode":"all","mode":"all"}"#,
    ] {
        refuse(&agent, 422, "/trace/start", body);
    }
    for body in [
        "{}",
        r#"{"destination":"nowhere"}"#,
        r#"{"destination":{"standalone":null}}"#,
        r#"{"records":1}"#,
        r#"{"destination":"standalone","extra":0}"#,
    ] {
        refuse(&agent, 422, "/trace/init", body);
    }
    for path in ["/trace/stop", "/trace/pause", "/trace/resume"] {
        refuse(&agent, 422, path, r#"{"mode":"all"}"#);
        refuse(&agent, 422, path, "[]");
    }
}

#[test]
fn a_value_of_another_type_is_an_invalid_argument_that_says_what_to_send() {
    let agent = Target::take();
    for body in [
        r#"{"destination":1}"#,
        r#"{"destination":"standalone","records":-1}"#,
        r#"{"destination":"standalone","records":1.5}"#,
        r#"{"destination":"standalone","records":"5"}"#,
        r#"{"destination":"standalone","records":1.0}"#,
        r#"{"destination":"standalone","records":true}"#,
        r#"{"destination":"standalone","records":4294967296}"#,
        r#"{"destination":"standalone","records":99999999999999999999999999}"#,
    ] {
        refuse(&agent, 422, "/trace/init", body);
        let detail = agent.post("/trace/init", body).problem(422).detail;
        assert!(detail.contains(r#""records":N"#), "{detail} to {body}");
    }
}

#[test]
fn a_missing_body_is_an_invalid_argument_that_says_what_to_send() {
    let agent = Target::take();
    refuse(&agent, 422, "/trace/init", "");
    refuse(&agent, 422, "/trace/start", "");
    let problem = agent.post("/trace/start", "").problem(422);
    assert!(
        problem.detail.contains(r#"{"mode":"leaks"}"#),
        "{problem:?}"
    );
}

#[test]
fn another_content_type_is_refused() {
    let agent = Target::take();
    let before = agent.trace();
    for kind in [
        "",
        "Content-Type: text/plain\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "Content-Type: multipart/form-data; boundary=x\r\n",
        "Content-Type: application/jsonx\r\n",
        "Content-Type: \r\n",
    ] {
        let mut connection = Connection::open(&agent);
        connection.send(post(
            &agent,
            &api("/trace/start"),
            kind,
            r#"{"mode":"all"}"#,
        ));
        let answer = connection.answer().expect("an answer");
        assert_eq!(
            answer.problem(415).code,
            "ESP_ERR_NOT_SUPPORTED",
            "{kind:?}"
        );
    }
    agent.assert_untouched(&before);
}

#[test]
fn json_by_another_spelling_is_taken() {
    let agent = Target::take();
    for kind in [
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/json;x=y",
    ] {
        let headers = format!("Content-Type: {kind}\r\n");
        let mut connection = Connection::open(&agent);
        connection.send(post(
            &agent,
            &api("/trace/start"),
            &headers,
            r#"{"mode":"none"}"#,
        ));
        connection.answer().expect("an answer").problem(422);
    }
}

#[test]
fn a_body_that_is_too_long_is_refused_whether_it_comes_or_not() {
    let agent = Target::take();
    let before = agent.trace();
    for length in [257, 4096, 200_000] {
        let body = " ".repeat(length);
        agent.post("/trace/start", &body).problem(413);
    }
    for length in ["257", "4294967296", "18446744073709551615"] {
        let headers = format!("{JSON_LINE}Content-Length: {length}\r\n");
        let request =
            post(&agent, &api("/trace/start"), &headers, "").replace("Content-Length: 0\r\n", "");
        let mut connection = Connection::open(&agent);
        connection.send(request);
        let answer = connection.answer().expect("an answer before the body");
        assert_eq!(answer.problem(413).code, "ESP_ERR_INVALID_SIZE");
        assert_eq!(connection.rest(), b"", "what follows is no request");
    }
    agent.assert_untouched(&before);
}

#[test]
fn a_length_that_is_no_number_is_malformed() {
    let agent = Target::take();
    let before = agent.trace();
    for length in [
        "-1",
        "+5",
        "five",
        "0x5",
        "5, 6",
        "18446744073709551616",
        "",
    ] {
        let headers = format!("{JSON_LINE}Content-Length: {length}\r\n");
        let request =
            post(&agent, &api("/trace/stop"), &headers, "").replace("Content-Length: 0\r\n", "");
        let mut connection = Connection::open(&agent);
        connection.send(request);
        connection.answer().expect("an answer").problem(400);
        assert_eq!(connection.rest(), b"", "what follows is no request");
    }
    agent.assert_untouched(&before);
}

#[test]
fn more_than_one_length_is_malformed_and_ends_the_connection() {
    let agent = Target::take();
    let before = agent.trace();
    let body = r#"{"mode":"all"}"#;
    for length in ["0", "14", "15", "five"] {
        for path in ["/trace/start", "/trace/start?mode=all"] {
            let headers = format!("{JSON_LINE}content-length: {length}\r\n");
            let mut connection = Connection::open(&agent);
            connection.send(post(&agent, &api(path), &headers, body));
            connection.end();
            connection.answer().expect("an answer").problem(400);
            assert_eq!(connection.rest(), b"", "what follows is no request");
        }
    }
    agent.assert_untouched(&before);
}

#[test]
fn a_body_in_chunks_is_refused() {
    let agent = Target::take();
    let before = agent.trace();
    let headers = format!("{JSON_LINE}Transfer-Encoding: chunked\r\n");
    for body in [
        "e\r\n{\"mode\":\"all\"}\r\n0\r\n\r\n",
        "ffffffffffffffff\r\n",
        "",
    ] {
        let request =
            post(&agent, &api("/trace/start"), &headers, "").replace("Content-Length: 0\r\n", "");
        let mut connection = Connection::open(&agent);
        connection.send(request + body);
        let answer = connection.answer().expect("an answer");
        assert_eq!(answer.problem(411).code, "ESP_ERR_INVALID_SIZE");
        assert_eq!(connection.rest(), b"", "what follows is no request");
    }
    agent.assert_untouched(&before);
}

#[test]
fn a_body_of_chunks_and_of_a_length_is_refused() {
    let agent = Target::take();
    let before = agent.trace();
    let headers = format!("{JSON_LINE}Transfer-Encoding: chunked\r\n");
    let mut connection = Connection::open(&agent);
    connection.send(post(&agent, &api("/trace/start"), &headers, "0\r\n\r\n"));
    connection.answer().expect("an answer").problem(411);
    assert_eq!(connection.rest(), b"", "what follows is no request");
    agent.assert_untouched(&before);
}

#[test]
fn a_body_that_is_cut_off_changes_nothing() {
    let agent = Target::take();
    let before = agent.trace();
    let whole = post(&agent, &api("/trace/start"), JSON_LINE, r#"{"mode":"all"}"#);
    for missing in [1, 5, 14] {
        let mut connection = Connection::open(&agent);
        connection.send(&whole[..whole.len() - missing]);
        connection.end();
        connection.answer().expect("an answer").problem(400);
        assert_eq!(connection.rest(), b"");
    }
    agent.assert_untouched(&before);
}

#[test]
fn a_get_with_a_body_is_answered_and_so_is_the_next() {
    let agent = Target::take();
    let request = post(&agent, &api("/trace/count"), JSON_LINE, r#"{"mode":"all"}"#);
    let request = request.replacen("POST", "GET", 1);
    let mut connection = Connection::open(&agent);
    connection.send(request.repeat(2));
    for _ in 0..2 {
        assert_eq!(connection.answer().expect("an answer").status, 200);
    }
}

#[test]
fn a_switch_that_there_is_not_is_not_found() {
    let agent = Target::take();
    agent.post("/demo/nothing", r#"{"on":true}"#).problem(404);
    if !agent.has(Feature::Demo) {
        return;
    }
    let demo: heapbeacon_shared::api::Demo = agent.read("/demo");
    let path = format!("/demo/{}", demo.switches[0].name);
    refuse(&agent, 400, &path, "{");
    for body in [
        "",
        "{}",
        "true",
        r#"{"on":1}"#,
        r#"{"on":"true"}"#,
        r#"{"on":true,"off":1}"#,
    ] {
        refuse(&agent, 422, &path, body);
    }
    assert_eq!(agent.read::<heapbeacon_shared::api::Demo>("/demo"), demo);
}
