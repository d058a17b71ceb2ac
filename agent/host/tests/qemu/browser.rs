//! The dashboard from the device itself, in a real browser.

use heapbeacon_shared::api::{Device, Ota, OtaState};
use heapbeacon_shared::symbol_file;
use heapbeacon_shared::symbols::Symbols;
use thirtyfour::prelude::*;

use super::postmortem::{crash, run_for_a_while};
use crate::support::firmware::{self, Maker, Variant};
use crate::support::page::Page;
use crate::support::qemu::{self, Qemu};
use crate::support::web_server::{Reply, WebServer};

const STATUS: &str = "[data-testid='elf-status']";

#[tokio::test(flavor = "multi_thread")]
async fn a_person_opens_the_page_and_sees_the_leaking_line() -> WebDriverResult<()> {
    let machine = Qemu::boot();
    let page = Page::open(machine.url()).await?;
    page.element_with("[data-testid='trace-state']", "recording")
        .await?;
    page.picture("device-live.png").await?;

    // Its names lie in the image.
    page.go("device").await?;
    page.element_with(STATUS, "the device itself").await?;

    page.go("leaks").await?;
    page.element_with("[data-testid='verdict-sentence']", "leaking")
        .await?;
    page.click("[data-testid='leak-row'][data-site*='Table::open'] th")
        .await?;
    let frame = "[data-testid='frame'][data-file*='session.rs'][data-line]";
    assert!(page.text(frame).await?.contains("Table::open"));
    page.picture("device-leaks.png").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_a_device_carries_are_saved_chosen_and_fetched_from_a_server()
-> WebDriverResult<()> {
    let machine = Qemu::boot();
    let device: Device = machine.client().read("/device");
    let name = format!("{}.symbols", device.build_id);
    let page = Page::open(machine.url()).await?;
    page.go("device").await?;
    page.element_with(STATUS, "the device itself").await?;
    page.click("[data-testid='save-names']").await?;
    let saved = page.downloaded(&name);
    assert!(saved.starts_with(&symbol_file::MAGIC));

    let folder = tempfile::tempdir()?;
    let file = folder.path().join("saved");
    std::fs::write(&file, &saved)?;
    page.choose("[data-testid='elf-input']", &file.display().to_string())
        .await?;
    page.element_with(STATUS, "Names come from saved").await?;

    // A server that has it, and what is no address of one.
    let path = format!("/{name}");
    let server = WebServer::start(move |asked| {
        let reply = match asked == path {
            true => Reply::new(200, "application/octet-stream", saved.clone()),
            false => Reply::missing(),
        };
        Some(reply.for_every_origin())
    });
    page.click("[data-testid='symbol-server'] summary").await?;
    let url = server.url();
    for (address, told) in [
        ("nowhere".to_owned(), "begins with https://"),
        (format!("{url}/old/{{build_id}}"), "answers with 404"),
        (format!("{url}/{{build_id}}.symbols"), "your symbol server"),
    ] {
        let field = page.element("#symbol-server").await?;
        field.clear().await?;
        field.send_keys(&address).await?;
        page.click("[data-testid='symbol-server'] button").await?;
        page.element_with("main", told).await?;
    }
    page.picture("symbol-server.png").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_were_sent_into_flash_are_shown_to_whoever_opens_the_page() -> WebDriverResult<()>
{
    let folder = tempfile::tempdir()?;
    let elf = firmware::without_names();
    let image = folder.path().join("image");
    std::fs::write(&image, &elf)?;
    let machine = Qemu::boot_image_with(&image, &folder.path().join("flash"));
    let names = Symbols::parse(&elf).expect("the ELF has symbols").pack();
    let answer = machine.client().request("PUT", "/api/v1/elf", &[], &names);
    assert_eq!(answer.status, 200, "{}", answer.text());

    let page = Page::open(machine.url()).await?;
    page.go("leaks").await?;
    page.element("[data-testid='leak-row'][data-site*='Table::open'] th")
        .await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sends_new_firmware_and_sees_it_run() -> WebDriverResult<()> {
    let maker = Maker::new();
    let mut machine = Qemu::boot_chosen(&maker.factory(), None);
    let (image, _) = maker.sign("0.2.0", Variant::AsBuilt);
    let image = image.display().to_string();
    let page = Page::open(machine.url()).await?;
    page.go("device").await?;
    let (state, input) = (
        "[data-testid='update-state']",
        "[data-testid='firmware-input']",
    );
    page.element_with(state, "takes signed firmware").await?;

    // What is none is refused with a reason, and leaves everything as it was.
    let folder = tempfile::tempdir()?;
    let none = folder.path().join("none.bin");
    std::fs::write(&none, [7; 1000])?;
    page.choose(input, &none.display().to_string()).await?;
    page.element_with("[data-testid='update-problem']", "cargo xtask sign")
        .await?;

    page.choose(input, &image).await?;
    page.element_with("[data-testid='sent']", ".signed").await?;
    page.click("[data-testid='cancel-upload']").await?;
    page.gone("[data-testid='sent']").await?;
    let ota: Ota = machine.client().read("/ota");
    assert_eq!((ota.state, ota.upload), (OtaState::Idle, None));

    page.choose(input, &image).await?;
    page.element_with("[data-testid='sent']", ".signed").await?;
    page.picture("update-sending.png").await?;
    page.element_with(state, "Firmware 0.2.0 has come").await?;
    page.click("[data-testid='boot-it']").await?;
    machine.await_line("booting slot 1");
    page.element_with("[data-testid='update']", "0.2.0, which runs")
        .await?;
    page.element_with(state, "takes signed firmware").await?;
    page.picture("update-done.png").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_that_the_reserve_was_given_back() -> WebDriverResult<()> {
    let machine = Qemu::boot();
    let page = Page::open(machine.url()).await?;
    let note = "[data-testid='reserve']";
    page.element_with(note, "held back").await?;
    let switched = machine
        .client()
        .post("/demo/heap-exhaustion", r#"{"on":true}"#);
    assert_eq!(switched.status, 200);
    page.element_with(note, "when an allocation failed").await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_why_the_boot_before_ended_and_in_which_line() -> WebDriverResult<()> {
    let mut machine = Qemu::boot();
    let page = Page::open(machine.url()).await?;
    let agent = machine.client();
    run_for_a_while(&agent);
    crash(&mut machine, &agent, "panic");
    let offer = "[data-testid='post-mortem']";
    page.element_with(offer, "ended by a panic").await?;
    page.element_with(offer, "somebody turned the switch on")
        .await?;

    page.click("[data-testid='open-post-mortem']").await?;
    page.element_with("[data-testid='ending']", "ended by a panic")
        .await?;
    page.element("[data-testid='leak-row']").await?;
    page.go("device").await?;
    let input = page.element("[data-testid='elf-input']").await?;
    let image = qemu::image(qemu::AGENT);
    input.send_keys(image.display().to_string()).await?;
    page.element_with("[data-testid='where-it-was'] summary", "Panic")
        .await?;
    page.click("[data-testid='where-it-was'] summary").await?;
    page.element(
        "[data-testid='where-it-was'] [data-testid='frame'][data-file*='crash.rs'][data-line]",
    )
    .await?;
    page.picture("device-post-mortem.png").await?;

    // What is deleted is offered to nobody any more.
    page.click("[data-testid='close-file']").await?;
    page.click("[data-testid='delete-post-mortem']").await?;
    page.gone(offer).await?;
    page.reload().await?;
    page.element("[data-testid='trace-state']").await?;
    assert!(page.is_absent(offer).await?);
    page.close().await
}
