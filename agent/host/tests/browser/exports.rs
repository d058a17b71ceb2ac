//! What the page writes for other tools: each file is read by what its format is described with, and adds up to the capture.

use base64ct::Encoding;
use heapbeacon_shared::capture::{Capture, CaptureReader};
use prost::Message;
use serde_json::Value;
use thirtyfour::prelude::*;

use super::captures::{Files, lamp, scattered, wide};
use super::files::{CAPTURE, ELF};
use super::story::bundle;
use crate::support::background::Background;
use crate::support::free_port;
use crate::support::page::Page;
use crate::support::process::{Process, executable};
use crate::support::tls;

#[path = "../../../../shared/tests/export/protos.rs"]
mod protos;

const PANEL: &str = "[data-testid='downloads']";
const STATUS: &str = "[data-testid='export-status']";
const PROBLEM: &str = "[data-testid='export-problem']";
/// What stands in for the pages of viewers.
const VIEWERS: &str = include_str!("viewers.html");

/// Returns live bytes of a capture as the page counts them.
fn live(capture: &[u8]) -> u64 {
    read(capture)
        .leaks
        .leaks
        .iter()
        .map(|leak| leak.bytes)
        .sum()
}

fn read(capture: &[u8]) -> Capture {
    let mut reader = CaptureReader::new();
    reader.push(capture).expect("it is a capture");
    reader.finish().expect("it is whole")
}

