//! Values are read off every drawing, with a mouse, a finger and the keyboard, and nothing moves for it.

use thirtyfour::prelude::*;

use super::captures::{Files, lamp};
use super::files::CAPTURE;
use super::story::bundle;
use crate::support::page::Page;
use crate::support::process::Process;

/// Widths of windows in pixels, from the narrowest telephone to a wide screen.
const WIDTHS: [u32; 5] = [320, 390, 1024, 1440, 2560];
/// Everything whose place could change, but not what is inside of a drawing or lies over the page.
const PARTS: &str = "main *:not(svg *, .bubble, .key b)";
/// The parts of the heap's chart that do not depend on how many digits a live number has.
const CHART_PARTS: &str =
    ".chart:has(.used), .chart:has(.used) :is(figcaption, h2, .keys, .key, .reader, svg)";

const CHART: &str = ".chart .reader";
const TREND: &str = "[data-testid='leak-row'] .trend .reader";
const METER: &str = "header [role='meter']";

/// What a drawing says, and whether it shows what it says.
async fn said(page: &Page, css: &str) -> WebDriverResult<String> {
    let text = page.element(css).await?.attr("aria-valuetext").await?;
    Ok(text.expect("a drawing says what it shows"))
}

/// Checks that reading a drawing in each way says something, and moves nothing.
async fn assert_readable(page: &Page, css: &str, parts: &str, shown: &str) -> WebDriverResult<()> {
    let before = page.boxes(parts).await?;
    assert!(page.is_absent(shown).await?, "{css} is read by nobody yet");
    let newest = said(page, css).await?;

    // With the mouse.
    page.point(css, 0.1).await?;
    page.element(shown).await?;
    assert_ne!(said(page, css).await?, newest);
    assert_eq!(page.boxes(parts).await?, before, "{css} under the mouse");
    page.point_away().await?;
    page.gone(shown).await?;

    // With a finger, which leaves and lets one read.
    page.touch(css, &[0.9]).await?;
    page.element(shown).await?;
    let tapped = said(page, css).await?;
    page.touch(css, &[0.9, 0.6, 0.3]).await?;
    page.element(shown).await?;
    assert_ne!(said(page, css).await?, tapped, "dragging reads on");
    assert_eq!(page.boxes(parts).await?, before, "{css} under a finger");

    // With the keyboard, from where the finger was.
    page.focus_on(css).await?;
    page.press(Key::Home).await?;
    page.element(shown).await?;
    let oldest = said(page, css).await?;
    page.press(Key::Right).await?;
    assert_ne!(said(page, css).await?, oldest);
    page.press(Key::Left).await?;
    assert_eq!(said(page, css).await?, oldest);
    assert_eq!(page.boxes(parts).await?, before, "{css} with arrow keys");
    page.press(Key::End).await?;
    assert_eq!(said(page, css).await?, newest);
    page.press(Key::Escape).await?;
    page.gone(shown).await?;
    assert_eq!(page.boxes(parts).await?, before, "{css} after all");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_read_off_charts_and_trends_of_a_capture_and_nothing_moves()
-> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle()]);
    let files = Files::new();
    let page = Page::open(agent.url()).await?;
    page.go("device").await?;
    page.choose(CAPTURE, &files.write("lamp.hbc", &lamp()))
        .await?;
    page.element("[data-testid='leak-row']").await?;
    for width in WIDTHS {
        page.resize(width, 900).await?;
        page.go("live").await?;
        page.element(CHART).await?;
        assert_readable(&page, CHART, PARTS, ".chart .cursor").await?;
        page.go("leaks").await?;
        page.element(TREND).await?;
        // Where there is no room for trends there are none.
        if page.is_shown(TREND).await? {
            assert_readable(&page, TREND, PARTS, ".trend .bubble").await?;
        }
        assert!(!page.scrolls_sideways().await?, "too wide for {width}");
    }
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_read_off_the_live_heap_while_answers_arrive() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(agent.url()).await?;
    page.element(".chart .layer.used").await?;
    page.element(".chart .key.traced").await?;
    page.element("[data-testid='choose-time']").await?;
    // Two answers at least: then the first and the newest differ.
    page.focus_on(CHART).await?;
    page.press(Key::Home).await?;
    page.content_with(".chart .flag-time", "−").await?;
    let before = page.boxes(CHART_PARTS).await?;
    // What is read is a moment, and moves on with the others.
    let read = said(&page, CHART).await?;
    let bytes = read.split_once(" · ").expect("there is a value").1;
    let elder = page.content_with(".chart .flag-time", "−1").await?;
    assert!(elder.starts_with("−1"), "{elder}");
    let shown = page.text(".chart .key.used b").await?;
    assert!(
        bytes.starts_with(&format!("used {shown}")),
        "{read}, {shown}"
    );
    assert_eq!(page.boxes(CHART_PARTS).await?, before);
    assert!(
        page.has_focus(CHART).await?,
        "an answer took the focus away"
    );
    page.press(Key::Escape).await?;
    page.gone(".chart .cursor").await?;
    assert_eq!(page.boxes(CHART_PARTS).await?, before);
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_meter_says_what_it_shows_and_keeps_the_focus() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(agent.url()).await?;
    agent.client().command("/trace/stop", "");
    page.element_with("[data-testid='trace-state']", "stopped")
        .await?;
    let words = format!("{METER} .bubble");
    let around = "header, header .pill, header button, nav, main h1";
    for width in WIDTHS {
        page.resize(width, 900).await?;
        page.element(METER).await?;
        let before = page.boxes(around).await?;
        page.touch(METER, &[0.5]).await?;
        page.element_with(&words, "at most").await?;
        assert!(page.has_focus(METER).await?);
        let after = page.boxes(around).await?;
        assert_eq!(after, before, "{width}");
        assert!(!page.scrolls_sideways().await?, "too wide for {width}");
        let problems = page.problems(&outside(&words)).await?;
        assert!(problems.is_empty(), "{width}: {problems:?}");
        page.press(Key::Escape).await?;
        assert!(!page.has_focus(METER).await?);
    }
    page.close().await
}

/// Checks whether an element is cut off by the window.
fn outside(css: &str) -> String {
    format!(
        "const {{left, right}} = document.querySelector(\"{css}\").getBoundingClientRect();
        return left < 0 || right > innerWidth ? [`from ${{left}} to ${{right}}`] : [];"
    )
}
