//! A network that comes and goes.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use heapbeacon_shared::api::Device;

use crate::support::await_that;
use crate::support::client::api;
use crate::support::qemu::Qemu;

#[test]
fn a_pulled_cable_stops_nothing_but_the_network() {
    let mut machine = Qemu::boot();
    let agent = machine.client();
    let boot: Device = agent.read("/device");
    let before = agent.trace();

    machine.plug(false);
    machine.await_line("the network is gone");
    assert!(!answers(machine.url()));

    machine.plug(true);
    machine.await_line("listening on");
    await_that("an answer", || answers(machine.url()));
    // What was connected before may have been given up by either side.
    let agent = machine.client();
    let again: Device = agent.read("/device");
    assert_eq!(again.boot_id, boot.boot_id);
    let after = agent.trace();
    assert_eq!(
        (after.summary.state, after.trace_id),
        (before.summary.state, before.trace_id)
    );
    assert!(
        after.summary.total_allocations > before.summary.total_allocations,
        "it went on tracing"
    );
    assert!(after.summary.live_count >= before.summary.live_count.min(1));
}

/// Twice as many as the device has sockets for.
const AT_ONCE: usize = 12;

#[test]
fn who_comes_while_no_socket_listens_waits_and_is_answered() {
    let machine = Qemu::boot();
    let authority = machine.url().trim_start_matches("http://");
    let path = api("/trace/count");
    let ask = |_| {
        // QEMU accepts it for the machine, and nobody says that he goes when he was answered.
        let mut stream = TcpStream::connect(authority)?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {authority}\r\n\r\n")?;
        Ok(stream)
    };
    let streams: Vec<_> = (0..AT_ONCE).map(ask).collect();
    for stream in streams {
        let begin = |mut stream: TcpStream| {
            let mut beginning = [0; 12];
            stream.read_exact(&mut beginning).map(|()| beginning)
        };
        let answer: Result<_, std::io::Error> = stream.and_then(begin);
        assert_eq!(&answer.expect("it is not reset"), b"HTTP/1.1 200");
    }
}

/// Checks whether a request is answered within a moment.
fn answers(url: &str) -> bool {
    let authority = url.trim_start_matches("http://");
    let ask = || {
        let mut stream = TcpStream::connect(authority)?;
        stream.set_read_timeout(Some(Duration::from_millis(500)))?;
        let path = api("/trace/count");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {authority}\r\n\r\n")?;
        let mut beginning = [0; 12];
        stream.read_exact(&mut beginning)?;
        Ok::<_, std::io::Error>(beginning)
    };
    ask().is_ok_and(|beginning| &beginning == b"HTTP/1.1 200")
}
