//! How far a connection is, for those who share the agent with it.

use core::cell::Cell;

/// The peer is gone, or does not take what it is sent.
#[derive(Debug)]
pub(crate) struct Lost;

/// How far a connection is. It begins at 1, so that all slots are zeros where there is none, and take no flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing has come yet.
    Silent = 1,
    /// A part of a request has come.
    Request,
    /// The head of a request has come, and its body is used as it comes.
    Upload,
    /// A whole request has come, and waits for its turn to be answered.
    Waiting,
    /// The request is answered, or the peer has not acknowledged all of the answer.
    Answer,
    /// Every request was answered.
    Idle,
    /// The rest of the answer is made after a time.
    Pausing,
    /// It is told of events, for as long as it likes.
    Events,
    /// Nothing more will be answered, and the peer has not closed its side.
    Closing,
}

/// Where a connection has come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entrance {
    /// The network that the device is in.
    Network,
    /// The device's own access point, behind which there is the portal and nothing else.
    #[cfg(feature = "provisioning")]
    AccessPoint,
}

/// What is known of a connection while it is served.
pub(crate) struct Link {
    slot: usize,
    entrance: Entrance,
    phase: Cell<Phase>,
    moved: Cell<u32>,
}

impl Link {
    /// Begins a connection that has a slot.
    pub(crate) fn new(slot: usize, entrance: Entrance) -> Self {
        Self {
            slot,
            entrance,
            phase: Cell::new(Phase::Silent),
            moved: Cell::new(0),
        }
    }

    pub(crate) fn slot(&self) -> usize {
        self.slot
    }

    pub(crate) fn entrance(&self) -> Entrance {
        self.entrance
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Notes that the connection has come to a phase.
    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.set(phase);
    }

    /// Notes that bytes of an answer were taken, or bytes of an upload have come.
    pub(crate) fn note_moved(&self, bytes: usize) {
        self.moved.set(self.moved.get().wrapping_add(bytes as u32));
    }

    /// Returns how many bytes were taken, or have come, since the last call.
    pub(crate) fn take_moved(&self) -> u32 {
        self.moved.take()
    }
}
