//! The network job: clients reconnect, ask for pages, and the configuration is looked after.

use alloc::format;
use alloc::string::String;
use core::fmt::Write as _;
use core::hint::black_box;

use crate::cache::Cache;
use crate::config::{self, Config};
use crate::lost::Loser;
use crate::scale::Scale;
use crate::session::{self, ConnectionId};
use crate::switch::{Behaviour, Switches};

/// Number of clients that take turns in reconnecting.
const CLIENTS: usize = 8;

const DEFAULT_HOST: &str = "unconfigured";

/// The server side of the network.
#[derive(Debug)]
pub struct Net {
    sessions: session::Table,
    cache: Cache,
    config: Option<Config>,
    config_bytes: usize,
    loser: Loser,
    connections: [Option<ConnectionId>; CLIENTS],
    steps_per_connect: usize,
    steps: usize,
}

impl Net {
    /// Creates a server without clients.
    pub fn new(scale: &Scale) -> Self {
        Self {
            sessions: session::Table::new(scale.sessions),
            cache: Cache::new(scale.pages),
            config: None,
            config_bytes: scale.config_bytes,
            loser: Loser::new(scale.losses),
            connections: [None; CLIENTS],
            steps_per_connect: scale.steps_per_connect,
            steps: 0,
        }
    }

    /// Serves what one period brings: every page is asked for twice, and now and then a client
    /// reconnects.
    #[inline(never)]
    pub fn step(&mut self, switches: &Switches) {
        // First, not last: a call in tail position would cost the call stack this frame.
        self.keep_config(switches.is_on(Behaviour::ConfigOneOff));
        if !switches.is_on(Behaviour::Traffic) {
            return;
        }
        if self.steps.is_multiple_of(self.steps_per_connect) {
            let client = self.steps / self.steps_per_connect % CLIENTS;
            self.handle_connect(client, switches.is_on(Behaviour::SessionLeak));
            if client.is_multiple_of(2) && switches.is_on(Behaviour::LostBlocks) {
                self.loser.lose();
            }
        }
        let caching = switches.is_on(Behaviour::CachePlateau);
        self.handle_request(self.steps, caching);
        self.handle_request(self.steps, caching);
        self.steps = self.steps.wrapping_add(1);
    }

    /// Gives `client` a new session. The leak: while `leaking`, nobody closes the old one of every second client, as if those
    /// left without a word.
    #[inline(never)]
    fn handle_connect(&mut self, client: usize, leaking: bool) {
        let forgets = leaking && !client.is_multiple_of(2);
        if !forgets && let Some(old) = self.connections[client].take() {
            self.sessions.close(old);
        }
        if leaking && self.sessions.is_full() {
            // As if it were started anew, so that whoever looks later sees it leak, too.
            self.sessions.forget();
            self.connections = [None; CLIENTS];
        }
        let name = format!("greenhouse-client-{client:02}");
        // A client that is refused goes on with the session that it has.
        if let Some(id) = self.sessions.open(&name) {
            self.connections[client] = Some(id);
            let host = self.config.as_ref().map_or(DEFAULT_HOST, Config::host);
            black_box(self.sessions.receive(id, host.as_bytes()));
        }
    }

    /// Answers with page `number`, from the cache if it is there.
    #[inline(never)]
    fn handle_request(&mut self, number: usize, caching: bool) {
        if !caching {
            self.cache.empty();
            black_box(render(number));
            return;
        }
        let path = format!("/log/{number}");
        if let Some(page) = self.cache.get(&path) {
            black_box(page);
        } else {
            self.cache.fill(path, &render(number));
        }
    }

    /// Loads the configuration if it is `wanted` and missing; drops it if it is not wanted.
    #[inline(never)]
    fn keep_config(&mut self, wanted: bool) {
        if !wanted {
            self.config = None;
        } else if self.config.is_none() {
            self.config = Some(config::load(self.config_bytes));
        }
    }
}

/// Renders page `number`: between 200 and 700 bytes of table rows.
#[inline(never)]
fn render(number: usize) -> String {
    let mut page = String::new();
    for row in 0..9 + number % 22 {
        writeln!(page, "<tr><td>{row:02}<td>{number:08}").expect("writing to a string never fails");
    }
    page
}

#[cfg(test)]
#[path = "net_tests.rs"]
mod tests;
