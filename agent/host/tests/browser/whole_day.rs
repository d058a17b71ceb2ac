//! A tab that is left open for a day. Its clock and that of its device, a stand-in, go a thousand times as fast as the one on the wall.

use std::time::Duration;

use thirtyfour::prelude::*;

use super::story::bundle;
use crate::support::client::Client;
use crate::support::fleet::Fleet;
use crate::support::page::Page;
use crate::support::page::ageing::Memory;

const SPEED: u32 = 1_000;
const HOUR: Duration = Duration::from_secs(3_600);
const HOURS: u32 = 24;
/// Pages that somebody looks at by turns, and what is seen there and nowhere else.
const PAGES: [(&str, &str); 5] = [
    LIVE,
    ("leaks", "nav [href='#/leaks'][aria-current]"),
    ("flame", "nav [href='#/flame'][aria-current]"),
    ("map", "nav [href='#/map'][aria-current]"),
    RECORDS,
];
const LIVE: (&str, &str) = ("live", "main .chart .layer.used");
const RECORDS: (&str, &str) = ("records", "main .record");
/// Marks that a device keeps.
const MARKS: u32 = 32;
/// Looks at the page that takes most before memory is measured.
const LOOKS: usize = 5;
/// Most of the memory of its first hours that a tab has in its last, in percent.
const MOST_PERCENT: u64 = 120;
/// Hours at either end that are measured: of the first ones the most counts, of the last ones the least, since what is on the
/// page depends on the moment too, on how much the device just holds, and how lately it restarted.
const MEASURED_HOURS: u32 = 3;
/// Hours before the first one that counts: by then as many freed blocks have come as the page keeps of events, which takes its
/// time on the wall.
const WARM_HOURS: u32 = 12;
/// Fewest requests that the page must have made for the test to mean anything: more than its longest history has moments.
const ASKED: u64 = 2_000;
/// A stand-in whose heap a leak fills again and again, so that it restarts a few times an hour, and one that goes on.
const RESTARTS: usize = 4;
const LASTS: usize = 0;

/// Starts as many stand-ins as it takes for one of an index.
fn stand_in(index: usize) -> (tempfile::TempDir, Fleet) {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let (bundle, speed) = (bundle(), SPEED.to_string());
    let arguments = ["--dashboard", &bundle, "--speed", &speed];
    let fleet = Fleet::start(index + 1, &folder.path().join("targets.json"), &arguments);
    (folder, fleet)
}

/// Lets a day pass, and compares the memory at its end with that of its beginning, in which as much was looked at and noted.
async fn live_through_a_day(fleet: &Fleet, index: usize, warm_hours: u32) -> WebDriverResult<()> {
    let client = fleet.client(index);
    let page = Page::open("about:blank").await?;
    page.speed_up(SPEED).await?;
    let (_, address) = &fleet.devices()[index];
    page.visit(&format!("http://{address}")).await?;
    let warm = HOUR * warm_hours;
    for turn in 1..=MARKS {
        page.look_at(PAGES[turn as usize % PAGES.len()]).await?;
        mark(&client);
        page.grow_older(warm * turn / MARKS).await?;
    }
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for hour in 1..=HOURS {
        page.look_at(PAGES[hour as usize % PAGES.len()]).await?;
        mark(&client);
        page.grow_older(warm + HOUR * hour).await?;
        if hour <= MEASURED_HOURS {
            first.push(memory_on_live(&page).await?);
        } else if hour > HOURS - MEASURED_HOURS {
            last.push(memory_on_live(&page).await?);
        }
    }
    let asked = page.asked().await?;
    println!("At first {first:?}, in the end {last:?}, {asked} requests");
    assert!(asked > ASKED, "only {asked} requests");
    assert_flat("bytes", &first, &last, Memory::bytes);
    assert_flat("elements", &first, &last, |memory| memory.elements);
    page.close().await
}

/// Sets a mark, unless the page's connections have taken the places of all others just then.
fn mark(client: &Client) {
    drop(client.try_post("/marks", r#"{"name":"another one"}"#));
}

/// Measures on Live, once the page that takes most was seen some times.
async fn memory_on_live(page: &Page) -> WebDriverResult<Memory> {
    for _ in 0..LOOKS {
        page.look_at(RECORDS).await?;
        page.look_at(LIVE).await?;
    }
    page.memory().await
}

fn assert_flat(what: &str, first: &[Memory], last: &[Memory], size: fn(&Memory) -> u64) {
    let most = first.iter().map(size).max().unwrap_or_default();
    let least = last.iter().map(size).min().unwrap_or_default();
    assert!(
        least * 100 <= most * MOST_PERCENT,
        "{what}: {most} at first, {least} in the end"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_a_device_that_leaks_and_restarts_takes_no_more_memory_than_an_hour()
-> WebDriverResult<()> {
    let (_folder, fleet) = stand_in(RESTARTS);
    live_through_a_day(&fleet, RESTARTS, 0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_events_takes_no_more_memory_than_an_hour() -> WebDriverResult<()> {
    let (_folder, fleet) = stand_in(LASTS);
    let client = fleet.client(LASTS);
    client.command("/trace/stop", "");
    client.command("/trace/init", r#"{"destination":"to_host"}"#);
    client.command("/trace/start?mode=leaks", "");
    live_through_a_day(&fleet, LASTS, WARM_HOURS).await
}
