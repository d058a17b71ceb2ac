//! What gave way, was never recorded or never arrived: said on each page that would show less than there is.

use thirtyfour::prelude::*;

use super::captures::{Files, lamp, lossy, open_capture};
use super::files::CAPTURE;
use super::story::bundle;
use crate::support::page::Page;
use crate::support::process::Process;

const EVICTED: &str = "12 records of live blocks gave way";
const DROPPED: &str = "3 events never arrived";
const STOPPED: &str = "while the trace was stopped or paused";
/// What the sentence of the leaks says, which the flame graph has, too.
const IN_SHORT: [&str; 3] = [
    "12 live records were evicted",
    "3 events were dropped",
    STOPPED,
];

/// Checks that an element of a page says all of it.
async fn assert_said(page: &Page, css: &str, all: &[&str]) -> WebDriverResult<()> {
    for words in all {
        page.element_with(css, words).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_page_of_a_capture_says_what_it_lacks() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--no-demo"]);
    let page = Page::open(agent.url()).await?;
    open_capture(&page, "live", "lossy.hbc", &lossy()).await?;
    let counted = [
        "12 live records given up",
        "3 events never reached the host",
        STOPPED,
    ];
    assert_said(&page, ".accounting", &counted).await?;
    page.click("[data-testid='choose-time']").await?;
    let lost = "[data-testid='chosen-lost']";
    assert_said(&page, lost, &[EVICTED, DROPPED, STOPPED]).await?;
    page.click("[data-testid='span-chip'] button").await?;

    page.go("leaks").await?;
    assert_said(&page, "main .verdict", &IN_SHORT).await?;
    page.go("flame").await?;
    assert_said(&page, ".flames .note", &IN_SHORT).await?;
    // Also where it has nothing to draw.
    page.click("[data-testid='Temporary']").await?;
    assert_said(&page, ".empty", &[EVICTED, DROPPED, STOPPED]).await?;
    page.go("map").await?;
    let lost = "[data-testid='map-lost']";
    assert_said(&page, lost, &[EVICTED, DROPPED]).await?;
    let doubt = "[data-testid='map-complete']";
    assert_said(&page, doubt, &["a hole may have blocks in it"]).await?;
    page.go("records").await?;
    for place in [
        "[data-testid='records-lost']",
        "[data-testid='passing'] .note",
    ] {
        assert_said(&page, place, &[EVICTED, DROPPED, STOPPED]).await?;
    }
    page.picture("records-lossy.png").await?;

    page.go("leaks").await?;
    page.click("[data-testid='save-report']").await?;
    let report = page.downloaded("heap-report-lamp-kitchen.html");
    let report = String::from_utf8(report).expect("it is text");
    let stopped = "Recording was stopped or paused 1 time";
    for words in [EVICTED, DROPPED, stopped] {
        assert!(report.contains(words), "{words}: {report}");
    }
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_says_what_each_side_lacks_and_what_of_a_file_is_missing()
-> WebDriverResult<()> {
    let files = Files::new();
    let agent = Process::start(&["--dashboard", &bundle(), "--no-demo"]);
    let page = Page::open(agent.url()).await?;
    page.go("device").await?;
    page.element(CAPTURE).await?;
    page.go("compare").await?;
    let whole = lamp();
    let cut = files.write("cut.hbc", &whole[..whole.len() * 2 / 3]);
    page.choose("[data-testid='capture-before']", &cut).await?;
    let lossy = files.write("lossy.hbc", &lossy());
    page.choose("[data-testid='capture-after']", &lossy).await?;
    let all = [
        "12 in lossy.hbc: these blocks are missing",
        "Events never arrived",
        "1 time in lossy.hbc: what was allocated meanwhile",
        "cut.hbc: The file ends early",
    ];
    assert_said(&page, ".caveats", &all).await?;
    page.close().await
}
