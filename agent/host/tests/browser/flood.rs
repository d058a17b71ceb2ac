//! A page that is told of many events.

use std::time::{Duration, Instant};

use thirtyfour::prelude::*;

use super::story::bundle;
use crate::support::flood::Flood;
use crate::support::page::Page;
use crate::support::process::Process;

const INIT: &str = "/trace/init";
const NOTE: &str = "[data-testid='passing'] .note";

/// Returns an agent whose events go to hosts.
fn to_host() -> Process {
    let agent = Process::start(&["--dashboard", &bundle()]);
    let client = agent.client();
    client.command(INIT, r#"{"destination":"to_host"}"#);
    client.command("/trace/start?mode=leaks", "");
    agent
}

#[tokio::test(flavor = "multi_thread")]
async fn a_million_events_are_taken_in_three_seconds() -> WebDriverResult<()> {
    let agent = to_host();
    let flood = Flood {
        events: 1_000_000,
        per_second: None,
    };
    let page = Page::open(&flood.before(&agent.client())).await?;
    page.element_with(NOTE, "1,000,000 events").await?;
    // Of its thread, from the very start, so that what else runs on the machine makes no difference.
    let busy = page.thread_time().await?;
    println!("a million events: {busy:?}");
    assert!(busy < Duration::from_secs(3), "{busy:?}");
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn at_five_thousand_events_a_second_the_page_has_time_to_spare() -> WebDriverResult<()> {
    let agent = to_host();
    let flood = Flood {
        events: 75_000,
        per_second: Some(5_000),
    };
    let page = Page::open(&flood.before(&agent.client())).await?;
    page.element_with(NOTE, "events").await?;
    let (before, started) = (page.thread_time().await?, Instant::now());
    page.element_with(NOTE, "75,000 events").await?;
    let busy = page.thread_time().await? - before;
    let share = busy.as_secs_f64() / started.elapsed().as_secs_f64();
    println!("busy for {share:.2} of the time");
    assert!(share < 0.5, "{share}");
    page.close().await
}