/// Saves what is shown in a format, and returns the file.
async fn saved(page: &Page, format: &str, name: &str) -> WebDriverResult<Vec<u8>> {
    page.click(&format!("button[data-format='{format}']"))
        .await?;
    page.element_with(STATUS, "is saved").await?;
    Ok(page.downloaded(name))
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

fn sum(list: &Value) -> i64 {
    let list = list.as_array().expect("a list");
    list.iter().filter_map(Value::as_i64).sum()
}

/// Adds up a column of CSV in the rows in which another one is empty; none of these has a comma in a text.
fn column(csv: &str, name: &str, without: Option<&str>) -> u64 {
    let mut lines = csv.lines();
    let head: Vec<_> = lines.next().expect("a head").split(',').collect();
    let place = |name: &str| {
        head.iter()
            .position(|column| *column == name)
            .expect("it is there")
    };
    let cells = lines.map(|line| line.split(',').collect::<Vec<_>>());
    let wanted =
        cells.filter(|cells| without.is_none_or(|without| cells[place(without)].is_empty()));
    wanted
        .map(|cells| cells[place(name)].parse::<u64>().expect("a number"))
        .sum()
}

/// Adds up what is left of the events of heaptrack's text.
fn heaptrack(text: &str) -> u64 {
    let hex = |word: &str| u64::from_str_radix(word, 16).expect("hexadecimal");
    let (mut sizes, mut live) = (Vec::new(), 0);
    for line in text.lines() {
        let words: Vec<_> = line.split(' ').collect();
        match words[0] {
            "a" => sizes.push(hex(words[1])),
            "+" => live += sizes[hex(words[1]) as usize],
            "-" => live -= sizes[hex(words[1]) as usize],
            _ => {}
        }
    }
    live
}

/// Adds up the last heap profiles of a Perfetto trace.
fn perfetto(bytes: &[u8]) -> u64 {
    let trace = protos::Trace::decode(bytes).expect("a trace");
    let profiles = trace
        .packet
        .iter()
        .filter(|packet| packet.profile_packet.is_some());
    let last = profiles.clone().map(|packet| packet.timestamp).max();
    profiles
        .filter(|packet| Some(packet.timestamp) == last)
        .filter_map(|packet| packet.profile_packet.as_ref())
        .flat_map(|profile| &profile.process_dumps)
        .flat_map(|dump| &dump.samples)
        .map(|sample| sample.self_allocated - sample.self_freed)
        .sum()
}

fn pprof(bytes: &[u8]) -> u64 {
    let profile = protos::Profile::decode(bytes).expect("a profile");
    profile
        .sample
        .iter()
        .map(|sample| sample.value[3] as u64)
        .sum()
}

fn collapsed(text: &str) -> u64 {
    let bytes = |line: &str| line.rsplit(' ').next()?.parse::<u64>().ok();
    text.lines().filter_map(bytes).sum()
}

/// Adds up what a file says is live.
fn told(format: &str, file: &[u8]) -> u64 {
    let text = || String::from_utf8(file.to_vec()).expect("text");
    match format {
        "collapsed" => collapsed(&text()),
        "speedscope" => sum(&json(file)["profiles"][0]["weights"]) as u64,
        "records" => column(&text(), "size", Some("freed_time_us")),
        "leaks" => column(&text(), "bytes", None),
        "dhat" => {
            let file = json(file);
            let points = file["pps"].as_array().expect("a list").iter();
            points
                .map(|point| point["eb"].as_u64().expect("a number"))
                .sum()
        }
        "pprof" => pprof(file),
        "firefox" => sum(&json(file)["threads"][0]["nativeAllocations"]["weight"]) as u64,
        "heaptrack" => heaptrack(&text()),
        "perfetto" => perfetto(file),
        other => panic!("{other}"),
    }
}

const FORMATS: [(&str, &str); 9] = [
    ("collapsed", "folded"),
    ("speedscope", "speedscope.json"),
    ("records", "records.csv"),
    ("leaks", "leaks.csv"),
    ("dhat", "dhat.json"),
    ("pprof", "pb"),
    ("firefox", "firefox.json"),
    ("heaptrack", "heaptrack"),
    ("perfetto", "perfetto-trace"),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_format_of_an_opened_capture_adds_up_to_it() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle()]);
    let files = Files::new();
    let page = Page::open(agent.url()).await?;
    for (stem, capture) in [("scattered", scattered(400, 12)), ("wide", wide(40))] {
        page.go("device").await?;
        let path = files.write(&format!("{stem}.hbc"), &capture);
        page.choose(CAPTURE, &path).await?;
        page.element_with("[data-testid='file-banner']", stem)
            .await?;
        page.go("device").await?;
        page.element_with(PANEL, &format!("Written from {stem}.hbc"))
            .await?;
        assert!(page.is_absent(&format!("{PANEL} a[download]")).await?);
        for (format, extension) in FORMATS {
            let file = saved(&page, format, &format!("{stem}.{extension}")).await?;
            assert_eq!(told(format, &file), live(&capture), "{stem} as {format}");
        }
    }
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_a_device_has_the_names_in_use_and_by_hand_of_the_keyboard()
-> WebDriverResult<()> {
    let agent = Process::start(&[
        "--dashboard",
        &bundle(),
        "--start",
        "all",
        "--token",
        "sesame",
    ]);
    let page = Page::open(&format!("{}/#/device", agent.url())).await?;
    page.choose("#token", "sesame\n").await?;
    page.element_with(PANEL, "a capture of the moment").await?;
    page.choose(ELF, executable()).await?;
    page.element_with("main", "Forget the names").await?;
    page.focus_on("button[data-format='collapsed']").await?;
    page.press(Key::Enter).await?;
    page.element_with(STATUS, "is saved").await?;
    let name = agent.client_with("sesame").get("/device").json::<Value>()["name"].clone();
    let name = name.as_str().expect("it has a name").replace(
        |c: char| !c.is_ascii_alphanumeric() && !"_.-".contains(c),
        "_",
    );
    let text = String::from_utf8(page.downloaded(&format!("{name}.folded"))).expect("text");
    assert!(text.contains("heapbeacon_demo::"), "{text}");
    assert!(collapsed(&text) > 0);
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_events_have_told_is_exported_with_what_was_freed() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle()]);
    let client = agent.client();
    client.command("/trace/init", r#"{"destination":"to_host"}"#);
    client.command("/trace/start?mode=all", "");
    let page = Page::open(agent.url()).await?;
    page.element("[data-testid='passing']").await?;
    page.go("device").await?;
    page.element_with(PANEL, "from the events that this page was told")
        .await?;
    page.click("[data-format='firefox']").await?;
    let said = page.text_with(STATUS, "is saved").await?;
    let name = said.split(' ').next().expect("the file's name").to_owned();
    let file = json(&page.downloaded(&name));
    let weights = file["threads"][0]["nativeAllocations"]["weight"]
        .as_array()
        .expect("a list");
    assert!(
        weights.iter().any(|weight| weight.as_i64() < Some(0)),
        "frees are told, too"
    );
    assert!(weights.iter().any(|weight| weight.as_i64() > Some(0)));
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_t_be_exported_is_said_and_what_is_missing_too() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle()]);
    let files = Files::new();
    let page = Page::open(agent.url()).await?;
    page.go("device").await?;
    let capture = lamp();
    let cut = files.write("cut.hbc", &capture[..capture.len() * 2 / 3]);
    page.choose(CAPTURE, &cut).await?;
    page.element_with("[data-testid='file-banner']", "cut.hbc")
        .await?;
    page.go("device").await?;
    page.click("[data-format='leaks']").await?;
    page.element_with(STATUS, "The file ends early").await?;

    // Back to the device, which is not there any more.
    page.focus_on("[data-testid='close-file']").await?;
    page.press(Key::Enter).await?;
    page.go("device").await?;
    page.element_with(PANEL, "a capture of the moment").await?;
    drop(agent);
    page.click("[data-format='pprof']").await?;
    page.element_with(PROBLEM, "did not answer").await?;
    page.close().await
}

