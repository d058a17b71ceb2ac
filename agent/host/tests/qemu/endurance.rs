//! Serving takes nothing from the heap, however often; only the card copies each frame there, as a Wi-Fi driver does.

use std::thread;

use heapbeacon_shared::api::{Demo, Heap, StacksPage};

use crate::support::client::Client;
use crate::support::qemu::Qemu;
use crate::support::raw::{Connection, request};

const REQUESTS: usize = 30_000;
/// Connections at a time, of which each asks for its share.
const CONNECTIONS: usize = 2;
/// What is asked for in turn: short answers and long ones, JSON, postcard, text and an error.
const PATHS: [&str; 8] = [
    "/api/v1/trace",
    "/api/v1/trace/count",
    "/api/v1/heap",
    "/api/v1/trace/records?limit=2",
    "/api/v1/trace/leaks?limit=1",
    "/api/v1/trace/stacks?limit=1&format=postcard",
    "/api/v1/device",
    "/api/v1/nothing",
];

#[test]
fn thirty_thousand_requests_leave_the_heap_as_it_was() {
    let machine = Qemu::boot();
    let agent = machine.client();
    silence(&agent);
    let before = figures(&agent);
    thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| ask(&agent, REQUESTS / CONNECTIONS));
        }
    });
    assert_eq!(figures(&agent), before);
}

/// Turns everything off that allocates, and waits until it has come to rest.
fn silence(agent: &Client) {
    let demo: Demo = agent.read("/demo");
    for switch in &demo.switches {
        let answer = agent.post(&format!("/demo/{}", switch.name), r#"{"on":false}"#);
        assert_eq!(answer.status, 200, "{}", switch.name);
    }
    let started = agent.trace().summary.time_us;
    // Each job follows at its next step; the slowest takes one every half second.
    while agent.trace().summary.time_us < started + 2_000_000 {}
}

/// The task that frames come and go in.
const NETWORK: &str = "network";

/// Everything that an allocation or a free of any other task would change, and what is held in all.
fn figures(agent: &Client) -> (u64, u64, u64, u64, Vec<(u64, u64)>) {
    let page: StacksPage = agent.read("/trace/stacks?limit=1000");
    let stacks = page.stacks.iter();
    let others = stacks.filter(|stack| stack.task.as_deref() != Some(NETWORK));
    let (allocations, frees) = others.fold((0, 0), |(allocations, frees), stack| {
        (allocations + stack.allocations, frees + stack.frees)
    });
    let trace = agent.trace();
    let heap: Heap = agent.read("/heap");
    let regions = heap.regions.iter();
    let regions = regions
        .map(|region| (region.used, region.minimum_free))
        .collect();
    (
        allocations,
        frees,
        trace.summary.live_count,
        trace.summary.live_bytes,
        regions,
    )
}

/// Asks so many times, on one connection after the other as the agent closes them.
fn ask(agent: &Client, times: usize) {
    let mut connection = Connection::open(agent);
    for (path, _) in PATHS.iter().cycle().zip(0..times) {
        connection.send(request(agent, "GET", path));
        let answer = connection.answer().unwrap_or_else(|| {
            connection = Connection::open(agent);
            connection.send(request(agent, "GET", path));
            connection.answer().expect("a new connection is served")
        });
        let expected = if path.ends_with("/nothing") { 404 } else { 200 };
        assert_eq!(answer.status, expected, "{path}");
    }
}
