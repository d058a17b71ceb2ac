//! What somebody wishes of a device, on its page.

use heapbeacon_shared::api::{Device, MarksPage, Settings};
use heapbeacon_shared::trace::{Action, BootTrace, Condition, State};
use thirtyfour::prelude::*;

use super::barriers::assert_open_to_all;
use super::story::{assert_fits_telephones, bundle};
use crate::support::await_that;
use crate::support::page::Page;
use crate::support::process::Process;

const PANEL: &str = "[data-testid='settings']";
const SAVE: &str = "[data-testid='save-settings']:not(:disabled)";
const NAME: &str = "[data-testid='settings'] .field:first-of-type input";
const BOOT: &str = "[data-testid='boot-trace'] option:nth-child(4)";
const ADD: &str = "[data-testid='add-trigger']:not(:disabled)";
const TRIGGER: &str = "[data-testid='trigger']";
const BYTES: &str = "[data-testid='trigger'] .bytes";
const TRY: &str = "[data-testid='trigger'] button:not(:disabled):first-of-type";
const NOTICE: &str = ".notice";

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_named_set_to_trace_and_given_a_trigger() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let client = agent.client();
    let page = Page::open(agent.url()).await?;
    page.go("device").await?;
    page.element_with(PANEL, "Nothing is set").await?;
    page.element(NAME).await?.send_keys("kitchen").await?;
    page.click(BOOT).await?;
    page.click(ADD).await?;
    page.element_with(TRIGGER, "not saved yet").await?;
    let bytes = page.element(BYTES).await?;
    bytes.clear().await?;
    bytes.send_keys("1").await?;
    page.click(SAVE).await?;
    page.element_with(NOTICE, "keeps these settings").await?;
    page.element_with(PANEL, "over restarts and power cuts")
        .await?;
    let kept: Settings = client.read("/settings");
    assert_eq!(
        (kept.name.as_str(), kept.trace),
        ("kitchen", BootTrace::All)
    );
    let trigger = kept.triggers[0];
    assert_eq!(
        (trigger.when, trigger.bytes, trigger.then),
        (Condition::FreeBelow, 1, Action::Freeze)
    );
    let device: Device = client.read("/device");
    assert_eq!(device.name, "kitchen");

    page.element_with(TRIGGER, "has not come about").await?;
    page.click(TRY).await?;
    page.element_with(TRIGGER, "came about 1 time").await?;
    await_that("the trace has stopped", || {
        client.trace().summary.state == State::Stopped
    });
    let marks: MarksPage = client.read("/marks");
    assert!(
        marks
            .marks
            .iter()
            .any(|mark| mark.name == "try: free: freeze")
    );

    assert_open_to_all(&page, "settings").await?;
    page.picture("settings").await?;
    page.prefer("light").await?;
    page.picture("settings-light").await?;
    assert_fits_telephones(&page, "settings").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_device_refuses_is_said_and_what_was_written_stays() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle()]);
    let page = Page::open(agent.url()).await?;
    page.go("device").await?;
    page.element(NAME).await?.send_keys("12345").await?;
    page.click(SAVE).await?;
    page.element_with(NOTICE, "not all digits").await?;
    let name = page.element(NAME).await?.prop("value").await?;
    assert_eq!(name.as_deref(), Some("12345"));
    let kept: Settings = agent.client().read("/settings");
    assert_eq!(kept.name, "");
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_set_is_the_one_that_the_page_sends() -> WebDriverResult<()> {
    const TOKEN: &str = "[data-testid='settings'] .field:nth-of-type(2) input[type='password']";
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(agent.url()).await?;
    page.go("device").await?;
    page.element(PANEL).await?;
    page.element(TOKEN).await?.send_keys("pistachio").await?;
    page.click(SAVE).await?;
    page.element_with(NOTICE, "keeps these settings").await?;
    agent.client().get("/trace").problem(401);
    let kept: Settings = agent.client_with("pistachio").read("/settings");
    assert!(kept.has_control_token);
    page.element_with(PANEL, "over restarts").await?;
    page.close().await
}
