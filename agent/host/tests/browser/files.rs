//! What a person does with files: captures, and ELFs that may be the wrong ones.

use std::fs::File;
use std::io::Write;
use std::process::Command;

use heapbeacon_shared::api::Device;
use heapbeacon_shared::symbols::Symbols;
use thirtyfour::prelude::*;

use super::barriers::assert_open_to_all;
use super::captures::{Files, LAMP_BUILD, lamp, post_mortem};
use super::story::{FILE, LEAKS, assert_fits_telephones, bundle, row};
use crate::support::page::Page;
use crate::support::process::{Process, executable};
use crate::support::web_server::WebServer;

pub(super) const ELF: &str = "[data-testid='elf-input']";
pub(super) const CAPTURE: &str = "[data-testid='capture-input']";
const BANNER: &str = "[data-testid='file-banner']";
pub(super) const STATUS: &str = "[data-testid='elf-status']";
pub(super) const REFUSAL: &str = "[data-testid='elf-status'] .bad";
const NOTICE: &str = ".notice";

/// A place where nobody listens.
pub(super) const NOBODY: &str = "?device=http://127.0.0.1:9";

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_elf_is_refused_with_a_reason_and_the_names_stay() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let device: Device = agent.client().read("/device");
    let files = Files::new();
    let page = Page::open(agent.url()).await?;
    page.go("device").await?;
    page.element_with(STATUS, "the device itself").await?;

    let own = std::fs::read(executable())?;
    page.choose(ELF, &files.write("notes.txt", b"no program at all"))
        .await?;
    page.element_with(REFUSAL, "not an ELF").await?;
    page.choose(ELF, &files.write("half", &own[..own.len() / 2]))
        .await?;
    page.element_with(REFUSAL, "cut off").await?;

    // Another program with a build id of its own: this test.
    let other = std::env::current_exe()?;
    page.choose(ELF, &other.display().to_string()).await?;
    page.element_with(REFUSAL, "another build").await?;
    let refusal = page.text(REFUSAL).await?;
    let other = Symbols::parse(&std::fs::read(other)?).expect("it has symbols");
    let other = other.build_id().expect("it has a build id").to_string();
    for id in [&other, &device.build_id.to_string()] {
        assert!(refusal.contains(id), "{refusal}");
    }

    // The right build, but nothing in it that has a line.
    for (option, reason) in [
        ("--strip-debug", "no debug information"),
        ("--strip-all", "neither symbols nor debug information"),
    ] {
        page.choose(ELF, &stripped(&files, option)).await?;
        page.element_with(REFUSAL, reason).await?;
    }

    // After all of that, the names that were there.
    page.element_with(STATUS, "the device itself").await?;
    page.go("leaks").await?;
    page.element(&row("th")).await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_an_elf_are_saved_as_the_small_file_that_the_command_line_writes()
-> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let device: Device = agent.client().read("/device");
    let page = Page::open(agent.url()).await?;
    page.go("device").await?;
    page.element_with(STATUS, "the device itself").await?;
    page.click("[data-testid='save-names']").await?;
    let saved = page.downloaded(&format!("{}.symbols", device.build_id));
    let own = Symbols::parse(&std::fs::read(executable())?).expect("it has symbols");
    assert!(saved == own.pack(), "{} bytes", saved.len());
    page.close().await
}

