//! Updates of this process: it takes them as a device does, and boots none. Which slot runs, and what is in it, is what the file says.

use std::path::Path;
use std::sync::OnceLock;

use heapbeacon::field::update::{
    self, Installer, Lane, Layout, Rollback, Start, Update, Updater, Verdict,
};
use heapbeacon_shared::trace::{BuildId, Name, name};

use crate::flash::{FileFlash, OTADATA, SLOTS};
use crate::image;
use crate::lock::SpinLock;

static UPDATER: OnceLock<Updater<SpinLock, FileFlash>> = OnceLock::new();

/// Returns what takes updates, if the command line has asked for that.
pub(crate) fn get() -> Option<&'static dyn Update> {
    UPDATER.get().map(|updater| updater as &dyn Update)
}

/// Checks whether no update is on trial any more, so many microseconds after the start.
pub(crate) fn is_settled(now_us: u64) -> bool {
    let updater = UPDATER.get();
    updater.is_none_or(|updater| updater.settle(now_us, Some(0)) == Verdict::Settled)
}

/// Starts what the file has chosen, which takes updates that are signed with a key.
///
/// # Errors
/// A sentence, when the file can't be used.
pub(crate) fn start(file: &Path, key: [u8; 32]) -> Result<(), String> {
    loop {
        let mut installer = Installer::new(FileFlash::open(file)?, board(file, key)?);
        let started = installer
            .start()
            .map_err(|error| format!("can't use --flash {}: {error}", file.display()))?;
        // A device restarts there.
        if started != Start::GoBack {
            let lane = Box::leak(Box::new(Lane::new()));
            let updater = Updater::new(Box::leak(Box::new(installer)), lane);
            let is_first = UPDATER.set(updater).is_ok();
            debug_assert!(is_first, "the server starts once");
            return Ok(());
        }
    }
}

/// Describes the firmware in the slot that runs: what came over the network, or else this program.
fn board(file: &Path, key: [u8; 32]) -> Result<update::Board, String> {
    let mut flash = FileFlash::open(file)?;
    let layout = Layout {
        otadata: OTADATA,
        slots: SLOTS,
    };
    let running = update::chosen(&mut flash, &layout)
        .map_err(|error| format!("can't read --flash {}: {error}", file.display()))?;
    let (firmware, version, build_id) = match update::installed(&mut flash, &layout, running) {
        Some(header) => (header.firmware, header.version, header.build_id),
        None => this_program(),
    };
    Ok(update::Board {
        layout,
        running,
        chip: std::env::consts::ARCH,
        firmware,
        version,
        build_id,
        key,
        rollback: Rollback::OwnStart,
        check: |_| Ok(()),
    })
}

fn this_program() -> (Name, Name, BuildId) {
    let build_id = image::get().map_or(&[][..], |image| image.build_id);
    (
        name(env!("CARGO_PKG_NAME")),
        name(env!("CARGO_PKG_VERSION")),
        BuildId::new(build_id),
    )
}
