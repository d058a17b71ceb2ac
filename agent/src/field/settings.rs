//! What users wish of a device, kept from boot to boot.
//!
//! A board keeps a [`Store`] in a static, with a [`Storage`] behind it, which is flash on a chip, and lets it [`begin`](Store::begin)
//! early in a boot. What is set over the API is checked as a whole, stored, and holds from then on; what the firmware has to ask
//! for (the trace from boot on, the network) holds from the next boot on.

use core::cell::RefCell;
use core::ops::RangeInclusive;

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon_shared::api::{self, SettingsState};
use heapbeacon_shared::trace::{Condition, MAX_TRIGGERS, Secrets, Settings, Trigger};

use crate::field::watched::Watched;

/// What stored settings begin with. A field more makes another one.
const VERSION: u8 = 2;
/// The version before, which ends before whether the log is kept.
const WITHOUT_LOG: u8 = 1;
/// Bytes of the longest settings, as they are stored.
pub const MAX_BYTES: usize = 384;

/// Characters of a network's password (IEEE 802.11, J.4.1): more are a key of 64 digits.
const PASSWORD: RangeInclusive<usize> = 8..=63;
const KEY: usize = 64;

/// What is wrong with a network that somebody wishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkFault {
    /// The password is none.
    Password,
    /// The name has control characters.
    Ssid,
    /// There is a password, and no name of the network that it is for.
    NoSsid,
}

/// Checks the network of settings, before they are stored.
///
/// # Errors
/// What is wrong with it.
pub fn check_network(secrets: &Secrets) -> Result<(), NetworkFault> {
    let password = &secrets.wifi_password;
    let is_password = PASSWORD.contains(&password.len())
        && password.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let is_key = password.len() == KEY && password.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !password.is_empty() && !is_password && !is_key {
        return Err(NetworkFault::Password);
    }
    if secrets.wifi_ssid.chars().any(char::is_control) {
        return Err(NetworkFault::Ssid);
    }
    if !password.is_empty() && secrets.wifi_ssid.is_empty() {
        return Err(NetworkFault::NoSsid);
    }
    Ok(())
}

/// Where settings outlive a boot.
pub trait Storage: Sync {
    /// Reads what was stored last; `None` if nothing ever was.
    ///
    /// # Errors
    /// When it can't be read.
    fn load<'b>(&self, bytes: &'b mut [u8; MAX_BYTES]) -> Result<Option<&'b [u8]>, StorageError>;

    /// Stores bytes instead of those before: the power may go at any time, and leaves the old ones or the new.
    ///
    /// # Errors
    /// When they could not be stored; the old ones may be lost then, too, where the storage is broken.
    fn store(&self, bytes: &[u8]) -> Result<(), StorageError>;
}

/// Why settings could not be read or stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageError {
    /// Somebody else is at it.
    Busy,
    /// What is there makes no sense.
    Damaged,
    /// The storage refused.
    Failed,
}

/// The settings of a board.
pub struct Store<M: RawMutex> {
    storage: &'static dyn Storage,
    kept: Mutex<M, RefCell<Kept>>,
}

struct Kept {
    settings: Settings,
    state: SettingsState,
    watched: Watched,
    /// How often tokens were set.
    tokens: u32,
}

impl<M: RawMutex> Store<M> {
    /// Makes one that has read nothing yet: all is as the firmware has it.
    pub const fn new(storage: &'static dyn Storage) -> Self {
        Self {
            storage,
            kept: Mutex::new(RefCell::new(Kept {
                settings: Settings::NONE,
                state: SettingsState::Nothing,
                watched: Watched::new(),
                tokens: 0,
            })),
        }
    }

    /// Reads what was stored. To be called once, early in a boot.
    pub fn begin(&self) {
        let mut bytes = [0; MAX_BYTES];
        let (settings, state) = match self.storage.load(&mut bytes).map(|bytes| bytes.map(decode)) {
            Ok(None) => (Settings::NONE, SettingsState::Nothing),
            Ok(Some(Some(settings))) => (settings, SettingsState::Stored),
            Ok(Some(None)) => (Settings::NONE, SettingsState::Unknown),
            Err(_) => (Settings::NONE, SettingsState::Damaged),
        };
        self.change(|kept| {
            kept.settings = settings;
            kept.state = state;
        });
    }

