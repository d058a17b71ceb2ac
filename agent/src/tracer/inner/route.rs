//! What becomes of an event, decided before it comes.

use heapbeacon_shared::trace::{Mode, State};

use super::Inner;

/// Where events of one kind go: all that an event has to ask. At most one is true.
#[derive(Clone, Copy, Default)]
pub(in crate::tracer) struct Route {
    /// Into the table, in leaks mode.
    pub(in crate::tracer) leaks: bool,
    /// Into the table, in all mode.
    pub(in crate::tracer) all: bool,
    /// Into the table, in leaks mode, and on the ring.
    pub(in crate::tracer) host: bool,
    /// The long way: on the ring if there is one, into the table if there is one, and past pending frees.
    pub(in crate::tracer) long: bool,
}

impl Route {
    pub(super) const NOWHERE: Self = Self {
        leaks: false,
        all: false,
        host: false,
        long: false,
    };
}

impl Inner {
    /// Decides anew what becomes of events; to be called after every change of state.
    pub(in crate::tracer) fn route(&mut self) {
        let has_ring = self.ring.is_some();
        let has_table = self.has_table();
        let is_leaks = self.mode == Some(Mode::Leaks);
        let way = |is_taken: bool, is_watched: bool| {
            let is_short = is_taken && has_table && !is_watched;
            Route {
                leaks: is_short && is_leaks && !has_ring,
                all: is_short && !is_leaks && !has_ring,
                host: is_short && is_leaks && has_ring,
                long: is_taken && !(is_short && (is_leaks || !has_ring)),
            }
        };
        self.allocations = way(self.state == State::Recording, false);
        let is_watched = self.ledger.has_pending();
        self.frees = way(self.state >= State::Recording, is_watched);
    }
}
