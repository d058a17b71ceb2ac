//! The agent under test: the one that the user named, or a process of the test's own.

use std::env;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use heapbeacon_shared::api::{Demo, Device, Feature, Trace};
use heapbeacon_shared::trace::{Destination, Mode, State};

use super::client::Client;
use super::process::Process;
use super::{await_that, some_within};

/// Held while a test uses the user's agent: there is only one.
static NAMED: Mutex<()> = Mutex::new(());
/// Whether the user's agent was found not to answer: later tests say so without waiting for long.
static IS_GONE: AtomicBool = AtomicBool::new(false);

/// How long the user's agent may take to answer a test that begins, and one that begins after it was gone.
const PATIENCE: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(2)];
/// Requests whose time is taken to tell how fast an agent answers.
const SAMPLES: u32 = 5;
/// How long the workload of the user's agent gets to bring about what a test would like to see.
const WORKLOAD_PATIENCE: Duration = Duration::from_secs(10);
/// What has allocated nothing for so long will not soon, and what was found so will not even sooner.
const IDLE: [Duration; 2] = [Duration::from_secs(2), Duration::from_millis(100)];
/// Whether the user's agent was found to have no workload.
static IS_IDLE: AtomicBool = AtomicBool::new(false);

/// The agent under test.
pub(crate) struct Target {
    client: Client,
    owner: Owner,
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
                owner: Owner::Test(process),
            };
        };
        // A test that failed has put the trace back all the same.
        let alone = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
        let client = Client::new(&url, env::var("HEAPBEACON_TOKEN").ok()).patient();
        await_answer(&client);
        let restore = Restore {
            before: client.trace(),
            switches: (client.get("/demo").status == 200).then(|| client.read("/demo")),
            client: client.clone(),
        };
        Self {
            client,
            owner: Owner::User(Box::new(restore), alone),
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

    /// Checks whether the device offers something.
    pub(crate) fn has(&self, feature: Feature) -> bool {
        let device: Device = self.read("/device");
        device.features.contains(&feature)
    }

    /// Waits until the workload has brought about what a test would like to see, and returns the status of the trace.
    ///
    /// The test's own agent must get there. The user's may have a workload that allocates little, or nothing, or few
    /// records: after a while the test checks what there is.
    #[track_caller]
    pub(crate) fn worked_until(&self, what: &str, is_so: impl Fn(&Trace) -> bool) -> Trace {
        let mut trace = self.trace();
        let mut changed = Instant::now();
        let mut look = || {
            let before = trace.summary.total_allocations;
            trace = self.trace();
            if trace.summary.total_allocations != before {
                changed = Instant::now();
                IS_IDLE.store(false, Relaxed);
            }
            (is_so(&trace), changed.elapsed())
        };
        match self.owner {
            Owner::Test(_) => await_that(what, || look().0),
            Owner::User(..) => {
                let seen = some_within(WORKLOAD_PATIENCE, || {
                    let (is_so, idle) = look();
                    let patience = IDLE[usize::from(IS_IDLE.load(Relaxed))];
                    (is_so || idle > patience).then_some(is_so)
                });
                IS_IDLE.store(seen == Some(false), Relaxed);
                if seen != Some(true) {
                    eprintln!(
                        "this agent's workload does not show {what}: the test checks what there is"
                    );
                }
            }
        }
        trace
    }

    /// Returns every how many of `cases` a test takes, each a request or two, to be done within a minute on a slow agent.
    pub(crate) fn stride(&self, cases: usize) -> usize {
        let each = 2 * self.request_time().as_nanos();
        let within_a_minute = Duration::from_secs(60).as_nanos() / each.max(1);
        cases.div_ceil(within_a_minute.max(1) as usize).max(1)
    }

    /// Returns how long the agent takes for a request while nobody else asks.
    pub(crate) fn request_time(&self) -> Duration {
        let started = Instant::now();
        for _ in 0..SAMPLES {
            self.trace();
        }
        started.elapsed() / SAMPLES
    }

    /// Checks that the agent serves, and that its trace is what it was.
    #[track_caller]
    pub(crate) fn assert_untouched(&self, before: &Trace) {
        let now = self.trace();
        let what = |trace: &Trace| {
            let summary = trace.summary;
            (
                summary.state,
                summary.destination,
                summary.mode,
                trace.trace_id,
                summary.started_us,
                summary.capacity,
                trace.buffer,
            )
        };
        assert_eq!(what(&now), what(before));
        assert!(now.summary.total_allocations >= before.summary.total_allocations);
    }
}

impl Deref for Target {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// Waits until the user's agent answers at all.
#[track_caller]
fn await_answer(client: &Client) {
    let [usual, gone] = PATIENCE;
    let patience = if IS_GONE.load(Relaxed) { gone } else { usual };
    let ask = || client.clone().hasty(patience).try_get("/device").ok();
    let answer = some_within(patience, ask);
    IS_GONE.store(answer.is_none(), Relaxed);
    assert!(answer.is_some(), "{} does not answer", client.authority());
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
    if matches!(
        client.trace().summary.state,
        State::Recording | State::Paused
    ) {
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
    /// Never panics: that would end the whole program, and all other tests with it, if the test has failed.
    fn drop(&mut self) {
        if let Err(error) = self.restore() {
            eprintln!("the agent's trace was not put back to what it was: {error}");
        }
    }
}

impl Restore {
    fn restore(&self) -> Result<(), String> {
        for switch in self.switches.iter().flat_map(|demo| &demo.switches) {
            let body = format!(r#"{{"on":{}}}"#, switch.on);
            self.post(&format!("/demo/{}", switch.name), &body)?;
        }
        let now: Trace = self.client.try_get("/trace")?.try_json()?;
        let before = &self.before;
        if (now.trace_id, now.summary.state) == (before.trace_id, before.summary.state) {
            return Ok(());
        }
        if matches!(now.summary.state, State::Recording | State::Paused) {
            self.post("/trace/stop", "")?;
        }
        let init = match before.summary.destination {
            Some(Destination::ToHost) => r#"{"destination":"to_host"}"#.to_owned(),
            _ => format!(
                r#"{{"destination":"standalone","records":{}}}"#,
                before.summary.capacity
            ),
        };
        self.post("/trace/init", &init)?;
        if let (State::Recording | State::Paused, Some(mode)) =
            (before.summary.state, before.summary.mode)
        {
            self.post(start(mode), "")?;
        }
        if before.summary.state == State::Paused {
            self.post("/trace/pause", "")?;
        }
        Ok(())
    }

    /// Posts what must be accepted.
    fn post(&self, path: &str, body: &str) -> Result<(), String> {
        let answer = self.client.try_post(path, body)?;
        if answer.status == 200 {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        Err(format!("{path} {body}: {} {said}", answer.status))
    }
}
