//! A connection on which anything can be sent, HTTP or not.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use super::answer::Answer;
use super::await_some;
use super::client::Client;

/// Longer than the agent lets any peer wait. Who comes while a device's backlog is full, too, has to ask again, which QEMU's network does 6, 18 and
/// 42 seconds after.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A connection to an agent.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connects; a device without an accept queue may be busy for a moment.
    pub(crate) fn open(client: &Client) -> Self {
        let connect = || TcpStream::connect(client.authority()).ok();
        let stream = await_some("a connection", connect);
        stream
            .set_read_timeout(Some(TIMEOUT))
            .expect("it is not zero");
        stream.set_nodelay(true).expect("the connection is open");
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// Returns the connection once more, for another thread.
    pub(crate) fn twin(&self) -> Self {
        let stream = self.stream.get_ref().try_clone();
        Self {
            stream: BufReader::new(stream.expect("the connection is open")),
        }
    }

    /// Sends bytes; an agent that has closed meanwhile is none of the sender's business.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.try_send(bytes);
    }

    /// Sends bytes, and tells whether the connection took them.
    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.get_mut().write_all(bytes.as_ref()).is_ok()
    }

    /// Closes the sending side; answers can still be read.
    pub(crate) fn end(&mut self) {
        // It may have been closed already.
        let _ = self.stream.get_mut().shutdown(Shutdown::Write);
    }

    /// Reads an answer to any method but HEAD; `None` where the connection is closed instead.
    #[track_caller]
    pub(crate) fn answer(&mut self) -> Option<Answer> {
        let mut answer = self.head()?;
        answer.body = match (answer.status, answer.header("content-length")) {
            (100..200 | 204 | 304, _) => Vec::new(),
            (_, Some(length)) => self.exactly(length.parse().expect("a length is a number")),
            (_, None) if answer.header("transfer-encoding") == Some("chunked") => self.chunks(),
            (_, None) => self.rest(),
        };
        Some(answer)
    }

    /// Reads status and headers of an answer; `None` where the connection is closed instead.
    #[track_caller]
    pub(crate) fn head(&mut self) -> Option<Answer> {
        let status = self.line()?;
        let status = status
            .strip_prefix("HTTP/1.1 ")
            .expect("an answer is HTTP/1.1");
        let mut answer = Answer {
            status: status[..3].parse().expect("a status is a number"),
            headers: Vec::new(),
            body: Vec::new(),
        };
        loop {
            let line = self.line().expect("the head is complete");
            let Some((name, value)) = line.split_once(':') else {
                assert_eq!(line, "", "a header has a name");
                return Some(answer);
            };
            answer
                .headers
                .push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    /// Reads everything until the agent closes the connection.
    #[track_caller]
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self.stream.read_to_end(&mut bytes) {
            Ok(_) => bytes,
            // What was sent behind the end is answered with a reset.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => bytes,
            Err(error) => panic!("the agent does not close the connection: {error}"),
        }
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(line.strip_suffix("\r\n").expect("lines end so").to_owned()),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => None,
            Err(error) => panic!("no answer: {error}"),
        }
    }

    fn exactly(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.stream
            .read_exact(&mut bytes)
            .expect("the body is complete");
        bytes
    }

    fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let length = self.line().expect("every chunk has a length");
            let length = usize::from_str_radix(&length, 16).expect("in hexadecimal");
            body.append(&mut self.exactly(length));
            assert_eq!(self.line().as_deref(), Some(""), "a chunk ends so");
            if length == 0 {
                return body;
            }
        }
    }
}

/// Returns a request without a body, as this client would send it.
pub(crate) fn request(client: &Client, method: &str, path: &str) -> String {
    let (host, token) = (client.authority(), client.token_line());
    format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{token}\r\n")
}

/// Returns a request with more headers, each ending its line, and a body.
pub(crate) fn post(client: &Client, path: &str, headers: &str, body: &str) -> String {
    let (host, token, length) = (client.authority(), client.token_line(), body.len());
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\n{token}Content-Length: {length}\r\n{headers}\r\n{body}"
    )
}
