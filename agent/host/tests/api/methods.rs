//! Methods: HEAD on every GET, OPTIONS on every path, 405 for the rest; 404 for what is no path.

use heapbeacon_shared::api::{Method, Route};

use crate::support::client::{Client, JSON, api, path_of};
use crate::support::raw::{Connection, request};
use crate::support::target::Target;

/// Returns what a path answers, of all of its rows.
fn allow_of(path: &str) -> String {
    let rows = Route::ALL.iter().filter(|row| row.path == path);
    let mut methods: Vec<_> = rows
        .flat_map(|row| match row.method {
            Method::Get => &["GET", "HEAD"][..],
            Method::Post => &["POST"],
            Method::Put => &["PUT"],
            Method::Delete => &["DELETE"],
        })
        .copied()
        .collect();
    methods.push("OPTIONS");
    methods.join(", ")
}

#[test]
fn head_of_every_get_route_is_its_get_without_the_body() {
    let agent = Target::take();
    for endpoint in Route::ALL {
        if endpoint.method == Method::Get {
            check_head(&agent, &path_of(&endpoint));
        }
    }
    check_head(&agent, "/");
    check_head(&agent, "/nothing/here");
}

/// The next answer on the connection shows that there was no body behind the head.
fn check_head(agent: &Client, path: &str) {
    let get = agent.request("GET", path, &[], b"");
    let mut connection = Connection::open(agent);
    connection.send(request(agent, "HEAD", path));
    let head = connection.head().expect("HEAD is answered");
    assert_eq!(head.status, get.status, "{path}");
    assert_eq!(
        head.header("content-type"),
        get.header("content-type"),
        "{path}"
    );
    connection.send(request(agent, "GET", &api("/trace/count")));
    let next = connection.answer().expect("the connection stays open");
    assert_eq!(next.status, 200, "{path}");
}

#[test]
fn a_wrong_method_is_told_the_right_ones_and_changes_nothing() {
    let agent = Target::take();
    let before = agent.trace();
    for endpoint in Route::ALL {
        let (right, path) = (allow_of(endpoint.path), path_of(&endpoint));
        for method in [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW",
        ] {
            if right.split(", ").any(|right| right == method) {
                continue;
            }
            let answer = agent.request(method, &path, &[], b"");
            let allow = answer.header("allow");
            assert_eq!(allow, Some(right.as_str()), "{method} {path}");
            if method != "HEAD" {
                answer.problem(405);
            }
        }
    }
    agent.assert_untouched(&before);
}

#[test]
fn a_wrong_method_with_a_body_is_refused_and_the_next_request_served() {
    let agent = Target::take();
    let before = agent.trace();
    agent
        .request("PUT", &api("/trace/start"), &[JSON], br#"{"mode":"all"}"#)
        .problem(405);
    agent.assert_untouched(&before);
}

#[test]
fn options_of_every_route_says_what_is_allowed() {
    let agent = Target::take();
    for endpoint in Route::ALL {
        let path = path_of(&endpoint);
        let answer = agent.request("OPTIONS", &path, &[], b"");
        assert_eq!(answer.status, 204, "{path}");
        let allow = allow_of(endpoint.path);
        assert_eq!(answer.header("allow"), Some(allow.as_str()), "{path}");
    }
}

#[test]
fn a_path_of_two_methods_names_both() {
    let agent = Target::take();
    let answer = agent.request("PUT", &api("/marks"), &[], b"");
    let allow = answer.header("allow");
    assert_eq!(allow, Some("GET, HEAD, POST, OPTIONS"));
    let problem = answer.problem(405);
    assert_eq!(problem.detail, "This path answers GET and POST.");
}

#[test]
fn what_is_no_path_is_not_found() {
    let agent = Target::take();
    let before = agent.trace();
    for path in [
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v1/nothing",
        "/api/v1/trace/",
        "/api/v1//trace",
        "/api/v1/Trace",
        "/api/v1/trace/records/",
        "/api/v1/trace/records/0/0",
        "/api/v1/trace/../trace/start",
        "/api/v1%2Ftrace",
        "/api/v1/trace%2Frecords",
        "/api/v1/trace%00",
        "/api/v2/trace",
        "/nothing.js",
        "/../../etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
    ] {
        for method in ["GET", "POST"] {
            let mut connection = Connection::open(&agent);
            connection.send(request(&agent, method, path));
            let answer = connection.answer().expect("an answer");
            assert_eq!(answer.problem(404).code, "ESP_ERR_NOT_FOUND", "{path}");
        }
    }
    agent.assert_untouched(&before);
}