/// Writes the agent's ELF without what an option of `strip` names, and returns its path.
fn stripped(files: &Files, option: &str) -> String {
    let stripped = files.path(option).display().to_string();
    let strip = Command::new("strip")
        .args([option, "-o", &stripped, executable()])
        .status();
    assert!(strip.is_ok_and(|status| status.success()), "strip {option}");
    stripped
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_goes_when_another_file_is_read() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let files = Files::new();
    let page = Page::open(agent.url()).await?;
    page.go("leaks").await?;
    page.element(&row("th")).await?;
    page.go("device").await?;
    page.choose(ELF, &files.write("empty.elf", b"")).await?;
    page.element_with(REFUSAL, "empty").await?;
    page.drop_file("notes.txt", "neither of the two").await?;
    page.element_with(NOTICE, "begins neither like").await?;

    let capture = agent.client().get("/capture").body;
    page.choose(CAPTURE, &files.write("good.hbc", &capture))
        .await?;
    page.element_with(BANNER, "good.hbc").await?;
    page.element(&row("th")).await?;
    for gone in [STATUS, NOTICE] {
        assert!(page.is_absent(gone).await?, "{gone} stays with the capture");
    }

    page.click("[data-testid='close-file']").await?;
    page.go("device").await?;
    page.element_with(STATUS, "the device itself").await?;
    for gone in [REFUSAL, NOTICE] {
        assert!(page.is_absent(gone).await?, "{gone} stays with the device");
    }
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_is_read_without_a_device_and_named_by_its_elf() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let device: Device = agent.client().read("/device");
    let files = Files::new();
    // The page comes from elsewhere: what reads ELFs is asked for after the agent has gone.
    let server = WebServer::of_files(&bundle(), |_| None);
    let page = Page::open(&format!("{}/{NOBODY}", server.url())).await?;
    page.element_with("main", "No device answers").await?;
    page.picture("no-device.png").await?;

    // An ELF alone says nothing, and the page says so.
    page.choose(CAPTURE, executable()).await?;
    page.element_with(NOTICE, "Open one of them first").await?;

    let capture = agent.client().get("/capture").body;
    drop(agent);
    page.choose(CAPTURE, &files.write("trace.hbc", &capture))
        .await?;
    page.element_with(BANNER, "trace.hbc").await?;
    page.element_with(BANNER, "after it started").await?;
    page.element_with("[data-testid='file-sign']", "capture file")
        .await?;
    page.element_with("[data-testid='leak-row']", "0x").await?;
    assert!(page.is_absent("[data-testid='leak-growth']").await?);
    assert!(page.is_absent("[data-testid='stop']").await?);

    // Names without lines are said to be no more than that, where somebody looks for leaks.
    page.choose(ELF, &stripped(&files, "--strip-debug")).await?;
    page.element(&row("th")).await?;
    page.element_with(STATUS, "no debug information").await?;
    page.picture("capture-no-lines.png").await?;

    page.choose(ELF, executable()).await?;
    page.gone(STATUS).await?;
    page.element_with(&row("th"), LEAKS).await?;
    page.click(&row("th")).await?;
    let frame = format!("[data-testid='frame'][data-file*='{FILE}'][data-line]");
    assert!(page.text(&frame).await?.contains(LEAKS));
    page.go("records").await?;
    page.element_with(".record", LEAKS).await?;
    page.go("device").await?;
    page.element_with(".facts", &device.build_id.to_string())
        .await?;

    page.click("[data-testid='close-file']").await?;
    page.element_with("main", "No device answers").await?;
    page.close().await
}

