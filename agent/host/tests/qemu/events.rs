//! Events over a network that is quick, throttled, or gone.

use std::collections::BTreeMap;

use heapbeacon_shared::api::RecordsPage;
use heapbeacon_shared::trace::Address;
use heapbeacon_shared::wire::{Event, Message};

use crate::support::client::Client;
use crate::support::qemu::Qemu;
use crate::support::viewer::{Heard, Viewer};
use crate::support::{await_some, await_that};

/// Events that are counted: of five seconds.
const EVENTS: usize = 25_000;

/// Traces for hosts, while 5,000 events happen a second.
fn storm(agent: &Client) {
    agent.command("/trace/stop", "");
    agent.command("/trace/init", r#"{"destination":"to_host"}"#);
    agent.command("/trace/start?mode=leaks", "");
    switch(agent, "event-storm", true);
}

fn switch(agent: &Client, name: &str, on: bool) {
    let answer = agent.post(&format!("/demo/{name}"), &format!(r#"{{"on":{on}}}"#));
    assert_eq!(answer.status, 200);
}

/// Lets nothing happen any more but what the network does.
fn calm(agent: &Client) {
    agent.command("/trace/stop", "");
    switch(agent, "event-storm", false);
}

/// Returns the sequence numbers of the live blocks that the tracer has.
fn records(agent: &Client) -> BTreeMap<Address, u64> {
    let mut records = BTreeMap::new();
    let mut after = 0;
    loop {
        let page: RecordsPage = agent.read(&format!("/trace/records?limit=1000&after={after}"));
        records.extend(
            page.records
                .iter()
                .map(|record| (record.address, record.seq)),
        );
        match page.next {
            Some(next) => after = next,
            None => return records,
        }
    }
}

#[track_caller]
fn assert_same(viewer: &Viewer, agent: &Client) {
    assert!(viewer.live.is_complete());
    let live = viewer.live.iter();
    let live: BTreeMap<_, _> = live.map(|record| (record.address, record.seq)).collect();
    assert_eq!(live, records(agent));
}

#[test]
fn five_thousand_events_a_second_reach_a_viewer_and_take_twelve_bytes_each_at_most() {
    let machine = Qemu::boot();
    let agent = machine.client();
    storm(&agent);
    let mut viewer = Viewer::open(&agent, "");
    viewer.until(|message| matches!(message, Message::SnapshotEnd(_)));
    let (mut count, mut times) = (0, None);
    let before = viewer.bytes;
    while count < EVENTS {
        for message in viewer.messages() {
            let Message::Events(events) = message else {
                continue;
            };
            for event in events.iter() {
                let time = match event.expect("it is whole") {
                    Event::Allocated(record) => record.seq,
                    Event::Freed(freed) => freed.time,
                };
                let (first, _) = *times.get_or_insert((time, time));
                times = Some((first, time));
                count += 1;
            }
        }
    }
    let bytes = viewer.bytes - before;
    let (first, last) = times.expect("there were events");
    let rate = count as u64 * 1_000_000 / (last - first);
    println!(
        "{rate} events a second, {:.1} bytes each",
        bytes as f64 / count as f64
    );
    assert_eq!(viewer.live.dropped(), 0);
    assert!(
        rate >= 4_900,
        "{rate} events a second by the device's own clock"
    );
    assert!(bytes <= 12 * count, "{bytes} bytes for {count} events");
    calm(&agent);
    viewer.until_mark(&agent, "calm");
    assert_same(&viewer, &agent);
}

#[test]
fn a_viewer_on_a_throttled_network_is_told_what_it_missed_and_then_knows_all() {
    let mut machine = Qemu::boot();
    let agent = machine.client();
    storm(&agent);
    let mut viewer = Viewer::open(&agent, "?counters_ms=0&samples_ms=0");
    viewer.until(|message| matches!(message, Message::SnapshotEnd(_)));
    machine.throttle(true);
    viewer.until(|message| matches!(message, Message::Dropped(_)));
    // The device goes on as ever meanwhile, and answers others.
    let before = agent.trace().summary;
    await_that("events", || {
        agent.trace().summary.total_allocations > before.total_allocations + 2_500
    });
    machine.throttle(false);
    calm(&agent);
    viewer.until_mark(&agent, "calm");
    assert_same(&viewer, &agent);
    assert!(viewer.live.dropped() > 0);
}

#[test]
fn a_viewer_whose_link_was_pulled_comes_back_and_knows_all() {
    let mut machine = Qemu::boot();
    let agent = machine.client();
    storm(&agent);
    let mut viewer = Viewer::open(&agent, "");
    viewer.until(|message| matches!(message, Message::Events(_)));
    let before = agent.trace().summary.total_allocations;
    machine.plug(false);
    machine.await_line("the network is gone");
    machine.plug(true);
    machine.await_line("listening on");
    drop(viewer);
    let agent = machine.client();
    // The place of a viewer that has vanished is free again within seconds.
    let mut viewer = await_some("a place", || Viewer::try_open(&agent, "", &[]).ok());
    viewer.until(|message| matches!(message, Message::SnapshotEnd(_)));
    assert!(
        agent.trace().summary.total_allocations > before,
        "nobody waited for it"
    );
    calm(&agent);
    viewer.until_mark(&agent, "calm");
    assert_same(&viewer, &agent);
    // A second one finds no place, and requests are answered as ever.
    let refusal = Viewer::try_open(&agent, "", &[]).err();
    assert_eq!(refusal.map(|refusal| refusal.status), Some(503));
    assert!(matches!(viewer.hear(), Heard::Messages(_)));
}
