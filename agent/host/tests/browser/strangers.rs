//! What answers is no agent, or none that this page may read: each time the page says what is missing, and goes on with
//! an address or a capture.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use heapbeacon_bundle::lzma;
use thirtyfour::prelude::*;

use super::captures::{Files, lamp};
use super::files::{CAPTURE, ELF, REFUSAL};
use super::story::bundle;
use crate::support::page::Page;
use crate::support::process::{Process, executable};
use crate::support::web_server::{Reply, WebServer};

const OBSTACLE: &str = "[data-testid='obstacle']";
const TITLE: &str = "main h1";
const LIVE: &str = "[data-testid='link-state']";
const LOGIN: &str = "<!doctype html><title>Router</title><h1>Log in</h1>";

/// Checks that there is a way on: the fields are there, and a capture opens.
async fn assert_goes_on(page: &Page) -> WebDriverResult<()> {
    let files = Files::new();
    page.element("#address").await?;
    page.choose(CAPTURE, &files.write("lamp.hbc", &lamp()))
        .await?;
    page.element_with("[data-testid='file-banner']", "lamp-kitchen")
        .await?;
    page.element("[data-testid='leak-row']").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_on_a_web_server_says_that_there_is_no_device_and_opens_captures()
-> WebDriverResult<()> {
    let missing = WebServer::of_files(&bundle(), |_| None);
    let below = WebServer::start(|path| {
        let path = path.strip_prefix("/tools/beacon")?;
        Some(WebServer::file(&bundle(), path))
    });
    let page_for_all = WebServer::of_files(&bundle(), |path| {
        let is_api = path.starts_with("/api/");
        is_api.then(|| Reply::new(200, "text/html", LOGIN))
    });
    for (url, status) in [
        (missing.url().to_owned(), "404"),
        (format!("{}/tools/beacon/", below.url()), "404"),
        (format!("{}/tools/beacon/index.html", below.url()), "404"),
        (page_for_all.url().to_owned(), "200"),
    ] {
        let page = Page::open(&url).await?;
        page.element_with(TITLE, "no device behind this page")
            .await?;
        page.element_with(OBSTACLE, status).await?;
        page.element_with(LIVE, "no HeapBeacon there").await?;
        assert_goes_on(&page).await?;
        page.close().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_behind_a_proxy_below_a_path_is_found() -> WebDriverResult<()> {
    let agent = Process::start(&["--start", "leaks"]);
    let client = agent.client();
    let proxy = WebServer::start(move |path| {
        let path = path.strip_prefix("/lamps/1")?;
        let Some(below) = path.strip_prefix("/api/v1") else {
            return Some(WebServer::file(&bundle(), path));
        };
        let answer = client.get(below);
        Some(Reply::new(answer.status, "application/json", answer.body))
    });
    let page = Page::open(&format!("{}/lamps/1/", proxy.url())).await?;
    page.element_with(LIVE, "live").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_answers_at_an_address_is_told_from_a_device_and_leads_there() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle()]);
    let open = |body: &'static str, kind: &'static str, status: u16| {
        WebServer::start(move |_| Some(Reply::new(status, kind, body).for_every_origin()))
    };
    let problem = r#"{"status":404,"title":"Not found","detail":"There is nothing here.","code":"ESP_ERR_NOT_FOUND"}"#;
    let refusal = r#"{"status":403,"title":"Forbidden","detail":"Not for you.","code":"ESP_FAIL"}"#;
    let json = "application/json";
    for (server, title, words) in [
        (open(LOGIN, "text/html", 200), "is not HeapBeacon", "login"),
        (open("", "text/html", 502), "is not HeapBeacon", "502"),
        (open("[]", json, 200), "is not HeapBeacon", "200"),
        (open(problem, json, 404), "can't read", "another version"),
        (
            open(r#"{"lamp":1}"#, json, 200),
            "can't read",
            "another version",
        ),
        (open(refusal, json, 403), "refuses", "Not for you."),
        // Nobody says to the browser that this page may read it.
        (
            WebServer::start(|_| Some(Reply::new(200, "text/html", LOGIN))),
            "No device answers",
            "but not to pages from",
        ),
        // Nobody says anything at all.
        (
            WebServer::start(|_| None),
            "No device answers",
            "No HeapBeacon agent answers",
        ),
    ] {
        let page = Page::open(&format!("{}/?device={}", agent.url(), server.url())).await?;
        page.element_with(TITLE, title).await?;
        page.element_with(OBSTACLE, words).await?;
        page.element_with(OBSTACLE, server.url()).await?;
        assert_goes_on(&page).await?;
        page.close().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_taken_as_people_write_it_and_refused_with_a_reason() -> WebDriverResult<()> {
    let server = WebServer::of_files(&bundle(), |_| None);
    let own = server.url().to_owned();
    let agent = Process::start(&["--allow-origin", &own, "--token", "sesame"]);
    let page = Page::open(&format!("{own}/?device=ftp://lamp")).await?;
    page.element_with(TITLE, "names no device").await?;
    page.element_with(OBSTACLE, "ftp://lamp").await?;
    page.choose("#address", "no address\n").await?;
    page.element_with("#address-problem", "192.168.1.20")
        .await?;
    page.element("#address[aria-invalid='true']").await?;

    let host = agent.url().trim_start_matches("http://");
    page.element("#address").await?.clear().await?;
    page.choose("#address", &format!(" {host}/index.html#/leaks\n"))
        .await?;
    page.element_with(TITLE, "wants its token").await?;
    page.choose("#token", "sesame\n").await?;
    page.element_with(LIVE, "live").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_keeps_a_page_from_the_local_network_is_named() -> WebDriverResult<()> {
    let server = WebServer::of_files(&bundle(), |_| None);
    let agent = Process::start(&["--allow-origin", server.url()]);
    let host = server.url().trim_start_matches("http://");
    // As if the page had come from the internet.
    let public = format!("--ip-address-space-overrides={host}=public");
    let named = format!(
        "http://beacon.example:{}",
        host.rsplit(':').next().unwrap_or_default()
    );
    let resolve = "--host-resolver-rules=MAP beacon.example 127.0.0.1";
    let url = format!("{named}/?device={}", agent.url());
    let page = Page::open_with(&url, &[&public, resolve]).await?;
    page.element_with(OBSTACLE, "local network access").await?;
    page.element(&format!("{OBSTACLE} a[href='{}/']", agent.url()))
        .await?;
    page.close().await
}

/// A part of the page that does not arrive as it should.
struct Broken {
    /// The end of its name.
    part: &'static str,
    /// What arrives instead.
    instead: fn() -> Reply,
    /// What the page says.
    words: &'static str,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_does_not_arrive_is_said_with_a_way_to_try_again() -> WebDriverResult<()> {
    let cut = || Reply {
        withheld: 1_000,
        ..Reply::new(200, "application/wasm", *b"\0asm\x01\0\0\0")
    };
    let damaged = || {
        let program = lzma(b"\0asm\x01\0\0\0\x01\x02\x03").expect("it can be packed");
        Reply::new(200, "application/octet-stream", program)
    };
    let shortened = || {
        let program = lzma(&[7; 1_000]).expect("it can be packed");
        Reply::new(200, "application/octet-stream", &program[..15])
    };
    let login = || Reply::new(200, "text/html", LOGIN);
    let broken = |part, instead, words| Broken {
        part,
        instead,
        words,
    };
    for Broken {
        part,
        instead,
        words,
    } in [
        broken("_bg.wasm.lzma", Reply::missing, "answered 404"),
        broken("_bg.wasm.lzma", login, "sent text/html instead"),
        broken("_bg.wasm.lzma", cut, "cut off"),
        broken("_bg.wasm.lzma", damaged, "is damaged"),
        broken("_bg.wasm.lzma", shortened, "is damaged"),
        broken("unlzma.js", Reply::missing, "is no script"),
        broken("dashboard.js", Reply::missing, "is no script"),
        broken("dashboard.js", login, "is no script"),
    ] {
        let server = WebServer::of_files(&bundle(), move |path| is_part(path, part).then(instead));
        let page = Page::open(server.url()).await?;
        page.element_with("[role='alert']", words).await?;
        page.element_with("[role='alert'] button", "Try again")
            .await?;
        page.close().await?;
    }
    Ok(())
}

/// Finds a part by its name, whatever hash Trunk has put into it.
fn is_part(path: &str, part: &str) -> bool {
    match part {
        "_bg.wasm.lzma" => path.ends_with(part),
        "unlzma.js" => path.contains(part),
        _ => path.ends_with(".js") && path.contains("dashboard"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_a_busy_device_puts_off_starts_in_the_end() -> WebDriverResult<()> {
    let asked = AtomicUsize::new(0);
    let server = WebServer::of_files(&bundle(), move |path| {
        let is_put_off = path.ends_with("_bg.wasm.lzma") && asked.fetch_add(1, SeqCst) < 2;
        is_put_off.then(|| Reply::new(503, "text/plain", "busy"))
    });
    let page = Page::open(server.url()).await?;
    page.element_with(TITLE, "no device behind this page")
        .await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reads_elfs_is_asked_for_with_the_first_one_and_said_where_it_does_not_arrive()
-> WebDriverResult<()> {
    let asked = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&asked);
    let server = WebServer::of_files(&bundle(), move |path| {
        seen.fetch_add(usize::from(path.contains("worker")), SeqCst);
        path.ends_with("worker_bg.wasm.lzma").then(Reply::missing)
    });
    let files = Files::new();
    let page = Page::open(server.url()).await?;
    page.element_with(TITLE, "no device behind this page")
        .await?;
    page.choose(CAPTURE, &files.write("lamp.hbc", &lamp()))
        .await?;
    page.element_with("[data-testid='leak-row']", "0x").await?;
    assert_eq!(asked.load(SeqCst), 0);
    page.choose(ELF, executable()).await?;
    page.element_with(REFUSAL, "can't go on").await?;
    assert!(asked.load(SeqCst) > 0);
    // What was shown stays.
    page.element_with("[data-testid='leak-row']", "0x").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_has_stopped_is_no_live_picture() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(agent.url()).await?;
    page.element_with(LIVE, "live").await?;
    // What a trap leads to.
    let stop = "const error = new WebAssembly.RuntimeError('unreachable');
        dispatchEvent(new ErrorEvent('error', {error}));
        return [];";
    page.problems(stop).await?;
    page.element_with("[role='alert'] h1", "has stopped")
        .await?;
    page.click("[role='alert'] button").await?;
    page.element_with(LIVE, "live").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_forbids_webassembly_is_named() -> WebDriverResult<()> {
    let server = WebServer::of_files(&bundle(), |path| {
        (path == "/").then(|| {
            let mut page = WebServer::file(&bundle(), path);
            page.headers += "Content-Security-Policy: script-src 'self'\r\n";
            page
        })
    });
    let page = Page::open(server.url()).await?;
    page.element_with("[role='alert']", "Content-Security-Policy")
        .await?;
    page.element("[role='alert'] button").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_by_itself_that_it_was_opened_as_a_file_and_leads_to_a_device()
-> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle()]);
    let page = Page::open(&format!("file://{}/index.html", bundle())).await?;
    page.element_with("[role='alert'] h1", "opened as a file")
        .await?;
    page.element_with("[role='alert']", "http.server").await?;
    let host = agent.url().trim_start_matches("http://");
    page.choose("#address", &format!("{host}\n")).await?;
    page.element_with(LIVE, "live").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_the_page_says_what_it_needs() -> WebDriverResult<()> {
    let server = WebServer::of_files(&bundle(), |path| path.ends_with(".js").then(Reply::missing));
    let page = Page::open(server.url()).await?;
    page.element_with("main a", "Try again").await?;
    page.element_with("main", "did not arrive").await?;
    page.close().await
}
