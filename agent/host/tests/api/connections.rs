//! Connections: kept, shared out, dropped, slow, half closed, too many.

use std::thread;
use std::time::{Duration, Instant};

use heapbeacon_shared::api::Trace;
use heapbeacon_shared::trace::Mode;

use crate::support::answer::Answer;
use crate::support::await_some;
use crate::support::client::{Client, JSON, api};
use crate::support::raw::{Connection, post, request};
use crate::support::target::Target;

/// More than a device has connections.
const MANY: usize = 24;
/// How many silent peers there are where a board must not be silent, too.
const CROWD: usize = 100;
/// Within which it has to say something, or twenty times as long as usually: the page gives up after four seconds.
const SOON: Duration = Duration::from_secs(3);
/// How long a client that was turned away stays away.
const RETRY_AFTER: Duration = Duration::from_secs(1);
const JSON_LINE: &str = "Content-Type: application/json\r\n";

#[test]
fn a_connection_is_kept_for_many_requests() {
    let agent = Target::take();
    let mut connection = Connection::open(&agent);
    for _ in 0..50 {
        connection.send(request(&agent, "GET", &api("/trace")));
        assert_eq!(connection.answer().expect("it is kept").status, 200);
    }
}

#[test]
fn requests_sent_ahead_are_answered_in_order() {
    let agent = Target::take();
    let paths = ["/trace/count", "/nothing", "/device", "/trace/count"];
    let ahead: String = paths
        .map(|path| request(&agent, "GET", &api(path)))
        .concat();
    let mut connection = Connection::open(&agent);
    connection.send(ahead);
    let statuses = paths.map(|_| connection.answer().expect("one each").status);
    assert_eq!(statuses, [200, 404, 200, 200]);
}

#[test]
fn a_body_is_not_read_as_the_next_request() {
    let agent = Target::take();
    let before = agent.trace();
    let smuggled = request(&agent, "POST", &api("/trace/start?mode=all"));
    let mut connection = Connection::open(&agent);
    connection.send(post(&agent, &api("/nothing"), "", &smuggled));
    connection.send(request(&agent, "GET", &api("/trace/count")));
    connection.end();
    let mut statuses = Vec::new();
    while let Some(answer) = connection.answer() {
        statuses.push(answer.status);
    }
    assert!(matches!(statuses[..], [404] | [404, 200]), "{statuses:?}");
    agent.assert_untouched(&before);
}

#[test]
fn a_half_closed_connection_gets_its_answer() {
    let agent = Target::take();
    for path in [
        "/trace",
        "/trace/records?limit=1000",
        "/capture",
        "/openapi.yaml",
    ] {
        let mut connection = Connection::open(&agent);
        connection.send(request(&agent, "GET", &api(path)));
        connection.end();
        assert_eq!(
            connection.answer().expect("an answer").status,
            200,
            "{path}"
        );
        assert_eq!(connection.rest(), b"");
    }
}

#[test]
fn connection_close_is_obeyed() {
    let agent = Target::take();
    let head = request(&agent, "GET", &api("/trace/count"));
    let mut connection = Connection::open(&agent);
    connection.send(head.trim_end().to_owned() + "\r\nConnection: close\r\n\r\n");
    assert_eq!(connection.answer().expect("an answer").status, 200);
    assert_eq!(connection.rest(), b"");
}

#[test]
fn a_client_that_expects_100_continue_is_served() {
    let agent = Target::tracing(Mode::All);
    let headers = [JSON, ("Expect", "100-continue")];
    let body = br#"{"mode":"leaks"}"#;
    let answer = agent.request("POST", &api("/trace/start"), &headers, body);
    assert_eq!(answer.json::<Trace>().summary.mode, Some(Mode::Leaks));
}

#[test]
fn a_body_that_will_be_refused_is_not_asked_for() {
    let agent = Target::take();
    let headers = "Content-Type: application/json\r\nExpect: 100-continue\r\n";
    let whole = post(&agent, &api("/trace/start"), headers, &" ".repeat(5000));
    let head = whole.trim_end();
    let mut connection = Connection::open(&agent);
    connection.send(format!("{head}\r\n\r\n"));
    connection.answer().expect("an answer").problem(413);
}

