//! What the browser lets the page do, and what it lets other pages do to the agent.

use thirtyfour::prelude::*;

use super::story::bundle;
use crate::support::page::Page;
use crate::support::process::Process;

/// Lengths of a URL with which a browser's headers fill the agent's buffer to its last byte.
const FULL: std::ops::Range<u32> = 7_300..7_800;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_does_nothing_that_its_policy_forbids() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(agent.url()).await?;
    page.watch_policy().await?;
    // The second time, most files are the browser's own copies.
    page.visit(agent.url()).await?;
    page.element("[data-testid='stop']").await?;
    for fragment in ["leaks", "records", "device", "live"] {
        page.go(fragment).await?;
        page.element("h1").await?;
    }
    page.go("leaks").await?;
    page.click("[data-testid='leak-row'] th").await?;
    page.element("[data-testid='frame']").await?;
    let broken = page.broken_policy().await?;
    assert!(broken.is_empty(), "{broken:?}");
    // Whoever gets a page into this one by its markup gains nothing.
    page.insert("<iframe src='data:text/html,x'></iframe>")
        .await?;
    page.visit(&format!("{}/#/live", agent.url())).await?;
    assert!(
        !page.broken_policy().await?.is_empty(),
        "there is no policy"
    );
    page.close().await
}

/// A page of another origin may send whatever a form can send, and a body of its choice with it.
#[tokio::test(flavor = "multi_thread")]
async fn another_page_sends_no_body_that_is_a_request() -> WebDriverResult<()> {
    let other = Process::start(&["--dashboard", &bundle()]);
    let agent = Process::start(&["--start", "leaks"]);
    let before = agent.client().trace();
    let page = Page::open(other.url()).await?;
    page.element("h1").await?;
    let sent = page.post_all(agent.url(), FULL).await?;
    assert_eq!(sent, FULL.len() as u64, "the browser did not send them");
    let now = agent.client().trace();
    assert_eq!(
        (now.summary.state, now.trace_id),
        (before.summary.state, before.trace_id)
    );
    page.close().await
}
