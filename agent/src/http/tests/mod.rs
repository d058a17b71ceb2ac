//! The server without a network: a peer in memory, and a clock that only waiting moves.

mod crowd;
#[cfg(feature = "tracing")]
mod golden;
mod history;
mod peer;

#[cfg(feature = "tracing")]
mod busy;
#[cfg(feature = "tracing")]
mod leaks;
mod manners;
#[cfg(feature = "tracing")]
mod marks;
#[cfg(feature = "tracing")]
mod metrics;
#[cfg(all(feature = "flash", feature = "tracing"))]
mod names;
#[cfg(feature = "tracing")]
mod pins;
#[cfg(all(feature = "flash", feature = "provisioning", feature = "tracing"))]
mod portal;
#[cfg(feature = "tracing")]
mod pprof;
#[cfg(feature = "tracing")]
mod references;
mod refusals;
#[cfg(feature = "tracing")]
mod restarts;
#[cfg(all(feature = "flash", feature = "tracing"))]
mod settings;
mod slots;
#[cfg(feature = "tracing")]
mod smuggling;
#[cfg(all(feature = "flash", feature = "tracing"))]
mod symbols;
#[cfg(feature = "update")]
mod updates;

use std::string::String;
use std::vec::Vec;

use heapbeacon_shared::api;

use super::Guard;
use crate::http::server::Server;
use crate::tests::board::Board;
use peer::Peer;

/// Bytes of a request's line and headers.
const HEAD: usize = 256;
/// An answer.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    /// Reads answers, whose lengths the heads tell.
    fn all(mut text: &str) -> Vec<Self> {
        let mut answers = Vec::new();
        while !text.is_empty() {
            let (head, behind) = text.split_once("\r\n\r\n").expect("a head ends");
            let mut lines = head.lines();
            let length = lines.find_map(|line| line.strip_prefix("Content-Length: "));
            let length = length.map_or(0, |length| length.parse().expect("a number"));
            let (body, behind) = behind.split_at(length);
            answers.push(Self {
                status: head[9..12].parse().expect("a status is a number"),
                head: head.into(),
                body: body.into(),
            });
            text = behind;
        }
        answers
    }

    /// Reads the body as a problem, and checks that head and body agree.
    #[track_caller]
    fn problem(&self, status: u16) -> api::Problem {
        assert_eq!(self.status, status, "{} {}", self.head, self.body);
        let mime = std::format!("content-type: {}", api::PROBLEM_MIME);
        assert!(self.has(&mime), "{}", self.head);
        let (problem, _): (api::Problem, _) =
            serde_json_core::from_str(&self.body).expect("the body is a problem");
        assert_eq!(problem.status, status);
        assert!(problem.detail.ends_with('.'), "a cut sentence: {problem:?}");
        problem
    }

    /// Returns the value of a header, whose name is given in lower case.
    fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find_map(|(known, value)| known.eq_ignore_ascii_case(name).then_some(value))
    }

    /// Checks whether there is such a header, in lower case.
    fn has(&self, header: &str) -> bool {
        self.head
            .lines()
            .any(|line| line.eq_ignore_ascii_case(header))
    }
}

/// Serves a peer to its end; returns what it was told, and the milliseconds that it took.
fn talk(peer: Peer) -> (String, u64) {
    talk_to(agent_with(None), peer)
}

fn talk_to(agent: &'static Server<Board>, peer: Peer) -> (String, u64) {
    crowd::serve_on::<1>(agent, [(0, peer)]).remove(0)
}

/// Returns an agent that may want a token.
fn agent_with(token: Option<&'static str>) -> &'static Server<Board> {
    let guard = Guard {
        token,
        ..Guard::default()
    };
    crowd::agent::<4, 2>(guard, &[])
}

/// Returns a request without a body.
fn get(path: &str) -> String {
    std::format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}