    /// Returns a part of the settings.
    pub fn get<R>(&self, part: impl FnOnce(&Settings) -> R) -> R {
        self.kept.lock(|kept| part(&kept.borrow().settings))
    }

    /// Stores settings; they hold from then on.
    ///
    /// # Errors
    /// When they could not be stored. Those before hold on.
    pub fn set(&self, settings: Settings) -> Result<(), StorageError> {
        let mut bytes = [0; MAX_BYTES];
        let encoded = encode(&settings, &mut bytes).ok_or(StorageError::Failed)?;
        self.storage.store(encoded)?;
        self.change(|kept| {
            let (old, new) = (&kept.settings.secrets, &settings.secrets);
            if (&old.control_token, &old.read_token) != (&new.control_token, &new.read_token) {
                kept.tokens = kept.tokens.wrapping_add(1);
            }
            kept.watched
                .follow(&kept.settings.triggers, &settings.triggers);
            kept.settings = settings;
            kept.state = SettingsState::Stored;
        });
        Ok(())
    }

    /// Returns how often tokens were set: who was admitted before the last time may have lost what admitted them.
    pub fn tokens_set(&self) -> u32 {
        self.kept.lock(|kept| kept.borrow().tokens)
    }

    /// Returns whether anything was stored.
    pub fn state(&self) -> SettingsState {
        self.kept.lock(|kept| kept.borrow().state)
    }

    /// Describes them, without what nobody is shown.
    pub fn describe(&self) -> api::Settings {
        self.kept.lock(|kept| {
            let kept = kept.borrow();
            let settings = &kept.settings;
            api::Settings {
                state: kept.state,
                name: settings.name.clone(),
                trace: settings.trace,
                records: settings.records,
                references: !settings.no_references,
                log: !settings.no_log,
                triggers: kept.watched.describe(&settings.triggers).collect(),
                wifi_ssid: settings.secrets.wifi_ssid.clone(),
                has_wifi_password: !settings.secrets.wifi_password.is_empty(),
                has_control_token: !settings.secrets.control_token.is_empty(),
                has_read_token: !settings.secrets.read_token.is_empty(),
            }
        })
    }

    /// Returns what the device does by itself.
    pub(crate) fn triggers(&self) -> heapless::Vec<Trigger, MAX_TRIGGERS> {
        self.get(|settings| settings.triggers.clone())
    }

    /// Returns how many bytes of lost blocks were found so far, if a trigger waits for such.
    pub(crate) fn lost_bytes(&self) -> Option<u64> {
        let is_lost = |trigger: &Trigger| trigger.when == Condition::BlockLost;
        let is_looked_for = self.get(|settings| settings.triggers.iter().any(is_lost));
        is_looked_for.then(|| self.watch(|watched| watched.lost.bytes()))
    }

    /// Changes what is known of its triggers.
    pub(crate) fn watch<R>(&self, work: impl FnOnce(&mut Watched) -> R) -> R {
        self.change(|kept| work(&mut kept.watched))
    }

    fn change<R>(&self, work: impl FnOnce(&mut Kept) -> R) -> R {
        self.kept.lock(|kept| work(&mut kept.borrow_mut()))
    }
}

fn encode<'b>(settings: &Settings, bytes: &'b mut [u8; MAX_BYTES]) -> Option<&'b [u8]> {
    bytes[0] = VERSION;
    let encoded = postcard::to_slice(settings, &mut bytes[1..]).ok()?;
    let length = 1 + encoded.len();
    Some(&bytes[..length])
}

/// Reads settings; `None` if this firmware does not know their version, or they are none.
fn decode(bytes: &[u8]) -> Option<Settings> {
    let (version, encoded) = bytes.split_first()?;
    match *version {
        VERSION => postcard::from_bytes(encoded).ok(),
        WITHOUT_LOG => {
            let mut padded = [0; MAX_BYTES];
            padded.get_mut(..encoded.len())?.copy_from_slice(encoded);
            postcard::from_bytes(padded.get(..=encoded.len())?).ok()
        }
        _ => None,
    }
}
