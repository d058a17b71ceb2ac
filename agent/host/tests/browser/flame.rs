//! The flame graph: with mouse, keyboard, search and table, of a device and of a capture.

use thirtyfour::prelude::*;

use super::barriers::assert_open_to_all;
use super::captures::{lamp, open_capture, post_mortem, wide};
use super::story::{LEAKS, bundle};
use crate::support::page::Page;
use crate::support::process::Process;

const GRAPH: &str = "[data-testid='flame']";
const ZOOMED: &str = "[data-testid='crumbs'] [aria-current]";
const READOUT: &str = "[data-testid='readout']";
const FOUND: &str = "[data-testid='found']";
const TABLE: &str = "[data-testid='frame-table']";
const TITLE: &str = "#flame-title";

/// Milliseconds of a core that a redraw may take.
const REDRAW_MS: f64 = 50.0;
/// Call stacks of 16 frames each: more than 10,000 frames.
const STACKS: u32 = 640;
const _: () = assert!(STACKS * 16 >= 10_000);
/// Blocks that are drawn of them at least: what is narrower than four pixels is joined.
const LEAST_BLOCKS: usize = 500;
/// What is in the name of each of them.
const SEARCHED: &str = "0x4200";

/// Opens the flame graph of an agent whose trace runs, once it has names.
async fn opened(agent: &Process) -> WebDriverResult<Page> {
    let page = Page::open(agent.url()).await?;
    page.go("flame").await?;
    page.content_with(&format!("{GRAPH} text"), "config::load")
        .await?;
    Ok(page)
}

