//! What users wish of the device, in a partition of its flash.

use core::fmt;

use embassy_sync::once_lock::OnceLock;
use esp_bootloader_esp_idf::partitions::{PARTITION_TABLE_MAX_LEN, read_partition_table};
use esp_hal::peripherals::FLASH;
use esp_storage::FlashStorage as Chip;
use heapbeacon::field::flash::FlashStorage;
use heapbeacon::field::settings::Store;
use heapbeacon_embassy::Lock;
use heapbeacon_shared::trace::{Name, Secret};
use static_cell::StaticCell;

/// The label of the partition.
const LABEL: &str = "heapbeacon";
/// Bytes of the smallest partition: values move from one sector to the other.
const SMALLEST: u32 = 2 * Chip::SECTOR_SIZE;

static STORE: OnceLock<Store<Lock>> = OnceLock::new();

/// Why a device keeps no settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsError {
    /// The flash has no partition table, or can't be read.
    NoTable,
    /// There is no partition of that name, or it is too small.
    NoPartition,
    /// They are kept already.
    Twice,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeapBeacon keeps no settings: ")?;
        match self {
            Self::NoTable => f.write_str("the flash has no partition table"),
            Self::NoPartition => write!(
                f,
                "add `{LABEL}, data, undefined, , 0x4000` to the partition table, and flash that with the firmware"
            ),
            Self::Twice => f.write_str("call `settings` once"),
        }
    }
}

impl core::error::Error for SettingsError {}

/// Keeps what users wish of this device in the partition `heapbeacon`, of two sectors (8 KiB) or more, and has what follows do as they wish:
/// [`trace`](crate::trace()) begins the trace that they want, and [`start`](crate::start) admits whom they admit.
///
/// Call it once, behind `esp_hal::init` and before [`trace`](crate::trace()). Without it, or after an error, there are none, and `/api/v1/settings`
/// answers 404.
///
/// # Errors
/// See [`SettingsError`], whose text says what to do.
pub fn settings(flash: FLASH<'static>) -> Result<(), SettingsError> {
    static STORAGE: StaticCell<FlashStorage<Lock, Chip<'static>>> = StaticCell::new();
    let mut chip = Chip::new(flash);
    let mut table = [0; PARTITION_TABLE_MAX_LEN];
    let table = read_partition_table(&mut chip, &mut table).map_err(|_| SettingsError::NoTable)?;
    let partition = table
        .iter()
        .find(|partition| partition.label_as_str() == LABEL && partition.len() >= SMALLEST)
        .ok_or(SettingsError::NoPartition)?;
    let range = partition.offset()..partition.offset() + partition.len();
    let storage = STORAGE
        .try_init(FlashStorage::new(chip, range))
        .ok_or(SettingsError::Twice)?;
    let store = STORE.get_or_init(|| Store::new(storage));
    store.begin();
    Ok(())
}

/// Returns the network that users wish the device to join, with its password, which is empty for an open one; `None` if it is to join the
/// firmware's.
pub fn wished_network() -> Option<(Name, Secret)> {
    let network = store()?.get(|settings| {
        let secrets = &settings.secrets;
        (secrets.wifi_ssid.clone(), secrets.wifi_password.clone())
    });
    Some(network).filter(|(name, _)| !name.is_empty())
}

/// Returns what keeps them, if anything does.
pub(crate) fn store() -> Option<&'static Store<Lock>> {
    STORE.try_get()
}
