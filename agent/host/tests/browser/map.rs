//! The heap map: with mouse, finger, keyboard and tables, of a device and of a capture.

use thirtyfour::prelude::*;

use super::barriers::assert_open_to_all;
use super::captures::{lamp, open_capture, post_mortem, scattered};
use super::story::{LEAKS, bundle};
use crate::support::page::Page;
use crate::support::process::Process;

const MAP: &str = "[data-testid='map']";
const READOUT: &str = "[data-testid='map-readout']";
const HOLES: &str = "[data-testid='hole-table']";
const OWNERS: &str = "[data-testid='owner-table']";
const KEY: &str = "[data-testid='map-key']";
const COMPLETE: &str = "[data-testid='map-complete']";

/// Milliseconds of a core that an answer to an input may take.
const ANSWER_MS: f64 = 100.0;
/// Live blocks, and their call stacks.
const BLOCKS: u64 = 20_000;
const STACKS: u32 = 1_000;

/// Opens the map of an agent whose trace runs, once it has names.
async fn opened(agent: &Process) -> WebDriverResult<Page> {
    let page = Page::open(agent.url()).await?;
    page.go("map").await?;
    page.element_with(KEY, "config::load").await?;
    Ok(page)
}

fn colour_by(name: &str) -> String {
    format!("[data-testid='{name}']")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_what_lies_where_and_what_is_in_the_way() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = opened(&agent).await?;
    page.element_with("[data-testid='map-region']", "hole")
        .await?;
    page.element(&format!("{MAP} .largest-hole")).await?;
    let before = page.boxes(HOLES).await?;
    page.point(MAP, 0.3).await?;
    page.element(&format!("{MAP} .pointed")).await?;
    page.element_with(READOUT, "at 0x").await?;
    assert_eq!(page.boxes(HOLES).await?, before, "reading moves something");
    page.point_away().await?;
    page.element_with(READOUT, "a row").await?;

    // What is beside it says the same in words, and leads to who it is about.
    page.element_with("figure", "largest free block").await?;
    page.click(&format!("{HOLES} tbody button")).await?;
    page.element_with(READOUT, "The largest hole of").await?;
    page.click(&format!("{OWNERS} tbody a")).await?;
    page.address_with("#/leaks?filter=").await?;
    page.element("[data-testid='leak-row']").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_are_coloured_by_who_when_and_what_is_said_of_them() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = opened(&agent).await?;
    page.prefer("light").await?;
    page.picture("map-light.png").await?;
    page.prefer("dark").await?;
    page.picture("map-dark.png").await?;
    page.click(&colour_by("Task")).await?;
    page.element_with(KEY, "sensor").await?;
    page.click(&colour_by("Age")).await?;
    page.element_with(KEY, "a minute at most").await?;
    page.click(&colour_by("Verdict")).await?;
    page.element_with(KEY, "In flight").await?;
    page.address_with("colour=verdict").await?;
    page.reload().await?;
    page.element(&format!("{}[aria-pressed='true']", colour_by("Verdict")))
        .await?;
    page.picture("map-verdict.png").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyboard_goes_from_block_to_hole() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--no-demo"]);
    let page = Page::open(agent.url()).await?;
    page.go("map").await?;
    page.element("[data-testid='start-here']").await?;
    open_capture(&page, "map", "scattered.hbc", &scattered(40, 3)).await?;
    page.element_with(COMPLETE, "Every block that is handed out has a record")
        .await?;
    page.focus_on(MAP).await?;
    page.press(Key::Right).await?;
    page.element_with(READOUT, "16 B").await?;
    assert!(page.focus().await?.is_seen, "one sees where the focus is");
    page.press(Key::Right).await?;
    page.element_with(READOUT, "Hole of 80 B").await?;
    page.element_with(READOUT, "Below 1 block of 0x4200")
        .await?;
    page.press(Key::Left).await?;
    page.element_with(READOUT, "16 B").await?;
    page.press(Key::Down).await?;
    page.element_with(READOUT, "at 0x3fc88").await?;
    page.press(Key::Home).await?;
    page.element_with(READOUT, "The largest hole of 4.").await?;
    page.press(Key::Escape).await?;
    page.element_with(READOUT, "a row").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_says_what_it_does_not_know() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--no-demo"]);
    let page = Page::open(agent.url()).await?;
    open_capture(&page, "map", "lamp.hbc", &lamp()).await?;
    page.element_with("[data-testid='map-region']", "dram at 0x3fc88000")
        .await?;
    page.element_with(COMPLETE, "free or not traced").await?;
    // There is more between its blocks than its allocator has in one piece.
    page.element_with(KEY, "no record").await?;
    page.picture("map-capture.png").await?;
    assert_open_to_all(&page, "map-capture").await?;
    // Without records there is no map.
    open_capture(&page, "map", "post-mortem.hbc", &post_mortem()).await?;
    page.element(".empty").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_heap_map_has_no_barriers_and_fits_telephones() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = opened(&agent).await?;
    assert_open_to_all(&page, "map").await?;
    for width in [320, 390, 2_560] {
        page.resize(width, 1_200).await?;
        page.element(MAP).await?;
        page.picture(&format!("map-{width}.png")).await?;
        assert!(!page.scrolls_sideways().await?, "too wide for {width}");
    }
    // What a finger chose is said.
    page.resize(390, 844).await?;
    page.touch(MAP, &[0.3]).await?;
    page.element_with(READOUT, "at 0x").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_blocks_answer_within_a_tenth_of_a_second() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--no-demo"]);
    let page = Page::open(agent.url()).await?;
    open_capture(&page, "map", "scattered.hbc", &scattered(BLOCKS, STACKS)).await?;
    page.element(&format!("{MAP}[data-blocks='{BLOCKS}']"))
        .await?;
    let before = page.work_ms().await?;
    page.click(&colour_by("Age")).await?;
    page.element_with(KEY, "older than an hour").await?;
    let colour_ms = page.work_ms().await? - before;
    page.focus_on(MAP).await?;
    let before = page.work_ms().await?;
    page.press(Key::Home).await?;
    page.element_with(READOUT, "The largest hole of 4.").await?;
    let point_ms = page.work_ms().await? - before;
    println!("Another colour takes {colour_ms:.1} ms, pointing {point_ms:.1} ms");
    assert!(colour_ms < ANSWER_MS, "{colour_ms} ms for a colour");
    assert!(point_ms < ANSWER_MS, "{point_ms} ms to point at a hole");
    page.picture("map-many.png").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_blocks_of_a_stream_are_drawn_and_what_was_lost_is_said() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle()]);
    let client = agent.client();
    // A table that soon gives up what the stream still knows.
    client.command("/trace/init", r#"{"destination":"to_host","records":64}"#);
    client.command("/trace/start?mode=leaks", "");
    let page = Page::open(agent.url()).await?;
    page.element_with("[data-testid='passing'] .note", "events")
        .await?;
    page.go("map").await?;
    page.element_with(KEY, LEAKS).await?;
    // What was allocated before it is not of it.
    page.element_with(COMPLETE, "no record").await?;
    page.picture("map-stream.png").await?;
    // In leaks mode the device forgets what is freed, and this page does not.
    page.go("records").await?;
    page.element(".record").await?;
    page.click("th.freed button").await?;
    page.element_with(".record .freed", "after").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_map_says_that_records_gave_way() -> WebDriverResult<()> {
    let agent = Process::start(&[
        "--dashboard",
        &bundle(),
        "--records",
        "64",
        "--start",
        "leaks",
    ]);
    let page = Page::open(agent.url()).await?;
    page.go("map").await?;
    page.element(MAP).await?;
    page.click(".tools button:not([aria-pressed])").await?;
    page.element_with("[data-testid='map-lost']", "gave way to newer ones")
        .await?;
    page.go("records").await?;
    page.element_with("[data-testid='records-lost']", "gave way to newer ones")
        .await?;
    page.close().await
}
