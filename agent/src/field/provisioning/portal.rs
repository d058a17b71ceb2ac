//! What guests are shown, and what they ask for.

use core::cell::RefCell;
use core::net::Ipv4Addr;

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_sync::signal::Signal;
use heapbeacon_shared::trace::Name;
use heapless::Vec;

use crate::field::provisioning::radio::{Failure, Heard, MOST_HEARD, Network};

/// Microseconds behind a wrong token in which no other one is looked at.
const GUESS_US: u64 = 1_000_000;

/// What guests are shown, and what they ask for: between [`run`](super::run) and the HTTP server.
pub struct Portal<M: RawMutex> {
    url: &'static str,
    state: Mutex<M, RefCell<State>>,
    changed: Signal<M, ()>,
}

struct State {
    stage: Stage,
    is_open: bool,
    wants_token: bool,
    is_scanning: bool,
    guessed_us: Option<u64>,
    heard: Vec<Heard, MOST_HEARD>,
    wishes: Wishes,
}

/// How far the device is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It waits for a guest to choose a network; what came of the last attempt with which network.
    Choosing(Option<(Name, Failure)>),
    /// It joins a network.
    Joining(Name),
    /// It is in one, where it has an address, and whether it will be at its next start.
    Joined(Name, Ipv4Addr, bool),
}

/// What guests have done since it was last looked.
#[derive(Default)]
pub(crate) struct Wishes {
    /// The network that the device shall join.
    pub(crate) network: Option<Network>,
    /// Whether the device shall listen for networks.
    pub(crate) scan: bool,
    /// Whether anybody was there.
    pub(crate) visited: bool,
    /// Whether anybody was told where the device is.
    pub(crate) told: bool,
}

impl<M: RawMutex> Portal<M> {
    /// Makes the portal of an access point at which the device has a URL, as `http://192.168.4.1/`: a closed one.
    pub const fn new(url: &'static str) -> Self {
        Self {
            url,
            state: Mutex::new(RefCell::new(State {
                stage: Stage::Choosing(None),
                is_open: false,
                wants_token: false,
                is_scanning: false,
                guessed_us: None,
                heard: Vec::new(),
                wishes: Wishes {
                    network: None,
                    scan: false,
                    visited: false,
                    told: false,
                },
            })),
            changed: Signal::new(),
        }
    }

    /// Returns the URL of its page.
    pub fn url(&self) -> &'static str {
        self.url
    }

    /// Returns whether the access point is open.
    pub fn is_open(&self) -> bool {
        self.with(|state| state.is_open)
    }

    /// Returns how far the device is.
    pub(crate) fn stage(&self) -> Stage {
        self.with(|state| state.stage.clone())
    }

    /// Returns a network that the device has heard.
    pub(crate) fn heard(&self, index: usize) -> Option<Heard> {
        self.with(|state| state.heard.get(index).cloned())
    }

    /// Returns whether the device listens for networks just now, for a guest.
    pub(crate) fn is_scanning(&self) -> bool {
        self.with(|state| state.is_scanning)
    }

    /// Returns whether a guest needs the token for everything.
    pub(crate) fn wants_token(&self) -> bool {
        self.with(|state| state.wants_token)
    }

    /// Notes that somebody is there, and whether it is told where the device is.
    pub(crate) fn note_guest(&self, is_told: bool) {
        self.wish(|wishes| {
            wishes.visited = true;
            wishes.told |= is_told;
        });
    }

    /// Asks the device to listen for networks.
    pub(crate) fn ask_for_scan(&self) {
        self.with(|state| state.is_scanning = true);
        self.wish(|wishes| wishes.scan = true);
    }

    /// Asks the device to join a network. From then on it is said to do so.
    pub(crate) fn ask_for(&self, network: Network) {
        self.with(|state| state.stage = Stage::Joining(network.ssid.clone()));
        self.wish(|wishes| wishes.network = Some(network));
    }

    /// Checks a token with a function, unless a wrong one came just before; `None` if so.
    pub(crate) fn try_token(&self, now_us: u64, is_right: impl FnOnce() -> bool) -> Option<bool> {
        let is_early = self.with(|state| {
            let guessed_us = state.guessed_us;
            guessed_us.is_some_and(|guessed_us| now_us < guessed_us + GUESS_US)
        });
        if is_early {
            return None;
        }
        let is_right = is_right();
        self.with(|state| state.guessed_us = (!is_right).then_some(now_us));
        Some(is_right)
    }

    /// Opens or closes it; whether guests need a token then.
    pub(crate) fn set_open(&self, is_open: bool, wants_token: bool) {
        self.with(|state| {
            state.is_open = is_open;
            state.wants_token = wants_token;
        });
    }

    pub(crate) fn set_stage(&self, stage: Stage) {
        self.with(|state| state.stage = stage);
    }

    pub(crate) fn set_heard(&self, heard: Vec<Heard, MOST_HEARD>) {
        self.with(|state| {
            state.heard = heard;
            state.is_scanning = false;
        });
    }

    /// Returns what guests have done since the last call.
    pub(crate) fn take_wishes(&self) -> Wishes {
        self.with(|state| core::mem::take(&mut state.wishes))
    }

    /// Waits until a guest does something.
    pub(crate) async fn await_guest(&self) {
        self.changed.wait().await;
    }

    fn wish(&self, work: impl FnOnce(&mut Wishes)) {
        self.with(|state| work(&mut state.wishes));
        self.changed.signal(());
    }

    fn with<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        self.state.lock(|state| work(&mut state.borrow_mut()))
    }
}
