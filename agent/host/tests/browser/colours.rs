//! The colour of a call site: one in all views and at every visit.

use std::collections::BTreeSet;

use thirtyfour::prelude::*;

use super::captures::{eight, open_capture};
use super::story::bundle;
use crate::support::page::Page;
use crate::support::process::Process;

const BANNER: &str = "[data-testid='file-banner']";
/// A call site that is among the largest, and holds more after a mark.
const COLOURED: &str = "history::summarise";
/// What has a colour beside its name; of the map it is the key, for who pins its holes depends on where they are.
const NAMED: &str = "main :has(> .dot), [data-testid='map-key'] .key";
/// Returns the colours that stand beside its name on a page.
const OF_ONE: &str = "return [...document.querySelectorAll('main .dot, [data-testid=map-key] .key')]
    .filter((dot) => (dot.matches('.dot') ? dot.parentElement : dot).textContent.includes('history::summarise'))
    .map((dot) => dot.className.match(/c\\d+/)[0]);";
/// Returns each call site of the list with its colour.
const OF_ALL: &str = "return [...document.querySelectorAll('[data-testid=leak-row]')]
    .map((row) => row.dataset.site + ' ' + row.querySelector('.dot').classList[1]).sort();";
/// Pages that name it.
const PAGES: [&str; 4] = ["leaks", "flame", "map", "records"];

/// Returns the colours that the call site has on all pages of what is shown.
async fn colours(page: &Page) -> WebDriverResult<BTreeSet<String>> {
    let mut seen = BTreeSet::new();
    for fragment in PAGES {
        page.go(fragment).await?;
        if fragment == "records" {
            page.click("input[type='search']").await?;
            page.press(COLOURED).await?;
            page.address_with("filter=").await?;
        }
        seen.extend(shown(page, fragment).await?);
    }
    Ok(seen)
}

/// Returns the colours that the call site has on the page that is shown.
async fn shown(page: &Page, fragment: &str) -> WebDriverResult<Vec<String>> {
    page.content_with(NAMED, COLOURED).await?;
    let colours = page.problems(OF_ONE).await?;
    assert!(!colours.is_empty(), "no colour on {fragment}");
    Ok(colours)
}

/// Returns the colours that it has on all pages of the device.
async fn of_device(page: &Page) -> WebDriverResult<BTreeSet<String>> {
    let mut seen = colours(page).await?;
    page.go("compare").await?;
    page.click("[data-testid='before'] option[value*='@']")
        .await?;
    seen.extend(shown(page, "compare").await?);
    Ok(seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_site_has_one_colour_on_all_pages_after_a_reload_and_in_a_capture()
-> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let client = agent.client();
    client.post("/marks", r#"{"name":"login"}"#);
    let page = Page::open(agent.url()).await?;
    let seen = of_device(&page).await?;
    assert!(seen.len() == 1 && !seen.contains("c0"), "{seen:?}");
    page.reload().await?;
    assert_eq!(of_device(&page).await?, seen, "after a reload");

    let capture = client.get("/capture").body;
    open_capture(&page, "leaks", "demo.hbc", &capture).await?;
    assert_eq!(colours(&page).await?, seen, "in a capture");
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_site_has_its_colour_again_whatever_is_larger_at_another_visit()
-> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--no-demo"]);
    let page = Page::open(agent.url()).await?;
    open_capture(&page, "leaks", "monday.hbc", &eight(true)).await?;
    page.element(".sites .dot:not(.c0)").await?;
    let before = page.problems(OF_ALL).await?;
    let colours: BTreeSet<_> = before
        .iter()
        .filter_map(|it| it.split(' ').next_back())
        .collect();
    assert!(colours.len() == 8 && !colours.contains("c0"), "{before:?}");
    page.reload().await?;
    page.gone(BANNER).await?;
    open_capture(&page, "leaks", "tuesday.hbc", &eight(false)).await?;
    page.element(".sites .dot:not(.c0)").await?;
    assert_eq!(page.problems(OF_ALL).await?, before);
    page.close().await
}
