//! Tokens, listed origins and listed host names.

use std::thread;
use std::time::{Duration, Instant};

use heapbeacon_shared::api::{Method, Route};

use crate::support::answer::Answer;
use crate::support::client::{Client, api};
use crate::support::process::Process;
use crate::support::raw::Connection;

const TOKEN: &str = "correct-horse";
const ORIGIN: &str = "https://dash.example";

fn get(client: &Client, path: &str, headers: &[(&str, &str)]) -> Answer {
    client.request("GET", path, headers, b"")
}

#[test]
fn without_the_token_no_route_answers() {
    let agent = Process::start(&["--token", TOKEN]);
    let before = agent.client_with(TOKEN).trace();
    let other = [
        "",
        "wrong",
        "correct-hors",
        "correct-horse2",
        "CORRECT-HORSE",
    ];
    let sent = other.map(|token| format!("Bearer {token}"));
    let sent = sent.iter().map(String::as_str).chain([
        "Basic Y29ycmVjdC1ob3JzZQ==",
        "correct-horse",
        "Bearer",
    ]);
    for authorization in sent {
        let answer = get(
            &agent.client(),
            &api("/trace"),
            &[("Authorization", authorization)],
        );
        answer.problem(401);
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Bearer realm=\"heapbeacon\"")
        );
    }
    for endpoint in Route::ALL {
        agent.client().ask(&endpoint).problem(401);
    }
    agent.client().get("/nothing").problem(401);
    assert_eq!(
        agent.client_with(TOKEN).trace().summary.state,
        before.summary.state
    );
}

#[test]
fn who_tries_one_token_after_the_other_waits_and_who_has_the_right_one_does_not() {
    let agent = Process::start(&["--token", TOKEN]);
    let (guesser, owner) = (agent.client_with("correct-house"), agent.client_with(TOKEN));
    for _ in 0..8 {
        guesser.get("/trace").problem(401);
    }
    let guess = thread::spawn(move || {
        let started = Instant::now();
        guesser.get("/trace").problem(401);
        started.elapsed()
    });
    for _ in 0..10 {
        owner.trace();
    }
    assert!(!guess.is_finished(), "nobody had to wait");
    let waited = guess.join().expect("it was answered");
    assert!(waited >= Duration::from_secs(1), "{waited:?}");
}

#[test]
fn with_the_token_every_route_answers() {
    let agent = Process::start(&["--token", TOKEN, "--start", "leaks"]);
    let client = agent.client_with(TOKEN);
    for endpoint in Route::ALL {
        if endpoint.method == Method::Get {
            let status = client.ask(&endpoint).status;
            // An event connection wants to be opened as one, and there are no slots for firmware without `--flash`.
            let has_none = endpoint.route == Route::Ota && status == 404;
            let answers = has_none || matches!(status, 200 | 422 | 426);
            assert!(answers, "{}: {status}", endpoint.path);
        }
    }
    let scheme = format!("bearer  {TOKEN} ");
    assert_eq!(
        get(
            &agent.client(),
            &api("/trace"),
            &[("Authorization", &scheme)]
        )
        .status,
        200
    );
}

#[test]
fn the_page_itself_needs_no_token() {
    let agent = Process::start(&["--token", TOKEN]);
    assert_eq!(get(&agent.client(), "/", &[]).status, 200);
}

#[test]
fn with_a_token_it_listens_beyond_loopback() {
    let agent = Process::start(&["--listen", "0.0.0.0:0", "--token", TOKEN]);
    let url = agent.url().replace("0.0.0.0", "127.0.0.1");
    Client::new(&url, None).get("/trace").problem(401);
    assert_eq!(
        Client::new(&url, Some(TOKEN.to_owned()))
            .get("/trace")
            .status,
        200
    );
}

