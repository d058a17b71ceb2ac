//! Updates over the air: what takes them, for the program `boot` to start.

use embassy_sync::once_lock::OnceLock;
use heapbeacon::field::update::{self, Installer, Lane, Rollback, Update, Updater};
use heapbeacon_embassy::{Lock, image};
use heapbeacon_shared::trace::name;
use static_cell::StaticCell;

use crate::flash::{self, Flash, LAYOUT};
use crate::{elf, parameters};

/// The chip, as `GET /device` has it, and `cargo xtask sign --chip`.
pub(crate) const CHIP: &str = "riscv32imac";

/// What the program `boot` hands an image, with the number of its slot added.
pub const BOOTED: usize = 0x4842_0000;

static UPDATER: OnceLock<Updater<Lock, Flash>> = OnceLock::new();

/// Sees whether this image is on trial, and takes updates from now on; neither without a key, nor without a bootloader that starts them.
///
/// `handed` is what came in the third register for arguments.
pub fn begin(handed: usize) {
    static INSTALLER: StaticCell<Installer<Flash>> = StaticCell::new();
    static LANE: StaticCell<Lane> = StaticCell::new();
    let running = handed.wrapping_sub(BOOTED);
    let Some(key) = parameters::key().filter(|_| running < LAYOUT.slots.len()) else {
        return;
    };
    let mut flash = flash::chip();
    let header = update::installed(&mut flash, &LAYOUT, running).unwrap_or_default();
    let version = match header.version.is_empty() {
        true => name(env!("CARGO_PKG_VERSION")),
        false => header.version,
    };
    let mut installer = Installer::new(
        flash,
        update::Board {
            layout: LAYOUT,
            running,
            chip: CHIP,
            firmware: name(env!("CARGO_PKG_NAME")),
            version,
            build_id: image::build_id(),
            key,
            rollback: Rollback::CountingBootloader,
            check: elf::check,
        },
    );
    // A flash that fails is no reason not to run: the bootloader counts.
    let _ = installer.start();
    UPDATER.get_or_init(|| Updater::new(INSTALLER.init(installer), LANE.init(Lane::new())));
}

/// Returns what takes updates, if anything does.
pub(crate) fn get() -> Option<&'static dyn Update> {
    updater().map(|updater| updater as &dyn Update)
}

/// Sees the trial of this image through, if it is on trial.
pub async fn watch() {
    if let Some(updater) = updater() {
        heapbeacon_embassy::update::watch(updater).await;
    }
}

fn updater() -> Option<&'static Updater<Lock, Flash>> {
    UPDATER.try_get()
}
