//! A firmware that lacks something.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use heapbeacon_shared::api::Warning;
use thirtyfour::prelude::*;

use super::crowded::request;
use super::story::bundle;
use crate::support::page::Page;
use crate::support::process::Process;

const BANNER: &str = "[data-testid='warnings']";

/// Stands before an agent, and lets its device warn of something; the thread ends with the test's process.
fn warning_agent(agent: SocketAddr, warning: Warning) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = listener.local_addr().expect("it has an address");
    thread::spawn(move || {
        for visitor in listener.incoming().map_while(Result::ok) {
            // A browser that goes away in between is no failure.
            thread::spawn(move || answer(&visitor, agent, warning).ok());
        }
    });
    format!("http://{address}")
}

fn answer(mut visitor: &TcpStream, agent: SocketAddr, warning: Warning) -> std::io::Result<()> {
    let request = request(visitor)?;
    let mut agent = TcpStream::connect(agent)?;
    agent.write_all(&request)?;
    if !request.starts_with(b"GET /api/v1/device ") {
        return std::io::copy(&mut agent, &mut visitor).map(drop);
    }
    let mut answer = String::new();
    agent.read_to_string(&mut answer)?;
    let json = answer.find('{').zip(answer.rfind('}'));
    let (start, end) = json.expect("the agent answers with JSON");
    let warnings = serde_json::to_string(&[warning]).map_err(std::io::Error::other)?;
    let device =
        answer[start..=end].replace("\"warnings\":[]", &format!("\"warnings\":{warnings}"));
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
    write!(
        visitor,
        "{head}Content-Length: {}\r\n\r\n{device}",
        device.len()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_firmware_lacks_is_said_on_every_page_with_what_to_do() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let address = agent.url().trim_start_matches("http://").parse();
    let address = address.expect("the agent listens on an address");
    let page = Page::open(&warning_agent(address, Warning::NoFramePointers)).await?;
    page.element_with(BANNER, "-Cforce-frame-pointers=yes")
        .await?;
    for fragment in ["leaks", "records", "device"] {
        page.go(fragment).await?;
        page.element_with(BANNER, "Call stacks are empty").await?;
    }
    page.shrink(390).await?;
    assert!(!page.scrolls_sideways().await?);
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_firmware_that_lacks_nothing_is_not_warned_of() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(agent.url()).await?;
    page.element("[data-testid='trace-state']").await?;
    page.go("device").await?;
    page.element_with(".facts", "Build id").await?;
    assert!(page.is_absent(BANNER).await?);
    page.close().await
}
