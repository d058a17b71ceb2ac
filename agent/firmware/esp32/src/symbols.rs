//! Names of the firmware's addresses, in a partition of the flash.

use core::fmt;

use embassy_sync::once_lock::OnceLock;
use esp_bootloader_esp_idf::partitions::{PARTITION_TABLE_MAX_LEN, read_partition_table};
use esp_hal::peripherals::FLASH;
use esp_storage::FlashStorage as Chip;
use heapbeacon::symbols::flash::{Part, Partition};
use heapbeacon_embassy::Lock;

/// The label of the partition.
const LABEL: &str = "symbols";

static PARTITION: OnceLock<Partition<Lock, Chip<'static>>> = OnceLock::new();

/// Why a device looks for names of its addresses nowhere in its flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolsError {
    /// The flash has no partition table, or can't be read.
    NoTable,
    /// There is no partition of that name.
    NoPartition,
    /// They are looked for already.
    Twice,
}

impl fmt::Display for SymbolsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeapBeacon has no place for names: ")?;
        match self {
            Self::NoTable => f.write_str("the flash has no partition table"),
            Self::NoPartition => write!(
                f,
                "add `{LABEL}, data, undefined, , 0x50000` to the partition table, and flash that with the firmware"
            ),
            Self::Twice => f.write_str("call `symbols` once"),
        }
    }
}

impl core::error::Error for SymbolsError {}

/// Serves the names of this firmware's addresses from the partition `symbols`, if the file that `cargo xtask symbols ELF` makes of it was written there: then any browser shows
/// functions and lines, as with [`symbol_room!`](crate::symbol_room!), and no slot for updates needs room for them. Names of another firmware are not served.
///
/// Call it once, behind `esp_hal::init`, with `chip.FLASH.reborrow()`: HeapBeacon reads the flash, and erases and writes that partition, from now on, on the thread of the executor. Use it on that thread, too.
///
/// # Errors
/// See [`SymbolsError`], whose text says what to do.
pub fn symbols(_: FLASH<'_>) -> Result<(), SymbolsError> {
    // SAFETY: whoever had it lets HeapBeacon read it, and write the partition, and uses it on this thread only. Each operation is whole, on the thread of the executor.
    let mut chip = Chip::new(unsafe { FLASH::steal() });
    let mut table = [0; PARTITION_TABLE_MAX_LEN];
    let table = read_partition_table(&mut chip, &mut table).map_err(|_| SymbolsError::NoTable)?;
    let partition = table
        .iter()
        .find(|partition| partition.label_as_str() == LABEL)
        .ok_or(SymbolsError::NoPartition)?;
    let range = partition.offset()..partition.offset() + partition.len();
    let partition = Partition::new(chip, range);
    PARTITION.init(partition).map_err(|_| SymbolsError::Twice)
}

/// Returns where they may have been written, if there is such a place.
pub(crate) fn part() -> Option<&'static dyn Part> {
    PARTITION.try_get().map(|partition| partition as &dyn Part)
}
