//! Event connections: what a viewer is told, and how it is told that it can't be.

use std::collections::BTreeMap;

use heapbeacon_shared::api::{PREFIX, RecordsPage, Route};
use heapbeacon_shared::trace::{Address, Destination, Mode};
use heapbeacon_shared::wire::{Event, Message};
use tokio_tungstenite::tungstenite;

use crate::support::await_some;
use crate::support::client::{Client, api};
use crate::support::raw::Connection;
use crate::support::target::{Target, start, stop_if_running};
use crate::support::viewer::{BUSY, Heard, Viewer};

/// Traces for hosts.
fn to_host(mode: Mode) -> Target {
    let agent = Target::take();
    stop_if_running(&agent);
    agent.command("/trace/init", r#"{"destination":"to_host"}"#);
    let trace = agent.command(start(mode), "");
    assert_eq!(trace.summary.destination, Some(Destination::ToHost));
    agent
}

/// Returns the live blocks that the tracer has records of: address, sequence number and size.
fn records(agent: &Client) -> BTreeMap<Address, (u64, u64)> {
    let mut records = BTreeMap::new();
    let mut after = 0;
    loop {
        let page: RecordsPage = agent.read(&format!("/trace/records?limit=1000&after={after}"));
        let live = page.records.iter().filter(|record| !record.freed);
        records.extend(live.map(|record| (record.address, (record.seq, record.size))));
        match page.next {
            Some(next) => after = next,
            None => return records,
        }
    }
}

fn told(viewer: &Viewer) -> BTreeMap<Address, (u64, u64)> {
    let live = viewer.live.iter();
    live.map(|record| (record.address, (record.seq, record.size)))
        .collect()
}

fn events(messages: &[Message]) -> Vec<Event> {
    let events = messages.iter().filter_map(|message| match message {
        Message::Events(events) => Some(events.iter().map(|event| event.expect("it is whole"))),
        _ => None,
    });
    events.flatten().collect()
}

#[test]
fn a_viewer_ends_with_the_blocks_that_the_tracer_has() {
    for mode in [Mode::Leaks, Mode::All] {
        let agent = to_host(mode);
        agent.worked_until("a record", |trace| trace.summary.count > 0);
        let mut viewer = Viewer::open(&agent, "");
        let first = viewer.messages();
        assert!(matches!(first[0], Message::Header(_)), "{first:?}");
        let before = agent.trace().summary.total_allocations;
        agent.worked_until("events", |trace| {
            trace.summary.total_allocations > before + 200
        });
        agent.command("/trace/stop", "");
        let heard = viewer.until_mark(&agent, "stopped");
        let stacks: Vec<_> = heard
            .iter()
            .filter_map(|message| match message {
                Message::Stack(stack) => Some(stack.id),
                _ => None,
            })
            .collect();
        for event in events(&heard) {
            if let Event::Allocated(record) = event {
                assert!(stacks.contains(&record.stack), "its call stack was told of");
            }
        }
        let trace = agent.trace();
        assert!(viewer.live.is_complete());
        assert_eq!(viewer.live.damaged(), 0);
        if trace.summary.evicted_live == 0 && viewer.live.dropped() == 0 {
            assert_eq!(told(&viewer), records(&agent));
        }
        let is_idle = trace.summary.total_allocations == before;
        assert!(trace.summary.sent > 0 || is_idle, "{trace:?}");
    }
}

#[test]
fn a_viewer_that_comes_back_attaches_again_and_two_are_told_the_same() {
    let agent = to_host(Mode::Leaks);
    drop(Viewer::open(&agent, ""));
    let mut viewers = vec![Viewer::open(&agent, "")];
    let token = agent.token_line();
    let headers: Vec<_> = token.trim_end().split_once(": ").into_iter().collect();
    match Viewer::try_open(&agent, "", &headers) {
        Ok(second) => viewers.push(second),
        // A small agent has one place.
        Err(refusal) => assert_eq!(refusal.status, BUSY),
    }
    agent.worked_until("ten records", |trace| trace.summary.count >= 10);
    agent.command("/trace/stop", "");
    for viewer in &mut viewers {
        viewer.until_mark(&agent, "end");
        assert!(viewer.live.is_complete());
    }
    assert!(
        viewers
            .iter()
            .all(|viewer| told(viewer) == told(&viewers[0]))
    );
}

#[test]
fn a_start_begins_anew_on_the_same_connection() {
    let agent = to_host(Mode::Leaks);
    agent.worked_until("a record", |trace| trace.summary.count > 0);
    let mut viewer = Viewer::open(&agent, "");
    viewer.until(|message| matches!(message, Message::SnapshotEnd(_)));
    let trace_id = agent.command(start(Mode::All), "").trace_id;
    viewer
        .until(|message| matches!(message, Message::Header(header) if header.trace_id == trace_id));
    agent.command("/trace/stop", "");
    viewer.until_mark(&agent, "end");
    assert!(viewer.live.is_complete());
    if agent.trace().summary.evicted_live == 0 && viewer.live.dropped() == 0 {
        assert_eq!(told(&viewer), records(&agent));
    }
}

#[test]
fn a_mark_stands_behind_what_was_before_it() {
    let agent = to_host(Mode::Leaks);
    let mut viewer = Viewer::open(&agent, "?counters_ms=0&samples_ms=0");
    agent.worked_until("a record", |trace| trace.summary.count > 0);
    let mut heard = viewer.until_mark(&agent, "in between");
    agent.worked_until("more", |trace| trace.summary.total_allocations > 20);
    heard.extend(viewer.until_mark(&agent, "end"));
    let mut mark = None;
    for message in &heard {
        match message {
            Message::Mark(found) if found.name == "in between" => mark = Some(found.time_us),
            Message::Events(events) => {
                for event in events.iter() {
                    if let (Ok(Event::Allocated(record)), Some(mark)) = (event, mark) {
                        assert!(record.seq > mark, "what is behind it is later");
                    }
                }
            }
            _ => {}
        }
    }
    assert!(mark.is_some());
}

#[test]
fn a_viewer_is_told_only_of_what_it_asks_for() {
    let agent = to_host(Mode::Leaks);
    let mut viewer = Viewer::open(&agent, "?min_size=64&counters_ms=0&samples_ms=0");
    agent.worked_until("records", |trace| trace.summary.total_allocations > 50);
    let heard = viewer.until_mark(&agent, "end");
    for message in &heard {
        match message {
            Message::Events(events) | Message::Live(events) => {
                for event in events.iter() {
                    if let Ok(Event::Allocated(record)) = event {
                        assert!(record.size >= 64, "{record:?}");
                    }
                }
            }
            Message::Counters(_) | Message::Sample(_) => panic!("{message:?} is not wanted"),
            _ => {}
        }
    }
    drop(viewer);
    let mut counters = Viewer::open(&agent, "?events=0&counters_ms=100&samples_ms=0");
    let heard: Vec<_> = (0..4).flat_map(|_| counters.messages()).collect();
    let count = |is_it: fn(&Message) -> bool| heard.iter().filter(|message| is_it(message)).count();
    assert!(count(|message| matches!(message, Message::Counters(_))) >= 3);
    assert_eq!(
        count(|message| matches!(message, Message::Events(_) | Message::Sample(_))),
        0
    );
    // It changes its mind, and is told of everything.
    counters.ask(r#"{"events":true,"samples_ms":100}"#);
    counters.until(|message| matches!(message, Message::SnapshotEnd(_)));
    counters.until(|message| matches!(message, Message::Sample(_)));
    assert!(counters.live.is_complete());
}

#[test]
fn the_blocks_of_a_task_are_those_of_its_records() {
    let agent = to_host(Mode::Leaks);
    agent.worked_until("ten records", |trace| trace.summary.count >= 10);
    let page: RecordsPage = agent.read("/trace/records?limit=1000");
    let Some(task) = page
        .records
        .iter()
        .rev()
        .find_map(|record| record.task.clone())
    else {
        return;
    };
    agent.command("/trace/stop", "");
    let name: String = task.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let mut viewer = Viewer::open(&agent, &format!("?task={name}"));
    viewer.until(|message| matches!(message, Message::SnapshotEnd(_)));
    let page: RecordsPage = agent.read(&format!("/trace/records?limit=1000&task={name}"));
    if page.next.is_none() {
        assert_eq!(told(&viewer).len(), page.records.len());
    }
    drop(viewer);
    let mut other = Viewer::open(&agent, "?task=nobody,else");
    other.until(|message| matches!(message, Message::SnapshotEnd(_)));
    assert!(told(&other).is_empty());
}

#[test]
fn without_to_host_there_are_no_events_and_it_is_said_what_to_do() {
    let agent = Target::tracing(Mode::Leaks);
    let token = agent.token_line();
    let headers: Vec<_> = token.trim_end().split_once(": ").into_iter().collect();
    let refusal = Viewer::try_open(&agent, "", &headers)
        .err()
        .expect("it is refused");
    assert_eq!(refusal.status, 409, "{refusal:?}");
    assert!(refusal.body.contains("to_host"), "{refusal:?}");
    let mut viewer = Viewer::open(&agent, "?events=0&counters_ms=100");
    viewer.until(|message| matches!(message, Message::Counters(_)));
    viewer.ask(r#"{"events":true}"#);
    let Heard::Close(1008, reason) = viewer.end() else {
        panic!("it is refused");
    };
    assert!(reason.contains("to_host"), "{reason}");
}

#[test]
fn a_request_that_opens_no_websocket_is_told_how_to() {
    let agent = Target::take();
    let problem = agent.get("/events").problem(426);
    assert!(problem.detail.contains("websocat"), "{problem:?}");
    let answer = agent.get("/events");
    assert_eq!(answer.header("upgrade"), Some("websocket"));
    let path = Route::Events.endpoint().path;
    let (host, token) = (agent.authority(), agent.token_line());
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let version = "Sec-WebSocket-Version: 13\r\n";
    let upgrade = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n";
    for (headers, query, status) in [
        (format!("{upgrade}{version}"), "", 400),
        (
            format!("{upgrade}{version}Sec-WebSocket-Key: AAAA\r\n"),
            "",
            400,
        ),
        (format!("{upgrade}{version}{key}{key}"), "", 400),
        (format!("{upgrade}{key}"), "", 426),
        (
            format!("{upgrade}{key}Sec-WebSocket-Version: 12\r\n"),
            "",
            426,
        ),
        (format!("{version}{key}"), "", 426),
        (
            format!("{upgrade}{version}{key}Sec-WebSocket-Protocol: chat\r\n"),
            "",
            400,
        ),
        (format!("{upgrade}{version}{key}"), "?counters_ms=5", 422),
        (format!("{upgrade}{version}{key}"), "?events=2", 422),
        (format!("{upgrade}{version}{key}"), "?task=", 422),
        (format!("{upgrade}{version}{key}"), "?task=a,b,c,d,e", 422),
        (format!("{upgrade}{version}{key}"), "?token=secret", 422),
    ] {
        let mut connection = Connection::open(&agent);
        connection.send(format!(
            "GET {path}{query} HTTP/1.1\r\nHost: {host}\r\n{token}{headers}\r\n"
        ));
        let answer = connection.answer().expect("an answer");
        answer.problem(status);
    }
    // The key's answer is that of RFC 6455, 1.3. A viewer of another test may not have left its place yet.
    let head = await_some("a viewer's place", || {
        let mut connection = Connection::open(&agent);
        connection.send(format!(
            "GET {path}?events=0 HTTP/1.1\r\nHost: {host}\r\n{token}{upgrade}{version}{key}\r\n"
        ));
        let head = connection.head().expect("an answer");
        (head.status != BUSY).then_some(head)
    });
    assert_eq!(head.status, 101);
    assert_eq!(
        head.header("sec-websocket-accept"),
        Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    );
    assert_eq!(head.header("sec-websocket-protocol"), None);
}

#[test]
fn a_foreign_page_can_open_no_event_connection() {
    let agent = Target::take();
    let own = format!("http://{}", agent.authority());
    let token = agent.token_line();
    let token: Vec<_> = token.trim_end().split_once(": ").into_iter().collect();
    let open = |origin: &str, query: &str| {
        let mut headers = vec![("Origin", origin)];
        headers.extend(&token);
        Viewer::try_open(&agent, query, &headers).map_err(|refusal| refusal.status)
    };
    for origin in [
        "https://evil.example",
        "null",
        "http://localhost.evil.example",
    ] {
        assert_eq!(open(origin, "?events=0").err(), Some(403), "{origin}");
    }
    assert!(open(&own, "?events=0").is_ok());
    let headers = [("Sec-Fetch-Site", "cross-site")];
    let refusal = Viewer::try_open(&agent, "?events=0", &headers).err();
    assert_eq!(refusal.map(|refusal| refusal.status), Some(403));
}

#[test]
fn a_viewer_that_sends_garbage_is_told_what_is_wrong_with_it() {
    let agent = Target::take();
    let text = |text: &str| tungstenite::Message::text(text);
    let long = "x".repeat(300);
    for (message, code) in [
        (text("{"), 1008),
        (text("[]"), 1008),
        (text(r#"{"nothing":1}"#), 1008),
        (text(r#"{"counters_ms":1}"#), 1008),
        (text(r#"{"task":"a,,b"}"#), 1008),
        (text(&long), 1009),
        (tungstenite::Message::binary(vec![0xff, 0xfe]), 1007),
    ] {
        let mut viewer = Viewer::open(&agent, "?events=0");
        viewer.say(message.clone());
        let Heard::Close(told, reason) = viewer.end() else {
            panic!("{message:?} ends it");
        };
        assert_eq!(told, code, "{message:?}: {reason}");
    }
    // What is right is answered as ever.
    let mut viewer = Viewer::open(&agent, "?events=0&counters_ms=100");
    for _ in 0..3 {
        viewer.ask(r#"{"events":false,"counters_ms":100}"#);
        viewer.say(tungstenite::Message::Ping(vec![7; 125].into()));
        viewer.until(|message| matches!(message, Message::Counters(_)));
    }
    viewer.say(tungstenite::Message::Close(None));
    assert_eq!(viewer.end(), Heard::Close(1000, String::new()));
}

/// Sends frames as they stand, and returns the code of the close frame that comes.
fn code_for(agent: &Client, frames: &[u8]) -> Option<u16> {
    let mut connection = Connection::open(agent);
    let (host, token) = (agent.authority(), agent.token_line());
    connection.send(format!(
        "GET {PREFIX}/events?events=0&counters_ms=0&samples_ms=0 HTTP/1.1\r\nHost: {host}\r\n{token}\
         Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ));
    assert_eq!(connection.head().expect("an answer").status, 101);
    connection.send(frames);
    let mut rest = &connection.rest()[..];
    loop {
        let (kind, length, behind) = match *rest {
            [kind, 126, high, low, ref behind @ ..] => {
                (kind, u16::from_be_bytes([high, low]).into(), behind)
            }
            [kind, length, ref behind @ ..] => (kind, usize::from(length), behind),
            _ => return None,
        };
        let (payload, next) = behind.split_at_checked(length)?;
        if kind == 0x88 {
            return Some(u16::from_be_bytes([payload[0], payload[1]]));
        }
        rest = next;
    }
}

#[test]
fn frames_that_break_the_protocol_end_the_connection() {
    let agent = Target::take();
    let masked = |head: &[u8], payload: &[u8]| [head, &[0, 0, 0, 0], payload].concat();
    for (frames, code) in [
        // Not masked; a reserved bit; a kind that there is not.
        (vec![0x81, 2, b'{', b'}'], 1002),
        (masked(&[0xc1, 0x82], b"{}"), 1002),
        (masked(&[0x83, 0x82], b"{}"), 1002),
        // A ping in two parts, and one that is too long.
        (masked(&[0x09, 0x80], b""), 1002),
        (masked(&[0x89, 0xfe, 0, 126], &[0; 126]), 1002),
        // The end of what did not begin, and a beginning inside of a message.
        (masked(&[0x80, 0x82], b"{}"), 1002),
        (
            [masked(&[0x01, 0x81], b"{"), masked(&[0x81, 0x81], b"}")].concat(),
            1002,
        ),
        // Lengths that never come.
        (
            masked(
                &[0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
                b"",
            ),
            1009,
        ),
        (
            [
                masked(&[0x01, 0xfe, 0, 200], &[b' '; 200]),
                masked(&[0x80, 0xfe, 0, 200], &[b' '; 200]),
            ]
            .concat(),
            1009,
        ),
        // A message in three parts with a ping between them is one message, which ends with a close frame's own code.
        (
            [
                masked(&[0x01, 0x81], b"{"),
                masked(&[0x89, 0x81], b"?"),
                masked(&[0x00, 0x80], b""),
                masked(&[0x80, 0x81], b"}"),
                masked(&[0x88, 0x82], &[0x0f, 0xa0]),
            ]
            .concat(),
            4000,
        ),
    ] {
        assert_eq!(code_for(&agent, &frames), Some(code), "{frames:02x?}");
    }
    assert_eq!(agent.get("/trace/count").status, 200);
    assert_eq!(api("/events"), Route::Events.endpoint().path);
}
