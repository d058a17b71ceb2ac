//! Settings in a file that outlives the process.

use heapbeacon_shared::api::{Device, Settings, SettingsState};
use heapbeacon_shared::trace::{Mode, State};

use crate::support::answer::Answer;
use crate::support::await_some;
use crate::support::client::{Client, JSON, api};
use crate::support::process::{Process, output};

fn put(agent: &Client, body: &str) -> Answer {
    agent.request("PUT", &api("/settings"), &[JSON], body.as_bytes())
}

#[test]
fn an_agent_traces_from_its_next_boot_on_if_somebody_wishes_it() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("flash");
    let path = path.to_str().expect("it is text");
    let agent = Process::start(&["--flash", path]);
    assert_eq!(agent.client().trace().summary.state, State::Uninitialised);
    let set: Settings = put(
        &agent.client(),
        r#"{"name":"kitchen","trace":"all","records":96}"#,
    )
    .json();
    assert_eq!(set.state, SettingsState::Stored);
    drop(agent);

    let agent = Process::start(&["--flash", path]);
    let summary = agent.client().trace().summary;
    assert_eq!(
        (summary.state, summary.mode),
        (State::Recording, Some(Mode::All))
    );
    assert_eq!(summary.capacity, 96);
    let device: Device = agent.client().read("/device");
    assert_eq!(device.name, "kitchen");
    let set: Settings = put(
        &agent.client(),
        r#"{"trace":"off","control_token":"pistachio"}"#,
    )
    .json();
    assert!(set.has_control_token);
    drop(agent);

    let agent = Process::start(&["--flash", path, "--start", "leaks"]);
    agent.client().get("/trace").problem(401);
    let trace = agent.client_with("pistachio").trace();
    assert_eq!(
        trace.summary.state,
        State::Uninitialised,
        "the settings say off"
    );
}

#[test]
fn without_a_file_settings_are_gone_with_the_process() {
    let agent = Process::start(&[]);
    assert_eq!(put(&agent.client(), r#"{"name":"kitchen"}"#).status, 200);
    let device: Device = agent.client().read("/device");
    assert_eq!(device.name, "kitchen");
    drop(agent);
    let agent = Process::start(&[]);
    let settings: Settings = agent.client().read("/settings");
    assert_eq!(settings.state, SettingsState::Nothing);
}

#[test]
fn a_trigger_freezes_the_trace_when_the_heap_runs_low() {
    let agent = Process::start(&["--start", "leaks"]);
    let agent = agent.client();
    // More than the heap has: it comes about at the next sample.
    let set = put(
        &agent,
        r#"{"triggers":[{"when":"free_below","bytes":4000000000,"then":"freeze"}]}"#,
    );
    assert_eq!(set.status, 200);
    let frozen = await_some("the trigger comes about", || {
        let trace = agent.trace();
        (trace.summary.state == State::Stopped).then_some(trace)
    });
    assert!(frozen.summary.total_allocations > 0);
    let marks = agent.get("/marks");
    assert!(
        marks.text().contains("free < 4000000000: freeze"),
        "{}",
        marks.text()
    );
    let settings: Settings = agent.read("/settings");
    assert_eq!(settings.triggers[0].fired, 1);
    assert!(settings.triggers[0].is_met && settings.triggers[0].fired_us.is_some());
}

#[test]
fn a_file_that_can_not_be_had_is_told() {
    let told = output(&["--flash", "/no/such/folder/flash"]);
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(
        told.contains("/no/such/folder/flash") && told.contains("--flash"),
        "{told}"
    );
}
