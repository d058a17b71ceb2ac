//! In how short turns a large capture is opened: between two, the page answers.

use thirtyfour::prelude::*;

use super::captures::Files;
use super::files::CAPTURE;
use super::story::bundle;
use crate::support::flood::Flood;
use crate::support::page::Page;
use crate::support::process::Process;

/// Milliseconds that a turn may take on the wall, where other tests have their share of the cores.
pub(super) const TURN_MS: f64 = 200.0;
/// Events that are saved.
const EVENTS: u64 = 1_000_000;
/// Times that they are opened.
pub(super) const ROUNDS: usize = 3;

/// Notes how many milliseconds the page is held by whatever takes more than 50 of them.
const WATCH_TURNS: &str = "window.turns = [];
    const observer = new PerformanceObserver((list) => take(list.getEntries()));
    const take = (entries) => window.turns.push(...entries.map((entry) => entry.duration));
    observer.observe({ type: 'longtask' });
    window.longTurns = () => { take(observer.takeRecords()); return window.turns; };
    setTimeout(() => { const end = performance.now() + 110; while (performance.now() < end); });
    return [];";

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_of_a_million_events_is_opened_in_short_turns() -> WebDriverResult<()> {
    let flood = Flood {
        events: EVENTS,
        per_second: None,
    };
    let saved = flood.saved();
    let mut longest = [0.0; ROUNDS];
    for longest in &mut longest {
        *longest = opened_ms(&saved).await?;
    }
    println!("longest turns in ms: {longest:?}");
    // Other tests take their share of the cores, and so of the one or the other, but no turn is shorter than its work.
    assert!(longest.iter().any(|ms| *ms <= TURN_MS), "{longest:?}");
    Ok(())
}

/// Notes turns from now on.
pub(super) async fn watch_turns(page: &Page) -> WebDriverResult<()> {
    page.problems(WATCH_TURNS).await?;
    // A long turn is noticed at all.
    page.wait_until("window.longTurns().some((ms) => ms >= 100)")
        .await?;
    page.problems("window.turns = []; return [];")
        .await
        .map(drop)
}

/// Returns the milliseconds of the longest turn that was noted; 0 where none was long.
pub(super) async fn longest_turn_ms(page: &Page) -> WebDriverResult<f64> {
    let turns = page
        .problems("return window.longTurns().map(String);")
        .await?;
    let turns = turns.iter().filter_map(|turn| turn.parse().ok());
    Ok(turns.fold(0.0, f64::max))
}

/// Opens a capture, and returns the milliseconds of the longest turn that it took.
async fn opened_ms(capture: &[u8]) -> WebDriverResult<f64> {
    let agent = Process::start(&["--dashboard", &bundle(), "--no-demo"]);
    let page = Page::open(agent.url()).await?;
    let files = Files::new();
    page.go("device").await?;
    watch_turns(&page).await?;
    page.choose(CAPTURE, &files.write("events.hbc", capture))
        .await?;
    page.element_with("[data-testid='file-banner']", "events.hbc")
        .await?;
    page.element("[data-testid='leak-row']").await?;
    let longest = longest_turn_ms(&page).await?;
    page.close().await?;
    Ok(longest)
}
