//! A device that looks for a network, with a radio that hears what a test says.

use core::cell::{Cell, RefCell};
use core::net::Ipv4Addr;
use std::format;
use std::string::String;
use std::vec::Vec;

use embassy_futures::block_on;
use embassy_futures::select::{Either, select};
use embassy_futures::yield_now;
use heapbeacon_shared::trace::{Settings, name};

use crate::field::provisioning::{Failure, Heard, MOST_HEARD, Network, Portal, Radio, Stage, run};
use crate::platform::{Device, Platform};
use crate::tests::board::{Board, Interruptible, have_portal, keep_settings, set_clock};
use crate::tests::settings::storage;

const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 7);

/// A radio that hears one network.
struct OneNetwork<'t> {
    /// Its name and password, while it is there.
    network: &'t RefCell<Option<(&'static str, &'static str)>>,
    did: &'t RefCell<Vec<String>>,
    is_lost: &'t Cell<bool>,
}

impl Radio for OneNetwork<'_> {
    async fn set_open(&mut self, is_open: bool) {
        self.did.borrow_mut().push(format!("open {is_open}"));
    }

    async fn scan(&mut self) -> heapless::Vec<Heard, MOST_HEARD> {
        heapless::Vec::new()
    }

    async fn join(&mut self, network: &Network) -> Result<Ipv4Addr, Failure> {
        self.did.borrow_mut().push(format!("join {}", network.ssid));
        yield_now().await;
        match *self.network.borrow() {
            Some((ssid, _)) if ssid != network.ssid => Err(Failure::NotFound),
            Some((_, password)) if password != network.password => Err(Failure::WrongPassword),
            Some(_) => Ok(ADDRESS),
            None => Err(Failure::NotFound),
        }
    }

    async fn await_loss(&mut self) {
        while !self.is_lost.take() {
            yield_now().await;
        }
    }
}

/// What a test has around a device.
#[derive(Default)]
struct World {
    network: RefCell<Option<(&'static str, &'static str)>>,
    did: RefCell<Vec<String>>,
    is_lost: Cell<bool>,
}

impl World {
    fn with(ssid: &'static str, password: &'static str) -> Self {
        Self {
            network: RefCell::new(Some((ssid, password))),
            ..Self::default()
        }
    }

    /// Runs a device in it until a story is over. Time goes by when nothing else does.
    fn run(&self, built: Option<Network>, story: impl AsyncFnOnce(&'static Portal<Interruptible>)) {
        let portal = Board::portal().unwrap_or_else(have_portal);
        let mut radio = OneNetwork {
            network: &self.network,
            did: &self.did,
            is_lost: &self.is_lost,
        };
        let wait = async |us| {
            // Others come first.
            for _ in 0..9 {
                yield_now().await;
            }
            set_clock(Board::now_us() + us);
        };
        let device = run::<Board, _>(portal, &mut radio, built, false, wait, |_| {});
        match block_on(select(device, story(portal))) {
            Either::First(never) => never,
            Either::Second(()) => {}
        }
    }

    fn did(&self) -> Vec<String> {
        self.did.take()
    }
}

fn network(ssid: &str, password: &str) -> Network {
    Network {
        ssid: name(ssid),
        password: password.try_into().expect("it is short"),
    }
}

async fn until(is_so: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if is_so() {
            return;
        }
        yield_now().await;
    }
    panic!("it does not come about");
}

fn kept_ssid() -> String {
    let store = Board::settings().expect("it keeps settings");
    store.get(|settings| settings.secrets.wifi_ssid.as_str().into())
}

#[test]
fn what_a_guest_chooses_is_kept_once_it_was_joined_and_the_portal_closes() {
    keep_settings(storage());
    let world = World::with("Home", "a password");
    world.run(None, async |portal| {
        until(|| portal.is_open()).await;
        portal.ask_for(network("Home", "a bad one"));
        let wrong = Stage::Choosing(Some((name("Home"), Failure::WrongPassword)));
        until(|| portal.stage() == wrong).await;
        assert_eq!(kept_ssid(), "");
        portal.ask_for(network("Home", "a password"));
        let joined = Stage::Joined(name("Home"), ADDRESS, true);
        until(|| portal.stage() == joined).await;
        assert_eq!(kept_ssid(), "Home");
        portal.note_guest(true);
        until(|| !portal.is_open()).await;
    });
    let did = ["open true", "join Home", "join Home", "open false"];
    assert_eq!(world.did(), did);
}

#[test]
fn a_known_network_is_joined_and_no_portal_is_seen() {
    let store = keep_settings(storage());
    let mut settings = Settings::NONE;
    settings.secrets.wifi_ssid = name("Home");
    store.set(settings).expect("there is room");
    let world = World::with("Home", "");
    world.run(None, async |portal| {
        let joined = Stage::Joined(name("Home"), ADDRESS, true);
        until(|| portal.stage() == joined).await;
        world.is_lost.set(true);
        until(|| world.did.borrow().len() > 1).await;
    });
    assert_eq!(
        world.did(),
        ["join Home", "join Home"],
        "and again once it was lost"
    );
}

#[test]
fn a_router_that_comes_back_is_joined_while_the_portal_is_open_which_wants_the_token() {
    let store = keep_settings(storage());
    let mut settings = Settings::NONE;
    settings.secrets.wifi_ssid = name("Home");
    store.set(settings).expect("there is room");
    let world = World::default();
    world.run(None, async |portal| {
        until(|| portal.is_open()).await;
        assert!(portal.wants_token());
        *world.network.borrow_mut() = Some(("Home", ""));
        until(|| matches!(portal.stage(), Stage::Joined(..))).await;
        until(|| !portal.is_open()).await;
    });
    let did = world.did();
    assert_eq!(
        did[..4],
        ["join Home", "join Home", "join Home", "open true"]
    );
    assert_eq!(did.last().map(String::as_str), Some("open false"));
}

#[test]
fn the_firmwares_network_is_joined_where_that_of_the_settings_is_not() {
    let store = keep_settings(storage());
    let mut settings = Settings::NONE;
    settings.secrets.wifi_ssid = name("Elsewhere");
    store.set(settings).expect("there is room");
    let world = World::with("Home", "built in");
    world.run(Some(network("Home", "built in")), async |portal| {
        until(|| matches!(portal.stage(), Stage::Joined(..))).await;
    });
    assert_eq!(world.did(), ["join Elsewhere", "join Home"]);
    assert_eq!(kept_ssid(), "Elsewhere");
}

#[test]
fn what_could_not_be_kept_is_said() {
    // A board without settings.
    let world = World::with("Home", "a password");
    world.run(None, async |portal| {
        until(|| portal.is_open()).await;
        assert!(!portal.wants_token());
        portal.ask_for(network("Home", "a password"));
        let joined = Stage::Joined(name("Home"), ADDRESS, false);
        until(|| portal.stage() == joined).await;
    });
}
