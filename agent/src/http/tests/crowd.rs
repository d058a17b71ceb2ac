//! Peers that come one after the other to an agent that has few connections.

use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use core::task::{Context, Waker};
use std::boxed::Box;
use std::collections::VecDeque;
use std::string::String;
use std::sync::Arc;
use std::task::Wake;
use std::vec::Vec;

use super::HEAD;
use super::peer::{Clock, Output, Peer};
use crate::http::{Asset, Server};
use crate::http::{Guard, Memory, serve};
use crate::recorder::Recorder;
use crate::tests::board::{Board, EVENTS};

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// A peer on its way.
struct Visit {
    came: u64,
    left: Option<u64>,
    output: Output,
}

/// Returns an agent with memory for that many connections and answers.
pub(super) fn agent<const CONNECTIONS: usize, const ANSWERS: usize>(
    guard: Guard,
    assets: &'static [Asset],
) -> &'static Server<Board> {
    let memory = Box::leak(Box::new(Memory::<CONNECTIONS, ANSWERS, 0>::new()));
    let agent = Server::new(Recorder::new(&mut [], &EVENTS), assets, guard, memory);
    Box::leak(Box::new(agent))
}

/// Serves peers on an agent of their own, as [`serve_on`] does.
pub(super) fn serve_all<const CONNECTIONS: usize, const ANSWERS: usize>(
    assets: &'static [Asset],
    peers: impl IntoIterator<Item = (u64, Peer)>,
) -> Vec<(String, u64)> {
    let agent = agent::<CONNECTIONS, ANSWERS>(Guard::default(), assets);
    serve_on::<CONNECTIONS>(agent, peers)
}

/// Serves peers, each of which comes at a time in milliseconds, until the last one has been served; returns what each was told, and
/// how long it was there. Like a system's queue, who comes while there is no connection waits for one.
pub(super) fn serve_on<const CONNECTIONS: usize>(
    agent: &'static Server<Board>,
    peers: impl IntoIterator<Item = (u64, Peer)>,
) -> Vec<(String, u64)> {
    let visits = serve_until_last::<CONNECTIONS>(agent, peers.into_iter().collect());
    let end = visits.iter().filter_map(|visit| visit.left).max();
    let told = |visit: Visit| {
        let left = visit.left.or(end).unwrap_or(0);
        (visit.output.text(), left.saturating_sub(visit.came))
    };
    visits.into_iter().map(told).collect()
}

fn serve_until_last<const CONNECTIONS: usize>(
    agent: &'static Server<Board>,
    mut peers: VecDeque<(u64, Peer)>,
) -> Vec<Visit> {
    let clock = Clock::default();
    let visit = |(came, peer): &(u64, Peer)| Visit {
        came: *came,
        left: None,
        output: peer.output(),
    };
    let mut visits: Vec<_> = peers.iter().map(visit).collect();
    let woken = Arc::new(Woken(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    let mut tasks: [Option<(usize, Task)>; CONNECTIONS] = [const { None }; CONNECTIONS];
    while visits.last().is_some_and(|visit| visit.left.is_none()) {
        for task in &mut tasks {
            let is_here = peers.front().is_some_and(|(time, _)| *time <= clock.now());
            if task.is_none() && is_here {
                let visitor = visits.len() - peers.len();
                let peer = peers.pop_front();
                *task = peer.map(|(_, peer)| (visitor, task_of(agent, &clock, peer)));
            }
            if let Some((visitor, serving)) = task
                && serving.as_mut().poll(&mut context).is_ready()
            {
                visits[*visitor].left = Some(clock.now());
                *task = None;
            }
        }
        // Who was woken is polled at once.
        if !woken.0.swap(false, Relaxed) && visits.last().is_some_and(|visit| visit.left.is_none())
        {
            clock.tick();
        }
    }
    visits
}

/// Whether somebody was woken.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}

fn task_of(agent: &'static Server<Board>, clock: &Clock, peer: Peer) -> Task {
    let (clock, peer) = (clock.clone(), peer.connect(clock));
    Box::pin(async move {
        let mut head = [0; HEAD];
        serve(agent, &clock, &mut head, peer).await;
    })
}
