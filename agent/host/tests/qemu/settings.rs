//! Settings in flash: they hold from the next boot on, by real resets and with the power cut.

use std::time::Duration;

use heapbeacon_shared::api::{Device, Settings, SettingsState};
use heapbeacon_shared::trace::{Mode, Reason, State};

use super::postmortem::told;
use crate::support::client::{Client, JSON, api};
use crate::support::qemu::Qemu;
use crate::support::{await_some, some_within};

const LISTENING: &str = "listening on";
/// A block is looked for when it is 10 s old, in two dozen scans 2 s apart.
const FOUND_WITHIN: Duration = Duration::from_secs(240);

fn put(agent: &Client, body: &str) -> Settings {
    agent
        .request("PUT", &api("/settings"), &[JSON], body.as_bytes())
        .json()
}

#[test]
fn trace_from_the_next_boot_on() {
    let mut machine = Qemu::boot();
    let agent = machine.client();
    assert_eq!(
        agent.read::<Settings>("/settings").state,
        SettingsState::Nothing
    );
    put(&agent, r#"{"name":"kitchen","trace":"all","records":64}"#);
    let trace = agent.trace();
    assert_eq!(
        trace.summary.mode,
        Some(Mode::Leaks),
        "this boot goes on as it was"
    );
    assert_eq!(agent.post("/restart", "").status, 200);
    machine.await_line(LISTENING);
    let trace = agent.trace();
    assert_eq!(
        (trace.summary.mode, trace.summary.capacity),
        (Some(Mode::All), 64)
    );
    assert_eq!(agent.read::<Device>("/device").name, "kitchen");
    put(&agent, r#"{"trace":"off","records":0}"#);
    machine.reset();
    machine.await_line(LISTENING);
    assert_eq!(agent.trace().summary.state, State::Stopped);
}

#[test]
fn settings_outlive_the_power() {
    let folder = tempfile::tempdir().expect("there is room");
    let flash = folder.path().join("flash");
    let machine = Qemu::boot_with(&flash);
    // Enough to fill a sector, so that the values move on.
    for number in 0..12 {
        put(
            &machine.client(),
            &format!(r#"{{"name":"device {number}","control_token":""}}"#),
        );
    }
    drop(machine);
    let machine = Qemu::boot_with(&flash);
    let settings: Settings = machine.client().read("/settings");
    assert_eq!(
        (settings.state, settings.name.as_str()),
        (SettingsState::Stored, "device 11")
    );
}

#[test]
fn a_trigger_comes_about_and_leaves_a_mark() {
    let machine = Qemu::boot();
    let agent = machine.client();
    put(
        &agent,
        r#"{"triggers":[{"when":"free_below","bytes":100000000,"then":"switch_mode"}]}"#,
    );
    let settings = await_some("it comes about", || {
        let settings: Settings = agent.read("/settings");
        (settings.triggers[0].fired == 1).then_some(settings)
    });
    assert!(settings.triggers[0].is_met);
    assert_eq!(agent.trace().summary.mode, Some(Mode::All));
    let marks = agent.get("/marks");
    assert!(marks.text().contains("free < 100000000: switch"));
}

#[test]
fn a_device_keeps_its_state_when_it_has_lost_a_block() {
    let machine = Qemu::boot();
    let agent = machine.client();
    put(
        &agent,
        r#"{"triggers":[{"when":"block_lost","bytes":1,"then":"snapshot"}]}"#,
    );
    let on = agent.post("/demo/lost-blocks", r#"{"on":true}"#);
    assert_eq!(on.status, 200);
    let found = some_within(FOUND_WITHIN, || {
        let settings: Settings = agent.read("/settings");
        (settings.triggers[0].fired == 1).then_some(())
    });
    assert!(found.is_some(), "{}", agent.get("/trace").text());
    let ending = told(&agent).ending.expect("it is kept");
    assert_eq!(
        (ending.reason, ending.message.as_str()),
        (Reason::Snapshot, "lost > 1: keep")
    );
}
