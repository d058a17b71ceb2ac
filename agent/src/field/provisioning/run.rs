//! Does what the plan says.

use core::fmt;

use embassy_futures::select::{Either3, select3};
use heapbeacon_shared::trace::Settings;
use heapless::Vec;

use crate::field::provisioning::plan::{Choice, Plan, Step};
use crate::field::provisioning::portal::{Portal, Stage};
use crate::field::provisioning::radio::{Network, Radio};
use crate::platform::{Device, uptime_us};

/// Networks that a device may know: that of its settings, and that of its firmware.
const MOST_KNOWN: usize = 2;

/// What it works with.
struct Station<'s, P: Device, R> {
    portal: &'s Portal<P::Lock>,
    radio: &'s mut R,
    plan: Plan,
    known: Vec<Network, MOST_KNOWN>,
    /// What a guest has asked for.
    asked: Option<Network>,
    is_held: bool,
    say: fn(fmt::Arguments<'_>),
}

/// Keeps a board in a network, for ever: in that of its settings, in the one that its firmware was built for, or in the one that a guest of
/// its portal chooses. Says on the console what comes of it.
///
/// `is_held` tells whether somebody holds the button for the portal; `wait_us` waits for so many microseconds.
pub async fn run<P: Device, R: Radio>(
    portal: &Portal<P::Lock>,
    radio: &mut R,
    built: Option<Network>,
    is_held: bool,
    wait_us: impl AsyncFn(u64),
    say: fn(fmt::Arguments<'_>),
) -> ! {
    let known: Vec<_, MOST_KNOWN> = kept::<P>().into_iter().chain(built).collect();
    let mut station = Station::<P, R> {
        portal,
        radio,
        plan: Plan::new(known.len(), is_held, uptime_us::<P>()),
        known,
        asked: None,
        is_held,
        say,
    };
    loop {
        station.take_wishes().await;
        let step = station.plan.next(uptime_us::<P>());
        station.follow_portal().await;
        match step {
            Step::Join(choice) => station.join(choice).await,
            Step::Wait(until_us) => station.wait(until_us, &wait_us).await,
        }
    }
}

/// Returns the network of the settings.
fn kept<P: Device>() -> Option<Network> {
    P::settings()?.get(|settings| Network::kept(&settings.secrets))
}

impl<P: Device, R: Radio> Station<'_, P, R> {
    /// Takes what guests have asked for.
    async fn take_wishes(&mut self) {
        let wishes = self.portal.take_wishes();
        let now_us = uptime_us::<P>();
        if wishes.visited {
            self.plan.note_guest(now_us);
        }
        if wishes.told {
            self.plan.note_told(now_us);
        }
        if let Some(network) = wishes.network {
            self.asked = Some(network);
            self.plan.note_asked();
        } else if wishes.scan {
            self.portal.set_heard(self.radio.scan().await);
        }
    }

    /// Opens or closes the access point, as the plan has it.
    async fn follow_portal(&mut self) {
        let is_open = self.plan.is_open();
        if is_open == self.portal.is_open() {
            return;
        }
        let wants_token = !self.is_held && kept::<P>().is_some();
        if !is_open {
            self.portal.set_open(false, wants_token);
        }
        self.radio.set_open(is_open).await;
        if !is_open {
            // What was held is let go by the next time.
            self.is_held = false;
            return (self.say)(format_args!("HeapBeacon's portal is closed"));
        }
        self.portal.set_heard(self.radio.scan().await);
        self.portal.set_open(true, wants_token);
        (self.say)(format_args!(
            "HeapBeacon's portal is open, at {} in its own network",
            self.portal.url()
        ));
    }

    async fn join(&mut self, choice: Choice) {
        let network = match choice {
            Choice::Asked => self.asked.take(),
            Choice::Known(index) => self.known.get(index).cloned(),
        };
        let Some(network) = network else {
            return self.plan.note_failed(choice, uptime_us::<P>());
        };
        let ssid = &network.ssid;
        self.portal.set_stage(Stage::Joining(ssid.clone()));
        match self.radio.join(&network).await {
            Ok(address) => {
                (self.say)(format_args!("Wi-Fi: joined \"{ssid}\""));
                let is_kept = choice != Choice::Asked || keep::<P>(&network);
                let stage = Stage::Joined(ssid.clone(), address, is_kept);
                if choice == Choice::Asked {
                    self.learn(network);
                }
                self.portal.set_stage(stage);
                self.plan.note_joined(self.known.len(), uptime_us::<P>());
            }
            Err(failure) => {
                (self.say)(format_args!("Wi-Fi: \"{ssid}\" {}", failure.message()));
                self.portal
                    .set_stage(Stage::Choosing(Some((ssid.clone(), failure))));
                self.plan.note_failed(choice, uptime_us::<P>());
            }
        }
    }

    /// Makes the network that a guest has chosen the first of those that are known.
    fn learn(&mut self, network: Network) {
        self.known.truncate(MOST_KNOWN - 1);
        // There is room.
        let _ = self.known.insert(0, network);
    }

    /// Waits until something happens.
    async fn wait(&mut self, until_us: Option<u64>, wait_us: &impl AsyncFn(u64)) {
        let now_us = uptime_us::<P>();
        let time = async {
            match until_us {
                Some(until_us) => wait_us(until_us.saturating_sub(now_us)).await,
                None => core::future::pending().await,
            }
        };
        let is_joined = self.plan.is_joined();
        let radio = &mut self.radio;
        let loss = async {
            match is_joined {
                true => radio.await_loss().await,
                false => core::future::pending().await,
            }
        };
        if let Either3::Third(()) = select3(time, self.portal.await_guest(), loss).await {
            (self.say)(format_args!("Wi-Fi: lost the network"));
            self.portal.set_stage(Stage::Choosing(None));
            self.plan.note_lost(uptime_us::<P>());
        }
    }
}

/// Keeps a network in the settings, if the board has any; returns whether it is kept.
fn keep<P: Device>(network: &Network) -> bool {
    let Some(store) = P::settings() else {
        return false;
    };
    let mut settings = store.get(Settings::clone);
    settings.secrets.wifi_ssid.clone_from(&network.ssid);
    settings.secrets.wifi_password.clone_from(&network.password);
    store.set(settings).is_ok()
}
