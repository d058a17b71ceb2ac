//! The story that the README tells of a device in the field, from the leak to the firmware without it.

use heapbeacon_shared::api::{LeaksPage, MarksPage, Ota, OtaState, Settings};
use heapbeacon_shared::symbols::{SymbolizedStack, Symbols};
use heapbeacon_shared::trace::{Address, Mode, Reason, State};
use serde_json::Value;

use super::postmortem::crash;
use crate::support::await_that;
use crate::support::client::{JSON, api};
use crate::support::firmware::{Maker, Variant, curl};
use crate::support::qemu::Qemu;

const LISTENING: &str = "listening on";
/// Who leaks in the workload.
const LEAK: &str = "Table::open";
/// Microseconds within which state is written ahead.
const WRITTEN_WITHIN_US: u64 = 3_000_000;

#[test]
fn a_device_leaks_and_crashes_and_is_mended_over_the_air() {
    let maker = Maker::new();
    let mut machine = Qemu::boot_chosen(&maker.factory(), None);
    let agent = machine.client();

    // Somebody has it trace from the next boot on, and mark when something outlives its time.
    let wished =
        r#"{"trace":"leaks","triggers":[{"when":"outlived_above","bytes":100,"then":"mark"}]}"#;
    let set = agent.request("PUT", &api("/settings"), &[JSON], wished.as_bytes());
    assert_eq!(set.status, 200, "{}", set.text());
    assert_eq!(agent.post("/restart", "").status, 200);
    machine.await_line(LISTENING);
    let summary = agent.trace().summary;
    assert_eq!(
        (summary.state, summary.mode),
        (State::Recording, Some(Mode::Leaks))
    );
    await_that("the trigger to come about", || {
        let settings: Settings = agent.read("/settings");
        settings.triggers[0].fired > 0
    });
    let marks: MarksPage = agent.read("/marks");
    assert_eq!(marks.marks[0].name.as_str(), "outlived > 100: mark");

    await_that("it is certain who leaks", || {
        let page: LeaksPage = agent.read("/trace/leaks?verdict=leaking");
        !page.leaks.is_empty()
    });
    let told_us = agent.trace().summary.time_us;
    await_that("its state to be written ahead", || {
        agent.trace().summary.time_us > told_us + WRITTEN_WITHIN_US
    });

    // It crashes, and the next boot says who held the heap; the firmware itself has the names.
    let ending = crash(&mut machine, &agent, "out-of-memory");
    assert_eq!(ending.reason, Reason::OutOfMemory);
    let names = agent.get("/elf").body;
    let symbols = Symbols::parse(&names).expect("the image carries names");
    let told: Value = agent.read("/postmortem");
    let leaks = told["leaks"].as_array().expect("a list").iter();
    let mut blamed = leaks.filter(|leak| leak["verdict"]["kind"] == "leaking");
    let blamed = blamed.next().expect("it was certain by then");
    let frames = &blamed["stack"]["frames"];
    let frames: Vec<Address> = serde_json::from_value(frames.clone()).expect("addresses");
    let blamed = site(&symbols, &frames);
    assert!(blamed.contains(LEAK), "{blamed}");

    // The firmware without the leak is sent, and stays.
    let (image, _) = maker.sign("0.2.0", Variant::Mended);
    let (is_accepted, printed) = curl(machine.url(), "", &image);
    assert!(is_accepted, "{printed}");
    assert_eq!(agent.post("/restart", "").status, 200);
    machine.await_line("booting slot 1");
    machine.await_line(LISTENING);
    await_that("the image to be confirmed", || {
        agent.read::<Ota>("/ota").state == OtaState::Idle
    });
    await_that("it runs for as long", || {
        agent.trace().summary.time_us > told_us
    });
    let page: LeaksPage = agent.read("/trace/leaks?verdict=leaking,queue_grows,lost");
    assert_eq!(page.leaks, []);
}

/// Returns the function that allocated.
fn site(symbols: &Symbols, frames: &[Address]) -> String {
    let frames: Vec<u64> = frames.iter().map(|frame| frame.0).collect();
    let stack = SymbolizedStack::new(symbols.call_stack(&frames));
    let site = stack.call_site().map(|site| site.frame.function.clone());
    site.flatten().unwrap_or_default()
}
