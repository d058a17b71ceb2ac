//! What a person takes along from the page: a text for an issue, the source line, and the picture of a boot that has ended.

use heapbeacon_shared::capture::CaptureReader;
use thirtyfour::prelude::*;

use super::barriers::assert_open_to_all;
use super::story::{FILE, LEAKS, bundle, row};
use crate::support::page::Page;
use crate::support::process::Process;

/// The workspace, which has the demo workload's source.
const PROJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../demo");
const COPY: &str = "[data-testid='copy-issue']";

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_is_copied_as_the_text_of_an_issue() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(agent.url()).await?;
    page.go("leaks").await?;
    page.element(".verdict.bad").await?;
    page.click(&format!(".verdict {COPY}")).await?;
    page.element_with(".verdict .copied", "Copied").await?;
    // Whoever pastes it has it all.
    let text = page.element("input[type='search']").await?;
    text.send_keys(Key::Control + "v").await?;
    let text = text.prop("value").await?.unwrap_or_default();
    for words in [LEAKS, FILE, "leaking", "live; the oldest is", "Device "] {
        assert!(text.contains(words), "{words}: {text}");
    }
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_line_that_leaks_is_shown_once_the_projects_folder_is_given() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(agent.url()).await?;
    page.go("leaks").await?;
    page.click(&row("th")).await?;
    page.element("[data-testid='frame'][data-line]").await?;
    let project = std::fs::canonicalize(PROJECT).expect("it is there");
    page.choose("[data-testid='folder']", &project.to_string_lossy())
        .await?;
    let line = page.text("[data-testid='source-line']").await?;
    let source = std::fs::read_to_string(format!("{PROJECT}/src/{FILE}")).expect("it is there");
    let code = line.trim_start_matches(|c: char| c.is_ascii_digit()).trim();
    assert!(!code.is_empty() && source.contains(code), "{line}");
    page.gone("[data-testid='folder']").await?;
    assert_open_to_all(&page, "source").await?;
    for width in [320, 390] {
        page.shrink(width).await?;
        page.picture(&format!("source-{width}.png")).await?;
        assert!(!page.scrolls_sideways().await?, "too wide for {width}");
    }
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_boot_before_a_restart_is_offered_as_a_capture() -> WebDriverResult<()> {
    let trace = ["--dashboard", &bundle(), "--start", "leaks"];
    let agent = Process::start(&trace);
    let address = agent.url().trim_start_matches("http://").to_owned();
    let page = Page::open(agent.url()).await?;
    page.go("leaks").await?;
    page.click(&row("th")).await?;
    page.element_with("[data-testid='holders'] .holding", "block")
        .await?;
    drop(agent);
    page.element_with("[data-testid='link-state']", "lost")
        .await?;

    let _again = Process::start_at(&address, &trace);
    let offer = "[data-testid='boot-before']";
    page.element_with(offer, "The device restarted").await?;
    assert_open_to_all(&page, "boot-before").await?;
    page.click(&format!("{offer} button:nth-of-type(2)"))
        .await?;
    let mut reader = CaptureReader::new();
    reader
        .push(&page.downloaded("boot-before.hbc"))
        .expect("it is a capture");
    let capture = reader.finish().expect("it is whole");
    assert!(!capture.records.is_empty() && capture.references.is_some());

    // Opened, it tells who held what then.
    page.click(&format!("{offer} button:first-of-type")).await?;
    page.element_with("[data-testid='file-banner']", "boot-before")
        .await?;
    page.click(&row("th")).await?;
    page.element_with("[data-testid='holders'] .holding", "block")
        .await?;
    page.close().await
}
