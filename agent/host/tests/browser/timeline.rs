//! The timeline: how far back it shows, and what happened.

use std::time::Duration;

use thirtyfour::prelude::*;

use super::story::bundle;
use crate::support::fleet::Fleet;
use crate::support::page::Page;
use crate::support::process::Process;

/// A stand-in that goes on without a restart, and how fast its time passes.
const LASTS: usize = 0;
/// One whose heap a leak fills.
const FILLS: usize = 4;
const SPEED: u32 = 60;
/// Longer than the longest window that can be chosen.
const LONG: Duration = Duration::from_secs(16 * 60);
const MARKS: [&str; 4] = ["after login", "mqtt connected", "second page", "x"];
const WIDTHS: [u32; 4] = [320, 390, 1_440, 2_560];

/// Whether the latest mark stands in a chart, which is drawn anew too often to look at it from here.
const NAMED: &str =
    "[...document.querySelectorAll('.chart .event text')].some((word) => word.textContent === 'x')";
/// Returns words of flags that lie over others, or over an edge of their drawing.
const MEETING: &str = "const problems = [];
    for (const drawing of document.querySelectorAll('.chart svg')) {
        const edges = drawing.getBoundingClientRect();
        const words = [...drawing.querySelectorAll('.event text')];
        const places = words.map((word) => word.getBoundingClientRect());
        places.forEach((a, index) => {
            if (a.left < edges.left || a.right > edges.right) problems.push(`${words[index].textContent} is cut`);
            places.slice(index + 1).forEach((b, other) => {
                const meet = a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom;
                if (meet) problems.push(`${words[index].textContent} and ${words[index + 1 + other].textContent}`);
            });
        });
    }
    return problems;";

#[tokio::test(flavor = "multi_thread")]
async fn windows_are_chosen_and_words_of_flags_meet_on_no_width() -> WebDriverResult<()> {
    let folder = tempfile::tempdir()?;
    let (bundle, speed) = (bundle(), SPEED.to_string());
    let arguments = ["--dashboard", &bundle, "--speed", &speed];
    let fleet = Fleet::start(LASTS + 1, &folder.path().join("targets.json"), &arguments);
    let page = Page::open("about:blank").await?;
    page.speed_up(SPEED).await?;
    let (_, address) = &fleet.devices()[LASTS];
    page.visit(&format!("http://{address}")).await?;
    page.element(".chart .layer.used").await?;
    page.grow_older(LONG).await?;
    for name in MARKS {
        let body = format!("{{\"name\":\"{name}\"}}");
        fleet.client(LASTS).post("/marks", &body);
    }
    page.wait_until(NAMED).await?;
    for width in WIDTHS {
        page.resize(width, 900).await?;
        page.wait_until(NAMED).await?;
        assert_eq!(page.problems(MEETING).await?, [""; 0], "{width}");
        page.picture(&format!("timeline-{width}.png")).await?;
    }
    page.click("[data-testid='window'] button:nth-child(1)")
        .await?;
    page.address_with("window=0").await?;
    page.element_with(".chart .window", "last 60 s").await?;
    page.click("[data-testid='window'] button:nth-child(2)")
        .await?;
    page.element_with(".chart .window", "last 15 min").await?;
    page.element_with("[data-testid='window']", "since boot")
        .await?;
    page.close().await
}

/// Whether words stand at a flag of a chart, which is drawn anew too often to look at it from here.
fn flagged(words: &str) -> String {
    format!(
        "[...document.querySelectorAll('.chart .event text')].some((word) => word.textContent.startsWith('{words}'))"
    )
}

/// Events that say that something was switched on.
const SWITCHED_ON: &str = "return [...document.querySelectorAll('.events li')]
    .map((event) => event.textContent)
    .filter((words) => words.includes('switched on'));";

/// Looks, on the page that has them, whether the page knows a switch to be on.
async fn see_the_switch_on(page: &Page) -> WebDriverResult<()> {
    page.go("device").await?;
    page.element("[data-testid='demo-switch-session-leak'][aria-checked='true']")
        .await?;
    page.go("live").await?;
    page.element(".chart .layer.used").await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_leaves_the_curve_before_it_and_switches_have_flags() -> WebDriverResult<()> {
    let trace = ["--dashboard", &bundle(), "--start", "leaks"];
    let agent = Process::start(&trace);
    let address = agent.url().trim_start_matches("http://").to_owned();
    let page = Page::open(agent.url()).await?;
    page.element(".chart .layer.used").await?;
    // What it does not know yet it can't see change.
    see_the_switch_on(&page).await?;
    let client = agent.client();
    client.post("/marks", r#"{"name":"before it"}"#);
    client.post("/demo/session-leak", r#"{"on":false}"#);
    page.wait_until(&flagged("session-leak switched off"))
        .await?;
    page.wait_until(&flagged("before it")).await?;
    page.picture("timeline-switched.png").await?;
    drop(agent);
    page.element_with("[data-testid='link-state']", "lost")
        .await?;
    let _again = Process::start_at(&address, &trace);
    page.element_with(".notice", "stays on the timeline")
        .await?;
    page.wait_until(&flagged("restart")).await?;
    page.wait_until(&flagged("before it")).await?;
    page.element_with("[data-testid='events']", "earlier event")
        .await?;
    // The workload begins anew with the device: nobody has switched it on again.
    see_the_switch_on(&page).await?;
    assert_eq!(page.problems(SWITCHED_ON).await?, [""; 0]);
    for width in WIDTHS {
        page.resize(width, 900).await?;
        page.wait_until(&flagged("restart")).await?;
        assert_eq!(page.problems(MEETING).await?, [""; 0], "{width}");
        page.picture(&format!("timeline-restart-{width}.png"))
            .await?;
    }
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_device_does_not_tell_right_after_a_restart_is_asked_again() -> WebDriverResult<()> {
    let trace = ["--dashboard", &bundle(), "--start", "leaks"];
    let agent = Process::start(&trace);
    let address = agent.url().trim_start_matches("http://").to_owned();
    let page = Page::open(agent.url()).await?;
    page.element_with("[data-testid='link-state']", "live")
        .await?;
    drop(agent);
    page.element_with("[data-testid='link-state']", "lost")
        .await?;
    page.block(&["*/heap/history"]).await?;
    page.forget_answers().await?;
    let _again = Process::start_at(&address, &trace);
    page.element_with(".notice", "stays on the timeline")
        .await?;
    // By then it was asked in vain, and the page has gone on.
    page.answered("/api/v1/trace/leaks", 200).await?;
    page.element_with("[data-testid='link-state']", "live")
        .await?;
    page.block(&[]).await?;
    page.answered("/api/v1/heap/history", 200).await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heap_that_fills_up_says_when_it_is_full() -> WebDriverResult<()> {
    let folder = tempfile::tempdir()?;
    let (bundle, speed) = (bundle(), SPEED.to_string());
    let arguments = ["--dashboard", &bundle, "--speed", &speed];
    let targets = folder.path().join("targets.json");
    let fleet = Fleet::start(FILLS + 1, &targets, &arguments);
    let page = Page::open("about:blank").await?;
    page.speed_up(SPEED).await?;
    let (_, address) = &fleet.devices()[FILLS];
    page.visit(&format!("http://{address}")).await?;
    let full =
        "document.querySelector('.outlook .tick')?.textContent.startsWith('at this rate full in')";
    page.wait_until(full).await?;
    page.element_with(".chart .unseen", "at this rate full in")
        .await?;
    page.picture("timeline-outlook.png").await?;
    page.close().await
}
