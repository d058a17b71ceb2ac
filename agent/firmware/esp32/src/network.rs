//! The network stack, with room for the agent's sockets.

use embassy_net::driver::Driver;
use embassy_net::{Config, Runner, Stack, StackResources};
pub use heapbeacon_embassy::backlog::Backlog;
use heapbeacon_embassy::server;

/// Sockets of the agent's.
pub const SOCKETS: usize = server::SOCKETS + OF_MDNS;

#[cfg(feature = "mdns")]
const OF_MDNS: usize = heapbeacon_embassy::mdns::SOCKETS;
#[cfg(not(feature = "mdns"))]
const OF_MDNS: usize = 0;

/// Sockets that the stack itself may take: those of DHCP and DNS. Which of its features are on can't be asked.
const OF_THE_STACK: usize = 2;

/// A network stack that [`start`](crate::start) takes.
#[derive(Clone, Copy)]
pub struct Network {
    pub(crate) stack: Stack<'static>,
    #[cfg(feature = "provisioning")]
    pub(crate) access_point: Option<crate::provisioning::AccessPoint>,
}

impl Network {
    /// Returns embassy's network stack.
    pub fn stack(&self) -> Stack<'static> {
        self.stack
    }

    /// Adds the device's own access point, whose guests see its portal.
    #[cfg(feature = "provisioning")]
    pub fn with_access_point(self, access_point: crate::provisioning::AccessPoint) -> Self {
        Self {
            access_point: Some(access_point),
            ..self
        }
    }
}

/// Makes a network stack, as [`embassy_net::new`] does, of a driver with a [`Backlog`], and looks whether it has room for the agent's sockets.
///
/// `resources` are `StackResources<{ N + SOCKETS }>` with [`SOCKETS`](crate::SOCKETS) of the agent, and N as without it: those of
/// the firmware, and one each of DHCP and DNS. smoltcp panics when a socket finds no room, so too small
/// a number does not compile.
pub fn network<D: Driver, const SOCK: usize>(
    driver: D,
    config: Config,
    resources: &'static mut StackResources<SOCK>,
    seed: u64,
) -> (Network, Runner<'static, Backlog<D>>) {
    const {
        assert!(
            SOCK >= SOCKETS + OF_THE_STACK,
            "the network has too few sockets for HeapBeacon: add heapbeacon_esp32::SOCKETS to those that it has, as in \
             StackResources<{{ 3 + SOCKETS }}>"
        );
    }
    let (stack, runner) = embassy_net::new(Backlog::new(driver), config, resources, seed);
    let network = Network {
        stack,
        #[cfg(feature = "provisioning")]
        access_point: None,
    };
    (network, runner)
}
