//! An agent under test, and the least of an HTTP client.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use heapbeacon_shared::api::{Count, PREFIX};
use serde::de::DeserializeOwned;

/// A running agent; it ends with this value.
pub(crate) struct Agent {
    process: Child,
    address: String,
    _output: BufReader<ChildStdout>,
}

/// What the agent answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Agent {
    /// Starts an agent on a free port, and waits until it listens.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_heapbeacon-host"))
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the agent starts");
        let mut output = BufReader::new(process.stdout.take().expect("it has an output"));
        let mut line = String::new();
        output
            .read_line(&mut line)
            .expect("it says where it listens");
        let address = line
            .trim_end()
            .strip_prefix("listening on http://")
            .expect("it says so in these words");
        Self {
            process,
            address: address.to_owned(),
            _output: output,
        }
    }

    /// Gets a value of the API.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        self.request("GET", path, "").json()
    }

    /// Posts JSON to the API.
    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        self.request("POST", path, body)
    }

    /// Asks until there are so many records.
    pub(crate) fn wait_for_records(&self, count: u32) {
        while self.get::<Count>("/trace/count").count < count {
            std::thread::yield_now();
        }
    }

    /// Sends one request on a connection of its own.
    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).expect("the agent accepts");
        let (host, length) = (&self.address, body.len());
        write!(
            stream,
            "{method} {PREFIX}{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .expect("the agent reads");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("the agent answers");
        Answer::parse(&bytes)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing left to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Answer {
    /// Reads the body as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    fn parse(bytes: &[u8]) -> Self {
        let end = bytes
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .expect("an answer has a head");
        let head = std::str::from_utf8(&bytes[..end]).expect("the head is text");
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let body = &bytes[end + 4..];
        Self {
            status: status.expect("the head begins with the status"),
            body: if head.contains("Transfer-Encoding: chunked") {
                join_chunks(body)
            } else {
                body.to_vec()
            },
        }
    }
}

/// Joins the chunks of a body (RFC 9112, 7.1).
fn join_chunks(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = bytes.iter().position(|byte| *byte == b'\r');
        let line = std::str::from_utf8(&bytes[..end.expect("a chunk has a length")]);
        let line = line.expect("the length is text");
        let length = usize::from_str_radix(line, 16).expect("the length is hexadecimal");
        if length == 0 {
            return body;
        }
        let chunk = &bytes[line.len() + 2..];
        body.extend_from_slice(&chunk[..length]);
        bytes = &chunk[length + 2..];
    }
}
