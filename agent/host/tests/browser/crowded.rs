//! A device with few places: some requests are reset, some are told to come again.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use thirtyfour::prelude::*;

use super::story::{bundle, row};
use crate::support::await_some;
use crate::support::page::Page;
use crate::support::process::Process;

/// Requests at a time that a page may make.
const AT_A_TIME: usize = 3;
/// Requests that must have been turned away for the test to mean anything.
const TURNED_AWAY: usize = 12;

#[derive(Default)]
struct Seen {
    /// Requests by path.
    requests: Mutex<HashMap<String, usize>>,
    turned_away: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

/// Stands before an agent and lets only every second request for a path of its API pass.
struct Door {
    url: String,
    seen: Arc<Seen>,
}

impl Door {
    /// Opens before the agent at an address; the thread ends with the test's process.
    fn before(agent: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = listener.local_addr().expect("it has an address");
        let seen = Arc::new(Seen::default());
        let shared = Arc::clone(&seen);
        thread::spawn(move || {
            for visitor in listener.incoming().map_while(Result::ok) {
                let seen = Arc::clone(&shared);
                // A browser that goes away in between is no failure.
                thread::spawn(move || receive(&visitor, agent, &seen).ok());
            }
        });
        Self {
            url: format!("http://{address}"),
            seen,
        }
    }
}

/// Takes one request of a connection.
fn receive(visitor: &TcpStream, agent: SocketAddr, seen: &Seen) -> std::io::Result<()> {
    // A connection that a browser opens ahead stays silent until it is needed.
    let mut start = [0; 1];
    if visitor.peek(&mut start)? == 0 {
        return Ok(());
    }
    let Some(path) = api_path(visitor)? else {
        return pass_on(visitor, agent);
    };
    let open = seen.open.fetch_add(1, SeqCst) + 1;
    seen.most_open.fetch_max(open, SeqCst);
    let result = match seen.count(path) % 4 {
        // What was not read makes the system reset the connection.
        0 => Ok(()),
        2 => turn_away(visitor),
        _ => pass_on(visitor, agent),
    };
    seen.open.fetch_sub(1, SeqCst);
    result
}

impl Seen {
    /// Counts a request, and returns how many there were before for this path.
    fn count(&self, path: String) -> usize {
        let mut requests = self.requests.lock().expect("nobody panics");
        let count = requests.entry(path).or_default();
        *count += 1;
        self.turned_away.fetch_add(*count % 2, SeqCst);
        *count - 1
    }
}

/// Looks at the path without reading it, and returns one of the API.
fn api_path(visitor: &TcpStream) -> std::io::Result<Option<String>> {
    let mut start = [0; 64];
    let len = visitor.peek(&mut start)?;
    let start = String::from_utf8_lossy(&start[..len]);
    let path = start.split([' ', '?']).nth(1).map(str::to_owned);
    Ok(path.filter(|path| path.starts_with("/api/")))
}

fn turn_away(mut visitor: &TcpStream) -> std::io::Result<()> {
    request(visitor)?;
    visitor.write_all(
        b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    )
}

/// Lets the agent answer, and closes the connection behind the answer.
fn pass_on(mut visitor: &TcpStream, agent: SocketAddr) -> std::io::Result<()> {
    let request = request(visitor)?;
    let mut agent = TcpStream::connect(agent)?;
    agent.write_all(&request)?;
    std::io::copy(&mut agent, &mut visitor).map(drop)
}

/// Reads a request, and asks for the connection to be closed behind its answer.
pub(super) fn request(visitor: &TcpStream) -> std::io::Result<Vec<u8>> {
    let mut visitor = BufReader::new(visitor);
    let mut head = String::new();
    let mut body = 0;
    while !head.ends_with("\r\n\r\n") {
        let mut line = String::new();
        if visitor.read_line(&mut line)? == 0 {
            break;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(len) = lower.strip_prefix("content-length:") {
            body = len.trim().parse().expect("a browser sends a number");
        }
        match lower.starts_with("connection:") {
            true => head += "Connection: close\r\n",
            false => head += &line,
        }
    }
    let mut request = head.into_bytes();
    visitor.take(body).read_to_end(&mut request)?;
    Ok(request)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_turned_away_comes_again_and_says_nothing() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle()]);
    let address = agent.url().trim_start_matches("http://").parse();
    let door = Door::before(address.expect("the agent listens on an address"));
    let page = Page::open(&door.url).await?;

    page.click("[data-testid='start-here']").await?;
    page.element_with("[data-testid='trace-state']", "recording")
        .await?;
    page.go("leaks").await?;
    page.element(&row("th")).await?;
    let switch = "[data-testid='demo-switch-session-leak']";
    page.click(switch).await?;
    page.element(&format!("{switch}[aria-checked='false']"))
        .await?;
    page.go("records").await?;
    page.element(".record").await?;
    await_some("enough were turned away", || {
        (door.seen.turned_away.load(SeqCst) >= TURNED_AWAY).then_some(())
    });

    page.element_with("[data-testid='link-state']", "live")
        .await?;
    if !page.is_absent(".notice").await? {
        let notice = page.text(".notice").await?;
        panic!("it told of a busy device: {notice}");
    }
    let most = door.seen.most_open.load(SeqCst);
    assert!(most <= AT_A_TIME, "{most} requests at a time");
    page.close().await
}