#[test]
fn a_request_that_stops_half_way_is_a_timeout() {
    let agent = Target::take();
    let before = agent.trace();
    let whole = post(&agent, &api("/trace/start"), JSON_LINE, r#"{"mode":"all"}"#);
    for part in ["G", &whole[..40], &whole[..whole.len() - 1]] {
        let mut connection = Connection::open(&agent);
        connection.send(part);
        let answer = connection.answer().expect("an answer");
        assert_eq!(answer.problem(408).code, "ESP_ERR_TIMEOUT");
        assert_eq!(connection.rest(), b"");
    }
    agent.assert_untouched(&before);
}

#[test]
fn a_client_that_sends_a_byte_at_a_time_is_cut_off() {
    let agent = Target::take();
    let before = agent.trace();
    let head = request(&agent, "GET", &api("/trace"));
    let mut connection = Connection::open(&agent);
    connection.send(head.trim_end().to_owned() + "\r\nX: ");
    let mut tap = connection.twin();
    thread::scope(|scope| {
        // A drip that never ends: the agent must be the one to end it.
        scope.spawn(move || {
            while tap.try_send("x") {
                thread::sleep(Duration::from_millis(100));
            }
        });
        let answer = connection.answer().expect("an answer");
        assert!(matches!(answer.status, 408 | 431), "{answer:?}");
        answer.problem(answer.status);
    });
    agent.assert_untouched(&before);
}

/// Asks until there is room, and as often as the agent wants to be asked.
fn get_when_there_is_room(agent: &Client, path: &str) -> Answer {
    let head = request(agent, "GET", &api(path));
    await_some("room", || {
        let mut connection = Connection::open(agent);
        connection.send(head.trim_end().to_owned() + "\r\nConnection: close\r\n\r\n");
        let answer = connection.answer().filter(|answer| answer.status != 503);
        if answer.is_none() {
            thread::sleep(RETRY_AFTER);
        }
        answer
    })
}

/// Opens a connection that asks for more than fits into any buffer, and does not read it.
fn deaf(agent: &Client) -> Connection {
    let mut client = Connection::open(agent);
    client.send(request(agent, "GET", &api("/openapi.yaml")).repeat(2000));
    client
}

#[test]
fn a_newcomer_is_answered_while_slow_clients_hold_every_connection() {
    let agent = Target::take();
    let before = agent.trace();
    assert_soon_answered(&agent, (0..MANY).map(|_| deaf(&agent)));
    agent.assert_untouched(&before);
}

#[test]
fn more_silent_connections_than_there_is_room_for_do_no_harm() {
    let agent = Target::take();
    let before = agent.trace();
    let silent: Vec<_> = (0..MANY).map(|_| Connection::open(&agent)).collect();
    assert_eq!(get_when_there_is_room(&agent, "/trace").status, 200);
    agent.assert_untouched(&before);
    drop(silent);
    agent.assert_untouched(&before);
}

/// Checks that a request is soon answered behind a crowd of connections.
#[track_caller]
fn assert_soon_answered(agent: &Target, crowd: impl Iterator<Item = Connection>) {
    let soon = SOON.max(20 * agent.request_time());
    let crowd: Vec<_> = crowd.collect();
    let started = Instant::now();
    // A board without an accept queue resets who comes while all of its sockets are taken.
    let answer = await_some("an answer", || {
        let mut connection = Connection::open(agent);
        connection.send(request(agent, "GET", &api("/trace/count")));
        connection.answer()
    });
    let taken = started.elapsed();
    assert!(matches!(answer.status, 200 | 503), "{answer:?}");
    assert!(taken < soon, "{taken:?} behind {}", crowd.len());
}

#[test]
fn a_crowd_of_silent_connections_does_not_silence_the_agent() {
    let agent = Target::take();
    let crowd = (0..CROWD).map(|_| Connection::open(&agent));
    assert_soon_answered(&agent, crowd);
}

#[test]
fn a_crowd_of_idle_connections_does_not_silence_the_agent() {
    let agent = Target::take();
    let crowd = (0..CROWD).map(|_| {
        let mut idle = Connection::open(&agent);
        idle.send(request(&agent, "GET", &api("/trace/count")));
        idle
    });
    assert_soon_answered(&agent, crowd);
}

#[test]
fn a_crowd_that_does_not_go_on_with_its_requests_does_not_silence_the_agent() {
    let agent = Target::take();
    let crowd = (0..CROWD / 2).map(|_| {
        let mut half = Connection::open(&agent);
        half.send("GET ");
        half
    });
    assert_soon_answered(&agent, crowd);
}

#[test]
fn more_clients_than_connections_are_all_served() {
    let agent = Target::take();
    let before = agent.trace();
    thread::scope(|scope| {
        for _ in 0..MANY {
            scope.spawn(|| {
                for path in [
                    "/trace",
                    "/trace/records?limit=200",
                    "/trace/leaks",
                    "/heap",
                ] {
                    let answer = get_when_there_is_room(&agent, path);
                    assert_eq!(answer.status, 200, "{path}");
                }
            });
        }
    });
    agent.assert_untouched(&before);
}

#[test]
fn clients_that_leave_in_the_middle_of_an_answer_do_no_harm() {
    let agent = Target::take();
    let before = agent.trace();
    for path in [
        "/capture",
        "/trace/records?limit=1000",
        "/openapi.yaml",
        "/elf",
    ] {
        for _ in 0..20 {
            let mut connection = Connection::open(&agent);
            connection.send(request(&agent, "GET", &api(path)));
            if path != "/elf" {
                connection.head();
            }
        }
    }
    agent.assert_untouched(&before);
}

#[test]
fn a_client_that_does_not_read_is_left() {
    let agent = Target::take();
    let before = agent.trace();
    let _connection = deaf(&agent);
    agent.assert_untouched(&before);
}
