//! What a person does on the page, from the first look to the leak that stops.

use std::time::Instant;

use thirtyfour::prelude::*;

use crate::support::page::Page;
use crate::support::process::Process;

/// The function of the demo workload that leaks, and its file.
pub(super) const LEAKS: &str = "Table::open";
pub(super) const FILE: &str = "session.rs";

/// Widths of telephones in pixels: the narrowest, and a usual one.
const TELEPHONES: [u32; 2] = [320, 390];

pub(super) fn bundle() -> String {
    std::env::var("HEAPBEACON_DASHBOARD")
        .expect("HEAPBEACON_DASHBOARD names the bundle's folder: run `cargo xtask test browser`")
}

pub(super) fn row(inside: &str) -> String {
    format!("[data-testid='leak-row'][data-site*='{LEAKS}'] {inside}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_finds_the_leaking_line_and_sees_the_leak_stop() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle()]);
    let started = Instant::now();
    let page = Page::open(agent.url()).await?;

    // Nothing is traced yet: the page says so, and has the button that starts it.
    page.click("[data-testid='start-here']").await?;
    page.element_with("[data-testid='trace-state']", "recording")
        .await?;

    // The agent offers its own ELF, so there are names without dropping anything.
    page.go("leaks").await?;
    page.element(".verdict.bad").await?;
    page.element_with(&row("[data-testid='leak-verdict']"), "leaking")
        .await?;
    page.click(&row("th")).await?;
    let frame = page
        .text(&format!(
            "[data-testid='frame'][data-file*='{FILE}'][data-line]"
        ))
        .await?;
    assert!(frame.contains(LEAKS));
    // What only fills up at the start is taken for a leak until it has stopped for a while.
    let filled = "[data-testid='leak-row'][data-site*='summarise'] [data-testid='leak-verdict']";
    page.element_with(filled, "in flight").await?;
    page.prefer("light").await?;
    page.picture("leaks.png").await?;

    // The leak is switched off: growth stops, and what leaked stays.
    page.click("[data-testid='demo-switch-session-leak']")
        .await?;
    page.element_once_over(".verdict.good", started.elapsed())
        .await?;
    page.element_with("[data-testid='verdict-sentence']", "Nothing is leaking")
        .await?;
    assert!(
        !page
            .text(&row("[data-testid='leak-verdict']"))
            .await?
            .contains("leaking")
    );

    page.go("live").await?;
    page.element("figure svg").await?;
    page.prefer("dark").await?;
    page.picture("live.png").await?;
    assert_fits_telephones(&page, "phone").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_grows_fits_telephones_folded_and_opened() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(agent.url()).await?;
    page.go("leaks").await?;
    let growth = row("[data-testid='leak-growth']");
    page.element_with(&growth, "/min").await?;
    assert_fits_telephones(&page, "phone-growing").await?;

    page.go("leaks").await?;
    page.click(&row("th")).await?;
    page.element("[data-testid='frame']").await?;
    for width in TELEPHONES {
        page.shrink(width).await?;
        page.element_with(&growth, "/min").await?;
        page.picture(&format!("phone-opened-{width}.png")).await?;
        assert!(!page.scrolls_sideways().await?, "too wide for {width}");
    }
    page.close().await
}

/// Checks that no page is wider than a telephone, and takes pictures.
pub(super) async fn assert_fits_telephones(page: &Page, pictures: &str) -> WebDriverResult<()> {
    for width in TELEPHONES {
        page.shrink(width).await?;
        for fragment in ["live", "leaks", "flame", "map", "records", "device"] {
            page.go(fragment).await?;
            page.element("main").await?;
            page.picture(&format!("{pictures}-{fragment}-{width}.png"))
                .await?;
            assert!(
                !page.scrolls_sideways().await?,
                "{fragment} is too wide for {width} pixels"
            );
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_device_is_said_and_found_again() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let url = agent.url().to_owned();
    let address = url.trim_start_matches("http://").to_owned();
    let page = Page::open(&url).await?;
    page.go("leaks").await?;
    page.element("[data-testid='leak-row']").await?;
    drop(agent);
    page.element_with("[data-testid='link-state']", "lost")
        .await?;
    page.element("[data-testid='leak-row']").await?;

    let _again = Process::start_at(&address, &["--dashboard", &bundle(), "--start", "leaks"]);
    page.element_with("[data-testid='link-state']", "live")
        .await?;
    page.close().await
}
