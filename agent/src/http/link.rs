//! How far a connection is, for those who watch it from outside.

use core::cell::Cell;

/// How often a peer may be found in the same pause within a request before it counts as silent.
const PAUSE: u8 = 5;

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing has come for a while, or ever.
    Silent,
    /// A request was answered just now.
    Idle,
    /// A request's line and headers are on their way.
    Head,
    /// They have come, and the body is on its way.
    Body,
    /// The request is answered.
    Answer,
}

impl Phase {
    /// Checks whether a part of a request has come, and the rest has not.
    pub(super) fn is_within_request(self) -> bool {
        matches!(self, Self::Head | Self::Body)
    }
}

/// What is known of a connection while it is served.
pub(super) struct Link {
    phase: Cell<Phase>,
    /// How often the peer was looked at since it said something.
    looks: Cell<u8>,
}

impl Link {
    pub(super) fn new() -> Self {
        Self {
            phase: Cell::new(Phase::Silent),
            looks: Cell::new(0),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Notes that the connection has come to a phase.
    pub(super) fn enter(&self, phase: Phase) {
        self.phase.set(phase);
    }

    /// Notes that something has come.
    pub(super) fn hear(&self) {
        self.looks.set(0);
    }

    /// Returns whether nothing has come since the last call, or ever; within a request, since the last
    /// [`PAUSE`] calls.
    pub(super) fn stays_silent(&self) -> bool {
        self.looks.set(self.looks.get().saturating_add(1));
        match self.phase() {
            Phase::Silent => true,
            Phase::Idle => {
                self.enter(Phase::Silent);
                false
            }
            phase => phase.is_within_request() && self.looks.get() > PAUSE,
        }
    }
}
