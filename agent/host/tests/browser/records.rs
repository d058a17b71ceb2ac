//! The list of records.

use heapbeacon_shared::api::Device;
use thirtyfour::prelude::*;

use super::barriers::assert_open_to_all;
use super::story::{LEAKS, bundle, row};
use crate::support::await_that;
use crate::support::page::Page;
use crate::support::process::Process;

/// Returns what a column cuts off.
const CUT: &str = "return [...document.querySelectorAll('.records .freed')]
    .filter((cell) => cell.scrollWidth > cell.clientWidth)
    .map((cell) => cell.textContent);";

const OPENED: &str = "[data-testid='opened-record']";
/// Returns the tasks of records that are listed although another one was chosen.
const OTHER_TASKS: &str = "return [...document.querySelectorAll('.record .task')]
    .map((cell) => cell.textContent)
    .filter((task) => task !== 'sensor');";

/// Returns the sizes of records that are listed although they are smaller than was asked for.
const SMALL: &str = "return [...document.querySelectorAll('.record .size')]
    .map((cell) => cell.textContent)
    .filter((size) => !/KiB/.test(size) || parseFloat(size) < 64);";

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

/// Returns the names of call sites that stand in no room of a row.
const CUT_OFF: &str = "return [...document.querySelectorAll('.record .name')]
    .filter((name) => name.getBoundingClientRect().right > name.closest('td').getBoundingClientRect().right)
    .map((name) => name.textContent);";

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_names_the_call_sites_of_freed_blocks_too() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "all"]);
    let page = Page::open(agent.url()).await?;
    page.go("records").await?;
    for width in [320, 390] {
        page.resize(width, 844).await?;
        page.element(".record .on-phone + .name").await?;
        assert_eq!(page.problems(CUT_OFF).await?, [""; 0], "{width}");
        page.picture(&format!("records-freed-{width}.png")).await?;
    }
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

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_opened_by_keyboard_mouse_and_finger() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "all"]);
    let client = agent.client();
    // Sessions that end take a second: what is live and older by then leaks.
    await_that("a block stays", || {
        client.read::<Device>("/device").uptime_us > 6_000_000
    });
    let oldest = format!("{}/#/records?filter={LEAKS}&sort=-freed", agent.url());
    let page = Page::open(&oldest).await?;
    page.element_with(".record", LEAKS).await?;

    // Of a live block: who allocated it, and who holds it.
    page.focus_on(".record button.name").await?;
    page.press(Key::Enter).await?;
    page.element_with(OPENED, "were allocated").await?;
    page.element_with(&format!("{OPENED} [data-testid='frame']"), LEAKS)
        .await?;
    page.element_with(&format!("{OPENED} [data-testid='holders']"), "held by")
        .await?;
    assert!(page.has_focus(".record button.name").await?);
    page.address_with("open=").await?;
    page.press(Key::Enter).await?;
    page.gone(OPENED).await?;

    // Of a freed one: who freed it. Its record stays, for a stopped trace needs no place for another.
    client.command("/trace/stop", "");
    page.visit(&format!("{}/#/records?sort=freed", agent.url()))
        .await?;
    page.element_with(".record .freed", "after").await?;
    page.click(".record").await?;
    page.element_with(
        &format!("{OPENED} [data-testid='freed-by']"),
        "It was freed after",
    )
    .await?;
    page.click("[data-testid='only-stack']").await?;
    page.element("[data-testid='stack-chip']").await?;
    page.address_with("stack=").await?;
    assert_open_to_all(&page, "record").await?;

    page.resize(390, 844).await?;
    page.click(".record button.name").await?;
    page.gone(OPENED).await?;
    page.touch(".record", &[0.5]).await?;
    page.element(OPENED).await?;
    page.picture("record-390.png").await?;
    assert!(!page.scrolls_sideways().await?);
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_filtered_by_task_size_age_and_mark() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(&format!("{}/#/records", agent.url())).await?;
    page.element_with(".record", LEAKS).await?;
    page.element_with("[data-testid='task'] option", "sensor")
        .await?;
    let task = "[data-testid='task'] option[value='sensor']";
    page.click(task).await?;
    page.element_with(".record .task", "sensor").await?;
    assert_eq!(page.problems(OTHER_TASKS).await?, [""; 0]);
    page.address_with("task=sensor").await?;
    page.click("[data-testid='age'] option[value='86400']")
        .await?;
    page.gone(".record").await?;
    page.address_with("age=86400").await?;
    page.click("[data-testid='age'] option").await?;
    page.element(".record").await?;

    page.click("[data-testid='task'] option").await?;
    page.click(".least input").await?;
    page.press("65536").await?;
    page.element_with(".record", "config::load").await?;
    assert_eq!(page.problems(SMALL).await?, [""; 0]);
    page.address_with("least=65536").await?;
    for _ in 0..5 {
        page.press(Key::Backspace).await?;
    }
    page.element_with(".record", LEAKS).await?;

    // Nothing was allocated since a mark that was set behind all that was read.
    agent.client().post("/marks", r#"{"name":"after login"}"#);
    page.click("[data-testid='since'] option:nth-child(2)")
        .await?;
    page.gone(".record").await?;
    page.click("[data-testid='span-chip'] button").await?;
    page.element(".record").await?;
    page.close().await
}