/// Serves the stand-ins' page with TLS, until it is dropped.
struct Viewers {
    _nginx: Background,
    _folder: tempfile::TempDir,
    arguments: [String; 2],
}

impl Viewers {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let own = folder.path().display();
        tls::make_certificate(&format!("{own}/cert.pem"), &format!("{own}/key.pem"));
        std::fs::write(folder.path().join("index.html"), VIEWERS).expect("it is written");
        let server = format!(
            "server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {own}/cert.pem; ssl_certificate_key {own}/key.pem;
             root {own}; default_type text/html; location / {{ try_files /index.html =404; }} }}"
        );
        let nginx = tls::nginx(folder.path(), &server);
        let rules = ["ui.perfetto.dev", "profiler.firefox.com"]
            .map(|host| format!("MAP {host}:443 127.0.0.1:{port}"));
        let arguments = [
            format!("--host-resolver-rules={}", rules.join(",")),
            "--ignore-certificate-errors".to_owned(),
        ];
        Self {
            _nginx: nginx,
            _folder: folder,
            arguments,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn perfetto_and_firefox_profiler_get_the_file_from_tab_to_tab() -> WebDriverResult<()> {
    let viewers = Viewers::start();
    let arguments = viewers.arguments.each_ref().map(String::as_str);
    let agent = Process::start(&["--dashboard", &bundle()]);
    let files = Files::new();
    let page = Page::open_with(agent.url(), &arguments).await?;
    let capture = wide(40);
    page.go("device").await?;
    page.choose(CAPTURE, &files.write("wide.hbc", &capture))
        .await?;
    page.element_with("[data-testid='file-banner']", "wide")
        .await?;
    page.go("device").await?;
    page.element_with(PANEL, "Nothing is uploaded").await?;
    for format in ["perfetto", "firefox"] {
        page.click(&format!("[data-viewer='{format}']")).await?;
        page.element_with(STATUS, "has got wide.").await?;
        let tab = page.other_tab().await?;
        let got = tab.content_with("#got", "file:").await?;
        let (asked, encoded) = got.split_once("file:").expect("it is there");
        assert_eq!(asked, format!("{format} from {}; ", agent.url()));
        let file = base64ct::Base64::decode_vec(encoded).expect("it is encoded so");
        assert_eq!(told(format, &file), live(&capture), "{format}");
        page.close_other_tab().await?;
    }
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_is_closed_before_it_is_ready_gets_nothing() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    // Nobody is there, so nobody gets ready.
    let nobody = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1";
    let page = Page::open_with(agent.url(), &[nobody]).await?;
    page.go("device").await?;
    page.click("[data-viewer='perfetto']").await?;
    page.other_tab().await?;
    page.close_other_tab().await?;
    page.element_with(PROBLEM, "Its tab was closed").await?;
    page.close().await
}
