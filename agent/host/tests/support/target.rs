//! The agent under test: the one that the user named, or a process of the test's own.

use std::env;
use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, PoisonError};

use heapbeacon_shared::api::{Demo, Destination, Device, Feature, Mode, State, Trace};

use super::client::Client;
use super::process::Process;

/// Held while a test uses the user's agent: there is only one.
static NAMED: Mutex<()> = Mutex::new(());

/// The agent under test.
pub(crate) struct Target {
    client: Client,
    _owner: Owner,
}

enum Owner {
    /// The test's own agent.
    Test(#[allow(dead_code, reason = "it runs until this goes")] Process),
    /// The agent at `HEAPBEACON_URL`, and what its trace did before.
    User(
        Box<Restore>,
        #[allow(dead_code, reason = "keeps the other tests away until this goes")]
        MutexGuard<'static, ()>,
    ),
}

impl Target {
    /// Takes the agent at `HEAPBEACON_URL`, or else starts one that traces leaks.
    pub(crate) fn take() -> Self {
        let Ok(url) = env::var("HEAPBEACON_URL") else {
            let process = Process::start(&["--start", "leaks"]);
            return Self {
                client: process.client(),
                _owner: Owner::Test(process),
            };
        };
        // A test that failed has put the trace back all the same.
        let alone = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
        let client = Client::new(&url, env::var("HEAPBEACON_TOKEN").ok()).patient();
        let restore = Restore {
            before: client.trace(),
            switches: (client.get("/demo").status == 200).then(|| client.read("/demo")),
            client: client.clone(),
        };
        Self {
            client,
            _owner: Owner::User(Box::new(restore), alone),
        }
    }

    /// Takes the agent and traces with it, all records that fit.
    pub(crate) fn tracing(mode: Mode) -> Self {
        let target = Self::take();
        stop_if_running(&target);
        target.command("/trace/init", r#"{"destination":"standalone"}"#);
        target.command(start(mode), "");
        target
    }

    /// Tells whether the device offers something.
    pub(crate) fn has(&self, feature: Feature) -> bool {
        let device: Device = self.read("/device");
        device.features.contains(&feature)
    }

    /// Checks that the agent serves, and that its trace is what it was.
    #[track_caller]
    pub(crate) fn assert_untouched(&self, before: &Trace) {
        let now = self.trace();
        let what = |trace: &Trace| {
            let Trace {
                state,
                destination,
                mode,
                capacity,
                buffer,
                ..
            } = trace.clone();
            (
                state,
                destination,
                mode,
                trace.trace_id,
                trace.started_us,
                capacity,
                buffer,
            )
        };
        assert_eq!(what(&now), what(before));
        assert!(now.total_allocations >= before.total_allocations);
    }
}

impl Deref for Target {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// Returns the path that starts a trace.
pub(crate) fn start(mode: Mode) -> &'static str {
    match mode {
        Mode::All => "/trace/start?mode=all",
        Mode::Leaks => "/trace/start?mode=leaks",
    }
}

/// Stops the trace, unless it is.
pub(crate) fn stop_if_running(client: &Client) {
    if matches!(client.trace().state, State::Recording | State::Paused) {
        client.command("/trace/stop", "");
    }
}

/// Makes the trace do again what it did before. Its records are lost: every start clears them.
struct Restore {
    client: Client,
    before: Trace,
    switches: Option<Demo>,
}

impl Drop for Restore {
    fn drop(&mut self) {
        for switch in self.switches.iter().flat_map(|demo| &demo.switches) {
            let body = format!(r#"{{"on":{}}}"#, switch.on);
            self.client.post(&format!("/demo/{}", switch.name), &body);
        }
        if self.client.trace().trace_id == self.before.trace_id
            && self.client.trace().state == self.before.state
        {
            return;
        }
        stop_if_running(&self.client);
        match self.before.destination {
            Some(Destination::ToHost) => self.init(r#"{"destination":"to_host"}"#),
            _ => {
                let records = self.before.capacity;
                self.init(&format!(
                    r#"{{"destination":"standalone","records":{records}}}"#
                ));
            }
        }
        if let (State::Recording | State::Paused, Some(mode)) =
            (self.before.state, self.before.mode)
        {
            self.client.post(start(mode), "");
        }
        if self.before.state == State::Paused {
            self.client.post("/trace/pause", "");
        }
    }
}

impl Restore {
    fn init(&self, body: &str) {
        self.client.post("/trace/init", body);
    }
}