/// Makes files that are no capture; returns their paths, and what is wrong with them.
fn no_captures(files: &Files, capture: &[u8]) -> std::io::Result<[(String, &'static str); 5]> {
    let noise = File::create(files.path("noise.bin"))?;
    noise.set_len(100 << 20)?;
    let mut large = File::create(files.path("large.hbc"))?;
    large.write_all(capture)?;
    large.set_len(100 << 20)?;
    let newer = [b"\0HBC\x09\0".as_slice(), &capture[6..]].concat();
    let path = |name| files.path(name).display().to_string();
    Ok([
        (path("noise.bin"), "not a HeapBeacon capture"),
        (path("large.hbc"), "no capture is larger"),
        (files.write("empty.hbc", b""), "empty"),
        (files.write("newer.hbc", &newer), "version 9"),
        (
            files.write("begun.hbc", &capture[..40]),
            "nothing of the trace",
        ),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_no_capture_are_refused_and_what_was_shown_stays() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let files = Files::new();
    let page = Page::open(agent.url()).await?;
    page.go("leaks").await?;
    page.element(&row("th")).await?;
    let capture = agent.client().get("/capture").body;
    let good = files.write("good.hbc", &capture);

    // Over a live device: its names are good for the file, too.
    page.go("device").await?;
    page.choose(CAPTURE, &good).await?;
    page.element_with(BANNER, "good.hbc").await?;
    page.element(&row("th")).await?;

    page.go("device").await?;
    for (file, reason) in no_captures(&files, &capture)? {
        page.choose(CAPTURE, &file).await?;
        page.element_with(NOTICE, reason).await?;
    }
    page.drop_file("notes.txt", "neither of the two").await?;
    page.element_with(NOTICE, "begins neither like").await?;
    page.element_with(BANNER, "good.hbc").await?;
    page.picture("capture-refused.png").await?;
    page.go("leaks").await?;
    page.element(&row("th")).await?;

    // What can be read of a broken file is shown, and what is missing is said.
    page.go("device").await?;
    page.choose(
        CAPTURE,
        &files.write("cut.hbc", &capture[..capture.len() * 2 / 3]),
    )
    .await?;
    page.element_with(BANNER, "cut.hbc").await?;
    page.element_with(BANNER, "ends early").await?;
    let mut damaged = capture.clone();
    let middle = capture.len() / 2;
    damaged[middle..middle + 8].fill(0xff);
    page.go("device").await?;
    page.choose(CAPTURE, &files.write("damaged.hbc", &damaged))
        .await?;
    page.element_with(BANNER, "damaged.hbc").await?;
    page.element_with(BANNER, "could not be read").await?;
    page.picture("capture-damaged.png").await?;

    page.click("[data-testid='close-file']").await?;
    page.element_with("[data-testid='link-state']", "live")
        .await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_capture_shows_its_regions_tasks_and_origins_and_takes_no_foreign_elf()
-> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let files = Files::new();
    let page = Page::open(agent.url()).await?;
    page.go("device").await?;
    page.element_with(STATUS, "the device itself").await?;
    page.choose(CAPTURE, &files.write("lamp.hbc", &lamp()))
        .await?;
    page.element_with(BANNER, "lamp-kitchen").await?;
    page.element_with("[data-testid='leak-row']", "0x").await?;
    page.choose(ELF, executable()).await?;
    page.element_with(REFUSAL, "another build").await?;
    let refusal = page.text(REFUSAL).await?;
    let lamp_build: String = LAMP_BUILD.map(|byte| format!("{byte:02x}")).concat();
    assert!(refusal.contains(&lamp_build), "{refusal}");

    // Where a call stack ends early, the page says why.
    for (call_site, mark, end) in [
        ("0x42001c00", "interrupt", "what it interrupted"),
        ("0x42002000", "driver", "its own callers can't be told"),
    ] {
        let site = format!("[data-testid='leak-row'][data-site^='{call_site}'] th");
        page.element_with(&site, mark).await?;
        page.click(&site).await?;
        page.element_with("[data-testid='stack-end']", end).await?;
    }
    page.picture("capture-ends.png").await?;

    // Drivers are shown until somebody hides them, HeapBeacon's own the other way round.
    let of = |task: &str| format!("[data-testid='leak-row'][data-site='{task}']");
    page.click("[data-testid='group-Task']").await?;
    page.element_with(&of("task mqtt"), "22.5 KiB").await?;
    page.click(&of("task mqtt")).await?;
    page.picture("capture-tasks.png").await?;
    page.element(&of("task wifi")).await?;
    page.click("[data-testid='origin-Drivers']").await?;
    page.gone(&of("task wifi")).await?;
    assert!(page.is_absent(&of("task heapbeacon")).await?);
    page.click("[data-testid='origin-HeapBeacon']").await?;
    page.element(&of("task heapbeacon")).await?;
    page.click("[data-testid='origin-Drivers']").await?;

    page.go("device").await?;
    page.element_with(".regions", "dram2").await?;
    for (scheme, suffix) in [("light", ""), ("dark", "-dark")] {
        page.prefer(scheme).await?;
        for fragment in ["live", "leaks", "flame", "map", "records", "device"] {
            page.go(fragment).await?;
            page.picture(&format!("capture-{fragment}{suffix}.png"))
                .await?;
        }
    }
    assert_fits_telephones(&page, "capture-phone").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_mortem_says_how_the_boot_ended_where_it_was_and_who_held_the_heap()
-> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle()]);
    let files = Files::new();
    let page = Page::open(agent.url()).await?;
    page.go("device").await?;
    page.choose(CAPTURE, &files.write("post-mortem.hbc", &post_mortem()))
        .await?;
    let ending = "[data-testid='ending']";
    page.element_with(ending, "ended by a panic, 3 h 12 min")
        .await?;
    page.element_with(
        ending,
        "9.0 KiB of the heap were free then, the largest block had 2.0 KiB",
    )
    .await?;
    page.element_with(BANNER, "no route to the broker").await?;
    page.click("[data-testid='where-it-was'] summary").await?;
    page.element_with("[data-testid='where-it-was']", "0x42008000")
        .await?;
    page.click("[data-testid='logged'] summary").await?;
    page.element_with("[data-testid='logged'] pre", "connection refused")
        .await?;
    // What is held is told without records: of the driver and of the application.
    page.element("tbody:nth-of-type(3) [data-testid='leak-row']")
        .await?;
    assert!(page.text(BANNER).await?.contains("lamp-kitchen"));
    assert_open_to_all(&page, "post-mortem").await?;
    assert_fits_telephones(&page, "post-mortem").await?;
    page.close().await
}
