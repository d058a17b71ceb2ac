//! What a board does for it.

use core::fmt;
use core::net::Ipv4Addr;

use heapbeacon_shared::trace::{Name, Secret, Secrets};
use heapless::Vec;

/// Networks that guests choose from; who has more neighbours types the name.
pub const MOST_HEARD: usize = 16;

/// A network that may be joined.
#[derive(Clone, PartialEq, Eq)]
pub struct Network {
    /// Its name.
    pub ssid: Name,
    /// Its password; empty for an open one.
    pub password: Secret,
}

/// The password is not shown.
impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Network").field(&self.ssid).finish()
    }
}

impl Network {
    /// Returns the network of the settings, if they have one.
    pub fn kept(secrets: &Secrets) -> Option<Self> {
        (!secrets.wifi_ssid.is_empty()).then(|| Self {
            ssid: secrets.wifi_ssid.clone(),
            password: secrets.wifi_password.clone(),
        })
    }
}

/// A network that the device hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Its name.
    pub ssid: Name,
    /// How strong it is, in dBm.
    pub signal: i8,
    /// Whether it wants no password.
    pub is_open: bool,
}

/// Why the device is not in a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It is not heard.
    NotFound,
    /// It does not take the password.
    WrongPassword,
    /// It is protected in another way than the device can.
    OtherSecurity,
    /// It gave no address.
    NoAddress,
    /// It has refused the device, or does not answer.
    Refused,
}

impl Failure {
    /// Returns what went wrong and what to do, in words.
    pub const fn message(self) -> &'static str {
        match self {
            Self::NotFound => {
                "was not found. Check its name, and whether it reaches the device: most devices hear 2.4 GHz only."
            }
            Self::WrongPassword => {
                "did not take the password. Type it again: capital and small letters differ."
            }
            Self::OtherSecurity => {
                "is protected in another way: an open network takes no password, any other one WPA2 with a password."
            }
            Self::NoAddress => {
                "gave the device no address. Restart its router, or see whether it lets new devices in."
            }
            Self::Refused => "did not let the device in. Try again, nearer to its router.",
        }
    }
}

/// The radio of a board, and its network behind that.
#[allow(
    async_fn_in_trait,
    reason = "one task drives it, on executors with one thread"
)]
pub trait Radio {
    /// Opens the device's own access point, or closes it. It may be the one already.
    async fn set_open(&mut self, is_open: bool);

    /// Listens which networks there are, each once, the strongest first.
    async fn scan(&mut self) -> Vec<Heard, MOST_HEARD>;

    /// Leaves the network that the device is in, joins one, and returns the address that the device has there. It gives up by itself.
    ///
    /// # Errors
    /// Why that failed.
    async fn join(&mut self, network: &Network) -> Result<Ipv4Addr, Failure>;

    /// Waits until the network that was joined is lost.
    async fn await_loss(&mut self);
}
