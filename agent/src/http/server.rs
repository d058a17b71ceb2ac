//! What every connection works on.

use crate::field::settings::Store;
use crate::http::assets::Asset;
use crate::http::request::guard::Guard;
use crate::http::request::guesses::Guesses;
use crate::http::request::keys::Keys;
use crate::http::slots::{Memory, Slots};
use crate::platform::{Device, uptime_us};
use crate::recorder::Recorder;

/// The HTTP server of a board, which keeps it in a static.
pub struct Server<P: Device> {
    recorder: Recorder<P>,
    assets: &'static [Asset],
    guard: Guard,
    slots: Slots<P::Lock>,
    guesses: Guesses<P::Lock>,
}

impl<P: Device> Server<P> {
    /// Creates a server that controls and reads `recorder`, sends `assets` as the dashboard, admits whom `guard`
    /// admits, and has `memory` for its connections, each of which is given to [`serve`](super::serve).
    pub fn new<const CONNECTIONS: usize, const ANSWERS: usize, const VIEWERS: usize>(
        recorder: Recorder<P>,
        assets: &'static [Asset],
        guard: Guard,
        memory: &'static mut Memory<CONNECTIONS, ANSWERS, VIEWERS>,
    ) -> Self {
        Self {
            recorder,
            assets,
            guard,
            slots: Slots::new(memory, P::is_anyone_waiting),
            guesses: Guesses::new(),
        }
    }

    /// Returns what the server controls.
    pub fn recorder(&self) -> &Recorder<P> {
        &self.recorder
    }

    /// Returns the files of the dashboard.
    pub(crate) fn assets(&self) -> &'static [Asset] {
        self.assets
    }

    /// Returns who is admitted.
    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Returns the tokens that open it.
    pub(crate) fn keys(&self) -> Keys {
        let secrets = P::settings().map(|store| store.get(|settings| settings.secrets.clone()));
        Keys::new(self.guard.token, secrets)
    }

    /// Returns how often the tokens were changed.
    pub(crate) fn tokens_set(&self) -> u32 {
        P::settings().map_or(0, Store::tokens_set)
    }

    /// Notes that somebody has sent a wrong token; returns whether the answer has to wait.
    pub(crate) fn note_guess(&self) -> bool {
        self.guesses.note(uptime_us::<P>())
    }

    /// Returns what connections share.
    pub(crate) fn slots(&self) -> &Slots<P::Lock> {
        &self.slots
    }
}
