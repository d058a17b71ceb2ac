//! What the page says of a leak wherever somebody is, and what its address keeps of a view.

use thirtyfour::prelude::*;

use super::barriers::assert_open_to_all;
use super::story::{LEAKS, bundle, row};
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

#[tokio::test(flavor = "multi_thread")]
async fn each_page_shows_what_events_have_told_where_the_device_keeps_no_records()
-> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle()]);
    let client = agent.client();
    client.command("/trace/init", r#"{"destination":"to_host"}"#);
    client.command("/trace/start?mode=leaks", "");
    let page = Page::open(agent.url()).await?;
    page.element_with("[data-testid='passing'] .note", "none was dropped")
        .await?;
    client.post("/marks", r#"{"name":"login"}"#);
    page.go("leaks").await?;
    page.element(&row("th")).await?;
    page.go("flame").await?;
    page.content_with("[data-testid='flame'] text", LEAKS)
        .await?;
    page.click("[data-testid='Allocated']").await?;
    page.element_with("#flame-title", "Who allocated").await?;
    page.go("map").await?;
    page.element_with("[data-testid='map-key']", LEAKS).await?;
    page.go("records").await?;
    page.element(".record").await?;
    page.element_with(".histogram caption", "Lifetime of a freed block")
        .await?;
    page.go("compare").await?;
    page.element_with("[data-testid='before'] option:checked", "login")
        .await?;
    page.element_with("[data-testid='conclusion']", "In all +")
        .await?;
    page.element_with(".caveats", "only the latest that events have told")
        .await?;
    page.close().await
}
