//! Web pages: the agent's own may do everything, a foreign one nothing.

use heapbeacon_shared::api::Method;
use heapbeacon_shared::api::Route;

use crate::support::answer::Answer;
use crate::support::client::{api, path_of};
use crate::support::raw::Connection;
use crate::support::target::Target;

const FOREIGN: &str = "https://evil.example";

/// Sends a request to a path of the API.
fn send(agent: &Target, method: &str, path: &str, host: &str, headers: &str) -> Answer {
    send_to(agent, method, &api(path), host, headers)
}

fn send_to(agent: &Target, method: &str, path: &str, host: &str, headers: &str) -> Answer {
    let token = agent.token_line();
    let mut connection = Connection::open(agent);
    connection.send(format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{token}{headers}\r\n"
    ));
    connection.answer().expect("an answer")
}

#[test]
fn a_foreign_host_name_is_refused_on_every_route() {
    let agent = Target::take();
    let before = agent.trace();
    for host in [
        "evil.example",
        "evil.example:80",
        "localhost.evil.example",
        "evillocalhost",
        "127.0.0.1.evil.example",
        "0x7f.1",
        "256.0.0.1",
        "127.1",
    ] {
        send(&agent, "GET", "/trace", host, "").problem(403);
        send(&agent, "POST", "/trace/start?mode=all", host, "").problem(403);
    }
    for host in ["127.0.0.1@evil.example", "[::1", "a b", "evil .localhost"] {
        send(&agent, "GET", "/trace", host, "").problem(400);
        send(&agent, "POST", "/trace/start?mode=all", host, "").problem(400);
    }
    for endpoint in Route::ALL {
        let method = endpoint.method.to_string();
        send_to(&agent, &method, &path_of(&endpoint), "evil.example", "").problem(403);
    }
    agent.assert_untouched(&before);
}

#[test]
fn addresses_and_localhost_are_the_agents_own_names() {
    let agent = Target::take();
    for host in [
        "localhost",
        "localhost:80",
        "LOCALHOST",
        "agent.localhost",
        "localhost.",
        "127.0.0.1",
        "192.168.1.7:8080",
        "[::1]",
        "[::1]:8080",
        "[fe80::1]",
    ] {
        assert_eq!(
            send(&agent, "GET", "/trace/count", host, "").status,
            200,
            "{host}"
        );
    }
}

#[test]
fn a_foreign_page_can_neither_read_nor_change_anything() {
    let agent = Target::take();
    let before = agent.trace();
    let host = agent.authority().to_owned();
    for origin in [
        FOREIGN,
        "null",
        "http://localhost.evil.example",
        &format!("http://{host}.evil.example"),
        &format!("https://{host}"),
        &format!("ftp://{host}"),
        &format!("HTTP://{host}"),
        &format!("http://{host}/"),
        &host,
        "http://",
        "",
    ] {
        let header = format!("Origin: {origin}\r\n");
        let answer = send(&agent, "GET", "/trace/count", &host, &header);
        // Where there is a token, who sends it may read.
        if agent.token_line().is_empty() {
            let reader = answer.header("access-control-allow-origin");
            assert_eq!(reader, None, "{origin}");
        }
        assert_eq!(answer.header("vary"), Some("Accept, Origin"));
        for endpoint in Route::ALL {
            if endpoint.method != Method::Get {
                let method = endpoint.method.to_string();
                send_to(&agent, &method, &path_of(&endpoint), &host, &header).problem(403);
            }
        }
        send(&agent, "POST", "/trace/start?mode=all", &host, &header).problem(403);
    }
    agent.assert_untouched(&before);
}

/// HTTP/1.0 may leave `Host` out; then there is nothing that an origin could be equal to.
#[test]
fn no_origin_is_the_agents_own_where_there_is_no_host() {
    let agent = Target::take();
    let before = agent.trace();
    let token = agent.token_line();
    for origin in ["null", "", "http://", FOREIGN] {
        for path in ["/trace/start?mode=all", "/trace/stop"] {
            let mut connection = Connection::open(&agent);
            connection.send(format!(
                "POST {} HTTP/1.0\r\n{token}Origin: {origin}\r\n\r\n",
                api(path)
            ));
            let answer = connection.answer().expect("an answer");
            answer.problem(403);
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
    agent.assert_untouched(&before);
}

#[test]
fn a_preflight_of_a_foreign_page_is_refused() {
    let agent = Target::take();
    let headers = format!("Origin: {FOREIGN}\r\nAccess-Control-Request-Method: POST\r\n");
    let answer = send(
        &agent,
        "OPTIONS",
        "/trace/start",
        agent.authority(),
        &headers,
    );
    answer.problem(403);
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[test]
fn the_agents_own_page_may_do_everything() {
    let agent = Target::take();
    let host = agent.authority().to_owned();
    let origin = format!("http://{host}");
    let header = format!("Origin: {origin}\r\n");
    let answer = send(&agent, "GET", "/trace/count", &host, &header);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some(origin.as_str())
    );
    send(&agent, "POST", "/trace/start?mode=none", &host, &header).problem(422);
    let headers = format!("{header}Access-Control-Request-Method: POST\r\n");
    let answer = send(&agent, "OPTIONS", "/trace/start", &host, &headers);
    assert_eq!(answer.status, 204);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some(origin.as_str())
    );
    assert_eq!(
        answer.header("access-control-allow-methods"),
        Some("GET, HEAD, POST, PUT, DELETE")
    );
    assert_eq!(
        answer.header("access-control-allow-headers"),
        Some("Authorization, Content-Range, Content-Type")
    );
}

#[test]
fn a_problem_can_be_read_by_whoever_may_read_the_answer() {
    let agent = Target::take();
    let origin = format!("http://{}", agent.authority());
    let answer = agent.request("GET", &api("/nothing"), &[("Origin", &origin)], b"");
    answer.problem(404);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some(origin.as_str())
    );
}
