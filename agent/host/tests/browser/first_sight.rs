//! What the page says while its program is still on its way.

use heapbeacon_shared::api::{Leak, LeaksPage, Trace};
use heapbeacon_shared::trace::{Destination, Kind, Origin, Period, State, Verdict};
use thirtyfour::prelude::*;

use super::barriers::assert_open_to_all;
use super::story::bundle;
use crate::support::await_that;
use crate::support::client::Client;
use crate::support::page::Page;
use crate::support::process::Process;
use crate::support::web_server::{Reply, WebServer};

const PROGRAM: &str = "*dashboard*.lzma";
const HEADLINE: &str = "#verdict h2";

/// Waits until the device judges that somebody's own code leaks.
pub(super) fn await_leak(client: &Client) {
    await_that("a leak", || {
        let list: LeaksPage = client.read("/trace/leaks?verdict=leaking");
        let mut leaks = list.leaks.iter();
        leaks.any(|leak| leak.stack.origin != Origin::Agent && leak.verdict.certain)
    });
}

/// Opens the page of an agent whose program does not come before it is released.
async fn open_held(agent: &Process) -> WebDriverResult<Page> {
    let page = Page::open("about:blank").await?;
    page.watch_policy().await?;
    page.hold(PROGRAM).await?;
    page.visit(agent.url()).await?;
    Ok(page)
}

/// Returns how high the sentence and its first line are.
async fn heights(page: &Page) -> WebDriverResult<Vec<String>> {
    let boxes = page.boxes(".verdict, .verdict h2").await?;
    let height = |place: &String| place.rsplit(',').next().map(str::to_owned);
    Ok(boxes.iter().filter_map(height).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leaks_is_said_before_the_program_is_there() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    await_leak(&agent.client());
    let page = open_held(&agent).await?;
    let told = page.text("#verdict.bad .first").await?;
    assert!(
        told.starts_with("0x") && told.contains(" a minute and holds "),
        "{told}"
    );
    page.element_with(HEADLINE, "leaking.").await?;
    page.picture("first-sight.png").await?;
    let places = heights(&page).await?;

    page.release().await?;
    page.element(".verdict.bad [data-testid='leak-link']")
        .await?;
    page.gone("#loading").await?;
    assert_eq!(heights(&page).await?, places, "what is below jumped");
    page.element_with(".verdict.bad h2", "leaking.").await?;
    assert_eq!(page.broken_policy().await?, [""; 0]);
    page.close().await
}

/// Serves the page, without its program, of a device that answers like this.
fn served(trace: &Trace, list: &LeaksPage) -> WebServer {
    let json = |body| Reply::new(200, "application/json", body);
    let trace = json(serde_json::to_vec(trace).expect("it is JSON"));
    let list = json(serde_json::to_vec(list).expect("it is JSON"));
    WebServer::start(move |path| match path {
        "/api/v1/trace" => Some(trace.clone()),
        "/api/v1/trace/leaks" => Some(list.clone()),
        path if path.ends_with(".lzma") => None,
        path => Some(WebServer::file(&bundle(), path)),
    })
}

/// A list of one call stack of which this is said.
fn list(kind: Kind, certain: bool) -> LeaksPage {
    let verdict = Verdict {
        kind,
        certain,
        bytes_per_minute: 2_150,
        since_us: 0,
    };
    let leak = Leak {
        count: 1_300,
        bytes: 157_696,
        verdict,
        ..Leak::default()
    };
    let period = Period {
        time_us: 70_000_000,
        ..Period::default()
    };
    LeaksPage {
        period,
        leaks: vec![leak],
        ..LeaksPage::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_said_than_the_program_would_say() -> WebDriverResult<()> {
    let mut trace = Trace::default();
    trace.summary.state = State::Recording;
    trace.summary.destination = Some(Destination::Standalone);
    trace.summary.live_count = 9;
    let mut evicting = trace.clone();
    evicting.summary.evicted_live = 1;
    let mut stopped = trace.clone();
    stopped.summary.state = State::Stopped;

    let leaking = list(Kind::Leaking, true);
    let mut two = leaking.clone();
    two.leaks.push(leaking.leaks[0].clone());
    let mut own = leaking.clone();
    own.leaks[0].stack.origin = Origin::Agent;
    let mut young = own.clone();
    young.period.started_us = 10_000_000;

    let page = Page::open("about:blank").await?;
    for (trace, list, class, headline) in [
        (&trace, &leaking, " bad", "One call site is leaking."),
        (&trace, &two, " bad", "Two call stacks are leaking."),
        (&evicting, &leaking, "", "One call site may be leaking."),
        (
            &trace,
            &list(Kind::Filling, false),
            "",
            "One call site may be leaking.",
        ),
        (
            &trace,
            &list(Kind::Filling, true),
            " good",
            "No leak shows.",
        ),
        (&trace, &own, " good", "No leak shows."),
    ] {
        page.visit(served(trace, list).url()).await?;
        let told = page.element("#verdict[data-told]").await?;
        assert_eq!(
            told.class_name().await?,
            Some(format!("panel verdict{class}"))
        );
        page.element_with(HEADLINE, headline).await?;
        assert!(page.is_shown(HEADLINE).await?);
    }
    page.visit(served(&trace, &leaking).url()).await?;
    let words = "takes 2.1 KiB a minute and holds 1,300 blocks, 154 KiB.";
    page.element_with("#verdict .first", words).await?;
    assert_open_to_all(&page, "first-sight").await?;

    let (status, leaks) = ("/api/v1/trace", "/api/v1/trace/leaks");
    for (trace, list, last) in [
        (&evicting, &own, leaks),
        (&trace, &young, leaks),
        (&stopped, &leaking, status),
    ] {
        page.visit(served(trace, list).url()).await?;
        page.answered(last, 200).await?;
        page.element_with(HEADLINE, "Loading").await?;
        assert!(page.is_absent("#verdict[data-told]").await?);
    }
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_wants_its_token_says_nothing_first() -> WebDriverResult<()> {
    let start = ["--start", "leaks", "--token", "sesame"];
    let agent = Process::start(&[&["--dashboard", &bundle()][..], &start].concat());
    await_leak(&agent.client_with("sesame"));
    let page = open_held(&agent).await?;
    page.answered("/api/v1/trace", 401).await?;
    page.element_with(HEADLINE, "Loading").await?;
    assert!(page.is_absent("#verdict.bad").await?);
    page.release().await?;
    page.element_with("main", "wants its token").await?;
    assert!(page.is_absent(".verdict").await?);
    page.close().await
}
