//! What changed: from a capture to the device, between two captures, and between two marks.

use thirtyfour::prelude::*;

use super::barriers::assert_open_to_all;
use super::captures::{Files, lamp, lamp_later};
use super::files::CAPTURE;
use super::story::{LEAKS, bundle};
use crate::support::page::Page;
use crate::support::process::Process;

const BEFORE: &str = "[data-testid='capture-before']";
const AFTER: &str = "[data-testid='capture-after']";
const SENTENCE: &str = "[data-testid='conclusion']";
const ROW: &str = "[data-testid='change-row']";
const REFUSAL: &str = ".empty";
/// Returns what a table of a report is of, where a word of that has no room.
const NARROW: &str = "return [...document.querySelectorAll('tbody th')]
    .filter((name) => name.getBoundingClientRect().width < 120)
    .map((name) => name.textContent);";

/// Returns what was copied.
async fn pasted(page: &Page) -> WebDriverResult<String> {
    page.insert("<textarea id='pasted' aria-label='Pasted'></textarea>")
        .await?;
    let text = page.element("#pasted").await?;
    text.send_keys(Key::Control + "v").await?;
    Ok(text.prop("value").await?.unwrap_or_default())
}

/// Opens the page, and a capture on each side.
async fn of_captures(files: &Files) -> WebDriverResult<(Process, Page)> {
    let agent = Process::start(&["--dashboard", &bundle(), "--no-demo"]);
    let page = Page::open(agent.url()).await?;
    page.go("compare").await?;
    page.element_with(".empty", "Nothing to compare yet")
        .await?;
    page.choose(BEFORE, &files.write("monday.hbc", &lamp()))
        .await?;
    page.choose(AFTER, &files.write("tuesday.hbc", &lamp_later()))
        .await?;
    page.element_with(SENTENCE, "0x42001").await?;
    Ok((agent, page))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_captures_are_compared_and_the_address_says_how() -> WebDriverResult<()> {
    let files = Files::new();
    let (_agent, page) = of_captures(&files).await?;
    page.element_with(SENTENCE, "is new, +24.0 KiB").await?;
    page.element_with(SENTENCE, "is gone, −12.0 KiB").await?;
    page.element_with(SENTENCE, "has grown, +6.6 KiB").await?;
    page.element_with(ROW, "+24.0 KiB").await?;
    page.prefer("light").await?;
    page.picture("compare-light.png").await?;
    page.prefer("dark").await?;
    page.picture("compare-dark.png").await?;

    page.click("[data-testid='gone']").await?;
    page.element_with(ROW, "−12.0 KiB").await?;
    page.address_with("before=1&after=2&show=gone").await?;
    page.click("[data-testid='changed']").await?;

    page.click("[data-testid='swap']").await?;
    page.element_with(SENTENCE, "is new, +12.0 KiB").await?;
    page.address_with("before=2&after=1").await?;
    page.address_with("before-file=tuesday.hbc&before-build=")
        .await?;

    // A file that is none stays outside, and what was compared stays.
    page.choose(BEFORE, &files.write("notes.hbc", b"no capture"))
        .await?;
    page.element_with(".notice", "notes.hbc was not opened")
        .await?;
    page.element_with(SENTENCE, "is new, +12.0 KiB").await?;
    page.close().await
}

/// Words that ask for a file on either side.
fn wanted(side: &str) -> String {
    format!("[data-testid='wanted-{side}']")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_says_which_captures_it_compares_and_they_are_recognised() -> WebDriverResult<()> {
    let files = Files::new();
    let (agent, page) = of_captures(&files).await?;
    let link = page.address().await?;
    let link = link.split_once('#').expect("it names the page").1;
    page.visit("about:blank").await?;
    page.visit(&format!("{}/#{link}", agent.url())).await?;
    page.element_with(&wanted("before"), "monday.hbc (build 1a3b")
        .await?;
    page.element_with(&wanted("after"), "tuesday.hbc (build 1a3b")
        .await?;
    page.prefer("light").await?;
    page.picture("compare-wanted.png").await?;
    assert_open_to_all(&page, "compare-wanted").await?;
    // Dropped on the wrong side, a file goes where the link has it.
    page.choose(BEFORE, &files.path("tuesday.hbc").display().to_string())
        .await?;
    page.element_with("[data-testid='after'] option:checked", "tuesday.hbc")
        .await?;
    page.choose(BEFORE, &files.path("monday.hbc").display().to_string())
        .await?;
    page.element_with(SENTENCE, "is new, +24.0 KiB").await?;
    page.address_with("before-file=monday.hbc").await?;
    // Once both were open, the link has had its say: another file is compared where it is put.
    page.choose(BEFORE, &files.write("old.hbc", &lamp()))
        .await?;
    page.element_with("[data-testid='before'] option:checked", "old.hbc")
        .await?;
    assert_eq!(page.text(&wanted("before")).await?, "");
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_for_an_issue_is_copied() -> WebDriverResult<()> {
    let files = Files::new();
    let (_agent, page) = of_captures(&files).await?;
    page.click("[data-testid='copy-comparison']").await?;
    page.element_with(".copied", "Copied").await?;
    let text = pasted(&page).await?;
    for line in [
        "### From monday.hbc to tuesday.hbc",
        "| +24.0 KiB | nothing | 24.0 KiB in 1 block |",
        "- tuesday.hbc: lamp 2.1.0, build 1a3b5c7d, recorded for 3 h 10 min",
    ] {
        assert!(text.contains(line), "{text}");
    }
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_compared_with_its_marks_and_with_a_capture_of_another_build()
-> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let client = agent.client();
    client.post("/marks", r#"{"name":"login"}"#);
    let page = Page::open(agent.url()).await?;
    page.go("compare").await?;
    // With the latest mark, until somebody chooses another moment.
    page.element_with("[data-testid='before'] option:checked", "login")
        .await?;
    page.element_with(SENTENCE, "In all +").await?;
    page.content_with(ROW, LEAKS).await?;
    // Nothing was held at the mark, so nobody is asked to name it.
    page.gone("[data-testid='elf-of-either']").await?;
    page.element_with(".caveats", "does not remember freed blocks")
        .await?;
    page.address_with("before=0%40").await?;
    page.click("[data-testid='compare-again']").await?;
    page.element_with(SENTENCE, "In all +").await?;
    page.reload().await?;
    page.content_with(ROW, LEAKS).await?;

    // The lamp's addresses mean nothing here, and nobody has its ELF.
    let files = Files::new();
    page.choose(BEFORE, &files.write("lamp.hbc", &lamp()))
        .await?;
    page.element_with(REFUSAL, "give the ELF file of lamp.hbc")
        .await?;
    page.element("[data-testid='elf-of-either']").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_has_no_barriers_and_fits_every_width() -> WebDriverResult<()> {
    let files = Files::new();
    let (_agent, page) = of_captures(&files).await?;
    page.click(&format!("{ROW} summary")).await?;
    assert_open_to_all(&page, "compare").await?;
    for width in [320, 390, 2_560] {
        page.resize(width, 1_200).await?;
        page.element(ROW).await?;
        page.picture(&format!("compare-{width}.png")).await?;
        assert!(!page.scrolls_sideways().await?, "too wide for {width}");
    }
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_a_capture_is_one_file_that_loads_nothing() -> WebDriverResult<()> {
    let files = Files::new();
    let agent = Process::start(&["--dashboard", &bundle(), "--no-demo"]);
    let page = Page::open(agent.url()).await?;
    page.go("device").await?;
    page.choose(CAPTURE, &files.write("lamp.hbc", &lamp()))
        .await?;
    page.element_with("[data-testid='verdict-sentence']", "held")
        .await?;
    let sentence = page.text("[data-testid='verdict-sentence']").await?;
    page.click("[data-testid='save-report']").await?;
    let report = page.downloaded("heap-report-lamp-kitchen.html");
    let report = String::from_utf8(report).expect("it is text");
    for words in [
        &*sentence,
        "lamp 2.1.0",
        "0x42001",
        "dram2",
        "default-src 'none'",
    ] {
        assert!(report.contains(words), "{words}: {report}");
    }
    assert!(!report.contains("://"), "{report}");

    // It opens from a disk, on any screen, and asks nobody for anything.
    assert!(report.contains("What lies where"), "{report}");
    let path = files.write("report.html", report.as_bytes());
    page.visit(&format!("file://{path}")).await?;
    page.element_with("h1", "lamp-kitchen").await?;
    let asked = "return performance.getEntriesByType('resource').map((entry) => entry.name);";
    assert_eq!(page.problems(asked).await?, [""; 0]);
    assert_open_to_all(&page, "report").await?;
    for width in [320, 390, 2_560] {
        page.resize(width, 1_200).await?;
        page.picture(&format!("report-{width}.png")).await?;
        assert_eq!(page.problems(NARROW).await?, [""; 0], "{width}");
        assert!(!page.scrolls_sideways().await?, "too wide for {width}");
    }
    page.close().await
}