#[test]
fn a_listed_origin_may_read_and_change() {
    let agent = Process::start(&["--allow-origin", ORIGIN, "--token", TOKEN]);
    let client = agent.client_with(TOKEN);
    let answer = get(&client, &api("/trace"), &[("Origin", ORIGIN)]);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
    let answer = client.request("POST", &api("/trace/stop"), &[("Origin", ORIGIN)], b"");
    answer.problem(409);
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
    for other in [
        "http://dash.example",
        "https://dash.example:444",
        "https://dash.example.evil.example",
    ] {
        client
            .request("POST", &api("/trace/stop"), &[("Origin", other)], b"")
            .problem(403);
    }
}

/// A browser's preflight never carries the token.
#[test]
fn a_preflight_of_a_listed_origin_needs_no_token() {
    let agent = Process::start(&["--allow-origin", ORIGIN, "--token", TOKEN]);
    let headers = [
        ("Origin", ORIGIN),
        ("Access-Control-Request-Method", "POST"),
    ];
    let answer = agent
        .client()
        .request("OPTIONS", &api("/trace/start"), &headers, b"");
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
    let plain = agent
        .client()
        .request("OPTIONS", &api("/trace/start"), &[], b"");
    plain.problem(401);
}

#[test]
fn a_page_can_read_that_it_lacks_the_token() {
    let agent = Process::start(&["--allow-origin", ORIGIN, "--token", TOKEN]);
    let answer = get(&agent.client(), &api("/trace"), &[("Origin", ORIGIN)]);
    answer.problem(401);
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
}

/// One page shows several devices, if somebody has given it their tokens.
#[test]
fn a_page_of_any_origin_that_sends_the_token_may_read_and_change_nothing() {
    let agent = Process::start(&["--token", TOKEN]);
    let other = [("Origin", ORIGIN), ("Sec-Fetch-Site", "cross-site")];
    let answer = get(&agent.client_with(TOKEN), &api("/trace"), &other);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
    // It can read that a token is missing, or wrong.
    for client in [agent.client(), agent.client_with("semolina")] {
        let answer = get(&client, &api("/trace"), &other);
        answer.problem(401);
        assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
    }
    let stop = agent
        .client_with(TOKEN)
        .request("POST", &api("/trace/stop"), &other, b"");
    stop.problem(403);
    assert_eq!(stop.header("access-control-allow-origin"), None);
    for (method, path, status) in [
        ("GET", "/trace", 204),
        ("POST", "/trace", 403),
        ("PUT", "/settings", 403),
        ("GET", "/trace/stop", 403),
        ("GET", "/events", 403),
    ] {
        let headers = [
            ("Origin", ORIGIN),
            ("Access-Control-Request-Method", method),
        ];
        let answer = agent.client().request("OPTIONS", &api(path), &headers, b"");
        assert_eq!(answer.status, status, "{method} {path}");
    }
    let nobody = [("Origin", "null"), ("Sec-Fetch-Site", "cross-site")];
    get(&agent.client_with(TOKEN), &api("/trace"), &nobody).problem(403);
}

/// Without a token, the origin is all that keeps other sites' pages out.
#[test]
fn without_a_token_a_page_of_another_origin_may_not_read() {
    let agent = Process::start(&[]);
    let other = [("Origin", ORIGIN), ("Sec-Fetch-Site", "cross-site")];
    get(&agent.client_with(TOKEN), &api("/trace"), &other).problem(403);
}

#[test]
fn a_listed_host_name_is_answered() {
    let agent = Process::start(&["--allow-host", "device.example"]);
    for (host, status) in [
        ("device.example", 200),
        ("DEVICE.example:80", 200),
        ("evil.example", 403),
    ] {
        let mut connection = Connection::open(&agent.client());
        connection.send(format!(
            "GET /api/v1/trace HTTP/1.1\r\nHost: {host}\r\n\r\n"
        ));
        assert_eq!(
            connection.answer().expect("an answer").status,
            status,
            "{host}"
        );
    }
}
