//! Devices side by side.

use thirtyfour::prelude::*;

use super::barriers::assert_open_to_all;
use super::story::bundle;
use crate::support::fleet::Fleet;
use crate::support::free_port;
use crate::support::page::Page;
use crate::support::process::Process;

const FLEET: &str = "[data-testid='fleet']";

fn row(address: &str) -> String {
    format!("{FLEET} tr[data-address='{address}']")
}

async fn add(page: &Page, address: &str) -> WebDriverResult<()> {
    page.choose("#fleet-address", &format!("{address}\n")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaking_a_healthy_and_an_absent_device_stand_side_by_side() -> WebDriverResult<()> {
    let own = Process::start(&["--dashboard", &bundle(), "--no-demo"]);
    let origin = ["--allow-origin", own.url()];
    let folder = tempfile::tempdir().expect("a folder");
    // Of every release some stand-ins leak, and of this many at least one.
    let fleet = Fleet::start(12, &folder.path().join("targets.json"), &origin);
    let page = Page::open(&format!("{}/#/fleet", own.url())).await?;
    page.element_with(FLEET, "No devices yet").await?;
    assert_open_to_all(&page, "fleet-empty").await?;

    let mut leaking = None;
    for (index, (name, address)) in fleet.devices().iter().enumerate() {
        let verdicts = fleet
            .client(index)
            .get("/trace/leaks?verdict=leaking")
            .json::<serde_json::Value>();
        let leaks = verdicts["leaks"]
            .as_array()
            .is_some_and(|leaks| !leaks.is_empty());
        if leaks && leaking.is_none() {
            leaking = Some((name, address));
        }
    }
    let (name, address) = leaking.expect("one of them leaks");
    let address = format!("http://{address}");
    let absent = format!("http://127.0.0.1:{}", free_port());
    add(&page, &address).await?;
    add(&page, &absent).await?;
    add(&page, own.url()).await?;

    page.element_with(&row(&address), name).await?;
    page.element_with(&format!("{} .tag.bad", row(&address)), "leak")
        .await?;
    page.element_with(&row(&address), "a minute").await?;
    page.element_with(&row(&absent), "Unreachable").await?;
    page.element_with(&row(own.url()), "Not tracing").await?;
    assert_open_to_all(&page, "fleet").await?;

    // What is no address is said to be none, and the list is kept.
    add(&page, "no address").await?;
    page.element_with("#fleet-problem", "no address of a device")
        .await?;
    page.reload().await?;
    page.element_with(&format!("{} .tag.bad", row(&address)), "leak")
        .await?;
    page.click(&format!("{} button[aria-label^='Remove']", row(&absent)))
        .await?;
    page.gone(&row(&absent)).await?;

    // A row opens its device.
    page.click(&format!("{} th a", row(own.url()))).await?;
    page.element("[data-testid='start-leaks']").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_asked_for_and_is_enough_for_a_page_of_another_device() -> WebDriverResult<()> {
    let own = Process::start(&["--dashboard", &bundle()]);
    let locked = Process::start(&["--token", "sesame", "--start", "leaks"]);
    let closed = Process::start(&[]);
    let page = Page::open(&format!("{}/#/fleet", own.url())).await?;
    add(&page, locked.url()).await?;
    add(&page, closed.url()).await?;
    page.element_with(&row(closed.url()), "keeps this page out")
        .await?;
    page.element_with(&row(closed.url()), "--allow-origin")
        .await?;
    page.element_with(&row(locked.url()), "Wants its token")
        .await?;
    assert_open_to_all(&page, "fleet-token").await?;
    let field = format!("{} input", row(locked.url()));
    page.choose(&field, "semolina\n").await?;
    page.element_with(&row(locked.url()), "not this device's token")
        .await?;
    page.choose(&field, "sesame\n").await?;
    page.element_with(&row(locked.url()), "of ").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_counted() -> WebDriverResult<()> {
    let own = Process::start(&["--dashboard", &bundle()]);
    let address = format!("127.0.0.1:{}", free_port());
    let url = format!("http://{address}");
    let arguments = ["--allow-origin", own.url()];
    let before = Process::start_at(&address, &arguments);
    let page = Page::open(&format!("{}/#/fleet", own.url())).await?;
    add(&page, &address).await?;
    page.element_with(&row(&url), "0 restarts").await?;
    drop(before);
    let _after = Process::start_at(&address, &arguments);
    page.element_with(&row(&url), "1 restart").await?;
    page.close().await
}
