//! Moments that are named, what happened, and the heap before the page opened.

use heapbeacon_shared::api::{HeapHistory, LeaksPage, MarksPage};
use thirtyfour::prelude::*;

use super::barriers::assert_open_to_all;
use super::story::bundle;
use crate::support::await_that;
use crate::support::page::Page;
use crate::support::process::Process;

pub(super) const BUTTON: &str = "[data-testid='mark']:not(:disabled)";
pub(super) const FIELD: &str = "#mark-name";
const SINCE: &str = "[data-testid='since'] option";
const UNTIL: &str = "[data-testid='until'] option";
const SPAN: &str = "[data-testid='span']";
const EVENTS: &str = "[data-testid='events']";
const CHART: &str = ".chart:has(.used) .reader";

/// Waits until the agent has some past.
fn with_past() -> Process {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let client = agent.client();
    await_that("some history", || {
        let history: HeapHistory = client.read("/heap/history");
        history.points.len() >= 6
    });
    agent
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_opens_with_the_past_and_with_what_happened() -> WebDriverResult<()> {
    let agent = with_past();
    let client = agent.client();
    client.post("/marks", r#"{"name":"after login"}"#);
    let page = Page::open(agent.url()).await?;
    page.element_with(EVENTS, "after login").await?;
    page.element_with(EVENTS, "trace started (leaks)").await?;
    page.element_with(EVENTS, "device started (process start)")
        .await?;
    page.element_with(".chart .event", "after login").await?;
    // The oldest moment that is read off is at the first sample, and not when the page opened.
    page.focus_on(CHART).await?;
    page.press(Key::Home).await?;
    let oldest = page.element(CHART).await?.attr("aria-valuetext").await?;
    let seconds = oldest.as_deref().and_then(|text| {
        let digits: String = text
            .chars()
            .skip(1)
            .take_while(char::is_ascii_digit)
            .collect();
        digits.parse::<u32>().ok()
    });
    assert!(seconds.is_some_and(|seconds| seconds >= 8), "{oldest:?}");
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_is_named_by_button_and_by_key() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let client = agent.client();
    let page = Page::open(agent.url()).await?;
    page.element(BUTTON).await?;

    // The key opens the field, whose name can be taken as it is.
    page.press("m").await?;
    page.element(&format!("{FIELD}:focus")).await?;
    page.press(Key::Enter).await?;
    page.gone(FIELD).await?;
    page.element_with(EVENTS, "mark 1").await?;
    page.element(&format!("{BUTTON}:focus")).await?;

    // The button does the same, and a name that is none is refused with a reason.
    page.click(BUTTON).await?;
    page.element(&format!("{FIELD}:focus")).await?;
    page.press("123").await?;
    page.press(Key::Enter).await?;
    page.element_with("#mark-problem", "not only digits")
        .await?;
    page.press(" – after login").await?;
    page.press(Key::Enter).await?;
    page.element_with(EVENTS, "123 – after login").await?;

    // Escape names nothing.
    page.press("m").await?;
    page.element(&format!("{FIELD}:focus")).await?;
    page.press(Key::Escape).await?;
    page.gone(FIELD).await?;

    // In a field a letter is a letter.
    page.go("leaks").await?;
    page.click("input[type='search']").await?;
    page.press("m").await?;
    page.element("input[type='search']:focus").await?;
    assert!(page.is_absent(FIELD).await?);

    let marks: MarksPage = client.read("/marks");
    let names: Vec<_> = marks.marks.iter().map(|mark| mark.name.as_str()).collect();
    assert_eq!(names, ["mark 1", "123 – after login"]);
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_and_events_have_no_barriers() -> WebDriverResult<()> {
    let agent = with_past();
    let client = agent.client();
    for name in ["boot done", "after login", "after logout"] {
        client.post("/marks", &format!(r#"{{"name":"{name}"}}"#));
    }
    let page = Page::open(agent.url()).await?;
    page.element_with(EVENTS, "after logout").await?;
    assert_open_to_all(&page, "events").await?;
    page.click(BUTTON).await?;
    page.element(FIELD).await?;
    assert_open_to_all(&page, "naming").await?;
    for width in [320, 390] {
        page.resize(width, 844).await?;
        assert!(!page.scrolls_sideways().await?, "{width} pixels");
    }
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_allocated_between_two_marks_is_listed_apart() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let client = agent.client();
    let live_since = || {
        let page: LeaksPage = client.read("/trace/leaks?since=after%20login");
        page.leaks.iter().map(|leak| leak.count).sum::<u64>()
    };
    let page = Page::open(agent.url()).await?;
    page.go("leaks").await?;
    page.element("[data-testid='leak-row']").await?;
    assert!(page.is_absent("[data-testid='since']").await?, "no marks");
    client.post("/marks", r#"{"name":"after login"}"#);
    await_that("some blocks", || live_since() > 20);
    client.post("/marks", r#"{"name":"after logout"}"#);

    page.element_with(SINCE, "after logout").await?;
    page.click(&format!("{SINCE}:nth-child(2)")).await?;
    page.element_with(SPAN, "since “after login” and still live: ")
        .await?;
    page.element("[data-testid='leak-row']").await?;
    page.click(&format!("{UNTIL}:nth-child(3)")).await?;
    page.element_with(SPAN, "between “after login” and “after logout”")
        .await?;
    assert_open_to_all(&page, "between two marks").await?;

    // A reload and a link show the same.
    page.address_with("&until=").await?;
    page.reload().await?;
    page.element_with(SPAN, "between “after login” and “after logout”")
        .await?;
    page.click(&format!("{SINCE}:nth-child(1)")).await?;
    page.element_with(SPAN, "before “after logout”").await?;
    page.click(&format!("{UNTIL}:nth-child(1)")).await?;
    page.gone(SPAN).await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyboard_skips_to_the_content() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(agent.url()).await?;
    page.go("leaks").await?;
    page.element("[data-testid='leak-row']").await?;
    page.reload().await?;
    page.element("[data-testid='leak-row']").await?;
    page.press(Key::Tab).await?;
    page.element("[data-testid='skip']:focus").await?;
    page.press(Key::Enter).await?;
    page.element("main:focus").await?;
    page.press(Key::Tab).await?;
    page.element("main :focus").await?;
    page.address_with("#/leaks").await?;
    page.close().await
}
