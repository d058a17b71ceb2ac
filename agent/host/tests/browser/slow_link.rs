//! What the page takes of a slow link, with Chromium's own throttling: figures that `cargo xtask bench` prints.

use std::time::Duration;

use thirtyfour::prelude::*;

use super::first_sight::await_leak;
use super::story::{bundle, row};
use crate::support::page::Page;
use crate::support::process::Process;

/// 1 Mbit/s.
const BYTES_A_SECOND: u32 = 125_000;
const LATENCY: Duration = Duration::from_millis(100);
/// How long the bytes of an open page are counted: many rounds, and a scan or two.
const COUNTING: Duration = Duration::from_secs(60);

/// The sentence of the page's frame, and that of its program.
const FIRST: &str = "#verdict.bad";
const LATER: &str = "[data-testid='leak-link']";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it measures: `cargo xtask bench` runs it"]
async fn what_a_page_takes_of_a_slow_link() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    await_leak(&agent.client());
    let page = Page::open("about:blank").await?;
    page.note_arrivals(&[FIRST, LATER]).await?;
    page.slow_down(BYTES_A_SECOND, LATENCY).await?;
    page.visit(agent.url()).await?;
    page.element(LATER).await?;
    let [first, later] = [page.arrival(FIRST).await?, page.arrival(LATER).await?];
    println!("\nfirst_verdict_ms: {}", first.as_millis());
    // The link is full from the first byte on.
    let bytes = first.as_secs_f64() * f64::from(BYTES_A_SECOND);
    println!("first_verdict_bytes: {}", bytes as u64);
    println!("program_ms: {}", later.as_millis());

    page.close().await?;

    // With names, which come from an ELF that is too long for such a link.
    let page = Page::open(&format!("{}/#/leaks", agent.url())).await?;
    page.element(&row("th")).await?;
    let taken = page.fetched_a_second(COUNTING).await?;
    println!("leaks_page_bytes_a_second: {taken}");
    page.close().await
}
