//! A part of the time that somebody chooses in a chart, and what pages show of it.

use heapbeacon_shared::api::HeapHistory;
use thirtyfour::prelude::*;

use super::barriers::assert_open_to_all;
use super::captures::{lamp, open_capture};
use super::story::{LEAKS, bundle};
use crate::support::await_that;
use crate::support::page::Page;
use crate::support::process::Process;

const CHART: &str = ".chart:has(.used) .reader";
const CHOSEN: &str = "[data-testid='chosen']";
const CHIP: &str = "[data-testid='span-chip']";
const CLEAR: &str = "[data-testid='span-chip'] button";
const CHOOSE: &str = "[data-testid='choose-time']";
const BEGIN: &str = ".chart:has(.used) .edge";
const END: &str = ".chart:has(.used) .edge + .edge";
/// Everything above what is chosen, and the chart itself.
const PARTS: &str = ".cards, .chart:has(.used), .chart:has(.used) :is(figcaption, h2, svg)";

/// Opens Live of an agent that has run for some time.
async fn opened(mode: &str) -> WebDriverResult<(Process, Page)> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", mode]);
    let client = agent.client();
    await_that("some history", || {
        let history: HeapHistory = client.read("/heap/history");
        history.points.len() >= 8
    });
    let page = Page::open(agent.url()).await?;
    page.element(&format!("main:has({CHOOSE}) .chart .layer.used"))
        .await?;
    Ok((agent, page))
}

