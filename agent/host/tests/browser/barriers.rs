//! Every page and every state of it, looked over by axe-core: with dark and light colours, on a desk and on a telephone.

use thirtyfour::prelude::*;

use super::captures::{Files, lamp};
use super::files::CAPTURE;
use super::story::bundle;
use crate::support::page::Page;
use crate::support::process::Process;
use crate::support::web_server::{Reply, WebServer};

const PAGES: [&str; 8] = [
    "live", "leaks", "flame", "map", "records", "compare", "device", "fleet",
];

fn axe() -> String {
    let path = std::env::var("HEAPBEACON_AXE")
        .expect("HEAPBEACON_AXE names the script of axe-core: run `cargo xtask test browser`");
    std::fs::read_to_string(path).expect("the script can be read")
}

/// Checks what is on the page now.
pub(super) async fn assert_open_to_all(page: &Page, state: &str) -> WebDriverResult<()> {
    page.problems(&format!("{}; return [];", axe())).await?;
    for scheme in ["light", "dark"] {
        page.prefer(scheme).await?;
        for width in [390, 1440] {
            page.resize(width, 900).await?;
            let script = include_str!("barriers.js");
            let problems = page.problems_later(script, Vec::new()).await?;
            assert!(
                problems.is_empty(),
                "{state}, {scheme}, {width} pixels: {problems:#?}"
            );
            page.picture(&format!("axe-{state}-{scheme}-{width}.png"))
                .await?;
        }
    }
    Ok(())
}

async fn assert_pages_open_to_all(page: &Page, state: &str) -> WebDriverResult<()> {
    for fragment in PAGES {
        page.go(fragment).await?;
        page.element("main h1").await?;
        assert_open_to_all(page, &format!("{state}-{fragment}")).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_in_every_state_of_its_trace_has_no_barriers() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle()]);
    let client = agent.client();
    let page = Page::open(agent.url()).await?;
    page.element("[data-testid='start-here']").await?;
    assert_pages_open_to_all(&page, "untraced").await?;

    page.click("[data-testid='start-leaks']").await?;
    page.go("leaks").await?;
    page.click("[data-testid='leak-row'] th").await?;
    page.element("[data-testid='frame']").await?;
    assert_open_to_all(&page, "opened").await?;
    assert_pages_open_to_all(&page, "recording").await?;

    page.click("[data-testid='stop']").await?;
    page.click("[data-testid='clear-and-start']").await?;
    page.element("#cleared").await?;
    assert_open_to_all(&page, "clearing").await?;

    client.command("/trace/init", r#"{"destination":"to_host"}"#);
    client.command("/trace/start?mode=all", "");
    page.go("live").await?;
    page.element("[data-testid='passing']").await?;
    assert_open_to_all(&page, "to-host").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn captures_notices_and_refusals_have_no_barriers() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--token", "sesame"]);
    let files = Files::new();
    let page = Page::open(agent.url()).await?;
    page.choose("#token", "semolina\n").await?;
    page.element("main [role='alert']").await?;
    assert_open_to_all(&page, "token").await?;
    page.choose("#token", "sesame\n").await?;

    page.go("device").await?;
    page.choose(CAPTURE, &files.write("lamp.hbc", &lamp()))
        .await?;
    page.element("[data-testid='leak-row']").await?;
    page.drop_file("notes.txt", "neither of the two").await?;
    page.element(".notice").await?;
    assert_pages_open_to_all(&page, "capture").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_without_a_device_have_no_barriers() -> WebDriverResult<()> {
    let silent = WebServer::start(|_| None);
    let server = WebServer::of_files(&bundle(), |_| None);
    let broken = WebServer::of_files(&bundle(), |path| {
        path.ends_with(".lzma").then(Reply::missing)
    });
    for (state, url, sign) in [
        ("foreign", server.url().to_owned(), "#address"),
        (
            "loading",
            format!("{}/?device={}", server.url(), silent.url()),
            ".skeleton",
        ),
        (
            "nobody",
            format!("{}/?device=http://127.0.0.1:9", server.url()),
            "#address",
        ),
        (
            "malformed",
            format!("{}/?device=x y", server.url()),
            "#address",
        ),
        ("broken", broken.url().to_owned(), "[role='alert']"),
        (
            "file",
            format!("file://{}/index.html", bundle()),
            "#address",
        ),
    ] {
        let page = Page::open(&url).await?;
        page.element(sign).await?;
        assert_open_to_all(&page, state).await?;
        page.close().await?;
    }

    let agent = Process::start(&["--dashboard", &bundle()]);
    let page = Page::open(&format!("{}/#/bogus", agent.url())).await?;
    page.element_with("main h1", "There is no such page")
        .await?;
    assert_open_to_all(&page, "no-page").await?;
    page.close().await
}
