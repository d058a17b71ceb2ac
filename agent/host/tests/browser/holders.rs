//! Who holds blocks, and which ones are lost.

use thirtyfour::prelude::*;

use super::barriers::assert_open_to_all;
use super::story::{bundle, row};
use crate::support::page::Page;
use crate::support::process::Process;

const LOST_SWITCH: &str = "[data-testid='demo-switch-lost-blocks']";
const SCANS: &str = "[data-testid='scans']";
/// What a group of the list is headed by.
const GROUP: &str = "[data-testid='group']";
/// The row of a function that loses blocks.
const LOSER: &str = "[data-testid='leak-row'][data-site*='lose_cycle']";

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_who_holds_what_leaks_and_what_is_lost() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(agent.url()).await?;
    page.go("leaks").await?;
    page.click(LOST_SWITCH).await?;

    // The chain begins with something that has a name, and names call sites on its way.
    page.click(&row("th")).await?;
    page.element_with("[data-testid='holders'] .holding", "held by")
        .await?;
    let chain = page.text("[data-testid='holders'] ol").await?;
    assert!(
        chain.contains("task") || chain.contains("static"),
        "{chain}"
    );
    assert!(chain.contains("block of"), "{chain}");

    // What is lost stands above all else, in red, and says that nothing refers to it.
    page.element_with(GROUP, "Lost").await?;
    page.element_with("[data-testid='verdict-sentence']", "lost blocks")
        .await?;
    page.element(".verdict.bad").await?;
    page.element_with(&format!("{LOSER} .tag.bad"), "lost")
        .await?;
    page.click(&format!("{LOSER} th")).await?;
    page.element_with(".holding.bad", "in two scans nothing refers to")
        .await?;
    assert_open_to_all(&page, "holders").await?;
    page.resize(1280, 2200).await?;
    for scheme in ["light", "dark"] {
        page.prefer(scheme).await?;
        page.picture(&format!("holders-{scheme}.png")).await?;
    }
    for width in [320, 390] {
        page.resize(width, 3200).await?;
        page.picture(&format!("holders-{width}.png")).await?;
        assert!(!page.scrolls_sideways().await?, "too wide for {width}");
    }
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_want_scans_turns_them_off_for_good() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(agent.url()).await?;
    page.go("leaks").await?;
    page.click(&format!("{SCANS}[aria-checked='true']")).await?;
    page.element(&format!("{SCANS}[aria-checked='false']"))
        .await?;
    page.visit(agent.url()).await?;
    page.go("leaks").await?;
    page.element(&format!("{SCANS}[aria-checked='false']"))
        .await?;
    page.click(&row("th")).await?;
    page.element_with("[data-testid='holders']", "off").await?;
    page.click(SCANS).await?;
    page.element_with("[data-testid='holders'] .holding", "blocks")
        .await?;
    page.close().await
}
