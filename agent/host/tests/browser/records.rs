//! The list of records.

use thirtyfour::prelude::*;

use super::story::{LEAKS, bundle, row};
use crate::support::page::Page;
use crate::support::process::Process;

/// Returns what a column cuts off.
const CUT: &str = "return [...document.querySelectorAll('.records .freed')]
    .filter((cell) => cell.scrollWidth > cell.clientWidth)
    .map((cell) => cell.textContent);";

#[tokio::test(flavor = "multi_thread")]
async fn records_that_were_there_before_the_symbols_get_their_names() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(&format!("{}/#/records", agent.url())).await?;
    page.element_with(".record", LEAKS).await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_the_new_records_are_read() -> WebDriverResult<()> {
    let trace = ["--dashboard", &bundle(), "--start", "leaks"];
    let agent = Process::start(&trace);
    let address = agent.url().trim_start_matches("http://").to_owned();
    let page = Page::open(&format!("{}/#/records", agent.url())).await?;
    page.element(".record").await?;
    drop(agent);
    page.element_with("[data-testid='link-state']", "lost")
        .await?;

    // Its trace has the number of the one before.
    let _again = Process::start_at(&address, &trace);
    page.element_with(".notice", "The device restarted").await?;
    page.element(".record").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_says_in_full_when_its_block_was_freed() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "all"]);
    let page = Page::open(&format!("{}/#/records", agent.url())).await?;
    page.element_with(".record .freed", "after").await?;
    page.picture("records-all.png").await?;
    let cut = page.problems(CUT).await?;
    assert!(cut.is_empty(), "{cut:?}");
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_a_call_site_are_ordered_and_their_sizes_and_ages_drawn() -> WebDriverResult<()>
{
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(&format!("{}/#/records", agent.url())).await?;
    page.element_with(".record", LEAKS).await?;
    page.click("th.size button").await?;
    page.element_with("tr[aria-hidden] + .record", "config::load")
        .await?;
    page.element("th.size[aria-sort='descending']").await?;
    page.address_with("sort=size").await?;
    page.element_with("[data-testid='passing']", "Age of a live block")
        .await?;

    // From a call site to its records, and what they come to.
    page.go("leaks").await?;
    page.click(&row("th")).await?;
    page.click("[data-testid='records-of']").await?;
    page.element_with(".record", LEAKS).await?;
    page.element_with("[data-testid='passing'] .note", "listed above")
        .await?;
    page.picture("records-of-site.png").await?;
    page.close().await
}
