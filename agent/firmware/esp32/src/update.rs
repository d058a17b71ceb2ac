//! New firmware, over the air: into the slot of the flash that does not run.

use core::fmt;
use core::ops::Range;

use embassy_sync::once_lock::OnceLock;
use esp_bootloader_esp_idf::partitions::{
    AppPartitionSubType, DataPartitionSubType, PARTITION_TABLE_MAX_LEN, PartitionTable,
    PartitionType, read_partition_table,
};
use esp_hal::peripherals::FLASH;
use esp_hal::system::software_reset;
use esp_storage::FlashStorage as Chip;
use heapbeacon::field::update::{
    self, Installer, Lane, Layout, Rollback, Start, Update, Updater, esp_image,
};
use heapbeacon_embassy::{Lock, image};
use heapbeacon_shared::trace::{Name, name};
use heapbeacon_shared::update::public_key;
use static_cell::StaticCell;

/// As images and their headers name it.
const CHIP: &str = esp_hal::chip!();

type Flash = Chip<'static>;

static UPDATER: OnceLock<Updater<Lock, Flash>> = OnceLock::new();

/// Why a device takes no updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateError {
    /// There is no public key.
    NoKey,
    /// The flash has no partition table, or can't be read.
    NoTable,
    /// The partition table has no two slots for firmware, or what runs is in none of them.
    NoSlots,
    /// They are taken already.
    Twice,
}

impl fmt::Display for UpdateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeapBeacon takes no updates: ")?;
        f.write_str(match self {
            Self::NoKey => {
                "build the firmware with HEAPBEACON_UPDATE_KEY, the public key that `cargo xtask keygen` prints"
            }
            Self::NoTable => "the flash has no partition table",
            Self::NoSlots => {
                "the partition table needs `otadata`, `ota_0` and `ota_1`, and the firmware has to be in one of these"
            }
            Self::Twice => "call `update` once",
        })
    }
}

impl core::error::Error for UpdateError {}

/// Takes updates from now on that are signed with a key: the 64 hexadecimal digits that `cargo xtask keygen` prints. If this firmware is an update
/// itself that was not confirmed yet, the start is counted; at the fourth one the chip is reset instead, and the old firmware runs.
///
/// Call it once, behind `esp_hal::init` and before anything that may fail, with `chip.FLASH.reborrow()`: HeapBeacon uses the flash from now on, a
/// whole operation at a time, and only on the thread of the executor. Use it on that thread, too.
///
/// # Errors
/// See [`UpdateError`], whose text says what to do. `/api/v1/ota` answers 404 then.
pub fn update(_: FLASH<'_>, key: &str) -> Result<(), UpdateError> {
    static INSTALLER: StaticCell<Installer<Flash>> = StaticCell::new();
    static LANE: StaticCell<Lane> = StaticCell::new();
    let key = public_key(key).ok_or(UpdateError::NoKey)?;
    // SAFETY: whoever had it lets HeapBeacon use it. Each operation is whole, on the thread of the executor.
    let mut flash = Chip::new(unsafe { FLASH::steal() });
    let mut table = [0; PARTITION_TABLE_MAX_LEN];
    let table = read_partition_table(&mut flash, &mut table).map_err(|_| UpdateError::NoTable)?;
    let (layout, running) = slots(&table).ok_or(UpdateError::NoSlots)?;
    let (firmware, version) = describe(&mut flash, &layout.slots[running]);
    let mut installer = Installer::new(
        flash,
        update::Board {
            layout,
            running,
            chip: CHIP,
            firmware,
            version,
            build_id: image::build_id(),
            key,
            rollback: Rollback::OwnStart,
            check: |first| esp_image::check(first, CHIP),
        },
    );
    // A flash that fails is no reason not to start.
    if installer.start() == Ok(Start::GoBack) {
        software_reset();
    }
    let installer = INSTALLER.try_init(installer).ok_or(UpdateError::Twice)?;
    UPDATER.get_or_init(|| Updater::new(installer, LANE.init(Lane::new())));
    Ok(())
}

/// Finds the two slots, and which of them runs.
fn slots(table: &PartitionTable<'_>) -> Option<(Layout, usize)> {
    let find = |kind| -> Option<Range<u32>> {
        let partition = table.find_partition(kind).ok()??;
        Some(partition.offset()..partition.offset() + partition.len())
    };
    let layout = Layout {
        otadata: find(PartitionType::Data(DataPartitionSubType::Ota))?,
        slots: [
            find(PartitionType::App(AppPartitionSubType::Ota0))?,
            find(PartitionType::App(AppPartitionSubType::Ota1))?,
        ],
    };
    let booted = table.booted_partition().ok()??.offset();
    let mut slots = layout.slots.iter();
    let running = slots.position(|slot| slot.start == booted)?;
    Some((layout, running))
}

/// Reads name and version of the firmware in a slot, as its image has them.
fn describe(flash: &mut Flash, slot: &Range<u32>) -> (Name, Name) {
    let mut first = [0; esp_image::DESCRIBED];
    // What can't be read has no name.
    let _ = flash.read_nor(slot.start, &mut first);
    let (firmware, version) = esp_image::describe(&first).unwrap_or_default();
    (name(firmware), name(version))
}

/// Returns what takes updates, if anything does.
pub(crate) fn get() -> Option<&'static dyn Update> {
    updater().map(|updater| updater as &dyn Update)
}

/// Sees the trial of this firmware through, if it is on trial.
pub(crate) async fn watch() {
    if let Some(updater) = updater() {
        heapbeacon_embassy::update::watch(updater).await;
    }
}

fn updater() -> Option<&'static Updater<Lock, Flash>> {
    UPDATER.try_get()
}
