//! Whether an agent answers at all: asked once, before a suite whose tests would each wait for it.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// How long the agent may take to connect, and then to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the agent at a URL who it is.
///
/// # Errors
/// When nothing answers there.
pub(super) fn ensure_answers(url: &str) -> Result<()> {
    let authority = url
        .strip_prefix("http://")
        .with_context(|| format!("--url takes http://HOST:PORT, not `{url}`"))?
        .trim_end_matches('/');
    let status = ask(authority).with_context(|| format!("nothing answers at {url}"))?;
    ensure!(
        status.starts_with("HTTP/1."),
        "what answers at {url} is no HTTP server"
    );
    Ok(())
}

/// Returns the status line of an answer.
fn ask(authority: &str) -> Result<String> {
    let mut stream = connect(authority)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET /api/v1/device HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n"
    )?;
    let mut status = String::new();
    BufReader::new(stream).read_line(&mut status)?;
    Ok(status)
}

/// Connects to the first address of a host that takes connections.
fn connect(authority: &str) -> Result<TcpStream> {
    let addresses = authority
        .to_socket_addrs()
        .or_else(|_| (authority, 80).to_socket_addrs())?;
    let mut result = Err(anyhow::anyhow!("the host has no address"));
    for address in addresses {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => result = Err(error.into()),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    fn listener() -> (TcpListener, String) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = listener.local_addr().expect("it has an address");
        (listener, format!("http://{address}/"))
    }

    #[test]
    fn a_url_where_nothing_listens_is_named() {
        let (listener, url) = listener();
        drop(listener);
        let error = ensure_answers(&url).expect_err("nobody is there");
        let sentence = format!("nothing answers at {url}");
        assert_eq!(error.to_string(), sentence);
    }

    #[test]
    fn whatever_status_the_agent_answers_with_is_an_answer() {
        let (listener, url) = listener();
        thread::scope(|scope| {
            scope.spawn(|| {
                let (mut stream, _) = listener.accept().expect("somebody asks");
                let mut asked = String::new();
                let mut reader = BufReader::new(stream.try_clone().expect("it is open"));
                while asked != "\r\n" {
                    asked.clear();
                    reader.read_line(&mut asked).expect("a request comes");
                }
                write!(stream, "HTTP/1.1 401 Unauthorized\r\n\r\n").expect("it is open");
            });
            ensure_answers(&url).expect("it answers");
        });
    }

    #[test]
    fn a_url_that_is_none_is_refused() {
        for url in ["127.0.0.1:80", "https://device"] {
            let error = ensure_answers(url).expect_err("it is no URL of an agent");
            assert!(error.to_string().contains("http://HOST:PORT"), "{error}");
        }
    }
}