fn measure(name: &str) -> String {
    format!("[data-testid='{name}']")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_zooms_with_the_mouse_and_goes_back_by_the_way() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = opened(&agent).await?;
    page.element_with(TITLE, "Who holds ").await?;
    page.prefer("light").await?;
    page.picture("flame-light.png").await?;
    page.prefer("dark").await?;
    page.picture("flame-dark.png").await?;

    // The middle of the drawing is in the largest task.
    page.point(GRAPH, 0.3).await?;
    page.element_with(READOUT, " of all · ").await?;
    let pointed = page.text(READOUT).await?;
    page.element(&format!("{GRAPH} .pointed")).await?;
    page.click_at(GRAPH, 0.3).await?;
    let zoomed = page.text(ZOOMED).await?;
    let name = zoomed.split(':').next().unwrap_or_default().to_owned();
    assert!(
        pointed.contains(&name),
        "{pointed:?} was clicked, {zoomed:?} is zoomed to"
    );
    assert_ne!(zoomed, "all tasks");
    page.picture("flame-zoomed.png").await?;

    // A reload shows the same, and the first step of the way leads back.
    page.address_with("zoom=").await?;
    page.reload().await?;
    page.element_with(ZOOMED, &zoomed).await?;
    page.click("[data-testid='crumbs'] button").await?;
    page.element_with(ZOOMED, "all tasks").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyboard_goes_from_frame_to_frame_and_zooms() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = opened(&agent).await?;
    page.focus_on(GRAPH).await?;
    page.press(Key::Down).await?;
    page.element_with(READOUT, "task net").await?;
    assert!(page.focus().await?.is_seen, "one sees where the focus is");
    page.press(Key::Right).await?;
    page.element_with(READOUT, "task sensor").await?;
    page.press(Key::Left).await?;
    page.element_with(READOUT, "task net").await?;
    page.press(Key::Enter).await?;
    page.element_with(ZOOMED, "task net").await?;
    assert!(page.has_focus(GRAPH).await?, "zooming took the focus away");
    page.press(Key::Down).await?;
    page.press(Key::Enter).await?;
    page.element_with(ZOOMED, "::").await?;
    page.press(Key::Escape).await?;
    page.element_with(ZOOMED, "task net").await?;
    page.press(Key::Escape).await?;
    page.element_with(ZOOMED, "all tasks").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_says_its_share_and_the_table_says_what_is_drawn() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = opened(&agent).await?;
    page.click("input[type='search']").await?;
    page.press("config.rs").await?;
    page.element_with(FOUND, "Found in 64.0 KiB, ").await?;
    page.element(&format!("{GRAPH} text.dim")).await?;
    page.address_with("search=config.rs").await?;
    page.picture("flame-search.png").await?;
    page.press("nobody").await?;
    page.element_with(FOUND, "Nothing here").await?;

    // What the drawing has, the table has in words; its rows zoom, too.
    page.element_with(&format!("{TABLE} tr"), "64.0 KiB")
        .await?;
    let site = format!("{TABLE} tr button[title*='config::load']");
    page.click(&site).await?;
    page.element_with(ZOOMED, "config::load").await?;
    assert!(page.has_focus(&site).await?, "zooming took the focus away");
    page.element_with(".readout a", "Open in Leaks").await?;
    page.click(".readout a").await?;
    page.element_with("[data-testid='leak-row']", "config::load")
        .await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn inverted_the_call_sites_come_first_and_tasks_are_joined_and_folded_frames_shown()
-> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = opened(&agent).await?;
    page.click("[data-testid='Call sites on top']").await?;
    page.element_with(&format!("{TABLE} tr:nth-child(2)"), "config::load")
        .await?;
    page.prefer("light").await?;
    page.picture("flame-inverted.png").await?;
    page.click("[data-testid='By task']").await?;
    page.element_with(ZOOMED, "everything").await?;
    page.element_with(&format!("{TABLE} tr:nth-child(2)"), "config::load")
        .await?;
    page.click("[data-testid='Library frames']").await?;
    page.element_with(&format!("{TABLE} tr"), "alloc").await?;
    page.address_with("top=sites&tasks=joined&frames=all")
        .await?;
    page.reload().await?;
    page.element("[data-testid='Library frames'][aria-checked='true']")
        .await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn growth_begins_at_a_mark_and_other_measures_say_what_they_lack() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let client = agent.client();
    let page = opened(&agent).await?;
    page.click(&measure("Growth")).await?;
    page.element_with(".empty", "Growth since when?").await?;
    client.post("/marks", r#"{"name":"after login"}"#);
    page.element_with(TITLE, "since “after login”").await?;
    page.content_with(&format!("{GRAPH} text"), LEAKS).await?;
    page.click(&measure("Allocated")).await?;
    page.element_with(".empty", "Freed blocks have no record here")
        .await?;
    page.click(&measure("Blocks")).await?;
    page.element_with(TITLE, " blocks").await?;

    // All mode remembers what was freed.
    client.command("/trace/stop", "");
    client.command("/trace/start?mode=all", "");
    page.click(&measure("Temporary")).await?;
    page.element_with(TITLE, "for a moment only").await?;
    page.click(&measure("Allocated")).await?;
    page.element_with(TITLE, "Who allocated").await?;
    page.content_with(&format!("{GRAPH} text"), "step").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_has_its_flame_graph_too_without_names() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--no-demo"]);
    let page = Page::open(agent.url()).await?;
    page.go("flame").await?;
    page.element("[data-testid='start-here']").await?;
    open_capture(&page, "flame", "lamp.hbc", &lamp()).await?;
    // Addresses, and where to give the ELF that names them.
    page.content_with(&format!("{GRAPH} text"), "0x42001")
        .await?;
    page.element("[data-testid='elf-input']").await?;
    page.element_with(&format!("{TABLE} tr"), "interrupt")
        .await?;
    page.click(&measure("Growth")).await?;
    page.element_with(".empty", "has no mark").await?;
    page.click(&measure("Temporary")).await?;
    page.element_with(".empty", "Freed blocks have no record")
        .await?;
    page.click(&measure("Live bytes")).await?;
    page.element(GRAPH).await?;
    assert_open_to_all(&page, "flame-capture").await?;

    open_capture(&page, "flame", "post-mortem.hbc", &post_mortem()).await?;
    page.content_with(&format!("{GRAPH} text"), "0x42001")
        .await?;
    page.click(&measure("Growth")).await?;
    page.element_with(".empty", "Nothing says when").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_flame_graph_has_no_barriers_and_fits_telephones() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = opened(&agent).await?;
    assert_open_to_all(&page, "flame").await?;
    page.click(&format!("{TABLE} tr button[title*='config::load']"))
        .await?;
    page.click("input[type='search']").await?;
    page.press("step").await?;
    page.element_with(FOUND, "100 % of what is shown").await?;
    assert_open_to_all(&page, "flame-zoomed").await?;
    for width in [320, 390, 2_560] {
        page.resize(width, 1_200).await?;
        page.element(GRAPH).await?;
        page.picture(&format!("flame-{width}.png")).await?;
        assert!(!page.scrolls_sideways().await?, "too wide for {width}");
    }
    // A finger zooms, and what it chose is said.
    page.resize(390, 844).await?;
    page.click("[data-testid='crumbs'] button").await?;
    page.element_with(ZOOMED, "all tasks").await?;
    page.touch(GRAPH, &[0.3]).await?;
    page.element("[data-testid='crumbs'] button").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_frames_are_drawn_anew_within_fifty_milliseconds() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--no-demo"]);
    let page = Page::open(agent.url()).await?;
    open_capture(&page, "flame", "wide.hbc", &wide(STACKS)).await?;
    page.click(&measure("Allocated")).await?;
    page.element_with(TITLE, "Who allocated").await?;
    page.click("input[type='search']").await?;
    let mut typed = String::new();
    let mut search_ms = 0.0_f64;
    for letter in SEARCHED.chars() {
        typed.push(letter);
        let before = page.work_ms().await?;
        page.press(letter).await?;
        page.address_with(&format!("search={typed}")).await?;
        page.element_with(FOUND, "Found in").await?;
        search_ms = search_ms.max(page.work_ms().await? - before);
    }
    page.focus_on(GRAPH).await?;
    page.press(Key::Down).await?;
    let before = page.work_ms().await?;
    page.press(Key::Enter).await?;
    page.element_with(ZOOMED, "task main").await?;
    let zoom_ms = page.work_ms().await? - before;
    let blocks = page.element(GRAPH).await?.attr("data-frames").await?;
    let blocks: usize = blocks.and_then(|text| text.parse().ok()).unwrap_or(0);
    println!("The slowest letter takes {search_ms:.1} ms, a zoom {zoom_ms:.1} ms; {blocks} blocks");
    assert!(blocks > LEAST_BLOCKS, "{blocks} blocks");
    assert!(search_ms < REDRAW_MS, "{search_ms} ms for a letter");
    assert!(zoom_ms < REDRAW_MS, "{zoom_ms} ms for a zoom");

    page.click(&measure("Growth")).await?;
    page.element_with(TITLE, "since “half time”").await?;
    page.close().await
}