/// Returns what an edge says of where it is.
async fn said(page: &Page, css: &str) -> WebDriverResult<String> {
    let text = page.element(css).await?.attr("aria-valuetext").await?;
    Ok(text.expect("an edge says where it is"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_is_chosen_with_the_mouse_and_all_pages_show_what_is_of_it() -> WebDriverResult<()> {
    let (_agent, page) = opened("leaks").await?;
    let before = page.boxes(PARTS).await?;
    page.drag(CHART, &[0.6, 0.7, 0.8]).await?;
    page.element_with(CHOSEN, "still live.").await?;
    page.element_with(CHOSEN, LEAKS).await?;
    // In leaks mode a freed block leaves nothing.
    page.element_with(CHOSEN, "What was freed then is not known")
        .await?;
    assert_eq!(page.boxes(PARTS).await?, before, "choosing moves something");
    page.address_with("since=").await?;
    page.address_with("until=").await?;
    let chip = page.text(CHIP).await?;

    page.go("leaks").await?;
    assert_eq!(page.text(CHIP).await?, chip);
    page.element_with("[data-testid='span']", "Allocated between")
        .await?;
    page.address_with("until=").await?;
    page.go("records").await?;
    assert_eq!(page.text(CHIP).await?, chip);
    let some = page.text_with("[role='status']", " of ").await?;
    assert!(some.ends_with(" records"));
    page.go("map").await?;
    assert_eq!(page.text(CHIP).await?, chip);
    page.element_with("[data-testid='map-key']", "allocated at another time")
        .await?;
    page.go("flame").await?;
    page.element_with("#flame-title", "between").await?;
    // The page is still scrolled as Live was.
    page.focus_on("[data-testid='Growth']").await?;
    page.press(Key::Enter).await?;
    page.element_with("#flame-title", "between").await?;
    page.element(CHIP).await?;

    // A link carries it, and whoever wants no more of it clears it anywhere.
    page.reload().await?;
    page.element_with("#flame-title", "between").await?;
    page.click(CLEAR).await?;
    page.gone(CHIP).await?;
    page.go("live").await?;
    page.element(CHART).await?;
    assert!(page.is_absent(CHOSEN).await?);
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_is_chosen_and_changed_with_the_keyboard_alone() -> WebDriverResult<()> {
    let (_agent, page) = opened("leaks").await?;
    page.focus_on(CHOOSE).await?;
    page.press(Key::Enter).await?;
    page.element(&format!("{BEGIN}:focus")).await?;
    assert!(page.focus().await?.is_seen);
    page.element_with(CHOSEN, "still live.").await?;
    let first = page.text(CHIP).await?;
    page.press(Key::Left).await?;
    page.press(Key::Left).await?;
    let second = page.text(CHIP).await?;
    assert_ne!(second, first);
    assert!(page.has_focus(BEGIN).await?, "moving took the focus away");

    // The other edge is the next stop, and never goes past this one.
    page.press(Key::Tab).await?;
    page.element(&format!("{END}:focus")).await?;
    page.press(Key::Right).await?;
    let third = page.text(CHIP).await?;
    assert_ne!(third, second);
    page.press(Key::Home).await?;
    assert_eq!(page.text(CHIP).await?, third);
    page.press(Key::Escape).await?;
    page.gone(CHOSEN).await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finger_reads_and_moves_the_edges_of_a_time() -> WebDriverResult<()> {
    let (_agent, page) = opened("leaks").await?;
    page.resize(390, 844).await?;
    page.touch(CHART, &[0.4, 0.5, 0.7]).await?;
    page.element(".chart .cursor").await?;
    assert!(page.is_absent(CHOSEN).await?, "reading chooses nothing");
    page.click(CHOOSE).await?;
    page.element_with(CHOSEN, "still live.").await?;
    let end = said(&page, END).await?;
    let begin = said(&page, BEGIN).await?;
    // As shares of the width of the edge itself: to the left, by three of them.
    page.touch(BEGIN, &[0.5, -0.5, -1.5]).await?;
    assert_ne!(said(&page, BEGIN).await?, begin);
    let moved = said(&page, BEGIN).await?;
    page.touch(END, &[0.5, 1.0, 1.5]).await?;
    assert_ne!(said(&page, END).await?, end);
    assert_eq!(said(&page, BEGIN).await?.is_empty(), moved.is_empty());
    assert!(!page.scrolls_sideways().await?);
    page.picture("brush-390.png").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn in_all_mode_it_is_known_what_was_freed_in_a_time() -> WebDriverResult<()> {
    let (_agent, page) = opened("all").await?;
    page.drag(CHART, &[0.5, 0.6, 0.9]).await?;
    page.element_with(CHOSEN, "freed in it, as far as there are records")
        .await?;
    page.go("records").await?;
    page.click("[data-testid='by-free']").await?;
    page.element_with(".record .freed", "after").await?;
    page.address_with("freed=then").await?;
    let live = "return [...document.querySelectorAll('.record .freed')]
        .map((cell) => cell.textContent).filter((text) => text === 'live');";
    assert_eq!(page.problems(live).await?, [""; 0]);
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_of_a_capture_is_told_from_its_records() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--no-demo"]);
    let page = Page::open(agent.url()).await?;
    open_capture(&page, "live", "lamp.hbc", &lamp()).await?;
    page.drag(".chart .reader", &[0.3, 0.5, 0.7]).await?;
    page.element_with(CHOSEN, "still live.").await?;
    page.element_with(CHIP, "after boot").await?;
    page.go("leaks").await?;
    page.element_with("[data-testid='span']", "Allocated between")
        .await?;
    page.element("[data-testid='leak-row']").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_has_the_timeline_of_its_device_and_a_time_is_chosen_in_it() -> WebDriverResult<()>
{
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let client = agent.client();
    client.post("/marks", r#"{"name":"login"}"#);
    await_that("some history", || {
        let history: HeapHistory = client.read("/heap/history");
        history.points.len() >= 8
    });
    let capture = client.get("/capture").body;
    let page = Page::open(agent.url()).await?;
    open_capture(&page, "live", "later.hbc", &capture).await?;
    page.element_with(".chart .event", "login").await?;
    page.drag(CHART, &[0.6, 0.7, 0.9]).await?;
    page.element_with(CHOSEN, "used within").await?;
    page.element_with(CHOSEN, "still live.").await?;
    page.picture("capture-timeline.png").await?;
    page.go("map").await?;
    page.element_with(".chart h2", "Fragmentation").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn choosing_a_time_has_no_barriers() -> WebDriverResult<()> {
    let (agent, page) = opened("leaks").await?;
    agent.client().post("/marks", r#"{"name":"after login"}"#);
    page.element_with(".chart .event", "after login").await?;
    page.click(CHOOSE).await?;
    page.element_with(CHOSEN, LEAKS).await?;
    for fragment in ["live", "leaks", "flame", "map", "records"] {
        page.go(fragment).await?;
        page.element("main h1").await?;
        assert_open_to_all(&page, &format!("chosen-{fragment}")).await?;
        for width in [320, 390, 2_560] {
            page.resize(width, 1_200).await?;
            assert!(!page.scrolls_sideways().await?, "{fragment}: {width}");
            page.picture(&format!("chosen-{fragment}-{width}.png"))
                .await?;
        }
    }
    page.close().await
}
