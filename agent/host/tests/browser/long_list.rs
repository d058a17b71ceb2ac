//! A list that is much longer than the window.

use thirtyfour::prelude::*;

use super::captures::{Files, crowd};
use super::files::CAPTURE;
use super::story::bundle;
use crate::support::page::Page;
use crate::support::process::Process;

/// What a person scrolls through: a list that fits a few windows, and one as long as an arena gets.
const SHORT: u64 = 600;
const LONG: u64 = 12_000;
/// Sequence number of the first record.
const OLDEST: &str = "120,000,000";
/// Rows that a window and its margins may take.
const DRAWN: u64 = 80;
/// A step of the long list takes as much work as one of the short list; the rest is noise.
const TIMES: f64 = 2.0;
/// Scrolls of each, of which the one with the least noise counts.
const ROUNDS: usize = 3;

/// Opens a capture with so many records on the Records page, scrolls it, and returns the milliseconds of work that
/// a step took.
async fn scroll(page: &Page, files: &Files, len: u64) -> WebDriverResult<f64> {
    let capture = files.write(&format!("crowd-{len}.hbc"), &crowd(len));
    page.go("device").await?;
    page.choose(CAPTURE, &capture).await?;
    page.go("records").await?;
    let table = format!(".records[aria-rowcount='{len}']");
    page.element(&table).await?;
    page.element(".record").await?;
    let mut least = f64::INFINITY;
    for _ in 0..ROUNDS {
        let scrolled = page.scroll(".scroller", 340).await?;
        assert!(scrolled.drawn <= DRAWN, "{} rows are drawn", scrolled.drawn);
        least = least.min(scrolled.step_ms);
    }
    Ok(least)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_twenty_times_as_long_scrolls_as_easily() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--no-demo"]);
    let files = Files::new();
    let page = Page::open(agent.url()).await?;
    let short = scroll(&page, &files, SHORT).await?;
    let long = scroll(&page, &files, LONG).await?;
    println!(
        "A step of the list takes {short:.1} ms with {SHORT} records, {long:.1} ms with {LONG}"
    );
    assert!(
        long < TIMES * short,
        "{short:.1} ms for {SHORT} records, {long:.1} ms for {LONG}"
    );
    page.scroll_to_end(".scroller").await?;
    // The newest come first: the first that was allocated is the last one.
    page.element_with(".record .seq", OLDEST).await?;
    page.close().await
}
