//! A network for a device that has none: an access point of its own, with a page that asks for it.
//!
//! A firmware makes a [network stack for the access point](access_point), hands it to [`start`](crate::start) with the
//! [`Network`](crate::Network), and lets [`stay_connected`] drive the [`Wifi`] of esp-radio.

use core::fmt;

use embassy_net::driver::Driver;
use embassy_net::{Runner, Stack, StackResources};
use embassy_time::Timer;
use heapbeacon::field::provisioning::{Portal, run};
use heapbeacon_embassy::{Lock, guests};

pub use heapbeacon::field::provisioning::{Failure, Heard, MOST_HEARD, Network, Radio};
pub use heapbeacon_embassy::guests::SOCKETS;

use crate::config::print;
pub use crate::radio::Wifi;
use crate::setup::SETUP;
use crate::{Backlog, Board};

static PORTAL: Portal<Lock> = Portal::new(guests::URL);

/// The network stack of the access point.
#[derive(Clone, Copy)]
pub struct AccessPoint {
    pub(crate) stack: Stack<'static>,
}

/// Makes the network stack of the access point: `driver` is that of the Wi-Fi driver's other interface, and `resources` are
/// `StackResources<{ provisioning::SOCKETS }>`.
pub fn access_point<D: Driver, const SOCK: usize>(
    driver: D,
    resources: &'static mut StackResources<SOCK>,
    seed: u64,
) -> (AccessPoint, Runner<'static, Backlog<D>>) {
    const {
        assert!(
            SOCK >= SOCKETS,
            "the access point has too few sockets: give it StackResources<{{ provisioning::SOCKETS }}>"
        );
    }
    let driver = Backlog::of_access_point(driver);
    let (stack, runner) = embassy_net::new(driver, guests::config(), resources, seed);
    (AccessPoint { stack }, runner)
}

/// Keeps the device in a network, for ever: in that of its settings, in the one that its firmware was built for, or in the one that somebody
/// chooses in its portal, which opens where there is none, where none can be joined, and where `is_held` says that the button for it is held.
pub async fn stay_connected(radio: &mut impl Radio, built: Option<Network>, is_held: bool) -> ! {
    let wait = async |us| Timer::after_micros(us).await;
    run::<Board, _>(&PORTAL, radio, built, is_held, wait, say).await
}

/// Returns what guests are shown.
pub(crate) fn portal() -> &'static Portal<Lock> {
    &PORTAL
}

pub(crate) fn say(line: fmt::Arguments<'_>) {
    SETUP
        .try_get()
        .map_or(print as crate::Console, |setup| setup.config.console)(line);
}
