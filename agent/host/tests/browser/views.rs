//! What the page says of a leak wherever somebody is, and what its address keeps of a view.

use thirtyfour::prelude::*;

use super::barriers::assert_open_to_all;
use super::story::{bundle, row};
use crate::support::page::Page;
use crate::support::process::Process;

#[tokio::test(flavor = "multi_thread")]
async fn a_leak_is_said_on_the_first_page_in_the_navigation_and_in_the_title() -> WebDriverResult<()>
{
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(agent.url()).await?;
    page.element_with("main .verdict.bad", "leaking").await?;
    page.content_with("nav [data-testid='urgent']", "action")
        .await?;
    page.title_with(") Live").await?;
    assert_open_to_all(&page, "live-leak").await?;
    page.click("[data-testid='leak-link']").await?;
    page.element(&row("th")).await?;
    page.title_with(") Leaks").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_is_kept_in_the_address() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(agent.url()).await?;
    page.go("leaks").await?;
    page.element_with(&row("[data-testid='leak-verdict']"), "leaking")
        .await?;
    page.click("input[type='search']").await?;
    page.press("session").await?;
    page.address_with("filter=session").await?;
    page.click("th[aria-sort] ~ th button[title*='Blocks']")
        .await?;
    page.address_with("sort=blocks").await?;
    page.click(&row("th")).await?;
    page.element("[data-testid='frame']").await?;
    page.address_with("open=").await?;

    page.reload().await?;
    page.element(&row("button[aria-expanded='true']")).await?;
    page.element("[data-testid='frame']").await?;
    page.element_with("th[aria-sort='descending']", "Blocks")
        .await?;
    let filter = page.element("input[type='search']").await?;
    assert_eq!(filter.prop("value").await?.as_deref(), Some("session"));

    // A link to a view opens it, and a usual view has a short address.
    page.visit(&format!("{}/#/leaks?by=task&sort=-oldest", agent.url()))
        .await?;
    page.reload().await?;
    page.element_with("th[aria-sort='ascending']", "Oldest")
        .await?;
    page.element_with("[data-testid='leak-row']", "task net")
        .await?;
    page.click("[data-testid='group-Call site']").await?;
    page.address_with("/#/leaks?sort=-oldest").await?;

    page.go("records").await?;
    page.click(".least input").await?;
    page.press("64").await?;
    page.address_with("/#/records?least=64").await?;
    page.reload().await?;
    let least = page.element(".least input").await?;
    assert_eq!(least.prop("value").await?.as_deref(), Some("64"));
    page.close().await
}
