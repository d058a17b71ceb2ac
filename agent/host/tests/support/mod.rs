//! What the tests of a running agent share.
#![allow(dead_code, reason = "no test program uses all of it")]

pub(crate) mod answer;
pub(crate) mod background;
pub(crate) mod client;
pub(crate) mod crowd;
pub(crate) mod crowd_tests;
pub(crate) mod far;
pub(crate) mod firmware;
pub(crate) mod fleet;
pub(crate) mod flood;
pub(crate) mod namespace;
pub(crate) mod page;
pub(crate) mod pprof;
pub(crate) mod process;
pub(crate) mod qemu;
pub(crate) mod raw;
pub(crate) mod scans;
pub(crate) mod target;
pub(crate) mod tls;
pub(crate) mod viewer;
pub(crate) mod web_server;

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

/// How long anything that must happen may take; only a failure takes that long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two questions: the machine is left to those that are asked.
const PAUSE: Duration = Duration::from_millis(10);

/// Asks again and again until there is an answer, and returns it.
///
/// # Panics
/// When `what` does not come to pass.
pub(crate) fn await_some<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    some_within(PATIENCE, ask).unwrap_or_else(|| panic!("{what}: not within {PATIENCE:?}"))
}

/// Asks again and again until there is an answer; returns `None` if there is none in time.
pub(crate) fn some_within<T>(patience: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    loop {
        let answer = ask();
        if answer.is_some() || started.elapsed() >= patience {
            return answer;
        }
        thread::sleep(PAUSE);
    }
}

/// Asks again and again until it is so.
///
/// # Panics
/// When `what` does not come to pass.
pub(crate) fn await_that(what: &str, mut is_so: impl FnMut() -> bool) {
    await_some(what, || is_so().then_some(()));
}

/// Finds a port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}
