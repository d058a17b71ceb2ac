//! Two really different builds of the demo workload, compared on the page by somebody who has the captures and the ELFs of both.

use heapbeacon_shared::symbols::Symbols;
use thirtyfour::prelude::*;

use super::barriers::assert_open_to_all;
use super::captures::Files;
use super::story::bundle;
use crate::support::page::Page;
use crate::support::process::Process;

#[path = "../../../../xtask/reports/tests/demo_builds/mod.rs"]
mod demo_builds;

use demo_builds::{FIX, LEAK, run_demo};

const SENTENCE: &str = "[data-testid='conclusion']";
const ROW: &str = "[data-testid='change-row']";
const REFUSAL: &str = ".empty";
/// The field for what names the functions of either side.
const NAMES: &str = "[data-testid='elf-of-either']";

/// Checks that the page names both leaks, and which is which.
async fn assert_both_are_named(page: &Page) -> WebDriverResult<()> {
    page.element_with(SENTENCE, "Table::open no longer leaks")
        .await?;
    page.element_with(SENTENCE, "session::note is new and leaks, +")
        .await?;
    page.content_with(ROW, "session::note").await?;
    page.content_with(ROW, "Table::open").await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_builds_the_page_names_the_leak_that_was_fixed_and_the_new_one()
-> WebDriverResult<()> {
    let [before, old_elf] = run_demo("before", &[]);
    let [after, new_elf] = run_demo("after", &[FIX, LEAK].concat());
    let files = Files::new();
    let symbols = Symbols::parse(&std::fs::read(new_elf)?).expect("it has symbols");
    let new_names = files.write("new.symbols", &symbols.pack());
    let [before, old_elf, after] = [before, old_elf, after].map(|file| file.display().to_string());
    let agent = Process::start(&["--dashboard", &bundle(), "--no-demo"]);

    // By the fields of the page: addresses alone say nothing, and each names the build that it is of.
    let page = Page::open(agent.url()).await?;
    page.go("compare").await?;
    for (side, capture) in [("before", &before), ("after", &after)] {
        page.choose(&format!("[data-testid='capture-{side}']"), capture)
            .await?;
    }
    page.element_with(REFUSAL, "give the ELF file of before.hbc")
        .await?;
    page.choose(NAMES, &old_elf).await?;
    page.element_with(REFUSAL, "give the ELF file of after.hbc")
        .await?;
    page.choose(NAMES, &new_names).await?;
    assert_both_are_named(&page).await?;
    page.prefer("light").await?;
    page.picture("compare-two-builds.png").await?;
    assert_open_to_all(&page, "compare-two-builds").await?;
    page.click("[data-testid='swap']").await?;
    page.element_with(SENTENCE, "Table::open leaks now, +")
        .await?;
    page.close().await?;

    // All of them dropped together, on any page.
    let page = Page::open(agent.url()).await?;
    page.element("main h1").await?;
    page.drop_files(&[&new_names, &before, &old_elf, &after])
        .await?;
    assert_both_are_named(&page).await?;
    page.address_with("before-file=before.hbc").await?;
    page.address_with("after-file=after.hbc").await?;
    page.close().await
}
