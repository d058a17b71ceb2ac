//! What the page says when there is nothing to show, or not all of it.

use thirtyfour::prelude::*;

use super::story::{bundle, row};
use crate::support::await_that;
use crate::support::page::Page;
use crate::support::process::Process;

const INIT: &str = "/trace/init";
const VERDICT: &str = "[data-testid='verdict-sentence']";

#[tokio::test(flavor = "multi_thread")]
async fn a_leak_in_a_full_table_is_never_said_not_to_leak() -> WebDriverResult<()> {
    let table = ["--start", "leaks", "--records", "300"];
    let agent = Process::start(&[&["--dashboard", &bundle()][..], &table].concat());
    let page = Page::open(agent.url()).await?;
    page.go("leaks").await?;
    page.element_with(".verdict .facts", "were evicted for room")
        .await?;
    page.element_with(".verdict.bad", "leaking").await?;
    page.element_with(&row("[data-testid='leak-verdict']"), "leaking")
        .await?;

    page.click("[data-testid='demo-switch-session-leak']")
        .await?;
    page.element_with(VERDICT, "not every block is seen")
        .await?;

    // What the page advises then is what its buttons do.
    page.element_with(".verdict", "stop and start again")
        .await?;
    page.click("[data-testid='stop']").await?;
    page.click("[data-testid='clear-and-start']").await?;
    page.click("[data-testid='start-leaks']").await?;
    let trace = || agent.client().trace();
    await_that("all records that there is room for", || {
        let trace = trace();
        trace.summary.capacity == trace.buffer.max_records
    });
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leak_is_growing_as_of_the_stop_however_long_ago_that_is() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(agent.url()).await?;
    page.go("leaks").await?;
    let (verdict, state) = (
        row("[data-testid='leak-verdict']"),
        "[data-testid='trace-state']",
    );
    page.element_with(&verdict, "leaking").await?;
    page.click("[data-testid='stop']").await?;
    // More than a verdict looks back.
    page.element_where(".verdict", |shown| {
        seconds_since_the_stop(shown) >= Some(30)
    })
    .await?;
    let said = page.text(&verdict).await?;
    assert!(said.starts_with("leaking"), "{said}");
    assert!(page.is_absent(".verdict.good").await?);

    page.click("[data-testid='resume']").await?;
    page.element_with(state, "recording").await?;
    // What was freed meanwhile still counts: so what grew before says nothing of what grows now.
    page.element_with(".verdict .facts", "still counts as live")
        .await?;
    page.element_with(VERDICT, "Too early").await?;
    page.element_with(&verdict, "leaking").await?;
    page.close().await
}

/// Returns how many seconds ago the trace was stopped, as a page says it in its first minute.
fn seconds_since_the_stop(shown: &str) -> Option<u32> {
    let (_, ago) = shown.split_once("as of the stop, ")?;
    ago.split_once(" s ago")?.0.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_trace_goes_on_at_once_and_is_cleared_only_when_that_is_confirmed()
-> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let client = agent.client();
    let page = Page::open(agent.url()).await?;
    let (clear, keep) = (
        "[data-testid='clear-and-start']",
        "[data-testid='keep-records']",
    );
    page.click("[data-testid='stop']").await?;
    page.element("[data-testid='resume'].primary").await?;
    let stopped = client.trace();
    assert!(page.is_absent("[data-testid='start-leaks']").await?);

    // A second click, or key press, where the first one was.
    page.click(clear).await?;
    page.element_with("#cleared", "This clears").await?;
    assert!(page.has_focus(keep).await?, "the focus is on what keeps");
    page.press(Key::Enter).await?;
    page.element(clear).await?;
    assert!(page.has_focus(clear).await?, "the focus comes back");
    page.press(Key::Enter).await?;
    page.element(keep).await?;
    page.press(Key::Escape).await?;
    page.element(clear).await?;
    assert!(page.has_focus(clear).await?, "the focus comes back");
    assert_eq!(client.trace().trace_id, stopped.trace_id);
    assert_eq!(client.trace().summary.count, stopped.summary.count);

    page.click("[data-testid='resume']").await?;
    page.element("[data-testid='pause']").await?;
    assert_eq!(client.trace().trace_id, stopped.trace_id);

    page.click("[data-testid='stop']").await?;
    page.click(clear).await?;
    page.click("[data-testid='start-all']").await?;
    page.element_with("[data-testid='trace-state']", "recording · all")
        .await?;
    assert!(client.trace().trace_id > stopped.trace_id);
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_was_given_up_is_no_empty_list_and_one_that_goes_to_a_host_is_followed()
-> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let client = agent.client();
    let page = Page::open(agent.url()).await?;
    page.go("leaks").await?;
    page.element(VERDICT).await?;

    client.command("/trace/stop", "");
    client.command(INIT, r#"{"destination":"standalone","records":0}"#);
    page.element_with("main h2", "Not tracing yet").await?;

    // What goes to a host goes to this page, too.
    client.command(INIT, r#"{"destination":"to_host"}"#);
    client.command("/trace/start?mode=all", "");
    page.element_with("[data-testid='trace-state']", "to a host")
        .await?;
    page.element(VERDICT).await?;
    page.go("live").await?;
    page.element_with("[data-testid='passing'] .note", "none was dropped")
        .await?;
    page.element_with("[data-testid='passing'] p", "temporary")
        .await?;
    page.go("device").await?;
    page.element_with(".facts", "to every other viewer").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_said_to_be_wrong_and_the_right_one_opens_the_page() -> WebDriverResult<()>
{
    let agent = Process::start(&["--dashboard", &bundle(), "--token", "sesame"]);
    let page = Page::open(agent.url()).await?;
    let locked = "wants its token";
    page.element_with("[data-testid='link-state']", locked)
        .await?;
    page.choose("#token", "semolina\n").await?;
    page.element_with("main [role='alert']", "not this device's token")
        .await?;
    page.element_with("[data-testid='link-state']", locked)
        .await?;
    page.choose("#token", "sesame\n").await?;
    page.element_with("[data-testid='link-state']", "live")
        .await?;
    page.element_with("[data-testid='trace-state']", "not tracing")
        .await?;

    page.go("device").await?;
    for (name, begins) in [
        ("trace.hbc", "\0HBC"),
        ("heap_trace_dump.txt", "===="),
        ("openapi.yaml", "openapi:"),
    ] {
        page.click(&format!("a[download='{name}']")).await?;
        let file = page.downloaded(name);
        assert!(file.starts_with(begins.as_bytes()), "{name}: {file:?}");
    }
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_keeps_a_page_out_is_told_from_none() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle()]);
    let other = Process::start(&[]);
    let page = Page::open(&format!("{}/?device={}", agent.url(), other.url())).await?;
    let text = page.text_with("main", "but not to pages from").await?;
    assert!(text.contains("--allow-origin"));
    page.element(&format!("main a[href='{}/']", other.url()))
        .await?;
    drop(other);
    page.element_with("main", "No HeapBeacon agent answers")
        .await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_names_no_page_leads_to_those_that_there_are() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle()]);
    let page = Page::open(&format!("{}/#/bogus", agent.url())).await?;
    page.element_with("main h1", "There is no such page")
        .await?;
    page.click("main a[href='#/leaks']").await?;
    page.element("main [data-testid='start-here']").await?;
    page.close().await
}
