//! The server without a network: a peer in memory, and a clock that only waiting moves.

mod peer;

#[cfg(feature = "tracing")]
mod busy;
#[cfg(feature = "tracing")]
mod leaks;
mod manners;
mod places;
mod refusals;
#[cfg(feature = "tracing")]
mod restarts;
#[cfg(feature = "tracing")]
mod smuggling;

use core::cell::{Cell, RefCell};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::boxed::Box;
use std::string::String;
use std::vec::{self, Vec};

use heapbeacon_shared::api;

use super::{Guard, serve};
use crate::agent::Agent;
use crate::tests::board::{Board, NO_HOST};
use peer::{Clock, Peer};

/// Bytes of a request's line and headers.
const HEAD: usize = 256;
/// What an agent may want to see.
const TOKEN: &str = "horse";

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

    /// Tells whether there is such a header, in lower case.
    fn has(&self, header: &str) -> bool {
        self.head
            .lines()
            .any(|line| line.eq_ignore_ascii_case(header))
    }
}

fn agent(places: usize) -> &'static Agent<Board> {
    agent_that(Guard::default(), places)
}

/// Returns an agent with one place that may want a token.
fn agent_with(token: Option<&'static str>) -> &'static Agent<Board> {
    let guard = Guard {
        token,
        ..Guard::default()
    };
    agent_that(guard, 1)
}

fn agent_that(guard: Guard, places: usize) -> &'static Agent<Board> {
    let agent = Agent::new(&mut [], &NO_HOST, &[], guard, places);
    Box::leak(Box::new(agent))
}

/// Serves a peer to its end; returns what it was told, and the milliseconds that it took.
fn talk(peer: Peer) -> (String, u64) {
    talk_to(agent(1), peer)
}

fn talk_to(agent: &'static Agent<Board>, peer: Peer) -> (String, u64) {
    let (clock, output) = (Clock::default(), peer.output());
    let mut head = [0; HEAD];
    let mut serving = pin!(serve(agent, &clock, &mut head, peer));
    while serving.as_mut().poll(&mut context()).is_pending() {
        clock.tick();
    }
    (output.text(), clock.now())
}

/// Serves two peers at the same time, the first one first, until the second one is done; returns
/// what that one was told, and the milliseconds that it took.
fn talk_both(places: usize, first: Peer, second: Peer) -> (String, u64) {
    let (clock, output) = (Clock::default(), second.output());
    let agent = agent(places);
    let (mut head, mut other_head) = ([0; HEAD], [0; HEAD]);
    let mut first = pin!(serve(agent, &clock, &mut head, first));
    let mut second = pin!(serve(agent, &clock, &mut other_head, second));
    let mut is_first_done = false;
    loop {
        is_first_done = is_first_done || first.as_mut().poll(&mut context()).is_ready();
        if let Poll::Ready(()) = second.as_mut().poll(&mut context()) {
            return (output.text(), clock.now());
        }
        clock.tick();
    }
}

/// Serves a line of peers with one task more than there are places, until the last peer is done; returns
/// what that one was told, and the milliseconds that it took.
fn talk_in_line(places: usize, peers: impl IntoIterator<Item = Peer>) -> (String, u64) {
    let (clock, agent) = (Clock::default(), agent(places));
    let peers: Vec<_> = peers.into_iter().collect();
    let output = peers.last().expect("there is a last one").output();
    let (line, left) = (RefCell::new(peers.into_iter()), Cell::new(false));
    let task = async || {
        let mut head = [0; HEAD];
        while let Some((peer, is_last)) = next(&line) {
            serve(agent, &clock, &mut head, peer).await;
            left.set(left.get() || is_last);
        }
    };
    let mut tasks: Vec<_> = (0..=places).map(|_| Some(Box::pin(task()))).collect();
    while !left.get() {
        for task in &mut tasks {
            task.take_if(|task| task.as_mut().poll(&mut context()).is_ready());
        }
        if !left.get() {
            clock.tick();
        }
    }
    (output.text(), clock.now())
}

/// Takes the next peer of a line, and tells whether it is the last.
fn next(line: &RefCell<vec::IntoIter<Peer>>) -> Option<(Peer, bool)> {
    let mut line = line.borrow_mut();
    line.next().map(|peer| (peer, line.len() == 0))
}

/// Everything is polled again and again: nobody needs to be woken.
fn context() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// Returns a request without a body.
fn get(path: &str) -> String {
    std::format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}
